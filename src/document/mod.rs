//! What a document is: its text, its pages, spans of it, and how it is cut and searched.

pub mod bm25;
pub mod chunk;
mod citation;
pub mod context;
pub mod escape;
pub mod find;
pub mod fusion;
mod normal;
pub mod passage;
mod source;
pub mod span;
pub mod synonyms;
pub mod table;
pub mod tokens;
pub mod wanted;
pub mod words;

use std::fmt;
use std::path::Path;
use std::str::FromStr;
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use citation::{BlottedOut, Locator};
pub use normal::{NormalChar, NormalChars, is_mark};
pub use source::{Change, FileHash, Source};
pub use span::{Elsewhere, Located, Match, Span};

/// The blake3 hash of a document's text as it was read, written as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct DocumentHash(blake3::Hash);

impl DocumentHash {
    pub fn of(text: &str) -> Self {
        Self::of_bytes(text.as_bytes())
    }

    pub fn of_bytes(bytes: &[u8]) -> Self {
        Self(blake3::hash(bytes))
    }

    /// The hash of all that can be read.
    pub fn of_file(file: std::fs::File) -> std::io::Result<Self> {
        let mut hasher = blake3::Hasher::new();
        hasher.update_reader(file)?;
        Ok(Self(hasher.finalize()))
    }
}

impl fmt::Display for DocumentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.to_hex().as_str())
    }
}

impl fmt::Debug for DocumentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for DocumentHash {
    type Err = blake3::HexError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        blake3::Hash::from_str(text).map(Self)
    }
}

impl Serialize for DocumentHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for DocumentHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A document in memory. Offsets into it are UTF-8 bytes everywhere.
#[derive(Clone, Debug)]
pub struct Document {
    /// What the person calls it: the file's name, never its whole path.
    pub name: String,
    pub text: Arc<str>,
    /// The byte offset at which each page begins; empty when the format has no pages.
    pub pages: Vec<usize>,
    /// The file that it was read from, where it was one.
    pub source: Option<Source>,
    /// Reckoned when it is first asked for: a screen is there before 100 MB are hashed.
    hash: Arc<OnceLock<DocumentHash>>,
    /// How many lines end before each block of [`BLOCK`] bytes; counted when a line is first asked for.
    lines: Arc<OnceLock<Vec<usize>>>,
}

/// Bytes of the text after which the lines so far are known.
const BLOCK: usize = 1 << 16;
/// How far above a place its heading is looked for, in bytes.
const HEADING_REACH: usize = 256 << 10;

impl PartialEq for Document {
    fn eq(&self, other: &Self) -> bool {
        (&self.name, &self.text, &self.pages) == (&other.name, &other.text, &other.pages)
    }
}

impl Document {
    /// A document from plain text. Form feeds, where there are any, are its page breaks.
    pub fn from_text(name: impl Into<String>, text: impl Into<Arc<str>>) -> Self {
        let text = text.into();
        let breaks: Vec<usize> = memchr::memchr_iter(b'\x0c', text.as_bytes()).map(|at| at + 1).collect();
        let has_pages = !breaks.is_empty();
        // A form feed that ends the text begins no page.
        let starts = std::iter::once(0).chain(breaks).filter(|start| *start < text.len());
        let pages = if has_pages { starts.collect() } else { Vec::new() };
        Self { name: name.into(), text, pages, source: None, hash: Arc::default(), lines: Arc::default() }
    }

    /// A document with pages that begin at these bytes.
    pub fn paged(name: impl Into<String>, text: impl Into<Arc<str>>, pages: Vec<usize>) -> Self {
        Self { name: name.into(), text: text.into(), pages, source: None, hash: Arc::default(), lines: Arc::default() }
    }

    /// A document whose hash is known to be this one.
    pub fn stored(name: impl Into<String>, text: Arc<str>, pages: Vec<usize>, hash: DocumentHash) -> Self {
        Self {
            name: name.into(),
            text,
            pages,
            source: None,
            hash: Arc::new(OnceLock::from(hash)),
            lines: Arc::default(),
        }
    }

    /// The same, as it was read from this file.
    pub fn read_from(self, source: Option<Source>) -> Self {
        Self { source, ..self }
    }

    /// The same, as it was read from a file that holds this text and no more.
    pub fn read_as_it_is(self, path: &Path) -> Self {
        let source = Source::of_text(path, &self.text, &self.hash);
        self.read_from(source)
    }

    /// The hash of the text. Reads all of it the first time.
    pub fn hash(&self) -> DocumentHash {
        *self.hash.get_or_init(|| DocumentHash::of(&self.text))
    }

    /// The page, counted from 1, on which the byte at `offset` stands.
    pub fn page_of(&self, offset: usize) -> Option<usize> {
        match self.pages.partition_point(|&start| start <= offset) {
            0 => None,
            page => Some(page),
        }
    }

    /// The line, counted from 1, on which the byte at `offset` stands.
    pub fn line_of(&self, offset: usize) -> usize {
        let text = self.text.as_bytes();
        let ends = |block: &[u8]| memchr::memchr_iter(b'\n', block).count();
        let before = self.lines.get_or_init(|| {
            let counted =
                text.chunks(BLOCK).scan(0, |before, block| Some(std::mem::replace(before, *before + ends(block))));
            counted.collect()
        });
        let offset = offset.min(text.len());
        let block = (offset / BLOCK).min(before.len().saturating_sub(1));
        let within = text.get(block * BLOCK..offset).unwrap_or_default();
        before.get(block).copied().unwrap_or(0) + ends(within) + 1
    }

    /// Where the byte at `offset` stands, as people say it: its page, else its line.
    pub fn place_of(&self, offset: usize) -> String {
        match self.page_of(offset) {
            Some(page) => format!("page {page}"),
            None => format!("line {}", self.line_of(offset)),
        }
    }

    /// The words of the nearest heading above the byte at `offset`.
    pub fn heading_above(&self, offset: usize) -> Option<String> {
        let from = self.text.floor_char_boundary(offset.saturating_sub(HEADING_REACH));
        let above = self.text.get(from..offset)?;
        let words = chunk::headings(above).last().and_then(|heading| above.get(heading))?;
        let words = words.trim().trim_start_matches('#').split_whitespace().collect::<Vec<_>>().join(" ");
        (!words.is_empty()).then_some(words)
    }

    /// The text between two byte offsets, or nothing when they are no character boundaries of it.
    pub fn slice(&self, start: usize, end: usize) -> Option<&str> {
        self.text.get(start..end)
    }

    pub fn reference(&self) -> DocumentRef {
        DocumentRef {
            hash: self.hash(),
            name: self.name.clone(),
            bytes: self.text.len(),
            characters: self.text.chars().count(),
            pages: self.pages.len(),
        }
    }
}

/// How a session names a document that it is about: enough to find the text again and to speak of its size.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DocumentRef {
    pub hash: DocumentHash,
    pub name: String,
    pub bytes: usize,
    pub characters: usize,
    /// Zero when the format has no pages.
    pub pages: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_page_else_a_line_and_has_the_heading_above_it() {
        let text = format!("# First\n\nwords\n{}\n## Second part\n\nmore words", "a line of many\n".repeat(10_000));
        let document = Document::from_text("d", text.as_str());
        for at in [0, 7, 8, 9, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, text.len()] {
            let lines = text.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
            assert_eq!(document.line_of(at), lines, "{at}");
        }
        assert_eq!(document.place_of(9), "line 3");
        assert_eq!(document.heading_above(9).as_deref(), Some("First"));
        assert_eq!(document.heading_above(text.len()).as_deref(), Some("Second part"));
        assert_eq!(document.heading_above(0), None);
        assert_eq!(Document::from_text("d", "one\x0ctwo").place_of(5), "page 2");
        assert_eq!(Document::from_text("d", "").line_of(3), 1);
    }
}
