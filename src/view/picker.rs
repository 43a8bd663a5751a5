//! A list to pick from: what is typed, the rows in sight, and what the selected one is about.

use ratatui::style::Style;

use super::glyphs::{Glyph, glyph};
use super::overlay::line_input;
use super::paint::Paint;
use super::theme::Role;
use crate::app::picker::{Column, Finder, Line, Named, Picker, PickerRow, Picking, Standing};
use crate::app::{Action, Area, Mark, Model, gist, glyphs, width, wrap};

/// Cells between two columns.
const GAP: u16 = 2;

pub fn draw(paint: &mut Paint, model: &Model, picker: &Picker) {
    let areas = model.picker_areas();
    input(paint, picker, areas.input);
    let columns = placed(picker.of.columns(), areas.list.width);
    for (_, column, x, wide) in &columns {
        let (x, dim) = (areas.names.x + x, paint.style(Role::Dim));
        if areas.names.height == 0 {
            continue;
        }
        match column.right {
            true => paint.right(x, areas.names.y, *wide, column.name, dim),
            false => paint.text(x, areas.names.y, *wide, column.name, dim),
        };
    }
    let mut finder = Finder::new(&picker.input.text);
    let mut empty = true;
    for ((at, line), y) in picker.visible(areas.list.height).zip(areas.list.y..) {
        empty = false;
        let area = Area { y, height: 1, ..areas.list };
        match line {
            Line::Title(group) => {
                let title = picker.groups.get(group).map_or("", |group| group.title.as_str());
                paint.text(area.x, y, area.width, title, paint.style(Role::Heading));
            }
            Line::Told { group, from, to } => {
                let standing = picker.groups.get(group).map(|group| &group.standing);
                let text = standing.and_then(Standing::told).and_then(|told| told.get(from..to)).unwrap_or("");
                let role = if matches!(standing, Some(Standing::Failed(_))) { Role::Bad } else { Role::Dim };
                paint.text(area.x + 2, y, area.width.saturating_sub(2), text, paint.style(role));
            }
            Line::Row { .. } => {
                if let Some(about) = picker.row(line) {
                    let signs = picker.branch(at).map(|branch| branch.signs(paint.ascii)).unwrap_or_default();
                    // What cannot be done now says why in place of what it would do.
                    let why = (picker.of == Picking::Actions).then_some(about.refused.as_str());
                    let why = why.filter(|why| !why.is_empty());
                    row(paint, (about, why), &signs, &columns, area, at == picker.cursor, &mut finder);
                }
            }
        }
    }
    if empty {
        let words = if picker.counts().1 == 0 { "nothing here" } else { "nothing fits these words" };
        paint.text(areas.list.x + 2, areas.list.y, areas.list.width.saturating_sub(2), words, paint.style(Role::Dim));
    }
    preview(paint, picker, areas.list, areas.preview);
    hints(paint, model, picker, areas.hints);
}

/// What is typed, and how many rows fit it.
fn input(paint: &mut Paint, picker: &Picker, area: Area) {
    if let Some(naming) = &picker.naming {
        let what = match naming.of {
            Named::Title => "title: ",
            Named::Tags => "tags: ",
        };
        let taken = paint.text(area.x, area.y, area.width, what, paint.style(Role::Accent));
        let room = Area { x: area.x + taken, width: area.width.saturating_sub(taken), ..area };
        line_input(paint, &naming.input, room);
        return;
    }
    let (found, all) = picker.counts();
    let counts = if found == all { format!(" {all}") } else { format!(" {found} of {all}") };
    let taken = paint.right(area.x, area.y, area.width, &counts, paint.style(Role::Dim));
    let prompt = glyph(Glyph::Prompt, paint.ascii);
    paint.text(area.x, area.y, area.width, prompt, paint.style(Role::Accent));
    let room = Area { x: area.x + 2, width: area.width.saturating_sub(2 + taken), ..area };
    line_input(paint, &picker.input, room);
}

/// The columns that a list this wide has room for: index, column, where it begins, and its cells.
fn placed(columns: &'static [Column], room: u16) -> Vec<(usize, &'static Column, u16, u16)> {
    let shown: Vec<_> = columns.iter().enumerate().filter(|(_, column)| column.least <= room).collect();
    // Two cells in front are for the cursor and the mark of what is in use.
    let fixed: u16 = shown.iter().map(|(_, column)| column.width + GAP).sum::<u16>() + 2 - GAP.min(room);
    let rest = room.saturating_sub(fixed);
    let mut x = 2;
    let mut placed = Vec::new();
    for (index, column) in shown {
        let wide = if column.width == 0 { rest } else { column.width };
        placed.push((index, column, x, wide));
        x += wide + GAP;
    }
    placed
}

fn row(
    paint: &mut Paint,
    (about, why): (&PickerRow, Option<&str>),
    signs: &str,
    columns: &[(usize, &'static Column, u16, u16)],
    area: Area,
    selected: bool,
    finder: &mut Finder,
) {
    let plain = if about.refused.is_empty() { Role::Text } else { Role::Dim };
    for (index, column, x, wide) in columns {
        let Some(cell) = about.cells.get(*index) else { continue };
        let cell = why.filter(|_| *index + 1 == about.cells.len()).unwrap_or(cell);
        // How it stands in its tree comes before what it is called.
        let taken = match *index {
            0 => paint.text(area.x + x, area.y, *wide, signs, paint.style(Role::Dim)),
            _ => 0,
        };
        let (x, wide) = (x + taken, wide.saturating_sub(taken));
        let text = cut(cell, usize::from(wide));
        let style = paint.style(if *index == 0 { plain } else { Role::Dim });
        let begin = if column.right { wide.saturating_sub(width(&text) as u16) } else { 0 };
        let at = area.x + x + begin;
        paint.text(at, area.y, wide - begin, &text, style);
        if !finder.is_blank() {
            let found = finder.marks(cell, *index == 0);
            marks(paint, &text, &found, at, area.y, wide - begin);
        }
    }
    if about.current {
        paint.glyph(area.x + 1, area.y, Glyph::Mark(Mark::Cited), paint.style(Role::Good));
    }
    if selected {
        paint.glyph(area.x, area.y, Glyph::Cursor, paint.style(Role::Accent));
        paint.tint(area, paint.style(Role::CursorFocused));
    }
}

/// The first words of a cell, with a sign where more follows.
fn cut(cell: &str, wide: usize) -> String {
    let text = gist(cell, wide + 1);
    if width(&text) <= wide {
        return text;
    }
    let (mut kept, mut room) = (String::new(), wide.saturating_sub(1));
    for glyph in glyphs(&text) {
        let Some(rest) = room.checked_sub(glyph.width) else { break };
        room = rest;
        kept.push_str(&glyph.text);
    }
    format!("{}…", kept.trim_end())
}

/// Lays the look of a match over the graphemes that were meant.
fn marks(paint: &mut Paint, text: &str, found: &[u32], x: u16, y: u16, room: u16) {
    let style: Style = paint.style(Role::Match);
    let mut at = 0;
    for (index, glyph) in (0..).zip(glyphs(text)) {
        let wide = glyph.width as u16;
        if at + wide > room {
            return;
        }
        if found.binary_search(&index).is_ok() && glyph.text != "…" {
            paint.tint(Area { x: x + at, y, width: wide, height: 1 }, style);
        }
        at += wide;
    }
}

fn preview(paint: &mut Paint, picker: &Picker, list: Area, area: Area) {
    if area.height == 0 || area.width == 0 {
        return;
    }
    let rule = paint.style(Role::OverlayRule);
    if area.y > list.y {
        paint.line(area.x, area.y - 1, area.width, Glyph::Rule, rule);
    } else {
        for y in area.y..area.y + area.height {
            paint.glyph(area.x - 2, y, Glyph::Side, rule);
        }
    }
    let text = picker.preview();
    let rows = text.lines().flat_map(|line| wrap(line, usize::from(area.width)).into_iter().map(move |at| &line[at]));
    for (words, y) in rows.zip(area.y..area.y + area.height) {
        paint.text(area.x, y, area.width, words, paint.style(Role::Text));
    }
}

fn hints(paint: &mut Paint, model: &Model, picker: &Picker, area: Area) {
    if area.height == 0 {
        return;
    }
    if picker.deleting.is_some() {
        // The keys first: they are to be seen where the rest is not.
        let choice = format!("{} delete  {} keep", model.key_for(Action::Confirm), model.key_for(Action::Decline));
        let taken = paint.text(area.x, area.y, area.width, &choice, paint.style(Role::Key));
        let words = "   the session and its documents' text, for good?";
        paint.text(area.x + taken, area.y, area.width.saturating_sub(taken), words, paint.style(Role::Warning));
        return;
    }
    for (row, y) in model.picker_hints(area.width).into_iter().zip(area.y..area.y + area.height) {
        let mut x = area.x;
        for (key, does) in row {
            let end = area.x + area.width;
            x += paint.text(x, y, end.saturating_sub(x), &key, paint.style(Role::Key));
            x += paint.text(x, y, end.saturating_sub(x), &format!(" {does}   "), paint.style(Role::Dim));
        }
    }
}
