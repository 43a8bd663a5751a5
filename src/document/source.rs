//! The file that a document was read from, so that a change of it can be noticed.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::DocumentHash;

/// A file as it was when it was read. It stays on this machine: no record and no export names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// From the root.
    pub path: PathBuf,
    pub bytes: u64,
    /// The hash of the file itself, not of the text that was read from it.
    pub hash: FileHash,
}

/// The hash of a file; where its bytes are the document's text, it is reckoned with that one's, when it is first asked for.
#[derive(Clone)]
pub struct FileHash(Known);

#[derive(Clone)]
enum Known {
    Hash(DocumentHash),
    Text { text: Arc<str>, hash: Arc<OnceLock<DocumentHash>> },
}

impl FileHash {
    /// Reads all of the file's text the first time.
    pub fn get(&self) -> DocumentHash {
        match &self.0 {
            Known::Hash(hash) => *hash,
            Known::Text { text, hash } => *hash.get_or_init(|| DocumentHash::of(text)),
        }
    }
}

impl fmt::Debug for FileHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.get(), f)
    }
}

impl PartialEq for FileHash {
    fn eq(&self, other: &Self) -> bool {
        self.get() == other.get()
    }
}

impl Eq for FileHash {}

impl Serialize for FileHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.get().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for FileHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        DocumentHash::deserialize(deserializer).map(|hash| Self(Known::Hash(hash)))
    }
}

/// What became of the file since.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    Changed,
    /// It was deleted, or moved away.
    Gone,
}

impl Change {
    /// What happened to it, behind its name.
    pub fn happened(self) -> &'static str {
        match self {
            Change::Changed => "has changed on disk",
            Change::Gone => "is no longer where it was",
        }
    }
}

impl Source {
    /// A file that holds `bytes`; nothing where its place cannot be told.
    pub fn of(path: &Path, bytes: &[u8]) -> Option<Self> {
        let path = std::path::absolute(path).ok()?;
        Some(Self { path, bytes: bytes.len() as u64, hash: FileHash(Known::Hash(DocumentHash::of_bytes(bytes))) })
    }

    /// A file that holds the document's text and no more.
    pub(super) fn of_text(path: &Path, text: &Arc<str>, hash: &Arc<OnceLock<DocumentHash>>) -> Option<Self> {
        let path = std::path::absolute(path).ok()?;
        let known = Known::Text { text: text.clone(), hash: hash.clone() };
        Some(Self { path, bytes: text.len() as u64, hash: FileHash(known) })
    }
}

#[cfg(test)]
mod tests {
    use super::super::Document;
    use super::*;

    #[test]
    fn a_file_that_is_its_text_is_hashed_with_it_when_that_is_asked_for() {
        let document = Document::from_text("a.txt", "12 tonnes").read_as_it_is(Path::new("/a.txt"));
        let source = document.source.clone().unwrap();
        let Known::Text { hash, .. } = &source.hash.0 else { panic!("{source:?}") };
        assert!(hash.get().is_none(), "nothing was read yet");
        assert_eq!(source.hash.get(), document.hash());
        assert!(hash.get().is_some());
        assert_eq!(Source::of(Path::new("/a.txt"), b"12 tonnes").unwrap(), source);
        let written = serde_json::to_string(&source).unwrap();
        assert!(written.contains(&format!("\"hash\":\"{}\"", document.hash())), "{written}");
        assert_eq!(serde_json::from_str::<Source>(&written).unwrap(), source);
    }
}
