//! Where in the documents a chunk stands, word for word.
//!
//! Chunks mostly come in the order of the text, so the search goes on from the last hit. Long chunks that come in any
//! other order are found through an index of the documents' blocks; short ones are searched for, within a budget.

mod lines;

use std::ops::Range;

use memchr::memmem;

use self::lines::Lines;
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
const HEADER_LINES: usize = 16;
/// The multiplier of the rolling hash: any odd number with well-mixed bits.
const BASE: u64 = 0x9E37_79B9_7F4A_7C15;

pub struct Finder<'a> {
    documents: &'a [&'a str],
    known: &'a mut Known,
}

/// What finders learnt of their documents.
pub struct Known {
    last: Span,
    index: Option<Index>,
    lines: Option<Lines>,
    /// What may still be read to find chunks, and to find rows behind a header.
    budget: usize,
    rows_budget: usize,
}

impl Default for Known {
    fn default() -> Self {
        Self { last: Span::new(0, 0, 0), index: None, lines: None, budget: BUDGET, rows_budget: BUDGET / 4 }
    }
}

impl Known {
    /// The same, for a finder that may spend as much as the first.
    pub fn with_fresh_budgets(self) -> Self {
        Self { budget: BUDGET, rows_budget: BUDGET / 4, ..self }
    }
}

impl<'a> Finder<'a> {
    /// One that goes on with what is `known` of these documents: nothing at first.
    pub fn with(documents: &'a [&'a str], known: &'a mut Known) -> Self {
        Self { documents, known }
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
        self.known.last = found;
        Some(found)
    }

    /// A table's header, the nearest one before the rows, and the rows: for a chunk that is both, one behind the other,
    /// but stands nowhere as a whole.
    pub fn find_headed(&mut self, chunk: &str) -> Option<(Span, Span)> {
        let last = self.known.last;
        std::mem::swap(&mut self.known.budget, &mut self.known.rows_budget);
        let found = self.headed(chunk);
        std::mem::swap(&mut self.known.budget, &mut self.known.rows_budget);
        if found.is_none() {
            self.known.last = last;
        }
        found
    }

    fn headed(&mut self, chunk: &str) -> Option<(Span, Span)> {
        let documents = self.documents;
        let lines = self.known.lines.get_or_insert_with(|| Lines::of(documents));
        let ends = memchr::memchr_iter(b'\n', chunk.as_bytes()).map(|at| at + 1).filter(|at| *at < chunk.len());
        // As many lines of the chunk as stand together somewhere: its header, as a rule.
        let headers = ends.take(HEADER_LINES).filter(|at| !chunk[..*at].trim().is_empty());
        let headers: Vec<usize> = headers.take_while(|at| lines.may_hold(documents, &chunk[..*at])).collect();
        headers.into_iter().rev().find_map(|at| {
            let (header, rows) = chunk.split_at(at);
            let rows = self.find(rows)?;
            let lines = self.known.lines.as_ref()?;
            Some((lines.last_before(documents, header, rows.document, rows.start)?, rows))
        })
    }

    fn near(&mut self, chunk: &str) -> Option<Span> {
        let Span { document, start, end } = self.known.last;
        self.search(chunk, document, start..end.saturating_add(chunk.len()).saturating_add(NEAR))
    }

    fn everywhere(&mut self, chunk: &str) -> Option<Span> {
        let Span { document: last, start, .. } = self.known.last;
        let count = self.documents.len();
        self.search(chunk, last, start..usize::MAX).or_else(|| {
            (last + 1..count).chain(0..=last).find_map(|document| self.search(chunk, document, 0..usize::MAX))
        })
    }

    fn search(&mut self, chunk: &str, document: usize, range: Range<usize>) -> Option<Span> {
        let text = self.documents.get(document)?.as_bytes();
        let part = text.get(range.start..range.end.min(text.len()))?;
        self.known.budget = self.known.budget.checked_sub(part.len())?;
        let start = range.start + memmem::find(part, chunk.as_bytes())?;
        Some(Span::new(document, start, start + chunk.len()))
    }

    fn indexed(&mut self, chunk: &str) -> Option<Span> {
        let documents = self.documents;
        let index = self.known.index.get_or_insert_with(|| Index::of(documents));
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
        let mut known = Known::default();
        let mut finder = Finder::with(&documents, &mut known);
        for start in (0..text.len() - 3000).step_by(2980) {
            let found = finder.find(&text[start..start + 3000]);
            assert_eq!(found, Some(Span::new(0, start, start + 3000)));
        }
    }

    #[test]
    fn a_text_that_is_repeated_is_found_again_further_on() {
        let documents = ["same same", "same"];
        let mut known = Known::default();
        let mut finder = Finder::with(&documents, &mut known);
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
        let mut known = Known::default();
        let mut finder = Finder::with(&documents, &mut known);
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
    fn chunks_that_a_program_made_up_cost_no_reading_and_leave_the_last_place() {
        let line = |n: usize| format!("{n},of the northern terminal and its harbour,{}\n", n * 7);
        let text: String = (0..2_000).map(line).collect();
        let documents = [text.as_str()];
        let mut known = Known::default();
        let mut finder = Finder::with(&documents, &mut known);
        let third = line(3);
        let last = finder.find(&third);
        let before = (finder.known.budget, finder.known.rows_budget);
        for n in 0..2_000 {
            let invented = format!("Part {n}\nof what was asked\n{}\n", line(n).trim_end().replace("north", "south"));
            assert_eq!(finder.find_headed(&invented.repeat(4)), None);
        }
        assert_eq!((finder.known.budget, finder.known.rows_budget), before);
        // Rows that stand, but not behind what would be their header.
        assert_eq!(finder.find_headed(&format!("{}{}", line(90), line(40))), None);
        assert_eq!(Some(finder.known.last), last);
        let (header, rows) = (line(0), line(1_500));
        assert!(finder.find_headed(&format!("{header}{rows}")).is_some());
    }

    #[test]
    fn the_nearest_of_very_many_headers_is_taken_though_its_blanks_are_left_out() {
        let text: String = (0..500).map(|n| format!("   year   sum\n{n}   {}\n", n * 3)).collect();
        let documents = ["", text.as_str()];
        let mut known = Known::default();
        let mut finder = Finder::with(&documents, &mut known);
        for header in ["   year   sum\n", "year   sum\n"] {
            // Behind the header of their own page they stand as a whole, or in part.
            let rows = "400   1200\n   year   sum\n401   1203\n   year";
            let (head, found) = finder.find_headed(&format!("{header}{}", &rows[11..])).unwrap();
            assert_eq!(text_of(&documents, head), header);
            assert_eq!(text_of(&documents, found), rows[11..]);
            assert!(head.end <= found.start && found.start - head.end < 20, "{head:?} {found:?}");
        }
    }

    #[test]
    fn long_chunks_of_blank_lines_are_found() {
        let text = format!("{}start{}end{}", " ".repeat(9000), " ".repeat(9000), " ".repeat(9000));
        let documents = [text.as_str()];
        let mut known = Known::default();
        let mut finder = Finder::with(&documents, &mut known);
        finder.known.last = Span::new(0, text.len(), text.len());
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
            let mut known = Known::default();
        let mut finder = Finder::with(&documents, &mut known);
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
            prop_assert_eq!(Finder::with(&documents, &mut Known::default()).find(&chunk).is_some(), text.contains(&chunk));
        }
    }
}
