//! A fork with another program, or another output of a job: the text at the cursor, to be changed in place or in the
//! person's own editor.

use super::action::{Action, Context};
use super::input::LineInput;
use super::key::Key;
use super::layout::Pane;
use super::message::{Command, ForkChange};
use super::model::{Model, Overlay};
use super::rows::{Fold, Target};
use crate::protocol::{CodeId, Finish, JobId, Purpose, read_output};

/// Longer texts are written in the person's own editor alone. In bytes.
const LONGEST: usize = 16 * 1024;

/// What a new session has another way than the one that it leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForkEdit {
    Program(CodeId),
    Output(JobId),
}

impl ForkEdit {
    pub fn title(self) -> String {
        match self {
            ForkEdit::Program(code) => {
                format!("A new session with another program in round {}, attempt {}", code.round, code.attempt)
            }
            ForkEdit::Output(job) => format!("A new session with another output of job {job}"),
        }
    }

    fn change(self, text: &str) -> Result<ForkChange, String> {
        match self {
            ForkEdit::Program(_) if text.trim().is_empty() => Err("a program is wanted, and nothing is written".into()),
            ForkEdit::Program(code) => Ok(ForkChange::Program { code, source: text.to_owned() }),
            ForkEdit::Output(job) => match read_output(text, Finish::Stop) {
                Ok(output) => Ok(ForkChange::Output { job, output }),
                Err(_) => Err("no output: {\"explanation\": …, \"citation\": …, \"answer\": …}, null for none".into()),
            },
        }
    }
}

/// What is typed there.
#[derive(Clone, Debug)]
pub struct ForkText {
    pub what: ForkEdit,
    pub input: LineInput,
    /// As the session has it.
    before: String,
    /// The text is too long for `input` and in the person's editor alone.
    in_editor: bool,
    pub wrong: String,
}

impl Model {
    /// Begins a fork with what the cursor is on: a program, a job that has ended, else the record at hand.
    pub(crate) fn open_fork(&mut self) -> Vec<Command> {
        let found = match self.focus {
            Pane::Jobs => self.selected_job().and_then(|job| self.output_of(job)),
            Pane::Planner => self.program_at_cursor(),
            Pane::Document | Pane::Answers => None,
        };
        match found {
            Some((what, before)) => self.open_fork_text(what, before),
            None => self.open_fork_form(),
        }
    }

    fn output_of(&self, job: JobId) -> Option<(ForkEdit, String)> {
        let output = self.state.job(job)?.outcome()?.output().cloned().unwrap_or_default();
        Some((ForkEdit::Output(job), serde_json::to_string_pretty(&output).ok()?))
    }

    /// The program of the request under which the cursor stands.
    fn program_at_cursor(&self) -> Option<(ForkEdit, String)> {
        let rows = self.planner.rows.rows.iter().take(self.planner.rows.cursor + 1).rev();
        let n = rows.into_iter().find_map(|row| match row.target {
            Some(Target::Fold(Fold::Reply(n))) => Some(n),
            _ => None,
        })?;
        let ask = &self.state.asks().find(|ask| ask.request.ask.n == n)?.request;
        let round = self.state.round_numbered(ask.ask.round)?;
        let is_its = |id: CodeId| ask.purpose == Purpose::Decompose && id.attempt == ask.attempt;
        let code = round.codes.iter().find(|code| is_its(code.id) && !code.source.is_empty())?;
        Some((ForkEdit::Program(code.id), code.source.clone()))
    }

    fn open_fork_text(&mut self, what: ForkEdit, before: String) -> Vec<Command> {
        let is_long = before.len() > LONGEST;
        let form = match self.fork_text.take_if(|left| left.what == what && left.before == before && !left.in_editor) {
            Some(left) => ForkText { wrong: String::new(), ..*left },
            None => {
                let mut input = LineInput::of(if is_long { String::new() } else { before.clone() });
                input.home();
                ForkText { what, input, before: before.clone(), in_editor: is_long, wrong: String::new() }
            }
        };
        self.open_overlay(Overlay::ForkText(Box::new(form)));
        if is_long { vec![Command::Edit(before)] } else { Vec::new() }
    }

    pub(crate) fn pressed_in_fork_text(&mut self, key: Key) -> Vec<Command> {
        let action = self.keymap.action(&[Context::Form, Context::Typing], key);
        let Some(Overlay::ForkText(form)) = &mut self.overlay else { return Vec::new() };
        match action {
            Some(Action::Submit) => {
                let text = form.input.text.clone();
                return self.fork_with(&text);
            }
            Some(Action::Leave) => self.leave_fork_text(),
            Some(Action::Editor) => return vec![Command::Edit(form.input.text.clone())],
            action => form.input.typed_in_lines(action, key),
        }
        Vec::new()
    }

    /// Kept until the new session is there, or the same is opened again.
    fn leave_fork_text(&mut self) {
        if let Some(Overlay::ForkText(form)) = self.overlay.take() {
            self.fork_text = Some(form);
        }
    }

    /// What came back from the editor is taken as it is.
    pub(crate) fn edited_for_fork(&mut self, text: &str) -> Vec<Command> {
        let Some(Overlay::ForkText(form)) = &self.overlay else { return Vec::new() };
        // Editors end a text with a line end of their own.
        let text = if form.before.ends_with('\n') { text } else { text.strip_suffix('\n').unwrap_or(text) };
        let text = text.to_owned();
        self.fork_with(&text)
    }

    /// Where the editor failed, a text that was nowhere else is as it was.
    pub(crate) fn editor_of_fork_failed(&mut self) {
        self.overlay.take_if(|open| matches!(open, Overlay::ForkText(form) if form.in_editor));
    }

    /// What is not taken stays open, as it was written, with why.
    fn fork_with(&mut self, text: &str) -> Vec<Command> {
        let seq = self.record_at_hand();
        let Some(Overlay::ForkText(form)) = &mut self.overlay else { return Vec::new() };
        let change = match text == form.before {
            true => Err("nothing is changed here; change it, or leave it".into()),
            false => form.what.change(text),
        };
        form.in_editor = false;
        if form.input.text != text {
            form.input = LineInput::of(text);
        }
        match change {
            Ok(change) => {
                self.leave_fork_text();
                vec![Command::Fork { seq, change }]
            }
            Err(wrong) => {
                form.wrong = wrong;
                Vec::new()
            }
        }
    }

    pub(crate) fn paste_for_fork(&mut self, text: &str) {
        if let Some(Overlay::ForkText(form)) = &mut self.overlay {
            form.input.insert_lines(text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::update::update;
    use super::super::world::{World, notice, paste, press};
    use super::*;
    use crate::app::Message;

    fn ended() -> Model {
        let mut world = World::new();
        world.two_rounds();
        let mut model = world.model(120, 40);
        update(&mut model, Message::RunEnded { error: None });
        model
    }

    fn form(model: &Model) -> &ForkText {
        let Some(Overlay::ForkText(form)) = &model.overlay else { panic!("no text is open") };
        form
    }

    #[test]
    fn a_job_under_the_cursor_is_forked_with_another_output() {
        let mut model = ended();
        press(&mut model, "3 Y");
        let ForkEdit::Output(job) = form(&model).what else { panic!() };
        assert_eq!(Some(job), model.selected_job());
        assert!(form(&model).input.text.contains("\"citation\": "), "{}", form(&model).input.text);
        assert_eq!(press(&mut model, "enter"), []);
        assert!(form(&model).wrong.starts_with("nothing is changed"));
        // What is no output stays as it was written, and is there again after it was left.
        paste(&mut model, "x");
        assert_eq!(press(&mut model, "backspace y z"), []);
        let text = r#"{"explanation": "it says so", "citation": null, "answer": "7"}"#;
        let forked = update(&mut model, Message::Edited(format!("{text}\n")));
        let [Command::Fork { change: ForkChange::Output { job: of, output }, .. }] = &forked[..] else {
            panic!("{forked:?}")
        };
        assert_eq!((*of, output.answer.as_deref()), (job, Some("7")));
        press(&mut model, "Y");
        assert_eq!(form(&model).input.text, text, "kept until the new session is there");
        let wrong = update(&mut model, Message::Edited("seven".into()));
        assert!(wrong.is_empty() && form(&model).wrong.starts_with("no output"), "{}", form(&model).wrong);
    }

    #[test]
    fn a_program_under_the_cursor_is_forked_with_other_code() {
        let mut model = ended();
        press(&mut model, "2 /");
        paste(&mut model, "def prepare_jobs");
        press(&mut model, "enter Y");
        let ForkEdit::Program(code) = form(&model).what else { panic!() };
        let source = form(&model).input.text.clone();
        assert!(source.contains("def prepare_jobs"), "{source}");
        press(&mut model, "#");
        let forked = press(&mut model, "enter");
        let [Command::Fork { change: ForkChange::Program { code: of, source: changed }, .. }] = &forked[..] else {
            panic!("{forked:?}")
        };
        assert_eq!((*of, changed.as_str()), (code, format!("#{source}").as_str()));
        // What was decided is no program: there the record is forked.
        press(&mut model, "G Y");
        assert!(matches!(model.overlay, Some(Overlay::Question(_))));
    }

    #[test]
    fn the_local_half_is_run_again_of_a_session_that_has_ended() {
        let mut model = ended();
        let forked = press(&mut model, "ctrl-w r");
        assert!(matches!(forked[..], [Command::Fork { change: ForkChange::LocalAgain, .. }]), "{forked:?}");
        let mut running = World::new().half().model(120, 40);
        assert_eq!(press(&mut running, "ctrl-w r"), []);
        assert!(notice(&running).starts_with("a run is in flight"));
    }
}
