//! Reads records of a journal again, by where they begin: what was passed by need not be held in memory.

use serde_json::Value;

use super::error::JournalError;
use super::reader::{Lines, Problem};
use super::record::{FORMAT_VERSION, Record, Stored};
use super::session::{JOURNAL, Session};

/// A journal that is open for its records to be read in any order; one after the other is fastest. It stays readable where it is
/// archived or deleted meanwhile.
pub struct Again {
    lines: Lines,
    session: Session,
}

impl Session {
    /// Opens the journal for its records to be read again.
    pub fn again(&self) -> Result<Again, JournalError> {
        Ok(Again { lines: self.lines()?, session: self.clone() })
    }
}

impl Again {
    /// The record of this number, which begins at this byte. An error where another one stands there by now.
    pub fn record(&mut self, start: u64, seq: u64) -> Result<Record, JournalError> {
        self.lines.go_to(start)?;
        let changed = || JournalError::Changed { path: self.session.path().join(JOURNAL), seq };
        let Some(line) = self.lines.next()? else { return Err(changed()) };
        match line.record() {
            Ok(record) if record.seq == seq => Ok(record),
            // A text in it is not in order: it holds its place, and changes nothing.
            Err(Problem::Garbage { .. }) => match line.glance() {
                Some(glance) if glance.seq == seq => {
                    let fact = Stored::Unknown(Value::Null);
                    Ok(Record { v: FORMAT_VERSION, seq, at_ms: glance.at_ms, fact, blake3: None })
                }
                _ => Err(changed()),
            },
            _ => Err(changed()),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::journal::world::{World, documents};
    use crate::journal::{Bulk, Durability, Passed, Record, Seen, Session, Store};

    async fn session(folder: &tempfile::TempDir) -> Session {
        let (session, writer) = Store::new(folder.path().to_owned()).create(&documents()).unwrap();
        writer.append(World::facts(5, 3, 6), Durability::Written).await.unwrap();
        writer.close().await.unwrap();
        session
    }

    fn passed(session: &Session) -> Vec<Passed> {
        let mut records = session.records().unwrap();
        let mut passed = Vec::new();
        while let Some(next) = records.pass().unwrap() {
            passed.push(next);
        }
        assert!(records.closed() && records.into_warnings().is_empty());
        passed
    }

    #[tokio::test]
    async fn records_that_were_passed_by_are_read_again_in_any_order_archived_or_not() {
        let folder = tempfile::tempdir().unwrap();
        let session = session(&folder).await;
        let records = session.read().unwrap().records;
        for archived in [false, true] {
            if archived {
                session.archive().unwrap();
            }
            let passed = passed(&session);
            assert_eq!(passed.len(), records.len());
            assert!(passed.iter().any(|one| matches!(one.seen, Seen::Bulk(Bulk::JobFinished))));
            let mut again = session.again().unwrap();
            let ends = [0, records.len() - 1, 3, 4, 5, 1, records.len() - 1];
            for at in (0..records.len()).chain(ends).chain((0..records.len()).rev()) {
                let Passed { start, seq, at_ms, seen } = &passed[at];
                let record: Record = again.record(*start, *seq).unwrap();
                assert_eq!((&record, record.at_ms), (&records[at], *at_ms));
                if let Seen::Whole(fact) = seen {
                    assert_eq!(fact, &record.fact);
                }
            }
        }
    }

    #[tokio::test]
    async fn a_journal_that_was_changed_meanwhile_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let session = session(&folder).await;
        let passed = passed(&session);
        let mut again = session.again().unwrap();
        let error = again.record(passed[3].start, passed[3].seq + 1).unwrap_err().to_string();
        assert!(error.contains("the journal was changed; open the session again"), "{error}");
        assert!(again.record(u64::MAX >> 2, 1).is_err());
    }
}
