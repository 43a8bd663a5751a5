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

/// The numbers of an answer that stand in none of the `cited` words nor in the question, as the answer writes them and
/// each once. They are derived or made up. Marks of citations (`[2]`) and of list items (`2.`) are no numbers.
pub fn unsupported<'a>(answer: &'a str, question: &str, cited: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let mut known: BTreeSet<String> = numbers(question).map(|(_, number)| number).collect();
    for text in cited {
        known.extend(numbers(text).map(|(_, number)| number));
        known.extend(scan(text).filter_map(|(start, end)| in_words(text.get(start..end)?)));
    }
    let wanting = numbers(answer).filter(|(at, number)| !is_mark(answer, at) && known.insert(number.clone()));
    wanting.filter_map(|(at, _)| answer.get(at)).collect()
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
        assert_eq!(unsupported(answer, "What was it in FY2023?", cited), ["39.7", "12"]);
    }

    #[test]
    fn with_nothing_cited_every_number_is_wanting() {
        assert_eq!(unsupported("5 of 7\n2. x", "", []), ["5", "7"]);
        assert_eq!(unsupported("none", "", []), Vec::<&str>::new());
    }

    proptest::proptest! {
        #[test]
        fn what_is_cited_word_for_word_is_never_flagged(text in "\\PC{0,80}|[0-9.,a-z /%$-]{0,60}") {
            proptest::prop_assert!(unsupported(&text, "", [text.as_str()]).is_empty());
        }
    }
}
