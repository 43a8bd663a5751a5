//! What a run comes to: the one object of `run --json`, and the plain answer for people.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{CharEscape, Formatter};

use crate::document::{Document, Match};
use crate::ledger::{Exposure, Ledger};
use crate::protocol::{AnswerCitation, ProtocolKind, State, Usage};

/// The object that `run --json` prints: a contract, so its fields and their names stay.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    pub session: String,
    pub protocol: ProtocolKind,
    /// The name of the [`Ending`](crate::protocol::Ending), or `unfinished`.
    pub outcome: &'static str,
    /// Nothing where the documents do not tell or the run did not get there.
    pub answer: Option<String>,
    pub citations: Vec<Citation>,
    pub rounds: u32,
    pub jobs: Jobs,
    pub usage: BothUsages,
    pub baseline: Baseline,
    pub exposed: Exposed,
    pub seconds: f64,
    /// Why there is no answer, for people.
    #[serde(skip)]
    pub reason: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Citation {
    /// The document's name. Nothing, as the three after it, where the quotation stands in no document.
    pub document: Option<String>,
    /// UTF-8 bytes: `text` is what stands at `start..end`.
    pub start: Option<usize>,
    pub end: Option<usize>,
    /// Counted from 1; nothing where the document has no pages.
    pub page: Option<usize>,
    /// The document's own words; what the remote LM quoted, where they were not found.
    pub text: String,
    #[serde(rename = "match")]
    pub how: CitationMatch,
    /// The line on which it begins, counted from 1, for people.
    #[serde(skip)]
    pub line: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CitationMatch {
    Exact,
    Normalised,
    NotFound,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Jobs {
    pub planned: u32,
    pub answered: u32,
    pub abstained: u32,
    pub malformed: u32,
    pub truncated: u32,
    pub failed: u32,
    pub cancelled: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct BothUsages {
    pub remote: LmUsage,
    pub local: LmUsage,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct LmUsage {
    pub calls: u64,
    pub input_tokens: u64,
    pub cached_input_tokens: u64,
    pub output_tokens: u64,
    pub reasoning_tokens: u64,
    /// Nothing where the price is not known.
    pub cost_usd: Option<f64>,
    /// Whether any of the tokens were estimated rather than counted by the server.
    pub estimated: bool,
}

impl LmUsage {
    fn new(calls: u64, usage: Usage, cost_usd: Option<f64>) -> Self {
        let Usage { input_tokens, cached_input_tokens, output_tokens, reasoning_tokens, estimated } = usage;
        Self { calls, input_tokens, cached_input_tokens, output_tokens, reasoning_tokens, cost_usd, estimated }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Baseline {
    pub input_tokens: u64,
    pub cost_usd: Option<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Exposed {
    pub bytes: usize,
    /// Of all bytes of the documents, 0 to 1.
    pub share: f64,
}

/// Draws up the report of a session, as far as it got. `documents` are the session's, in its order.
pub fn report(
    session_id: &str,
    state: &State,
    ledger: &Ledger,
    exposure: &Exposure,
    documents: &[Document],
    seconds: f64,
) -> Report {
    let totals = ledger.totals();
    let tally = totals.local.jobs;
    let answer = state.answer.as_ref();
    let citations = answer.map_or(&[][..], |answer| &answer.citations);
    let reason = state.ending().and_then(|ending| ending.reason());
    Report {
        session: session_id.to_owned(),
        protocol: state.settings().protocol,
        outcome: state.ending().map_or("unfinished", |ending| ending.name()),
        answer: answer.and_then(|answer| answer.answer.clone()),
        citations: citations.iter().map(|citation| cite(citation, documents)).collect(),
        rounds: state.rounds.len() as u32,
        jobs: Jobs {
            planned: tally.planned,
            answered: tally.answered,
            abstained: tally.abstained,
            malformed: tally.malformed,
            truncated: tally.truncated,
            failed: tally.failed,
            cancelled: tally.cancelled,
        },
        usage: BothUsages {
            remote: LmUsage::new(totals.remote.calls, totals.remote.tokens.all(), totals.remote_cost_usd),
            local: LmUsage::new(totals.local.calls, totals.local.tokens.all(), totals.local_cost_usd),
        },
        baseline: Baseline { input_tokens: totals.baseline.input_tokens, cost_usd: totals.baseline.cost_usd },
        exposed: Exposed { bytes: exposure.bytes(), share: exposure.share() },
        seconds,
        reason: reason.map(str::to_owned),
    }
}

fn cite(citation: &AnswerCitation, documents: &[Document]) -> Citation {
    let found = citation.located.and_then(|located| {
        let document = documents.get(located.span.document)?;
        let text = document.slice(located.span.start, located.span.end)?;
        Some((located, document, text))
    });
    let Some((located, document, text)) = found else {
        return Citation {
            document: None,
            start: None,
            end: None,
            page: None,
            text: citation.text.clone(),
            how: CitationMatch::NotFound,
            line: None,
        };
    };
    let before = document.text.as_bytes().get(..located.span.start).unwrap_or_default();
    Citation {
        document: Some(document.name.clone()),
        start: Some(located.span.start),
        end: Some(located.span.end),
        page: document.page_of(located.span.start),
        text: text.to_owned(),
        how: match located.how {
            Match::Exact => CitationMatch::Exact,
            Match::Normalised => CitationMatch::Normalised,
        },
        line: Some(memchr::memchr_iter(b'\n', before).count() + 1),
    }
}

impl Report {
    /// Writes the object on one line. Control characters that JSON leaves alone are escaped as well, so that a terminal
    /// shows them and does not obey them.
    pub fn write_json(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut line = Vec::new();
        self.serialize(&mut serde_json::Serializer::with_formatter(&mut line, TerminalSafe))?;
        line.push(b'\n');
        out.write_all(&line)
    }

    /// Writes the answer and, numbered, the words of the documents that it rests on; or why there is none.
    pub fn write_human(&self, out: &mut dyn Write) -> io::Result<()> {
        match (&self.answer, &self.reason) {
            (Some(answer), _) => writeln!(out, "{}", visible(answer.trim()))?,
            (None, Some(reason)) => writeln!(out, "No answer: {}.", visible(reason.trim().trim_end_matches('.')))?,
            (None, None) => writeln!(out, "No answer: the run was stopped before it came to one.")?,
        }
        if self.citations.is_empty() {
            if self.answer.is_some() {
                writeln!(out, "\nThe answer quotes no words of the documents.")?;
            }
            return Ok(());
        }
        writeln!(out)?;
        for (index, citation) in self.citations.iter().enumerate() {
            let words = visible(&one_line(&citation.text));
            writeln!(out, "[{}] {}: \"{words}\"", index + 1, citation.place())?;
        }
        Ok(())
    }
}

impl Citation {
    fn place(&self) -> String {
        let Some(document) = &self.document else { return "not found in the documents".into() };
        let document = visible(document);
        match (self.page, self.line) {
            (Some(page), _) => format!("{document}, page {page}"),
            (None, Some(line)) => format!("{document}, line {line}"),
            (None, None) => document,
        }
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// JSON in which no character but printable ones stands as itself.
struct TerminalSafe;

impl Formatter for TerminalSafe {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let mut rest = fragment;
        while let Some(at) = rest.find(obeyed) {
            writer.write_all(&rest.as_bytes()[..at])?;
            let length = rest[at..].chars().next().map_or(1, char::len_utf8);
            for unit in rest[at..at + length].encode_utf16() {
                write!(writer, "\\u{unit:04x}")?;
            }
            rest = &rest[at + length..];
        }
        writer.write_all(rest.as_bytes())
    }

    fn write_char_escape<W: ?Sized + Write>(&mut self, writer: &mut W, escape: CharEscape) -> io::Result<()> {
        serde_json::ser::CompactFormatter.write_char_escape(writer, escape)
    }
}

/// Whether a terminal would act on the character or be led astray by it: controls and bidirectional overrides.
fn obeyed(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

// To be replaced by `document::escape::visible`.
fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if obeyed(character) && character != '\n' && character != '\t' {
            shown.extend(character.escape_unicode());
        } else {
            shown.push(character);
        }
    }
    shown
}
