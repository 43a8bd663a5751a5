//! Cuts a piece of text that is too long where it hurts least.

use std::ops::Range;

use super::code::goes_on;
use super::is_blank;

/// Where the next piece may begin in a window that is too long: in bytes, not before the second argument.
pub type Place = fn(&str, usize) -> Option<usize>;

/// The range in pieces of at most `max_chars` characters (more than zero). Each but the last has at least half of
/// that, so that no heading is left alone, or an eighth in code; where `place` finds nothing, a piece ends with its last character.
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

/// For source code: before the line that is indented least and follows a blank line, or else the end of something deeper; the last
/// of these. Where an earlier place is indented less than all from `from` on, before that, so that a definition stays whole.
pub fn in_code(window: &str, from: usize) -> Option<usize> {
    let outermost = |from: usize| {
        let ranked = line_starts(window, from).filter_map(|at| Some((rank_in_code(window, at)?, at)));
        ranked.min_by_key(|(rank, _)| *rank)
    };
    let place = match (outermost(from), outermost(from / 4)) {
        (Some(late), Some(early)) if early.0.0 >= late.0.0 => Some(late),
        (_, early) => early,
    };
    place.map(|(_, at)| at).or_else(|| line_starts(window, from).next())
}

/// How deep the line at `at` is indented, and whether no blank line stands above it; nothing where it goes on with what
/// does.
fn rank_in_code(window: &str, at: usize) -> Option<(usize, bool)> {
    let line = &window[at..];
    let depth = indentation(line)?;
    if follows_blank_line(window, at) {
        return Some((depth, false));
    }
    let before = window[..at].trim_end_matches('\n').rsplit('\n').next().unwrap_or_default();
    let ended = indentation(before).is_some_and(|deeper| deeper > depth) || goes_on(before.trim_start());
    (ended && !goes_on(line.trim_start())).then_some((depth, true))
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
