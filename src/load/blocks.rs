//! Writes paragraphs, headings, lists and tables as Markdown, one table row a line: what HTML and Word documents become.

/// Columns of the widest table; what stands further right is joined to the last one.
const COLUMNS: usize = 256;
/// The deepest level that a list is indented to.
const LEVELS: usize = 8;

#[derive(Default)]
pub struct Blocks {
    out: String,
    /// The block at hand, and what its first line begins with.
    block: String,
    prefix: String,
    /// The last block was an item of a list.
    after_item: bool,
    /// Text is kept as it is.
    verbatim: bool,
    tables: Vec<Table>,
}

#[derive(Default)]
struct Table {
    rows: Vec<Row>,
    /// The text of a cell goes here, from where it begins to where it ends.
    cell: Option<String>,
    /// A heading or another table stands in it: it only places things, and its cells are blocks.
    places: bool,
    /// How many columns the cell goes over.
    over: usize,
    /// For each column, how many rows below belong to a cell above.
    taken: Vec<usize>,
}

#[derive(Default)]
struct Row {
    cells: Vec<String>,
    heads: bool,
}

impl Blocks {
    /// Adds text; runs of white space count as one space.
    pub fn text(&mut self, text: &str) {
        if self.verbatim {
            return self.block.push_str(text);
        }
        let into = self.inline();
        for character in text.chars() {
            match character {
                // Where a word may be parted, which is no part of it.
                '\u{ad}' | '\u{200b}' => {}
                c if c.is_whitespace() => {
                    if !into.is_empty() && !into.ends_with([' ', '\n']) {
                        into.push(' ');
                    }
                }
                c if c.is_control() => {}
                c => into.push(c),
            }
        }
    }

    fn inline(&mut self) -> &mut String {
        match self.tables.last_mut() {
            Some(Table { cell: Some(cell), places: false, .. }) => cell,
            _ => &mut self.block,
        }
    }

    /// A line's end within a block; in a cell a space.
    pub fn line_break(&mut self) {
        let in_cell = self.in_cell();
        let into = self.inline();
        while into.ends_with(' ') {
            into.pop();
        }
        into.push(if in_cell { ' ' } else { '\n' });
    }

    fn in_cell(&self) -> bool {
        self.tables.last().is_some_and(|table| table.cell.is_some() && !table.places)
    }

    /// Ends the block at hand; in a cell only its line.
    pub fn end_block(&mut self) {
        if self.in_cell() {
            return self.line_break();
        }
        let block = std::mem::take(&mut self.block);
        let prefix = std::mem::take(&mut self.prefix);
        let text = if self.verbatim { block.trim_matches('\n') } else { block.trim() };
        if text.trim().is_empty() {
            return;
        }
        let item = prefix.trim_start().starts_with(|first: char| first == '-' || first.is_ascii_digit());
        if !(self.out.is_empty() || item && self.after_item) {
            self.out.push('\n');
        }
        self.after_item = item;
        // A heading is one line.
        let text = if prefix.starts_with('#') { text.replace('\n', " ") } else { text.to_owned() };
        self.out.push_str(&prefix);
        self.out.push_str(&text);
        self.out.push('\n');
    }

    /// Begins a heading of this level, counted from 1.
    pub fn heading(&mut self, level: u8) {
        if self.in_cell() {
            self.place();
        }
        self.end_block();
        self.prefix = format!("{} ", "#".repeat(usize::from(level.clamp(1, 6))));
    }

    /// Begins an item of a list within `depth` others, with its number where it has one.
    pub fn item(&mut self, depth: usize, number: Option<u32>) {
        self.end_block();
        if self.in_cell() {
            return;
        }
        self.prefix = "  ".repeat(depth.min(LEVELS));
        match number {
            Some(number) => self.prefix.push_str(&format!("{number}. ")),
            None => self.prefix.push_str("- "),
        }
    }

    /// Keeps what follows as it is, or no longer.
    pub fn keep(&mut self, verbatim: bool) {
        if self.in_cell() || verbatim == self.verbatim {
            return;
        }
        if verbatim {
            self.end_block();
            self.verbatim = true;
            return;
        }
        let block = std::mem::take(&mut self.block);
        self.verbatim = false;
        if !block.trim().is_empty() {
            self.paragraph(&format!("```\n{}\n```\n", block.trim_matches('\n').replace('\u{c}', "\n")));
        }
    }

    /// The next page begins here.
    pub fn page(&mut self) {
        if self.in_cell() || self.tables.iter().any(|table| !table.places) {
            return;
        }
        let (prefix, block) = (std::mem::take(&mut self.prefix), self.block.trim_end().to_owned());
        if block.is_empty() {
            self.prefix = prefix;
        } else {
            (self.prefix, self.block) = (prefix, block);
            self.end_block();
        }
        self.out.push('\u{c}');
    }

    fn paragraph(&mut self, lines: &str) {
        if !self.out.is_empty() && !self.out.ends_with('\u{c}') {
            self.out.push('\n');
        }
        self.after_item = false;
        self.out.push_str(lines);
    }

    pub fn begin_table(&mut self) {
        self.place();
        self.end_block();
        self.tables.push(Table::default());
    }

    /// What the table at hand holds shows that it only places things: what it had is a table, or blocks, of its own.
    fn place(&mut self) {
        self.end_row();
        if let Some(table) = self.tables.last_mut() {
            table.places = true;
            let rows = std::mem::take(&mut table.rows);
            self.rows(rows);
        }
    }

    pub fn begin_row(&mut self) {
        self.end_row();
        if let Some(table) = self.tables.last_mut().filter(|table| !table.places) {
            table.rows.push(Row::default());
        }
    }

    /// Begins a cell that goes over so many columns and rows.
    pub fn begin_cell(&mut self, head: bool, columns: usize, rows: usize) {
        self.end_cell();
        let Some(table) = self.tables.last_mut() else { return };
        if table.places {
            return self.end_block();
        }
        if table.rows.is_empty() {
            table.rows.push(Row::default());
        }
        let Some(row) = table.rows.last_mut() else { return };
        row.heads = head && (row.heads || row.cells.is_empty());
        while let Some(rows @ 1..) = table.taken.get_mut(row.cells.len()) {
            *rows -= 1;
            row.cells.push(String::new());
        }
        let at = row.cells.len();
        table.over = columns.clamp(1, COLUMNS.saturating_sub(at).max(1));
        if rows > 1 && at < COLUMNS {
            table.taken.resize(table.taken.len().max(at + table.over), 0);
            table.taken[at..at + table.over].fill(rows - 1);
        }
        table.cell = Some(String::new());
    }

    pub fn end_cell(&mut self) {
        let Some(table) = self.tables.last_mut() else { return };
        if table.places {
            return self.end_block();
        }
        let (Some(text), Some(row)) = (table.cell.take(), table.rows.last_mut()) else { return };
        match row.cells.get_mut(COLUMNS - 1) {
            Some(last) => {
                last.push(' ');
                last.push_str(text.trim());
            }
            None => {
                row.cells.push(text.trim().to_owned());
                row.cells.extend(std::iter::repeat_n(String::new(), table.over.saturating_sub(1)));
            }
        }
    }

    pub fn end_row(&mut self) {
        self.end_cell();
    }

    pub fn end_table(&mut self) {
        self.end_row();
        if self.tables.last().is_some_and(|table| table.places) {
            self.end_block();
        }
        let Some(table) = self.tables.pop() else { return };
        self.rows(table.rows);
    }

    /// Rows without columns that are empty in all of them; a single column is paragraphs.
    fn rows(&mut self, mut rows: Vec<Row>) {
        rows.retain(|row| row.cells.iter().any(|cell| !cell.is_empty()));
        let width = rows.iter().map(|row| row.cells.len()).max().unwrap_or(0);
        let used: Vec<usize> = (0..width)
            .filter(|&column| rows.iter().any(|row| row.cells.get(column).is_some_and(|cell| !cell.is_empty())))
            .collect();
        if used.len() < 2 {
            for cell in rows.iter().flat_map(|row| &row.cells).filter(|cell| !cell.is_empty()) {
                self.paragraph(&format!("{cell}\n"));
            }
            return;
        }
        let heads = rows.iter().take_while(|row| row.heads).count().max(1);
        let mut lines = String::new();
        for (number, row) in rows.iter().enumerate() {
            for &column in &used {
                lines.push_str("| ");
                let cell = row.cells.get(column).map_or("", String::as_str);
                lines.push_str(&cell.replace('|', "\\|"));
                lines.push(' ');
            }
            lines.push_str("|\n");
            if number + 1 == heads && rows.len() > heads {
                lines.push_str(&"| --- ".repeat(used.len()));
                lines.push_str("|\n");
            }
        }
        self.paragraph(&lines);
    }

    pub fn finish(mut self) -> String {
        self.keep(false);
        while !self.tables.is_empty() {
            self.end_table();
        }
        self.end_block();
        self.out
    }
}
