//! The curve of an eval on the whole terminal: as results arrive, or of a folder that is finished.

use std::time::Duration;

use clap::ColorChoice;
use futures_util::{Stream, StreamExt};
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

use super::super::Failure;
use super::super::screen::{depth, stderr_file, themes};
use super::run::{Eval, Standing, Stop};
use crate::app::{Action, CURVE_CONTEXTS, CurveScreen, Key, Keymap, Meaning};
use crate::config::{Loaded, OnHangup};
use crate::eval::Curve;
use crate::term::{Capabilities, Events, Options, Signal, TermEvent, Terminal, let_go_of_terminal, signals};
use crate::view::{Theme, draw_curve};

/// How often the curve is reckoned and drawn while results arrive.
const FRAME: Duration = Duration::from_millis(500);

/// The terminal with a picture on it.
pub struct Picture {
    terminal: Terminal,
    events: Events,
    theme: Theme,
    ascii: bool,
    keymap: Keymap,
    /// The keys of a sequence that is not whole yet.
    pending: Vec<Key>,
    /// The terminal's cells when it was drawn last.
    size: (u16, u16),
}

/// What the person wants.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pressed {
    Leave,
    /// The terminal is gone.
    Gone,
    Stop,
    Scroll(isize),
    Nothing,
}

impl Picture {
    pub fn enter(loaded: &Loaded, color: ColorChoice) -> Result<Self, Failure> {
        let capabilities = Capabilities::detect();
        let screen = &loaded.config.screen;
        let theme = themes()
            .load(&screen.theme, depth(&capabilities, color))
            .map_err(|error| Failure::usage(error.to_string()))?;
        let ascii = screen.ascii || !capabilities.unicode;
        let keymap = Keymap::of(loaded)?;
        let (terminal, events) = Terminal::enter(capabilities, Options { mouse: false, stderr: stderr_file() })?;
        Ok(Self { terminal, events, theme, ascii, keymap, pending: Vec::new(), size: (0, 0) })
    }

    fn draw(&mut self, screen: &CurveScreen) -> Result<(), Failure> {
        self.size = self.terminal.measure();
        self.terminal.draw(|frame| draw_curve(frame, screen, &self.theme))?;
        Ok(())
    }

    fn leave(self) -> Result<(), Failure> {
        Ok(self.terminal.leave(self.events)?)
    }

    /// Goes on without the terminal, which is gone or fails.
    fn let_go(self) {
        let Self { mut terminal, events, .. } = self;
        terminal.let_go(Some(events));
    }
}

/// Draws the curve until the eval has ended, the person leaves the picture or the terminal is gone; the eval goes on then.
pub async fn follow(
    mut picture: Picture,
    eval: &Eval,
    stands: &mut watch::Receiver<Standing>,
    stop: &watch::Sender<Stop>,
    signals: &mut (impl Stream<Item = Signal> + Unpin),
    on_hangup: OnHangup,
) {
    match picture.follow(eval, stands, stop, signals).await {
        Ok(Over::Left) => {
            if picture.leave().is_ok() {
                return;
            }
            let_go_of_terminal();
        }
        Ok(Over::HungUp) => picture.let_go(),
        Err(error) => {
            tracing::warn!("the curve is not drawn any more: {error}");
            picture.let_go();
        }
    }
    hung_up(stop, on_hangup);
}

/// Why nothing is drawn any more.
enum Over {
    Left,
    HungUp,
}

impl Picture {
    async fn follow(
        &mut self,
        eval: &Eval,
        stands: &mut watch::Receiver<Standing>,
        stop: &watch::Sender<Stop>,
        signals: &mut (impl Stream<Item = Signal> + Unpin),
    ) -> Result<Over, Failure> {
        let mut frames = interval(FRAME);
        frames.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (ascii, keymap) = (self.ascii, self.keymap.clone());
        let of = |stands: &watch::Receiver<Standing>| {
            let curve = tokio::task::block_in_place(|| eval.curve());
            let mut standing = stands.borrow().told();
            if *stop.borrow() != Stop::No {
                standing.push_str("; no further question is asked");
            }
            CurveScreen::of(eval.questions(), &curve, standing, true, ascii, &keymap)
        };
        let (mut screen, mut changed) = (of(stands), true);
        loop {
            tokio::select! {
                more = stands.changed() => match more {
                    Ok(()) => changed = true,
                    Err(_) => return Ok(Over::Left),
                },
                _ = frames.tick(), if changed => {
                    screen = CurveScreen { first: screen.first, ..of(stands) };
                    changed = false;
                    self.draw(&screen)?;
                }
                event = self.events.next() => match self.pressed(event) {
                    Pressed::Leave => return Ok(Over::Left),
                    Pressed::Gone => return Ok(Over::HungUp),
                    Pressed::Stop => {
                        stop_further(stop);
                        changed = true;
                    }
                    Pressed::Scroll(rows) => {
                        screen.scroll(rows, self.size);
                        self.draw(&screen)?;
                    }
                    Pressed::Nothing => changed = true,
                },
                Some(signal) = signals.next() => match signal {
                    Signal::Continued => self.terminal.continued()?,
                    Signal::HangUp => return Ok(Over::HungUp),
                    Signal::Interrupt | Signal::Terminate => {
                        stop_further(stop);
                        changed = true;
                    }
                },
            }
        }
    }
}

/// Draws a curve until the person leaves it.
pub async fn show(
    title: &str,
    curve: &Curve,
    standing: &str,
    loaded: &Loaded,
    color: ColorChoice,
) -> Result<(), Failure> {
    let mut signals = Box::pin(signals()?);
    let mut picture = Picture::enter(loaded, color)?;
    let mut screen = CurveScreen::of(title, curve, standing.to_owned(), false, picture.ascii, &picture.keymap);
    loop {
        picture.draw(&screen)?;
        tokio::select! {
            event = picture.events.next() => match picture.pressed(event) {
                Pressed::Leave | Pressed::Gone | Pressed::Stop => break,
                Pressed::Scroll(rows) => screen.scroll(rows, picture.size),
                Pressed::Nothing => {}
            },
            Some(signal) = signals.next() => match signal {
                Signal::Continued => picture.terminal.continued()?,
                _ => break,
            },
        }
    }
    picture.leave()
}

/// The first time nothing further is asked, the second what runs is stopped too.
pub fn stop_further(stop: &watch::Sender<Stop>) -> Stop {
    let next = if *stop.borrow() == Stop::No { Stop::Soon } else { Stop::Now };
    let _ = stop.send(next);
    next
}

/// The eval outlives its terminal, or asks nothing further where `sessions.on_hangup` says so.
pub fn hung_up(stop: &watch::Sender<Stop>, on_hangup: OnHangup) {
    if on_hangup == OnHangup::Stop && *stop.borrow() == Stop::No {
        stop_further(stop);
    }
}

impl Picture {
    /// What a key means in the keymap; the rest of the screen's keys do nothing here.
    fn pressed(&mut self, event: Option<TermEvent>) -> Pressed {
        let key = match event {
            Some(TermEvent::Key(key)) => key,
            Some(TermEvent::Lost) | None => return Pressed::Gone,
            Some(_) => return Pressed::Nothing,
        };
        let mut keys = std::mem::take(&mut self.pending);
        keys.push(key);
        let action = match self.keymap.meaning(&CURVE_CONTEXTS, &keys) {
            Meaning::Does(action) => action,
            Meaning::Begins => {
                self.pending = keys;
                return Pressed::Nothing;
            }
            Meaning::Nothing => return Pressed::Nothing,
        };
        const PAGE: isize = 8;
        match action {
            Action::LeaveCurve | Action::Quit | Action::Dismiss => Pressed::Leave,
            Action::AskNoMore => Pressed::Stop,
            Action::Down => Pressed::Scroll(1),
            Action::Up => Pressed::Scroll(-1),
            Action::PageDown | Action::HalfPageDown => Pressed::Scroll(PAGE),
            Action::PageUp | Action::HalfPageUp => Pressed::Scroll(-PAGE),
            Action::Bottom => Pressed::Scroll(isize::MAX),
            Action::Top => Pressed::Scroll(isize::MIN),
            _ => Pressed::Nothing,
        }
    }
}
