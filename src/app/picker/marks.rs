//! Sessions that are marked in the list: two to be compared, or two to four to stand side by side.

use super::super::action::Action;
use super::super::message::Command;
use super::super::model::Model;
use super::{Choice, Picker, PickerRow};

/// As many are marked at most.
const MARKED: usize = 4;
/// As many of one tag stand side by side at most.
const TAGGED: usize = 12;

impl Picker {
    fn selected_session(&self) -> Option<String> {
        match &self.selected()?.choice {
            Choice::Session(id) => Some(id.clone()),
            _ => None,
        }
    }

    fn rows_mut(&mut self) -> impl Iterator<Item = &mut PickerRow> {
        self.groups.iter_mut().flat_map(|group| &mut group.rows)
    }

    /// Shows at each row whether it is marked.
    fn show_marks(&mut self) {
        let marked = std::mem::take(&mut self.marked);
        for row in self.rows_mut() {
            row.current = matches!(&row.choice, Choice::Session(id) if marked.contains(id));
        }
        self.marked = marked;
    }

    /// The sessions that share a tag with the selected one, and the tag. Of several tags the first that
    /// leads to another session.
    fn tagged_alike(&self) -> Option<(String, Vec<String>)> {
        let tags = |row: &PickerRow| row.of_session.as_ref().map(|about| about.tags.clone()).unwrap_or_default();
        let rows = || self.groups.iter().flat_map(|group| &group.rows);
        tags(self.selected()?).into_iter().find_map(|tag| {
            let with_tag = rows().filter(|row| tags(row).contains(&tag));
            let ids: Vec<String> = with_tag
                .filter_map(|row| match &row.choice {
                    Choice::Session(id) => Some(id.clone()),
                    _ => None,
                })
                .collect();
            (ids.len() > 1).then_some((tag, ids))
        })
    }
}

impl Model {
    /// Marks the session that the cursor stands on, or takes its mark away, and goes on to the next row.
    pub(super) fn toggle_mark(&mut self) {
        let Some(picker) = self.picker_mut() else { return };
        let Some(id) = picker.selected_session() else { return };
        match picker.marked.iter().position(|known| *known == id) {
            Some(at) => drop(picker.marked.remove(at)),
            None if picker.marked.len() < MARKED => picker.marked.push(id),
            None => {
                let told = format!("{MARKED} sessions are marked, as many as stand side by side");
                return self.notify(self.with_keys(&told, &[(Action::SideBySide, "shows them")]));
            }
        }
        picker.show_marks();
        picker.move_by(1);
    }

    /// Marks the session that the cursor stands on, or compares it with the one that is marked. Where two are marked they are
    /// compared.
    pub(super) fn compare_or_mark(&mut self) -> Vec<Command> {
        let Some(picker) = self.picker_mut() else { return Vec::new() };
        let Some(id) = picker.selected_session() else { return Vec::new() };
        let (told, commands) = match picker.marked.as_slice() {
            [] => {
                picker.marked.push(id);
                (self.with_keys("marked", &[(Action::CompareWith, "on another compares the two")]), Vec::new())
            }
            // A second time on the same one takes the mark away.
            [marked] if *marked == id => {
                picker.marked.clear();
                (String::new(), Vec::new())
            }
            [a] => (String::new(), vec![Command::CompareSessions { a: a.clone(), b: id }]),
            [a, b] => (String::new(), vec![Command::CompareSessions { a: a.clone(), b: b.clone() }]),
            more => {
                let told = format!("{} sessions are marked, and two are compared", more.len());
                (self.with_keys(&told, &[(Action::SideBySide, "puts all side by side")]), Vec::new())
            }
        };
        if let Some(picker) = self.picker_mut() {
            if !commands.is_empty() {
                picker.marked.clear();
            }
            picker.show_marks();
        }
        if !told.is_empty() {
            self.notify(told);
        }
        commands
    }

    /// The marked sessions side by side; where fewer than two are, those that share a tag with the selected one.
    pub(super) fn side_by_side(&mut self) -> Vec<Command> {
        let Some(picker) = self.picker() else { return Vec::new() };
        if picker.marked.len() > 1 {
            return vec![Command::SideBySide { sessions: picker.marked.clone() }];
        }
        let Some((tag, mut sessions)) = picker.tagged_alike() else {
            let told = "no session shares a tag with this one";
            self.notify(self.with_keys(told, &[(Action::MarkSession, "marks two")]));
            return Vec::new();
        };
        if sessions.len() > TAGGED {
            self.notify(format!("the newest {TAGGED} of {} sessions with the tag {tag}", sessions.len()));
            sessions.truncate(TAGGED);
        }
        vec![Command::SideBySide { sessions }]
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::world::{World, notice, press};
    use super::super::super::*;
    use super::super::*;

    /// A list of six sessions, newest first, of which the first three share a tag.
    fn list() -> Model {
        let mut model = World::new().model(80, 24);
        press(&mut model, "S");
        let row = |n: usize| {
            let tags = if n < 3 { vec!["own".to_owned() + &n.to_string(), "ab".into()] } else { Vec::new() };
            let about = OfSession { tags, ..OfSession::default() };
            let row = PickerRow::new(Choice::Session(format!("s{}", 9 - n)), vec![format!("question {n}")], "");
            PickerRow { of_session: Some(Box::new(about)), ..row }
        };
        let news = PickerNews::Rows { group: 0, rows: (0..6).map(row).collect(), standing: Standing::Whole };
        let ticket = model.pickers;
        update(&mut model, Message::Picker { ticket, news });
        model
    }

    fn side_by_side(sessions: &[&str]) -> Vec<Command> {
        vec![Command::SideBySide { sessions: sessions.iter().map(ToString::to_string).collect() }]
    }

    fn of_table(commands: Vec<Command>) -> Vec<Command> {
        commands.into_iter().filter(|command| !matches!(command, Command::Read { .. })).collect()
    }

    #[test]
    fn marked_sessions_stand_side_by_side() {
        let mut model = list();
        press(&mut model, "down down tab tab up up up tab");
        assert_eq!(of_table(press(&mut model, "ctrl-y")), side_by_side(&["s7", "s6", "s8"]));
        // A second time takes the mark away.
        press(&mut model, "up tab");
        assert_eq!(model.picker().unwrap().marked, ["s7", "s6"]);
    }

    #[test]
    fn four_are_marked_at_most_and_three_are_not_compared_as_two() {
        let mut model = list();
        press(&mut model, "tab tab tab ctrl-t");
        assert!(notice(&model).contains("ctrl-y puts all side by side"), "{}", notice(&model));
        press(&mut model, "tab tab");
        assert_eq!(model.picker().unwrap().marked.len(), 4);
        assert!(notice(&model).contains("as many as stand side by side"), "{}", notice(&model));
    }

    #[test]
    fn without_marks_those_that_share_a_tag_stand_side_by_side() {
        let mut model = list();
        assert_eq!(of_table(press(&mut model, "down ctrl-y")), side_by_side(&["s9", "s8", "s7"]));
        assert_eq!(of_table(press(&mut model, "down down down ctrl-y")), []);
        assert!(notice(&model).contains("tab marks"), "{}", notice(&model));
    }
}
