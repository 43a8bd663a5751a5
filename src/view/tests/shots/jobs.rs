//! The Jobs pane: its table, its grid, and the machine above them.

use super::Scene::Workbench;
use super::screen::after;
use super::*;
use crate::protocol::{EngineSample, GpuSample, Input, UtilizationSample};

pub const SHOTS: &[Shot] = &[
    ("jobs_by_tokens", Workbench(|width, height| after("3 z i i i i", World::new().half(), width, height))),
    ("jobs_as_a_grid", Workbench(|width, height| after("3 z v l l j", World::new().half(), width, height))),
    ("jobs_below_machine_and_engine", Workbench(loaded)),
];

fn loaded(width: u16, height: u16) -> Model {
    let mut world = World::new();
    with_gpus(world.half());
    after("3 z", &world, width, height)
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
