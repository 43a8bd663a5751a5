//! What may be spent: no call that could pass a budget is made before the person says how to go on.

use super::world::*;
use crate::protocol::*;

#[test]
fn a_call_that_could_pass_the_budget_is_not_made() {
    let settings = Settings { budget_usd: Some(0.009), ..Settings::default() };
    let run = World { settings, ..World::default() }.run();
    assert!(matches!(run.state.ending(), Some(Ending::Budget { reason }) if reason.contains("$0.0090")));
    assert!(run.asked.len() < 4);
}

#[test]
fn a_try_that_broke_off_counts_before_the_next_try_is_made() {
    let price = Some(Price { cached_input: 0.5, ..Price::flat(1.0, 2.0) });
    let broken = |budget_usd| {
        let settings = Settings { budget_usd: Some(budget_usd), ..Settings::default() };
        let mut run = Run { state: State::default(), facts: Vec::new(), asked: Vec::new() };
        let mut waiting = Vec::new();
        take(&mut run, &mut waiting, Input::Start(opened(settings, price)));
        let request = run.state.asks().last().unwrap().request.clone();
        let failure = RemoteFailure {
            ask: request.ask,
            attempt: 1,
            error: "cut off".into(),
            retry_in_ms: Some(5),
            partial: "Look".into(),
            lost: false,
            counted: None,
        };
        take(&mut run, &mut waiting, Input::RemoteFailed(failure));
        (run, request.estimate.worst_cost_usd.unwrap())
    };
    let (run, worst) = broken(1.0);
    assert_eq!(run.state.ending(), None);
    let (run, _) = broken(worst * 1.5);
    let Phase::Paused(reached) = &run.state.phase else { panic!("{:?}", run.state.phase) };
    assert_eq!((reached.again, reached.worst_usd, reached.committed_usd), (Some(asked(&run)), worst, worst));
    assert_eq!(run.facts.iter().filter(|fact| matches!(fact, Fact::RemoteFailed(_))).count(), 1);
}

#[test]
fn the_worst_case_of_what_was_not_counted_has_a_margin_and_a_call_beyond_it_is_noted() {
    let price = Price::flat(10.0, 10.0);
    let settings = Settings { budget_usd: Some(0.15), ..Settings::default() };
    let mut run = Run { state: State::default(), facts: Vec::new(), asked: Vec::new() };
    let mut waiting = Vec::new();
    take(&mut run, &mut waiting, Input::Start(opened(settings, Some(price))));
    let request = run.state.asks().last().unwrap().request.clone();
    let (input, cap) = (request.estimate.input_tokens, request.max_output_tokens);
    assert!(!request.estimate.counted && input > 100);
    let worst = request.estimate.worst_cost_usd.unwrap();
    assert!((worst - price.worst((input * 3).div_ceil(2), cap)).abs() < 1e-9, "{worst}");
    let count = |counted| TokenCount { tokens: 1001, counted };
    assert_eq!([count(true).at_most(), count(false).at_most(), count(false).at_least()], [1001, 1502, 667]);

    let mut answered = |input_tokens| {
        let ask = run.state.asks().last().unwrap().request.ask;
        let usage = Usage { input_tokens, output_tokens: 5, ..Usage::default() };
        let (text, finish, cost_usd) = ("Look for it.".to_owned(), Finish::Stop, Some(price.cost(&usage)));
        let answer = RemoteAnswer { ask, text, finish, usage, cost_usd, first_token_ms: 1, total_ms: 2 };
        take(&mut run, &mut waiting, Input::RemoteAnswered(answer));
        run.state.notes.clone()
    };
    assert_eq!(answered(input), Vec::<String>::new());
    let notes = answered(20_000);
    assert!(notes.len() == 1 && notes[0].contains("(decompose) cost $0.2001, more than the $"), "{notes:?}");
    assert!(notes[0].contains("over the budget of $0.1500") && notes[0].contains("counted 20000 and 5"), "{notes:?}");
}

fn asked(run: &Run) -> AskId {
    run.state.asks().last().unwrap().request.ask
}

fn raise_to(to_usd: f64) -> BudgetChoice {
    BudgetChoice::Raise { scope: Scope::Session, to_usd }
}

#[test]
fn at_a_reached_budget_the_person_says_how_to_go_on() {
    let settings = Settings { budget_usd: Some(0.009), ..Settings::default() };
    let world = |choices: &[BudgetChoice]| {
        World { settings: settings.clone(), choices: choices.to_vec(), ..World::default() }.run()
    };
    let pauses = |run: &Run| run.kinds().iter().filter(|kind| *kind == "budget_reached").count();

    let raised = world(&[raise_to(1.0)]);
    assert_eq!((raised.state.ending(), pauses(&raised)), (Some(&Ending::Answered), 1));
    assert_eq!(raised.state.budgets.usd(Scope::Session), Some(1.0));

    let settings = Settings { budget_usd: Some(0.001), ..Settings::default() };
    let each_once = World { settings, choices: vec![BudgetChoice::Once], ..World::default() }.run();
    assert_eq!((each_once.state.ending(), pauses(&each_once)), (Some(&Ending::Answered), 4), "every call asks anew");
    assert_eq!(each_once.state.budgets.usd(Scope::Session), Some(0.001), "the budget itself stands");

    let too_little = [raise_to(0.001), raise_to(f64::INFINITY), BudgetChoice::Stop];
    let stopped = world(&too_little);
    assert!(
        matches!(stopped.state.ending(), Some(Ending::Budget { reason }) if reason.contains("raise remote.budget_usd"))
    );
    assert_eq!((stopped.asked.len(), pauses(&stopped)), (1, 1));
}

#[test]
fn a_budget_can_be_changed_before_it_is_reached_and_never_after_the_end() {
    let raise = |state: &State, to_usd| decide(state, Input::Budget(raise_to(to_usd))).facts;
    let done = World::default().run();
    let mut state = State::default();
    let waits = done.facts.iter().find(|fact| {
        state.apply(fact);
        matches!(fact, Fact::RemoteAsked(_))
    });
    assert!(waits.is_some());
    let facts = raise(&state, 0.5);
    assert_eq!(facts, [Fact::BudgetRaised { scope: Scope::Session, to_usd: 0.5, once: false }]);
    let phase = state.phase.clone();
    facts.iter().for_each(|fact| state.apply(fact));
    assert_eq!((state.budgets.usd(Scope::Session), state.phase.clone()), (Some(0.5), phase));
    for to_usd in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert_eq!(raise(&state, to_usd), []);
    }
    assert_eq!((raise(&done.state, 1.0), raise(&State::default(), 1.0)), (vec![], vec![]));
}

#[test]
fn the_budget_of_the_day_pauses_a_new_call_and_one_that_would_be_sent_again() {
    let price = Some(Price::flat(1.0, 2.0));
    let settings = Settings { budget_usd_per_day: Some(0.02), ..Settings::default() };
    let mut run = Run { state: State::default(), facts: Vec::new(), asked: Vec::new() };
    run.state.apply(&Fact::SessionOpened(opened(settings, price)));
    let began = advance(&run.state, None).unwrap();
    began.facts.iter().for_each(|fact| run.state.apply(fact));
    let worst = due_request(&run.state).unwrap().estimate.worst_cost_usd.unwrap();
    assert!(
        decide(&run.state, Input::DaySpent { again: None, worst_usd: worst, committed_usd: 0.02 - worst }).is_empty()
    );

    let mut waiting = Vec::new();
    take(&mut run, &mut waiting, Input::DaySpent { again: None, worst_usd: worst, committed_usd: 0.02 });
    assert!(
        matches!(&run.state.phase, Phase::Paused(reached) if reached.scope == Scope::Day && reached.again.is_none())
    );
    take(&mut run, &mut waiting, Input::Budget(BudgetChoice::Once));
    assert!(matches!(waiting[..], [Effect::Ask(_)]), "{waiting:?}");

    let ask = asked(&run);
    let error = "cut off".to_owned();
    let failure = RemoteFailure {
        ask,
        attempt: 1,
        error,
        retry_in_ms: Some(5),
        partial: String::new(),
        lost: true,
        counted: None,
    };
    take(&mut run, &mut waiting, Input::RemoteFailed(failure));
    take(&mut run, &mut waiting, Input::DaySpent { again: Some(ask), worst_usd: worst, committed_usd: 0.03 });
    assert!(matches!(&run.state.phase, Phase::Paused(reached) if reached.again == Some(ask)));
    waiting.clear();
    take(&mut run, &mut waiting, Input::Budget(raise_to(0.5)));
    assert!(
        matches!(run.state.phase, Phase::Paused(_)) && waiting.is_empty(),
        "that was meant for the session's budget"
    );
    take(&mut run, &mut waiting, Input::Budget(BudgetChoice::Raise { scope: Scope::Day, to_usd: 0.5 }));
    assert_eq!(waiting, [Effect::AskAgain { ask, after_ms: 0 }]);
    assert_eq!(run.state.phase, Phase::Waiting(Waiting::Remote(ask)));
}
