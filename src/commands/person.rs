//! Lines in and out: what is said to the person, what is typed, and the signals that come.

use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal, Read, Stdout, Write, stdin, stdout};

use futures_util::{Stream, StreamExt};
use tokio::sync::mpsc;

use super::Failure;
use crate::document::escape::{visible, visible_lines};
use crate::term::{self, Signal};

/// A line longer than this is cut. In bytes.
const LONGEST: u64 = 16 * 1024;

/// Who reads what is said, and types.
pub struct Person {
    pub lines: mpsc::Receiver<String>,
    /// A line that came before what it answers.
    pub held: Option<String>,
    /// Whether lines are there before they are asked for, as from a pipe: each waits for what it answers.
    pub ahead: bool,
    pub signals: Box<dyn Stream<Item = Signal> + Unpin + Send>,
    out: Stdout,
}

pub enum Said {
    Line(String),
    /// There is no more to read, or a signal came.
    Leave,
}

impl Person {
    /// `at_terminal`: standard input was read as a document, so that lines come from the terminal alone.
    pub fn here(at_terminal: bool) -> Result<Self, Failure> {
        let ahead = !at_terminal && !stdin().is_terminal();
        Ok(Self { lines: lines(at_terminal), held: None, ahead, signals: Box::new(term::signals()?), out: stdout() })
    }

    pub fn say(&mut self, text: &str) -> Result<(), Failure> {
        writeln!(self.out, "{}", visible_lines(text))?;
        self.out.flush()?;
        Ok(())
    }

    pub async fn ask(&mut self, question: &str) -> Result<Said, Failure> {
        self.say(question)?;
        loop {
            tokio::select! {
                line = next_line(&mut self.held, &mut self.lines) => return Ok(line.map_or(Said::Leave, Said::Line)),
                Some(signal) = self.signals.next() => {
                    if signal != Signal::Continued {
                        return Ok(Said::Leave);
                    }
                }
            }
        }
    }
}

/// The line that was held back, or else the next. Safe to cancel.
pub async fn next_line(held: &mut Option<String>, lines: &mut mpsc::Receiver<String>) -> Option<String> {
    match held.take() {
        Some(line) => Some(line),
        None => lines.recv().await,
    }
}

/// Lines from standard input, or from the terminal where a document came in by that. Read in a thread of its own: such a read
/// cannot be cancelled.
fn lines(at_terminal: bool) -> mpsc::Receiver<String> {
    let (sender, lines) = mpsc::channel(16);
    let read = move || {
        let terminal = at_terminal.then(|| File::open("/dev/tty").ok()).flatten();
        let mut reader: Box<dyn BufRead> = match terminal {
            Some(terminal) => Box::new(BufReader::new(terminal)),
            None => Box::new(stdin().lock()),
        };
        while let Ok(Some(line)) = read_line(&mut reader) {
            if sender.blocking_send(line).is_err() {
                return;
            }
        }
    };
    // Without the thread no line ever comes, as where there is no terminal.
    let _ = std::thread::Builder::new().name("lines".into()).spawn(read);
    lines
}

/// The next line, nothing where there is none. What is beyond the longest is left out.
fn read_line(reader: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut line = Vec::new();
    if reader.by_ref().take(LONGEST).read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    if !line.ends_with(b"\n") {
        reader.skip_until(b'\n')?;
    }
    Ok(Some(visible(String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n'])).into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_of_a_line_that_is_too_long_is_no_answer() {
        let typed = format!("{}\nno\r\nlast", "x".repeat(3 * LONGEST as usize));
        let mut typed = typed.as_bytes();
        let mut next = || read_line(&mut typed).unwrap();
        assert_eq!(next().map(|line| line.len()), Some(LONGEST as usize));
        assert_eq!((next().as_deref(), next().as_deref(), next()), (Some("no"), Some("last"), None));
    }
}
