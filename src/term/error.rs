//! What can go wrong between the program and the terminal, and what to do about it.

use std::io;
use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub enum TermError {
    #[error(
        "{0} is no terminal, so there is nothing to draw the workbench on: run it in a terminal, or use `minions run`"
    )]
    NotATerminal(&'static str),
    #[error(
        "the terminal says it is `{0}`, which cannot move the cursor: set TERM to what it is (xterm-256color fits most), or use `minions run`"
    )]
    Dumb(String),
    #[error("cannot {what}: {source}; try another terminal, or use `minions run`")]
    Mode { what: &'static str, source: io::Error },
    #[error(
        "the frame could not be written to the terminal: {0}; the session is saved, open it again with `minions open`"
    )]
    Write(io::Error),
    #[error("cannot listen for {what}: {source}")]
    Listen { what: &'static str, source: io::Error },
    #[error("{bytes} bytes are too many to copy, terminals take {limit} at most: select less")]
    CopyTooLong { bytes: usize, limit: usize },
    #[error("this terminal has no clipboard that programs can write to")]
    NoClipboard,
    #[error("the copy could not be written to {}: {source}", file.display())]
    CopyToFile { file: PathBuf, source: io::Error },
    #[error("`{editor}` cannot be run, the text is as it was; set EDITOR to another: {source}")]
    Editor { editor: String, source: io::Error },
    #[error("`{editor}` failed ({how}), the text is as it was; set EDITOR to another")]
    EditorFailed { editor: String, how: String },
}
