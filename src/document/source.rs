//! The file that a document was read from, so that a change of it can be noticed.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::DocumentHash;

/// A file as it was when it was read. It stays on this machine: no record and no export names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// From the root.
    pub path: PathBuf,
    pub bytes: u64,
    /// The hash of the file itself, not of the text that was read from it.
    pub hash: DocumentHash,
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
        Some(Self { path, bytes: bytes.len() as u64, hash: DocumentHash::of_bytes(bytes) })
    }
}
