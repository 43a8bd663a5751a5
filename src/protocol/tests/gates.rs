//! Step mode: where a session waits, what each choice does there, and what never leaves unseen.

mod taken_out;

use super::world::*;
use crate::protocol::*;

const OTHER: &str = "def prepare_jobs(context):\n    return [1]\ndef transform_outputs(jobs):\n    return '1'\n";

fn stepping(gates: Gates) -> World {
    World { settings: Settings { gates, ..Settings::default() }, ..World::default() }
}

fn says(choices: impl IntoIterator<Item = GateChoice>) -> Vec<Say> {
    choices.into_iter().chain([GateChoice::Pass]).map(Say::At).collect()
}

fn reached(run: &Run) -> Vec<Gate> {
    let gate = |fact: &Fact| if let Fact::GateReached { held, .. } = fact { Some(held.gate()) } else { None };
    run.facts.iter().filter_map(gate).collect()
}

/// The state where the facts of this run first stand at this gate.
fn at(run: &Run, gate: Gate) -> (State, u32) {
    let mut state = State::default();
    for fact in &run.facts {
        state.apply(fact);
        if let Phase::AtGate { n, held } = &state.phase
            && held.gate() == gate
        {
            let n = *n;
            return (state, n);
        }
    }
    panic!("{} was not reached", gate.name());
}

fn program() -> String {
    extract_code(PROGRAM).unwrap()
}

#[test]
fn every_gate_is_reached_in_turn_and_passing_all_of_them_changes_nothing() {
    use Gate::*;
    let run = stepping(Gates::all()).run();
    assert_eq!(reached(&run), [Request, Request, Code, Outputs, Request, Request, Decision]);
    let plain = World::default().run();
    assert_eq!((&run.asked, &run.state.answer), (&plain.asked, &plain.state.answer));
    assert!(reached(&plain).is_empty());
}

#[test]
fn only_the_gates_that_were_chosen_stop_a_session() {
    for gate in Gate::ALL {
        let seen = reached(&stepping([gate].into_iter().collect()).run());
        assert!(!seen.is_empty() && seen.iter().all(|known| *known == gate), "{seen:?}");
    }
}

#[test]
fn nothing_is_asked_read_or_looked_up_while_a_gate_is_closed() {
    let run = stepping(Gates::all()).run();
    let mut state = State::default();
    for fact in &run.facts {
        state.apply(fact);
        if let Phase::AtGate { .. } = state.phase {
            assert_eq!(advance(&state, None), None);
            assert!(decide(&state, Input::JobStarted { job: JobId { round: 1, index: 0 } }).is_empty());
        }
    }
}

/// What each choice puts on record at each gate; nothing where it does not fit.
#[test]
fn what_each_choice_does_at_each_gate() {
    let run = stepping(Gates::all()).run();
    let choices = [
        ("pass", GateChoice::Pass),
        ("request", GateChoice::EditRequest { message: 1, text: "Other words.".into() }),
        ("program", GateChoice::EditProgram { source: OTHER.into() }),
        ("outputs", GateChoice::EditOutputs { text: "less".into() }),
        ("drop", GateChoice::DropJobs { jobs: [0].into() }),
        ("redact", GateChoice::Redact(Redaction::Pattern(r"\d+".into()))),
        ("back", GateChoice::SendBack { words: "fewer jobs".into() }),
        ("round", GateChoice::AnotherRound { feedback: "look at the notes".into() }),
    ];
    let does = [
        (Gate::Request, ["gate_passed", "request_edited", "", "", "", "", "", ""]),
        (Gate::Code, ["gate_passed", "", "program_edited", "", "", "", "code_rejected", ""]),
        (
            Gate::Outputs,
            [
                "gate_passed",
                "",
                "program_edited",
                "outputs_edited",
                "jobs_dropped",
                "outputs_edited",
                "code_rejected",
                "",
            ],
        ),
        (Gate::Decision, ["gate_passed", "", "", "", "", "", "", "decision_changed"]),
    ];
    for (gate, kinds) in does {
        let (state, n) = at(&run, gate);
        for ((name, choice), kind) in choices.iter().zip(kinds) {
            let step = decide(&state, Input::AtGate { n, choice: choice.clone() });
            let on_record: Vec<String> = step
                .facts
                .iter()
                .map(|fact| serde_json::to_value(fact).unwrap()["kind"].as_str().unwrap().into())
                .collect();
            let expected: Vec<String> = [kind].into_iter().filter(|kind| !kind.is_empty()).map(String::from).collect();
            assert_eq!(on_record, expected, "{name} at {}", gate.name());
            // A choice that was made before this gate was seen is not for it.
            for other in [0, n + 1, n.wrapping_sub(1)] {
                assert!(decide(&state, Input::AtGate { n: other, choice: choice.clone() }).is_empty(), "{name}");
            }
            let mut after = state.clone();
            step.facts.iter().for_each(|fact| after.apply(fact));
            assert_eq!(kind.is_empty(), after == state, "{name} at {}", gate.name());
        }
        // Whatever is held, the session can be stopped there.
        let stopped = decide(&state, Input::Stop { partial: String::new(), sent: false });
        assert_eq!(stopped.facts, [Fact::SessionEnded { ending: Ending::Cancelled }]);
    }
}

#[test]
fn choices_that_say_nothing_change_nothing() {
    let run = stepping(Gates::all()).run();
    let blank = || String::from("  ");
    let nothing = [
        (Gate::Request, GateChoice::EditRequest { message: 9, text: "x".into() }),
        (Gate::Code, GateChoice::EditProgram { source: blank() }),
        (Gate::Code, GateChoice::EditProgram { source: program() }),
        (Gate::Code, GateChoice::SendBack { words: blank() }),
        (Gate::Outputs, GateChoice::EditOutputs { text: "the answer is 42".into() }),
        (Gate::Outputs, GateChoice::DropJobs { jobs: [99].into() }),
        (Gate::Outputs, GateChoice::Redact(Redaction::Pattern("(".into()))),
        (Gate::Outputs, GateChoice::Redact(Redaction::Line(blank()))),
        (Gate::Decision, GateChoice::AnotherRound { feedback: blank() }),
    ];
    for (gate, choice) in nothing {
        let (state, n) = at(&run, gate);
        assert!(decide(&state, Input::AtGate { n, choice: choice.clone() }).is_empty(), "{choice:?}");
    }
}

#[test]
fn an_edited_request_is_shown_again_and_is_what_leaves_with_its_own_estimate() {
    let text = "Only this. ".repeat(400);
    let run = World {
        says: says([GateChoice::EditRequest { message: 1, text: text.clone() }]),
        ..stepping([Gate::Request].into_iter().collect())
    }
    .run();
    assert_eq!(run.asked[0].messages[1].content, text);
    assert!(run.asked[0].estimate.input_tokens > 1000);
    assert_eq!(run.state.asks().next().unwrap().request, run.asked[0]);
    assert_eq!(reached(&run).len(), run.asked.len() + 1);
    let held: Vec<&RemoteAsk> = run
        .facts
        .iter()
        .filter_map(|fact| match fact {
            Fact::GateReached { held: Held::Request(request), .. } => Some(&**request),
            _ => None,
        })
        .collect();
    assert_eq!(*held[1], run.asked[0], "what was shown last is what leaves");
}

#[test]
fn an_edited_request_stays_edited_when_the_budget_stops_it() {
    let text = "x".repeat(40_000);
    let world = World {
        says: says([GateChoice::EditRequest { message: 1, text: text.clone() }]),
        choices: vec![BudgetChoice::Once],
        ..stepping(Gates::all())
    };
    let run = World { settings: Settings { budget_usd: Some(0.01), ..world.settings.clone() }, ..world }.run();
    let reached = run.facts.iter().find_map(|fact| if let Fact::BudgetReached(it) = fact { Some(it) } else { None });
    assert!(reached.unwrap().worst_usd > 0.01, "the edited request is what the budget is asked for");
    assert_eq!(run.asked[0].messages[1].content, text);
    assert_eq!(run.state.ending(), Some(&Ending::Answered));
}

#[test]
fn an_edited_program_plans_anew_and_one_that_fails_comes_back_to_the_person() {
    let error = CodeError::new(CodeErrorKind::Exception, "NameError: no");
    let edit = |source: &str| GateChoice::EditProgram { source: source.into() };
    let run = World {
        prepared: vec![Ok(4), Err(error), Ok(2)],
        says: says([edit("broken"), edit(OTHER)]),
        ..stepping([Gate::Code].into_iter().collect())
    }
    .run();
    assert_eq!(reached(&run), [Gate::Code; 3]);
    assert_eq!((run.state.rounds[0].jobs.len(), run.state.rounds[0].codes.len()), (2, 1));
    assert_eq!(run.state.rounds[0].codes[0].source, OTHER);
    assert_eq!(run.asked_for(Purpose::Decompose).len(), 1, "the remote LM is not told of what it did not write");
    assert_eq!(run.state.ending(), Some(&Ending::Answered));
}

#[test]
fn a_program_that_failed_waits_for_the_person_and_goes_back_when_it_is_passed() {
    let error = CodeError::new(CodeErrorKind::Exception, "NameError: no");
    let run = World { prepared: vec![Err(error), Ok(4)], ..stepping([Gate::Code].into_iter().collect()) }.run();
    assert_eq!(reached(&run), [Gate::Code; 2]);
    assert!(run.last_user_message(Purpose::Decompose).contains("NameError: no"));
    let transformed =
        vec![Err(CodeError::new(CodeErrorKind::Exception, "KeyError: no")), Ok("the answer is 42".into())];
    let world = World { transformed, ..stepping(Gates::all()) };
    let mended = World {
        says: [vec![Say::At(GateChoice::Pass); 3], says([GateChoice::EditProgram { source: OTHER.into() }])].concat(),
        ..world
    }
    .run();
    assert_eq!(mended.asked_for(Purpose::Decompose).len(), 1);
    assert_eq!(mended.kinds().iter().filter(|kind| *kind == "job_finished").count(), 4, "the jobs are not run again");
    assert_eq!(mended.state.ending(), Some(&Ending::Answered));
}

#[test]
fn a_program_sent_back_is_asked_for_again_with_the_persons_words_and_costs_no_attempt() {
    let back = |words: &str| GateChoice::SendBack { words: words.into() };
    let choices = ["fewer jobs", "fewer still", "one for each page", "as before"].map(back);
    let run = World { says: says(choices), ..stepping([Gate::Code].into_iter().collect()) }.run();
    assert_eq!(run.asked_for(Purpose::Decompose).len(), 5, "more than the attempts that the remote LM has");
    let message = run.last_user_message(Purpose::Decompose);
    assert!(message.contains("sent back by the person") && message.contains("as before"), "{message}");
    assert_eq!(run.kinds().iter().filter(|kind| *kind == "job_finished").count(), 4);
    assert_eq!(run.state.ending(), Some(&Ending::Answered));
}

#[test]
fn a_program_sent_back_at_its_outputs_does_not_run_the_jobs_again() {
    let choices = [GateChoice::SendBack { words: "sum them up".into() }];
    let run = World { says: says(choices), ..stepping([Gate::Outputs].into_iter().collect()) }.run();
    assert_eq!(run.kinds().iter().filter(|kind| *kind == "jobs_planned").count(), 1);
    let message = run.last_user_message(Purpose::Decompose);
    assert!(message.contains("sum them up") && message.contains("will not be run again"), "{message}");
    assert_eq!(reached(&run), [Gate::Outputs; 2]);
}

#[test]
fn another_round_starts_from_the_persons_feedback_even_after_the_last_one() {
    let settings = Settings { max_rounds: 1, gates: [Gate::Decision].into_iter().collect(), ..Settings::default() };
    let choices = [GateChoice::AnotherRound { feedback: "look at the notes".into() }];
    let run = World { settings, says: says(choices), ..World::default() }.run();
    assert_eq!(run.state.rounds.len(), 2);
    assert!(run.state.rounds[1].last);
    let prompt = run.last_user_message(Purpose::Decompose);
    assert!(prompt.contains("look at the notes") && prompt.contains("An answer so far: 42"), "{prompt}");
    assert!(run.last_user_message(Purpose::Think).contains("2"), "round 2 of 2");
    let Some(Fact::DecisionChanged { before, after, .. }) =
        run.facts.iter().find(|fact| matches!(fact, Fact::DecisionChanged { .. }))
    else {
        panic!()
    };
    assert!(matches!(before, Decision::ProvideFinalAnswer(_)) && matches!(after, Decision::RequestAdditionalInfo(_)));
    assert_eq!(run.state.ending(), Some(&Ending::Answered));
}

#[test]
fn running_on_passes_the_gate_at_hand_and_waits_again_when_it_was_said() {
    use Gate::*;
    let world = |to| World {
        decisions: vec![MORE, FINAL],
        says: vec![Say::RunOn(to), Say::At(GateChoice::Pass)],
        ..stepping(Gates::all())
    };
    let to_round = world(RunTo::NextRound).run();
    assert_eq!(reached(&to_round), [Request, Request, Code, Outputs, Request, Request, Decision]);
    assert_eq!(to_round.facts.iter().filter(|fact| matches!(fact, Fact::GatePassed { .. })).count(), 7);
    let to_end = world(RunTo::End).run();
    assert_eq!(reached(&to_end), [Request]);
    assert_eq!((to_end.state.rounds.len(), to_end.state.gates.chosen.is_empty()), (2, true));
}

#[test]
fn running_on_passes_no_gate_that_was_not_seen() {
    let run = stepping(Gates::all()).run();
    let mut state = State::default();
    let reached = run.facts.iter().filter(|fact| {
        state.apply(fact);
        matches!(fact, Fact::GateReached { .. })
    });
    assert!(reached.take(2).count() == 2 && matches!(state.phase, Phase::AtGate { n: 2, .. }));
    for to in [RunTo::NextRound, RunTo::End] {
        // Another screen passed the first gate, or none was closed when it was said.
        for n in [Some(1), Some(3), None] {
            assert!(decide(&state, Input::RunOn { to, n }).is_empty(), "{n:?}");
        }
        let passed = Fact::GatePassed { n: 2, gate: Gate::Request };
        assert_eq!(decide(&state, Input::RunOn { to, n: Some(2) }).facts, [Fact::RanOn { to }, passed]);
    }
    state.apply(&Fact::GatePassed { n: 2, gate: Gate::Request });
    assert!(decide(&state, Input::RunOn { to: RunTo::End, n: Some(2) }).is_empty(), "said at a gate that is passed");
    assert_eq!(
        decide(&state, Input::RunOn { to: RunTo::End, n: None }).facts,
        [Fact::RanOn { to: RunTo::End }],
        "no gate is closed"
    );
}

#[test]
fn gates_are_switched_while_a_session_runs_and_the_one_at_hand_stays_closed() {
    let none = World { says: vec![Say::Gates(Gates::default())], ..stepping(Gates::all()) }.run();
    assert_eq!((reached(&none).len(), none.kinds().iter().filter(|kind| *kind == "gate_passed").count()), (1, 1));
    let plain = World::default().run();
    let mut state = State::default();
    let asked = plain.facts.iter().find(|fact| {
        state.apply(fact);
        matches!(fact, Fact::RemoteAsked(_))
    });
    assert!(asked.is_some());
    let step = decide(&state, Input::ChooseGates(Gates::all()));
    assert_eq!(step.facts, [Fact::GatesChosen { gates: Gates::all() }]);
    state.apply(&step.facts[0]);
    assert!(decide(&state, Input::ChooseGates(Gates::all())).is_empty());
    assert!(state.gates.stop_at(Gate::Code));
}

fn deciding(protocol: ProtocolKind, window: usize) -> World {
    let windows = windows(&[crate::document::Document::from_text("d", text())], None, window, 0);
    let settings = Settings { protocol, windows, gates: [Gate::Decision].into_iter().collect(), ..Settings::default() };
    World {
        settings,
        says: says([GateChoice::AnotherRound { feedback: "look at the notes".into() }]),
        ..World::default()
    }
}

#[test]
fn in_remote_only_the_feedback_goes_with_the_documents_behind_the_answer_it_is_about() {
    let run = deciding(ProtocolKind::RemoteOnly, 1000).run();
    assert_eq!(run.state.ending(), Some(&Ending::Answered));
    let [first, again] = run.asked.as_slice() else { panic!("{} requests", run.asked.len()) };
    assert_eq!(first.messages[..], again.messages[..first.messages.len()]);
    assert_eq!(again.messages[2].content, FINAL);
    assert!(again.messages[3].content.contains("look at the notes"), "{:?}", again.messages);
    assert_eq!(
        run.kinds().iter().filter(|kind| *kind == "consent_given").count(),
        2,
        "it leaves again only when agreed"
    );
}

#[test]
fn in_local_only_the_feedback_goes_to_the_reader_of_the_documents() {
    for window in [1000, 30] {
        let mut world = deciding(ProtocolKind::LocalOnly, window);
        world.says.truncate(1);
        // Several windows answer: the readers come to one answer first, where the person says something to it.
        world.says = vec![Say::At(GateChoice::Pass); usize::from(window == 30)];
        world.says.extend(says([GateChoice::AnotherRound { feedback: "look at the notes".into() }]));
        world.workers = vec![
            Ok((ANSWERED, Finish::Stop)),
            Ok((r#"{"explanation": "b", "citation": "noise", "answer": "noise"}"#, Finish::Stop)),
        ];
        let run = world.run();
        assert_eq!(run.state.ending(), Some(&Ending::Answered), "{window}");
        let documents = run.state.rounds[0].chunks.clone();
        let told = run
            .state
            .rounds
            .iter()
            .find(|round| round.advices.iter().any(|advice| advice.contains("look at the notes")));
        assert_eq!(told.unwrap().chunks, documents, "the documents are read, not the answers");
    }
}

#[test]
fn where_outputs_go_to_nobody_there_is_no_gate_for_them() {
    let mut world = deciding(ProtocolKind::LocalOnly, 30);
    (world.settings.gates, world.says) = (Gates::all(), vec![Say::At(GateChoice::Pass)]);
    let seen = reached(&world.run());
    assert!(!seen.is_empty() && seen.iter().all(|gate| *gate == Gate::Decision), "{seen:?}");
}

#[test]
fn what_is_said_at_a_gate_has_a_paused_session_go_on() {
    let world = stepping(Gates::all());
    let run = world.run();
    let reached = |gate| {
        let is = |fact: &Fact| matches!(fact, Fact::GateReached { held, .. } if held.gate() == gate);
        let at = run.facts.iter().position(is).unwrap();
        let mut state = State::default();
        run.facts[..=at].iter().for_each(|fact| state.apply(fact));
        state.apply(&Fact::RunPaused { held: None });
        let Phase::AtGate { n, .. } = state.phase else { panic!("{:?}", state.phase) };
        (state, n)
    };
    for (gate, choice) in [
        (Gate::Request, GateChoice::Pass),
        (Gate::Code, GateChoice::SendBack { words: "fewer".into() }),
        (Gate::Outputs, GateChoice::DropJobs { jobs: [0].into() }),
        (Gate::Decision, GateChoice::Pass),
    ] {
        let (mut state, n) = reached(gate);
        let step = decide(&state, Input::AtGate { n, choice });
        assert_eq!(step.facts.first(), Some(&Fact::RunContinued), "{gate:?}");
        step.facts.iter().for_each(|fact| state.apply(fact));
        assert!(state.pause.is_none() && !state.rests());
    }
    let (state, n) = reached(Gate::Outputs);
    assert!(decide(&state, Input::AtGate { n: n + 1, choice: GateChoice::Pass }).is_empty(), "it was said of another");
    let ran_on = decide(&state, Input::RunOn { to: RunTo::End, n: Some(n) });
    assert_eq!(ran_on.facts.first(), Some(&Fact::RunContinued));
}
