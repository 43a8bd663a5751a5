//! Standard output: only results go there, and a reader that goes away is no error of ours.

use std::io::{self, BufWriter, StdoutLock, Write};

/// Standard output could not be written. A type of its own: a broken pipe of a server is another matter.
#[derive(Debug, thiserror::Error)]
#[error("standard output cannot be written")]
pub struct OutputError(#[source] pub io::Error);

/// Writes `text` to standard output, all of it.
pub fn print(text: &str) -> Result<(), OutputError> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(OutputError)
}

/// Standard output for what is written piece by piece. Its errors hold an [`OutputError`].
pub struct Output(BufWriter<StdoutLock<'static>>);

impl Output {
    pub fn standard() -> Self {
        Self(BufWriter::new(io::stdout().lock()))
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes).map_err(known)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush().map_err(known)
    }
}

fn known(error: io::Error) -> io::Error {
    io::Error::new(error.kind(), OutputError(error))
}
