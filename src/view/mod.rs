//! Draws the model. It reads, and changes nothing.

mod answers;
mod document;
mod glyphs;
mod jobs;
mod overlay;
mod paint;
mod pane;
mod planner;
mod status;
#[cfg(test)]
mod tests;
pub mod theme;
mod timeline;
mod words;

use ratatui::Frame;

use crate::app::{Area, Model, Shape};
use paint::Paint;
pub use theme::{BUILT_IN, Depth, Theme, ThemeError};

/// Draws the whole screen for the model's size; cells of the frame beyond it stay empty.
pub fn draw(frame: &mut Frame, model: &Model, theme: &Theme) {
    let mut paint = Paint { buffer: frame.buffer_mut(), theme, ascii: model.ascii };
    let whole = paint.buffer.area;
    paint.clear(Area::new(whole.x, whole.y, whole.width, whole.height), theme.base());
    if model.layout().shape == Shape::Words {
        words::draw(&mut paint, model);
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
        status::hints(&mut paint, model);
        overlay::draw(&mut paint, model);
    }
    if model.ascii {
        glyphs::to_ascii(paint.buffer);
    }
}
