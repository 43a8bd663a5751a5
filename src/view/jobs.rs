//! The Jobs pane: tallies, a gauge, utilization, and the rows in sight.

use super::glyphs::Glyph;
use super::paint::Paint;
use super::pane::title;
use super::theme::Role;
use crate::app::{Area, Model, Pane, job_word, reader_name, short_bytes, width};
use crate::protocol::{EngineSample, FleetSample, GpuSample, Outcome, Round, Tally, UtilizationSample};

pub fn draw(paint: &mut Paint, model: &Model) {
    let area = model.inside(Pane::Jobs);
    if model.layout().pane(Pane::Jobs).is_empty() {
        return;
    }
    let about = model.state.opened.as_ref().map(|opened| reader_name(&opened.local)).unwrap_or_default();
    title(paint, model, Pane::Jobs, &about, &place(model));
    let tally = model.jobs_round().map(Round::tally).unwrap_or_default();
    tallies(paint, model, area.top(1), &tally);
    gauge(paint, area.below(1).top(1), &tally);
    utilization(paint, model, area.below(2).top(model.utilization_lines()));
    list(paint, model);
}

fn place(model: &Model) -> String {
    let Some(round) = model.jobs_round() else { return String::new() };
    let filter = match model.jobs.filter.name() {
        "all" => String::new(),
        name => format!("{name} · "),
    };
    format!("{filter}round {}/{}", round.number, model.state.rounds.len())
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
    let told = |between: &str, short: bool| -> Vec<(String, Role)> {
        let some = parts.into_iter().filter(|(count, ..)| *count > 0).enumerate();
        some.map(|(at, (count, long, brief, role))| {
            let word = if short { brief } else { long };
            (format!("{}{count} {word}", if at > 0 { between } else { "" }), role)
        })
        .collect()
    };
    let fits = |told: &Vec<(String, Role)>| told.iter().map(|(text, _)| width(text)).sum::<usize>() <= room;
    let told = [told(" · ", false), told(" · ", true)].into_iter().find(fits).unwrap_or_else(|| told(" ", true));
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
    let trouble = tally.malformed + tally.truncated + tally.failed + tally.cancelled;
    let parts = [
        (tally.answered, Glyph::Answered, Role::GaugeAnswered),
        (tally.abstained, Glyph::Abstained, Role::GaugeAbstained),
        (trouble, Glyph::Trouble, Role::GaugeTrouble),
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

fn utilization(paint: &mut Paint, model: &Model, area: Area) {
    let nothing = UtilizationSample::default();
    let sample = model.state.utilization.as_ref().unwrap_or(&nothing);
    if area.is_empty() {
        return;
    }
    let half = area.width / 2;
    let cpu = sample.cpu_percent.map_or("n/a".into(), |percent| format!("{percent:.0}%"));
    let cpus = model.samples.iter().filter_map(|sample| sample.cpu_percent);
    meter(paint, Area { width: half, ..area }, "cpu", &cpu, cpus);
    let memory = memory(sample.memory_used_bytes, sample.memory_total_bytes);
    let memories = model.samples.iter().filter_map(|s| share(s.memory_used_bytes, s.memory_total_bytes));
    meter(paint, area.after(half), "mem", &memory, memories);
    if sample.gpus.is_empty() && area.height > 1 {
        meter(paint, area.below(1), "gpu", "n/a", std::iter::empty());
    }
    let last = area.below(area.height - 1);
    let workers = u16::from((sample.engine.is_some() || sample.fleet.is_some()) && area.height > 2);
    if let Some(engine) = sample.engine.as_ref().filter(|_| workers > 0) {
        let full = |s: &UtilizationSample| s.engine.as_ref().and_then(|e| share(Some(e.cells_used), Some(e.cells)));
        let values = model.samples.iter().filter_map(full);
        meter(paint, last, "engine", &engine_words(engine), values);
    } else if let Some(fleet) = sample.fleet.as_ref().filter(|_| workers > 0) {
        let full = |s: &UtilizationSample| {
            s.fleet.as_ref().and_then(|f| share(Some(f.in_flight.into()), Some(f.allowed.into())))
        };
        meter(paint, last, "fleet", &fleet_words(fleet), model.samples.iter().filter_map(full));
    }
    let room = area.height.saturating_sub(1 + workers);
    for (at, gpu) in sample.gpus.iter().enumerate().take(usize::from(room)) {
        let busy = model.samples.iter().filter_map(|sample| sample.gpus.get(at)?.busy_percent);
        meter(paint, area.below(1 + at as u16), &format!("gpu{at}"), &gpu_words(gpu), busy);
    }
}

fn meter(paint: &mut Paint, area: Area, name: &str, words: &str, values: impl DoubleEndedIterator<Item = f32>) {
    let room = area.width.saturating_sub(2);
    let mut at = paint.text(area.x + 1, area.y, room, &format!("{name:<4} "), paint.style(Role::Dim));
    at += paint.text(area.x + 1 + at, area.y, room.saturating_sub(at), words, paint.style(Role::Text));
    let left = room.saturating_sub(at + 2);
    let values: Vec<f32> = values.rev().take(usize::from(left.min(24))).collect();
    let cells = values.len() as u16;
    let style = paint.style(Role::Spark);
    paint.spark(area.x + 1 + at + 1, area.y, cells, values.into_iter().rev(), style);
}

fn engine_words(engine: &EngineSample) -> String {
    if let Some(loading) = engine.loading {
        return format!("loading the model, {:.0}%", loading * 100.0);
    }
    let rate = |rate: Option<f32>| rate.map_or("–".into(), |rate| format!("{rate:.0}"));
    let saved = match engine.prompt_asked {
        0 => String::new(),
        asked => {
            format!(" · {:.0}% read once for several", 100.0 - engine.prompt_evaluated as f64 * 100.0 / asked as f64)
        }
    };
    format!(
        "{} live, {} wait · read {}/s write {}/s · cache {:.0}%{saved}",
        engine.live,
        engine.waiting,
        rate(engine.prefill_per_s),
        rate(engine.decode_per_s),
        engine.cells_used as f64 * 100.0 / engine.cells.max(1) as f64
    )
}

fn fleet_words(fleet: &FleetSample) -> String {
    let servers = match (fleet.servers, fleet.up) {
        (1, 1) => "1 server".to_owned(),
        (1, _) => "server away".to_owned(),
        (servers, up) => format!("{up} of {servers} servers"),
    };
    let mut words = format!("{servers} · {} of {} in flight", fleet.in_flight, fleet.allowed);
    let few = |rate: f32| if rate < 10.0 { format!("{rate:.1}") } else { format!("{rate:.0}") };
    if let (Some(answers), Some(tokens)) = (fleet.answers_per_s, fleet.tokens_per_s) {
        words += &format!(" · {} jobs/s {} tok/s", few(answers), few(tokens));
    }
    for (count, what) in [(fleet.cut, "cut"), (fleet.refused, "refused"), (fleet.moved, "moved")] {
        if count > 0 {
            words += &format!(" · {count} {what}");
        }
    }
    words
}

fn share(used: Option<u64>, total: Option<u64>) -> Option<f32> {
    Some(used? as f32 * 100.0 / total.filter(|total| *total > 0)? as f32)
}

fn memory(used: Option<u64>, total: Option<u64>) -> String {
    match (used, total) {
        (Some(used), Some(total)) => format!("{} of {}", short_bytes(used), short_bytes(total)),
        (Some(used), None) => short_bytes(used),
        (None, _) => "n/a".into(),
    }
}

/// A GPU in words, without its sparkline.
fn gpu_words(gpu: &GpuSample) -> String {
    let mut words = vec![gpu.busy_percent.map_or("n/a".into(), |percent| format!("{percent:.0}%"))];
    words.push(memory(gpu.memory_used_bytes, gpu.memory_total_bytes));
    words.extend(gpu.watts.map(|watts| format!("{watts:.0} W")));
    words.extend(gpu.celsius.map(|celsius| format!("{celsius:.0} °C")));
    words.join(" · ")
}

/// Columns: cursor, id, state, place, task, then what the job says.
fn list(paint: &mut Paint, model: &Model) {
    let area = model.jobs_list();
    let Some(round) = model.jobs_round() else { return };
    if area.is_empty() || round.jobs.is_empty() {
        return;
    }
    let listed = model.listed_jobs();
    let id_width = (round.number.to_string().len() + 1 + round.jobs.len().to_string().len()).max(4) as u16;
    let columns = [2, id_width + 1, 13, 9, 5];
    let names = ["", "job", "state", "reads", "task"];
    let head = area.y.saturating_sub(1);
    let mut x = area.x;
    for (name, width) in names.into_iter().zip(columns) {
        paint.text(x, head, width.min(area.x + area.width - x.min(area.x + area.width)), name, paint.style(Role::Dim));
        x += width;
    }
    let said = (area.x + area.width).saturating_sub(x + 1);
    paint.text(x, head, said, "says", paint.style(Role::Dim));
    if listed.is_empty() {
        let words = format!("no job is {} here; f shows others", model.jobs.filter.name());
        paint.text(area.x + 2, area.y, area.width.saturating_sub(2), &words, paint.style(Role::Dim));
    }
    let focused = model.focus == Pane::Jobs && model.overlay.is_none();
    let rows = listed.iter().enumerate().skip(model.jobs.top);
    for (y, (at, index)) in (area.y..area.y + area.height).zip(rows) {
        let Some(job) = round.jobs.get(*index as usize) else { continue };
        let (mark, tone, word) = job_word(job);
        let style = paint.theme.tone(tone);
        let dim = paint.style(Role::Dim);
        let right = area.x + area.width;
        let mut x = area.x + columns[0];
        let room = |x: u16, width: u16| width.min(right.saturating_sub(x));
        paint.text(x, y, room(x, columns[1]), &format!("{}.{index}", round.number), dim);
        x += columns[1];
        paint.glyph(x.min(right.saturating_sub(1)), y, Glyph::Mark(mark), style);
        paint.text(x + 2, y, room(x + 2, columns[2] - 2), word, style);
        x += columns[2];
        paint.text(x, y, room(x, columns[3] - 1), &model.place_of(round.chunk_of(job)), dim);
        x += columns[3];
        paint.text(x, y, room(x, columns[4]), &format!("t{}", job.task), dim);
        x += columns[4];
        let answered = matches!(job.outcome(), Some(Outcome::Answered { .. }));
        let said_style = paint.style(if answered { Role::Text } else { Role::Dim });
        let room = right.saturating_sub(x + 1);
        let mut from = x;
        let cited = job.outcome().and_then(Outcome::output).is_some_and(|output| output.citation.is_some());
        if answered && cited && job.outcome().and_then(Outcome::located).is_none() {
            from += paint.text(from, y, room, "NOT FOUND ", paint.style(Role::Bad));
        }
        paint.text(from, y, right.saturating_sub(from + 1), &model.job_gist(job, usize::from(room)), said_style);
        if at == model.jobs.cursor {
            let style = paint.style(if focused { Role::CursorFocused } else { Role::Cursor });
            paint.tint(Area::new(area.x, y, area.width, 1), style);
            let mark = paint.style(Role::Accent);
            if focused {
                paint.glyph(area.x, y, Glyph::Cursor, mark);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_servers_do_is_told_in_a_line() {
        let one = FleetSample { servers: 1, up: 1, in_flight: 3, allowed: 8, ..FleetSample::default() };
        assert_eq!(fleet_words(&one), "1 server · 3 of 8 in flight");
        assert_eq!(fleet_words(&FleetSample { up: 0, ..one.clone() }), "server away · 3 of 8 in flight");
        let many = FleetSample {
            servers: 3,
            up: 2,
            answers_per_s: Some(3.26),
            tokens_per_s: Some(410.4),
            refused: 4,
            cut: 1,
            ..one
        };
        assert_eq!(fleet_words(&many), "2 of 3 servers · 3 of 8 in flight · 3.3 jobs/s 410 tok/s · 1 cut · 4 refused");
    }
}
