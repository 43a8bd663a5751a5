//! Going to a line, a page or a share of the document by its number.

use super::figures::{counted, short_count};
use super::layout::Pane;
use super::model::{Model, OpenDocument};

/// Where somebody wants to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// A line's number, counted from 1.
    Line(usize),
    /// A byte, to be brought into the upper third.
    Byte(usize),
    /// A byte whose row is to be the first.
    From(usize),
    End,
}

/// Reads `120`, `p12` or `50%`. The error says what can be written.
pub fn read(typed: &str, open: &OpenDocument) -> Result<Goal, String> {
    let typed = typed.trim();
    let number = |digits: &str| digits.trim().parse::<usize>().ok();
    let pages = open.document.pages.len();
    if let Some(digits) = typed.strip_prefix(['p', 'P']) {
        return match number(digits) {
            _ if pages == 0 => {
                Err("this document has no pages; write a line such as 120, or a share such as 50%".into())
            }
            Some(page) if (1..=pages).contains(&page) => Ok(Goal::From(open.document.pages[page - 1])),
            _ => Err(format!("pages go from p1 to p{pages}")),
        };
    }
    if let Some(digits) = typed.strip_suffix('%') {
        return match digits.trim().parse::<f64>() {
            Ok(100.0) => Ok(Goal::End),
            Ok(percent) if (0.0..100.0).contains(&percent) => {
                Ok(Goal::From((open.document.text.len() as f64 * percent / 100.0) as usize))
            }
            _ => Err("a share goes from 0% to 100%".into()),
        };
    }
    match number(typed) {
        Some(0) => Err("lines are counted from 1".into()),
        Some(line) if open.lines.is_whole() && line > open.lines.numbered() => {
            Err(format!("the document has {}", counted(open.lines.numbered(), "line")))
        }
        Some(line) => Ok(Goal::Line(line)),
        None if pages > 0 => Err("write a line such as 120, a page such as p12, or a share such as 50%".into()),
        None => Err("write a line such as 120, or a share such as 50%".into()),
    }
}

impl Model {
    /// What may be written, for the overlay.
    pub fn goto_hint(&self) -> String {
        let Some(open) = self.shown_document() else { return String::new() };
        let lines = format!("120 a line of {}", short_count(open.lines.numbered() as u64));
        match open.document.pages.len() {
            0 => format!("{lines} · 50% a share"),
            pages => format!("{lines} · p12 a page of {pages} · 50% a share"),
        }
    }

    /// Goes there, or as soon as its line is known.
    pub(crate) fn go(&mut self, goal: Goal) {
        self.document.goal = None;
        let Some(open) = self.shown_document() else { return };
        let (known, whole) = (open.lines.known(), open.lines.is_whole());
        let byte = match goal {
            Goal::Line(number) => open.lines.start_of(&open.document, number),
            Goal::Byte(at) | Goal::From(at) => (whole || at < known).then_some(at),
            Goal::End => whole.then_some(open.document.text.len()),
        };
        match (goal, byte) {
            (Goal::End, _) => self.document_end(true),
            (Goal::Line(_) | Goal::From(_), Some(at)) => self.show_from(at),
            (Goal::Byte(_), Some(at)) => self.reveal(at),
            (_, None) => {}
        }
        if byte.is_none() && !whole {
            self.document.goal = Some(goal);
        } else if byte.is_none() {
            self.notify("the document ends before that line");
        }
    }

    /// Puts the row that shows this byte first.
    pub(crate) fn show_from(&mut self, offset: usize) {
        let width = self.wrap_width();
        let Some(open) = self.shown_document() else { return };
        if offset >= open.lines.known() && !open.lines.is_whole() {
            self.document.goal = Some(Goal::From(offset));
            return;
        }
        let mut at = open.lines.position_of(&open.document, offset, width);
        if at.row == 1 && open.lines.bytes(&open.document, at.line).start >= offset.saturating_sub(1) {
            // The page's mark stands above its first line.
            at.row = 0;
        }
        self.document.top = at;
        self.document.left = 0;
        self.settle_document();
    }

    /// Takes what was typed; false when it cannot be read, which is then said.
    pub(crate) fn go_to_typed(&mut self, typed: &str) -> bool {
        let Some(open) = self.shown_document() else { return true };
        match read(typed, open) {
            Ok(goal) => {
                self.focus_on(Pane::Document);
                self.go(goal);
                true
            }
            Err(wrong) => {
                self.notify(wrong);
                false
            }
        }
    }
}
