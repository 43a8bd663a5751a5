//! The list of what left this machine of the documents, request by request; Enter goes to a passage.

use super::super::figures::short_bytes;
use super::super::model::Model;
use super::super::visible::gist;
use super::{Choice, Group, PickerRow, Picking, Standing};
use crate::document::Span;
use crate::protocol::{Chunk, percent};

/// Cells of a passage's first words.
const WORDS: usize = 120;
/// Characters of a passage in the preview.
const PREVIEW: usize = 4_000;

impl Model {
    pub(crate) fn open_sent(&mut self) {
        let groups: Vec<Group> = self
            .account
            .exposed
            .iter()
            .map(|request| {
                let title = format!(
                    "round {}, {}: {} ({})",
                    request.ask.round,
                    request.purpose.name(),
                    short_bytes(request.bytes),
                    percent(request.share)
                );
                let standing = match request.count {
                    0 => Standing::Told("no passage of the documents".into()),
                    count if count > request.spans.len() => {
                        Standing::Told(format!("and {} more", count - request.spans.len()))
                    }
                    _ => Standing::Whole,
                };
                Group { title, rows: request.spans.iter().map(|span| self.sent_row(span)).collect(), standing }
            })
            .collect();
        if groups.is_empty() {
            return self.notify("no request has left yet");
        }
        self.open_picker(Picking::Sent, groups);
    }

    fn sent_row(&self, span: &Span) -> PickerRow {
        let words = self.documents.get(span.document).and_then(|open| open.document.slice(span.start, span.end));
        let words = words.unwrap_or_default();
        let words = words.get(..words.floor_char_boundary(PREVIEW * 4)).unwrap_or_default();
        // As it left: with placeholders where private words stand.
        let words = &*self.state.redactor.hide(words);
        let cells = vec![gist(words, WORDS), self.place_of(Some(&Chunk::Span(*span))), span.len().to_string()];
        // A passage may be a whole document: of its words as many are shown as a preview has room for.
        PickerRow::new(Choice::Passage(*span), cells, words.chars().take(PREVIEW).collect::<String>())
    }
}
