//! What stands above a passage and is said of it too: the heading it comes under, and the header of the table it is of.

use std::ops::Range;

use super::chunk::headings;
use super::table::{Table, tables};

/// A heading says something of the text behind it up to here, in bytes: about a page.
const REACH: usize = 4_000;

/// The headings and tables of a text.
pub struct Context {
    headings: Vec<Range<usize>>,
    tables: Vec<Table>,
}

impl Context {
    pub fn of(text: &str) -> Self {
        Self { headings: headings(text).collect(), tables: tables(text).collect() }
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
}
