//! Searching a pane: all matches are found once, then stepped through.
//!
//! In the Document pane the words are a regular expression; where they are none, or it finds nothing, they are taken as plain
//! text. In the other panes, whose rows are short and full of brackets, they are always plain text.

use std::ops::Range;

use regex::{Regex, RegexBuilder};

use super::layout::Pane;
use super::panes::marks::Tint;

/// More matches than this are not looked for.
pub const MOST: usize = 1_000_000;

#[derive(Clone, Debug, Default)]
pub struct Search {
    pub pane: Option<Pane>,
    pub words: String,
    pattern: Option<Regex>,
    /// Why the words are taken as plain text, in the Document pane.
    pub plain: Option<String>,
    /// What is stepped through in place of words: parts of the document that are marked.
    pub tint: Option<Tint>,
    /// Document: byte offsets. Other panes: indexes of rows or jobs. Sorted.
    pub matches: Vec<usize>,
    /// The match stepped to.
    pub current: Option<usize>,
    /// The document that was searched, or is, by its place among those at hand.
    pub document: Option<usize>,
    /// A search of a document that goes on beside the screen.
    pub going: Option<Going>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Going {
    pub ticket: u64,
    /// The byte at which it began; it goes to the end and from the beginning back to there.
    pub from: usize,
    /// It has found something before the byte at which it began, so that what comes after it is all known.
    pub around: bool,
    /// How much is searched, in per cent.
    pub percent: u8,
    /// Which way to step as soon as there is a match.
    pub step: Option<bool>,
}

impl Search {
    /// A search for these words; capitals matter only where there are some, white space matches any of it.
    pub fn new(pane: Pane, words: &str) -> Self {
        let mut search = Self { pane: Some(pane), words: words.to_owned(), ..Self::default() };
        if words.trim().is_empty() {
            return search;
        }
        if pane != Pane::Document {
            search.pattern = plain(words);
            return search;
        }
        match expression(words) {
            Ok(pattern) => search.pattern = Some(pattern),
            Err(why) => search.take_as_plain(&why),
        }
        search
    }

    /// A search of the rows of an overlay.
    pub fn of_rows(words: &str) -> Self {
        Self { words: words.to_owned(), pattern: plain(words).filter(|_| !words.trim().is_empty()), ..Self::default() }
    }

    /// Steps through the marked parts of a document.
    pub fn of_tint(tint: Tint) -> Self {
        Self { pane: Some(Pane::Document), words: tint.words().into(), tint: Some(tint), ..Self::default() }
    }

    fn take_as_plain(&mut self, why: &str) {
        self.pattern = plain(&self.words);
        self.plain = Some(why.to_owned());
    }

    /// Where the expression found nothing: looks for its very characters instead. False when they are the same.
    pub fn retry_as_plain(&mut self) -> bool {
        let same = regex::escape(&self.words) == self.words;
        if same || self.plain.is_some() || self.pane != Some(Pane::Document) || self.pattern.is_none() {
            return false;
        }
        self.take_as_plain("as an expression it finds nothing");
        true
    }

    pub fn pattern(&self) -> Option<&Regex> {
        self.pattern.as_ref()
    }

    pub fn in_pane(&self, pane: Pane) -> bool {
        self.pane == Some(pane) && (self.pattern.is_some() || self.tint.is_some())
    }

    pub fn hits(&self, text: &str) -> bool {
        self.pattern.as_ref().is_some_and(|pattern| pattern.is_match(text))
    }

    /// The places of the matches in `text`, which is what a screen shows.
    pub fn ranges(&self, text: &str) -> Vec<Range<usize>> {
        let Some(pattern) = &self.pattern else { return Vec::new() };
        pattern.find_iter(text).take(MOST).map(|found| found.range()).filter(|range| !range.is_empty()).collect()
    }

    /// Adds matches that lie together.
    pub fn take(&mut self, mut found: Vec<usize>) {
        let Some(first) = found.first() else { return };
        let at = self.matches.partition_point(|known| known < first);
        if let Some(current) = self.current.as_mut().filter(|current| **current >= at) {
            *current += found.len();
        }
        if at == self.matches.len() {
            self.matches.append(&mut found);
        } else {
            self.matches.splice(at..at, found);
        }
    }

    /// Goes to the next match after `here` (or the one before it), around the end; gives where it stands.
    pub fn step(&mut self, here: usize, forward: bool) -> Option<usize> {
        let count = self.matches.len();
        let from = self.matches.partition_point(|&at| if forward { at <= here } else { at < here });
        let at = if forward { from % count.max(1) } else { (from + count.max(1) - 1) % count.max(1) };
        self.current = self.matches.get(at).map(|_| at);
        self.matches.get(at).copied()
    }

    /// `3 of 17`, for the title of the pane.
    pub fn tally(&self) -> String {
        let more = if self.matches.len() >= MOST { "+" } else { "" };
        let going = self.going.map_or(String::new(), |going| format!(" ({}% searched)", going.percent));
        let plain = if self.plain.is_some() { "(plain text) " } else { "" };
        match (self.current, self.matches.len()) {
            (_, 0) if self.going.is_some() => format!("{plain}none yet{going}"),
            (_, 0) => format!("{plain}no match"),
            (Some(at), count) => format!("{plain}{} of {count}{more}{going}", at + 1),
            (None, count) => format!("{plain}{count}{more} found{going}"),
        }
    }
}

fn plain(words: &str) -> Option<Regex> {
    let escaped: Vec<String> = words.split_whitespace().map(regex::escape).collect();
    let folded = !words.chars().any(char::is_uppercase);
    RegexBuilder::new(&escaped.join(r"\s+")).case_insensitive(folded).build().ok()
}

/// The words as a regular expression, or why they are none.
fn expression(words: &str) -> Result<Regex, String> {
    let (source, folded) = with_any_space(words.trim());
    let built = RegexBuilder::new(&source).case_insensitive(folded).multi_line(true).build();
    built.map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => "the expression is too large".into(),
        // The last line says what is wrong; those above draw where.
        error => {
            let text = error.to_string();
            let last = text.lines().last().unwrap_or_default();
            last.trim().trim_start_matches("error: ").to_owned()
        }
    })
}

/// The expression with blanks that match any white space, since lines of a document end anywhere; and whether capitals do not
/// matter: there are none but in escapes such as `\W`.
fn with_any_space(words: &str) -> (String, bool) {
    let (mut source, mut folded, mut classes) = (String::with_capacity(words.len()), true, 0_usize);
    let mut characters = words.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\\' => {
                source.push(character);
                source.extend(characters.next());
                continue;
            }
            '[' => classes += 1,
            ']' => classes = classes.saturating_sub(1),
            ' ' if classes == 0 => {
                while characters.next_if_eq(&' ').is_some() {}
                source.push_str(r"\s+");
                continue;
            }
            _ => {}
        }
        folded &= !character.is_uppercase();
        source.push(character);
    }
    (source, folded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_across_line_ends_and_stepped_through_in_a_circle() {
        let mut search = Search::new(Pane::Document, "net income");
        let text = "Net income rose. net\nincome fell.";
        search.matches = search.ranges(text).into_iter().map(|range| range.start).collect();
        assert_eq!(search.matches, [0, 17]);
        assert_eq!(search.step(0, true), Some(17));
        assert_eq!(search.step(17, true), Some(0));
        assert_eq!(search.step(0, false), Some(17));
        assert_eq!(search.tally(), "2 of 2");
        assert!(!Search::new(Pane::Document, "NET income").hits(text));
    }

    #[test]
    fn a_search_for_nothing_finds_nothing() {
        let mut search = Search::new(Pane::Jobs, "  ");
        assert!(!search.hits("anything"));
        assert_eq!(search.step(0, true), None);
    }

    #[test]
    fn in_a_document_the_words_are_an_expression_whose_blanks_match_line_ends() {
        let found = |words: &str, text: &str| Search::new(Pane::Document, words).ranges(text).len();
        assert_eq!(found(r"net\s+\w+ (rose|fell)", "Net income\nrose. net loss fell."), 2);
        assert_eq!(found("^b", "a\nb\nb"), 2);
        assert_eq!(found(r"[a ]b", "ab b cb"), 2);
        assert_eq!(found(r"\Wb", "-B"), 1, "a capital in an escape is no capital");
        assert_eq!(found(r"B", "b"), 0);
    }

    #[test]
    fn what_is_no_expression_is_plain_text_and_says_so() {
        let search = Search::new(Pane::Document, "(net");
        assert_eq!(search.ranges("the (net income").len(), 1);
        assert_eq!(search.plain.as_deref(), Some("unclosed group"));
        let mut amount = Search::new(Pane::Document, "$48.2");
        assert!(amount.ranges("of $48.2 million").is_empty() && amount.retry_as_plain());
        assert_eq!(amount.ranges("of $48.2 million").len(), 1);
        assert!(!amount.retry_as_plain() && !Search::new(Pane::Document, "words").retry_as_plain());
    }

    #[test]
    fn matches_that_come_late_and_from_before_keep_the_current_one() {
        let mut search = Search::new(Pane::Document, "x");
        search.take(vec![50, 60]);
        assert_eq!(search.step(49, true), Some(50));
        search.take(vec![70]);
        search.take(vec![10, 20]);
        assert_eq!((search.matches.as_slice(), search.current), (&[10, 20, 50, 60, 70][..], Some(2)));
        assert_eq!(search.tally(), "3 of 5");
    }
}
