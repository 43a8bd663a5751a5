//! The map of the whole document and the scroll bar beside it.

use super::glyphs::Glyph;
use super::paint::Paint;
use super::theme::Role;
use crate::app::{MapRow, Mark, Model};

/// What is drawn for a row of the map: jobs and evidence, and how far the text went.
type Sign = (Glyph, Role);

pub fn draw(paint: &mut Paint, model: &Model, seen: (usize, usize)) {
    let area = model.map_area();
    let columns = model.map_columns();
    if area.width <= columns {
        return;
    }
    // Before anything was read there is nothing that was left out.
    let began = !model.marks.read.is_empty();
    for (row, y) in model.map_rows(usize::from(area.height), seen).iter().zip(area.y..) {
        let (happened, went) = (happened(row), went(row, began));
        let signs = match columns {
            1 => [None, happened.or(went)],
            _ => [happened, went],
        };
        let first = usize::from(2 - columns);
        for ((sign, role), x) in signs[first..].iter().zip(area.x..).filter_map(|(sign, x)| Some(((*sign)?, x))) {
            let style = paint.style(role);
            paint.glyph(x, y, sign, style);
        }
        let (sign, role) = match (row.highlighted, row.seen) {
            (true, _) => (Glyph::Mark(Mark::GoneTo), Role::Accent),
            (false, true) => (Glyph::Thumb, Role::Dim),
            (false, false) => (Glyph::Track, Role::Rule),
        };
        let style = paint.style(role);
        paint.glyph(area.x + columns, y, sign, style);
    }
}

/// Where jobs run, and where evidence was found.
fn happened(row: &MapRow) -> Option<Sign> {
    match row {
        MapRow { running: true, .. } => Some((Glyph::MapRunning, Role::GaugeRunning)),
        MapRow { answered: true, .. } => Some((Glyph::MapAnswered, Role::MarkCited)),
        MapRow { cited: true, .. } => Some((Glyph::Mark(Mark::Cited), Role::MarkCited)),
        _ => None,
    }
}

/// What left the machine, what was read, what was not.
fn went(row: &MapRow, began: bool) -> Option<Sign> {
    match row {
        MapRow { left: true, .. } => Some((Glyph::Mark(Mark::Left), Role::MarkLeft)),
        MapRow { read: true, .. } => Some((Glyph::Mark(Mark::Read), Role::MarkRead)),
        _ => began.then_some((Glyph::Unstarted, Role::Dim)),
    }
}
