//! Documents whose files changed since they were read: told, never swapped, and read anew where the person wants a session on them.

use std::path::Path;

use super::action::Action;
use super::documents_form::DocumentsForm;
use super::input::LineInput;
use super::message::Command;
use super::model::Model;
use crate::document::Change;

impl Model {
    /// Tells what became of a document's file.
    pub(crate) fn document_changed(&mut self, document: usize, change: Option<Change>) {
        let Some(open) = self.documents.get_mut(document) else { return };
        if open.change == change {
            return;
        }
        open.change = change;
        let name = open.document.name.clone();
        let told = match change {
            Some(Change::Changed) => {
                let told = format!("{name} changed on disk; the session reads it as it was");
                self.with_keys(&told, &[(Action::AskAnew, "asks about the new one")])
            }
            Some(Change::Gone) => format!("{name} is no longer where it was; the session reads it as it was"),
            None => format!("{name} is on disk again as the session reads it"),
        };
        self.notify(told);
    }

    /// Reads the documents from their files once more, for a new session.
    pub(crate) fn ask_anew(&mut self) -> Vec<Command> {
        let from_no_file = self.documents.iter().find(|open| open.document.source.is_none());
        let why = match from_no_file {
            _ if self.documents.is_empty() => Some("no document is open".into()),
            _ if self.is_running() => Some(format!(
                "a run is in flight, and reads the documents as they were; stop it with {} before you ask anew",
                self.key_for(Action::StopRun)
            )),
            Some(open) => {
                Some(format!("{} was read from no file that is known, so it cannot be read anew", open.document.name))
            }
            None => None,
        };
        if let Some(why) = why {
            self.notify(why);
            return Vec::new();
        }
        let paths = || self.documents.iter().filter_map(|open| Some(open.document.source.as_ref()?.path.as_path()));
        let line: Vec<String> = paths().map(typed).collect();
        let known = paths().map(Path::to_owned).collect();
        self.submit_documents(DocumentsForm { input: LineInput::of(line.join(" ")), known, ..DocumentsForm::default() })
    }
}

/// A path as a person would type it.
fn typed(path: &Path) -> String {
    let path = path.display().to_string();
    let special = |c: char| c.is_whitespace() || matches!(c, '\\' | '"' | '\'');
    path.chars().flat_map(|c| special(c).then_some('\\').into_iter().chain([c])).collect()
}

#[cfg(test)]
mod tests {
    use super::super::message::Message;
    use super::super::model::Mode;
    use super::super::update::update;
    use super::*;
    use crate::document::{Document, Source};

    fn read_from(path: &str) -> Document {
        let source = Source::of(path.as_ref(), b"12 tonnes");
        Document::from_text("my report.txt", "12 tonnes").read_from(source)
    }

    fn told(model: &Model) -> &str {
        model.notice.as_ref().map_or("", |notice| notice.text.as_str())
    }

    #[test]
    fn a_change_is_told_once_and_asked_about_by_a_key() {
        let mut model = Model::new(vec![read_from("/a/my report.txt")], Mode::Live { running: false });
        update(&mut model, Message::Resize { width: 80, height: 24 });
        update(&mut model, Message::DocumentChanged { document: 0, change: Some(Change::Changed) });
        assert_eq!(
            told(&model),
            "my report.txt changed on disk; the session reads it as it was; U asks about the new one"
        );
        assert_eq!(
            update(&mut model, Message::Key("U".parse().unwrap())),
            [Command::Documents { typed: r"/a/my\ report.txt".into(), known: vec!["/a/my report.txt".into()] }]
        );
        assert!(model.reads_documents());
        update(&mut model, Message::DocumentChanged { document: 0, change: None });
        assert_eq!(told(&model), "my report.txt is on disk again as the session reads it");
    }

    #[test]
    fn a_run_is_not_left_and_what_came_from_no_file_cannot_be_read_anew() {
        let mut model = Model::new(vec![read_from("/a/r.txt")], Mode::Live { running: true });
        assert_eq!(model.ask_anew(), []);
        assert!(told(&model).starts_with("a run is in flight"), "{}", told(&model));
        let mut model = Model::new(vec![Document::from_text("typed", "x")], Mode::Live { running: false });
        assert_eq!(model.ask_anew(), []);
        assert!(told(&model).contains("from no file"), "{}", told(&model));
    }
}
