//! The file format of version 1. A change that makes one of these fail breaks sessions that people have on disk.

mod samples;

use std::fs;
use std::path::{Path, PathBuf};

use super::*;
use crate::journal::record::write_line;
use crate::protocol::*;
use samples::samples;

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

#[test]
fn every_fact_is_written_and_read_as_version_1_has_it() {
    let mut written = Vec::new();
    for (fact, seq) in samples().iter().zip(1..) {
        write_line(&mut written, seq, 1_795_457_701_000 + seq, fact, None).unwrap();
    }
    let kept = fs::read_to_string(golden("v1-facts.jsonl")).unwrap();
    // Lines are only ever added.
    let kept = match std::env::var_os("UPDATE_GOLDEN") {
        Some(_) if written.starts_with(kept.as_bytes()) => {
            fs::write(golden("v1-facts.jsonl"), &written).unwrap();
            String::from_utf8(written.clone()).unwrap()
        }
        _ => kept,
    };
    let mut kept = kept.lines();
    for now in String::from_utf8(written).unwrap().lines() {
        assert_eq!(
            kept.next(),
            Some(now),
            "a new kind of fact needs this line at the end of tests/golden/v1-facts.jsonl: run with UPDATE_GOLDEN=1"
        );
    }
    let journal = Journal::read(&golden("v1-facts.jsonl")).unwrap();
    assert_eq!(journal.warnings, Vec::<String>::new());
    assert_eq!(journal.facts().cloned().collect::<Vec<_>>(), samples());
    assert_eq!(samples().iter().map(kind).collect::<std::collections::BTreeSet<_>>().len(), KINDS);
}

#[test]
fn a_session_of_version_1_stays_whole_and_readable() {
    let session = Session::at(&golden("v1-session")).unwrap();
    assert_eq!(session.id().as_str(), "v1-session");
    let found = session.verify().unwrap();
    assert_eq!((found.problems.as_slice(), found.seal, found.documents), ([].as_slice(), Seal::Intact, 2));
    let journal = session.read().unwrap();
    assert!(journal.closed && journal.warnings.is_empty());
    let state = fold(journal.facts());
    assert_eq!(state.ending(), Some(&Ending::Answered));
    assert_eq!(session.documents(&state.opened.unwrap().documents).unwrap(), documents());
    assert_eq!(session.summary().problem, None);
}

const KINDS: usize = 47;

/// Written without a wildcard, so that a new kind of fact needs a number here and a sample below.
fn kind(fact: &Fact) -> usize {
    match fact {
        Fact::SessionOpened(_) => 1,
        Fact::RoundBegan { .. } => 2,
        Fact::RemoteAsked(_) => 3,
        Fact::RemoteAnswered(_) => 4,
        Fact::RemoteFailed(_) => 5,
        Fact::CodeReceived { .. } => 6,
        Fact::CodeRejected { .. } => 7,
        Fact::JobsPlanned(_) => 8,
        Fact::JobStarted { .. } => 9,
        Fact::JobRetried { .. } => 10,
        Fact::JobFinished { .. } => 11,
        Fact::TransformBegan { .. } => 12,
        Fact::OutputsAggregated { .. } => 13,
        Fact::Decided { .. } => 14,
        Fact::DecisionRejected { .. } => 15,
        Fact::Answered { .. } => 16,
        Fact::UtilizationSampled(_) => 17,
        Fact::NoteAdded { .. } => 18,
        Fact::EmbeddingFailed { .. } => 19,
        Fact::BudgetReached(_) => 20,
        Fact::BudgetRaised { .. } => 21,
        Fact::DocumentsCounted(_) => 22,
        Fact::JobReopened { .. } => 23,
        Fact::ModelsChosen(_) => 24,
        Fact::GatesChosen { .. } => 25,
        Fact::RanOn { .. } => 26,
        Fact::GateReached { .. } => 27,
        Fact::GatePassed { .. } => 28,
        Fact::RequestEdited { .. } => 29,
        Fact::ProgramEdited { .. } => 30,
        Fact::JobsDropped { .. } => 31,
        Fact::OutputsEdited { .. } => 32,
        Fact::DecisionChanged { .. } => 33,
        Fact::SessionResumed(_) => 34,
        Fact::RemoteInterrupted(_) => 35,
        Fact::ResendAllowed { .. } => 36,
        Fact::LeversChosen(_) => 37,
        Fact::ConsentAsked { .. } => 38,
        Fact::ConsentGiven => 39,
        Fact::ExposureReached(_) => 40,
        Fact::ExposureRaised { .. } => 41,
        Fact::WordsRedacted { .. } => 42,
        Fact::PassagesPinned { .. } => 43,
        Fact::RunPaused { .. } => 44,
        Fact::RunContinued => 45,
        Fact::JobUseless { .. } => 46,
        Fact::SessionEnded { .. } => KINDS,
    }
}
