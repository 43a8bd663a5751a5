//! The Answers pane.

use super::glyphs::Glyph;
use super::paint::Paint;
use super::pane;
use super::theme::Role;
use crate::app::{Action, Area, Headline, Model, Pane, headline, seconds};
use crate::protocol::Phase;

pub fn draw(paint: &mut Paint, model: &Model) {
    if model.layout().pane(Pane::Answers).is_empty() {
        return;
    }
    let list = model.answers_list();
    let cited = model.state.answer.as_ref().map_or(0, |answer| answer.citations.len());
    let about = match (model.state.answer.is_some(), cited) {
        (false, _) => String::new(),
        (true, 1) => "1 citation".into(),
        (true, cited) => format!("{cited} citations"),
    };
    pane::title(paint, model, Pane::Answers, &about, &pane::place(model.answers_pane(), list.height));
    tabs(paint, model);
    if model.answers_head() > 0 {
        waiting(paint, model, model.answers_inside());
    }
    pane::rows(paint, model.answers_pane(), list, model.focus == Pane::Answers && model.overlay.is_none());
}

/// The names of the tabs; that of the one shown stands between brackets, so that it is told without colour. The keys that
/// lead to the others stand at the right where there is room.
fn tabs(paint: &mut Paint, model: &Model) {
    let shown = model.answers_tab();
    let (strip, areas) = (model.inside(Pane::Answers), model.answers_tab_areas());
    if let Some((_, last)) = areas.last() {
        let keys = [Action::Left, Action::Right].map(|action| model.key_for(action));
        let end = last.x + last.width + 2;
        let room = (strip.x + strip.width).saturating_sub(end + 1);
        paint.right(end, strip.y, room, &keys.join(" "), paint.style(Role::Key));
    }
    for (tab, area) in areas {
        let (name, role) = match tab == shown {
            true => (format!("[{}]", tab.name()), Role::Strong),
            false => (format!(" {} ", tab.name()), Role::Dim),
        };
        paint.text(area.x, area.y, area.width, &name, paint.style(role));
    }
}

/// What is being waited for, and for how long.
fn waiting(paint: &mut Paint, model: &Model, area: Area) {
    if area.height == 0 {
        return;
    }
    let Headline { mark, tone, word, detail } = headline(model);
    let style = paint.theme.tone(tone);
    let (x, y) = (area.x + 1, area.y);
    let room = area.width.saturating_sub(2);
    paint.glyph(x, y, Glyph::Mark(mark), style);
    let mut at = 2;
    at += paint.text(x + at, y, room.saturating_sub(at), &format!("{word}  "), style);
    at += paint.text(x + at, y, room.saturating_sub(at), &detail, paint.style(Role::Text));
    if model.is_running() && !matches!(model.state.phase, Phase::New) {
        let time = format!("  {}", seconds(model.waited_ms()));
        paint.text(x + at, y, room.saturating_sub(at), &time, paint.style(Role::Dim));
    }
}
