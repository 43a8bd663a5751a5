//! The lines of a document: where each begins, found once, so that only the visible ones are ever wrapped.

use std::ops::Range;

use super::wrap::wrap;
use crate::document::Document;

/// A line longer than this is cut into several, so that no single one costs a frame. In bytes.
pub const LONGEST: usize = 4096;

/// Offsets of the document's lines. Lines also begin where pages do.
#[derive(Clone, Debug, Default)]
pub struct LineIndex {
    starts: Vec<usize>,
    /// Lines (by index) that go on what the one before began: they carry no number.
    soft: Vec<usize>,
    length: usize,
}

/// A place to scroll to: a row of a wrapped line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    pub line: usize,
    pub row: usize,
}

/// What one row of the screen shows of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DocumentRow {
    /// Here the page begins, counted from 1.
    Page(usize),
    Text {
        bytes: Range<usize>,
        /// The line's number, counted from 1, on its first row.
        number: Option<usize>,
    },
}

impl LineIndex {
    pub fn of(document: &Document) -> Self {
        let text = &document.text;
        let mut index = Self { length: text.len(), ..Self::default() };
        let mut pages = document.pages.iter().copied().filter(|&page| page > 0 && page < text.len()).peekable();
        let mut start = 0;
        for end in memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at + 1).chain(std::iter::once(text.len())) {
            // What ends the last page is no line of its own.
            if start > 0
                && text.bytes().skip(start).take(end - start).all(|byte| byte == b'\x0c')
                && pages.peek().is_none()
            {
                continue;
            }
            let mut from = start;
            index.starts.push(from);
            while let Some(page) = pages.next_if(|&page| page < end) {
                // A page break that stands alone before the line needs no line of its own.
                if page > from + 1 && text.is_char_boundary(page) {
                    index.cut(text, from, page);
                    from = page;
                    index.soft(page);
                }
            }
            index.cut(text, from, end);
            start = end;
        }
        index
    }

    fn soft(&mut self, start: usize) {
        self.soft.push(self.starts.len());
        self.starts.push(start);
    }

    fn cut(&mut self, text: &str, mut from: usize, end: usize) {
        while end - from > LONGEST {
            let mut at = from + LONGEST;
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            let at = text[from..at].rfind(' ').map_or(at, |space| from + space + 1);
            self.soft(at);
            from = at;
        }
    }

    pub fn len(&self) -> usize {
        self.starts.len()
    }

    pub fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// How many numbered lines the document has.
    pub fn numbered(&self) -> usize {
        self.starts.len() - self.soft.len()
    }

    /// The line that holds the byte at `offset`.
    pub fn line_of(&self, offset: usize) -> usize {
        self.starts.partition_point(|&start| start <= offset).saturating_sub(1)
    }

    /// The bytes of a line, its end included.
    pub fn bytes(&self, line: usize) -> Range<usize> {
        let start = self.starts.get(line).copied().unwrap_or(self.length);
        start..self.starts.get(line + 1).copied().unwrap_or(self.length)
    }

    fn number(&self, line: usize) -> Option<usize> {
        let before = self.soft.partition_point(|&soft| soft <= line);
        let is_soft = before.checked_sub(1).and_then(|at| self.soft.get(at)) == Some(&line);
        (!is_soft).then(|| line + 1 - before)
    }

    /// The rows of one line at this width.
    pub fn rows(&self, document: &Document, line: usize, width: usize) -> Vec<DocumentRow> {
        let bytes = self.bytes(line);
        let Some(whole) = document.text.get(bytes.clone()) else { return Vec::new() };
        let mut rows = Vec::new();
        let page = document.pages.partition_point(|&start| start <= bytes.start + 1);
        if page > 1 && document.pages.get(page - 1).is_some_and(|&start| start >= bytes.start) {
            rows.push(DocumentRow::Page(page));
        }
        let shown = whole.trim_end_matches(['\n', '\r', '\u{c}']);
        let lead = shown.len() - shown.trim_start_matches('\u{c}').len();
        if whole.starts_with('\u{c}') && shown.len() == lead && rows.is_empty() {
            return rows;
        }
        let mut number = self.number(line);
        for row in wrap(&shown[lead..], width) {
            let from = bytes.start + lead;
            rows.push(DocumentRow::Text { bytes: from + row.start..from + row.end, number: number.take() });
        }
        rows
    }

    /// `count` rows further down, and no further than the last row.
    pub fn down(&self, document: &Document, from: Position, count: usize, width: usize) -> Position {
        let (mut at, mut left) = (from, count);
        while at.line < self.len() {
            let rows = self.rows(document, at.line, width).len();
            if at.row.saturating_add(left) < rows {
                return Position { row: at.row + left, ..at };
            }
            left -= rows.saturating_sub(at.row).min(left);
            if at.line + 1 >= self.len() {
                return Position { line: at.line, row: rows.saturating_sub(1) };
            }
            at = Position { line: at.line + 1, row: 0 };
        }
        at
    }

    /// `count` rows further up, and no further than the first.
    pub fn up(&self, document: &Document, from: Position, count: usize, width: usize) -> Position {
        let (mut at, mut left) = (from, count);
        loop {
            if at.row >= left {
                return Position { row: at.row - left, ..at };
            }
            if at.line == 0 {
                return Position::default();
            }
            left -= at.row;
            let rows = self.rows(document, at.line - 1, width).len();
            // `row` may stand one past the last here, which the next turn takes back.
            at = Position { line: at.line - 1, row: rows };
        }
    }

    /// The lowest scroll position that still fills `height` rows.
    pub fn last_top(&self, document: &Document, width: usize, height: usize) -> Position {
        let line = self.len().saturating_sub(1);
        let end = Position { line, row: self.rows(document, line, width).len().saturating_sub(1) };
        self.up(document, end, height.saturating_sub(1), width)
    }

    /// The row that shows the byte at `offset`.
    pub fn position_of(&self, document: &Document, offset: usize, width: usize) -> Position {
        let line = self.line_of(offset);
        let rows = self.rows(document, line, width);
        let row = rows
            .iter()
            .rposition(|row| matches!(row, DocumentRow::Text { bytes, .. } if bytes.start <= offset))
            .unwrap_or(0);
        Position { line, row }
    }

    /// The rows from `top` on, `height` of them at most.
    pub fn visible(&self, document: &Document, top: Position, width: usize, height: usize) -> Vec<DocumentRow> {
        let mut shown = Vec::with_capacity(height.min(512));
        let mut skip = top.row;
        for line in top.line..self.len() {
            let rows = self.rows(document, line, width);
            shown.extend(rows.into_iter().skip(skip).take(height - shown.len()));
            skip = 0;
            if shown.len() >= height {
                break;
            }
        }
        shown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts<'a>(document: &'a Document, rows: &[DocumentRow]) -> Vec<(Option<usize>, &'a str)> {
        rows.iter()
            .map(|row| match row {
                DocumentRow::Page(_) => (None, "--page--"),
                DocumentRow::Text { bytes, number } => (*number, &document.text[bytes.clone()]),
            })
            .collect()
    }

    #[test]
    fn lines_are_numbered_and_pages_marked() {
        let document = Document::from_text("d", "one\ntwo\n\u{c}three\r\nfour five\n");
        let index = LineIndex::of(&document);
        let rows = index.visible(&document, Position::default(), 5, 20);
        assert_eq!(
            texts(&document, &rows),
            [
                (Some(1), "one"),
                (Some(2), "two"),
                (None, "--page--"),
                (Some(3), "three"),
                (Some(4), "four "),
                (None, "five"),
            ]
        );
        assert_eq!(index.numbered(), 4);
    }

    #[test]
    fn the_form_feed_that_ends_the_last_page_is_no_line() {
        let document = Document::from_text("d", "one\n\u{c}");
        let index = LineIndex::of(&document);
        assert_eq!((index.len(), index.numbered()), (1, 1));
        assert_eq!(index.down(&document, Position::default(), 9, 5), Position::default());
    }

    #[test]
    fn a_huge_line_is_cut_into_bounded_ones() {
        let document = Document::from_text("d", "word ".repeat(100_000));
        let index = LineIndex::of(&document);
        assert_eq!(index.numbered(), 1);
        assert!((0..index.len()).all(|line| index.bytes(line).len() <= LONGEST));
    }

    proptest::proptest! {
        #[test]
        fn what_goes_down_comes_up_again(text in "[a-z é日\\n\u{c}]{0,300}", width in 1usize..30, count in 0usize..40) {
            let document = Document::from_text("d", text);
            let index = LineIndex::of(&document);
            let top = Position::default();
            let all = index.visible(&document, top, width, usize::MAX / 2).len();
            let down = index.down(&document, top, count, width);
            let gone = count.min(all.saturating_sub(1));
            let rest = index.visible(&document, down, width, 10_000).len();
            proptest::prop_assert!(rest + gone == all || all == 0, "{} + {} of {}", rest, gone, all);
            let shown = index.visible(&document, index.up(&document, down, gone, width), width, 10_000).len();
            proptest::prop_assert_eq!(shown, all);
        }
    }
}
