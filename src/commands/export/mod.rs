//! `minions sessions export`: a session in a form for others to read, redacted where it was asked for.

mod cast;
mod film;
#[cfg(test)]
mod film_tests;
mod html;
mod json;
mod markdown;
mod redact;
mod subject;
#[cfg(test)]
mod tests;
mod told;
mod withheld;

use std::io::{self, BufWriter, Write};
use std::path::Path;

use redact::Redaction;
use subject::Subject;

use super::Failure;
use crate::cli::{ExportArgs, ExportFormat};
use crate::journal::Store;

/// Writes the session to the file, or to `out` where none is named.
pub fn export(store: &Store, args: &ExportArgs, out: &mut dyn Write) -> Result<(), Failure> {
    let redaction = Redaction::new(&args.redact).map_err(Failure::usage)?;
    let session = store.resolve(&args.session)?;
    let subject = Subject::read(&session, redaction, args.with_documents)?;
    let write = |out: &mut dyn Write| match args.format {
        ExportFormat::Md => markdown::write(&subject, out),
        ExportFormat::Json => json::write(&subject, out),
        ExportFormat::Html => html::write(&subject, out),
        ExportFormat::Cast => cast::write(&subject, args.size, out),
    };
    match &args.output {
        Some(path) => to_file(path, write),
        None => write(out),
    }
}

/// Writes a file that only its owner may read, whole or not at all.
fn to_file(path: &Path, write: impl FnOnce(&mut dyn Write) -> Result<(), Failure>) -> Result<(), Failure> {
    let cannot =
        |error: io::Error| Failure::new(super::Exit::Error, format!("cannot write {}: {error}", path.display()));
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let file = tempfile::NamedTempFile::new_in(folder).map_err(cannot)?;
    let mut out = BufWriter::new(file);
    write(&mut out)?;
    let file = out.into_inner().map_err(|error| cannot(error.into_error()))?;
    file.as_file().sync_all().map_err(cannot)?;
    file.persist(path).map_err(|error| cannot(error.error))?;
    Ok(())
}
