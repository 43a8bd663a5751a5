//! What can be done with the session that the cursor stands on: renamed, tagged, archived; and the way to its parent and forks.

use super::super::action::{Action, Context};
use super::super::input::LineInput;
use super::super::key::Key;
use super::super::message::Command;
use super::super::model::Model;
use super::{Choice, Picker};
use crate::journal::Branch;

/// What a row tells of its session beside its cells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OfSession {
    pub title: String,
    pub tags: Vec<String>,
    pub archived: bool,
    /// The session that it left.
    pub parent: Option<String>,
}

/// A new name that is being typed.
#[derive(Clone, Debug)]
pub struct Naming {
    pub session: String,
    pub of: Named,
    pub input: LineInput,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    Title,
    Tags,
}

/// What the person calls a session from now on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Calling {
    /// A blank one takes the title away.
    Title(String),
    /// These and no others.
    Tags(Vec<String>),
}

impl Picker {
    fn session(&self) -> Option<(&str, &OfSession)> {
        let row = self.selected()?;
        match (&row.choice, &row.of_session) {
            (Choice::Session(id), Some(about)) => Some((id, about)),
            _ => None,
        }
    }

    /// How the row on this line stands in its tree; nothing where it stands alone.
    pub fn branch(&self, line: usize) -> Option<&Branch> {
        self.branches.get(&line)
    }

    /// Puts the cursor on the session that the selected one left, or on the first one that left it.
    pub(super) fn walk(&mut self, to_parent: bool) -> bool {
        let Some((id, about)) = self.session() else { return false };
        let wanted = match to_parent {
            true => about.parent.clone().map(Choice::Session),
            false => {
                let id = id.to_owned();
                let rows = self.lines.iter().filter_map(|line| self.row(*line));
                let is_fork = |row: &&super::PickerRow| {
                    row.of_session.as_ref().is_some_and(|about| about.parent.as_deref() == Some(id.as_str()))
                };
                rows.into_iter().find(is_fork).map(|row| row.choice.clone())
            }
        };
        let before = self.cursor;
        if let Some(choice) = wanted {
            self.stand_on(&choice);
        }
        self.cursor != before
    }
}

impl Model {
    /// Does this with the session that the cursor stands on.
    pub(super) fn do_with_session(&mut self, action: Action) -> Vec<Command> {
        let ticket = self.pickers;
        let Some(picker) = self.picker_mut() else { return Vec::new() };
        let Some((id, about)) = picker.session() else { return Vec::new() };
        let session = id.to_owned();
        let naming = |of, text: String| Naming { session: session.clone(), of, input: LineInput::of(text) };
        match action {
            Action::Rename => picker.naming = Some(naming(Named::Title, about.title.clone())),
            Action::TagSession => picker.naming = Some(naming(Named::Tags, about.tags.join(" "))),
            Action::Archive => return vec![Command::Archive { ticket, session, restore: about.archived }],
            Action::ToParent if !picker.walk(true) => self.notify("it was forked from no session in this list"),
            Action::ToFork if !picker.walk(false) => self.notify("no session in this list was forked from it"),
            _ => {}
        }
        Vec::new()
    }

    /// Types a name, takes it or leaves it.
    pub(super) fn pressed_in_naming(&mut self, action: Option<Action>, key: Key) -> Vec<Command> {
        let ticket = self.pickers;
        let Some(picker) = self.picker_mut() else { return Vec::new() };
        match action {
            Some(Action::Leave) => picker.naming = None,
            Some(Action::Submit) => {
                let Some(Naming { session, of, input }) = picker.naming.take() else { return Vec::new() };
                let calling = match of {
                    Named::Title => Calling::Title(input.text),
                    Named::Tags => {
                        let words = input.text.split_whitespace().map(|word| word.trim_start_matches('#').to_owned());
                        Calling::Tags(words.filter(|word| !word.is_empty()).collect())
                    }
                };
                return vec![Command::Call { ticket, session, calling }];
            }
            action => {
                if let Some(naming) = &mut picker.naming {
                    naming.input.typed(action, key);
                }
            }
        }
        Vec::new()
    }

    pub(super) fn naming_action(&self, key: Key) -> Option<Action> {
        self.keymap.action(&[Context::Typing], key)
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::world::{World, notice, press, type_in};
    use super::super::super::*;
    use super::super::*;
    use super::*;

    /// A list of three sessions, newest first: c and b are forks of a.
    fn list() -> Model {
        let mut model = World::new().model(80, 24);
        press(&mut model, "S");
        let row = |(id, parent): (&str, Option<&str>)| {
            let about =
                OfSession { title: id.to_uppercase(), parent: parent.map(str::to_owned), ..OfSession::default() };
            let row = PickerRow::new(Choice::Session(id.into()), vec![id.into()], "");
            PickerRow { of_session: Some(Box::new(about)), ..row }
        };
        let rows = [("c", Some("a")), ("b", Some("a")), ("a", None)].map(row).to_vec();
        let news = PickerNews::Rows { group: 0, rows, standing: Standing::Whole };
        let ticket = model.pickers;
        update(&mut model, Message::Picker { ticket, news });
        model
    }

    fn lines(model: &Model) -> Vec<String> {
        let picker = model.picker().unwrap();
        let told = |(at, line)| {
            let signs = picker.branch(at).map(|branch| branch.signs(true)).unwrap_or_default();
            picker.row(line).map(|row| format!("{signs}{}", row.cells[0]))
        };
        picker.visible(20).filter_map(told).collect()
    }

    fn here(model: &Model) -> &str {
        &model.picker().and_then(Picker::selected).unwrap().cells[0]
    }

    #[test]
    fn forks_stand_under_their_parent_and_keys_walk_between_them() {
        let mut model = list();
        assert_eq!(lines(&model), ["a", "|- b", "`- c"]);
        assert_eq!(here(&model), "a");
        press(&mut model, "alt-down");
        assert_eq!(here(&model), "b");
        press(&mut model, "down alt-up");
        assert_eq!(here(&model), "a");
        press(&mut model, "alt-up");
        assert!(here(&model) == "a" && notice(&model).contains("forked from no session"));
        // What is searched for stands best first.
        type_in(&mut model, "c");
        assert_eq!(lines(&model), ["c"]);
    }

    #[test]
    fn a_session_is_renamed_tagged_and_archived_where_the_cursor_stands() {
        let mut model = list();
        let ticket = model.pickers;
        press(&mut model, "ctrl-r ctrl-u");
        type_in(&mut model, "Yearly q");
        let named = Calling::Title("Yearly q".into());
        assert_eq!(press(&mut model, "enter"), [Command::Call { ticket, session: "a".into(), calling: named }]);
        press(&mut model, "ctrl-k");
        type_in(&mut model, "#audit keep");
        let tagged = Calling::Tags(vec!["audit".into(), "keep".into()]);
        assert_eq!(press(&mut model, "enter"), [Command::Call { ticket, session: "a".into(), calling: tagged }]);
        let archived = Command::Archive { ticket, session: "a".into(), restore: false };
        assert_eq!(press(&mut model, "ctrl-o"), [archived]);
        // Left, nothing is changed, and the list is there.
        press(&mut model, "ctrl-r esc");
        assert_eq!(lines(&model).len(), 3);
    }
}
