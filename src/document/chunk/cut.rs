//! Cuts a piece of text that is too long where it hurts least.

use std::ops::Range;

use super::is_blank;

/// Where the next piece may begin in a window that is too long: in bytes, not before the second argument.
pub type Place = fn(&str, usize) -> Option<usize>;

/// The range in pieces of at most `max_chars` characters (more than zero). Each but the last has at least half of
/// that, so that no heading is left alone; where `place` finds nothing, a piece ends with its last character.
pub fn pieces(text: &str, range: Range<usize>, max_chars: usize, place: Place) -> impl Iterator<Item = Range<usize>> {
    let mut start = range.start;
    std::iter::from_fn(move || {
        let rest = &text[start..range.end];
        let end = match rest.char_indices().nth(max_chars) {
            Some((whole, _)) => {
                let half = rest.char_indices().nth(max_chars.div_ceil(2)).map_or(whole, |(at, _)| at);
                start + place(&rest[..whole], half).unwrap_or(whole)
            }
            None => range.end,
        };
        let piece = start..end;
        start = end;
        (!piece.is_empty()).then_some(piece)
    })
}

/// For prose: after the last blank line, else after the last line, else after the last space.
pub fn in_prose(window: &str, from: usize) -> Option<usize> {
    line_starts(window, from)
        .find(|&at| follows_blank_line(window, at))
        .or_else(|| line_starts(window, from).next())
        .or_else(|| {
            let space = window[from..].char_indices().rfind(|(_, character)| character.is_whitespace());
            space.map(|(at, character)| from + at + character.len_utf8())
        })
}

/// For source code: after the blank line that what follows is indented least, the last of these; else after the last line.
pub fn in_code(window: &str, from: usize) -> Option<usize> {
    let after_blank = line_starts(window, from).filter(|&at| follows_blank_line(window, at));
    let indented = after_blank.filter_map(|at| Some((indentation(&window[at..])?, at)));
    let outermost = indented.min_by_key(|(indentation, _)| *indentation).map(|(_, at)| at);
    outermost.or_else(|| line_starts(window, from).next())
}

/// Bytes of white space before the line's first character of ink; nothing for a blank line.
pub fn indentation(line: &str) -> Option<usize> {
    let line = line.split('\n').next().unwrap_or_default();
    let inked = line.trim_start();
    (!inked.is_empty()).then_some(line.len() - inked.len())
}

/// The starts of lines from `from` on, the last first.
fn line_starts(window: &str, from: usize) -> impl Iterator<Item = usize> + '_ {
    memchr::memrchr_iter(b'\n', window.as_bytes()).map(|at| at + 1).take_while(move |&at| at >= from)
}

fn follows_blank_line(window: &str, at: usize) -> bool {
    let before = window[..at].strip_suffix('\n').unwrap_or_default();
    is_blank(before.rsplit('\n').next().unwrap_or_default())
}
