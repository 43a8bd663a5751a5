//! The Jobs pane and the scrubber: their looks.

use super::snapshots::styled;
use super::*;
use crate::app::world::answered;
use crate::app::{Message, Mouse, MouseKind};
use crate::protocol::{EngineSample, GpuSample, Input, JobId, UtilizationSample};

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
        press(&mut model, "3 z i i i i");
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

#[test]
fn the_grid_folds_samples_to_the_best_and_scrolls_through_thousands_of_chunks() {
    let mut model = World::many().model(80, 24);
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
