//! Two to four sessions as the columns of a table: it scrolls both ways, and Enter opens the session of the chosen column.

use super::message::Command;
use super::model::{Model, Overlay};
use super::picker::{Choice, Picking};
use super::rows::{Tone, Writer};
use super::rows_pane::RowsPane;
use super::table::{line, table};
use crate::ledger::Side;

/// Cells of the names of rows where there is room for them, and where there is little.
const NAMES: (usize, usize) = (17, 11);
/// Cells of a column at least, with the two between it and the next.
const COLUMN: usize = 26;

/// The sessions that stand side by side.
#[derive(Clone, Debug, Default)]
pub struct SideBySide {
    pub sides: Vec<Side>,
    /// Of each session that could not be read, why.
    pub unread: Vec<String>,
    /// The column that Enter opens.
    pub column: usize,
    /// The first column in sight, and how many are.
    pub first: usize,
    pub shown: usize,
    pub rows: RowsPane,
}

impl Model {
    /// Shows the sessions in place of the list that they were picked from.
    pub(crate) fn show_side_by_side(&mut self, sides: Vec<Side>, unread: Vec<String>) {
        let overlay = Overlay::SideBySide(Box::new(SideBySide { sides, unread, ..SideBySide::default() }));
        self.notice = None;
        match self.picker() {
            Some(picker) if picker.of == Picking::Session => self.open_overlay(overlay),
            _ => self.open_unasked(overlay, "the sessions are compared"),
        }
    }

    /// From the column that is chosen to the one beside it.
    pub(crate) fn next_column(&mut self, forward: bool) {
        let Some(Overlay::SideBySide(table)) = &mut self.overlay else { return };
        let last = table.sides.len().saturating_sub(1);
        table.column = table.column.saturating_add_signed(if forward { 1 } else { -1 }).min(last);
        self.lay_out_overlay();
    }

    /// Opens the session of the chosen column.
    pub(crate) fn open_column(&mut self) -> Vec<Command> {
        let Some(Overlay::SideBySide(table)) = &self.overlay else { return Vec::new() };
        let Some(side) = table.sides.get(table.column) else { return Vec::new() };
        let session = Choice::Session(side.name.clone());
        self.overlay = None;
        vec![Command::StopFilling, Command::Pick(session)]
    }

    /// Lays the table out at a width, so that the chosen column is in sight.
    pub(super) fn lay_out_side_by_side(&mut self, width: usize) {
        let Some(Overlay::SideBySide(table)) = &mut self.overlay else { return };
        let names = if width < 2 * COLUMN + NAMES.0 { NAMES.1 } else { NAMES.0 };
        let room = width.saturating_sub(names);
        table.shown = (room / COLUMN).clamp(1, table.sides.len().max(1));
        table.first = table.first.clamp((table.column + 1).saturating_sub(table.shown), table.column);
        table.first = table.first.min(table.sides.len().saturating_sub(table.shown));
        table.rows.rows = table.write(names, room / table.shown, width).rows;
    }
}

impl SideBySide {
    fn write(&self, names: usize, column: usize, width: usize) -> Writer {
        let mut writer = Writer::new(width);
        for why in &self.unread {
            line(&mut writer, 0, width, "", &[(Tone::Warning, why.clone())]);
        }
        let in_sight = self.first..(self.first + self.shown).min(self.sides.len());
        let sides = self.sides.get(in_sight.clone()).unwrap_or_default();
        let heads = in_sight.clone().zip(sides).map(|(at, side)| {
            let name = side.title.as_deref().unwrap_or(&side.name);
            if at == self.column { (Tone::Key, format!("[{name}]")) } else { (Tone::Strong, format!(" {name}")) }
        });
        line(&mut writer, names, column, "", &heads.collect::<Vec<_>>());
        let asked = self.sides.first().map_or("", |side| side.question.as_str());
        if self.sides.iter().any(|side| side.question != asked) {
            let questions = sides.iter().map(|side| (Tone::Text, side.question.clone()));
            line(&mut writer, names, column, "question", &questions.collect::<Vec<_>>());
        }
        writer.blank();
        // Which settings differ is a matter of all, and not of those in sight.
        for (name, cells) in table(&self.sides.iter().map(Some).collect::<Vec<_>>()) {
            let same = cells.windows(2).all(|pair| pair[0] == pair[1]);
            let tone = if same { Tone::Dim } else { Tone::Text };
            let cells: Vec<(Tone, String)> =
                cells.into_iter().skip(self.first).take(self.shown).map(|cell| (tone, cell)).collect();
            line(&mut writer, names, column, &name, &cells);
        }
        writer.blank();
        let answers = sides.iter().map(|side| match &side.answer {
            Some(answer) => (Tone::Text, answer.clone()),
            None => (Tone::Warning, "no answer".to_owned()),
        });
        line(&mut writer, names, column, "answer", &answers.collect::<Vec<_>>());
        writer
    }
}

#[cfg(test)]
mod tests {
    use super::super::message::Message;
    use super::super::update;
    use super::super::world::World;
    use super::*;
    use crate::ledger::Ledger;

    #[test]
    fn above_the_table_stands_which_session_could_not_be_read() {
        let mut world = World::new();
        world.whole();
        let side = Side::session("s1".into(), &world.state, &Ledger::new(), (164, 0.011), 12.5);
        let mut model = world.model(80, 24);
        let unread = vec!["s2 could not be read: it is gone".to_owned()];
        update(&mut model, Message::SideBySide { sides: vec![side], unread });
        let Some(Overlay::SideBySide(table)) = &model.overlay else { panic!("no table") };
        assert_eq!(table.rows.rows[0].text().trim(), "s2 could not be read: it is gone");
        assert!(table.rows.rows.len() > 10);
    }
}
