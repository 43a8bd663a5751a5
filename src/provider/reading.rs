//! Whether a server reads requests whole: before one is sent, by the context the server tells of; afterwards, by the tokens it
//! counted. Some servers cut what is too long and answer all the same (Ollama to its `num_ctx`, LM Studio to what was loaded).

use super::request::Chat;
use crate::protocol::Usage;

/// Replies after which the bytes of a token are known well enough.
const LEARNT: u64 = 4;
/// Bytes of a token at most, blanks left out, while nothing is learnt: no vocabulary gets near it with any text.
const MOST_BYTES: f64 = 10.0;
/// No text of a document takes fewer tokens than this part of what such texts took so far.
const PART: f64 = 0.6;

/// What is known of one server's reading.
#[derive(Debug, Default)]
pub struct Reading {
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
    /// It has a context of so many tokens, which are fewer than about so many.
    Cut {
        context: u64,
        of: u64,
    },
    /// It read so many tokens, of about so many, as it looks.
    Doubtful {
        read: u64,
        of: u64,
    },
}

impl Reading {
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

    /// Looks at the count of a reply to a request of this weight, for which the server was asked to make room for `asked`
    /// tokens if it does as it is asked.
    pub fn answered(&mut self, weight: u64, usage: &Usage, asked: Option<u64>) -> Read {
        if usage.estimated || usage.input_tokens == 0 {
            return Read::Whole;
        }
        let read = usage.input_tokens;
        let of = self.estimate(weight);
        if let Some(context) = asked.or(self.tokens).filter(|context| read + 1 >= *context) {
            return Read::Cut { context, of: of.max(read + 1) };
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

/// The bytes of a request without its blanks: tables hold many of them, and a token may hold many blanks.
pub fn weight(chat: &Chat<'_>) -> u64 {
    chat.messages.iter().map(|message| of_text(&message.content)).sum()
}

fn of_text(text: &str) -> u64 {
    // Sums of a byte, and tests without a branch: every request is gone through.
    let is_blank = |byte: u8| (byte == b' ') | (byte == b'\n') | (byte == b'\r') | (byte == b'\t') | (byte == b'\x0c');
    let count = |piece: &[u8]| piece.iter().fold(0u8, |sum, byte| sum.wrapping_add(u8::from(!is_blank(*byte))));
    text.as_bytes().chunks(usize::from(u8::MAX)).map(|piece| u64::from(count(piece))).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(input_tokens: u64) -> Usage {
        Usage { input_tokens, ..Usage::default() }
    }

    #[test]
    fn what_cannot_fit_is_known_before_it_is_sent() {
        let mut reading = Reading::default();
        assert_eq!(reading.too_small_for(1_000_000), None, "nothing is known of this server");
        reading.is(Some(4096));
        assert_eq!(reading.too_small_for(20_000), None, "about 5,000 tokens, which may still be wrong");
        assert_eq!(reading.too_small_for(60_000), Some((15_000, 4096)));
        for _ in 0..LEARNT {
            assert_eq!(reading.answered(4_000, &usage(1_000), None), Read::Whole);
        }
        assert_eq!(reading.too_small_for(21_000), Some((5_250, 4096)), "by now it is known");
    }

    #[test]
    fn a_prompt_that_fills_the_context_was_cut() {
        let mut reading = Reading::default();
        reading.is(Some(4096));
        assert_eq!(reading.answered(20_000, &usage(4096), None), Read::Cut { context: 4096, of: 5_000 });
        assert_eq!(reading.answered(15_000, &usage(3_900), None), Read::Whole);
    }

    #[test]
    fn where_room_was_asked_for_that_is_what_counts() {
        let mut reading = Reading::default();
        reading.is(Some(131_072));
        assert_eq!(reading.answered(24_000, &usage(6_000), Some(8192)), Read::Whole);
        assert_eq!(reading.answered(36_000, &usage(8192), Some(8192)), Read::Cut { context: 8192, of: 9_000 });
    }

    #[test]
    fn a_count_that_is_far_too_small_is_doubtful_where_the_context_is_not_told() {
        let mut reading = Reading::default();
        assert_eq!(reading.answered(40_000, &usage(2_048), None), Read::Doubtful { read: 2_048, of: 10_000 });
        for _ in 0..LEARNT {
            assert_eq!(reading.answered(4_000, &usage(1_000), None), Read::Whole);
        }
        assert_eq!(reading.answered(16_000, &usage(2_048), None), Read::Doubtful { read: 2_048, of: 4_000 });
        assert_eq!(reading.answered(5_000, &usage(1_100), None), Read::Whole);
    }

    #[test]
    fn a_count_of_our_own_proves_nothing() {
        let estimated = Usage { estimated: true, ..usage(1) };
        assert_eq!(Reading::default().answered(1_000_000, &estimated, None), Read::Whole);
    }

    #[test]
    fn blanks_weigh_nothing() {
        assert_eq!(of_text("Net sales ........    1 234\n"), 20);
    }
}
