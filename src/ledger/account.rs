//! What the session cost: tokens, dollars and time, by call and in all, and what asking without a local LM would have cost.

use super::jobs::{JobCount, Standing};
use super::rounds::{self, RoundTotals};
use crate::protocol::{
    AskId, Bill, DocumentTokens, Fact, Interrupted, ModelInfo, Models, Money, Paid, Price, Purpose, RemoteAnswer,
    RemoteAsk, RemoteFailure, Scope, Tally, Times, Usage, estimate_tokens,
};

/// A fold over facts. Every figure is a sum over the facts applied so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ledger {
    calls: Vec<Call>,
    rounds: Vec<RoundTotals>,
    remote: RemoteTotals,
    local: LocalTotals,
    jobs: JobCount,
    budget_usd: Option<f64>,
    bill: Bill,
    document_bytes: usize,
    question_bytes: usize,
    counted: Option<DocumentTokens>,
}

/// A request to the remote LM and what became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    pub ask: AskId,
    pub purpose: Purpose,
    /// Who was asked; nothing where the session does not say.
    pub model: Option<ModelInfo>,
    /// Which try at this purpose in its round, counted from 1.
    pub attempt: u32,
    /// The most it was expected to cost; nothing where the price is not known.
    pub worst_cost_usd: Option<f64>,
    /// How often sending it failed.
    pub failures: u32,
    /// How many replies the server counted, those that were of no use included.
    pub replies: u64,
    /// What it counted of those of no use.
    pub useless: Tokens,
    /// What all its tries came to, and the part of it that those did which failed.
    pub paid: Money,
    pub failed: Money,
    pub state: CallState,
}

impl Call {
    /// Of all its replies, those of no use included.
    pub fn tokens(&self) -> Tokens {
        let mut tokens = self.useless;
        if let CallState::Answered { usage, .. } = self.state {
            tokens.add(usage);
        }
        tokens
    }
}

/// What became of a call. Times are counted from when it left; the cost is nothing where the price is not known.
#[derive(Clone, Debug, PartialEq)]
pub enum CallState {
    /// Sent, with no reply on record.
    Pending,
    Answered {
        usage: Usage,
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
    pub(super) fn add(&mut self, usage: Usage) {
        if usage.estimated { self.estimated += usage } else { self.measured += usage }
    }

    /// In words: those that the server counted, and apart from them those that we estimate.
    pub fn told(&self) -> String {
        let told = |usage: &Usage| {
            let cached = match usage.cached_input_tokens {
                0 => String::new(),
                cached => format!(" ({cached} cached)"),
            };
            format!("{} tokens in{cached}, {} out", usage.input_tokens, usage.output_tokens)
        };
        let counts = |usage: &Usage| usage.input_tokens + usage.output_tokens > 0;
        match (counts(&self.measured), counts(&self.estimated)) {
            (_, false) => told(&self.measured),
            (false, true) => format!("≈ {}", told(&self.estimated)),
            (true, true) => {
                format!("{}, and ≈ {} not counted by the server", told(&self.measured), told(&self.estimated))
            }
        }
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
    /// Replies that came and were of use.
    pub calls: u64,
    /// Replies that the server counted, those of no use included.
    pub replies: u64,
    /// Tries that failed.
    pub failures: u64,
    /// Of all replies that the server counted, those that were of no use included.
    pub tokens: Tokens,
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
}

/// Everything the status line and the report say of cost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Totals {
    pub remote: RemoteTotals,
    pub local: LocalTotals,
    /// The jobs of all rounds by state.
    pub jobs: Tally,
    /// What planner and reader came to.
    pub paid: Paid,
    /// Nothing where the price of any call is not known.
    pub remote_cost_usd: Option<f64>,
    /// Nothing where the local LM has no price.
    pub local_cost_usd: Option<f64>,
    pub budget_usd: Option<f64>,
    pub baseline: Baseline,
}

/// What sending every document and the question to the same remote LM once would take, without the answer that it would
/// have given.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Baseline {
    pub input_tokens: u64,
    /// Whether the tokens, and with them the cost, are an estimate: nothing counted them with the model's own tokenizer.
    pub estimated: bool,
    /// Nothing where the price is not known.
    pub cost_usd: Option<f64>,
    /// How many times what the session spent on planner and reader; nothing while it spent nothing.
    pub ratio: Option<Times>,
}

/// How many calls there were, and of how many replies where some were of no use.
pub fn calls_told(calls: u64, replies: u64) -> String {
    match (calls, replies) {
        (calls, replies) if replies > calls => format!("{calls} of {replies} replies of use"),
        (1, _) => "1 call".into(),
        (calls, _) => format!("{calls} calls"),
    }
}

impl Ledger {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn apply(&mut self, fact: &Fact) {
        let lost_usd = self.bill.paid().planner.lost_usd;
        self.take(fact);
        let lost_usd = self.bill.paid().planner.lost_usd - lost_usd;
        // After what the fact says of models, so that a round has those it began with.
        rounds::apply(&mut self.rounds, &self.bill, lost_usd, fact);
    }

    fn take(&mut self, fact: &Fact) {
        self.bill.apply(fact);
        match fact {
            Fact::SessionOpened(opened) => {
                self.budget_usd = opened.settings.budget_usd;
                self.document_bytes = match opened.settings.part {
                    Some(part) => part.span.len(),
                    None => opened.documents.iter().map(|document| document.bytes).sum(),
                };
                self.question_bytes = opened.question.len();
            }
            Fact::SessionResumed(_) => self.jobs.stop_running(),
            Fact::RemoteInterrupted(interrupted) => self.interrupted(interrupted),
            Fact::RemoteAsked(request) => self.asked(request),
            Fact::RemoteAnswered(answer) => self.answered(answer),
            Fact::RemoteFailed(failure) => self.failed(failure),
            Fact::BudgetRaised { scope: Scope::Session, to_usd, once: false } => self.budget_usd = Some(*to_usd),
            Fact::JobsPlanned(planned) => self.jobs.plan(planned.round, planned.jobs.len()),
            Fact::JobStarted { job, .. } => self.jobs.stand(*job, Standing::Running),
            Fact::JobRetried { job, usage, .. } => {
                self.local.calls += 1;
                self.local.retries += 1;
                self.local.tokens.add(*usage);
                self.jobs.stand(*job, Standing::Waiting);
            }
            Fact::JobUseless { usage, .. } => self.local.tokens.add(*usage),
            Fact::JobReopened { job, .. } => self.jobs.reopen(*job),
            Fact::JobFinished { job, outcome, usage, ms, .. } => {
                self.local.calls += u64::from(outcome.replied());
                self.local.tokens.add(*usage);
                self.local.busy_ms += ms;
                self.jobs.stand(*job, Standing::of(outcome));
            }
            Fact::DocumentsCounted(tokens) => self.counted = Some(tokens.clone()),
            Fact::SessionEnded { .. } => self.jobs.cancel_open(),
            _ => {}
        }
    }

    /// The requests to the remote LM, in the order they were made.
    pub fn calls(&self) -> &[Call] {
        &self.calls
    }

    /// Dollars that the request may cost which is on its way.
    pub fn pending_usd(&self) -> f64 {
        self.bill.out_usd()
    }

    /// What was paid, and may have been for a request that was out, by a session that no process runs.
    pub fn left(&self) -> Paid {
        self.bill.left()
    }

    /// What each round cost so far, in order.
    pub fn rounds(&self) -> &[RoundTotals] {
        &self.rounds
    }

    /// The prices that calls are reckoned with now: of the remote and of the local LM.
    pub fn prices(&self) -> (Option<Price>, Option<Price>) {
        let Models { remote, local } = &self.bill.models().now;
        let price = |model: &Option<ModelInfo>| model.as_ref().and_then(|model| model.price);
        (price(remote), price(local))
    }

    pub fn totals(&self) -> Totals {
        let baseline = self.baseline();
        Totals {
            remote: self.remote,
            local: self.local,
            jobs: self.jobs.tally(),
            paid: self.bill.paid(),
            remote_cost_usd: self.remote_cost_usd(),
            local_cost_usd: self.local_cost_usd(),
            budget_usd: self.budget_usd,
            baseline,
        }
    }

    /// Dollars of every reply that came. Nothing where the price of any of them is not known: part of a sum is no sum.
    pub fn remote_cost_usd(&self) -> Option<f64> {
        self.bill.paid().planner.usd()
    }

    /// Each token at the price of the model that read it; nothing where one that read has none.
    fn local_cost_usd(&self) -> Option<f64> {
        let reader = self.bill.paid().reader;
        let known = reader.priced_usd > 0.0 || self.prices().1.is_some();
        reader.usd().filter(|_| known)
    }

    /// What sending the documents whole would have come to, at the same price.
    pub fn baseline(&self) -> Baseline {
        let (input_tokens, estimated) = match &self.counted {
            Some(tokens) => (tokens.documents.iter().sum::<u64>() + tokens.question, !tokens.counted),
            None => (estimate_tokens(self.document_bytes) + estimate_tokens(self.question_bytes), true),
        };
        let usage = Usage { input_tokens, estimated, ..Usage::default() };
        // Where no model plans there is no remote-only to compare with.
        let planner = self.bill.models().now.remote.as_ref().filter(|remote| remote.is_model);
        let cost_usd = planner.and_then(|planner| planner.price).map(|price| price.cost(&usage));
        let ratio = cost_usd.and_then(|usd| self.bill.paid().times(usd, estimated));
        Baseline { input_tokens, estimated, cost_usd, ratio }
    }

    fn asked(&mut self, request: &RemoteAsk) {
        self.calls.push(Call {
            ask: request.ask,
            purpose: request.purpose,
            model: self.bill.models().now.remote.clone(),
            attempt: request.attempt,
            worst_cost_usd: request.estimate.worst_cost_usd,
            failures: 0,
            replies: 0,
            useless: Tokens::default(),
            paid: Money::default(),
            failed: Money::default(),
            state: CallState::Pending,
        });
    }

    fn answered(&mut self, answer: &RemoteAnswer) {
        self.remote.calls += 1;
        self.remote.replies += 1;
        self.remote.tokens.add(answer.usage);
        self.remote.total_ms += answer.total_ms;
        if let Some(call) = self.call_mut(answer.ask) {
            call.replies += 1;
            call.paid.pay(answer.cost_usd, answer.usage.estimated);
            call.state = CallState::Answered {
                usage: answer.usage,
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
        let mut failed = Money::default();
        match failure.counted {
            Some(counted) => {
                call.replies += 1;
                call.useless.add(counted.usage);
                failed.pay(counted.cost_usd, counted.usage.estimated);
                self.remote.replies += 1;
                self.remote.tokens.add(counted.usage);
            }
            None => failed.lost_usd = failure.held_usd(call.worst_cost_usd),
        }
        if let Some(call) = self.call_mut(failure.ask) {
            call.paid += failed;
            call.failed += failed;
        }
    }

    fn interrupted(&mut self, interrupted: &Interrupted) {
        self.remote.failures += 1;
        if let Some(call) = self.call_mut(interrupted.ask) {
            call.failures += 1;
            let lost = Money { lost_usd: interrupted.worst_usd.unwrap_or(0.0), ..Money::default() };
            call.paid += lost;
            call.failed += lost;
            call.state = CallState::GivenUp;
        }
    }

    fn call_mut(&mut self, ask: AskId) -> Option<&mut Call> {
        self.calls.iter_mut().rev().find(|call| call.ask == ask)
    }
}

#[cfg(test)]
mod tests;
