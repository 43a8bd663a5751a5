//! The wires: what a request looks like on each, and how its reply is read. Everything else stands once, outside.

mod anthropic;
mod gemini;
mod ollama;
mod openai_chat;
mod openai_responses;

use std::fmt::Debug;

use serde_json::Value;

use super::assembly::Assembly;
use super::dialect::Part;
use super::refusal::Refusal;
use super::request::Asked;
use crate::config::ReasoningEffort;

pub const OPENAI_CHAT: &dyn Wire = &openai_chat::OpenAiChat;
pub const OPENAI_RESPONSES: &dyn Wire = &openai_responses::OpenAiResponses;
pub const ANTHROPIC: &dyn Wire = &anthropic::Anthropic;
pub const GEMINI: &dyn Wire = &gemini::Gemini;
pub const OLLAMA: &dyn Wire = &ollama::Ollama;

/// One way to speak to a server. No wire turns on a tool or sends anything but text, so no server is ever told to fetch
/// what an address in a message names.
pub trait Wire: Debug + Send + Sync {
    /// The name of the API, as people know it.
    fn title(&self) -> &'static str;

    /// The path that is meant where a base URL has none.
    fn root(&self) -> &'static str;

    /// What people may have left at the end of a base URL, which is taken off.
    fn tail(&self) -> &'static str;

    /// Where a request goes, below the base URL.
    fn address(&self, model: &str, stream: bool) -> Address;

    /// Where the models are listed, below the base URL.
    fn listing(&self) -> Address {
        Address::of("models")
    }

    /// Headers beside the key's.
    fn headers(&self) -> &'static [(&'static str, &'static str)] {
        &[]
    }

    /// The smallest cap on output that is taken everywhere.
    fn least_output(&self) -> u64 {
        1
    }

    /// The request as JSON.
    fn body(&self, asked: &Asked<'_>) -> serde_json::Result<Vec<u8>>;

    /// The words, in small letters, by which a refusal names a part of the body; none where the body has no such part.
    fn names(&self, part: Part) -> &'static [&'static str];

    /// What a level of thought is called in the body, in small letters, as a refusal of it would say.
    fn effort_word(&self, _model: &str, effort: ReasoningEffort) -> String {
        effort.name().into()
    }

    /// Takes the next piece of a reply, or the whole of a plain one, and says whether it is any. Pieces that say nothing
    /// we know of are passed over, since servers put notes of their own between.
    fn read(&self, piece: &Value, assembly: &mut Assembly) -> bool;

    /// The error that a piece tells of, if it does.
    fn refusal(&self, piece: &Value) -> Option<Refusal> {
        Refusal::of_json(piece)
    }

    /// Whether a stream is one JSON object a line, and not server-sent events.
    fn streams_lines(&self) -> bool {
        false
    }

    /// Where one model is described, and with what body it is asked for, where the listing says too little.
    fn description(&self, _model: &str) -> Option<(Address, Value)> {
        None
    }

    /// Whether the server makes room for as many tokens as the request says it needs.
    fn sets_context(&self) -> bool {
        false
    }
}

/// A path below a base URL, and one parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    pub path: Vec<String>,
    pub query: Option<(&'static str, &'static str)>,
}

impl Address {
    /// A path without parameters; its parts stand between slashes.
    fn of(path: &str) -> Self {
        Self { path: path.split('/').map(str::to_owned).collect(), query: None }
    }

    fn with(self, name: &'static str, value: &'static str) -> Self {
        Self { query: Some((name, value)), ..self }
    }
}

/// The number at a path of names.
fn count(value: &Value, path: &str) -> Option<u64> {
    // No name here is one that a JSON pointer would have to escape.
    path.split('/').skip(1).try_fold(value, |value, name| value.get(name))?.as_u64()
}

/// The text under a name.
fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name)?.as_str()
}
