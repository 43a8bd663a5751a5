//! What is told of replies, and of requests that have none.

use crate::protocol::{AskState, Purpose, RemoteAnswer, Round, Usage};

/// Requests of the round without a reply on record: they may have been paid for.
pub(super) fn open(round: &Round) -> impl Iterator<Item = (u32, Purpose)> + '_ {
    let pending = round.asks.iter().filter(|ask| ask.state == AskState::Pending);
    pending.map(|ask| (ask.request.ask.n, ask.request.purpose))
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
