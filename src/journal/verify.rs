//! Checks that a session is what was written: numbers without gaps, an intact seal, documents that fit their hashes.

use serde::Serialize;

use super::error::JournalError;
use super::reader::ends;
use super::session::Session;
use crate::document::DocumentRef;
use crate::protocol::Fact;

/// What was found when a session was read whole: its records, its seal, and the documents against their hashes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verification {
    pub records: u64,
    pub documents: usize,
    pub seal: Seal,
    /// What is wrong, each in one sentence; empty where nothing is.
    pub problems: Vec<String>,
}

impl Verification {
    pub fn is_intact(&self) -> bool {
        self.problems.is_empty()
    }
}

/// Whether the last record's hash fits all that stands before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Seal {
    Intact,
    Broken,
    /// The session has not ended, so nothing seals it yet.
    None,
}

pub(super) fn verify(session: &Session) -> Result<Verification, JournalError> {
    let mut found = Verification { records: 0, documents: 0, seal: Seal::None, problems: Vec::new() };
    let mut references: Vec<DocumentRef> = Vec::new();
    let mut before = blake3::Hasher::new();
    let (mut last_seq, mut last_at_ms) = (0, 0);
    let mut lines = session.lines()?;
    while let Some(line) = lines.next()? {
        if found.seal != Seal::None {
            found.problems.push(format!("line {} stands after the end of the session", line.number));
        }
        let record = match line.record() {
            Ok(record) => record,
            Err(problem) => {
                found.problems.push(problem.into_warning(session.path())?);
                before.update(line.bytes);
                continue;
            }
        };
        found.records += 1;
        if record.seq != last_seq + 1 {
            found.problems.push(format!(
                "line {}: record {} stands where {} was expected",
                line.number,
                record.seq,
                last_seq + 1
            ));
        }
        if record.at_ms < last_at_ms {
            found.problems.push(format!("line {}: its time lies before that of the record before it", line.number));
        }
        (last_seq, last_at_ms) = (record.seq, record.at_ms);
        if ends(&record) {
            let intact = record.blake3.as_deref() == Some(before.finalize().to_hex().as_str());
            found.seal = if intact { Seal::Intact } else { Seal::Broken };
            if !intact {
                found.problems.push("the journal was changed after it was sealed: its hash does not fit".into());
            }
        }
        if let Some(Fact::SessionOpened(opened)) = record.fact.known() {
            references.clone_from(&opened.documents);
        }
        before.update(line.bytes);
    }
    if found.records == 0 {
        found.problems.push("the journal holds no record".into());
    }
    found.documents = references.len();
    for reference in &references {
        if let Err(error) = session.documents(std::slice::from_ref(reference)) {
            found.problems.push(error.to_string());
        }
    }
    Ok(found)
}
