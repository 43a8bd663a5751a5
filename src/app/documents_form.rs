//! Which documents to start on: their paths are typed, and stay until the documents are read.

use std::path::PathBuf;

use super::input::LineInput;
use super::message::Command;
use super::model::{Model, Overlay};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DocumentsForm {
    pub input: LineInput,
    pub reading: Reading,
    /// How far that is, where it takes long.
    pub progress: String,
    /// Paths that were there before anything was typed, as they are: their names may hold what no line of text can.
    pub known: Vec<PathBuf>,
}

/// What came of the paths that were typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Reading {
    #[default]
    NotYet,
    /// They are read beside the screen.
    UnderWay,
    /// Why they cannot be shown.
    Refused(String),
}

impl DocumentsForm {
    /// The line, while it can still be changed.
    pub(crate) fn input_mut(&mut self) -> Option<&mut LineInput> {
        (self.reading != Reading::UnderWay).then_some(&mut self.input)
    }
}

impl Model {
    /// Asks for the documents to start on.
    pub(crate) fn name_documents(&mut self) {
        self.open_overlay(Overlay::Documents(DocumentsForm::default()));
    }

    /// Whether the documents that were named are awaited.
    pub fn reads_documents(&self) -> bool {
        matches!(&self.overlay, Some(Overlay::Documents(form)) if form.reading == Reading::UnderWay)
    }

    pub(crate) fn submit_documents(&mut self, form: DocumentsForm) -> Vec<Command> {
        let typed = form.input.text.trim().to_owned();
        let (reading, commands) = match form.reading {
            Reading::UnderWay => (Reading::UnderWay, Vec::new()),
            _ if typed.is_empty() => (Reading::Refused("name a file, or more than one".into()), Vec::new()),
            _ => (Reading::UnderWay, vec![Command::Documents { typed, known: form.known.clone() }]),
        };
        self.overlay = Some(Overlay::Documents(DocumentsForm { reading, progress: String::new(), ..form }));
        commands
    }

    /// How far their reading is.
    pub(crate) fn tell_progress(&mut self, line: String) {
        if let Some(Overlay::Documents(form)) = &mut self.overlay {
            form.progress = line;
        }
    }

    /// They cannot be shown: the paths can be changed again.
    pub(crate) fn refuse_documents(&mut self, why: String) {
        if let Some(Overlay::Documents(form)) = &mut self.overlay {
            form.reading = Reading::Refused(why);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::message::Message;
    use super::super::model::Mode;
    use super::super::update::update;
    use super::*;

    fn press(model: &mut Model, keys: &str) -> Vec<Command> {
        keys.split(' ').flat_map(|key| update(model, Message::Key(key.parse().unwrap()))).collect()
    }

    #[test]
    fn paths_stay_until_they_are_read_and_can_be_changed_when_refused() {
        let mut model = Model::new(Vec::new(), Mode::Live { running: false });
        update(&mut model, Message::Resize { width: 80, height: 24 });
        update(&mut model, Message::AskQuestion);
        assert_eq!(press(&mut model, "enter"), [], "nothing was named");
        assert_eq!(press(&mut model, "a enter"), [Command::Documents { typed: "a".into(), known: Vec::new() }]);
        assert!(model.reads_documents());
        assert_eq!(press(&mut model, "b enter"), [], "they are read already");
        update(&mut model, Message::DocumentsProgress("reading a: page 1 of 9".into()));
        assert!(matches!(&model.overlay, Some(Overlay::Documents(form)) if form.progress.ends_with("1 of 9")));
        update(&mut model, Message::DocumentsRefused("there is no file a".into()));
        assert_eq!(press(&mut model, "c enter"), [Command::Documents { typed: "ac".into(), known: Vec::new() }]);
        press(&mut model, "esc");
        assert!(!model.reads_documents());
        update(&mut model, Message::DocumentsRefused("too late".into()));
        assert!(model.overlay.is_none());
    }
}
