//! Whether sessions and logs can be written, and for how long.

use std::path::Path;

use super::Check;
use crate::config::{Config, Folders};

/// A session keeps the text of its documents; with less than this the next one may not fit.
const SCARCE: u64 = 512 << 20;
/// With less than this not even one is safe.
const FULL: u64 = 16 << 20;

pub fn folders(config: &Config, folders: Option<Folders>) -> Vec<Check> {
    let Some(folders) = folders else {
        return vec![Check::fail(
            "sessions folder",
            "this user has no home folder",
            "set HOME, or XDG_DATA_HOME and XDG_STATE_HOME",
        )];
    };
    let mut checks = vec![sessions(&folders.sessions(config))];
    if let Err(problem) = writable(&folders.log()) {
        checks.push(Check::warn(
            "log folder",
            problem,
            "make it writable, or set XDG_STATE_HOME; until then nothing is logged",
        ));
    } else {
        checks.push(Check::ok("log folder", folders.log().display().to_string()));
    }
    checks
}

fn sessions(folder: &Path) -> Check {
    const NAME: &str = "sessions folder";
    const ELSEWHERE: &str = "make room, or name another folder with --session-dir or `sessions.dir`";
    let free = match writable(folder) {
        Ok(existing) => free_bytes(existing),
        Err(problem) => return Check::fail(NAME, problem, ELSEWHERE),
    };
    let place = folder.display();
    match free {
        Some(free) if free < FULL => Check::fail(NAME, format!("{place} has {} MiB free", free >> 20), ELSEWHERE),
        Some(free) if free < SCARCE => Check::warn(NAME, format!("{place} has {} MiB free", free >> 20), ELSEWHERE),
        Some(free) => {
            Check::ok(NAME, format!("{place} is writable, {:.1} GiB free", free as f64 / (1u64 << 30) as f64))
        }
        None => Check::ok(NAME, format!("{place} is writable")),
    }
}

/// The part of the path that exists, if a file can be written there.
fn writable(folder: &Path) -> Result<&Path, String> {
    let existing = folder.ancestors().find(|f| f.exists()).unwrap_or(Path::new("."));
    if !existing.is_dir() {
        return Err(format!("{} cannot be made: {} is no folder", folder.display(), existing.display()));
    }
    // Permissions alone do not tell: a file system may be read-only.
    match tempfile::tempfile_in(existing) {
        Ok(_) => Ok(existing),
        Err(e) => Err(format!("nothing can be written to {}: {}", existing.display(), e.kind())),
    }
}

fn free_bytes(folder: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(folder).ok()?;
    disk.f_bavail.checked_mul(disk.f_frsize)
}

#[cfg(test)]
mod tests {
    use super::super::Status;
    use super::*;

    #[test]
    fn a_folder_that_is_still_to_be_made_is_well() {
        let dir = tempfile::tempdir().unwrap();
        let check = sessions(&dir.path().join("a/b/c"));
        assert_ne!(check.status, Status::Fail, "{check:?}");
        assert!(!dir.path().join("a").exists());
    }

    #[test]
    fn a_file_in_the_way_fails() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("a"), "").unwrap();
        assert_eq!(sessions(&dir.path().join("a/b")).status, Status::Fail);
    }
}
