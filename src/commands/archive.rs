//! `minions sessions archive` and `restore`: sessions that take less room, and are read as before.

use std::io::Write;

use super::Failure;
use super::sessions::size;
use crate::journal::{JournalError, Session, Store};

/// Compresses the sessions.
pub fn archive(store: &Store, names: &[String], out: &mut dyn Write) -> Result<(), Failure> {
    each(store, names, "archived", Session::archive, out)
}

/// Brings archived sessions back to what they were.
pub fn restore(store: &Store, names: &[String], out: &mut dyn Write) -> Result<(), Failure> {
    each(store, names, "restored", Session::restore, out)
}

fn each(
    store: &Store,
    names: &[String],
    done: &str,
    change: impl Fn(&Session) -> Result<(), JournalError>,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    // A name that means nothing is told before anything is done.
    let sessions = names.iter().map(|name| store.resolve(name)).collect::<Result<Vec<_>, _>>()?;
    for session in sessions {
        let before = session.disk_bytes();
        change(&session)?;
        writeln!(out, "{done} session {}: {} → {}", session.id(), size(before), size(session.disk_bytes()))?;
    }
    Ok(())
}
