//! Follows a journal that another process writes: record after record as they come, until the session or its process ends.
//!
//! Nothing is polled. The system tells of each change of the folder, and the lock is waited for: it is free at the moment the
//! writer has gone, however it went.

use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::{mpsc, oneshot};

use super::error::JournalError;
use super::lock;
use super::reader::{Lines, ends};
use super::record::Record;
use super::session::{JOURNAL, Session};

/// Records that come together, at most.
const BATCH: usize = 512;

/// What a followed journal brings.
#[derive(Debug)]
pub enum Followed {
    /// The next records, in order; never none.
    Records(Vec<Record>),
    /// The session has ended; nothing comes after its last record.
    Ended,
    /// The process that wrote it is gone, and the session has not ended.
    Abandoned,
    /// The journal was deleted.
    Removed,
}

/// Whether the process that writes is there.
enum Writer {
    There(oneshot::Receiver<()>),
    Gone,
    /// Where the system has no locks, nothing tells of a writer's end but the last record.
    Unknown,
}

impl Writer {
    /// Comes back when more is known of it. Safe to cancel.
    async fn changed(&mut self) {
        match self {
            Writer::There(freed) => *self = if freed.await.is_ok() { Writer::Gone } else { Writer::Unknown },
            Writer::Gone | Writer::Unknown => std::future::pending().await,
        }
    }
}

/// A journal that is read as it grows. Dropped, it follows no more.
pub struct Follower {
    session: Session,
    lines: Lines,
    ended: bool,
    changes: mpsc::Receiver<()>,
    writer: Writer,
    _watcher: RecommendedWatcher,
}

impl Session {
    /// Follows the journal from its first record on. An error where the system cannot tell of changes.
    pub fn follow(&self) -> Result<Follower, JournalError> {
        let (sender, changes) = mpsc::channel(1);
        let on_event = move |event: notify::Result<notify::Event>| {
            // Reading, as we do, is no change. What is told already waits for whoever looks.
            if event.map_or(true, |event| !matches!(event.kind, EventKind::Access(_))) {
                let _ = sender.try_send(());
            }
        };
        let unwatched = |error: notify::Error| {
            JournalError::io("watch", self.path())(std::io::Error::other(format!("{error}; see fs.inotify in sysctl")))
        };
        let mut watcher = notify::recommended_watcher(on_event).map_err(unwatched)?;
        watcher.watch(self.path(), RecursiveMode::NonRecursive).map_err(unwatched)?;
        // What is written from here on is told.
        let (lines, writer) = (self.lines()?, Writer::There(lock::freed(self.path())));
        Ok(Follower { session: self.clone(), lines, ended: false, changes, writer, _watcher: watcher })
    }
}

impl Follower {
    /// What comes next. Safe to cancel: nothing is lost. A last line that is not whole waits for its end.
    pub async fn next(&mut self) -> Result<Followed, JournalError> {
        loop {
            // Before the journal is read: what a writer wrote is there before it frees the lock.
            let gone = matches!(self.writer, Writer::Gone);
            let records = self.read()?;
            if !records.is_empty() {
                return Ok(Followed::Records(records));
            }
            if self.ended {
                return Ok(Followed::Ended);
            }
            if !self.session.path().join(JOURNAL).exists() {
                return Ok(Followed::Removed);
            }
            if gone {
                return Ok(Followed::Abandoned);
            }
            tokio::select! {
                Some(()) = self.changes.recv() => {}
                () = self.writer.changed() => {}
            }
        }
    }

    /// The records that are whole by now. Damaged lines are passed over, as when a journal is read.
    fn read(&mut self) -> Result<Vec<Record>, JournalError> {
        let mut records = Vec::new();
        while records.len() < BATCH
            && let Some(line) = self.lines.next()?
        {
            let (whole, start) = (line.is_whole(), line.start);
            match line.record() {
                Ok(record) if whole => {
                    self.ended = ends(&record);
                    records.push(record);
                }
                // A newer format is an error; what else is wrong is passed over.
                Err(problem) if whole => drop(problem.into_warning(&self.session.path().join(JOURNAL))?),
                // It may be taken back or go on: it is read anew when more is told.
                _ => {
                    self.lines.back(start)?;
                    break;
                }
            }
        }
        Ok(records)
    }
}
