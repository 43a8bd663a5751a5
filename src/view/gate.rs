//! What waits at a gate, and what is typed there.

use super::overlay::{self, line_input};
use super::paint::Paint;
use super::pane;
use super::theme::Role;
use crate::app::{Action, Area, GateForm, LineInput, Model};
use crate::protocol::Gate;

/// The rows with their cursor; below them what was left out of sight.
pub fn draw(paint: &mut Paint, form: &GateForm, area: Area) {
    let wider = Area { x: area.x.saturating_sub(1), width: area.width + 2, ..area };
    pane::rows(paint, &form.rows, wider, true);
    let place = pane::place(&form.rows, area.height);
    if !place.is_empty() {
        paint.right(area.x, area.y + area.height, area.width, &format!(" {place} "), paint.style(Role::OverlayRule));
    }
}

/// What is typed, and beneath it what is wrong with it or which keys there are.
pub fn text(paint: &mut Paint, model: &Model, (input, wrong): (&LineInput, &str), area: Area) {
    line_input(paint, input, area.top(area.height.saturating_sub(1)));
    let y = area.y + area.height.saturating_sub(1);
    if !wrong.is_empty() {
        paint.text(area.x, y, area.width, wrong, paint.style(Role::Bad));
        return;
    }
    let said = [
        (Action::Submit, "takes it"),
        (Action::Leave, "back"),
        (Action::NewLine, "a new line"),
        (Action::Editor, "$EDITOR"),
    ];
    overlay::keys(paint, model, Area { y, height: 1, ..area }, &said);
}

/// The keys that do something at this gate, the first ones first.
pub fn hinted(gate: Option<Gate>) -> &'static [Action] {
    use Action as A;
    match gate {
        Some(Gate::Request) => &[A::PassGate, A::RunToEnd, A::EditHeld, A::LookAround, A::StopHere, A::RunToRound],
        Some(Gate::Code) => {
            &[A::PassGate, A::RunToEnd, A::EditHeld, A::SendBack, A::LookAround, A::StopHere, A::RunToRound]
        }
        Some(Gate::Outputs) => &[
            A::PassGate,
            A::RunToEnd,
            A::Tick,
            A::RedactPattern,
            A::EditHeld,
            A::LookAround,
            A::SendBack,
            A::RedactLine,
            A::StopHere,
            A::RunToRound,
        ],
        Some(Gate::Decision) => &[A::PassGate, A::RunToEnd, A::SendBack, A::LookAround, A::StopHere, A::RunToRound],
        None => &[A::LookAround],
    }
}
