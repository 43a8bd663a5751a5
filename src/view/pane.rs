//! What all panes share: the title on a rule, and rows with a cursor.

use super::glyphs::Glyph;
use super::paint::Paint;
use super::theme::Role;
use crate::app::{Area, Model, Pane, RowsPane, gist, width};

/// The rule at the top of a pane: its name, what it shows, and where it stands.
pub fn title(paint: &mut Paint, model: &Model, pane: Pane, about: &str, place: &str) {
    let area = model.layout().pane(pane).top(1);
    if area.is_empty() {
        return;
    }
    let focused = model.focus == pane;
    let (rule, sign) = if focused { (Role::RuleFocused, Glyph::RuleFocused) } else { (Role::Rule, Glyph::Rule) };
    let rule = paint.style(rule);
    paint.line(area.x, area.y, area.width, sign, rule);
    let name = paint.style(if focused { Role::TitleFocused } else { Role::Title });
    let head = format!(" {} {} ", pane.index() + 1, pane.name());
    let mut x = area.x + 1;
    let end = area.x + area.width;
    x += paint.text(x, area.y, end.saturating_sub(x), &head, name);
    let searched = match model.search.in_pane(pane) {
        true => format!("/{} {} · ", gist(&model.search.words, 20), model.search.tally()),
        false => String::new(),
    };
    let place = format!(" {searched}{place} ");
    let mut room = end.saturating_sub(x);
    if place.trim().len() > 1 {
        room -= paint.right(x, area.y, room.saturating_sub(1), &place, name.patch(paint.style(Role::Dim))).min(room);
    }
    if !about.is_empty() && room > 8 {
        let about = whole_parts(about, usize::from(room - 4));
        paint.text(x, area.y, room - 3, &format!("{about} "), paint.style(Role::Dim));
    }
}

/// A text of parts with points between them in so many cells: whole parts are left out before a part is cut.
pub fn whole_parts(text: &str, room: usize) -> String {
    let mut parts: Vec<&str> = text.split(" · ").collect();
    while parts.len() > 1 && width(&parts.join(" · ")) > room {
        parts.pop();
    }
    gist(&parts.join(" · "), room)
}

/// The rows of a pane with its cursor, below its title.
pub fn rows(paint: &mut Paint, pane: &RowsPane, area: Area, focused: bool) {
    for (line, (at, row)) in (0..area.height).zip(pane.visible(area.height)) {
        let y = area.y + line;
        paint.pieces(area.x + 1, y, area.width.saturating_sub(2), &row.pieces);
        if focused && at == pane.cursor {
            let style = paint.style(Role::CursorFocused);
            paint.tint(Area::new(area.x, y, area.width, 1), style);
            let mark = paint.style(Role::Accent);
            paint.glyph(area.x, y, Glyph::Cursor, mark);
        }
    }
}

/// How far down a list of rows stands, in words.
pub fn place(pane: &RowsPane, height: u16) -> String {
    let height = usize::from(height);
    if pane.rows.len() <= height {
        return String::new();
    }
    match pane.top {
        0 => "top".into(),
        top if top + height >= pane.rows.len() => "end".into(),
        top => format!("{}%", top * 100 / pane.rows.len()),
    }
}
