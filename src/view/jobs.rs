//! The Jobs pane: tallies, a gauge, what the machine does, and the rows or cells in sight.

use super::glyphs::Glyph;
use super::paint::Paint;
use super::pane::title;
use super::theme::Role;
use super::{job_grid, load};
use crate::app::{
    Action, Area, Mark, Model, Pane, Sort, gist, job_word, reader_name, short_count, short_time, tokens, width,
};
use crate::protocol::{Job, JobId, Outcome, Redaction, Round, Tally};

pub fn draw(paint: &mut Paint, model: &Model) {
    let area = model.inside(Pane::Jobs);
    if model.layout().pane(Pane::Jobs).is_empty() {
        return;
    }
    let about = model.state.models.now.local.as_ref().map(reader_name).unwrap_or_default();
    title(paint, model, Pane::Jobs, &about, &place(model));
    let tally = model.jobs_round().map(Round::tally).unwrap_or_default();
    tallies(paint, model, area.top(1), &tally);
    gauge(paint, area.below(1).top(1), &tally);
    load::draw(paint, model, area.below(2));
    match model.jobs.as_grid {
        true => job_grid::draw(paint, model),
        false => table(paint, model),
    }
}

fn place(model: &Model) -> String {
    let Some(round) = model.jobs_round() else { return String::new() };
    let narrowed = model.jobs_narrowed();
    let narrowed = if narrowed.is_empty() { narrowed } else { format!("{} · ", gist(&narrowed, 30)) };
    format!("{narrowed}round {}/{}", round.number, model.state.rounds.len())
}

fn tallies(paint: &mut Paint, model: &Model, area: Area, tally: &Tally) {
    if area.is_empty() {
        return;
    }
    let mut x = area.x + 1;
    let end = area.x + area.width.saturating_sub(1);
    if tally.planned == 0 {
        let words = if model.state.rounds.is_empty() { "no jobs yet" } else { "no jobs planned yet in this round" };
        paint.text(x, area.y, end.saturating_sub(x), words, paint.style(Role::Dim));
        return;
    }
    let parts = [
        (tally.planned, "jobs", "jobs", Role::Strong),
        (tally.running, "running", "run", Role::Accent),
        (tally.waiting, "waiting", "wait", Role::Dim),
        (tally.answered, "answered", "answ", Role::Good),
        (tally.abstained, "abstained", "abst", Role::Dim),
        (tally.malformed, "malformed", "malf", Role::Warning),
        (tally.truncated, "truncated", "trunc", Role::Warning),
        (tally.failed, "failed", "fail", Role::Bad),
        (tally.cancelled, "cancelled", "canc", Role::Dim),
    ];
    let room = usize::from(end.saturating_sub(x));
    let trouble = tally.malformed + tally.truncated + tally.failed + tally.cancelled;
    let few = [parts[0], parts[1], parts[2], parts[3], (trouble, "trouble", "trouble", Role::Bad)];
    let told = |parts: &[(u32, &'static str, &'static str, Role)], between: &str, short: bool| -> Vec<(String, Role)> {
        let some = parts.iter().copied().filter(|(count, ..)| *count > 0).enumerate();
        some.map(|(at, (count, long, brief, role))| {
            let word = if short { brief } else { long };
            (format!("{}{count} {word}", if at > 0 { between } else { "" }), role)
        })
        .collect()
    };
    let fits = |told: &Vec<(String, Role)>| told.iter().map(|(text, _)| width(text)).sum::<usize>() <= room;
    let forms = [told(&parts, " · ", false), told(&parts, " · ", true), told(&few, " · ", true)];
    let told = forms.into_iter().find(fits).unwrap_or_else(|| told(&few, " ", true));
    for (text, role) in told {
        let style = paint.style(role);
        x += paint.text(x, area.y, end.saturating_sub(x), &text, style);
    }
}

/// One bar whose parts are the states of the jobs.
fn gauge(paint: &mut Paint, area: Area, tally: &Tally) {
    let cells = u64::from(area.width.saturating_sub(2));
    if area.is_empty() || tally.planned == 0 || cells == 0 {
        return;
    }
    let parts = [
        (tally.answered, Glyph::Answered, Role::GaugeAnswered),
        (tally.abstained, Glyph::Abstained, Role::GaugeAbstained),
        (tally.malformed, Glyph::Malformed, Role::Warning),
        (tally.truncated, Glyph::Truncated, Role::Warning),
        (tally.failed, Glyph::Trouble, Role::GaugeTrouble),
        (tally.cancelled, Glyph::Cancelled, Role::Dim),
        (tally.running, Glyph::Running, Role::GaugeRunning),
        (tally.waiting, Glyph::Unstarted, Role::GaugeWaiting),
    ];
    let (mut counted, mut drawn) = (0u64, 0u64);
    for (count, sign, role) in parts {
        counted += u64::from(count);
        let end = counted * cells / u64::from(tally.planned);
        let style = paint.style(role);
        paint.line(area.x + 1 + drawn as u16, area.y, (end - drawn) as u16, sign, style);
        drawn = end;
    }
}

/// A column of the table: its name, its cells, and the order it stands for.
struct Column {
    name: &'static str,
    width: u16,
    sort: Sort,
}

/// The columns before what the job says, as far as there is room: that by which the jobs are sorted stays.
fn columns(round: &Round, sort: Sort, width: u16) -> Vec<Column> {
    let id = (round.number.to_string().len() + 1 + round.jobs.len().to_string().len()).max(4) as u16;
    let column = |name, width, sort| Column { name, width, sort };
    let mut columns = vec![
        column("job", id + 1, Sort::Order),
        column("state", 13, Sort::State),
        column("reads", 9, Sort::Chunk),
        column("task", 6, Sort::Task),
    ];
    for figure in [column("tokens", 8, Sort::Tokens), column("time", 8, Sort::Time)] {
        if width >= 90 || figure.sort == sort {
            columns.push(figure);
        }
    }
    columns
}

fn table(paint: &mut Paint, model: &Model) {
    let area = model.jobs_list();
    let Some(round) = model.jobs_round() else { return };
    if area.is_empty() || round.jobs.is_empty() {
        return;
    }
    let sort = model.jobs.sort;
    let columns = columns(round, sort, area.width);
    let head = area.y.saturating_sub(1);
    let right = area.x + area.width;
    let mut x = area.x + 2;
    let dim = paint.style(Role::Dim);
    for Column { name, width, sort: by } in &columns {
        let taken = paint.text(x, head, (*width).min(right.saturating_sub(x)), name, dim);
        if *by == sort && x + taken < right {
            let style = paint.style(Role::Accent);
            paint.glyph(x + taken, head, Glyph::Mark(Mark::Unfolded), style);
        }
        x += width;
    }
    paint.text(x, head, right.saturating_sub(x + 1), "says", dim);
    if model.listed_jobs().is_empty() {
        nothing(paint, model, area);
    }
    let (cursor, top) = (model.jobs_cursor(), model.jobs_top());
    let rows = model.listed_jobs().iter().enumerate().skip(top);
    for (y, (at, index)) in (area.y..area.y + area.height).zip(rows) {
        let Some(job) = round.jobs.get(*index as usize) else { continue };
        let row = Area::new(area.x, y, area.width, 1);
        job_row(paint, model, (round, job), JobId { round: round.number, index: *index }, &columns, row);
        if at == cursor {
            let focused = model.focus == Pane::Jobs && model.overlay.is_none();
            let style = paint.style(if focused { Role::CursorFocused } else { Role::Cursor });
            paint.tint(row, style);
            let mark = paint.style(Role::Accent);
            if focused {
                paint.glyph(area.x, y, Glyph::Cursor, mark);
            }
        }
    }
}

/// That no job is listed, and what shows others.
pub fn nothing(paint: &mut Paint, model: &Model, area: Area) {
    let [filter, task, found] =
        [Action::Filter, Action::OnlyTask, Action::OnlyFound].map(|action| model.key_for(action));
    let words = format!("no job here is {}; {filter}, {task} and {found} show others", model.jobs_narrowed());
    paint.text(area.x + 2, area.y, area.width.saturating_sub(2), &words, paint.style(Role::Dim));
}

fn job_row(paint: &mut Paint, model: &Model, of: (&Round, &Job), id: JobId, columns: &[Column], row: Area) {
    let (round, job) = of;
    let (_, tone, word) = job_word(job);
    let (sign, _) = job_grid::look(job);
    let (style, dim) = (paint.theme.tone(tone), paint.style(Role::Dim));
    let right = row.x + row.width;
    let mut x = row.x + 2;
    for Column { width, sort, .. } in columns {
        let room = width.saturating_sub(1).min(right.saturating_sub(x));
        let told = match sort {
            Sort::Order => id.to_string(),
            Sort::State => {
                paint.glyph(x.min(right.saturating_sub(1)), row.y, sign, style);
                paint.text(x + 2, row.y, room.saturating_sub(2), word, style);
                String::new()
            }
            Sort::Chunk => model.place_of(round.chunk_of(job)),
            Sort::Task => format!("t{}", job.task),
            Sort::Tokens if tokens(job) == 0 => String::new(),
            Sort::Tokens => short_count(tokens(job)),
            Sort::Time if job.ms == 0 => String::new(),
            Sort::Time => short_time(job.ms),
        };
        paint.text(x, row.y, room, &told, dim);
        x += width;
    }
    let answered = matches!(job.outcome(), Some(Outcome::Answered { .. }));
    let said_style = paint.style(if answered { Role::Text } else { Role::Dim });
    let room = right.saturating_sub(x + 1);
    let mut from = x;
    let citation = job.outcome().and_then(Outcome::output).and_then(|output| output.citation.as_deref());
    if let Some(citation) = citation.filter(|_| answered && job.outcome().and_then(Outcome::located).is_none()) {
        let (told, role) = match Redaction::is_all_of(citation) {
            true => ("redacted ", Role::Warning),
            false => ("NOT FOUND ", Role::Bad),
        };
        from += paint.text(from, row.y, room, told, paint.style(role));
    }
    paint.text(from, row.y, right.saturating_sub(from + 1), &model.job_gist(job, usize::from(room)), said_style);
}
