//! Finds the tables of a text: of Markdown's pipes, of fields parted by commas, semicolons or tabs, and of aligned columns, as
//! `pdftotext -layout` and the reader of PDF files write them.
//!
//! A table that is missed is read as prose, and costs no more than that; one that is none gets a line of its own as a header.

use std::ops::Range;

/// Rows of a table at least, its header counted.
const ROWS: usize = 3;
/// Lines of a header of aligned columns at most, and of the caption above it.
const HEADER_LINES: usize = 4;
const CAPTION_LINES: usize = 3;
/// Bytes of the longest line that is taken for part of a header, and of the longest cell.
const HEADER_BYTES: usize = 1_000;
const CELL_BYTES: usize = 60;
/// Bytes of the longest line between rows of aligned columns that has one cell alone: the name of a group, a name that goes on.
const LABEL_BYTES: usize = 100;
/// Lines of a row whose quoted fields hold line breaks, at most.
const RECORD_LINES: usize = 50;

/// A table: its caption and header rows, and behind them its other rows, in lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    pub header: Range<usize>,
    pub rows: Range<usize>,
    fields: Fields,
}

impl Table {
    /// Where the row that begins at `start` ends: with its line, or where its last quotation mark closes.
    pub fn row_end(&self, text: &str, start: usize) -> usize {
        let rest = &text[start..self.rows.end];
        start + self.fields.record(rest).unwrap_or_else(|| line_end(rest))
    }
}

/// How the cells of a row are parted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fields {
    Pipes,
    Parted(u8),
    Aligned,
}

impl Fields {
    /// Bytes of the first record, which may have more than one line; nothing where a quotation mark never closes.
    fn record(self, text: &str) -> Option<usize> {
        let Fields::Parted(_) = self else { return Some(line_end(text)) };
        let (mut end, mut quotes) = (0, 0);
        for _ in 0..RECORD_LINES {
            let line = first_line(text, end);
            end += line.len();
            quotes += memchr::memchr_iter(b'"', line.as_bytes()).count();
            if line.is_empty() || quotes % 2 == 0 {
                return Some(end);
            }
        }
        None
    }
}

/// The tables of the text, in its order.
pub fn tables(text: &str) -> impl Iterator<Item = Table> + '_ {
    let mut at = 0;
    // Where lines that could be a caption begin.
    let mut above = 0;
    std::iter::from_fn(move || {
        while at < text.len() {
            if let Some(table) = pipes(text, at).or_else(|| parted(text, at)) {
                (at, above) = (table.rows.end, table.rows.end);
                return Some(table);
            }
            match aligned(text, at, above) {
                Ok(table) => {
                    (at, above) = (table.rows.end, table.rows.end);
                    return Some(table);
                }
                // None of the lines up to there begins one.
                Err(end) => at = end,
            }
        }
        None
    })
}

fn line_end(text: &str) -> usize {
    memchr::memchr(b'\n', text.as_bytes()).map_or(text.len(), |at| at + 1)
}

fn first_line(text: &str, at: usize) -> &str {
    &text[at..at + line_end(&text[at..])]
}

/// The end of as many lines in a row, from `at` on, as `goes_on` takes.
fn run(text: &str, at: usize, mut goes_on: impl FnMut(&str) -> bool) -> (usize, usize) {
    let (mut end, mut count) = (at, 0);
    while end < text.len() {
        let line = first_line(text, end);
        if !goes_on(line) {
            break;
        }
        end += line.len();
        count += 1;
    }
    (end, count)
}

fn pipes(text: &str, at: usize) -> Option<Table> {
    let first = first_line(text, at);
    if !first.contains('|') || first.len() > HEADER_BYTES {
        return None;
    }
    let second = first_line(text, at + first.len());
    let ruled = is_pipe_rule(second);
    let in_pipes = |line: &str| line.trim().len() > 1 && line.trim().starts_with('|') && line.trim().ends_with('|');
    let (end, count) = match ruled {
        true => run(text, at, |line| line.contains('|')),
        false => run(text, at, in_pipes),
    };
    let header = first.len() + if ruled { second.len() } else { 0 };
    (count >= ROWS).then_some(Table { header: at..at + header, rows: at + header..end, fields: Fields::Pipes })
}

/// The line below Markdown's header row.
fn is_pipe_rule(line: &str) -> bool {
    let line = line.trim();
    line.contains('|') && line.contains("--") && line.bytes().all(|byte| b"|-: \t".contains(&byte))
}

/// Records with the same number of fields, of which the first has short ones.
fn parted(text: &str, at: usize) -> Option<Table> {
    let first = first_line(text, at);
    let (mark, count) = [(b'\t', 1), (b';', 2), (b',', 2)]
        .into_iter()
        .map(|(mark, least)| (mark, marks(first, mark), least))
        .find(|(_, count, least)| count >= least)
        .map(|(mark, count, _)| (mark, count))?;
    let fields = Fields::Parted(mark);
    let header = fields.record(&text[at..]).filter(|bytes| *bytes <= HEADER_BYTES)?;
    let names = text[at..at + header].trim_end().split(char::from(mark));
    // Sentences have as many commas at times, but no fields without a space behind the mark.
    let is_named = |name: &str| name.trim().len() <= CELL_BYTES && (mark == b'\t' || !name.ends_with('.'));
    // Cells that are spaced apart have the commas of their figures.
    let spaced =
        mark == b',' && (text[at..at + header].matches(", ").count() * 2 > count || first.trim().contains("  "));
    if spaced || !names.into_iter().all(is_named) {
        return None;
    }
    let (mut end, mut rows) = (at + header, 1);
    while end < text.len() {
        let Some(record) = fields.record(&text[end..]) else { break };
        if marks(&text[end..end + record], mark) != count {
            break;
        }
        end += record;
        rows += 1;
    }
    (rows >= ROWS).then_some(Table { header: at..at + header, rows: at + header..end, fields })
}

/// How often a mark stands outside of quotation marks.
fn marks(record: &str, mark: u8) -> usize {
    let mut quoted = false;
    let outside = |byte: &u8| {
        quoted ^= *byte == b'"';
        !quoted && *byte == mark
    };
    record.as_bytes().iter().copied().filter(outside).count()
}

/// What a line is to a table of aligned columns.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Line {
    Blank,
    /// Cells with two spaces or more between them: figures behind a name.
    Figures,
    /// Other cells.
    Words,
    /// One cell that is short enough to stand between rows.
    Label,
    Other,
}

impl Line {
    fn of(line: &str) -> Self {
        if line.starts_with('\x0c') || line.len() > HEADER_BYTES {
            return Line::Other;
        }
        let bare = line.trim();
        if bare.is_empty() {
            return Line::Blank;
        }
        let (mut cells, mut short, mut figures) = (0, 0, 0);
        for cell in bare.split("  ").map(str::trim).filter(|cell| !cell.is_empty()) {
            cells += 1;
            short += usize::from(cell.len() <= CELL_BYTES / 2);
            figures += usize::from(is_figure(cell));
        }
        match cells {
            1 if bare.len() <= LABEL_BYTES => Line::Label,
            0 | 1 => Line::Other,
            _ if figures > 0 && !(figures == cells && line.starts_with(|c: char| c.is_ascii_digit())) => Line::Figures,
            // Prose in two columns has two long cells.
            _ if short + 1 >= cells => Line::Words,
            _ => Line::Other,
        }
    }
}

/// A number, with what numbers have around them in reports, that is no year.
fn is_figure(cell: &str) -> bool {
    let bare = cell.trim_matches(|c: char| "$€£()%-–—+*, ".contains(c));
    let number = bare.bytes().all(|byte| byte.is_ascii_digit() || b",.$() %".contains(&byte));
    let year = bare.len() == 4 && (bare.starts_with("19") || bare.starts_with("20")) && cell.len() == 4;
    number && !year
}

/// Rows of aligned columns, with at most one blank line and two labels between two of them; else where to look on.
fn aligned(text: &str, at: usize, above: usize) -> Result<Table, usize> {
    let first = first_line(text, at);
    let next = at + first.len();
    if !matches!(Line::of(first), Line::Figures | Line::Words) {
        return Err(next);
    }
    let (mut end, mut rows, mut figures) = (at, 0, 0);
    let (mut blanks, mut labels) = (0, 0);
    let mut cursor = at;
    while cursor < text.len() {
        let line = first_line(text, cursor);
        let kind = Line::of(line);
        // A table of another kind begins, whose cells are padded.
        if cursor > at && (pipes(text, cursor).is_some() || parted(text, cursor).is_some()) {
            break;
        }
        cursor += line.len();
        match kind {
            Line::Figures | Line::Words => {
                (blanks, labels, end) = (0, 0, cursor);
                rows += 1;
                figures += usize::from(kind == Line::Figures);
            }
            Line::Blank if blanks == 0 => blanks += 1,
            Line::Label if labels < 2 => (blanks, labels) = (0, labels + 1),
            Line::Blank | Line::Label | Line::Other => break,
        }
    }
    // Words in columns are as often an address or a page in two columns.
    if rows < ROWS || figures * 3 < rows {
        return Err(end.max(next));
    }
    let head = headed(text, at, end);
    Ok(Table { header: caption(text, at, above)..head, rows: head..end, fields: Fields::Aligned })
}

/// Where what names the columns ends: before the first row with figures, where that comes soon, else behind the first line.
fn headed(text: &str, at: usize, end: usize) -> usize {
    let (mut cursor, mut names) = (at, at);
    for _ in 0..=HEADER_LINES {
        let line = first_line(text, cursor);
        match Line::of(line) {
            // With figures from its first line on it has a caption alone to say what they are.
            Line::Figures => return names,
            Line::Words if cursor < end => names = cursor + line.len(),
            _ => {}
        }
        cursor += line.len();
    }
    at + first_line(text, at).len()
}

/// Where the caption begins: short lines right above the first row, which may have a blank line between.
fn caption(text: &str, at: usize, above: usize) -> usize {
    let mut start = at;
    let mut blanks = 0;
    for _ in 0..=CAPTION_LINES {
        let before = &text[above..start];
        let Some(bare) = before.strip_suffix('\n') else { break };
        let line = above + bare.rfind('\n').map_or(0, |at| at + 1);
        match &text[line..start] {
            words if words.trim().is_empty() && blanks == 0 && start == at => blanks += 1,
            words if words.trim().is_empty() || words.trim().len() > LABEL_BYTES => break,
            words if words.trim_end().ends_with(['.', ';', ',']) || words.starts_with('\x0c') => break,
            _ => {}
        }
        start = line;
    }
    // A blank line alone is no caption.
    if text[start..at].trim().is_empty() { at } else { start }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Header and rows of each table.
    fn found(text: &str) -> Vec<(&str, &str)> {
        tables(text).map(|table| (&text[table.header], &text[table.rows])).collect()
    }

    #[test]
    fn tables_of_pipes_are_known_with_and_without_a_rule() {
        let text = "About.\n\n| year | sum |\n|------|----:|\n| 2019 | 1 |\n| 2020 | 2 |\n\nMore | less.\n";
        assert_eq!(found(text), [("| year | sum |\n|------|----:|\n", "| 2019 | 1 |\n| 2020 | 2 |\n")]);
        assert_eq!(found("a | b\n--|--\n1 | 2"), [("a | b\n--|--\n", "1 | 2")]);
        assert_eq!(found("|a|b|\n|1|2|\n|3|4|\n"), [("|a|b|\n", "|1|2|\n|3|4|\n")]);
    }

    #[test]
    fn fields_are_counted_outside_of_quotation_marks() {
        let text = "name,sum,when\n\"Li, X\",1,now\n\"two\nlines\",2,then\nb,3,never\nno more\n";
        let rows = "\"Li, X\",1,now\n\"two\nlines\",2,then\nb,3,never\n";
        assert_eq!(found(text), [("name,sum,when\n", rows)]);
        let table = tables(text).next().unwrap();
        let second = table.row_end(text, table.rows.start);
        assert_eq!(&text[second..table.row_end(text, second)], "\"two\nlines\",2,then\n");
        assert_eq!(found("a\tb\n1\t2\n3\t4\n"), [("a\tb\n", "1\t2\n3\t4\n")]);
        assert_eq!(found("a;b;c\n1;2;3\n4;5;6"), [("a;b;c\n", "1;2;3\n4;5;6")]);
    }

    #[test]
    fn aligned_columns_have_their_caption_and_what_names_the_columns() {
        let header = "CONSOLIDATED BALANCE SHEETS\n(in millions)\n\n    2019      2018\n";
        let rows = "Current assets:\n  Cash        $  5,794  $  4,225\n\n  Inventories      32      (43)\nTotal    5,826   4,182\n";
        let text =
            format!("It was a good year, as the figures below tell.\n\n{header}{rows}\nThe notes are part of these.\n");
        assert_eq!(found(&text), [(header, rows)]);
    }

    #[test]
    fn the_commas_of_figures_part_no_fields() {
        let header = "Year ended        2019       2018       2017\n";
        let row = |name: &str| format!("{name}   $ 265,595  $ 229,234  $ 215,639\n");
        let rows = [row("Net sales"), row("Costs    "), row("Income   "), row("Taxes    ")].concat();
        assert_eq!(found(&format!("{header}{rows}")), [(header, rows.as_str())]);
        let sums = "265,595,120  229,234,118  215,639,240\n".repeat(4);
        assert!(found(&format!("{header}{sums}")).iter().all(|(header, _)| !header.contains("265")));
    }

    #[test]
    fn aligned_columns_end_where_another_kind_of_table_begins() {
        let piped = ("| Item   | 2019   |\n|--------|--------|\n", "| Cash   | 5      |\n");
        let parted = ("name;  sum;  tax\n", "a;  1;  2\nb;  3;  4\n");
        let rows = "Cash     5     6\nDebt     7     8\nRest     9     1\n";
        for (header, others) in [piped, parted] {
            assert_eq!(found(&format!("Region:  North\n\n{header}{others}")), [(header, others)]);
            assert_eq!(found(&format!("{rows}{header}{others}")), [("", rows), (header, others)]);
            assert_eq!(found(&format!("{header}{others}\n{rows}")), [(header, others), ("", rows)]);
        }
    }

    #[test]
    fn prose_addresses_and_pages_in_two_columns_are_no_tables() {
        for text in [
            "In 2019, 2020, and 2021 we grew.\nThen, as told, and as seen, we fell.\nIt was, so to say, all.\n",
            "the first column of a page goes on and on like this   and so does the second column of the page here\n"
                .repeat(9)
                .as_str(),
            "Harbour Street 4        Telephone\nNorth Port        Telefax\nThe Land          Mail\n",
            "",
            "\n\n",
            "|",
            "a,b,c\n",
            "one line",
        ] {
            assert!(found(text).is_empty(), "{text}");
        }
    }

    #[test]
    fn what_is_no_table_is_read_once() {
        let words = "one column   two column   three column\n".repeat(100_000);
        assert!(found(&words).is_empty());
    }
}
