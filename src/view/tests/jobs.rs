//! The Jobs pane and the scrubber: their looks, and what they cost a slow line.

use ratatui::backend::{Backend, CrosstermBackend};

use super::snapshots::styled;
use super::*;
use crate::app::{Message, Mouse, MouseKind};
use crate::protocol::{
    Chunk, EngineSample, Fact, GpuSample, Input, JobId, JobOutput, Outcome, PlannedJob, PlannedJobs, Usage,
    UtilizationSample,
};

const SIZES: [(u16, u16); 3] = [(80, 24), (200, 60), (40, 12)];

fn shots(name: &str, make: impl Fn(u16, u16) -> Model) {
    for (name, shot) in pictures(name, make) {
        insta::assert_snapshot!(name, shot);
    }
}

/// A screen at each size in Unicode and in ASCII, and its styles at each depth of colour, with their names.
pub(super) fn pictures(name: &str, make: impl Fn(u16, u16) -> Model) -> Vec<(String, String)> {
    let mut pictures = Vec::new();
    for (width, height) in SIZES {
        let mut model = make(width, height);
        pictures.push((format!("{name}_{width}x{height}"), text(&drawn(&model, Depth::True))));
        model.ascii = true;
        let ascii = text(&drawn(&model, Depth::None));
        assert!(ascii.is_ascii());
        pictures.push((format!("{name}_{width}x{height}_ascii"), ascii));
    }
    let model = make(80, 24);
    for (depth, what) in [(Depth::True, "true"), (Depth::Ansi, "ansi"), (Depth::None, "none")] {
        pictures.push((format!("{name}_{what}"), styled(&drawn(&model, depth))));
    }
    pictures
}

#[test]
fn the_table_sorted_by_tokens() {
    shots("jobs_sorted", |width, height| {
        let mut model = World::new().half().model(width, height);
        press(&mut model, "3 z s s s s");
        model
    });
}

#[test]
fn the_grid() {
    shots("jobs_grid", |width, height| {
        let mut model = World::new().half().model(width, height);
        press(&mut model, "3 z v l l j");
        model
    });
}

/// An engine and two GPUs that are busier from second to second.
fn with_gpus(world: &mut World) {
    for at in 0..30 {
        let rise = at as f32;
        let gpu = |name: &str, busy| GpuSample {
            name: name.into(),
            busy_percent: Some(busy),
            memory_used_bytes: Some(20_000_000_000 + at * 1_000_000_000),
            memory_total_bytes: Some(80_000_000_000),
            watts: Some(90.0 + rise * 9.0),
            celsius: Some(40.0 + rise),
        };
        world.input(Input::Utilization(UtilizationSample {
            cpu_percent: Some(20.0 + rise),
            memory_used_bytes: Some(9_400_000_000),
            memory_total_bytes: Some(33_500_000_000),
            gpus: vec![gpu("A", 3.0 * rise), gpu("B", 99.0 - rise)],
            jobs_running: 8,
            jobs_waiting: 3,
            engine: Some(EngineSample {
                live: at as u32,
                waiting: 30 - at as u32,
                chunks: 3,
                rows_per_step: 31.5,
                cells_used: at * 500,
                cells_shared: at * 300,
                cells: 16_384,
                prompt_asked: 1 + at * 4_000,
                prompt_evaluated: at * 1_000,
                prefill_per_s: Some(500.0 + rise),
                decode_per_s: Some(60.0 - rise),
                ..EngineSample::default()
            }),
            fleet: None,
        }));
    }
}

#[test]
fn machine_and_engine_above_the_jobs() {
    shots("jobs_load", |width, height| {
        let mut world = World::new();
        with_gpus(world.half());
        let mut model = world.model(width, height);
        press(&mut model, "3 z");
        model
    });
}

#[test]
fn a_range_that_is_played_again() {
    shots("replay_loop", |width, height| {
        let mut model = World::new().half().model(width, height);
        let repeat = (Some(12), Some(40));
        update(&mut model, Message::Rounds(vec![2, 30]));
        update(&mut model, Message::Player(Player { position: 31, len: 52, repeat, playing: true, speed: 0.25 }));
        model
    });
}

/// A round of 2,048 jobs, of which none has begun.
fn many() -> World {
    let mut world = World::new();
    world.start();
    let job = |index: u32| PlannedJob { chunk: index / 4, task: index % 4, advice: 0, sample: 0 };
    let planned = Fact::JobsPlanned(PlannedJobs {
        round: 1,
        chunks: (0..512).map(|at| Chunk::Span(crate::document::Span::new(0, at, at + 900))).collect(),
        tasks: (0..4).map(|at| format!("Extract figure {at}.")).collect(),
        advices: vec![String::new()],
        jobs: (0..2_048).map(job).collect(),
    });
    world.state.apply(&planned);
    world.facts.push(planned);
    world
}

/// Bytes that lead from one screen to the next as one synchronized update, counting only rows that are `wanted`.
fn bytes_of(before: &Buffer, after: &Buffer, wanted: impl Fn(u16) -> bool) -> usize {
    let mut changed = before.diff(after);
    changed.retain(|(_, y, _)| wanted(*y));
    if changed.is_empty() {
        return 0;
    }
    let mut bytes = Vec::new();
    CrosstermBackend::new(&mut bytes).draw(changed.into_iter()).unwrap();
    bytes.len() + "\u{1b}[?2026h\u{1b}[?2026l".len()
}

fn bytes(before: &Buffer, after: &Buffer) -> usize {
    bytes_of(before, after, |_| true)
}

fn answered(index: u32) -> Fact {
    let output = JobOutput {
        explanation: "It stands there.".into(),
        citation: Some("Net income was about forty-eight million".into()),
        answer: Some(format!("a figure of {index} million, and what it is compared with in the year before")),
    };
    let usage = Usage { input_tokens: 610, output_tokens: 48, ..Usage::default() };
    let outcome = Outcome::Answered { output, located: None };
    Fact::JobFinished { job: JobId { round: 1, index }, outcome, raw: None, usage, ms: 35 }
}

#[test]
fn a_job_that_changes_costs_300_bytes_at_most_and_with_all_that_tells_of_it_512() {
    let begun = |index| Fact::JobStarted { job: JobId { round: 1, index }, attempt: 1 };
    for keys in ["3 z", "3 z v"] {
        let mut model = many().model(80, 24);
        press(&mut model, keys);
        // The cursor stands on the first job, so that the list does not move on with the work.
        press(&mut model, "g");
        // With the work under way.
        let before = [begun(0), begun(1), begun(2), answered(0), answered(1)];
        let mut shown = None;
        for (at, fact) in before.into_iter().chain([begun(5), answered(2), answered(5)]).enumerate() {
            let (seq, at_ms) = (model.seq + 1, model.at_ms + 10);
            update(&mut model, Message::Fact { seq, at_ms, fact: Box::new(fact) });
            let now = drawn(&model, Depth::True);
            if let Some(shown) = shown.filter(|_| at >= 5) {
                let list = model.jobs_list();
                let row = bytes_of(&shown, &now, |y| y >= list.y && y < list.y + list.height);
                // With tallies, gauge, sparklines, tab and timeline.
                let all = bytes(&shown, &now);
                assert!(row <= 300 && (1..=512).contains(&all), "{keys}: {row} of {all}");
            }
            shown = Some(now);
        }
    }
}

#[test]
fn jobs_by_the_thousand_cost_20_kilobytes_a_second_at_most() {
    for (width, height, keys) in [(80, 24, "3"), (160, 48, "3"), (200, 60, "3 v"), (160, 48, "3 g s s")] {
        let mut model = many().model(width, height);
        press(&mut model, keys);
        let (mut before, mut sum) = (drawn(&model, Depth::True), 0);
        let begun_ms = model.at_ms;
        for frame in 0..100u32 {
            let at_ms = begun_ms + u64::from(frame) * 100;
            let mut tell = |fact| {
                let seq = model.seq + 1;
                update(&mut model, Message::Fact { seq, at_ms, fact: Box::new(fact) });
            };
            for index in frame * 2_048 / 100..(frame + 1) * 2_048 / 100 {
                tell(Fact::JobStarted { job: JobId { round: 1, index }, attempt: 1 });
                tell(answered(index));
            }
            if frame % 10 == 0 {
                let cpu_percent = Some((frame * 7 % 100) as f32);
                tell(Fact::UtilizationSampled(UtilizationSample { cpu_percent, ..UtilizationSample::default() }));
            }
            update(&mut model, Message::Tick { now_ms: at_ms });
            let after = drawn(&model, Depth::True);
            sum += bytes(&before, &after);
            before = after;
        }
        assert!(sum <= 200_000, "{keys} at {width}×{height}: {sum} bytes in 10 s");
    }
}

#[test]
fn the_grid_folds_samples_to_the_best_and_scrolls_through_thousands_of_chunks() {
    let mut model = many().model(80, 24);
    press(&mut model, "3 v");
    update(&mut model, Message::Fact { seq: 90, at_ms: 9_000, fact: Box::new(answered(2_047)) });
    press(&mut model, "G");
    let shown = text(&drawn(&model, Depth::True));
    assert!(shown.contains("chunk 445 of 512") && shown.contains("t3"), "{shown}");
    // The last cell of its task is beside the last chunk: the only answer.
    for _ in 0..80 {
        press(&mut model, "l");
    }
    let shown = text(&drawn(&model, Depth::True));
    assert!(shown.contains("· t3 answered · a figure of 2047 million"), "{shown}");
    let row = shown.lines().position(|line| line.contains('■') && line.contains(" t3 ")).unwrap();
    let x = shown.lines().nth(row).unwrap().chars().position(|c| c == '■').unwrap();
    let click = |model: &mut Model, x: usize| {
        update(model, Message::Mouse(Mouse { what: MouseKind::Press, x: x as u16, y: row as u16 }))
    };
    click(&mut model, x - 1);
    assert_eq!(model.selected_job(), Some(JobId { round: 1, index: 2_043 }));
    click(&mut model, x);
    press(&mut model, "v");
    assert!(!model.jobs.as_grid);
    assert_eq!(model.selected_job(), Some(JobId { round: 1, index: 2_047 }), "the table stands at the same job");
}
