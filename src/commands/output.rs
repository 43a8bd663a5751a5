//! Standard output: only results go there, and a reader that goes away is no error of ours.

use std::io::{self, Write};

/// Standard output could not be written. A type of its own: a broken pipe of a server is another matter.
#[derive(Debug, thiserror::Error)]
#[error("standard output cannot be written")]
pub struct OutputError(#[source] pub io::Error);

/// Writes `text` to standard output, all of it.
pub fn print(text: &str) -> Result<(), OutputError> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(OutputError)
}

/// Outside text for a terminal: control characters are shown, never obeyed. Line breaks and tabs stay.
pub fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\t' => out.push(c),
            c if c.is_control() => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    out
}
