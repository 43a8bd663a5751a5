//! Text laid out in rows for a width: what the Planner and Answers panes and the overlays are made of.

use super::visible::{glyphs, visible, width};
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
}

impl Writer {
    pub fn new(width: usize) -> Self {
        Self { width: width.max(1), rows: Vec::new() }
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

    /// Numbered lines of a program, cut at the edge, with an error under the line it names.
    pub fn code(&mut self, source: &str, error: Option<(u32, &str)>) {
        let digits = source.lines().count().max(1).to_string().len().max(2);
        for (at, line) in source.lines().enumerate() {
            let number = at as u32 + 1;
            let wrong = error.filter(|(line, _)| *line == number);
            let (tone, mark) =
                if wrong.is_some() { (Tone::Bad, Piece::Mark(Tone::Bad, Mark::Failed)) } else { (Tone::Code, pad(1)) };
            let gutter = Piece::Text(Tone::LineNumber, format!(" {number:>digits$} "));
            let room = self.width.saturating_sub(digits + 3);
            self.row(vec![mark, gutter, Piece::Text(tone, cut(line, room))], None);
            if let Some((_, message)) = wrong {
                self.lead(vec![pad(digits + 3), Piece::Mark(Tone::Bad, Mark::Arrow), pad(1)], Tone::Bad, message, None);
            }
        }
    }
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

/// The start of a line that fits into `room` cells, safe to draw.
pub fn cut(line: &str, room: usize) -> String {
    let mut shown = String::new();
    let mut column = 0;
    for glyph in glyphs(line) {
        if column + glyph.width > room {
            break;
        }
        column += glyph.width;
        shown.push_str(&glyph.text);
    }
    shown
}

/// How a citation agrees with the document, in a word and a tone.
pub fn match_word(how: Option<Match>) -> (Tone, Mark, &'static str) {
    match how {
        Some(Match::Exact) => (Tone::Good, Mark::Done, "exact"),
        Some(Match::Normalised) => (Tone::Warning, Mark::Done, "nearly"),
        None => (Tone::Bad, Mark::Failed, "NOT FOUND"),
    }
}
