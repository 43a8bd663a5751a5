//! Every sign the screen draws by itself, in Unicode and in ASCII. All are one cell wide.

use ratatui::buffer::Buffer;

use crate::app::Mark;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Glyph {
    Mark(Mark),
    Rule,
    RuleFocused,
    Column,
    Thumb,
    Track,
    Answered,
    Abstained,
    Trouble,
    Running,
    MapRunning,
    MapAnswered,
    Unstarted,
    Malformed,
    Truncated,
    Cancelled,
    Retried,
    TrackDone,
    TrackRange,
    RangeFrom,
    RangeTo,
    RoundBegins,
    TrackRest,
    Knob,
    Play,
    Pause,
    Cursor,
    Prompt,
    Join,
    TopLeft,
    TopRight,
    BottomLeft,
    BottomRight,
    Side,
}

/// Glyph, its Unicode form, its ASCII twin.
pub const GLYPHS: &[(Glyph, &str, &str)] = &[
    (Glyph::Mark(Mark::Folded), "▸", "+"),
    (Glyph::Mark(Mark::Unfolded), "▾", "-"),
    (Glyph::Mark(Mark::Done), "✓", "*"),
    (Glyph::Mark(Mark::Failed), "✗", "!"),
    (Glyph::Mark(Mark::Current), "▶", ">"),
    (Glyph::Mark(Mark::Waiting), "○", "o"),
    (Glyph::Mark(Mark::Bullet), "•", "*"),
    (Glyph::Mark(Mark::Dot), "·", "."),
    (Glyph::Mark(Mark::Bar), "▏", "|"),
    (Glyph::Mark(Mark::Arrow), "→", ">"),
    (Glyph::Mark(Mark::Rule), "─", "-"),
    (Glyph::Mark(Mark::Added), "+", "+"),
    (Glyph::Mark(Mark::Removed), "−", "-"),
    (Glyph::Rule, "─", "-"),
    (Glyph::RuleFocused, "━", "="),
    (Glyph::Column, "│", "|"),
    (Glyph::Mark(Mark::Read), "▏", ":"),
    (Glyph::Mark(Mark::Cited), "●", "*"),
    (Glyph::Mark(Mark::Left), "»", "^"),
    (Glyph::Mark(Mark::GoneTo), "▶", ">"),
    (Glyph::Thumb, "┃", "#"),
    (Glyph::Track, " ", " "),
    (Glyph::Answered, "■", "#"),
    (Glyph::Abstained, "□", "="),
    (Glyph::Trouble, "×", "!"),
    (Glyph::Running, "▸", ">"),
    (Glyph::MapRunning, "▸", "+"),
    (Glyph::MapAnswered, "◆", "@"),
    (Glyph::Unstarted, "·", "."),
    (Glyph::Malformed, "≠", "%"),
    (Glyph::Truncated, "…", "/"),
    (Glyph::Cancelled, "–", "-"),
    (Glyph::Retried, "○", "o"),
    (Glyph::TrackDone, "━", "="),
    (Glyph::TrackRange, "═", "~"),
    (Glyph::RangeFrom, "[", "["),
    (Glyph::RangeTo, "]", "]"),
    (Glyph::RoundBegins, "╋", "|"),
    (Glyph::TrackRest, "─", "-"),
    (Glyph::Knob, "●", "O"),
    (Glyph::Play, "▶", ">"),
    (Glyph::Pause, "‖", "\""),
    (Glyph::Cursor, "▌", ">"),
    (Glyph::Prompt, "❯", ">"),
    (Glyph::Join, "─", "-"),
    (Glyph::TopLeft, "╭", "+"),
    (Glyph::TopRight, "╮", "+"),
    (Glyph::BottomLeft, "╰", "+"),
    (Glyph::BottomRight, "╯", "+"),
    (Glyph::Side, "│", "|"),
];

/// From nothing to full, for sparklines.
pub const LEVELS: [(&str, &str); 8] =
    [("▁", "_"), ("▂", "_"), ("▃", "."), ("▄", "-"), ("▅", "="), ("▆", "+"), ("▇", "*"), ("█", "#")];

/// The frames of what turns while something is under way.
const SPINNER: [(&str, &str); 8] =
    [("⠋", "|"), ("⠙", "/"), ("⠸", "-"), ("⠴", "\\"), ("⠦", "|"), ("⠇", "/"), ("⠏", "-"), ("⠛", "\\")];

pub fn glyph(glyph: Glyph, ascii: bool) -> &'static str {
    match GLYPHS.iter().find(|(known, ..)| *known == glyph) {
        Some((_, _, twin)) if ascii => twin,
        Some((_, sign, _)) => sign,
        None => " ",
    }
}

/// What turns while a run is in flight.
pub fn spinner(now_ms: u64, ascii: bool) -> &'static str {
    let (sign, twin) = SPINNER[(now_ms / 125) as usize % SPINNER.len()];
    if ascii { twin } else { sign }
}

/// Makes every cell ASCII: common punctuation by its like, anything else a question mark.
pub fn to_ascii(buffer: &mut Buffer) {
    for cell in &mut buffer.content {
        let symbol = cell.symbol();
        if symbol.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
            continue;
        }
        let like = match symbol {
            "\u{a0}" | "\u{2002}" | "\u{2003}" | "\u{2009}" | "\u{202f}" => " ",
            "–" | "—" | "‐" | "‑" | "−" => "-",
            "‘" | "’" => "'",
            "“" | "”" | "„" => "\"",
            "·" | "•" | "…" => ".",
            "≈" => "~",
            "×" => "x",
            "↑" => "^",
            "↓" => "v",
            // Of the temperature.
            "°" => " ",
            _ => "?",
        };
        cell.set_symbol(like);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use unicode_width::UnicodeWidthStr;

    #[test]
    fn every_glyph_is_one_cell_wide_and_has_an_ascii_twin() {
        let all = GLYPHS.iter().map(|(_, sign, twin)| (*sign, *twin)).chain(LEVELS).chain(SPINNER);
        for (sign, twin) in all {
            assert_eq!((sign.width(), twin.width()), (1, 1), "{sign} {twin}");
            assert!(twin.is_ascii(), "{twin}");
        }
    }
}
