//! The log: a file a day in the state folder, never the terminal. `MINIONS_LOG` sets its level, such as `minions=debug`.

use std::fs;
use std::io;
use std::path::Path;

use tracing_appender::non_blocking::WorkerGuard;
use tracing_appender::rolling::{RollingFileAppender, Rotation};
use tracing_subscriber::EnvFilter;

use super::exit::Failure;
use crate::config::Folders;

const VARIABLE: &str = "MINIONS_LOG";
/// Days kept.
const FILES: usize = 7;

/// Logs until the guard is dropped. Without a folder to write to there is no log, and `minions doctor` says so.
pub fn begin() -> Result<Option<WorkerGuard>, Failure> {
    let level = std::env::var(VARIABLE).unwrap_or_default();
    let level = if level.trim().is_empty() { "warn" } else { level.trim() };
    let filter = EnvFilter::try_new(level).map_err(|_| {
        Failure::usage(format!(
            "{VARIABLE}: {level:?} is no log level; allowed: off, error, warn, info, debug, trace, or such as minions=debug"
        ))
    })?;
    Ok(Folders::of_process().and_then(|folders| to_folder(&folders.log(), filter).ok()))
}

fn to_folder(folder: &Path, filter: EnvFilter) -> io::Result<WorkerGuard> {
    fs::create_dir_all(folder)?;
    owner_only(folder)?;
    let file = RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix("minions")
        .filename_suffix("log")
        .max_log_files(FILES)
        .build(folder)
        .map_err(io::Error::other)?;
    // Its queue is bounded; lines that do not fit are dropped, never waited for.
    let (writer, guard) = tracing_appender::non_blocking(file);
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(writer)
        .with_ansi(false)
        .try_init()
        .map_err(io::Error::other)?;
    Ok(guard)
}

/// What is logged is nobody else's business.
fn owner_only(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700))
}
