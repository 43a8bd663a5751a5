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
    thoughts: Thoughts,
    /// Bytes of the text that were given out.
    told: usize,
}

const OPENING: &str = "<think>";
const CLOSING: &str = "</think>";

/// Whether the text begins with thoughts between two tags: so write models whose server knows of no thoughts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Thoughts {
    /// Too little has come.
    #[default]
    Unknown,
    /// Their end was looked for up to here.
    Open(usize),
    Past,
}

/// Why a reply ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    Stop,
    /// At the cap on output, or at the end of the context.
    Length,
    /// In the middle, for reasons of the server.
    BrokenOff,
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
    BrokenOff,
    Refused,
}

impl Assembly {
    /// Whether the server said that nothing more of the text will come.
    pub fn is_finished(&self) -> bool {
        self.ending.is_some()
    }

    /// The text that was not given out yet. What may be thoughts is held back until it is known.
    pub fn fresh(&mut self) -> &str {
        if !self.is_past_thoughts() {
            return "";
        }
        let from = std::mem::replace(&mut self.told, self.text.len());
        self.text.get(from..).unwrap_or_default()
    }

    /// Takes thoughts out of the beginning of the text as soon as they have ended.
    fn is_past_thoughts(&mut self) -> bool {
        loop {
            match self.thoughts {
                Thoughts::Past => return true,
                Thoughts::Unknown => {
                    let start = self.text.trim_start();
                    if start.len() < OPENING.len() && OPENING.starts_with(start) {
                        return false;
                    }
                    self.thoughts = if start.starts_with(OPENING) { Thoughts::Open(0) } else { Thoughts::Past };
                }
                Thoughts::Open(searched) => {
                    // The tag may have come in two pieces.
                    let mut from = searched.saturating_sub(CLOSING.len());
                    while !self.text.is_char_boundary(from) {
                        from -= 1;
                    }
                    let Some(at) = self.text.get(from..).and_then(|text| text.find(CLOSING)) else {
                        self.thoughts = Thoughts::Open(self.text.len());
                        return false;
                    };
                    self.drop_thoughts(from + at + CLOSING.len());
                    self.thoughts = Thoughts::Unknown;
                }
            }
        }
    }

    /// Takes out the thoughts that only the end of a reply shows: those that never end, and those whose beginning the
    /// template wrote. Their end stands on a line of its own, as it cannot within JSON.
    pub fn end_thoughts(&mut self) {
        match self.thoughts {
            Thoughts::Open(_) => self.drop_thoughts(self.text.len()),
            Thoughts::Unknown | Thoughts::Past => {
                if let Some(at) = self.text.find("\n</think>") {
                    self.drop_thoughts(at + 1 + CLOSING.len());
                }
            }
        }
    }

    fn drop_thoughts(&mut self, end: usize) {
        self.reasoning_bytes += end;
        self.text = self.text.get(end..).unwrap_or_default().trim_start().to_owned();
        self.told = 0;
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
        } else if self.ending == Some(Ending::BrokenOff) {
            Some(Unusable::BrokenOff)
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
        let broken = Assembly { ending: Some(Ending::BrokenOff), ..said("half of i") };
        assert_eq!(broken.flaw(), Some(Unusable::BrokenOff));
    }

    #[test]
    fn thoughts_within_the_text_are_taken_out_however_they_come() {
        let reply = "\n<think>Is it {x}? é</think>\n\n{\"answer\": \"yes\"}";
        for size in [1, 2, 5, 100] {
            let (mut assembly, mut told) = (Assembly::default(), String::new());
            for piece in reply.chars().collect::<Vec<_>>().chunks(size) {
                assembly.text.extend(piece);
                told.push_str(assembly.fresh());
            }
            assembly.end_thoughts();
            assert_eq!(
                (assembly.text.trim(), told.trim()),
                ("{\"answer\": \"yes\"}", "{\"answer\": \"yes\"}"),
                "{size}"
            );
            assert!(assembly.reasoning_bytes > 20);
        }
        let ended = |text: &str| {
            let mut assembly = said(text);
            assembly.fresh();
            assembly.end_thoughts();
            assembly.text
        };
        assert_eq!(ended("<think>and so on and"), "", "no answer came");
        assert_eq!(ended("The template began it.\n</think>\n\nyes"), "yes");
        for whole in ["<thin line", "{\"citation\": \"ends in </think>\"}", "say <think> so"] {
            assert_eq!(ended(whole), whole);
        }
    }
}
