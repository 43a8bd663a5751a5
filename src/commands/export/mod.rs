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

use std::io::Write;

use redact::Redaction;
use subject::Subject;

use super::Failure;
use super::output::to_file;
use crate::cli::{ExportArgs, ExportFormat};
use crate::journal::Store;

/// Writes the session to the file, or to `out` where none is named.
pub fn export(store: &Store, args: &ExportArgs, out: &mut dyn Write) -> Result<(), Failure> {
    let redaction = Redaction::new(&args.redact).map_err(Failure::usage)?;
    let session = store.resolve(&args.session)?;
    let subject = Subject::read(&session, redaction, args.with_documents)?;
    let write = |out: &mut dyn Write| match args.format() {
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
