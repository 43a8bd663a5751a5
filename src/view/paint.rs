//! Puts text, marks and styles into the frame's cells; what would stand beyond an edge is left out.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::glyphs::{Glyph, LEVELS, glyph};
use super::theme::{Role, Theme};
use crate::app::{self, Area, Piece};

pub struct Paint<'a> {
    pub buffer: &'a mut Buffer,
    pub theme: &'a Theme,
    pub ascii: bool,
}

impl Paint<'_> {
    fn clip(&self, area: Area) -> Rect {
        Rect::new(area.x, area.y, area.width, area.height).intersection(self.buffer.area)
    }

    pub fn style(&self, role: Role) -> Style {
        self.theme.style(role)
    }

    /// Lays a style over cells and leaves their text.
    pub fn tint(&mut self, area: Area, style: Style) {
        let area = self.clip(area);
        self.buffer.set_style(area, style);
    }

    /// Empties cells and gives them a style.
    pub fn clear(&mut self, area: Area, style: Style) {
        let area = self.clip(area);
        for y in area.top()..area.bottom() {
            for x in area.left()..area.right() {
                if let Some(cell) = self.buffer.cell_mut((x, y)) {
                    cell.reset();
                    cell.set_style(style);
                }
            }
        }
    }

    /// Draws one line, made safe first; gives the cells it took.
    pub fn text(&mut self, x: u16, y: u16, room: u16, text: &str, style: Style) -> u16 {
        self.safe(x, y, room, &app::visible(text), style)
    }

    /// Draws a line that is safe already.
    fn safe(&mut self, x: u16, y: u16, room: u16, text: &str, style: Style) -> u16 {
        let area = self.buffer.area;
        if y < area.top() || y >= area.bottom() || x < area.left() || x >= area.right() {
            return 0;
        }
        let room = room.min(area.right() - x);
        let (end, _) = self.buffer.set_stringn(x, y, text, usize::from(room), style);
        end - x
    }

    pub fn glyph(&mut self, x: u16, y: u16, sign: Glyph, style: Style) {
        self.safe(x, y, 1, glyph(sign, self.ascii), style);
    }

    /// The same sign in a row of cells.
    pub fn line(&mut self, x: u16, y: u16, cells: u16, sign: Glyph, style: Style) {
        let text = glyph(sign, self.ascii).repeat(usize::from(cells));
        self.safe(x, y, cells, &text, style);
    }

    /// Draws text at the right end of a row of `room` cells; nothing when it does not fit. Gives the cells it took.
    pub fn right(&mut self, x: u16, y: u16, room: u16, text: &str, style: Style) -> u16 {
        let wide = app::width(text) as u16;
        if wide > room {
            return 0;
        }
        self.text(x + room - wide, y, wide, text, style)
    }

    /// Draws the pieces of a row; gives the cells they took.
    pub fn pieces(&mut self, x: u16, y: u16, room: u16, pieces: &[Piece]) -> u16 {
        let mut at = 0;
        for piece in pieces {
            let left = room.saturating_sub(at);
            at += match piece {
                Piece::Text(tone, text) => self.safe(x + at, y, left, text, self.theme.tone(*tone)),
                Piece::Mark(tone, mark) => {
                    let style = self.theme.tone(*tone);
                    self.safe(x + at, y, left.min(1), glyph(Glyph::Mark(*mark), self.ascii), style)
                }
            };
        }
        at
    }

    /// A bar in one cell for a share from 0 to 1.
    pub fn level(&mut self, x: u16, y: u16, share: f32, style: Style) {
        let level = (share.clamp(0.0, 1.0) * 7.99) as usize;
        let (sign, twin) = LEVELS[level.min(7)];
        self.safe(x, y, 1, if self.ascii { twin } else { sign }, style);
    }
}
