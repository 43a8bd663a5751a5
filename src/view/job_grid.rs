//! The jobs as a grid: a cell for each task on each chunk, what the cell under the cursor is, and a legend.

use super::glyphs::Glyph;
use super::jobs::nothing;
use super::paint::Paint;
use super::theme::Role;
use crate::app::{Area, Cell, LABEL, Model, Pane, gist, job_word};
use crate::protocol::{Job, JobState, Outcome, Round};

pub fn draw(paint: &mut Paint, model: &Model) {
    let area = model.grid_area();
    let Some(round) = model.jobs_round().filter(|round| !round.jobs.is_empty()) else { return };
    if area.is_empty() {
        return;
    }
    let (grid, bands) = (model.job_grid(), model.grid_bands());
    let cursor = model.grid_cursor();
    about(paint, model, round, cursor);
    let dim = paint.style(Role::Dim);
    let top = model.grid_top();
    for (y, line) in (area.y..area.y + area.height).zip(top..bands.all) {
        let (first, task) = bands.at(line);
        let Some(task) = task else {
            ruler(paint, model, round, Area { y, height: 1, ..area }, first);
            continue;
        };
        paint.text(area.x + 1, y, LABEL - 1, &format!("t{task}"), dim);
        for (x, chunk) in (area.x + LABEL..area.x + area.width).zip(first..grid.chunks.min(first + bands.columns)) {
            let cell = Cell { chunk, task };
            let job = grid.best(cell).and_then(|at| round.jobs.get(at as usize));
            let (sign, role) = job.map_or((Glyph::Track, Role::Dim), look);
            let style = paint.style(role);
            paint.glyph(x, y, sign, style);
            if cell == cursor {
                let focused = model.focus == Pane::Jobs && model.overlay.is_none();
                let style = paint.style(if focused { Role::Highlight } else { Role::Cursor });
                paint.tint(Area::new(x, y, 1, 1), style);
            }
        }
    }
    if model.listed_jobs().is_empty() {
        nothing(paint, model, area.below(1));
    }
    legend(paint, model.jobs_list().below(area.height), round);
}

/// The sign of a job's state, and its colour.
pub(super) fn look(job: &Job) -> (Glyph, Role) {
    match &job.state {
        JobState::Waiting if job.attempt() > 1 => (Glyph::Retried, Role::Warning),
        JobState::Waiting => (Glyph::Unstarted, Role::GaugeWaiting),
        JobState::Running { .. } => (Glyph::Running, Role::GaugeRunning),
        JobState::Ended(outcome) => match outcome {
            Outcome::Answered { .. } => (Glyph::Answered, Role::GaugeAnswered),
            Outcome::Abstained { .. } => (Glyph::Abstained, Role::GaugeAbstained),
            Outcome::Malformed { .. } => (Glyph::Malformed, Role::Warning),
            Outcome::Truncated { .. } => (Glyph::Truncated, Role::Warning),
            Outcome::Failed { .. } => (Glyph::Trouble, Role::GaugeTrouble),
            Outcome::Cancelled => (Glyph::Cancelled, Role::Dim),
        },
    }
}

/// The cell under the cursor in words, in the place of the table's heads.
fn about(paint: &mut Paint, model: &Model, round: &Round, cursor: Cell) {
    let list = model.jobs_list();
    let y = list.y.saturating_sub(1);
    let mut room = list.width.saturating_sub(2);
    let mut x = list.x + 1;
    let mut say = |paint: &mut Paint, text: &str, style| {
        let taken = paint.text(x, y, room, text, style);
        (x, room) = (x + taken, room.saturating_sub(taken));
    };
    let dim = paint.style(Role::Dim);
    let place = model.place_of(model.job_grid().chunk_at(round, cursor.chunk));
    say(paint, &format!("{place} · t{} ", cursor.task), dim);
    match model.selected_job().and_then(|id| round.job(id)) {
        Some(job) => {
            let (_, tone, word) = job_word(job);
            let style = paint.theme.tone(tone);
            say(paint, word, style);
            let folded = model.job_grid().folded(cursor);
            if folded > 1 {
                say(paint, &format!(", the best of {folded}"), dim);
            }
            let said = model.job_gist(job, usize::from(list.width));
            if !said.is_empty() {
                let style = paint.style(Role::Text);
                say(paint, &format!(" · {said}"), style);
            }
        }
        None => say(paint, "no job", dim),
    }
}

/// Where a band begins.
fn ruler(paint: &mut Paint, model: &Model, round: &Round, area: Area, first: u32) {
    let style = paint.style(Role::Rule);
    let place = model.place_of(model.job_grid().chunk_at(round, first));
    let words = format!("chunk {} of {} · {place} ", first + 1, round.chunks.len());
    let dim = paint.style(Role::Dim);
    let x = area.x + LABEL;
    let taken = paint.text(x, area.y, area.width.saturating_sub(LABEL), &gist(&words, 40), dim) + 1;
    let rest = area.width.saturating_sub(LABEL + taken + 1);
    paint.line(x + taken, area.y, rest, Glyph::Rule, style);
}

/// What the signs mean that are there.
fn legend(paint: &mut Paint, area: Area, round: &Round) {
    if area.is_empty() {
        return;
    }
    let tally = round.tally();
    let retried = round.jobs.iter().filter(|job| matches!(look(job).0, Glyph::Retried)).count() as u32;
    let signs = [
        (tally.answered, Glyph::Answered, Role::GaugeAnswered, "answered"),
        (tally.abstained, Glyph::Abstained, Role::GaugeAbstained, "abstained"),
        (tally.running, Glyph::Running, Role::GaugeRunning, "running"),
        (tally.waiting - retried.min(tally.waiting), Glyph::Unstarted, Role::GaugeWaiting, "waiting"),
        (retried, Glyph::Retried, Role::Warning, "retrying"),
        (tally.failed, Glyph::Trouble, Role::GaugeTrouble, "failed"),
        (tally.malformed, Glyph::Malformed, Role::Warning, "malformed"),
        (tally.truncated, Glyph::Truncated, Role::Warning, "truncated"),
        (tally.cancelled, Glyph::Cancelled, Role::Dim, "cancelled"),
    ];
    let end = area.x + area.width;
    let mut x = area.x + 1;
    for (_, sign, role, word) in signs.into_iter().filter(|(count, ..)| *count > 0) {
        if x + word.len() as u16 + 3 > end {
            return;
        }
        let style = paint.style(role);
        paint.glyph(x, area.y, sign, style);
        x += 2 + paint.text(x + 2, area.y, end - x - 2, word, paint.style(Role::Dim)) + 2;
    }
}
