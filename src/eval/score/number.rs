//! Numbers with their signs, units and rounding: `$1,577 million`, `(1,577)`, `24.3%`.

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
    /// Between parentheses, as tables write what goes out: its sign is a matter of the table.
    enclosed: bool,
}

/// The numbers of a text in order. Digits within a name (`FY2018`, `B12`) are none.
pub fn quantities(text: &str) -> Vec<Quantity> {
    let Some(pattern) = pattern() else { return Vec::new() };
    pattern.captures_iter(text).filter_map(|found| quantity(text, &found)).collect()
}

fn pattern() -> Option<&'static Regex> {
    static PATTERN: OnceLock<Option<Regex>> = OnceLock::new();
    let source = r"(?ix)
        (?P<open>\()? \s* (?P<sign>[-−–])? \s* (?:[$€£¥]|usd|eur|gbp)? \s* (?P<inner>[-−–])?
        (?P<number> \d{1,3}(?:,\d{3})+(?:\.\d+)? | \d+(?:\.\d+)? | \.\d+ )
        (?: \s* (?P<unit> % | percent\b | (?:thousand|million|billion|trillion|mln|mm|mn|bn|tn|[kmb])\b ) )?
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
        Some("%" | "percent") => percent = true,
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
    Some(Quantity {
        value: if negative { -value } else { value },
        scale,
        percent,
        half_unit: 0.5 * 10f64.powi(-(decimals as i32)),
        digits,
        enclosed,
    })
}

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
    let off = match right.enclosed || said.enclosed {
        true => (right.value.abs() - said.value.abs()).abs(),
        false => (right.value - said.value).abs(),
    };
    // What binary fractions cannot hold.
    let slack = 1e-9 * right.value.abs().max(1.0);
    let coarser = said.half_unit > right.half_unit;
    off <= right.half_unit + slack || (coarser && said.digits >= DIGITS && off <= said.half_unit + slack)
}

/// Whether an answer says the right number; nothing where the right answer is no number. Numbers that the question names
/// itself, such as its year, do not count as said.
pub fn score(right: &str, said: &str, question: &str) -> Option<bool> {
    let [number] = quantities(right)[..] else { return None };
    let beside = right.split_whitespace().filter(|word| !word.chars().any(|c| c.is_ascii_digit())).count();
    if beside > WORDS_BESIDE {
        return None;
    }
    let named = quantities(question);
    let is_named = |quantity: &Quantity| named.iter().any(|known| known.value == quantity.value);
    let all = quantities(said);
    let mut told = all.iter().filter(|quantity| !is_named(quantity) || same(&number, quantity)).take(LOOKED_AT);
    Some(told.any(|quantity| same(&number, quantity)))
}
