//! Taking the terminal and giving it back, whatever way the screen ends: left, dropped, failed, suspended or panicked.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::path::Path;
use std::sync::{Mutex, Once, PoisonError, TryLockError};
use std::thread::ThreadId;
use std::time::Duration;

use crossterm::terminal::{disable_raw_mode, enable_raw_mode};
use ratatui::Frame;

use super::capabilities::terminal_size;
use super::clipboard::{Copied, copy_sequence, copy_to_file, copy_to_tmux};
use super::frame::{FrameStats, Screen};
use super::input::Events;
use super::letting_go::let_go_of_terminal;
use super::stderr::{Redirected, redirect, stop_self};
use super::{Capabilities, Multiplexer, TermError, editor, modes, sane};

/// What is drawn on where the terminal does not say its size.
const USUAL_SIZE: (u16, u16) = (80, 24);
/// How long Esc waits for the rest of a sequence, here and over a network.
const ESCAPE_WAIT: Duration = Duration::from_millis(30);
const ESCAPE_WAIT_SSH: Duration = Duration::from_millis(100);
/// How long a terminal may refuse bytes before a write counts as failed.
const WRITE_PATIENCE: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub struct Options {
    /// Clicks and the wheel come as events; selecting text in the terminal then needs Shift.
    pub mouse: bool,
    /// Where file descriptor 2 goes while the screen is up. None leaves it, and anything printed spoils the screen.
    pub stderr: Option<File>,
}

/// The terminal, taken: raw, on its alternate screen, with bracketed paste. Dropped, it is given back.
pub struct Terminal {
    screen: Screen<Handle>,
    capabilities: Capabilities,
    options: Options,
}

/// What is needed to give the terminal back, kept where the panic hook finds it.
struct Taken {
    out: Handle,
    by: ThreadId,
    stderr: Option<Redirected>,
}

static TAKEN: Mutex<Option<Taken>> = Mutex::new(None);

impl Terminal {
    /// Takes the terminal and starts to read it: a resize that comes before the first frame is then noticed. Needs a
    /// tokio runtime with I/O and time.
    pub fn enter(capabilities: Capabilities, options: Options) -> Result<(Self, Events), TermError> {
        capabilities.full_screen()?;
        install_panic_hook();
        let out = Handle::of_stdout()?;
        let size = terminal_size().unwrap_or(USUAL_SIZE);
        let screen = Screen::new(out, size, capabilities.synchronized)?;
        let mut terminal = Self { screen, capabilities, options };
        // From here on every way out drops the terminal, which gives it back.
        terminal.take()?;
        let events = terminal.listen()?;
        Ok((terminal, events))
    }

    pub fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    /// Columns and rows the terminal has now; the next frame is drawn at this size.
    pub fn measure(&mut self) -> (u16, u16) {
        if let Some(size) = terminal_size()
            && size != self.screen.size()
        {
            self.screen.resize(size);
        }
        self.screen.size()
    }

    /// Draws a frame at the size last measured and writes what changed, in one write; no byte when nothing did.
    pub fn draw(&mut self, render: impl FnOnce(&mut Frame)) -> Result<FrameStats, TermError> {
        self.screen.draw(render)
    }

    /// The next frame is painted whole: for Ctrl-L, when something else wrote on the screen.
    pub fn repaint(&mut self) {
        self.screen.repaint();
    }

    /// Has the terminal copy `text` to its clipboard, or writes it to `file` where the terminal is known to have none
    /// or the text is too long for it. Terminals do not say whether they copied.
    pub fn copy(&mut self, text: &str, file: Option<&Path>) -> Result<Copied, TermError> {
        let sequence = match self.capabilities.clipboard {
            true => copy_sequence(text, self.capabilities.multiplexer),
            false => Err(TermError::NoClipboard),
        };
        let in_multiplexer = self.capabilities.multiplexer != Multiplexer::None;
        if self.capabilities.multiplexer == Multiplexer::Tmux && copy_to_tmux(OsStr::new("tmux"), text) {
            return Ok(Copied::ToTmux);
        }
        match (sequence, file) {
            // Whether one hands it on is its setting, and it does not say.
            (Ok(sequence), Some(file)) if in_multiplexer => {
                self.screen.send(&sequence)?;
                copy_to_file(text, file).map(|()| Copied::ToFileToo)
            }
            (Ok(sequence), _) => self.screen.send(&sequence).map(|()| Copied::ToClipboard),
            (Err(why), Some(file)) => copy_to_file(text, file).map(|()| Copied::ToFile(why)),
            (Err(why), None) => Err(why),
        }
    }

    /// Whether clicks and the wheel come as events from now on.
    pub fn set_mouse(&mut self, on: bool) -> Result<(), TermError> {
        if on == self.options.mouse {
            return Ok(());
        }
        self.options.mouse = on;
        self.screen.send(modes::mouse(on).as_bytes())
    }

    /// Gives the terminal to the person's editor with this text, and takes it back when the editor ends. The events
    /// end before, so that the editor gets what is typed. The second part is the text, or why there is none.
    pub fn edit(&mut self, events: Events, text: &str) -> Result<(Events, Result<String, TermError>), TermError> {
        events.end();
        give_back().map_err(lost)?;
        let edited = editor::edit(text);
        self.take()?;
        Ok((self.listen()?, edited))
    }

    /// Gives the terminal back to the shell and stops the process, as Ctrl-Z does; takes it again when the shell
    /// continues it. The events end before, so that the shell gets what is typed meanwhile.
    pub fn suspend(&mut self, events: Events) -> Result<Events, TermError> {
        events.end();
        give_back().map_err(lost)?;
        stop_self();
        self.take()?;
        self.listen()
    }

    /// Sets the modes again and paints whole: after SIGCONT, when someone else stopped the process and its modes may
    /// have been undone.
    pub fn continued(&mut self) -> Result<(), TermError> {
        give_back().map_err(lost)?;
        self.take()
    }

    /// Gives the terminal back and says what went wrong with it. The events end before, so that what is typed next
    /// reaches the shell; dropping both does the same in silence and without waiting.
    pub fn leave(self, events: Events) -> Result<(), TermError> {
        events.end();
        give_back().map_err(lost)
    }

    /// Gives the terminal back, as far as it is there, and goes on without it for good.
    pub fn let_go(&mut self, events: Option<Events>) {
        drop(events);
        // What it says of that helps nobody.
        let _ = give_back();
        let_go_of_terminal();
    }

    fn listen(&self) -> Result<Events, TermError> {
        Events::start(if self.capabilities.ssh { ESCAPE_WAIT_SSH } else { ESCAPE_WAIT })
    }

    fn take(&mut self) -> Result<(), TermError> {
        let mode = |what| move |source| TermError::Mode { what, source };
        let mut taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
        let out = Handle::of_stdout()?;
        let stderr = match &self.options.stderr {
            Some(file) => Some(redirect(file).map_err(mode("send standard error to the log"))?),
            None => None,
        };
        *taken = Some(Taken { out, by: std::thread::current().id(), stderr });
        drop(taken);
        // Where it cannot be asked, as where it is no terminal, the next step says so.
        let _ = sane::make_sane(io::stdout());
        enable_raw_mode().map_err(mode("read keys one by one"))?;
        self.screen.send(modes::enter(self.options.mouse).as_bytes())?;
        self.screen.repaint();
        Ok(())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // Whoever wants the error calls `leave`.
        let _ = give_back();
    }
}

fn lost(source: io::Error) -> TermError {
    TermError::Mode { what: "give the terminal back", source }
}

/// Undoes all that `take` did; does nothing when it was undone already.
fn give_back() -> io::Result<()> {
    let taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner).take();
    taken.map_or(Ok(()), Taken::give_back)
}

impl Taken {
    fn give_back(mut self) -> io::Result<()> {
        let written = write_leave(&mut self.out);
        let cooked = disable_raw_mode();
        drop(self.stderr.take());
        written.and(cooked)
    }
}

fn write_leave(out: &mut impl Write) -> io::Result<()> {
    out.write_all(modes::leave().as_bytes())?;
    out.flush()
}

/// A panic on the thread that draws ends the screen, so the terminal is given back before the message is printed. A
/// panic on another thread is caught by the runtime and the screen goes on: its message goes where standard error
/// goes, or to the log alone where that is the screen.
fn install_panic_hook() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if panicked_beside_the_screen() {
                tracing::error!(at = panic.location().map(tracing::field::display), "a background task panicked");
                return;
            }
            before(panic);
        }));
    });
}

/// True when the screen is up, goes on, and must not be printed on. Gives the terminal back where the screen ends.
fn panicked_beside_the_screen() -> bool {
    let mut taken = match TAKEN.try_lock() {
        Ok(taken) => taken,
        Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
        // It is just being taken or given back, by whoever holds the lock.
        Err(TryLockError::WouldBlock) => return false,
    };
    match taken.take() {
        None => false,
        Some(screen) if screen.by == std::thread::current().id() => {
            let _ = screen.give_back();
            false
        }
        Some(screen) => {
            let spoils = screen.stderr.is_none();
            *taken = Some(screen);
            spoils
        }
    }
}

/// The terminal that standard output is, unbuffered: one write is one call.
#[derive(Debug)]
struct Handle(File);

impl Handle {
    fn of_stdout() -> Result<Self, TermError> {
        let descriptor = io::stdout()
            .as_fd()
            .try_clone_to_owned()
            .map_err(|source| TermError::Mode { what: "open the terminal", source })?;
        Ok(Self(descriptor.into()))
    }
}

impl Write for Handle {
    /// Waits where another program left the terminal non-blocking and it takes nothing at the moment.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let begun = std::time::Instant::now();
        loop {
            match self.0.write(bytes) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock && begun.elapsed() < WRITE_PATIENCE => {
                    std::thread::sleep(Duration::from_millis(1));
                }
                result => return result,
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_panic_hook_writes_gives_the_terminal_back() {
        let mut wire = Vec::new();
        wire.extend_from_slice(modes::enter(true).as_bytes());
        wire.extend_from_slice(b"\x1b[?2026hhalf a frame");
        write_leave(&mut wire).unwrap();
        let mut terminal = vt100::Parser::default();
        terminal.process(&wire);
        let screen = terminal.screen();
        assert!(!screen.alternate_screen() && !screen.hide_cursor() && !screen.bracketed_paste());
        assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None);
    }

    #[test]
    fn giving_back_what_was_not_taken_does_nothing() {
        assert!(give_back().is_ok());
        assert!(give_back().is_ok());
    }
}
