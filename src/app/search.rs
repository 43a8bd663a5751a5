//! Searching a pane: all matches are found once, then stepped through.

use std::ops::Range;

use regex::{Regex, RegexBuilder};

use super::layout::Pane;

/// More matches than this are not looked for.
pub const MOST: usize = 10_000;

#[derive(Clone, Debug, Default)]
pub struct Search {
    pub pane: Option<Pane>,
    pub words: String,
    pattern: Option<Regex>,
    /// Document: byte offsets. Other panes: indexes of rows or jobs. Sorted.
    pub matches: Vec<usize>,
    /// The match stepped to.
    pub current: Option<usize>,
}

impl Search {
    /// A search for these words; capitals matter only where there are some, white space matches any of it.
    pub fn new(pane: Pane, words: &str) -> Self {
        let escaped: Vec<String> = words.split_whitespace().map(regex::escape).collect();
        let folded = !words.chars().any(char::is_uppercase);
        let pattern = (!escaped.is_empty())
            .then(|| RegexBuilder::new(&escaped.join(r"\s+")).case_insensitive(folded).build().ok())
            .flatten();
        Self { pane: Some(pane), words: words.to_owned(), pattern, matches: Vec::new(), current: None }
    }

    pub fn in_pane(&self, pane: Pane) -> bool {
        self.pane == Some(pane) && self.pattern.is_some()
    }

    pub fn hits(&self, text: &str) -> bool {
        self.pattern.as_ref().is_some_and(|pattern| pattern.is_match(text))
    }

    /// The places of the matches in `text`, at most [`MOST`].
    pub fn ranges(&self, text: &str) -> Vec<Range<usize>> {
        let Some(pattern) = &self.pattern else { return Vec::new() };
        pattern.find_iter(text).take(MOST).map(|found| found.range()).collect()
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
        match (self.current, self.matches.len()) {
            (_, 0) => "no match".into(),
            (Some(at), count) => format!("{} of {count}{more}", at + 1),
            (None, count) => format!("{count}{more} found"),
        }
    }
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
}
