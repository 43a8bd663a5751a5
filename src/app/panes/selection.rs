//! Selecting lines or words of the document: to copy them, or to ask about them alone.

use unicode_segmentation::UnicodeSegmentation;

use super::document::gutter;
use crate::app::action::Action;
use crate::app::figures::short_bytes;
use crate::app::layout::Pane;
use crate::app::lines::DocumentRow;
use crate::app::message::Command;
use crate::app::model::Model;
use crate::app::visible::glyphs;
use crate::document::{Document, Span};

/// A word is looked for in so many bytes.
const LONGEST_WORD: usize = 4096;

/// From where it began to where it was moved to, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Selection {
    pub anchor: Span,
    pub head: Span,
    pub by: By,
    /// The byte that words are selected from, once they are.
    pub from: usize,
}

/// Of what a selection has a whole number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    Lines,
    Words,
    /// Cells that the mouse was dragged over.
    Cells,
}

impl Model {
    /// What is selected, without the end of its last line.
    pub fn selected(&self) -> Option<Span> {
        let Selection { anchor, head, .. } = self.document.selection?;
        let (first, last) = (anchor.start.min(head.start), anchor.end.max(head.end));
        let text = self.shown_document()?.document.slice(first, last)?;
        let end = first + text.trim_end_matches(['\n', '\r', '\u{c}']).len();
        Some(Span::new(self.document.shown, first, end))
    }

    /// Why nothing can be done with what is selected, where it holds no words: the same question about it would be one about
    /// nothing, never one about the whole document.
    pub(crate) fn blank_selection(&self) -> Option<String> {
        let span = self.selected()?;
        let text = self.documents.get(span.document).and_then(|open| open.document.slice(span.start, span.end));
        text.is_none_or(|text| text.trim().is_empty()).then(|| {
            self.with_keys("no words are selected", &[(Action::Down, "takes more lines"), (Action::Dismiss, "ends")])
        })
    }

    /// `lines 12–20, 1.4 kB`, for the notice and the question.
    pub fn selected_words(&self) -> Option<String> {
        let span = self.selected()?;
        Some(format!("{}, {}", self.lines_of(span)?, short_bytes(span.len() as u64)))
    }

    /// The only part of the document shown that the run is about: `lines 12–20`.
    pub fn part_words(&self) -> Option<String> {
        let part = self.state.opened.as_ref()?.settings.part?;
        self.lines_of(part.span).filter(|_| part.span.document == self.document.shown)
    }

    fn lines_of(&self, span: Span) -> Option<String> {
        let open = self.documents.get(span.document)?;
        let number = |at: usize| open.lines.number_at(&open.document, at);
        let (first, last) = (number(span.start), number(span.end.saturating_sub(1).max(span.start)));
        Some(if first == last { format!("line {first}") } else { format!("lines {first}–{last}") })
    }

    /// Begins at the words gone to or the match stepped to where one is in sight, else at the first line in sight; a second
    /// time it ends.
    pub(crate) fn toggle_selection(&mut self) {
        if self.document.selection.take().is_some() {
            return;
        }
        let top = self.top_offset();
        let in_sight = self.bytes_in_sight();
        let Some(open) = self.shown_document() else { return };
        let shown = self.document.shown;
        let gone_to = self.document.highlight.filter(|highlight| highlight.span.document == shown);
        let stepped = self.search.current.filter(|_| self.search.in_pane(Pane::Document));
        let wanted = [
            gone_to.map(|highlight| highlight.span.start),
            stepped.and_then(|at| self.search.matches.get(at).copied()),
        ];
        let at = wanted.into_iter().flatten().find(|at| in_sight.contains(at)).unwrap_or(top);
        let line = open.lines.bytes(&open.document, open.lines.line_of(&open.document, at));
        let line = Span::new(shown, line.start, line.end);
        self.document.selection = Some(Selection { anchor: line, head: line, by: By::Lines, from: at });
        self.say_selected();
    }

    fn say_selected(&mut self) {
        if let Some(words) = self.selected_words() {
            let pins = self.pins_wanted().is_ok();
            let ways: &[(Action, &str)] = match (pins, self.is_running()) {
                (true, _) => {
                    &[(Action::Copy, "copies"), (Action::Pin, "pins them to the next round"), (Action::Dismiss, "ends")]
                }
                (false, true) => &[(Action::Copy, "copies"), (Action::Dismiss, "ends")],
                (false, false) => &[
                    (Action::Copy, "copies"),
                    (Action::Ask, "asks about them"),
                    (Action::Right, "takes words"),
                    (Action::Dismiss, "ends"),
                ],
            };
            self.notify(self.with_keys(&format!("{words} selected"), ways));
        }
    }

    /// Why no passage can be pinned, where none can.
    pub(crate) fn pins_wanted(&self) -> Result<(), &'static str> {
        match self.player() {
            Some(_) => Err("this is a replay; nothing can be pinned to a round of it"),
            None if !self.is_running() => Err("no run is under way; ask about the lines instead"),
            None if !self.state.takes_pins() => Err("only rounds of MinionS read what is pinned"),
            None => Ok(()),
        }
    }

    /// Wants the selected lines read in the next round that is planned; lines that are pinned already, no longer.
    pub(crate) fn pin(&mut self) -> Vec<Command> {
        let pinned = match (self.pins_wanted(), self.selected()) {
            (Err(why), _) => Err(why.to_owned()),
            (Ok(()), Some(_)) if let Some(why) = self.blank_selection() => Err(why),
            (Ok(()), None) => Err(self.with_keys("no lines are selected", &[(Action::Select, "selects some")])),
            (Ok(()), Some(span)) if self.state.pinned.contains(&span) => Ok(span),
            (Ok(()), Some(span)) => self.state.may_pin(span).map(|()| span),
        };
        match pinned {
            Ok(span) => {
                let words = self.lines_of(span).unwrap_or_default();
                let told = match self.state.pinned.contains(&span) {
                    true => format!("{words}: no longer pinned"),
                    false => format!("{words}: pinned to the next round that is planned"),
                };
                self.document.selection = None;
                self.notify(told);
                vec![Command::Pin(span)]
            }
            Err(why) => {
                self.notify(why);
                Vec::new()
            }
        }
    }

    /// What of the document shown is pinned: `lines 12–20 and 2 more`.
    pub fn pinned_words(&self) -> Option<String> {
        let mut here = self.state.pinned.iter().filter(|span| span.document == self.document.shown);
        let first = self.lines_of(*here.next()?)?;
        Some(match here.count() {
            0 => first,
            more => format!("{first} and {more} more"),
        })
    }

    /// Moves the selection's end where the action moves; false where it is none that does.
    pub(crate) fn extend_selection(&mut self, action: Action) -> bool {
        let Some(selection) = self.document.selection else { return false };
        let (width, height) = (self.wrap_width(), usize::from(self.inside(Pane::Document).height).max(2));
        let Some(open) = self.shown_document() else { return false };
        let (document, lines) = (&open.document, &open.lines);
        let line = lines.line_of(document, selection.head.start);
        let here = lines.position_of(document, selection.head.start, width);
        if action == Action::Bottom && !lines.is_whole() {
            self.notify("still looking for the lines; the last one is not known yet");
            return true;
        }
        let last = lines.len().saturating_sub(1);
        let line = match action {
            Action::Left | Action::Right => {
                if let Some(by_words) = by_a_word(document, selection, action == Action::Right) {
                    self.document.selection = Some(by_words);
                    self.select_to(by_words.head);
                    self.say_selected();
                }
                return true;
            }
            Action::Up => line.saturating_sub(1),
            Action::Down => (line + 1).min(last),
            Action::HalfPageUp => lines.up(document, here, height / 2, width).line.min(line.saturating_sub(1)),
            Action::PageUp => lines.up(document, here, height - 1, width).line.min(line.saturating_sub(1)),
            Action::HalfPageDown => lines.down(document, here, height / 2, width).line.max((line + 1).min(last)),
            Action::PageDown => lines.down(document, here, height - 1, width).line.max((line + 1).min(last)),
            Action::Top => 0,
            Action::Bottom => last,
            _ => return false,
        };
        let whole = |line: usize| {
            let bytes = lines.bytes(document, line);
            Span::new(selection.head.document, bytes.start, bytes.end)
        };
        let (head, anchor) = (whole(line), whole(lines.line_of(document, selection.anchor.start)));
        self.document.selection = Some(Selection { anchor, by: By::Lines, ..selection });
        self.select_to(head);
        self.say_selected();
        true
    }

    fn select_to(&mut self, head: Span) {
        let (width, height) = (self.wrap_width(), usize::from(self.inside(Pane::Document).height).max(1));
        if let Some(selection) = &mut self.document.selection {
            selection.head = head;
        }
        let top = self.document.top;
        let Some(open) = self.shown_document() else { return };
        let at = open.lines.position_of(&open.document, head.start, width);
        let lowest = open.lines.up(&open.document, at, height - 1, width);
        let new = if at < top { at } else { top.max(lowest) };
        self.document.top = new;
        self.settle_document();
    }

    /// What stands at this cell of the screen: a character, or the line, where the cell is beside the text.
    fn unit_at(&self, x: u16, y: u16, by: By) -> Option<Span> {
        let area = self.inside(Pane::Document);
        let open = self.shown_document()?;
        let rows = open.lines.visible(&open.document, self.document.top, self.wrap_width(), usize::from(area.height));
        let row = usize::from(y.checked_sub(area.y)?).min(rows.len().saturating_sub(1));
        let text = rows.get(..=row)?.iter().rev().find_map(|row| match row {
            DocumentRow::Text { bytes, .. } => Some(bytes.clone()),
            DocumentRow::Page(_) => None,
        });
        let start = open.lines.bytes(&open.document, self.document.top.line).start;
        let text = text.unwrap_or(start..start);
        let span = |from: usize, to: usize| Some(Span::new(self.document.shown, from, to));
        if by == By::Lines {
            let line = open.lines.bytes(&open.document, open.lines.line_of(&open.document, text.start));
            return span(line.start, line.end);
        }
        let column = usize::from(x.saturating_sub(area.x + gutter(open))) + self.document.left;
        let mut end = 0;
        let cell = glyphs(open.document.text.get(text.clone())?).find(|glyph| {
            end += glyph.width;
            column < end
        });
        // Behind the last character there is none.
        cell.map_or_else(
            || span(text.end, text.end),
            |cell| span(text.start + cell.bytes.start, text.start + cell.bytes.end),
        )
    }

    /// The mouse was pressed on the document: what was selected is let go, and a drag may begin here. Beside the text whole
    /// lines are dragged over.
    pub(crate) fn press_text(&mut self, x: u16, y: u16) {
        self.document.selection = None;
        let text = self.shown_document().map_or(0, |open| self.inside(Pane::Document).x + gutter(open));
        let by = if x < text { By::Lines } else { By::Cells };
        self.document.pressed = self.unit_at(x, y, by).map(|unit| (unit, by));
    }

    /// The mouse was dragged to this cell; beyond the pane the document scrolls.
    pub(crate) fn drag_text(&mut self, x: u16, y: u16) {
        let Some((anchor, by)) = self.document.pressed else { return };
        let area = self.inside(Pane::Document);
        if y < area.y {
            self.scroll_document(-1);
        } else if y + 1 >= area.y + area.height {
            self.scroll_document(1);
        }
        if let Some(head) = self.unit_at(x, y.clamp(area.y, (area.y + area.height).saturating_sub(1)), by) {
            self.document.selection = Some(Selection { anchor, head, by, from: anchor.start });
            self.say_selected();
        }
    }
}

/// The selection with one word more at its end, or fewer; of lines, the word that it was begun at. Nothing where no word
/// comes.
fn by_a_word(document: &Document, selection: Selection, forward: bool) -> Option<Selection> {
    let word = match (selection.by, forward) {
        (By::Words, true) => word_after(&document.text, selection.head.end),
        (By::Words, false) => word_before(&document.text, selection.head.start),
        (By::Lines | By::Cells, _) => word_after(&document.text, selection.from),
    };
    let word = word.map(|(start, end)| Span::new(selection.head.document, start, end))?;
    Some(match selection.by {
        By::Words => Selection { head: word, ..selection },
        By::Lines | By::Cells => Selection { anchor: word, head: word, by: By::Words, ..selection },
    })
}

/// The first word from this byte on.
fn word_after(text: &str, at: usize) -> Option<(usize, usize)> {
    let (start, word) = text.get(at..floor(text, at + LONGEST_WORD))?.unicode_word_indices().next()?;
    Some((at + start, at + start + word.len()))
}

/// The last word before this byte.
fn word_before(text: &str, at: usize) -> Option<(usize, usize)> {
    let from = floor(text, at.saturating_sub(LONGEST_WORD));
    let (start, word) = text.get(from..at)?.unicode_word_indices().next_back()?;
    Some((from + start, from + start + word.len()))
}

/// The byte itself, or the one before it that a character begins at.
fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}
