//! What keys, the wheel and news from outside do to an open picker.

use super::super::action::{Action, Context};
use super::super::input::LineInput;
use super::super::key::Key;
use super::super::layout::Pane;
use super::super::message::{Command, Filling, PickerNews};
use super::super::model::{Highlight, Model, Overlay};
use super::{Choice, Group, Picker, PickerRow, Picking, Standing};

impl Model {
    /// The line that is typed into, where there is one.
    pub(crate) fn input_mut(&mut self) -> Option<&mut LineInput> {
        match &mut self.overlay {
            Some(Overlay::Search(input) | Overlay::Amount(input) | Overlay::GoTo(input)) => Some(input),
            Some(Overlay::Documents(form)) => form.input_mut(),
            Some(Overlay::Note { input, .. }) => Some(input),
            Some(Overlay::Setting(form)) => Some(&mut form.input),
            Some(Overlay::Question(form)) => Some(form.input_mut()),
            Some(Overlay::Picker(picker)) => match &mut picker.naming {
                Some(naming) => Some(&mut naming.input),
                None => Some(&mut picker.input),
            },
            _ => None,
        }
    }

    pub(crate) fn picker_mut(&mut self) -> Option<&mut Picker> {
        match &mut self.overlay {
            Some(Overlay::Picker(picker)) => Some(picker),
            _ => None,
        }
    }

    pub fn picker(&self) -> Option<&Picker> {
        match &self.overlay {
            Some(Overlay::Picker(picker)) => Some(picker),
            _ => None,
        }
    }

    /// Opens a picker whose rows come from outside.
    pub(crate) fn open_filled(&mut self, of: Picking, filling: Filling) -> Vec<Command> {
        let told = match &filling {
            Filling::RemoteModels { .. } => "looking for models…",
            Filling::LocalModels => "looking for models…",
            Filling::Sessions => "looking for sessions…",
            Filling::Log => "reading the log…",
        };
        let standing = Standing::Loading(told.into());
        self.open_picker(of, vec![Group { standing, ..Group::default() }]);
        vec![Command::Fill { ticket: self.pickers, filling }]
    }

    pub(crate) fn narrow_picker_anew(&mut self) {
        let areas = self.picker_areas();
        if let Some(picker) = self.picker_mut() {
            picker.narrow_anew(usize::from(areas.list.width));
            picker.settle(areas.list.height);
        }
    }

    /// Narrows and scrolls for the size and the rows at hand.
    pub(crate) fn lay_out_picker(&mut self) {
        let stood = self.picker().and_then(Picker::selected).map(|row| row.choice.clone());
        self.lay_out_picker_at(stood);
    }

    /// The same, with the row that the cursor stood on before rows came or went.
    fn lay_out_picker_at(&mut self, stood: Option<Choice>) {
        let areas = self.picker_areas();
        if let Some(picker) = self.picker_mut() {
            picker.narrow_again(usize::from(areas.list.width), stood);
            picker.settle(areas.list.height);
        }
    }

    pub(crate) fn pressed_in_picker(&mut self, key: Key) -> Vec<Command> {
        let areas = self.picker_areas();
        let keymap = self.keymap.clone();
        let Some(picker) = self.picker_mut() else { return Vec::new() };
        if picker.deleting.is_some() {
            return self.answered_deleting(keymap.action(&[Context::Question], key));
        }
        if picker.naming.is_some() {
            let action = self.naming_action(key);
            return self.pressed_in_naming(action, key);
        }
        let before = picker.selected().map(|row| row.choice.clone());
        let page = isize::try_from(areas.list.height.max(2) - 1).unwrap_or(1);
        match keymap.action(&[Context::Picking, Context::Typing], key) {
            Some(Action::Leave) => return self.close_picker(),
            Some(Action::Submit) => return self.pick(),
            Some(Action::PickUp) => picker.move_by(-1),
            Some(Action::PickDown) => picker.move_by(1),
            Some(Action::PickPageUp) => picker.move_by(-page),
            Some(Action::PickPageDown) => picker.move_by(page),
            Some(Action::CompareWith) => return self.compare_or_mark(),
            Some(Action::SideBySide) => return self.side_by_side(),
            Some(Action::MarkSession) => self.toggle_mark(),
            Some(
                action @ (Action::Rename | Action::TagSession | Action::Archive | Action::ToParent | Action::ToFork),
            ) => {
                let commands = self.do_with_session(action);
                if !commands.is_empty() {
                    return commands;
                }
            }
            Some(Action::Delete) => {
                if let Some(Choice::Session(id)) = picker.selected().map(|row| &row.choice) {
                    picker.deleting = Some(id.clone());
                }
            }
            action => {
                let typed = picker.input.text.clone();
                picker.input.typed(action, key);
                if picker.input.text != typed {
                    picker.narrow_anew(usize::from(areas.list.width));
                }
            }
        }
        if let Some(picker) = self.picker_mut() {
            picker.settle(areas.list.height);
        }
        self.look_closer(before)
    }

    /// Asks for what a session holds when the cursor has come to it.
    fn look_closer(&mut self, before: Option<Choice>) -> Vec<Command> {
        let ticket = self.pickers;
        let Some(picker) = self.picker() else { return Vec::new() };
        match picker.selected().map(|row| &row.choice) {
            Some(choice @ Choice::Session(id)) if before.as_ref() != Some(choice) => {
                vec![Command::Read { ticket, session: id.clone() }]
            }
            _ => Vec::new(),
        }
    }

    fn answered_deleting(&mut self, answer: Option<Action>) -> Vec<Command> {
        let ticket = self.pickers;
        let Some(picker) = self.picker_mut() else { return Vec::new() };
        match answer {
            Some(Action::Confirm) => {
                let session = picker.deleting.take();
                session.map_or_else(Vec::new, |session| vec![Command::DeleteSession { ticket, session }])
            }
            Some(Action::Decline) => {
                picker.deleting = None;
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    pub(crate) fn close_picker(&mut self) -> Vec<Command> {
        let was = self.picker().map(|picker| picker.of);
        self.overlay = None;
        match was {
            Some(
                Picking::Actions
                | Picking::Keys
                | Picking::Settings
                | Picking::Notes
                | Picking::Sent
                | Picking::Section,
            )
            | None => Vec::new(),
            Some(_) => vec![Command::StopFilling],
        }
    }

    /// Does what Enter means on the selected row.
    fn pick(&mut self) -> Vec<Command> {
        let Some(picker) = self.picker() else { return Vec::new() };
        let of = picker.of;
        let Some(row) = picker.selected() else { return Vec::new() };
        if !row.refused.is_empty() {
            let refused = row.refused.clone();
            self.notify(refused);
            return Vec::new();
        }
        let choice = row.choice.clone();
        match choice {
            Choice::Do(action) => {
                self.overlay = None;
                self.focus_for(action);
                self.perform(action)
            }
            Choice::Provider(provider) => {
                let provider = Some(provider);
                self.open_filled(of, Filling::RemoteModels { provider })
            }
            Choice::Copy(text) => vec![Command::Copy(text)],
            Choice::Note(at) => self.go_to_note(at),
            Choice::Setting(name) => self.pick_setting(name),
            Choice::Passage(span) => {
                self.overlay = None;
                self.go_to(Some(Highlight { span, how: None }));
                Vec::new()
            }
            Choice::Section(at) => {
                self.overlay = None;
                self.focus_on(Pane::Document);
                self.show_from(at);
                Vec::new()
            }
            Choice::Documents => {
                self.overlay = None;
                self.name_documents();
                vec![Command::StopFilling]
            }
            choice => {
                self.overlay = None;
                vec![Command::StopFilling, Command::Pick(choice)]
            }
        }
    }

    /// Takes what came for the picker that is open; what is for an earlier one is too late.
    pub(crate) fn picker_news(&mut self, ticket: u64, news: PickerNews) -> Vec<Command> {
        if ticket != self.pickers {
            return Vec::new();
        }
        let Some(picker) = self.picker_mut() else { return Vec::new() };
        let before = picker.selected().map(|row| row.choice.clone());
        match news {
            PickerNews::Groups(groups) => picker.groups = groups,
            PickerNews::Rows { group, mut rows, standing } => {
                if let Some(group) = picker.groups.get_mut(group) {
                    group.rows.append(&mut rows);
                    group.standing = standing;
                }
            }
            PickerNews::Row(row) => {
                let mut rows = picker.groups.iter_mut().flat_map(|group| &mut group.rows);
                if let Some(known) = rows.find(|known| known.choice == row.choice) {
                    *known = PickerRow { current: known.current, ..*row };
                }
            }
            PickerNews::Read { choice, text } => picker.read = Some((choice, text)),
            PickerNews::Gone(choice) => {
                for group in &mut picker.groups {
                    group.rows.retain(|row| row.choice != choice);
                }
                picker.marked.retain(|id| choice != Choice::Session(id.clone()));
            }
        }
        self.lay_out_picker_at(before.clone());
        self.look_closer(before)
    }

    pub(crate) fn scroll_picker(&mut self, rows: isize) -> Vec<Command> {
        let height = self.picker_areas().list.height;
        let Some(picker) = self.picker_mut() else { return Vec::new() };
        let before = picker.selected().map(|row| row.choice.clone());
        picker.move_by(rows);
        picker.settle(height);
        self.look_closer(before)
    }

    /// Puts the cursor on the row that was pressed; a press on the selected row picks it.
    pub(crate) fn press_in_picker(&mut self, x: u16, y: u16) -> Vec<Command> {
        let list = self.picker_areas().list;
        let Some(picker) = self.picker_mut().filter(|_| list.contains(x, y)) else { return Vec::new() };
        let at = picker.top + usize::from(y - list.y);
        if !picker.is_row(at) || picker.deleting.is_some() || picker.naming.is_some() {
            return Vec::new();
        }
        if at == picker.cursor {
            return self.pick();
        }
        let before = picker.selected().map(|row| row.choice.clone());
        picker.cursor = at;
        self.look_closer(before)
    }
}
