//! Other ways to read a text, each byte of which knows where it stands in the text itself.

use crate::document::NormalChars;

/// A text read in another way.
pub struct View {
    pub text: String,
    /// For each byte of it, the bytes that it stands for.
    starts: Vec<usize>,
    ends: Vec<usize>,
}

impl View {
    /// The text as it is; `at` is where it begins.
    pub fn plain(text: &str, at: usize) -> Self {
        let mut view = Self::with_capacity(text.len());
        for (start, character) in text.char_indices() {
            view.push(character, at + start, at + start + character.len_utf8());
        }
        view
    }

    fn with_capacity(bytes: usize) -> Self {
        Self { text: String::with_capacity(bytes), starts: Vec::with_capacity(bytes), ends: Vec::with_capacity(bytes) }
    }

    fn push(&mut self, character: char, start: usize, end: usize) {
        self.text.push(character);
        self.starts.resize(self.text.len(), start);
        self.ends.resize(self.text.len(), end);
    }

    /// The bytes that a range of the view stands for; nothing for an empty one.
    pub fn original(&self, range: std::ops::Range<usize>) -> Option<std::ops::Range<usize>> {
        let start = *self.starts.get(range.start)?;
        let end = *self.ends.get(range.end.checked_sub(1)?)?;
        (start < end && range.start < range.end).then_some(start..end)
    }

    fn put(&mut self, character: char, of: &Self, range: std::ops::Range<usize>) {
        if let Some(original) = of.original(range) {
            self.push(character, original.start, original.end);
        }
    }

    /// In normal form, letters with their case and without accents: as names are looked for.
    pub fn normal(&self) -> Self {
        let mut view = Self::with_capacity(self.text.len());
        for normal in NormalChars::with_case(&self.text).bare() {
            view.put(normal.character, self, normal.start..normal.end);
        }
        view
    }

    /// Every run of whitespace one space, what a line break tore apart joined, and nothing that cannot be seen.
    pub fn spaced(&self) -> Self {
        let mut view = Self::with_capacity(self.text.len());
        let mut characters = self.text.char_indices().peekable();
        while let Some((at, character)) = characters.next() {
            if matches!(character, '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}') {
                continue;
            }
            if !character.is_whitespace() {
                view.put(character, self, at..at + character.len_utf8());
                continue;
            }
            let (mut end, mut breaks) = (at + character.len_utf8(), character == '\n');
            while let Some((at, next)) = characters.next_if(|(_, next)| next.is_whitespace()) {
                end = at + next.len_utf8();
                breaks |= next == '\n';
            }
            if breaks && view.text.ends_with('-') {
                let before = view.text.chars().rev().nth(1);
                let after = characters.peek().map(|(_, after)| *after);
                if before.is_some_and(char::is_alphabetic) && after.is_some_and(char::is_alphabetic) {
                    view.text.pop();
                    view.starts.pop();
                    view.ends.pop();
                }
                continue;
            }
            view.put(' ', self, at..end);
        }
        view
    }

    /// With one level of escapes undone: those of JSON and Python, and of addresses of pages (RFC 3986, section 2.1); nothing
    /// where there are none.
    pub fn unescaped(&self) -> Option<Self> {
        self.text.contains(['\\', '%']).then_some(())?;
        let mut view = Self::with_capacity(self.text.len());
        let (mut at, mut changed) = (0, false);
        while let Some(character) = self.text.get(at..).and_then(|rest| rest.chars().next()) {
            let (character, length) = match unescape(&self.text[at..]) {
                Some((plain, length)) => {
                    changed = true;
                    (plain, length)
                }
                None => (character, character.len_utf8()),
            };
            view.put(character, self, at..at + length);
            at += length;
        }
        changed.then_some(view)
    }
}

/// The character that an escape at the beginning of the text stands for, and the escape's length.
fn unescape(text: &str) -> Option<(char, usize)> {
    let hex = |digits: std::ops::Range<usize>| {
        let digits = text.get(digits)?;
        digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, 16).ok()).flatten()
    };
    match text.as_bytes() {
        [b'\\', b'n' | b'r' | b't' | b'f' | b'b', ..] => Some((' ', 2)),
        [b'\\', quoted @ (b'"' | b'\'' | b'/' | b'\\'), ..] => Some((char::from(*quoted), 2)),
        [b'\\', b'x', ..] => Some((char::from_u32(hex(2..4)?)?, 4)),
        [b'\\', b'u', ..] => match hex(2..6)? {
            high @ 0xd800..0xdc00 => {
                let low = hex(8..12).filter(|low| (0xdc00..0xe000).contains(low) && text[6..].starts_with("\\u"))?;
                Some((char::from_u32(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00))?, 12))
            }
            code => Some((char::from_u32(code)?, 6)),
        },
        [b'%', ..] => percent(text.as_bytes()),
        _ => None,
    }
}

/// The character whose bytes in UTF-8 are written as `%XX` each.
fn percent(text: &[u8]) -> Option<(char, usize)> {
    let (codes, _) = text.as_chunks::<3>();
    let byte = |code: &[u8; 3]| match code {
        [b'%', high, low] => {
            Some(u8::try_from(char::from(*high).to_digit(16)? << 4 | char::from(*low).to_digit(16)?).ok()?)
        }
        _ => None,
    };
    let bytes: Vec<u8> = codes.iter().take(4).map_while(byte).collect();
    (1..=bytes.len()).find_map(|length| {
        let character = std::str::from_utf8(&bytes[..length]).ok()?.chars().next()?;
        Some((character, 3 * length))
    })
}
