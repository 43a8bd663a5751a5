//! The one writer of a session: a thread that owns the file, numbers the records and says when they are on disk.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, SystemTime};

use tokio::sync::{mpsc, oneshot};

use super::error::JournalError;
use super::id::{SessionId, unix_ms};
use super::lock::Lock;
use super::record::{FORMAT_VERSION, Record, Stored, write_line};
use super::session::{JOURNAL, Session};
use crate::protocol::Fact;

/// How many calls may wait for the disk before the next one waits to be queued.
const QUEUE: usize = 64;
/// How long who takes a session back waits until its files are gone.
const PATIENCE: Duration = Duration::from_secs(2);

/// How safe records must be before `append` comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// With the operating system: it outlives this process, not a power cut.
    Written,
    /// On the disk.
    Synced,
}

/// A handle to a session's writer. When the last one is gone, what was written is flushed and the lock is freed.
#[derive(Clone, Debug)]
pub struct JournalWriter {
    id: SessionId,
    commands: mpsc::Sender<Command>,
}

#[derive(Debug)]
enum Command {
    Append { facts: Vec<Fact>, durability: Durability, done: oneshot::Sender<Result<Vec<Record>, JournalError>> },
    Close { done: oneshot::Sender<Result<(), JournalError>> },
    Discard { done: std::sync::mpsc::Sender<()> },
}

impl JournalWriter {
    pub(super) fn start(session: &Session, file: File, lock: Lock) -> Result<Self, JournalError> {
        Self::go_on(session, file, lock, Written::default())
    }

    /// The writer of a journal that holds something already.
    pub(super) fn go_on(session: &Session, file: File, lock: Lock, written: Written) -> Result<Self, JournalError> {
        let (commands, queue) = mpsc::channel(QUEUE);
        let path = session.path().join(JOURNAL);
        let writing = Writing::new(session.clone(), path.clone(), file, lock, written);
        let thread = thread::Builder::new().name("journal".into());
        thread.spawn(move || writing.run(queue)).map_err(JournalError::io("start the writer of", &path))?;
        Ok(Self { id: session.id().clone(), commands })
    }

    /// Writes the facts as the next records, all or none of them, and gives the records back.
    ///
    /// Once it waits for the disk the facts are written even if this future is dropped. After a `SessionEnded` the
    /// journal is sealed and takes nothing more.
    pub async fn append(&self, facts: Vec<Fact>, durability: Durability) -> Result<Vec<Record>, JournalError> {
        let (done, result) = oneshot::channel();
        self.ask(Command::Append { facts, durability, done }, result).await
    }

    /// Flushes everything to disk, frees the lock and ends the writer. Other handles can write no more.
    pub async fn close(self) -> Result<(), JournalError> {
        let (done, result) = oneshot::channel();
        self.ask(Command::Close { done }, result).await
    }

    /// Removes the session, in which nothing has begun, while its lock is held. Where that fails it stays, as one that can be
    /// gone on with. Waits for the disk, for a moment at most.
    pub fn discard(self) {
        let (done, removed) = std::sync::mpsc::channel();
        if self.commands.try_send(Command::Discard { done }).is_ok() {
            let _ = removed.recv_timeout(PATIENCE);
        }
    }

    async fn ask<T>(
        &self,
        command: Command,
        result: oneshot::Receiver<Result<T, JournalError>>,
    ) -> Result<T, JournalError> {
        let stopped = || JournalError::Stopped { id: self.id.to_string() };
        self.commands.send(command).await.map_err(|_| stopped())?;
        result.await.map_err(|_| stopped())?
    }
}

/// What a journal holds by now.
#[derive(Debug, Default)]
pub(super) struct Written {
    /// Of every byte in the file.
    pub hash: blake3::Hasher,
    /// In bytes.
    pub length: u64,
    /// The number of the last record.
    pub seq: u64,
    /// The time of the latest record.
    pub at_ms: u64,
}

/// What the writer's thread holds.
struct Writing {
    session: Session,
    path: PathBuf,
    file: File,
    lock: Lock,
    written: Written,
    /// Whether part of a line stands behind `length` and could not be taken back.
    torn: bool,
    sealed: bool,
}

impl Writing {
    fn new(session: Session, path: PathBuf, file: File, lock: Lock, written: Written) -> Self {
        Self { session, path, file, lock, written, torn: false, sealed: false }
    }

    fn run(mut self, mut queue: mpsc::Receiver<Command>) {
        while let Some(command) = queue.blocking_recv() {
            match command {
                // A caller that has gone does not make the facts less true: they stay.
                Command::Append { facts, durability, done } => drop(done.send(self.append(facts, durability))),
                Command::Close { done } => {
                    let result = self.sync();
                    drop(self);
                    drop(done.send(result));
                    return;
                }
                Command::Discard { done } => {
                    if let Err(error) = self.session.remove(self.lock) {
                        tracing::warn!("a session that was taken back is still there: {error}");
                    }
                    let _ = done.send(());
                    return;
                }
            }
        }
        // Every handle is gone: nobody is left to tell.
        let _ = self.sync();
    }

    fn append(&mut self, facts: Vec<Fact>, durability: Durability) -> Result<Vec<Record>, JournalError> {
        self.check_place()?;
        let mut bytes = Vec::new();
        let mut records = Vec::with_capacity(facts.len());
        let mut hash = self.written.hash.clone();
        let mut sealed = self.sealed;
        let at_ms = unix_ms(SystemTime::now()).max(self.written.at_ms);
        for (fact, seq) in facts.into_iter().zip(self.written.seq + 1..) {
            if sealed {
                return Err(JournalError::Sealed { id: self.session.id().to_string() });
            }
            sealed = matches!(fact, Fact::SessionEnded { .. });
            let blake3 = sealed.then(|| hash.finalize().to_hex().to_string());
            let start = bytes.len();
            write_line(&mut bytes, seq, at_ms, &fact, blake3.as_deref())
                .map_err(|source| JournalError::Unwritable { source })?;
            hash.update(&bytes[start..]);
            records.push(Record { v: FORMAT_VERSION, seq, at_ms, fact: Stored::Known(Box::new(fact)), blake3 });
        }
        self.write(&bytes)?;
        if durability == Durability::Synced {
            let synced = self.sync();
            if synced.is_err() {
                self.take_back_or_mark();
            }
            synced?;
        }
        self.written.length += bytes.len() as u64;
        self.written.seq += records.len() as u64;
        (self.written.at_ms, self.written.hash, self.sealed) = (at_ms, hash, sealed);
        Ok(records)
    }

    /// Writes all of it, or leaves the file as it was.
    fn write(&mut self, bytes: &[u8]) -> Result<(), JournalError> {
        if self.torn {
            self.take_back().map_err(JournalError::io("write", &self.path))?;
        }
        self.file.write_all(bytes).map_err(|error| {
            self.take_back_or_mark();
            JournalError::io("write", &self.path)(error)
        })
    }

    /// Cuts the file back to its last good line. Where that fails too, the next write tries it again.
    fn take_back_or_mark(&mut self) {
        self.torn = true;
        let _ = self.take_back();
    }

    fn take_back(&mut self) -> std::io::Result<()> {
        self.file.set_len(self.written.length)?;
        self.file.seek(SeekFrom::Start(self.written.length))?;
        self.torn = false;
        Ok(())
    }

    fn sync(&self) -> Result<(), JournalError> {
        self.file.sync_data().map_err(JournalError::io("flush", &self.path))
    }

    /// A file can be written to after its folder was removed, and all of it is lost in the end.
    fn check_place(&self) -> Result<(), JournalError> {
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            let about = self.file.metadata().map_err(JournalError::io("look at", &self.path))?;
            if about.nlink() == 0 {
                let folder = self.path.parent().unwrap_or(&self.path).to_owned();
                return Err(JournalError::Removed { path: folder });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::Journal;

    fn writing(folder: &tempfile::TempDir) -> Writing {
        let id: SessionId = "session".parse().unwrap();
        let path = folder.path().join(JOURNAL);
        let file = File::options().append(true).create_new(true).open(&path).unwrap();
        let lock = Lock::take(folder.path(), &id).unwrap();
        Writing::new(Session::new(folder.path().to_owned(), id), path, file, lock, Written::default())
    }

    fn note(text: &str) -> Vec<Fact> {
        vec![Fact::NoteAdded { text: text.into() }]
    }

    #[test]
    fn time_stands_still_when_the_clock_is_set_back() {
        let folder = tempfile::tempdir().unwrap();
        let mut writing = writing(&folder);
        // A record of the year 2100.
        writing.written.at_ms = 4_102_444_800_000;
        let records = writing.append(note("now"), Durability::Written).unwrap();
        assert_eq!(records[0].at_ms, 4_102_444_800_000);
    }

    #[test]
    fn half_a_line_is_taken_back_before_the_next_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let mut writing = writing(&folder);
        writing.append(note("first"), Durability::Synced).unwrap();
        writing.file.write_all(b"{\"v\":1,\"se").unwrap();
        writing.torn = true;
        writing.append(note("second"), Durability::Synced).unwrap();
        let journal = Journal::read(&writing.path).unwrap();
        assert_eq!((journal.records.len(), journal.warnings.len()), (2, 0));
    }
}
