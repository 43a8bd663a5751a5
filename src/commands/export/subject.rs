//! What is exported: the session with its folds, redacted, and without the documents' text unless it was asked for.

use super::super::Failure;
use super::super::folds::Folds;
use super::super::noted::{all_notes, noted};
use super::super::report::{Report, report};
use super::redact::{Redaction, veiled};
use super::withheld::Withheld;
use crate::document::{Document, DocumentRef};
use crate::journal::{JournalError, Label, Note, Record, Session, Stored};
use crate::ledger::{Exposure, Ledger, Waited};
use crate::protocol::State;

pub struct Subject {
    pub label: Label,
    /// When it began, in milliseconds since 1970.
    pub began_ms: u64,
    pub state: State,
    /// Redacted. Where they are left out, every byte that was not cited is hidden.
    pub documents: Vec<Document>,
    pub with_documents: bool,
    pub report: Report,
    /// What of the time was the person's, or nobody's, in seconds.
    pub waited: f64,
    pub notes: Vec<Note>,
    pub warnings: Vec<String>,
    session: Session,
    redaction: Redaction,
    /// How many records there were when it was read.
    count: usize,
    /// As they are, for figures that are counted in them.
    originals: Vec<Document>,
}

/// A record of the session.
pub struct Told {
    /// As it is exported.
    pub shown: Record,
    /// As it was, for figures that are counted.
    pub whole: Record,
}

impl Subject {
    /// Reads the session once, and folds it. Its records are read again where they are told.
    pub fn read(session: &Session, redaction: Redaction, with_documents: bool) -> Result<Self, Failure> {
        let (opened, mut warnings) = (session.opened()?, Vec::new());
        let originals = match session.documents(opened.as_ref().map_or(&[], |opened| opened.documents.as_slice())) {
            Ok(documents) => documents,
            Err(error) if with_documents => return Err(error.into()),
            // What was cited is on record; only where it stands cannot be told.
            Err(_) => {
                warnings.extend(opened.iter().flat_map(|opened| unreadable(session, &opened.documents)));
                Vec::new()
            }
        };
        let documents: Vec<Document> = originals.iter().map(|document| redaction.document(document.clone())).collect();
        let (mut state, mut ledger, mut exposure) = (State::default(), Ledger::new(), Exposure::new(&originals));
        let mut records = session.records()?;
        let (mut count, mut began_ms, mut ended_ms) = (0, None, 0);
        let (mut waited, mut on_record) = (Waited::default(), Vec::new());
        for told in shown(records.by_ref(), &redaction, with_documents) {
            let Told { shown, whole } = told?;
            if let Some(fact) = shown.fact.known() {
                state.apply(fact);
                ledger.apply(fact);
                waited.apply(fact, whole.at_ms);
            }
            on_record.extend(noted(&shown));
            // What left the machine is found by the documents' words: in those that were sent.
            if let Some(fact) = whole.fact.known() {
                exposure.apply(fact);
            }
            count += 1;
            began_ms.get_or_insert(whole.at_ms);
            ended_ms = whole.at_ms;
        }
        let is_open = !records.closed() && count > 0;
        warnings.splice(0..0, records.into_warnings());
        if is_open {
            warnings.push("the session had not ended when it was exported".into());
        }
        let began_ms = began_ms.unwrap_or(0);
        let seconds = ended_ms.saturating_sub(began_ms) as f64 / 1e3;
        let report = report(session.id().as_str(), &state, &ledger, &exposure, &documents, seconds);
        let documents = if with_documents {
            documents
        } else {
            let cited = cited(&state, documents.len());
            documents.iter().zip(&cited).map(|(document, cited)| veiled(document, cited)).collect()
        };
        let label = session.label();
        let title = label.title.as_ref().map(|title| redaction.text(title).into_owned());
        let tags = label.tags.iter().map(|tag| redaction.text(tag).into_owned()).collect();
        let beside = session.notes().unwrap_or_default();
        let redacted = |note: Note| Note { text: redaction.text(&note.text).into_owned(), ..note };
        Ok(Self {
            label: Label { title, tags },
            began_ms,
            state,
            documents,
            with_documents,
            report,
            waited: waited.ms() as f64 / 1e3,
            notes: all_notes(on_record, beside.into_iter().map(redacted)),
            warnings: warnings.iter().map(|warning| redaction.text(warning).into_owned()).collect(),
            session: session.clone(),
            redaction,
            count,
            originals,
        })
    }

    /// Its records in their order, one at a time.
    pub fn records(&self) -> Result<impl Iterator<Item = Result<Told, Failure>> + '_, Failure> {
        // Of a session that runs there may be more by now.
        Ok(shown(self.session.records()?.take(self.count), &self.redaction, self.with_documents))
    }

    /// A fold of the session as it was, for figures at each record.
    pub fn folds(&self) -> Folds {
        Folds::new(&self.originals)
    }

    pub fn question(&self) -> &str {
        self.state.question()
    }
}

/// The records as they are exported: redacted, and without what they hold of the documents where that stays out.
fn shown(
    records: impl Iterator<Item = Result<Record, JournalError>>,
    redaction: &Redaction,
    with_documents: bool,
) -> impl Iterator<Item = Result<Told, Failure>> {
    let mut withheld = Withheld::default();
    records.map(move |whole| {
        let whole = whole?;
        let mut record = whole.clone();
        if let (Stored::Known(fact), false) = (&mut record.fact, with_documents) {
            withheld.withhold(fact);
        }
        Ok(Told { shown: redaction.record(&record).map_err(Failure::usage)?, whole })
    })
}

/// The documents whose text cannot be had, by their names alone: where they lay is nothing for others.
fn unreadable(session: &Session, documents: &[DocumentRef]) -> Vec<String> {
    let cannot = |document: &&DocumentRef| session.documents(std::slice::from_ref(*document)).is_err();
    let told = |document: &DocumentRef| {
        format!(
            "the text of {} is not there any more, or was changed; where words of it stand is not told",
            document.name
        )
    };
    documents.iter().filter(cannot).map(told).collect()
}

/// The parts of each document that an answer or a job cites, in order.
fn cited(state: &State, documents: usize) -> Vec<Vec<(usize, usize)>> {
    let in_answer =
        state.answer.iter().flat_map(|answer| &answer.citations).filter_map(|citation| citation.located.as_ref());
    let jobs = state.rounds.iter().flat_map(|round| &round.jobs);
    let in_jobs = jobs.filter_map(|job| job.outcome()?.located());
    let mut cited = vec![Vec::new(); documents];
    for located in in_answer.chain(in_jobs) {
        for span in located.places() {
            if let Some(of_document) = cited.get_mut(span.document) {
                of_document.push((span.start, span.end));
            }
        }
    }
    cited.iter_mut().for_each(|spans| spans.sort_unstable());
    cited
}
