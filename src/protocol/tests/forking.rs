//! What the person allowed in a session was allowed there: a fork asks anew.

use super::world::*;
use crate::protocol::*;

fn parent() -> Parent {
    Parent { session: "old".into(), seq: 1, anew: true, known: Vec::new(), changed: Vec::new(), details: None }
}

fn fork(facts: &[Fact], settings: Settings) -> Vec<Fact> {
    let facts: Vec<&Fact> = facts.iter().collect();
    forked(parent(), &facts, &Changes { settings, ..Changes::default() })
}

fn remote_only() -> World {
    let settings = Settings { protocol: ProtocolKind::RemoteOnly, ..Settings::default() };
    World { settings, ..World::default() }
}

fn fold(facts: &[Fact]) -> State {
    let mut state = State::default();
    facts.iter().for_each(|fact| state.apply(fact));
    state
}

#[test]
fn the_whole_document_leaves_in_a_fork_only_when_the_person_agrees_there() {
    let world = remote_only();
    let whole = world.run();
    let answered = whole.facts.iter().position(|fact| matches!(fact, Fact::RemoteAnswered(_))).unwrap();
    for n in 1..=answered {
        let facts = fork(&whole.facts[..n], world.settings.clone());
        let refused = World { agrees: false, ..world.clone() }.resume(&facts);
        assert!(refused.asked.is_empty(), "after {n} facts: {:?}", refused.kinds());
        let agreed = world.resume(&facts);
        assert_eq!((agreed.asked.len(), agreed.state.ending()), (1, Some(&Ending::Answered)), "after {n} facts");
    }
}

#[test]
fn a_fork_that_only_asks_for_another_form_of_the_reply_sends_no_document_again() {
    let world = World { decisions: vec!["{no decision", FINAL], ..remote_only() };
    let whole = world.run();
    let at = whole.facts.iter().position(|fact| matches!(fact, Fact::DecisionRejected { .. })).unwrap();
    let facts = fork(&whole.facts[..=at], world.settings.clone());
    let world = World { agrees: false, decisions: vec![FINAL], ..world };
    let run = world.resume(&facts);
    assert_eq!(run.state.ending(), Some(&Ending::Answered), "{:?}", run.kinds());
    let [request] = &run.asked[..] else { panic!("{:?}", run.asked) };
    assert_eq!(request.attempt, 2);
    assert!(request.messages.iter().all(|message| !message.content.contains(text())));
}

#[test]
fn another_remote_lm_is_sent_the_whole_document_only_when_the_person_agrees_again() {
    let whole = remote_only().run();
    let given = whole.facts.iter().position(|fact| matches!(fact, Fact::ConsentGiven)).unwrap();
    let state = fold(&whole.facts[..=given]);
    let same = state.remote().unwrap().clone();
    let other = ModelInfo { model: "another".into(), ..same.clone() };
    for (remote, asks) in [(same, false), (other, true)] {
        let mut run = Run { state: state.clone(), facts: Vec::new(), asked: Vec::new() };
        let models = Models { remote: Some(remote), local: None };
        let resumed = Input::Resume(Resumed { program: "later".into(), models, embedding: None });
        take(&mut run, &mut Vec::new(), resumed);
        assert_eq!(run.state.phase == Phase::Waiting(Waiting::Consent), asks, "{:?}", run.kinds());
    }
}

#[test]
fn a_limit_that_was_raised_in_the_old_session_is_not_raised_in_the_fork() {
    let settings = Settings { max_exposed_share: Some(0.25), ..Settings::default() };
    for once in [true, false] {
        let (purpose, attempt, left, share, bytes, limit) = (Purpose::Advise, 1, 0.0, 0.9, 9, 0.25);
        let facts = [
            Fact::SessionOpened(opened(settings.clone(), None)),
            Fact::RoundBegan { round: 1, last: false },
            Fact::ExposureReached(Overexposed { purpose, attempt, left, share, bytes, limit }),
            Fact::ExposureRaised { to_share: 0.9, once },
        ];
        for n in 2..=facts.len() {
            let state = fold(&fork(&facts[..n], settings.clone()));
            assert_eq!(state.exposure_limit.passed(0.5), Some(0.25), "after {n} facts");
            assert!(matches!(state.phase, Phase::Due(Due::Ask { purpose: Purpose::Advise, .. })));
        }
    }
}

#[test]
fn from_every_place_a_fork_in_step_mode_shows_what_leaves_before_it_does() {
    let pass = Say::At(GateChoice::Pass);
    let plain = World { decisions: vec![MORE, FINAL], ..World::default() };
    let stepping = Settings { gates: Gates::all(), ..Settings::default() };
    let stepped = World { settings: stepping.clone(), ..plain.clone() };
    let edit = GateChoice::EditRequest { message: 1, text: "Another.".into() };
    let edited = World { says: vec![Say::At(edit), pass.clone()], ..stepped.clone() };
    let ran_on = World { says: vec![pass.clone(), Say::RunOn(RunTo::End)], ..stepped.clone() };
    for world in [plain, stepped.clone(), edited, ran_on] {
        let whole = World { says: vec![pass.clone()], ..world.clone() };
        let facts = world.run().facts;
        for n in 1..facts.len() - 1 {
            let taken = fork(&facts[..n], stepping.clone());
            let run = World { settings: stepping.clone(), ..whole.clone() }.resume(&taken);
            assert_eq!(run.state.ending(), Some(&Ending::Answered), "after {n} facts: {:?}", run.kinds());
            let state = fold(&taken);
            // It waits there already.
            let mut seen = match &state.phase {
                Phase::AtGate { held: Held::Request(request), .. } => Some(request.messages.clone()),
                _ => None,
            };
            for fact in &run.facts[taken.len()..] {
                match fact {
                    Fact::GateReached { held: Held::Request(request), .. } => seen = Some(request.messages.clone()),
                    Fact::RemoteAsked(request) => assert_eq!(seen.take().as_ref(), Some(&request.messages), "{n}"),
                    _ => {}
                }
            }
            let outputs = matches!(taken.last(), Some(Fact::OutputsAggregated { .. }));
            assert!(!outputs || state.phase == Phase::Due(Due::Gate(Gate::Outputs)), "after {n} facts");
        }
    }
}

#[test]
fn a_lever_that_was_moved_in_the_old_session_does_not_undo_what_the_fork_was_given() {
    let whole = World { decisions: vec![MORE, FINAL], ..World::default() }.run();
    let at = whole.facts.iter().position(|fact| matches!(fact, Fact::OutputsAggregated { .. })).unwrap();
    let mut facts = whole.facts[..at].to_vec();
    let levers = Levers { samples: 5, tasks_per_round: 7, ..Levers::of(&whole.state.settings()) };
    facts.push(Fact::LeversChosen(levers));
    let old = fold(&facts).settings_from_here();
    assert_eq!((old.samples, old.tasks_per_round), (5, 7));
    let settings = Settings { samples: 2, ..old };
    let run = World { decisions: vec![MORE, FINAL], ..World::default() }.resume(&fork(&facts, settings));
    assert_eq!(run.state.rounds.len(), 2);
    let settings = run.state.settings();
    assert_eq!((settings.samples, settings.tasks_per_round), (2, 7));
}

fn keeping_private() -> Settings {
    let rules = redact::Rules { names: vec!["Li".into()], kinds: vec![redact::Kind::Email], ..Default::default() };
    let redactor = redact::Redactor::open(&rules, ["Who is Li?"].into_iter());
    Settings { redact: Some(redactor.redaction()), ..Settings::default() }
}

fn words_of(facts: &[Fact]) -> Vec<&str> {
    let words =
        facts.iter().filter_map(|fact| if let Fact::WordsRedacted { words } = fact { Some(words) } else { None });
    words.flatten().map(|word| word.word.as_str()).collect()
}

#[test]
fn a_private_word_in_an_output_from_the_record_or_of_the_person_has_a_placeholder_before_a_program_is_given_it() {
    let world = World { settings: keeping_private(), ..World::default() };
    let whole = world.run();
    let says = |words: &str| JobOutput { answer: Some(words.into()), ..JobOutput::default() };
    let begun = whole.facts.iter().position(|fact| matches!(fact, Fact::JobStarted { .. })).unwrap();
    let job = JobId { round: 1, index: 0 };
    let outcome = Outcome::Answered { output: says("ask a@b.org"), located: None };
    let result = JobResult::OnRecord { outcome, raw: None };
    let step = decide(&fold(&whole.facts[..=begun]), Input::JobDone { job, attempt: 1, result, ms: 0 });
    assert_eq!(words_of(&step.facts), ["a@b.org"]);

    let facts: Vec<&Fact> = whole.facts.iter().collect();
    let output = Some((job, says("Li asks c@d.org"), None));
    let changes = Changes { settings: whole.state.settings_from_here(), output, ..Changes::default() };
    let taken = forked(parent(), &facts, &changes);
    assert_eq!(words_of(&taken), ["c@d.org"]);
}

#[test]
fn what_another_session_goes_on_from_has_its_words_put_back() {
    const MORE: &str =
        r#"{"decision": "request_additional_info", "explanation": "", "feedback": "", "scratchpad": "NAME_1 paid."}"#;
    let run = World { settings: keeping_private(), decisions: vec![MORE, FINAL], ..World::default() }.run();
    assert_eq!(Known::of(&run.state)[0].scratchpad, "Li paid.");
}

/// A session whose outputs say a date, which the person blots out at its gate, where one job is dropped too.
fn blotting() -> World {
    let says = [
        GateChoice::DropJobs { jobs: [2].into() },
        GateChoice::Redact(Redaction::Pattern(r"\d{4}".into())),
        GateChoice::Pass,
    ];
    World {
        settings: Settings { gates: [Gate::Outputs].into_iter().collect(), ..Settings::default() },
        transformed: vec![Ok("the answer is 42, as of 2021".into())],
        decisions: vec![MORE, FINAL],
        says: says.into_iter().map(Say::At).collect(),
        ..World::default()
    }
}

#[test]
fn what_was_blotted_out_in_the_old_session_leaves_a_fork_in_no_request_wherever_it_is_left() {
    let world = blotting();
    let whole = world.run();
    let settings = Settings { gates: Gates::default(), ..whole.state.settings_from_here() };
    assert_eq!(settings.blotted, [Redaction::Pattern(r"\d{4}".into())]);
    for n in 1..whole.facts.len() {
        let facts = fork(&whole.facts[..n], settings.clone());
        let run = world.resume(&facts);
        for request in &run.asked {
            let left: String = request.messages.iter().map(|message| message.content.as_str()).collect();
            assert!(!left.contains("2021"), "after {n} facts: {left}");
        }
        for round in run.state.rounds.iter() {
            let text = round.aggregated.as_ref().map_or("", |aggregated| aggregated.text.as_str());
            assert!(!text.contains("2021"), "after {n} facts, in what the gate shows: {text}");
        }
    }
}

#[test]
fn the_whole_documents_leave_without_what_was_blotted_out() {
    let blotted = vec![Redaction::Pattern(r"\d{2}".into())];
    let World { settings, .. } = remote_only();
    let run = World { settings: Settings { blotted, ..settings }, ..remote_only() }.run();
    let left = run.last_user_message(Purpose::Answer);
    assert!(left.contains("the answer is [redacted].") && !left.contains("42"), "{left}");
}

#[test]
fn jobs_that_were_dropped_stay_dropped_in_a_fork_with_the_same_jobs() {
    let world = blotting();
    let whole = world.run();
    let facts: Vec<&Fact> = whole.facts.iter().collect();
    let settings = Settings { gates: Gates::default(), ..whole.state.settings_from_here() };
    let output = JobOutput { answer: Some("43".into()), ..JobOutput::default() };
    let output = Some((JobId { round: 1, index: 0 }, output, None));
    for changes in [
        Changes { settings: settings.clone(), output, ..Changes::default() },
        Changes { settings: settings.clone(), jobs_of: Some(1), ..Changes::default() },
    ] {
        let run = world.resume(&forked(parent(), &facts, &changes));
        let round = &run.state.rounds[0];
        assert_eq!((round.dropped.iter().collect::<Vec<_>>(), round.unfinished), (vec![&2], 0), "{:?}", run.kinds());
        assert!(run.state.ending().is_some() && round.aggregated.is_some());
    }
    let code = Some((CodeId { round: 1, attempt: 1 }, "another".into()));
    let run = world.resume(&forked(parent(), &facts, &Changes { settings, code, ..Changes::default() }));
    assert!(run.state.rounds[0].dropped.is_empty(), "another program has other jobs");
}
