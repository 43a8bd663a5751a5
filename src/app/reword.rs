//! What changed between two wordings of a text, word by word.

use similar::{Algorithm, ChangeTag, capture_diff_slices};

use super::rows::{Line, Tone};

/// Longer texts are not compared: it would take long, and nobody reads that.
const MOST_WORDS: usize = 4_000;

/// Lines of `after` with what came as `{+these words+}` and what went as `[-those-]`, so that it is told without colour
/// too. White space does not count. Nothing where the words are the same, or too many to compare.
pub fn reworded(before: &str, after: &str) -> Option<Vec<Line>> {
    let (old, new) = (words(before), words(after));
    if old == new || old.len().max(new.len()) > MOST_WORDS {
        return None;
    }
    let mut lines = vec![Line::default()];
    for operation in capture_diff_slices(Algorithm::Patience, &old, &new) {
        for (tag, words) in operation.iter_slices(&old, &new) {
            let (tone, open, close) = match tag {
                ChangeTag::Equal => (Tone::Text, "", ""),
                ChangeTag::Insert => (Tone::Good, "{+", "+}"),
                ChangeTag::Delete => (Tone::Bad, "[-", "-]"),
            };
            // The bounds stand around each line's part of the words, since a line may be cut from the next.
            for (at, part) in words.split(|word| *word == "\n").enumerate() {
                if at > 0 && tag != ChangeTag::Delete {
                    lines.push(Line::default());
                }
                let Some(line) = lines.last_mut().filter(|_| !part.is_empty()) else { continue };
                let space = if line.text.is_empty() { "" } else { " " };
                line.push(Tone::Text, space);
                line.push(tone, &format!("{open}{}{close}", part.join(" ")));
            }
        }
    }
    Some(lines)
}

/// The words of a text, and its line ends.
fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    for line in text.trim().lines() {
        words.extend(line.split_whitespace());
        words.push("\n");
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(before: &str, after: &str) -> Option<Vec<String>> {
        Some(reworded(before, after)?.into_iter().map(|line| line.text).filter(|line| !line.is_empty()).collect())
    }

    #[test]
    fn words_that_came_and_went_are_told() {
        assert_eq!(
            told("Income was 39.7.\nWhy is open.", "Income was  48.2 in 2023.\nWhy is open."),
            Some(vec!["Income was [-39.7.-] {+48.2 in 2023.+}".into(), "Why is open.".into()])
        );
        assert_eq!(told("", "all new"), Some(vec!["{+all new+}".into()]));
        assert_eq!(told("same  words", "same words"), None);
    }

    proptest::proptest! {
        #[test]
        fn every_word_of_both_is_shown(before in "([ab] ?\n?){0,12}", after in "([abc] ?\n?){0,12}") {
            if let Some(lines) = told(&before, &after) {
                let all = lines.concat();
                for word in before.split_whitespace().chain(after.split_whitespace()) {
                    proptest::prop_assert!(all.contains(word));
                }
            }
        }
    }
}
