//! Cuts a text into chunks. All give byte ranges in order, at character boundaries, one by one as they are asked for.

mod code;
mod cut;
mod heading;
mod overlap;
mod table;
mod tokens;

use std::ops::Range;

pub use code::by_code;
pub use heading::{by_heading, headings};
pub use overlap::characters as overlapping;
pub use table::{Headed, by_table};
pub use tokens::by_tokens;

/// Paragraphs are joined while together they have no more characters than this.
const JOINED_CHARS: usize = 400;
/// A piece with fewer characters (a heading, a page number) goes with what follows it, however long that is.
const TINY_CHARS: usize = 100;

/// Windows of `max_chars` characters (code points), each beginning `max_chars - overlap` after the one before, until one
/// would begin past the end. Every byte is in a window.
///
/// `overlap` must be smaller than `max_chars`; a larger one is taken as half of it, and a `max_chars` of zero as no cut.
pub fn by_section(text: &str, max_chars: usize, overlap: usize) -> impl Iterator<Item = Range<usize>> + '_ {
    let max_chars = if max_chars == 0 { usize::MAX } else { max_chars };
    let step = if overlap < max_chars { max_chars - overlap } else { max_chars.div_ceil(2) };
    let starts = text.char_indices().map(|(at, _)| at).step_by(step);
    let mut ends = text.char_indices().map(|(at, _)| at).skip(max_chars).step_by(step);
    starts.map(move |start| start..ends.next().unwrap_or(text.len()))
}

/// What stands between form feeds, so that the n-th range is the n-th page; the whole text when there are none.
///
/// Every byte but the form feeds is in exactly one page. Blank pages are kept for the count, except behind a form feed
/// that ends the text.
pub fn by_page(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut start = 0;
    memchr::memchr_iter(b'\x0c', text.as_bytes()).chain(std::iter::once(text.len())).filter_map(move |end| {
        let page = start..end;
        start = end + 1;
        (end < text.len() || page.start < end).then_some(page)
    })
}

/// Runs of lines that are not blank. Neighbours are joined while together they have at most 400 characters, and a piece
/// of fewer than 100 is joined to what follows it; a long paragraph is never cut.
///
/// Every character that is not whitespace is in exactly one range, and no range begins or ends with a blank line.
pub fn by_paragraph(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut paragraphs = paragraphs(text).peekable();
    std::iter::from_fn(move || {
        let mut joined = paragraphs.next()?;
        while let Some(next) = paragraphs.next_if(|next| fit(text, &joined, next)) {
            joined.end = next.end;
        }
        Some(joined)
    })
}

fn fit(text: &str, first: &Range<usize>, second: &Range<usize>) -> bool {
    let at_most =
        |range: Range<usize>, limit: usize| text.get(range).is_some_and(|part| part.chars().nth(limit).is_none());
    at_most(first.clone(), TINY_CHARS - 1) || at_most(first.start..second.end, JOINED_CHARS)
}

fn paragraphs(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut lines = lines(text);
    std::iter::from_fn(move || {
        let first = lines.find(|line| !is_blank(&text[line.clone()]))?;
        let mut end = first.start + text[first.clone()].trim_end().len();
        for line in lines.by_ref() {
            if is_blank(&text[line.clone()]) {
                break;
            }
            end = line.start + text[line].trim_end().len();
        }
        Some(first.start..end)
    })
}

/// The lines, each with the line feed that ends it.
fn lines(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut start = 0;
    memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at + 1).chain(std::iter::once(text.len())).filter_map(
        move |end| {
            let line = start..end;
            start = end;
            (!line.is_empty()).then_some(line)
        },
    )
}

fn is_blank(text: &str) -> bool {
    text.chars().all(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What the ranges hold.
    pub(super) fn texts_of(text: &str, ranges: impl Iterator<Item = Range<usize>>) -> Vec<&str> {
        ranges.map(|range| &text[range]).collect()
    }

    pub(super) fn ink(text: &str) -> String {
        text.chars().filter(|c| !c.is_whitespace()).collect()
    }

    #[test]
    fn a_section_window_moves_by_its_size_less_the_overlap() {
        assert_eq!(texts_of("abcdefgh", by_section("abcdefgh", 4, 1)), ["abcd", "defg", "gh"]);
        assert_eq!(texts_of("abcd", by_section("abcd", 4, 0)), ["abcd"]);
        assert_eq!(texts_of("abcd", by_section("abcd", 0, 0)), ["abcd"]);
        assert_eq!(texts_of("äöü", by_section("äöü", 2, 0)), ["äö", "ü"]);
        assert_eq!(by_section("", 4, 0).count(), 0);
    }

    #[test]
    fn the_nth_page_is_what_stands_before_the_nth_form_feed() {
        assert_eq!(texts_of("one\x0c\x0cthree\x0c", by_page("one\x0c\x0cthree\x0c")), ["one", "", "three"]);
        assert_eq!(texts_of("no pages", by_page("no pages")), ["no pages"]);
        assert_eq!(by_page("").count(), 0);
    }

    #[test]
    fn a_heading_goes_with_its_paragraph_and_long_paragraphs_stand_alone() {
        let long = "word ".repeat(120);
        let text = format!("# Heading\n\n{long}\n\n\n{long}\n\nend\n");
        assert_eq!(
            texts_of(&text, by_paragraph(&text)),
            [format!("# Heading\n\n{}", long.trim_end()), long.trim_end().to_owned(), "end".to_owned()]
        );
    }

    fn texts() -> impl Strategy<Value = String> {
        prop::collection::vec(
            prop_oneof!["[a-zäé ]{1,150}", Just("\n".to_owned()), Just("\n\n".to_owned()), Just("\x0c".to_owned())],
            0..20,
        )
        .prop_map(|parts| parts.concat())
    }

    proptest! {
        #[test]
        fn sections_are_what_python_slices_would_be(text in texts(), max in 1usize..60, overlap in 0usize..70) {
            let step = if overlap < max { max - overlap } else { max.div_ceil(2) };
            let chars: Vec<char> = text.chars().collect();
            let expected: Vec<String> = (0..chars.len())
                .step_by(step)
                .map(|start| chars[start..(start + max).min(chars.len())].iter().collect())
                .collect();
            prop_assert_eq!(texts_of(&text, by_section(&text, max, overlap)), expected);
        }

        #[test]
        fn pages_hold_every_byte_but_the_form_feeds_once(text in texts()) {
            prop_assert_eq!(texts_of(&text, by_page(&text)).concat(), text.replace('\x0c', ""));
        }

        #[test]
        fn paragraphs_hold_every_word_once_in_order(text in texts()) {
            let ranges: Vec<Range<usize>> = by_paragraph(&text).collect();
            prop_assert!(ranges.windows(2).all(|pair| pair[0].end <= pair[1].start));
            let kept: String = ranges.iter().map(|range| &text[range.clone()]).collect();
            prop_assert_eq!(ink(&kept), ink(&text));
            prop_assert!(ranges.iter().all(|range| !text[range.clone()].trim().is_empty()));
        }
    }
}
