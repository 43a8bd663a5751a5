//! Jobs: what one asks, what a worker replies, and the one state each ends in.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::fact::Finish;
use super::message::Usage;
use super::objects::objects;
use crate::document::{Located, Span};

/// One job as `prepare_jobs` returned it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    pub chunk: Chunk,
    pub task: String,
    pub advice: String,
}

/// The text a job reads.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Chunk {
    /// It stands in a document, word for word.
    Span(Span),
    /// Rows of a table behind the header rows they stand under, both of one document, word for word.
    Headed { header: Span, rows: Span },
    /// The program made it (joined, stripped, rewrote): it stands nowhere.
    Text(String),
}

impl Chunk {
    /// Where it stands, the header of its rows left out.
    pub fn place(&self) -> Option<Span> {
        match self {
            Chunk::Span(span) | Chunk::Headed { rows: span, .. } => Some(*span),
            Chunk::Text(_) => None,
        }
    }

    /// All that it holds of documents: its own place first.
    pub fn spans(&self) -> impl Iterator<Item = Span> + use<> {
        let header = match self {
            Chunk::Headed { header, .. } => Some(*header),
            Chunk::Span(_) | Chunk::Text(_) => None,
        };
        [self.place(), header].into_iter().flatten()
    }

    /// Its length in bytes.
    pub fn bytes(&self) -> usize {
        match self {
            Chunk::Text(text) => text.len(),
            Chunk::Span(_) | Chunk::Headed { .. } => self.spans().map(|span| span.len()).sum(),
        }
    }

    /// Its words, where `passage` has those of its spans.
    pub fn text<'a>(&'a self, passage: impl Fn(Span) -> Option<&'a str>) -> Option<Cow<'a, str>> {
        match self {
            Chunk::Span(span) => passage(*span).map(Cow::Borrowed),
            Chunk::Headed { header, rows } => Some(Cow::Owned([passage(*header)?, passage(*rows)?].concat())),
            Chunk::Text(text) => Some(Cow::Borrowed(text)),
        }
    }
}

/// One job of a round. Chunks, tasks and advice are indexes into the round's pools, since most jobs share them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedJob {
    pub chunk: u32,
    pub task: u32,
    pub advice: u32,
    /// The repetition, counted from 0.
    pub sample: u32,
}

/// What a worker says of a chunk. No answer means that it abstained.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobOutput {
    pub explanation: String,
    pub citation: Option<String>,
    pub answer: Option<String>,
}

impl JobOutput {
    /// What it says, part by part.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        [Some(&self.explanation), self.citation.as_ref(), self.answer.as_ref()]
            .into_iter()
            .flatten()
            .map(String::as_str)
    }
}

/// A worker's reply as it came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkerReply {
    pub text: String,
    pub finish: Finish,
    pub usage: Usage,
    /// What the server counted of replies before it that were of no use.
    #[serde(default)]
    pub useless: Usage,
}

/// What is wrong with a reply that could be read but not used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flaw {
    /// Not the JSON object asked for; the text says why.
    Malformed(String),
    /// It stopped at the token cap.
    Truncated,
}

/// The one state in which a job ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Outcome {
    Answered { output: JobOutput, located: Option<Located> },
    Abstained { output: JobOutput },
    Malformed { error: String, raw: String },
    Truncated { raw: String },
    Failed { error: String },
    Cancelled,
}

impl Outcome {
    /// Whether it ended in a way that another try may mend.
    pub fn is_trouble(&self) -> bool {
        !matches!(self, Outcome::Answered { .. } | Outcome::Abstained { .. })
    }

    /// Whether the worker replied, with whatever came of it.
    pub fn replied(&self) -> bool {
        !matches!(self, Outcome::Failed { .. } | Outcome::Cancelled)
    }

    pub fn name(&self) -> &'static str {
        match self {
            Outcome::Answered { .. } => "answered",
            Outcome::Abstained { .. } => "abstained",
            Outcome::Malformed { .. } => "malformed",
            Outcome::Truncated { .. } => "truncated",
            Outcome::Failed { .. } => "failed",
            Outcome::Cancelled => "cancelled",
        }
    }

    /// What the worker said, where it said something usable.
    pub fn output(&self) -> Option<&JobOutput> {
        match self {
            Outcome::Answered { output, .. } | Outcome::Abstained { output } => Some(output),
            _ => None,
        }
    }

    /// Where the citation stands in a document, if it does.
    pub fn located(&self) -> Option<&Located> {
        match self {
            Outcome::Answered { located, .. } => located.as_ref(),
            _ => None,
        }
    }
}

/// How one attempt at a job went, as the driver reports it.
#[derive(Clone, Debug, PartialEq)]
pub enum JobResult {
    /// The worker replied. `located` is where the reply's citation, if it has one, stands in the documents.
    Replied { reply: WorkerReply, located: Option<Located> },
    Failed {
        error: String,
        /// What the server counted of replies that were of no use.
        useless: Usage,
    },
    /// Another session has on record what came of the very same request.
    OnRecord { outcome: Outcome, raw: Option<String> },
}

const FIELDS: [&str; 3] = ["explanation", "citation", "answer"];

/// Reads a worker's reply: a JSON object with `explanation`, `citation` and `answer`.
///
/// Small models wrap JSON in fences, prose and thoughts; the first object in the text that has any of its fields is taken.
pub fn read_output(text: &str, finish: Finish) -> Result<JobOutput, Flaw> {
    read_reply(text, finish).map(|(output, _)| output)
}

/// The same, and the reply where it is more than the object that was read from it: prose and fences around it, fields that
/// nobody asked for, other ways to write nothing.
pub(super) fn read_reply(text: &str, finish: Finish) -> Result<(JobOutput, Option<String>), Flaw> {
    let cut = || {
        if finish == Finish::Length { Flaw::Truncated } else { Flaw::Malformed("no JSON object in the reply".into()) }
    };
    let mut flaw = None;
    let found = objects::<Fields>(text).find_map(|(place, fields)| {
        let wrong = match fields {
            Ok(fields) if fields.known.iter().any(Option::is_some) => return Some((place, fields)),
            Ok(_) => Flaw::Malformed("none of `explanation`, `citation`, `answer` is there".into()),
            Err(_) if finish == Finish::Length => Flaw::Truncated,
            Err(error) => Flaw::Malformed(error.to_string()),
        };
        flaw.get_or_insert(wrong);
        None
    });
    let Some((place, fields)) = found else { return Err(flaw.unwrap_or_else(cut)) };
    let optional = |at| fields.said(at).map(|said| said.filter(|text| says_something(text)));
    let output =
        JobOutput { explanation: fields.said(0)?.unwrap_or_default(), citation: optional(1)?, answer: optional(2)? };
    let around = [&text[..place.start], &text[place.end..]];
    let is_blank = |text: &str| text.bytes().all(|byte| matches!(byte, b' ' | b'\n' | b'\r' | b'\t'));
    let plain = !fields.has_others && fields.say_plainly(&output) && around.into_iter().all(is_blank);
    Ok((output, (!plain).then(|| text.to_owned())))
}

/// The fields of an object, as far as they are looked at.
#[derive(Default)]
struct Fields {
    /// In the order of [`FIELDS`]. Of one that is there twice, the last counts.
    known: [Option<Value>; 3],
    has_others: bool,
}

impl Fields {
    fn said(&self, at: usize) -> Result<Option<String>, Flaw> {
        match self.known.get(at).and_then(Option::as_ref) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(Value::Number(number)) => Ok(Some(number.to_string())),
            Some(Value::Bool(truth)) => Ok(Some(truth.to_string())),
            Some(_) => {
                let name = FIELDS.get(at).copied().unwrap_or_default();
                Err(Flaw::Malformed(format!("`{name}` must be a string or null")))
            }
        }
    }

    /// Whether the fields are what the output would be written as.
    fn say_plainly(&self, output: &JobOutput) -> bool {
        let explanation = Some(&output.explanation).filter(|text| !text.is_empty());
        let read = [explanation, output.citation.as_ref(), output.answer.as_ref()];
        self.known.iter().zip(read).all(|(field, read)| match (field, read) {
            (None | Some(Value::Null), None) => true,
            (Some(Value::String(said)), Some(read)) => said == read,
            (Some(Value::String(said)), None) => said.is_empty(),
            _ => false,
        })
    }
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: serde::Deserializer<'de>>(object: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Fields;

            fn expecting(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                to.write_str("a JSON object")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut object: A) -> Result<Fields, A::Error> {
                let mut fields = Fields::default();
                while let Some(name) = object.next_key::<Cow<'de, str>>()? {
                    let value = object.next_value::<Value>()?;
                    let known = FIELDS.iter().position(|known| *known == name);
                    match known.and_then(|at| fields.known.get_mut(at)) {
                        Some(field) => *field = Some(value),
                        None => fields.has_others = true,
                    }
                }
                Ok(fields)
            }
        }

        object.deserialize_map(Visitor)
    }
}

/// Whether an optional field holds more than one of the ways models write "nothing".
fn says_something(text: &str) -> bool {
    let bare = text.trim().trim_end_matches('.').to_ascii_lowercase();
    !matches!(bare.as_str(), "" | "none" | "null" | "n/a" | "not found" | "not specified")
}
