//! Cuts a text so that no row of a table is parted from its header.

use std::ops::Range;

use super::{cut, overlap};
use crate::document::table::{Table, tables};

/// A chunk: text of the document and, where that begins among a table's rows, the header of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Headed {
    /// Empty where the body begins with prose, or with the header itself.
    pub header: Range<usize>,
    pub body: Range<usize>,
}

impl Headed {
    /// The words of both.
    pub fn text(&self, text: &str) -> String {
        [&text[self.header.clone()], &text[self.body.clone()]].concat()
    }
}

/// Chunks of at most `max_chars` characters (more than zero), the header included, whose bodies together are the whole text. A
/// table stays whole where it fits, and is cut between rows; a row that is too long is cut as text, each part with the header.
/// A header longer than half of `max_chars` is not counted: chunks are then longer by it.
///
/// With `overlap` a body begins with as many whole lines of the one before it as have at most so many characters; these count
/// towards `max_chars`, and `overlap` is at most half of that.
pub fn by_table(text: &str, max_chars: usize, overlap: usize) -> impl Iterator<Item = Headed> + '_ {
    let overlap = overlap.min(max_chars / 2);
    let room = (max_chars - overlap).max(1);
    let mut parts = parts(text, room).peekable();
    let mut before = 0;
    std::iter::from_fn(move || {
        let Part { header, mut body, chars, since } = parts.next()?;
        let mut left = room_beside(text, &header, room).saturating_sub(chars);
        while let Some(next) = parts.next_if(|next| next.chars <= left) {
            left -= next.chars;
            body.end = next.body.end;
        }
        let shared = overlap::whole_lines(text, before.max(since)..body.start, overlap);
        before = body.start;
        body.start = shared;
        Some(Headed { header, body })
    })
}

/// The characters that the header of rows leaves to them.
fn room_beside(text: &str, header: &Range<usize>, max_chars: usize) -> usize {
    let header = text[header.clone()].chars().count();
    if header * 2 > max_chars { max_chars } else { max_chars - header }
}

/// What is never cut: a part of prose that fits, a table that fits, a row, a header with its first row.
struct Part {
    header: Range<usize>,
    body: Range<usize>,
    chars: usize,
    /// From where on text may be shared: no row of a table before this one, and no header twice.
    since: usize,
}

fn parts(text: &str, room: usize) -> impl Iterator<Item = Part> + '_ {
    let mut start = 0;
    let behind = std::iter::once(None);
    tables(text).map(Some).chain(behind).flat_map(move |table| {
        let since = start;
        let prose = start..table.as_ref().map_or(text.len(), |table| table.header.start);
        start = table.as_ref().map_or(text.len(), |table| table.rows.end);
        let prose = cut::pieces(text, prose, room, cut::in_prose).map(move |piece| Part {
            header: 0..0,
            chars: text[piece.clone()].chars().count(),
            body: piece,
            since,
        });
        prose.chain(table.into_iter().flat_map(move |table| of_table(text, table, room, since)))
    })
}

fn of_table(text: &str, table: Table, room: usize, since: usize) -> impl Iterator<Item = Part> + '_ {
    let whole = table.header.start..table.rows.end;
    let chars = match text[whole.clone()].char_indices().nth(room) {
        Some(_) => None,
        None => Some(text[whole.clone()].chars().count()),
    };
    let fits = chars.map(|chars| Part { header: 0..0, body: whole, chars, since });
    let rows = fits.is_none().then(|| rows(text, table, room, since));
    fits.into_iter().chain(rows.into_iter().flatten())
}

fn rows(text: &str, table: Table, room: usize, since: usize) -> impl Iterator<Item = Part> + '_ {
    let header = table.header.clone();
    let beside = room_beside(text, &header, room);
    let first_row = table.rows.start;
    let mut start = first_row;
    let rows = std::iter::from_fn(move || {
        let row = start..table.row_end(text, start);
        start = row.end;
        (!row.is_empty()).then_some(row)
    });
    let pieces = rows.flat_map(move |row| cut::pieces(text, row, beside, cut::in_prose));
    pieces.map(move |piece| {
        let chars = text[piece.clone()].chars().count();
        if piece.start > first_row || header.is_empty() {
            return Part { header: header.clone(), body: piece, chars, since: first_row };
        }
        // The header goes with its first row, as it stands.
        let chars = chars + text[header.clone()].chars().count();
        Part { header: 0..0, body: header.start..piece.end, chars, since }
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(text: &str, max: usize, overlap: usize) -> Vec<String> {
        by_table(text, max, overlap).map(|chunk| chunk.text(text)).collect()
    }

    const TABLE: &str = "a,b,c\n1,2,3\n4,5,6\n7,8,9\n";

    #[test]
    fn every_chunk_among_rows_has_the_header() {
        assert_eq!(texts(TABLE, 18, 0), ["a,b,c\n1,2,3\n4,5,6\n", "a,b,c\n7,8,9\n"]);
        assert_eq!(texts(TABLE, 100, 0), [TABLE]);
        let text = format!("Before it.\n\n{TABLE}\nBehind it.\n");
        assert_eq!(
            texts(&text, 18, 0),
            ["Before it.\n\n", "a,b,c\n1,2,3\n4,5,6\n", "a,b,c\n7,8,9\n", "\nBehind it.\n"]
        );
    }

    #[test]
    fn a_table_that_fits_stays_whole() {
        let text = format!("Some words before the table.\n{TABLE}");
        assert_eq!(texts(&text, 40, 0), ["Some words before the table.\n", TABLE]);
    }

    #[test]
    fn whole_rows_are_shared_and_the_header_never_comes_twice() {
        assert_eq!(texts(TABLE, 18, 6), ["a,b,c\n1,2,3\n", "a,b,c\n1,2,3\n4,5,6\n", "a,b,c\n4,5,6\n7,8,9\n"]);
        assert_eq!(texts(TABLE, 24, 6), ["a,b,c\n1,2,3\n4,5,6\n", "a,b,c\n4,5,6\n7,8,9\n"]);
    }

    fn tabled() -> impl Strategy<Value = String> {
        let lines = prop_oneof![
            "[a-z ]{0,30}\n",
            Just("| a | b |\n|---|---|\n".to_owned()),
            "\\| [a-z0-9]{0,9} \\| [0-9é]{0,9} \\|\n",
            "[a-z]{1,6},[0-9]{1,6},[a-z]{0,6}\n",
            "[A-Za-z]{1,9}   [0-9]{1,5}   [0-9]{1,5}\n",
            Just("\n".to_owned()),
            Just("\x0c".to_owned()),
        ];
        prop::collection::vec(lines, 0..30).prop_map(|lines| lines.concat())
    }

    proptest! {
        #[test]
        fn bodies_are_the_whole_text_and_no_row_is_parted_from_its_header(
            text in tabled(), max in 4usize..120, overlap in 0usize..40
        ) {
            let plain: Vec<Headed> = by_table(&text, max, 0).collect();
            let together: String = plain.iter().map(|chunk| &text[chunk.body.clone()]).collect();
            prop_assert_eq!(together, text.as_str());
            let shared: Vec<Headed> = by_table(&text, max, overlap).collect();
            let mut end = 0;
            for chunk in &shared {
                prop_assert!(chunk.body.start <= end && chunk.body.end > end, "in order, and without a gap");
                let again = &text[chunk.body.start..end];
                prop_assert!(again.is_empty() || again.chars().count() <= overlap.min(max / 2));
                prop_assert!(again.is_empty() || chunk.body.start == 0 || text[..chunk.body.start].ends_with('\n'));
                end = chunk.body.end;
            }
            prop_assert_eq!(end, text.len());
            for chunk in plain.iter().chain(&shared) {
                let header = text[chunk.header.clone()].chars().count();
                let body = text[chunk.body.clone()].chars().count();
                // What is longer than half of the room comes on top, be it before the rows or with the first of them.
                let long = tables(&text).map(|table| text[table.header].chars().count()).max().unwrap_or(0);
                let room = max - overlap.min(max / 2);
                let on_top = if long * 2 > room { long } else { 0 };
                prop_assert!(body + header <= max.max(1) + on_top);
            }
            for table in tables(&text) {
                for chunk in plain.iter().chain(&shared) {
                    let reads = chunk.body.start < table.rows.end && table.rows.start < chunk.body.end;
                    let header_in_body = chunk.body.start <= table.header.start;
                    prop_assert!(!reads || header_in_body || chunk.header == table.header);
                }
            }
        }
    }

    #[test]
    fn a_huge_table_and_a_text_without_a_line_are_cut() {
        let table = format!("a,b,c\n{}", "1,2,3\n".repeat(500_000));
        let chunks = by_table(&table, 3_000, 0).collect::<Vec<_>>();
        assert_eq!(chunks.len(), 1_003);
        assert!(chunks.iter().skip(1).all(|chunk| table[chunk.header.clone()] == *"a,b,c\n"));
        let line = "x".repeat(3_000_000);
        assert_eq!(by_table(&line, 3_000, 100).count(), 1_035);
        assert_eq!(by_table("", 3_000, 100).count(), 0);
    }
}
