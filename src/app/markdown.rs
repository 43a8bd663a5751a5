//! Markdown in rows. What the grammar does not know is shown as it was written; every character is made safe when it is
//! cut into rows, entities that stand for control characters too.

use std::ops::Range;

use pulldown_cmark::{Alignment, CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use super::rows::{Line, Mark, Piece, Target, Tone, Writer, pad, piece_width};
use super::visible::width;
use super::wrap::wrap;
use crate::protocol::is_python;

/// Quotations and lists within one another that are shown as such; deeper ones stand under these.
const DEEPEST: usize = 8;
/// The narrowest that a column of a table is made before its rows are told one cell a line.
const NARROWEST: usize = 6;
/// Cells between two columns of a table.
const BETWEEN: usize = 2;

/// Writes a fenced program: how many cells deeper than the text it stands in a list or a quotation, its language (blank
/// where none is named), and its text. The text may be cut off.
pub type WriteCode<'a> = &'a mut dyn FnMut(&mut Writer, usize, &str, &str);

/// Where the last block of a text begins, while more of the text may come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LastBlock {
    /// In bytes of the text.
    pub at: usize,
    /// In rows of the writer.
    pub row: usize,
}

impl Writer {
    /// Text in Markdown behind `indent` spaces. Programs are numbered.
    pub fn markdown(&mut self, tone: Tone, indent: usize, text: &str, target: Option<Target>) {
        self.markdown_with(
            tone,
            indent,
            text,
            target,
            &mut |writer, deeper, language, source| match is_python(language) {
                true => writer.code(deeper, source, 1, None),
                false => writer.text(Tone::Code, indent + deeper + 2, source, target),
            },
        );
    }

    /// The same, with programs written by `code`.
    pub fn markdown_with(
        &mut self,
        tone: Tone,
        indent: usize,
        text: &str,
        target: Option<Target>,
        code: WriteCode,
    ) -> LastBlock {
        let levels = if indent > 0 { vec![vec![pad(indent)]] } else { Vec::new() };
        let mut page = Page {
            writer: self,
            target,
            plain: tone,
            outer: indent,
            levels,
            bullet: None,
            line: Line::default(),
            tones: Vec::new(),
            links: Vec::new(),
            lists: Vec::new(),
            program: None,
            table: None,
            depth: 0,
            blocks: 0,
            last: LastBlock::default(),
        };
        for (event, bytes) in Parser::new_ext(text, Options::ENABLE_TABLES).into_offset_iter() {
            page.event(event, bytes, code);
        }
        page.end_line();
        let last = page.last;
        // From the beginning of its line on: an indent may be what makes the block what it is.
        LastBlock { at: text.get(..last.at).and_then(|above| above.rfind('\n')).map_or(0, |end| end + 1), ..last }
    }
}

struct Page<'a> {
    writer: &'a mut Writer,
    target: Option<Target>,
    plain: Tone,
    /// Cells before all of the text.
    outer: usize,
    /// What stands before each row: an indent, the bar of a quotation, the room of a bullet.
    levels: Vec<Vec<Piece>>,
    /// What stands there in place of the innermost level on the next row: the bullet itself.
    bullet: Option<Vec<Piece>>,
    line: Line,
    tones: Vec<Tone>,
    /// Where links lead that are being read, and where their words began.
    links: Vec<(String, usize)>,
    /// The number of the next item; nothing in a list without numbers.
    lists: Vec<Option<u64>>,
    program: Option<(String, String)>,
    table: Option<Table>,
    depth: usize,
    /// Blocks begun so far: a blank row stands before each but the first.
    blocks: usize,
    last: LastBlock,
}

impl Page<'_> {
    fn event(&mut self, event: Event, bytes: Range<usize>, code: WriteCode) {
        match event {
            Event::Start(tag) => {
                if self.depth == 0 {
                    self.begin_block(bytes.start);
                }
                self.depth += 1;
                self.start(tag);
            }
            Event::End(tag) => {
                self.depth = self.depth.saturating_sub(1);
                self.end(tag, code);
            }
            Event::Text(words) => match &mut self.program {
                Some((_, source)) => source.push_str(&words),
                None => self.push(&words),
            },
            Event::Code(words) => self.cell_or_line().push(Tone::Code, &words),
            Event::Html(words) | Event::InlineHtml(words) => {
                for (at, line) in words.split_inclusive('\n').enumerate() {
                    if at > 0 {
                        self.end_line();
                    }
                    self.push(line.trim_end_matches('\n'));
                }
            }
            // Models mean the line ends that they write.
            Event::SoftBreak | Event::HardBreak => match &mut self.table {
                Some(table) => table.cell.push(self.plain, " "),
                None => self.end_line(),
            },
            Event::Rule => {
                if self.depth == 0 {
                    self.begin_block(bytes.start);
                }
                self.end_line();
                let room = self.writer.width().saturating_sub(self.indent()).max(1);
                let lead = self.lead();
                let rule = std::iter::repeat_n(Piece::Mark(Tone::Dim, Mark::Rule), room);
                self.writer.row(lead.into_iter().chain(rule).collect(), self.target);
            }
            // Not asked for in the options.
            Event::InlineMath(words) | Event::DisplayMath(words) | Event::FootnoteReference(words) => {
                self.push(&words);
            }
            Event::TaskListMarker(_) => {}
        }
    }

    fn begin_block(&mut self, at: usize) {
        self.end_line();
        if self.blocks > 0 {
            self.writer.blank();
        }
        self.blocks += 1;
        self.last = LastBlock { at, row: self.writer.rows.len() };
    }

    fn start(&mut self, tag: Tag) {
        match tag {
            Tag::Paragraph => self.apart(),
            Tag::Heading { level, .. } => {
                self.apart();
                let high = matches!(level, HeadingLevel::H1 | HeadingLevel::H2);
                self.tones.push(if high { Tone::Heading } else { Tone::Strong });
            }
            Tag::BlockQuote(_) => {
                self.apart();
                self.level(vec![Piece::Mark(Tone::Dim, Mark::Bar), pad(1)]);
                self.tones.push(Tone::Quote);
            }
            Tag::CodeBlock(kind) => {
                self.end_line();
                let language = match kind {
                    CodeBlockKind::Fenced(words) => language(&words),
                    CodeBlockKind::Indented => String::new(),
                };
                self.program = Some((language, String::new()));
            }
            Tag::List(first) => {
                self.end_line();
                self.lists.push(first);
            }
            Tag::Item => {
                self.end_line();
                let bullet = match self.lists.last_mut() {
                    Some(Some(number)) => {
                        let words = format!("{number}. ");
                        *number = number.saturating_add(1);
                        vec![Piece::text(Tone::Accent, words)]
                    }
                    _ => vec![Piece::Mark(Tone::Accent, Mark::Bullet), pad(1)],
                };
                self.level(vec![pad(bullet.iter().map(piece_width).sum())]);
                self.bullet = Some(bullet);
            }
            Tag::Emphasis => self.tones.push(Tone::Emphasis),
            Tag::Strong => self.tones.push(Tone::Strong),
            Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. } => {
                let begun = self.cell_or_line().text.len();
                self.links.push((dest_url.into_string(), begun));
            }
            Tag::Table(alignments) => {
                self.end_line();
                self.table = Some(Table { alignments, ..Table::default() });
            }
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd, code: WriteCode) {
        match tag {
            TagEnd::Paragraph => self.end_line(),
            TagEnd::Heading(_) => {
                self.end_line();
                self.tones.pop();
            }
            TagEnd::BlockQuote(_) => {
                self.end_line();
                self.levels.pop();
                self.tones.pop();
            }
            TagEnd::CodeBlock => {
                if let Some((language, source)) = self.program.take() {
                    self.bullet_alone();
                    let deeper = self.indent() - self.outer;
                    code(self.writer, deeper, &language, &source);
                }
            }
            TagEnd::List(_) => {
                self.end_line();
                self.lists.pop();
            }
            TagEnd::Item => {
                self.end_line();
                self.bullet_alone();
                self.levels.pop();
            }
            TagEnd::Emphasis | TagEnd::Strong => {
                self.tones.pop();
            }
            TagEnd::Link | TagEnd::Image => {
                if let Some((leads, begun)) = self.links.pop() {
                    let line = self.cell_or_line();
                    // What a link says is not always where it leads.
                    if line.text.get(begun..) != Some(leads.as_str()) {
                        line.push(Tone::Dim, &format!(" ({leads})"));
                    }
                }
            }
            TagEnd::TableCell => {
                if let Some(table) = &mut self.table {
                    table.row.push(std::mem::take(&mut table.cell));
                }
            }
            TagEnd::TableHead | TagEnd::TableRow => {
                if let Some(table) = &mut self.table {
                    table.rows.push(std::mem::take(&mut table.row));
                }
            }
            TagEnd::Table => {
                if let Some(table) = self.table.take() {
                    self.write_table(table);
                }
            }
            _ => {}
        }
    }

    /// A blank row before a block within another, where its first row is not still to come.
    fn apart(&mut self) {
        self.end_line();
        if self.depth > 1 && self.bullet.is_none() && self.writer.rows.len() > self.last.row {
            self.writer.blank();
        }
    }

    fn level(&mut self, pieces: Vec<Piece>) {
        let shown = if self.levels.len() < DEEPEST { pieces } else { Vec::new() };
        self.levels.push(shown);
    }

    fn indent(&self) -> usize {
        self.levels.iter().flatten().map(piece_width).sum()
    }

    fn hang(&self) -> Vec<Piece> {
        self.levels.concat()
    }

    /// What stands before the next row; a bullet only once.
    fn lead(&mut self) -> Vec<Piece> {
        match (self.bullet.take(), self.levels.split_last()) {
            (Some(bullet), Some((last, outer))) if !last.is_empty() => [outer.concat(), bullet].concat(),
            _ => self.hang(),
        }
    }

    /// An item without words before what it holds still has its bullet.
    fn bullet_alone(&mut self) {
        if self.bullet.is_some() {
            let lead = self.lead();
            self.writer.row(lead, self.target);
        }
    }

    fn push(&mut self, words: &str) {
        let tone = self.tones.last().copied().unwrap_or(self.plain);
        self.cell_or_line().push(tone, words);
    }

    fn cell_or_line(&mut self) -> &mut Line {
        match &mut self.table {
            Some(table) => &mut table.cell,
            None => &mut self.line,
        }
    }

    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        if line.text.is_empty() {
            return;
        }
        let (hang, lead) = (self.hang(), self.lead());
        self.writer.line(lead, &hang, &line, self.target);
    }

    fn write_table(&mut self, table: Table) {
        let room = self.writer.width().saturating_sub(self.indent());
        let columns = table.rows.iter().map(Vec::len).max().unwrap_or_default();
        let Some(widths) = table.widths(columns, room) else { return self.write_records(&table) };
        for (at, row) in table.rows.iter().enumerate() {
            let wrapped: Vec<Vec<Range<usize>>> =
                row.iter().zip(&widths).map(|(cell, cells)| wrap(&cell.text, *cells)).collect();
            let height = wrapped.iter().map(Vec::len).max().unwrap_or(1);
            for line in 0..height {
                let mut pieces = self.lead();
                for (column, (cell, ranges)) in row.iter().zip(&wrapped).enumerate() {
                    let range = ranges.get(line).cloned().unwrap_or_default();
                    let words = cell.text.get(range.clone()).unwrap_or_default().trim_end();
                    let spare = widths[column].saturating_sub(width(words));
                    let (before, after) = match table.alignments.get(column) {
                        Some(Alignment::Right) => (spare, 0),
                        Some(Alignment::Center) => (spare / 2, spare - spare / 2),
                        _ => (0, spare),
                    };
                    pieces.push(pad(before));
                    match at {
                        0 => pieces.push(Piece::text(Tone::Strong, words)),
                        _ => pieces.extend(cell.pieces(range.start..range.start + words.len())),
                    }
                    pieces.push(pad(after + if column + 1 < columns { BETWEEN } else { 0 }));
                }
                self.writer.row(pieces, self.target);
            }
            if at == 0 {
                let cells = widths.iter().sum::<usize>() + BETWEEN * columns.saturating_sub(1);
                let rule = std::iter::repeat_n(Piece::Mark(Tone::Dim, Mark::Rule), cells);
                let pieces = self.hang().into_iter().chain(rule).collect();
                self.writer.row(pieces, self.target);
            }
        }
    }

    /// A table too wide for its room: one line a cell, with the name of its column.
    fn write_records(&mut self, table: &Table) {
        let Some((names, rows)) = table.rows.split_first() else { return };
        for row in rows {
            self.bullet = None;
            for (column, cell) in row.iter().enumerate().filter(|(_, cell)| !cell.is_blank()) {
                let name = names.get(column).map_or("", |name| name.text.as_str());
                let mark = if column == 0 { Piece::Mark(Tone::Accent, Mark::Bullet) } else { pad(1) };
                let mut line = Line::default();
                line.push(Tone::Dim, &format!("{name}: "));
                line.append(cell);
                let hang = [self.hang(), vec![pad(2)]].concat();
                let lead = [self.hang(), vec![mark, pad(1)]].concat();
                self.writer.line(lead, &hang, &line, self.target);
            }
        }
    }
}

/// A table as it is read: its rows so far, the first of them its head.
#[derive(Default)]
struct Table {
    alignments: Vec<Alignment>,
    rows: Vec<Vec<Line>>,
    row: Vec<Line>,
    cell: Line,
}

impl Table {
    /// Cells for each column; nothing where they cannot all have a readable width.
    fn widths(&self, columns: usize, room: usize) -> Option<Vec<usize>> {
        let between = BETWEEN * columns.saturating_sub(1);
        if columns + between > room {
            return None;
        }
        let mut widths = vec![1; columns];
        for row in &self.rows {
            for (widest, cell) in widths.iter_mut().zip(row) {
                *widest = width(&cell.text).clamp(*widest, room.max(1));
            }
        }
        while widths.iter().sum::<usize>() + between > room {
            let widest = widths.iter_mut().max()?;
            if *widest <= NARROWEST {
                return None;
            }
            *widest -= 1;
        }
        Some(widths)
    }
}

/// The language that the words behind a fence name; blank where they name none.
fn language(words: &str) -> String {
    words.split_whitespace().next().unwrap_or_default().to_ascii_lowercase()
}

/// The fenced programs of a reply in their order, each with its language.
pub fn fenced(text: &str) -> Vec<(String, String)> {
    let mut programs: Vec<(String, String)> = Vec::new();
    let mut open = false;
    for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(words))) => {
                programs.push((language(&words), String::new()));
                open = true;
            }
            Event::End(TagEnd::CodeBlock) => open = false,
            Event::Text(words) if open => {
                if let Some((_, source)) = programs.last_mut() {
                    source.push_str(&words);
                }
            }
            _ => {}
        }
    }
    programs
}

#[cfg(test)]
mod tests;
