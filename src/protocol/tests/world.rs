//! A world without machines: every effect is answered from a script.

use std::collections::VecDeque;

use crate::document::{Document, Located, Match, Span};
use crate::protocol::*;

pub const PROGRAM: &str = "```python\ndef prepare_jobs(context, a=None, b=None):\n    return []\ndef transform_outputs(jobs):\n    return ''\n```";
pub const FINAL: &str = r#"{"decision": "provide_final_answer", "answer": "42", "explanation": "it says so", "citations": ["the answer is 42"]}"#;
pub const MORE: &str = r#"{"decision": "request_additional_info", "explanation": "thin", "feedback": "look further", "scratchpad": "nothing yet"}"#;
pub const MESSAGE: &str = r#"{"explanation": "one step", "message": "What is the answer?"}"#;
pub const ANSWERED: &str = r#"{"explanation": "it stands there", "citation": "the answer is 42", "answer": "42"}"#;
pub const ABSTAINED: &str = r#"{"explanation": "nothing here", "citation": null, "answer": null}"#;

pub fn text() -> &'static str {
    "In the end the answer is 42. Everything else is noise, as far as anyone can tell."
}

/// What the scripted machines say. Each list is used up from the front; its last item repeats.
#[derive(Clone, Debug)]
pub struct World {
    pub settings: Settings,
    pub price: Option<Price>,
    pub programs: Vec<&'static str>,
    pub prepared: Vec<Result<usize, CodeError>>,
    pub transformed: Vec<Result<String, CodeError>>,
    pub workers: Vec<Result<(&'static str, Finish), &'static str>>,
    /// What the worker says of answers, where it reads those instead of the document.
    pub reads_again: Option<&'static str>,
    pub decisions: Vec<&'static str>,
    /// First messages of the chat.
    pub messages: Vec<&'static str>,
    /// Which of the effects that wait is answered next: taken modulo their number.
    pub order: Vec<usize>,
    /// What the person says at a reached budget.
    pub choices: Vec<BudgetChoice>,
    /// What the person says at a gate. What changes nothing there is followed by passing it.
    pub says: Vec<Say>,
    /// After how many of the first results the person has everything tried again that ended in trouble.
    pub retries: usize,
    /// Whether the person agrees that the documents leave.
    pub agrees: bool,
    /// What comes of replies that are cut off at the cap, the first of each purpose first.
    pub cut: Vec<(Purpose, &'static str)>,
}

/// What the person may do at a gate.
#[derive(Clone, Debug)]
pub enum Say {
    At(GateChoice),
    RunOn(RunTo),
    Gates(Gates),
}
const STOP: Input = Input::Stop { partial: String::new(), sent: false };

impl Default for World {
    fn default() -> Self {
        Self {
            settings: Settings::default(),
            price: Some(Price { cached_input: 0.5, ..Price::flat(1.0, 2.0) }),
            programs: vec![PROGRAM],
            prepared: vec![Ok(4)],
            transformed: vec![Ok("the answer is 42".into())],
            workers: vec![Ok((ANSWERED, Finish::Stop)), Ok((ABSTAINED, Finish::Stop))],
            reads_again: None,
            decisions: vec![FINAL],
            messages: vec![MESSAGE],
            order: vec![0],
            choices: vec![BudgetChoice::Stop],
            says: vec![Say::At(GateChoice::Pass)],
            retries: 0,
            agrees: true,
            cut: Vec::new(),
        }
    }
}

pub struct Run {
    pub state: State,
    pub facts: Vec<Fact>,
    pub asked: Vec<RemoteAsk>,
}

impl Run {
    pub fn kinds(&self) -> Vec<String> {
        self.facts
            .iter()
            .filter_map(|fact| serde_json::to_value(fact).unwrap()["kind"].as_str().map(str::to_owned))
            .collect()
    }

    pub fn asked_for(&self, purpose: Purpose) -> Vec<&RemoteAsk> {
        self.asked.iter().filter(|ask| ask.purpose == purpose).collect()
    }

    pub fn last_user_message(&self, purpose: Purpose) -> &str {
        self.asked_for(purpose).last().unwrap().messages.last().unwrap().content.as_str()
    }
}

fn used<T>(list: &mut Vec<T>) {
    if list.len() > 1 {
        list.drain(..1);
    }
}

fn next<T: Clone>(list: &mut VecDeque<T>) -> T {
    if list.len() > 1 { list.pop_front().unwrap() } else { list.front().unwrap().clone() }
}

pub fn opened(settings: Settings, price: Option<Price>) -> Box<SessionOpened> {
    let document = Document::from_text("sample.txt", text());
    Box::new(SessionOpened {
        question: "What is the answer?".into(),
        settings,
        documents: vec![document.reference()],
        remote: ModelInfo { provider: "scripted".into(), model: "planner".into(), is_model: true, price },
        local: ModelInfo { provider: "scripted".into(), model: "reader".into(), is_model: true, price: None },
        prompts: prompts::VERSION.into(),
        program: "test".into(),
        clock_ms: None,
        embedding: None,
        parent: None,
    })
}

impl World {
    /// Runs to the end. Bounded: a protocol that never ends fails here.
    pub fn run(&self) -> Run {
        let run = Run { state: State::default(), facts: Vec::new(), asked: Vec::new() };
        self.clone().go_on(run, Input::Start(opened(self.settings.clone(), self.price)))
    }

    /// Ends as it would have after these facts, were the process another one from here on. The person lets what was
    /// interrupted be sent again.
    pub fn resume(&self, facts: &[Fact]) -> Run {
        let mut run = Run { state: State::default(), facts: Vec::new(), asked: Vec::new() };
        let mut rest = Self { retries: 0, ..self.clone() };
        for fact in facts {
            let ran = match run.state.phase {
                Phase::Waiting(Waiting::Prepare(_)) => Some(CodeStage::Prepare),
                Phase::Waiting(Waiting::Transform(_)) => Some(CodeStage::Transform),
                _ => None,
            };
            match (fact, ran) {
                (Fact::RemoteAnswered(answer), _) => {
                    let asked = run.state.asks().find(|ask| ask.request.ask == answer.ask).unwrap();
                    let purpose = asked.request.purpose;
                    match rest.cut.iter().position(|(of, _)| *of == purpose) {
                        Some(at) => drop(rest.cut.remove(at)),
                        None => match purpose {
                            Purpose::Decompose => used(&mut rest.programs),
                            Purpose::Decide | Purpose::Answer => used(&mut rest.decisions),
                            Purpose::Message => used(&mut rest.messages),
                            Purpose::Advise | Purpose::Think => {}
                        },
                    }
                }
                (Fact::JobsPlanned(_) | Fact::CodeRejected { .. }, Some(CodeStage::Prepare)) => {
                    used(&mut rest.prepared)
                }
                (Fact::OutputsAggregated { .. } | Fact::CodeRejected { .. }, Some(CodeStage::Transform)) => {
                    used(&mut rest.transformed);
                }
                (Fact::BudgetRaised { .. }, _) => used(&mut rest.choices),
                _ => {}
            }
            run.state.apply(fact);
            run.facts.push(fact.clone());
        }
        let models = Models::of(run.state.opened.as_ref().unwrap());
        rest.go_on(run, Input::Resume(Resumed { program: "later".into(), models, embedding: None }))
    }

    fn go_on(self, mut run: Run, first: Input) -> Run {
        let mut waiting: Vec<Effect> = Vec::new();
        let (mut programs, mut prepared) =
            (VecDeque::from(self.programs.clone()), VecDeque::from(self.prepared.clone()));
        let (mut transformed, mut decisions) =
            (VecDeque::from(self.transformed.clone()), VecDeque::from(self.decisions.clone()));
        let mut choices = VecDeque::from(self.choices.clone());
        let mut says = VecDeque::from(self.says.clone());
        let mut order = VecDeque::from(self.order.clone());
        let mut messages = VecDeque::from(self.messages.clone());
        let mut cut = self.cut.clone();
        let mut retries = self.retries;
        take(&mut run, &mut waiting, first);
        for _ in 0..20_000 {
            if let Phase::Paused(_) = run.state.phase {
                take(&mut run, &mut waiting, Input::Budget(next(&mut choices)));
                continue;
            }
            if let Phase::AtGate { n, .. } = run.state.phase {
                let (facts, said) = (run.facts.len(), next(&mut says));
                take(&mut run, &mut waiting, input(n, said));
                if run.facts.len() == facts || run.state.phase == at_gate(n, &run.state) {
                    take(&mut run, &mut waiting, Input::AtGate { n, choice: GateChoice::Pass });
                }
                continue;
            }
            if let Phase::Interrupted(_) = run.state.phase {
                assert!(waiting.is_empty(), "nothing goes out before the person says so");
                take(&mut run, &mut waiting, Input::SendAgain);
                continue;
            }
            if run.state.rests() {
                take(&mut run, &mut waiting, Input::GoOn);
                continue;
            }
            if run.state.phase == Phase::Waiting(Waiting::Consent) {
                take(&mut run, &mut waiting, if self.agrees { Input::Consent } else { STOP });
                continue;
            }
            if run.state.ending().is_some() || waiting.is_empty() {
                return run;
            }
            let at = next(&mut order) % waiting.len();
            let input = match waiting.swap_remove(at) {
                Effect::Ask(ask) => {
                    let cut = cut.iter().position(|(purpose, _)| *purpose == ask.purpose).map(|at| cut.remove(at).1);
                    let finish = if cut.is_some() { Finish::Length } else { Finish::Stop };
                    let text = match ask.purpose {
                        _ if let Some(cut) = cut => cut.to_owned(),
                        Purpose::Advise => "Look for the answer.".to_owned(),
                        Purpose::Decompose => next(&mut programs).to_owned(),
                        Purpose::Think => "It says 42.".to_owned(),
                        Purpose::Decide | Purpose::Answer => next(&mut decisions).to_owned(),
                        Purpose::Message => next(&mut messages).to_owned(),
                    };
                    let usage = Usage { input_tokens: 100, output_tokens: 10, ..Usage::default() };
                    let cost_usd = self.price.map(|price| price.cost(&usage));
                    run.asked.push(ask.clone());
                    Input::RemoteAnswered(RemoteAnswer {
                        ask: ask.ask,
                        text,
                        finish,
                        usage,
                        cost_usd,
                        first_token_ms: 1,
                        total_ms: 2,
                    })
                }
                Effect::Prepare(code) => {
                    let result = next(&mut prepared).map(manifests);
                    Input::CodeRan { code, result: CodeResult::Prepared(result), embedding_error: None }
                }
                Effect::Transform(code) => Input::CodeRan {
                    code,
                    result: CodeResult::Transformed(next(&mut transformed)),
                    embedding_error: None,
                },
                Effect::RunJobs { round } => {
                    for (job, index) in run.state.round().unwrap().jobs.iter().zip(0..) {
                        if job.state == JobState::Waiting {
                            waiting.push(Effect::RetryJob { job: JobId { round, index }, attempt: job.attempt() });
                        }
                    }
                    continue;
                }
                Effect::RetryJob { job, attempt } => {
                    take(&mut run, &mut waiting, Input::JobStarted { job });
                    // The worker depends on the job and not on when it runs, as a model at temperature 0 does.
                    let round = run.state.round().unwrap();
                    let reads = round.jobs.get(job.index as usize).and_then(|job| round.chunks.get(job.chunk as usize));
                    let again = self.reads_again.filter(|_| matches!(reads, Some(Chunk::Text(_))));
                    let worker = self.workers[job.index as usize % self.workers.len()];
                    let result = match again.map_or(worker, |text| Ok((text, Finish::Stop))) {
                        Ok((text, finish)) => JobResult::Replied {
                            reply: WorkerReply {
                                text: text.into(),
                                finish,
                                usage: Usage::default(),
                                useless: Usage::default(),
                            },
                            located: located(text),
                        },
                        Err(error) => JobResult::Failed { error: error.into(), useless: Usage::default() },
                    };
                    Input::JobDone { job, attempt, result, ms: 5 }
                }
                Effect::LocateCitations { round, quotations } => Input::CitationsLocated {
                    round,
                    citations: quotations.into_iter().map(|text| AnswerCitation { text, located: None }).collect(),
                },
                Effect::AskAgain { .. } | Effect::CancelJob(_) | Effect::Finish => continue,
            };
            let job_done = matches!(input, Input::JobDone { .. });
            take(&mut run, &mut waiting, input);
            if job_done && retries > 0 {
                retries -= 1;
                let round = run.state.rounds.len() as u32;
                // Some twice and some that do not exist.
                let jobs = (0..16).map(|index| JobId { round, index: index % 12 }).collect();
                take(&mut run, &mut waiting, Input::RetryJobs(jobs));
            }
        }
        panic!("the protocol did not end");
    }
}

/// Where the document has what a worker cites.
fn located(reply: &str) -> Option<Located> {
    let reply: serde_json::Value = serde_json::from_str(reply).ok()?;
    let citation = reply["citation"].as_str()?;
    let start = text().find(citation)?;
    Some(Located::new(Span::new(0, start, start + citation.len()), Match::Exact))
}

pub fn input(n: u32, said: Say) -> Input {
    match said {
        Say::At(choice) => Input::AtGate { n, choice },
        Say::RunOn(to) => Input::RunOn { to, n: Some(n) },
        Say::Gates(gates) => Input::ChooseGates(gates),
    }
}

/// The phase at the `n`-th gate, where the state is at it.
fn at_gate(n: u32, state: &State) -> Phase {
    match &state.phase {
        Phase::AtGate { n: at, .. } if *at == n => state.phase.clone(),
        _ => Phase::New,
    }
}

/// Decides, applies and advances, as a driver does.
pub fn take(run: &mut Run, waiting: &mut Vec<Effect>, input: Input) {
    let mut step = decide(&run.state, input);
    loop {
        for fact in &step.facts {
            run.state.apply(fact);
        }
        run.facts.append(&mut step.facts);
        waiting.append(&mut step.effects);
        let due = due_request(&run.state).map(|mut request| {
            enclose(&run.state, &mut request, &[text()]);
            request
        });
        match advance(&run.state, due) {
            Some(next) => step = next,
            None => return,
        }
    }
}

fn manifests(count: usize) -> Vec<Manifest> {
    (0..count)
        .map(|index| Manifest {
            chunk: Chunk::Span(Span::new(0, index % 8, text().len())),
            task: format!("Find fact {}.", index % 2),
            advice: "Look closely.".into(),
        })
        .collect()
}
