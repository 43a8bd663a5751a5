//! The folder that holds the sessions: making one, listing them, finding one by what the person typed.

use std::cmp::Reverse;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::archive::packed;
use super::catalogue::Catalogue;
use super::documents;
use super::error::JournalError;
use super::id::SessionId;
use super::lock::Lock;
use super::session::{JOURNAL, Session};
use super::summary::Summary;
use super::writer::JournalWriter;
use crate::document::Document;

/// How often a new name is drawn when the one before is taken.
const NAMES_TRIED: usize = 16;

#[derive(Clone, Debug)]
pub struct Store {
    root: PathBuf,
}

impl Store {
    /// The store in this folder, which need not exist yet.
    pub fn new(root: PathBuf) -> Self {
        Self { root }
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Makes a session about these documents, stores their text in it and starts its writer. Blocks on the disk.
    pub fn create(&self, documents: &[Document]) -> Result<(Session, JournalWriter), JournalError> {
        private_folder().recursive(true).create(&self.root).map_err(JournalError::io("make the folder", &self.root))?;
        let session = self.new_folder()?;
        self.fill(&session, documents).inspect_err(|_| {
            // A session without its documents is of no use; nothing was recorded in it yet.
            let _ = fs::remove_dir_all(session.path());
        })
    }

    fn new_folder(&self) -> Result<Session, JournalError> {
        for _ in 0..NAMES_TRIED {
            let id = SessionId::new(SystemTime::now());
            let path = self.root.join(id.as_str());
            match private_folder().create(&path) {
                Ok(()) => return Ok(Session::new(path, id)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(JournalError::io("make the folder", &path)(error)),
            }
        }
        let taken = io::Error::new(io::ErrorKind::AlreadyExists, "every name that was drawn is taken; try again");
        Err(JournalError::io("make a session in", &self.root)(taken))
    }

    fn fill(&self, session: &Session, documents: &[Document]) -> Result<(Session, JournalWriter), JournalError> {
        let lock = Lock::take(session.path(), session.id())?;
        documents::store(session.path(), documents)?;
        let path = session.path().join(JOURNAL);
        let file = private_file().append(true).create_new(true).open(&path);
        let file = file.map_err(JournalError::io("make the journal", &path))?;
        sync_folder(session.path())?;
        sync_folder(&self.root)?;
        let writer = JournalWriter::start(session, file, lock)?;
        Ok((session.clone(), writer))
    }

    /// Every session, newest first. One that cannot be read is listed with what is wrong and hides no other.
    pub fn list(&self) -> Result<Vec<Summary>, JournalError> {
        self.list_telling(&|| {})
    }

    /// The same; `told` hears of each session that had to be read, from any thread.
    pub fn list_telling(&self, told: &(dyn Fn() + Sync)) -> Result<Vec<Summary>, JournalError> {
        let mut summaries = Catalogue::of(&self.root).summaries(&self.sessions()?, told);
        summaries.sort_by(|a, b| (b.opened_at_ms, &b.id).cmp(&(a.opened_at_ms, &a.id)));
        Ok(summaries)
    }

    /// What is known of the sessions without reading them again.
    pub fn catalogue(&self) -> Catalogue {
        Catalogue::of(&self.root)
    }

    /// Forgets what lists would tell of sessions that were deleted.
    pub fn forget_deleted(&self) {
        self.catalogue().forget_deleted(&self.root);
    }

    /// Every session, newest first by its name, without reading any.
    pub fn newest_first(&self) -> Result<Vec<Session>, JournalError> {
        let mut sessions: Vec<(u64, Session)> =
            self.sessions()?.into_iter().map(|session| (session.made_at_ms(), session)).collect();
        sessions.sort_by(|a, b| (b.0, b.1.id()).cmp(&(a.0, a.1.id())));
        Ok(sessions.into_iter().map(|(_, session)| session).collect())
    }

    /// The session that the person means by an id, a unique beginning of one, the path of a folder, or `last`.
    pub fn resolve(&self, name: &str) -> Result<Session, JournalError> {
        if name.contains(['/', std::path::MAIN_SEPARATOR]) || matches!(name, "." | "..") {
            return Session::at(Path::new(name));
        }
        let sessions = self.sessions()?;
        if name == "last" {
            return newest(sessions).ok_or_else(|| JournalError::Empty { root: self.root.clone() });
        }
        let wanted: SessionId = match name.parse() {
            Ok(id) => id,
            Err(error) => return Session::at(Path::new(name)).map_err(|_| error),
        };
        let mut matches: Vec<Session> =
            sessions.into_iter().filter(|session| session.id().as_str().starts_with(wanted.as_str())).collect();
        if let Some(exact) = matches.iter().position(|session| *session.id() == wanted) {
            return Ok(matches.swap_remove(exact));
        }
        if matches.len() > 1 {
            matches.sort_by(|a, b| a.id().cmp(b.id()));
            let matches = matches.iter().map(|session| session.id().to_string()).collect();
            return Err(JournalError::Ambiguous { name: name.to_owned(), matches });
        }
        match matches.pop() {
            Some(session) => Ok(session),
            // A folder beside the person, named without a separator.
            None => Session::at(Path::new(name))
                .map_err(|_| JournalError::NotFound { name: name.to_owned(), root: self.root.clone() }),
        }
    }

    /// The folders in the store that can be sessions, in no order.
    fn sessions(&self) -> Result<Vec<Session>, JournalError> {
        let listing = match fs::read_dir(&self.root) {
            Ok(listing) => listing,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(JournalError::io("read the folder", &self.root)(error)),
        };
        let mut sessions = Vec::new();
        for entry in listing.flatten() {
            let Some(id) = entry.file_name().to_str().and_then(|name| name.parse::<SessionId>().ok()) else { continue };
            let path = entry.path();
            // A link to a folder is one too.
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir()) || path.is_dir();
            let has_journal = || path.join(JOURNAL).exists() || packed(&path.join(JOURNAL)).exists();
            if is_folder && (id.made_at_ms().is_some() || has_journal()) {
                sessions.push(Session::new(path, id));
            }
        }
        Ok(sessions)
    }
}

/// The newest that no eval made, or of an eval where there is no other. Names tell the second; the first record tells which of
/// one second is the later.
fn newest(sessions: Vec<Session>) -> Option<Session> {
    let mut timed: Vec<(u64, Session)> =
        sessions.into_iter().map(|session| (session.made_at_ms() / 1000, session)).collect();
    timed.sort_by_key(|(second, _)| Reverse(*second));
    let is_own = |session: &Session| !session.label().is_of_eval();
    let own = timed.iter().position(|(_, session)| is_own(session));
    let second = timed.get(own.unwrap_or(0))?.0;
    let wanted = timed.into_iter().filter(|(other, session)| *other == second && (own.is_none() || is_own(session)));
    wanted.map(|(_, session)| session).max_by_key(|session| (session.recorded_at_ms(), session.id().clone()))
}

/// Makes folders that only their owner may enter.
pub fn private_folder() -> DirBuilder {
    #[allow(unused_mut, reason = "changed on Unix only")]
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

/// Opens files that, where they are made, only their owner may read.
pub fn private_file() -> OpenOptions {
    #[allow(unused_mut, reason = "changed on Unix only")]
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Writes a file of a session in place of the one before: whole, or not at all. `new`: where it stands until it is whole.
pub(super) fn replace(path: &Path, new: &Path, bytes: &[u8]) -> Result<(), JournalError> {
    let written = private_file().write(true).create(true).truncate(true).open(new).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    written.and_then(|()| fs::rename(new, path)).map_err(JournalError::io("write", path))?;
    path.parent().map_or(Ok(()), sync_folder)
}

/// Makes sure that the names in a folder are on disk, not only the files that they name.
pub(super) fn sync_folder(path: &Path) -> Result<(), JournalError> {
    if cfg!(unix) {
        File::open(path).and_then(|folder| folder.sync_all()).map_err(JournalError::io("flush the folder", path))?;
    }
    Ok(())
}
