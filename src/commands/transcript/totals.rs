//! What the rounds of a session came to, on both sides.

use crate::protocol::{AskState, Purpose, RemoteAnswer, Round, Usage};

/// What rounds came to.
#[derive(Clone, Debug, Default)]
pub(super) struct Totals {
    pub(super) calls: usize,
    pub(super) remote: Usage,
    /// Nothing once the price of one call is not known.
    pub(super) cost: Cost,
    pub(super) jobs: usize,
    pub(super) local: Usage,
    /// Requests without a reply on record: they may have been paid for.
    pub(super) open: Vec<(u32, Purpose)>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Cost(pub(super) Option<f64>);

impl Default for Cost {
    fn default() -> Self {
        Self(Some(0.0))
    }
}

impl Totals {
    pub(super) fn add(&mut self, round: &Round) {
        for ask in &round.asks {
            for counted in ask.failures.iter().filter_map(|failure| failure.counted) {
                self.remote += counted.usage;
                self.cost.0 = self.cost.0.zip(counted.cost_usd).map(|(total, cost)| total + cost);
            }
            match &ask.state {
                AskState::Answered(answer) => {
                    self.calls += 1;
                    self.remote += answer.usage;
                    self.cost.0 = self.cost.0.zip(cost(answer, round)).map(|(total, cost)| total + cost);
                }
                AskState::Pending => self.open.push((ask.request.ask.n, ask.request.purpose)),
                AskState::GivenUp => {}
            }
        }
        self.jobs += round.jobs.len();
        round.jobs.iter().for_each(|job| self.local += job.usage);
    }
}

/// A planner without a model costs nothing.
pub(super) fn cost(answer: &RemoteAnswer, round: &Round) -> Option<f64> {
    let free = round.models.remote.as_ref().is_some_and(|remote| !remote.is_model);
    answer.cost_usd.or(free.then_some(0.0))
}

pub(super) fn tokens(usage: &Usage) -> String {
    let cached = match usage.cached_input_tokens {
        0 => String::new(),
        cached => format!(" ({cached} cached)"),
    };
    let estimated = if usage.estimated { ", estimated" } else { "" };
    format!("{} tokens in{cached}, {} out{estimated}", usage.input_tokens, usage.output_tokens)
}
