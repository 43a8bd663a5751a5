//! Where a regular expression matches, with the text around each match.

use std::ops::Range;

use regex::{Regex, RegexBuilder};

/// Bytes of the largest compiled expression, so that compiling one takes no time to speak of.
const COMPILED: usize = 4 << 20;

const ELSEWHERE: &str = "cannot be searched for here; use `re` for these";

/// Compiles the expression as it is written for Python's `re`. The error says in one line what is wrong.
pub fn pattern(text: &str) -> Result<Regex, String> {
    RegexBuilder::new(text).size_limit(COMPILED).build().map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => "the pattern is too large".to_owned(),
        error => {
            let message = error.to_string();
            let reason = message.lines().next_back().unwrap_or_default().trim_start_matches("error: ");
            if reason.starts_with("look-around") {
                format!("lookaround {ELSEWHERE}")
            } else if reason.starts_with("backreferences") || text.contains("(?P=") {
                format!("backreferences {ELSEWHERE}")
            } else {
                reason.to_owned()
            }
        }
    })
}

/// The matches, each with `around` characters on both sides; those that overlap then are one. In order; empty ones
/// are left out.
pub fn passages(
    text: &str,
    matches: impl Iterator<Item = Range<usize>>,
    around: usize,
) -> impl Iterator<Item = Range<usize>> {
    let mut matches = matches.peekable();
    std::iter::from_fn(move || {
        let first = matches.next()?;
        let mut passage = backward(text, first.start, around)..forward(text, first.end, around);
        let mut last = first.end;
        while let Some(next) = matches.next_if(|next| is_nearer(text, passage.end, next.start, around)) {
            // The end moves as far as the match's does, so that no character is counted twice.
            passage.end = forward(text, passage.end, text[last..next.end].chars().count());
            last = next.end;
        }
        Some(passage)
    })
    .filter(|passage| !passage.is_empty())
}

/// Whether `start` is less than `chars` characters behind `end`.
fn is_nearer(text: &str, end: usize, start: usize, chars: usize) -> bool {
    start < end || chars.checked_sub(1).is_some_and(|last| text[end..start].chars().nth(last).is_none())
}

fn backward(text: &str, from: usize, chars: usize) -> usize {
    match chars.checked_sub(1) {
        Some(before) => text[..from].char_indices().nth_back(before).map_or(0, |(at, _)| at),
        None => from,
    }
}

fn forward(text: &str, from: usize, chars: usize) -> usize {
    text[from..].char_indices().nth(chars).map_or(text.len(), |(at, _)| from + at)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found<'a>(text: &'a str, words: &str, around: usize) -> Vec<&'a str> {
        let pattern = pattern(words).unwrap();
        let matches = pattern.find_iter(text).map(|found| found.range());
        passages(text, matches, around).map(|range| &text[range]).collect()
    }

    #[test]
    fn matches_come_with_what_stands_around_them() {
        assert_eq!(found("äxbxc", "x", 0), ["x", "x"]);
        assert_eq!(found("äxbxc", "x", 1), ["äxbxc"]);
        assert_eq!(found("äxbbxc", "x", 1), ["äxb", "bxc"]);
        assert_eq!(found("aaaa", "a", 0), ["a", "a", "a", "a"]);
        assert_eq!(found("ab", "x*", 0), [""; 0]);
        assert_eq!(found("ab", "b", usize::MAX), ["ab"]);
    }

    #[test]
    fn patterns_are_read_as_python_writes_them() {
        assert_eq!(found("Größe 12\nGROẞE 7", r"(?im)^gr\w+e (?P<number>\d+)$", 0), ["Größe 12", "GROẞE 7"]);
        assert_eq!(found("a\nb", "(?s)a . # any\nb", 0), [""; 0]);
        assert_eq!(found("a\nb", "(?sx)a . b # any", 0), ["a\nb"]);
    }

    #[test]
    fn what_is_wrong_with_a_pattern_is_said_in_one_line() {
        for (words, reason) in [
            ("(a", "unclosed group"),
            ("(?=a)b", "lookaround cannot be searched for here; use `re` for these"),
            (r"(a)\1", "backreferences cannot be searched for here; use `re` for these"),
            (r"(?P<a>x)(?P=a)", "backreferences cannot be searched for here; use `re` for these"),
            (r"(\w{1000}){1000}", "the pattern is too large"),
        ] {
            assert_eq!(pattern(words).unwrap_err(), reason);
        }
    }

    proptest! {
        #[test]
        fn passages_are_what_counting_characters_gives(text in "[aäx\n]{0,60}", around in 0usize..6) {
            let chars: Vec<char> = text.chars().collect();
            let mut expected: Vec<Range<usize>> = Vec::new();
            for at in (0..chars.len()).filter(|&at| chars[at] == 'x') {
                let range = at.saturating_sub(around)..(at + 1 + around).min(chars.len());
                match expected.last_mut().filter(|last| range.start < last.end) {
                    Some(last) => last.end = range.end,
                    None => expected.push(range),
                }
            }
            let expected: Vec<String> = expected.into_iter().map(|range| chars[range].iter().collect()).collect();
            prop_assert_eq!(found(&text, "x", around), expected);
        }
    }
}
