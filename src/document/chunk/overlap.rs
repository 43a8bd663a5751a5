//! Lets neighbouring chunks share text.

use std::ops::Range;

/// The chunks, each but the first with the `overlap` characters of the text before it; but never with more than the chunk before it
/// has of its own.
pub fn characters(
    text: &str,
    chunks: impl Iterator<Item = Range<usize>>,
    overlap: usize,
) -> impl Iterator<Item = Range<usize>> {
    let mut before: Option<usize> = None;
    chunks.map(move |chunk| {
        let least = before.replace(chunk.start).unwrap_or(chunk.start);
        back(text, least..chunk.start, overlap)..chunk.end
    })
}

/// Where the last lines of `range` begin that have at most `chars` characters together.
pub fn whole_lines(text: &str, range: Range<usize>, chars: usize) -> usize {
    if range.is_empty() {
        return range.end;
    }
    let from = back(text, range.clone(), chars);
    if from == 0 || text[..from].ends_with('\n') {
        return from;
    }
    memchr::memchr(b'\n', &text.as_bytes()[from..range.end]).map_or(range.end, |at| from + at + 1)
}

/// The start of the last `chars` characters of `range`, or of all of it.
fn back(text: &str, range: Range<usize>, chars: usize) -> usize {
    match chars.checked_sub(1) {
        None => range.end,
        Some(last) => {
            text[range.clone()].char_indices().rev().nth(last).map_or(range.start, |(at, _)| range.start + at)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn chunks_share_exactly_as_many_characters_as_promised(
            text in "[a-zé\n ]{0,80}", cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6), overlap in 0usize..30
        ) {
            let bounds: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| bounds[cut.index(bounds.len())]).chain([0, text.len()]).collect();
            cuts.sort_unstable();
            cuts.dedup();
            let own: Vec<Range<usize>> = cuts.windows(2).map(|pair| pair[0]..pair[1]).collect();
            let shared: Vec<Range<usize>> = characters(&text, own.iter().cloned(), overlap).collect();
            prop_assert_eq!(own.len(), shared.len());
            for (index, (own, shared)) in own.iter().zip(&shared).enumerate() {
                let before = index.checked_sub(1).map_or(0, |before| text[cuts[before]..cuts[index]].chars().count());
                prop_assert_eq!(shared.end, own.end);
                prop_assert_eq!(text[shared.start..own.start].chars().count(), overlap.min(before));
            }
        }

        #[test]
        fn shared_lines_are_whole_and_as_many_as_fit(text in "([a-zé]{0,6}\n){0,8}", chars in 0usize..40) {
            let start = whole_lines(&text, 0..text.len(), chars);
            prop_assert!(start == 0 || text[..start].ends_with('\n'));
            prop_assert!(text[start..].chars().count() <= chars);
            if let Some(before) = text[..start].strip_suffix('\n') {
                let line = before.rfind('\n').map_or(0, |at| at + 1);
                prop_assert!(text[line..].chars().count() > chars);
            }
        }
    }
}
