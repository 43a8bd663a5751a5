//! One screen in every palette as text that is short enough to keep: what is written, and how it looks.
//!
//! Each size stands once as text. The sixteen colours and none at all show the same words; where they do not, the lines that
//! differ follow. Signs that ASCII writes otherwise are listed once, and so are lines that follow no such list. Looks are a
//! letter for each way that a cell looks in the four palettes together, with how many cells on it goes.

use std::collections::BTreeMap;
use std::fmt::Write;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier, Style};

use super::text;
use crate::view::Depth;

/// A screen of one size in each palette.
pub struct Picture {
    pub full: Buffer,
    pub sixteen: Buffer,
    pub none: Buffer,
    pub ascii: Buffer,
}

impl Picture {
    /// Draws at a depth of colour, and in ASCII where the second is true.
    pub fn of(draw_at: &mut impl FnMut(Depth, bool) -> Buffer) -> Self {
        Self {
            full: draw_at(Depth::True, false),
            sixteen: draw_at(Depth::Ansi, false),
            none: draw_at(Depth::None, false),
            ascii: draw_at(Depth::None, true),
        }
    }
}

const LETTERS: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZαβγδεζηθικλμνξοπρστυφχψω";

/// The pictures of one screen at several sizes.
pub fn written(pictures: &[Picture]) -> String {
    let mut out = String::new();
    let twins = twins(pictures);
    let mut looks: Vec<String> = Vec::new();
    for Picture { full, sixteen, none, ascii } in pictures {
        let area = full.area;
        let shown = text(full);
        let _ = writeln!(out, "── {}×{}\n{}", area.width, area.height, shown.trim_end());
        others(&mut out, "in 16 colours", &shown, &text(sixteen));
        others(&mut out, "without colour", &shown, &text(none));
        let expected: String = shown.chars().map(|sign| *twins.get(&sign).unwrap_or(&sign)).collect();
        others(&mut out, "in ASCII", &expected, &text(ascii));
        out.push_str("── looks\n");
        let styles = |buffer: &Buffer| buffer.content.iter().map(look).collect::<Vec<_>>();
        let [full, sixteen, none, ascii] = [full, sixteen, none, ascii].map(styles);
        let cells: Vec<usize> = (0..full.len())
            .map(|at| {
                let bare = if none[at] == ascii[at] { String::new() } else { format!(" | ASCII {}", ascii[at]) };
                let all = format!("{} | {} | {}{bare}", full[at], sixteen[at], none[at]);
                looks.iter().position(|known| *known == all).unwrap_or_else(|| {
                    looks.push(all);
                    looks.len() - 1
                })
            })
            .collect();
        let rows: Vec<String> = cells.chunks(usize::from(area.width)).map(runs).collect();
        let mut y = 0;
        while y < rows.len() {
            let same = rows[y..].iter().take_while(|row| **row == rows[y]).count();
            let until = if same > 1 { format!("-{}", y + same - 1) } else { String::new() };
            let _ = writeln!(out, "{y}{until} {}", rows[y]);
            y += same;
        }
    }
    out.push_str("── in ASCII\n");
    let twins: Vec<String> = twins.iter().map(|(sign, twin)| format!("{sign}{twin}")).collect();
    let _ = writeln!(out, "{}\n── true colour | 16 | none", twins.join(" "));
    for (look, letter) in looks.iter().zip(LETTERS.chars()) {
        let _ = writeln!(out, "{letter} {look}");
    }
    assert!(looks.len() <= LETTERS.chars().count(), "{} looks have no letters left", looks.len());
    out
}

/// The sign that ASCII writes in place of another, where it is always the same.
fn twins(pictures: &[Picture]) -> BTreeMap<char, char> {
    let mut counts: BTreeMap<char, BTreeMap<char, usize>> = BTreeMap::new();
    for picture in pictures {
        for (cell, twin) in picture.full.content.iter().zip(&picture.ascii.content) {
            let only = |cell: &Cell| {
                let mut signs = cell.symbol().chars();
                signs.next().filter(|_| signs.next().is_none())
            };
            if let (Some(sign), Some(twin)) = (only(cell), only(twin))
                && !sign.is_ascii()
            {
                *counts.entry(sign).or_default().entry(twin).or_default() += 1;
            }
        }
    }
    let most = |twins: BTreeMap<char, usize>| twins.into_iter().max_by_key(|(_, count)| *count).map(|(twin, _)| twin);
    counts.into_iter().filter_map(|(sign, twins)| Some((sign, most(twins)?))).collect()
}

/// The lines that are not as they were expected.
fn others(out: &mut String, palette: &str, expected: &str, shown: &str) {
    let lines: Vec<(usize, &str)> = shown
        .lines()
        .zip(expected.lines())
        .enumerate()
        .filter(|(_, (a, b))| a != b)
        .map(|(y, (a, _))| (y, a))
        .collect();
    if !lines.is_empty() {
        let _ = writeln!(out, "── {palette}");
        for (y, line) in lines {
            let _ = writeln!(out, "{y} {line}");
        }
    }
}

/// Letters with how many cells each holds for.
fn runs(row: &[usize]) -> String {
    let mut told = String::new();
    let mut x = 0;
    while x < row.len() {
        let run = row[x..].iter().take_while(|look| **look == row[x]).count();
        told.push(LETTERS.chars().nth(row[x]).unwrap_or('?'));
        if run > 1 {
            let _ = write!(told, "{run}");
        }
        x += run;
    }
    told
}

fn look(cell: &Cell) -> String {
    let style: Style = cell.style();
    let [fg, bg] = [style.fg, style.bg].map(|colour| match colour {
        None | Some(Color::Reset) => "-".to_owned(),
        Some(colour) => colour.to_string(),
    });
    const MODIFIERS: [(Modifier, &str); 4] = [
        (Modifier::BOLD, " bold"),
        (Modifier::REVERSED, " reversed"),
        (Modifier::UNDERLINED, " underlined"),
        (Modifier::ITALIC, " italic"),
    ];
    let told: String =
        MODIFIERS.iter().filter(|(known, _)| style.add_modifier.contains(*known)).map(|(_, name)| *name).collect();
    let rest = style.add_modifier.difference(MODIFIERS.iter().map(|(known, _)| *known).collect());
    let rest = if rest.is_empty() { String::new() } else { format!(" {rest:?}") };
    format!("{fg} on {bg}{told}{rest}")
}
