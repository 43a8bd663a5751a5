//! What a server was found not to take, so that it is asked without from then on.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU16, AtomicU64, Ordering};

use super::effort::Effort;
use super::presets::Takes;
use super::request::Format;
use super::wire::Wire;
use crate::config::ReasoningEffort;

/// Learnt from refusals, shared by all requests to one server. It only ever asks for less.
#[derive(Debug)]
pub struct Dialect {
    /// A bit for each [`FormatLevel`] that is not taken.
    no_format: AtomicU8,
    /// Whether the last JSON that was asked for could not be written.
    unwritten: AtomicBool,
    /// A bit for each [`Part`] that is left out.
    without: AtomicU16,
    effort: Effort,
    room: Room,
}

/// The context to ask for, at a server that makes as much room as a request asks for. 0 stands for what is not known.
#[derive(Debug, Default)]
struct Room {
    wanted: AtomicU64,
    /// What the model was loaded with, and what it was made for.
    loaded: AtomicU64,
    most: AtomicU64,
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
    /// The new name, which goes back to the old one where that is all that is known.
    CompletionTokens,
    Temperature,
    /// Thought as much as the model sees fit, in place of a number of tokens for it.
    Adaptive,
    /// That the chat template lets the model answer without thoughts.
    Template,
    Effort,
    /// The name of the cache that the request belongs to.
    CacheKey,
}

impl Part {
    const ALL: [Part; 9] = [
        Part::Count,
        Part::Format,
        Part::MaxTokens,
        Part::CompletionTokens,
        Part::Temperature,
        Part::Adaptive,
        Part::Template,
        Part::Effort,
        Part::CacheKey,
    ];

    fn bit(self) -> u16 {
        1 << self as u8
    }
}

/// The optional parts one request was sent with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Form {
    pub format: FormatLevel,
    pub effort: Option<ReasoningEffort>,
    without: u16,
}

impl Form {
    pub fn has(self, part: Part) -> bool {
        let kept = |part: Part| self.without & part.bit() == 0;
        match part {
            Part::Format => self.format < FormatLevel::Nothing,
            Part::Effort => self.effort.is_some(),
            // Of the two names one is sent, and each is left once at most.
            Part::CompletionTokens => !kept(Part::MaxTokens) && kept(part),
            Part::MaxTokens => kept(part) && kept(Part::CompletionTokens),
            Part::Adaptive => kept(part) && self.effort.is_some_and(|effort| effort != ReasoningEffort::None),
            part => kept(part),
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
    /// The forms of JSON, the strongest first.
    const JSON: [FormatLevel; 2] = [FormatLevel::Schema, FormatLevel::Object];

    fn bit(self) -> u8 {
        1 << self as u8
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
pub const CONCESSIONS: usize = 12;
/// What a refusal says of a name that it does not know, in place of a value under it.
const UNKNOWN: [&str; 7] =
    ["unrecognized", "unknown", "unsupported", "not supported", "not permitted", "unexpected", "extra"];
/// What Ollama makes room for by itself.
const ROOM_UNASKED: u64 = 4096;

impl Dialect {
    /// Begins with what the provider is known to take, and how much the model is to think.
    pub fn new(takes: &Takes, effort: Option<ReasoningEffort>) -> Self {
        let above = |level: &&FormatLevel| **level < takes.json;
        let without_format = FormatLevel::JSON.iter().filter(above).fold(0, |bits, level| bits | level.bit());
        let mut without = 0;
        if takes.completion_tokens {
            without |= Part::MaxTokens.bit();
        }
        Self {
            no_format: AtomicU8::new(without_format),
            unwritten: AtomicBool::new(false),
            without: AtomicU16::new(without),
            effort: Effort::of(effort),
            room: Room::default(),
        }
    }

    /// The form to send next.
    pub fn form(&self, format: Format<'_>) -> Form {
        let (wanted, refused) = (FormatLevel::wanted(format), self.no_format.load(Ordering::Relaxed));
        let taken = |level: &&FormatLevel| **level >= wanted && refused & level.bit() == 0;
        let level = FormatLevel::JSON.iter().find(taken).copied().unwrap_or(FormatLevel::Nothing);
        let without = self.without.load(Ordering::Relaxed);
        Form { format: level, effort: self.effort.level(), without }
    }

    /// Whether a refusal names an optional part of what was sent; if so it is remembered, and the request is worth
    /// sending again without it.
    pub fn concede(&self, wire: &dyn Wire, model: &str, sent: Form, status: u16, refusal: &str) -> bool {
        if !matches!(status, 400 | 422) {
            return false;
        }
        // A model's own name may hold any word.
        let refusal = refusal.to_ascii_lowercase().replace(&model.to_ascii_lowercase(), "");
        let says = |words: &[&str]| words.iter().any(|word| refusal.contains(word));
        let named = |part: &Part| {
            sent.has(*part) && says(wire.names(*part)) && (*part != Part::CompletionTokens || says(&UNKNOWN))
        };
        let Some(part) = Part::ALL.iter().find(|part| named(part)) else { return false };
        match (part, sent.effort) {
            (Part::Format, _) => self.leave_format(sent),
            (Part::Effort, Some(effort)) => {
                if !self.effort.refuse(effort, &refusal, |level| wire.effort_word(model, level)) {
                    // What knows no levels may know a number of tokens.
                    let counts = sent.has(Part::Adaptive) && !wire.names(Part::Adaptive).is_empty();
                    if counts { self.leave_out(Part::Adaptive) } else { self.effort.drop_all() }
                }
            }
            (part, _) => self.leave_out(*part),
        }
        true
    }

    /// Notes that the model could not write JSON in the form that was asked for; the second time in a row it is asked for
    /// less, and the request is worth sending again.
    pub fn could_not_write(&self, sent: Form) -> bool {
        let again = self.unwritten.swap(true, Ordering::Relaxed) && sent.has(Part::Format);
        if again {
            self.leave_format(sent);
        }
        again
    }

    pub fn has_written(&self) {
        self.unwritten.store(false, Ordering::Relaxed);
    }

    fn leave_format(&self, sent: Form) {
        self.no_format.fetch_or(sent.format.bit(), Ordering::Relaxed);
    }

    fn leave_out(&self, part: Part) {
        self.without.fetch_or(part.bit(), Ordering::Relaxed);
    }

    /// What became of the wish how much the model is to think, where that is not what was wished for.
    pub fn effort_instead(&self) -> Option<(ReasoningEffort, Option<ReasoningEffort>)> {
        let (wish, level) = (self.effort.wish()?, self.effort.level());
        (level != Some(wish)).then_some((wish, level))
    }

    /// The context to ask for where `least` tokens are needed. A server loads the model again for another one, and also
    /// where one request names it and the next does not: so it grows by doubling and never shrinks, it is named in every
    /// request once one needed it, and it is no less than what the model was loaded with.
    pub fn context_tokens(&self, least: u64) -> Option<u64> {
        let wanted = if least > ROOM_UNASKED { least.next_power_of_two() } else { 0 };
        let wanted = self.room.wanted.fetch_max(wanted, Ordering::Relaxed).max(wanted);
        let loaded = self.room.loaded.load(Ordering::Relaxed);
        let most = Some(self.room.most.load(Ordering::Relaxed)).filter(|most| *most > 0);
        (wanted > 0).then(|| wanted.max(loaded).min(most.unwrap_or(u64::MAX)))
    }

    /// Asks for more from now on where `asked` was too little, unless the model has no more.
    pub fn grow(&self, asked: Option<u64>) -> bool {
        let asked = asked.unwrap_or(ROOM_UNASKED);
        if asked >= self.room.most.load(Ordering::Relaxed) {
            return false;
        }
        self.room.wanted.fetch_max(asked.saturating_mul(2), Ordering::Relaxed);
        true
    }

    /// What the server says of its model: the context it was loaded with, and the one it was made for.
    pub fn has_room(&self, loaded: Option<u64>, most: Option<u64>) {
        self.room.loaded.store(loaded.unwrap_or(0), Ordering::Relaxed);
        self.room.most.store(most.unwrap_or(0), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::presets::{COMPATIBLE, Takes};
    use super::super::wire::{ANTHROPIC, GEMINI, OPENAI_CHAT};
    use super::*;

    #[test]
    fn a_format_falls_back_step_by_step_and_is_remembered() {
        let dialect = Dialect::new(&COMPATIBLE, None);
        let schema = json!({});
        let format = Format::JsonSchema { name: "output", schema: &schema };
        let first = dialect.form(format);
        assert_eq!(first.format, FormatLevel::Schema);
        assert!(dialect.concede(OPENAI_CHAT, "m-1", first, 400, "'response_format' of type json_schema is unknown"));
        let second = dialect.form(format);
        assert_eq!(second.format, FormatLevel::Object);
        assert!(dialect.concede(OPENAI_CHAT, "m-1", second, 400, "Response_Format is not supported"));
        let third = dialect.form(format);
        assert_eq!(third.format, FormatLevel::Nothing);
        assert!(
            !dialect.concede(OPENAI_CHAT, "m-1", third, 400, "response_format"),
            "there is nothing left to leave out"
        );
        // A request that was under way meanwhile tries again with what is known by now.
        assert!(dialect.concede(OPENAI_CHAT, "m-1", first, 400, "response_format"));
        assert_eq!(dialect.form(format).format, FormatLevel::Nothing);
    }

    #[test]
    fn a_refused_object_says_nothing_of_schemas() {
        let dialect = Dialect::new(&COMPATIBLE, None);
        let schema = json!({});
        let by_schema = Format::JsonSchema { name: "output", schema: &schema };
        let object = dialect.form(Format::JsonObject);
        let refusal = "messages must contain the word 'json' to use 'response_format' of type 'json_object'";
        assert!(dialect.concede(OPENAI_CHAT, "m-1", object, 400, refusal));
        assert_eq!(dialect.form(Format::JsonObject).format, FormatLevel::Nothing);
        assert_eq!(dialect.form(by_schema).format, FormatLevel::Schema);
        let objects_alone = Dialect::new(&Takes { json: FormatLevel::Object, ..COMPATIBLE }, None);
        assert_eq!(objects_alone.form(by_schema).format, FormatLevel::Object);
    }

    #[test]
    fn json_that_cannot_be_written_twice_in_a_row_is_asked_for_in_a_lesser_form() {
        let dialect = Dialect::new(&COMPATIBLE, None);
        let form = || dialect.form(Format::JsonObject);
        assert!(!dialect.could_not_write(form()));
        dialect.has_written();
        assert!(!dialect.could_not_write(form()) && form().format == FormatLevel::Object);
        assert!(dialect.could_not_write(form()) && form().format == FormatLevel::Nothing);
    }

    #[test]
    fn a_refusal_that_names_nothing_optional_stands() {
        let dialect = Dialect::new(&COMPATIBLE, None);
        let form = dialect.form(Format::Text);
        assert!(!dialect.concede(OPENAI_CHAT, "m-1", form, 400, "messages must not be empty"));
        assert!(!dialect.concede(OPENAI_CHAT, "m-1", form, 500, "stream_options"));
        assert!(dialect.concede(OPENAI_CHAT, "m-1", form, 400, "Use 'max_completion_tokens' instead"));
        assert!(!dialect.form(Format::Text).has(Part::MaxTokens));
    }

    /// What is asked for after these refusals, and whether it still goes by the model's own lights.
    fn effort(
        wire: &dyn Wire,
        model: &str,
        wish: ReasoningEffort,
        refusals: &[&str],
    ) -> (Option<ReasoningEffort>, bool) {
        let dialect = Dialect::new(&COMPATIBLE, Some(wish));
        for refusal in refusals {
            assert!(dialect.concede(wire, model, dialect.form(Format::Text), 400, refusal), "{refusal}");
        }
        let form = dialect.form(Format::Text);
        (form.effort, form.has(Part::Adaptive))
    }

    #[test]
    fn an_effort_that_a_model_does_not_take_becomes_the_nearest_that_it_does() {
        use ReasoningEffort::*;
        let one = |wire, model, wish, refusals: &[&str]| effort(wire, model, wish, refusals).0;
        let grok = r#"{"code":"Client specified an invalid argument","error":"Model grok-4-high does not support parameter reasoningEffort."}"#;
        assert_eq!(one(OPENAI_CHAT, "grok-4-high", High, &[grok]), Option::None);
        let values = "Unsupported value: 'reasoning_effort' does not support 'xhigh' with this model. Supported values are: 'low', \
                      'medium', and 'high'.";
        assert_eq!(one(OPENAI_CHAT, "gpt-9", Xhigh, &[values]), Some(High));
        // Left out, the default would be the dearest level.
        let minimal = "Thinking level MINIMAL is not supported for this model. Please retry with other thinking level.";
        assert_eq!(one(GEMINI, "gemini-3-pro", None, &[minimal]), Some(Low));
        let medium = "Thinking level MEDIUM is not supported for this model.";
        assert_eq!(one(GEMINI, "gemini-3-pro", Medium, &[medium]), Some(Low));
        let budget = "The thinking budget 0 is invalid. Please choose a value between 128 and 32768.";
        assert_eq!(one(GEMINI, "gemini-2.5-pro", None, &[budget]), Some(Minimal));
        let adaptive = "adaptive thinking is not supported on this model";
        assert_eq!(effort(ANTHROPIC, "claude-haiku-4-5", Low, &[adaptive]), (Some(Low), false));
        let no_levels = "This model does not support the effort parameter.";
        assert_eq!(effort(ANTHROPIC, "claude-haiku-4-5", Low, &[no_levels]), (Some(Low), false));
        assert_eq!(one(ANTHROPIC, "claude-2", Low, &[no_levels, "thinking is not supported"]), Option::None);
        let always = "\"thinking.type.disabled\" is not supported for this model. Use \"thinking.type.adaptive\".";
        assert_eq!(effort(ANTHROPIC, "claude-fable-5", None, &[always]), (Some(Minimal), true));
    }

    #[test]
    fn the_new_name_of_the_cap_goes_back_to_the_old_one_where_it_is_not_known() {
        let takes = Takes { completion_tokens: true, ..COMPATIBLE };
        let dialect = Dialect::new(&takes, None);
        let form = || dialect.form(Format::Text);
        assert!(form().has(Part::CompletionTokens) && form().has(Part::CacheKey));
        assert!(dialect.concede(OPENAI_CHAT, "m-1", form(), 400, "Unrecognized argument: prompt_cache_key"));
        assert!(!form().has(Part::CacheKey));
        let large = "max_completion_tokens is too large: 64000. This model supports at most 16384 completion tokens.";
        assert!(!dialect.concede(OPENAI_CHAT, "m-1", form(), 400, large));
        assert!(dialect.concede(
            OPENAI_CHAT,
            "m-1",
            form(),
            400,
            "Unrecognized request argument supplied: max_completion_tokens"
        ));
        assert!(form().has(Part::MaxTokens) || !form().has(Part::CompletionTokens));
        assert!(
            !dialect.concede(OPENAI_CHAT, "m-1", form(), 400, "Use 'max_completion_tokens' instead"),
            "not for ever"
        );
    }

    #[test]
    fn a_context_only_ever_grows() {
        let dialect = Dialect::new(&COMPATIBLE, None);
        assert_eq!(dialect.context_tokens(100), None, "the model is left as it was loaded");
        assert_eq!(dialect.context_tokens(5_000), Some(8192));
        assert_eq!(dialect.context_tokens(100), Some(8192), "to leave it out would load the model again");
        assert_eq!(dialect.context_tokens(20_000), Some(32_768));
    }

    #[test]
    fn a_context_is_no_less_than_what_was_loaded_and_no_more_than_the_model_has() {
        let dialect = Dialect::new(&COMPATIBLE, None);
        dialect.has_room(Some(32_768), Some(40_960));
        assert_eq!(dialect.context_tokens(100), None);
        assert_eq!(dialect.context_tokens(5_000), Some(32_768));
        assert!(dialect.grow(Some(32_768)));
        assert_eq!(dialect.context_tokens(100), Some(40_960));
        assert!(!dialect.grow(Some(40_960)));
    }
}
