//! `minions sessions prune`: deletes what `sessions.keep_days` lets go, after saying what that is. Nothing else deletes by age.

use std::io::{Write, stderr};

use jiff::Timestamp;

use super::sessions::{confirmed, counted, print_table, size};
use super::{Exit, Failure};
use crate::journal::{Store, Summary};

/// A session with this tag is never old enough.
const KEEP: &str = "keep";
const DAY_MS: u64 = 86_400_000;

/// Deletes what is older than so many days; 0 keeps all. Without `yes` the person is asked first.
pub fn prune(store: &Store, days: u32, yes: bool, out: &mut dyn Write) -> Result<(), Failure> {
    if days == 0 {
        return Err(Failure::usage("all sessions are kept: set `sessions.keep_days`, or add --older-than DAYS"));
    }
    let old = old(store.list()?, days);
    if old.is_empty() {
        writeln!(out, "no session is older than {days} days")?;
        return Ok(());
    }
    print_table(&old, out)?;
    let bytes = old.iter().map(|summary| summary.disk_bytes).sum();
    let all = format!("{} older than {days} days, {}", counted(old.len()), size(bytes));
    out.flush()?;
    if !yes && !confirmed("delete them", || format!("Delete {all}, for good?"))? {
        return Err(Failure::new(Exit::Interrupted, "all sessions are kept"));
    }
    let mut failed = Vec::new();
    for summary in &old {
        // One that cannot be deleted keeps none of the others.
        if let Err(error) = store.resolve(summary.id.as_str()).and_then(|session| session.delete()) {
            failed.push(error);
        }
    }
    store.forget_deleted();
    writeln!(out, "deleted {}", counted(old.len() - failed.len()))?;
    failed.into_iter().next().map_or(Ok(()), |error| Err(error.into()))
}

/// Says beside a list of all sessions what pruning would delete, where there is something.
pub fn tell(summaries: Vec<Summary>, days: u32) {
    if days == 0 {
        return;
    }
    let old = old(summaries, days).len();
    if old > 0 {
        // Where standard error is closed nobody misses it.
        let words = format!("{} older than `sessions.keep_days`; `minions sessions prune` deletes them", counted(old));
        let _ = writeln!(stderr(), "minions: {words}");
    }
}

/// Those that may go. What runs, what cannot be read and what is tagged to be kept stays.
fn old(mut summaries: Vec<Summary>, days: u32) -> Vec<Summary> {
    let now_ms = u64::try_from(Timestamp::now().as_millisecond()).unwrap_or(0);
    let before_ms = now_ms.saturating_sub(u64::from(days) * DAY_MS);
    summaries.retain(|summary| {
        let known = !summary.question.is_empty();
        let kept = summary.running || summary.label.tags.iter().any(|tag| tag == KEEP);
        known && !kept && summary.opened_at_ms < before_ms
    });
    summaries
}
