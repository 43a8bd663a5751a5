//! The normal form in which two texts are compared: what layout and typography change is taken out, words and numbers stay.
//!
//! * A run of whitespace (and list bullets) is one space.
//! * Dashes of every kind are one hyphen-minus, whatever whitespace is around them; between two letters they are nothing,
//!   so that `agree-⏎ment`, `agree-ment` and `agreement` are the same word.
//! * Quotation marks and apostrophes of every kind are `'`; ligatures are their letters; `…` is `...`.
//! * Zero-width and control characters are nothing. Letters are lower case unless asked otherwise.
//! * A letter and the marks behind it are one letter where there is such a one (Unicode's form NFC), and letters and digits
//!   that are only drawn otherwise, full-width ones for example, are the usual ones (NFKC); superscripts stay what they are.
//! * Where names are looked for (see [`NormalChars::bare`]): letters have no accents, and `ß` is `ss`.
//! * Where only words and numbers are to agree (see [`NormalChars::tight`]): no space stands beside brackets, currency signs
//!   and `%`, and what groups thousands is a space, so that `$ 4,812`, `$4 812` and `$4'812` are the same amount.

mod plain;

use unicode_normalization::char::canonical_combining_class;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// The most marks that belong to one character.
const MARKS: usize = 32;
/// The first byte, in UTF-8, of the first characters that may belong to the one before them (U+0300).
const FIRST_MARK: u8 = 0xcc;

/// One character of the normal form, and the bytes of the text that it stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NormalChar {
    pub character: char,
    pub start: usize,
    pub end: usize,
}

/// Walks the normal form of a text without storing it.
#[derive(Clone, Debug)]
pub struct NormalChars<'a> {
    text: &'a str,
    at: usize,
    last: char,
    /// The rest of a character that became several, last first.
    tail: Vec<char>,
    tail_start: usize,
    keep_case: bool,
    tight: bool,
    bare: bool,
}

impl<'a> NormalChars<'a> {
    pub fn new(text: &'a str) -> Self {
        Self::resume(text, 0, ' ')
    }

    /// Letters keep their case.
    pub fn with_case(text: &'a str) -> Self {
        Self { keep_case: true, ..Self::new(text) }
    }

    /// Goes on at the byte `at`, where `last` was the normal character before it.
    pub(super) fn resume(text: &'a str, at: usize, last: char) -> Self {
        Self { text, at, last, tail: Vec::new(), tail_start: at, keep_case: false, tight: false, bare: false }
    }

    /// Without what only sets numbers: the space beside brackets, currency signs and `%`, and which sign groups thousands.
    pub fn tight(self) -> Self {
        Self { tight: true, ..self }
    }

    /// Letters without what writers leave out of names or write in another way: accents, the dot of `İ`, `ß` for `ss`.
    pub fn bare(self) -> Self {
        Self { bare: true, ..self }
    }

    fn emit(&mut self, character: char, start: usize) -> Option<NormalChar> {
        self.last = character;
        Some(NormalChar { character, start, end: self.at })
    }

    /// Takes the character that begins here with the marks behind it, and leaves what they become in `tail`.
    fn letter(&mut self, start: usize, first: char) {
        self.at += first.len_utf8();
        self.tail_start = start;
        let next = self.text.as_bytes().get(self.at);
        let mut marks = 0;
        if next.is_some_and(|next| *next >= FIRST_MARK) {
            let rest = self.text.get(self.at..).unwrap_or_default().chars();
            marks = rest.take(MARKS).take_while(|mark| is_mark(*mark)).map(char::len_utf8).sum();
            self.at += marks;
        }
        if marks == 0 && (first.is_ascii() || !self.bare && is_usual(first)) {
            self.tail.push(if self.keep_case { first } else { lower(first) });
            return;
        }
        let letter = self.text.get(start..self.at).unwrap_or_default();
        let usual: String = if is_drawn_otherwise(first) { letter.nfkc().collect() } else { letter.nfc().collect() };
        let (bare, keep_case) = (self.bare, self.keep_case);
        if bare {
            let without = usual.nfd().filter(|mark| !matches!(mark, '\u{300}'..='\u{36f}')).nfc();
            self.tail.extend(without.flat_map(spelled).map(|letter| if keep_case { letter } else { lower(letter) }));
        } else {
            self.tail.extend(usual.chars().map(|letter| if keep_case { letter } else { lower(letter) }));
        }
        self.tail.reverse();
    }

    /// Takes the run of whitespace, dashes and nothings that begins here; returns what it becomes, if anything.
    fn gap(&mut self) -> Option<char> {
        // Most are one space between two words.
        if let Some([b' ', next]) = self.text.as_bytes().get(self.at..self.at + 2)
            && next.is_ascii_alphanumeric()
            && self.last.is_ascii_alphanumeric()
        {
            self.at += 1;
            return Some(' ');
        }
        let (mut space, mut dash) = (false, false);
        let mut next = None;
        for character in self.text.get(self.at..).unwrap_or_default().chars() {
            match kind(character) {
                Kind::Space => space = true,
                Kind::Dash => dash = true,
                Kind::Nothing => {}
                _ => {
                    next = Some(character);
                    break;
                }
            }
            self.at += character.len_utf8();
        }
        let inside_word = self.last.is_alphabetic() && next.is_some_and(char::is_alphabetic);
        if self.tight && !dash && (holds_close(self.last) || next.is_some_and(holds_close)) {
            return None;
        }
        match (dash, space) {
            (true, _) if inside_word => None,
            (true, _) => Some('-'),
            (false, true) if self.last != ' ' => Some(' '),
            (false, _) => None,
        }
    }
}

impl Iterator for NormalChars<'_> {
    type Item = NormalChar;

    fn next(&mut self) -> Option<NormalChar> {
        loop {
            if let Some(character) = self.tail.pop() {
                return self.emit(character, self.tail_start);
            }
            let start = self.at;
            let character = match *self.text.as_bytes().get(start)? {
                byte if byte.is_ascii() => byte as char,
                _ => self.text.get(start..)?.chars().next()?,
            };
            if self.tight
                && matches!(character, ',' | '\'' | '’')
                && groups_thousands(self.text.as_bytes(), start, character)
            {
                self.at += character.len_utf8();
                return self.emit(' ', start);
            }
            match kind(character) {
                Kind::Plain => self.letter(start, character),
                Kind::Quote => {
                    self.at += character.len_utf8();
                    return self.emit('\'', start);
                }
                Kind::Several(first, rest) => {
                    self.at += character.len_utf8();
                    self.tail.extend(rest.chars().rev());
                    self.tail_start = start;
                    return self.emit(first, start);
                }
                Kind::Space | Kind::Dash | Kind::Nothing => {
                    if let Some(character) = self.gap() {
                        return self.emit(character, start);
                    }
                }
            }
        }
    }
}

/// Whether space beside the character says nothing.
fn holds_close(character: char) -> bool {
    matches!(character, '(' | ')' | '[' | ']' | '$' | '€' | '£' | '¥' | '%')
}

/// Whether the sign at this byte stands between one to three digits and exactly three.
fn groups_thousands(text: &[u8], at: usize, sign: char) -> bool {
    let digits = |bytes: &mut dyn Iterator<Item = &u8>| bytes.take(4).take_while(|byte| byte.is_ascii_digit()).count();
    let before = digits(&mut text[..at].iter().rev());
    (1..=3).contains(&before) && digits(&mut text[at + sign.len_utf8()..].iter()) == 3
}

/// What becomes of a character.
enum Kind {
    Plain,
    Space,
    Dash,
    Quote,
    Nothing,
    Several(char, &'static str),
}

fn kind(character: char) -> Kind {
    match character {
        'a'..='z' | 'A'..='Z' | '0'..='9' => Kind::Plain,
        ' ' | '\t'..='\r' => Kind::Space,
        '-' => Kind::Dash,
        '\'' | '"' | '`' => Kind::Quote,
        '\0'..='\x1f' | '\x7f' => Kind::Nothing,
        '\0'..='\x7f' => Kind::Plain,
        // The soft hyphen, the hyphens and dashes, the minus sign and their small and full-width forms.
        '\u{ad}' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}' => Kind::Dash,
        '‘' | '’' | '‚' | '‛' | '“' | '”' | '„' | '‟' | '′' | '″' | '´' | '«' | '»' | '‹' | '›' | '＇' | '＂' => {
            Kind::Quote
        }
        '•' | '‣' | '◦' | '▪' | '●' | '■' | '□' => Kind::Space,
        '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}' => Kind::Nothing,
        'ﬀ' => Kind::Several('f', "f"),
        'ﬁ' => Kind::Several('f', "i"),
        'ﬂ' => Kind::Several('f', "l"),
        'ﬃ' => Kind::Several('f', "fi"),
        'ﬄ' => Kind::Several('f', "fl"),
        'ﬅ' | 'ﬆ' => Kind::Several('s', "t"),
        '…' => Kind::Several('.', ".."),
        _ if character.is_whitespace() => Kind::Space,
        _ if character.is_control() => Kind::Nothing,
        _ => Kind::Plain,
    }
}

/// Whether it belongs to the character before it, or may become one with it.
pub fn is_mark(character: char) -> bool {
    canonical_combining_class(character) != 0
        || (!character.is_ascii() && is_nfc_quick(std::iter::once(character)) == IsNormalized::Maybe)
}

/// Whether it is in the forms NFC and, where it is a letter that is only drawn otherwise, NFKC.
fn is_usual(character: char) -> bool {
    character < '\u{17f}'
        || (!is_drawn_otherwise(character) && is_nfc_quick(std::iter::once(character)) == IsNormalized::Yes)
}

/// Whether it is a letter, a digit or a sign in a width or style of its own. A superscript says something else than a digit.
fn is_drawn_otherwise(character: char) -> bool {
    matches!(character,
        'ſ' | '\u{fb00}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}' | '\u{ff01}'..='\u{ffee}' | '\u{1d400}'..='\u{1d7ff}')
}

/// How names spell a letter that is no other letter with an accent.
fn spelled(letter: char) -> impl Iterator<Item = char> {
    let (first, second) = match letter {
        'ß' => ('s', Some('s')),
        'ẞ' => ('S', Some('S')),
        'æ' => ('a', Some('e')),
        'Æ' => ('A', Some('E')),
        'œ' => ('o', Some('e')),
        'Œ' => ('O', Some('E')),
        'ø' => ('o', None),
        'Ø' => ('O', None),
        'ł' => ('l', None),
        'Ł' => ('L', None),
        'đ' => ('d', None),
        'Đ' => ('D', None),
        'ı' => ('i', None),
        'ς' => ('σ', None),
        other => (other, None),
    };
    std::iter::once(first).chain(second)
}

/// The first character of the lower case; only `İ` has a second, a dot that texts leave out as often as not.
fn lower(character: char) -> char {
    if character.is_ascii() {
        character.to_ascii_lowercase()
    } else {
        character.to_lowercase().next().unwrap_or(character)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normal(text: &str) -> String {
        NormalChars::new(text).map(|normal| normal.character).collect()
    }

    #[test]
    fn layout_and_typography_are_taken_out() {
        for (text, form) in [
            ("Two  words\n here", "two words here"),
            ("the agree-\n   ment and the agree\u{ad}ment", "the agreement and the agreement"),
            ("long-term, long – term, long—term", "longterm, longterm, longterm"),
            ("2019 – 2020 and 2019-2020", "2019-2020 and 2019-2020"),
            ("a loss of −5", "a loss of-5"),
            ("“It’s” said", "'it's' said"),
            ("ﬁnal eﬃcient oﬀer…", "final efficient offer..."),
            ("zero\u{200b}width\u{feff}", "zerowidth"),
            ("• first\n• second", "first second"),
            ("Mu\u{308}ller, Ju\u{308}RGEN", "müller, jürgen"),
            ("\u{1112}\u{1161}\u{11ab} \u{212b}ngström", "한 ångström"),
            ("Ｊａｎｅ１２ 𝐉𝐚𝐧𝐞 m² ½", "jane12 jane m² ½"),
            ("\u{308}x q\u{308}\u{323}", "\u{308}x q\u{323}\u{308}"),
        ] {
            assert_eq!(normal(text), form, "{text:?}");
        }
    }

    #[test]
    fn what_only_sets_numbers_is_taken_out_where_asked() {
        let tight = |text: &str| NormalChars::new(text).tight().map(|normal| normal.character).collect::<String>();
        for (text, form) in [
            ("$  4,812  and $4\u{2009}812", "$4 812 and$4 812"),
            ("4'812'000 or 4 812 000", "4 812 000 or 4 812 000"),
            ("12 % ( 3.5 % )", "12%(3.5%)"),
            ("in 1,23 and 2019,2020 and 1,2345", "in 1,23 and 2019,2020 and 1,2345"),
        ] {
            assert_eq!(tight(text), form, "{text:?}");
        }
        assert_eq!(normal("4,812 %"), "4,812 %");
    }

    #[test]
    fn a_name_is_the_same_however_its_letters_are_written() {
        let bare = |text: &str| NormalChars::new(text).bare().map(|normal| normal.character).collect::<String>();
        for (text, form) in [
            ("Müller Mu\u{308}ller MÜLLER Muller", "muller muller muller muller"),
            ("José Pen\u{303}a", "jose pena"),
            ("İbrahim I\u{307}brahim i\u{307}brahim IŞIK ışık", "ibrahim ibrahim ibrahim isik isik"),
            ("Μαρία ΜΑΡΙΑ Παύλος ΠΑΥΛΟΣ", "μαρια μαρια παυλοσ παυλοσ"),
            ("Weißgerber WEISSGERBER WEIẞGERBER", "weissgerber weissgerber weissgerber"),
            ("Łukasz Søren", "lukasz soren"),
            ("が 한국", "が 한국"),
            ("\u{308}", ""),
        ] {
            assert_eq!(bare(text), form, "{text:?}");
        }
        let cased: String = NormalChars::with_case("ÇELİK Weiß").bare().map(|normal| normal.character).collect();
        assert_eq!(cased, "CELIK Weiss");
    }

    #[test]
    fn every_normal_character_names_the_bytes_it_stands_for() {
        let text = "The ﬁrst agree-\nment";
        let chars: Vec<NormalChar> = NormalChars::new(text).collect();
        for normal in &chars {
            assert!(text.get(normal.start..normal.end).is_some());
        }
        let f = chars.iter().find(|normal| normal.character == 'f').unwrap();
        assert_eq!(&text[f.start..f.end], "ﬁ");
        let text = "Mu\u{308}ller";
        let umlaut = NormalChars::new(text).nth(1).unwrap();
        assert_eq!((umlaut.character, &text[umlaut.start..umlaut.end]), ('ü', "u\u{308}"));
    }
}
