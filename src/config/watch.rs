//! Live reload: reads the settings again when one of their files changes.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use notify::{EventKind, RecommendedWatcher, RecursiveMode};
use notify_debouncer_full::{
    DebounceEventHandler, DebounceEventResult, DebouncedEvent, Debouncer, RecommendedCache, new_debouncer,
};
use tokio::sync::mpsc;

use super::error::ConfigError;
use super::layers::{Loaded, Sources, load};

/// Editors write a file in several steps; this long after the last of them it is read.
const QUIET: Duration = Duration::from_millis(150);

type Watcher = Debouncer<RecommendedWatcher, RecommendedCache>;

/// Watches until it is dropped.
pub struct Watch {
    changes: mpsc::Receiver<Result<Loaded, ConfigError>>,
    _watcher: Watcher,
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
    let folders: BTreeSet<PathBuf> = files.iter().map(|file| folder_of(file)).collect();
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
    Ok(Watch { changes, _watcher: debounced("the settings", &folders, on_events)? })
}

/// Tells that something in some folders changed, until it is dropped.
pub struct FolderWatch {
    changes: mpsc::Receiver<()>,
    watcher: Watcher,
    /// Folders that did not exist yet.
    missing: Vec<PathBuf>,
}

impl FolderWatch {
    /// The next change. `None` when the watch has ended. Safe to cancel.
    pub async fn next(&mut self) -> Option<()> {
        let change = self.changes.recv().await;
        // What tells of a new folder is the change of the one that it was made in.
        let watcher = &mut self.watcher;
        self.missing.retain(|folder| watcher.watch(folder, RecursiveMode::NonRecursive).is_err());
        change
    }
}

/// Watches folders for changes of their files, which are `what`, for people; one that does not exist is watched from when it is made, where the
/// folder that it is made in exists.
pub fn watch_folders(what: &str, folders: impl IntoIterator<Item = PathBuf>) -> Result<FolderWatch, ConfigError> {
    let (sender, changes) = mpsc::channel(1);
    let on_events = move |events: DebounceEventResult| {
        let changed = |events: &Vec<DebouncedEvent>| events.iter().any(|event| !is_access(event));
        if events.as_ref().map_or(true, changed) {
            // One that waits already tells the same.
            let _ = sender.try_send(());
        }
    };
    let (there, missing): (Vec<_>, Vec<_>) = folders.into_iter().partition(|folder| folder.is_dir());
    let there = there.into_iter().chain(missing.iter().map(|folder| folder_of(folder))).collect();
    Ok(FolderWatch { changes, watcher: debounced(what, &there, on_events)?, missing })
}

/// Has `on_events` told of what happens in those of the folders that exist, a little after it is over. `what` stands there,
/// for people.
fn debounced(
    what: &str,
    folders: &BTreeSet<PathBuf>,
    on_events: impl DebounceEventHandler,
) -> Result<Watcher, ConfigError> {
    let cannot = |error: notify::Error| {
        ConfigError::one(format!(
            "{what} are not watched for changes ({error}): start the program again to have a change read"
        ))
    };
    let mut watcher = new_debouncer(QUIET, Some(QUIET), on_events).map_err(cannot)?;
    for folder in folders.iter().filter(|folder| folder.is_dir()) {
        watcher.watch(folder, RecursiveMode::NonRecursive).map_err(cannot)?;
    }
    Ok(watcher)
}

fn folder_of(file: &Path) -> PathBuf {
    match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.into(),
        _ => PathBuf::from("."),
    }
}

/// Whether one of the files was touched; lost events may hide that.
fn concerns(events: &DebounceEventResult, files: &[PathBuf]) -> bool {
    let Ok(events) = events else { return true };
    let named = |path: &PathBuf| files.iter().any(|file| file.file_name() == path.file_name());
    events.iter().any(|event| event.need_rescan() || !is_access(event) && event.paths.iter().any(named))
}

/// Opening and reading, as we do, is no change.
fn is_access(event: &DebouncedEvent) -> bool {
    matches!(event.kind, EventKind::Access(_))
}
