//! Text from outside, made fit for a grid of cells: control bytes become symbols, every cell knows its width.

use std::borrow::Cow;
use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

const JOINER: char = '\u{200d}';

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
    text.grapheme_indices(true).flat_map(|(at, cluster)| letters(at, cluster)).map(|(at, letter)| glyph(at, letter))
}

/// A grapheme letter by letter: those of an Indic conjunct stand in a cell each, as a terminal that shapes no text puts them.
fn letters(at: usize, cluster: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut from = 0;
    std::iter::from_fn(move || {
        let rest = cluster.get(from..).filter(|rest| !rest.is_empty())?;
        let mut before = None;
        let next = rest.char_indices().find(|(_, character)| {
            let joined = before.replace(*character).is_some_and(|before: char| before.width() == Some(0));
            joined && character.is_alphabetic() && character.width() != Some(0)
        });
        let end = next.map_or(rest.len(), |(end, _)| end);
        let letter = (at + from, &rest[..end]);
        from += end;
        Some(letter)
    })
}

/// Terminals draw what a joiner stands between as one picture, or take it for the beginning of what comes next: it stays
/// between pictures alone.
fn without_joiners(cluster: &str) -> String {
    let mut kept = String::with_capacity(cluster.len());
    let mut characters = cluster.chars().peekable();
    while let Some(character) = characters.next() {
        let is_picture = |next: &char| !next.is_alphabetic() && next.width().is_some_and(|width| width > 0);
        if character != JOINER || !kept.is_empty() && characters.peek().is_some_and(is_picture) {
            kept.push(character);
        } else if kept.is_empty() || kept.is_ascii() {
            // Between plain letters it would only hide.
            kept.push('\u{b7}');
        }
    }
    kept
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
    if text.contains(JOINER) {
        text = Cow::Owned(without_joiners(&text));
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
    fn a_joiner_stays_between_pictures_alone() {
        assert_eq!(visible("👩\u{200d}🔬 ❤\u{fe0f}\u{200d}🔥"), "👩\u{200d}🔬 ❤\u{fe0f}\u{200d}🔥");
        // One cell a letter, with its marks, and no joiner.
        let conjunct = "क\u{94d}\u{200d}ष";
        let cells: Vec<_> = glyphs(conjunct).map(|glyph| (glyph.text.into_owned(), glyph.width, glyph.bytes)).collect();
        assert_eq!(cells, [("क\u{94d}".into(), 1, 0..9), ("ष".into(), 1, 9..12)]);
        assert_eq!(visible("स\u{94d}त\u{94d}री"), "स\u{94d}त\u{94d}री", "of three letters, none is lost");
        for end in ["क\u{94d}\u{200d}", "क\u{200d}", "👩\u{200d}", "\u{645}\u{200d}"] {
            assert_eq!(visible(end), end.replace('\u{200d}', ""));
        }
        assert_eq!(visible("pass\u{200d}word"), "pass·word");
        assert_eq!(visible("\u{200d}"), "·");
        assert!(!visible(&"👩\u{200d}".repeat(40)).ends_with('\u{200d}'), "where it is cut");
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
