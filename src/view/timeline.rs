//! The timeline of rounds and their steps, and the scrubber of a replay.

use super::glyphs::{Glyph, glyph};
use super::paint::Paint;
use super::theme::Role;
use crate::app::{
    Area, Mark, Model, Player, StepState, TimelineRound, TimelineStep, headline, scrubber_track, timeline, track_cell,
    width,
};

/// How much of a round is told.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Detail {
    /// Every step with its name.
    Names,
    /// The current step with its name, the others as marks.
    Current,
    /// Marks only.
    Marks,
}

type Part = (String, Role);

pub fn draw(paint: &mut Paint, model: &Model) {
    let area = model.layout().timeline;
    if area.is_empty() {
        return;
    }
    let rounds = timeline(&model.state);
    let Some((newest, earlier)) = rounds.split_last() else {
        paint.text(1, area.y, area.width, "no round yet", paint.style(Role::Dim));
        return;
    };
    let room = usize::from(area.width.saturating_sub(2));
    let mut before: Vec<Part> = Vec::new();
    for round in earlier {
        before.extend(parts(paint, round, Detail::Marks));
        before.push(("   ".into(), Role::Dim));
    }
    let end = ending(paint, model);
    let fits = |detail| {
        let all = before.iter().chain(&end).map(|(text, _)| width(text)).sum::<usize>();
        all + parts(paint, newest, detail).iter().map(|(text, _)| width(text)).sum::<usize>() <= room
    };
    let detail = [Detail::Names, Detail::Current].into_iter().find(|detail| fits(*detail)).unwrap_or(Detail::Marks);
    let line: Vec<Part> = before.into_iter().chain(parts(paint, newest, detail)).chain(end).collect();
    let mut x = area.x + 1;
    for (text, role) in line {
        let style = paint.style(role);
        x += paint.text(x, area.y, (area.x + area.width).saturating_sub(x), &text, style);
    }
}

fn ending(paint: &Paint, model: &Model) -> Vec<Part> {
    if model.state.ending().is_none() {
        return Vec::new();
    }
    let end = headline(model);
    let mark = glyph(Glyph::Mark(end.mark), paint.ascii);
    let role = if end.mark == Mark::Done { Role::Good } else { Role::Warning };
    vec![("  ".into(), Role::Dim), (format!("{mark} {}", end.word), role)]
}

fn parts(paint: &Paint, round: &TimelineRound, detail: Detail) -> Vec<Part> {
    let mut parts = vec![(format!("Round {} ", round.number), Role::Heading)];
    for (at, step) in round.steps.iter().enumerate() {
        if at > 0 && detail == Detail::Names {
            parts.push((format!(" {} ", glyph(Glyph::Join, paint.ascii)), Role::Rule));
        }
        let (mark, role) = look(step);
        let sign = glyph(Glyph::Mark(mark), paint.ascii);
        let named = detail == Detail::Names || detail == Detail::Current && step.state == StepState::Current;
        parts.push(match named {
            true if step.note.is_empty() => (format!("{sign} {}", step.name), role),
            true => (format!("{sign} {} {}", step.name, step.note), role),
            false => (sign.to_owned(), role),
        });
        if named && detail == Detail::Current {
            parts.push((" ".into(), Role::Dim));
        }
    }
    parts
}

fn look(step: &TimelineStep) -> (Mark, Role) {
    match step.state {
        StepState::Done => (Mark::Done, Role::Good),
        StepState::Current => (Mark::Current, Role::TabCurrent),
        StepState::Waiting => (Mark::Dot, Role::Dim),
        StepState::Failed => (Mark::Failed, Role::Bad),
    }
}

/// Play or pause, speed, the track with its knob, and the record it stands at.
pub fn scrubber(paint: &mut Paint, model: &Model) {
    let Area { x, y, width, height } = model.layout().scrubber;
    let Some(player) = model.player().filter(|_| height > 0) else { return };
    let sign = if player.playing { Glyph::Play } else { Glyph::Pause };
    let accent = paint.style(Role::Accent);
    paint.glyph(x + 1, y, sign, accent);
    let speed = if paint.ascii { speed(player).replace('×', "x") } else { speed(player) };
    paint.text(x + 3, y, 6, &speed, paint.style(Role::Strong));
    let (begin, cells) = scrubber_track(width);
    let cell = |position| track_cell(cells, position, player.len);
    let knob = cell(player.position);
    let rest = paint.style(Role::Rule);
    paint.line(x + begin, y, knob, Glyph::TrackDone, accent);
    paint.line(x + begin + knob, y, cells.saturating_sub(knob), Glyph::TrackRest, rest);
    for round in &model.rounds_at {
        let style = if *round <= player.position { accent } else { rest };
        paint.glyph(x + begin + cell(*round), y, Glyph::RoundBegins, style);
    }
    // The range that is played again stands out by its ends and its look, with the record numbers behind the track.
    if player.repeat != (None, None) {
        let (from, to) = (player.repeat.0.unwrap_or(0), player.repeat.1.unwrap_or(player.len));
        let (left, right) = (cell(from), cell(to));
        let style = paint.style(Role::Warning);
        paint.line(x + begin + left, y, right.saturating_sub(left), Glyph::TrackRange, style);
        paint.glyph(x + begin + left, y, Glyph::RangeFrom, style);
        paint.glyph(x + begin + right, y, Glyph::RangeTo, style);
    }
    paint.glyph(x + begin + knob, y, Glyph::Knob, accent);
    let room = width.saturating_sub(begin + cells + 1);
    let (at, len) = (player.position, player.len);
    let told = match player.repeat {
        (None, None) => [format!("{at} of {len} records"), format!("{at}/{len}")],
        (from, to) => {
            let range = format!("loop {}–{}", from.unwrap_or(0), to.unwrap_or(len));
            [format!("{at} of {len} records · {range}"), format!("{at} {range}")]
        }
    };
    let told = told.iter().find(|told| crate::app::width(told) < usize::from(room)).unwrap_or(&told[1]);
    paint.text(x + begin + cells + 1, y, room, told, paint.style(Role::Dim));
}

fn speed(player: &Player) -> String {
    if player.speed.is_infinite() { "max".into() } else { format!("{}×", player.speed) }
}
