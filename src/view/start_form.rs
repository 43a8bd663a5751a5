//! The start form: the question, the levers with what each trades, and which keys do what.

use super::overlay::{self, line_input};
use super::paint::Paint;
use super::theme::Role;
use crate::app::{Action, Area, Model, StartForm, gist, width};

/// Cells of a lever's name and of its value.
const NAME: u16 = 9;
const VALUE: u16 = 12;
/// Rows that the question has at least before levers are left out.
const LEAST: u16 = 2;
/// Rows beside those of question and levers: what it is asked of, what is expected or wrong, the keys.
const OTHERS: u16 = 4;

pub fn draw(paint: &mut Paint, model: &Model, form: &StartForm, area: Area) {
    let levers = form.levers.len() as u16;
    // Below the question: what it is asked of, the levers, what is wrong, the keys.
    // As many levers as fit, those around the one that is typed into.
    let under = levers.min(area.height.saturating_sub(LEAST + OTHERS)).max(u16::from(form.field > 0));
    let first = (form.field as u16).saturating_sub(under.max(1)).min(levers - under);
    let rows = area.height.saturating_sub(under + OTHERS).max(1);
    input(paint, form, area.top(rows));
    let bottom = area.y + area.height;
    let dim = paint.style(Role::Dim);
    let names: Vec<&str> = model.documents.iter().map(|open| open.document.name.as_str()).collect();
    let of = match model.selected_words() {
        Some(part) => format!("of {part} of {} only", gist(names.get(model.document.shown).unwrap_or(&""), 60)),
        None => format!("of {}", gist(&names.join(", "), 200)),
    };
    let mut y = area.y + rows;
    if y < bottom {
        let hidden = hidden(first, levers - first - under);
        paint.text(area.x, y, area.width.saturating_sub(width(&hidden) as u16 + 1), &of, dim);
        paint.right(area.x, y, area.width, &hidden, paint.style(Role::Accent));
    }
    y += 1;
    for (at, lever) in form.levers.iter().enumerate() {
        if !(first..first + under).contains(&(at as u16)) || y >= bottom {
            continue;
        }
        let focused = at + 1 == form.field;
        let name = paint.style(if focused { Role::Accent } else { Role::Text });
        paint.text(area.x, y, NAME.min(area.width), lever.label, name);
        let value = Area { x: area.x + NAME, y, width: VALUE.min(area.width.saturating_sub(NAME)), height: 1 };
        if focused {
            line_input(paint, &lever.input, value);
        } else {
            paint.text(value.x, y, value.width, &lever.input.text, paint.style(Role::Strong));
        }
        let x = value.x + value.width + 1;
        paint.text(x, y, (area.x + area.width).saturating_sub(x), &form.trade(lever), dim);
        y += 1;
    }
    if y < bottom && !form.wrong.is_empty() {
        paint.text(area.x, y, area.width, &form.wrong, paint.style(Role::Bad));
    } else {
        // The last row is that of the keys.
        for (told, y) in model.expected_of_form().iter().zip(y..bottom.saturating_sub(1)) {
            paint.text(area.x, y, area.width, told, paint.style(Role::Accent));
        }
    }
    if area.height > rows + 1 {
        keys(paint, model, form, Area { y: bottom - 1, height: 1, ..area });
    }
}

/// How many levers are out of sight, above and below.
fn hidden(above: u16, below: u16) -> String {
    let told = [(above, "↑"), (below, "↓")].map(|(count, way)| match count {
        0 => String::new(),
        count => format!("{count} more {way}"),
    });
    told.into_iter().filter(|told| !told.is_empty()).collect::<Vec<_>>().join("  ")
}

fn input(paint: &mut Paint, form: &StartForm, area: Area) {
    if form.field == 0 {
        return line_input(paint, &form.question, area);
    }
    // Without the cursor, which is elsewhere.
    let lines = form.question.text.lines().flat_map(|line| {
        let cells = usize::from(area.width).max(1);
        crate::app::wrap(line, cells).into_iter().map(move |part| &line[part])
    });
    for (line, y) in lines.zip(area.y..area.y + area.height) {
        paint.text(area.x, y, area.width, line, paint.style(Role::Text));
    }
}

fn keys(paint: &mut Paint, model: &Model, form: &StartForm, area: Area) {
    use Action as A;
    let said: &[(Action, &str)] = match form.field {
        0 => &[
            (A::Submit, "start"),
            (A::NextField, "levers"),
            (A::Leave, "keep"),
            (A::FormUp, "earlier"),
            (A::NewLine, "line"),
            (A::Editor, "editor"),
        ],
        _ => &[(A::Submit, "start"), (A::NextField, "next"), (A::Leave, "keep")],
    };
    overlay::keys(paint, model, area, said);
}
