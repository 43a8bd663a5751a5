//! One request to a model, and the parts of it that a server may not take.

use serde_json::Value;

use super::dialect::FormatLevel;
use super::presets::Takes;
use crate::config::ReasoningEffort;
use crate::protocol::{Message, Role};

/// One request to a model.
#[derive(Clone, Copy, Debug)]
pub struct Chat<'a> {
    pub messages: &'a [Message],
    pub format: Format<'a>,
    pub max_output_tokens: u64,
    /// Whether the reply is asked for piece by piece.
    pub stream: bool,
    pub cache: Cache,
}

/// What a server's cache is asked to keep beside the system message, where it keeps nothing unasked: to write it there costs
/// more than to read it once, and to read it there costs less.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cache {
    /// Nothing that comes is expected to begin with it.
    #[default]
    Nothing,
    /// The first turn, which later requests of the round begin with.
    Turn,
    /// So many bytes at the start of the first turn, which go into a block of their own.
    Start(usize),
}

/// The form of the reply. A server that knows only a weaker form is asked for that one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Format<'a> {
    Text,
    JsonObject,
    JsonSchema { name: &'a str, schema: &'a Value },
}

/// What a wire makes a body of: the request, and of its optional parts those that the server is known to take.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    pub chat: &'a Chat<'a>,
    pub model: &'a str,
    pub takes: &'a Takes,
    /// The strongest form of JSON to ask for.
    pub format: FormatLevel,
    pub temperature: Option<f64>,
    pub effort: Option<ReasoningEffort>,
    /// Whether a model that thinks does so as much as it sees fit, and not up to a number of tokens.
    pub adaptive: bool,
    /// Whether the chat template is told to let the model answer without thoughts.
    pub at_once: bool,
    /// Whether a stream is asked to count its tokens.
    pub counted: bool,
    /// Whether the cap on output is called `max_completion_tokens`, as OpenAI's reasoning models demand.
    pub completion_tokens: bool,
    /// Whether the cache is named that the request belongs to.
    pub cache_key: bool,
    /// Tokens of context to make room for, at a server that loads the model for the request.
    pub context_tokens: Option<u64>,
}

impl<'a> Chat<'a> {
    /// Bytes of all messages.
    pub fn bytes(&self) -> usize {
        self.messages.iter().map(|message| message.content.len()).sum()
    }

    /// What all system messages say, for APIs that want it apart; nothing where there is none.
    pub fn system(&self) -> Option<String> {
        let said: Vec<&str> = self.of(|role| role == Role::System).map(|message| message.content.as_str()).collect();
        (!said.is_empty()).then(|| said.join("\n\n"))
    }

    /// The turns of user and assistant. An empty one is left out, which some APIs refuse.
    pub fn turns(&self) -> impl Iterator<Item = &'a Message> {
        self.of(|role| role != Role::System)
    }

    fn of(&self, wanted: impl Fn(Role) -> bool) -> impl Iterator<Item = &'a Message> {
        self.messages.iter().filter(move |message| wanted(message.role) && !message.content.trim().is_empty())
    }
}

impl Asked<'_> {
    /// What brings requests that begin alike to the same cache; made of the beginning alone.
    pub fn cache_key(&self) -> Option<String> {
        let system = self.chat.system().filter(|_| self.cache_key)?;
        let hash = blake3::hash(system.as_bytes()).to_hex();
        Some(format!("minions-{}", &hash.as_str()[..16]))
    }
}
