//! A session played by the protocol itself over a small report, step by step, for the tests of app and view.

mod screen;
mod stories;

use crate::document::{Document, Located, Match, Span};
use crate::protocol::*;

pub use screen::*;
pub use stories::*;

pub struct World {
    pub document: Document,
    pub state: State,
    pub facts: Vec<Fact>,
    pub budget_usd: f64,
    /// Where it waits from its beginning on.
    pub gates: Gates,
}

impl World {
    pub fn new() -> Self {
        Self {
            document: report(),
            state: State::default(),
            facts: Vec::new(),
            budget_usd: 1.0,
            gates: Gates::default(),
        }
    }

    pub fn input(&mut self, input: Input) -> &mut Self {
        let mut step = decide(&self.state, input);
        loop {
            for fact in step.facts {
                self.state.apply(&fact);
                self.facts.push(fact);
            }
            match advance(&self.state, None) {
                Some(next) => step = next,
                None => return self,
            }
        }
    }

    pub fn start(&mut self) -> &mut Self {
        self.start_with(Settings::default())
    }

    pub fn start_with(&mut self, settings: Settings) -> &mut Self {
        let opened = SessionOpened {
            question: QUESTION.into(),
            settings: Settings {
                tasks_per_round: 2,
                budget_usd: Some(self.budget_usd),
                gates: self.gates.clone(),
                ..settings
            },
            documents: vec![self.document.reference()],
            remote: ModelInfo {
                provider: "offline".into(),
                model: "planner".into(),
                is_model: false,
                price: Some(Price { cached_input: 1.25, ..Price::flat(2.5, 10.0) }),
            },
            local: ModelInfo { provider: "extractive".into(), model: "reader".into(), is_model: false, price: None },
            prompts: prompts::VERSION.into(),
            program: "0.1.0".into(),
            clock_ms: None,
            embedding: None,
            parent: None,
        };
        self.input(Input::Start(Box::new(opened)))
    }

    pub fn pending(&self) -> Option<AskId> {
        match self.state.phase {
            Phase::Waiting(Waiting::Remote(ask)) => Some(ask),
            _ => None,
        }
    }

    pub fn reply(&mut self, text: &str) -> &mut Self {
        let answer = RemoteAnswer {
            ask: self.pending().unwrap(),
            text: text.into(),
            finish: Finish::Stop,
            usage: Usage { input_tokens: 1234, output_tokens: 210, estimated: true, ..Usage::default() },
            cost_usd: Some(0.0052),
            first_token_ms: 120,
            total_ms: 1840,
        };
        self.input(Input::RemoteAnswered(answer))
    }

    /// The request under way fails and is sent again after a wait.
    pub fn fail(&mut self, retry_in_ms: u64) -> &mut Self {
        let failure = RemoteFailure {
            ask: self.pending().unwrap(),
            attempt: 1,
            error: "api.example/v1 was asked too often (429): wait, or ask it less".into(),
            retry_in_ms: Some(retry_in_ms),
            partial: String::new(),
            lost: false,
            counted: None,
        };
        self.input(Input::RemoteFailed(failure))
    }

    fn code(&self) -> CodeId {
        match self.state.phase {
            Phase::Waiting(Waiting::Prepare(code) | Waiting::Transform(code)) => code,
            _ => panic!("no program is due"),
        }
    }

    /// Two tasks on each page.
    pub fn plan(&mut self) -> &mut Self {
        self.reply("Look for net income in the statement of operations, then for the reasons in the discussion.");
        self.reply(PROGRAM).prepare()
    }

    /// The program gives its jobs: two tasks on each page.
    pub fn prepare(&mut self) -> &mut Self {
        let pages = &self.document.pages;
        let ends = pages.iter().skip(1).copied().chain([self.document.text.len()]);
        let tasks = ["Extract the net income and its year.", "Extract the reasons for the change in net income."];
        let manifests = pages
            .iter()
            .zip(ends)
            .flat_map(|(start, end)| {
                tasks.map(|task| Manifest {
                    chunk: Chunk::Span(Span::new(0, *start, end)),
                    task: task.into(),
                    advice: "Figures with their units; quote the sentence.".into(),
                })
            })
            .collect();
        let code = self.code();
        self.input(Input::CodeRan { code, result: CodeResult::Prepared(Ok(manifests)), embedding_error: None })
    }

    /// As many jobs, all of one task and over the first page.
    pub fn plan_many(&mut self, jobs: usize) -> &mut Self {
        self.reply("Look for net income.").reply(PROGRAM);
        let chunk = Chunk::Span(Span::new(0, 0, self.document.pages[1]));
        let manifest = Manifest { chunk, task: "Extract the net income.".into(), advice: String::new() };
        let (code, manifests) = (self.code(), vec![manifest; jobs]);
        self.input(Input::CodeRan { code, result: CodeResult::Prepared(Ok(manifests)), embedding_error: None })
    }

    /// A program that fails at its line `line`.
    pub fn reject(&mut self, program: &str, line: u32, message: &str) -> &mut Self {
        self.reply("Look for net income.").reply(&format!("I split by page.\n\n```python\n{program}```\n"));
        let error = CodeError {
            line: Some(line),
            traceback: Some(format!(
                "Traceback (most recent call last):\n  File \"<program>\", line 4, in prepare_jobs\n    jobs = []\n  File \"<program>\", line {line}, in <listcomp>\n    chunks\n{message}"
            )),
            hint: Some("did you mean chunk_by_page?".into()),
            printed: Some("2 documents\n".into()),
            ..CodeError::new(CodeErrorKind::Exception, message)
        };
        let code = self.code();
        self.input(Input::CodeRan { code, result: CodeResult::Prepared(Err(error)), embedding_error: None })
    }

    pub fn begin(&mut self, index: u32) -> &mut Self {
        let round = self.state.rounds.len() as u32;
        self.input(Input::JobStarted { job: JobId { round, index } })
    }

    pub fn job(&mut self, index: u32, reply: &str, located: Option<Located>) -> &mut Self {
        self.begin(index);
        let id = JobId { round: self.state.rounds.len() as u32, index };
        let attempt = self.state.job(id).map_or(1, Job::attempt);
        let usage = Usage { input_tokens: 610, output_tokens: 48, estimated: true, ..Usage::default() };
        let reply = WorkerReply { text: reply.into(), finish: Finish::Stop, usage, useless: Usage::default() };
        self.input(Input::JobDone { job: id, attempt, result: JobResult::Replied { reply, located }, ms: 35 })
    }

    pub fn find(&self, words: &str) -> Option<Located> {
        let start = self.document.text.find(words)?;
        Some(Located::new(Span::new(0, start, start + words.len()), Match::Exact))
    }

    pub fn answered(&mut self, index: u32, answer: &str, citation: &str) -> &mut Self {
        let output = JobOutput {
            explanation: "The sentence names the figure.".into(),
            citation: Some(citation.into()),
            answer: Some(answer.into()),
        };
        let located = self.find(citation);
        self.job(index, &serde_json::to_string(&output).unwrap(), located)
    }

    pub fn abstained(&mut self, index: u32) -> &mut Self {
        let reply = r#"{"explanation": "The page says nothing of net income.", "citation": null, "answer": null}"#;
        self.job(index, reply, None)
    }

    pub fn failed(&mut self, index: u32) -> &mut Self {
        self.begin(index);
        let job = JobId { round: self.state.rounds.len() as u32, index };
        let result =
            JobResult::Failed { error: "the local server closed the connection".into(), useless: Usage::default() };
        self.input(Input::JobDone { job, attempt: 1, result, ms: 12 })
    }

    pub fn sample(&mut self, cpu: f32, running: u32) -> &mut Self {
        self.input(Input::Utilization(UtilizationSample {
            cpu_percent: Some(cpu),
            memory_used_bytes: Some(9_400_000_000),
            memory_total_bytes: Some(33_500_000_000),
            gpus: Vec::new(),
            jobs_running: running,
            jobs_waiting: 3,
            engine: None,
            fleet: None,
        }))
    }

    /// The person says this at the gate at hand.
    pub fn say(&mut self, choice: GateChoice) -> &mut Self {
        let n = self.state.gates.reached;
        self.input(Input::AtGate { n, choice })
    }

    /// `transform_outputs` gives this text.
    pub fn aggregate(&mut self, text: &str) -> &mut Self {
        let code = self.code();
        self.input(Input::CodeRan { code, result: CodeResult::Transformed(Ok(text.into())), embedding_error: None })
    }
}
