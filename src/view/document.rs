//! The Document pane: only visible lines are wrapped, and only their cells are tinted.

use ratatui::style::Style;

use super::glyphs::Glyph;
use super::map;
use super::paint::Paint;
use super::pane::title;
use super::theme::Role;
use crate::app::{
    Area, By, DocumentRow, Highlight, Mark, Model, OpenDocument, Pane, Tint, counted, glyphs, gutter, short_bytes,
    span_at,
};
use crate::document::Span;

pub fn draw(paint: &mut Paint, model: &Model) {
    let area = model.inside(Pane::Document);
    if model.layout().pane(Pane::Document).is_empty() {
        return;
    }
    let Some(open) = model.shown_document() else {
        title(paint, model, Pane::Document, "no document", "");
        let text = match model.state.opened {
            Some(_) => "The text of the documents is not at hand.",
            None => "No document is named yet.",
        };
        paint.text(area.x + 2, area.y + 1, area.width.saturating_sub(2), text, paint.style(Role::Dim));
        return;
    };
    title(paint, model, Pane::Document, &about(model, open), &place(model));
    let gutter = gutter(open);
    let text = area.after(gutter);
    let width = usize::from(text.width.saturating_sub(model.map_columns() + 1)).max(1);
    let rows = open.lines.visible(&open.document, model.document.top, model.wrap_width(), usize::from(area.height));
    let matches = visible_matches(model, open, &rows);
    let selected = model.selected();
    let by_lines = model.document.selection.is_some_and(|selection| selection.by == By::Lines);
    for (line, row) in (0..area.height).zip(&rows) {
        let y = area.y + line;
        match row {
            DocumentRow::Page(page) => page_mark(paint, area, gutter, model.map_columns() + 1, y, *page),
            DocumentRow::Text { bytes, number } => {
                draw_gutter(paint, model, area.x, y, gutter, (bytes.start, bytes.end), *number);
                let words = open.document.text.get(bytes.clone()).unwrap_or_default();
                draw_words(paint, model, (text.x, y, width as u16), words, bytes.start, &matches);
                if by_lines && selected.is_some_and(|span| (span.start..=span.end).contains(&bytes.start)) {
                    let style = paint.style(Role::CursorFocused);
                    paint.tint(Area::new(area.x, y, gutter + width as u16, 1), style);
                }
            }
        }
    }
    map::draw(paint, model, seen_bytes(&rows));
}

fn about(model: &Model, open: &OpenDocument) -> String {
    let count = model.documents.len();
    let which = if count > 1 { format!("{}/{count} ", model.document.shown + 1) } else { String::new() };
    if let Some(selected) = model.selected_words() {
        return format!("{which}{selected} selected · {}", open.document.name);
    }
    let length = open.document.text.len();
    let lines = match open.lines.is_whole() {
        true => counted(open.lines.numbered(), "line"),
        false => format!("finding lines: {}%", open.lines.known() as u64 * 100 / length.max(1) as u64),
    };
    let asked = model.part_words().map_or(String::new(), |part| format!(" · asked of {part} only"));
    let pinned = model.pinned_words().map_or(String::new(), |lines| format!(" · {lines} pinned"));
    let changed = open.change.map_or(String::new(), |change| format!(" {}", change.happened()));
    let mut about =
        format!("{which}{}{changed}{asked}{pinned} · {} · {lines}", open.document.name, short_bytes(length as u64));
    // A planner that runs here sends nothing anywhere.
    let left = if model.state.asked_a_model() { "sent" } else { "would leave" };
    for (tint, word) in [(Tint::Left, left), (Tint::Cited, "cited"), (Tint::Read, "read")] {
        let share = model.share_of(tint);
        if share.spans > 0 {
            about.push_str(&format!(" · {word} {}", share.percent()));
        }
    }
    about
}

/// Page and per cent, for the title and the tab.
pub fn place(model: &Model) -> String {
    match model.document_place() {
        Some((percent, Some((page, pages)))) => format!("p {page}/{pages} · {percent}%"),
        Some((percent, None)) => format!("{percent}%"),
        None => String::new(),
    }
}

fn page_mark(paint: &mut Paint, area: Area, gutter: u16, beside: u16, y: u16, page: usize) {
    let room = area.width.saturating_sub(gutter + beside);
    let style = paint.style(Role::Rule);
    paint.line(area.x + gutter, y, room, Glyph::Rule, style);
    let words = format!(" page {page} ");
    paint.text(area.x + gutter + 2, y, room.saturating_sub(2), &words, paint.style(Role::Dim));
}

fn draw_gutter(
    paint: &mut Paint,
    model: &Model,
    x: u16,
    y: u16,
    gutter: u16,
    (start, end): (usize, usize),
    number: Option<usize>,
) {
    let marks = model.marks_of(start, end);
    let signs = [
        (marks.read, Glyph::Mark(Mark::Read), Role::MarkRead),
        (marks.left, Glyph::Mark(Mark::Left), Role::MarkLeft),
        (marks.cited, Glyph::Mark(Mark::Cited), Role::MarkCited),
        (marks.highlighted, Glyph::Mark(Mark::GoneTo), Role::Accent),
    ];
    for ((_, sign, role), column) in signs.into_iter().zip([0, 1, 2, 2]).filter(|((on, ..), _)| *on) {
        let style = paint.style(role);
        paint.glyph(x + column, y, sign, style);
    }
    if let Some(number) = number {
        let style = paint.style(Role::LineNumber);
        paint.right(x + 3, y, gutter.saturating_sub(4), &number.to_string(), style);
    }
}

/// The words of one row, cell by cell, each with the tints of its byte.
fn draw_words(
    paint: &mut Paint,
    model: &Model,
    (x, y, room): (u16, u16, u16),
    words: &str,
    start: usize,
    matches: &[(usize, usize)],
) {
    let shown = model.document.shown;
    let highlight = model.document.highlight.map(|Highlight { span, .. }| span).filter(|span| span.document == shown);
    let base = paint.style(Role::Text);
    let selected = model.document.selection.filter(|selection| selection.by != By::Lines).and(model.selected());
    let current = model.search.current.and_then(|at| model.search.matches.get(at).copied());
    let mut column = 0;
    let mut hidden = model.document.left;
    for glyph in glyphs(words) {
        if hidden > 0 {
            hidden = hidden.saturating_sub(glyph.width);
            continue;
        }
        if column + glyph.width as u16 > room {
            break;
        }
        let at = start + glyph.bytes.start;
        let mut style = tints(paint, model, base, at, highlight, matches, current);
        if selected.is_some_and(|span| (span.start..span.end).contains(&at)) {
            style = style.patch(paint.style(Role::CursorFocused));
        }
        column += paint.text(x + column, y, room - column, &glyph.text, style);
    }
}

fn tints(
    paint: &Paint,
    model: &Model,
    base: Style,
    at: usize,
    highlight: Option<Span>,
    matches: &[(usize, usize)],
    current: Option<usize>,
) -> Style {
    let shown = model.document.shown;
    let mut style = base;
    if model.tints.left && span_at(&model.marks.left, shown, at).is_some() {
        style = style.patch(paint.style(Role::TintLeft));
    }
    if model.tints.cited && span_at(&model.marks.cited, shown, at).is_some() {
        style = style.patch(paint.style(Role::TintCited));
    }
    if let Some((from, _)) = matches.iter().find(|(from, to)| (*from..*to).contains(&at)) {
        let role = if current == Some(*from) { Role::Highlight } else { Role::Match };
        style = style.patch(paint.style(role));
    }
    if highlight.is_some_and(|span| (span.start..span.end).contains(&at)) {
        style = style.patch(paint.style(Role::Highlight));
    }
    style
}

/// The search's matches among the visible rows.
fn visible_matches(model: &Model, open: &OpenDocument, rows: &[DocumentRow]) -> Vec<(usize, usize)> {
    if !model.search.in_pane(Pane::Document) {
        return Vec::new();
    }
    let (first, end) = seen_bytes(rows);
    let start = open.lines.bytes(&open.document, open.lines.line_of(&open.document, first)).start;
    let text = open.document.text.get(start..end).unwrap_or_default();
    model.search.ranges(text).into_iter().map(|range| (start + range.start, start + range.end)).collect()
}

/// The bytes from the first visible row to the last.
fn seen_bytes(rows: &[DocumentRow]) -> (usize, usize) {
    let mut texts = rows.iter().filter_map(|row| match row {
        DocumentRow::Text { bytes, .. } => Some(bytes),
        DocumentRow::Page(_) => None,
    });
    let Some(first) = texts.next() else { return (0, 0) };
    (first.start, texts.next_back().map_or(first.end, |last| last.end))
}
