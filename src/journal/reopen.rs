//! Goes on with a journal whose writer stopped: reads it whole, cuts off what was torn, and writes on.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use super::error::JournalError;
use super::lock::Lock;
use super::reader::{Line, Problem, ends};
use super::record::Record;
use super::session::{JOURNAL, Session};
use super::store::{private_file, sync_folder};
use super::warnings::Warnings;
use super::writer::{JournalWriter, Written};

/// Where the bytes of torn lines are kept.
pub(super) const TORN: &str = "journal.torn";

/// A session that can be written to again.
#[derive(Debug)]
pub struct Reopened {
    pub journal: JournalWriter,
    /// What was wrong with the file, each in one sentence that quotes nothing of it.
    pub warnings: Vec<String>,
}

pub(super) fn reopen(session: &Session, mut each: impl FnMut(Record)) -> Result<Reopened, JournalError> {
    // The system frees the lock of a process that has ended, however it ended.
    let lock = Lock::take(session.path(), session.id())?;
    if session.is_archived() {
        return Err(JournalError::Archived { id: session.id().to_string() });
    }
    let path = session.path().join(JOURNAL);
    let mut file =
        private_file().read(true).append(true).open(&path).map_err(JournalError::io("open for writing", &path))?;
    let (mut written, mut warnings, mut sealed) = (Written::default(), Warnings::default(), false);
    let mut torn = None;
    let mut lines = session.lines()?;
    while let Some(line) = lines.next()? {
        let is_whole = line.is_whole();
        match line.record() {
            Ok(record) => {
                if record.seq != written.seq + 1 {
                    let (number, expected) = (line.number, written.seq + 1);
                    warnings
                        .push(|| format!("line {number}: record {} stands where {expected} was expected", record.seq));
                }
                sealed = ends(&record);
                written.seq = written.seq.max(record.seq);
                written.at_ms = written.at_ms.max(record.at_ms);
                written.hash.update(line.bytes);
                if !is_whole {
                    // All of the record is there but its line feed.
                    file.write_all(b"\n").map_err(JournalError::io("write", &path))?;
                    written.hash.update(b"\n");
                }
                each(record);
                if !is_whole {
                    break;
                }
            }
            Err(Problem::Torn) => {
                cut_off(session.path(), &file, &line)?;
                torn = Some(format!("the last record was cut off while it was written; its bytes are kept in {TORN}"));
                break;
            }
            Err(problem) => {
                written.hash.update(line.bytes);
                let warning = problem.into_warning(&path)?;
                warnings.push(|| warning);
            }
        }
    }
    if sealed {
        return Err(JournalError::Sealed { id: session.id().to_string() });
    }
    written.length = file.metadata().map_err(JournalError::io("look at", &path))?.len();
    let warnings = warnings.into_told().into_iter().chain(torn).collect();
    Ok(Reopened { journal: JournalWriter::go_on(session, file, lock, written)?, warnings })
}

/// Takes the line out of the journal, and keeps its bytes beside it.
fn cut_off(folder: &Path, journal: &File, line: &Line<'_>) -> Result<(), JournalError> {
    let path = folder.join(TORN);
    let kept = private_file().append(true).create(true).open(&path);
    let mut kept = kept.map_err(JournalError::io("open", &path))?;
    let written = kept.write_all(line.bytes).and_then(|()| kept.write_all(b"\n")).and_then(|()| kept.sync_all());
    written.map_err(JournalError::io("write", &path))?;
    sync_folder(folder)?;
    let cut = journal.set_len(line.start).and_then(|()| journal.sync_all());
    cut.map_err(JournalError::io("cut the torn end off", &folder.join(JOURNAL)))
}
