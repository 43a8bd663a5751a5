//! Text laid out in rows for a width: what the Planner and Answers panes and the overlays are made of.

use std::ops::Range;

use super::highlight::Part;
use super::programs::Programs;
use super::visible::{visible, width};
use super::wrap::wrap;
use crate::document::Match;
use crate::protocol::{JobId, Redaction};

/// What a piece of text is; the theme says how that looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tone {
    Text,
    Dim,
    Strong,
    Emphasis,
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
    /// A cell of a rule.
    Rule,
    Added,
    Removed,
    /// Of the document: read by a worker, cited, sent to the planner, gone to.
    Read,
    Cited,
    Left,
    GoneTo,
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
    /// Another place of the n-th citation, counted from 0 with the first one.
    Place(usize, usize),
    /// The citation of a job.
    Job(JobId),
    /// What a round found.
    Round(u32),
    /// A message of the request at a gate, and a line of the outputs there. Counted from 0.
    Message(u32),
    Line(usize),
}

/// What can be folded in the Planner pane. Numbers are those of the ask, over the whole session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fold {
    Prompt(u32),
    Reply(u32),
    /// What Python printed when the reply's program failed.
    Traceback(u32),
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

/// One line of text whose parts differ in tone.
#[derive(Clone, Debug, Default)]
pub struct Line {
    pub text: String,
    parts: Vec<Part>,
}

impl Line {
    /// Adds words, which may be from outside; they are made safe where they are cut into rows.
    pub fn push(&mut self, tone: Tone, words: &str) {
        let start = self.text.len();
        self.text.push_str(words);
        match self.parts.last_mut() {
            _ if words.is_empty() => {}
            Some((bytes, same)) if *same == tone => bytes.end = self.text.len(),
            _ => self.parts.push((start..self.text.len(), tone)),
        }
    }

    pub fn append(&mut self, other: &Line) {
        for (bytes, tone) in &other.parts {
            self.push(*tone, other.text.get(bytes.clone()).unwrap_or_default());
        }
    }

    pub fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }

    /// The bytes of it as pieces.
    pub fn pieces(&self, bytes: Range<usize>) -> Vec<Piece> {
        toned(&self.text, bytes, Tone::Text, &self.parts)
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

    pub fn width(&self) -> usize {
        self.width
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
        let hang = [pad(lead.iter().map(piece_width).sum())];
        let mut toned = Line::default();
        toned.push(tone, line);
        self.line(lead, &hang, &toned, target);
    }

    /// A line in several tones after `lead`; `hang`, which is as wide, stands before its further rows.
    pub fn line(&mut self, mut lead: Vec<Piece>, hang: &[Piece], line: &Line, target: Option<Target>) {
        let indent: usize = lead.iter().map(piece_width).sum();
        let mut hang = hang.to_vec();
        let mut room = self.width.saturating_sub(indent);
        if indent * 2 > self.width {
            // Too little room is left beside it: the line stands below.
            let says = lead.iter().any(|piece| !matches!(piece, Piece::Text(_, text) if text.trim().is_empty()));
            if says {
                self.row(std::mem::take(&mut lead), target);
            }
            (lead, hang, room) = (Vec::new(), Vec::new(), self.width);
        }
        for range in wrap(&line.text, room) {
            let shown = line.text.get(range.clone()).unwrap_or_default().trim_end();
            let mut pieces = std::mem::replace(&mut lead, hang.clone());
            pieces.extend(line.pieces(range.start..range.start + shown.len()));
            self.row(pieces, target);
        }
    }

    /// The bytes `line` of `source` after `lead`, in as many rows as they take.
    pub fn code_line(&mut self, mut lead: Vec<Piece>, source: &str, line: Range<usize>, parts: &[Part]) {
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
            pieces.extend(toned(source, from..from + shown.len(), Tone::Code, parts));
            self.row(pieces, None);
        }
    }
}

/// The bytes `within` of a text as pieces, each in the tone of its part, or in `plain`.
fn toned(source: &str, within: Range<usize>, plain: Tone, parts: &[Part]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut add = |tone, bytes: Range<usize>| match source.get(bytes) {
        None | Some("") => {}
        Some(words) => pieces.push(Piece::text(tone, words)),
    };
    let mut at = within.start;
    let first = parts.partition_point(|(bytes, _)| bytes.end <= within.start);
    for (bytes, tone) in parts.iter().skip(first).take_while(|(bytes, _)| bytes.start < within.end) {
        let (from, to) = (bytes.start.max(at), bytes.end.min(within.end));
        add(plain, at..from);
        add(*tone, from..to);
        at = to;
    }
    add(plain, at..within.end);
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

/// What is told of a citation that stands in no document.
pub fn not_found(citation: &str) -> &'static str {
    if Redaction::is_all_of(citation) { "redacted" } else { "not found in the documents" }
}

/// How a citation agrees with the document, in a word and a tone.
pub fn match_word(citation: &str, how: Option<Match>) -> (Tone, Mark, &'static str) {
    match how {
        Some(Match::Exact) => (Tone::Good, Mark::Done, "exact"),
        Some(Match::Normalised) => (Tone::Good, Mark::Done, "same words"),
        Some(Match::Fuzzy) => (Tone::Warning, Mark::Done, "nearly"),
        None if Redaction::is_all_of(citation) => (Tone::Warning, Mark::Failed, "redacted"),
        None => (Tone::Bad, Mark::Failed, "NOT FOUND"),
    }
}
