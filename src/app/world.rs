//! A session played by the protocol itself over a small report, and the hands at its screen, for the tests of app and
//! view.

use std::sync::atomic::AtomicBool;

use super::{
    Account, Command, CurveScreen, Exposed, Exposes, Figures, Key, KeyCode, Keymap, Marks, Message, Mode, Model,
    Worked, update,
};
use crate::config::{Loaded, Sources, load};
use crate::document::{Document, Located, Match, Span};
use crate::eval::{Axis, Curve, Point, Stat};
use crate::ledger::{Exposure, Ledger};
use crate::protocol::*;

pub struct World {
    pub document: Document,
    pub state: State,
    pub facts: Vec<Fact>,
    pub budget_usd: f64,
    /// Where it waits from its beginning on.
    pub gates: Gates,
}

pub const QUESTION: &str = "What was the net income of Harbour Freight Lines in 2023, and what drove the change?";

pub const PROGRAM: &str = "I look for the figures first.\n\n```python\ndef prepare_jobs(context):\n    jobs = []\n    for chunk in chunk_by_page(context):\n        for task in TASKS:\n            jobs.append(JobManifest(chunk=chunk, task=task, advice='figures with units'))\n    return jobs\n\ndef transform_outputs(jobs):\n    return '\\n'.join(job.output.answer for job in jobs if job.output.answer)\n```\n";

/// A program with a line that is wider than any pane.
pub const FAULTY: &str = r#"# Figures first, then the reasons.
TASKS = ["Extract the net income, its unit and its year, and quote the sentence that it stands in.", "Why did it change?"]

def prepare_jobs(context):
    jobs = []
    for number, chunk in enumerate(chunk_by_pages(context, 1)):
        for task in TASKS:
            jobs.append(JobManifest(chunk=chunk, task=task, advice=f"page {number + 1}"))
    return jobs

def transform_outputs(jobs):
    return "\n".join(job.output.answer for job in jobs if job.output.answer is not None)
"#;

pub fn report() -> Document {
    let mut text = String::new();
    for page in 1..=8 {
        if page > 1 {
            text.push('\u{c}');
        }
        text.push_str(&format!("HARBOUR FREIGHT LINES — ANNUAL REPORT 2023{:>24}{page}\n\n", "page "));
        match page {
            2 => text.push_str("Net income for the year ended 31 December 2023 was $48.2 million, compared with $39.7 million in 2022.\n\nThe increase was driven by higher container volumes on the northern routes and by lower fuel cost per mile.\n\n"),
            5 => text.push_str("                         2023      2022\nRevenue                 412.6     377.9\nFuel                    101.3     118.4\nNet income               48.2      39.7\n\n"),
            _ => {}
        }
        for line in 1..=12 {
            text.push_str(&format!("Section {page}.{line}. The company operates vessels between ports of the region and reports on each of its routes, terminals and yards in the tables below.\n"));
            if line % 4 == 0 {
                text.push('\n');
            }
        }
    }
    Document::from_text("harbour-2023.txt", text)
}

impl World {
    /// A round of 2,048 jobs, of which none has begun.
    pub fn many() -> Self {
        let mut world = Self::new();
        world.start();
        let job = |index: u32| PlannedJob { chunk: index / 4, task: index % 4, advice: 0, sample: 0 };
        let planned = Fact::JobsPlanned(PlannedJobs {
            round: 1,
            chunks: (0..512).map(|at| Chunk::Span(Span::new(0, at, at + 900))).collect(),
            tasks: (0..4).map(|at| format!("Extract figure {at}.")).collect(),
            advices: vec![String::new()],
            jobs: (0..2_048).map(job).collect(),
        });
        world.state.apply(&planned);
        world.facts.push(planned);
        world
    }

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
        let reply = WorkerReply { text: reply.into(), finish: Finish::Stop, usage };
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
        let result = JobResult::Failed { error: "the local server closed the connection".into() };
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

    /// Jobs in every state: ended, running, retried, waiting.
    pub fn half(&mut self) -> &mut Self {
        self.start().plan();
        for (at, cpu) in [12.0, 35.0, 58.0, 71.0, 88.0, 93.0, 64.0].into_iter().enumerate() {
            self.sample(cpu, at as u32);
        }
        self.abstained(0).abstained(1);
        self.answered(2, "$48.2 million in 2023", "Net income for the year ended 31 December 2023 was $48.2 million");
        self.answered(
            3,
            "higher volumes, lower fuel cost",
            "driven by higher container volumes on the northern routes",
        );
        self.abstained(4).failed(5);
        self.job(6, "not json at all", None).job(6, "still not json", None);
        self.job(7, "{\"answer\": ", None);
        self.answered(8, "48.2", "Net income was about forty-eight million");
        self.input(Input::CancelJob(JobId { round: 1, index: 9 }));
        self.begin(10).begin(11)
    }

    /// The round's jobs all end, and their outputs are aggregated.
    pub fn outputs(&mut self) -> &mut Self {
        self.job(7, "{\"answer\": ", None);
        for index in 10..16 {
            self.abstained(index);
        }
        let text =
            "Task 0\n- $48.2 million in 2023 (page 2)\n- 48.2\n\nTask 1\n- higher volumes, lower fuel cost (page 2)";
        self.aggregate(text)
    }

    /// The person says this at the gate at hand.
    pub fn say(&mut self, choice: GateChoice) -> &mut Self {
        let n = self.state.gates.reached;
        self.input(Input::AtGate { n, choice })
    }

    pub fn whole(&mut self) -> &mut Self {
        self.half().outputs();
        self.reply("The figure is quoted twice; the reasons once. That is enough.");
        let quotations = [
            "Net income for the year ended 31 December 2023 was $48.2 million",
            "driven by higher container volumes on the northern routes",
            "Net income was about forty-eight million",
        ];
        let decision = serde_json::json!({
            "decision": "provide_final_answer",
            "answer": "Net income was $48.2 million in 2023, up from $39.7 million in 2022.",
            "explanation": "Higher container volumes on the northern routes and lower fuel cost per mile drove the increase.",
            "citations": quotations,
        });
        self.reply(&format!("```json\n{decision}\n```"));
        let citations =
            quotations.iter().map(|text| AnswerCitation { text: (*text).into(), located: self.find(text) }).collect();
        self.input(Input::CitationsLocated { round: 1, citations })
    }

    /// A first round whose jobs contradict one another, and a second with another program that answers with numbers of
    /// which one is cited nowhere.
    pub fn two_rounds(&mut self) -> &mut Self {
        self.half().two_rounds_from_half()
    }

    pub fn two_rounds_from_half(&mut self) -> &mut Self {
        self.job(7, "{\"answer\": ", None);
        self.answered(10, "$51.0 million in 2023", "Net income for the year ended 31 December 2023");
        for index in 11..16 {
            self.abstained(index);
        }
        self.aggregate("Task 0\n- $48.2 million in 2023 (page 2)\n- $51.0 million in 2023 (page 5)");
        self.reply("## Two figures\n\nThey **contradict** one another:\n\n| page | net income |\n|---|---:|\n| 2 | 48.2 |\n| 5 | 51.0 |\n\n- ask for the year of each\n- ask for the table's *row*");
        let more = serde_json::json!({
            "decision": "request_additional_info",
            "explanation": "Two pages name **different** figures.",
            "feedback": "- Which figure is net income?\n- What is the other one?",
            "scratchpad": "Net income is $48.2 million or $51.0 million.",
        });
        self.reply(&more.to_string());
        let program = PROGRAM.replace("in chunk_by_page(context):", "in chunk_by_page(context)[:6]:").replace(
            "        for task in TASKS:\n",
            "        if 'income' not in chunk:\n            continue\n        for task in TASKS:\n",
        );
        self.reply(&program).prepare();
        let (first, second) =
            ("Net income for the year ended 31 December 2023 was $48.2 million", "compared with $39.7 million in 2022");
        self.answered(2, "$48.2 million in 2023", first).answered(3, "$39.7 million in 2022", second);
        for index in (0..2).chain(4..16) {
            self.abstained(index);
        }
        self.aggregate("Net income was $48.2 million in 2023 and $39.7 million in 2022.");
        self.reply("The row is *net income*.");
        let decision = serde_json::json!({
            "decision": "provide_final_answer",
            "answer": "Net income was **$48.2 million** in 2023, up 21.4 % from $39.7 million in 2022.",
            "explanation": "The statement names both years.",
            "citations": [first, second],
        });
        self.reply(&decision.to_string());
        let citations =
            [first, second].map(|text| AnswerCitation { text: text.into(), located: self.find(text) }).to_vec();
        self.input(Input::CitationsLocated { round: 2, citations })
    }

    /// A round whose replies, answers and scratchpad are all this text, from before its first reply on.
    pub fn two_rounds_after(&mut self, text: &str) -> &mut Self {
        self.reply(text).reply(&format!("{text}\n{PROGRAM}")).prepare();
        let output = JobOutput {
            explanation: text.into(),
            citation: Some(text.into()),
            answer: Some(format!("{} 7", text.split(' ').next().unwrap_or_default())),
        };
        let other = JobOutput { answer: Some("8".into()), ..output.clone() };
        for index in 0..16 {
            let output = if index == 0 { &output } else { &other };
            self.job(index, &serde_json::to_string(output).unwrap(), None);
        }
        self.aggregate(text).reply(text);
        let decision = serde_json::json!({
            "decision": "request_additional_info", "explanation": text, "feedback": text, "scratchpad": text,
        });
        self.reply(&decision.to_string());
        self.reply(&format!("{text}\n{}", PROGRAM.replace("jobs = []", "jobs = list()"))).prepare();
        for index in 0..16 {
            self.job(index, &serde_json::to_string(&output).unwrap(), None);
        }
        self.aggregate(text).reply(text);
        let decision = serde_json::json!({
            "decision": "provide_final_answer", "answer": text, "explanation": text, "citations": [text],
        });
        self.reply(&decision.to_string());
        self.input(Input::CitationsLocated {
            round: 2,
            citations: vec![AnswerCitation { text: text.into(), located: None }],
        })
    }

    /// `transform_outputs` gives this text.
    pub fn aggregate(&mut self, text: &str) -> &mut Self {
        let code = self.code();
        self.input(Input::CodeRan { code, result: CodeResult::Transformed(Ok(text.into())), embedding_error: None })
    }

    /// A screen to which these facts came, one by one.
    pub fn model(&self, width: u16, height: u16) -> Model {
        let mut model = Model::new(vec![self.document.clone()], Mode::Live { running: !self.facts.is_empty() });
        update(&mut model, Message::Resize { width, height });
        self.feed(&mut model);
        model
    }

    fn account(&self) -> Account {
        let mut ledger = Ledger::new();
        self.facts.iter().for_each(|fact| ledger.apply(fact));
        let exposed = ledger
            .calls()
            .iter()
            .map(|call| Exposed {
                ask: call.ask,
                purpose: call.purpose,
                bytes: 164,
                share: 0.011,
                count: 1,
                spans: vec![Span::new(0, 0, 164)],
            })
            .collect();
        let held = match &self.state.phase {
            Phase::AtGate { n, held: Held::Request(request) } => {
                let exposure = Exposure::new(std::slice::from_ref(&self.document));
                let spans = exposure.exposed_by(request);
                let (bytes, share) = (spans.total_bytes(), exposure.share_of(spans.total_bytes()));
                Some(Exposes {
                    n: *n,
                    spans: spans.iter().collect(),
                    bytes: bytes as u64,
                    share,
                    left: 0.011,
                    total: share + 0.011,
                })
            }
            _ => None,
        };
        Account { ledger, exposed, today_usd: None, held }
    }

    pub fn feed(&self, model: &mut Model) {
        // Those that came before are known.
        for (seq, fact) in (1..).zip(&self.facts).skip(model.seq as usize) {
            update(model, Message::Fact { seq, at_ms: seq * 250, fact: Box::new(fact.clone()) });
        }
        let now_ms = self.facts.len() as u64 * 250 + 3000;
        update(model, Message::Tick { now_ms });
        let mut marks = Marks { read: vec![Span::new(0, 0, self.document.pages[5])], ..Marks::default() };
        let located = |job: &Job| Some(job.outcome()?.located()?.span);
        marks.cited = self.state.rounds.iter().flat_map(|round| round.jobs.iter().filter_map(located)).collect();
        let quoted = |citation: &AnswerCitation| citation.located.as_ref().map(|located| located.span);
        marks.answered =
            self.state.answer.iter().flat_map(|answer| answer.citations.iter().filter_map(quoted)).collect();
        marks.left = self.find("compared with $39.7 million in 2022").map(|found| found.span).into_iter().collect();
        if !self.facts.is_empty() {
            update(model, Message::Marks(marks));
            update(model, Message::Account(Box::new(self.account())));
            update(model, Message::Figures(figures(self.facts.len() as u64)));
        }
    }
}

pub fn figures(saved_record: u64) -> Figures {
    Figures {
        spent_usd: Some(0.0208),
        doubtful_usd: 0.0,
        budget_usd: Some(1.0),
        baseline_usd: Some(0.0431),
        baseline_tokens: 17_240,
        baseline_estimated: true,
        counted: Usage::default(),
        estimated_usd: 0.0,
        estimated: Usage {
            input_tokens: 4_936,
            cached_input_tokens: 1_024,
            output_tokens: 840,
            estimated: true,
            ..Usage::default()
        },
        exposed_bytes: 164,
        exposed_share: 0.011,
        saved_record,
    }
}

/// The settings that nobody has changed.
pub fn built_in() -> Loaded {
    load(&Sources::default()).unwrap()
}

/// That this job of the first round has answered.
pub fn answered(index: u32) -> Fact {
    let output = JobOutput {
        explanation: "It stands there.".into(),
        citation: Some("Net income was about forty-eight million".into()),
        answer: Some(format!("a figure of {index} million, and what it is compared with in the year before")),
    };
    let usage = Usage { input_tokens: 610, output_tokens: 48, ..Usage::default() };
    let outcome = Outcome::Answered { output, located: None };
    Fact::JobFinished { job: JobId { round: 1, index }, outcome, raw: None, usage, ms: 35 }
}

/// Presses these keys, which stand apart by spaces.
pub fn press(model: &mut Model, keys: &str) -> Vec<Command> {
    keys.split(' ').flat_map(|key| update(model, Message::Key(key.parse().unwrap()))).collect()
}

/// Types words letter by letter.
pub fn type_in(model: &mut Model, words: &str) {
    for character in words.chars() {
        update(model, Message::Key(Key::plain(KeyCode::Char(character))));
    }
}

pub fn paste(model: &mut Model, text: &str) {
    update(model, Message::Paste(text.into()));
}

pub fn notice(model: &Model) -> &str {
    model.notice.as_ref().map_or("", |notice| notice.text.as_str())
}

/// Does the first work that is due beside the screen; what it finds.
pub fn found(model: &Model) -> Vec<Worked> {
    let mut found = Vec::new();
    let work = model.due().first().and_then(|id| model.work(*id)).unwrap();
    work.run(&AtomicBool::new(false), &mut |worked| found.push(worked));
    found
}

/// Does all work that is due beside the screen.
pub fn finish(model: &mut Model) {
    while !model.due().is_empty() {
        for worked in found(model) {
            update(model, Message::Worked(worked));
        }
    }
}

/// The curve of so many settings, half way.
pub fn curve_screen(count: usize, ascii: bool) -> CurveScreen {
    let stat = |mean, spread| Stat { mean, spread, of: 64 };
    let points = (0..count).map(|n| Point {
        setting: format!("offline_share=0.{n:02} samples={}", n % 3 + 1),
        cost: stat(4000.0 + 2500.0 * n as f64, 400.0),
        quality: stat(0.587 + 0.06 * (n.min(3) as f64), 0.045),
        on_front: n < 4,
    });
    let curve = Curve { axis: Axis::Tokens, measure: "evidence".into(), points: points.collect() };
    let standing = "120 of 192 tries done, 2 running, about 3 min left".to_owned();
    CurveScreen::of("questions.jsonl", &curve, standing, true, ascii, &Keymap::default())
}
