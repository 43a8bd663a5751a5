//! Where in the documents a chunk stands, word for word.
//!
//! Chunks mostly come in the order of the text, so the search goes on from the last hit. Long chunks that come in any
//! other order are found through an index of the documents' blocks; short ones are searched for, within a budget.

use std::ops::Range;

use memchr::memmem;

use crate::document::Span;

/// Bytes of one block of the index. A chunk of `2 * BLOCK - 1` bytes covers at least one whole block.
const BLOCK: usize = 64;
/// Blocks that stand in more places than this say too little to look at each.
const CROWD: usize = 64;
/// How far beyond the last hit to look before the index is asked.
const NEAR: usize = 64 << 10;
/// Bytes that all searches without the index may read together.
const BUDGET: usize = 4 << 30;
/// Lines of the longest header of a table.
const HEADER_LINES: usize = 8;
/// The multiplier of the rolling hash: any odd number with well-mixed bits.
const BASE: u64 = 0x9E37_79B9_7F4A_7C15;

pub struct Finder<'a> {
    documents: &'a [&'a str],
    last: Span,
    index: Option<Index>,
    budget: usize,
    /// The header of the last table that rows were found of, and what may still be read to find others.
    header: Span,
    header_budget: usize,
}

impl<'a> Finder<'a> {
    pub fn new(documents: &'a [&'a str]) -> Self {
        let nowhere = Span::new(0, 0, 0);
        Self { documents, last: nowhere, index: None, budget: BUDGET, header: nowhere, header_budget: BUDGET / 4 }
    }

    /// Nothing for a chunk that stands nowhere, and for one that could not be found within the budget.
    pub fn find(&mut self, chunk: &str) -> Option<Span> {
        if chunk.is_empty() {
            return None;
        }
        let found = self.near(chunk).or_else(|| match chunk.len() < 2 * BLOCK {
            true => self.everywhere(chunk),
            false => self.indexed(chunk),
        })?;
        self.last = found;
        Some(found)
    }

    /// A table's header, the nearest one before the rows, and the rows: for a chunk that is both, one behind the other,
    /// but stands nowhere as a whole.
    pub fn find_headed(&mut self, chunk: &str) -> Option<(Span, Span)> {
        std::mem::swap(&mut self.budget, &mut self.header_budget);
        let found = self.headed(chunk);
        std::mem::swap(&mut self.budget, &mut self.header_budget);
        found
    }

    fn headed(&mut self, chunk: &str) -> Option<(Span, Span)> {
        let last = self.text_of(self.header).len();
        let as_before =
            Some(last).filter(|at| *at > 0 && chunk.starts_with(self.text_of(self.header)) && *at < chunk.len());
        let lines = memchr::memchr_iter(b'\n', chunk.as_bytes()).map(|at| at + 1).filter(|at| *at < chunk.len());
        as_before.into_iter().chain(lines.take(HEADER_LINES)).find_map(|at| {
            let (header, rows) = chunk.split_at(at);
            let rows = self.find(rows)?;
            let known = self.header.document == rows.document && self.header.end <= rows.start;
            if !(known && self.text_of(self.header) == header) {
                self.budget = self.budget.checked_sub(rows.start)?;
                let before = self.documents.get(rows.document)?.as_bytes().get(..rows.start)?;
                let start = memmem::rfind(before, header.as_bytes())?;
                self.header = Span::new(rows.document, start, start + header.len());
            }
            Some((self.header, rows))
        })
    }

    fn text_of(&self, span: Span) -> &'a str {
        self.documents.get(span.document).and_then(|text| text.get(span.start..span.end)).unwrap_or_default()
    }

    fn near(&mut self, chunk: &str) -> Option<Span> {
        let Span { document, start, end } = self.last;
        self.search(chunk, document, start..end.saturating_add(chunk.len()).saturating_add(NEAR))
    }

    fn everywhere(&mut self, chunk: &str) -> Option<Span> {
        let Span { document: last, start, .. } = self.last;
        let count = self.documents.len();
        self.search(chunk, last, start..usize::MAX).or_else(|| {
            (last + 1..count).chain(0..=last).find_map(|document| self.search(chunk, document, 0..usize::MAX))
        })
    }

    fn search(&mut self, chunk: &str, document: usize, range: Range<usize>) -> Option<Span> {
        let text = self.documents.get(document)?.as_bytes();
        let part = text.get(range.start..range.end.min(text.len()))?;
        self.budget = self.budget.checked_sub(part.len())?;
        let start = range.start + memmem::find(part, chunk.as_bytes())?;
        Some(Span::new(document, start, start + chunk.len()))
    }

    fn indexed(&mut self, chunk: &str) -> Option<Span> {
        let documents = self.documents;
        let index = self.index.get_or_insert_with(|| Index::of(documents));
        match index.find(documents, chunk.as_bytes()) {
            Lookup::At(span) => Some(span),
            Lookup::Nowhere => None,
            Lookup::Crowded => self.everywhere(chunk),
        }
    }
}

/// The hash and place of every `BLOCK` bytes of the documents, sorted by hash.
struct Index(Vec<Entry>);

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    hash: u64,
    document: u32,
    start: usize,
}

enum Lookup {
    At(Span),
    Nowhere,
    /// All its blocks stand in too many places.
    Crowded,
}

impl Index {
    fn of(documents: &[&str]) -> Self {
        let mut entries = Vec::with_capacity(documents.iter().map(|text| text.len() / BLOCK).sum());
        for (document, text) in documents.iter().enumerate() {
            entries.extend(text.as_bytes().chunks_exact(BLOCK).enumerate().map(|(n, block)| Entry {
                hash: hash(block),
                document: document as u32,
                start: n * BLOCK,
            }));
        }
        entries.sort_unstable();
        Self(entries)
    }

    /// Wherever the chunk stands, one of any `BLOCK` windows of it that begin next to each other is a block of the index.
    fn find(&self, documents: &[&str], chunk: &[u8]) -> Lookup {
        let first = (0..BLOCK).fold(1u64, |power, _| power.wrapping_mul(BASE));
        let mut rolling = hash(&chunk[..BLOCK]);
        let mut crowded = false;
        for offset in 0..=chunk.len() - BLOCK {
            if offset > 0 {
                let (out, new) = (u64::from(chunk[offset - 1]), u64::from(chunk[offset + BLOCK - 1]));
                rolling = rolling.wrapping_mul(BASE).wrapping_add(new).wrapping_sub(out.wrapping_mul(first));
                if offset % BLOCK == 0 && !std::mem::take(&mut crowded) {
                    return Lookup::Nowhere;
                }
            }
            let places = self.places(rolling);
            if places.len() > CROWD {
                crowded = true;
                continue;
            }
            let stands = |place: &&Entry| {
                let text = documents[place.document as usize].as_bytes();
                let start = place.start.checked_sub(offset);
                start.and_then(|start| text.get(start..start + chunk.len())).is_some_and(|part| part == chunk)
            };
            if let Some(place) = places.iter().find(stands) {
                let start = place.start - offset;
                return Lookup::At(Span::new(place.document as usize, start, start + chunk.len()));
            }
        }
        Lookup::Crowded
    }

    fn places(&self, hash: u64) -> &[Entry] {
        let start = self.0.partition_point(|entry| entry.hash < hash);
        let count = self.0[start..].iter().take(CROWD + 1).take_while(|entry| entry.hash == hash).count();
        &self.0[start..start + count]
    }
}

fn hash(block: &[u8]) -> u64 {
    block.iter().fold(0, |hash: u64, byte| hash.wrapping_mul(BASE).wrapping_add(u64::from(*byte)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text_of(documents: &[&str], span: Span) -> String {
        documents[span.document][span.start..span.end].to_owned()
    }

    #[test]
    fn overlapping_windows_are_found_one_after_the_other() {
        let text: String = (0..5000).map(|n| format!("Line {n} of the report.\n")).collect();
        let documents = [text.as_str()];
        let mut finder = Finder::new(&documents);
        for start in (0..text.len() - 3000).step_by(2980) {
            let found = finder.find(&text[start..start + 3000]);
            assert_eq!(found, Some(Span::new(0, start, start + 3000)));
        }
    }

    #[test]
    fn a_text_that_is_repeated_is_found_again_further_on() {
        let documents = ["same same", "same"];
        let mut finder = Finder::new(&documents);
        assert_eq!(finder.find("same"), Some(Span::new(0, 0, 4)));
        assert_eq!(finder.find(" same"), Some(Span::new(0, 4, 9)));
        assert_eq!(finder.find("nowhere"), None);
        assert_eq!(finder.find(""), None);
    }

    #[test]
    fn rows_behind_the_header_of_their_table_are_found_as_both() {
        let rows: String = (0..500).map(|n| format!("{n},north,{}\n", n * 7)).collect();
        let text = format!("year,where,sum\nold\nyear,where,sum\n-,-,$\n{rows}");
        let documents = ["other", text.as_str()];
        let mut finder = Finder::new(&documents);
        let header = "year,where,sum\n-,-,$\n";
        for part in ["7,north,49\n8,north,56\n", "400,north,2800\n", "3,north,21\n"] {
            let chunk = format!("{header}{part}");
            assert_eq!(finder.find(&chunk), None);
            let (head, rows) = finder.find_headed(&chunk).unwrap();
            assert_eq!((text_of(&documents, head).as_str(), text_of(&documents, rows).as_str()), (header, part));
            assert_eq!(head.start, 19, "the nearest before the rows");
        }
        assert_eq!(finder.find_headed("year,where,sum\nmade up\n"), None);
        assert_eq!(finder.find_headed("7,north,49\nyear,where,sum\n-"), None, "rows stand below their header");
        assert_eq!(finder.find_headed("year,where,sum\n"), None);
        assert_eq!(finder.find_headed(""), None);
    }

    #[test]
    fn long_chunks_of_blank_lines_are_found() {
        let text = format!("{}start{}end{}", " ".repeat(9000), " ".repeat(9000), " ".repeat(9000));
        let documents = [text.as_str()];
        let mut finder = Finder::new(&documents);
        finder.last = Span::new(0, text.len(), text.len());
        let found = finder.find(&text[8000..19000]);
        assert_eq!(found, Some(Span::new(0, 8000, 19000)));
    }

    proptest! {
        #[test]
        fn every_part_of_a_document_is_found_whatever_the_order(
            first in "[a-c é\n]{0,900}", second in "[a-c é\n]{200,900}",
            parts in prop::collection::vec((any::<bool>(), any::<prop::sample::Index>(), any::<prop::sample::Index>()), 1..20)
        ) {
            let documents = [first.as_str(), second.as_str()];
            let mut finder = Finder::new(&documents);
            for (which, a, b) in parts {
                let text = documents[usize::from(which)];
                let bounds: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
                let (a, b) = (bounds[a.index(bounds.len())], bounds[b.index(bounds.len())]);
                let chunk = &text[a.min(b)..a.max(b)];
                match finder.find(chunk) {
                    Some(span) => prop_assert_eq!(text_of(&documents, span), chunk),
                    None => prop_assert!(chunk.is_empty()),
                }
            }
        }

        #[test]
        fn what_stands_nowhere_is_not_found(text in "[a-c ]{0,900}", chunk in "[a-c ]{1,300}") {
            let documents = [text.as_str()];
            prop_assert_eq!(Finder::new(&documents).find(&chunk).is_some(), text.contains(&chunk));
        }
    }
}
