//! An asciicast of the workbench's own frames (version 3, <https://docs.asciinema.org/manual/asciicast/v3/>).

use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;

use serde::Serialize;

use super::super::Failure;
use super::super::json_line::json_line;
use super::film::film;
use super::subject::Subject;
use crate::document::escape::visible;
use crate::term::Screen;
use crate::view::{Depth, Theme, draw};

/// Players pass over the rest of a longer pause. In seconds.
const LONGEST_PAUSE: u64 = 2;
/// How long the last frame is shown, in seconds.
const LAST: f64 = 3.0;

#[derive(Serialize)]
struct Header<'a> {
    version: u8,
    term: Term,
    /// Seconds since 1970.
    timestamp: u64,
    idle_time_limit: u64,
    command: String,
    title: &'a str,
}

#[derive(Serialize)]
struct Term {
    cols: u16,
    rows: u16,
    #[serde(rename = "type")]
    kind: &'static str,
}

/// What is drawn collects here between two frames.
#[derive(Clone, Default)]
struct Drawn(Rc<RefCell<Vec<u8>>>);

impl Write for Drawn {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

pub fn write(subject: &Subject, size: (u16, u16), out: &mut dyn Write) -> Result<(), Failure> {
    let title = visible(subject.label.title.as_deref().unwrap_or(subject.question()));
    let header = Header {
        version: 3,
        term: Term { cols: size.0, rows: size.1, kind: "xterm-256color" },
        timestamp: subject.began_ms / 1000,
        idle_time_limit: LONGEST_PAUSE,
        command: format!("minions replay {}", subject.report.session),
        title: &title,
    };
    json_line(&header, out)?;
    let theme = Theme::built_in("dark", Depth::True)?;
    let drawn = Drawn::default();
    let mut screen = Screen::new(drawn.clone(), size, false)?;
    // The cursor is hidden and the screen is empty before the first frame.
    let mut before = String::from("\u{1b}[?25l\u{1b}[2J");
    let mut last_ms = 0;
    film(subject, size, &mut |at_ms, model| {
        screen.draw(|frame| draw(frame, model, &theme))?;
        let bytes = std::mem::take(&mut *drawn.0.borrow_mut());
        if bytes.is_empty() {
            return Ok(());
        }
        // The cells' symbols are whole characters.
        let frame = std::mem::take(&mut before) + &String::from_utf8_lossy(&bytes);
        // In this version an event tells the seconds since the one before.
        json_line(&(seconds(at_ms.saturating_sub(last_ms)), "o", frame), out)?;
        last_ms = at_ms;
        Ok(())
    })?;
    json_line(&(LAST, "o", "\u{1b}[0m\u{1b}[?25h"), out)?;
    json_line(&(0.0, "x", "0"), out)?;
    Ok(())
}

fn seconds(ms: u64) -> f64 {
    ms as f64 / 1e3
}
