//! Joins escape sequences that a slow link split after their first byte.
//!
//! A lone ESC reads as the Esc key, and `[6~` after it as four characters, each of which may be bound to an action. So
//! Esc is held for a moment; what follows it in that time as only a terminal writes is put together again. Where it comes
//! later, Esc was given already: the rest is then no key, nor characters that would act as keys.

use std::time::{Duration, Instant};

use super::input::TermEvent;
use crate::app::{Key, KeyCode};

/// How long after an Esc that was given the rest of a sequence may still come.
const LATE: Duration = Duration::from_millis(500);

/// Longer parameters are nothing a terminal sends for a key.
const LONGEST: usize = 24;

pub(super) struct EscapeJoiner {
    wait: Duration,
    state: State,
    until: Option<Instant>,
    /// Esc was given, and the rest of a sequence that it began may come until then.
    late_until: Option<Instant>,
}

enum State {
    Idle,
    /// Esc, then the characters after it; whether that Esc was given already.
    Held(Vec<Key>, bool),
    /// The start of a bracketed paste was split: what comes in one burst is its text.
    Pasting(String),
}

impl EscapeJoiner {
    /// `wait` is how long the rest of a sequence may take to arrive.
    pub fn new(wait: Duration) -> Self {
        Self { wait, state: State::Idle, until: None, late_until: None }
    }

    /// When `expire` is to be called if no event comes before.
    pub fn deadline(&self) -> Option<Instant> {
        self.until
    }

    /// Takes an event and gives those that are certain now.
    pub fn push(&mut self, event: TermEvent, now: Instant) -> Vec<TermEvent> {
        let mut out = if self.until.is_some_and(|until| until <= now) { self.expire() } else { Vec::new() };
        let TermEvent::Key(key) = event else {
            out.extend(self.expire());
            out.push(event);
            return out;
        };
        let is_late = self.late_until.take().is_some_and(|until| now < until);
        match std::mem::replace(&mut self.state, State::Idle) {
            State::Idle if key == Key::plain(KeyCode::Esc) => self.hold(vec![key], false, now),
            State::Idle if is_late && matches!(plain_character(key), '[' | 'O') => {
                self.hold(vec![Key::plain(KeyCode::Esc), key], true, now);
            }
            State::Idle => out.push(TermEvent::Key(key)),
            State::Pasting(mut text) => match pasted(key) {
                Some(character) => {
                    text.push(character);
                    self.state = State::Pasting(text);
                    self.until = Some(now + self.wait);
                }
                None => {
                    self.until = None;
                    out.push(TermEvent::Paste(text));
                    out.extend(self.push(TermEvent::Key(key), now));
                }
            },
            State::Held(keys, given) => self.join(keys, given, key, now, &mut out),
        }
        out
    }

    /// The time is over: what was held is what it looked like.
    pub fn expire(&mut self) -> Vec<TermEvent> {
        let until = self.until.take();
        match std::mem::replace(&mut self.state, State::Idle) {
            State::Idle => Vec::new(),
            State::Held(keys, given) => {
                if keys.len() == 1 {
                    self.late_until = until.map(|until| until + LATE);
                }
                keys.into_iter().skip(usize::from(given)).map(TermEvent::Key).collect()
            }
            State::Pasting(text) => vec![TermEvent::Paste(text)],
        }
    }

    fn hold(&mut self, keys: Vec<Key>, given: bool, now: Instant) {
        self.state = State::Held(keys, given);
        self.until = Some(now + self.wait);
    }

    fn join(&mut self, mut keys: Vec<Key>, given: bool, key: Key, now: Instant, out: &mut Vec<TermEvent>) {
        let character = plain_character(key);
        let opened = keys.len() > 1;
        let goes_on = if opened { matches!(character, '0'..='9' | ';' | '<') } else { matches!(character, '[' | 'O') };
        if goes_on && keys.len() < LONGEST {
            keys.push(key);
            self.hold(keys, given, now);
            return;
        }
        self.until = None;
        if !(opened && (character.is_ascii_alphabetic() || character == '~')) {
            out.extend(keys.into_iter().skip(usize::from(given)).map(TermEvent::Key));
            out.extend(self.push(TermEvent::Key(key), now));
            return;
        }
        let parameters: String = keys.iter().skip(2).filter_map(|key| pasted(*key)).collect();
        if character == '~' && parameters == "200" {
            self.state = State::Pasting(String::new());
            self.until = Some(now + self.wait);
        } else if let Some(key) = key_of(&parameters, character).filter(|_| !given) {
            out.push(TermEvent::Key(key));
        }
        // Any other sequence, such as a mouse report, is dropped: it is no typing.
    }
}

/// The ASCII character that was typed with nothing held; NUL for every other key.
fn plain_character(key: Key) -> char {
    match key {
        Key { code: KeyCode::Char(character), ctrl: false, alt: false, .. } if character.is_ascii() => character,
        _ => '\0',
    }
}

fn pasted(key: Key) -> Option<char> {
    match key.code {
        // Ctrl-J is how a line feed reads in raw mode.
        KeyCode::Char('j') if key.ctrl => Some('\n'),
        KeyCode::Char(character) if !key.ctrl && !key.alt => Some(character),
        KeyCode::Enter => Some('\n'),
        KeyCode::Tab => Some('\t'),
        _ => None,
    }
}

/// The key of `CSI parameters last` or `SS3 last` (xterm control sequences, "PC-Style Function Keys").
fn key_of(parameters: &str, last: char) -> Option<Key> {
    let mut numbers = parameters.split(';').map(|number| number.parse::<u8>().ok());
    let first = numbers.next().flatten();
    let modifiers = numbers.next().flatten().unwrap_or(1).saturating_sub(1);
    let code = match (last, first) {
        ('A', _) => KeyCode::Up,
        ('B', _) => KeyCode::Down,
        ('C', _) => KeyCode::Right,
        ('D', _) => KeyCode::Left,
        ('H', _) | ('~', Some(1 | 7)) => KeyCode::Home,
        ('F', _) | ('~', Some(4 | 8)) => KeyCode::End,
        ('Z', _) => KeyCode::BackTab,
        ('P'..='S', _) => KeyCode::F(last as u8 - b'P' + 1),
        ('~', Some(3)) => KeyCode::Delete,
        ('~', Some(5)) => KeyCode::PageUp,
        ('~', Some(6)) => KeyCode::PageDown,
        ('~', Some(number @ 11..=15)) => KeyCode::F(number - 10),
        ('~', Some(number @ 17..=21)) => KeyCode::F(number - 11),
        ('~', Some(number @ 23..=24)) => KeyCode::F(number - 12),
        _ => return None,
    };
    let shift = modifiers & 1 != 0 && code != KeyCode::BackTab;
    Some(Key { code, shift, alt: modifiers & 2 != 0, ctrl: modifiers & 4 != 0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    const WAIT: Duration = Duration::from_millis(30);

    fn typed(text: &str) -> Vec<TermEvent> {
        let code = |character| match character {
            '\x1b' => KeyCode::Esc,
            '\r' => KeyCode::Enter,
            other => KeyCode::Char(other),
        };
        text.chars().map(|character| TermEvent::Key(Key::plain(code(character)))).collect()
    }

    fn joined(text: &str) -> Vec<TermEvent> {
        let now = Instant::now();
        let mut joiner = EscapeJoiner::new(WAIT);
        let mut out: Vec<TermEvent> = typed(text).into_iter().flat_map(|event| joiner.push(event, now)).collect();
        out.extend(joiner.expire());
        out
    }

    fn key(text: &str) -> TermEvent {
        TermEvent::Key(text.parse().unwrap())
    }

    #[test]
    fn a_split_sequence_is_the_key_it_was() {
        for (text, name) in [
            ("\x1b[A", "up"),
            ("\x1bOB", "down"),
            ("\x1b[6~", "pgdn"),
            ("\x1b[1;5C", "ctrl-right"),
            ("\x1b[1;2A", "shift-up"),
            ("\x1b[Z", "backtab"),
            ("\x1b[15~", "f5"),
            ("\x1b[24~", "f12"),
            ("\x1bOP", "f1"),
        ] {
            assert_eq!(joined(text), [key(name)], "{text:?}");
        }
    }

    #[test]
    fn a_split_mouse_report_types_nothing() {
        assert_eq!(joined("\x1b[<35;40;12Mq"), [key("q")]);
    }

    #[test]
    fn a_split_paste_is_pasted_not_obeyed() {
        assert_eq!(joined("\x1b[200~quit\ry"), [TermEvent::Paste("quit\ny".into())]);
    }

    #[test]
    fn typing_is_left_alone() {
        assert_eq!(joined("g[A~"), typed("g[A~"));
        assert_eq!(joined("\x1bq"), typed("\x1bq"));
        assert_eq!(joined("\x1b\x1b"), typed("\x1b\x1b"));
        assert_eq!(joined("\x1b[x"), Vec::new(), "an unknown sequence is dropped whole");
        assert_eq!(joined("\x1b[é"), typed("\x1b[é"));
    }

    #[test]
    fn esc_alone_arrives_when_its_time_is_over() {
        let now = Instant::now();
        let mut joiner = EscapeJoiner::new(WAIT);
        assert_eq!(joiner.push(key("esc"), now), []);
        assert_eq!(joiner.deadline(), Some(now + WAIT));
        assert_eq!(joiner.push(key("["), now + WAIT + LATE), [key("esc"), key("[")], "too late to belong to it");
        assert_eq!(joiner.deadline(), None);
    }

    /// Esc, and what follows it so much later in one burst.
    fn late(text: &str, gap: Duration) -> Vec<TermEvent> {
        let now = Instant::now();
        let mut joiner = EscapeJoiner::new(WAIT);
        let mut out = joiner.push(key("esc"), now);
        out.extend(joiner.expire());
        out.extend(typed(text).into_iter().flat_map(|event| joiner.push(event, now + gap)).collect::<Vec<_>>());
        out.extend(joiner.expire());
        out
    }

    #[test]
    fn the_rest_of_a_sequence_that_comes_after_its_esc_was_given_is_no_typing() {
        let gap = Duration::from_millis(400);
        for rest in ["[A", "OB", "[6~", "[1;5C", "[<35;40;12M"] {
            assert_eq!(late(rest, gap), [key("esc")], "{rest}");
            let again = format!("{rest}[A");
            assert_eq!(late(&again, gap), [key("esc"), key("["), key("A")], "what comes next is typing again");
        }
        assert_eq!(late("[200~quit\ry", gap), [key("esc"), TermEvent::Paste("quit\ny".into())]);
        for typing in ["[", "O", "q", "[é", "x[A", "[\x1bq"] {
            let expected: Vec<_> = [key("esc")].into_iter().chain(typed(typing)).collect();
            assert_eq!(late(typing, gap), expected, "{typing:?}");
        }
        let expected: Vec<_> = [key("esc")].into_iter().chain(typed("[A")).collect();
        assert_eq!(late("[A", Duration::from_millis(600)), expected, "somebody typed that");
    }

    #[test]
    fn other_events_do_not_overtake_a_held_esc() {
        let now = Instant::now();
        let mut joiner = EscapeJoiner::new(WAIT);
        joiner.push(key("esc"), now);
        let resize = TermEvent::Resize { width: 80, height: 24 };
        assert_eq!(joiner.push(resize.clone(), now), [key("esc"), resize]);
    }
}
