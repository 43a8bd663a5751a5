//! A key as the keymap and the tests write it: `g`, `ctrl-c`, `pgdn`, `shift-tab`.

use std::fmt;
use std::str::FromStr;

/// A key press. Shift is told apart only where the character does not already say it (`shift-up`, never `shift-g`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    pub code: KeyCode,
    pub ctrl: bool,
    pub alt: bool,
    pub shift: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyCode {
    Char(char),
    Enter,
    Esc,
    Tab,
    BackTab,
    Backspace,
    Delete,
    Up,
    Down,
    Left,
    Right,
    Home,
    End,
    PageUp,
    PageDown,
    F(u8),
}

impl Key {
    /// The key alone, without modifiers.
    pub const fn plain(code: KeyCode) -> Self {
        Self { code, ctrl: false, alt: false, shift: false }
    }

    /// Whether it writes a character where text is typed.
    pub const fn is_text(self) -> bool {
        matches!(self.code, KeyCode::Char(_)) && !self.ctrl && !self.alt
    }

    pub const fn ctrl(character: char) -> Self {
        Self { code: KeyCode::Char(character), ctrl: true, alt: false, shift: false }
    }
}

/// Keys pressed one after the other: `g g`. Never empty.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Sequence(Vec<Key>);

impl Sequence {
    /// One key alone, where the text is one key; else its keys, with this between them.
    pub fn split(text: &str, between: char) -> Result<Self, UnknownKey> {
        let text = text.trim();
        if let Ok(key) = text.parse() {
            return Ok(Self(vec![key]));
        }
        text.split(between)
            .filter(|part| !part.is_empty())
            .map(str::parse)
            .collect::<Result<Vec<_>, _>>()
            .and_then(|keys| if keys.is_empty() { Err(UnknownKey(text.to_owned())) } else { Ok(Self(keys)) })
    }

    pub fn keys(&self) -> &[Key] {
        &self.0
    }

    /// Whether one begins as the other does, so that both cannot be bound in one place.
    pub fn clashes_with(&self, other: &Sequence) -> bool {
        self.0.starts_with(&other.0) || other.0.starts_with(&self.0)
    }
}

impl fmt::Display for Sequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, key) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_str(" ")?;
            }
            write!(f, "{key}")?;
        }
        Ok(())
    }
}

const NAMES: [(&str, KeyCode); 16] = [
    ("enter", KeyCode::Enter),
    ("esc", KeyCode::Esc),
    ("tab", KeyCode::Tab),
    ("backtab", KeyCode::BackTab),
    ("backspace", KeyCode::Backspace),
    ("del", KeyCode::Delete),
    ("up", KeyCode::Up),
    ("down", KeyCode::Down),
    ("left", KeyCode::Left),
    ("right", KeyCode::Right),
    ("home", KeyCode::Home),
    ("end", KeyCode::End),
    ("pgup", KeyCode::PageUp),
    ("pgdn", KeyCode::PageDown),
    ("space", KeyCode::Char(' ')),
    ("minus", KeyCode::Char('-')),
];

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (held, name) in [(self.ctrl, "ctrl-"), (self.alt, "alt-"), (self.shift, "shift-")] {
            if held {
                f.write_str(name)?;
            }
        }
        match self.code {
            KeyCode::F(number) => write!(f, "f{number}"),
            code => match NAMES.iter().find(|(_, known)| *known == code) {
                Some((name, _)) => f.write_str(name),
                None => match code {
                    KeyCode::Char(character) => write!(f, "{character}"),
                    _ => Ok(()),
                },
            },
        }
    }
}

/// Why a text names no key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no key: write a character, a name such as enter, pgdn, f1 or space, with ctrl-, alt- or shift- before it"
)]
pub struct UnknownKey(pub String);

impl FromStr for Key {
    type Err = UnknownKey;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut key = Key::plain(KeyCode::Esc);
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('-').filter(|(_, after)| !after.is_empty()) {
            match before {
                "ctrl" => key.ctrl = true,
                "alt" => key.alt = true,
                "shift" => key.shift = true,
                _ => break,
            }
            rest = after;
        }
        let unknown = || UnknownKey(text.to_owned());
        key.code = if let Some((_, code)) = NAMES.iter().find(|(name, _)| *name == rest) {
            *code
        } else if let Some(number) = rest.strip_prefix('f').and_then(|digits| digits.parse::<u8>().ok()) {
            KeyCode::F(number)
        } else {
            let mut characters = rest.chars();
            match (characters.next(), characters.next()) {
                (Some(character), None) if !character.is_control() => KeyCode::Char(character),
                _ => return Err(unknown()),
            }
        };
        Ok(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_reads_back_as_it_is_written() {
        for text in ["g", "G", "ctrl-c", "alt-x", "shift-up", "pgdn", "f12", "space", "minus", "ctrl-alt-del", "?", "é"]
        {
            assert_eq!(text.parse::<Key>().map(|key| key.to_string()), Ok(text.to_owned()));
        }
        assert_eq!("-".parse::<Key>(), Ok(Key::plain(KeyCode::Char('-'))));
    }

    #[test]
    fn a_sequence_is_its_keys_one_after_the_other() {
        let of = |text, between| Sequence::split(text, between).map(|keys| keys.to_string());
        assert_eq!(of("g g", ' '), Ok("g g".to_owned()));
        assert_eq!(of(" space  j ", ' '), Ok("space j".to_owned()));
        assert_eq!(of("ctrl-w,m", ','), Ok("ctrl-w m".to_owned()));
        assert_eq!(of(",", ','), Ok(",".to_owned()));
        assert!(of("", ' ').is_err() && of("g gg", ' ').is_err());
    }

    #[test]
    fn what_is_no_key_is_an_error() {
        for text in ["", "gg", "ctrl-", "hyper-x", "\u{1b}"] {
            assert!(text.parse::<Key>().is_err(), "{text:?}");
        }
    }
}
