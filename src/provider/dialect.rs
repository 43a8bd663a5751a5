//! What a server was found not to take, so that it is asked without from then on.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use serde_json::{Value, json};

use super::request::Format;

/// Learnt from refusals, shared by all requests to one server. It only ever asks for less.
#[derive(Debug)]
pub struct Dialect {
    format: AtomicU8,
    stream_options: AtomicBool,
    completion_tokens: AtomicBool,
    temperature: AtomicBool,
}

/// The optional parts one request was sent with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Form {
    pub format: FormatLevel,
    pub stream_options: bool,
    /// Whether the cap on output is called `max_completion_tokens`, as OpenAI's reasoning models demand.
    pub completion_tokens: bool,
    pub temperature: bool,
}

/// The strongest `response_format` to ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FormatLevel {
    Schema = 0,
    Object = 1,
    Nothing = 2,
}

impl FormatLevel {
    fn from_rank(rank: u8) -> Self {
        match rank {
            0 => Self::Schema,
            1 => Self::Object,
            _ => Self::Nothing,
        }
    }

    fn wanted(format: Format<'_>) -> Self {
        match format {
            Format::JsonSchema { .. } => Self::Schema,
            Format::JsonObject => Self::Object,
            Format::Text => Self::Nothing,
        }
    }

    /// The `response_format` at this level.
    pub fn shape(self, format: Format<'_>) -> Option<Value> {
        match (self, format) {
            (Self::Nothing, _) | (_, Format::Text) => None,
            (Self::Schema, Format::JsonSchema { name, schema }) => Some(json!({
                "type": "json_schema",
                "json_schema": { "name": name, "strict": true, "schema": schema },
            })),
            (_, Format::JsonObject | Format::JsonSchema { .. }) => Some(json!({ "type": "json_object" })),
        }
    }
}

/// How often one request may be sent again in a lesser form: there are no more concessions than this.
pub const CONCESSIONS: usize = 5;

impl Dialect {
    pub fn new() -> Self {
        Self {
            format: AtomicU8::new(FormatLevel::Schema as u8),
            stream_options: AtomicBool::new(true),
            completion_tokens: AtomicBool::new(false),
            temperature: AtomicBool::new(true),
        }
    }

    /// The form to send next.
    pub fn form(&self, format: Format<'_>) -> Form {
        let known = FormatLevel::from_rank(self.format.load(Ordering::Relaxed));
        Form {
            format: known.max(FormatLevel::wanted(format)),
            stream_options: self.stream_options.load(Ordering::Relaxed),
            completion_tokens: self.completion_tokens.load(Ordering::Relaxed),
            temperature: self.temperature.load(Ordering::Relaxed),
        }
    }

    /// Whether a refusal names an optional part of what was sent; if so it is remembered, and the request is worth
    /// sending again without it.
    pub fn concede(&self, sent: Form, status: u16, refusal: &str) -> bool {
        if !matches!(status, 400 | 422) {
            return false;
        }
        let refusal = refusal.to_ascii_lowercase();
        let names = |words: &[&str]| words.iter().any(|word| refusal.contains(word));
        if sent.stream_options && names(&["stream_options", "include_usage"]) {
            self.stream_options.store(false, Ordering::Relaxed);
            true
        } else if sent.format < FormatLevel::Nothing && names(&["response_format", "json_schema", "json_object"]) {
            self.format.fetch_max(sent.format as u8 + 1, Ordering::Relaxed);
            true
        } else if !sent.completion_tokens && names(&["max_completion_tokens"]) {
            self.completion_tokens.store(true, Ordering::Relaxed);
            true
        } else if sent.temperature && names(&["temperature"]) {
            self.temperature.store(false, Ordering::Relaxed);
            true
        } else {
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_falls_back_step_by_step_and_is_remembered() {
        let dialect = Dialect::new();
        let schema = json!({});
        let format = Format::JsonSchema { name: "output", schema: &schema };
        let first = dialect.form(format);
        assert_eq!(first.format, FormatLevel::Schema);
        assert!(dialect.concede(first, 400, "'response_format' of type json_schema is unknown"));
        let second = dialect.form(format);
        assert_eq!(second.format.shape(format), Some(json!({ "type": "json_object" })));
        assert!(dialect.concede(second, 400, "Response_Format is not supported"));
        let third = dialect.form(format);
        assert_eq!(third.format.shape(format), None);
        assert!(!dialect.concede(third, 400, "response_format"), "there is nothing left to leave out");
        // A request that was under way meanwhile tries again with what is known by now.
        assert!(dialect.concede(first, 400, "response_format"));
        assert_eq!(dialect.form(format).format, FormatLevel::Nothing);
    }

    #[test]
    fn a_refusal_that_names_nothing_optional_stands() {
        let dialect = Dialect::new();
        let form = dialect.form(Format::Text);
        assert!(!dialect.concede(form, 400, "messages must not be empty"));
        assert!(!dialect.concede(form, 500, "stream_options"));
        assert!(dialect.concede(form, 400, "Use 'max_completion_tokens' instead"));
        assert!(dialect.form(Format::Text).completion_tokens);
    }
}
