//! The lines of a document: where each begins, found once and kept sparsely, so that only the visible ones are ever wrapped.
//!
//! Every few kilobytes a line's beginning is kept; from there the lines between are found again. So the index of 100 MB takes
//! less than a megabyte, whatever the lines are like, and it can be used as far as it goes while the rest is still looked at.

use std::ops::Range;

use super::wrap::wrap;
use crate::document::Document;

/// A line longer than this is cut into several, so that no single one costs a frame. In bytes.
pub const LONGEST: usize = 4096;
/// How far apart the kept beginnings are, in bytes and in lines, whichever comes first.
const STRIDE: usize = 8 * 1024;
const STRIDE_LINES: usize = 256;

/// The lines of a document as far as they are known. Lines also begin where pages do.
#[derive(Clone, Debug, Default)]
pub struct LineIndex {
    kept: Vec<Kept>,
    /// Where the first line begins that is not known yet.
    known: usize,
    lines: usize,
    /// Lines that do not go on what the one before began.
    numbered: usize,
    length: usize,
}

/// A line whose beginning is kept.
#[derive(Clone, Copy, Debug)]
struct Kept {
    start: usize,
    line: usize,
    /// Numbered lines before it.
    numbered: usize,
}

#[derive(Clone, Copy, Debug)]
struct Line {
    line: usize,
    start: usize,
    end: usize,
    /// Nothing where it goes on what the line before began.
    number: Option<usize>,
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

/// Where the line ends that begins at `start`.
fn end_of(document: &Document, start: usize) -> usize {
    let text = &document.text;
    let near = text.len().min(start + LONGEST);
    let feed = memchr::memchr(b'\n', &text.as_bytes()[start..near]).map(|at| start + at + 1);
    let end = feed.unwrap_or(near);
    // A page break that stands alone before the line needs no line of its own.
    let first = document.pages.partition_point(|&page| page <= start + 1);
    let mut pages = document.pages[first..].iter().copied().take_while(|&page| page < end);
    if let Some(page) = pages.find(|&page| text.is_char_boundary(page)) {
        return page;
    }
    if feed.is_some() || near == text.len() {
        return end;
    }
    let at = text.floor_char_boundary(near);
    text[start..at].rfind(' ').map_or(at, |space| start + space + 1)
}

/// Whether the line at `start` goes on what the one before began.
fn is_soft(document: &Document, start: usize) -> bool {
    start > 0 && document.text.as_bytes().get(start - 1) != Some(&b'\n')
}

/// Whether nothing comes from `start` on but the form feeds that end the last page: those are no line of their own.
fn is_behind_the_end(document: &Document, start: usize) -> bool {
    let rest = &document.text.as_bytes()[start..];
    start > 0
        && rest.iter().all(|byte| *byte == b'\x0c')
        && document.pages.last().is_none_or(|&page| page < start || page >= document.text.len())
}

impl LineIndex {
    /// All lines.
    pub fn of(document: &Document) -> Self {
        let mut index = Self::begun(document, 0);
        index.go_on(document, usize::MAX);
        index
    }

    /// The lines that begin in the first `bytes` bytes.
    pub fn begun(document: &Document, bytes: usize) -> Self {
        let mut index = Self { length: document.text.len(), ..Self::default() };
        if index.length == 0 {
            index.keep();
            (index.lines, index.numbered) = (1, 1);
        }
        index.go_on(document, bytes);
        index
    }

    /// Finds the lines that begin in the next `bytes` bytes.
    pub fn go_on(&mut self, document: &Document, bytes: usize) {
        let until = self.known.saturating_add(bytes).min(self.length);
        while self.known < until {
            if is_behind_the_end(document, self.known) {
                self.known = self.length;
                return;
            }
            if self
                .kept
                .last()
                .is_none_or(|last| self.known - last.start >= STRIDE || self.lines - last.line >= STRIDE_LINES)
            {
                self.keep();
            }
            self.lines += 1;
            self.numbered += usize::from(!is_soft(document, self.known));
            self.known = end_of(document, self.known);
        }
    }

    fn keep(&mut self) {
        self.kept.push(Kept { start: self.known, line: self.lines, numbered: self.numbered });
    }

    /// Whether all lines are known.
    pub fn is_whole(&self) -> bool {
        self.known >= self.length
    }

    /// Bytes whose lines are known.
    pub fn known(&self) -> usize {
        self.known
    }

    /// Lines known so far.
    pub fn len(&self) -> usize {
        self.lines
    }

    pub fn is_empty(&self) -> bool {
        self.lines == 0
    }

    /// How many numbered lines are known.
    pub fn numbered(&self) -> usize {
        self.numbered
    }

    /// The lines from a kept one on.
    fn from<'a>(&'a self, document: &'a Document, kept: usize) -> impl Iterator<Item = Line> + 'a {
        let Kept { mut start, mut line, mut numbered } =
            self.kept.get(kept).copied().unwrap_or(Kept { start: self.known, line: self.lines, numbered: 0 });
        std::iter::from_fn(move || {
            if line >= self.lines {
                return None;
            }
            let soft = is_soft(document, start);
            numbered += usize::from(!soft);
            let found = Line { line, start, end: end_of(document, start), number: (!soft).then_some(numbered) };
            (line, start) = (line + 1, found.end);
            Some(found)
        })
    }

    fn line(&self, document: &Document, line: usize) -> Option<Line> {
        let kept = self.kept.partition_point(|kept| kept.line <= line).checked_sub(1)?;
        let back = line - self.kept[kept].line;
        self.from(document, kept).nth(back)
    }

    /// The known line that holds the byte at `offset`, or the one nearest to it.
    pub fn line_of(&self, document: &Document, offset: usize) -> usize {
        let Some(kept) = self.kept.partition_point(|kept| kept.start <= offset).checked_sub(1) else { return 0 };
        let mut lines = self.from(document, kept);
        lines.find(|line| offset < line.end).map_or(self.lines.saturating_sub(1), |line| line.line)
    }

    /// The bytes of a line, its end included.
    pub fn bytes(&self, document: &Document, line: usize) -> Range<usize> {
        self.line(document, line).map_or(self.known..self.known, |line| line.start..line.end)
    }

    /// Where the line with this number begins, counted from 1; nothing where it is not known, or not there.
    pub fn start_of(&self, document: &Document, number: usize) -> Option<usize> {
        let kept = self.kept.partition_point(|kept| kept.numbered < number).checked_sub(1)?;
        self.from(document, kept).find(|line| line.number == Some(number)).map(|line| line.start)
    }

    /// The number of the line at `offset`, or of the one that it goes on.
    pub fn number_at(&self, document: &Document, offset: usize) -> usize {
        let Some(kept) = self.kept.partition_point(|kept| kept.start <= offset).checked_sub(1) else { return 0 };
        let before = self.kept[kept].numbered;
        let lines = self.from(document, kept).take_while(|line| line.start <= offset);
        lines.filter_map(|line| line.number).last().unwrap_or(before)
    }

    /// The rows of one line at this width.
    pub fn rows(&self, document: &Document, line: usize, width: usize) -> Vec<DocumentRow> {
        self.line(document, line).map_or_else(Vec::new, |line| rows_of(document, &line, width))
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
        let line = self.line_of(document, offset);
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
        let Some(kept) = self.kept.partition_point(|kept| kept.line <= top.line).checked_sub(1) else { return shown };
        for line in self.from(document, kept).skip(top.line - self.kept[kept].line) {
            let rows = rows_of(document, &line, width);
            shown.extend(rows.into_iter().skip(skip).take(height - shown.len()));
            skip = 0;
            if shown.len() >= height {
                break;
            }
        }
        shown
    }
}

/// The rows that a line takes at this width.
fn rows_of(document: &Document, line: &Line, width: usize) -> Vec<DocumentRow> {
    let bytes = line.start..line.end;
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
    let mut number = line.number;
    for row in wrap(&shown[lead..], width) {
        let from = bytes.start + lead;
        rows.push(DocumentRow::Text { bytes: from + row.start..from + row.end, number: number.take() });
    }
    rows
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
        assert!((0..index.len()).all(|line| index.bytes(&document, line).len() <= LONGEST));
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
