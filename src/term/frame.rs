//! Frames: what changed, as one synchronized write; and how often there may be one.

use std::io::{self, Write};
use std::time::{Duration, Instant};

use crossterm::queue;
use crossterm::style::Colored;
use crossterm::terminal::{BeginSynchronizedUpdate, EndSynchronizedUpdate};
use ratatui::layout::{Rect, Size};
use ratatui::{Frame, Terminal};

use super::TermError;
use super::backend::FrameBackend;

/// What one draw sent to the terminal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FrameStats {
    /// Bytes written; 0 when nothing changed.
    pub bytes: usize,
}

/// A grid of cells and the handle it is drawn to.
pub struct Screen<W> {
    terminal: Terminal<FrameBackend>,
    out: W,
    synchronized: bool,
    repaint: bool,
    /// Reused for every frame.
    written: Vec<u8>,
}

impl<W: Write> Screen<W> {
    /// `synchronized` brackets each frame as one update, so that no half of it is seen.
    pub fn new(out: W, size: (u16, u16), synchronized: bool) -> Result<Self, TermError> {
        // How many colours there are is decided before anything is drawn. Where NO_COLOR is set, crossterm would write
        // each colour as a bare `ESC [ m` on top of that, which also takes bold and reverse away.
        Colored::set_ansi_color_disabled(false);
        let backend = FrameBackend::new(Size::new(size.0, size.1));
        let terminal = Terminal::new(backend).map_err(TermError::Write)?;
        Ok(Self { terminal, out, synchronized, repaint: false, written: Vec::new() })
    }

    /// The size of the next frame, in columns and rows.
    pub fn size(&self) -> (u16, u16) {
        let size = self.terminal.backend().size;
        (size.width, size.height)
    }

    /// The terminal has another size now; the next frame is painted whole.
    pub fn resize(&mut self, size: (u16, u16)) {
        self.terminal.backend_mut().size = Size::new(size.0, size.1);
    }

    /// What the terminal shows is not known any more; the next frame is painted whole.
    pub fn repaint(&mut self) {
        self.repaint = true;
    }

    /// Draws a frame and writes what changed since the last one, in one write; writes nothing when nothing changed.
    pub fn draw(&mut self, render: impl FnOnce(&mut Frame)) -> Result<FrameStats, TermError> {
        self.render(render).and_then(|()| self.flush()).map_err(|source| {
            // Part of the frame may stand on the screen.
            self.repaint = true;
            TermError::Write(source)
        })
    }

    fn render(&mut self, render: impl FnOnce(&mut Frame)) -> io::Result<()> {
        self.terminal.backend_mut().bytes.clear();
        if std::mem::take(&mut self.repaint) {
            let (width, height) = self.size();
            self.terminal.backend_mut().hide_anyway()?;
            self.terminal.resize(Rect::new(0, 0, width, height))?;
        }
        self.terminal.draw(render)?;
        Ok(())
    }

    fn flush(&mut self) -> io::Result<FrameStats> {
        let frame = &self.terminal.backend().bytes;
        if frame.is_empty() {
            return Ok(FrameStats::default());
        }
        self.written.clear();
        if self.synchronized {
            queue!(self.written, BeginSynchronizedUpdate)?;
        }
        self.written.extend_from_slice(frame);
        if self.synchronized {
            queue!(self.written, EndSynchronizedUpdate)?;
        }
        self.out.write_all(&self.written)?;
        self.out.flush()?;
        Ok(FrameStats { bytes: self.written.len() })
    }

    /// Writes a sequence that draws nothing, between two frames.
    pub(super) fn send(&mut self, sequence: &[u8]) -> Result<(), TermError> {
        self.out.write_all(sequence).and_then(|()| self.out.flush()).map_err(TermError::Write)
    }
}

/// Whether the next frame may be drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    Now,
    At(Instant),
}

/// Keeps frames apart: never more than so many a second, and fewer when the terminal takes them slowly.
#[derive(Clone, Debug)]
pub struct FrameLimiter {
    interval: Duration,
    next: Option<Instant>,
}

impl FrameLimiter {
    /// Frames a second at most; 0 counts as 1.
    pub fn new(frames_per_second: u32) -> Self {
        Self { interval: Duration::from_secs(1) / frames_per_second.max(1), next: None }
    }

    pub fn due(&self, now: Instant) -> Due {
        match self.next {
            Some(next) if next > now => Due::At(next),
            _ => Due::Now,
        }
    }

    /// A frame was begun and is written. Writing blocks where the link is slow, so at least as long is left free after
    /// it as it took: input is then read half of the time however slow the link is.
    pub fn drawn(&mut self, begun: Instant, written: Instant) {
        let took = written.saturating_duration_since(begun);
        self.next = Some((begun + self.interval).max(written + took));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_never_closer_than_the_rate_allows() {
        let mut limiter = FrameLimiter::new(30);
        let start = Instant::now();
        assert_eq!(limiter.due(start), Due::Now, "the first frame does not wait");
        limiter.drawn(start, start);
        let next = start + Duration::from_secs(1) / 30;
        assert_eq!(limiter.due(start), Due::At(next));
        assert_eq!(limiter.due(next - Duration::from_nanos(1)), Due::At(next));
        assert_eq!(limiter.due(next), Due::Now);
    }

    #[test]
    fn a_slow_link_gets_fewer_frames() {
        let mut limiter = FrameLimiter::new(30);
        let start = Instant::now();
        let written = start + Duration::from_millis(400);
        limiter.drawn(start, written);
        assert_eq!(limiter.due(written), Due::At(start + Duration::from_millis(800)));
    }

    #[test]
    fn a_rate_of_zero_is_one_a_second() {
        let mut limiter = FrameLimiter::new(0);
        let start = Instant::now();
        limiter.drawn(start, start);
        assert_eq!(limiter.due(start), Due::At(start + Duration::from_secs(1)));
    }
}
