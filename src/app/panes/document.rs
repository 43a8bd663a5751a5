//! The Document pane: scrolling, jumping to words, and what is marked where.

use crate::app::figures::{Marks, touches};
use crate::app::goto::Goal;
use crate::app::layout::Pane;
use crate::app::lines::{DocumentRow, LONGEST, Position};
use crate::app::model::{Highlight, Model, OpenDocument};
use crate::app::visible::width;
use crate::document::Span;

/// What a row of the document is marked with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RowMarks {
    pub read: bool,
    pub cited: bool,
    pub left: bool,
    pub highlighted: bool,
}

/// Cells of a row before the text: two marks, the line number, a space.
pub fn gutter(document: &OpenDocument) -> u16 {
    let (lines, known) = (document.lines.numbered() as u128, document.lines.known().max(1) as u128);
    // While lines are still being found, room for as many as there are likely to be.
    let all = lines * (document.document.text.len() as u128).max(known) / known;
    let digits = all.max(1).ilog10() as u16 + 1;
    digits.max(3) + 4
}

impl Model {
    /// Cells for the text of the document shown.
    pub fn text_width(&self) -> usize {
        let Some(open) = self.shown_document() else { return 1 };
        // The map and the scroll bar stand at the right edge.
        let beside = gutter(open) + self.map_columns() + 1;
        usize::from(self.inside(Pane::Document).width.saturating_sub(beside)).max(1)
    }

    /// The width at which lines are wrapped.
    pub fn wrap_width(&self) -> usize {
        if self.document.unwrapped { usize::MAX } else { self.text_width() }
    }

    pub(crate) fn toggle_wrap(&mut self) {
        self.document.unwrapped = !self.document.unwrapped;
        self.document.left = 0;
        self.document.top.row = 0;
        self.settle_document();
    }

    pub(crate) fn scroll_sideways(&mut self, right: bool) {
        const STEP: usize = 8;
        let left = self.document.left;
        self.document.left = if right { (left + STEP).min(LONGEST) } else { left.saturating_sub(STEP) };
    }

    /// Scrolls sideways until the byte at `offset` is in sight.
    fn reveal_column(&mut self, offset: usize) {
        let room = self.text_width();
        let Some(open) = self.documents.get(self.document.shown) else { return };
        let start = open.lines.bytes(&open.document, open.lines.line_of(&open.document, offset)).start;
        let column = open.document.text.get(start..offset).map_or(0, width);
        let fits = !self.document.unwrapped || column + room / 3 < room;
        self.document.left = if fits { 0 } else { column.saturating_sub(room / 3) };
    }

    pub(crate) fn settle_document(&mut self) {
        self.document.shown = self.document.shown.min(self.documents.len().saturating_sub(1));
        let (width, height) = (self.wrap_width(), self.inside(Pane::Document).height);
        let Some(open) = self.documents.get(self.document.shown) else { return };
        let top = &mut self.document.top;
        top.line = top.line.min(open.lines.len().saturating_sub(1));
        let rows = open.lines.rows(&open.document, top.line, width).len();
        top.row = top.row.min(rows.saturating_sub(1));
        if height == 0 {
            // Not in sight: where it stands is looked at when it is.
            return;
        }
        *top = (*top).min(open.lines.last_top(&open.document, width, usize::from(height)));
    }

    /// Scrolls by rows, down when positive.
    pub(crate) fn scroll_document(&mut self, rows: isize) {
        self.document.goal = None;
        let width = self.wrap_width();
        let Some(open) = self.documents.get(self.document.shown) else { return };
        let (top, count) = (self.document.top, rows.unsigned_abs());
        self.document.top = if rows < 0 {
            open.lines.up(&open.document, top, count, width)
        } else {
            open.lines.down(&open.document, top, count, width)
        };
        self.settle_document();
    }

    pub(crate) fn document_end(&mut self, bottom: bool) {
        let (line, whole) =
            self.shown_document().map_or((0, true), |open| (open.lines.len().saturating_sub(1), open.lines.is_whole()));
        self.document.goal = (bottom && !whole).then_some(Goal::End);
        self.document.top = if bottom { Position { line, row: usize::MAX } } else { Position::default() };
        self.settle_document();
    }

    pub(crate) fn show_document(&mut self, forward: bool) {
        let last = self.documents.len().saturating_sub(1);
        let shown = self.document.shown;
        let next = if forward { (shown + 1).min(last) } else { shown.saturating_sub(1) };
        if next != shown {
            self.document.shown = next;
            self.document.top = Position::default();
            self.document.goal = None;
            self.document.selection = None;
            self.find_again();
        }
        self.settle_document();
    }

    /// Brings a byte of the document shown to the upper third of the pane.
    pub(crate) fn reveal(&mut self, offset: usize) {
        let (width, height) = (self.wrap_width(), self.inside(Pane::Document).height);
        let Some(open) = self.documents.get(self.document.shown) else { return };
        self.document.goal = None;
        if offset >= open.lines.known() && !open.lines.is_whole() {
            self.document.goal = Some(Goal::Byte(offset));
            return;
        }
        let at = open.lines.position_of(&open.document, offset, width);
        self.document.top = open.lines.up(&open.document, at, usize::from(height / 3), width);
        self.settle_document();
        self.reveal_column(offset);
    }

    /// Shows and highlights a place, and gives the Document pane the focus. False when no document here has it.
    pub(crate) fn jump(&mut self, highlight: Highlight) -> bool {
        let span = highlight.span;
        let stands =
            self.documents.get(span.document).is_some_and(|open| open.document.slice(span.start, span.end).is_some());
        if !stands {
            self.document.highlight = None;
            return false;
        }
        if self.focus != Pane::Document {
            self.came_from = Some(self.focus);
        }
        self.overlay = None;
        self.focus = Pane::Document;
        if self.document.shown != span.document {
            self.document.shown = span.document;
            self.document.selection = None;
            self.find_again();
        }
        self.document.highlight = Some(highlight);
        self.reveal(span.start);
        true
    }

    /// Where the first line in sight begins.
    pub fn top_offset(&self) -> usize {
        let top = self.document.top;
        self.shown_document().map_or(0, |open| open.lines.bytes(&open.document, top.line).start)
    }

    /// The bytes in sight.
    pub(crate) fn bytes_in_sight(&self) -> std::ops::Range<usize> {
        let height = usize::from(self.inside(Pane::Document).height);
        let Some(open) = self.shown_document() else { return 0..0 };
        let rows = open.lines.visible(&open.document, self.document.top, self.wrap_width(), height);
        let mut texts = rows.iter().filter_map(|row| match row {
            DocumentRow::Text { bytes, .. } => Some(bytes),
            DocumentRow::Page(_) => None,
        });
        let Some(first) = texts.next() else { return 0..0 };
        first.start..texts.next_back().map_or(first.end, |last| last.end)
    }

    /// The parts that are marked from now on.
    pub(crate) fn take_marks(&mut self, marks: Marks) {
        self.marks = marks;
        if self.search.tint.is_some() {
            self.find_again();
        }
    }

    /// What the bytes `start..end` of the document shown are marked with.
    pub fn marks_of(&self, start: usize, end: usize) -> RowMarks {
        let Marks { read, cited, left, .. } = &self.marks;
        let shown = self.document.shown;
        let end = end.max(start + 1);
        let highlighted = self.document.highlight.is_some_and(|highlight| {
            let Span { document, start: from, end: to } = highlight.span;
            document == shown && from < end && start < to
        });
        RowMarks {
            read: self.tints.read && touches(read, shown, start, end),
            cited: self.tints.cited && touches(cited, shown, start, end),
            left: self.tints.left && touches(left, shown, start, end),
            highlighted,
        }
    }

    /// How far down the document the pane stands, 0–100, and the page and pages there.
    pub fn document_place(&self) -> Option<(u8, Option<(usize, usize)>)> {
        let open = self.shown_document()?;
        let length = open.document.text.len().max(1);
        let (width, height) = (self.wrap_width(), usize::from(self.inside(Pane::Document).height));
        let top = self.document.top;
        let start = open.lines.bytes(&open.document, top.line).start;
        // A hidden pane has no height, and no last page.
        let at_end = height > 0 && top >= open.lines.last_top(&open.document, width, height);
        let percent = if at_end && top != Position::default() { 100 } else { (start * 100 / length) as u8 };
        let page = open.document.page_of(start + 1).map(|page| (page, open.document.pages.len()));
        Some((percent, page))
    }
}
