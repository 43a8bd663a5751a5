//! A place in a document, and how well a quotation matches the words that stand there.

use serde::{Deserialize, Serialize};

/// The bytes `start..end` of the session's `document`-th document (counted from 0).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Span {
    pub document: usize,
    pub start: usize,
    pub end: usize,
}

impl Span {
    pub fn new(document: usize, start: usize, end: usize) -> Self {
        Self { document, start, end }
    }

    pub fn len(&self) -> usize {
        self.end.saturating_sub(self.start)
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn contains(&self, other: &Span) -> bool {
        self.document == other.document && self.start <= other.start && other.end <= self.end
    }
}

/// How a quotation agrees with the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Match {
    /// Byte for byte.
    Exact,
    /// The same words and numbers; whitespace, hyphenation, quotation marks, ligatures or the spacing of numbers differ.
    Normalised,
    /// The same numbers, and the same words but for slips of the pen: at most 15 % of the characters differ, in no word more
    /// than some, and none makes another word that the documents know. Quotations of more than 1,024 bytes are not looked for so.
    Fuzzy,
}

/// A quotation that was found in a document. One that was not found is the absence of this.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Located {
    pub span: Span,
    #[serde(rename = "match")]
    pub how: Match,
    #[serde(default, skip_serializing_if = "Elsewhere::is_nowhere")]
    pub elsewhere: Elsewhere,
}

impl Located {
    /// In this place alone.
    pub fn new(span: Span, how: Match) -> Self {
        Self { span, how, elsewhere: Elsewhere::default() }
    }

    /// The place, then the others where the same words stand.
    pub fn places(&self) -> impl Iterator<Item = Span> + '_ {
        std::iter::once(self.span).chain(self.elsewhere.spans.iter().copied())
    }

    /// How many places there are, those beyond the ones that are listed too, as far as they were counted.
    pub fn place_count(&self) -> usize {
        1 + self.elsewhere.count as usize
    }
}

/// Where the words of a quotation stand besides the place that was found first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Elsewhere {
    /// In the order of the documents, at most [`MOST`](Self::MOST).
    pub spans: Vec<Span>,
    /// All of them, as far as they were counted.
    pub count: u32,
    /// There may be more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub or_more: bool,
}

impl Elsewhere {
    /// More places are counted only.
    pub const MOST: usize = 31;

    pub fn is_nowhere(&self) -> bool {
        self.count == 0
    }

    /// A number of places, as people are told it.
    pub fn told(&self, count: usize) -> String {
        if self.or_more { format!("{count} or more") } else { count.to_string() }
    }
}
