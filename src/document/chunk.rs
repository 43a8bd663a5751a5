//! Cuts a text into chunks. All return byte ranges in order, at character boundaries.

use std::ops::Range;

/// Paragraphs are joined while together they have no more characters than this.
const JOINED_CHARS: usize = 400;
/// A piece with fewer characters (a heading, a page number) goes with what follows it, however long that is.
const TINY_CHARS: usize = 100;

/// Windows of `max_chars` characters (code points), each beginning `max_chars - overlap` after the one before, until one
/// would begin past the end. Every byte is in a window.
///
/// `overlap` must be smaller than `max_chars`; a larger one is taken as half of it, and a `max_chars` of zero as no cut.
pub fn by_section(text: &str, max_chars: usize, overlap: usize) -> Vec<Range<usize>> {
    if text.is_empty() {
        return Vec::new();
    }
    if max_chars == 0 {
        return std::iter::once(0..text.len()).collect();
    }
    let step = if overlap < max_chars { max_chars - overlap } else { max_chars.div_ceil(2) };
    let starts = text.char_indices().map(|(at, _)| at).step_by(step);
    let mut ends = text.char_indices().map(|(at, _)| at).skip(max_chars).step_by(step);
    starts.map(|start| start..ends.next().unwrap_or(text.len())).collect()
}

/// What stands between form feeds, so that the n-th range is the n-th page; the whole text when there are none.
///
/// Every byte but the form feeds is in exactly one page. Blank pages are kept for the count, except behind a form feed
/// that ends the text.
pub fn by_page(text: &str) -> Vec<Range<usize>> {
    let mut pages = Vec::new();
    let mut start = 0;
    for end in memchr::memchr_iter(b'\x0c', text.as_bytes()).chain(std::iter::once(text.len())) {
        if end < text.len() || start < end {
            pages.push(start..end);
        }
        start = end + 1;
    }
    pages
}

/// Runs of lines that are not blank. Neighbours are joined while together they have at most 400 characters, and a piece
/// of fewer than 100 is joined to what follows it; a long paragraph is never cut.
///
/// Every character that is not whitespace is in exactly one range, and no range begins or ends with a blank line.
pub fn by_paragraph(text: &str) -> Vec<Range<usize>> {
    let mut joined: Vec<Range<usize>> = Vec::new();
    for paragraph in paragraphs(text) {
        match joined.last_mut() {
            Some(last) if fit(text, last, &paragraph) => last.end = paragraph.end,
            _ => joined.push(paragraph),
        }
    }
    joined
}

fn fit(text: &str, first: &Range<usize>, second: &Range<usize>) -> bool {
    let at_most =
        |range: Range<usize>, limit: usize| text.get(range).is_some_and(|part| part.chars().nth(limit).is_none());
    at_most(first.clone(), TINY_CHARS - 1) || at_most(first.start..second.end, JOINED_CHARS)
}

fn paragraphs(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut lines = text.split_inclusive('\n').scan(0, |at, line| {
        let start = *at;
        *at += line.len();
        Some((start, line))
    });
    std::iter::from_fn(move || {
        let (start, first) = lines.by_ref().find(|(_, line)| !line.trim().is_empty())?;
        let mut end = start + first.trim_end().len();
        for (at, line) in lines.by_ref() {
            if line.trim().is_empty() {
                break;
            }
            end = at + line.trim_end().len();
        }
        Some(start..end)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_section_window_moves_by_its_size_less_the_overlap() {
        assert_eq!(by_section("abcdefgh", 4, 1), [0..4, 3..7, 6..8]);
        assert_eq!(by_section("abcd", 4, 0), vec![0..4]);
        assert_eq!(by_section("äöü", 2, 0), [0..4, 4..6]);
        assert!(by_section("", 4, 0).is_empty());
    }

    #[test]
    fn the_nth_page_is_what_stands_before_the_nth_form_feed() {
        assert_eq!(by_page("one\x0c\x0cthree\x0c"), [0..3, 4..4, 5..10]);
        assert_eq!(by_page("no pages"), vec![0..8]);
        assert!(by_page("").is_empty());
    }

    #[test]
    fn a_heading_goes_with_its_paragraph_and_long_paragraphs_stand_alone() {
        let long = "word ".repeat(120);
        let text = format!("# Heading\n\n{long}\n\n\n{long}\n\nend\n");
        let parts: Vec<&str> = by_paragraph(&text).into_iter().map(|range| &text[range]).collect();
        assert_eq!(parts, [format!("# Heading\n\n{}", long.trim_end()), long.trim_end().to_owned(), "end".to_owned()]);
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
            let sections: Vec<&str> = by_section(&text, max, overlap).into_iter().map(|range| &text[range]).collect();
            prop_assert_eq!(sections, expected);
        }

        #[test]
        fn pages_hold_every_byte_but_the_form_feeds_once(text in texts()) {
            let pages: String = by_page(&text).into_iter().map(|range| &text[range]).collect();
            prop_assert_eq!(pages, text.replace('\x0c', ""));
        }

        #[test]
        fn paragraphs_hold_every_word_once_in_order(text in texts()) {
            let ranges = by_paragraph(&text);
            prop_assert!(ranges.windows(2).all(|pair| pair[0].end <= pair[1].start));
            let kept: String = ranges.iter().map(|range| &text[range.clone()]).collect();
            let ink = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            prop_assert_eq!(ink(&kept), ink(&text));
            prop_assert!(ranges.iter().all(|range| !text[range.clone()].trim().is_empty()));
        }
    }
}
