//! Laws that hold for every world: the fold, order independence, totality.

use proptest::prelude::*;

use super::world::*;
use crate::protocol::*;

fn error() -> CodeError {
    CodeError::new(CodeErrorKind::Exception, "ValueError: no")
}

pub(super) fn worlds() -> impl Strategy<Value = World> {
    let workers = prop_oneof![
        Just(Ok((ANSWERED, Finish::Stop))),
        Just(Ok((ABSTAINED, Finish::Stop))),
        Just(Ok(("garbage", Finish::Stop))),
        Just(Ok((r#"{"explanation": "so"#, Finish::Length))),
        Just(Err("refused")),
    ];
    (
        prop::collection::vec(prop_oneof![Just(PROGRAM), Just("no program")], 1..4),
        prop::collection::vec(prop_oneof![(0usize..12).prop_map(Ok), Just(Err(error()))], 1..4),
        prop::collection::vec(prop_oneof![Just(Ok("the answer is 42".to_owned())), Just(Err(error()))], 1..4),
        prop::collection::vec(workers, 1..6),
        prop::collection::vec(prop_oneof![Just(FINAL), Just(MORE), Just("{bad")], 1..5),
        prop::collection::vec(0usize..64, 1..40),
        (1u32..4, 1u32..3, protocols()),
        (budgets(), 0usize..6),
        (stepping(), prop::collection::vec(cuts(), 0..2)),
    )
        .prop_map(
            |(
                programs,
                prepared,
                transformed,
                workers,
                decisions,
                order,
                (max_rounds, samples, protocol),
                (budget, retries),
                ((gates, says), cut),
            )| {
                World {
                    settings: Settings { max_rounds, samples, budget_usd: budget.0, gates, ..protocol },
                    price: budget.0.map(|_| Price::flat(1.0, 2.0)),
                    choices: budget.1,
                    programs,
                    prepared,
                    transformed,
                    workers,
                    decisions,
                    order,
                    retries,
                    says,
                    agrees: true,
                    messages: vec!["Hm.", MESSAGE],
                    reads_again: None,
                    cut,
                }
            },
        )
}

/// A reply that is cut off at the cap.
fn cuts() -> impl Strategy<Value = (Purpose, &'static str)> {
    const PURPOSES: [Purpose; 6] =
        [Purpose::Advise, Purpose::Decompose, Purpose::Think, Purpose::Decide, Purpose::Message, Purpose::Answer];
    (prop::sample::select(&PURPOSES[..]), prop::sample::select(&["", "half of", "{\"half\": ", FINAL][..]))
}

/// Any protocol, those that read windows with a few of them.
fn protocols() -> impl Strategy<Value = Settings> {
    let kinds =
        [ProtocolKind::Minions, ProtocolKind::Minion, ProtocolKind::RemoteOnly, ProtocolKind::LocalOnly].map(Just);
    let merges = prop_oneof![Just(Merge::Union), Just(Merge::Majority), Just(Merge::BestCited)];
    (prop::strategy::Union::new(kinds), 10usize..200, merges).prop_map(|(protocol, size, merge)| Settings {
        protocol,
        windows: windows(&[crate::document::Document::from_text("d", text())], None, size, 0),
        means: Means { merge, ..Means::default() },
        ..Settings::default()
    })
}

/// A budget that is soon reached, and what the person says then; in half of the worlds there is none.
fn budgets() -> impl Strategy<Value = (Option<f64>, Vec<BudgetChoice>)> {
    let choice = prop_oneof![
        3 => Just(BudgetChoice::Once),
        3 => (0.05f64..0.2).prop_map(|to_usd| BudgetChoice::Raise { scope: Scope::Session, to_usd }),
        1 => Just(BudgetChoice::Stop),
    ];
    let choices = prop::collection::vec(choice, 0..6).prop_map(|mut choices| {
        choices.push(BudgetChoice::Stop);
        choices
    });
    (prop::option::of(0.005f64..0.05), choices)
}

fn gates() -> impl Strategy<Value = Gates> {
    prop::collection::vec(prop::sample::select(&Gate::ALL[..]), 0..5).prop_map(Gates::from_iter)
}

fn gate_choices() -> impl Strategy<Value = GateChoice> {
    let words =
        || prop::sample::select(&["42", "the answer", "def prepare_jobs(): pass", "", " "][..]).prop_map(String::from);
    prop_oneof![
        4 => Just(GateChoice::Pass),
        1 => (0u32..4, words()).prop_map(|(message, text)| GateChoice::EditRequest { message, text }),
        1 => words().prop_map(|source| GateChoice::EditProgram { source }),
        1 => words().prop_map(|text| GateChoice::EditOutputs { text }),
        1 => prop::collection::btree_set(0u32..6, 0..4).prop_map(|jobs| GateChoice::DropJobs { jobs }),
        1 => words().prop_map(|words| GateChoice::Redact(Redaction::Pattern(words))),
        1 => words().prop_map(|words| GateChoice::Redact(Redaction::Line(words))),
        1 => words().prop_map(|words| GateChoice::SendBack { words }),
        1 => words().prop_map(|feedback| GateChoice::AnotherRound { feedback }),
    ]
}

/// Gates in force from the beginning, and what the person says at them.
fn stepping() -> impl Strategy<Value = (Gates, Vec<Say>)> {
    let says = prop_oneof![
        8 => gate_choices().prop_map(Say::At),
        1 => prop_oneof![Just(RunTo::NextRound), Just(RunTo::End)].prop_map(Say::RunOn),
        1 => gates().prop_map(Say::Gates),
    ];
    let says = prop::collection::vec(says, 0..12).prop_map(|mut says| {
        says.push(Say::At(GateChoice::Pass));
        says
    });
    (gates(), says)
}

/// Everything that could come in, sensible or not.
fn inputs() -> impl Strategy<Value = Input> {
    let job = (0u32..3, 0u32..6).prop_map(|(round, index)| JobId { round, index });
    let code = (0u32..3, 0u32..4).prop_map(|(round, attempt)| CodeId { round, attempt });
    let ask = (0u32..3, 0u32..8).prop_map(|(round, n)| AskId { round, n });
    prop_oneof![
        Just(Input::Start(opened(Settings::default(), None))),
        (ask.clone(), prop_oneof![Just(PROGRAM), Just(FINAL), Just(MORE), Just("")]).prop_map(|(ask, text)| {
            let text = text.to_owned();
            let (usage, cost_usd) = (Usage::default(), None);
            Input::RemoteAnswered(RemoteAnswer {
                ask,
                text,
                finish: Finish::Stop,
                usage,
                cost_usd,
                first_token_ms: 0,
                total_ms: 0,
            })
        }),
        (ask, prop::option::of(0u64..9)).prop_map(|(ask, retry_in_ms)| Input::RemoteFailed(RemoteFailure {
            ask,
            attempt: 1,
            error: "503".into(),
            retry_in_ms,
            partial: String::new(),
            lost: retry_in_ms.is_some_and(|ms| ms % 2 == 0),
            counted: None,
        })),
        (code.clone(), 0usize..6).prop_map(|(code, jobs)| {
            let manifest = Manifest { chunk: Chunk::Text("c".into()), task: "t".into(), advice: String::new() };
            Input::CodeRan {
                code,
                result: CodeResult::Prepared(Ok(vec![manifest; jobs])),
                embedding_error: (jobs % 2 == 1).then(|| "gone".into()),
            }
        }),
        code.clone().prop_map(|code| Input::CodeRan {
            code,
            result: CodeResult::Prepared(Err(error())),
            embedding_error: None
        }),
        code.prop_map(|code| Input::CodeRan {
            code,
            result: CodeResult::Transformed(Ok("text".into())),
            embedding_error: None
        }),
        job.clone().prop_map(|job| Input::JobStarted { job }),
        (job.clone(), 1u32..4, prop_oneof![Just(ANSWERED), Just("bad")]).prop_map(|(job, attempt, text)| {
            let reply = WorkerReply {
                text: text.into(),
                finish: Finish::Stop,
                usage: Usage::default(),
                useless: Usage::default(),
            };
            Input::JobDone { job, attempt, result: JobResult::Replied { reply, located: None }, ms: 1 }
        }),
        job.clone().prop_map(Input::CancelJob),
        prop::collection::vec(job, 0..5).prop_map(Input::RetryJobs),
        (0u32..3).prop_map(|round| Input::CitationsLocated { round, citations: Vec::new() }),
        Just(Input::Utilization(UtilizationSample::default())),
        gates().prop_map(Input::ChooseGates),
        (prop_oneof![Just(RunTo::NextRound), Just(RunTo::End)], prop::option::of(0u32..6))
            .prop_map(|(to, n)| Input::RunOn { to, n }),
        (0u32..6, gate_choices()).prop_map(|(n, choice)| Input::AtGate { n, choice }),
        Just(Input::Note { text: "n".into() }),
        Just(Input::Stop { partial: "half".into(), sent: true }),
        prop::option::of((0u32..3, 0u32..8).prop_map(|(round, n)| AskId { round, n }))
            .prop_map(|again| Input::DaySpent { again, worst_usd: 0.25, committed_usd: 0.5 }),
        prop_oneof![
            Just(BudgetChoice::Once),
            Just(BudgetChoice::Stop),
            Just(BudgetChoice::Raise { scope: Scope::Session, to_usd: f64::NAN })
        ]
        .prop_map(Input::Budget),
        Just(Input::Resume(Resumed { program: "2".into(), models: Models::default(), embedding: None })),
        Just(Input::SendAgain),
        Just(Input::Consent),
        prop::bool::ANY.prop_map(|holds| Input::Pause { holds }),
        Just(Input::GoOn),
        Just(Input::ChooseLevers(Levers::of(&Settings::default()))),
        Just(Input::Fault { error: "disk full".into() }),
    ]
}

proptest! {
    #[test]
    fn live_state_equals_the_state_folded_from_its_facts_at_every_prefix(world in worlds()) {
        let run = world.run();
        let mut folded = State::default();
        for fact in &run.facts {
            let line = serde_json::to_string(fact).unwrap();
            folded.apply(&serde_json::from_str(&line).unwrap());
        }
        prop_assert_eq!(&folded, &run.state);
        prop_assert!(run.state.ending().is_some());
    }

    #[test]
    fn every_job_ends_in_exactly_one_state(world in worlds()) {
        let run = world.run();
        for round in &run.state.rounds {
            let tally = round.tally();
            prop_assert_eq!((tally.waiting, tally.running), (0, 0));
            let ended = tally.answered + tally.abstained + tally.malformed + tally.truncated + tally.failed + tally.cancelled;
            prop_assert_eq!(ended, tally.planned);
        }
    }

    #[test]
    fn the_order_in_which_jobs_finish_changes_nothing_that_is_said(world in worlds(), order in prop::collection::vec(0usize..64, 1..40)) {
        let other = World { order, ..world.clone() }.run();
        let run = world.run();
        prop_assert_eq!(run.asked, other.asked);
        prop_assert_eq!(run.state.answer, other.state.answer);
    }

    #[test]
    fn a_session_whose_gates_are_all_passed_ends_as_one_without_gates(world in worlds()) {
        let plain = World { settings: Settings { gates: Gates::default(), ..world.settings.clone() }, ..world.clone() }.run();
        let says = vec![Say::At(GateChoice::Pass)];
        let passed = World { settings: Settings { gates: Gates::all(), ..world.settings.clone() }, says, ..world }.run();
        prop_assert_eq!(passed.state.ending(), plain.state.ending());
        prop_assert_eq!(passed.state.answer, plain.state.answer);
        prop_assert_eq!(passed.asked, plain.asked);
    }

    #[test]
    fn any_input_in_any_state_is_taken_without_panic_and_no_ended_session_changes(inputs in prop::collection::vec(inputs(), 0..60)) {
        let mut run = Run { state: State::default(), facts: Vec::new(), asked: Vec::new() };
        let mut waiting = Vec::new();
        for input in inputs {
            let ended = run.state.ending().cloned();
            take(&mut run, &mut waiting, input);
            if let Some(ended) = ended {
                prop_assert_eq!(run.state.ending(), Some(&ended));
            }
        }
    }

    #[test]
    fn reading_replies_never_panics(text in "\\PC{0,80}|[{}\":,a-z\\[\\] ]{0,60}") {
        let _ = read_output(&text, Finish::Stop);
        let _ = parse_decision(&text, true);
        let _ = extract_code(&text);
        let _ = prompts::read_data(&text, "a");
        let several = [prompts::data("document-0", &text), prompts::data("document-1", "b")].join("\n\n");
        assert_eq!(prompts::enclosed(&format!("{several}\n\n{text}")), several.len());
    }
}
