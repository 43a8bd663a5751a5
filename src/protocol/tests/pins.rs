//! Passages that are pinned are read in the next round, whatever its program plans.

use super::world::*;
use crate::document::Span;
use crate::protocol::pins::MOST_PINS;
use crate::protocol::*;

/// Where a run waits for its first program to plan the jobs, and the state there.
fn planning(settings: Settings) -> State {
    let facts = World { settings: settings.clone(), ..World::default() }.run().facts;
    let mut state = State::default();
    for fact in facts.iter().take_while(|fact| !matches!(fact, Fact::JobsPlanned(_))) {
        state.apply(fact);
    }
    state
}

fn told(state: &mut State, input: Input) -> Vec<Fact> {
    let facts = decide(state, input).facts;
    facts.iter().for_each(|fact| state.apply(fact));
    facts
}

fn prepared(state: &mut State, tasks: &[&str]) -> PlannedJobs {
    let Phase::Waiting(Waiting::Prepare(code)) = state.phase else { panic!("{:?}", state.phase) };
    let manifests = tasks
        .iter()
        .map(|task| Manifest { chunk: Chunk::Span(Span::new(0, 0, 9)), task: (*task).into(), advice: "Look.".into() })
        .collect();
    let result = CodeResult::Prepared(Ok(manifests));
    match &told(state, Input::CodeRan { code, result, embedding_error: None })[..] {
        [Fact::JobsPlanned(planned)] => planned.clone(),
        facts => panic!("{facts:?}"),
    }
}

#[test]
fn each_task_of_the_round_is_asked_of_a_pinned_passage_and_the_round_after_is_planned_as_ever() {
    let settings = Settings { samples: 2, ..Settings::default() };
    let mut state = planning(settings);
    let span = Span::new(0, 4, 20);
    assert_eq!(told(&mut state, Input::Pin(span)), [Fact::PassagesPinned { spans: vec![span] }]);
    let planned = prepared(&mut state, &["Who?", "When?", "Who?"]);
    assert_eq!(planned.chunks, [Chunk::Span(Span::new(0, 0, 9)), Chunk::Span(span)]);
    let of_pin: Vec<(u32, u32)> =
        planned.jobs.iter().filter(|job| job.chunk == 1).map(|job| (job.task, job.sample)).collect();
    assert_eq!(of_pin, [(0, 0), (0, 1), (1, 0), (1, 1)]);
    begin_reading(&mut state, &planned);
    assert!(state.pinned.is_empty());
}

/// What follows by itself.
fn go_on(state: &mut State) {
    while let Some(step) = advance(state, None).filter(|step| !step.facts.is_empty()) {
        step.facts.iter().for_each(|fact| state.apply(fact));
    }
}

/// A worker begins with each job.
fn begin_reading(state: &mut State, planned: &PlannedJobs) {
    for index in 0..planned.jobs.len() as u32 {
        state.apply(&Fact::JobStarted { job: JobId { round: planned.round, index }, attempt: 1 });
    }
}

#[test]
fn what_is_pinned_is_planned_anew_where_the_person_changes_the_program_at_its_gate() {
    let mut state = planning(Settings { gates: [Gate::Code].into_iter().collect(), ..Settings::default() });
    let span = Span::new(0, 4, 20);
    told(&mut state, Input::Pin(span));
    assert!(prepared(&mut state, &["Who?"]).chunks.contains(&Chunk::Span(span)));
    go_on(&mut state);
    let Phase::AtGate { n, .. } = state.phase else { panic!("{:?}", state.phase) };
    told(&mut state, Input::AtGate { n, choice: GateChoice::EditProgram { source: "print(2)".into() } });
    go_on(&mut state);
    let planned = prepared(&mut state, &["Which?"]);
    assert!(planned.chunks.contains(&Chunk::Span(span)), "{planned:?}");
    begin_reading(&mut state, &planned);
    assert!(state.pinned.is_empty());
}

#[test]
fn a_passage_that_is_pinned_twice_is_let_go_and_one_that_is_planned_anyway_is_read_once() {
    let mut state = planning(Settings::default());
    let (planned, other) = (Span::new(0, 0, 9), Span::new(0, 30, 40));
    for span in [other, planned, other] {
        assert_eq!(told(&mut state, Input::Pin(span)).len(), 1);
    }
    assert_eq!(state.pinned, [planned]);
    assert_eq!(prepared(&mut state, &["Who?"]).jobs.len(), 1);
    assert_eq!(state.pins_left_out(), None);
}

#[test]
fn what_the_round_has_no_room_for_stays_pinned_for_the_next_one() {
    let mut state = planning(Settings { samples: 2, ..Settings::default() });
    state.opened.as_mut().unwrap().settings.max_jobs = 7;
    let spans = [Span::new(0, 4, 20), Span::new(0, 30, 40)];
    spans.iter().for_each(|span| drop(told(&mut state, Input::Pin(*span))));
    let planned = prepared(&mut state, &["Who?"]);
    assert_eq!((planned.jobs.len(), state.pins_left_out()), (6, None), "both have room");

    let mut state = planning(Settings { samples: 2, ..Settings::default() });
    state.opened.as_mut().unwrap().settings.max_jobs = 7;
    spans.iter().for_each(|span| drop(told(&mut state, Input::Pin(*span))));
    let planned = prepared(&mut state, &["Who?", "Who?"]);
    assert_eq!((planned.jobs.len(), planned.chunks.len()), (6, 2), "no more than the round may have");
    begin_reading(&mut state, &planned);
    assert_eq!(state.pinned, spans[1..]);
    let left_out = state.pins_left_out().unwrap();
    assert_eq!(
        left_out,
        "1 pinned passage is left for the next round, if there is one: at most 7 jobs are allowed in one"
    );
}

#[test]
fn only_a_passage_of_what_the_session_is_about_is_pinned() {
    let mut state = planning(Settings::default());
    let bytes = state.opened.as_ref().unwrap().documents[0].bytes;
    for span in [Span::new(0, 0, bytes + 1), Span::new(1, 0, 1), Span::new(0, 9, 4)] {
        assert!(told(&mut state, Input::Pin(span)).is_empty(), "{span:?}");
        assert!(state.may_pin(span).unwrap_err().contains("no document"));
    }
    assert_eq!(told(&mut state, Input::Pin(Span::new(0, 0, bytes))).len(), 1);
    let part = Some(Part { span: Span::new(0, 10, 20), characters: 10 });
    let mut state = planning(Settings { part, ..Settings::default() });
    for (span, fits) in [(Span::new(0, 10, 20), true), (Span::new(0, 9, 20), false), (Span::new(0, 12, 21), false)] {
        assert_eq!(!told(&mut state, Input::Pin(span)).is_empty(), fits, "{span:?}");
    }
}

#[test]
fn no_more_is_pinned_than_there_is_room_for_and_nothing_where_no_program_plans() {
    let mut state = planning(Settings::default());
    for at in 0..MOST_PINS + 3 {
        told(&mut state, Input::Pin(Span::new(0, at, at + 1)));
    }
    assert_eq!(state.pinned.len(), MOST_PINS);
    assert!(told(&mut state, Input::Pin(Span::new(0, 50, 50))).is_empty());
    for protocol in [ProtocolKind::Minion, ProtocolKind::LocalOnly, ProtocolKind::RemoteOnly] {
        let mut state = State::default();
        state.apply(&Fact::SessionOpened(opened(Settings { protocol, ..Settings::default() }, None)));
        assert!(told(&mut state, Input::Pin(Span::new(0, 0, 9))).is_empty(), "{protocol:?}");
    }
}
