//! The advisory lock that keeps a second writer out of a session. Readers do not take it.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::thread;
use std::time::Duration;

use tokio::sync::oneshot;

use super::error::JournalError;
use super::id::SessionId;
use super::store::private_file;

pub(super) const NAME: &str = "lock";

/// Someone who only asks whether the lock is free holds it for an instant: that long a writer waits.
const PATIENCE: [Duration; 4] =
    [Duration::ZERO, Duration::from_millis(1), Duration::from_millis(5), Duration::from_millis(20)];

/// Held while it lives; the system frees it when the process ends, however it ends.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    pub(super) fn take(folder: &Path, id: &SessionId) -> Result<Self, JournalError> {
        let path = folder.join(NAME);
        let file = private_file().read(true).write(true).create(true).truncate(false).open(&path);
        let file = file.map_err(JournalError::io("open the lock", &path))?;
        for pause in PATIENCE {
            thread::sleep(pause);
            match file.try_lock() {
                Ok(()) => return Ok(Self { _file: file }),
                Err(TryLockError::WouldBlock) => {}
                // Some network file systems have no locks: the session's random name keeps writers apart well enough.
                Err(TryLockError::Error(error)) if error.kind() == std::io::ErrorKind::Unsupported => {
                    return Ok(Self { _file: file });
                }
                Err(TryLockError::Error(error)) => return Err(JournalError::io("lock", &path)(error)),
            }
        }
        Err(JournalError::Locked { id: id.to_string() })
    }

    /// Whether a writer is at work in this folder now.
    pub(super) fn is_held(folder: &Path) -> bool {
        let Ok(file) = File::open(folder.join(NAME)) else { return false };
        matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
    }
}

/// Told when no writer holds the lock any more. Where the system has no locks it is never told: the channel closes.
///
/// A wait for a lock cannot be cancelled, so it has a thread of its own, which ends with the writer or with this process.
pub(super) fn freed(folder: &Path) -> oneshot::Receiver<()> {
    let (sender, freed) = oneshot::channel();
    let path = folder.join(NAME);
    let wait = move || {
        // Without a lock there never was a writer.
        let is_free = File::open(path).map_or(true, |file| file.lock_shared().is_ok());
        if is_free {
            // Whoever follows no more is not told.
            let _ = sender.send(());
        }
    };
    let _ = thread::Builder::new().name("lock".into()).spawn(wait);
    freed
}
