//! The parent's side of the process that reads: it is asked for a document, and where it fails at a page it is started again
//! behind that page.

use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

use super::child::SUBCOMMAND;
use super::wire::{self, Foreign, Part, Trouble};

/// A page may take this long, and so may the opening of a document.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often it is looked whether the document is wanted still.
const LOOK: Duration = Duration::from_millis(50);
/// Pages that may end the process, or its time, before the rest is given up.
const DEATHS: usize = 8;
/// Memory of the process, and what it gets for each megabyte of the document.
const MEMORY_MB: u64 = 2048;
const MEMORY_PER_MB: u64 = 8;

/// What was read of a document.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Pages {
    /// Whether they are pages, and no text without any.
    pub paged: bool,
    pub texts: Vec<String>,
    /// The pages, counted from 1, that show pictures and no text, and those that could not be read.
    pub pictures: Vec<u32>,
    pub unreadable: Vec<u32>,
    /// Those with few words, most of which pictures cover, and those that show something and no words.
    pub stamped: Vec<u32>,
    pub wordless: Vec<u32>,
    /// Of a document without pages: it is damaged, and was read as far as it goes.
    pub cut: bool,
    /// Those that nobody tried to read any more.
    pub given_up: Vec<u32>,
}

/// Why there is nothing of it.
#[derive(Debug, PartialEq, Eq)]
pub enum Nothing {
    Trouble(Trouble),
    /// What the process did: it ended, took too long, or said what it should not.
    Process(String),
    /// The text is longer than a document may be.
    TooLarge,
    Stopped,
}

/// Starts the process when it is first needed, and keeps it for the next document.
pub struct Apart {
    program: PathBuf,
    patience: Duration,
    process: Option<Process>,
}

struct Process {
    child: Child,
    parts: Receiver<std::io::Result<Part>>,
    memory_mb: u64,
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Apart {
    pub fn new(program: PathBuf) -> Self {
        Self { program, patience: PATIENCE, process: None }
    }

    /// Reads a document. `told` hears how many pages were read and how many there are, and says whether to go on.
    pub fn read(
        &mut self,
        format: Foreign,
        bytes: Vec<u8>,
        told: &mut dyn FnMut(u32, u32) -> bool,
    ) -> Result<Pages, Nothing> {
        let bytes: Arc<[u8]> = bytes.into();
        let mut pages = Pages::default();
        let mut total = None;
        // One that has read before may be worn out: it gets no page of this document to its account.
        let mut fresh = self.process.is_none();
        for _ in 0..=DEATHS {
            match self.go_on(format, &bytes, &mut pages, &mut total, told) {
                Ok(()) => return Ok(pages),
                Err(Nothing::Process(what)) => {
                    self.process = None;
                    let read = u32::try_from(pages.texts.len()).unwrap_or(u32::MAX);
                    // Without any page the whole document is at fault.
                    match total {
                        Some(total) if pages.paged && read < total => pages.skip(),
                        Some(_) if pages.paged => return Ok(pages),
                        _ if fresh => return Err(Nothing::Process(what)),
                        _ => {}
                    }
                    fresh = true;
                }
                Err(other) => {
                    self.process = None;
                    return Err(other);
                }
            }
        }
        while pages.awaits(total) {
            pages.texts.push(String::new());
            pages.given_up.push(pages.texts.len() as u32);
        }
        Ok(pages)
    }

    fn go_on(
        &mut self,
        format: Foreign,
        bytes: &Arc<[u8]>,
        pages: &mut Pages,
        total: &mut Option<u32>,
        told: &mut dyn FnMut(u32, u32) -> bool,
    ) -> Result<(), Nothing> {
        let from = u32::try_from(pages.texts.len()).unwrap_or(u32::MAX);
        let patience = self.patience;
        let process = self.process(bytes.len() as u64)?;
        process.ask(format, from, bytes)?;
        let mut since = Instant::now();
        let mut length: u64 = pages.texts.iter().map(|text| text.len() as u64).sum();
        loop {
            let part = match process.parts.recv_timeout(LOOK) {
                Ok(Ok(part)) => part,
                Ok(Err(_)) | Err(RecvTimeoutError::Disconnected) => return Err(Nothing::Process(process.end())),
                Err(RecvTimeoutError::Timeout) => {
                    if !told(pages.texts.len() as u32, total.unwrap_or(0)) {
                        return Err(Nothing::Stopped);
                    }
                    if since.elapsed() > patience {
                        return Err(Nothing::Process(format!("took more than {} s", patience.as_secs())));
                    }
                    continue;
                }
            };
            since = Instant::now();
            let stamped = matches!(part, Part::Stamped(_));
            match part {
                Part::Pages(count) if total.is_none_or(|total| total == count) => {
                    *total = Some(count);
                    pages.paged = count > 0;
                }
                Part::Cut if total.is_some() => pages.cut = true,
                Part::Done if total.is_some() => return Ok(()),
                Part::Failed(trouble) if total.is_none() => return Err(Nothing::Trouble(trouble)),
                Part::Text(text) | Part::Stamped(text)
                    if pages.texts.len() < total.map_or(0, |total| total.max(1) as usize) =>
                {
                    length += text.len() as u64;
                    if length > super::MAX_BYTES {
                        return Err(Nothing::TooLarge);
                    }
                    pages.texts.push(text);
                    pages.stamped.extend(stamped.then_some(pages.texts.len() as u32));
                }
                Part::Picture if pages.awaits(*total) => {
                    pages.texts.push(String::new());
                    pages.pictures.push(pages.texts.len() as u32);
                }
                Part::Wordless if pages.awaits(*total) => {
                    pages.texts.push(String::new());
                    pages.wordless.push(pages.texts.len() as u32);
                }
                Part::Unreadable if pages.awaits(*total) => pages.skip(),
                _ => return Err(Nothing::Process("said what it should not".into())),
            }
            if !told(pages.texts.len() as u32, total.unwrap_or(0)) {
                return Err(Nothing::Stopped);
            }
        }
    }

    fn process(&mut self, bytes: u64) -> Result<&mut Process, Nothing> {
        let memory_mb = MEMORY_MB + MEMORY_PER_MB * (bytes >> 20);
        if self.process.as_ref().is_some_and(|process| process.memory_mb < memory_mb) {
            self.process = None;
        }
        match &mut self.process {
            Some(process) => Ok(process),
            none => Ok(none.insert(
                Process::start(&self.program, memory_mb)
                    .map_err(|error| Nothing::Process(format!("could not be started ({error})")))?,
            )),
        }
    }
}

impl Pages {
    fn awaits(&self, total: Option<u32>) -> bool {
        total.is_some_and(|total| self.texts.len() < total as usize)
    }

    fn skip(&mut self) {
        self.texts.push(String::new());
        self.unreadable.push(self.texts.len() as u32);
    }
}

impl Process {
    fn start(program: &Path, memory_mb: u64) -> std::io::Result<Self> {
        use std::os::unix::process::CommandExt;
        let mut child = Command::new(program)
            .arg0("minions")
            .args([SUBCOMMAND, &memory_mb.to_string()])
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()?;
        let (sender, parts) = sync_channel(4);
        let output = child.stdout.take();
        std::thread::Builder::new().name("documents".into()).spawn(move || {
            let Some(output) = output else { return };
            let mut output = BufReader::new(output);
            loop {
                let part = Part::read(&mut output);
                let ends = part.is_err();
                if sender.send(part).is_err() || ends {
                    return;
                }
            }
        })?;
        Ok(Self { child, parts, memory_mb })
    }

    /// Hands the document over on a thread of its own: one who does not listen is left when patience ends.
    fn ask(&mut self, format: Foreign, from: u32, bytes: &Arc<[u8]>) -> Result<(), Nothing> {
        let Some(mut input) = self.child.stdin.as_ref().and_then(dup) else {
            return Err(Nothing::Process("has no pipe".into()));
        };
        let bytes = bytes.clone();
        // What cannot be written is told by the answer that does not come.
        let write = move || drop(wire::ask(&mut input, format, from, &bytes));
        match std::thread::Builder::new().name("documents".into()).spawn(write) {
            Ok(_) => Ok(()),
            Err(error) => Err(Nothing::Process(format!("could not be written to ({error})"))),
        }
    }

    /// How it ended.
    fn end(&mut self) -> String {
        let _ = self.child.kill();
        match self.child.wait() {
            Ok(status) if status.code() == Some(crate::sandbox::OUT_OF_MEMORY) => "ran out of memory".into(),
            Ok(status) => format!("broke off ({status})"),
            Err(_) => "broke off".into(),
        }
    }
}

fn dup(input: &std::process::ChildStdin) -> Option<std::fs::File> {
    use std::os::fd::AsFd;
    input.as_fd().try_clone_to_owned().ok().map(std::fs::File::from)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    /// Writes a script by another process: where this one had it open, a child that another test starts meanwhile could hold it,
    /// and what is open for writing does not run (`ETXTBSY` of execve(2)).
    fn put(path: &Path, script: &str) {
        let mut shell = Command::new("sh");
        let mut shell =
            shell.args(["-c", "cat > \"$0\" && chmod 700 \"$0\""]).arg(path).stdin(Stdio::piped()).spawn().unwrap();
        shell.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
        assert!(shell.wait().unwrap().success());
    }

    /// A program in the child's place: a shell script that answers with what `says` is, once for each start.
    fn read_by(says: &str) -> (Result<Pages, Nothing>, tempfile::TempDir) {
        // Only one that goes on for ever is waited for until patience ends.
        let patience = if says.contains("while") { Duration::from_millis(1500) } else { PATIENCE };
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("liar");
        put(&path, &format!("#!/bin/sh\ncd {:?}\n{says}\n", folder.path()));
        let mut apart = Apart { program: path, patience, process: None };
        (apart.read(Foreign::Pdf, b"bytes".to_vec(), &mut |_, _| true), folder)
    }

    fn printf(parts: &[Part]) -> String {
        let mut bytes = Vec::new();
        parts.iter().for_each(|part| part.write(&mut bytes).unwrap());
        format!("printf '{}'", bytes.iter().map(|byte| format!("\\{byte:03o}")).collect::<String>())
    }

    #[test]
    fn a_page_that_ends_the_process_costs_that_page() {
        let first = printf(&[Part::Pages(3), Part::Text("one".into())]);
        let again = printf(&[Part::Pages(3), Part::Text("three".into()), Part::Done]);
        for dies in ["exit 96", "kill -SEGV $$", "while :; do :; done"] {
            let (read, _folder) =
                read_by(&format!("if [ -e once ]; then {again}; else touch once; {first}; {dies}; fi"));
            let pages = read.unwrap();
            assert_eq!(pages.texts, ["one", "", "three"]);
            assert_eq!(pages.unreadable, [2]);
        }
    }

    #[test]
    fn a_process_that_always_dies_or_lies_is_given_up() {
        let (read, _folder) = read_by(&format!("{}; exit 96", printf(&[Part::Pages(100)])));
        let pages = read.unwrap();
        assert_eq!((pages.unreadable.len(), pages.given_up.len()), (DEATHS + 1, 100 - DEATHS - 1));
        for says in ["exit 97", "printf garbage", "while :; do :; done", "true"] {
            assert!(matches!(read_by(says).0, Err(Nothing::Process(_))), "{says}");
        }
        let lies = printf(&[Part::Pages(0), Part::Text("a".into()), Part::Text("b".into())]);
        assert!(matches!(read_by(&lies).0, Err(Nothing::Process(_))));
        let locked = printf(&[Part::Failed(Trouble::Password), Part::Done]);
        assert_eq!(read_by(&locked).0, Err(Nothing::Trouble(Trouble::Password)));
    }
}
