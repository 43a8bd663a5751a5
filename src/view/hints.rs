//! The line of hints: keys that do something where the person is, what can follow a key, the rest of a notice.

use super::paint::Paint;
use super::status::in_two;
use super::theme::Role;
use crate::app::{Action, Area, Model, Overlay, Pane, binding_of, width};

/// Keys that do something here, with their names.
pub fn hints(paint: &mut Paint, model: &Model) {
    let area = model.layout().hints;
    if area.is_empty() {
        return;
    }
    if !model.pending.is_empty() {
        return pending(paint, model, area);
    }
    if let Some(told) = told_below(model, area) {
        paint.text(area.x + 1, area.y, area.width.saturating_sub(2), told, paint.style(Role::Warning));
        return;
    }
    for Hint { area, key, name, .. } in placed(model) {
        hint(paint, area.x, area.y, area.x + area.width + 1, &key, name);
    }
}

/// What of a notice stands on the line of the hints.
fn told_below(model: &Model, area: Area) -> Option<&str> {
    let notice = model.notice.as_ref()?;
    // What is open may hide the line that notices stand on.
    let open = model.overlay_area();
    if model.overlay.is_some() && open.y + open.height > model.layout().status.y {
        return Some(&notice.text);
    }
    let (_, rest) = in_two(&notice.text, area);
    Some(rest).filter(|rest| !rest.is_empty())
}

/// What a key does, where that stands.
struct Hint {
    action: Action,
    area: Area,
    key: String,
    name: &'static str,
}

/// The action whose hint stands at this cell.
pub fn hint_at(model: &Model, x: u16, y: u16) -> Option<Action> {
    let told = told_below(model, model.layout().hints).is_some() || !model.pending.is_empty();
    placed(model).into_iter().find(|hint| !told && hint.area.contains(x, y)).map(|hint| hint.action)
}

/// The hints that find room.
fn placed(model: &Model) -> Vec<Hint> {
    let area = model.layout().hints;
    let of = |action: Action, x: u16, key: String, name: &'static str| {
        let wide = (width(&key) + width(name) + 1) as u16;
        Hint { action, area: Area::new(x, area.y, wide, area.height), key, name }
    };
    let mut hints = Vec::new();
    if area.is_empty() {
        return hints;
    }
    // The way to the rest of the keys, and the way out, are always there.
    let always: &[Action] = match &model.overlay {
        None => &[Action::Quit, Action::Help],
        Some(Overlay::Gate(_)) => &[Action::Help],
        Some(_) => &[],
    };
    let mut end = area.x + area.width;
    for action in always {
        let Some((key, name)) = key_and_name(model, *action) else { continue };
        end = end.saturating_sub((width(&key) + width(name) + 4) as u16);
        hints.push(of(*action, end, key, name));
    }
    // Apart from those at the end as from one another.
    let end = if always.is_empty() { end } else { end.saturating_sub(2) };
    let mut x = area.x + 1;
    for action in hinted(model).iter().filter(|action| model.hint_works(**action)) {
        let Some((key, name)) = key_and_name(model, *action) else { continue };
        let hint = of(*action, x, key, name);
        if x + hint.area.width + 1 > end {
            break;
        }
        x += hint.area.width + 3;
        hints.push(hint);
    }
    hints
}

/// The keys pressed so far, and what can follow.
fn pending(paint: &mut Paint, model: &Model, area: Area) {
    let pressed: Vec<String> = model.pending.iter().map(ToString::to_string).collect();
    let end = area.x + area.width;
    let mut x = area.x + 1;
    x += paint.text(x, area.y, end.saturating_sub(x), &pressed.join(" "), paint.style(Role::Strong));
    x += paint.text(x, area.y, end.saturating_sub(x), " then  ", paint.style(Role::Dim));
    for (key, label) in model.keymap.following(&model.contexts(), &model.pending) {
        match hint(paint, x, area.y, end, &key.to_string(), &label) {
            0 => break,
            taken => x += taken,
        }
    }
}

/// Nothing where no key is bound to the action.
fn key_and_name(model: &Model, action: Action) -> Option<(String, &'static str)> {
    let keys = model.keymap.first_keys(action)?;
    let name = match action {
        Action::Pause if model.is_running() && model.state.pause.is_some() => "go on",
        _ => binding_of(action)?.name,
    };
    Some((keys.to_string(), name))
}

/// Draws a key and what it does; nothing when it does not fit before `end`. Gives the cells it took.
fn hint(paint: &mut Paint, x: u16, y: u16, end: u16, key: &str, name: &str) -> u16 {
    let wide = (width(key) + width(name) + 1) as u16;
    if x + wide + 1 > end {
        return 0;
    }
    let at = paint.text(x, y, end - x, key, paint.style(Role::Key));
    paint.text(x + at + 1, y, end - x - at, name, paint.style(Role::Dim));
    wide + 3
}

fn hinted(model: &Model) -> &'static [Action] {
    use Action as A;
    match (&model.overlay, model.player(), model.focus) {
        (Some(Overlay::Gate(_)), Some(_), _) => &[A::LookAround, A::Down, A::Up, A::PageDown, A::GateForward, A::Fork],
        (Some(Overlay::Gate(_)), ..) => super::gate::hinted(model.at_gate().map(|(_, held)| held.gate())),
        (Some(Overlay::GateText(_) | Overlay::ForkText(_)), ..) => &[],
        (Some(Overlay::Budget), ..) => &[A::SpendOnce, A::RaiseBudget, A::EndRun, A::Postpone],
        (Some(Overlay::Consent), ..) => &[A::SendDocuments, A::KeepDocuments],
        // A list says itself what its keys do.
        (Some(Overlay::Picker(_) | Overlay::Question(_)), ..) => &[],
        (
            Some(
                Overlay::Note { .. }
                | Overlay::Setting(_)
                | Overlay::Documents(_)
                | Overlay::Search(_)
                | Overlay::Amount(_)
                | Overlay::GoTo(_),
            ),
            ..,
        ) => &[A::Submit, A::Leave, A::EraseWord, A::EraseLine],
        (Some(Overlay::Quit | Overlay::Stop | Overlay::Interrupted), ..) => &[A::Confirm, A::Decline],
        (Some(Overlay::Job { .. }), ..) => {
            &[A::Show, A::RetryJob, A::CancelJob, A::Copy, A::Search, A::Down, A::Up, A::Dismiss]
        }
        (Some(Overlay::Help(_)), ..) => &[A::Search, A::Down, A::Up, A::PageDown, A::PageUp, A::Dismiss],
        (Some(Overlay::Ledger(_)), ..) => &[A::Search, A::Down, A::Up, A::PageDown, A::PageUp, A::Copy, A::Dismiss],
        (Some(Overlay::SideBySide(_)), ..) => &[A::Left, A::Right, A::Open, A::Down, A::Up, A::Copy, A::Dismiss],
        (Some(Overlay::Comparison { rounds: Some(_), .. }), ..) => &[A::Left, A::Right, A::Down, A::Up, A::Dismiss],
        (Some(_), ..) => &[A::Search, A::Down, A::Up, A::PageDown, A::PageUp, A::Dismiss],
        (None, Some(_), _) if model.at_gate().is_some() => {
            &[A::Play, A::AtGate, A::GateBack, A::GateForward, A::StepForward, A::Fork, A::NextPane]
        }
        (None, Some(_), Pane::Jobs) => {
            &[A::Play, A::Open, A::Show, A::JobGrid, A::Sort, A::Filter, A::RoundForward, A::Faster, A::NextPane]
        }
        (None, _, Pane::Document) if model.document.selection.is_some() => {
            &[A::Ask, A::Copy, A::Down, A::Up, A::PageDown, A::PageUp, A::Dismiss]
        }
        (None, Some(_), _) => &[
            A::Play,
            A::StepBack,
            A::StepForward,
            A::RoundForward,
            A::Faster,
            A::Slower,
            A::RepeatFrom,
            A::RepeatTo,
            A::NextPane,
        ],
        (None, None, _) if model.budget_reached().is_some() || model.interrupted().is_some() => {
            &[A::Budget, A::StopRun, A::Open, A::NextPane, A::Search, A::Zoom]
        }
        (None, None, _) if model.is_running() && model.state.pause.is_some() && model.at_gate().is_none() => {
            &[A::Pause, A::StopRun, A::Steps, A::Open, A::NextPane, A::Search, A::Zoom]
        }
        (None, None, _) if model.at_gate().is_some() => {
            &[A::AtGate, A::Steps, A::StopRun, A::Open, A::NextPane, A::Search, A::Zoom]
        }
        (None, None, Pane::Document) => {
            &[A::Search, A::NextMatch, A::GoTo, A::Outline, A::Select, A::Wrap, A::TintRead, A::TintCited, A::TintLeft]
        }
        (None, None, Pane::Jobs) => {
            &[A::Open, A::Show, A::JobGrid, A::Sort, A::Filter, A::RetryJob, A::CancelJob, A::Search, A::NextPane]
        }
        (None, None, Pane::Planner) if model.is_running() => {
            &[A::StopRun, A::Pause, A::Open, A::Compare, A::NextPane, A::Search, A::Zoom, A::Copy]
        }
        (None, None, Pane::Planner) => &[A::Open, A::Compare, A::Search, A::NextMatch, A::NextPane, A::Zoom, A::Copy],
        (None, None, _) if model.is_running() => {
            &[A::StopRun, A::Pause, A::Open, A::NextPane, A::Search, A::Zoom, A::Copy]
        }
        (None, None, _) => &[A::Ask, A::Open, A::NextPane, A::Search, A::Zoom, A::Copy],
    }
}
