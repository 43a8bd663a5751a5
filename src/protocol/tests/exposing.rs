//! The pause before a request with which too much of the documents would leave.

use super::world::*;
use crate::protocol::*;

const DUE: Input = Input::Exposing { left: 0.1, share: 0.4, bytes: 900 };

/// A session that may let a quarter of its documents leave, with its first request due.
fn due() -> State {
    let opened = *opened(Settings { max_exposed_share: Some(0.25), ..Settings::default() }, None);
    let mut state = State::default();
    for fact in [Fact::SessionOpened(Box::new(opened)), Fact::RoundBegan { round: 1, last: false }] {
        state.apply(&fact);
    }
    state
}

fn put(state: &mut State, input: Input) -> Step {
    let step = decide(state, input);
    step.facts.iter().for_each(|fact| state.apply(fact));
    step
}

#[test]
fn a_request_that_takes_too_much_waits_for_the_person() {
    let mut state = due();
    assert!(put(&mut state, Input::Exposing { left: 0.1, share: 0.25, bytes: 9 }).is_empty(), "it may leave");
    put(&mut state, DUE);
    assert!(matches!(state.phase, Phase::Withheld(Overexposed { purpose: Purpose::Advise, bytes: 900, .. })));
    assert_eq!(advance(&state, None), None, "nothing goes on by itself");
    for too_little in [0.3, 1.5, f64::NAN] {
        assert!(put(&mut state, Input::Exposure(ExposureChoice::Raise { to_share: too_little })).is_empty());
    }
}

#[test]
fn once_holds_for_one_request_and_raised_for_all() {
    for (choice, again) in [(ExposureChoice::Once, true), (ExposureChoice::Raise { to_share: 0.5 }, false)] {
        let mut state = due();
        put(&mut state, DUE);
        put(&mut state, Input::Exposure(choice));
        assert!(put(&mut state, DUE).is_empty(), "the request may leave now");
        let step = advance(&state, None).unwrap();
        assert!(matches!(step.facts[..], [Fact::RemoteAsked(_)]));
        step.facts.iter().for_each(|fact| state.apply(fact));
        assert_eq!(state.exposure_limit.passed(0.4).is_some(), again);
    }
}

#[test]
fn stopping_there_ends_the_session_and_says_why() {
    let mut state = due();
    put(&mut state, DUE);
    put(&mut state, Input::Exposure(ExposureChoice::Stop));
    let Some(Ending::Exposure { reason }) = state.ending() else { panic!("{:?}", state.phase) };
    assert!(reason.contains("40.0%") && reason.contains("25.0%") && reason.contains("900 bytes"), "{reason}");
}

#[test]
fn before_it_is_reached_the_limit_is_changed_for_the_requests_to_come() {
    let raise = |to_share| Input::Exposure(ExposureChoice::Raise { to_share });
    let due = due();
    let mut waiting = due.clone();
    advance(&due, None).unwrap().facts.iter().for_each(|fact| waiting.apply(fact));
    for mut state in [due, waiting] {
        let phase = state.phase.clone();
        for share in [0.5, 0.1] {
            put(&mut state, raise(share));
            assert_eq!((state.exposure_limit.share(), &state.phase), (Some(share), &phase));
        }
        assert!([0.1, 1.5, f64::NAN].into_iter().all(|share| decide(&state, raise(share)).is_empty()));
    }
    let mut state = waiting_without_limit();
    put(&mut state, raise(0.5));
    assert_eq!(state.exposure_limit.share(), Some(0.5));
}

fn waiting_without_limit() -> State {
    let mut state = due();
    state.exposure_limit = ExposureLimit::default();
    state
}

#[test]
fn without_a_limit_nothing_is_withheld() {
    let mut state = due();
    state.exposure_limit = ExposureLimit::default();
    assert!(put(&mut state, Input::Exposing { left: 0.9, share: 1.0, bytes: 9 }).is_empty());
}
