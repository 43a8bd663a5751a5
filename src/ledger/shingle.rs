//! Finds what two texts have in common: runs of words, and runs of exact bytes, by rolling hashes of fixed windows.
//!
//! The windows of the small text go into a set; one pass over the large one marks every window that is in it. A run of
//! at least a window's length is the union of its windows, so nothing is missed. Two different windows with the same 64
//! bits of hash would mark too much, never too little.

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};
use std::ops::Range;

use crate::document::{NormalChar, NormalChars};

/// Words in a window.
pub const WORDS: usize = 5;
/// Bytes in a window.
pub const BYTES: usize = 24;
/// Bytes from one block of a large text to the next, and those in a block.
const STRIDE: usize = 8;
const BLOCK: usize = BYTES - STRIDE;
/// Letters and digits that a window of bytes must have: rules and indentation say nothing.
const LETTERS: usize = 12;

/// The windows of a small text.
#[derive(Default)]
pub struct Shingles {
    words: HashFilter,
    bytes: HashFilter,
    /// Of the windows of bytes.
    blocks: HashFilter,
}

impl Shingles {
    /// Adds the windows of a text.
    pub fn add(&mut self, text: &str) {
        word_windows(text, |hash, _| self.words.insert(hash));
        let letters: Vec<bool> = text.bytes().map(|byte| byte.is_ascii_alphanumeric() || !byte.is_ascii()).collect();
        let (mut count, mut next_block) = (0, 0);
        byte_windows(text.as_bytes(), |hash, start| {
            count = match start {
                0 => letters.iter().take(BYTES).filter(|letter| **letter).count(),
                _ => count + usize::from(letters[start + BYTES - 1]) - usize::from(letters[start - 1]),
            };
            if count >= LETTERS {
                self.bytes.insert(hash);
                let new = start.max(next_block)..start + STRIDE;
                next_block = new.end;
                new.filter_map(|at| block(text.as_bytes(), at)).for_each(|hash| self.blocks.insert(hash));
            }
        });
    }

    /// Calls `found` for every window of `text` that is among these, as a byte range at character boundaries. The ranges
    /// of words come first, then those of bytes, each in order.
    pub fn scan(&self, text: &str, mut found: impl FnMut(Range<usize>)) {
        if !self.words.is_empty() {
            word_windows(text, |hash, range| {
                if self.words.contains(hash) {
                    found(range);
                }
            });
        }
        if self.bytes.is_empty() {
            return;
        }
        let bytes = text.as_bytes();
        for at in (0..bytes.len()).step_by(STRIDE) {
            if !block(bytes, at).is_some_and(|hash| self.blocks.contains(hash)) {
                continue;
            }
            // The windows whose first whole block it is.
            let first = at.saturating_sub(STRIDE - 1);
            byte_windows(&bytes[first..(at + BYTES).min(bytes.len())], |hash, start| {
                let start = first + start;
                if self.bytes.contains(hash) {
                    found(text.ceil_char_boundary(start)..text.floor_char_boundary(start + BYTES));
                }
            });
        }
    }
}

/// Calls `window` with the hash of every five consecutive words, and the bytes from the first to the last of them.
///
/// A word is a run of letters and digits in [normal form](NormalChars).
fn word_windows(text: &str, mut window: impl FnMut(u64, Range<usize>)) {
    let mut last = LastWords::default();
    let mut word: Option<Word> = None;
    let mut close = |word: Word| {
        if let Some((hash, start)) = last.add(&word) {
            window(hash, start..word.end);
        }
    };
    let grow = |hash: u64, letter: u8| hash.rotate_left(1) ^ LETTERS_TABLE[usize::from(letter)];
    let mut chars = NormalChars::new(text);
    loop {
        let Some(begun) = &mut word else {
            let (hash, Range { start, end }) = chars.fold_letters(0, grow);
            let has_letters = start < end;
            // Most words are plain from end to end.
            match (has_letters, chars.pass_gap()) {
                (true, true) => close(Word { hash, start, end }),
                (true, false) => word = Some(Word { hash, start, end }),
                (false, true) => {}
                (false, false) => {
                    let Some(normal) = chars.next() else { return };
                    word = Word::beginning(&normal);
                }
            }
            continue;
        };
        let (hash, letters) = chars.fold_letters(begun.hash, grow);
        if !letters.is_empty() {
            (begun.hash, begun.end) = (hash, letters.end);
        }
        if chars.pass_gap() {
            word.take().into_iter().for_each(&mut close);
            continue;
        }
        let Some(normal) = chars.next() else { break };
        match Word::beginning(&normal) {
            Some(more) => (begun.hash, begun.end) = (begun.hash.rotate_left(1) ^ more.hash, more.end),
            None => word.take().into_iter().for_each(&mut close),
        }
    }
    word.into_iter().for_each(close);
}

/// A word that has begun.
struct Word {
    /// A cyclic polynomial of its letters.
    hash: u64,
    start: usize,
    end: usize,
}

impl Word {
    /// One of this letter, if it is one.
    fn beginning(letter: &NormalChar) -> Option<Self> {
        let NormalChar { character, start, end } = *letter;
        character.is_alphanumeric().then(|| Self { hash: of_letter(character), start, end })
    }
}

/// The words up to the one that came last, as many as a window has.
#[derive(Default)]
struct LastWords {
    /// Hash and start of each, where their number modulo their room says.
    words: [(u64, usize); WORDS.next_power_of_two()],
    count: usize,
    /// Of the window.
    hash: u64,
}

impl LastWords {
    /// The hash of the window that ends with this word, and where it begins, once there are enough words.
    fn add(&mut self, word: &Word) -> Option<(u64, usize)> {
        let room = self.words.len();
        // Else a letter might as well stand in the word before.
        let hash = word.hash.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let gone = self.words[self.count.wrapping_sub(WORDS) % room].0;
        self.words[self.count % room] = (hash, word.start);
        self.hash = self.hash.rotate_left(WORD_TURN) ^ gone.rotate_left(WORD_TURN * WORDS as u32) ^ hash;
        self.count += 1;
        let first = self.count.checked_sub(WORDS)?;
        Some((mix(self.hash), self.words[first % room].1))
    }
}

/// By how much the hash of a window is turned for each word.
const WORD_TURN: u32 = 13;

/// Calls `window` with the hash of every 24 consecutive bytes and where they begin (a cyclic polynomial hash).
fn byte_windows(bytes: &[u8], mut window: impl FnMut(u64, usize)) {
    let Some((first, rest)) = bytes.split_at_checked(BYTES) else { return };
    let mut hash = first.iter().fold(0u64, |hash, byte| hash.rotate_left(1) ^ TABLE[usize::from(*byte)]);
    window(hash, 0);
    for (start, (gone, new)) in bytes.iter().zip(rest).enumerate() {
        hash = hash.rotate_left(1) ^ TABLE[usize::from(*gone)].rotate_left(BYTES as u32) ^ TABLE[usize::from(*new)];
        window(hash, start + 1);
    }
}

/// The hash of the block that begins there, where the bytes hold it whole.
fn block(bytes: &[u8], at: usize) -> Option<u64> {
    let (first, second) = bytes.get(at..at + BLOCK)?.split_first_chunk::<STRIDE>()?;
    let second = u64::from_le_bytes(*second.first_chunk()?);
    Some(mix(u64::from_le_bytes(*first).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ second.rotate_left(32)))
}

/// Random bits for each byte.
static TABLE: [u64; 256] = {
    let mut table = [0; 256];
    let mut at = 0;
    while at < 256 {
        table[at] = mix((at as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        at += 1;
    }
    table
};

/// Random bits for each letter and digit of ASCII, the same for both cases.
static LETTERS_TABLE: [u64; 256] = {
    let mut table = [0; 256];
    let mut byte = 0u8;
    while byte < 128 {
        table[byte as usize] = of_letter(byte.to_ascii_lowercase() as char);
        byte += 1;
    }
    table
};

/// Random bits for a letter.
const fn of_letter(letter: char) -> u64 {
    mix((letter as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

/// The finaliser of SplitMix64.
const fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// A set of hashes behind a bitmap that answers most questions without looking into it.
#[derive(Default)]
struct HashFilter {
    bits: Vec<u64>,
    hashes: HashSet<u64, BuildHasherDefault<AsItIs>>,
}

/// 2^20 bits: 128 KiB, which a core's cache holds.
const FILTER_BITS: u32 = 20;

impl HashFilter {
    fn insert(&mut self, hash: u64) {
        if self.bits.is_empty() {
            self.bits.resize(1 << (FILTER_BITS - 6), 0);
        }
        let bit = (hash >> (64 - FILTER_BITS)) as usize;
        self.bits[bit / 64] |= 1 << (bit % 64);
        self.hashes.insert(hash);
    }

    fn contains(&self, hash: u64) -> bool {
        let bit = (hash >> (64 - FILTER_BITS)) as usize;
        self.bits[bit / 64] & (1 << (bit % 64)) != 0 && self.hashes.contains(&hash)
    }

    fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }
}

/// Takes a hash for its own hash.
#[derive(Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = mix(self.0 ^ u64::from(*byte));
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Of letters alone, which are one word, so that nothing is found by words.
        #[test]
        fn every_window_of_bytes_is_found_once_and_in_order(
            before in "[abé]{0,40}", shared in "[a-dé]{0,60}", after in "[abé]{0,40}", around in "[xy]{0,20}",
        ) {
            let (large, small) = (format!("{before}{shared}{after}"), format!("{around}{shared}{around}"));
            let mut shingles = Shingles::default();
            shingles.add(&small);
            let mut found = Vec::new();
            shingles.scan(&large, |range| found.push(range));
            let windows = large.as_bytes().windows(BYTES).enumerate();
            let both = windows.filter(|(_, window)| memchr::memmem::find(small.as_bytes(), window).is_some());
            let ranges = both.map(|(at, _)| large.ceil_char_boundary(at)..large.floor_char_boundary(at + BYTES));
            prop_assert_eq!(found, ranges.collect::<Vec<_>>());
        }
    }
}
