//! Colours for terminals that have fewer of them.

use ratatui::style::{Color, Modifier, Style};

use super::Look;

/// How many colours a terminal shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// 24 bits.
    True,
    /// The 256 of xterm.
    Indexed,
    /// The sixteen of old, whose values the terminal's owner chose. Backgrounds are left to the terminal.
    Ansi,
    /// None at all: bold, underline and reverse only.
    None,
}

type Rgb = (u8, u8, u8);

pub(super) fn style(look: &Look, base: (Option<Rgb>, Option<Rgb>), depth: Depth) -> Style {
    let mut style = Style::default().add_modifier(look.always);
    match depth {
        Depth::True | Depth::Indexed => {
            if let Some(fg) = look.fg {
                style = style.fg(colour(fg, depth));
            }
            if let Some(bg) = look.bg {
                style = style.bg(colour(bg, depth));
            }
        }
        Depth::Ansi | Depth::None => {
            let plain = look.bg.is_some() && look.bg != base.1 && look.plain != Modifier::empty();
            if plain {
                style = style.add_modifier(look.plain);
            }
            if depth == Depth::Ansi
                && !plain
                && let Some(fg) = look.fg.filter(|fg| Some(*fg) != base.0)
            {
                style = style.fg(colour(fg, depth));
            }
        }
    }
    style
}

fn colour(rgb: Rgb, depth: Depth) -> Color {
    match depth {
        Depth::True => Color::Rgb(rgb.0, rgb.1, rgb.2),
        Depth::Indexed => Color::Indexed(indexed(rgb)),
        Depth::Ansi => ansi(rgb),
        Depth::None => Color::Reset,
    }
}

/// The nearest of xterm's 6×6×6 cube (16–231) and its 24 greys (232–255).
fn indexed(rgb: Rgb) -> u8 {
    const LEVELS: [u8; 6] = [0, 95, 135, 175, 215, 255];
    let nearest = |value: u8| {
        let distance = |level: &u8| value.abs_diff(*level);
        (0..6u8).min_by_key(|at| distance(&LEVELS[usize::from(*at)])).unwrap_or(0)
    };
    let (r, g, b) = (nearest(rgb.0), nearest(rgb.1), nearest(rgb.2));
    let cube = (LEVELS[usize::from(r)], LEVELS[usize::from(g)], LEVELS[usize::from(b)]);
    let mean = (u32::from(rgb.0) + u32::from(rgb.1) + u32::from(rgb.2)) / 3;
    let step = (mean.saturating_sub(3) / 10).min(23) as u8;
    let grey = 8 + 10 * step;
    if distance(rgb, (grey, grey, grey)) < distance(rgb, cube) { 232 + step } else { 16 + 36 * r + 6 * g + b }
}

/// By hue and lightness rather than by distance: the sixteen are not where any table says.
fn ansi((r, g, b): Rgb) -> Color {
    let (low, high) = (r.min(g).min(b), r.max(g).max(b));
    let bright = high > 150;
    if high - low < 40 {
        return match high {
            0..60 => Color::Black,
            60..170 => Color::DarkGray,
            170..230 => Color::Gray,
            _ => Color::White,
        };
    }
    let middle = u16::from(low) + u16::from(high - low) / 2;
    let strong = |value: u8| u16::from(value) > middle;
    match (strong(r), strong(g), strong(b), bright) {
        (true, false, false, true) => Color::LightRed,
        (true, false, false, false) => Color::Red,
        (false, true, false, true) => Color::LightGreen,
        (false, true, false, false) => Color::Green,
        (true, true, false, true) => Color::LightYellow,
        (true, true, false, false) => Color::Yellow,
        (false, false, true, true) => Color::LightBlue,
        (false, false, true, false) => Color::Blue,
        (true, false, true, true) => Color::LightMagenta,
        (true, false, true, false) => Color::Magenta,
        (false, true, true, true) => Color::LightCyan,
        (false, true, true, false) => Color::Cyan,
        _ => Color::Reset,
    }
}

fn distance(a: Rgb, b: Rgb) -> u32 {
    let square = |a: u8, b: u8| u32::from(a.abs_diff(b)).pow(2);
    square(a.0, b.0) + square(a.1, b.1) + square(a.2, b.2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_fall_on_their_nearest_neighbours() {
        assert_eq!(indexed((255, 0, 0)), 196);
        assert_eq!(indexed((8, 8, 8)), 232);
        assert_eq!(ansi((240, 138, 134)), Color::LightRed);
        assert_eq!(ansi((28, 107, 48)), Color::Green);
    }
}
