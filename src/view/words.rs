//! A screen too small for panes: what it is, and how it stands, in a few words.

use super::glyphs::{Glyph, glyph, spinner};
use super::paint::Paint;
use super::theme::Role;
use crate::app::{Model, Overlay, gist, headline};
use crate::protocol::Round;

pub fn draw(paint: &mut Paint, model: &Model) {
    let head = headline(model);
    let sign =
        if model.is_busy() { spinner(model.now_ms, paint.ascii) } else { glyph(Glyph::Mark(head.mark), paint.ascii) };
    let tone = paint.theme.tone(head.tone);
    let mut lines = vec![(format!("{sign} {}", head.word), tone)];
    match &model.overlay {
        Some(Overlay::Quit) => lines.push(("quit? y or n".into(), paint.style(Role::Key))),
        Some(Overlay::Stop) => lines.push(("stop? y or n".into(), paint.style(Role::Key))),
        Some(Overlay::Consent) => lines.push(("send it all? y or n".into(), paint.style(Role::Key))),
        Some(_) => lines.push(("esc: back".into(), paint.style(Role::Key))),
        None => {}
    }
    let said = model.state.answer.as_ref().and_then(|answer| answer.answer.as_ref());
    lines.push((format!("answer: {}", if said.is_some() { "yes" } else { "no" }), paint.style(Role::Strong)));
    if let Some(said) = said {
        lines.push((gist(said, usize::from(model.width)), paint.style(Role::Text)));
    }
    if let Some(tally) = model.jobs_round().map(Round::tally).filter(|tally| tally.planned > 0) {
        let done = tally.planned - tally.running - tally.waiting;
        lines.push((format!("jobs {done}/{}", tally.planned), paint.style(Role::Text)));
    }
    if let Some(paid) = model.figures.paid.filter(|paid| !paid.planner.unpriced) {
        lines.push((format!("spent {}", paid.told()), paint.style(Role::Dim)));
    }
    lines.push(("minions: enlarge me".into(), paint.style(Role::Dim)));
    for ((text, style), y) in lines.into_iter().zip(0..model.height) {
        paint.text(0, y, model.width, &text, style);
    }
}
