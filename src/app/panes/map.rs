//! The whole document on the height of its pane: where jobs run, where evidence was found, what was read and what left.

use crate::app::figures::touches;
use crate::app::layout::{Area, Pane};
use crate::app::model::Model;
use crate::document::Span;
use crate::protocol::{Chunk, JobState};

/// A pane narrower than this has one column of map instead of two. In cells.
const WIDE: u16 = 56;

/// What one row of the map stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MapRow {
    pub running: bool,
    /// The answer cites it.
    pub answered: bool,
    /// A job found evidence here.
    pub cited: bool,
    pub left: bool,
    pub read: bool,
    pub highlighted: bool,
    /// Stands on the screen now.
    pub seen: bool,
}

impl Model {
    /// Columns of the map; the scroll bar stands beside it.
    pub fn map_columns(&self) -> u16 {
        if self.inside(Pane::Document).width >= WIDE { 2 } else { 1 }
    }

    /// The cells of map and scroll bar together.
    pub fn map_area(&self) -> Area {
        let area = self.inside(Pane::Document);
        area.after(area.width.saturating_sub(self.map_columns() + 1))
    }

    /// The rows of the map, the first for the beginning of the document. `seen`: the bytes on the screen.
    pub fn map_rows(&self, height: usize, seen: (usize, usize)) -> Vec<MapRow> {
        let shown = self.document.shown;
        let length = self.shown_document().map_or(0, |open| open.document.text.len());
        if length == 0 || height == 0 {
            return Vec::new();
        }
        let highlight = self.document.highlight.map(|highlight| highlight.span).filter(|span| span.document == shown);
        let marks = &self.marks;
        let mut rows: Vec<MapRow> = (0..height)
            .map(|row| {
                let (from, to) = bytes_of(row, height, length);
                MapRow {
                    answered: touches(&marks.answered, shown, from, to),
                    cited: touches(&marks.cited, shown, from, to),
                    left: touches(&marks.left, shown, from, to),
                    read: touches(&marks.read, shown, from, to),
                    highlighted: highlight.is_some_and(|span| span.start < to && from < span.end),
                    seen: from < seen.1.max(seen.0 + 1) && seen.0 < to,
                    running: false,
                }
            })
            .collect();
        for span in self.running_spans().filter(|span| span.document == shown) {
            let row_of = |at: usize| (at.min(length - 1) as u128 * height as u128 / length as u128) as usize;
            for row in &mut rows[row_of(span.start)..=row_of(span.end.saturating_sub(1).max(span.start))] {
                row.running = true;
            }
        }
        rows
    }

    /// What the jobs read that run now.
    fn running_spans(&self) -> impl Iterator<Item = Span> {
        let round = self.state.round().filter(|_| self.state.ending().is_none());
        round.into_iter().flat_map(|round| {
            let running = round.jobs.iter().filter(|job| matches!(job.state, JobState::Running { .. }));
            running.filter_map(|job| round.chunk_of(job)).flat_map(Chunk::spans)
        })
    }

    /// Goes to the part of the document that a row of the map stands for.
    pub(crate) fn press_map(&mut self, y: u16) {
        let area = self.map_area();
        let Some(length) = self.shown_document().map(|open| open.document.text.len()) else { return };
        let row = usize::from(y.saturating_sub(area.y)).min(usize::from(area.height.saturating_sub(1)));
        let last = usize::from(area.height.saturating_sub(1)).max(1);
        if row == last {
            return self.document_end(true);
        }
        let (from, _) = bytes_of(row, usize::from(area.height.max(1)), length);
        self.show_from(from);
    }
}

/// The bytes that one of so many rows stands for; at least one.
fn bytes_of(row: usize, height: usize, length: usize) -> (usize, usize) {
    let at = |row: usize| (row as u128 * length as u128 / height as u128) as usize;
    let from = at(row);
    (from, at(row + 1).max(from + 1))
}
