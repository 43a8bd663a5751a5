//! A session that a crash stopped anywhere goes on, does nothing twice that is done, and ends as it would have.

use proptest::prelude::*;

use super::laws::worlds;
use super::world::*;
use crate::protocol::*;

/// The facts after the first `n`, were the process another one from there on.
fn after(run: &Run, n: usize) -> &[Fact] {
    &run.facts[n..]
}

fn is_answer_of(fact: &Fact, id: AskId) -> bool {
    matches!(fact, Fact::RemoteAnswered(answer) if answer.ask == id)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn from_every_prefix_a_session_goes_on_and_ends_with_the_same_answer(world in worlds()) {
        // What the person does in between, and a budget that what was lost counts against, may end it elsewhere.
        let world = World { retries: 0, says: vec![Say::At(GateChoice::Pass)], ..world };
        let world = World { settings: Settings { budget_usd: None, ..world.settings.clone() }, ..world };
        let whole = world.run();
        for n in 1..whole.facts.len() {
            let resumed = world.resume(&whole.facts[..n]);
            prop_assert_eq!(&resumed.state.answer, &whole.state.answer, "after {} facts", n);
            prop_assert_eq!(resumed.state.ending(), whole.state.ending(), "after {} facts", n);
            let done: Vec<&Fact> = whole.facts[..n].iter().filter(|fact| match fact {
                // Where none could be done they are tried again.
                Fact::JobFinished { outcome, .. } => !matches!(outcome, Outcome::Failed { .. }),
                _ => false,
            }).collect();
            let again = after(&resumed, n).iter().any(|fact| match fact {
                Fact::JobStarted { job, .. } => done.iter().any(|done| matches!(done, Fact::JobFinished { job: of, .. } if of == job)),
                _ => false,
            });
            prop_assert!(!again, "a finished job ran again after {} facts", n);
        }
    }

    #[test]
    fn under_a_budget_a_session_goes_on_from_every_prefix_and_never_spends_past_it_unasked(world in worlds()) {
        let whole = world.run();
        for n in 1..whole.facts.len() {
            let resumed = world.resume(&whole.facts[..n]);
            prop_assert!(resumed.state.ending().is_some(), "after {} facts", n);
            prop_assert!(resumed.state.committed_usd + 1e-12 >= paid(&resumed.facts));
        }
    }
}

fn paid(facts: &[Fact]) -> f64 {
    facts
        .iter()
        .map(|fact| if let Fact::RemoteAnswered(answer) = fact { answer.cost_usd.unwrap_or(0.0) } else { 0.0 })
        .sum()
}

fn resumed(state: &State) -> Input {
    let models = Models::of(state.opened.as_ref().unwrap());
    Input::Resume(Resumed { program: "later".into(), models, embedding: None })
}

/// The state after the first request went out.
fn asking(price: Option<Price>) -> (State, RemoteAsk) {
    let mut run = Run { state: State::default(), facts: Vec::new(), asked: Vec::new() };
    let mut waiting = Vec::new();
    take(&mut run, &mut waiting, Input::Start(opened(Settings::default(), price)));
    let Some(Effect::Ask(request)) = waiting.pop() else { panic!("no request") };
    (run.state, request)
}

#[test]
fn an_unanswered_paid_request_is_sent_again_only_when_the_person_says_so_and_stays_reserved() {
    let (state, request) = asking(Some(Price::flat(1.0, 2.0)));
    let mut run = Run { state, facts: Vec::new(), asked: Vec::new() };
    let mut waiting = Vec::new();
    let input = resumed(&run.state);
    take(&mut run, &mut waiting, input);
    let worst = request.estimate.worst_cost_usd.unwrap();
    assert!(matches!(&run.state.phase, Phase::Interrupted(known) if known.ask == request.ask && known.may_cost()));
    assert_eq!((waiting.as_slice(), run.state.committed_usd), ([].as_slice(), worst));
    // A late answer of the process before, and anything but consent, changes nothing.
    for input in [Input::Note { text: "hm".into() }, Input::Budget(BudgetChoice::Once)] {
        take(&mut run, &mut waiting, input);
    }
    assert_eq!(waiting, []);
    // Another crash while it waits for a word: it waits again.
    let input = resumed(&run.state);
    take(&mut run, &mut waiting, input);
    assert_eq!((waiting.as_slice(), run.state.committed_usd), ([].as_slice(), worst));
    take(&mut run, &mut waiting, Input::SendAgain);
    let Some(Effect::Ask(again)) = waiting.pop() else { panic!("it was not sent") };
    assert_eq!((again.ask.n, &again.messages), (request.ask.n + 1, &request.messages));
    assert!(!run.facts.iter().any(|fact| is_answer_of(fact, request.ask)));
}

#[test]
fn what_the_person_made_of_a_request_is_sent_again_as_it_was_and_shown_before() {
    let edit = GateChoice::EditRequest { message: 1, text: "Only this.".into() };
    let settings = Settings { gates: Gates::all(), ..Settings::default() };
    let world = World { settings, says: vec![Say::At(edit), Say::At(GateChoice::Pass)], ..World::default() };
    let whole = world.run();
    let sent = whole.facts.iter().position(|fact| matches!(fact, Fact::RemoteAsked(_))).unwrap() + 1;
    let passing = World { says: vec![Say::At(GateChoice::Pass)], ..world };
    let resumed = passing.resume(&whole.facts[..sent]);
    let again = &resumed.asked[0];
    assert_eq!((again.ask.n, &again.messages), (whole.asked[0].ask.n + 1, &whole.asked[0].messages));
    assert_eq!(again.messages[1].content, "Only this.");
    assert_eq!(again.estimate.input_tokens, whole.asked[0].estimate.input_tokens);
    let shown = after(&resumed, sent).iter().find_map(|fact| match fact {
        Fact::GateReached { held: Held::Request(request), .. } => Some(&request.messages),
        _ => None,
    });
    assert_eq!(shown, Some(&again.messages));
}

#[test]
fn a_request_that_costs_nothing_is_sent_again_at_once() {
    let (state, request) = asking(Some(Price::flat(0.0, 0.0)));
    let mut run = Run { state, facts: Vec::new(), asked: Vec::new() };
    let mut waiting = Vec::new();
    let input = resumed(&run.state);
    take(&mut run, &mut waiting, input);
    assert!(matches!(waiting.as_slice(), [Effect::Ask(again)] if again.messages == request.messages));
}

#[test]
fn where_the_price_is_not_known_the_person_is_asked() {
    let (state, _) = asking(None);
    let interrupted = Interrupted::of(&state).unwrap();
    assert!(
        interrupted.may_cost() && interrupted.told().ends_with("it may have been paid for"),
        "{}",
        interrupted.told()
    );
}

#[test]
fn a_session_that_has_ended_or_not_begun_is_not_resumed() {
    let whole = World::default().run();
    assert!(decide(&whole.state, resumed(&whole.state)).is_empty());
    let nothing = Input::Resume(Resumed { program: "2".into(), models: Models::default(), embedding: None });
    assert!(decide(&State::default(), nothing).is_empty());
}

#[test]
fn models_of_another_process_hold_at_once() {
    let (mut state, _) = asking(None);
    let local = ModelInfo { provider: "other".into(), model: "reader".into(), is_model: true, price: None };
    let models = Models { remote: None, local: Some(local.clone()) };
    let step = decide(&state, Input::Resume(Resumed { program: "2".into(), models, embedding: None }));
    step.facts.iter().for_each(|fact| state.apply(fact));
    assert_eq!(state.models.now.local.as_ref(), Some(&local));
    assert_eq!(state.round().unwrap().models.local.as_ref(), Some(&local));
    assert!(state.remote().is_some(), "what is not named stays");
}
