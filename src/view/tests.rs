//! Pictures of the whole screen, and that nothing from outside reaches it raw.

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;

use super::{Depth, Theme, draw, hint_at};
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

#[test]
fn a_press_on_a_hint_is_told_from_one_beside_it() {
    let model = crate::app::world::World::new().half().model(80, 24);
    let y = model.layout().hints.y;
    let row = text(&drawn(&model, Depth::None)).lines().nth(usize::from(y)).unwrap().to_owned();
    let column = |words: &str| row[..row.find(words).unwrap()].chars().count() as u16;
    assert_eq!(hint_at(&model, column("q quit"), y), Some(crate::app::Action::Quit));
    assert_eq!(hint_at(&model, column("stop run"), y), Some(crate::app::Action::StopRun));
    assert_eq!((hint_at(&model, 0, y), hint_at(&model, column("q quit"), y - 1)), (None, None));
}
