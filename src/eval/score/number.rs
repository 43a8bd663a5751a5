//! Numbers with their signs, units and rounding: `$1,577 million`, `(1,577)`, `24.3%`. Which of an answer's numbers it says:
//! of a calculation its result, behind the last `=`; no date, and no year but the right one; none of several between which it
//! leaves the choice (`11, 12 or 13`).

use std::ops::Range;
use std::sync::OnceLock;

use regex::{Captures, Regex};

/// An answer says one number by naming it among its first few; one that lists many says none.
const LOOKED_AT: usize = 3;
/// A right answer with more words than this beside its number is a sentence, not a number.
const WORDS_BESIDE: usize = 3;
/// A number that is rounded further than the right one must keep this many digits to be the same.
const DIGITS: usize = 3;

/// A number as it is written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantity {
    /// With its sign, without its scale.
    pub value: f64,
    /// What a word such as `million` multiplies it by; nothing where none does.
    pub scale: Option<f64>,
    pub percent: bool,
    /// Half a unit of the last digit written: what rounding may have changed.
    pub half_unit: f64,
    /// Digits without leading zeros.
    digits: usize,
    /// Between parentheses, as tables write what goes out, or less by a word of the question: its sign is a matter of wording.
    unsigned: bool,
    /// Whether it can be a year.
    year: bool,
}

/// The numbers of a text in order. Digits within a name (`FY2018`, `B12`) are none.
pub fn quantities(text: &str) -> Vec<Quantity> {
    located(text).into_iter().map(|(_, quantity)| quantity).collect()
}

/// The numbers with the bytes at which their digits stand.
fn located(text: &str) -> Vec<(Range<usize>, Quantity)> {
    let Some(pattern) = pattern() else { return Vec::new() };
    let found =
        pattern.captures_iter(text).filter_map(|found| Some((found.name("number")?.range(), quantity(text, &found)?)));
    found.collect()
}

/// A month with a day, and days that are written in figures alone.
fn dates(text: &str) -> Vec<Range<usize>> {
    static PATTERN: OnceLock<Option<Regex>> = OnceLock::new();
    let source = r"(?ix)
        \b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec)[a-z]*\.?\s+\d{1,2}(?:st|nd|rd|th)?\b
        | \b\d{1,2}(?:st|nd|rd|th)?\s+(?:jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec)[a-z]*\b
        | \b\d{4}-\d{2}-\d{2}\b | \b\d{1,2}/\d{1,2}/\d{2,4}\b";
    let pattern = PATTERN.get_or_init(|| Regex::new(source).ok()).as_ref();
    pattern.map(|pattern| pattern.find_iter(text).map(|date| date.range()).collect()).unwrap_or_default()
}

/// Whether a text ends with a word for less, right before a number: `fell by`, `a decrease of about`.
fn goes_down(before: &str) -> bool {
    static PATTERN: OnceLock<Option<Regex>> = OnceLock::new();
    let source = format!(
        r"(?i)\b{LESS}(?:\s+(?:by|of|about|around|approximately|roughly|nearly|almost|over|some|just|only|an?))*\s*[$€£¥]?\s*$"
    );
    PATTERN.get_or_init(|| Regex::new(&source).ok()).as_ref().is_some_and(|pattern| pattern.is_match(before))
}

/// Words that say that something is less.
const LESS: &str = r"(?:fell|falls?|fallen|decreas(?:e|es|ed|ing)|declin(?:e|es|ed|ing)|drop(?:s|ped)?|down|los(?:s|t)|lower|minus|negative|reduc(?:ed|tion)|shr(?:ank|unk))";

/// Whether the question itself asks how much less: then an answer says so without a sign.
fn asks_for_less(question: &str) -> bool {
    static PATTERN: OnceLock<Option<Regex>> = OnceLock::new();
    let pattern = PATTERN.get_or_init(|| Regex::new(&format!(r"(?i)\b{LESS}\b")).ok()).as_ref();
    pattern.is_some_and(|pattern| pattern.is_match(question))
}

fn pattern() -> Option<&'static Regex> {
    static PATTERN: OnceLock<Option<Regex>> = OnceLock::new();
    let source = r"(?ix)
        (?P<open>\()? \s* (?P<sign>[-−–])? \s* (?:[$€£¥]|usd|eur|gbp)? \s* (?P<inner>[-−–])?
        (?P<number> \d{1,3}(?:,\d{3})+(?:\.\d+)? | \d+(?:\.\d+)? | \.\d+ )
        (?: \s* (?P<unit> % | percent(?:age\s+points?)?\b | (?:thousand|million|billion|trillion|mln|mm|mn|bn|tn|[kmb])\b ) )?
        (?P<close>\s*\))?";
    PATTERN.get_or_init(|| Regex::new(source).ok()).as_ref()
}

fn quantity(text: &str, found: &Captures<'_>) -> Option<Quantity> {
    let number = found.name("number")?;
    let before = text[..number.start()].chars().next_back();
    let after = text[number.end()..].chars().next();
    let named = before.is_some_and(|c| c.is_alphabetic() || c == '_') && !currency_word(&text[..number.start()]);
    if named || (after.is_some_and(char::is_alphabetic) && found.name("unit").is_none()) {
        return None;
    }
    let written = number.as_str().replace(',', "");
    let decimals = written.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    let value: f64 = written.parse().ok()?;
    let (mut percent, mut scale) = (false, None);
    match found.name("unit").map(|unit| unit.as_str().to_lowercase()).as_deref() {
        Some(unit) if unit.starts_with(['%', 'p']) => percent = true,
        Some("k" | "thousand") => scale = Some(1e3),
        Some("m" | "mm" | "mn" | "mln" | "million") => scale = Some(1e6),
        Some("b" | "bn" | "billion") => scale = Some(1e9),
        Some("tn" | "trillion") => scale = Some(1e12),
        _ => {}
    }
    let enclosed = found.name("open").is_some() && found.name("close").is_some();
    // In `2018-2019` and `10-K` the line is no sign.
    let sign = found.name("sign").or(found.name("inner"));
    let is_sign = |at: usize| !text[..at].chars().next_back().is_some_and(char::is_alphanumeric);
    let negative = enclosed || sign.is_some_and(|sign| is_sign(sign.start()));
    let digits = written.trim_start_matches(['0', '.']).chars().filter(char::is_ascii_digit).count();
    let whole = found.get(0)?.as_str();
    let is_bare = written.len() == 4 && number.len() == 4 && !percent && scale.is_none() && !whole.contains(CURRENCIES);
    Some(Quantity {
        value: if negative { -value } else { value },
        scale,
        percent,
        half_unit: 0.5 * 10f64.powi(-(decimals as i32)),
        digits,
        unsigned: enclosed,
        year: is_bare && decimals == 0 && YEARS.contains(&value),
    })
}

const CURRENCIES: [char; 4] = ['$', '€', '£', '¥'];
/// Numbers that may be years.
const YEARS: std::ops::RangeInclusive<f64> = 1900.0..=2099.0;

fn currency_word(before: &str) -> bool {
    ["usd", "eur", "gbp"].iter().any(|word| before.to_lowercase().ends_with(word))
}

/// Whether two numbers are the same: one is the other rounded, and units agree where both name one. A number without a
/// scale may be in thousands, millions or billions where the other says so; a share may be written as a percentage.
pub fn same(right: &Quantity, said: &Quantity) -> bool {
    let factors: &[f64] = match (right.scale, said.scale) {
        (Some(_), None) | (None, Some(_)) => &[1.0, 1e3, 1e6, 1e9],
        _ => &[1.0],
    };
    let percent: &[f64] = if right.percent != said.percent { &[1.0, 100.0] } else { &[1.0] };
    let scaled = |quantity: &Quantity, factor: f64| Quantity {
        value: quantity.value * factor,
        half_unit: quantity.half_unit * factor,
        ..*quantity
    };
    factors.iter().flat_map(|factor| percent.iter().map(move |percent| (factor, percent))).any(|(factor, percent)| {
        let of = |quantity: &Quantity| {
            let scale = quantity.scale.unwrap_or(if right.scale == said.scale { 1.0 } else { *factor });
            scaled(quantity, scale * if quantity.percent { 1.0 } else { *percent })
        };
        close(&of(right), &of(said))
    })
}

fn close(right: &Quantity, said: &Quantity) -> bool {
    let off = match right.unsigned || said.unsigned {
        true => (right.value.abs() - said.value.abs()).abs(),
        false => (right.value - said.value).abs(),
    };
    // What binary fractions cannot hold.
    let slack = 1e-9 * right.value.abs().max(1.0);
    let coarser = said.half_unit > right.half_unit;
    off <= right.half_unit + slack || (coarser && said.digits >= DIGITS && off <= said.half_unit + slack)
}

/// The numbers between which an answer leaves no choice: those of a list that `or`, `/` or nothing but commas join are
/// alternatives, unless they are one number in two ways.
fn without_alternatives(text: &str, found: Vec<(Range<usize>, Quantity)>) -> Vec<Quantity> {
    let joins = |pair: &[(Range<usize>, Quantity)]| {
        let [(before, one), (after, other)] = pair else { return false };
        let between = text.get(before.end..after.start).unwrap_or_default().to_lowercase();
        let words: Vec<&str> = between.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
        let is_list = match words[..] {
            [] => between.contains([',', '/']),
            [word] => word == "or",
            _ => false,
        };
        is_list && one.percent == other.percent && !same(one, other) && !same(other, one)
    };
    let joined: Vec<bool> = found.windows(2).map(joins).collect();
    let joins_at = |n: usize| joined.get(n).copied().unwrap_or(false);
    let is_free = |n: usize| !joins_at(n) && !n.checked_sub(1).is_some_and(joins_at);
    found.iter().enumerate().filter(|(n, _)| is_free(*n)).map(|(_, (_, quantity))| *quantity).collect()
}

/// The numbers that an answer says, and not only names: see the top of this file.
fn told(said: &str, question: &str, right: &Quantity) -> Vec<Quantity> {
    let result = said.rsplit_once('=').map(|(_, result)| result).filter(|result| !quantities(result).is_empty());
    let text = result.unwrap_or(said);
    let (named, dates, down) = (quantities(question), dates(text), asks_for_less(question));
    let is_beside = |quantity: &Quantity| quantity.year || named.iter().any(|known| known.value == quantity.value);
    let mut found = located(text);
    found.retain(|(at, quantity)| {
        let is_day = !quantity.year && dates.iter().any(|date| date.start <= at.start && at.end <= date.end);
        !is_day && (!is_beside(quantity) || same(right, quantity))
    });
    for (at, quantity) in &mut found {
        if goes_down(&text[..at.start]) {
            match down {
                true => quantity.unsigned = true,
                false => quantity.value = -quantity.value.abs(),
            }
        }
    }
    without_alternatives(text, found)
}

/// Whether an answer says the right number; nothing where the right answer is no number. Numbers that the question names
/// itself, such as its year, do not count as said.
pub fn score(right: &str, said: &str, question: &str) -> Option<bool> {
    let [number] = quantities(right)[..] else { return None };
    let beside = right.split_whitespace().filter(|word| !word.chars().any(|c| c.is_ascii_digit())).count();
    if beside > WORDS_BESIDE {
        return None;
    }
    let mut told = told(said, question, &number).into_iter().take(LOOKED_AT);
    Some(told.any(|quantity| same(&number, &quantity)))
}
