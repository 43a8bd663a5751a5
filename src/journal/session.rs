//! One session on disk: its journal, its documents, its end.

use std::fs;
use std::path::{Path, PathBuf};

use super::archive::{self, packed};
use super::documents;
use super::error::JournalError;
use super::id::{SessionId, unix_ms};
use super::label;
use super::lock::{self, Lock};
use super::notes;
use super::reader::{Journal, Lines, Records, first_record};
use super::record::{Record, Stored};
use super::reopen::{self, Reopened};
use super::servers;
use super::summary::{Summary, answer, brief, summarise};
use super::verify::{Verification, verify};
use crate::document::{Document, DocumentRef};
use crate::protocol::{Fact, SessionOpened};

pub(super) const JOURNAL: &str = "journal.jsonl";
/// The socket by which others steer the session while it runs.
const CONTROL: &str = "control";
/// The same before its owner alone may use it.
const NEW_CONTROL: &str = "control.new";

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    path: PathBuf,
    id: SessionId,
}

impl Session {
    pub(super) fn new(path: PathBuf, id: SessionId) -> Self {
        Self { path, id }
    }

    /// The session in this folder, wherever it lies.
    pub fn at(folder: &Path) -> Result<Self, JournalError> {
        let journal = folder.join(JOURNAL);
        if !journal.is_file() && !packed(&journal).is_file() {
            return Err(JournalError::NoSession { path: folder.to_owned() });
        }
        let path = folder.canonicalize().map_err(JournalError::io("open the folder", folder))?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let id = name.parse().unwrap_or_else(|_| SessionId::of_folder(&name));
        Ok(Self { path, id })
    }

    pub fn id(&self) -> &SessionId {
        &self.id
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the whole journal. It may grow meanwhile: what is there now is what comes back.
    pub fn read(&self) -> Result<Journal, JournalError> {
        Journal::read(&self.path.join(JOURNAL))
    }

    /// The records one at a time, as far as there are any now.
    pub fn records(&self) -> Result<Records, JournalError> {
        Records::open(&self.path.join(JOURNAL))
    }

    /// What it was opened with, which its first record says; nothing where that is not on record yet.
    pub fn opened(&self) -> Result<Option<Box<SessionOpened>>, JournalError> {
        Ok(match self.records()?.next().transpose()?.map(|record| record.fact) {
            Some(Stored::Known(fact)) => match *fact {
                Fact::SessionOpened(opened) => Some(opened),
                _ => None,
            },
            _ => None,
        })
    }

    /// The documents as they were read when the session opened.
    pub fn documents(&self, references: &[DocumentRef]) -> Result<Vec<Document>, JournalError> {
        references.iter().map(|reference| documents::load(&self.path, reference)).collect()
    }

    pub fn summary(&self) -> Summary {
        summarise(self)
    }

    /// The same for a list of thousands: what is not cheap to know is left out.
    pub fn brief(&self) -> Summary {
        brief(self)
    }

    /// The answer that was given last.
    pub fn answer(&self) -> Option<String> {
        answer(self)
    }

    /// Bytes of the journal as it lies on the disk.
    pub fn length(&self) -> Option<u64> {
        self.journal_file().map(|about| about.len())
    }

    pub(super) fn journal_file(&self) -> Option<fs::Metadata> {
        let journal = self.path.join(JOURNAL);
        fs::metadata(&journal).or_else(|_| fs::metadata(packed(&journal))).ok()
    }

    /// Bytes of all its files on the disk.
    pub fn disk_bytes(&self) -> u64 {
        let of = |folder: &Path| -> u64 {
            let entries = fs::read_dir(folder).into_iter().flatten().flatten();
            entries
                .filter_map(|entry| entry.metadata().ok())
                .filter(|about| about.is_file())
                .map(|about| about.len())
                .sum()
        };
        of(&self.path) + of(&documents::folder(&self.path))
    }

    /// The whole records within the last `bytes` of the journal whose lines are `wanted`.
    pub(super) fn last_records(&self, bytes: u64, wanted: impl Fn(&[u8]) -> bool) -> Result<Vec<Record>, JournalError> {
        Lines::last_records(&self.path.join(JOURNAL), bytes, wanted)
    }

    /// Takes the session up where its writer stopped: `each` is given every record that is there, in order, and what is
    /// written from now on follows on. Refused while a writer is at work, and once the session has ended.
    pub fn reopen(&self, each: impl FnMut(Record)) -> Result<Reopened, JournalError> {
        reopen::reopen(self, each)
    }

    /// Checks the records' numbers, the seal and the documents. What is wrong is in the result; an error means that it
    /// could not be checked.
    pub fn verify(&self) -> Result<Verification, JournalError> {
        verify(self)
    }

    /// Where the process that runs it takes orders.
    pub fn control(&self) -> PathBuf {
        self.path.join(CONTROL)
    }

    /// Where that is made, before it takes its place.
    pub fn control_in_making(&self) -> PathBuf {
        self.path.join(NEW_CONTROL)
    }

    /// Every file that this program may make in the folder, those that a killed process leaves half made included; the
    /// journal first. The documents have a folder of their own.
    fn files(&self) -> impl Iterator<Item = PathBuf> {
        let besides = [
            notes::FILE,
            label::FILE,
            label::NEW,
            servers::FILE,
            servers::NEW,
            reopen::TORN,
            NEW_CONTROL,
            CONTROL,
            lock::NAME,
        ];
        let besides = besides.map(|name| self.path.join(name));
        archive::forms(&self.path.join(JOURNAL)).into_iter().chain(besides)
    }

    /// Whether some process is writing this session now.
    pub fn is_running(&self) -> bool {
        Lock::is_held(&self.path)
    }

    /// Removes the session with its documents. Refused while a writer is at work.
    pub fn delete(&self) -> Result<(), JournalError> {
        self.remove(Lock::take(&self.path, &self.id)?)
    }

    pub(super) fn remove(&self, lock: Lock) -> Result<(), JournalError> {
        // The journal goes first, so that a deletion that is cut short leaves no session that looks whole.
        for path in self.files() {
            match fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(JournalError::io("delete", &path)(error));
                }
                _ => {}
            }
        }
        documents::remove(&self.path)?;
        drop(lock);
        // Only what this program made is removed: a folder that holds anything else stays.
        fs::remove_dir(&self.path).map_err(JournalError::io("delete the folder", &self.path))
    }

    pub(super) fn lines(&self) -> Result<Lines, JournalError> {
        Lines::open(&self.path.join(JOURNAL))
    }

    /// When it was made, as its name says, or its first record, or its folder. In milliseconds since 1970.
    pub fn made_at_ms(&self) -> u64 {
        let folder = || fs::metadata(&self.path).and_then(|about| about.modified()).ok().map(unix_ms);
        self.id.made_at_ms().or_else(|| self.recorded_at_ms()).or_else(folder).unwrap_or(0)
    }

    /// The time of its first record.
    pub(super) fn recorded_at_ms(&self) -> Option<u64> {
        first_record(&self.path.join(JOURNAL)).map(|record| record.at_ms)
    }
}
