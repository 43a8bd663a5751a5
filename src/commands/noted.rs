//! The notes of a session: those on record, and those that were written beside it later.

use crate::journal::{Note, Record};
use crate::protocol::Fact;

/// The note that the record is.
pub fn noted(record: &Record) -> Option<Note> {
    match record.fact.known() {
        Some(Fact::NoteAdded { text }) => Some(Note { seq: record.seq, at_ms: record.at_ms, text: text.clone() }),
        _ => None,
    }
}

/// All of them, in the order of the records that they are about.
pub fn all_notes(on_record: Vec<Note>, beside: impl IntoIterator<Item = Note>) -> Vec<Note> {
    let mut notes = on_record;
    notes.extend(beside);
    notes.sort_by_key(|note| note.seq);
    notes
}
