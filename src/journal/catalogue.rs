//! What lists tell of each session, kept in one file so that thousands need not be read again.
//!
//! It is a cache and nothing more: every entry is compared with the session's files before it is believed, a session that
//! is not in it is read, and without the file all are. Small stores have none.

use std::collections::{HashMap, HashSet};
use std::fs::{self, Metadata};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::label::Label;
use super::session::Session;
use super::store::private_file;
use super::summary::{Folded, Origin, Summary, brief, summarise};
use crate::protocol::Ending;

const FILE: &str = "catalogue.jsonl";
/// The form of the entries; a file of another form is not read.
const FORMAT: u32 = 5;
/// So many sessions are read anew each time rather than writing the file for them.
const FEW: usize = 32;
/// Less of the file than so many bytes is read by one thread.
const PART: usize = 128 << 10;
/// Journals of so many bytes are worth it, however few they are.
const MUCH: u64 = 16 << 20;
/// What changed this shortly before it was looked at may change again within the same tick of the file system's clock.
const SETTLED: Duration = Duration::from_secs(2);

/// What was known of the sessions of a folder, and what has been learnt of them since.
#[derive(Debug)]
pub struct Catalogue {
    path: PathBuf,
    entries: HashMap<String, Entry>,
    /// How many of them are in no file yet.
    learnt: usize,
}

/// A session that was looked up, and whether it was known.
struct Found {
    stamp: Option<Stamp>,
    summary: Summary,
    known: bool,
}

#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    stamp: Stamp,
    told: Told,
}

/// A summary without what is known of a session by its folder. Nothing in it is flattened: that is slow to read.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Told {
    id: String,
    question: String,
    answer: Option<String>,
    label: Label,
    opened_at_ms: u64,
    ended: Option<Ending>,
    sums: Option<Folded>,
    documents: Vec<String>,
    parent: Option<Origin>,
    disk_bytes: u64,
    archived: bool,
    problem: Option<String>,
}

impl Told {
    fn of(summary: &Summary) -> Self {
        let summary = summary.clone();
        Self {
            id: summary.id.to_string(),
            question: summary.question,
            answer: summary.answer,
            label: summary.label,
            opened_at_ms: summary.opened_at_ms,
            ended: summary.ended,
            sums: summary.sums.map(|sums| sums.folded),
            documents: summary.documents,
            parent: summary.parent,
            disk_bytes: summary.disk_bytes,
            archived: summary.archived,
            problem: summary.problem,
        }
    }

    fn of_session(self, session: &Session) -> Summary {
        // A session that was interrupted may be gone on with before anything is written.
        let running = self.ended.is_none() && session.is_running();
        Summary {
            id: session.id().clone(),
            path: session.path().to_owned(),
            running,
            question: self.question,
            answer: self.answer,
            label: self.label,
            opened_at_ms: self.opened_at_ms,
            ended: self.ended,
            sums: self.sums.map(|folded| folded.sums(running)),
            documents: self.documents,
            parent: self.parent,
            disk_bytes: self.disk_bytes,
            archived: self.archived,
            problem: self.problem,
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Head {
    catalogue: u32,
}

/// What changes with a session's files: the journal's length and time, and the time of its folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Stamp {
    bytes: u64,
    journal_ns: u64,
    folder_ns: u64,
}

impl Stamp {
    fn of(session: &Session) -> Option<Self> {
        let journal = session.journal_file()?;
        let folder = fs::metadata(session.path()).ok()?;
        Some(Self { bytes: journal.len(), journal_ns: changed_ns(&journal)?, folder_ns: changed_ns(&folder)? })
    }

    /// Whether nothing changed in the moments before `now`.
    fn is_settled(&self, now: SystemTime) -> bool {
        let now = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let before = now.saturating_sub(SETTLED).as_nanos();
        u128::from(self.journal_ns.max(self.folder_ns)) < before
    }
}

fn changed_ns(about: &Metadata) -> Option<u64> {
    let since = about.modified().ok()?.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    u64::try_from(since.as_nanos()).ok()
}

impl Catalogue {
    /// What is known of the sessions in this folder. A file that is missing or damaged is as good as an empty one.
    pub(super) fn of(root: &Path) -> Self {
        let path = root.join(FILE);
        let entries = read(&path).unwrap_or_default();
        Self { path, entries, learnt: 0 }
    }

    /// What is cheap to know of a session.
    pub fn brief(&self, session: &Session) -> Summary {
        self.glance(session).summary
    }

    /// The same of many, in their order. What had to be read is known from here on.
    pub fn briefs(&mut self, sessions: &[Session]) -> Vec<Summary> {
        let now = SystemTime::now();
        let found = self.each(sessions, &|session| self.glance(session));
        for Found { stamp, summary, known } in &found {
            if let Some(stamp) = stamp.filter(|stamp| !known && stamp.is_settled(now)) {
                self.entries.insert(summary.id.to_string(), Entry { stamp, told: Told::of(summary) });
                self.learnt += 1;
            }
        }
        found.into_iter().map(|found| found.summary).collect()
    }

    /// Writes down what was learnt by [`briefs`](Self::briefs), for the next time.
    pub fn keep_learnt(&self) {
        if self.learnt >= FEW {
            self.keep();
        }
    }

    /// All that a list tells of these sessions, in their order. What had to be read is kept for the next time; `told` hears of
    /// each that is read, from any thread.
    pub fn summaries(mut self, sessions: &[Session], told: &(dyn Fn() + Sync)) -> Vec<Summary> {
        let now = SystemTime::now();
        let looked_up = self.each(sessions, &|session| self.look_up(session, told));
        let is_new = |found: &&Found| !found.known && found.stamp.is_some_and(|stamp| stamp.is_settled(now));
        let read = looked_up.iter().filter(is_new).count();
        let bytes: u64 = looked_up.iter().filter(is_new).filter_map(|found| Some(found.stamp?.bytes)).sum();
        let there: HashSet<&str> = sessions.iter().map(|session| session.id().as_str()).collect();
        let gone = self.entries.keys().any(|id| !there.contains(id.as_str()));
        if read >= FEW || bytes >= MUCH || gone {
            let settled = looked_up.iter().filter_map(|Found { stamp, summary, .. }| {
                let stamp = stamp.filter(|stamp| stamp.is_settled(now))?;
                Some((summary.id.to_string(), Entry { stamp, told: Told::of(summary) }))
            });
            self.entries = settled.collect();
            self.keep();
        }
        looked_up.into_iter().map(|found| found.summary).collect()
    }

    /// Looks each of them up, on as many threads as there are processors.
    fn each(&self, sessions: &[Session], look_up: &(dyn Fn(&Session) -> Found + Sync)) -> Vec<Found> {
        let threads = thread::available_parallelism().map_or(1, usize::from);
        let each = sessions.len().div_ceil(threads).max(FEW);
        thread::scope(|scope| {
            let parts = sessions.chunks(each).map(|part| {
                let all = move || part.iter().map(look_up).collect::<Vec<_>>();
                (part, thread::Builder::new().spawn_scoped(scope, all))
            });
            let parts: Vec<_> = parts.collect();
            let found = parts.into_iter().flat_map(|(part, thread)| {
                let found = thread.ok().and_then(|thread| thread.join().ok());
                // Where no thread can be had, this one does it.
                found.unwrap_or_else(|| part.iter().map(look_up).collect())
            });
            found.collect()
        })
    }

    /// Forgets the sessions that are there no longer: what was asked in them is not to outlive them here.
    pub fn forget_deleted(mut self, root: &Path) {
        let before = self.entries.len();
        self.entries.retain(|id, _| root.join(id).exists());
        if self.entries.len() != before {
            self.keep();
        }
    }

    /// The stamp was taken before the files were read: what changes meanwhile is noticed the next time.
    fn look_up(&self, session: &Session, told: &(dyn Fn() + Sync)) -> Found {
        let stamp = Stamp::of(session);
        match self.known(session, stamp).filter(|summary| summary.sums.is_some()) {
            Some(summary) => Found { stamp, summary, known: true },
            None => {
                let summary = summarise(session);
                told();
                Found { stamp, summary, known: false }
            }
        }
    }

    fn glance(&self, session: &Session) -> Found {
        let stamp = Stamp::of(session);
        match self.known(session, stamp) {
            Some(summary) => Found { stamp, summary, known: true },
            None => Found { stamp, summary: brief(session), known: false },
        }
    }

    fn known(&self, session: &Session, stamp: Option<Stamp>) -> Option<Summary> {
        let entry = self.entries.get(session.id().as_str())?;
        if Some(entry.stamp) != stamp {
            return None;
        }
        Some(entry.told.clone().of_session(session))
    }

    /// Writes the file in place of the one before. Where that cannot be, the next list takes longer, and that is all.
    fn keep(&self) {
        let new = self.path.with_extension(format!("{}.new", std::process::id()));
        let written = private_file().write(true).create(true).truncate(true).open(&new).and_then(|file| {
            let mut out = BufWriter::new(file);
            write_line(&mut out, &Head { catalogue: FORMAT })?;
            self.entries.values().try_for_each(|entry| write_line(&mut out, entry))?;
            out.flush()
        });
        if written.and_then(|()| fs::rename(&new, &self.path)).is_err() {
            let _ = fs::remove_file(&new);
        }
    }
}

fn write_line(out: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, value)?;
    out.write_all(b"\n")
}

/// On as many threads as there are processors: of a list that is known this is most of the time. A damaged line is passed over.
fn read(path: &Path) -> io::Result<HashMap<String, Entry>> {
    let bytes = fs::read(path)?;
    let end = memchr::memchr(b'\n', &bytes).unwrap_or(bytes.len());
    let (head, lines) = bytes.split_at(end);
    if serde_json::from_slice::<Head>(head).ok().is_none_or(|head| head.catalogue != FORMAT) {
        return Ok(HashMap::new());
    }
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let parts = parts(lines, (lines.len() / threads).max(PART));
    let parsed = thread::scope(|scope| {
        let begun =
            parts.into_iter().map(|part| (part, thread::Builder::new().spawn_scoped(scope, move || entries(part))));
        let begun: Vec<_> = begun.collect();
        let parsed = begun.into_iter().map(|(part, thread)| {
            // Where no thread can be had, this one does it.
            thread.ok().and_then(|thread| thread.join().ok()).unwrap_or_else(|| entries(part))
        });
        parsed.collect::<Vec<_>>()
    });
    Ok(parsed.into_iter().flatten().map(|entry| (entry.told.id.clone(), entry)).collect())
}

fn entries(lines: &[u8]) -> Vec<Entry> {
    lines.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect()
}

/// Whole lines, about so many bytes of them in each part.
fn parts(mut lines: &[u8], bytes: usize) -> Vec<&[u8]> {
    let mut parts = Vec::new();
    while lines.len() > bytes {
        let end = memchr::memchr(b'\n', &lines[bytes..]).map_or(lines.len(), |at| bytes + at + 1);
        let (part, rest) = lines.split_at(end);
        parts.push(part);
        lines = rest;
    }
    parts.push(lines);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_the_file_are_whole_lines_and_all_of_them() {
        let lines = "\na\nbcd\n\nefghij\nk\n";
        for bytes in 1..=lines.len() + 1 {
            let parts = parts(lines.as_bytes(), bytes);
            assert_eq!(parts.concat(), lines.as_bytes());
            let (_, whole) = parts.split_last().unwrap();
            assert!(whole.iter().all(|part| part.ends_with(b"\n") && part.len() >= bytes), "{bytes}: {parts:?}");
        }
    }
}
