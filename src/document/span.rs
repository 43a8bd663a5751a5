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
    /// The same words and numbers; whitespace, hyphenation, quotation marks or ligatures differ.
    Normalised,
}

/// A quotation that was found in a document. One that was not found is the absence of this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Located {
    pub span: Span,
    #[serde(rename = "match")]
    pub how: Match,
}
