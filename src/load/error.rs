//! Why a document could not be read.

use std::io;
use std::path::PathBuf;

/// In one sentence, with what to do. Paths are quoted and escaped.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error("there is no file {0:?}; check the path")]
    Missing(PathBuf),
    #[error("{0:?} may not be read; give yourself permission to read it")]
    Forbidden(PathBuf),
    #[error("{0:?} is larger than 1 GiB; split it and ask of the parts that matter")]
    TooLarge(PathBuf),
    #[error("{0:?} is empty; a document needs some text")]
    Empty(PathBuf),
    #[error("{path:?} is {what}, which cannot be read; {advice}")]
    Binary { path: PathBuf, what: &'static str, advice: &'static str },
    #[error("standard input can be read once only; name `-` once")]
    StandardInputTwice,
    #[error("{0:?} is no file, and only files and folders can be named here; name one that holds text")]
    NoFile(PathBuf),
    #[error("{0:?} holds no document that can be read; hidden files and those that its ignore rules name are left out")]
    EmptyFolder(PathBuf),
    #[error("nothing in {path:?} can be read; {first}{}", more(.others))]
    NothingInFolder { path: PathBuf, first: String, others: usize },
    #[error("{path:?} holds more than {most} documents; name a folder in it, or leave some out with a file `.ignore`")]
    CrowdedFolder { path: PathBuf, most: usize },
    #[error(
        "{0:?} is protected by a password; take it off first, for example with `qpdf --decrypt --password=… IN OUT`"
    )]
    Password(PathBuf),
    #[error(
        "{0:?} is scanned: its pages are pictures without text; recognise their text first, for example with \
         `ocrmypdf IN OUT`"
    )]
    Scanned(PathBuf),
    #[error("{path:?} is damaged: {what}; save or convert it anew")]
    Damaged { path: PathBuf, what: String },
    #[error("the process that reads {path:?} {what}; convert it to plain text first")]
    Apart { path: PathBuf, what: String },
    #[error("reading was stopped")]
    Stopped,
    #[error("{path:?} could not be read: {error}")]
    Unreadable { path: PathBuf, error: io::Error },
}

fn more(others: &usize) -> String {
    match others {
        0 => String::new(),
        others => format!(" ({others} more were left out)"),
    }
}
