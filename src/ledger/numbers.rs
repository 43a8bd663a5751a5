//! Numbers of a text, compared by what they are and not by how they are written.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::document::words::{normal_number, scan};

/// Words that texts write in place of a number.
const WORDS: [(&str, &str); 24] = [
    ("zero", "0"),
    ("one", "1"),
    ("two", "2"),
    ("three", "3"),
    ("four", "4"),
    ("five", "5"),
    ("six", "6"),
    ("seven", "7"),
    ("eight", "8"),
    ("nine", "9"),
    ("ten", "10"),
    ("eleven", "11"),
    ("twelve", "12"),
    ("january", "1"),
    ("february", "2"),
    ("march", "3"),
    ("april", "4"),
    ("june", "6"),
    ("july", "7"),
    ("august", "8"),
    ("september", "9"),
    ("october", "10"),
    ("november", "11"),
    ("december", "12"),
];

/// The numbers written with digits in `text`: where, and their normal form (`1,200.50` is `1200.5`, `02` is `2`).
pub fn numbers(text: &str) -> impl Iterator<Item = (Range<usize>, String)> + '_ {
    scan(text).filter_map(move |(start, end)| {
        let word = text.get(start..end)?;
        let (digits, unit) =
            word.split_at(word.find(|c: char| !matches!(c, '0'..='9' | '.' | ',')).unwrap_or(word.len()));
        // A unit may stand at its number (`5mg`); letters among digits are a name (`B12a3`, `4H2O`).
        let plain = unit.chars().all(char::is_alphabetic).then(|| normal_number(digits)).flatten();
        let number = normal_number(word).or(plain)?;
        let short = number.trim_start_matches('0');
        let number = if short.is_empty() || short.starts_with('.') { format!("0{short}") } else { short.to_owned() };
        Some((start..end, number))
    })
}

/// A number of an answer that stands in no cited text. It is derived, or made up, or stands where nothing was cited from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsupported<'a> {
    /// As the answer writes it.
    pub words: &'a str,
    /// What of cited numbers comes to it, as `48.2 - 39.7`, which need not be how the answer came to it.
    pub reckoned: Option<String>,
}

impl Unsupported<'_> {
    /// What is to be said of them, a line or two.
    pub fn told(all: &[Self]) -> Vec<String> {
        let mut lines = Vec::new();
        let plain: Vec<&str> = all.iter().filter(|it| it.reckoned.is_none()).map(|it| it.words).collect();
        if !plain.is_empty() {
            lines.push(format!("in no cited text: {}", plain.join(", ")));
        }
        for it in all {
            if let Some(reckoned) = &it.reckoned {
                lines.push(format!("in no cited text: {}; {reckoned} comes to it", it.words));
            }
        }
        lines
    }
}

/// The numbers of an answer that stand in none of the `cited` words nor in the question, each once. Marks of citations
/// (`[2]`) and of list items (`2.`) are no numbers. What they may come to is reckoned from the first cited numbers, as many as
/// are tried, in the order of the citations.
pub fn unsupported<'a, 'b>(
    answer: &'a str,
    question: &str,
    cited: impl IntoIterator<Item = &'b str>,
) -> Vec<Unsupported<'a>> {
    let mut known: BTreeSet<String> = numbers(question).map(|(_, number)| number).collect();
    let (mut values, mut seen) = (Vec::new(), BTreeSet::new());
    for text in cited {
        for (_, number) in numbers(text) {
            if seen.insert(number.clone()) {
                values.push(number.clone());
            }
            known.insert(number);
        }
        known.extend(scan(text).filter_map(|(start, end)| in_words(text.get(start..end)?)));
    }
    let wanting = numbers(answer).filter(|(at, number)| !is_mark(answer, at) && known.insert(number.clone()));
    let told = |(at, number): (Range<usize>, String)| {
        Some(Unsupported { words: answer.get(at)?, reckoned: reckoned(&number, &values) })
    };
    wanting.filter_map(told).collect()
}

/// So many cited numbers are tried in pairs: those that are cited first.
const TRIED: usize = 64;

/// The sum or difference of two cited numbers, or their ratio or change in per cent, that comes to the number as it is
/// rounded. Numbers of few digits come of much by chance, and have none.
fn reckoned(number: &str, cited: &[String]) -> Option<String> {
    let digits = number.chars().filter(char::is_ascii_digit).collect::<String>().trim_start_matches('0').len();
    let wanted: f64 = number.parse().ok()?;
    let decimals = number.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    // What is rounded lies within half of its last digit.
    let near = |value: f64| (value - wanted).abs() <= 0.5 * 10f64.powi(-(decimals as i32)) * (1.0 + 1e-9);
    let same = |value: f64| (value - wanted).abs() <= 1e-9 * wanted.abs().max(1.0);
    let values: Vec<(&str, f64)> =
        cited.iter().take(TRIED).filter_map(|text| Some((text.as_str(), text.parse().ok()?))).collect();
    let pairs = || values.iter().flat_map(|a| values.iter().map(move |b| (*a, *b))).filter(|(a, b)| a.0 != b.0);
    let exact = pairs().filter(|_| digits >= 2).find_map(|((a, x), (b, y))| match () {
        () if same(x - y) => Some(format!("{a} - {b}")),
        () if same(x + y) => Some(format!("{a} + {b}")),
        () => None,
    });
    let rounded = || {
        pairs().filter(|(_, (_, y))| digits >= 3 && *y != 0.0).find_map(|((a, x), (b, y))| match () {
            () if near(x / y) => Some(format!("{a} / {b}")),
            () if near(x / y * 100.0) => Some(format!("{a} / {b} in per cent")),
            () if near(((x - y) / y * 100.0).abs()) => Some(format!("the change from {b} to {a} in per cent")),
            () => None,
        })
    };
    exact.or_else(rounded)
}

/// Whether the number only counts a citation or a list item.
fn is_mark(text: &str, at: &Range<usize>) -> bool {
    let (before, after) = (text.get(..at.start).unwrap_or_default(), text.get(at.end..).unwrap_or_default());
    let cited = before.ends_with('[') && after.starts_with(']');
    let begins = before.rsplit('\n').next().is_none_or(|line| line.trim().is_empty());
    cited || (begins && (after.starts_with(". ") || after.starts_with(") ")))
}

fn in_words(word: &str) -> Option<String> {
    let found = WORDS.iter().find(|(name, _)| name.eq_ignore_ascii_case(word));
    found.map(|(_, number)| (*number).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_the_same_however_they_are_written() {
        let of = |text: &str| numbers(text).map(|(_, number)| number).collect::<Vec<_>>();
        assert_eq!(
            of("$1,200.50 02/11/2019 5mg 2nd 0.50 B12 FY19 00"),
            ["1200.5", "2", "11", "2019", "5", "2", "0.5", "2019", "0"]
        );
    }

    #[test]
    fn a_number_in_no_cited_words_is_told_once() {
        let answer =
            "1. It was $48.2 million in 2023 [1], up from 39.7 (39.70); 12 ships, 3 ports. On 02/11/2019 by 8 mg.";
        let cited = ["was 48.20 million", "February 11, 2019: three ports", "given 8mg"];
        let found = unsupported(answer, "What was it in FY2023?", cited);
        assert_eq!(found.iter().map(|it| it.words).collect::<Vec<_>>(), ["39.7", "12"]);
        assert_eq!(Unsupported::told(&found), ["in no cited text: 39.7, 12"]);
    }

    #[test]
    fn what_cited_numbers_come_to_is_told_apart() {
        let cited = ["Net income was 48.2 million, and 39.7 million in 2022.", "1,200 of 4,800 people"];
        for (answer, reckoned) in [
            ("It rose by 8.5 million.", Some("48.2 - 39.7")),
            ("87.9 in both years", Some("48.2 + 39.7")),
            ("by 21.4 per cent", Some("the change from 39.7 to 48.2 in per cent")),
            ("1.21 times as much", Some("48.2 / 39.7")),
            ("6,000 people", Some("1200 + 4800")),
            ("9.1 million", None),
            // Much comes to a single digit.
            ("4 times", None),
        ] {
            let found = unsupported(answer, "", cited);
            assert_eq!(found.len(), 1, "{answer}");
            assert_eq!(found[0].reckoned.as_deref(), reckoned, "{answer}");
        }
    }

    #[test]
    fn the_numbers_that_are_cited_first_are_tried_first() {
        let many: String = (1000..1100).map(|number| format!("{number} ")).collect();
        let reckoned = |cited: [&str; 2]| unsupported("1850.5", "", cited)[0].reckoned.clone();
        assert_eq!(reckoned(["900 and 950.5", &many]).as_deref(), Some("900 + 950.5"));
        assert_eq!(reckoned([&many, "900 and 950.5"]), None);
    }

    #[test]
    fn with_nothing_cited_every_number_is_wanting() {
        let words = |answer| unsupported(answer, "", []).into_iter().map(|it| it.words).collect::<Vec<_>>();
        assert_eq!(words("5 of 7\n2. x"), ["5", "7"]);
        assert!(words("none").is_empty());
    }

    proptest::proptest! {
        #[test]
        fn what_is_cited_word_for_word_is_never_flagged(text in "\\PC{0,80}|[0-9.,a-z /%$-]{0,60}") {
            proptest::prop_assert!(unsupported(&text, "", [text.as_str()]).is_empty());
        }
    }
}
