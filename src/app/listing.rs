//! Programs in rows: their lines numbered, their errors in place, and what changed since the program before.

use std::ops::Range;

use similar::{Algorithm, ChangeTag, capture_diff_slices};

use super::highlight::Part;
use super::rows::{Mark, Piece, Tone, Writer, pad};

/// Lines that did not change shown around those that did.
const AROUND: usize = 2;
/// Programs with more lines are not compared: it would take long, and nobody reads that.
const MOST_LINES: usize = 4_000;

/// Where a program failed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fault {
    /// Counted from 1.
    pub line: u32,
    pub message: String,
    /// The lines that had called it, as the traceback names them.
    pub callers: Vec<u32>,
}

/// A program as its lines are written.
struct Listing<'a> {
    source: &'a str,
    parts: Vec<Part>,
    /// Cells before the lines' marks and numbers.
    indent: usize,
    /// Cells of the numbers.
    digits: usize,
    fault: Option<&'a Fault>,
}

/// What became of a line since the program before.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Kept,
    Added,
    Removed,
}

impl Writer {
    /// A program behind `indent` spaces with its lines numbered from `first` on, and an error under the line it names. What
    /// is wider than the pane goes on under the line's first word, beside an empty gutter: nothing of it is out of sight.
    pub fn code(&mut self, indent: usize, source: &str, first: u32, fault: Option<&Fault>) {
        let last = first as usize + source.lines().count();
        let mut listing = self.listing(source, last.saturating_sub(1), fault);
        listing.indent = if (indent + listing.digits + 3) * 2 > self.width() { 0 } else { indent };
        for (number, line) in (first..).zip(lines(source)) {
            self.numbered(&listing, line, Some(number), Fate::Kept);
        }
    }

    /// A program beside the one before: lines that came are marked, lines that went are shown without a number.
    pub fn code_since(&mut self, before: &str, source: &str, fault: Option<&Fault>) {
        let (old, new): (Vec<_>, Vec<_>) = (lines(before).collect(), lines(source).collect());
        let listing = self.listing(source, new.len(), fault);
        if old.len().max(new.len()) > MOST_LINES {
            self.lead(vec![pad(listing.digits + 3)], Tone::Dim, "too long to compare; here it is whole", None);
            return self.code(0, source, 1, fault);
        }
        let (was, is) = (texts(before, &old), texts(source, &new));
        let changes = capture_diff_slices(Algorithm::Patience, &was, &is);
        let changes: Vec<_> = changes.iter().flat_map(|operation| operation.iter_changes(&was, &is)).collect();
        let gone = Listing { source: before, parts: Vec::new(), indent: 0, digits: listing.digits, fault: None };
        let mut alike = 0;
        for (at, change) in changes.iter().enumerate() {
            let near = at.saturating_sub(AROUND)..(at + AROUND + 1).min(changes.len());
            let number = change.new_index().map(|index| index as u32 + 1);
            let failed = fault.is_some_and(|fault| number == Some(fault.line));
            if !failed && changes[near].iter().all(|change| change.tag() == ChangeTag::Equal) {
                alike += 1;
                continue;
            }
            self.alike(std::mem::take(&mut alike), listing.digits);
            match (change.tag(), change.old_index(), change.new_index()) {
                (ChangeTag::Delete, Some(index), _) => {
                    self.numbered(&gone, old[index].clone(), None, Fate::Removed);
                }
                (tag, _, Some(index)) => {
                    let fate = if tag == ChangeTag::Insert { Fate::Added } else { Fate::Kept };
                    self.numbered(&listing, new[index].clone(), number, fate);
                }
                _ => {}
            }
        }
        self.alike(alike, listing.digits);
    }

    fn listing<'a>(&mut self, source: &'a str, last: usize, fault: Option<&'a Fault>) -> Listing<'a> {
        let digits = last.to_string().len().max(2);
        Listing { source, parts: self.programs.parts(source), indent: 0, digits, fault }
    }

    fn alike(&mut self, lines: usize, digits: usize) {
        if lines > 0 {
            let words = if lines == 1 { "1 line alike".into() } else { format!("{lines} lines alike") };
            self.row(vec![pad(digits + 3), Piece::text(Tone::Dim, format!("… {words}"))], None);
        }
    }

    fn numbered(&mut self, listing: &Listing, line: Range<usize>, number: Option<u32>, fate: Fate) {
        let Listing { source, parts, indent, digits, fault } = listing;
        let failed = fault.filter(|fault| number == Some(fault.line));
        let called = fault.is_some_and(|fault| number.is_some_and(|number| fault.callers.contains(&number)));
        let mark = match (failed, fate) {
            (Some(_), _) => Piece::Mark(Tone::Bad, Mark::Failed),
            (_, Fate::Added) => Piece::Mark(Tone::Good, Mark::Added),
            (_, Fate::Removed) => Piece::Mark(Tone::Bad, Mark::Removed),
            (_, Fate::Kept) if called => Piece::Mark(Tone::Warning, Mark::Arrow),
            (_, Fate::Kept) => pad(1),
        };
        let number = number.map(|number| number.to_string()).unwrap_or_default();
        let mut gutter = vec![mark, Piece::Text(Tone::LineNumber, format!(" {number:>digits$} "))];
        if *indent > 0 {
            gutter.insert(0, pad(*indent));
        }
        let whole = |tone| [(line.clone(), tone)];
        match (failed, fate) {
            (Some(_), _) | (_, Fate::Removed) => self.code_line(gutter, source, line.clone(), &whole(Tone::Bad)),
            (_, Fate::Added) => self.code_line(gutter, source, line.clone(), &whole(Tone::Good)),
            (_, Fate::Kept) => self.code_line(gutter, source, line, parts),
        }
        for message in failed.iter().flat_map(|fault| fault.message.lines()) {
            let lead = vec![pad(indent + digits + 3), Piece::Mark(Tone::Bad, Mark::Arrow), pad(1)];
            self.lead(lead, Tone::Bad, message, None);
        }
    }
}

/// The bytes of each line without its end.
fn lines(source: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut start = 0;
    source.split_inclusive('\n').map(move |whole| {
        let line = start..start + whole.trim_end_matches(['\n', '\r']).len();
        start += whole.len();
        line
    })
}

fn texts<'a>(source: &'a str, lines: &[Range<usize>]) -> Vec<&'a str> {
    lines.iter().filter_map(|line| source.get(line.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::super::rows::Row;
    use super::*;

    /// Rows with their marks: `!` for a failure, `^` for a caller, `+` and `-` for what changed.
    fn shown(writer: &Writer) -> Vec<String> {
        let sign = |row: &Row| match row.pieces.first() {
            Some(Piece::Mark(_, Mark::Failed)) => "!",
            Some(Piece::Mark(_, Mark::Added)) => "+",
            Some(Piece::Mark(_, Mark::Removed)) => "-",
            Some(Piece::Mark(_, Mark::Arrow)) => "^",
            _ => "",
        };
        writer.rows.iter().map(|row| format!("{}{}", sign(row), row.text())).collect()
    }

    fn listed(width: usize, source: &str, fault: Option<Fault>) -> Vec<String> {
        let mut writer = Writer::new(width);
        writer.code(0, source, 1, fault.as_ref());
        shown(&writer)
    }

    #[test]
    fn a_wide_line_goes_on_beside_an_empty_gutter_under_its_own_indent() {
        let source = "def f(x):\n    return 'one two three four'\n";
        assert_eq!(listed(27, source, None), ["   1 def f(x):", "   2     return 'one two", "         three four'"]);
    }

    #[test]
    fn an_error_stands_under_the_whole_of_the_line_it_names() {
        let fault = Fault { line: 2, message: "NameError".into(), callers: vec![3] };
        let rows = listed(16, "x = 1\ny = one + two\nz = 3\n", Some(fault));
        assert_eq!(rows, ["   1 x = 1", "!  2 y = one +", "     two", "      NameError", "^  3 z = 3"]);
    }

    #[test]
    fn parts_of_a_program_keep_their_tone_over_a_wrap() {
        let mut writer = Writer::new(14);
        writer.code(0, "'one two three'\n", 1, None);
        let strings = writer.rows.iter().flat_map(|row| &row.pieces);
        let strings = strings.filter(|piece| matches!(piece, Piece::Text(Tone::String, _)));
        assert_eq!(strings.count(), 2);
    }

    #[test]
    fn what_changed_since_the_program_before_is_marked_and_the_rest_is_counted() {
        let before = "a\nb\nc\nd\ne\nf\ng\nh";
        let mut writer = Writer::new(40);
        let fault = Fault { line: 1, message: "no a".into(), ..Fault::default() };
        writer.code_since(before, "a\nb\nc\nd\ne\nF\ng\nh\n", Some(&fault));
        assert_eq!(
            shown(&writer),
            [
                "!  1 a",
                "      no a",
                "     … 2 lines alike",
                "   4 d",
                "   5 e",
                "-    f",
                "+  6 F",
                "   7 g",
                "   8 h"
            ]
        );
    }

    #[test]
    fn a_program_that_did_not_change_says_so_in_one_row() {
        let mut writer = Writer::new(40);
        writer.code_since("a\nb\n", "a\nb", None);
        assert_eq!(shown(&writer), ["     … 2 lines alike"]);
    }

    proptest::proptest! {
        #[test]
        fn every_line_that_came_or_went_is_shown(old in "([abc]\n){0,12}", new in "([abc]\n){0,12}") {
            let mut writer = Writer::new(40);
            writer.code_since(&old, &new, None);
            let rows = shown(&writer);
            let signed = |sign: char| rows.iter().filter(|row| row.starts_with(sign)).count() as isize;
            let count = |text: &str| text.lines().count() as isize;
            proptest::prop_assert_eq!(signed('+') - signed('-'), count(&new) - count(&old));
        }
    }
}
