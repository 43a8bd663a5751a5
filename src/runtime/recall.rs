//! Replies that other sessions have on record: what is byte-equal is neither paid for nor computed again.

use std::borrow::Borrow;
use std::collections::HashMap;

use super::programs::chunk_text;
use crate::document::Document;
use crate::local::JobRequest;
use crate::protocol::{Fact, Finish, JobId, ModelInfo, Outcome, RemoteAnswer, RemoteAsk, State, Usage};

/// What is known of requests by all that makes them what they are.
#[derive(Clone, Debug, Default)]
pub struct Recall {
    replies: HashMap<blake3::Hash, (String, Finish)>,
    outputs: HashMap<blake3::Hash, (Outcome, Option<String>)>,
}

impl Recall {
    /// Adds what these facts of a session on the same documents hold.
    pub fn add(&mut self, facts: impl IntoIterator<Item: Borrow<Fact>>, documents: &[Document]) {
        let mut state = State::default();
        for fact in facts {
            let fact = fact.borrow();
            match fact {
                Fact::RemoteAnswered(answer) => {
                    let round = state.round_numbered(answer.ask.round);
                    let ask = round.and_then(|round| round.asks.iter().find(|known| known.request.ask == answer.ask));
                    if let (Some(ask), Some(model)) = (ask, state.remote()) {
                        self.replies.insert(of_ask(model, &ask.request), (answer.text.clone(), answer.finish));
                    }
                }
                Fact::JobFinished {
                    job,
                    outcome: outcome @ (Outcome::Answered { .. } | Outcome::Abstained { .. }),
                    raw,
                    ..
                } => {
                    if let Some(key) = of_job_on_record(&state, *job, documents) {
                        self.outputs.insert(key, (outcome.clone(), raw.clone()));
                    }
                }
                _ => {}
            }
            state.apply(fact);
            if matches!(fact, Fact::RoundBegan { .. }) {
                state.part_with_round();
            }
        }
    }

    /// Adds what came of their jobs alone: what is asked of the remote LM is asked anew.
    pub fn add_jobs(&mut self, facts: impl IntoIterator<Item: Borrow<Fact>>, documents: &[Document]) {
        let mut all = Self::default();
        all.add(facts, documents);
        self.outputs.extend(all.outputs);
    }

    pub(super) fn knows(&self, model: &ModelInfo, request: &RemoteAsk) -> bool {
        !self.replies.is_empty() && self.replies.contains_key(&of_ask(model, request))
    }

    /// The reply on record, which costs nothing.
    pub(super) fn reply(&self, model: &ModelInfo, request: &RemoteAsk) -> Option<RemoteAnswer> {
        let (text, finish) = self.replies.get(&of_ask(model, request))?;
        Some(RemoteAnswer {
            ask: request.ask,
            text: text.clone(),
            finish: *finish,
            usage: Usage { reused: true, ..Usage::default() },
            cost_usd: Some(0.0),
            first_token_ms: 0,
            total_ms: 0,
        })
    }

    /// What came of the job on record.
    pub(super) fn output(&self, model: &ModelInfo, request: &JobRequest) -> Option<(Outcome, Option<String>)> {
        if self.outputs.is_empty() {
            return None;
        }
        let JobRequest { chunk, task, advice, sample, max_output_tokens, .. } = request;
        self.outputs.get(&of_job(model, chunk.as_str(), task, advice, *sample, *max_output_tokens)).cloned()
    }
}

fn of_ask(model: &ModelInfo, request: &RemoteAsk) -> blake3::Hash {
    let mut parts = Parts::of(model);
    for message in &request.messages {
        parts.add(format!("{:?}", message.role).as_bytes());
        parts.add(message.content.as_bytes());
    }
    parts.add(format!("{:?}", request.format).as_bytes());
    parts.add(&request.max_output_tokens.to_le_bytes());
    parts.done()
}

fn of_job_on_record(state: &State, id: JobId, documents: &[Document]) -> Option<blake3::Hash> {
    let round = state.round_numbered(id.round)?;
    let job = round.job(id)?;
    let chunk = chunk_text(documents, round.chunk_of(job)?);
    let most = state.settings().local_max_output_tokens;
    let model = round.models.local.as_ref()?;
    Some(of_job(model, chunk.as_str(), round.task_of(job), round.advice_of(job), job.sample, most))
}

fn of_job(model: &ModelInfo, chunk: &str, task: &str, advice: &str, sample: u32, most: u64) -> blake3::Hash {
    let mut parts = Parts::of(model);
    for text in [chunk, task, advice] {
        parts.add(text.as_bytes());
    }
    parts.add(&sample.to_le_bytes());
    parts.add(&most.to_le_bytes());
    parts.done()
}

/// Parts of a request, each with its length, so that no two lists of them are the same bytes.
struct Parts(blake3::Hasher);

impl Parts {
    fn of(model: &ModelInfo) -> Self {
        let mut parts = Self(blake3::Hasher::new());
        parts.add(model.provider.as_bytes());
        parts.add(model.model.as_bytes());
        parts
    }

    fn add(&mut self, bytes: &[u8]) {
        self.0.update(&(bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
    }

    fn done(&self) -> blake3::Hash {
        self.0.finalize()
    }
}
