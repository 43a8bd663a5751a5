//! What goes to the person's own editor, and what comes back from it.

use super::input::LineInput;
use super::message::Command;
use super::model::{Model, Overlay};

impl Model {
    /// Hands what is typed over to the editor.
    pub(crate) fn open_editor(&mut self) -> Vec<Command> {
        self.input_mut().map_or_else(Vec::new, |input| vec![Command::Edit(input.text.clone())])
    }

    /// Takes what was written there in place of what was typed; the question keeps its lines.
    pub(crate) fn edited(&mut self, text: &str) -> Vec<Command> {
        if matches!(self.overlay, Some(Overlay::GateText(_))) {
            return self.edited_at_gate(text);
        }
        if matches!(self.overlay, Some(Overlay::ForkText(_))) {
            return self.edited_for_fork(text);
        }
        let has_lines = matches!(&self.overlay, Some(Overlay::Question(form)) if form.field == 0);
        let Some(input) = self.input_mut() else { return Vec::new() };
        *input = LineInput::default();
        match has_lines {
            true => input.insert_lines(text.trim()),
            false => input.insert(text.trim()),
        }
        self.ask_forecast()
    }
}
