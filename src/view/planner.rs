//! The Planner pane.

use super::paint::Paint;
use super::pane;
use super::theme::Role;
use crate::app::{Model, Pane, planner_name, wrap};

pub fn draw(paint: &mut Paint, model: &Model) {
    let area = model.inside(Pane::Planner);
    if model.layout().pane(Pane::Planner).is_empty() {
        return;
    }
    let about = model.state.remote().map(planner_name).unwrap_or_default();
    let place = pane::place(&model.planner.rows, area.height);
    pane::title(paint, model, Pane::Planner, &about, &place);
    if model.planner.rows.rows.is_empty() {
        let text = "What is said to the planner, and what it says, comes here.";
        let room = area.width.saturating_sub(3);
        for (line, y) in wrap(text, usize::from(room).max(1)).into_iter().zip(area.y + 1..area.y + area.height) {
            paint.text(area.x + 2, y, room, text[line].trim_end(), paint.style(Role::Dim));
        }
    }
    pane::rows(paint, &model.planner.rows, area, model.focus == Pane::Planner && model.overlay.is_none());
}
