//! The pieces of a text that can be quoted by themselves: sentences of prose and rows of tables.

use std::ops::Range;

use super::words::{is_number, scan};

/// A paragraph with a row of numbers and at most this many lines is one piece: its other lines are the row's label.
const LABELLED_ROW_LINES: usize = 4;
/// A row of a table holds at least this many numbers.
const ROW_NUMBERS: usize = 2;

/// A sentence or a row, by its bytes in the text, without the white space around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    pub range: Range<usize>,
    /// Whether it is a row of a table, with its label.
    pub row: bool,
    /// Which paragraph it stands in, counted from 0.
    pub paragraph: usize,
}

/// The pieces of the text in order. Together they hold everything but white space.
pub fn pieces(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for (paragraph, lines) in paragraphs(text).into_iter().enumerate() {
        let Some(whole) = trimmed(text, lines[0].start..lines[lines.len() - 1].end) else { continue };
        let rows = lines.iter().filter(|line| is_row(&text[(*line).clone()])).count();
        if rows == 0 {
            let sentences = sentences(text, whole);
            pieces.extend(sentences.into_iter().map(|range| Piece { range, row: false, paragraph }));
        } else if rows == 1 && lines.len() > 1 && lines.len() <= LABELLED_ROW_LINES {
            pieces.push(Piece { range: whole, row: true, paragraph });
        } else {
            for line in lines.into_iter().filter_map(|line| trimmed(text, line)) {
                let row = is_row(&text[line.clone()]);
                pieces.push(Piece { range: line, row, paragraph });
            }
        }
    }
    pieces
}

/// Whether a line is a row of a table: short, with columns of numbers.
pub fn is_row(line: &str) -> bool {
    let mut words = 0;
    let mut numbers = 0;
    for (start, end) in scan(line) {
        words += 1;
        numbers += usize::from(is_number(&line[start..end]));
    }
    let columns = line.trim().contains("  ") || line.trim().contains('\t') || line.contains('|');
    (numbers >= ROW_NUMBERS || (numbers >= 1 && columns)) && (columns || numbers * 2 >= words) && words <= 40
}

/// Runs of lines without a blank line between them.
fn paragraphs(text: &str) -> Vec<Vec<Range<usize>>> {
    let mut paragraphs: Vec<Vec<Range<usize>>> = Vec::new();
    let mut open = false;
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let range = start..start + line.len();
        start = range.end;
        if line.trim().is_empty() {
            open = false;
        } else if open && let Some(lines) = paragraphs.last_mut() {
            lines.push(range);
        } else {
            paragraphs.push(vec![range]);
            open = true;
        }
    }
    paragraphs
}

fn trimmed(text: &str, range: Range<usize>) -> Option<Range<usize>> {
    let piece = &text[range.clone()];
    let start = range.start + (piece.len() - piece.trim_start().len());
    let end = start + piece.trim().len();
    (start < end).then_some(start..end)
}

/// The sentences of a paragraph, which may run over several lines.
fn sentences(text: &str, whole: Range<usize>) -> Vec<Range<usize>> {
    let mut sentences = Vec::new();
    let mut start = whole.start;
    let mut chars = text[whole.clone()].char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        if !matches!(c, '.' | '!' | '?') {
            continue;
        }
        let mut end = at + c.len_utf8();
        while let Some(&(next, closing)) = chars.peek()
            && matches!(closing, '"' | '\'' | '”' | '’' | ')' | ']' | '.' | '!' | '?')
        {
            end = next + closing.len_utf8();
            chars.next();
        }
        let rest = &text[whole.start + end..whole.end];
        let next = rest.trim_start().chars().next();
        let goes_on = !rest.starts_with(char::is_whitespace) || next.is_some_and(char::is_lowercase);
        if goes_on || (c == '.' && is_abbreviation(&text[start..whole.start + at])) {
            continue;
        }
        sentences.extend(trimmed(text, start..whole.start + end));
        start = whole.start + end;
    }
    sentences.extend(trimmed(text, start..whole.end));
    sentences
}

/// Whether the point after these words belongs to the last of them.
fn is_abbreviation(before: &str) -> bool {
    const SHORT: &[&str] = &[
        "al", "approx", "ca", "cf", "co", "col", "corp", "dept", "dr", "e.g", "ed", "eq", "est", "etc", "fig", "figs",
        "gen", "gov", "i.e", "inc", "jr", "ltd", "mr", "mrs", "ms", "no", "nos", "p", "pp", "prof", "ref", "rep",
        "rev", "sec", "sen", "sr", "st", "vol", "vs",
    ];
    let word = before.rsplit(|c: char| c.is_whitespace() || c == '(').next().unwrap_or_default();
    let initial =
        word.chars().next_back().is_some_and(char::is_uppercase) && (word.chars().count() == 1 || word.contains('.'));
    initial || SHORT.contains(&word.to_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn texts(text: &str) -> Vec<&str> {
        pieces(text).into_iter().map(|piece| &text[piece.range]).collect()
    }

    #[test]
    fn sentences_survive_abbreviations_and_line_ends() {
        assert_eq!(
            texts("Dr. Smith of Acme Inc. paid\n$1.5 million. J. Doe left (see Fig. 2). Why? \"Because.\" He said so."),
            [
                "Dr. Smith of Acme Inc. paid\n$1.5 million.",
                "J. Doe left (see Fig. 2).",
                "Why?",
                "\"Because.\"",
                "He said so."
            ]
        );
    }

    #[test]
    fn a_row_keeps_the_label_above_and_below_it() {
        let text = "Intro text here.\n\n  Average minutes\n  4.4 A  15.8  24.2  Not Met\n  to answer calls\n\n";
        assert_eq!(
            texts(text),
            ["Intro text here.", "Average minutes\n  4.4 A  15.8  24.2  Not Met\n  to answer calls"]
        );
        assert!(pieces(text)[1].row);
    }

    #[test]
    fn a_table_is_cut_into_its_rows() {
        let text = "Year  2019  2018\nSales  $ 5,794  $ 4,225\nCosts  848  1,035\nNet  32  43\n";
        assert_eq!(texts(text), ["Year  2019  2018", "Sales  $ 5,794  $ 4,225", "Costs  848  1,035", "Net  32  43"]);
    }

    proptest! {
        #[test]
        fn pieces_are_in_order_and_hold_every_word(text in "[a-zA-Z0-9é.?! \n\t\"|]{0,300}") {
            let mut last = 0;
            for piece in pieces(&text) {
                prop_assert!(piece.range.start >= last && piece.range.end > piece.range.start);
                prop_assert!(text[last..piece.range.start].trim().is_empty());
                last = piece.range.end;
            }
            prop_assert!(text[last..].trim().is_empty());
        }
    }
}
