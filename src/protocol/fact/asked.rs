//! A request to the remote LM and what came of it.

use serde::{Deserialize, Serialize};

use crate::protocol::ids::AskId;
use crate::protocol::message::{Message, Purpose, ReplyFormat, Usage};

/// A request to the remote LM, whole: the messages are the bytes that leave the machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RemoteAsk {
    pub ask: AskId,
    pub purpose: Purpose,
    /// Which try at this purpose in this round, counted from 1.
    pub attempt: u32,
    pub messages: Vec<Message>,
    pub format: ReplyFormat,
    pub max_output_tokens: u64,
    pub estimate: Estimate,
}

/// What a request is expected to cost, before it is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    pub input_tokens: u64,
    /// Whether the model's own tokenizer counted the input.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub counted: bool,
    /// Whether nothing is sent, since another session has the reply on record.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reused: bool,
    /// With output at its cap; nothing where the price is not known.
    pub worst_cost_usd: Option<f64>,
}

/// A whole reply. Times are counted from when the request left.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RemoteAnswer {
    pub ask: AskId,
    pub text: String,
    pub finish: Finish,
    pub usage: Usage,
    /// Nothing where the price is not known.
    pub cost_usd: Option<f64>,
    pub first_token_ms: u64,
    pub total_ms: u64,
}

/// One try at a request that came to no reply.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RemoteFailure {
    pub ask: AskId,
    /// Which try at this request failed, counted from 1.
    pub attempt: u32,
    pub error: String,
    /// When it is tried again; nothing where it is given up.
    pub retry_in_ms: Option<u64>,
    /// What of the reply had come, since it may have been paid for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub partial: String,
    /// Whether the server may have answered although nothing of it came.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub lost: bool,
    /// What it cost, where the server counted a reply that is of no use: a refusal, or one without text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counted: Option<Counted>,
}

/// Tokens as the server counted them, and what they cost.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Counted {
    pub usage: Usage,
    /// Dollars; nothing where the price is not known.
    pub cost_usd: Option<f64>,
}

impl RemoteFailure {
    /// Whether this try may have been paid for.
    pub fn may_cost(&self) -> bool {
        self.lost || !self.partial.is_empty() || self.counted.is_some()
    }

    /// Whether it may have been paid for and nobody knows how much: then its worst case stays reserved.
    pub fn is_in_doubt(&self) -> bool {
        self.counted.is_none() && self.may_cost()
    }

    /// Dollars that this try is held to have cost: as counted, or its worst case where that is in doubt.
    pub fn held_usd(&self, worst_usd: Option<f64>) -> f64 {
        match self.counted {
            Some(counted) => counted.cost_usd.unwrap_or(0.0),
            None => worst_usd.filter(|_| self.may_cost()).unwrap_or(0.0),
        }
    }
}

/// Why a reply ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finish {
    Stop,
    /// At the token cap.
    Length,
}
