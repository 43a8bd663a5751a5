//! What the session cost: tokens, dollars and time, by call and in all, and what asking without a local LM would have cost.

use super::jobs::{JobCount, Standing};
use super::rounds::{self, RoundTotals};
use crate::protocol::{
    AskId, DocumentTokens, Fact, Interrupted, ModelInfo, Models, ModelsInForce, Price, Purpose, RemoteAnswer,
    RemoteAsk, RemoteFailure, Scope, Tally, Usage, estimate_tokens,
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
    remote_price: Option<Price>,
    /// The price of a remote model; nothing where none plans, since then there is no remote-only to compare with.
    baseline_price: Option<Price>,
    local_price: Option<Price>,
    /// What the local LM's tokens cost that were read for at another price before.
    local_before: Option<f64>,
    local_tokens: Tokens,
    models: ModelsInForce,
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
    /// What the server counted of its replies that were of no use, and what they cost; nothing where the price is not known.
    pub useless: Usage,
    pub useless_usd: Option<f64>,
    /// The worst case of its tries that may have been paid for.
    pub lost_usd: f64,
    pub state: CallState,
}

/// What became of a call. Times are counted from when it left; the cost is nothing where the price is not known.
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
    pub(super) fn add(&mut self, usage: Usage) {
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
    /// Replies that came and were of use.
    pub calls: u64,
    /// Tries that failed.
    pub failures: u64,
    /// Of all replies that the server counted, those that were of no use included. So are the dollars.
    pub tokens: Tokens,
    /// Dollars of the calls whose price is known.
    priced_usd: f64,
    unpriced_calls: u64,
    /// Of those dollars, the ones of replies whose tokens the server did not count.
    pub estimated_usd: f64,
    /// The worst case of failed tries that may have been paid for.
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
}

/// Everything the status line and the report say of cost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Totals {
    pub remote: RemoteTotals,
    pub local: LocalTotals,
    /// The jobs of all rounds by state.
    pub jobs: Tally,
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
    /// How many times what the session spent; nothing while it spent nothing.
    pub ratio: Option<f64>,
}

impl Ledger {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn apply(&mut self, fact: &Fact) {
        self.take(fact);
        // After what the fact says of models, so that a round has those it began with.
        rounds::apply(&mut self.rounds, &self.models.now, fact);
    }

    fn take(&mut self, fact: &Fact) {
        self.models.apply(fact);
        match fact {
            Fact::SessionOpened(opened) => {
                self.local_before = Some(0.0);
                self.take_prices();
                self.budget_usd = opened.settings.budget_usd;
                self.document_bytes = match opened.settings.part {
                    Some(part) => part.span.len(),
                    None => opened.documents.iter().map(|document| document.bytes).sum(),
                };
                self.question_bytes = opened.question.len();
            }
            Fact::RoundBegan { .. } | Fact::SessionResumed(_) => {
                // A model that has read nothing has cost nothing, whatever its price.
                if self.local_tokens != Tokens::default() {
                    self.local_before = self.local_cost_usd();
                    self.local_tokens = Tokens::default();
                }
                self.take_prices();
                if let Fact::SessionResumed(_) = fact {
                    self.jobs.stop_running();
                }
            }
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
                self.local_tokens.add(*usage);
                self.jobs.stand(*job, Standing::Waiting);
            }
            Fact::JobReopened { job, .. } => self.jobs.reopen(*job),
            Fact::JobFinished { job, outcome, usage, ms, .. } => {
                self.local.calls += u64::from(outcome.replied());
                self.local.tokens.add(*usage);
                self.local_tokens.add(*usage);
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

    /// What each round cost so far, in order.
    /// Dollars that requests may cost which are on their way.
    pub fn pending_usd(&self) -> f64 {
        let pending = self.calls.iter().filter(|call| matches!(call.state, CallState::Pending));
        pending.filter_map(|call| call.worst_cost_usd).fold(0.0, |sum, usd| sum + usd)
    }

    pub fn rounds(&self) -> &[RoundTotals] {
        &self.rounds
    }

    /// The prices that calls are reckoned with now: of the remote and of the local LM.
    pub fn prices(&self) -> (Option<Price>, Option<Price>) {
        (self.remote_price, self.local_price)
    }

    pub fn totals(&self) -> Totals {
        let baseline = self.baseline();
        Totals {
            remote: self.remote,
            local: self.local,
            jobs: self.jobs.tally(),
            remote_cost_usd: self.remote_cost_usd(),
            local_cost_usd: self.local_cost_usd(),
            budget_usd: self.budget_usd,
            baseline,
        }
    }

    /// Dollars of every reply that came. Nothing where the price of any of them is not known: part of a sum is no sum.
    pub fn remote_cost_usd(&self) -> Option<f64> {
        let asked = self.remote.calls > 0 || self.remote.priced_usd > 0.0;
        let known = self.remote.unpriced_calls == 0 && (asked || self.remote_price.is_some());
        known.then_some(self.remote.priced_usd)
    }

    /// What sending the documents whole would have come to, at the same price.
    pub fn baseline(&self) -> Baseline {
        let (input_tokens, estimated) = match &self.counted {
            Some(tokens) => (tokens.documents.iter().sum::<u64>() + tokens.question, !tokens.counted),
            None => (estimate_tokens(self.document_bytes) + estimate_tokens(self.question_bytes), true),
        };
        let usage = Usage { input_tokens, estimated, ..Usage::default() };
        let cost_usd = self.baseline_price.map(|price| price.cost(&usage));
        let ratio = match (cost_usd, self.remote_cost_usd()) {
            (Some(baseline), Some(spent)) if spent > 0.0 => Some(baseline / spent),
            _ => None,
        };
        Baseline { input_tokens, estimated, cost_usd, ratio }
    }

    fn take_prices(&mut self) {
        let Models { remote, local } = &self.models.now;
        self.remote_price = remote.as_ref().and_then(|remote| remote.price);
        self.baseline_price = self.remote_price.filter(|_| remote.as_ref().is_some_and(|remote| remote.is_model));
        self.local_price = local.as_ref().and_then(|local| local.price);
    }

    /// Each token at the price of the model that read it; nothing where one that read has none.
    fn local_cost_usd(&self) -> Option<f64> {
        let now = match (self.local_price, self.local_tokens == Tokens::default()) {
            (Some(price), _) => price.cost(&self.local_tokens.all()),
            // One that has not read anything yet has cost nothing, which counts where another did before.
            (None, true) if self.local_before.is_some_and(|before| before > 0.0) => 0.0,
            (None, _) => return None,
        };
        self.local_before.map(|before| before + now)
    }

    fn asked(&mut self, request: &RemoteAsk) {
        self.calls.push(Call {
            ask: request.ask,
            purpose: request.purpose,
            model: self.models.now.remote.clone(),
            attempt: request.attempt,
            worst_cost_usd: request.estimate.worst_cost_usd,
            failures: 0,
            useless: Usage::default(),
            useless_usd: Some(0.0),
            lost_usd: 0.0,
            state: CallState::Pending,
        });
    }

    fn answered(&mut self, answer: &RemoteAnswer) {
        self.remote.calls += 1;
        self.remote.tokens.add(answer.usage);
        self.remote.total_ms += answer.total_ms;
        match answer.cost_usd {
            Some(cost) => {
                self.remote.priced_usd += cost;
                self.remote.estimated_usd += if answer.usage.estimated { cost } else { 0.0 };
            }
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
        let held_usd = failure.held_usd(call.worst_cost_usd);
        match failure.counted {
            Some(counted) => {
                call.useless += counted.usage;
                call.useless_usd = call.useless_usd.zip(counted.cost_usd).map(|(sum, cost)| sum + cost);
                self.remote.tokens.add(counted.usage);
                match counted.cost_usd {
                    Some(cost) => self.remote.priced_usd += cost,
                    None => self.remote.unpriced_calls += 1,
                }
            }
            None => {
                call.lost_usd += held_usd;
                self.remote.doubtful_usd += held_usd;
            }
        }
    }

    fn interrupted(&mut self, interrupted: &Interrupted) {
        self.remote.failures += 1;
        let worst_usd = interrupted.worst_usd.unwrap_or(0.0);
        self.remote.doubtful_usd += worst_usd;
        if let Some(call) = self.call_mut(interrupted.ask) {
            call.failures += 1;
            call.lost_usd += worst_usd;
            call.state = CallState::GivenUp;
        }
    }

    fn call_mut(&mut self, ask: AskId) -> Option<&mut Call> {
        self.calls.iter_mut().rev().find(|call| call.ask == ask)
    }
}

#[cfg(test)]
mod tests;
