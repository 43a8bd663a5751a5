//! Notes on a session whose journal is sealed: a file beside it, a line each, which the seal does not cover.

use std::fs::File;
use std::io::{self, Read, Write};

use serde::{Deserialize, Serialize};

use super::error::JournalError;
use super::session::Session;
use super::store::private_file;

pub(super) const FILE: &str = "notes.jsonl";
/// Notes beyond this are neither written nor read. In bytes.
const LARGEST: u64 = 4 << 20;

/// What a person wrote on a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// The record it stands at.
    pub seq: u64,
    /// When it was written, in milliseconds since 1970.
    pub at_ms: u64,
    pub text: String,
}

impl Session {
    /// The notes in the order they were written. A line that is torn or not known is passed over.
    pub fn notes(&self) -> Result<Vec<Note>, JournalError> {
        let path = self.path().join(FILE);
        let mut lines = Vec::new();
        match File::open(&path).and_then(|file| file.take(LARGEST).read_to_end(&mut lines)) {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(JournalError::io("read", &path)(error)),
        }
        Ok(lines.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect())
    }

    /// Adds a note. What was there stays as it is. Refused where it would not be read again.
    pub fn add_note(&self, note: &Note) -> Result<(), JournalError> {
        let path = self.path().join(FILE);
        let mut line = serde_json::to_vec(note).map_err(|source| JournalError::Unwritable { source })?;
        // A line that a crash has cut off must not swallow this one.
        line.insert(0, b'\n');
        line.push(b'\n');
        let file = private_file().append(true).create(true).open(&path);
        let mut file = file.map_err(JournalError::io("open", &path))?;
        let length = file.metadata().map_err(JournalError::io("read", &path))?.len();
        if length + line.len() as u64 > LARGEST {
            return Err(JournalError::NotesFull { path, most: LARGEST >> 20 });
        }
        file.write_all(&line).and_then(|()| file.sync_data()).map_err(JournalError::io("write", &path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_outlive_a_torn_line_and_go_with_the_session() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("journal.jsonl"), "").unwrap();
        let session = Session::at(folder.path()).unwrap();
        assert_eq!(session.notes().unwrap(), []);
        let note = |seq, text: &str| Note { seq, at_ms: 7, text: text.into() };
        session.add_note(&note(3, "first\nline")).unwrap();
        let mut file = private_file().append(true).open(folder.path().join(FILE)).unwrap();
        // Within the two bytes of an ü.
        file.write_all(b"{\"seq\":4,\"at_ms\":7,\"text\":\"f\xc3").unwrap();
        session.add_note(&note(2, "second")).unwrap();
        assert_eq!(session.notes().unwrap(), [note(3, "first\nline"), note(2, "second")]);
        session.delete().unwrap();
        assert!(!folder.path().exists());
    }

    #[test]
    fn a_note_that_would_not_be_read_again_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("journal.jsonl"), "").unwrap();
        let session = Session::at(folder.path()).unwrap();
        let long = Note { seq: 1, at_ms: 7, text: "ü".repeat(LARGEST as usize / 2 - 100) };
        session.add_note(&long).unwrap();
        let refused = session.add_note(&long).unwrap_err().to_string();
        assert!(refused.contains("notes.jsonl") && refused.contains("4 MB"), "{refused}");
        assert_eq!(session.notes().unwrap(), [long]);
    }
}
