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

pub use citation::Locator;
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
}

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
        Self { name: name.into(), text, pages, source: None, hash: Arc::default() }
    }

    /// A document with pages that begin at these bytes.
    pub fn paged(name: impl Into<String>, text: impl Into<Arc<str>>, pages: Vec<usize>) -> Self {
        Self { name: name.into(), text: text.into(), pages, source: None, hash: Arc::default() }
    }

    /// A document whose hash is known to be this one.
    pub fn stored(name: impl Into<String>, text: Arc<str>, pages: Vec<usize>, hash: DocumentHash) -> Self {
        Self { name: name.into(), text, pages, source: None, hash: Arc::new(OnceLock::from(hash)) }
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
