//! A session that is paused: what is under way finishes, nothing new begins, and in the end nothing has changed.

use proptest::prelude::*;

use super::laws::worlds;
use super::world::*;
use crate::protocol::*;

const PAUSE: Input = Input::Pause { holds: false };

/// The state when the `n`-th request has just left.
fn asked(n: usize) -> State {
    let mut state = State::default();
    for fact in &World::default().run().facts {
        state.apply(fact);
        if matches!(fact, Fact::RemoteAsked(_)) && state.asks().count() == n {
            return state;
        }
    }
    panic!("fewer requests than {n}");
}

fn failed(ask: AskId, retry_in_ms: Option<u64>) -> Input {
    let (error, partial) = ("503".into(), String::new());
    Input::RemoteFailed(RemoteFailure { ask, attempt: 1, error, retry_in_ms, partial, lost: false, counted: None })
}

fn apply(state: &mut State, step: &Step) {
    step.facts.iter().for_each(|fact| state.apply(fact));
}

fn comes(state: &mut State, input: Input) {
    let step = decide(state, input);
    apply(state, &step);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn a_session_paused_at_any_record_begins_nothing_and_gone_on_with_ends_as_if_it_never_was(world in worlds(), at in 0usize..80) {
        let run = world.run();
        let mut state = State::default();
        for fact in run.facts.iter().take(1 + at % run.facts.len().max(1)) {
            state.apply(fact);
        }
        // One in which no job could be done has paused itself.
        if state.ending().is_some() || state.pause.is_some() {
            return Ok(());
        }
        let before = state.clone();
        let step = decide(&state, PAUSE);
        prop_assert_eq!(&step.effects, &[]);
        apply(&mut state, &step);
        prop_assert!(decide(&state, PAUSE).is_empty(), "it is paused already");
        // What is left to do begins nothing.
        while let Some(step) = advance(&state, None) {
            let begins = |fact: &Fact| matches!(fact,
                Fact::RoundBegan { .. } | Fact::RemoteAsked(_) | Fact::CodeReceived { .. } | Fact::JobsPlanned(_) | Fact::TransformBegan { .. });
            prop_assert!(!step.facts.iter().any(begins), "{:?}", step.facts);
            apply(&mut state, &step);
            if state.ending().is_some() || step.facts.is_empty() {
                return Ok(());
            }
        }
        prop_assert_eq!(due_request(&state), None, "nothing is reckoned for what does not leave");
        for index in 0..8 {
            let job = JobId { round: state.rounds.len() as u32, index };
            let step = decide(&state, Input::JobStarted { job });
            prop_assert!(step.is_empty());
        }
        if state.phase == before.phase {
            comes(&mut state, Input::GoOn);
            // That it was paused is told of the round, and that is all.
            if let (Some(round), Some(before)) = (state.rounds.last_mut(), before.round()) {
                round.by_hand.truncate(before.by_hand.len());
            }
            prop_assert_eq!(state, before);
        }
    }
}

#[test]
fn it_needs_the_person_once_nothing_is_under_way_any_more() {
    let mut state = asked(1);
    comes(&mut state, PAUSE);
    assert!(!state.rests() && state.need().is_none(), "the reply is on its way");
    let Phase::Waiting(Waiting::Remote(ask)) = state.phase else { panic!("{:?}", state.phase) };
    state.apply(&Fact::RemoteAnswered(RemoteAnswer {
        ask,
        text: "Look.".into(),
        finish: Finish::Stop,
        usage: Usage::default(),
        cost_usd: None,
        first_token_ms: 1,
        total_ms: 2,
    }));
    assert!(state.rests());
    assert_eq!(state.need(), Some(Need::GoOn { failed: None }));
    let step = decide(&state, Input::GoOn);
    assert_eq!(step.facts, [Fact::RunContinued]);
    apply(&mut state, &step);
    assert!(state.need().is_none() && advance(&state, None).is_some());
}

#[test]
fn a_request_that_failed_is_sent_again_only_when_the_session_goes_on() {
    let mut state = asked(2);
    let Phase::Waiting(Waiting::Remote(ask)) = state.phase else { panic!("{:?}", state.phase) };
    let again = Effect::AskAgain { ask, after_ms: 0 };
    // One that fails while it is paused.
    let mut paused = state.clone();
    comes(&mut paused, PAUSE);
    let step = decide(&paused, failed(ask, Some(500)));
    assert_eq!(step.effects, []);
    apply(&mut paused, &step);
    assert_eq!(paused.need(), Some(Need::GoOn { failed: None }));
    assert_eq!(decide(&paused, Input::GoOn).effects, std::slice::from_ref(&again));
    // One that waited to be sent again.
    comes(&mut state, failed(ask, Some(500)));
    let step = decide(&state, Input::Pause { holds: true });
    assert_eq!(step.facts, [Fact::RunPaused { held: Some(ask) }]);
    apply(&mut state, &step);
    assert!(state.rests());
    assert_eq!(decide(&state, Input::GoOn).effects, [again]);
    // It never went out, so that nobody has to be asked about it after a crash.
    assert!(!Interrupted::of(&state).unwrap().may_cost());
}

#[test]
fn a_session_that_is_gone_on_with_by_another_process_is_paused_no_more() {
    let mut state = asked(1);
    comes(&mut state, PAUSE);
    let models = Models::of(state.opened.as_ref().unwrap());
    let step = decide(&state, Input::Resume(Resumed { program: "later".into(), models, embedding: None }));
    assert!(matches!(step.facts[..2], [Fact::SessionResumed(_), Fact::RunContinued]), "{:?}", step.facts);
    apply(&mut state, &step);
    assert!(state.pause.is_none());
}
