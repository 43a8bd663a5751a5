//! Holds an answer to its form: `{"explanation": "…", "citation": "…" or null, "answer": "…" or null}`, byte by byte.
//!
//! There is one spelling of the form, so keys and punctuation leave no choice; strings are JSON (RFC 8259) in valid UTF-8
//! (RFC 3629) and of bounded length. A plain automaton does this at a few nanoseconds a byte, for every vocabulary. On
//! demand a citation can only be words of the chunk.

mod substrings;

use std::sync::Arc;

pub use substrings::Substrings;

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
    /// Where a citation has to stand.
    chunk: Option<Arc<Substrings>>,
    place: Place,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    /// Which of the three texts, or with 3 what follows them.
    part: u8,
    at: At,
    symbols: u32,
    spaces: u8,
    /// Where a citation is in the chunk's automaton.
    node: u32,
}

impl Constraint {
    pub fn new(limits: Limits) -> Self {
        let place = Place { part: 0, at: At::Fixed(0), symbols: 0, spaces: 0, node: substrings::ROOT };
        Self { limits, chunk: None, place }
    }

    /// As [`new`](Self::new), and a citation can only be words that stand in `chunk`. White space of any kind and number is
    /// one space there, and no `\u` escapes are needed.
    pub fn citing(limits: Limits, chunk: Arc<Substrings>) -> Self {
        Self { chunk: Some(chunk), ..Self::new(limits) }
    }

    /// Whether these bytes may come next. A token may end within a symbol; none is empty.
    pub fn allows(&self, bytes: &[u8]) -> bool {
        self.after(bytes).is_some()
    }

    /// Takes them; false and unchanged where they may not come next.
    pub fn take(&mut self, bytes: &[u8]) -> bool {
        let after = self.after(bytes);
        self.place = after.unwrap_or(self.place);
        after.is_some()
    }

    /// Whether the object is closed: nothing may follow.
    pub fn is_done(&self) -> bool {
        self.place.at == At::Done
    }

    /// The bytes that have to come next, whatever is chosen; none where there is a choice. A space before a value is left to
    /// the token that begins the value, as vocabularies have them together.
    pub fn forced(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut place = self.place;
        loop {
            let (part, fixed) = (place.part, FIXED.get(usize::from(place.part)).copied().unwrap_or_default());
            place = match place.at {
                At::Fixed(done) => {
                    bytes.extend_from_slice(fixed.get(usize::from(done)..).unwrap_or_default());
                    Place { at: if part == 3 { At::Done } else { At::Value }, ..place }
                }
                At::Value if part > 0 && !self.can_open(part) => {
                    bytes.extend_from_slice(NULL);
                    place.next_part()
                }
                At::Null(done) => {
                    bytes.extend_from_slice(NULL.get(usize::from(done)..).unwrap_or_default());
                    place.next_part()
                }
                At::Value | At::Text(_) | At::Done => break,
            };
        }
        if bytes.last() == Some(&b' ') {
            bytes.pop();
        }
        bytes
    }

    /// Which text is next or under way, counted from 0; 3 after the last.
    pub fn part(&self) -> u8 {
        self.place.part
    }

    /// The text under way ends with the symbol it is at, and one that would begin now is null where it may be.
    pub fn curtail(&mut self) {
        let Place { part, at, symbols, .. } = self.place;
        let least = u32::from(at != At::Value && part > 0);
        let at_symbol = !matches!(at, At::Value | At::Text(Text::Plain));
        let limit = (symbols + u32::from(at_symbol)).max(least);
        match (part, at) {
            (_, At::Fixed(_) | At::Null(_) | At::Done) => {}
            (0, _) => self.limits.explanation = limit,
            (1, At::Value) => self.limits.citation = 0,
            (1, _) => self.limits.citation = limit,
            (_, At::Value) => self.limits.answer = 0,
            (_, _) => self.limits.answer = limit,
        }
    }

    fn after(&self, bytes: &[u8]) -> Option<Place> {
        if bytes.is_empty() {
            return None;
        }
        bytes.iter().try_fold(self.place, |place, byte| self.step(place, *byte))
    }

    fn step(&self, place: Place, byte: u8) -> Option<Place> {
        let at = match place.at {
            At::Fixed(done) => {
                let fixed = FIXED.get(usize::from(place.part))?;
                if fixed.get(usize::from(done)) != Some(&byte) {
                    return None;
                }
                let whole = usize::from(done) + 1 == fixed.len();
                match (whole, place.part) {
                    (false, _) => At::Fixed(done + 1),
                    (true, 3) => At::Done,
                    (true, _) => At::Value,
                }
            }
            At::Value => match byte {
                b'"' if self.can_open(place.part) => {
                    let at = At::Text(Text::Plain);
                    return Some(Place { at, symbols: 0, spaces: 0, node: substrings::ROOT, ..place });
                }
                b'n' if place.part > 0 => At::Null(1),
                _ => return None,
            },
            At::Null(done) => {
                if NULL.get(usize::from(done)) != Some(&byte) {
                    return None;
                }
                if usize::from(done) + 1 == NULL.len() {
                    return Some(place.next_part());
                }
                At::Null(done + 1)
            }
            At::Text(text) => return self.within(place, text, byte),
            At::Done => return None,
        };
        Some(Place { at, ..place })
    }

    fn within(&self, place: Place, text: Text, byte: u8) -> Option<Place> {
        let begin = |left, least, most| {
            let place = if self.has_room(place) { self.follow(place, byte)? } else { return None };
            Some(Place { at: At::Text(Text::Symbol { left, least, most }), ..place })
        };
        let next = match text {
            Text::Plain => match byte {
                // A quotation of nothing, and an answer of nothing, are null.
                b'"' if place.part == 0 || place.symbols > 0 => return Some(place.next_part()),
                b'"' | 0..=0x1f => return None,
                b'\\' if self.has_room(place) && self.can_escape(place) => Text::Escape,
                b' ' => return self.symbol(self.follow(place, byte)?, true),
                0x20..=0x7f if byte != b'\\' => return self.symbol(self.follow(place, byte)?, false),
                0xc2..=0xdf => return begin(1, 0x80, 0xbf),
                0xe0 => return begin(2, 0xa0, 0xbf),
                0xed => return begin(2, 0x80, 0x9f),
                0xe1..=0xef => return begin(2, 0x80, 0xbf),
                0xf0 => return begin(3, 0x90, 0xbf),
                0xf4 => return begin(3, 0x80, 0x8f),
                0xf1..=0xf3 => return begin(3, 0x80, 0xbf),
                _ => return None,
            },
            Text::Escape => match byte {
                b'"' | b'\\' | b'/' => return self.symbol(self.follow(place, byte)?, false),
                b'n' | b'r' | b't' => return self.symbol(self.follow(place, b' ')?, true),
                b'b' | b'f' if self.cited(place.part).is_none() => return self.symbol(place, false),
                b'u' if self.cited(place.part).is_none() => Text::Hex { digits: 0, value: 0, high: None },
                _ => return None,
            },
            Text::Hex { digits, value, high } => {
                let digit = char::from(byte).to_digit(16)?;
                let value = value << 4 | digit as u16;
                match (digits + 1, high) {
                    // Where these two digits decide, no way leads into a dead end.
                    (1, Some(_)) if value != 0xd => return None,
                    (2, Some(_)) if value < 0xdc => return None,
                    (2, None) if (0xdc..=0xdf).contains(&value) => return None,
                    (4, None) if (0xd800..0xdc00).contains(&value) => Text::LowSlash(value),
                    (4, _) => {
                        let symbol = char::from_u32(u32::from(value));
                        let space = high.is_none() && symbol.is_some_and(char::is_whitespace);
                        return self.symbol(place, space);
                    }
                    (digits, high) => Text::Hex { digits, value, high },
                }
            }
            Text::LowSlash(high) if byte == b'\\' => Text::LowU(high),
            Text::LowU(high) if byte == b'u' => Text::Hex { digits: 0, value: 0, high: Some(high) },
            Text::Symbol { left, least, most } if (least..=most).contains(&byte) => {
                let place = self.follow(place, byte)?;
                return match left {
                    1 => self.symbol(place, false),
                    left => {
                        Some(Place { at: At::Text(Text::Symbol { left: left - 1, least: 0x80, most: 0xbf }), ..place })
                    }
                };
            }
            Text::LowSlash(_) | Text::LowU(_) | Text::Symbol { .. } => return None,
        };
        Some(Place { at: At::Text(next), ..place })
    }

    /// A whole symbol is there.
    fn symbol(&self, place: Place, space: bool) -> Option<Place> {
        if !self.has_room(place) || (space && place.spaces == SPACES) {
            return None;
        }
        let spaces = if space { place.spaces + 1 } else { 0 };
        Some(Place { at: At::Text(Text::Plain), symbols: place.symbols + 1, spaces, ..place })
    }

    /// Follows a byte in the chunk, where the text has to stand there.
    fn follow(&self, place: Place, byte: u8) -> Option<Place> {
        match self.cited(place.part) {
            Some(chunk) => Some(Place { node: chunk.step(place.node, byte)?, ..place }),
            None => Some(place),
        }
    }

    /// Whether the chunk goes on with a symbol that an escape can write.
    fn can_escape(&self, place: Place) -> bool {
        self.cited(place.part).is_none_or(|chunk| b"\"\\/ ".iter().any(|byte| chunk.step(place.node, *byte).is_some()))
    }

    fn can_open(&self, part: u8) -> bool {
        part == 0 || (self.limit(part) > 0 && self.cited(part).is_none_or(Substrings::has_any))
    }

    fn cited(&self, part: u8) -> Option<&Substrings> {
        self.chunk.as_deref().filter(|_| part == 1)
    }

    fn has_room(&self, place: Place) -> bool {
        place.symbols < self.limit(place.part)
    }

    fn limit(&self, part: u8) -> u32 {
        match part {
            0 => self.limits.explanation,
            1 => self.limits.citation,
            _ => self.limits.answer,
        }
    }
}

impl Place {
    fn next_part(self) -> Self {
        Self { part: self.part + 1, at: At::Fixed(0), ..self }
    }
}

#[cfg(test)]
mod tests;
