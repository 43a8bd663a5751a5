//! Windows: how documents that are longer than the local LM's context are read whole, one piece after the other.

use crate::document::{Document, Span};

/// Cuts documents, or a part of one, into windows of at most `size` characters. A window ends where a paragraph, a line or
/// a word ends, as far as one does in its last quarter; from one to the next `overlap` characters are read twice.
pub fn windows(documents: &[Document], part: Option<Span>, size: usize, overlap: usize) -> Vec<Span> {
    let size = size.max(1);
    let overlap = overlap.min(size / 2);
    let whole = match part {
        Some(span) => vec![span],
        None => documents.iter().enumerate().map(|(at, document)| Span::new(at, 0, document.text.len())).collect(),
    };
    let mut windows = Vec::new();
    for span in whole {
        let Some(text) = documents.get(span.document).and_then(|document| document.slice(span.start, span.end)) else {
            continue;
        };
        let mut start = 0;
        while start < text.len() {
            let rest = &text[start..];
            let length = cut(rest, size);
            if !rest[..length].trim().is_empty() {
                windows.push(Span::new(span.document, span.start + start, span.start + start + length));
            }
            start += if length == rest.len() { length } else { length - back(&rest[..length], overlap) };
        }
    }
    windows
}

/// Bytes of the next window.
fn cut(text: &str, size: usize) -> usize {
    let Some((end, _)) = text.char_indices().nth(size) else { return text.len() };
    let late = end - end / 4;
    let ends = ["\n\n", "\n", " "];
    let found = ends.iter().find_map(|mark| text[..end].rfind(mark).map(|at| at + mark.len()).filter(|at| *at >= late));
    found.unwrap_or(end)
}

/// The bytes that the last `characters` of a window take; never the whole of it.
fn back(window: &str, characters: usize) -> usize {
    if characters == 0 {
        return 0;
    }
    let start = window.char_indices().rev().nth(characters - 1).map_or(0, |(at, _)| at);
    if start == 0 { 0 } else { window.len() - start }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_short_document_is_one_window_and_a_long_one_is_cut_between_its_paragraphs() {
        let documents = [Document::from_text("a", "One.\n\nTwo and three.\n\nFour."), Document::from_text("b", " \n")];
        assert_eq!(windows(&documents, None, 1000, 0), [Span::new(0, 0, 27)]);
        let cut: Vec<&str> =
            windows(&documents, None, 24, 0).iter().map(|span| &documents[0].text[span.start..span.end]).collect();
        assert_eq!(cut, ["One.\n\nTwo and three.\n\n", "Four."]);
        assert_eq!(windows(&documents, Some(Span::new(0, 6, 20)), 1000, 0), [Span::new(0, 6, 20)]);
    }

    proptest! {
        #[test]
        fn every_word_is_read_and_no_window_is_too_long(text in "[aé漢\n ]{0,300}", size in 1usize..80, overlap in 0usize..90) {
            let documents = [Document::from_text("d", text.as_str())];
            let cut = windows(&documents, None, size, overlap);
            let mut read = vec![false; text.len()];
            for span in &cut {
                let window = &text[span.start..span.end];
                prop_assert!(window.chars().count() <= size);
                read[span.start..span.end].fill(true);
            }
            for (at, c) in text.char_indices() {
                prop_assert!(c.is_whitespace() || read[at], "{at} of {text:?} in {cut:?}");
            }
        }
    }
}
