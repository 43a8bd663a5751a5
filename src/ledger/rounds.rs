//! What each round cost: the remote LM's calls and the local LM's jobs, with their tokens, dollars and time.

use super::account::Tokens;
use crate::protocol::{Bill, Fact, Models, Money, Usage};

/// What one round came to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RoundTotals {
    pub round: u32,
    /// Who planned and who read.
    pub models: Models,
    pub remote: Sum,
    pub local: Sum,
    /// Jobs whose outcome was computed in another session, byte for byte the same.
    pub jobs_reused: u32,
}

/// Of the replies that came.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sum {
    /// Those of use, and those of jobs that were tried again for one.
    pub calls: u64,
    /// All that the server counted.
    pub replies: u64,
    pub tokens: Tokens,
    pub paid: Money,
    pub ms: u64,
}

impl Sum {
    /// A reply that is a call of its own.
    fn add(&mut self, usage: Usage, cost_usd: Option<f64>, ms: u64) {
        self.calls += 1;
        self.ms += ms;
        self.pay(usage, cost_usd);
    }

    fn pay(&mut self, usage: Usage, cost_usd: Option<f64>) {
        self.replies += 1;
        self.tokens.add(usage);
        self.paid.pay(cost_usd, usage.estimated);
    }
}

/// Adds the fact to its round's totals. `bill` has taken it already; `lost_usd`: what it may have cost at most, unanswered.
pub(super) fn apply(rounds: &mut Vec<RoundTotals>, bill: &Bill, lost_usd: f64, fact: &Fact) {
    match fact {
        Fact::RoundBegan { round, .. } => {
            rounds.push(RoundTotals { round: *round, models: bill.models().now.clone(), ..RoundTotals::default() });
        }
        Fact::RemoteAnswered(answer) => {
            if let Some(totals) = of(rounds, answer.ask.round) {
                totals.remote.add(answer.usage, answer.cost_usd, answer.total_ms);
            }
        }
        Fact::RemoteFailed(failure) => {
            let Some(totals) = of(rounds, failure.ask.round) else { return };
            match failure.counted {
                Some(counted) => totals.remote.pay(counted.usage, counted.cost_usd),
                None => totals.remote.paid.lost_usd += lost_usd,
            }
        }
        Fact::RemoteInterrupted(interrupted) => {
            if let Some(totals) = of(rounds, interrupted.ask.round) {
                totals.remote.paid.lost_usd += lost_usd;
            }
        }
        Fact::JobRetried { job, usage, .. } => {
            if let Some(totals) = of(rounds, job.round) {
                totals.local.add(*usage, bill.reading_usd(usage), 0);
            }
        }
        Fact::JobUseless { job, usage } => {
            if let Some(totals) = of(rounds, job.round) {
                totals.local.pay(*usage, bill.reading_usd(usage));
            }
        }
        Fact::JobFinished { job, outcome, usage, ms, .. } => {
            if let Some(totals) = of(rounds, job.round) {
                totals.jobs_reused += u32::from(usage.reused);
                if outcome.replied() {
                    totals.local.add(*usage, bill.reading_usd(usage), *ms);
                } else {
                    totals.local.ms += ms;
                    totals.local.tokens.add(*usage);
                }
            }
        }
        _ => {}
    }
}

fn of(rounds: &mut [RoundTotals], round: u32) -> Option<&mut RoundTotals> {
    rounds.iter_mut().rev().find(|totals| totals.round == round)
}
