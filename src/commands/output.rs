//! Where results go: standard output, whose reader may go away, and files of their owner alone.

use std::io::{self, BufWriter, StdoutLock, Write};
use std::path::Path;

use super::{Exit, Failure};

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

/// Writes a file that only its owner may read, whole or not at all.
pub fn to_file(path: &Path, write: impl FnOnce(&mut dyn Write) -> Result<(), Failure>) -> Result<(), Failure> {
    let cannot = |error: io::Error| Failure::new(Exit::Error, format!("cannot write {}: {error}", path.display()));
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // The error names a file that nobody asked for.
    let unnamed =
        |error: io::Error| cannot(error.raw_os_error().map_or(error.kind().into(), io::Error::from_raw_os_error));
    let file = tempfile::NamedTempFile::new_in(folder).map_err(unnamed)?;
    let mut out = BufWriter::new(file);
    write(&mut out)?;
    let file = out.into_inner().map_err(|error| cannot(error.into_error()))?;
    file.as_file().sync_all().map_err(cannot)?;
    file.persist(path).map_err(|error| cannot(error.error))?;
    Ok(())
}
