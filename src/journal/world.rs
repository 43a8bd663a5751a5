//! A scripted world for tests: real facts of a run in which replies, code and jobs go well or wrong as a seed has it.

use std::collections::VecDeque;

use crate::document::{Document, Located, Match, Span};
use crate::protocol::{
    AnswerCitation, Chunk, CodeError, CodeErrorKind, CodeResult, Effect, Fact, Finish, GpuSample, Input, JobId,
    JobResult, Manifest, ModelInfo, Price, Purpose, RemoteAnswer, RemoteAsk, RemoteFailure, SessionOpened, Settings,
    State, Step, Usage, UtilizationSample, WorkerReply, advance, decide,
};

pub(crate) fn documents() -> Vec<Document> {
    let report = "Größe der Anlage: 4 711 m².\nRevenue rose to €5.3 million – “a record”.\n\x0cPage two: naïve façade 数字 🙂.\n";
    vec![
        Document::from_text("Jahresbericht 📈.txt", report.repeat(8)),
        Document::from_text("plain.txt", "Nothing here.\n"),
    ]
}

pub(crate) struct World {
    seed: u64,
    chunks: usize,
    rounds: u32,
    state: State,
    facts: Vec<Fact>,
    inputs: VecDeque<Input>,
}

impl World {
    /// The facts of a whole session about [`documents`], from the first to the last.
    pub(crate) fn facts(seed: u64, rounds: u32, chunks: usize) -> Vec<Fact> {
        let mut world = Self {
            seed: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
            chunks: chunks.max(1),
            rounds,
            state: State::default(),
            facts: Vec::new(),
            inputs: VecDeque::new(),
        };
        let opened = world.opened();
        world.happen(Input::Start(Box::new(opened)));
        while let Some(at) = world.one_of(world.inputs.len()) {
            if let Some(input) = world.inputs.remove(at) {
                world.happen(input);
            }
            if world.chance(12) {
                let jobs_running = world.inputs.len() as u32;
                let gpus = vec![GpuSample { name: "GPU".into(), busy_percent: Some(50.5), ..GpuSample::default() }];
                world.happen(Input::Utilization(UtilizationSample { jobs_running, gpus, ..Default::default() }));
            }
        }
        world.facts
    }

    fn opened(&mut self) -> SessionOpened {
        let model = |provider: &str| ModelInfo {
            provider: provider.into(),
            model: "m\u{1b}[31m-1".into(),
            is_model: true,
            price: Some(Price { cached_input: 1.25, ..Price::flat(2.5, 10.0) }),
        };
        SessionOpened {
            question: "How much did revenue rise, and wo steht “€5.3 million”?".into(),
            settings: Settings { max_rounds: self.rounds, samples: 2, ..Settings::default() },
            documents: documents().iter().map(Document::reference).collect(),
            remote: model("openai"),
            local: model("openai"),
            prompts: "1".into(),
            program: "0.1.0".into(),
            clock_ms: None,
            embedding: None,
            parent: None,
        }
    }

    fn happen(&mut self, input: Input) {
        let step = decide(&self.state, input);
        self.take(step);
        while let Some(step) = advance(&self.state, None) {
            self.take(step);
        }
    }

    fn take(&mut self, step: Step) {
        for fact in step.facts {
            self.state.apply(&fact);
            self.facts.push(fact);
        }
        for effect in step.effects {
            self.perform(effect);
        }
    }

    fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::Ask(ask) => self.answer(&ask),
            Effect::Prepare(code) => {
                let result = if self.chance(4) { Err(self.error()) } else { Ok(self.manifests()) };
                self.inputs.push_back(Input::CodeRan {
                    code,
                    result: CodeResult::Prepared(result),
                    embedding_error: None,
                });
            }
            Effect::Transform(code) => {
                let result =
                    if self.chance(5) { Err(self.error()) } else { Ok("€5.3 million\n“a record”".into()) };
                self.inputs.push_back(Input::CodeRan {
                    code,
                    result: CodeResult::Transformed(result),
                    embedding_error: None,
                });
            }
            Effect::RunJobs { round } => {
                let jobs = self.state.round_numbered(round).map_or(0, |round| round.jobs.len() as u32);
                for index in 0..jobs {
                    let job = JobId { round, index };
                    self.inputs.push_back(Input::JobStarted { job });
                    if self.chance(20) {
                        self.inputs.push_back(Input::CancelJob(job));
                    }
                    self.job(job, 1);
                }
            }
            Effect::RetryJob { job, attempt } => self.job(job, attempt),
            Effect::LocateCitations { round, quotations } => {
                let located = Some(Located::new(Span::new(0, 30, 52), Match::Normalised));
                let citations =
                    quotations.into_iter().map(|text| AnswerCitation { text, located: located.clone() }).collect();
                self.inputs.push_back(Input::CitationsLocated { round, citations });
            }
            Effect::CancelJob(_) | Effect::AskAgain { .. } => {}
            Effect::Finish => self.inputs.clear(),
        }
    }

    fn answer(&mut self, ask: &RemoteAsk) {
        if self.chance(6) {
            self.happen_later_failed(ask);
        }
        let last = self.state.round().is_some_and(|round| round.last);
        let text = match ask.purpose {
            Purpose::Advise => "Look for “revenue”.\nAnd for its year.",
            Purpose::Decompose if self.chance(5) => "I would rather not write code.",
            Purpose::Decompose => {
                "```python\ndef prepare_jobs(context):\n    return []\n\ndef transform_outputs(jobs):\n    return ''\n```"
            }
            Purpose::Think => "It seems to be €5.3 million.",
            // Of other protocols than this world's.
            Purpose::Message | Purpose::Answer => "",
            Purpose::Decide if self.chance(5) => "{\"decision\": \"maybe\"}",
            Purpose::Decide if last || self.chance(3) => {
                r#"{"decision":"provide_final_answer","answer":"€5.3 million 🙂","explanation":"It says so.","citations":["Revenue rose to €5.3 million"]}"#
            }
            Purpose::Decide => {
                r#"{"decision":"request_additional_info","explanation":"?","feedback":"Which year?","scratchpad":"€5.3 million"}"#
            }
        };
        let usage = Usage { input_tokens: 100, cached_input_tokens: 7, output_tokens: 20, ..Usage::default() };
        let answer = RemoteAnswer {
            ask: ask.ask,
            text: text.into(),
            finish: Finish::Stop,
            usage,
            cost_usd: Some(0.000_123_4),
            first_token_ms: 3,
            total_ms: 17,
        };
        self.inputs.push_back(Input::RemoteAnswered(answer));
    }

    fn happen_later_failed(&mut self, ask: &RemoteAsk) {
        let failure = RemoteFailure {
            ask: ask.ask,
            attempt: 1,
            error: "503 Service Unavailable".into(),
            retry_in_ms: Some(250),
            partial: if self.chance(2) { "Look fo".into() } else { String::new() },
            lost: false,
            counted: None,
        };
        // Before the answer, whatever order the inputs are taken in.
        let step = decide(&self.state, Input::RemoteFailed(failure));
        self.take(step);
    }

    fn job(&mut self, job: JobId, attempt: u32) {
        let usage = Usage { input_tokens: 900, output_tokens: 33, estimated: true, ..Usage::default() };
        let reply = |text: &str, finish| JobResult::Replied {
            reply: WorkerReply { text: text.into(), finish, usage, useless: Usage::default() },
            located: Some(Located::new(Span::new(0, 30, 60), Match::Exact)),
        };
        let result = match self.one_of(7) {
            Some(0) => reply(r#"{"explanation":"nothing","citation":null,"answer":null}"#, Finish::Stop),
            Some(1) => reply("no JSON at all \u{1b}[2J", Finish::Stop),
            Some(2) => reply(r#"{"explanation":"so lo"#, Finish::Length),
            Some(3) => {
                JobResult::Failed { error: "the server closed the connection".into(), useless: Usage::default() }
            }
            _ => reply(
                r#"{"explanation":"It is said – “so”.","citation":"Revenue rose to €5.3 million","answer":"€5.3 million"}"#,
                Finish::Stop,
            ),
        };
        self.inputs.push_back(Input::JobDone { job, attempt, result, ms: 40 });
    }

    fn manifests(&mut self) -> Vec<Manifest> {
        let manifest = |n: usize| Manifest {
            chunk: if n.is_multiple_of(5) {
                Chunk::Text("joined\u{0}text".into())
            } else {
                Chunk::Span(Span::new(0, n * 8, n * 8 + 64))
            },
            task: format!("Find the revenue, part {}.", n % 3),
            advice: "Quote it “whole”.".into(),
        };
        (0..self.chunks).map(manifest).collect()
    }

    fn error(&self) -> CodeError {
        CodeError {
            line: Some(3),
            ..CodeError::new(CodeErrorKind::Exception, "NameError: name 'pages' is not defined")
        }
    }

    /// Xorshift: small, and the same everywhere.
    fn draw(&mut self) -> u64 {
        self.seed ^= self.seed << 13;
        self.seed ^= self.seed >> 7;
        self.seed ^= self.seed << 17;
        self.seed
    }

    fn chance(&mut self, one_in: u64) -> bool {
        self.draw().is_multiple_of(one_in)
    }

    fn one_of(&mut self, count: usize) -> Option<usize> {
        (count > 0).then(|| (self.draw() % count as u64) as usize)
    }
}
