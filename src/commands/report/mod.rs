//! What a run comes to: the one object of `run --json`.

mod made;
mod told;

use serde::Serialize;

use super::bill::{CallBill, Prices, RoundBill};
use crate::ledger::{Forecast, Tokens};
use crate::protocol::{EngineSample, FleetSample, Paid, ProtocolKind, Purpose, Usage};

pub use made::{cite, report};

/// The object that `run --json` prints: a contract, so its fields and their names stay.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    pub session: String,
    pub protocol: ProtocolKind,
    /// The name of the [`Ending`](crate::protocol::Ending), or `unfinished`.
    pub outcome: &'static str,
    /// Nothing where the documents do not tell or the run did not get there.
    pub answer: Option<String>,
    pub citations: Vec<Citation>,
    /// Numbers of the answer that stand in no cited text nor in the question.
    pub uncited_numbers: Vec<UncitedNumber>,
    pub rounds: u32,
    pub jobs: Jobs,
    pub usage: BothUsages,
    /// Every request to the remote LM, in order.
    pub calls: Vec<CallBill>,
    pub by_round: Vec<RoundBill>,
    pub prices: Prices,
    pub baseline: Baseline,
    pub exposed: Exposed,
    /// What the local engine measured in its own loop, since it started. The key is there only where one of ours ran.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub engine: Option<EngineSample>,
    /// What the servers that read did, since the start. The key is there only where servers did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fleet: Option<FleetSample>,
    pub seconds: f64,
    /// What was expected before it began. The key is there only where that was worked out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<Forecast>,
    /// What planner and reader came to, for people.
    #[serde(skip)]
    pub paid: Paid,
    /// Why it ended so. The key is there only where there is more to say than the outcome's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Citation {
    /// The document's name. Nothing, as all that says where it stands, where the quotation stands in no document.
    pub document: Option<String>,
    /// UTF-8 bytes: `text` is what stands at `start..end`.
    pub start: Option<usize>,
    pub end: Option<usize>,
    /// Counted from 1; nothing where the document has no pages.
    pub page: Option<usize>,
    /// The document's own words; what the remote LM quoted, where they were not found.
    pub text: String,
    #[serde(rename = "match")]
    pub how: CitationMatch,
    /// Every place where the words stand, `start..end` first; at most 32 of them.
    pub places: Vec<Place>,
    /// All of them; at least so many where `or_more` holds.
    pub place_count: usize,
    pub or_more: bool,
    /// The line on which it begins, counted from 1.
    pub line: Option<usize>,
    /// The nearest heading above it, where there is one.
    pub heading: Option<String>,
}

/// Where words stand, in UTF-8 bytes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Place {
    pub document: String,
    pub start: usize,
    pub end: usize,
    pub page: Option<usize>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct UncitedNumber {
    /// As the answer writes it.
    pub number: String,
    /// What of cited numbers comes to it, where something does.
    pub reckoned: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CitationMatch {
    Exact,
    Normalised,
    Fuzzy,
    NotFound,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Jobs {
    pub planned: u32,
    pub answered: u32,
    pub abstained: u32,
    pub malformed: u32,
    pub truncated: u32,
    pub failed: u32,
    pub cancelled: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct BothUsages {
    pub remote: LmUsage,
    pub local: LmUsage,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct LmUsage {
    pub calls: u64,
    /// All replies that the server counted, those of no use included; nothing for the local LM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replies: Option<u64>,
    pub input_tokens: u64,
    pub cached_input_tokens: u64,
    pub cache_write_input_tokens: u64,
    pub output_tokens: u64,
    pub reasoning_tokens: u64,
    /// Nothing where the price is not known.
    pub cost_usd: Option<f64>,
    /// Dollars at most for calls whose answer was lost, and that may have been paid for; nothing for the local LM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lost_usd: Option<f64>,
    /// Whether any of the tokens were estimated rather than counted by the server.
    pub estimated: bool,
    /// Those of the input and output tokens that were.
    pub estimated_input_tokens: u64,
    pub estimated_output_tokens: u64,
    /// Of the dollars, the ones of those tokens.
    pub estimated_usd: f64,
    /// Of all calls, one after the other.
    pub seconds: f64,
    /// All of them, as they are told to people.
    #[serde(skip)]
    pub tokens: Tokens,
}

impl LmUsage {
    fn new(calls: u64, tokens: &Tokens, cost_usd: Option<f64>, estimated_usd: f64, ms: u64) -> Self {
        let Usage {
            input_tokens,
            cached_input_tokens,
            cache_write_input_tokens,
            output_tokens,
            reasoning_tokens,
            estimated,
            reused: _,
        } = tokens.all();
        Self {
            calls,
            replies: None,
            input_tokens,
            cached_input_tokens,
            cache_write_input_tokens,
            output_tokens,
            reasoning_tokens,
            cost_usd,
            lost_usd: None,
            estimated,
            estimated_input_tokens: tokens.estimated.input_tokens,
            estimated_output_tokens: tokens.estimated.output_tokens,
            estimated_usd,
            seconds: ms as f64 / 1e3,
            tokens: *tokens,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Baseline {
    pub input_tokens: u64,
    pub cost_usd: Option<f64>,
    /// How many times what the session cost; nothing where that is nothing or not known.
    pub ratio: Option<f64>,
    /// Whether that rests on estimated tokens, of either; and whether it may be less, since answers were lost that may have been
    /// paid for.
    pub ratio_estimated: bool,
    pub ratio_at_most: bool,
    /// Whether the tokens were estimated rather than counted with the model's own tokenizer.
    pub estimated: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Exposed {
    pub bytes: usize,
    /// Of all bytes of the documents, 0 to 1.
    pub share: f64,
    /// Each request that left, in order.
    pub by_request: Vec<ExposedByRequest>,
    /// The requests of one kind together, in the order in which kinds came first.
    pub by_purpose: Vec<ExposedByPurpose>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExposedByRequest {
    pub round: u32,
    pub purpose: Purpose,
    pub attempt: u32,
    pub bytes: usize,
    pub share: f64,
    /// Those that had not left before.
    pub new_bytes: usize,
    /// Of all documents, what had left with this request.
    pub total_share: f64,
    /// The passages that left, in the order of the documents; at most 256 of them.
    pub spans: Vec<Place>,
    /// All of them.
    pub span_count: usize,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExposedByPurpose {
    pub purpose: Purpose,
    pub requests: usize,
    /// Each byte counted once, however often it left.
    pub bytes: usize,
    pub share: f64,
}

#[cfg(test)]
mod tests;
