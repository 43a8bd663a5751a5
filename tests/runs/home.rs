//! A home folder of its own for the program, and what the program said and left there.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use serde_json::Value;
use tokio::process::Command;

use crate::loopback::Loopback;

/// The remote LM's key. It must show nowhere.
pub const KEY: &str = "sk-planted-0123456789abcdef";
const KEY_VARIABLE: &str = "PLANTED_KEY";
/// A program that takes longer is stuck.
const PATIENCE: Duration = Duration::from_secs(120);

pub struct Home(tempfile::TempDir);

/// What a program said, and how it ended.
#[derive(Debug)]
pub struct Said {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Home {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).unwrap();
    }

    /// The program with these arguments, nobody's settings and sessions kept in `sessions`.
    pub fn command(&self, args: &[&str]) -> Command {
        self.command_of(Path::new(env!("CARGO_BIN_EXE_minions")), args)
    }

    fn command_of(&self, program: &Path, args: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(args);
        self.furnish(&mut command);
        command
    }

    /// The program started by a shell after `before`.
    pub fn shell(&self, before: &str, args: &[&str]) -> Command {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", &format!("{before}; exec \"$@\""), "sh", env!("CARGO_BIN_EXE_minions")]).args(args);
        self.furnish(&mut command);
        command
    }

    fn furnish(&self, command: &mut Command) {
        command.env_clear().env("HOME", self.0.path()).env(KEY_VARIABLE, KEY).env("PATH", "/usr/bin:/bin");
        command.env("LANG", "C.UTF-8").env("MINIONS_SESSIONS_DIR", self.path("sessions"));
        command.current_dir(self.0.path()).stdin(Stdio::null()).kill_on_drop(true);
    }

    pub async fn run(&self, args: &[&str]) -> Said {
        said(self.command(args)).await
    }

    /// `minions run` on `document.txt` with these settings.
    pub async fn ask(&self, args: &[&str], settings: &[String]) -> Said {
        said(self.asking(args, settings)).await
    }

    pub fn asking(&self, args: &[&str], settings: &[String]) -> Command {
        self.asking_of(Path::new(env!("CARGO_BIN_EXE_minions")), args, settings)
    }

    /// As [`asking`](Self::asking), of a copy of the program.
    pub fn asking_of(&self, program: &Path, args: &[&str], settings: &[String]) -> Command {
        let mut command = self.command_of(program, &["run", "-d", "document.txt"]);
        if !args.contains(&"-q") {
            command.args(["-q", "What did item 7 bring in?"]);
        }
        command.args(args).args(settings.iter().flat_map(|setting| ["--set", setting]));
        command
    }

    /// The only session there is.
    pub fn session(&self) -> PathBuf {
        let [session] = self.sessions().try_into().unwrap();
        session
    }

    pub fn sessions(&self) -> Vec<PathBuf> {
        let Ok(entries) = fs::read_dir(self.path("sessions")) else { return Vec::new() };
        // Beside them lies the book of what they spent.
        entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect()
    }

    /// The facts of the only session, in order.
    pub fn facts(&self) -> Vec<Value> {
        let journal = fs::read_to_string(self.session().join("journal.jsonl")).unwrap();
        journal.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["fact"].take()).collect()
    }

    /// Waits until the only session's journal holds this word.
    pub async fn until_journal_holds(&self, word: &str) {
        let seen = async {
            loop {
                let journal =
                    self.sessions().first().and_then(|one| fs::read_to_string(one.join("journal.jsonl")).ok());
                if journal.is_some_and(|journal| journal.contains(word)) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(PATIENCE, seen).await.unwrap_or_else(|_| panic!("no {word} came"));
    }

    pub fn facts_of(&self, kind: &str) -> Vec<Value> {
        self.facts().into_iter().filter(|fact| fact["kind"] == kind).collect()
    }

    /// Checks that the only session is whole, ended and can be shown, and gives what `sessions show` gives.
    pub async fn shown(&self) -> Value {
        let verified = self.run(&["sessions", "verify", "last"]).await;
        assert_eq!((verified.code, verified.stderr.as_str()), (0, ""), "{verified:?}");
        assert!(verified.stdout.contains("its seal fits"), "{verified:?}");
        let shown = self.run(&["sessions", "show", "last", "--json"]).await;
        assert_eq!((shown.code, shown.stderr.as_str()), (0, ""), "{shown:?}");
        serde_json::from_str(&shown.stdout).unwrap()
    }

    /// Looks through everything the program said and every file it left.
    pub fn assert_nowhere(&self, secret: &str, said: &Said) {
        assert!(!said.stdout.contains(secret) && !said.stderr.contains(secret), "{said:?}");
        let mut folders = vec![self.0.path().to_owned()];
        let mut files = 0;
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                files += 1;
                let bytes = fs::read(&path).unwrap();
                assert!(memchr::memmem::find(&bytes, secret.as_bytes()).is_none(), "{} holds it", path.display());
            }
        }
        assert!(files > 1);
    }
}

impl Said {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// It failed with one sentence that holds these words, and nothing on standard output.
    pub fn assert_refused(&self, code: i32, words: &[&str]) {
        assert_eq!(self.stdout, "", "{self:?}");
        self.assert_failed(code, words);
    }

    /// It failed with one sentence that holds these words.
    pub fn assert_failed(&self, code: i32, words: &[&str]) {
        assert_eq!(self.code, code, "{self:?}");
        let last = self.stderr.lines().last().unwrap_or_default();
        assert!(last.starts_with("minions: ") && words.iter().all(|word| last.contains(word)), "{words:?}: {self:?}");
        assert!(!self.stderr.contains("panic"), "{self:?}");
    }

    /// As [`assert_refused`](Self::assert_refused), and that is all it said.
    pub fn assert_refused_at_once(&self, code: i32, words: &[&str]) {
        self.assert_refused(code, words);
        assert_eq!(self.stderr.lines().count(), 1, "{self:?}");
    }
}

pub async fn said(mut command: Command) -> Said {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    finished(command.output()).await
}

pub async fn finished(output: impl Future<Output = std::io::Result<Output>>) -> Said {
    let output = tokio::time::timeout(PATIENCE, output).await.expect("the program is stuck").unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Said {
        code: output.status.code().unwrap_or_else(|| panic!("{:?}", output.status)),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    }
}

/// The settings for this server as the remote LM, with the planted key.
pub fn remote(server: &Loopback) -> Vec<String> {
    settings(&[
        "remote.provider=openai",
        "remote.model=test-model",
        "remote.attempts=1",
        "remote.idle_timeout_s=1",
        &format!("remote.base_url={}", server.base_url()),
        &format!("remote.api_key_env={KEY_VARIABLE}"),
    ])
}

/// The settings for this server as the local LM.
pub fn local(server: &Loopback) -> Vec<String> {
    settings(&["local.provider=openai", "local.model=test-model", &format!("local.base_url={}", server.base_url())])
}

pub fn settings(pairs: &[&str]) -> Vec<String> {
    pairs.iter().map(|pair| (*pair).to_owned()).collect()
}

/// A document of this many lines, each with a figure of its own.
pub fn ledger_of(lines: usize) -> String {
    (0..lines).map(|n| format!("Item {n} brought in {} dollars in that year.\n", 10_000 + n)).collect()
}
