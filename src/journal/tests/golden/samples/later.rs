//! What facts have held since: fields and kinds that were added.

use super::*;

/// What facts have held since the first sessions were written, in the order it came.
pub(super) fn added_later(code: CodeId, ask: AskId) -> Vec<Fact> {
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
pub(super) fn of_what_leaves() -> Vec<Fact> {
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
