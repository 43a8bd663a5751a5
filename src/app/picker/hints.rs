//! What the keys of a list do, as its last rows tell it.

use super::super::action::Action;
use super::super::model::Model;
use super::super::visible::width;
use super::{Picker, Picking};

/// Cells between two hints.
const GAP: usize = 3;
/// Rows of hints at most.
const ROWS: usize = 2;

impl Picker {
    /// Keys that do something here, the first ones first.
    fn keys(&self) -> &'static [(Action, &'static str)] {
        match self.of {
            _ if self.naming.is_some() => &[(Action::Submit, "take it"), (Action::Leave, "leave it as it was")],
            Picking::Actions | Picking::Keys => &[(Action::Submit, "do it"), (Action::Leave, "leave")],
            Picking::Section | Picking::Notes | Picking::Sent => {
                &[(Action::Submit, "go there"), (Action::Leave, "leave")]
            }
            Picking::RemoteModel | Picking::LocalModel => &[(Action::Submit, "use it"), (Action::Leave, "leave")],
            Picking::Log => &[(Action::Submit, "copy the line"), (Action::Leave, "leave")],
            Picking::Settings => &[(Action::Submit, "change it"), (Action::Leave, "leave")],
            Picking::Session => &[
                (Action::Submit, "open"),
                (Action::Leave, "leave"),
                (Action::MarkSession, "mark"),
                (Action::SideBySide, "table"),
                (Action::CompareWith, "compare two"),
                (Action::Delete, "delete"),
                (Action::Rename, "rename"),
                (Action::TagSession, "tags"),
                (Action::Archive, "archive"),
                (Action::ToParent, "parent"),
                (Action::ToFork, "forks"),
            ],
        }
    }
}

impl Model {
    /// The hints of the list that is open in rows of this many cells, each key with what it does. What no key is bound to is
    /// left out, and so is what has no room.
    pub fn picker_hints(&self, room: u16) -> Vec<Vec<(String, &'static str)>> {
        let Some(picker) = self.picker() else { return Vec::new() };
        let (mut rows, mut left) = (vec![Vec::new()], usize::from(room));
        for (action, does) in picker.keys() {
            let key = self.key_for(*action);
            let wide = width(&key) + 1 + width(does);
            if key.is_empty() || wide > usize::from(room) {
                continue;
            }
            if wide > left {
                if rows.len() == ROWS {
                    break;
                }
                rows.push(Vec::new());
                left = usize::from(room);
            }
            left = left.saturating_sub(wide + GAP);
            if let Some(row) = rows.last_mut() {
                row.push((key, *does));
            }
        }
        rows
    }
}
