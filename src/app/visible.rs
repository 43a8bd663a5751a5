//! Text from outside, made fit for a grid of cells: control bytes become symbols, every cell knows its width.

use std::borrow::Cow;
use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// How many characters of one grapheme are drawn; stacked combining marks beyond it are dropped.
const LONGEST_GRAPHEME: usize = 10;

/// What one or two cells show, and which bytes of the text it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glyph<'a> {
    pub bytes: Range<usize>,
    pub text: Cow<'a, str>,
    /// Cells, 1–4 (a tab is four).
    pub width: usize,
    pub is_space: bool,
}

/// The symbol drawn in place of a character that a terminal would obey or hide.
fn symbol(character: char) -> Option<char> {
    Some(match character {
        '\u{00}'..='\u{1f}' => char::from_u32(0x2400 + character as u32).unwrap_or('\u{fffd}'),
        '\u{7f}' => '\u{2421}',
        // C1 controls, bidirectional overrides and isolates, line separators, tags.
        '\u{80}'..='\u{9f}'
        | '\u{061c}'
        | '\u{200e}'
        | '\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2066}'..='\u{2069}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}' => '\u{fffd}',
        '\u{ad}' => '\u{2010}',
        '\u{200b}' | '\u{2060}'..='\u{2064}' | '\u{feff}' => '\u{b7}',
        _ => return None,
    })
}

/// The text cell by cell.
pub fn glyphs(text: &str) -> impl Iterator<Item = Glyph<'_>> {
    text.grapheme_indices(true).map(|(at, cluster)| glyph(at, cluster))
}

fn glyph(at: usize, cluster: &str) -> Glyph<'_> {
    let bytes = at..at + cluster.len();
    if let &[byte] = cluster.as_bytes()
        && (b' '..=b'~').contains(&byte)
    {
        return Glyph { bytes, text: Cow::Borrowed(cluster), width: 1, is_space: byte == b' ' };
    }
    if cluster == "\t" {
        return Glyph { bytes, text: Cow::Borrowed("    "), width: 4, is_space: true };
    }
    let mut text = Cow::Borrowed(cluster);
    if cluster.chars().any(|character| symbol(character).is_some()) {
        // "\r\n" is one grapheme; one symbol is enough for any cluster with a control in it.
        let shown = cluster.chars().find_map(symbol).unwrap_or('\u{fffd}');
        text = Cow::Owned(shown.to_string());
    } else if let Some((end, _)) = cluster.char_indices().nth(LONGEST_GRAPHEME) {
        text = Cow::Borrowed(&cluster[..end]);
    }
    let mut width = text.width();
    if width == 0 {
        // A combining mark with nothing to stand on would land on its neighbour.
        text = Cow::Owned(format!("\u{25cc}{text}"));
        width = text.width().max(1);
    }
    if width > 2 {
        text = Cow::Borrowed("\u{fffd}");
        width = 1;
    }
    let is_space = text.chars().all(char::is_whitespace);
    Glyph { bytes, text, width, is_space }
}

/// One line of outside text, safe to draw: nothing in it is obeyed by a terminal, and no line ends in it.
pub fn visible(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(glyphs(text).map(|glyph| glyph.text).collect())
}

/// The first words of a text on one line: white space runs become one space, cut at `limit` characters.
pub fn gist(text: &str, limit: usize) -> String {
    // A bounded prefix is looked at, since the text may be very long.
    let end = text.char_indices().nth(limit.saturating_mul(4)).map_or(text.len(), |(at, _)| at);
    let words: Vec<&str> = text[..end].split_whitespace().collect();
    let line = words.join(" ");
    let line = line.char_indices().nth(limit).map_or(line.as_str(), |(at, _)| &line[..at]);
    visible(line).into_owned()
}

/// Cells that `text` takes when it is drawn.
pub fn width(text: &str) -> usize {
    if text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return text.len();
    }
    glyphs(text).map(|glyph| glyph.width).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_and_overrides_become_symbols() {
        assert_eq!(visible("a\u{1b}]52;c;x\u{7}b"), "a␛]52;c;x␇b");
        assert_eq!(visible("\u{9b}31m\u{202e}gpj"), "\u{fffd}31m\u{fffd}gpj");
        assert_eq!(visible("\u{7f}\r\n"), "␡␍");
    }

    #[test]
    fn a_mark_with_nothing_to_stand_on_gets_a_circle() {
        assert_eq!(visible("\u{301}"), "\u{25cc}\u{301}");
        assert_eq!(visible("e\u{301}"), "e\u{301}");
    }

    #[test]
    fn stacked_marks_are_bounded() {
        let zalgo = format!("a{}", "\u{300}".repeat(5000));
        assert!(visible(&zalgo).chars().count() <= LONGEST_GRAPHEME);
    }

    #[test]
    fn a_gist_is_one_bounded_line() {
        assert_eq!(gist("one\n\n two\tthree", 9), "one two t");
    }
}
