//! Pictures of the whole screen, and that nothing from outside reaches it raw.

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;

use super::{Depth, Theme, draw};
pub use crate::app::world::press;
use crate::app::world::{World, built_in};
use crate::app::{Message, Mode, Model, Player, update};

mod curve;
mod hostile;
mod jobs;
mod picture;
mod shots;

/// The screen as it is drawn at the model's size.
pub fn drawn(model: &Model, depth: Depth) -> Buffer {
    let theme = Theme::built_in(&model.theme, depth).unwrap();
    let mut terminal = Terminal::new(TestBackend::new(model.width, model.height)).unwrap();
    terminal.draw(|frame| draw(frame, model, &theme)).unwrap();
    terminal.backend().buffer().clone()
}

pub fn text(buffer: &Buffer) -> String {
    let rows = buffer.content.chunks(usize::from(buffer.area.width).max(1));
    let lines: Vec<String> = rows
        .map(|row| {
            let mut line = String::new();
            let mut skip = 0;
            for cell in row {
                if skip == 0 {
                    line.push_str(cell.symbol());
                    skip = unicode_width::UnicodeWidthStr::width(cell.symbol()).max(1);
                }
                skip -= 1;
            }
            line.trim_end().to_owned()
        })
        .collect();
    lines.join("\n")
}
