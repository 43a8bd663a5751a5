//! What is said to a language model and what it costs in tokens.

use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    System,
    User,
    Assistant,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    pub role: Role,
    pub content: String,
}

impl Message {
    pub fn system(content: impl Into<String>) -> Self {
        Self { role: Role::System, content: content.into() }
    }
    pub fn user(content: impl Into<String>) -> Self {
        Self { role: Role::User, content: content.into() }
    }
    pub fn assistant(content: impl Into<String>) -> Self {
        Self { role: Role::Assistant, content: content.into() }
    }
}

/// Why the remote LM is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// What to look for, before the first decomposition.
    Advise,
    /// Write `prepare_jobs` and `transform_outputs`.
    Decompose,
    /// Think about the aggregated outputs, in free text.
    Think,
    /// Decide, in JSON.
    Decide,
    /// minion: write the first message to the local LM, in JSON.
    Message,
    /// remote-only: answer from the whole documents, in JSON.
    Answer,
}

impl Purpose {
    /// The form in which the reply is asked for.
    pub fn format(self) -> ReplyFormat {
        match self {
            Purpose::Advise | Purpose::Decompose | Purpose::Think => ReplyFormat::Text,
            Purpose::Decide | Purpose::Message | Purpose::Answer => ReplyFormat::Json,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Purpose::Advise => "advise",
            Purpose::Decompose => "decompose",
            Purpose::Think => "think",
            Purpose::Decide => "decide",
            Purpose::Message => "message",
            Purpose::Answer => "answer",
        }
    }
}

/// The form in which a reply is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReplyFormat {
    Text,
    Json,
}

/// Tokens of one or more calls, as the server counted them unless `estimated`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Usage {
    pub input_tokens: u64,
    /// The part of `input_tokens` that the server read from its cache.
    pub cached_input_tokens: u64,
    /// The part of `input_tokens` that the server wrote to its cache, where it says so.
    #[serde(skip_serializing_if = "is_zero")]
    pub cache_write_input_tokens: u64,
    pub output_tokens: u64,
    /// The part of `output_tokens` that was spent on reasoning.
    pub reasoning_tokens: u64,
    /// Whether any figure here was counted by us and not by the server.
    pub estimated: bool,
    /// Whether it was taken from the record of another session: nothing was asked or computed for it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub reused: bool,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl std::ops::AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        self.input_tokens = self.input_tokens.saturating_add(other.input_tokens);
        self.cached_input_tokens = self.cached_input_tokens.saturating_add(other.cached_input_tokens);
        self.cache_write_input_tokens = self.cache_write_input_tokens.saturating_add(other.cache_write_input_tokens);
        self.output_tokens = self.output_tokens.saturating_add(other.output_tokens);
        self.reasoning_tokens = self.reasoning_tokens.saturating_add(other.reasoning_tokens);
        self.estimated = self.estimated || other.estimated;
        self.reused = self.reused || other.reused;
    }
}

/// The input tokens of a request that is about to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenCount {
    pub tokens: u64,
    /// Whether the model's own tokenizer counted them; else they are an estimate.
    pub counted: bool,
}

impl TokenCount {
    /// By how much an estimate is held to be too low at most: the tokenizers of other makers give up to a third more
    /// tokens than the nearest that is known here, and tables of figures fewer bytes a token than prose.
    const SAFETY: f64 = 1.5;

    /// The most that it may come to: an estimate with a margin, a count as it is.
    pub fn at_most(self) -> u64 {
        if self.counted { self.tokens } else { (self.tokens as f64 * Self::SAFETY).ceil() as u64 }
    }

    /// The least that it may come to.
    pub fn at_least(self) -> u64 {
        if self.counted { self.tokens } else { (self.tokens as f64 / Self::SAFETY) as u64 }
    }
}

/// A token estimate from a length in bytes: English prose runs at about four bytes a token in today's vocabularies.
/// Every figure made from it is marked as estimated.
pub fn estimate_tokens(bytes: usize) -> u64 {
    (bytes as u64).div_ceil(4)
}
