//! Which rows the typed words mean, and how well.

use nucleo_matcher::pattern::{Atom, AtomKind, CaseMatching, Normalization};
use nucleo_matcher::{Config, Matcher, Utf32Str};
use unicode_segmentation::UnicodeSegmentation;

/// What was typed, ready to be looked for. Every word has to be found: in a row's first cell with gaps between its
/// letters, in the cells after it as it is.
pub struct Finder {
    words: Vec<Word>,
    matcher: Matcher,
    characters: Vec<char>,
}

struct Word {
    fuzzy: Atom,
    whole: Atom,
}

impl Finder {
    /// Capitals and accents matter only where some were typed.
    pub fn new(query: &str) -> Self {
        let atom = |word: &str, kind| Atom::new(word, CaseMatching::Smart, Normalization::Smart, kind, false);
        let words = query
            .split_whitespace()
            .map(|word| Word { fuzzy: atom(word, AtomKind::Fuzzy), whole: atom(word, AtomKind::Substring) })
            .collect();
        Self { words, matcher: Matcher::new(Config::DEFAULT), characters: Vec::new() }
    }

    pub fn is_blank(&self) -> bool {
        self.words.is_empty()
    }

    /// How well a row fits, higher for better; nothing where a word is not found. `also` is searched like a cell after the
    /// first, and counts less than any.
    pub fn score(&mut self, cells: &[String], also: &str) -> Option<u32> {
        let Self { words, matcher, characters } = self;
        let mut sum = 0;
        for word in words {
            let mut best = None;
            for (at, cell) in cells.iter().enumerate() {
                let text = graphemes(cell, characters);
                // The first cell is what a row is called: it counts twice.
                let found = match at {
                    0 => word.fuzzy.score(text, matcher).map(|score| u32::from(score) * 2),
                    _ => word.whole.score(text, matcher).map(u32::from),
                };
                best = best.max(found);
            }
            let beside = || word.whole.score(graphemes(also, characters), matcher).map(|_| 1);
            sum += best.or_else(beside)?;
        }
        Some(sum)
    }

    /// Which graphemes of a row's cell were meant, counted from 0, in order.
    pub fn marks(&mut self, cell: &str, is_first: bool) -> Vec<u32> {
        let Self { words, matcher, characters } = self;
        let mut marks = Vec::new();
        for word in words {
            let text = graphemes(cell, characters);
            let atom = if is_first { &word.fuzzy } else { &word.whole };
            let _ = atom.indices(text, matcher, &mut marks);
        }
        marks.sort_unstable();
        marks.dedup();
        marks
    }
}

/// The first character of each grapheme, so that places count graphemes. `Utf32Str::new` counts bytes where accents stand
/// as marks of their own behind plain letters.
fn graphemes<'a>(text: &'a str, characters: &'a mut Vec<char>) -> Utf32Str<'a> {
    if text.is_ascii() {
        return Utf32Str::Ascii(text.as_bytes());
    }
    characters.clear();
    characters.extend(text.graphemes(true).filter_map(|grapheme| grapheme.chars().next()));
    Utf32Str::Unicode(characters)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn score(query: &str, cells: &[&str]) -> Option<u32> {
        Finder::new(query).score(&cells.iter().map(ToString::to_string).collect::<Vec<_>>(), "an answer")
    }

    #[test]
    fn every_word_has_to_be_found_and_the_name_counts_most() {
        let row = ["tint left", "e", "mark in the document what left this machine"];
        assert!(score("tl", &row).is_some());
        assert!(score("left machine", &row).is_some());
        assert_eq!(score("left moon", &row), None);
        // Letters with gaps between them are looked for in the name alone.
        assert_eq!(score("mdw", &row), None);
        // What is not shown is found by whole words.
        assert!(
            score("answer", &row) < score("left", &row)
                && score("answer", &row).is_some()
                && score("anwr", &row).is_none()
        );
        assert!(score("left", &row) > score("left", &["copy", "y", "what left this machine"]));
        assert!(score("Tint", &row).is_none() && score("café", &["café"]) == score("cafe", &["cafe"]));
    }

    #[test]
    fn marks_count_graphemes() {
        let mut finder = Finder::new("bd");
        assert_eq!(finder.marks("e\u{301}b-d", true), [1, 3]);
        assert_eq!(finder.marks("b-d", false), [] as [u32; 0]);
        assert_eq!(Finder::new("").marks("abc", true), [] as [u32; 0]);
    }
}
