//! Where the lines of the documents stand, so that a header is found without reading the documents for it.

use super::{Entry, hash};
use crate::document::Span;

/// No more places of one line are looked at.
const EQUALS: usize = 1024;

/// Every line that is not blank, without the blanks around it, sorted by its hash and its place.
pub(super) struct Lines(Vec<Entry>);

impl Lines {
    pub(super) fn of(documents: &[&str]) -> Self {
        let mut entries = Vec::new();
        for (document, text) in documents.iter().enumerate() {
            let mut start = 0;
            for line in text.split_inclusive('\n') {
                let (before, bare) = first_line(line);
                if !bare.is_empty() {
                    entries.push(Entry { hash: hash(bare), document: document as u32, start: start + before });
                }
                start += line.len();
            }
        }
        entries.sort_unstable();
        Self(entries)
    }

    /// Whether a text that begins with its line stands in the documents; true as well where its first line stands in so many
    /// places that not each is looked at.
    pub(super) fn may_hold(&self, documents: &[&str], text: &str) -> bool {
        let (before, first) = first_line(text);
        let places = self.of_hash(hash(first)).take(EQUALS + 1);
        let mut looked_at = 0;
        let found = places.inspect(|_| looked_at += 1).any(|place| place.holds(documents, before, text));
        found || looked_at > EQUALS
    }

    /// The last place of such a text before the byte `end` of a document.
    pub(super) fn last_before(&self, documents: &[&str], text: &str, document: usize, end: usize) -> Option<Span> {
        let (before, first) = first_line(text);
        let hash = hash(first);
        let until =
            self.0.partition_point(|entry| (entry.hash, entry.document as usize, entry.start) < (hash, document, end));
        let places = self.0[..until].iter().rev().take(EQUALS);
        let mut places = places.take_while(|entry| entry.hash == hash && entry.document as usize == document);
        places.find_map(|place| {
            let start = place.start.checked_sub(before)?;
            let span = Span::new(document, start, start + text.len());
            (span.end <= end && place.holds(documents, before, text)).then_some(span)
        })
    }

    fn of_hash(&self, hash: u64) -> impl Iterator<Item = &Entry> {
        let first = self.0.partition_point(|entry| entry.hash < hash);
        self.0[first..].iter().take_while(move |entry| entry.hash == hash)
    }
}

impl Entry {
    /// Whether the text stands here, `before` bytes of which come before its first word.
    fn holds(&self, documents: &[&str], before: usize, text: &str) -> bool {
        let document = documents.get(self.document as usize).map_or(&[][..], |text| text.as_bytes());
        let start = self.start.checked_sub(before);
        start.and_then(|start| document.get(start..start + text.len())).is_some_and(|part| part == text.as_bytes())
    }
}

/// The first line that is not blank, and the bytes before its first word.
fn first_line(text: &str) -> (usize, &[u8]) {
    let bare = text.trim_start();
    let line = bare.split('\n').next().unwrap_or_default();
    (text.len() - bare.len(), line.trim_end().as_bytes())
}
