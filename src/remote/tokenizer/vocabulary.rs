//! Byte-pair encoding, as far as it takes to count tokens.
//!
//! A text is cut into words by a pattern, and in each word the neighbours whose union stands first in the vocabulary are
//! joined until none is left that do. Source: tiktoken, `src/lib.rs` and `tiktoken_ext/openai_public.py`.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use regex::Regex;
use rustc_hash::FxHashMap;

/// A word of more bytes is counted in parts, so that a text without blanks needs no more memory than another. A part more
/// is a token more at most.
const LONGEST_WORD: usize = 64 << 10;

/// The tokens that a model knows, and how its texts are cut into words.
pub struct Vocabulary {
    /// The earlier one of two joins has the smaller rank.
    ranks: FxHashMap<&'static [u8], u32>,
    words: Regex,
}

impl Vocabulary {
    /// `tokens` is in the order of the ranks, each token after a byte that says how long it is. `words` is the pattern of the
    /// words without its last two branches, which are for blanks.
    pub fn read(mut tokens: &'static [u8], words: &[&str]) -> Self {
        let mut ranks = FxHashMap::default();
        // About one byte in eight begins a token.
        ranks.reserve(tokens.len() / 8);
        while let Some((length, rest)) = tokens.split_first()
            && let Some((token, rest)) = rest.split_at_checked(usize::from(*length))
        {
            ranks.insert(token, ranks.len() as u32);
            tokens = rest;
        }
        #[allow(clippy::expect_used)] // The patterns are literals beside this file, each met by a test.
        let words = Regex::new(&format!("{}|{BLANKS}", words.join("|"))).expect("a pattern of this program");
        Self { ranks, words }
    }

    /// The words of the text, which together are the text.
    pub fn words<'a>(&'a self, text: &'a str) -> impl Iterator<Item = &'a [u8]> {
        let mut at = 0;
        let words = std::iter::from_fn(move || {
            let found = self.words.find_at(text, at)?;
            let word = found.as_str();
            let word = &word[..word.len() - last_blank(word, found.end() == text.len())];
            at = found.start() + word.len();
            Some(word.as_bytes())
        });
        words.flat_map(|word| word.chunks(LONGEST_WORD))
    }

    /// How many tokens the word has.
    pub fn count(&self, word: &[u8]) -> u64 {
        if self.ranks.contains_key(word) { 1 } else { self.joined(word) }
    }

    fn joined(&self, word: &[u8]) -> u64 {
        let rank = |start: usize, end: usize| self.ranks.get(&word[start..end]).copied();
        // Each part by where it starts: where the next one and the one before start, and whether it is still a part.
        let mut next: Vec<usize> = (1..=word.len()).collect();
        let mut before: Vec<usize> = (0..word.len()).map(|start| start.saturating_sub(1)).collect();
        let mut stands = vec![true; word.len()];
        let mut joins: BinaryHeap<Reverse<(u32, usize, usize)>> = (0..word.len().saturating_sub(1))
            .filter_map(|start| Some(Reverse((rank(start, start + 2)?, start, start + 2))))
            .collect();
        let mut parts = word.len() as u64;
        while let Some(Reverse((_, start, end))) = joins.pop() {
            let middle = next[start];
            // One of the two may have been joined with another meanwhile.
            if !stands[start] || middle >= end || next[middle] != end {
                continue;
            }
            parts -= 1;
            stands[middle] = false;
            next[start] = end;
            if end < word.len() {
                before[end] = start;
                joins.extend(rank(start, next[end]).map(|rank| Reverse((rank, start, next[end]))));
            }
            if start > 0 {
                joins.extend(rank(before[start], end).map(|rank| Reverse((rank, before[start], end))));
            }
        }
        parts
    }
}

/// Blanks that no other branch takes. In the original they are `\s+(?!\S)|\s+`, which needs a look ahead.
const BLANKS: &str = r"\s+";

/// The bytes of the blank that goes to the word after it: the last of several, where a word follows.
fn last_blank(word: &str, ends: bool) -> usize {
    let blank = !word.contains(['\r', '\n']) && word.chars().all(char::is_whitespace);
    let last = word.chars().next_back().map_or(0, char::len_utf8);
    if blank && !ends && word.len() > last { last } else { 0 }
}
