//! How many tokens a text has for a model. For OpenAI's, whose vocabularies are public, it is counted; for others the count
//! of the nearest one is an estimate, and marked as such.

mod vocabulary;

use std::sync::LazyLock;

use crate::protocol::{Message, ReplyFormat, TokenCount, decision_schema};
use vocabulary::Vocabulary;

/// The words of `o200k_base` and of `cl100k_base`, from tiktoken's `openai_public.py`.
static O200K: LazyLock<Vocabulary> = LazyLock::new(|| {
    let words = [
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
        r"\p{N}{1,3}",
        r" ?[^\s\p{L}\p{N}]+[\r\n/]*",
        r"\s*[\r\n]+",
    ];
    Vocabulary::read(include_bytes!("o200k_base.vocabulary"), &words)
});
static CL100K: LazyLock<Vocabulary> = LazyLock::new(|| {
    let words = [
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)",
        r"[^\r\n\p{L}\p{N}]?\p{L}+",
        r"\p{N}{1,3}",
        r" ?[^\s\p{L}\p{N}]+[\r\n]*",
        r"\s*[\r\n]+",
    ];
    Vocabulary::read(include_bytes!("cl100k_base.vocabulary"), &words)
});

/// Families of models and their vocabularies, from tiktoken's `model.py`. A name is of a family where it is the family's or
/// goes on after a `-` or `:`; those of [`ANY_END`] go on as they like.
const FAMILIES: [(&str, Encoding); 13] = [
    ("gpt-4o", Encoding::O200k),
    ("chatgpt-4o", Encoding::O200k),
    ("gpt-4.1", Encoding::O200k),
    ("gpt-4.5", Encoding::O200k),
    ("gpt-oss", Encoding::O200k),
    ("o1", Encoding::O200k),
    ("o3", Encoding::O200k),
    ("o4-mini", Encoding::O200k),
    ("codex-mini", Encoding::O200k),
    ("gpt-4", Encoding::Cl100k),
    ("gpt-3.5-turbo", Encoding::Cl100k),
    ("gpt-3.5", Encoding::Cl100k),
    ("gpt-35-turbo", Encoding::Cl100k),
];
const ANY_END: [(&str, Encoding); 1] = [("gpt-5", Encoding::O200k)];

/// What each message and each request has beside its words: OpenAI's cookbook, "How to count tokens with tiktoken".
const EACH_MESSAGE: u64 = 4;
const EACH_REQUEST: u64 = 3;
/// Words between two looks at whether the count is still wanted.
const WORDS_AT_ONCE: u32 = 4096;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    O200k,
    Cl100k,
}

/// What counts the tokens of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tokenizer {
    encoding: Encoding,
    /// Whether it is the model's own.
    own: bool,
}

impl Tokenizer {
    /// The tokenizer of the model of this name, whoever serves it; for one that is not known, the nearest.
    pub fn of_model(model: &str) -> Self {
        let name = model.trim().to_ascii_lowercase();
        // OpenRouter, Groq and others put the maker before the name; a tuned model has its base's vocabulary.
        let name = name.rsplit_once('/').map_or(name.as_str(), |(_, name)| name);
        let name = name.strip_prefix("ft:").unwrap_or(name);
        let is_of =
            |family: &str| name.strip_prefix(family).is_some_and(|end| end.is_empty() || end.starts_with(['-', ':']));
        let known = FAMILIES.iter().find(|(family, _)| is_of(family));
        let known = known.or_else(|| ANY_END.iter().find(|(family, _)| name.starts_with(family)));
        Self { encoding: known.map_or(Encoding::O200k, |(_, encoding)| *encoding), own: known.is_some() }
    }

    /// What its vocabulary is called.
    pub fn name(self) -> &'static str {
        match self.encoding {
            Encoding::O200k => "o200k_base",
            Encoding::Cl100k => "cl100k_base",
        }
    }

    /// Whether it is the model's own, and its counts no estimates.
    pub fn is_own(self) -> bool {
        self.own
    }

    /// The tokens of a text; how fast, is in docs/performance.md. Gives nothing where `unwanted` says so on the way.
    pub fn count(self, text: &str, mut unwanted: impl FnMut() -> bool) -> Option<u64> {
        let vocabulary = match self.encoding {
            Encoding::O200k => &*O200K,
            Encoding::Cl100k => &*CL100K,
        };
        let (mut tokens, mut until_look) = (0, 0);
        for word in vocabulary.words(text) {
            if until_look == 0 {
                if unwanted() {
                    return None;
                }
                until_look = WORDS_AT_ONCE;
            }
            until_look -= 1;
            tokens += vocabulary.count(word);
        }
        Some(tokens)
    }

    /// The input tokens of a request: its messages and, where it asks for JSON, the form that goes with it. Gives nothing
    /// where `unwanted` says so on the way.
    pub fn count_request(
        self,
        messages: &[Message],
        format: ReplyFormat,
        unwanted: impl Fn() -> bool,
    ) -> Option<TokenCount> {
        let mut tokens = EACH_REQUEST;
        for message in messages {
            tokens += self.count(&message.content, &unwanted)? + EACH_MESSAGE;
        }
        if format == ReplyFormat::Json {
            tokens += self.count(&decision_schema().to_string(), &unwanted)?;
        }
        Some(TokenCount { tokens, counted: self.own })
    }
}

#[cfg(test)]
mod tests;
