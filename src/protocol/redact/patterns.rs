//! What addresses and numbers of people look like.

use std::ops::Range;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::Kind;

/// What a kind's words look like. Where there is a group named `word`, that alone is kept private.
pub struct Pattern {
    pub kind: Kind,
    pub regex: Regex,
    /// Whether what matches is such a word.
    pub check: fn(&str) -> bool,
}

/// No label and no number with check digits is longer, in bytes: so far before the end of a match that was none another one
/// may begin or end.
const REACH: usize = 64;

impl Pattern {
    /// Where such words stand in the text. They may overlap.
    ///
    /// A pattern takes in as much as it can, and so may take the words behind a number for a part of it, or a number before
    /// it. What fails the check is tried with earlier ends; then the search goes on from within it.
    pub fn words(&self, text: &str) -> Vec<Range<usize>> {
        let (mut words, mut at, mut within) = (Vec::new(), 0, false);
        while let Some(captures) = self.regex.captures_at(text, at) {
            let Some((whole, word)) = ranges(&captures) else { break };
            if self.holds(&text[word.clone()], within) {
                (at, within) = (word.end.max(whole.start + 1), false);
                words.push(word);
                continue;
            }
            words.extend(self.shorter(text, &whole));
            let behind = text.ceil_char_boundary(whole.start + 1);
            (at, within) = (behind.max(text.ceil_char_boundary(whole.end.saturating_sub(REACH))), true);
        }
        words
    }

    /// Of the many parts that a row of figures has one in ten has a card's check digit by luck: a part has to be grouped as
    /// cards are, too.
    fn holds(&self, word: &str, is_part: bool) -> bool {
        let grouped = || self.kind != Kind::Card || word.split([' ', '-', '.', '/']).all(|digits| digits.len() >= 3);
        (self.check)(word) && (!is_part || grouped())
    }

    /// The longest word that begins as the match does and ends with an earlier one of its words.
    fn shorter(&self, text: &str, whole: &Range<usize>) -> Option<Range<usize>> {
        let from = text.ceil_char_boundary(whole.end.saturating_sub(REACH)).max(whole.start);
        let ends = text[from..whole.end].char_indices().rev().map(|(at, _)| from + at);
        let of_words = ends.filter(|end| {
            let next = text[*end..].chars().next();
            let before = text[..*end].chars().next_back();
            before.is_some_and(char::is_alphanumeric) && !next.is_some_and(char::is_alphanumeric)
        });
        of_words.filter(|end| *end > whole.start).find_map(|end| {
            let captures = self.regex.captures_at(&text[..end], whole.start)?;
            let (_, word) = ranges(&captures).filter(|(shorter, _)| *shorter == (whole.start..end))?;
            self.holds(&text[word.clone()], true).then_some(word)
        })
    }
}

/// The whole match, and what of it is kept private.
fn ranges(captures: &Captures) -> Option<(Range<usize>, Range<usize>)> {
    let whole = captures.get(0)?;
    Some((whole.range(), captures.name("word").unwrap_or(whole).range()))
}

/// A kind, its pattern, and what else must hold of what it finds.
type Row = (Kind, &'static str, fn(&str) -> bool);

/// Of each kind in turn; what comes first wins where two begin at the same place.
static PATTERNS: LazyLock<Vec<Pattern>> = LazyLock::new(|| {
    let always = |_: &str| true;
    let rows: [Row; 18] = [
        (
            Kind::Email,
            r"(?i)[\p{L}\p{N}._%+'-]+@[\p{L}\p{N}](?:[\p{L}\p{N}-]*\.)+\p{L}{2,}(?:@[\p{L}\p{N}.@-]+)?",
            always,
        ),
        // Of a machine nearby, and with what only quotation marks allow before the @ (RFC 5322, section 3.4.1).
        (Kind::Email, r"[\p{L}\p{N}._%+'-]*\p{L}[\p{L}\p{N}._%+'-]*@\p{L}[\p{L}\p{N}-]{2,}\b", always),
        (Kind::Email, r#""[^"@]{1,64}"@[\p{L}\p{N}][\p{L}\p{N}.-]*[\p{L}\p{N}]"#, always),
        (Kind::Iban, r"(?i)\b[a-z]{2}[0-9]{2}(?:[ ./-]?[a-z0-9]{4}){2,7}(?:[ ./-]?[a-z0-9]{1,3})?\b", iban),
        (Kind::Card, r"\b[0-9](?:[ -]?[0-9]){12,18}\b", card),
        // A row of decimals has points too: here every group has to be one of a card.
        (Kind::Card, r"\b[0-9]{4}(?:[./][0-9]{4}){2}[./][0-9]{1,7}\b", card),
        (Kind::Card, r"\b[0-9]{4}[./][0-9]{6}[./][0-9]{4,5}\b", card),
        // Social security (United States), national insurance (United Kingdom).
        (Kind::Id, r"\b[0-9]{3}[- .][0-9]{2}[- .][0-9]{4}\b", always),
        (Kind::Id, r"(?i)\b[a-z]{2} ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[a-d]\b", always),
        // Whatever stands at a label that says so.
        (
            Kind::Id,
            r"(?i)\b(?:ssn|mrn|nhs|vat|passport|social security|tax|insurance|patient|member|account|customer|employee|licen[cs]e|case|policy|record|id|steuer|ust|(?:personal)?ausweis|reisepass)(?:[ -]?(?:id|no|nr|num|number|code|nummer|idnr))?[.:#]*(?: (?:is|no|nr|number)[.:#]*)? ?[:#]? ?(?P<word>[a-z0-9][a-z0-9/-]{2,}[a-z0-9])",
            has_number,
        ),
        // In groups, and short: only at a label that says for certain that a number of a person follows.
        (
            Kind::Id,
            r"(?i)\b(?:(?:ssn|mrn|nhs|vat|passport|social security|(?:personal)?ausweis|reisepass|steuer|ust)(?:[ -]?(?:id|no|nr|num|number|code|nummer|idnr))?|(?:tax|insurance|patient|member|account|customer|employee|licen[cs]e|case|policy|record)[ -](?:id|no|nr|num|number|code)|id)[.:#]*(?: (?:is|no|nr|number)[.:#]*)? ?[:#]? ?(?P<word>[0-9]{2,5}(?:[ .-][0-9]{2,5}){1,5})\b",
            grouped,
        ),
        (
            Kind::Id,
            r"(?i)\b(?:mrn|patient[ -](?:id|no|nr|num|number|code))[.:#]*(?: is)? ?[:#]? ?(?P<word>(?:[a-z]{1,4}-?)?[0-9][a-z0-9/-]*)\b",
            always,
        ),
        (Kind::Phone, r"(?:\+|\b00 ?)[1-9](?:[ ()./-]{0,3}[0-9]){7,14}\b", phone),
        (Kind::Phone, r"(?:\([0-9]{3}\) ?|\b[0-9]{3}[ .-])[0-9]{3}[ .-][0-9]{4}\b", phone),
        (Kind::Phone, r"(?:\(0[0-9]{1,4}\)|\b0[0-9]{1,4})[ /-]{1,3}[0-9](?:[ -]?[0-9]){4,9}\b", phone),
        // In one piece (a second 0 is a number of something else), or in pairs.
        (Kind::Phone, r"\b0[1-9](?:[0-9]{8,9}|(?:[ .-][0-9]{2}){4})\b", phone),
        // As North America has them: in one piece, which an amount is not that has a sign before it, and without an area.
        (
            Kind::Phone,
            r"(?:^|[\s(:;,|])(?P<word>[2-9][0-9]{2}(?:[2-9][0-9]{6}|-[0-9]{4}))(?:[.,]?$|[.,]?[\s)|;]|,)",
            north_american,
        ),
        (
            Kind::Phone,
            r"(?i)\b(?:(?:tel|telephone|telefon|phone|fax|call)[.:]*|(?:mobile?|cell|handy)[.:]+)(?: (?:is|at|no|nr|number)[.:]*)? ?(?P<word>\(?\+?[0-9](?:[ ()./-]{0,3}[0-9]){5,14})\b",
            labelled,
        ),
    ];
    let built = rows.into_iter().filter_map(|(kind, regex, check)| {
        let regex = Regex::new(regex).inspect_err(|error| debug_assert!(false, "{error}")).ok()?;
        Some(Pattern { kind, regex, check })
    });
    built.collect()
});

/// Those of the kinds that are kept private.
pub fn of(kinds: &[Kind]) -> impl Iterator<Item = &'static Pattern> + use<'_> {
    PATTERNS.iter().filter(|pattern| kinds.contains(&pattern.kind))
}

/// What makes two writings the same word.
pub fn key(kind: Kind, word: &str) -> String {
    let plain = |keep: fn(&char) -> bool| word.chars().filter(keep).flat_map(char::to_lowercase).collect();
    match kind {
        Kind::Phone | Kind::Card => plain(char::is_ascii_digit),
        Kind::Iban => plain(|character| character.is_alphanumeric()),
        _ => {
            let folded: String = word.chars().flat_map(char::to_lowercase).collect();
            folded.split_whitespace().collect::<Vec<_>>().join(" ")
        }
    }
}

fn digits(text: &str) -> impl DoubleEndedIterator<Item = u32> + '_ {
    text.chars().filter_map(|character| character.to_digit(10))
}

fn phone(text: &str) -> bool {
    (7..=15).contains(&digits(text).count())
}

/// Seven digits may be pages or a year: nobody lives at those.
fn north_american(text: &str) -> bool {
    match text.split_once('-') {
        Some((_, line)) => !matches!(line.parse(), Ok(1000..=1099 | 1900..=2099)),
        None => true,
    }
}

/// Behind a label a row of decimals or of years is none.
fn labelled(text: &str) -> bool {
    let decimals = text.split(' ').any(|word| word.split_once('.').is_some_and(|(_, tail)| tail.len() == 1));
    digits(text).count() <= 15 && !decimals && !years(text)
}

fn grouped(text: &str) -> bool {
    digits(text).count() >= 6 && !years(text)
}

fn years(text: &str) -> bool {
    text.split([' ', '.', '-', '/']).all(|word| matches!(word.parse(), Ok(1900..=2099)))
}

fn has_number(text: &str) -> bool {
    !years(text) && (digits(text).count() >= 4 || (text.len() >= 6 && digits(text).count() >= 2))
}

/// The check digit of ISO/IEC 7812-1 (Luhn). No card begins as a year does: a row of years has that digit by luck. Nor
/// does one begin with 0, as telephone numbers do.
fn card(text: &str) -> bool {
    if text.starts_with('0')
        || text.split([' ', '-']).next().is_some_and(|first| matches!(first.parse(), Ok(1900..=2099)))
    {
        return false;
    }
    let sum: u32 = digits(text)
        .rev()
        .enumerate()
        .map(|(at, digit)| match at % 2 {
            0 => digit,
            _ if digit > 4 => digit * 2 - 9,
            _ => digit * 2,
        })
        .sum();
    sum.is_multiple_of(10) && digits(text).any(|digit| digit != 0)
}

/// The check digits of ISO 13616 (modulo 97).
fn iban(text: &str) -> bool {
    let plain: Vec<char> = text.chars().filter(char::is_ascii_alphanumeric).collect();
    if !(15..=34).contains(&plain.len()) {
        return false;
    }
    let (head, tail) = plain.split_at(4);
    let rest = tail.iter().chain(head).filter_map(|character| character.to_digit(36));
    rest.fold(0u32, |rest, digit| (rest * if digit > 9 { 100 } else { 10 } + digit) % 97) == 1
}
