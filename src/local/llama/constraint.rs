//! Holds an answer to its form: `{"explanation": "…", "citation": "…" or null, "answer": "…" or null}`, byte by byte.
//!
//! There is one spelling of the form, so keys and punctuation leave no choice; strings are JSON (RFC 8259) in valid UTF-8
//! (RFC 3629) and of bounded length. A plain automaton does this at a few nanoseconds a byte, for every vocabulary.

/// Symbols at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    pub explanation: u32,
    pub citation: u32,
    pub answer: u32,
}

/// What stands before the explanation, between the texts, and after the answer.
const FIXED: [&[u8]; 4] = [b"{\"explanation\": ", b", \"citation\": ", b", \"answer\": ", b"}"];
const NULL: &[u8] = b"null";
/// Symbols of white space in a row, so that a text cannot be drawn out by them.
const SPACES: u8 = 2;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// So many bytes of a fixed part are there.
    Fixed(u8),
    /// A text or null begins here.
    Value,
    Null(u8),
    Text(Text),
    Done,
}

/// Within a string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Text {
    Plain,
    Escape,
    /// Of `\uXXXX`: how many digits are there, their value, and the high surrogate that comes before.
    Hex {
        digits: u8,
        value: u16,
        high: Option<u16>,
    },
    /// After a high surrogate: the backslash, then the u, of the low one.
    LowSlash(u16),
    LowU(u16),
    /// Within a symbol of several bytes: how many are to come, and the bounds of the next.
    Symbol {
        left: u8,
        least: u8,
        most: u8,
    },
}

#[derive(Clone, Debug)]
pub struct Constraint {
    limits: Limits,
    /// Which of the three texts, or with 3 what follows them.
    part: u8,
    at: At,
    symbols: u32,
    spaces: u8,
}

impl Constraint {
    pub fn new(limits: Limits) -> Self {
        Self { limits, part: 0, at: At::Fixed(0), symbols: 0, spaces: 0 }
    }

    /// Whether these bytes may come next. A token may end within a symbol; none is empty.
    pub fn allows(&self, bytes: &[u8]) -> bool {
        self.clone().take(bytes)
    }

    /// Takes them; false and unchanged where they may not come next.
    pub fn take(&mut self, bytes: &[u8]) -> bool {
        let before = self.clone();
        let taken = !bytes.is_empty() && bytes.iter().all(|byte| self.step(*byte));
        if !taken {
            *self = before;
        }
        taken
    }

    /// Whether the object is closed: nothing may follow.
    pub fn is_done(&self) -> bool {
        self.at == At::Done
    }

    /// Which text is next or under way, counted from 0; 3 after the last.
    pub fn part(&self) -> u8 {
        self.part
    }

    /// The text under way ends with the symbol it is at, and one that would begin now is null where it may be.
    pub fn curtail(&mut self) {
        let least = u32::from(self.at != At::Value && self.part > 0);
        let at_symbol = !matches!(self.at, At::Value | At::Text(Text::Plain));
        let limit = (self.symbols + u32::from(at_symbol)).max(least);
        match (self.part, self.at) {
            (_, At::Fixed(_) | At::Null(_) | At::Done) => {}
            (0, _) => self.limits.explanation = limit,
            (1, At::Value) => self.limits.citation = 0,
            (1, _) => self.limits.citation = limit,
            (_, At::Value) => self.limits.answer = 0,
            (_, _) => self.limits.answer = limit,
        }
    }

    fn limit(&self) -> u32 {
        match self.part {
            0 => self.limits.explanation,
            1 => self.limits.citation,
            _ => self.limits.answer,
        }
    }

    fn step(&mut self, byte: u8) -> bool {
        match self.at {
            At::Fixed(done) => {
                let Some(fixed) = FIXED.get(usize::from(self.part)) else { return false };
                if fixed.get(usize::from(done)) != Some(&byte) {
                    return false;
                }
                let whole = usize::from(done) + 1 == fixed.len();
                self.at = match (whole, self.part) {
                    (false, _) => At::Fixed(done + 1),
                    (true, 3) => At::Done,
                    (true, _) => At::Value,
                };
                true
            }
            At::Value => match byte {
                b'"' if self.part == 0 || self.limit() > 0 => {
                    (self.symbols, self.spaces) = (0, 0);
                    self.at = At::Text(Text::Plain);
                    true
                }
                b'n' if self.part > 0 => {
                    self.at = At::Null(1);
                    true
                }
                _ => false,
            },
            At::Null(done) => {
                if NULL.get(usize::from(done)) != Some(&byte) {
                    return false;
                }
                if usize::from(done) + 1 == NULL.len() {
                    self.next_part()
                } else {
                    self.at = At::Null(done + 1)
                }
                true
            }
            At::Text(text) => self.within(text, byte),
            At::Done => false,
        }
    }

    fn next_part(&mut self) {
        self.part += 1;
        self.at = At::Fixed(0);
    }

    fn within(&mut self, text: Text, byte: u8) -> bool {
        let next = match text {
            Text::Plain => match byte {
                // A quotation of nothing, and an answer of nothing, are null.
                b'"' if self.part == 0 || self.symbols > 0 => {
                    self.next_part();
                    return true;
                }
                b'"' | 0..=0x1f => return false,
                b'\\' if self.has_room() => Text::Escape,
                b' ' => return self.symbol(true),
                0x20..=0x7f if byte != b'\\' => return self.symbol(false),
                0xc2..=0xdf if self.has_room() => Text::Symbol { left: 1, least: 0x80, most: 0xbf },
                0xe0 if self.has_room() => Text::Symbol { left: 2, least: 0xa0, most: 0xbf },
                0xed if self.has_room() => Text::Symbol { left: 2, least: 0x80, most: 0x9f },
                0xe1..=0xef if self.has_room() => Text::Symbol { left: 2, least: 0x80, most: 0xbf },
                0xf0 if self.has_room() => Text::Symbol { left: 3, least: 0x90, most: 0xbf },
                0xf4 if self.has_room() => Text::Symbol { left: 3, least: 0x80, most: 0x8f },
                0xf1..=0xf3 if self.has_room() => Text::Symbol { left: 3, least: 0x80, most: 0xbf },
                _ => return false,
            },
            Text::Escape => match byte {
                b'"' | b'\\' | b'/' | b'b' | b'f' => return self.symbol(false),
                b'n' | b'r' | b't' => return self.symbol(true),
                b'u' => Text::Hex { digits: 0, value: 0, high: None },
                _ => return false,
            },
            Text::Hex { digits, value, high } => {
                let Some(digit) = char::from(byte).to_digit(16) else { return false };
                let value = value << 4 | digit as u16;
                match (digits + 1, high) {
                    // Where these two digits decide, no way leads into a dead end.
                    (1, Some(_)) if value != 0xd => return false,
                    (2, Some(_)) if value < 0xdc => return false,
                    (2, None) if (0xdc..=0xdf).contains(&value) => return false,
                    (4, None) if (0xd800..0xdc00).contains(&value) => Text::LowSlash(value),
                    (4, _) => {
                        let symbol = char::from_u32(u32::from(value));
                        return self.symbol(high.is_none() && symbol.is_some_and(char::is_whitespace));
                    }
                    (digits, high) => Text::Hex { digits, value, high },
                }
            }
            Text::LowSlash(high) if byte == b'\\' => Text::LowU(high),
            Text::LowU(high) if byte == b'u' => Text::Hex { digits: 0, value: 0, high: Some(high) },
            Text::Symbol { left, least, most } if (least..=most).contains(&byte) => match left {
                1 => return self.symbol(false),
                left => Text::Symbol { left: left - 1, least: 0x80, most: 0xbf },
            },
            Text::LowSlash(_) | Text::LowU(_) | Text::Symbol { .. } => return false,
        };
        self.at = At::Text(next);
        true
    }

    fn has_room(&self) -> bool {
        self.symbols < self.limit()
    }

    /// A whole symbol is there.
    fn symbol(&mut self, space: bool) -> bool {
        if !self.has_room() || (space && self.spaces == SPACES) {
            return false;
        }
        self.symbols += 1;
        self.spaces = if space { self.spaces + 1 } else { 0 };
        self.at = At::Text(Text::Plain);
        true
    }
}

#[cfg(test)]
mod tests;
