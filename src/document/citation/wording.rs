//! Whether what differs between a quotation and a text are slips of the pen, or another statement.
//!
//! A slip leaves most letters of its word, and makes no word that the documents know. Numbers, with their signs and units,
//! have no slips, and neither have the words that deny or count.

use std::ops::RangeInclusive;

use rustc_hash::FxHashMap;

use super::align::{Column, looks_like};
use super::denial::{denials, is_denial, is_denied_verb};
use crate::document::words::is_stop_word;

/// Beginnings that turn a word round, or make another of it.
const BEGINNINGS: [&str; 31] = [
    "", "un", "in", "im", "il", "ir", "non", "dis", "mis", "de", "anti", "over", "under", "ex", "im", "pre", "post",
    "sub", "super", "hypo", "hyper", "up", "down", "inter", "intra", "bi", "tri", "north", "south", "east", "west",
];
/// Words that count, beside the figures.
const COUNT: [&str; 34] = [
    "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "twenty",
    "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety", "hundred", "thousand", "million", "billion",
    "trillion", "first", "second", "third", "half", "quarter", "once", "twice", "double", "triple",
];
/// Pairs of letters that scanners take for one.
const PAIRS: [(&str, &str); 3] = [("rn", "m"), ("cl", "d"), ("vv", "w")];
/// So many letters put in or left out in a row are a word, or make another.
const GAP: usize = 3;

/// The words of the documents, by their hashes: whether each stands there more than once.
#[derive(Default)]
pub(super) struct Known(FxHashMap<u64, bool>);

impl Known {
    pub(super) fn of<'a>(texts: impl Iterator<Item = &'a str>) -> Self {
        let mut known: FxHashMap<u64, bool> = FxHashMap::default();
        for word in texts.flat_map(|text| text.split(|c: char| !c.is_alphanumeric())).filter(|word| word.len() > 1) {
            known.entry(hash(word)).and_modify(|often| *often = true).or_insert(false);
        }
        Self(known)
    }

    fn holds(&self, word: &str) -> bool {
        self.0.contains_key(&hash(word))
    }

    fn holds_often(&self, word: &str) -> bool {
        self.0.get(&hash(word)) == Some(&true)
    }
}

fn hash(word: &str) -> u64 {
    // FNV-1a.
    word.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// A text in normal form, character by character: in lower case, and as it is.
pub(super) struct Characters {
    pub(super) folded: Vec<char>,
    pub(super) cased: Vec<char>,
}

/// How many half slips there are in a quotation that says what stands at its place in the text; nothing where it says something
/// else. The columns at the ends of their alignment that have no character of the quotation only complete a word.
pub(super) fn slips(quoted: &[char], text: &Characters, columns: &[Column], known: &Known) -> Option<usize> {
    let part = columns.iter().filter_map(|column| column.text);
    let (start, end) = (part.clone().next()?, part.clone().next_back()?);
    let (numbers_quoted, numbers_of_text) = read_scanned(quoted, &text.folded, columns);
    if !same_numbers(&numbers(&numbers_quoted), &numbers(&numbers_of_text[start..=end])) {
        return None;
    }
    let first = columns.iter().position(|column| column.quoted.is_some())?;
    let last = columns.iter().rposition(|column| column.quoted.is_some())?;
    let words = &columns[first..=last];
    if leaves_a_word_out(quoted, text, words) {
        return None;
    }
    if !denies_alike(quoted, text, words, start..=end, known) {
        return None;
    }
    let differing: Vec<Piece> = pieces(quoted, text, words, |_| true).filter(|piece| piece.halves > 0).collect();
    let (mut plain, mut odd) = (0, 0);
    for piece in &differing {
        match piece.verdict(known) {
            Verdict::Slip => plain += 1,
            Verdict::Odd => odd += 1,
            Verdict::Other => {
                return None;
            }
        }
    }
    // Where there are slips all over, one more may be large, or happen to make a word.
    (odd * ODD <= plain).then(|| differing.iter().map(|piece| piece.halves).sum())
}

/// Whether the quotation has as many words that deny as the part of the text, where it has one for each but for a slip.
fn denies_alike(
    quoted: &[char],
    text: &Characters,
    columns: &[Column],
    part: RangeInclusive<usize>,
    known: &Known,
) -> bool {
    // The apostrophe of `didn't` parts no word.
    let words = pieces(quoted, text, columns, |c| c != '\'').filter(|piece| piece.halves > 0);
    let slipped = words.filter(|piece| piece.is_denial_slipped(known)).count();
    denials(quoted) + slipped == denials(&text.folded[part])
}

/// So many plain slips bear out one that is odd.
const ODD: usize = 2;

/// What the difference between two words is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// A slip by itself.
    Slip,
    /// A slip where there are others.
    Odd,
    /// Another word.
    Other,
}

/// A stretch of the alignment that no space or mark of both bounds within: as a rule a word.
#[derive(Default)]
struct Piece {
    quoted: String,
    text: String,
    /// The text as it is, whose capitals tell names.
    cased: String,
    /// Half slips: a letter taken for one that looks like it is less than a slip.
    halves: usize,
}

impl Piece {
    fn of(quoted: &[char], text: &Characters, columns: &[Column]) -> Self {
        let mut piece = Self::default();
        let (mut left, mut right) = (String::new(), String::new());
        for column in columns {
            let (a, b) = (column.quoted.map(|at| quoted[at]), column.text.map(|at| text.folded[at]));
            piece.cased.extend(column.text.map(|at| text.cased[at]));
            if a == b {
                piece.halves += halves(&left, &right);
                (left, right) = (String::new(), String::new());
            } else {
                left.extend(a);
                right.extend(b);
            }
            piece.quoted.extend(a);
            piece.text.extend(b);
        }
        piece.halves += halves(&left, &right);
        piece
    }

    /// Whether the text denies here, and the quotation but for a slip.
    fn is_denial_slipped(&self, known: &Known) -> bool {
        let (quoted, text) = (self.quoted.trim_matches('\''), self.text.trim_matches('\''));
        if denials(&quoted.chars().collect::<Vec<_>>()) > 0 {
            return false;
        }
        // Another letter makes another word of most of them: `now` of `not`, `want` of `won't`. No letter may be missing of a
        // verb with `n't`: without one it may be the verb alone.
        let (quoted, letters) = (bare(quoted), bare(text).chars().count());
        let is_near = self.halves <= 1 && quoted.chars().count() >= letters && !known.holds(&quoted);
        (is_denial(text) || is_denied_verb(text)) && is_near
    }

    fn verdict(&self, known: &Known) -> Verdict {
        let (quoted, text) = (bare(&self.quoted), bare(&self.text));
        let letters = quoted.chars().count().max(text.chars().count());
        let is_small = is_stop_word(&text);
        let is_name = !is_small && self.cased.chars().any(char::is_uppercase);
        let most = match letters {
            0..=1 if is_name => 0,
            0..=3 if is_small => 4,
            0..=3 => 2,
            4..=7 => 4,
            8.. if is_name => 4,
            8..=11 => 6,
            _ if self.text.contains(' ') => letters / 2 + 2,
            _ => 8,
        };
        let strict = |word: &str| is_denial(word) || COUNT.contains(&word);
        let is_word = |text: &str, bare: &str| text.trim_matches(|c: char| !c.is_alphanumeric()) == bare;
        let one_each = is_word(&self.quoted, &quoted) && is_word(&self.text, &text);
        // A word without its beginning that stands there once is what a line or a column cut off.
        let is_cut = !known.holds_often(&quoted) && text.ends_with(&quoted);
        let is_known = one_each && known.holds(&quoted) && !is_cut;
        if turned(&quoted, &text) || strict(&quoted) && one_each {
            return Verdict::Other;
        }
        let most_strict = if is_denial(&text) { 1 } else { 2 };
        if strict(&text) && (self.halves > most_strict || known.holds(&quoted)) {
            return Verdict::Other;
        }
        if !is_name && (inflected(&quoted, &text) || inflected(&text, &quoted)) {
            return Verdict::Slip;
        }
        match (self.halves <= most, is_known && !(letters <= 3 && is_small)) {
            (true, false) => Verdict::Slip,
            // A word of the documents in place of another is an exchange, as a rule.
            (true, true) if self.halves <= 2 && !is_name => Verdict::Odd,
            (false, false) if self.halves <= most + 2 && letters > 3 => Verdict::Odd,
            _ => Verdict::Other,
        }
    }
}

/// The letters and digits alone.
fn bare(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// How much it is that one stands for the other, in half slips of letters and digits.
fn halves(quoted: &str, text: &str) -> usize {
    if PAIRS.contains(&(quoted, text)) || PAIRS.contains(&(text, quoted)) {
        return 1;
    }
    let (a, b): (Vec<char>, Vec<char>) = (quoted.chars().collect(), text.chars().collect());
    let letters = |text: &[char]| text.iter().filter(|c| c.is_alphanumeric()).count();
    if a.len() == b.len() {
        let pairs = a.iter().zip(&b).filter(|(a, b)| a.is_alphanumeric() || b.is_alphanumeric());
        return pairs.map(|(a, b)| if looks_like(*a, *b) { 1 } else { 2 }).sum();
    }
    2 * letters(&a).max(letters(&b))
}

/// Whether one is the other with another beginning.
fn turned(one: &str, other: &str) -> bool {
    let rests = |word: &'static str| one.strip_prefix(word).filter(|rest| rest.len() >= 3);
    let same = |rest: &str| BEGINNINGS.iter().any(|beginning| other.strip_prefix(beginning) == Some(rest));
    one != other && BEGINNINGS.iter().filter_map(|beginning| rests(beginning)).any(same)
}

/// Whether one is the other in the plural, or in another tense.
fn inflected(one: &str, other: &str) -> bool {
    other.len() > 3 && ["s", "es", "d", "ed"].iter().any(|ending| one.strip_suffix(ending) == Some(other))
}

/// What lies between the marks and spaces of both, as far as these part words.
fn pieces<'a>(
    quoted: &'a [char],
    text: &'a Characters,
    columns: &'a [Column],
    parts: fn(char) -> bool,
) -> impl Iterator<Item = Piece> + 'a {
    let bounds = move |column: &Column| match (column.quoted, column.text) {
        (Some(q), Some(t)) => quoted[q] == text.folded[t] && !quoted[q].is_alphanumeric() && parts(quoted[q]),
        _ => false,
    };
    columns.split(bounds).map(|columns| Piece::of(quoted, text, columns))
}

/// Whether a word of one has no counterpart in the other, but for the small ones that say nothing by themselves.
fn leaves_a_word_out(quoted: &[char], text: &Characters, columns: &[Column]) -> bool {
    let lone = |column: &Column| match (column.quoted, column.text) {
        (Some(at), None) => Some((true, quoted[at])),
        (None, Some(at)) => Some((false, text.folded[at])),
        _ => None,
    };
    let mut run = String::new();
    let mut side = None;
    for column in columns.iter().map(Some).chain([None]) {
        let next = column.and_then(lone);
        if let (Some((is_quoted, character)), true) = (next, side.is_none() || side == next.map(|(side, _)| side)) {
            side = Some(is_quoted);
            run.push(character);
            continue;
        }
        if says_something(&run) {
            return true;
        }
        run.clear();
        side = next.map(|(side, _)| side);
        run.extend(next.map(|(_, character)| character));
    }
    false
}

fn says_something(run: &str) -> bool {
    let letters = run.chars().filter(|c| c.is_alphanumeric()).count();
    let word = run.trim();
    is_denial(word) || (letters >= GAP && !(letters == GAP && is_stop_word(word)))
}

/// Both texts with the letters and digits that scanners take for one another as the word or the number is meant.
fn read_scanned(quoted: &[char], text: &[char], columns: &[Column]) -> (Vec<char>, Vec<char>) {
    let (mut read_quoted, mut read_text) = (quoted.to_vec(), text.to_vec());
    for column in columns {
        match (column.quoted, column.text) {
            (Some(q), Some(t)) if is_scanned(quoted[q], text[t]) => {
                // The side whose word is of one kind tells what is meant.
                if is_of_one_kind(text, t) {
                    read_quoted[q] = text[t];
                } else if is_of_one_kind(quoted, q) {
                    read_text[t] = quoted[q];
                }
            }
            (Some(q), None) if is_in_word(quoted, q) => read_quoted[q] = 'o',
            (None, Some(t)) if is_in_word(text, t) => read_text[t] = 'o',
            _ => {}
        }
    }
    (read_quoted, read_text)
}

/// Whether one is a digit and the other a letter that looks like it.
fn is_scanned(one: char, other: char) -> bool {
    one.is_ascii_digit() != other.is_ascii_digit() && looks_like(one, other)
}

/// Whether it is a digit that scanners read for a letter, before a letter of a word that has no other digits.
fn is_in_word(text: &[char], at: usize) -> bool {
    let run = run(text, at);
    let (letters, digits) = run.iter().partition::<Vec<char>, _>(|c| c.is_alphabetic());
    matches!(text[at], '0' | '1')
        && text.get(at + 1).is_some_and(|c| c.is_alphabetic())
        && letters.len() >= 3
        && digits.iter().all(|digit| matches!(digit, '0' | '1'))
}

/// The letters and digits around a place that stand together with it.
fn run(text: &[char], at: usize) -> &[char] {
    let from = text[..at].iter().rposition(|c| !c.is_alphanumeric()).map_or(0, |before| before + 1);
    let to = text[at..].iter().position(|c| !c.is_alphanumeric()).map_or(text.len(), |after| at + after);
    &text[from..to]
}

fn is_of_one_kind(text: &[char], at: usize) -> bool {
    let run = run(text, at);
    run.len() > 1 && (run.iter().all(char::is_ascii_digit) || run.iter().all(|c| !c.is_ascii_digit()))
}

/// A number as far as it must agree.
#[derive(Debug, PartialEq, Eq)]
struct Number {
    digits: String,
    currency: Option<char>,
    is_negative: bool,
    is_bracketed: bool,
    is_percentage: bool,
}

/// The quotation may leave a currency's sign out, as tables do below their first row; all else must be the same.
fn same_numbers(quoted: &[Number], text: &[Number]) -> bool {
    let same = |(quoted, text): (&Number, &Number)| {
        let currency = quoted.currency.or(text.currency);
        quoted.digits == text.digits
            && (currency == text.currency)
            && quoted.is_negative == text.is_negative
            && quoted.is_bracketed == text.is_bracketed
            && quoted.is_percentage == text.is_percentage
    };
    quoted.len() == text.len() && quoted.iter().zip(text).all(same)
}

/// The numbers of a text in tight normal form, in order.
fn numbers(text: &[char]) -> Vec<Number> {
    let digit = |at: usize| text.get(at).is_some_and(char::is_ascii_digit);
    let mut numbers = Vec::new();
    let mut at = 0;
    while at < text.len() {
        if !digit(at) {
            at += 1;
            continue;
        }
        let start = at;
        let (mut digits, mut group) = (String::new(), 0);
        while let Some(character) = text.get(at) {
            match character {
                '0'..='9' => {
                    digits.push(*character);
                    group += 1;
                }
                '.' | ',' if digit(at + 1) => {
                    digits.push(*character);
                    group = usize::MAX / 2;
                }
                // Thousands; a decimal point ends them.
                ' ' if group <= 3 && digit(at + 1) && digit(at + 2) && digit(at + 3) && !digit(at + 4) => group = 0,
                _ => break,
            }
            at += 1;
        }
        let before = |back: usize| start.checked_sub(back).and_then(|at| text.get(at)).copied();
        let is_currency = |c: Option<char>| c.filter(|c| matches!(c, '$' | '€' | '£' | '¥'));
        let percent = text.get(at) == Some(&'%');
        let behind = text.get(at + usize::from(percent));
        let is_open = |c: Option<char>| c == Some('(');
        let currency = is_currency(before(1))
            .or_else(|| is_currency(before(2)).filter(|_| is_open(before(1)) || before(1) == Some('-')));
        let opened = is_open(before(1)) || (is_currency(before(1)).is_some() && is_open(before(2)));
        numbers.push(Number {
            digits,
            currency,
            is_negative: before(1) == Some('-') || (is_currency(before(1)).is_some() && before(2) == Some('-')),
            is_bracketed: opened && behind == Some(&')'),
            is_percentage: percent,
        });
    }
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<String> {
        let text: Vec<char> = text.chars().collect();
        let told = |number: Number| {
            let mark = |is: bool, mark: &'static str| if is { mark } else { "" };
            let (minus, bracket) = (mark(number.is_negative, "-"), mark(number.is_bracketed, "("));
            let currency = number.currency.map(String::from).unwrap_or_default();
            format!("{minus}{currency}{bracket}{}{}", number.digits, mark(number.is_percentage, "%"))
        };
        numbers(&text).into_iter().map(told).collect()
    }

    #[test]
    fn numbers_are_read_with_what_belongs_to_them() {
        assert_eq!(read("$4 812 and 48.20% of(1 234)or-5"), ["$4812", "48.20%", "(1234", "-5"]);
        assert_eq!(read("12 345.5, 2019 812 and 1,5 in 10-k"), ["12345.5", "2019", "812", "1,5", "10"]);
        assert_eq!(read("$(12)and-$5"), ["$(12", "-$5"]);
        assert!(read("none").is_empty());
    }

    #[test]
    fn letters_that_look_alike_are_less_than_a_slip() {
        assert_eq!((halves("rn", "m"), halves("m", "rn"), halves("c", "e"), halves("0", "o")), (1, 1, 1, 1));
        assert_eq!((halves("x", "e"), halves("", "e"), halves("ab", "e"), halves("-", " ")), (2, 2, 4, 0));
    }
}
