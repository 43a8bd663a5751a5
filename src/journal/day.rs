//! What the sessions of a folder spent on each day, and reserved for calls that are out.
//!
//! One small file a day, held by a lock while it is read and added to: two runs at once cannot both take the last cent,
//! and a call costs a look into one file. The journals hold the same, but reading all of them before each call takes
//! longer with every session, nothing locks them together, and deleting a session would forget what it cost.

use std::collections::HashMap;
use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use jiff::civil::Date;
use jiff::{ToSpan, Zoned};
use serde::{Deserialize, Serialize};

use super::error::JournalError;
use super::id::SessionId;
use super::store::{private_file, private_folder};

/// Others hold the lock for as long as a line takes to reach the disk.
const PATIENCE: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(10);
/// How long the book of a day is kept. It is asked for its own day alone; the rest is for the curious.
const DAYS_KEPT: i64 = 40;

/// The book as one session writes it.
#[derive(Clone, Debug)]
pub struct DayBook {
    root: PathBuf,
    session: String,
    calls: u64,
}

/// A call that is in the book at its worst case.
#[derive(Debug)]
pub struct Reservation {
    path: PathBuf,
    call: u64,
}

/// What a call is in the book for. A later line about the same call takes the place of an earlier one.
#[derive(Serialize, Deserialize)]
struct Line {
    session: String,
    call: u64,
    usd: f64,
}

impl DayBook {
    /// The book of the sessions in `root`.
    pub fn new(root: PathBuf, session: &SessionId) -> Self {
        Self { root, session: session.to_string(), calls: 0 }
    }

    /// Dollars spent or reserved today by all sessions of the folder.
    pub fn today_usd(&self) -> Result<f64, JournalError> {
        spent_today(&self.root)
    }

    /// Reserves a call of at most `usd`, where all of today together stays within `limit_usd`; else tells what was spent
    /// or reserved today. What is reserved is on the disk.
    pub async fn reserve(
        &mut self,
        usd: f64,
        limit_usd: Option<f64>,
    ) -> Result<Result<Reservation, f64>, JournalError> {
        self.reserve_after(Duration::ZERO, usd, limit_usd).await
    }

    /// As [`reserve`](Self::reserve), for a call that leaves after this `wait`: it is in the book of the day it leaves on.
    pub async fn reserve_after(
        &mut self,
        wait: Duration,
        usd: f64,
        limit_usd: Option<f64>,
    ) -> Result<Result<Reservation, f64>, JournalError> {
        let (path, session, known) = (book_after(&self.root, wait), self.session.clone(), self.calls);
        let (book, root) = (path.clone(), self.root.clone());
        let reserved = on_disk(move || {
            if !book.exists() {
                forget_old(&root, Zoned::now().date());
            }
            let mut file = locked(&book)?;
            let text = read(&mut file, &book)?;
            let committed = sum(&text);
            if limit_usd.is_some_and(|limit| committed + usd > limit) {
                return Ok(Err(committed));
            }
            // What a process before this one reserved for the session keeps its number.
            let call = known.max(last_call(&text, &session)) + 1;
            add(&mut file, &text, &Line { session, call, usd }, &book)?;
            file.sync_data().map_err(JournalError::io("flush", &book))?;
            Ok(Ok(call))
        });
        Ok(match reserved.await? {
            Err(committed) => Err(committed),
            Ok(call) => {
                self.calls = call;
                Ok(Reservation { path, call })
            }
        })
    }

    /// Puts what the call came to in place of what was reserved for it.
    pub async fn settle(&self, reservation: Reservation, usd: f64) -> Result<(), JournalError> {
        let Reservation { path, call } = reservation;
        let session = self.session.clone();
        on_disk(move || {
            let mut file = locked(&path)?;
            let text = read(&mut file, &path)?;
            add(&mut file, &text, &Line { session, call, usd }, &path)
        })
        .await
    }

    /// Whether the reserved call is in the book of the day on which it leaves after this `wait`.
    pub fn is_of_day_after(&self, reservation: &Reservation, wait: Duration) -> bool {
        reservation.path == book_after(&self.root, wait)
    }
}

/// Dollars spent or reserved today by all sessions of a folder.
pub fn spent_today(root: &Path) -> Result<f64, JournalError> {
    let path = book_after(root, Duration::ZERO);
    match File::open(&path) {
        Ok(mut file) => Ok(sum(&read(&mut file, &path)?)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0.0),
        Err(error) => Err(JournalError::io("read", &path)(error)),
    }
}

/// The file of the day that it is after this `wait`, as the clock on the wall has it.
fn book_after(root: &Path, wait: Duration) -> PathBuf {
    let now = Zoned::now();
    let day = now.checked_add(wait).unwrap_or(now).date();
    root.join(format!("{BEFORE}{day}{AFTER}"))
}

/// What stands before and after the date in the name of a day's book.
const BEFORE: &str = "spent-";
const AFTER: &str = ".jsonl";

/// Removes the books of days long past. One that cannot be removed does no harm.
fn forget_old(root: &Path, today: Date) {
    let Ok(entries) = fs::read_dir(root) else { return };
    let Ok(oldest) = today.checked_sub(DAYS_KEPT.days()) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let date = name.to_str().and_then(|name| name.strip_prefix(BEFORE)?.strip_suffix(AFTER)?.parse::<Date>().ok());
        if date.is_some_and(|date| date < oldest) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Runs what waits for the disk or another process beside everything else.
async fn on_disk<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, JournalError> + Send + 'static,
) -> Result<T, JournalError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => Err(JournalError::io("use", Path::new("the book of the day"))(io::Error::other(error))),
    }
}

fn locked(path: &Path) -> Result<File, JournalError> {
    if let Some(folder) = path.parent() {
        private_folder().recursive(true).create(folder).map_err(JournalError::io("make the folder", folder))?;
    }
    let file = private_file().read(true).append(true).create(true).open(path);
    let file = file.map_err(JournalError::io("open", path))?;
    let mut waited = Duration::ZERO;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if waited < PATIENCE => {
                thread::sleep(PAUSE);
                waited += PAUSE;
            }
            Err(TryLockError::WouldBlock) => {
                let held = io::Error::new(io::ErrorKind::TimedOut, "another process holds it; try again");
                return Err(JournalError::io("lock", path)(held));
            }
            // Some network file systems have no locks: there, runs at once may both take the last cent.
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => return Ok(file),
            Err(TryLockError::Error(error)) => return Err(JournalError::io("lock", path)(error)),
        }
    }
}

fn read(file: &mut File, path: &Path) -> Result<String, JournalError> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(0)).map_err(JournalError::io("read", path))?;
    file.read_to_end(&mut bytes).map_err(JournalError::io("read", path))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// A line that cannot be read was torn when its writer ended, before the call that it was about went out.
fn sum(text: &str) -> f64 {
    let mut calls: HashMap<(String, u64), f64> = HashMap::new();
    for Line { session, call, usd } in text.lines().filter_map(|line| serde_json::from_str(line).ok()) {
        calls.insert((session, call), usd);
    }
    // In a fixed order, so that the same lines always come to the same sum.
    let mut spent: Vec<f64> = calls.into_values().collect();
    spent.sort_by(f64::total_cmp);
    spent.into_iter().sum()
}

/// The number of the session's last call in the book; 0 where it has none.
fn last_call(text: &str, session: &str) -> u64 {
    let lines = text.lines().filter_map(|line| serde_json::from_str::<Line>(line).ok());
    lines.filter(|line| line.session == session).map(|line| line.call).max().unwrap_or(0)
}

fn add(file: &mut File, before: &str, line: &Line, path: &Path) -> Result<(), JournalError> {
    let mut text = if before.is_empty() || before.ends_with('\n') { String::new() } else { "\n".to_owned() };
    text.push_str(&serde_json::to_string(line).map_err(|source| JournalError::Unwritable { source })?);
    text.push('\n');
    file.write_all(text.as_bytes()).map_err(JournalError::io("write to", path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn book(root: &Path, session: &str) -> DayBook {
        DayBook::new(root.to_owned(), &session.parse().unwrap())
    }

    #[tokio::test]
    async fn what_a_call_came_to_takes_the_place_of_its_worst_case() {
        let folder = tempfile::tempdir().unwrap();
        let (mut one, mut other) = (book(folder.path(), "one"), book(folder.path(), "other"));
        let held = one.reserve(0.5, Some(1.0)).await.unwrap().unwrap();
        assert_eq!(other.reserve(0.6, Some(1.0)).await.unwrap().unwrap_err(), 0.5);
        one.settle(held, 0.25).await.unwrap();
        assert_eq!(other.today_usd().unwrap(), 0.25);
        // A lost answer is never settled and stays at its worst.
        let _lost = other.reserve(0.75, Some(1.0)).await.unwrap().unwrap();
        assert_eq!(one.reserve(0.25, Some(1.0)).await.unwrap().unwrap_err(), 1.0);
        assert!(one.reserve(0.25, None).await.unwrap().is_ok(), "without a limit it is noted all the same");
        assert_eq!(one.today_usd().unwrap(), 1.25);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn runs_at_once_never_pass_the_budget_together() {
        let folder = tempfile::tempdir().unwrap();
        let tasks: Vec<_> = (0..8)
            .map(|n| {
                let mut book = book(folder.path(), &format!("s{n}"));
                tokio::spawn(async move {
                    let mut made = 0;
                    for _ in 0..4 {
                        made += usize::from(book.reserve(0.125, Some(1.0)).await.unwrap().is_ok());
                    }
                    made
                })
            })
            .collect();
        let mut made = 0;
        for task in tasks {
            made += task.await.unwrap();
        }
        assert_eq!(made, 8);
        assert_eq!(book(folder.path(), "x").today_usd().unwrap(), 1.0);
    }

    #[tokio::test]
    async fn with_the_first_call_of_a_day_books_of_days_long_past_go() {
        let folder = tempfile::tempdir().unwrap();
        let today = Zoned::now().date();
        let of = |days: i64| format!("spent-{}.jsonl", today.checked_sub(days.days()).unwrap());
        let others = ["spent-2001-02-30.jsonl".to_owned(), "spent-2001-01-01.json".to_owned(), "notes".to_owned()];
        for name in others.iter().chain(&[of(41), of(400), of(39), of(1)]) {
            fs::write(folder.path().join(name), "").unwrap();
        }
        fs::create_dir(folder.path().join("spent-2001-01-01.jsonl")).unwrap();
        let mut book = book(folder.path(), "one");
        book.reserve(0.5, None).await.unwrap().unwrap();
        let is_there = |name: &String| folder.path().join(name).exists();
        assert!(others.iter().chain(&[of(0), of(1), of(39)]).all(is_there));
        assert!(![of(41), of(400)].iter().any(is_there));
        // Later calls of the day do not look again.
        fs::write(folder.path().join(of(50)), "").unwrap();
        book.reserve(0.5, None).await.unwrap().unwrap();
        assert!(is_there(&of(50)));
    }

    #[tokio::test]
    async fn a_process_that_goes_on_with_a_session_leaves_what_the_one_before_reserved() {
        let folder = tempfile::tempdir().unwrap();
        // The first process ended while its call was out.
        let _lost = book(folder.path(), "one").reserve(0.5, None).await.unwrap().unwrap();
        let mut again = book(folder.path(), "one");
        let held = again.reserve(0.25, None).await.unwrap().unwrap();
        assert_eq!(again.today_usd().unwrap(), 0.75);
        again.settle(held, 0.125).await.unwrap();
        assert_eq!(again.today_usd().unwrap(), 0.625);
    }

    #[tokio::test]
    async fn a_torn_line_hides_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let mut book = book(folder.path(), "one");
        book.reserve(0.5, None).await.unwrap().unwrap();
        let mut file = private_file().append(true).open(book_after(folder.path(), Duration::ZERO)).unwrap();
        file.write_all(b"{\"session\":\"tor").unwrap();
        book.reserve(0.25, None).await.unwrap().unwrap();
        assert_eq!(book.today_usd().unwrap(), 0.75);
    }
}
