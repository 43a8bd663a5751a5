//! Runs of ASCII whose normal form does not hang on what stands around them, taken at once: most of most texts.

use std::ops::Range;

use super::{FIRST_MARK, NormalChars};

/// What a byte is by itself.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd)]
enum Class {
    /// A letter or a digit.
    Letter,
    /// A sign that stays as it is, and the space beside it too.
    Point,
    Space,
    /// Any other sign or space that no word goes on behind.
    Gap,
    /// It may join two words, or be nothing, or is no ASCII.
    Other,
}

static CLASSES: [Class; 256] = {
    let mut classes = [Class::Other; 256];
    let mut byte = 0u8;
    while byte < 128 {
        classes[byte as usize] = match byte {
            b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => Class::Letter,
            b' ' => Class::Space,
            b'\'' | b'"' | b'`' | b',' | b'(' | b')' | b'[' | b']' | b'$' | b'%' | b'\t'..=b'\r' => Class::Gap,
            b'-' | 0..=0x1f | 0x7f => Class::Other,
            _ => Class::Point,
        };
        byte += 1;
    }
    classes
};

fn class(bytes: &[u8], at: usize) -> Class {
    bytes.get(at).map_or(Class::Other, |byte| CLASSES[usize::from(*byte)])
}

impl<'a> NormalChars<'a> {
    /// Goes through the letters and digits that come next, if any: what `grow` makes of `first` with each of them, and where they
    /// stand.
    #[inline]
    pub fn fold_letters<T: Copy>(&mut self, first: T, grow: impl Fn(T, u8) -> T) -> (T, Range<usize>) {
        let start = self.at;
        if !self.tail.is_empty() {
            return (first, start..start);
        }
        let rest = self.text.as_bytes().get(start..).unwrap_or_default();
        let (mut before, mut grown, mut length) = (first, first, 0);
        while let Some(byte) = rest.get(length).filter(|byte| CLASSES[usize::from(**byte)] == Class::Letter) {
            (before, grown) = (grown, grow(grown, *byte));
            length += 1;
        }
        // The last one may have a mark.
        if length > 0 && rest.get(length).is_some_and(|next| *next >= FIRST_MARK) {
            (grown, length) = (before, length - 1);
        }
        if let Some(byte) = length.checked_sub(1).and_then(|last| rest.get(last)) {
            self.last = if self.keep_case { *byte } else { byte.to_ascii_lowercase() } as char;
        }
        self.at = start + length;
        (grown, start..self.at)
    }

    /// The letters, digits and signs that come next, if any, with single spaces between them. In normal form they are lower
    /// case.
    pub fn take_plain(&mut self) -> (usize, &'a [u8]) {
        let start = self.at;
        if !self.tail.is_empty() {
            return (start, &[]);
        }
        let rest = self.text.as_bytes().get(start..).unwrap_or_default();
        let mut length = 0;
        loop {
            match class(rest, length) {
                Class::Letter | Class::Point => length += 1,
                Class::Space if length > 0 && class(rest, length + 1) <= Class::Point => length += 2,
                _ => break,
            }
        }
        // The last one may have a mark.
        if rest.get(length).is_some_and(|next| *next >= FIRST_MARK) {
            length = length.saturating_sub(1);
        }
        let run = &rest[..length];
        if let Some(byte) = run.last() {
            self.at += length;
            self.last = if self.keep_case { *byte } else { byte.to_ascii_lowercase() } as char;
        }
        (start, run)
    }

    /// Passes over what comes next where it surely ends a word and is followed by a letter, a digit or nothing. Whether it
    /// did.
    #[inline]
    pub fn pass_gap(&mut self) -> bool {
        if !self.tail.is_empty() {
            return false;
        }
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let mut length = 0;
        while (Class::Point..=Class::Gap).contains(&class(rest, length)) {
            length += 1;
        }
        if length == 0 || length < rest.len() && class(rest, length) != Class::Letter {
            return false;
        }
        (self.at, self.last) = (self.at + length, ' ');
        true
    }

    /// The rest, in lower case.
    pub fn folded(mut self) -> String {
        let mut form = String::with_capacity(self.text.len().saturating_sub(self.at));
        loop {
            let (start, run) = self.take_plain();
            let before = form.len();
            form.push_str(self.text.get(start..start + run.len()).unwrap_or_default());
            form.get_mut(before..).unwrap_or_default().make_ascii_lowercase();
            let Some(normal) = self.next() else { return form };
            form.push(normal.character);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TEXTS: [&str; 6] = [
        "Two  Words-\n here, ﬁfty – ﬁve",
        "agree -\n ment 20 – 21",
        "ﬁ5 x\u{ad}y ÄÖü z",
        "Mu\u{308}ller u\u{308} .\u{301} a \u{301}b",
        "It is: so.  A (b ) [c] 4,812 $ 5 % 'x' \u{7f}y z\u{1}",
        "one. two;three\tfour -five .-six",
    ];

    fn normal<'a>(chars: impl Iterator<Item = super::super::NormalChar> + 'a) -> String {
        chars.map(|normal| normal.character).collect()
    }

    fn taken<'a>(mut chars: NormalChars<'a>, take: impl Fn(&mut NormalChars<'a>) -> &'a [u8]) -> String {
        let mut form = String::new();
        loop {
            form.extend(take(&mut chars).iter().map(|byte| byte.to_ascii_lowercase() as char));
            let Some(next) = chars.next() else { return form };
            form.push(next.character);
        }
    }

    fn words(text: &str) -> Vec<String> {
        let (mut chars, mut words) = (NormalChars::new(text), String::new());
        loop {
            let (count, letters) = chars.fold_letters(0, |count, _| count + 1);
            assert_eq!(count, letters.len());
            words.push_str(&text[letters].to_ascii_lowercase());
            if chars.pass_gap() {
                words.push(' ');
                continue;
            }
            let Some(next) = chars.next() else { break };
            words.push(if next.character.is_alphanumeric() { next.character } else { ' ' });
        }
        words.split_whitespace().map(str::to_owned).collect()
    }

    fn check(text: &str) {
        for chars in [NormalChars::new(text), NormalChars::new(text).tight()] {
            let form = normal(chars.clone());
            let letters = |chars: &mut NormalChars<'_>| &text.as_bytes()[chars.fold_letters((), |(), _| ()).1];
            assert_eq!(taken(chars.clone(), letters), form, "{text:?}");
            assert_eq!(taken(chars.clone(), |chars| chars.take_plain().1), form, "{text:?}");
            assert_eq!(chars.folded(), form, "{text:?}");
        }
        let form = normal(NormalChars::new(text));
        let known: Vec<&str> = form.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
        assert_eq!(words(text), known, "{text:?}");
    }

    #[test]
    fn what_is_taken_at_once_is_what_comes_one_by_one() {
        TEXTS.iter().for_each(|text| check(text));
    }

    proptest! {
        #[test]
        fn so_it_is_of_any_text(text in "([a-cA-C0-3]{0,3}[ \\-.,;'\"($%\\n\\t\u{1}\u{7f}–“ﬁ\u{308}é\u{200b}]{0,3}){0,12}") {
            check(&text);
        }
    }
}
