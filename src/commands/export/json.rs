//! One JSON object: that of `run --json` with its names, and all that is on record.

use std::io::Write;

use serde::Serialize;
use serde_json::Value;

use super::super::Failure;
use super::super::json_line::json_line;
use super::super::report::Report;
use super::subject::Subject;
use crate::journal::{Note, Stored};
use crate::protocol::{Fact, ModelInfo};

#[derive(Serialize)]
struct Exported<'a> {
    #[serde(flatten)]
    report: &'a Report,
    question: &'a str,
    explanation: Option<&'a str>,
    title: Option<&'a str>,
    tags: &'a [String],
    remote: Option<&'a ModelInfo>,
    local: Option<&'a ModelInfo>,
    documents: Vec<DocumentEntry<'a>>,
    records: Vec<RecordEntry<'a>>,
    notes: &'a [Note],
    warnings: &'a [String],
}

#[derive(Serialize)]
struct DocumentEntry<'a> {
    name: &'a str,
    /// The blake3 of its text as it was read.
    hash: String,
    bytes: usize,
    pages: usize,
    /// Only where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
}

#[derive(Serialize)]
struct RecordEntry<'a> {
    seq: u64,
    at_ms: u64,
    fact: FactEntry<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum FactEntry<'a> {
    Known(&'a Fact),
    Unknown(&'a Value),
}

pub fn write(subject: &Subject, out: &mut dyn Write) -> Result<(), Failure> {
    let opened = subject.state.opened.as_ref();
    let references = opened.map_or(&[][..], |opened| &opened.documents);
    let documents = references.iter().enumerate().map(|(index, reference)| DocumentEntry {
        name: &reference.name,
        hash: reference.hash.to_string(),
        bytes: reference.bytes,
        pages: reference.pages,
        text: subject.documents.get(index).filter(|_| subject.with_documents).map(|document| &*document.text),
    });
    let records = subject.records.iter().map(|record| RecordEntry {
        seq: record.seq,
        at_ms: record.at_ms,
        fact: match &record.fact {
            Stored::Known(fact) => FactEntry::Known(fact),
            Stored::Unknown(value) => FactEntry::Unknown(value),
        },
    });
    let exported = Exported {
        report: &subject.report,
        question: subject.question(),
        explanation: subject.state.answer.as_ref().map(|answer| answer.explanation.as_str()),
        title: subject.label.title.as_deref(),
        tags: &subject.label.tags,
        remote: opened.map(|opened| &opened.remote),
        local: opened.map(|opened| &opened.local),
        documents: documents.collect(),
        records: records.collect(),
        notes: &subject.notes,
        warnings: &subject.warnings,
    };
    json_line(&exported, out)?;
    Ok(())
}
