//! The lines above the jobs: what machine and workers do, each figure with its sparkline, all on one axis of time.

use super::glyphs::Glyph;
use super::paint::Paint;
use super::pane::whole_parts;
use super::theme::Role;
use crate::app::{Area, Axis, Counted, LoadRow, Model, short_bytes, short_count, width};
use crate::protocol::{EngineSample, FleetSample, GpuSample, UtilizationSample};

/// Cells for the name of a figure.
const NAME: u16 = 7;
/// A sparkline of fewer cells says nothing.
const LEAST: u16 = 6;
const MOST: u16 = 60;

/// A figure: its name, what it is now (the longest form that fits), and how it was, from 0 to 1 in each column.
struct Figure {
    name: String,
    now: Vec<String>,
    past: Vec<Option<f32>>,
}

impl Figure {
    fn new(name: impl Into<String>, now: impl Into<String>, past: Vec<Option<f32>>) -> Self {
        Self { name: name.into(), now: vec![now.into()], past }
    }
}

pub fn draw(paint: &mut Paint, model: &Model, area: Area) {
    // Two figures stand side by side; their sparklines begin in the same columns on every line.
    let half = area.width / 2;
    let spark = (half.saturating_sub(NAME) / 2).min(MOST);
    let spark = if spark < LEAST { 0 } else { spark };
    let axis = Axis::of(spark, model.began_ms.unwrap_or(model.at_ms), model.at_ms);
    let nothing = UtilizationSample::default();
    let sample = model.state.utilization.as_ref().unwrap_or(&nothing);
    for (line, row) in (0..area.height).zip(model.load_rows()) {
        let row_area = area.below(line).top(1);
        match figures(model, sample, row, axis) {
            Ok(pair) => {
                let [left, right] = *pair;
                figure(paint, Area { width: half, ..row_area }, spark, &left);
                figure(paint, row_area.after(half), spark, &right);
            }
            Err((name, words)) => {
                let mut x = row_area.x + 1;
                x += paint.text(x, row_area.y, NAME, &format!("{name:<6} "), paint.style(Role::Dim));
                let room = (row_area.x + row_area.width).saturating_sub(x + 1);
                paint.text(x, row_area.y, room, &whole_parts(&words, usize::from(room)), paint.style(Role::Text));
            }
        }
    }
}

/// The two figures of a line, or a line of words.
fn figures(
    model: &Model,
    sample: &UtilizationSample,
    row: LoadRow,
    axis: Axis,
) -> Result<Box<[Figure; 2]>, (&'static str, String)> {
    let load = &model.load;
    let percent = |of: &dyn Fn(&UtilizationSample) -> Option<f32>| load.values(axis, |s| Some(of(s)? / 100.0));
    // Without a natural full mark the most in sight is one.
    let scaled = |of: &dyn Fn(&UtilizationSample) -> Option<f32>| to_most(load.values(axis, of));
    let engine = sample.engine.as_ref();
    let fleet = sample.fleet.as_ref();
    Ok(Box::new(match row {
        LoadRow::Host => [
            Figure::new("cpu", percent_word(sample.cpu_percent), percent(&|s| s.cpu_percent)),
            Figure {
                name: "mem".into(),
                now: memory(sample.memory_used_bytes, sample.memory_total_bytes),
                past: percent(&|s| share(s.memory_used_bytes, s.memory_total_bytes)),
            },
        ],
        LoadRow::NoWorkers => [Figure::new("gpu", "n/a", Vec::new()), Figure::new("engine", "n/a", Vec::new())],
        LoadRow::NoGpu => return Err(("gpu", "n/a".into())),
        LoadRow::Gpu(at) => {
            let none = GpuSample::default();
            let gpu = sample.gpus.get(at).unwrap_or(&none);
            [
                Figure {
                    name: format!("gpu{at}"),
                    now: gpu_words(gpu),
                    past: percent(&|s| s.gpus.get(at)?.busy_percent),
                },
                Figure {
                    name: "mem".into(),
                    now: memory(gpu.memory_used_bytes, gpu.memory_total_bytes),
                    past: percent(&|s| {
                        let gpu = s.gpus.get(at)?;
                        share(gpu.memory_used_bytes, gpu.memory_total_bytes)
                    }),
                },
            ]
        }
        LoadRow::GpuHeat(at) => {
            let gpu = sample.gpus.get(at);
            let watts = gpu.and_then(|gpu| gpu.watts).map_or("n/a".into(), |watts| format!("{watts:.0} W"));
            let heat = gpu.and_then(|gpu| gpu.celsius).map_or("n/a".into(), |celsius| format!("{celsius:.0} °C"));
            [
                Figure::new("power", watts, scaled(&|s| s.gpus.get(at)?.watts)),
                Figure::new("temp", heat, percent(&|s| s.gpus.get(at)?.celsius)),
            ]
        }
        LoadRow::Jobs => {
            let counts = |name, what| {
                let counts = load.counts(axis, what);
                let sum: u32 = counts.iter().sum();
                Figure::new(
                    name,
                    sum.to_string(),
                    to_most(counts.into_iter().map(|n| (n > 0).then_some(n as f32)).collect()),
                )
            };
            [counts("began", Counted::Began), counts("ended", Counted::Ended)]
        }
        LoadRow::Workers => {
            return Err(match (engine, fleet) {
                (Some(engine), _) => ("engine", engine_words(engine)),
                (None, Some(fleet)) => ("fleet", fleet_words(fleet)),
                (None, None) => ("engine", "n/a".into()),
            });
        }
        LoadRow::Pace if engine.is_some() => {
            let rate = |rate: Option<f32>| rate.map_or("n/a".into(), |rate| format!("{} tok/s", few(rate)));
            [
                Figure::new(
                    "read",
                    rate(engine.and_then(|e| e.prefill_per_s)),
                    scaled(&|s| s.engine.as_ref()?.prefill_per_s),
                ),
                Figure::new(
                    "write",
                    rate(engine.and_then(|e| e.decode_per_s)),
                    scaled(&|s| s.engine.as_ref()?.decode_per_s),
                ),
            ]
        }
        LoadRow::Pace => {
            let rate = |rate: Option<f32>, unit| rate.map_or("n/a".into(), |rate| format!("{} {unit}/s", few(rate)));
            [
                Figure::new(
                    "jobs",
                    rate(fleet.and_then(|f| f.answers_per_s), "jobs"),
                    scaled(&|s| s.fleet.as_ref()?.answers_per_s),
                ),
                Figure::new(
                    "write",
                    rate(fleet.and_then(|f| f.tokens_per_s), "tok"),
                    scaled(&|s| s.fleet.as_ref()?.tokens_per_s),
                ),
            ]
        }
        LoadRow::Batch if engine.is_some() => [
            Figure::new(
                "batch",
                engine.map_or("n/a".into(), |e| format!("{} · {:.0} rows", e.live, e.rows_per_step)),
                scaled(&|s| Some(s.engine.as_ref()?.live as f32)),
            ),
            Figure::new(
                "queue",
                engine.map_or("n/a".into(), |e| short_count(u64::from(e.waiting))),
                scaled(&|s| Some(s.engine.as_ref()?.waiting as f32)),
            ),
        ],
        LoadRow::Batch => [
            Figure::new(
                "fly",
                fleet.map_or("n/a".into(), |f| format!("{} of {}", f.in_flight, f.allowed)),
                percent(&|s| {
                    let fleet = s.fleet.as_ref()?;
                    share(Some(fleet.in_flight.into()), Some(fleet.allowed.into()))
                }),
            ),
            Figure::new(
                "queue",
                fleet.map_or("n/a".into(), |f| short_count(u64::from(f.waiting))),
                scaled(&|s| Some(s.fleet.as_ref()?.waiting as f32)),
            ),
        ],
        LoadRow::Cache => {
            let full = |e: &EngineSample| share(Some(e.cells_used), Some(e.cells));
            let shared = |e: &EngineSample| share(Some(e.cells_shared), Some(e.cells_used));
            [
                Figure::new(
                    "cache",
                    percent_word(engine.and_then(full)),
                    percent(&|s| s.engine.as_ref().and_then(full)),
                ),
                Figure::new(
                    "share",
                    percent_word(engine.and_then(shared)),
                    percent(&|s| s.engine.as_ref().and_then(shared)),
                ),
            ]
        }
    }))
}

fn figure(paint: &mut Paint, area: Area, spark: u16, figure: &Figure) {
    let end = area.x + area.width;
    let begin = end.saturating_sub(spark + u16::from(spark > 0));
    let x = area.x + 1;
    paint.text(x, area.y, NAME, &figure.name, paint.style(Role::Dim));
    let room = begin.saturating_sub(x + NAME + u16::from(spark > 0));
    let fits = |now: &&String| width(now) <= usize::from(room);
    let now = figure.now.iter().find(fits).or(figure.now.last()).map_or("", String::as_str);
    paint.text(x + NAME, area.y, room, now, paint.style(Role::Text));
    let style = paint.style(Role::Spark);
    for (x, value) in (begin..end).zip(&figure.past) {
        match value {
            Some(value) => paint.level(x, area.y, *value, style),
            None => paint.glyph(x, area.y, Glyph::Track, style),
        }
    }
}

/// Values as shares of the most of them.
fn to_most(values: Vec<Option<f32>>) -> Vec<Option<f32>> {
    let most = values.iter().flatten().copied().fold(0.0, f32::max).max(f32::MIN_POSITIVE);
    values.into_iter().map(|value| Some(value? / most)).collect()
}

fn percent_word(percent: Option<f32>) -> String {
    percent.map_or("n/a".into(), |percent| format!("{percent:.0}%"))
}

fn few(rate: f32) -> String {
    if rate < 10.0 { format!("{rate:.1}") } else { short_count(rate as u64) }
}

/// How busy a GPU is, with power and temperature where there is room for them.
fn gpu_words(gpu: &GpuSample) -> Vec<String> {
    let busy = percent_word(gpu.busy_percent);
    let watts = gpu.watts.map(|watts| format!("{busy} · {watts:.0} W"));
    let heat = watts.as_ref().zip(gpu.celsius).map(|(words, celsius)| format!("{words} · {celsius:.0} °C"));
    [heat, watts, Some(busy)].into_iter().flatten().collect()
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

/// The longest form first.
fn memory(used: Option<u64>, total: Option<u64>) -> Vec<String> {
    match (used, total) {
        (Some(used), Some(total)) => {
            let (used, total) = (short_bytes(used), short_bytes(total));
            // One unit for both, where they have the same.
            let unit = |bytes: &str| bytes.rsplit(' ').next().map(str::to_owned);
            let bare = if unit(&used) == unit(&total) { used.split(' ').next().unwrap_or(&used) } else { &used };
            vec![format!("{bare} of {total}"), used.clone()]
        }
        (Some(used), None) => vec![short_bytes(used)],
        (None, _) => vec!["n/a".into()],
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
