//! What a server was found not to take, so that it is asked without from then on.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use super::presets::Takes;
use super::request::Format;
use super::wire::Wire;

/// Learnt from refusals, shared by all requests to one server. It only ever asks for less.
#[derive(Debug)]
pub struct Dialect {
    format: AtomicU8,
    /// A bit for each [`Part`] that is left out.
    without: AtomicU8,
    context_tokens: AtomicU64,
}

/// A part of a request that some servers refuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The wish that a stream counts its tokens.
    Count,
    /// The form of the reply, which is weakened step by step.
    Format,
    /// The old name of the cap on output.
    MaxTokens,
    Temperature,
    Effort,
}

impl Part {
    const ALL: [Part; 5] = [Part::Count, Part::Format, Part::MaxTokens, Part::Temperature, Part::Effort];

    fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// The optional parts one request was sent with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Form {
    pub format: FormatLevel,
    without: u8,
}

impl Form {
    pub fn has(self, part: Part) -> bool {
        match part {
            Part::Format => self.format < FormatLevel::Nothing,
            part => self.without & part.bit() == 0,
        }
    }
}

/// The strongest form of JSON to ask for.
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
}

/// How often one request may be sent again in a lesser form: there are no more concessions than this.
pub const CONCESSIONS: usize = 6;

impl Dialect {
    /// Begins with what the provider is known to take.
    pub fn new(takes: &Takes) -> Self {
        let mut without = 0;
        if takes.completion_tokens {
            without |= Part::MaxTokens.bit();
        }
        Self {
            format: AtomicU8::new(takes.json as u8),
            without: AtomicU8::new(without),
            context_tokens: AtomicU64::new(0),
        }
    }

    /// The form to send next.
    pub fn form(&self, format: Format<'_>) -> Form {
        let known = FormatLevel::from_rank(self.format.load(Ordering::Relaxed));
        Form { format: known.max(FormatLevel::wanted(format)), without: self.without.load(Ordering::Relaxed) }
    }

    /// Whether a refusal names an optional part of what was sent; if so it is remembered, and the request is worth
    /// sending again without it.
    pub fn concede(&self, wire: &dyn Wire, sent: Form, status: u16, refusal: &str) -> bool {
        if !matches!(status, 400 | 422) {
            return false;
        }
        let refusal = refusal.to_ascii_lowercase();
        let named = |part: &Part| sent.has(*part) && wire.names(*part).iter().any(|name| refusal.contains(name));
        match Part::ALL.iter().find(|part| named(part)) {
            None => return false,
            Some(Part::Format) => {
                self.format.fetch_max(sent.format as u8 + 1, Ordering::Relaxed);
            }
            Some(part) => {
                self.without.fetch_or(part.bit(), Ordering::Relaxed);
            }
        }
        true
    }

    /// The context to ask for where `least` tokens are needed: it grows by doubling and never shrinks, since a server
    /// loads the model again for another one.
    pub fn context_tokens(&self, least: u64) -> u64 {
        let wanted = least.next_power_of_two();
        self.context_tokens.fetch_max(wanted, Ordering::Relaxed).max(wanted)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::presets::COMPATIBLE;
    use super::super::wire::OPENAI_CHAT;
    use super::*;

    #[test]
    fn a_format_falls_back_step_by_step_and_is_remembered() {
        let dialect = Dialect::new(&COMPATIBLE);
        let schema = json!({});
        let format = Format::JsonSchema { name: "output", schema: &schema };
        let first = dialect.form(format);
        assert_eq!(first.format, FormatLevel::Schema);
        assert!(dialect.concede(OPENAI_CHAT, first, 400, "'response_format' of type json_schema is unknown"));
        let second = dialect.form(format);
        assert_eq!(second.format, FormatLevel::Object);
        assert!(dialect.concede(OPENAI_CHAT, second, 400, "Response_Format is not supported"));
        let third = dialect.form(format);
        assert_eq!(third.format, FormatLevel::Nothing);
        assert!(!dialect.concede(OPENAI_CHAT, third, 400, "response_format"), "there is nothing left to leave out");
        // A request that was under way meanwhile tries again with what is known by now.
        assert!(dialect.concede(OPENAI_CHAT, first, 400, "response_format"));
        assert_eq!(dialect.form(format).format, FormatLevel::Nothing);
    }

    #[test]
    fn a_refusal_that_names_nothing_optional_stands() {
        let dialect = Dialect::new(&COMPATIBLE);
        let form = dialect.form(Format::Text);
        assert!(!dialect.concede(OPENAI_CHAT, form, 400, "messages must not be empty"));
        assert!(!dialect.concede(OPENAI_CHAT, form, 500, "stream_options"));
        assert!(dialect.concede(OPENAI_CHAT, form, 400, "Use 'max_completion_tokens' instead"));
        assert!(!dialect.form(Format::Text).has(Part::MaxTokens));
    }

    #[test]
    fn a_context_only_ever_grows() {
        let dialect = Dialect::new(&COMPATIBLE);
        assert_eq!(dialect.context_tokens(5_000), 8192);
        assert_eq!(dialect.context_tokens(100), 8192);
        assert_eq!(dialect.context_tokens(20_000), 32_768);
    }
}
