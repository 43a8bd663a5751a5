//! What can go wrong with a session on disk: what failed, where, and what to do next, in one sentence.

use std::io;
use std::path::{Path, PathBuf};

/// Why a session could not be read or written, and what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    #[error("cannot {action} {}: {}", path.display(), cause(error))]
    Io { action: &'static str, path: PathBuf, error: io::Error },
    #[error("record {seq} stands no longer where it stood in {}: the journal was changed; open the session again", path.display())]
    Changed { path: PathBuf, seq: u64 },
    #[error("the session folder {} was removed while it was written to; what came since is lost, start the run again", path.display())]
    Removed { path: PathBuf },
    #[error(
        "session {id} is being written by another process: `minions attach {id}` follows and steers it there; or wait until it has ended, then try again"
    )]
    Locked { id: String },
    #[error("session {id} has ended and its journal is sealed; nothing can be added to it")]
    Sealed { id: String },
    #[error("session {id} is archived and cannot be gone on with; `minions sessions restore {id}` brings it back")]
    Archived { id: String },
    #[error("{} holds {most} MB of notes and takes no more; the note is not kept, shorten or delete some there", path.display())]
    NotesFull { path: PathBuf, most: u64 },
    #[error("the writer of session {id} has stopped; nothing more can be recorded")]
    Stopped { id: String },
    #[error("a fact could not be written as JSON: {source}; this is a fault of the program, please report it")]
    Unwritable { source: serde_json::Error },
    #[error(
        "{} line {line} has format version {found}, this program reads up to {known}: open it with a newer program",
        path.display()
    )]
    Newer { path: PathBuf, line: u64, found: u64, known: u32 },
    #[error("there is no session `{name}` in {}; `minions sessions list` shows those that are there", root.display())]
    NotFound { name: String, root: PathBuf },
    #[error("`{name}` may mean {} sessions ({}); give more of its name", matches.len(), first(matches))]
    Ambiguous { name: String, matches: Vec<String> },
    #[error("{} is no session: it holds no journal.jsonl; give the folder of a session", path.display())]
    NoSession { path: PathBuf },
    #[error("there is no session yet in {}; `minions run` makes one", root.display())]
    Empty { root: PathBuf },
    #[error("`{name}` cannot name a session: {why}")]
    BadName { name: String, why: &'static str },
    #[error("the text of document `{name}` in {} is not the one the session was about: {what}; it was changed or damaged", path.display())]
    Document { name: String, path: PathBuf, what: String },
}

impl JournalError {
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |error| Self::Io { action, path: path.to_owned(), error }
    }
}

/// The error as a person would say it, with what to do about it.
fn cause(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::StorageFull => "the disk is full; make room and try again".into(),
        io::ErrorKind::QuotaExceeded => "your disk quota is used up; make room and try again".into(),
        io::ErrorKind::ReadOnlyFilesystem => {
            "the file system is read-only; choose another folder with --session-dir".into()
        }
        io::ErrorKind::PermissionDenied => {
            "permission denied; change the permissions or choose another folder with --session-dir".into()
        }
        io::ErrorKind::NotFound => "it is not there (any more)".into(),
        io::ErrorKind::NotADirectory => "a part of the path is no folder".into(),
        _ => error.to_string(),
    }
}

fn first(matches: &[String]) -> String {
    let mut shown = matches.iter().take(3).map(String::as_str).collect::<Vec<_>>().join(", ");
    if matches.len() > 3 {
        shown.push_str(", …");
    }
    shown
}
