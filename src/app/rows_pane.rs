//! Rows on the screen: a cursor in them, and which of them are in sight.

use super::rows::Row;

/// Rows with a cursor.
#[derive(Clone, Debug, Default)]
pub struct RowsPane {
    pub rows: Vec<Row>,
    pub cursor: usize,
    pub top: usize,
    /// Whether the cursor stays on the last row as rows come.
    pub follow: bool,
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

    pub fn move_by(&mut self, rows: isize) {
        self.cursor = self.cursor.saturating_add_signed(rows).min(self.rows.len().saturating_sub(1));
        self.follow = false;
    }

    pub fn visible(&self, height: u16) -> impl Iterator<Item = (usize, &Row)> {
        self.rows.iter().enumerate().skip(self.top).take(usize::from(height))
    }
}
