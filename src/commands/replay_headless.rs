//! `minions replay SESSION --headless`: what happened in a session, as plain text.

use std::io::Write;

use super::Failure;
use super::transcript::{Style, Transcript};
use crate::document::escape::visible;
use crate::journal::Session;

/// Prints the session from after the first `from` records; zero prints all of it.
pub fn print(session: &Session, from: usize, style: Style, out: &mut dyn Write) -> Result<(), Failure> {
    let opened = session.opened()?;
    // Without its text a document still has its name; only the pages of citations are missed then.
    let documents = session.documents(opened.as_ref().map_or(&[], |opened| &opened.documents)).unwrap_or_default();
    writeln!(out, "session {}", session.id())?;
    let mut transcript = Transcript::new(out, documents, 0, style);
    let mut records = session.records()?;
    for (index, record) in records.by_ref().enumerate() {
        let record = record?;
        transcript.apply(&record);
        if index >= from {
            transcript.tell(&record)?;
        }
    }
    if !records.closed() {
        let state = if session.is_running() { "is still running" } else { "was interrupted" };
        writeln!(transcript.out, "\nthe session {state}")?;
        transcript.open_asks()?;
    }
    transcript.totals()?;
    for warning in records.into_warnings() {
        writeln!(transcript.out, "warning: {}", visible(&warning))?;
    }
    Ok(())
}
