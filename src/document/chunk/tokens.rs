//! Cuts a text by tokens, as [`tokens`](crate::document::tokens) estimates them.

use std::ops::Range;

use crate::document::tokens;

/// Windows of `max_tokens` estimated tokens, each beginning `max_tokens - overlap` after the one before, until one would
/// begin past the end. Every byte is in a window, and no token is cut.
///
/// `overlap` must be smaller than `max_tokens`; a larger one is taken as half of it, and a `max_tokens` of zero as no cut.
pub fn by_tokens(text: &str, max_tokens: usize, overlap: usize) -> impl Iterator<Item = Range<usize>> + '_ {
    let max_tokens = if max_tokens == 0 { usize::MAX } else { max_tokens };
    let step = if overlap < max_tokens { max_tokens - overlap } else { max_tokens.div_ceil(2) };
    let mut ends = tokens::starts(text).skip(max_tokens).step_by(step);
    tokens::starts(text).step_by(step).map(move |start| start..ends.next().unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::tests::texts_of;
    use super::*;

    #[test]
    fn a_window_has_as_many_tokens_as_promised_and_shares_as_many() {
        let text = "Net sales rose by 12 %.";
        assert_eq!(texts_of(text, by_tokens(text, 3, 1)), ["Net sales rose", " rose by ", " 12", "2 %", "%."]);
        assert_eq!(texts_of(text, by_tokens(text, 0, 0)), [text]);
        assert_eq!(by_tokens("", 3, 1).count(), 0);
    }

    proptest! {
        #[test]
        fn windows_are_those_of_the_list_of_tokens(text in "[a-zé0-9 .,\n字]{0,200}", max in 1usize..30, overlap in 0usize..40) {
            let step = if overlap < max { max - overlap } else { max.div_ceil(2) };
            let starts: Vec<usize> = tokens::starts(&text).chain([text.len()]).collect();
            let all: Vec<&str> = starts.windows(2).map(|pair| &text[pair[0]..pair[1]]).collect();
            prop_assert_eq!(all.concat(), text.as_str());
            let expected: Vec<String> =
                (0..all.len()).step_by(step).map(|at| all[at..(at + max).min(all.len())].concat()).collect();
            prop_assert_eq!(texts_of(&text, by_tokens(&text, max, overlap)), expected);
        }
    }
}
