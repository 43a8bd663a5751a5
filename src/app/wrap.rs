//! Breaks one line of text into rows that fit a width, at spaces where there are any.

use std::ops::Range;

use super::visible::glyphs;

/// The byte ranges of the rows that `line` takes at `width` cells; always at least one. A space at which a row breaks
/// stays at its end, beyond the edge.
pub fn wrap(line: &str, width: usize) -> Vec<Range<usize>> {
    let width = width.max(1);
    // One byte takes at least one cell in ASCII and never more than a tab's four elsewhere.
    if line.len() <= width && line.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return std::iter::once(0..line.len()).collect();
    }
    if line.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return rows(line.len(), width, line.bytes().enumerate().map(|(at, byte)| (at, 1, 1, byte == b' ')));
    }
    let glyphs = glyphs(line).map(|glyph| (glyph.bytes.start, glyph.bytes.len(), glyph.width, glyph.is_space));
    rows(line.len(), width, glyphs)
}

/// The rows of a line of `length` bytes, from where each of its glyphs begins, its bytes, its cells and whether it is space.
fn rows(length: usize, width: usize, glyphs: impl Iterator<Item = (usize, usize, usize, bool)>) -> Vec<Range<usize>> {
    let mut rows = Vec::new();
    let (mut start, mut column) = (0, 0);
    // Where the row could break, and the column there.
    let mut opportunity: Option<(usize, usize)> = None;
    for (begin, bytes, cells, is_space) in glyphs {
        // Twice where what stands behind the space already fills a row with it.
        while column + cells > width && !is_space && column > 0 {
            let (at, reached) = opportunity.take().unwrap_or((begin, column));
            rows.push(start..at);
            start = at;
            column = column.saturating_sub(reached);
        }
        column += cells;
        if is_space {
            opportunity = Some((begin + bytes, column));
        }
    }
    rows.push(start..length);
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(line: &str, width: usize) -> Vec<&str> {
        wrap(line, width).into_iter().map(|range| &line[range]).collect()
    }

    #[test]
    fn lines_break_at_spaces_and_long_words_in_the_middle() {
        assert_eq!(shown("the quick brown fox", 10), ["the quick ", "brown fox"]);
        assert_eq!(shown("abcdefghij klm", 4), ["abcd", "efgh", "ij ", "klm"]);
        assert_eq!(shown("", 4), [""]);
    }

    #[test]
    fn wide_characters_count_two_cells() {
        assert_eq!(shown("日本語テキスト", 6), ["日本語", "テキス", "ト"]);
        assert_eq!(shown(" 1日本日本", 8), [" ", "1日本日", "本"]);
    }

    proptest::proptest! {
        #[test]
        fn no_byte_is_lost_and_no_row_is_wider_than_asked(line in "\\PC{0,80}|[ a-z\\t]{0,80}", width in 2usize..40) {
            let rows = wrap(&line, width);
            let mut at = 0;
            for row in &rows {
                proptest::prop_assert_eq!(row.start, at);
                at = row.end;
                let drawn = super::super::visible::width(line[row.clone()].trim_end());
                proptest::prop_assert!(drawn <= width.max(4), "{:?} takes {}", &line[row.clone()], drawn);
            }
            proptest::prop_assert_eq!(at, line.len());
        }
    }
}
