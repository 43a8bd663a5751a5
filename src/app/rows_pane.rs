//! Rows on the screen: a cursor in them, and which of them are in sight.

use super::rows::Row;
use super::search::Search;

/// Rows with a cursor.
#[derive(Clone, Debug, Default)]
pub struct RowsPane {
    pub rows: Vec<Row>,
    pub cursor: usize,
    pub top: usize,
    /// Whether the cursor stays on the last row as rows come.
    pub follow: bool,
    /// What is searched for in it, where it stands in an overlay of its own.
    pub search: Option<Search>,
}

impl RowsPane {
    pub fn settle(&mut self, height: u16) {
        let last = self.rows.len().saturating_sub(1);
        if self.follow {
            self.cursor = last;
        }
        self.cursor = self.cursor.min(last);
        let height = usize::from(height.max(1));
        self.top = self.top.clamp((self.cursor + 1).saturating_sub(height), self.cursor);
        self.top = self.top.min(self.rows.len().saturating_sub(height));
    }

    /// Puts the cursor on a row and brings what follows it into sight.
    pub fn reveal(&mut self, row: usize, height: u16) {
        let height = usize::from(height);
        self.cursor = row;
        self.follow = false;
        if row < self.top || row >= self.top + height.div_ceil(2) {
            self.top = row.saturating_sub(height / 4);
        }
    }

    /// Puts the cursor on a row in sight that was pressed; true where it stood there already.
    pub fn press(&mut self, row: usize) -> bool {
        let at = self.top + row;
        at < self.rows.len() && std::mem::replace(&mut self.cursor, at) == at
    }

    pub fn move_by(&mut self, rows: isize) {
        self.cursor = self.cursor.saturating_add_signed(rows).min(self.rows.len().saturating_sub(1));
        self.follow = false;
    }

    /// Goes to the row of the next match, or of the one before; false where there is none.
    pub fn step_search(&mut self, forward: bool, height: u16) -> bool {
        let Some(search) = &mut self.search else { return false };
        search.matches =
            self.rows.iter().enumerate().filter(|(_, row)| search.hits(&row.text())).map(|(at, _)| at).collect();
        let stands = search.current.and_then(|at| search.matches.get(at).copied());
        let in_sight = |at: &usize| (self.top..self.top + usize::from(height)).contains(at);
        // From what was stepped to, as long as it is in sight.
        let at = match (stands.filter(in_sight), forward) {
            (None, true) => search.matches.iter().position(|at| *at >= self.top).or(Some(0)),
            (None, false) => search.matches.iter().rposition(|at| *at < self.top),
            (Some(_), _) => None,
        };
        let row = match at.filter(|at| *at < search.matches.len()) {
            Some(at) => {
                search.current = Some(at);
                search.matches.get(at).copied()
            }
            None => search.step(stands.unwrap_or(self.top), forward),
        };
        let Some(row) = row else { return false };
        if !in_sight(&row) {
            self.top = row.saturating_sub(usize::from(height) / 4);
        }
        let last = self.rows.len().saturating_sub(usize::from(height.max(1)));
        self.top = self.top.min(last);
        self.cursor = self.top;
        true
    }

    pub fn visible(&self, height: u16) -> impl Iterator<Item = (usize, &Row)> {
        self.rows.iter().enumerate().skip(self.top).take(usize::from(height))
    }
}
