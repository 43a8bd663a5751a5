//! A reply as far as it has come, put together from the pieces of a stream or from the one piece of a plain reply.

use crate::protocol::{Finish, Usage, estimate_tokens};

/// What a wire has read of a reply.
#[derive(Debug, Default)]
pub struct Assembly {
    pub text: String,
    /// Why the server says the reply ended; nothing while it goes on.
    pub ending: Option<Ending>,
    /// What the model said in place of a reply.
    pub refusal: String,
    /// Bytes of thoughts, which are no part of the text.
    pub reasoning_bytes: usize,
    pub counts: Counts,
    /// Whether a count has come that this kind of server sends last.
    pub counted_at_end: bool,
    /// Whether nothing more will come, so that the end of the connection need not be waited for.
    pub complete: bool,
}

/// Why a reply ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    Stop,
    /// At the cap on output, or at the end of the context.
    Length,
    /// The server took offence at what was asked or answered.
    Refused,
}

/// Tokens as the server counted them; what it did not count is absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// All input, whether it came from a cache or not.
    pub input: Option<u64>,
    /// The part of the input that was read from a cache.
    pub cached: Option<u64>,
    /// The part of the input that was written to a cache, which some providers charge more for.
    pub cache_write: Option<u64>,
    /// All output, thoughts included.
    pub output: Option<u64>,
    /// The part of the output that was thought.
    pub reasoning: Option<u64>,
}

/// What stands in the way of taking an ended reply as an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unusable {
    Empty,
    Refused,
}

impl Assembly {
    /// Whether the server said that nothing more of the text will come.
    pub fn is_finished(&self) -> bool {
        self.ending.is_some()
    }

    pub fn finish(&self) -> Finish {
        match self.ending {
            Some(Ending::Length) => Finish::Length,
            _ => Finish::Stop,
        }
    }

    /// What is wrong with the reply, once it has ended.
    pub fn flaw(&self) -> Option<Unusable> {
        if self.ending == Some(Ending::Refused) || (self.text.is_empty() && !self.refusal.is_empty()) {
            Some(Unusable::Refused)
        } else if self.text.trim().is_empty() && self.finish() == Finish::Stop {
            Some(Unusable::Empty)
        } else {
            None
        }
    }

    /// The tokens as the server counted them; what it did not count is estimated from `input_bytes` and the text.
    pub fn usage(&self, input_bytes: usize) -> Usage {
        let written = self.text.len() + self.reasoning_bytes;
        let input = self.counts.input.filter(|tokens| *tokens > 0);
        let output = self.counts.output.filter(|tokens| *tokens > 0 || written == 0);
        let input_tokens = input.unwrap_or_else(|| estimate_tokens(input_bytes));
        let cached = self.counts.cached.unwrap_or(0).min(input_tokens);
        let output_tokens = output.unwrap_or_else(|| estimate_tokens(written));
        let reasoning_tokens = match (self.counts.reasoning, output) {
            (Some(tokens), _) => tokens,
            (None, None) => estimate_tokens(self.reasoning_bytes),
            (None, Some(_)) => 0,
        };
        Usage {
            input_tokens,
            cached_input_tokens: cached,
            cache_write_input_tokens: self.counts.cache_write.unwrap_or(0).min(input_tokens - cached),
            output_tokens,
            reasoning_tokens: reasoning_tokens.min(output_tokens),
            estimated: input.is_none() || output.is_none(),
            reused: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Assembly {
        Assembly { text: text.into(), ending: Some(Ending::Stop), ..Assembly::default() }
    }

    #[test]
    fn the_servers_own_count_is_taken_whole() {
        let counts =
            Counts { input: Some(100), cached: Some(64), cache_write: Some(30), output: Some(20), reasoning: Some(15) };
        let usage = Assembly { counts, ..said("yes") }.usage(9999);
        let expected = Usage {
            input_tokens: 100,
            cached_input_tokens: 64,
            cache_write_input_tokens: 30,
            output_tokens: 20,
            reasoning_tokens: 15,
            estimated: false,
            reused: false,
        };
        assert_eq!(usage, expected);
    }

    #[test]
    fn what_was_not_counted_is_estimated_and_says_so() {
        let whole = said("eight by").usage(40);
        assert_eq!(whole, Usage { input_tokens: 10, output_tokens: 2, estimated: true, ..Usage::default() });
        let counts = Counts { input: Some(7), output: Some(0), ..Counts::default() };
        let half = Assembly { counts, ..said("eight by") }.usage(40);
        assert_eq!(half, Usage { input_tokens: 7, output_tokens: 2, estimated: true, ..Usage::default() });
        let thoughts = Assembly { reasoning_bytes: 12, ..said("42") }.usage(0);
        assert_eq!(thoughts.reasoning_tokens, 3);
    }

    #[test]
    fn a_refusal_and_an_empty_reply_are_no_answers() {
        let refused = Assembly { refusal: "no".into(), ..said("") };
        assert_eq!(refused.flaw(), Some(Unusable::Refused));
        let filtered = Assembly { ending: Some(Ending::Refused), ..said("a") };
        assert_eq!(filtered.flaw(), Some(Unusable::Refused));
        assert_eq!(said(" ").flaw(), Some(Unusable::Empty));
        let capped = Assembly { ending: Some(Ending::Length), ..said("") };
        assert_eq!(capped.flaw(), None, "the tokens went into thoughts: a reply at its cap");
    }
}
