//! Draws the model. It reads, and changes nothing.

mod answers;
mod curve;
mod document;
mod gate;
mod glyphs;
mod hints;
mod job_grid;
mod jobs;
mod load;
mod map;
mod overlay;
mod paint;
mod pane;
mod picker;
mod planner;
mod start_form;
mod status;
#[cfg(test)]
mod tests;
pub mod theme;
mod timeline;
mod words;

use ratatui::Frame;
use ratatui::buffer::{Buffer, Cell};
use ratatui::style::Modifier;

use crate::app::{Area, Model, Overlay, Shape};
pub use curve::draw_curve;
pub use hints::hint_at;
use paint::Paint;
pub use theme::{Depth, Role, Theme, ThemeError, Themes};

/// Lines that a list with its frame needs.
const LEAST_LIST: u16 = 6;

/// Draws the whole screen for the model's size; cells of the frame beyond it stay empty.
pub fn draw(frame: &mut Frame, model: &Model, theme: &Theme) {
    let mut paint = Paint { buffer: frame.buffer_mut(), theme, ascii: model.ascii };
    let whole = paint.buffer.area;
    paint.clear(Area::new(whole.x, whole.y, whole.width, whole.height), theme.base());
    if model.layout().shape == Shape::Words {
        words::draw(&mut paint, model);
        // A list and a question are of use in few lines too.
        let useful = model.picker().is_some() || matches!(model.overlay, Some(Overlay::Question(_)));
        if useful && model.height >= LEAST_LIST {
            overlay::draw(&mut paint, model);
        }
    } else {
        status::columns(&mut paint, model);
        document::draw(&mut paint, model);
        planner::draw(&mut paint, model);
        jobs::draw(&mut paint, model);
        answers::draw(&mut paint, model);
        status::bar(&mut paint, model);
        status::tabs(&mut paint, model);
        timeline::draw(&mut paint, model);
        timeline::scrubber(&mut paint, model);
        status::status(&mut paint, model);
        hints::hints(&mut paint, model);
        overlay::draw(&mut paint, model);
    }
    if model.ascii {
        glyphs::to_ascii(paint.buffer);
    }
    plain_blanks(paint.buffer);
}

/// Gives blank cells the text colour of the cell before them, and those that begin a row the colour of its first word.
/// It cannot be seen, and over a slow line it saves a change of colour at each gap between words.
fn plain_blanks(buffer: &mut Buffer) {
    let visible = Modifier::REVERSED | Modifier::UNDERLINED;
    let plain = |cell: &Cell| !cell.modifier.intersects(visible);
    let blank = |cell: &Cell| cell.symbol() == " " && plain(cell);
    let width = usize::from(buffer.area.width).max(1);
    for row in buffer.content.chunks_mut(width) {
        let first = row.iter().position(|cell| !blank(cell));
        if let Some((lead, word)) = first.and_then(|first| row.split_at_mut_checked(first))
            && let Some(Cell { fg, modifier, .. }) = word.first().filter(|cell| plain(cell))
        {
            lead.iter_mut().for_each(|cell| (cell.fg, cell.modifier) = (*fg, *modifier));
        }
        for at in first.unwrap_or_default() + 1..row.len() {
            if blank(&row[at]) && plain(&row[at - 1]) {
                (row[at].fg, row[at].modifier) = (row[at - 1].fg, row[at - 1].modifier);
            }
        }
    }
}
