//! Turns changed cells into bytes in memory; nothing reaches the terminal here, and nothing changed gives no byte.

use std::io;

use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::queue;
use crossterm::terminal::{Clear, ClearType as Cleared};
use ratatui::backend::{Backend, ClearType, CrosstermBackend, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};

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
        CrosstermBackend::new(&mut self.bytes).draw(content)
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
