//! Words and numbers of a text, brought to one form so that a question and a document can be compared.
//!
//! Words are lower-cased and stemmed (Snowball English); numbers lose grouping commas and trailing zeros, so that
//! `6.60` is `6.6` and `20,933` is `20933`; `FY2019` and `FY19` are the year 2019.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use rust_stemmers::{Algorithm, Stemmer};

/// A word or number of a text, by its place in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    pub start: usize,
    pub end: usize,
    /// The vocabulary's name for it; nothing for a stop word.
    pub term: Option<u32>,
}

/// The terms met so far, each with a number. Every distinct word is stemmed once.
pub struct Vocabulary {
    stemmer: Stemmer,
    seen: HashMap<Box<str>, Option<u32>>,
    terms: HashMap<String, u32>,
    names: Vec<String>,
}

impl Default for Vocabulary {
    fn default() -> Self {
        Self {
            stemmer: Stemmer::create(Algorithm::English),
            seen: HashMap::new(),
            terms: HashMap::new(),
            names: Vec::new(),
        }
    }
}

impl Vocabulary {
    /// Every word and number of the text, stop words included (without a term).
    pub fn tokens(&mut self, text: &str) -> Vec<Token> {
        scan(text).map(|(start, end)| Token { start, end, term: self.term(&text[start..end]) }).collect()
    }

    /// The terms of the text in order, without stop words.
    pub fn terms(&mut self, text: &str) -> Vec<u32> {
        scan(text).filter_map(|(start, end)| self.term(&text[start..end])).collect()
    }

    /// The term as text: a stem or a number.
    pub fn name(&self, term: u32) -> &str {
        self.names.get(term as usize).map_or("", String::as_str)
    }

    pub fn len(&self) -> usize {
        self.names.len()
    }

    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    fn term(&mut self, word: &str) -> Option<u32> {
        if let Some(&known) = self.seen.get(word) {
            return known;
        }
        let term = self.new_term(word);
        self.seen.insert(word.into(), term);
        term
    }

    fn new_term(&mut self, word: &str) -> Option<u32> {
        let plain = plain(word);
        if is_stop_word(&plain) {
            return None;
        }
        let term = number(&plain).unwrap_or_else(|| self.stemmer.stem(&plain).into_owned());
        if let Some(&known) = self.terms.get(&term) {
            return Some(known);
        }
        let next = u32::try_from(self.names.len()).ok()?;
        self.names.push(term.clone());
        self.terms.insert(term, next);
        Some(next)
    }
}

/// Whether a word says nothing about what a text is about. Expects lower case.
pub fn is_stop_word(word: &str) -> bool {
    let one_letter = word.len() == 1 && word.bytes().all(|byte| byte.is_ascii_lowercase());
    word.is_empty() || one_letter || STOP_WORDS.contains(word)
}

/// Whether the word is written with digits.
pub fn is_number(word: &str) -> bool {
    word.starts_with(|first: char| first.is_ascii_digit())
}

/// Whether the word is a number or names a year, as `FY2019` does.
pub fn stands_for_number(word: &str) -> bool {
    number(&plain(word)).is_some()
}

/// A number in normal form, where the word is one: without grouping commas, trailing zeros and the ending of an ordinal.
pub fn normal_number(word: &str) -> Option<String> {
    number(&plain(word))
}

/// Whether the word is a year of our time.
pub fn is_year(word: &str) -> bool {
    word.len() == 4 && (word.starts_with("19") || word.starts_with("20")) && word.bytes().all(|b| b.is_ascii_digit())
}

/// The places of words and numbers: runs of letters and digits, held together by what stands inside one word.
pub fn scan(text: &str) -> impl Iterator<Item = (usize, usize)> + '_ {
    let mut chars = text.char_indices().peekable();
    std::iter::from_fn(move || {
        let (start, mut last) = chars.by_ref().find(|(_, c)| c.is_alphanumeric())?;
        let mut end = start + last.len_utf8();
        while let Some(&(at, c)) = chars.peek() {
            if !c.is_alphanumeric() {
                let Some(next) = text[at + c.len_utf8()..].chars().next() else { break };
                let joins = match c {
                    '.' | ',' => last.is_ascii_digit() && next.is_ascii_digit(),
                    '\'' | '’' => last.is_alphabetic() && next.is_alphabetic(),
                    '&' => last.is_uppercase() && next.is_uppercase(),
                    _ => false,
                };
                if !joins {
                    break;
                }
            }
            last = c;
            end = at + c.len_utf8();
            chars.next();
        }
        Some((start, end))
    })
}

/// Lower case, without ligatures, apostrophes and the possessive s.
fn plain(word: &str) -> String {
    let mut text = String::with_capacity(word.len());
    for c in word.chars() {
        match c {
            'ﬁ' => text.push_str("fi"),
            'ﬂ' => text.push_str("fl"),
            'ﬀ' => text.push_str("ff"),
            'ﬃ' => text.push_str("ffi"),
            'ﬄ' => text.push_str("ffl"),
            '’' => text.push('\''),
            _ => text.extend(c.to_lowercase()),
        }
    }
    if let Some(bare) = text.strip_suffix("'s") {
        text.truncate(bare.len());
    }
    text.retain(|c| c != '\'');
    text
}

/// The number or year that a plain word stands for, where it is one.
fn number(word: &str) -> Option<String> {
    if let Some(year) = word.strip_prefix("fy").or_else(|| word.strip_prefix("cy"))
        && year.bytes().all(|byte| byte.is_ascii_digit())
    {
        match year.len() {
            4 => return Some(year.to_owned()),
            2 => return Some(format!("20{year}")),
            _ => {}
        }
    }
    if !is_number(word) {
        return None;
    }
    let digits = ["st", "nd", "rd", "th"].iter().find_map(|ending| word.strip_suffix(ending)).unwrap_or(word);
    if !digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.' || byte == b',') {
        return None;
    }
    let mut number = digits.replace(',', "");
    if number.bytes().filter(|&byte| byte == b'.').count() == 1 {
        number.truncate(number.trim_end_matches('0').trim_end_matches('.').len());
    }
    Some(number)
}

static STOP_WORDS: LazyLock<HashSet<&str>> =
    LazyLock::new(|| include_str!("stop_words.txt").split_whitespace().collect());

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn terms(text: &str) -> Vec<String> {
        let mut vocabulary = Vocabulary::default();
        let terms = vocabulary.terms(text);
        terms.into_iter().map(|term| vocabulary.name(term).to_owned()).collect()
    }

    #[test]
    fn words_that_say_nothing_are_left_out() {
        assert_eq!(terms("What did they say about the whale?"), ["whale"]);
    }

    #[test]
    fn numbers_are_the_same_however_they_are_written() {
        assert_eq!(terms("6.60 6.6 20,933 20933 $1,200.00 (1,200)"), ["6.6", "6.6", "20933", "20933", "1200", "1200"]);
        assert_eq!(terms("FY2019 FY 2019 FY19 20th"), ["2019", "2019", "2019", "20"]);
        assert_eq!(terms("100"), ["100"]);
    }

    #[test]
    fn words_are_the_same_whatever_their_ending() {
        assert_eq!(terms("The company's revenues"), terms("company revenue"));
        assert_eq!(terms("PP&E, R&D"), ["pp&e", "r&d"]);
        assert_eq!(terms("ﬁxed ﬁnancing"), terms("fixed financing"));
    }

    proptest! {
        #[test]
        fn every_token_is_a_piece_of_the_text(text in "\\PC{0,200}") {
            let mut vocabulary = Vocabulary::default();
            let mut last = 0;
            for token in vocabulary.tokens(&text) {
                prop_assert!(token.start >= last && token.end > token.start);
                prop_assert!(text.get(token.start..token.end).is_some());
                last = token.end;
            }
        }
    }
}
