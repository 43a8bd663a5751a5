//! A list to pick from by typing a part of what is meant: actions, keys, models, sessions.

mod areas;
mod finder;
mod hints;
mod marks;
mod notes;
mod of_session;
mod palette;
mod press;
mod sent;
mod settings;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use super::action::Action;
use super::input::LineInput;
use crate::document::Span;
use crate::journal::{Branch, trees};

pub use areas::PickerAreas;
pub use finder::Finder;
pub use notes::Note;
pub use of_session::{Calling, Named, Naming, OfSession};
pub use settings::SettingForm;

/// A list, the words typed to narrow it, and where the cursor stands.
#[derive(Clone, Debug)]
pub struct Picker {
    pub of: Picking,
    /// Which opening of a picker this is: what comes for an earlier one is not for this.
    pub ticket: u64,
    pub input: LineInput,
    pub groups: Vec<Group>,
    /// What the list shows, top to bottom, after what was typed.
    lines: Vec<Line>,
    /// Index into the lines.
    pub cursor: usize,
    pub top: usize,
    /// What was read of the row that the cursor stands on, beyond what the row says itself.
    pub read: Option<(Choice, String)>,
    /// The sessions that are to be compared, in the order in which they were marked.
    pub marked: Vec<String>,
    /// The session that the person is asked about before it is deleted.
    pub deleting: Option<String>,
    /// A title or tags that are being typed for a session.
    pub naming: Option<Naming>,
    /// How the rows on these lines stand in their trees.
    branches: HashMap<usize, Branch>,
}

/// What is picked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Picking {
    /// An action, of those that do something where the person is.
    Actions,
    /// Any key there is.
    Keys,
    /// A heading or page of the document.
    Section,
    RemoteModel,
    LocalModel,
    Session,
    Settings,
    Notes,
    /// A passage that left this machine.
    Sent,
    Log,
}

/// Rows that belong together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Group {
    /// Stands above its rows; none above the only group that needs none.
    pub title: String,
    pub rows: Vec<PickerRow>,
    pub standing: Standing,
}

/// Whether a group is all there.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Standing {
    #[default]
    Whole,
    /// More may come; from where.
    Loading(String),
    /// It is all there; what is to be said of it, or why there is nothing.
    Told(String),
    /// What failed, and what to do about it.
    Failed(String),
}

#[derive(Clone, Debug, PartialEq)]
pub struct PickerRow {
    /// One for each column; the first is what the row is called. Outside text is made safe where it is drawn.
    pub cells: Vec<String>,
    /// What more there is to say, for the preview.
    pub about: String,
    /// What is searched beside the cells.
    pub also: String,
    /// Whether it is what is in use now.
    pub current: bool,
    /// Why it cannot be picked; empty where it can.
    pub refused: String,
    /// Of a session.
    pub of_session: Option<Box<OfSession>>,
    pub choice: Choice,
}

/// What Enter does on a row.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Choice {
    Do(Action),
    /// List what this provider offers.
    Provider(String),
    /// Plan with this model from the next round on; the model is empty for a planner without one.
    Remote {
        provider: String,
        model: String,
    },
    /// Read with this model from the next round on; the model is empty for a reader without one.
    Local {
        provider: String,
        model: String,
    },
    /// Go to this byte of the document shown.
    Section(usize),
    /// Go to this passage.
    Passage(Span),
    /// Open the session of this id.
    Session(String),
    /// Copy this.
    Copy(String),
    /// Go to this note, counted from 0.
    Note(usize),
    /// Change this setting.
    Setting(String),
    /// Name documents, and start a session on them.
    Documents,
}

/// A line of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    Title(usize),
    Row {
        group: usize,
        row: usize,
    },
    /// A line of what a group has to tell: that it loads, or what failed.
    Told {
        group: usize,
        from: usize,
        to: usize,
    },
}

/// A column of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    pub name: &'static str,
    /// In cells; 0 takes what is left over.
    pub width: u16,
    /// Whether its words stand at its right end.
    pub right: bool,
    /// Shown where the list is this wide, in cells.
    pub least: u16,
}

const fn column(name: &'static str, width: u16, right: bool, least: u16) -> Column {
    Column { name, width, right, least }
}

impl Picking {
    pub fn title(self) -> &'static str {
        match self {
            Picking::Actions => "What to do",
            Picking::Keys => "Keys",
            Picking::Section => "Headings and pages",
            Picking::RemoteModel => "Who plans, from the next round on",
            Picking::LocalModel => "Who reads, from the next round on",
            Picking::Session => "Sessions",
            Picking::Log => "The log, newest first; type warn or error to see those alone",
            Picking::Notes => "Notes and bookmarks",
            Picking::Sent => "What left of the documents, by request",
            Picking::Settings => "Settings, and where each came from",
        }
    }

    pub fn columns(self) -> &'static [Column] {
        match self {
            Picking::Actions | Picking::Keys => ACTION,
            Picking::Section => SECTION,
            Picking::RemoteModel => REMOTE,
            Picking::LocalModel => LOCAL,
            Picking::Session => SESSION,
            Picking::Settings => SETTING,
            Picking::Notes => NOTE,
            Picking::Sent => SENT,
            Picking::Log => LOG,
        }
    }
}

const ACTION: &[Column] = &[column("", 18, false, 0), column("", 16, false, 36), column("", 0, false, 50)];
const SECTION: &[Column] = &[column("heading", 0, false, 0), column("page", 7, true, 36), column("line", 10, true, 50)];
const REMOTE: &[Column] = &[
    column("model", 0, false, 0),
    column("context", 8, true, 36),
    column("$/M in", 8, true, 46),
    column("$/M out", 8, true, 56),
];
const LOCAL: &[Column] = &[
    column("model", 0, false, 0),
    column("context", 8, true, 36),
    column("parameters", 10, true, 60),
    column("size", 8, true, 48),
];
const SETTING: &[Column] =
    &[column("setting", 26, false, 0), column("value", 0, false, 30), column("from", 24, false, 64)];
const LOG: &[Column] = &[column("level", 5, false, 0), column("time", 8, false, 50), column("what", 0, false, 24)];
const SENT: &[Column] = &[column("passage", 0, false, 0), column("place", 10, true, 36), column("bytes", 7, true, 48)];
const NOTE: &[Column] = &[column("note", 0, false, 0), column("record", 8, true, 36), column("after", 8, true, 48)];
const SESSION: &[Column] = &[
    column("question", 0, false, 0),
    column("document", 22, false, 84),
    column("outcome", 11, false, 44),
    column("cost", 8, true, 64),
    column("age", 5, true, 30),
];

impl Picker {
    pub fn new(of: Picking, ticket: u64, groups: Vec<Group>) -> Self {
        Self {
            of,
            ticket,
            input: LineInput::default(),
            groups,
            lines: Vec::new(),
            cursor: 0,
            top: 0,
            read: None,
            marked: Vec::new(),
            deleting: None,
            naming: None,
            branches: HashMap::new(),
        }
    }

    /// Lists what fits the words typed, best first within each group. `width` is that of the list, in cells.
    pub(crate) fn narrow(&mut self, width: usize) {
        let mut finder = Finder::new(&self.input.text);
        let titled = self.groups.len() > 1;
        self.lines.clear();
        self.branches.clear();
        for (at, group) in self.groups.iter().enumerate() {
            let begins = self.lines.len();
            if titled && !group.title.is_empty() {
                self.lines.push(Line::Title(at));
            }
            if finder.is_blank() && self.of == Picking::Session {
                for branch in branches_of(group) {
                    self.lines.push(Line::Row { group: at, row: branch.at });
                    if !branch.rails.is_empty() {
                        self.branches.insert(self.lines.len() - 1, branch);
                    }
                }
            } else if finder.is_blank() {
                self.lines.extend((0..group.rows.len()).map(|row| Line::Row { group: at, row }));
            } else {
                let score = |(row, about): (usize, &PickerRow)| Some((finder.score(&about.cells, &about.also)?, row));
                let mut found: Vec<(u32, usize)> = group.rows.iter().enumerate().filter_map(score).collect();
                // Rows that fit alike stay in their order.
                found.sort_by_key(|(score, ..)| std::cmp::Reverse(*score));
                self.lines.extend(found.into_iter().map(|(_, row)| Line::Row { group: at, row }));
            }
            if let Some(told) = group.standing.told() {
                let parts = super::wrap::wrap(told, width.saturating_sub(2).max(1));
                self.lines.extend(parts.into_iter().map(|part| Line::Told {
                    group: at,
                    from: part.start,
                    to: part.end,
                }));
            }
            // A group that nothing was found in needs no title.
            if self.lines.len() == begins + 1 && matches!(self.lines.last(), Some(Line::Title(_))) {
                self.lines.pop();
            }
        }
    }

    /// Narrows the list anew with the cursor on the best row.
    fn narrow_anew(&mut self, width: usize) {
        self.narrow(width);
        (self.cursor, self.top) = (0, 0);
        self.onto_a_row();
    }

    /// Narrows the list anew, since rows came or went; the cursor stays on the row it stood on.
    fn narrow_again(&mut self, width: usize, stood: Option<Choice>) {
        // While nothing but the first row was looked at, the best one is looked at.
        let moved = self.lines.iter().take(self.cursor).any(|line| matches!(line, Line::Row { .. }));
        self.narrow(width);
        let at = stood.filter(|_| moved).and_then(|choice| {
            self.lines.iter().position(|line| self.row(*line).is_some_and(|row| row.choice == choice))
        });
        // Of models the one in use is where one looks first.
        let models = matches!(self.of, Picking::RemoteModel | Picking::LocalModel) && self.input.text.trim().is_empty();
        let in_use = || self.lines.iter().position(|line| self.row(*line).is_some_and(|row| row.current));
        let first = if models { in_use().unwrap_or(0) } else { 0 };
        self.cursor = at.unwrap_or(if moved { self.cursor } else { first });
        self.onto_a_row();
    }

    /// Puts the cursor on the row of this choice, where it is shown.
    pub(crate) fn stand_on(&mut self, choice: &Choice) {
        let at = self.lines.iter().position(|line| self.row(*line).is_some_and(|row| row.choice == *choice));
        self.cursor = at.unwrap_or(self.cursor);
    }

    pub fn row(&self, line: Line) -> Option<&PickerRow> {
        match line {
            Line::Row { group, row } => self.groups.get(group)?.rows.get(row),
            Line::Title(_) | Line::Told { .. } => None,
        }
    }

    pub fn selected(&self) -> Option<&PickerRow> {
        self.row(*self.lines.get(self.cursor)?)
    }

    /// What the preview says of the selected row.
    pub fn preview(&self) -> &str {
        let Some(row) = self.selected() else { return "" };
        if !row.refused.is_empty() {
            return &row.refused;
        }
        match &self.read {
            Some((choice, text)) if *choice == row.choice => text,
            _ => &row.about,
        }
    }

    /// The lines in sight, with where they stand in the list.
    pub fn visible(&self, height: u16) -> impl Iterator<Item = (usize, Line)> {
        self.lines.iter().copied().enumerate().skip(self.top).take(usize::from(height))
    }

    /// How many rows fit what was typed, and how many there are.
    pub fn counts(&self) -> (usize, usize) {
        let found = self.lines.iter().filter(|line| matches!(line, Line::Row { .. })).count();
        (found, self.groups.iter().map(|group| group.rows.len()).sum())
    }

    pub fn lines(&self) -> usize {
        self.lines.len()
    }

    fn is_row(&self, at: usize) -> bool {
        matches!(self.lines.get(at), Some(Line::Row { .. }))
    }

    /// Moves by rows; over the titles between them, and no further than the first and the last.
    fn move_by(&mut self, rows: isize) {
        let mut left = rows.unsigned_abs();
        let mut at = self.cursor;
        while left > 0 {
            let next = if rows < 0 {
                (0..at).rev().find(|at| self.is_row(*at))
            } else {
                (at + 1..self.lines.len()).find(|at| self.is_row(*at))
            };
            let Some(next) = next else { break };
            at = next;
            left -= 1;
        }
        self.cursor = at;
    }

    fn onto_a_row(&mut self) {
        self.cursor = self.cursor.min(self.lines.len().saturating_sub(1));
        if !self.is_row(self.cursor) {
            let after = (self.cursor..self.lines.len()).find(|at| self.is_row(*at));
            let before = (0..self.cursor).rev().find(|at| self.is_row(*at));
            self.cursor = after.or(before).unwrap_or(0);
        }
    }

    /// Scrolls so that the cursor is in sight, with the title above the first row.
    pub(crate) fn settle(&mut self, height: u16) {
        let height = usize::from(height.max(1));
        let with_title = if (0..self.cursor).any(|at| self.is_row(at)) { self.cursor } else { 0 };
        let low = (self.cursor + 1).saturating_sub(height);
        self.top = self.top.clamp(low, with_title.max(low));
        self.top = self.top.min(self.lines.len().saturating_sub(height));
    }
}

/// The rows of a group, forks under the sessions that they left.
fn branches_of(group: &Group) -> Vec<Branch> {
    let parents = group.rows.iter().map(|row| match &row.choice {
        Choice::Session(id) => (id.as_str(), row.of_session.as_ref().and_then(|about| about.parent.as_deref())),
        _ => ("", None),
    });
    trees(&parents.collect::<Vec<_>>())
}

impl Standing {
    pub fn told(&self) -> Option<&str> {
        match self {
            Standing::Whole => None,
            Standing::Loading(text) | Standing::Told(text) | Standing::Failed(text) => Some(text),
        }
    }
}

impl PickerRow {
    pub fn new(choice: Choice, cells: Vec<String>, about: impl Into<String>) -> Self {
        Self {
            cells,
            about: about.into(),
            also: String::new(),
            current: false,
            refused: String::new(),
            of_session: None,
            choice,
        }
    }
}
