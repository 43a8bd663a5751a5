//! What opens over the panes: help, a job's details, questions to the person.

use super::action::{Action, Context};
use super::comparison;
use super::input::LineInput;
use super::keymap::Keymap;
use super::layout::{Area, Pane};
use super::model::{Model, Overlay};
use super::rows::{Mark, Piece, Tone, Writer, pad};
use super::rows_pane::RowsPane;
use super::visible::gist;

/// A wider list is no easier to read. In cells.
const MOST_WIDE: u16 = 160;
/// Of a list with a preview beside it.
const MOST_WIDE_LIST: u16 = 210;
/// Cells of the ledger with its frame.
const LEDGER: u16 = 128;

impl Model {
    /// The cells of the overlay with its frame. Questions and input lines are small; the rest takes most of the screen.
    pub fn overlay_area(&self) -> Area {
        self.overlay.as_ref().map_or(Area::new(self.width / 2, self.height / 2, 0, 0), |overlay| self.area_of(overlay))
    }

    /// The cells that an overlay has, were it open.
    pub fn area_of(&self, overlay: &Overlay) -> Area {
        let (width, height) = (self.width, self.height);
        let (wide, high) = match overlay {
            Overlay::Quit | Overlay::Stop => (58, self.question_height(58)),
            Overlay::Budget | Overlay::Interrupted | Overlay::Consent => (72, self.question_height(72)),
            Overlay::Amount(_) => (60, 6),
            Overlay::GateText(form) if form.what.is_text() => (120, height.saturating_sub(2)),
            Overlay::GateText(_) => (90, 8),
            Overlay::ForkText(_) => (120, height.saturating_sub(2)),
            Overlay::Gate(_) => (140, height.saturating_sub(2)),
            Overlay::Search(_) => (60, 3),
            Overlay::GoTo(_) => (60, 4),
            Overlay::Note { .. } => (90, 6),
            Overlay::Question(_) => (90, 20),
            Overlay::Documents(_) | Overlay::Setting(_) => (90, 8),
            Overlay::Picker(_) => (MOST_WIDE_LIST, height.saturating_sub(if height > 12 { 2 } else { 0 })),
            Overlay::Ledger(pane) | Overlay::Comparison { rows: pane, .. } => {
                (LEDGER, u16::try_from(pane.rows.len() + 2).unwrap_or(height).min(height.saturating_sub(2)))
            }
            Overlay::SideBySide(table) => {
                let high = u16::try_from(table.rows.rows.len() + 2).unwrap_or(height);
                (MOST_WIDE, high.min(height.saturating_sub(2)))
            }
            Overlay::Help(pane) | Overlay::Job { rows: pane, .. } | Overlay::Text { rows: pane, .. } => {
                (98, u16::try_from(pane.rows.len() + 2).unwrap_or(height).min(height.saturating_sub(2)))
            }
        };
        let (wide, high) = (wide.min(width), high.min(height));
        let y = match overlay {
            Overlay::Search(_) | Overlay::GoTo(_) => height.saturating_sub(high + 2),
            _ => (height - high) / 2,
        };
        Area::new((width - wide) / 2, y, wide, high)
    }

    /// Cells of a question with its frame, at most so wide: its words, an empty row, and a row for each answer.
    fn question_height(&self, wide: u16) -> u16 {
        let Some(question) = self.question() else { return 0 };
        let inside = usize::from(wide.min(self.width).saturating_sub(4));
        u16::try_from(question.rows(inside).len() + 1 + question.choices.len() + 2).unwrap_or(u16::MAX)
    }

    /// Rows of text that fit into the overlay.
    pub fn overlay_height(&self) -> u16 {
        self.overlay_area().height.saturating_sub(2)
    }

    fn overlay_width(&self) -> usize {
        usize::from(self.overlay_area().width.saturating_sub(4)).max(1)
    }

    pub(crate) fn overlay_rows_mut(&mut self) -> Option<&mut RowsPane> {
        match &mut self.overlay {
            Some(
                Overlay::Help(rows)
                | Overlay::Ledger(rows)
                | Overlay::Job { rows, .. }
                | Overlay::Text { rows, .. }
                | Overlay::Comparison { rows, .. },
            ) => Some(rows),
            Some(Overlay::Gate(form)) => Some(&mut form.rows),
            Some(Overlay::SideBySide(table)) => Some(&mut table.rows),
            _ => None,
        }
    }

    /// Opens the line for what is searched for in what is open.
    pub(crate) fn search_overlay(&mut self) {
        let beneath = self.overlay.take();
        self.open_overlay(Overlay::Search(LineInput::default()));
        self.beneath = beneath;
    }

    /// Back to what a search was typed over, where the run has not gone past it meanwhile.
    pub(crate) fn back_to_beneath(&mut self) -> bool {
        let Some(beneath) = self.beneath.take().filter(|beneath| self.still_stands(beneath)) else { return false };
        self.open_overlay(beneath);
        true
    }

    pub(crate) fn next_overlay_match(&mut self, forward: bool) {
        let height = self.overlay_height();
        let Some(pane) = self.overlay_rows_mut() else { return };
        if pane.step_search(forward, height) {
            return;
        }
        let words = pane.search.as_ref().map(|search| gist(&search.words, 40));
        let told = match words {
            Some(words) => format!("`{words}` is not in this"),
            None => self.with_keys("nothing is searched for in this", &[(Action::Search, "searches it")]),
        };
        self.notify(told);
    }

    pub(crate) fn open_overlay(&mut self, overlay: Overlay) {
        (self.overlay, self.beneath) = (Some(overlay), None);
        self.lay_out_overlay();
    }

    /// Fills an overlay of rows for the size and state at hand.
    pub(crate) fn lay_out_overlay(&mut self) {
        let width = self.overlay_width();
        if matches!(self.overlay, Some(Overlay::Picker(_))) {
            return self.lay_out_picker();
        }
        if matches!(self.overlay, Some(Overlay::SideBySide(_))) {
            self.lay_out_side_by_side(width);
            let height = self.overlay_height();
            if let Some(pane) = self.overlay_rows_mut() {
                pane.settle(height);
            }
            return;
        }
        let rows = match &self.overlay {
            Some(Overlay::Help(_)) => help(width, self.help_first(), &self.keymap).rows,
            Some(Overlay::Ledger(_)) => self.write_ledger(width).rows,
            Some(Overlay::Comparison { compared, .. }) => comparison::write(compared, width).rows,
            Some(Overlay::Gate(_)) => self.write_gate(width).rows,
            Some(Overlay::Job { job, .. }) => self.write_job(*job, width).rows,
            Some(Overlay::Text { text, .. }) => {
                let mut writer = Writer::new(width);
                writer.text(Tone::Text, 0, text, None);
                writer.rows
            }
            _ => return,
        };
        let height = self.overlay_height();
        if let Some(pane) = self.overlay_rows_mut() {
            pane.rows = rows;
            pane.settle(height);
        }
    }

    fn help_first(&self) -> Context {
        match (self.focus, self.player().is_some()) {
            _ if matches!(self.beneath, Some(Overlay::Gate(_))) => Context::Gate,
            (Pane::Jobs, _) => Context::Jobs,
            (Pane::Document, _) => Context::Document,
            (_, true) => Context::Replay,
            _ => Context::Everywhere,
        }
    }

    /// Opens a text in an overlay of its own, for what is too long for a notice.
    pub fn open_text(&mut self, title: &str, text: &str) {
        let overlay = Overlay::Text { title: title.to_owned(), text: text.to_owned(), rows: RowsPane::default() };
        self.open_unasked(overlay, title);
    }

    /// Opens what nobody asked for. While something is typed it is held back and `why` it comes is said: nothing typed is
    /// lost, and no letter of it is taken for a choice.
    pub(crate) fn open_unasked(&mut self, overlay: Overlay, why: &str) {
        if self.contexts().iter().any(|context| context.is_text()) {
            self.held = Some(overlay);
            self.notify(format!("{why}; more of it as soon as this is closed"));
        } else {
            self.open_overlay(overlay);
        }
    }

    /// Opens what was held back, once nothing else is open.
    pub(crate) fn open_held(&mut self) {
        if self.overlay.is_some() {
            return;
        }
        if let Some(held) = self.held.take().filter(|held| self.still_stands(held)) {
            self.open_overlay(held);
        }
    }

    /// Whether what is asked is still to be answered: somebody may have chosen meanwhile, or the run has ended.
    fn still_stands(&self, overlay: &Overlay) -> bool {
        match overlay {
            Overlay::Budget => self.limit_reached(),
            Overlay::Interrupted => self.interrupted().is_some(),
            Overlay::Consent => self.asks_consent(),
            Overlay::Gate(form) => self.at_gate().is_some_and(|(n, _)| n == form.n),
            _ => true,
        }
    }
}

/// All keys, those of the place the person comes from first. What is bound to no key is left out.
fn help(width: usize, first: Context, keymap: &Keymap) -> Writer {
    let mut writer = Writer::new(width);
    let rest = Context::ALL.into_iter().filter(|context| *context != first);
    for context in std::iter::once(first).chain(rest) {
        let rows = || keymap.rows().iter().filter(|row| row.context == context && !row.keys.is_empty());
        if rows().next().is_none() {
            continue;
        }
        writer.blank();
        writer.row(vec![Piece::text(Tone::Heading, context.name())], None);
        for row in rows() {
            let keys: Vec<String> = row.keys.iter().map(ToString::to_string).collect();
            let lead = vec![
                Piece::text(Tone::Key, format!("  {:<19} ", keys.join("  "))),
                Piece::text(Tone::Text, format!("{:<16}", row.binding.name)),
            ];
            writer.lead(lead, Tone::Dim, row.binding.doc, None);
        }
    }
    writer.blank();
    writer.row(vec![Piece::text(Tone::Heading, "Marks in the document")], None);
    for (mark, actions, doc) in MARKS {
        let keys: Vec<String> =
            actions.iter().filter_map(|action| keymap.first_keys(*action)).map(ToString::to_string).collect();
        let lead = vec![
            pad(2),
            Piece::Mark(Tone::Key, mark),
            pad(19),
            Piece::text(Tone::Text, format!("{:<16}", keys.join(", "))),
        ];
        writer.lead(lead, Tone::Dim, doc, None);
    }
    writer
}

/// What stands before a line of the document, and what switches it or leads there.
const MARKS: [(Mark, &[Action], &str); 4] = [
    (Mark::Read, &[Action::TintRead], "read by a worker"),
    (Mark::Left, &[Action::TintLeft], "sent to the planner; with a planner on this machine it went nowhere"),
    (Mark::Cited, &[Action::TintCited], "cited by a job or the answer; on the right, where those stand"),
    (Mark::GoneTo, &[Action::Open, Action::Show], "the words or the chunk gone to"),
];
