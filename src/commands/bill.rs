//! What each call and each round cost, for `run --json`, and the sum in a line for people.

use serde::Serialize;

use crate::app::dollars;
use crate::ledger::{Call, CallState, Ledger, RoundTotals, Sum, Tokens, Totals};
use crate::protocol::{Price, Purpose, Usage};

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
    /// Whether the tokens are our estimate, since the server did not count them.
    pub estimated: bool,
    /// Nothing where the price is not known or no reply came.
    pub cost_usd: Option<f64>,
    /// The most that one try was expected to cost, reserved before it left.
    pub reserved_usd: Option<f64>,
    /// Dollars at most for its tries whose answer was lost.
    pub lost_usd: f64,
    pub first_token_ms: Option<u64>,
    pub total_ms: Option<u64>,
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
    pub calls: u64,
    pub input_tokens: u64,
    pub output_tokens: u64,
    pub estimated: bool,
    pub cost_usd: Option<f64>,
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
    let local = |totals: &RoundTotals| totals.models.local.as_ref().and_then(|local| local.price);
    let bill = |totals: &RoundTotals| RoundBill {
        round: totals.round,
        remote_model: totals.models.remote.as_ref().map(|remote| remote.model.clone()),
        local_model: totals.models.local.as_ref().map(|local| local.model.clone()),
        remote: sum(&totals.remote, totals.remote.cost_usd),
        local: sum(&totals.local, local(totals).map(|price| price.cost(&totals.local.tokens.all()))),
    };
    ledger.rounds().iter().map(bill).collect()
}

pub fn prices(ledger: &Ledger) -> Prices {
    let (remote, local) = ledger.prices();
    Prices { remote, local }
}

fn call(call: &Call) -> CallBill {
    let useless_usd = call.useless_usd.filter(|_| call.useless != Usage::default());
    let (mut usage, cost_usd, times) = match call.state {
        CallState::Answered { usage, cost_usd, first_token_ms, total_ms } => {
            let cost_usd = cost_usd.zip(call.useless_usd).map(|(cost, useless)| cost + useless);
            (usage, cost_usd, Some((first_token_ms, total_ms)))
        }
        CallState::Pending | CallState::GivenUp => (Usage::default(), useless_usd, None),
    };
    usage += call.useless;
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
        cost_usd,
        reserved_usd: call.worst_cost_usd,
        lost_usd: call.lost_usd,
        first_token_ms: times.map(|(first, _)| first),
        total_ms: times.map(|(_, total)| total),
    }
}

fn sum(sum: &Sum, cost_usd: Option<f64>) -> SumBill {
    let Usage { input_tokens, output_tokens, estimated, .. } = sum.tokens.all();
    SumBill { calls: sum.calls, input_tokens, output_tokens, estimated, cost_usd, seconds: sum.ms as f64 / 1e3 }
}

/// The session's cost in a line: what was counted and what we estimate stand apart.
pub fn line(totals: &Totals, is_model: bool) -> String {
    let mut line = format!("{} by the planner: {}", calls_of(totals.remote.calls), tokens(&totals.remote.tokens));
    if is_model {
        line.push_str(&match totals.remote_cost_usd {
            Some(usd) if totals.remote.estimated_usd > 0.0 => format!(", ≈ {}", dollars(usd)),
            Some(usd) => format!(", {}", dollars(usd)),
            None => ", its price is not known".into(),
        });
        if totals.remote.doubtful_usd > 0.0 {
            line.push_str(&format!(" and at most {} for answers that were lost", dollars(totals.remote.doubtful_usd)));
        }
    }
    let seconds = totals.local.busy_ms as f64 / 1e3;
    let local = tokens(&totals.local.tokens);
    let cost = totals.local_cost_usd.filter(|usd| *usd > 0.0);
    let cost = cost.map_or_else(String::new, |usd| format!(", {}", dollars(usd)));
    line.push_str(&format!("; {} by the reader: {local}{cost}, {seconds:.1} s", calls_of(totals.local.calls)));
    if let Some(usd) = totals.baseline.cost_usd {
        let about = |estimated| if estimated { "≈ " } else { "" };
        let baseline = about(totals.baseline.estimated);
        let either = about(totals.baseline.estimated || totals.remote.estimated_usd > 0.0);
        let ratio = totals.baseline.ratio.map_or(String::new(), |ratio| format!(", {either}{ratio:.1} times as much"));
        line.push_str(&format!("; sending the documents whole would cost {baseline}{}{ratio}", dollars(usd)));
    }
    line
}

fn calls_of(count: u64) -> String {
    if count == 1 { "1 call".into() } else { format!("{count} calls") }
}

fn tokens(tokens: &Tokens) -> String {
    let told = |usage: &Usage| {
        let cached = match usage.cached_input_tokens {
            0 => String::new(),
            cached => format!(" ({cached} cached)"),
        };
        format!("{} tokens in{cached}, {} out", usage.input_tokens, usage.output_tokens)
    };
    let counts = |usage: &Usage| usage.input_tokens + usage.output_tokens > 0;
    match (counts(&tokens.measured), counts(&tokens.estimated)) {
        (_, false) => told(&tokens.measured),
        (false, true) => format!("≈ {}", told(&tokens.estimated)),
        (true, true) => {
            format!("{}, and ≈ {} not counted by the server", told(&tokens.measured), told(&tokens.estimated))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counted_and_estimated_tokens_stand_apart() {
        let usage = |input_tokens, output_tokens, estimated| Usage {
            input_tokens,
            output_tokens,
            estimated,
            ..Usage::default()
        };
        let of = |measured, estimated| tokens(&Tokens { measured, estimated });
        let none = Usage::default();
        assert_eq!(of(usage(10, 2, false), none), "10 tokens in, 2 out");
        assert_eq!(of(none, usage(7, 1, true)), "≈ 7 tokens in, 1 out");
        let both = of(Usage { cached_input_tokens: 4, ..usage(10, 2, false) }, usage(7, 1, true));
        assert_eq!(both, "10 tokens in (4 cached), 2 out, and ≈ 7 tokens in, 1 out not counted by the server");
    }
}
