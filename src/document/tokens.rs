//! Where tokens of a model would begin, by a rule that needs no vocabulary: an estimate, the same on every machine.
//!
//! The rule is what byte-pair encoders of 50,000 to 150,000 words have in common: a common word is a token with the space
//! before it, a long one is more, and marks stand alone. Digits are counted one by one, as most small models do; those that
//! take three at once have fewer tokens than are counted.

/// Letters of the longest word that is one token, and of the parts of a longer one.
const WORD: usize = 9;
const PART: usize = 5;
/// Letters beyond ASCII take more bytes, and so more tokens.
const FOREIGN_PART: usize = 3;
/// Marks of one kind, or spaces, that are one token at most.
const SAME: usize = 8;

/// The byte at which each token begins; the first one is 0.
pub fn starts(text: &str) -> impl Iterator<Item = usize> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at;
        at += length(&text[start..])?;
        Some(start)
    })
}

/// How many tokens the text has, about.
pub fn count(text: &str) -> usize {
    starts(text).count()
}

/// Bytes of the first token.
fn length(text: &str) -> Option<usize> {
    let first = text.chars().next()?;
    let after = first.len_utf8();
    if first == ' ' {
        // The last one goes with the word behind it.
        let spaces = same(text, first);
        return Some(match text[spaces..].chars().next().is_some_and(char::is_alphabetic) {
            true if spaces == 1 => 1 + word_length(&text[1..]),
            true => spaces - 1,
            false => spaces,
        });
    }
    if first.is_alphabetic() {
        return Some(word_length(text));
    }
    Some(if first.is_numeric() { after } else { same(text, first) })
}

/// Bytes of as many of the same mark as are one token.
fn same(text: &str, mark: char) -> usize {
    text.chars().take(SAME).take_while(|c| *c == mark).map(char::len_utf8).sum()
}

/// Bytes of the first part of the word that the text begins with.
fn word_length(text: &str) -> usize {
    let mut letters = text.char_indices().take_while(|(_, c)| c.is_alphabetic());
    let ends: Vec<usize> = letters.by_ref().take(WORD + 1).map(|(at, c)| at + c.len_utf8()).collect();
    let foreign = !text.as_bytes()[..ends.last().copied().unwrap_or(0)].is_ascii();
    let part = match (foreign, text.chars().next().is_some_and(is_ideograph)) {
        (_, true) => 1,
        (true, false) => FOREIGN_PART,
        (false, false) if ends.len() > WORD => PART,
        (false, false) => WORD,
    };
    ends.get(part - 1).or(ends.last()).copied().unwrap_or(text.len())
}

/// Characters that are words by themselves: Unicode's blocks of Chinese, Japanese and Korean.
fn is_ideograph(c: char) -> bool {
    matches!(c, '\u{2e80}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Vec<&str> {
        let bounds: Vec<usize> = starts(text).chain([text.len()]).collect();
        bounds.windows(2).map(|pair| &text[pair[0]..pair[1]]).collect()
    }

    #[test]
    fn words_go_with_their_space_and_digits_stand_alone() {
        assert_eq!(tokens("Net sales, 2019:  up"), ["Net", " sales", ",", " ", "2", "0", "1", "9", ":", " ", " up"]);
        assert_eq!(tokens("internationalisation"), ["inter", "natio", "nalis", "ation"]);
        assert_eq!(tokens("----------\n\n"), ["--------", "--", "\n\n"]);
        assert_eq!(tokens("日本語"), ["日", "本", "語"]);
        assert!(tokens("").is_empty());
    }

    /// A million letters are looked at once, not once for each token.
    #[test]
    fn a_word_without_end_is_counted_in_one_walk() {
        assert_eq!(count(&"x".repeat(1_000_000)), 200_000);
    }
}
