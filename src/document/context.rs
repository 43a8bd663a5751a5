//! What is said of a passage elsewhere: by the heading it comes under, the header of the table it is of, and its page.

use std::borrow::Cow;
use std::ops::Range;

use super::Span;
use super::bm25::Ranked;
use super::chunk::headings;
use super::table::{Table, tables};

/// A heading says something of the text behind it up to here, in bytes: about a page.
const REACH: usize = 4_000;

/// The headings, tables and pages of a text.
pub struct Context {
    headings: Vec<Range<usize>>,
    tables: Vec<Table>,
    /// Where pages end.
    ends: Vec<usize>,
}

impl Context {
    pub fn of(text: &str) -> Self {
        let ends = memchr::memchr_iter(b'\x0c', text.as_bytes()).collect();
        Self { headings: headings(text).collect(), tables: tables(text).collect(), ends }
    }

    /// The chunk as it is ranked: behind what stands above its `place` in the document, where that is not in it.
    pub fn ranked<'a>(&self, documents: &[&str], place: Span, chunk: &'a str) -> Ranked<'a> {
        let text = documents.get(place.document).copied().unwrap_or_default();
        let words = self.above(place.start).filter_map(|range| text.get(range));
        let above: String = words.filter(|words| !chunk.starts_with(words)).collect();
        let text = if above.is_empty() { Cow::Borrowed(chunk) } else { Cow::Owned([&above, "\n", chunk].concat()) };
        // One that goes over a page's end is counted with the next page, whose heading it has.
        let page = self.ends.partition_point(|end| *end + 1 < place.end);
        Ranked { text, page: (!self.ends.is_empty()).then_some((place.document, page)) }
    }

    /// The heading before the byte `start`, and the header of the table whose rows it stands in; each where there is one.
    pub fn above(&self, start: usize) -> impl Iterator<Item = Range<usize>> {
        let headings = self.headings.partition_point(|heading| heading.start < start);
        let heading = self.headings[..headings].last().filter(|heading| start.saturating_sub(heading.end) < REACH);
        let tables = self.tables.partition_point(|table| table.header.start < start);
        let table = self.tables[..tables].last().filter(|table| start < table.rows.end);
        heading.cloned().into_iter().chain(table.map(|table| table.header.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_under_its_heading_and_its_header_and_the_first_line_is_under_nothing() {
        let text = "First words.\n\n# Sales\n\nyear,where,sum\n2019,north,7\n2020,south,9\n\nBehind it.\n";
        let context = Context::of(text);
        let above =
            |words: &str| -> Vec<&str> { context.above(text.find(words).unwrap()).map(|range| &text[range]).collect() };
        assert_eq!(above("2020"), ["# Sales\n", "year,where,sum\n"]);
        assert_eq!(above("Behind"), ["# Sales\n"]);
        assert!(above("First").is_empty());
        assert!(above("# Sales").is_empty());
    }

    #[test]
    fn a_chunk_belongs_to_the_page_that_it_ends_in_and_one_up_to_a_break_to_the_page_before_it() {
        let text = "first page\n\x0csecond page\n\x0cthird";
        let context = Context::of(text);
        let page = |start: usize, end: usize| context.ranked(&[text], Span::new(0, start, end), &text[start..end]).page;
        let end = text.find('\x0c').unwrap();
        for (start, until, of) in [(0, end, 0), (0, end + 1, 0), (0, end + 2, 1), (end + 1, end + 9, 1)] {
            assert_eq!(page(start, until), Some((0, of)), "{start}..{until}");
        }
    }
}
