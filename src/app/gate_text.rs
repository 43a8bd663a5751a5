//! What the person writes at a gate: in place, or in an editor of their own.

use super::action::{Action, Context};
use super::input::LineInput;
use super::key::Key;
use super::message::Command;
use super::model::{Model, Overlay};
use crate::protocol::{GateChoice, Held, Redaction};

/// Longer texts are written in the person's own editor alone. In bytes.
const LONGEST: usize = 16 * 1024;

/// What is typed at a gate.
#[derive(Clone, Debug)]
pub struct GateText {
    pub n: u32,
    pub what: GateEdit,
    pub input: LineInput,
    /// The text is too long for `input` and in the person's editor alone.
    in_editor: bool,
    pub wrong: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GateEdit {
    /// A message of the request, counted from 0.
    Message(u32),
    Program,
    Outputs,
    Pattern,
    /// Why the program goes back.
    Back,
    /// What the next round is to find out.
    Feedback,
}

impl GateEdit {
    pub fn title(self) -> String {
        match self {
            GateEdit::Message(message) => format!("Message {}, changed in this request alone", message + 1),
            GateEdit::Program => "The program".into(),
            GateEdit::Outputs => "What goes on to the remote LM".into(),
            GateEdit::Pattern => "Redact what this regular expression matches".into(),
            GateEdit::Back => "Why does the program go back?".into(),
            GateEdit::Feedback => "What is the next round to find out?".into(),
        }
    }

    /// Whether it is a whole text, and not a line or two of the person's own.
    pub fn is_text(self) -> bool {
        matches!(self, GateEdit::Message(_) | GateEdit::Program | GateEdit::Outputs)
    }

    fn choice(self, text: String) -> Result<GateChoice, String> {
        if text.trim().is_empty() && self != GateEdit::Outputs {
            return Err("nothing is written here; write something, or leave it".into());
        }
        Ok(match self {
            GateEdit::Message(message) => GateChoice::EditRequest { message, text },
            GateEdit::Program => GateChoice::EditProgram { source: text },
            GateEdit::Outputs => GateChoice::EditOutputs { text },
            GateEdit::Pattern => {
                let redaction = Redaction::Pattern(text);
                redaction.check().map_err(|why| why.lines().last().unwrap_or_default().to_owned())?;
                GateChoice::Redact(redaction)
            }
            GateEdit::Back => GateChoice::SendBack { words: text },
            GateEdit::Feedback => GateChoice::AnotherRound { feedback: text },
        })
    }
}

impl Model {
    /// What is edited, as it stands now.
    fn text_held(&self, what: GateEdit) -> String {
        let round = self.state.round();
        let text = match (what, self.at_gate()) {
            (GateEdit::Message(message), Some((_, Held::Request(request)))) => {
                request.messages.get(message as usize).map(|message| message.content.as_str())
            }
            (GateEdit::Program, _) => round.and_then(|round| round.codes.last()).map(|code| code.source.as_str()),
            (GateEdit::Outputs, _) => round.and_then(|round| round.aggregated.as_ref()).map(|it| it.text.as_str()),
            _ => None,
        };
        text.unwrap_or_default().to_owned()
    }

    /// In place, and from there in the person's own editor; there at once where the text is long.
    pub(super) fn edit_held(&mut self, n: u32, what: GateEdit) -> Vec<Command> {
        if let Some(Overlay::Gate(form)) = &self.overlay {
            let gate = self.at_gate().map(|(_, held)| held.gate());
            self.gate_rows = gate.map(|gate| (gate, (form.rows.cursor, form.rows.top)));
        }
        let text = self.text_held(what);
        let is_long = text.len() > LONGEST;
        let mut input = LineInput::of(if is_long { String::new() } else { text.clone() });
        if what.is_text() {
            input.home();
        }
        let form = GateText { n, what, input, in_editor: is_long, wrong: String::new() };
        self.overlay = Some(Overlay::GateText(Box::new(form)));
        if is_long { vec![Command::Edit(text)] } else { Vec::new() }
    }

    pub(crate) fn pressed_at_gate_text(&mut self, key: Key) -> Vec<Command> {
        let action = self.keymap.action(&[Context::Form, Context::Typing], key);
        let Some(Overlay::GateText(form)) = &mut self.overlay else { return Vec::new() };
        match action {
            Some(Action::Submit) => {
                let text = form.input.text.clone();
                return self.submit_at_gate(text);
            }
            Some(Action::Leave) => self.back_to_gate(),
            Some(Action::Editor) => return vec![Command::Edit(form.input.text.clone())],
            action => form.input.typed_in_lines(action, key),
        }
        Vec::new()
    }

    /// What came back from the editor is taken as it is; where nothing was changed, the gate is shown again.
    pub(crate) fn edited_at_gate(&mut self, text: &str) -> Vec<Command> {
        let Some(Overlay::GateText(form)) = &self.overlay else { return Vec::new() };
        let before = self.text_held(form.what);
        // Editors end a text with a line end of their own.
        let text = if before.ends_with('\n') { text } else { text.strip_suffix('\n').unwrap_or(text) };
        if form.what.is_text() && text == before {
            self.back_to_gate();
            self.notify("nothing was changed");
            return Vec::new();
        }
        self.submit_at_gate(text.to_owned())
    }

    /// Where the editor failed, a text that was nowhere else is as it was: the gate is shown again.
    pub(crate) fn editor_failed(&mut self, why: String) {
        if matches!(&self.overlay, Some(Overlay::GateText(form)) if form.in_editor) {
            self.back_to_gate();
        }
        self.editor_of_fork_failed();
        self.notify(why);
    }

    /// What is not taken stays open, as it was written, with why.
    fn submit_at_gate(&mut self, text: String) -> Vec<Command> {
        let Some(Overlay::GateText(form)) = &self.overlay else { return Vec::new() };
        let (n, what) = (form.n, form.what);
        if what.is_text() && text == self.text_held(what) {
            self.back_to_gate();
            return Vec::new();
        }
        let choice = match self.at_gate() {
            Some((at, _)) if at == n => what.choice(text.clone()),
            _ => Err(self.with_keys(
                "this gate was passed meanwhile",
                &[(Action::Editor, "keeps the text in $EDITOR"), (Action::Leave, "leaves it")],
            )),
        };
        let wrong = match choice {
            Ok(choice) => return self.say_at_gate(n, choice),
            Err(wrong) => wrong,
        };
        if let Some(Overlay::GateText(form)) = &mut self.overlay {
            (form.in_editor, form.wrong) = (false, wrong);
            if form.input.text != text {
                form.input = LineInput::of(text);
            }
        }
        Vec::new()
    }

    pub(crate) fn paste_at_gate(&mut self, text: &str) {
        if let Some(Overlay::GateText(form)) = &mut self.overlay {
            form.input.insert_lines(text);
        }
    }

    /// The gate at hand is shown, once, whether it is the one that was left or the next.
    fn back_to_gate(&mut self) {
        self.overlay = None;
        self.gate_left();
        self.gate_reached();
    }
}
