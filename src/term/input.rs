//! Keys, mouse, pastes and resizes as a bounded stream, in words that know no terminal library.

use std::pin::Pin;
use std::sync::mpsc as sync;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use crossterm::event::{Event, EventStream, KeyCode as Code, KeyEvent, KeyEventKind, KeyModifiers};
use crossterm::event::{MouseButton as Button, MouseEvent, MouseEventKind};
use futures_util::{Stream, StreamExt};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::TermError;
use super::escape::EscapeJoiner;
use crate::app::{Key, KeyCode};

/// Events waiting to be taken; more than that wait in the terminal.
const QUEUE: usize = 1024;
/// How long the reader may take to let go of the terminal.
const LET_GO: Duration = Duration::from_millis(250);

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TermEvent {
    /// A press or a repeat, never a release.
    Key(Key),
    Mouse(Mouse),
    /// Pasted text, with line feeds only. It is data: it may hold any character.
    Paste(String),
    Resize {
        width: u16,
        height: u16,
    },
    /// The terminal cannot be read any more, so no one can quit by a key. The last event.
    Lost,
}

/// What the mouse did at a cell; column and row count from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mouse {
    pub kind: MouseKind,
    pub column: u16,
    pub row: u16,
    pub ctrl: bool,
    pub alt: bool,
    pub shift: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MouseKind {
    Press(MouseButton),
    Release(MouseButton),
    Drag(MouseButton),
    ScrollUp,
    ScrollDown,
    ScrollLeft,
    ScrollRight,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MouseButton {
    Left,
    Middle,
    Right,
}

/// The events of the terminal. While it exists it reads the terminal; dropped, it lets go, so that a shell or an
/// editor gets what is typed.
#[derive(Debug)]
pub struct Events {
    queue: mpsc::Receiver<TermEvent>,
    stop: CancellationToken,
    let_go: sync::Receiver<()>,
}

impl Events {
    /// Reads in a thread of its own: crossterm blocks inside a sequence that came in half, and never returns when the
    /// terminal is gone, and neither may hold the screen up. `escape_wait` is how long Esc waits for the rest.
    pub(super) fn start(escape_wait: Duration) -> Result<Self, TermError> {
        let what = "keys";
        let runtime = Handle::try_current()
            .map_err(|error| TermError::Listen { what, source: std::io::Error::other(error.to_string()) })?;
        let (sender, queue) = mpsc::channel(QUEUE);
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let (held, let_go) = sync::channel::<()>();
        // Made here, not in the thread: a resize is noticed only from then on, and the first frame comes next.
        let stream = EventStream::new();
        let reader = move || {
            runtime.block_on(async {
                tokio::select! {
                    () = stopped.cancelled() => {}
                    () = read(stream, &sender, escape_wait) => {}
                }
            });
            drop(held);
        };
        std::thread::Builder::new()
            .name("terminal input".into())
            .spawn(reader)
            .map_err(|source| TermError::Listen { what, source })?;
        Ok(Self { queue, stop, let_go })
    }

    /// Stops reading and waits until the terminal is let go of, or half a key has held it for too long.
    pub(super) fn end(self) {
        self.stop.cancel();
        // Either the reader ended, or it sits in a read that the next byte ends.
        let _ = self.let_go.recv_timeout(LET_GO);
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Stream for Events {
    type Item = TermEvent;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<TermEvent>> {
        self.queue.poll_recv(context)
    }
}

async fn read(mut stream: EventStream, sender: &mpsc::Sender<TermEvent>, escape_wait: Duration) {
    let mut joiner = EscapeJoiner::new(escape_wait);
    loop {
        let certain = match joiner.deadline() {
            Some(deadline) => match tokio::time::timeout_at(deadline.into(), stream.next()).await {
                Ok(event) => event,
                Err(_) => {
                    if !send_all(sender, joiner.expire()).await {
                        return;
                    }
                    continue;
                }
            },
            None => stream.next().await,
        };
        let events = match certain {
            Some(Ok(event)) => match event_of(event) {
                Some(event) => joiner.push(event, Instant::now()),
                None => continue,
            },
            Some(Err(_)) | None => {
                let _ = sender.send(TermEvent::Lost).await;
                return;
            }
        };
        if !send_all(sender, events).await {
            return;
        }
    }
}

/// False when nobody listens any more.
async fn send_all(sender: &mpsc::Sender<TermEvent>, events: Vec<TermEvent>) -> bool {
    for event in events {
        if sender.send(event).await.is_err() {
            return false;
        }
    }
    true
}

fn event_of(event: Event) -> Option<TermEvent> {
    match event {
        Event::Key(key) => key_of(key).map(TermEvent::Key),
        Event::Mouse(mouse) => mouse_of(mouse).map(TermEvent::Mouse),
        Event::Paste(text) => Some(TermEvent::Paste(text.replace("\r\n", "\n").replace('\r', "\n"))),
        Event::Resize(width, height) => Some(TermEvent::Resize { width, height }),
        Event::FocusGained | Event::FocusLost => None,
    }
}

fn key_of(event: KeyEvent) -> Option<Key> {
    if event.kind == KeyEventKind::Release {
        return None;
    }
    let code = match event.code {
        Code::Char(character) => KeyCode::Char(character),
        Code::Enter => KeyCode::Enter,
        Code::Esc => KeyCode::Esc,
        Code::Tab => KeyCode::Tab,
        Code::BackTab => KeyCode::BackTab,
        Code::Backspace => KeyCode::Backspace,
        Code::Delete => KeyCode::Delete,
        Code::Up => KeyCode::Up,
        Code::Down => KeyCode::Down,
        Code::Left => KeyCode::Left,
        Code::Right => KeyCode::Right,
        Code::Home => KeyCode::Home,
        Code::End => KeyCode::End,
        Code::PageUp => KeyCode::PageUp,
        Code::PageDown => KeyCode::PageDown,
        Code::F(number) => KeyCode::F(number),
        _ => return None,
    };
    // A character and BackTab already say that shift is held.
    let told = matches!(code, KeyCode::Char(_) | KeyCode::BackTab);
    Some(Key {
        code,
        ctrl: event.modifiers.contains(KeyModifiers::CONTROL),
        alt: event.modifiers.contains(KeyModifiers::ALT),
        shift: event.modifiers.contains(KeyModifiers::SHIFT) && !told,
    })
}

fn mouse_of(event: MouseEvent) -> Option<Mouse> {
    let button = |button| match button {
        Button::Left => MouseButton::Left,
        Button::Middle => MouseButton::Middle,
        Button::Right => MouseButton::Right,
    };
    let kind = match event.kind {
        MouseEventKind::Down(pressed) => MouseKind::Press(button(pressed)),
        MouseEventKind::Up(released) => MouseKind::Release(button(released)),
        MouseEventKind::Drag(held) => MouseKind::Drag(button(held)),
        MouseEventKind::ScrollUp => MouseKind::ScrollUp,
        MouseEventKind::ScrollDown => MouseKind::ScrollDown,
        MouseEventKind::ScrollLeft => MouseKind::ScrollLeft,
        MouseEventKind::ScrollRight => MouseKind::ScrollRight,
        MouseEventKind::Moved => return None,
    };
    Some(Mouse {
        kind,
        column: event.column,
        row: event.row,
        ctrl: event.modifiers.contains(KeyModifiers::CONTROL),
        alt: event.modifiers.contains(KeyModifiers::ALT),
        shift: event.modifiers.contains(KeyModifiers::SHIFT),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pressed(code: Code, modifiers: KeyModifiers) -> Option<String> {
        key_of(KeyEvent::new(code, modifiers)).map(|key| key.to_string())
    }

    #[test]
    fn keys_are_spelt_as_the_keymap_spells_them() {
        let table = [
            (Code::Char('g'), KeyModifiers::NONE, "g"),
            (Code::Char('G'), KeyModifiers::SHIFT, "G"),
            (Code::Char('c'), KeyModifiers::CONTROL, "ctrl-c"),
            (Code::BackTab, KeyModifiers::SHIFT, "backtab"),
            (Code::Up, KeyModifiers::SHIFT, "shift-up"),
            (Code::PageDown, KeyModifiers::ALT, "alt-pgdn"),
            (Code::F(5), KeyModifiers::NONE, "f5"),
        ];
        for (code, modifiers, name) in table {
            assert_eq!(pressed(code, modifiers).as_deref(), Some(name));
        }
        assert_eq!(pressed(Code::CapsLock, KeyModifiers::NONE), None);
    }

    #[test]
    fn a_release_does_nothing_and_a_repeat_acts() {
        let of = |kind| key_of(KeyEvent::new_with_kind(Code::Char('j'), KeyModifiers::NONE, kind));
        assert_eq!(of(KeyEventKind::Release), None);
        assert!(of(KeyEventKind::Repeat).is_some());
    }

    #[test]
    fn a_paste_has_line_feeds_only() {
        let event = event_of(Event::Paste("a\r\nb\rc\n".into()));
        assert_eq!(event, Some(TermEvent::Paste("a\nb\nc\n".into())));
    }
}
