//! A program on a pseudo-terminal whose screen is parsed: start it, type, resize, signal, and wait for what it shows.
//!
//! Waiting is by condition: a thread reads what the program writes and wakes the test at every change.

use std::ffi::{OsStr, OsString};
use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use portable_pty::{CommandBuilder, ExitStatus, MasterPty, PtySize, SlavePty, native_pty_system};
use tempfile::TempDir;
use vt100::MouseProtocolMode;

pub const PROGRAM: &str = env!("CARGO_BIN_EXE_minions");
/// How long a whole run may take on a busy machine; only reached when a test fails.
pub const RUN: Duration = Duration::from_secs(120);
/// How long anything else may take.
const PATIENCE: Duration = Duration::from_secs(30);

pub struct Pty {
    shared: Arc<Shared>,
    master: Option<Box<dyn MasterPty + Send>>,
    slave: Option<Box<dyn SlavePty + Send>>,
    keyboard: Option<Box<dyn Write + Send>>,
    process: libc::pid_t,
    home: TempDir,
    before: Modes,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    terminal: vt100::Parser,
    sent: Vec<u8>,
    exit: Option<ExitStatus>,
    /// The reader is to stop at the next output, unread or not.
    hanging_up: bool,
    /// Nothing is read any more.
    ended: bool,
}

/// The line discipline's settings that a full screen changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Modes {
    input: libc::tcflag_t,
    output: libc::tcflag_t,
    local: libc::tcflag_t,
}

impl Pty {
    /// Runs the command in a home of its own. `variables` are set over the usual ones.
    pub fn start(command: &[impl AsRef<OsStr>], size: (u16, u16), variables: &[(&str, &str)]) -> Self {
        let home = tempfile::tempdir().unwrap();
        let pair = native_pty_system().openpty(pty_size(size)).unwrap();
        let before = modes(&*pair.master);
        let mut builder = CommandBuilder::from_argv(command.iter().map(|part| part.as_ref().to_owned()).collect());
        builder.env_clear();
        builder.cwd(home.path());
        for (name, value) in environment(home.path()) {
            builder.env(name, value);
        }
        for (name, value) in variables {
            builder.env(name, value);
        }
        let mut child = pair.slave.spawn_command(builder).unwrap();
        let process = libc::pid_t::try_from(child.process_id().unwrap()).unwrap();
        let terminal = vt100::Parser::new(cells(size.1), cells(size.0), 0);
        let state = State { terminal, sent: Vec::new(), exit: None, hanging_up: false, ended: false };
        let shared = Arc::new(Shared { state: Mutex::new(state), changed: Condvar::new() });

        let mut output = pair.master.try_clone_reader().unwrap();
        let reading = Arc::clone(&shared);
        std::thread::spawn(move || {
            let mut buffer = [0; 8192];
            while let Ok(count @ 1..) = output.read(&mut buffer) {
                let hanging_up = reading.change(|state| {
                    state.terminal.process(&buffer[..count]);
                    state.sent.extend_from_slice(&buffer[..count]);
                    state.hanging_up
                });
                if hanging_up {
                    break;
                }
            }
            drop(output);
            reading.change(|state| state.ended = true);
        });
        let waiting = Arc::clone(&shared);
        std::thread::spawn(move || {
            let exit = child.wait().unwrap();
            waiting.change(|state| state.exit = Some(exit));
        });
        let keyboard = Some(pair.master.take_writer().unwrap());
        Self { shared, master: Some(pair.master), slave: Some(pair.slave), keyboard, process, home, before }
    }

    /// Runs `minions` with these arguments, and with these settings as `--set` gives them.
    pub fn minions(arguments: &[&str], settings: &[&str], size: (u16, u16)) -> Self {
        let settings = settings.iter().flat_map(|setting| ["--set", setting]);
        let command: Vec<&str> = [PROGRAM].into_iter().chain(arguments.iter().copied()).chain(settings).collect();
        Self::start(&command, size, &[])
    }

    pub fn home(&self) -> &Path {
        self.home.path()
    }

    pub fn process(&self) -> libc::pid_t {
        self.process
    }

    /// Everything the program has written so far.
    pub fn sent(&self) -> Vec<u8> {
        self.shared.state.lock().unwrap().sent.clone()
    }

    pub fn contents(&self) -> String {
        self.shared.state.lock().unwrap().terminal.screen().contents()
    }

    pub fn send(&mut self, bytes: &[u8]) {
        let keyboard = self.keyboard.as_mut().unwrap();
        keyboard.write_all(bytes).and_then(|()| keyboard.flush()).unwrap();
    }

    pub fn resize(&mut self, columns: u16, rows: u16) {
        // What the program draws for the new size must not meet the old grid: hold the reader up meanwhile.
        let mut state = self.shared.state.lock().unwrap();
        state.terminal.screen_mut().set_size(cells(rows), cells(columns));
        self.master.as_ref().unwrap().resize(pty_size((columns, rows))).unwrap();
    }

    /// Sends a signal to the program.
    #[allow(unsafe_code)]
    pub fn signal(&self, signal: libc::c_int) {
        // SAFETY: kill takes no pointer; the process is our child and is waited for only by our own thread.
        assert_eq!(unsafe { libc::kill(self.process(), signal) }, 0);
    }

    /// Closes the terminal, as a lost connection does.
    pub fn hang_up(&mut self) {
        // The reader holds the terminal open until it has read something: a new size makes the program draw.
        self.shared.change(|state| state.hanging_up = true);
        self.resize(60, 20);
        self.wait("the last frame", PATIENCE, |state| state.ended);
        self.keyboard = None;
        self.slave = None;
        self.master = None;
    }

    /// Waits until the screen shows the text.
    pub fn wait_for(&self, text: &str) {
        self.wait_until(&format!("{text:?}"), PATIENCE, |screen| screen.contents().contains(text));
    }

    /// Waits until the program has written this beyond the first `from` bytes, whether or not it changed the screen.
    pub fn wait_for_sent(&self, from: usize, text: &str) {
        let written = |state: &State| memchr::memmem::find(&state.sent[from..], text.as_bytes()).is_some();
        self.wait(&format!("{text:?} to be written"), PATIENCE, written);
    }

    /// Waits until the screen is as described.
    pub fn wait_until(&self, what: &str, patience: Duration, shown: impl Fn(&vt100::Screen) -> bool) {
        self.wait(what, patience, |state| shown(state.terminal.screen()));
    }

    /// Waits, as long as a run may take, until what the screen shows is as described.
    pub fn wait_until_shown(&self, what: &str, shown: impl Fn(&str) -> bool) {
        self.wait_until(what, RUN, |screen| shown(&screen.contents()));
    }

    pub fn wait_until_gone(&self, text: &str) {
        self.wait_until_shown(&format!("{text:?} to be gone"), |shown| !shown.contains(text));
    }

    /// Waits until the status line, which is one of the last rows, says this; job rows may say it too.
    pub fn wait_for_state(&self, state: &str) {
        self.wait_until(&format!("the state {state:?}"), RUN, |screen| {
            let rows: Vec<String> = screen.rows(0, screen.size().1.get()).collect();
            rows.iter().rev().take(3).any(|row| row.contains(state))
        });
    }

    /// Waits until the session has ended: other lines tell of an answer a little before.
    pub fn wait_for_the_answer(&self) {
        self.wait_until("the answer", RUN, |screen| {
            let rows: Vec<String> = screen.rows(0, screen.size().1.get()).collect();
            let ended = |row: &String| row.contains("answered │") || row.contains("answered |");
            rows.iter().rev().take(3).any(ended)
        });
    }

    /// Leaves a program in which nothing is under way: it ends well and gives the terminal back.
    pub fn quit(mut self) -> Self {
        self.send(b"q");
        assert_eq!(self.wait_exit(), 0);
        self.assert_given_back();
        self
    }

    /// What `minions …` prints in the home of the terminal's program.
    pub fn said(&self, arguments: &[&str]) -> String {
        let done = Command::new(PROGRAM)
            .args(arguments)
            .env_clear()
            .envs(environment(self.home()))
            .current_dir(self.home())
            .output()
            .unwrap();
        assert!(done.status.success(), "{done:?}");
        String::from_utf8(done.stdout).unwrap()
    }

    /// Waits until the terminal's modes are those it had before, while the shell in it goes on.
    pub fn wait_for_given_back(&self) {
        self.wait_until("the terminal to be given back", PATIENCE, |screen| taken(screen).is_empty());
    }

    /// Waits until a shell in the terminal asks for the next command: the cursor stands behind its prompt.
    pub fn wait_for_prompt(&self, prompt: &str) {
        self.wait_until("the prompt of the shell", PATIENCE, |screen| {
            let row = screen.rows(0, screen.size().1.get()).nth(usize::from(screen.cursor_position().0));
            taken(screen).is_empty() && row.is_some_and(|row| row.trim_end() == prompt)
        });
    }

    /// Waits for the end of the program and all of its output; gives the exit code.
    pub fn wait_exit(&mut self) -> u32 {
        self.wait("the program to end", PATIENCE, |state| state.exit.is_some());
        if let Some(master) = &self.master {
            assert_eq!(modes(&**master), self.before, "the line discipline is as it was\n{}", self.picture());
        }
        // The last open end but ours: the reader then meets the end of the output.
        self.slave = None;
        if self.master.is_some() {
            self.wait("the last output", PATIENCE, |state| state.ended);
        }
        let state = self.shared.state.lock().unwrap();
        state.exit.as_ref().unwrap().exit_code()
    }

    /// After the exit: the shell's screen, its cursor, no mouse, no bracketed paste.
    pub fn assert_given_back(&self) {
        let state = self.shared.state.lock().unwrap();
        let still = taken(state.terminal.screen());
        assert!(still.is_empty(), "still set: {still:?}");
    }

    fn wait(&self, what: &str, patience: Duration, done: impl Fn(&State) -> bool) {
        let state = self.shared.state.lock().unwrap();
        let going_on = |state: &mut State| !(done(state) || state.ended && state.exit.is_some());
        let (state, _) = self.shared.changed.wait_timeout_while(state, patience, going_on).unwrap();
        let done = done(&state);
        drop(state);
        assert!(done, "waited in vain for {what}:\n{}", self.picture());
    }

    fn picture(&self) -> String {
        let state = self.shared.state.lock().unwrap();
        format!("{}\n(exit: {:?})", state.terminal.screen().contents(), state.exit)
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        if self.shared.state.lock().unwrap().exit.is_none() {
            self.signal(libc::SIGKILL);
        }
    }
}

impl Shared {
    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let told = change(&mut self.state.lock().unwrap());
        self.changed.notify_all();
        told
    }
}

/// A home of its own, nothing of the tester's settings, keys or sessions.
pub fn environment(home: &Path) -> Vec<(OsString, OsString)> {
    let inside = |name: &str| home.join(name).into_os_string();
    let path = std::env::var_os("PATH").unwrap_or_else(|| OsString::from("/usr/bin:/bin"));
    [
        ("PATH", path),
        ("HOME", PathBuf::from(home).into_os_string()),
        ("XDG_CONFIG_HOME", inside("config")),
        ("XDG_DATA_HOME", inside("data")),
        ("XDG_STATE_HOME", inside("state")),
        ("XDG_CACHE_HOME", inside("cache")),
        ("TERM", "xterm-256color".into()),
        ("LANG", "C.UTF-8".into()),
    ]
    .map(|(name, value)| (name.into(), value))
    .into()
}

/// The modes of a full screen that the terminal is in.
fn taken(screen: &vt100::Screen) -> Vec<&'static str> {
    [
        (screen.alternate_screen(), "alternate screen"),
        (screen.hide_cursor(), "hidden cursor"),
        (screen.bracketed_paste(), "bracketed paste"),
        (screen.mouse_protocol_mode() != MouseProtocolMode::None, "mouse"),
    ]
    .into_iter()
    .filter_map(|(set, name)| set.then_some(name))
    .collect()
}

fn modes(master: &(dyn MasterPty + Send)) -> Modes {
    let termios = master.get_termios().unwrap();
    Modes { input: termios.input_flags.bits(), output: termios.output_flags.bits(), local: termios.local_flags.bits() }
}

fn pty_size((columns, rows): (u16, u16)) -> PtySize {
    PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 }
}

fn cells(count: u16) -> NonZeroU16 {
    NonZeroU16::new(count).unwrap()
}
