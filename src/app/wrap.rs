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
    let mut rows = Vec::new();
    let (mut start, mut column) = (0, 0);
    // Where the row could break, and the column there.
    let mut opportunity: Option<(usize, usize)> = None;
    for glyph in glyphs(line) {
        // Twice where what stands behind the space already fills a row with it.
        while column + glyph.width > width && !glyph.is_space && column > 0 {
            let (at, reached) = opportunity.take().unwrap_or((glyph.bytes.start, column));
            rows.push(start..at);
            start = at;
            column = column.saturating_sub(reached);
        }
        column += glyph.width;
        if glyph.is_space {
            opportunity = Some((glyph.bytes.end, column));
        }
    }
    rows.push(start..line.len());
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(line: &str, width: usize) -> Vec<&str> {
        wrap(line, width).into_iter().map(|range| &line[range]).collect()
    }

    #[test]
    fn lines_break_at_spaces_and_long_words_in_the_middle() {
        assert_eq!(rows("the quick brown fox", 10), ["the quick ", "brown fox"]);
        assert_eq!(rows("abcdefghij klm", 4), ["abcd", "efgh", "ij ", "klm"]);
        assert_eq!(rows("", 4), [""]);
    }

    #[test]
    fn wide_characters_count_two_cells() {
        assert_eq!(rows("日本語テキスト", 6), ["日本語", "テキス", "ト"]);
        assert_eq!(rows(" 1日本日本", 8), [" ", "1日本日", "本"]);
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
