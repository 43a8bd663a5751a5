//! What each call and each round cost, for `run --json`, and the sum in a line for people.

use serde::Serialize;

use crate::ledger::{Call, CallState, Ledger, RoundTotals, Sum, Tokens, Totals, calls_told};
use crate::protocol::{Money, Price, Purpose, Usage, dollars};

/// A request to the remote LM, as `run --json` tells it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CallBill {
    pub round: u32,
    pub purpose: Purpose,
    /// Who was asked, by the name of its provider and its own.
    pub provider: Option<String>,
    pub model: Option<String>,
    /// Which try at this purpose in its round, counted from 1.
    pub attempt: u32,
    /// How often sending it failed.
    pub failures: u32,
    pub state: &'static str,
    /// Of all its tries that the server counted.
    pub input_tokens: u64,
    pub cached_input_tokens: u64,
    pub cache_write_input_tokens: u64,
    pub output_tokens: u64,
    pub reasoning_tokens: u64,
    /// Whether any of the tokens are our estimate, since the server did not count them; and those that are.
    pub estimated: bool,
    pub estimated_input_tokens: u64,
    pub estimated_output_tokens: u64,
    /// Nothing where the price is not known or no reply came.
    pub cost_usd: Option<f64>,
    /// Of those dollars, the ones of estimated tokens.
    pub estimated_usd: f64,
    /// The most that one try was expected to cost, reserved before it left.
    pub reserved_usd: Option<f64>,
    /// Dollars at most for its tries whose answer was lost.
    pub lost_usd: f64,
    pub first_token_ms: Option<u64>,
    pub total_ms: Option<u64>,
    /// All of that, as it is told to people.
    #[serde(skip)]
    pub tokens: Tokens,
    #[serde(skip)]
    pub paid: Money,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RoundBill {
    pub round: u32,
    /// Who planned and who read.
    pub remote_model: Option<String>,
    pub local_model: Option<String>,
    pub remote: SumBill,
    pub local: SumBill,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct SumBill {
    /// Replies of use, and all that the server counted.
    pub calls: u64,
    pub replies: u64,
    pub input_tokens: u64,
    pub output_tokens: u64,
    /// Whether any of the tokens are estimated, and those that are.
    pub estimated: bool,
    pub estimated_input_tokens: u64,
    pub estimated_output_tokens: u64,
    pub cost_usd: Option<f64>,
    /// Of those dollars, the ones of estimated tokens; and beside them, dollars at most for answers that were lost.
    pub estimated_usd: f64,
    pub lost_usd: f64,
    pub seconds: f64,
}

/// Dollars for a million tokens; nothing where they are not known.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Prices {
    pub remote: Option<Price>,
    pub local: Option<Price>,
}

pub fn calls(ledger: &Ledger) -> Vec<CallBill> {
    ledger.calls().iter().map(call).collect()
}

pub fn rounds(ledger: &Ledger) -> Vec<RoundBill> {
    let bill = |totals: &RoundTotals| RoundBill {
        round: totals.round,
        remote_model: totals.models.remote.as_ref().map(|remote| remote.model.clone()),
        local_model: totals.models.local.as_ref().map(|local| local.model.clone()),
        remote: sum(&totals.remote, totals.remote.paid.usd()),
        local: sum(&totals.local, reading_usd(totals)),
    };
    ledger.rounds().iter().map(bill).collect()
}

pub fn prices(ledger: &Ledger) -> Prices {
    let (remote, local) = ledger.prices();
    Prices { remote, local }
}

/// What was read costs nothing that could be told where the reader has no price and had none before.
fn reading_usd(totals: &RoundTotals) -> Option<f64> {
    let Money { priced_usd, .. } = totals.local.paid;
    let has_price = totals.models.local.as_ref().is_some_and(|local| local.price.is_some());
    totals.local.paid.usd().filter(|_| has_price || priced_usd > 0.0)
}

fn call(call: &Call) -> CallBill {
    let tokens = call.tokens();
    let usage = tokens.all();
    let times = match call.state {
        CallState::Answered { first_token_ms, total_ms, .. } => Some((first_token_ms, total_ms)),
        CallState::Pending | CallState::GivenUp => None,
    };
    CallBill {
        round: call.ask.round,
        purpose: call.purpose,
        provider: call.model.as_ref().map(|model| model.provider.clone()),
        model: call.model.as_ref().map(|model| model.model.clone()),
        attempt: call.attempt,
        failures: call.failures,
        state: match call.state {
            CallState::Pending => "pending",
            CallState::Answered { .. } => "answered",
            CallState::GivenUp => "given_up",
        },
        input_tokens: usage.input_tokens,
        cached_input_tokens: usage.cached_input_tokens,
        cache_write_input_tokens: usage.cache_write_input_tokens,
        output_tokens: usage.output_tokens,
        reasoning_tokens: usage.reasoning_tokens,
        estimated: usage.estimated,
        estimated_input_tokens: tokens.estimated.input_tokens,
        estimated_output_tokens: tokens.estimated.output_tokens,
        cost_usd: call.paid.usd().filter(|_| call.replies > 0),
        estimated_usd: call.paid.estimated_usd,
        reserved_usd: call.worst_cost_usd,
        lost_usd: call.paid.lost_usd,
        first_token_ms: times.map(|(first, _)| first),
        total_ms: times.map(|(_, total)| total),
        tokens,
        paid: call.paid,
    }
}

fn sum(sum: &Sum, cost_usd: Option<f64>) -> SumBill {
    let Usage { input_tokens, output_tokens, estimated, .. } = sum.tokens.all();
    SumBill {
        calls: sum.calls,
        replies: sum.replies,
        input_tokens,
        output_tokens,
        estimated,
        estimated_input_tokens: sum.tokens.estimated.input_tokens,
        estimated_output_tokens: sum.tokens.estimated.output_tokens,
        cost_usd,
        estimated_usd: sum.paid.estimated_usd,
        lost_usd: sum.paid.lost_usd,
        seconds: sum.ms as f64 / 1e3,
    }
}

/// The session's cost in a line: what was counted and what we estimate stand apart.
pub fn line(totals: &Totals, is_model: bool) -> String {
    let (remote, local, paid) = (&totals.remote, &totals.local, &totals.paid);
    let calls = calls_told(remote.calls, remote.replies);
    let mut line = format!("{calls} by the planner: {}", remote.tokens.told());
    if is_model {
        line.push_str(&match paid.planner.unpriced {
            false => format!(", {}", paid.planner.told()),
            true => ", its price is not known".into(),
        });
        if paid.planner.lost_usd > 0.0 {
            line.push_str(&format!(" and at most {} for answers that were lost", dollars(paid.planner.lost_usd)));
        }
    }
    let seconds = local.busy_ms as f64 / 1e3;
    let cost = if paid.pays_reader() { format!(", {}", paid.reader.told()) } else { String::new() };
    let calls = calls_told(local.calls, local.calls);
    line.push_str(&format!("; {calls} by the reader: {}{cost}, {seconds:.1} s", local.tokens.told()));
    if let Some(usd) = totals.baseline.cost_usd {
        let about = if totals.baseline.estimated { "≈ " } else { "" };
        let ratio = totals.baseline.ratio.map_or(String::new(), |ratio| format!(", {} as much", ratio.told()));
        line.push_str(&format!("; sending the documents whole would cost {about}{}{ratio}", dollars(usd)));
    }
    line
}
