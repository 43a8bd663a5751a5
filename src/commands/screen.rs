//! What every command with a screen shares: whether there is one, and the stage it plays on.

use std::fs::{File, OpenOptions};
use std::io::{Write, stderr};
use std::pin::pin;
use std::task::Poll;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::ColorChoice;
use futures_util::{FutureExt, Stream, StreamExt, stream};
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::Failure;
use super::beside::Beside;
use super::changed::ChangedDocuments;
use crate::app::{Command, Keymap, Message, Model, Mouse, MouseKind, Worked, update};
use crate::config::{Config, ConfigError, FolderWatch, Folders, Loaded, Sources, Watch, watch, watch_folders};
use crate::document::Change;
use crate::term::{
    self, Capabilities, ColourDepth, Copied, Events, FrameLimiter, Options, Pump, Signal, TermError, TermEvent,
    Terminal, Turn, signals,
};
use crate::view::{Depth, Theme, Themes, draw, hint_at};

/// How often what moves with time alone is drawn again.
const TICK: Duration = Duration::from_millis(250);

/// Whether there is a terminal that a screen can be drawn on, or why not.
pub fn possible() -> Result<(), TermError> {
    Capabilities::detect().full_screen()
}

/// Says that a command with a screen goes on without one, and why.
pub fn say_headless(why: &TermError) {
    // Where standard error is closed nobody misses it.
    let _ = writeln!(stderr(), "{why}; going on without the screen, as `minions run` does");
}

/// The terminal, the model it shows, and everything that comes in from the person.
pub struct Stage {
    pub model: Model,
    terminal: Terminal,
    events: Option<Events>,
    signals: Box<dyn Stream<Item = Signal> + Unpin + Send>,
    watch: Option<Watch>,
    ticks: Interval,
    pump: Pump,
    themes: Themes,
    themes_watch: Option<FolderWatch>,
    documents: ChangedDocuments,
    theme: Theme,
    depth: Depth,
    beside: Beside,
}

/// The themes at hand.
pub fn themes() -> Themes {
    Themes { folder: Folders::of_process().map(|folders| folders.themes()) }
}

/// How many colours are drawn with.
pub fn depth(capabilities: &Capabilities, asked: ColorChoice) -> Depth {
    match capabilities.colour {
        _ if asked == ColorChoice::Never => Depth::None,
        ColourDepth::None if asked == ColorChoice::Always => Depth::Ansi,
        ColourDepth::None => Depth::None,
        ColourDepth::Ansi16 => Depth::Ansi,
        ColourDepth::Ansi256 => Depth::Indexed,
        ColourDepth::TrueColour => Depth::True,
    }
}

/// How the command line wants the screen.
pub struct Scene {
    /// Where settings come from, to be read again when they change.
    pub sources: Sources,
    pub color: ColorChoice,
}

/// Why a screen cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// The terminal is gone.
    HungUp,
    /// The process is asked to end.
    Told,
}

/// What a turn brought, beyond what the stage does itself.
pub struct Turned<E> {
    pub commands: Vec<Command>,
    pub others: Vec<E>,
    /// Why the screen cannot go on, where it cannot.
    pub over: Option<Over>,
}

enum Arrived<E> {
    Term(TermEvent),
    Signal(Signal),
    Settings(Box<Result<Loaded, ConfigError>>),
    Themes,
    Document(usize, Option<Change>),
    Tick,
    Worked(Worked),
    Other(E),
}

impl Stage {
    /// Takes the terminal. Must be called on a tokio runtime.
    pub fn enter(mut model: Model, loaded: &Loaded, on: Scene) -> Result<Self, Failure> {
        let capabilities = Capabilities::detect();
        let screen = &loaded.config.screen;
        let (themes, depth) = (themes(), depth(&capabilities, on.color));
        let (theme, bad_theme) = chosen_theme(&themes, &screen.theme, depth)?;
        model.themes = themes.names();
        let own = themes.file(&screen.theme).and_then(|file| Some(file.parent()?.to_owned()));
        let unwatched = |error: &ConfigError| tracing::warn!("{error}");
        let themes_watch =
            watch_folders("the themes", themes.folder.clone().into_iter().chain(own)).inspect_err(unwatched).ok();
        model.settings = loaded.clone();
        model.keep_models_in_mind();
        model.theme.clone_from(&screen.theme);
        model.ascii = screen.ascii || !capabilities.unicode;
        model.keymap = Keymap::of(loaded)?;
        model.mouse = screen.mouse;
        model.now_ms = now_ms();
        let pump = Pump::new(FrameLimiter::new(capabilities.frame_rate(screen.frames_per_second)));
        let signals = Box::new(signals()?);
        // Settings that cannot be watched are still the settings.
        let watch = watch(on.sources, loaded.clone()).inspect_err(unwatched).ok();
        let (mut terminal, events) =
            Terminal::enter(capabilities, Options { mouse: screen.mouse, stderr: stderr_file() })?;
        let (width, height) = terminal.measure();
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut stage = Self {
            model,
            terminal,
            events: Some(events),
            signals,
            watch,
            themes,
            themes_watch,
            documents: ChangedDocuments::default(),
            ticks,
            pump,
            theme,
            depth,
            beside: Beside::new(),
        };
        stage.update(Message::Resize { width, height });
        if let Some(wrong) = bad_theme {
            stage.update(Message::Notice(wrong));
        }
        Ok(stage)
    }

    /// Waits for what comes next, draws whenever it is time to, and hands on what is not the stage's own.
    pub async fn turn<E>(&mut self, others: &mut (impl Stream<Item = E> + Unpin)) -> Result<Turned<E>, Failure> {
        loop {
            let arrived = match self.next(others).await {
                Turn::Draw => {
                    self.draw()?;
                    continue;
                }
                Turn::Ended => {
                    return Ok(Turned { commands: Vec::new(), others: Vec::new(), over: Some(Over::HungUp) });
                }
                Turn::Events(arrived) => arrived,
            };
            let mut turned = Turned { commands: Vec::new(), others: Vec::new(), over: None };
            for arrived in arrived {
                match arrived {
                    Arrived::Other(other) => turned.others.push(other),
                    Arrived::Signal(Signal::Continued) => self.terminal.continued()?,
                    Arrived::Signal(Signal::HangUp) | Arrived::Term(TermEvent::Lost) => {
                        turned.over.get_or_insert(Over::HungUp);
                    }
                    Arrived::Signal(_) => turned.over = Some(Over::Told),
                    Arrived::Settings(settings) => turned.commands.extend(self.reload(*settings)),
                    Arrived::Themes => self.reload_theme(),
                    Arrived::Document(document, change) => {
                        self.update(Message::DocumentChanged { document, change });
                    }
                    Arrived::Worked(worked) => turned.commands.extend(self.update(Message::Worked(worked))),
                    Arrived::Tick => turned.commands.extend(self.update(Message::Tick { now_ms: now_ms() })),
                    Arrived::Term(event) => {
                        turned
                            .commands
                            .extend(self.message_of(event).map(|message| self.update(message)).unwrap_or_default());
                    }
                }
            }
            self.pump.changed();
            turned.commands = self.perform(turned.commands)?;
            if turned.over.is_some() || !turned.commands.is_empty() || !turned.others.is_empty() {
                return Ok(turned);
            }
        }
    }

    /// Changes the model; what it asks for is the caller's to do.
    pub fn update(&mut self, message: Message) -> Vec<Command> {
        self.pump.changed();
        // Nothing ticks while nothing moves, and a notice of now must not end by an old clock.
        self.model.now_ms = now_ms();
        update(&mut self.model, message)
    }

    /// Shows another model, with the look and the size of the one before.
    pub fn turn_to(&mut self, model: Model) {
        let before = std::mem::replace(&mut self.model, model);
        self.beside = Beside::new();
        self.documents = ChangedDocuments::of(self.model.documents.iter().map(|open| &open.document));
        let (width, height) = (before.width, before.height);
        // What was just told is still to be read.
        self.model.notice = before.notice;
        self.model.theme = before.theme;
        self.model.themes = before.themes;
        self.model.ascii = before.ascii;
        self.model.keymap = before.keymap;
        self.model.mouse = before.mouse;
        self.model.settings = before.settings;
        self.model.earlier = before.earlier;
        self.model.draft = before.draft;
        self.model.fork_draft = before.fork_draft;
        self.model.keep_models_in_mind();
        // What comes late for a list of before is not for one of now.
        self.model.pickers = before.pickers + 1;
        self.update(Message::Resize { width, height });
    }

    /// Goes on without the terminal, which is gone or fails.
    pub fn let_go(&mut self) {
        let events = self.events.take();
        self.terminal.let_go(events);
    }

    /// The next signal, for who draws no more.
    pub async fn signal(&mut self) -> Option<Signal> {
        self.signals.next().await
    }

    /// Gives the terminal back and says what went wrong with it.
    pub fn leave(self) -> Result<(), Failure> {
        match self.events {
            Some(events) => Ok(self.terminal.leave(events)?),
            None => Ok(()),
        }
    }

    async fn next<E>(&mut self, others: &mut (impl Stream<Item = E> + Unpin)) -> Turn<Arrived<E>> {
        let moving = self.model.is_moving();
        let Self { events, signals, watch, themes_watch, documents, ticks, pump, beside, model, .. } = self;
        beside.see_to(model);
        let mut all = stream::poll_fn(|context| {
            if let Some(events) = events
                && let Poll::Ready(event) = events.poll_next_unpin(context)
            {
                return Poll::Ready(event.map(Arrived::Term));
            }
            if let Poll::Ready(Some(signal)) = signals.poll_next_unpin(context) {
                return Poll::Ready(Some(Arrived::Signal(signal)));
            }
            let settings = watch.as_mut().map_or(Poll::Pending, |watch| pin!(watch.next()).poll_unpin(context));
            match settings {
                Poll::Ready(Some(settings)) => return Poll::Ready(Some(Arrived::Settings(Box::new(settings)))),
                Poll::Ready(None) => *watch = None,
                Poll::Pending => {}
            }
            match themes_watch.as_mut().map_or(Poll::Pending, |watch| pin!(watch.next()).poll_unpin(context)) {
                Poll::Ready(Some(())) => return Poll::Ready(Some(Arrived::Themes)),
                Poll::Ready(None) => *themes_watch = None,
                Poll::Pending => {}
            }
            if let Poll::Ready((document, change)) = documents.poll(context) {
                return Poll::Ready(Some(Arrived::Document(document, change)));
            }
            if let Poll::Ready(Some(worked)) = beside.poll(context) {
                return Poll::Ready(Some(Arrived::Worked(worked)));
            }
            if let Poll::Ready(Some(other)) = others.poll_next_unpin(context) {
                return Poll::Ready(Some(Arrived::Other(other)));
            }
            if moving && ticks.poll_tick(context).is_ready() {
                return Poll::Ready(Some(Arrived::Tick));
            }
            Poll::Pending
        });
        pump.next(&mut all).await
    }

    fn draw(&mut self) -> Result<(), Failure> {
        let begun = self.pump.now();
        // What the terminal says now, not what its last event said: the frame and its layout have one size.
        let size = self.terminal.measure();
        if (self.model.width, self.model.height) != size {
            let (width, height) = size;
            update(&mut self.model, Message::Resize { width, height });
        }
        self.terminal.draw(|frame| draw(frame, &self.model, &self.theme))?;
        self.pump.drawn(begun);
        Ok(())
    }

    /// Does what concerns the terminal alone, and gives back the rest.
    fn perform(&mut self, commands: Vec<Command>) -> Result<Vec<Command>, Failure> {
        let mut rest = Vec::new();
        for command in commands {
            match command {
                Command::Copy(text) => {
                    let told = self.copy(&text);
                    self.update(Message::Notice(told));
                }
                Command::Redraw => self.terminal.repaint(),
                Command::Mouse(on) => self.terminal.set_mouse(on)?,
                Command::Edit(text) => {
                    if let Some(events) = self.events.take() {
                        let (events, edited) = self.terminal.edit(events, &text)?;
                        self.events = Some(events);
                        rest.extend(self.update(match edited {
                            Ok(text) => Message::Edited(text),
                            Err(error) => Message::EditorFailed(error.to_string()),
                        }));
                    }
                }
                Command::Suspend => {
                    if let Some(events) = self.events.take() {
                        self.events = Some(self.terminal.suspend(events)?);
                    }
                    self.pump.changed();
                }
                Command::Theme(name) => self.set_theme(&name),
                other => rest.push(other),
            }
        }
        Ok(rest)
    }

    /// Copies, and says in a line where to.
    fn copy(&mut self, text: &str) -> String {
        let file = Folders::of_process().map(|folders| folders.state.join("copied.txt"));
        let count = text.chars().count();
        match (self.terminal.copy(text, file.as_deref()), &file) {
            (Ok(Copied::ToFile(why)), Some(file)) => format!("{why}: {count} characters are in {}", file.display()),
            (Ok(Copied::ToFileToo), Some(file)) => {
                format!(
                    "copied {count} characters, where what is between here and the terminal allows it, and to {}",
                    file.display()
                )
            }
            (Ok(Copied::ToTmux), _) => {
                format!("copied {count} characters to tmux, and to the clipboard unless tmux keeps them to itself")
            }
            (Ok(_), _) => format!("copied {count} characters, where the terminal allows it"),
            (Err(error), _) => error.to_string(),
        }
    }

    /// Takes settings that were read again, with what was changed here put over them.
    fn reload(&mut self, settings: Result<Loaded, ConfigError>) -> Vec<Command> {
        let keymap = settings.as_ref().map_err(Clone::clone).and_then(Keymap::of);
        match (settings, keymap) {
            (Ok(loaded), Ok(keymap)) => {
                let loaded = loaded.with_changes_of(&self.model.settings);
                (self.model.keymap, self.model.pending) = (keymap, Vec::new());
                self.model.lay_out();
                self.set_mouse(loaded.config.screen.mouse);
                self.model.ascii = loaded.config.screen.ascii || !self.terminal.capabilities().unicode;
                self.set_theme(&loaded.config.screen.theme);
                self.update(Message::Notice("settings read again; those of a run hold from the next run on".into()));
                let config = Box::new(loaded.config.clone());
                self.model.settings = loaded;
                vec![Command::Settings(config)]
            }
            (Err(error), _) | (_, Err(error)) => {
                self.update(Message::Notice(format!("settings kept as they were: {error}")));
                Vec::new()
            }
        }
    }

    fn set_mouse(&mut self, on: bool) {
        self.model.mouse = on;
        if let Err(error) = self.terminal.set_mouse(on) {
            self.update(Message::Notice(error.to_string()));
        }
    }

    /// The file of the theme at hand, or another of the person's own, has changed.
    fn reload_theme(&mut self) {
        self.model.themes = self.themes.names();
        match self.themes.load(&self.model.theme, self.depth) {
            Ok(theme) if theme == self.theme => {}
            Ok(theme) => {
                self.theme = theme;
                self.update(Message::Notice(format!("theme {} read again", self.model.theme)));
            }
            Err(error) => {
                self.update(Message::Notice(format!("theme kept as it was: {error}")));
            }
        }
    }

    /// A press on a hint does what its key does.
    fn message_of(&self, event: TermEvent) -> Option<Message> {
        match message_of(event)? {
            Message::Mouse(mouse) if mouse.what == MouseKind::Press => {
                let hinted = hint_at(&self.model, mouse.x, mouse.y);
                Some(hinted.map_or(Message::Mouse(mouse), Message::Hinted))
            }
            message => Some(message),
        }
    }

    /// Draws with the theme of this name from now on, or says why not.
    fn set_theme(&mut self, name: &str) {
        match self.themes.load(name, self.depth) {
            Ok(theme) => {
                self.theme = theme;
                self.model.theme = name.to_owned();
            }
            Err(error) => {
                self.update(Message::Notice(format!("theme kept as it was: {error}")));
            }
        }
    }
}

/// The theme of this name; where there is none that can be read, the one that is there without settings, and what is wrong.
fn chosen_theme(themes: &Themes, name: &str, depth: Depth) -> Result<(Theme, Option<String>), Failure> {
    let wrong = match themes.load(name, depth) {
        Ok(theme) => return Ok((theme, None)),
        Err(wrong) => wrong,
    };
    let usual = Config::default().screen.theme;
    let theme = Themes::default().load(&usual, depth).map_err(|error| Failure::usage(error.to_string()))?;
    Ok((theme, Some(format!("{wrong}; the theme {usual} is shown until then"))))
}

fn message_of(event: TermEvent) -> Option<Message> {
    Some(match event {
        TermEvent::Key(key) => Message::Key(key),
        TermEvent::Paste(text) => Message::Paste(text),
        TermEvent::Lost => return None,
        TermEvent::Resize { width, height } => Message::Resize { width, height },
        TermEvent::Mouse(mouse) => {
            let what = match mouse.kind {
                term::MouseKind::Press(term::MouseButton::Left) => MouseKind::Press,
                term::MouseKind::Drag(term::MouseButton::Left) => MouseKind::Drag,
                term::MouseKind::Release(term::MouseButton::Left) => MouseKind::Release,
                term::MouseKind::ScrollUp => MouseKind::ScrollUp,
                term::MouseKind::ScrollDown => MouseKind::ScrollDown,
                _ => return None,
            };
            Message::Mouse(Mouse { what, x: mouse.column, y: mouse.row })
        }
    })
}

/// Milliseconds of the clock that records are stamped with.
pub fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}

/// Where libraries that print on standard error print while the screen is up.
pub(super) fn stderr_file() -> Option<File> {
    let folder = Folders::of_process()?.log();
    OpenOptions::new().create(true).append(true).open(folder.join("stderr.log")).ok()
}
