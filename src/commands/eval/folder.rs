//! The folder of an eval on the disk: its book, which one process writes at a time.

use std::fs::{File, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::super::{Exit, Failure};
use super::plan::Plan;
use crate::cli::EvalArgs;
use crate::config::Folders;
use crate::eval::book::{self, VERSION};
use crate::eval::{Book, Entry};
use crate::journal::{private_file, private_folder};

pub const BOOK: &str = "eval.jsonl";

pub struct Folder {
    path: PathBuf,
    book: Mutex<Open>,
}

struct Open {
    file: File,
    book: Book,
}

impl Folder {
    /// Opens the folder of these questions, or makes it, and reads what was done before.
    pub fn open(args: &EvalArgs, plan: &Plan) -> Result<Self, Failure> {
        let path = match &args.out {
            Some(path) => path.clone(),
            None => Folders::of_process().map(|folders| folders.data.join("evals").join(&plan.hash[..12])).ok_or_else(
                || Failure::usage("there is no home folder to keep the eval in; name a folder with --out"),
            )?,
        };
        private_folder().recursive(true).create(&path).map_err(|error| failed("made", &path, &error))?;
        let at = path.join(BOOK);
        let mut file = private_file().read(true).append(true).create(true).open(&at);
        let file = file.as_mut().map_err(|error| failed("opened", &at, error))?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => {
                return Err(Failure::new(
                    Exit::Error,
                    format!("{path:?} is the folder of an eval that is running now"),
                ));
            }
            // Some network file systems have no locks.
            Ok(()) | Err(TryLockError::Error(_)) => {}
        }
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(|error| failed("read", &at, &error))?;
        let (entries, whole) = book::read(&text)
            .map_err(|error| Failure::new(Exit::Error, format!("{at:?} cannot be gone on with: {error}")))?;
        // A line that was torn when its writer was killed stood for nothing that was begun.
        file.set_len(whole as u64).map_err(|error| failed("mended", &at, &error))?;
        let mut book = Book::default();
        entries.iter().for_each(|entry| book.apply(entry));
        let file = file.try_clone().map_err(|error| failed("opened", &at, &error))?;
        let folder = Self { path, book: Mutex::new(Open { file, book }) };
        let begun = folder.book(|book| book.begun.clone());
        match begun {
            None => folder.note(&Entry::Begun { v: VERSION, questions: plan.hash.clone(), file: plan.file.clone() })?,
            Some((hash, _)) if hash == plan.hash => {}
            Some((_, file)) => {
                let path = &folder.path;
                return Err(Failure::usage(format!(
                    "{path:?} is the eval of other questions ({file}, or the file as it was before it changed); name another \
                     folder with --out"
                )));
            }
        }
        Ok(folder)
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes an entry; it is on the disk when this returns.
    pub fn note(&self, entry: &Entry) -> Result<(), Failure> {
        let mut open = self.locked();
        let mut line = serde_json::to_vec(entry)?;
        line.push(b'\n');
        let written = open.file.write_all(&line).and_then(|()| open.file.sync_data());
        written.map_err(|error| failed("written to", &self.path.join(BOOK), &error))?;
        open.book.apply(entry);
        Ok(())
    }

    pub fn book<T>(&self, read: impl FnOnce(&Book) -> T) -> T {
        read(&self.locked().book)
    }

    fn locked(&self) -> MutexGuard<'_, Open> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn failed(what: &str, path: &Path, error: &io::Error) -> Failure {
    Failure::new(Exit::Error, format!("{path:?} could not be {what}: {error}"))
}
