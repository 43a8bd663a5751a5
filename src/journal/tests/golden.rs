//! The file format of version 1. A change that makes one of these fail breaks sessions that people have on disk.

use std::fs;
use std::path::{Path, PathBuf};

use super::*;
use crate::document::{DocumentHash, DocumentRef, Located, Match, Span};
use crate::journal::record::write_line;
use crate::protocol::*;

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

#[test]
fn every_fact_is_written_and_read_as_version_1_has_it() {
    let mut written = Vec::new();
    for (fact, seq) in samples().iter().zip(1..) {
        write_line(&mut written, seq, 1_795_457_701_000 + seq, fact, None).unwrap();
    }
    let kept = fs::read_to_string(golden("v1-facts.jsonl")).unwrap();
    // Lines are only ever added.
    let kept = match std::env::var_os("UPDATE_GOLDEN") {
        Some(_) if written.starts_with(kept.as_bytes()) => {
            fs::write(golden("v1-facts.jsonl"), &written).unwrap();
            String::from_utf8(written.clone()).unwrap()
        }
        _ => kept,
    };
    let mut kept = kept.lines();
    for now in String::from_utf8(written).unwrap().lines() {
        assert_eq!(
            kept.next(),
            Some(now),
            "a new kind of fact needs this line at the end of tests/golden/v1-facts.jsonl: run with UPDATE_GOLDEN=1"
        );
    }
    let journal = Journal::read(&golden("v1-facts.jsonl")).unwrap();
    assert_eq!(journal.warnings, Vec::<String>::new());
    assert_eq!(journal.facts().cloned().collect::<Vec<_>>(), samples());
    assert_eq!(samples().iter().map(kind).collect::<std::collections::BTreeSet<_>>().len(), KINDS);
}

#[test]
fn a_session_of_version_1_stays_whole_and_readable() {
    let session = Session::at(&golden("v1-session")).unwrap();
    assert_eq!(session.id().as_str(), "v1-session");
    let found = session.verify().unwrap();
    assert_eq!((found.problems.as_slice(), found.seal, found.documents), ([].as_slice(), Seal::Intact, 2));
    let journal = session.read().unwrap();
    assert!(journal.closed && journal.warnings.is_empty());
    let state = fold(journal.facts());
    assert_eq!(state.ending(), Some(&Ending::Answered));
    assert_eq!(session.documents(&state.opened.unwrap().documents).unwrap(), documents());
    assert_eq!(session.summary().problem, None);
}

const KINDS: usize = 46;

/// Written without a wildcard, so that a new kind of fact needs a number here and a sample below.
fn kind(fact: &Fact) -> usize {
    match fact {
        Fact::SessionOpened(_) => 1,
        Fact::RoundBegan { .. } => 2,
        Fact::RemoteAsked(_) => 3,
        Fact::RemoteAnswered(_) => 4,
        Fact::RemoteFailed(_) => 5,
        Fact::CodeReceived { .. } => 6,
        Fact::CodeRejected { .. } => 7,
        Fact::JobsPlanned(_) => 8,
        Fact::JobStarted { .. } => 9,
        Fact::JobRetried { .. } => 10,
        Fact::JobFinished { .. } => 11,
        Fact::TransformBegan { .. } => 12,
        Fact::OutputsAggregated { .. } => 13,
        Fact::Decided { .. } => 14,
        Fact::DecisionRejected { .. } => 15,
        Fact::Answered { .. } => 16,
        Fact::UtilizationSampled(_) => 17,
        Fact::NoteAdded { .. } => 18,
        Fact::EmbeddingFailed { .. } => 19,
        Fact::BudgetReached(_) => 20,
        Fact::BudgetRaised { .. } => 21,
        Fact::DocumentsCounted(_) => 22,
        Fact::JobReopened { .. } => 23,
        Fact::ModelsChosen(_) => 24,
        Fact::GatesChosen { .. } => 25,
        Fact::RanOn { .. } => 26,
        Fact::GateReached { .. } => 27,
        Fact::GatePassed { .. } => 28,
        Fact::RequestEdited { .. } => 29,
        Fact::ProgramEdited { .. } => 30,
        Fact::JobsDropped { .. } => 31,
        Fact::OutputsEdited { .. } => 32,
        Fact::DecisionChanged { .. } => 33,
        Fact::SessionResumed(_) => 34,
        Fact::RemoteInterrupted(_) => 35,
        Fact::ResendAllowed { .. } => 36,
        Fact::LeversChosen(_) => 37,
        Fact::ConsentAsked { .. } => 38,
        Fact::ConsentGiven => 39,
        Fact::ExposureReached(_) => 40,
        Fact::ExposureRaised { .. } => 41,
        Fact::WordsRedacted { .. } => 42,
        Fact::PassagesPinned { .. } => 43,
        Fact::RunPaused { .. } => 44,
        Fact::RunContinued => 45,
        Fact::SessionEnded { .. } => KINDS,
    }
}

/// Every kind of fact, and every variant that stands in one.
fn samples() -> Vec<Fact> {
    let ask = AskId { round: 1, n: 2 };
    let code = CodeId { round: 1, attempt: 1 };
    let mut facts = vec![Fact::SessionOpened(Box::new(opened())), Fact::RoundBegan { round: 1, last: false }];
    facts.extend(asks(ask));
    let usage = Usage {
        input_tokens: 9,
        cached_input_tokens: 4,
        output_tokens: 3,
        reasoning_tokens: 1,
        estimated: true,
        ..Usage::default()
    };
    let answer = |finish, cost_usd| RemoteAnswer {
        ask,
        text: "a\nb\u{1b}".into(),
        finish,
        usage,
        cost_usd,
        first_token_ms: 5,
        total_ms: 70,
    };
    facts.push(Fact::RemoteAnswered(answer(Finish::Stop, Some(0.125))));
    facts.push(Fact::RemoteAnswered(answer(Finish::Length, None)));
    for (retry_in_ms, partial) in [(Some(250), "half"), (None, "")] {
        let error = "503".to_owned();
        let partial = partial.into();
        facts.push(Fact::RemoteFailed(RemoteFailure {
            ask,
            attempt: 1,
            error,
            retry_in_ms,
            partial,
            lost: false,
            counted: None,
        }));
    }
    facts.push(Fact::CodeReceived { code, source: "def prepare_jobs(c):\n\treturn []\n".into() });
    facts.extend(rejections(code));
    facts.push(Fact::JobsPlanned(PlannedJobs {
        round: 1,
        chunks: vec![Chunk::Span(Span::new(0, 10, 90)), Chunk::Text("joined “é”".into())],
        tasks: vec!["Find it.".into()],
        advices: vec![String::new()],
        jobs: vec![PlannedJob { chunk: 1, task: 0, advice: 0, sample: 2 }],
    }));
    facts.extend(jobs(usage));
    facts.push(Fact::TransformBegan { code });
    facts.push(Fact::OutputsAggregated { round: 1, text: "€5.3 million\n".into(), kept: 3, dropped: 1 });
    facts.extend(decisions());
    let located = Some(Located::new(Span::new(0, 1, 4), Match::Exact));
    let citations =
        vec![AnswerCitation { text: "“so”".into(), located }, AnswerCitation { text: "nowhere".into(), located: None }];
    facts.push(Fact::Answered { answer: Some("42 🙂".into()), explanation: "It says so.".into(), citations });
    facts.push(Fact::Answered { answer: None, explanation: String::new(), citations: Vec::new() });
    facts.push(Fact::UtilizationSampled(utilization()));
    facts.push(Fact::NoteAdded { text: "a note".into() });
    let reason = || "why".to_owned();
    let endings = [
        Ending::Answered,
        Ending::NoAnswer { reason: reason() },
        Ending::Budget { reason: reason() },
        Ending::Cancelled,
        Ending::Failed { error: reason() },
    ];
    facts.extend(endings.into_iter().map(|ending| Fact::SessionEnded { ending }));
    facts.extend(added_later(code, ask));
    facts.extend(of_what_leaves());
    facts.extend([None, Some(ask)].map(|held| Fact::RunPaused { held }));
    facts.push(Fact::RunContinued);
    facts.push(Fact::SessionOpened(Box::new(SessionOpened {
        parent: Some(Parent {
            session: "20261123-181501-7f3a".into(),
            seq: 12,
            anew: false,
            known: Vec::new(),
            changed: vec![
                Changed::Question,
                Changed::Levers,
                Changed::Model,
                Changed::Code,
                Changed::Job,
                Changed::Reading,
            ],
            details: None,
        }),
        ..opened()
    })));
    facts.push(Fact::SessionOpened(Box::new(SessionOpened {
        parent: Some(Parent {
            session: "20261123-181501-7f3a".into(),
            seq: 12,
            anew: false,
            known: Vec::new(),
            changed: vec![Changed::Levers, Changed::Code, Changed::Job, Changed::Reading],
            details: Some(vec![
                Detail::Lever { name: "samples".into(), before: "1".into(), after: "3".into() },
                Detail::Code(code),
                Detail::Job(JobId { round: 1, index: 4 }),
                Detail::Reading { round: 2 },
            ]),
        }),
        ..opened()
    })));
    facts.push(Fact::RemoteFailed(RemoteFailure {
        ask,
        attempt: 1,
        error: "a reply without text".into(),
        retry_in_ms: Some(250),
        partial: String::new(),
        lost: true,
        counted: Some(Counted {
            usage: Usage { input_tokens: 9, output_tokens: 3, ..Usage::default() },
            cost_usd: Some(0.125),
        }),
    }));
    let blotted = vec![Redaction::Line("ACME".into()), Redaction::Pattern("A.*E".into())];
    facts.push(Fact::SessionOpened(Box::new(SessionOpened {
        settings: Settings { blotted, ..opened().settings },
        ..opened()
    })));
    facts
}

/// What facts have held since the first sessions were written, in the order it came.
fn added_later(code: CodeId, ask: AskId) -> Vec<Fact> {
    let error = CodeError {
        hint: Some("print less".into()),
        printed: Some("1\n2\n".into()),
        ..CodeError::new(CodeErrorKind::OutputLimit, "too much")
    };
    vec![
        Fact::SessionOpened(Box::new(SessionOpened { clock_ms: Some(1_795_457_701_000), ..opened() })),
        Fact::CodeRejected { code, stage: CodeStage::Prepare, error },
        Fact::UtilizationSampled(UtilizationSample { engine: Some(engine()), ..utilization() }),
        Fact::UtilizationSampled(UtilizationSample {
            engine: Some(EngineSample { spent: Some(spent()), ..engine() }),
            ..utilization()
        }),
        Fact::SessionOpened(Box::new(SessionOpened {
            embedding: Some(EmbeddingModel {
                model: "nomic-embed-text-v1.5.Q8_0".into(),
                hash: "0f".repeat(32),
                query_prefix: "search_query: ".into(),
                document_prefix: "search_document: ".into(),
            }),
            ..opened()
        })),
        Fact::EmbeddingFailed { code, stage: CodeStage::Prepare, error: "it crashed (signal 6)".into() },
        Fact::SessionOpened(Box::new(opened_with_prices())),
        Fact::RemoteFailed(RemoteFailure {
            ask,
            attempt: 1,
            error: "silent".into(),
            retry_in_ms: None,
            partial: String::new(),
            lost: true,
            counted: None,
        }),
        Fact::BudgetReached(reached(Scope::Session, None)),
        Fact::BudgetReached(reached(Scope::Day, Some(ask))),
        Fact::BudgetRaised { scope: Scope::Session, to_usd: 2.5, once: false },
        Fact::BudgetRaised { scope: Scope::Day, to_usd: 0.75, once: true },
        Fact::DocumentsCounted(DocumentTokens {
            tokenizer: "o200k_base".into(),
            counted: true,
            question: 9,
            documents: vec![1200, 0],
        }),
        Fact::RemoteAsked(RemoteAsk {
            ask,
            purpose: Purpose::Advise,
            attempt: 1,
            messages: Vec::new(),
            format: ReplyFormat::Text,
            max_output_tokens: 4096,
            estimate: Estimate { input_tokens: 3, counted: true, ..Estimate::default() },
        }),
        Fact::JobFinished {
            job: JobId { round: 1, index: 0 },
            outcome: Outcome::Abstained { output: JobOutput::default() },
            raw: Some("So: {}".into()),
            usage: Usage::default(),
            ms: 40,
        },
        Fact::JobReopened { job: JobId { round: 1, index: 0 }, attempt: 3 },
        Fact::ModelsChosen(Models {
            remote: None,
            local: Some(ModelInfo { provider: "ollama".into(), model: "m".into(), is_model: true, price: None }),
        }),
        Fact::SessionResumed(Resumed {
            program: "0.2.0".into(),
            models: Models { remote: Some(opened().remote), local: Some(opened().local) },
            embedding: None,
        }),
        Fact::RemoteInterrupted(Interrupted { ask, purpose: Purpose::Think, attempt: 1, worst_usd: Some(0.25) }),
        Fact::ResendAllowed { ask },
    ]
    .into_iter()
    .chain(at_gates(ask, code))
    .chain(of_other_protocols())
    .chain(forked_sample(ask))
    .collect()
}

/// A session that began from another.
fn forked_sample(ask: AskId) -> Vec<Fact> {
    vec![
        Fact::SessionOpened(Box::new(SessionOpened {
            parent: Some(Parent {
                session: "20261123-181501-7f3a".into(),
                seq: 12,
                anew: true,
                changed: Vec::new(),
                details: None,
                known: vec![Known { question: "Who?".into(), answer: Some("I.".into()), scratchpad: "so far".into() }],
            }),
            ..opened()
        })),
        Fact::RemoteAnswered(RemoteAnswer {
            ask,
            text: "again".into(),
            finish: Finish::Stop,
            usage: Usage { reused: true, ..Usage::default() },
            cost_usd: Some(0.0),
            first_token_ms: 0,
            total_ms: 0,
        }),
        Fact::RemoteAsked(RemoteAsk {
            ask,
            purpose: Purpose::Advise,
            attempt: 1,
            messages: Vec::new(),
            format: ReplyFormat::Text,
            max_output_tokens: 4096,
            estimate: Estimate { reused: true, worst_cost_usd: Some(0.0), ..Estimate::default() },
        }),
    ]
}

/// Step mode, with every gate and every choice that is on record.
fn at_gates(ask: AskId, code: CodeId) -> Vec<Fact> {
    let request = RemoteAsk {
        ask,
        purpose: Purpose::Think,
        attempt: 1,
        messages: vec![Message::user("“Q”?")],
        format: ReplyFormat::Text,
        max_output_tokens: 4096,
        estimate: Estimate { input_tokens: 3, counted: true, worst_cost_usd: Some(0.25), ..Estimate::default() },
    };
    let answer = FinalAnswer { answer: Some("42".into()), ..FinalAnswer::default() };
    let more = MoreInformation { feedback: "look again".into(), ..MoreInformation::default() };
    let edited = |redaction| Fact::OutputsEdited {
        round: 1,
        redaction,
        before: "a\nACME".into(),
        after: "a\n[redacted]".into(),
        kept: 1,
        dropped: 2,
    };
    let stepping = Settings { gates: Gates::all(), ..opened().settings };
    let mut facts = vec![
        Fact::SessionOpened(Box::new(SessionOpened { settings: stepping, ..opened() })),
        Fact::GatesChosen { gates: Gates::all() },
        Fact::GatesChosen { gates: Gates::default() },
        Fact::RanOn { to: RunTo::NextRound },
        Fact::RanOn { to: RunTo::End },
        Fact::GateReached { n: 1, held: Held::Request(Box::new(request)) },
        Fact::GateReached { n: 2, held: Held::Code { code } },
        Fact::GateReached { n: 3, held: Held::Outputs { round: 1 } },
        Fact::GateReached { n: 4, held: Held::Decision { round: 1 } },
    ];
    facts.extend(Gate::ALL.into_iter().zip(1..).map(|(gate, n)| Fact::GatePassed { n, gate }));
    facts.extend([
        Fact::RequestEdited { message: 1, before: "b".into(), after: "a".into() },
        Fact::ProgramEdited { code, before: "b = 1\n".into(), after: "a = 1\n".into() },
        Fact::JobsDropped { round: 1, jobs: [0, 3].into() },
        edited(None),
        edited(Some(Redaction::Line("ACME".into()))),
        edited(Some(Redaction::Pattern("A.*E".into()))),
        Fact::DecisionChanged {
            round: 1,
            before: Decision::ProvideFinalAnswer(answer),
            after: Decision::RequestAdditionalInfo(more),
        },
        Fact::CodeRejected {
            code,
            stage: CodeStage::Prepare,
            error: CodeError::new(CodeErrorKind::SentBack, "smaller"),
        },
    ]);
    facts
}

/// What keeps text on this machine, and the pause where a request would take too much along.
fn of_what_leaves() -> Vec<Fact> {
    let settings = Settings { max_exposed_share: Some(0.25), ..opened().settings };
    let reached =
        Overexposed { purpose: Purpose::Think, attempt: 2, left: 0.125, share: 0.5, bytes: 4096, limit: 0.25 };
    vec![
        Fact::SessionOpened(Box::new(SessionOpened { settings, ..opened() })),
        Fact::ExposureReached(reached),
        Fact::ExposureRaised { to_share: 0.5, once: true },
        Fact::SessionEnded { ending: Ending::Exposure { reason: "too much".into() } },
        Fact::SessionOpened(Box::new(SessionOpened {
            settings: Settings { redact: Some(redaction()), ..opened().settings },
            ..opened()
        })),
        Fact::WordsRedacted { words: redaction().words },
        Fact::PassagesPinned { spans: vec![Span::new(0, 2, 9)] },
    ]
}

fn redaction() -> redact::Redaction {
    use redact::*;
    let kinds = vec![Kind::Email, Kind::Phone, Kind::Iban, Kind::Card, Kind::Id];
    let words = [(Kind::Name, "Li"), (Kind::Pattern, "PRJ-1")];
    Redaction {
        rules: Rules { names: vec!["Li".into()], kinds, patterns: vec!["PRJ-[0-9]".into()] },
        tag: "X".into(),
        words: words.map(|(kind, word)| PrivateWord { kind, word: word.into() }).to_vec(),
    }
}

fn of_other_protocols() -> [Fact; 4] {
    [
        Fact::LeversChosen(Levers { means: means(), ..Levers::of(&Settings::default()) }),
        Fact::ConsentAsked {
            bytes: 400,
            estimate: Estimate { input_tokens: 100, counted: false, worst_cost_usd: Some(0.25), ..Estimate::default() },
        },
        Fact::ConsentGiven,
        Fact::SessionOpened(Box::new(SessionOpened {
            settings: Settings {
                protocol: ProtocolKind::RemoteOnly,
                means: means(),
                windows: vec![Span::new(0, 0, 4)],
                ..Settings::default()
            },
            ..opened()
        })),
    ]
}

fn means() -> Means {
    Means {
        merge: Merge::BestCited,
        chunker: Chunker::Heading,
        overlap_chars: 40,
        retrieval: Retrieval::Off,
        retrieve_k: 5,
        memory: Memory::Retry,
    }
}

fn reached(scope: Scope, again: Option<AskId>) -> Reached {
    let (purpose, attempt) = (Purpose::Think, 1);
    Reached { scope, purpose, attempt, again, worst_usd: 0.25, committed_usd: 0.5, budget_usd: 0.625 }
}

/// With all that a price may say, and a budget for the day.
fn opened_with_prices() -> SessionOpened {
    let long = LongPrice { over_tokens: 200_000, input: 5.0, cached_input: 0.5, cache_write: Some(6.25), output: 15.0 };
    let price = Price { cache_write: Some(3.125), long: Some(long), ..Price::flat(2.5, 10.0) };
    let opened = opened();
    SessionOpened {
        remote: ModelInfo { price: Some(price), ..opened.remote },
        settings: Settings { budget_usd_per_day: Some(5.0), ..opened.settings },
        ..opened
    }
}

fn engine() -> EngineSample {
    EngineSample {
        loading: Some(0.5),
        live: 8,
        waiting: 24,
        chunks: 2,
        rows_per_step: 31.5,
        cells_used: 4_000,
        cells_shared: 3_000,
        cells: 16_384,
        prompt_asked: 40_000,
        prompt_evaluated: 12_000,
        output_tokens: 900,
        prefill_per_s: Some(512.5),
        decode_per_s: Some(64.25),
        prefill_percent: Some(60.0),
        decode_percent: Some(35.5),
        choosing_percent: Some(1.5),
        spent: None,
    }
}

fn spent() -> EngineSeconds {
    EngineSeconds { working: 40.5, prefill: 25.25, decode: 14.5, choosing: 0.5 }
}

fn opened() -> SessionOpened {
    let price = Some(Price { cached_input: 1.25, ..Price::flat(2.5, 10.0) });
    SessionOpened {
        question: "Was steht da – “€5.3 million”?".into(),
        settings: Settings { budget_usd: Some(1.5), ..Settings::default() },
        documents: vec![DocumentRef {
            hash: DocumentHash::of("text"),
            name: "Jahresbericht 📈.pdf".into(),
            bytes: 4,
            characters: 4,
            pages: 2,
        }],
        remote: ModelInfo { provider: "openai".into(), model: "m-1".into(), is_model: true, price },
        local: ModelInfo { provider: "extractive".into(), model: String::new(), is_model: false, price: None },
        prompts: "1".into(),
        program: "0.1.0".into(),
        clock_ms: None,
        embedding: None,
        parent: Some(Parent {
            session: "20261123-181501-7f3a".into(),
            seq: 12,
            anew: false,
            known: Vec::new(),
            changed: Vec::new(),
            details: None,
        }),
    }
}

fn asks(ask: AskId) -> impl Iterator<Item = Fact> {
    let purposes = [Purpose::Advise, Purpose::Decompose, Purpose::Think, Purpose::Decide];
    purposes.into_iter().map(move |purpose| {
        Fact::RemoteAsked(RemoteAsk {
            ask,
            purpose,
            attempt: 1,
            messages: vec![Message::system("You plan."), Message::user("“Q”?"), Message::assistant("A\n")],
            format: if purpose == Purpose::Decide { ReplyFormat::Json } else { ReplyFormat::Text },
            max_output_tokens: 4096,
            estimate: Estimate {
                input_tokens: 7,
                worst_cost_usd: (purpose == Purpose::Think).then_some(0.25),
                ..Estimate::default()
            },
        })
    })
}

fn rejections(code: CodeId) -> Vec<Fact> {
    use CodeErrorKind::*;
    let stages = [CodeStage::Extract, CodeStage::Prepare, CodeStage::Transform];
    let kinds = [Exception, Contract, TimeLimit, MemoryLimit, Stopped, Unavailable];
    let error = |kind| CodeError { line: Some(3), traceback: Some("Traceback\n".into()), ..CodeError::new(kind, "no") };
    let both = kinds.into_iter().zip(stages.into_iter().cycle());
    both.map(|(kind, stage)| Fact::CodeRejected { code, stage, error: error(kind) }).collect()
}

fn jobs(usage: Usage) -> Vec<Fact> {
    let job = JobId { round: 1, index: 0 };
    let mut facts = vec![Fact::JobStarted { job, attempt: 1 }];
    for flaw in [Flaw::Malformed("no JSON object in the reply".into()), Flaw::Truncated] {
        facts.push(Fact::JobRetried { job, flaw, raw: "{\"a".into(), usage });
    }
    let output = JobOutput { explanation: "e".into(), citation: Some("“c”".into()), answer: Some("a".into()) };
    let located = Some(Located::new(Span::new(1, 2, 9), Match::Normalised));
    let outcomes = [
        Outcome::Answered { output: output.clone(), located },
        Outcome::Answered { output, located: None },
        Outcome::Abstained { output: JobOutput::default() },
        Outcome::Malformed { error: "e".into(), raw: "r".into() },
        Outcome::Truncated { raw: "r".into() },
        Outcome::Failed { error: "e".into() },
        Outcome::Cancelled,
    ];
    facts.extend(outcomes.into_iter().map(|outcome| Fact::JobFinished { job, outcome, raw: None, usage, ms: 40 }));
    facts
}

fn decisions() -> Vec<Fact> {
    let last = FinalAnswer { answer: Some("a".into()), explanation: "e".into(), citations: vec!["c".into()] };
    let more = MoreInformation { explanation: "e".into(), feedback: "f".into(), scratchpad: "s".into() };
    vec![
        Fact::Decided { round: 1, decision: Decision::RequestAdditionalInfo(more) },
        Fact::Decided { round: 2, decision: Decision::ProvideFinalAnswer(last) },
        Fact::DecisionRejected { round: 1, error: "no JSON object in the reply".into() },
    ]
}

fn utilization() -> UtilizationSample {
    let gpu = GpuSample {
        name: "GPU".into(),
        busy_percent: Some(99.5),
        memory_used_bytes: Some(1 << 33),
        memory_total_bytes: Some(1 << 34),
        watts: Some(250.25),
        celsius: None,
    };
    UtilizationSample {
        cpu_percent: Some(12.5),
        memory_used_bytes: Some(1 << 30),
        memory_total_bytes: None,
        gpus: vec![gpu],
        jobs_running: 8,
        jobs_waiting: 100,
        engine: None,
        fleet: None,
    }
}
