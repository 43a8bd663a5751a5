//! Whether a server reads jobs whole: before one is sent, by the context the server tells of; afterwards, by the tokens it
//! counted. Some servers cut what is too long and answer all the same (Ollama to its `num_ctx`, LM Studio to what was loaded).

use crate::protocol::Usage;

/// Replies after which the bytes of a token are known well enough.
const LEARNT: u64 = 4;
/// Bytes of a token at most, blanks left out, while nothing is learnt: no vocabulary gets near it with any text.
const MOST_BYTES: f64 = 10.0;
/// No text of a document takes fewer tokens than this part of what such texts took so far.
const PART: f64 = 0.6;

/// What is known of one server's reading.
#[derive(Debug, Default)]
pub struct Context {
    /// Tokens of one request, where the server tells it.
    tokens: Option<u64>,
    replies: u64,
    weighed: u64,
    counted: u64,
}

/// What the tokens that a server counted say of a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Read {
    Whole,
    /// It read so many tokens, of about so many: what the server tells of its context says so.
    Cut {
        read: u64,
        of: u64,
    },
    /// The same, as it looks.
    Doubtful {
        read: u64,
        of: u64,
    },
}

impl Context {
    pub fn is(&mut self, tokens: Option<u64>) {
        self.tokens = tokens.or(self.tokens);
    }

    /// The estimated tokens of a request of this weight, where it cannot fit by any estimate.
    pub fn too_small_for(&self, weight: u64) -> Option<(u64, u64)> {
        let context = self.tokens?;
        let fewest = match self.bytes_a_token() {
            Some(bytes) => weight as f64 / bytes * 0.8,
            None => weight as f64 / MOST_BYTES,
        };
        (fewest >= context as f64).then(|| (self.estimate(weight), context))
    }

    /// Looks at the count of a reply to a request of this weight.
    pub fn answered(&mut self, weight: u64, usage: &Usage) -> Read {
        if usage.estimated || usage.input_tokens == 0 {
            return Read::Whole;
        }
        let read = usage.input_tokens;
        let of = self.estimate(weight);
        if self.tokens.is_some_and(|context| read + 1 >= context) {
            return Read::Cut { read, of: of.max(read + 1) };
        }
        let fewest = match self.bytes_a_token() {
            Some(bytes) => weight as f64 / bytes * PART,
            None => weight as f64 / MOST_BYTES,
        };
        if (read as f64) < fewest {
            return Read::Doubtful { read, of };
        }
        self.replies += 1;
        self.weighed += weight;
        self.counted += read;
        Read::Whole
    }

    fn bytes_a_token(&self) -> Option<f64> {
        (self.replies >= LEARNT).then(|| self.weighed as f64 / self.counted.max(1) as f64)
    }

    fn estimate(&self, weight: u64) -> u64 {
        (weight as f64 / self.bytes_a_token().unwrap_or(4.0)).ceil() as u64
    }
}

/// The bytes of a text without its blanks: tables hold many of them, and a token may hold many blanks.
pub fn weight(text: &str) -> u64 {
    text.bytes().filter(|byte| !byte.is_ascii_whitespace()).count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(input_tokens: u64) -> Usage {
        Usage { input_tokens, ..Usage::default() }
    }

    #[test]
    fn what_cannot_fit_is_known_before_it_is_sent() {
        let mut context = Context::default();
        assert_eq!(context.too_small_for(1_000_000), None, "nothing is known of this server");
        context.is(Some(4096));
        assert_eq!(context.too_small_for(20_000), None, "about 5,000 tokens, which may still be wrong");
        assert_eq!(context.too_small_for(60_000), Some((15_000, 4096)));
        for _ in 0..LEARNT {
            assert_eq!(context.answered(4_000, &usage(1_000)), Read::Whole);
        }
        assert_eq!(context.too_small_for(21_000), Some((5_250, 4096)), "by now it is known");
    }

    #[test]
    fn a_prompt_that_fills_the_context_was_cut() {
        let mut context = Context::default();
        context.is(Some(4096));
        assert_eq!(context.answered(20_000, &usage(4096)), Read::Cut { read: 4096, of: 5_000 });
        assert_eq!(context.answered(15_000, &usage(3_900)), Read::Whole);
    }

    #[test]
    fn a_count_that_is_far_too_small_is_doubtful_where_the_context_is_not_told() {
        let mut context = Context::default();
        assert_eq!(context.answered(40_000, &usage(2_048)), Read::Doubtful { read: 2_048, of: 10_000 });
        for _ in 0..LEARNT {
            assert_eq!(context.answered(4_000, &usage(1_000)), Read::Whole);
        }
        assert_eq!(context.answered(16_000, &usage(2_048)), Read::Doubtful { read: 2_048, of: 4_000 });
        assert_eq!(context.answered(5_000, &usage(1_100)), Read::Whole);
    }

    #[test]
    fn a_count_of_our_own_proves_nothing() {
        let estimated = Usage { estimated: true, ..usage(1) };
        assert_eq!(Context::default().answered(1_000_000, &estimated), Read::Whole);
    }

    #[test]
    fn blanks_weigh_nothing() {
        assert_eq!(weight("Net sales ........    1 234\n"), 20);
    }
}
