//! What the session cost: tokens, dollars and time, by call and in all, and what asking without a local LM would have cost.

use std::collections::HashMap;

use crate::protocol::{
    AskId, Fact, ModelInfo, Outcome, Price, Purpose, RemoteAnswer, RemoteAsk, RemoteFailure, Tally, Usage,
    estimate_tokens,
};

/// A fold over facts. Every figure is a sum over the facts applied so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ledger {
    calls: Vec<Call>,
    remote: RemoteTotals,
    local: LocalTotals,
    jobs: HashMap<u32, RoundJobs>,
    budget_usd: Option<f64>,
    remote_price: Option<Price>,
    local_price: Option<Price>,
    document_bytes: usize,
    question_bytes: usize,
    answer_bytes: usize,
}

/// A request to the remote LM and what became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    pub ask: AskId,
    pub purpose: Purpose,
    /// Which try at this purpose in its round, counted from 1.
    pub attempt: u32,
    /// The most it was expected to cost; nothing where the price is not known.
    pub worst_cost_usd: Option<f64>,
    /// How often sending it failed.
    pub failures: u32,
    pub state: CallState,
}

#[derive(Clone, Debug, PartialEq)]
pub enum CallState {
    /// Sent, with no reply on record.
    Pending,
    Answered {
        usage: Usage,
        cost_usd: Option<f64>,
        first_token_ms: u64,
        total_ms: u64,
    },
    GivenUp,
}

/// Tokens that a server counted, and tokens that we estimated: two sums that are never one figure unless asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tokens {
    pub measured: Usage,
    pub estimated: Usage,
}

impl Tokens {
    fn add(&mut self, usage: Usage) {
        if usage.estimated { self.estimated += usage } else { self.measured += usage }
    }

    /// Both together, marked as estimated if any part is.
    pub fn all(&self) -> Usage {
        let mut all = self.measured;
        all += self.estimated;
        all
    }
}

/// The remote LM's replies in all.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RemoteTotals {
    /// Replies that came: those whose tokens and dollars are summed here.
    pub calls: u64,
    /// Tries that failed.
    pub failures: u64,
    pub tokens: Tokens,
    /// Dollars of the calls whose price is known.
    priced_usd: f64,
    unpriced_calls: u64,
    /// The worst case of failed tries whose reply had begun, since they may have been paid for.
    pub doubtful_usd: f64,
    pub total_ms: u64,
}

/// The local LM's jobs in all.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LocalTotals {
    /// Replies that came, those that were thrown away and tried again included.
    pub calls: u64,
    pub tokens: Tokens,
    /// The time of all jobs, one after the other.
    pub busy_ms: u64,
    pub retries: u64,
    /// The jobs of all rounds by state.
    pub jobs: Tally,
}

/// Everything the status line and the report say of cost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Totals {
    pub remote: RemoteTotals,
    pub local: LocalTotals,
    /// Nothing where the price of any call is not known.
    pub remote_cost_usd: Option<f64>,
    /// Nothing where the local LM has no price.
    pub local_cost_usd: Option<f64>,
    pub budget_usd: Option<f64>,
    pub baseline: Baseline,
}

/// What sending every document and the question to the same remote LM once would take. Always an estimate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Baseline {
    pub input_tokens: u64,
    /// As many as the session's own answer has.
    pub output_tokens: u64,
    /// Nothing where the price is not known.
    pub cost_usd: Option<f64>,
    /// How many times what the session spent; nothing while it spent nothing.
    pub ratio: Option<f64>,
}

/// The state of each job of a round, to count every job once whatever facts come.
#[derive(Clone, Debug, Default, PartialEq)]
struct RoundJobs(Vec<Standing>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Waiting,
    Running,
    Answered,
    Abstained,
    Malformed,
    Truncated,
    Failed,
    Cancelled,
}

impl Standing {
    fn of(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Answered { .. } => Standing::Answered,
            Outcome::Abstained { .. } => Standing::Abstained,
            Outcome::Malformed { .. } => Standing::Malformed,
            Outcome::Truncated { .. } => Standing::Truncated,
            Outcome::Failed { .. } => Standing::Failed,
            Outcome::Cancelled => Standing::Cancelled,
        }
    }

    fn is_open(self) -> bool {
        matches!(self, Standing::Waiting | Standing::Running)
    }

    fn count(self, tally: &mut Tally) -> &mut u32 {
        match self {
            Standing::Waiting => &mut tally.waiting,
            Standing::Running => &mut tally.running,
            Standing::Answered => &mut tally.answered,
            Standing::Abstained => &mut tally.abstained,
            Standing::Malformed => &mut tally.malformed,
            Standing::Truncated => &mut tally.truncated,
            Standing::Failed => &mut tally.failed,
            Standing::Cancelled => &mut tally.cancelled,
        }
    }
}

impl Ledger {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn apply(&mut self, fact: &Fact) {
        match fact {
            Fact::SessionOpened(opened) => {
                let price = |model: &ModelInfo| model.price;
                (self.remote_price, self.local_price) = (price(&opened.remote), price(&opened.local));
                self.budget_usd = opened.settings.budget_usd;
                self.document_bytes = opened.documents.iter().map(|document| document.bytes).sum();
                self.question_bytes = opened.question.len();
            }
            Fact::RemoteAsked(request) => self.asked(request),
            Fact::RemoteAnswered(answer) => self.answered(answer),
            Fact::RemoteFailed(failure) => self.failed(failure),
            Fact::JobsPlanned(planned) => {
                let jobs = RoundJobs(vec![Standing::Waiting; planned.jobs.len()]);
                let count = planned.jobs.len() as u32;
                if self.jobs.insert(planned.round, jobs).is_none() {
                    self.local.jobs.planned += count;
                    self.local.jobs.waiting += count;
                }
            }
            Fact::JobStarted { job, .. } => self.stand(job.round, job.index, Standing::Running),
            Fact::JobRetried { job, usage, .. } => {
                self.local.calls += 1;
                self.local.retries += 1;
                self.local.tokens.add(*usage);
                self.stand(job.round, job.index, Standing::Waiting);
            }
            Fact::JobFinished { job, outcome, usage, ms } => {
                let replied = !matches!(outcome, Outcome::Failed { .. } | Outcome::Cancelled);
                self.local.calls += u64::from(replied);
                self.local.tokens.add(*usage);
                self.local.busy_ms += ms;
                self.stand(job.round, job.index, Standing::of(outcome));
            }
            Fact::Answered { answer, .. } => self.answer_bytes = answer.as_deref().unwrap_or_default().len(),
            Fact::SessionEnded { .. } => self.cancel_open_jobs(),
            _ => {}
        }
    }

    /// The requests to the remote LM, in the order they were made.
    pub fn calls(&self) -> &[Call] {
        &self.calls
    }

    pub fn totals(&self) -> Totals {
        let baseline = self.baseline();
        Totals {
            remote: self.remote,
            local: self.local,
            remote_cost_usd: self.remote_cost_usd(),
            local_cost_usd: self.local_price.map(|price| price.cost(&self.local.tokens.all())),
            budget_usd: self.budget_usd,
            baseline,
        }
    }

    /// Dollars of every reply that came. Nothing where the price of any of them is not known: part of a sum is no sum.
    pub fn remote_cost_usd(&self) -> Option<f64> {
        let known = self.remote.unpriced_calls == 0 && (self.remote.calls > 0 || self.remote_price.is_some());
        known.then_some(self.remote.priced_usd)
    }

    pub fn baseline(&self) -> Baseline {
        let input_tokens = estimate_tokens(self.document_bytes) + estimate_tokens(self.question_bytes);
        let output_tokens = estimate_tokens(self.answer_bytes);
        let usage = Usage { input_tokens, output_tokens, estimated: true, ..Usage::default() };
        let cost_usd = self.remote_price.map(|price| price.cost(&usage));
        let ratio = match (cost_usd, self.remote_cost_usd()) {
            (Some(baseline), Some(spent)) if spent > 0.0 => Some(baseline / spent),
            _ => None,
        };
        Baseline { input_tokens, output_tokens, cost_usd, ratio }
    }

    fn asked(&mut self, request: &RemoteAsk) {
        self.calls.push(Call {
            ask: request.ask,
            purpose: request.purpose,
            attempt: request.attempt,
            worst_cost_usd: request.estimate.worst_cost_usd,
            failures: 0,
            state: CallState::Pending,
        });
    }

    fn answered(&mut self, answer: &RemoteAnswer) {
        self.remote.calls += 1;
        self.remote.tokens.add(answer.usage);
        self.remote.total_ms += answer.total_ms;
        match answer.cost_usd {
            Some(cost) => self.remote.priced_usd += cost,
            None => self.remote.unpriced_calls += 1,
        }
        if let Some(call) = self.call_mut(answer.ask) {
            call.state = CallState::Answered {
                usage: answer.usage,
                cost_usd: answer.cost_usd,
                first_token_ms: answer.first_token_ms,
                total_ms: answer.total_ms,
            };
        }
    }

    fn failed(&mut self, failure: &RemoteFailure) {
        self.remote.failures += 1;
        let Some(call) = self.call_mut(failure.ask) else { return };
        call.failures += 1;
        if failure.retry_in_ms.is_none() {
            call.state = CallState::GivenUp;
        }
        let worst = call.worst_cost_usd.unwrap_or(0.0);
        if !failure.partial.is_empty() {
            self.remote.doubtful_usd += worst;
        }
    }

    fn call_mut(&mut self, ask: AskId) -> Option<&mut Call> {
        self.calls.iter_mut().rev().find(|call| call.ask == ask)
    }

    /// A job that has ended stays as it ended.
    fn stand(&mut self, round: u32, index: u32, standing: Standing) {
        let Some(known) = self.jobs.get_mut(&round).and_then(|jobs| jobs.0.get_mut(index as usize)) else { return };
        if known.is_open() {
            *known.count(&mut self.local.jobs) -= 1;
            *standing.count(&mut self.local.jobs) += 1;
            *known = standing;
        }
    }

    fn cancel_open_jobs(&mut self) {
        for standing in self.jobs.values_mut().flat_map(|jobs| &mut jobs.0).filter(|standing| standing.is_open()) {
            *standing.count(&mut self.local.jobs) -= 1;
            *standing = Standing::Cancelled;
            *standing.count(&mut self.local.jobs) += 1;
        }
    }
}
