//! Text laid out in rows for a width: what the Planner and Answers panes and the overlays are made of.

use std::ops::Range;

use super::highlight::Part;
use super::programs::Programs;
use super::visible::{visible, width};
use super::wrap::wrap;
use crate::document::Match;
use crate::protocol::JobId;

/// What a piece of text is; the theme says how that looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tone {
    Text,
    Dim,
    Strong,
    Heading,
    Accent,
    Good,
    Warning,
    Bad,
    Code,
    Keyword,
    Function,
    String,
    Number,
    Comment,
    LineNumber,
    Quote,
    Key,
}

/// A mark in front of or within text; the view has a Unicode and an ASCII form of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mark {
    Folded,
    Unfolded,
    Done,
    Failed,
    Current,
    Waiting,
    Bullet,
    Dot,
    Bar,
    Arrow,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Safe to draw as it is.
    Text(Tone, String),
    Mark(Tone, Mark),
}

impl Piece {
    /// One line of text from outside or of our own; it is made safe here.
    pub fn text(tone: Tone, text: impl AsRef<str>) -> Self {
        Self::Text(tone, visible(text.as_ref()).into_owned())
    }
}

/// What Enter does on a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    Fold(Fold),
    /// The n-th citation (from 0) of the final answer.
    Citation(usize),
    /// The citation of a job.
    Job(JobId),
}

/// What can be folded in the Planner pane. Numbers are those of the ask, over the whole session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fold {
    Prompt(u32),
    Reply(u32),
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    pub pieces: Vec<Piece>,
    pub target: Option<Target>,
}

impl Row {
    /// The row's words without its marks.
    pub fn text(&self) -> String {
        let words: Vec<&str> = self
            .pieces
            .iter()
            .filter_map(|piece| match piece {
                Piece::Text(_, text) => Some(text.as_str()),
                Piece::Mark(..) => None,
            })
            .collect();
        words.concat()
    }
}

/// Writes rows at a width.
#[derive(Debug)]
pub struct Writer {
    width: usize,
    pub rows: Vec<Row>,
    pub programs: Programs,
}

impl Writer {
    pub fn new(width: usize) -> Self {
        Self::knowing(Programs::default(), width)
    }

    /// A writer that reads only the programs that are new.
    pub fn knowing(programs: Programs, width: usize) -> Self {
        Self { width: width.max(1), rows: Vec::new(), programs }
    }

    pub fn blank(&mut self) {
        if self.rows.last().is_some_and(|row| !row.pieces.is_empty()) {
            self.rows.push(Row::default());
        }
    }

    pub fn row(&mut self, pieces: Vec<Piece>, target: Option<Target>) {
        self.rows.push(Row { pieces, target });
    }

    /// Paragraphs of text, wrapped, each row behind `indent` spaces.
    pub fn text(&mut self, tone: Tone, indent: usize, text: &str, target: Option<Target>) {
        for line in text.trim_end().lines() {
            self.lead(vec![pad(indent)], tone, line, target);
        }
    }

    /// One line of text after `lead`, its further rows under its first.
    pub fn lead(&mut self, lead: Vec<Piece>, tone: Tone, line: &str, target: Option<Target>) {
        let indent: usize = lead.iter().map(piece_width).sum();
        let indent = if indent * 2 > self.width { 0 } else { indent };
        let mut lead = Some(lead);
        for range in wrap(line, self.width.saturating_sub(indent)) {
            let mut pieces = lead.take().unwrap_or_else(|| vec![pad(indent)]);
            let shown = line.get(range).unwrap_or_default();
            pieces.push(Piece::Text(tone, visible(shown.trim_end()).into_owned()));
            self.rows.push(Row { pieces, target });
        }
    }

    /// A program with its lines numbered and an error under the line it names. What is wider than the pane goes on
    /// under the line's first word, beside an empty gutter: nothing of a program is out of sight.
    pub fn code(&mut self, source: &str, error: Option<(u32, &str)>) {
        let digits = source.lines().count().max(1).to_string().len().max(2);
        let parts = self.programs.parts(source);
        let mut start = 0;
        for (number, whole) in (1..).zip(source.split_inclusive('\n')) {
            let line = start..start + whole.trim_end_matches(['\n', '\r']).len();
            start += whole.len();
            let gutter = Piece::Text(Tone::LineNumber, format!(" {number:>digits$} "));
            match error.filter(|(wrong, _)| *wrong == number) {
                None => self.code_line(vec![pad(1), gutter], source, line, &parts),
                Some((_, message)) => {
                    let wrong = [(line.clone(), Tone::Bad)];
                    self.code_line(vec![Piece::Mark(Tone::Bad, Mark::Failed), gutter], source, line, &wrong);
                    let lead = vec![pad(digits + 3), Piece::Mark(Tone::Bad, Mark::Arrow), pad(1)];
                    self.lead(lead, Tone::Bad, message, None);
                }
            }
        }
    }

    /// The bytes `line` of `source` after `lead`, in as many rows as they take.
    fn code_line(&mut self, mut lead: Vec<Piece>, source: &str, line: Range<usize>, parts: &[Part]) {
        let text = source.get(line.clone()).unwrap_or_default();
        let words = text.trim_start_matches([' ', '\t']);
        let gutter: usize = lead.iter().map(piece_width).sum();
        let indent = width(&text[..text.len() - words.len()]);
        let indent = if (gutter + indent) * 2 > self.width { 0 } else { indent };
        lead.push(pad(indent));
        let start = line.end - words.len();
        for range in wrap(words, self.width.saturating_sub(gutter + indent)) {
            let shown = words.get(range.clone()).unwrap_or_default().trim_end();
            let from = start + range.start;
            let mut pieces = std::mem::replace(&mut lead, vec![pad(gutter + indent)]);
            pieces.extend(toned(source, from..from + shown.len(), parts));
            self.row(pieces, None);
        }
    }
}

/// The bytes `within` of a program as pieces, each in the tone of its part.
fn toned(source: &str, within: Range<usize>, parts: &[Part]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut add = |tone, bytes: Range<usize>| match source.get(bytes) {
        None | Some("") => {}
        Some(words) => pieces.push(Piece::text(tone, words)),
    };
    let mut at = within.start;
    let first = parts.partition_point(|(bytes, _)| bytes.end <= within.start);
    for (bytes, tone) in parts.iter().skip(first).take_while(|(bytes, _)| bytes.start < within.end) {
        let (from, to) = (bytes.start.max(at), bytes.end.min(within.end));
        add(Tone::Code, at..from);
        add(*tone, from..to);
        at = to;
    }
    add(Tone::Code, at..within.end);
    pieces
}

/// Spaces.
pub fn pad(cells: usize) -> Piece {
    Piece::Text(Tone::Text, " ".repeat(cells))
}

pub fn piece_width(piece: &Piece) -> usize {
    match piece {
        Piece::Text(_, text) => width(text),
        Piece::Mark(..) => 1,
    }
}

/// How a citation agrees with the document, in a word and a tone.
pub fn match_word(how: Option<Match>) -> (Tone, Mark, &'static str) {
    match how {
        Some(Match::Exact) => (Tone::Good, Mark::Done, "exact"),
        Some(Match::Normalised) => (Tone::Warning, Mark::Done, "nearly"),
        None => (Tone::Bad, Mark::Failed, "NOT FOUND"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(width: usize, source: &str, error: Option<(u32, &str)>) -> Vec<String> {
        let mut writer = Writer::new(width);
        writer.code(source, error);
        writer.rows.iter().map(Row::text).collect()
    }

    #[test]
    fn a_wide_line_goes_on_beside_an_empty_gutter_under_its_own_indent() {
        let source = "def f(x):\n    return 'one two three four'\n";
        assert_eq!(shown(27, source, None), ["   1 def f(x):", "   2     return 'one two", "         three four'"]);
    }

    #[test]
    fn an_error_stands_under_the_whole_of_the_line_it_names() {
        let rows = shown(16, "x = 1\ny = one + two\nz = 3\n", Some((2, "NameError")));
        assert_eq!(rows, ["   1 x = 1", "  2 y = one +", "     two", "      NameError", "   3 z = 3"]);
    }

    #[test]
    fn parts_of_a_program_keep_their_tone_over_a_wrap() {
        let mut writer = Writer::new(14);
        writer.code("'one two three'\n", None);
        let strings = writer.rows.iter().flat_map(|row| &row.pieces);
        let strings = strings.filter(|piece| matches!(piece, Piece::Text(Tone::String, _)));
        assert_eq!(strings.count(), 2);
    }
}
