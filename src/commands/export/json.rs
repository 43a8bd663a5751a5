//! One JSON object: that of `run --json` with its names, and all that is on record.

use std::io::Write;

use serde::ser::{Error, SerializeSeq};
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::super::Failure;
use super::super::json_line::json_through;
use super::super::report::Report;
use super::subject::{Subject, Told};
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
    records: Records<'a>,
    notes: &'a [Note],
    warnings: &'a [String],
}

/// They are read as they are written, however many there are.
struct Records<'a>(&'a Subject);

impl Serialize for Records<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut all = serializer.serialize_seq(None)?;
        for told in self.0.records().map_err(S::Error::custom)? {
            let Told { shown, .. } = told.map_err(S::Error::custom)?;
            let fact = match &shown.fact {
                Stored::Known(fact) => FactEntry::Known(fact),
                Stored::Unknown(value) => FactEntry::Unknown(value),
            };
            all.serialize_element(&RecordEntry { seq: shown.seq, at_ms: shown.at_ms, fact })?;
        }
        all.end()
    }
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
    let exported = Exported {
        report: &subject.report,
        question: subject.question(),
        explanation: subject.state.answer.as_ref().map(|answer| answer.explanation.as_str()),
        title: subject.label.title.as_deref(),
        tags: &subject.label.tags,
        remote: opened.map(|opened| &opened.remote),
        local: opened.map(|opened| &opened.local),
        documents: documents.collect(),
        records: Records(subject),
        notes: &subject.notes,
        warnings: &subject.warnings,
    };
    json_through(&exported, out)?;
    Ok(())
}
