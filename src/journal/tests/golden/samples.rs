//! A fact of every kind, as the first sessions have them.

mod later;

use crate::document::{DocumentHash, DocumentRef, Located, Match, Span};
use crate::protocol::*;
use later::{added_later, of_what_leaves};

/// Every kind of fact, and every variant that stands in one.
pub(super) fn samples() -> Vec<Fact> {
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
    let read = Usage { input_tokens: 9, ..Usage::default() };
    facts.push(Fact::JobUseless { job: JobId { round: 1, index: 0 }, usage: read });
    facts
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
