//! The facts that a log comes to. What it does not tell (times, costs, tokens of each call) is estimated and marked, or nothing.

use std::collections::HashMap;

use serde_json::Value;

use super::log::{JobTurn, Log, Turn};
use crate::document::{Document, Locator, Span};
use crate::protocol::{
    AnswerCitation, AskId, Chunk, CodeError, CodeErrorKind, CodeId, CodeStage, Decision, Ending, Estimate, Fact,
    FinalAnswer, Finish, Flaw, JobId, JobOutput, Message, ModelInfo, MoreInformation, Outcome, PlannedJob, PlannedJobs,
    Purpose, RemoteAnswer, RemoteAsk, ReplyFormat, SessionOpened, Settings, Usage, estimate_tokens, extract_code,
    prompts, read_output,
};

/// Rounds that a session can be set to have at most.
const MOST_ROUNDS: u32 = 20;

pub fn facts(log: &Log, documents: &[Document]) -> Vec<Fact> {
    let mut writer = Writer {
        facts: Vec::new(),
        documents,
        locator: Locator::new(documents),
        round: 0,
        asks: 0,
        attempts: HashMap::new(),
        codes: 0,
        has_jobs: false,
        decided: None,
        citations: Vec::new(),
    };
    writer.open(log);
    for turn in &log.turns {
        match turn {
            Turn::Remote { prompt, reply } => writer.remote(prompt, reply.as_deref()),
            Turn::Jobs(jobs) => writer.jobs(jobs),
            Turn::Chat { prompt, reply } => writer.chat(prompt, reply.as_deref()),
        }
    }
    writer.end(log);
    writer.facts
}

struct Writer<'a> {
    facts: Vec<Fact>,
    documents: &'a [Document],
    locator: Locator,
    round: u32,
    asks: u32,
    /// How often each purpose was tried in the round.
    attempts: HashMap<Purpose, u32>,
    codes: u32,
    has_jobs: bool,
    /// The last decision, and whether a round has begun since.
    decided: Option<Decision>,
    citations: Vec<String>,
}

impl Writer<'_> {
    fn open(&mut self, log: &Log) {
        // The log names no models, and no price is known of them.
        let model = |role: &str| ModelInfo {
            provider: "imported".into(),
            model: format!("{role} of the log"),
            is_model: true,
            price: None,
        };
        self.facts.push(Fact::SessionOpened(Box::new(SessionOpened {
            question: log.task.clone(),
            settings: Settings { max_rounds: MOST_ROUNDS, ..Settings::default() },
            documents: self.documents.iter().map(Document::reference).collect(),
            remote: model("remote LM"),
            local: model("local LM"),
            prompts: prompts::VERSION.into(),
            program: env!("CARGO_PKG_VERSION").into(),
            clock_ms: None,
            embedding: None,
            parent: None,
        })));
        let totals = if log.totals.is_empty() { String::new() } else { format!(" It counted in all: {}.", log.totals) };
        let text = format!(
            "Imported from a log of HazyResearch/minions, which tells neither times nor what each call took: token counts here \
             are estimates.{totals}"
        );
        self.begin_round();
        self.facts.push(Fact::NoteAdded { text });
    }

    fn begin_round(&mut self) {
        self.round += 1;
        self.attempts.clear();
        (self.codes, self.has_jobs, self.decided) = (0, false, None);
        self.facts.push(Fact::RoundBegan { round: self.round, last: false });
    }

    /// What a request was for is told by what came back and by what came before it.
    fn remote(&mut self, prompt: &str, reply: Option<&str>) {
        // The chat logs its first prompt twice, and without a reply nothing more is known of it.
        let Some(reply) = reply else { return self.said_without_reply(prompt) };
        if self.decided.is_some() {
            self.begin_round();
        }
        let decision = decision(reply);
        let code = extract_code(reply).ok().filter(|source| source.contains("prepare_jobs"));
        let purpose = match (&decision, &code) {
            (Some(_), _) => Purpose::Decide,
            (None, Some(_)) => Purpose::Decompose,
            (None, None) if self.has_jobs => Purpose::Think,
            (None, None) if self.asks == 0 => Purpose::Advise,
            (None, None) => Purpose::Decompose,
        };
        if purpose == Purpose::Decompose {
            // A round plans its jobs once: another program is another round.
            if self.has_jobs {
                self.begin_round();
            }
            self.reject_code(CodeStage::Prepare, prompt);
        }
        self.ask(purpose, prompt, reply);
        if purpose == Purpose::Decompose {
            self.codes += 1;
            let code_id = CodeId { round: self.round, attempt: self.codes };
            self.facts.push(Fact::CodeReceived { code: code_id, source: code.unwrap_or_default() });
        }
        if let Some((decision, citations)) = decision {
            self.citations = citations;
            self.facts.push(Fact::Decided { round: self.round, decision: decision.clone() });
            self.decided = Some(decision);
        }
    }

    /// Some errors are logged as prompts that nothing answers.
    fn said_without_reply(&mut self, prompt: &str) {
        if prompt.contains("Error executing transformation code") {
            self.reject_code(CodeStage::Transform, prompt);
        }
    }

    /// The program before did not work, where there was one: that is why another is asked for.
    fn reject_code(&mut self, stage: CodeStage, why: &str) {
        if self.codes == 0 {
            return;
        }
        let code = CodeId { round: self.round, attempt: self.codes };
        let error = CodeError::new(CodeErrorKind::Exception, why);
        self.facts.push(Fact::CodeRejected { code, stage, error });
    }

    fn ask(&mut self, purpose: Purpose, prompt: &str, reply: &str) {
        self.asks += 1;
        let ask = AskId { round: self.round, n: self.asks };
        let attempt = self.attempts.entry(purpose).or_default();
        *attempt += 1;
        let usage = estimated(prompt, reply);
        self.facts.push(Fact::RemoteAsked(RemoteAsk {
            ask,
            purpose,
            attempt: *attempt,
            messages: vec![Message::user(prompt)],
            format: if purpose == Purpose::Decide { ReplyFormat::Json } else { ReplyFormat::Text },
            max_output_tokens: usage.output_tokens,
            estimate: Estimate { input_tokens: usage.input_tokens, ..Estimate::default() },
        }));
        self.facts.push(Fact::RemoteAnswered(RemoteAnswer {
            ask,
            text: reply.to_owned(),
            finish: Finish::Stop,
            usage,
            cost_usd: None,
            first_token_ms: 0,
            total_ms: 0,
        }));
    }

    fn jobs(&mut self, turns: &[JobTurn]) {
        if self.has_jobs || self.decided.is_some() {
            self.begin_round();
        }
        let (mut chunks, mut tasks, mut advices) = (Pool::default(), Pool::default(), Pool::default());
        let mut repeated: HashMap<(u32, u32, u32), u32> = HashMap::new();
        let jobs = turns.iter().map(|turn| {
            let key = (chunks.place(&turn.chunk), tasks.place(&turn.task), advices.place(&turn.advice));
            let sample = repeated.entry(key).or_default();
            *sample += 1;
            PlannedJob { chunk: key.0, task: key.1, advice: key.2, sample: *sample - 1 }
        });
        let jobs = jobs.collect();
        let chunks: Vec<Chunk> = chunks.texts.iter().map(|text| self.chunk(text)).collect();
        let spans: Vec<Option<Span>> = chunks.iter().map(Chunk::place).collect();
        let planned = PlannedJobs { round: self.round, chunks, tasks: tasks.texts, advices: advices.texts, jobs };
        let of_jobs: Vec<u32> = planned.jobs.iter().map(|job| job.chunk).collect();
        self.facts.push(Fact::JobsPlanned(planned));
        self.has_jobs = true;
        for ((index, turn), chunk) in (0..).zip(turns).zip(of_jobs) {
            let prefer: Vec<Span> = spans.get(chunk as usize).copied().flatten().into_iter().collect();
            let reply = turn.reply.as_deref();
            let read = reply.map(|text| read_output(text, Finish::Stop));
            let outcome = match read {
                Some(Ok(output)) if output.answer.is_none() => Outcome::Abstained { output },
                Some(Ok(output)) => {
                    let located = output.citation.as_ref().and_then(|text| self.locator.locate(text, &prefer));
                    Outcome::Answered { output, located }
                }
                Some(Err(Flaw::Malformed(error))) => {
                    Outcome::Malformed { error, raw: reply.unwrap_or_default().to_owned() }
                }
                Some(Err(Flaw::Truncated)) => Outcome::Truncated { raw: reply.unwrap_or_default().to_owned() },
                None => Outcome::Truncated { raw: String::new() },
            };
            let read = [turn.chunk.as_str(), &turn.task, &turn.advice].concat();
            self.job(index, outcome, estimated(&read, reply.unwrap_or_default()));
        }
    }

    /// The chat's worker reads the whole context each time: one job of a round of its own.
    fn chat(&mut self, prompt: &str, reply: Option<&str>) {
        if self.has_jobs || self.decided.is_some() {
            self.begin_round();
        }
        let whole = self.documents.first().map(|document| Chunk::Span(Span::new(0, 0, document.text.len())));
        self.facts.push(Fact::JobsPlanned(PlannedJobs {
            round: self.round,
            chunks: vec![whole.unwrap_or_else(|| Chunk::Text(String::new()))],
            tasks: vec![prompt.to_owned()],
            advices: vec![String::new()],
            jobs: vec![PlannedJob { chunk: 0, task: 0, advice: 0, sample: 0 }],
        }));
        self.has_jobs = true;
        let outcome = match reply {
            Some(reply) => {
                let output = JobOutput { answer: Some(reply.to_owned()), ..JobOutput::default() };
                Outcome::Answered { output, located: None }
            }
            None => Outcome::Cancelled,
        };
        let context = self.documents.first().map_or("", |document| &document.text);
        let usage = Usage {
            input_tokens: estimate_tokens(context.len() + prompt.len()),
            output_tokens: estimate_tokens(reply.unwrap_or_default().len()),
            estimated: true,
            ..Usage::default()
        };
        self.job(0, outcome, usage);
    }

    fn job(&mut self, index: u32, outcome: Outcome, usage: Usage) {
        let job = JobId { round: self.round, index };
        self.facts.push(Fact::JobStarted { job, attempt: 1 });
        self.facts.push(Fact::JobFinished { job, outcome, raw: None, usage, ms: 0 });
    }

    /// Where the text stands in a document, else the text.
    fn chunk(&self, text: &str) -> Chunk {
        let found = self.documents.iter().enumerate().find_map(|(index, document)| {
            let at = memchr::memmem::find(document.text.as_bytes(), text.as_bytes()).filter(|_| !text.is_empty())?;
            Some(Span::new(index, at, at + text.len()))
        });
        found.map_or_else(|| Chunk::Text(text.to_owned()), Chunk::Span)
    }

    fn end(&mut self, log: &Log) {
        let (said, explanation) = match &self.decided {
            Some(Decision::ProvideFinalAnswer(last)) => (last.answer.clone(), last.explanation.clone()),
            _ => (None, String::new()),
        };
        match log.answer.clone().or(said) {
            Some(answer) => {
                let quoted = std::mem::take(&mut self.citations);
                let citations =
                    quoted.into_iter().map(|text| AnswerCitation { located: self.locator.locate(&text, &[]), text });
                let citations = citations.collect();
                self.facts.push(Fact::Answered { answer: Some(answer), explanation, citations });
                self.facts.push(Fact::SessionEnded { ending: Ending::Answered });
            }
            None => {
                let reason = "the log holds no answer".to_owned();
                self.facts.push(Fact::SessionEnded { ending: Ending::NoAnswer { reason } });
            }
        }
    }
}

/// Texts, each once, in the order they came.
#[derive(Default)]
struct Pool {
    texts: Vec<String>,
    places: HashMap<String, u32>,
}

impl Pool {
    fn place(&mut self, text: &str) -> u32 {
        if let Some(place) = self.places.get(text) {
            return *place;
        }
        let place = self.texts.len() as u32;
        self.texts.push(text.to_owned());
        self.places.insert(text.to_owned(), place);
        place
    }
}

fn estimated(prompt: &str, reply: &str) -> Usage {
    Usage {
        input_tokens: estimate_tokens(prompt.len()),
        output_tokens: estimate_tokens(reply.len()),
        estimated: true,
        ..Usage::default()
    }
}

/// The decision in a reply, with what it quotes. Anything but a request for more is final, as the reference has it.
fn decision(reply: &str) -> Option<(Decision, Vec<String>)> {
    let value = reply.match_indices('{').find_map(|(start, _)| {
        let value = serde_json::Deserializer::from_str(&reply[start..]).into_iter::<Value>().next()?.ok()?;
        value.get("decision").is_some_and(Value::is_string).then_some(value)
    })?;
    let named = value.get("decision")?.as_str()?.to_owned();
    let field = |name: &str| match value.get(name) {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => Some(text.clone()),
        Some(other) => Some(other.to_string()),
    };
    let explanation = field("explanation").unwrap_or_default();
    if named == "request_additional_info" {
        // The chat asks its next question in `message`.
        let feedback = field("feedback").or_else(|| field("message")).unwrap_or_default();
        let scratchpad = field("scratchpad").unwrap_or_default();
        return Some((
            Decision::RequestAdditionalInfo(MoreInformation { explanation, feedback, scratchpad }),
            Vec::new(),
        ));
    }
    let quoted = value.get("citations").and_then(Value::as_array).into_iter().flatten();
    let citations: Vec<String> = quoted.filter_map(Value::as_str).map(str::to_owned).collect();
    let last = FinalAnswer { answer: field("answer"), explanation, citations: citations.clone() };
    Some((Decision::ProvideFinalAnswer(last), citations))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::State;

    fn jobs(answer: &str) -> Turn {
        let reply = serde_json::json!({ "explanation": "e", "citation": null, "answer": answer }).to_string();
        Turn::Jobs(vec![JobTurn {
            chunk: "a chunk".into(),
            task: "a task".into(),
            advice: String::new(),
            reply: Some(reply),
        }])
    }

    fn answers(turns: Vec<Turn>) -> Vec<Vec<String>> {
        let mut state = State::default();
        facts(&Log { turns, ..Log::default() }, &[]).iter().for_each(|fact| state.apply(fact));
        let of = |round: &crate::protocol::Round| {
            round.jobs.iter().filter_map(|job| job.outcome()?.output()?.answer.clone()).collect()
        };
        state.rounds.iter().map(of).collect()
    }

    #[test]
    fn two_turns_of_jobs_are_two_rounds_and_lose_nothing() {
        assert_eq!(answers(vec![jobs("one"), jobs("two")]), [["one"], ["two"]]);
        let code = "```python\ndef prepare_jobs(context):\n    return []\n```";
        let program = Turn::Remote { prompt: "write".into(), reply: Some(code.into()) };
        assert_eq!(answers(vec![jobs("one"), program, jobs("two")]), [["one"], ["two"]]);
    }

    #[test]
    fn a_decision_is_found_behind_other_braces() {
        for before in ["The set {a, b} and {", "{\"thoughts\": {}} then "] {
            let reply = format!("{before}{{\"decision\": \"provide_final_answer\", \"answer\": \"12\"}}");
            let (decision, _) = decision(&reply).unwrap();
            assert!(matches!(decision, Decision::ProvideFinalAnswer(last) if last.answer.as_deref() == Some("12")));
        }
        assert!(decision("{\"answer\": \"12\"} {").is_none());
    }
}
