//! One line of the journal, and how it is written and read. This is the file format, version 1.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::protocol::{Fact, Purpose};

/// The major version that is written, and the newest that can be read.
pub const FORMAT_VERSION: u32 = 1;

/// A fact on record.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// The format's major version.
    pub v: u32,
    /// Counted from 1, without gaps.
    pub seq: u64,
    /// Milliseconds since 1970 in UTC; never smaller than that of the record before.
    pub at_ms: u64,
    pub fact: Stored,
    /// On the last record of a finished session: the blake3 hash of all bytes before this line, in hexadecimal.
    pub blake3: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Stored {
    Known(Box<Fact>),
    /// A fact that this version of the program does not know, as it stands in the file.
    Unknown(serde_json::Value),
}

impl Stored {
    pub fn known(&self) -> Option<&Fact> {
        match self {
            Stored::Known(fact) => Some(fact),
            Stored::Unknown(_) => None,
        }
    }

    /// The `kind` of a fact that is not known.
    pub fn unknown_kind(&self) -> Option<&str> {
        match self {
            Stored::Known(_) => None,
            Stored::Unknown(value) => Some(value.get("kind").and_then(|kind| kind.as_str()).unwrap_or("?")),
        }
    }
}

/// The record as it is written.
#[derive(Serialize)]
struct Line<'a> {
    v: u32,
    seq: u64,
    at_ms: u64,
    fact: &'a Fact,
    #[serde(skip_serializing_if = "Option::is_none")]
    blake3: Option<&'a str>,
}

/// The record as it is read: fields that are not known are passed over, so that a later minor version may add some.
#[derive(Deserialize)]
struct Read<F> {
    v: u32,
    seq: u64,
    at_ms: u64,
    fact: F,
    #[serde(default)]
    blake3: Option<String>,
}

#[derive(Deserialize)]
struct VersionOnly {
    v: u64,
}

/// Appends the record's line with its line feed to `to`.
pub(super) fn write_line(
    to: &mut Vec<u8>,
    seq: u64,
    at_ms: u64,
    fact: &Fact,
    blake3: Option<&str>,
) -> Result<(), serde_json::Error> {
    serde_json::to_writer(&mut *to, &Line { v: FORMAT_VERSION, seq, at_ms, fact, blake3 })?;
    to.push(b'\n');
    Ok(())
}

/// Why a line is no record.
#[derive(Debug)]
pub(super) enum BadLine {
    /// Written by a program of a newer major version.
    Newer(u64),
    /// No record at all; the reason holds nothing of the line.
    Garbage(String),
}

/// Reads a line, with or without its line feed.
pub(super) fn read_line(line: &[u8]) -> Result<Record, BadLine> {
    let garbage = |error: serde_json::Error| BadLine::Garbage(describe(&error));
    let known = serde_json::from_slice::<Read<Box<Fact>>>(line);
    let record = match known {
        Ok(Read { v, seq, at_ms, fact, blake3 }) => Record { v, seq, at_ms, fact: Stored::Known(fact), blake3 },
        Err(_) => {
            // The version comes first: of a newer one nothing else can be relied upon.
            if let Ok(VersionOnly { v }) = serde_json::from_slice(line)
                && v > u64::from(FORMAT_VERSION)
            {
                return Err(BadLine::Newer(v));
            }
            let Read { v, seq, at_ms, fact, blake3 } =
                serde_json::from_slice::<Read<serde_json::Value>>(line).map_err(garbage)?;
            if !fact.get("kind").is_some_and(|kind| kind.is_string()) {
                return Err(BadLine::Garbage("its fact has no kind".into()));
            }
            Record { v, seq, at_ms, fact: Stored::Unknown(fact), blake3 }
        }
    };
    match record.v {
        0 => Err(BadLine::Garbage("its format version is 0".into())),
        v if v > FORMAT_VERSION => Err(BadLine::Newer(v.into())),
        _ => Ok(record),
    }
}

/// The kinds of fact that a long journal consists of, by what can be told of them without reading their texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bulk {
    JobStarted,
    JobFinished,
    Asked(Purpose),
    Planned,
    Aggregated,
    /// A reply or a program.
    Written,
}

/// A record of which only the kind was looked at.
pub(super) struct Glance {
    pub seq: u64,
    pub at_ms: u64,
    pub bulk: Bulk,
}

/// Looks at a line no further than is needed to tell where it belongs; nothing where it is of another kind, or has to be read
/// to tell what is wrong with it. That the texts of a line are in order is not looked at, so that one may be a
/// [glance](Glance) and no record.
pub(super) fn glance(line: &[u8]) -> Option<Glance> {
    #[derive(Deserialize)]
    struct Kind<'a> {
        #[serde(borrow)]
        kind: Cow<'a, str>,
        purpose: Option<Purpose>,
    }
    // Checked once for the whole line; what is passed over is not looked at again.
    let line = std::str::from_utf8(line).ok()?;
    let Read { v, seq, at_ms, fact, .. } = serde_json::from_str::<Read<Kind>>(line).ok()?;
    let bulk = match (&*fact.kind, fact.purpose) {
        ("job_started", _) => Bulk::JobStarted,
        ("job_finished", _) => Bulk::JobFinished,
        ("remote_asked", Some(purpose)) => Bulk::Asked(purpose),
        ("jobs_planned", _) => Bulk::Planned,
        ("outputs_aggregated", _) => Bulk::Aggregated,
        ("remote_answered" | "code_received", _) => Bulk::Written,
        _ => return None,
    };
    (v == FORMAT_VERSION).then_some(Glance { seq, at_ms, bulk })
}

/// What is wrong with the JSON, without quoting any of it: it may hold text of the document.
fn describe(error: &serde_json::Error) -> String {
    match error.classify() {
        serde_json::error::Category::Data => format!("it is no record of this format (at column {})", error.column()),
        serde_json::error::Category::Eof => "it was cut off".into(),
        _ => format!("it is no JSON (at column {})", error.column()),
    }
}
