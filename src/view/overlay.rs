//! Frames that open over the panes.

use ratatui::style::{Modifier, Style};

use super::gate;
use super::glyphs::Glyph;
use super::paint::Paint;
use super::picker;
use super::start_form;
use super::theme::Role;
use crate::app::picker::{Picking, SettingForm};
use crate::app::{
    Action, Area, DocumentsForm, LineInput, Model, Overlay, Pane, Reading, RowsPane, SideBySide, budget, counted,
    exposing, gist, glyphs, width, wrap,
};
use crate::protocol::Gate;

pub fn draw(paint: &mut Paint, model: &Model) {
    let beneath = model.beneath.iter().filter(|_| matches!(model.overlay, Some(Overlay::Search(_))));
    for overlay in beneath.chain(&model.overlay) {
        one(paint, model, overlay);
    }
}

fn one(paint: &mut Paint, model: &Model, overlay: &Overlay) {
    let area = model.area_of(overlay);
    let title = match overlay {
        Overlay::Help(_) => "Keys".to_owned(),
        Overlay::Ledger(_) => "Ledger".into(),
        Overlay::Quit => "Work is in flight".into(),
        Overlay::Stop => "Stop the run".into(),
        Overlay::Budget if model.exposure_reached().is_some() => "Enough of the documents has left".into(),
        Overlay::Budget => "The budget is reached".into(),
        Overlay::Amount(_) if model.exposure_reached().is_some() => {
            "What may leave, in per cent of the documents, for this session".into()
        }
        Overlay::Interrupted => "The answer to a request never came".into(),
        Overlay::Consent => "The whole documents would leave this machine".into(),
        Overlay::Amount(_) => "The new budget in dollars, for this session".into(),
        Overlay::Gate(form) => gate_title(model, form.n),
        Overlay::GateText(form) => form.what.title(),
        Overlay::ForkText(form) => form.what.title(),
        Overlay::Question(form) => match form.fork {
            Some(seq) => format!("A new session from record {seq}"),
            None => "What do you want to know?".into(),
        },
        Overlay::Note { seq, .. } => format!("A note on record {seq}"),
        Overlay::Setting(form) => form.name.clone(),
        Overlay::Documents(_) => "Which documents?".into(),
        Overlay::Picker(picker) if picker.of == Picking::Sent && !model.state.asked_a_model() => {
            "What would leave of the documents, by request".into()
        }
        Overlay::Picker(picker) => picker.of.title().into(),
        Overlay::Search(_) if model.beneath.is_some() => "Search this".into(),
        Overlay::Search(_) if model.focus == Pane::Document => {
            "Search Document, by words or a regular expression".into()
        }
        Overlay::Search(_) => format!("Search {}", model.focus.name()),
        Overlay::GoTo(_) => "Go to".into(),
        Overlay::Job { job, .. } => format!("Job {job}"),
        Overlay::Text { title, .. } => title.clone(),
        Overlay::Comparison { rounds: Some((a, b)), .. } => format!("Rounds {a} and {b}"),
        Overlay::Comparison { .. } => "Two sessions".into(),
        Overlay::SideBySide(table) => format!("{} sessions side by side", table.sides.len()),
    };
    frame(paint, area, &title);
    let inside = Area {
        x: area.x + 2.min(area.width),
        y: area.y + 1.min(area.height),
        width: area.width.saturating_sub(4),
        height: area.height.saturating_sub(2),
    };
    match overlay {
        Overlay::Help(rows)
        | Overlay::Ledger(rows)
        | Overlay::Job { rows, .. }
        | Overlay::Text { rows, .. }
        | Overlay::Comparison { rows, .. } => {
            scrolled(paint, rows, inside);
        }
        Overlay::SideBySide(table) => side_by_side(paint, table, inside),
        Overlay::Quit | Overlay::Stop | Overlay::Budget | Overlay::Interrupted | Overlay::Consent => {
            question(paint, model, inside);
        }
        Overlay::Gate(form) => gate::draw(paint, form, inside),
        Overlay::GateText(form) => gate::text(paint, model, (&form.input, &form.wrong), inside),
        Overlay::ForkText(form) => gate::text(paint, model, (&form.input, &form.wrong), inside),
        Overlay::Amount(input) => {
            line_input(paint, input, inside.top(1));
            let least = model.exposure_reached().map(exposing::at_least);
            if let Some(least) = least.or(model.budget_reached().map(budget::at_least)) {
                let y = inside.y + inside.height.saturating_sub(1);
                let least = format!("the next call needs {least} at least");
                paint.text(inside.x, y, inside.width, &least, paint.style(Role::Dim));
            }
        }
        Overlay::Note { input, .. } => line_input(paint, input, inside),
        Overlay::Setting(form) => setting(paint, form, inside),
        Overlay::Search(input) => line_input(paint, input, inside.top(1)),
        Overlay::Picker(about) => picker::draw(paint, model, about),
        Overlay::Documents(form) => documents(paint, form, inside),
        Overlay::GoTo(input) => {
            line_input(paint, input, inside.top(1));
            let dim = paint.style(Role::Dim);
            paint.text(inside.x, inside.y + 1, inside.width, &model.goto_hint(), dim);
        }
        Overlay::Question(form) => start_form::draw(paint, model, form, inside),
    }
}

fn gate_title(model: &Model, n: u32) -> String {
    let what = match model.at_gate().map(|(_, held)| held.gate()) {
        Some(Gate::Request) => "this request waits",
        Some(Gate::Code) => "this program waits",
        Some(Gate::Outputs) => "these outputs wait",
        Some(Gate::Decision) => "this decision waits",
        None => "it was passed",
    };
    format!("Gate {n}: {what}")
}

fn frame(paint: &mut Paint, area: Area, title: &str) {
    let ground = paint.theme.base().patch(paint.style(Role::Overlay));
    paint.clear(area, ground);
    if area.width < 2 || area.height < 2 {
        return;
    }
    let rule = paint.style(Role::OverlayRule);
    let (right, bottom) = (area.x + area.width - 1, area.y + area.height - 1);
    for y in [area.y, bottom] {
        paint.line(area.x + 1, y, area.width - 2, Glyph::Rule, rule);
    }
    for y in area.y + 1..bottom {
        paint.glyph(area.x, y, Glyph::Side, rule);
        paint.glyph(right, y, Glyph::Side, rule);
    }
    let corners = [
        (area.x, area.y, Glyph::TopLeft),
        (right, area.y, Glyph::TopRight),
        (area.x, bottom, Glyph::BottomLeft),
        (right, bottom, Glyph::BottomRight),
    ];
    for (x, y, sign) in corners {
        paint.glyph(x, y, sign, rule);
    }
    let style = rule.patch(paint.style(Role::Strong));
    let title = gist(title, usize::from(area.width.saturating_sub(6)));
    paint.text(area.x + 2, area.y, area.width.saturating_sub(4), &format!(" {title} "), style);
}

fn scrolled(paint: &mut Paint, pane: &RowsPane, area: Area) {
    for ((_, row), y) in pane.visible(area.height).zip(area.y..) {
        paint.pieces(area.x, y, area.width, &row.pieces);
    }
    if let Some(search) = pane.search.as_ref().filter(|search| !search.words.trim().is_empty()) {
        let current = search.current.and_then(|at| search.matches.get(at).copied());
        for ((at, _), y) in pane.visible(area.height).zip(area.y..).filter(|((at, _), _)| search.matches.contains(at)) {
            let role = if current == Some(at) { Role::Highlight } else { Role::Match };
            paint.tint(Area::new(area.x, y, area.width, 1), paint.style(role));
        }
        let words = format!(" /{} {} ", gist(&search.words, 20), search.tally());
        paint.text(area.x, area.y + area.height, area.width, &words, paint.style(Role::OverlayRule));
    }
    let height = usize::from(area.height);
    if pane.rows.len() > height {
        let below = pane.rows.len().saturating_sub(pane.top + height);
        let words = if below > 0 { format!(" {} more ", counted(below, "row")) } else { " end ".into() };
        let style = paint.style(Role::OverlayRule);
        paint.right(area.x, area.y + area.height, area.width, &words, style);
    }
}

/// The table with how much of it stands beyond its edges.
fn side_by_side(paint: &mut Paint, table: &SideBySide, area: Area) {
    scrolled(paint, &table.rows, area);
    let all = table.sides.len();
    if table.shown < all {
        let (from, to) = (table.first + 1, table.first + table.shown);
        let which =
            if from == to { format!(" column {from} of {all} ") } else { format!(" columns {from}–{to} of {all} ") };
        paint.text(area.x, area.y + area.height, area.width, &which, paint.style(Role::OverlayRule));
    }
}

/// The value that is typed, and what may stand there.
fn setting(paint: &mut Paint, form: &SettingForm, area: Area) {
    line_input(paint, &form.input, area.top(2));
    let (dim, bad) = (paint.style(Role::Dim), paint.style(Role::Bad));
    let Some(setting) = form.setting() else { return };
    let allowed = format!("allowed: {}", setting.allowed());
    let told = if form.wrong.is_empty() { (allowed.as_str(), dim) } else { (form.wrong.as_str(), bad) };
    let lines = [(setting.doc.as_str(), dim), told];
    let input = area.height.min(2);
    wrapped(paint, &lines, Area { y: area.y + input, height: area.height - input, ..area });
}

/// The paths that are typed, and what came of them.
fn documents(paint: &mut Paint, form: &DocumentsForm, area: Area) {
    const ROWS: u16 = 3;
    line_input(paint, &form.input, area.top(area.height.saturating_sub(ROWS)));
    let (told, role) = match &form.reading {
        Reading::NotYet => ("files, one after the other; a name with blanks in it stands \"in quotes\"", Role::Dim),
        Reading::UnderWay if form.progress.is_empty() => ("reading…", Role::Dim),
        Reading::UnderWay => (form.progress.as_str(), Role::Dim),
        Reading::Refused(why) => (why.as_str(), Role::Bad),
    };
    let style = paint.style(role);
    let lines: Vec<_> = told.lines().map(|line| (line, style)).collect();
    let below = area.height.min(ROWS);
    wrapped(paint, &lines, Area { y: area.y + area.height - below, height: below, ..area });
}

fn wrapped(paint: &mut Paint, lines: &[(&str, Style)], area: Area) {
    let rows = lines.iter().flat_map(|(line, style)| {
        wrap(line, usize::from(area.width)).into_iter().map(move |part| (&line[part], *style))
    });
    for ((text, style), y) in rows.zip(area.y..area.y + area.height) {
        paint.text(area.x, y, area.width, text, style);
    }
}

/// What is asked, and in the last rows what each key does about it: where there is little room, the words are cut.
fn question(paint: &mut Paint, model: &Model, area: Area) {
    const KEYS: u16 = 5;
    let Some(question) = model.question() else { return };
    let under = area.height.min(question.choices.len() as u16);
    let (text, key) = (paint.style(Role::Text), paint.style(Role::Key));
    for (line, y) in question.rows(usize::from(area.width)).iter().zip(area.y..area.y + area.height - under) {
        paint.text(area.x, y, area.width, line, text);
    }
    for ((action, does), y) in question.choices.iter().zip(area.y + area.height - under..) {
        paint.text(area.x, y, area.width, &model.key_for(*action), key);
        paint.text(area.x + KEYS, y, area.width.saturating_sub(KEYS), does, text);
    }
}

/// Keys and what each does: whole, or not at all. What no key is bound to is not offered.
pub fn keys(paint: &mut Paint, model: &Model, area: Area, said: &[(Action, &str)]) {
    const GAP: u16 = 3;
    let mut x = 0;
    for (action, does) in said {
        let key = model.key_for(*action);
        let wide = (width(&key) + 1 + width(does)) as u16;
        if key.is_empty() {
            continue;
        }
        if x + wide > area.width {
            return;
        }
        let taken = paint.text(area.x + x, area.y, wide, &key, paint.style(Role::Key));
        paint.text(area.x + x + taken + 1, area.y, wide - taken - 1, does, paint.style(Role::Dim));
        x += wide + GAP;
    }
}

/// What is typed, over as many rows as it has, with the cursor's cell reversed.
pub(super) fn line_input(paint: &mut Paint, input: &LineInput, area: Area) {
    let ground = paint.style(Role::Input);
    paint.tint(area, ground);
    if area.width < 2 || area.height == 0 {
        return;
    }
    let mut cells: Vec<(usize, String, u16)> = Vec::new();
    for glyph in glyphs(&input.text) {
        cells.push((glyph.bytes.start, glyph.text.into_owned(), glyph.width as u16));
    }
    cells.push((input.text.len(), " ".into(), 1));
    // Rows are filled to the edge; those with the cursor are in sight.
    let (mut row, mut x, mut placed, mut cursor_row) = (0usize, 0u16, Vec::new(), 0);
    for (at, text, wide) in cells {
        let ends = input.text.as_bytes().get(at) == Some(&b'\n');
        let (text, wide) = if ends { (" ".to_owned(), 1) } else { (text, wide) };
        if x + wide > area.width {
            row += 1;
            x = 0;
        }
        if at <= input.cursor {
            cursor_row = row;
        }
        placed.push((at, text, row, x));
        x += wide;
        if ends {
            (row, x) = (row + 1, 0);
        }
    }
    let first = (cursor_row + 1).saturating_sub(usize::from(area.height));
    for (at, text, row, x) in placed {
        let Some(y) = row.checked_sub(first).filter(|y| *y < usize::from(area.height)) else { continue };
        let style = match at == input.cursor {
            true => ground.patch(Style::default().add_modifier(Modifier::REVERSED)),
            false => ground,
        };
        paint.text(area.x + x, area.y + y as u16, area.width - x, &text, style);
    }
}
