//! What each round cost: the remote LM's calls and the local LM's jobs, with their tokens, dollars and time.

use super::account::Tokens;
use crate::protocol::{Fact, Models, Usage};

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
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sum {
    pub calls: u64,
    pub tokens: Tokens,
    /// Nothing where the price of any call is not known.
    pub cost_usd: Option<f64>,
    pub ms: u64,
}

impl Default for Sum {
    fn default() -> Self {
        Self { calls: 0, tokens: Tokens::default(), cost_usd: Some(0.0), ms: 0 }
    }
}

impl Sum {
    fn add(&mut self, usage: Usage, cost_usd: Option<f64>, ms: u64) {
        self.calls += 1;
        self.ms += ms;
        self.pay(usage, cost_usd);
    }

    fn pay(&mut self, usage: Usage, cost_usd: Option<f64>) {
        self.tokens.add(usage);
        self.cost_usd = self.cost_usd.zip(cost_usd).map(|(sum, cost)| sum + cost);
    }
}

/// Adds the fact to its round's totals.
pub(super) fn apply(rounds: &mut Vec<RoundTotals>, models: &Models, fact: &Fact) {
    match fact {
        Fact::RoundBegan { round, .. } => {
            rounds.push(RoundTotals { round: *round, models: models.clone(), ..RoundTotals::default() });
        }
        Fact::RemoteAnswered(answer) => {
            if let Some(totals) = of(rounds, answer.ask.round) {
                totals.remote.add(answer.usage, answer.cost_usd, answer.total_ms);
            }
        }
        Fact::RemoteFailed(failure) => {
            if let (Some(totals), Some(counted)) = (of(rounds, failure.ask.round), failure.counted) {
                totals.remote.pay(counted.usage, counted.cost_usd);
            }
        }
        Fact::JobRetried { job, usage, .. } => {
            if let Some(totals) = of(rounds, job.round) {
                totals.local.add(*usage, None, 0);
            }
        }
        Fact::JobFinished { job, outcome, usage, ms, .. } => {
            if let Some(totals) = of(rounds, job.round) {
                totals.jobs_reused += u32::from(usage.reused);
                if outcome.replied() {
                    totals.local.add(*usage, None, *ms);
                }
            }
        }
        _ => {}
    }
}

fn of(rounds: &mut [RoundTotals], round: u32) -> Option<&mut RoundTotals> {
    rounds.iter_mut().rev().find(|totals| totals.round == round)
}
