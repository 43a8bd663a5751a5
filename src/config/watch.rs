//! Live reload: reads the settings again when one of their files changes.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use notify::{EventKind, RecommendedWatcher, RecursiveMode};
use notify_debouncer_full::{DebounceEventResult, Debouncer, RecommendedCache, new_debouncer};
use tokio::sync::mpsc;

use super::error::ConfigError;
use super::layers::{Loaded, Sources, load};

/// Editors write a file in several steps; this long after the last of them it is read.
const QUIET: Duration = Duration::from_millis(150);

/// Watches until it is dropped.
pub struct Watch {
    changes: mpsc::Receiver<Result<Loaded, ConfigError>>,
    _debouncer: Debouncer<RecommendedWatcher, RecommendedCache>,
}

impl Watch {
    /// The next settings, or what is wrong with them: then those in force stay in force. `None` when the watch has
    /// ended. Safe to cancel.
    pub async fn next(&mut self) -> Option<Result<Loaded, ConfigError>> {
        self.changes.recv().await
    }
}

/// Watches the files of `sources`; `current` is what they gave. A folder that does not exist is not watched.
pub fn watch(sources: Sources, current: Loaded) -> Result<Watch, ConfigError> {
    let files: Vec<PathBuf> = sources.files().into_iter().map(|(path, _)| path).collect();
    // A watched file is lost at the first save that replaces it; its folder is not.
    let folders: BTreeSet<PathBuf> = files.iter().map(|f| folder_of(f)).filter(|f| f.is_dir()).collect();
    let (sender, changes) = mpsc::channel(1);
    let mut last = Ok(current);
    let on_events = move |events: DebounceEventResult| {
        if !concerns(&events, &files) {
            return;
        }
        let now = load(&sources);
        if now != last {
            last = now.clone();
            // This thread is the watcher's own. Waiting here for a slow reader only joins the changes that follow.
            let _ = sender.blocking_send(now);
        }
    };
    let cannot = |e: notify::Error| ConfigError::one(format!("settings are not watched for changes: {e}"));
    let mut debouncer = new_debouncer(QUIET, Some(QUIET), on_events).map_err(cannot)?;
    for folder in folders {
        debouncer.watch(&folder, RecursiveMode::NonRecursive).map_err(cannot)?;
    }
    Ok(Watch { changes, _debouncer: debouncer })
}

/// Tells that something in some folders changed, until it is dropped.
pub struct FolderWatch {
    changes: mpsc::Receiver<()>,
    _debouncer: Debouncer<RecommendedWatcher, RecommendedCache>,
}

impl FolderWatch {
    /// The next change. `None` when the watch has ended. Safe to cancel.
    pub async fn next(&mut self) -> Option<()> {
        self.changes.recv().await
    }
}

/// Watches folders for changes of their files; those that do not exist are not watched.
pub fn watch_folders(folders: impl IntoIterator<Item = PathBuf>) -> Result<FolderWatch, ConfigError> {
    let (sender, changes) = mpsc::channel(1);
    let on_events = move |events: DebounceEventResult| {
        let changed = |events: &Vec<notify_debouncer_full::DebouncedEvent>| {
            events.iter().any(|event| !matches!(event.kind, EventKind::Access(_)))
        };
        if events.as_ref().map_or(true, changed) {
            // One that waits already tells the same.
            let _ = sender.try_send(());
        }
    };
    let cannot = |e: notify::Error| ConfigError::one(format!("themes are not watched for changes: {e}"));
    let mut debouncer = new_debouncer(QUIET, Some(QUIET), on_events).map_err(cannot)?;
    let folders: BTreeSet<PathBuf> = folders.into_iter().filter(|folder| folder.is_dir()).collect();
    for folder in folders {
        debouncer.watch(&folder, RecursiveMode::NonRecursive).map_err(cannot)?;
    }
    Ok(FolderWatch { changes, _debouncer: debouncer })
}

fn folder_of(file: &Path) -> PathBuf {
    match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.into(),
        _ => PathBuf::from("."),
    }
}

/// Whether one of the files was touched. Opening and reading them, as we do, is no change; lost events may hide one.
fn concerns(events: &DebounceEventResult, files: &[PathBuf]) -> bool {
    let Ok(events) = events else { return true };
    let named = |path: &PathBuf| files.iter().any(|file| file.file_name() == path.file_name());
    events.iter().any(|e| e.need_rescan() || !matches!(e.kind, EventKind::Access(_)) && e.paths.iter().any(named))
}
