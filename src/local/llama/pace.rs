//! How fast the engine goes, measured in its loop.

use std::time::{Duration, Instant};

use super::schedule::{Capacity, Gauge, Source, Step};
use crate::protocol::{EngineSample, EngineSeconds};

/// How long a step that reads may take, so that a cancelled job is soon gone.
const STEP: Duration = Duration::from_millis(100);
/// Tokens below which a step is hardly shorter and reading is slower by the token (docs/performance.md).
const FEWEST: usize = 64;
/// Below this a step's length is mostly its fixed price and tells little of the rate.
const TELLING: u64 = 32;

/// Sums since the last sample.
#[derive(Debug, Default)]
struct Sums {
    steps: u64,
    rows: u64,
    prompt: u64,
    output: u64,
    prompt_time: Duration,
    output_time: Duration,
    choosing: Duration,
}

#[derive(Debug, Default)]
pub struct Pace {
    since: Option<Instant>,
    sums: Sums,
    output_in_all: u64,
    spent: EngineSeconds,
    /// Prompt tokens a second of late.
    reading: Option<f64>,
}

impl Pace {
    /// How many prompt tokens a step may have.
    pub fn prompt_tokens_of_a_step(&self) -> usize {
        let tokens = self.reading.map_or(0.0, |rate| rate * STEP.as_secs_f64()) as usize;
        (tokens / FEWEST * FEWEST).max(FEWEST)
    }

    /// There is work again: idle time does not count.
    pub fn resume(&mut self) {
        self.since = Some(Instant::now());
    }

    /// A step took this long. Its time is divided by rows between prompts and answers.
    pub fn evaluated(&mut self, step: &Step, took: Duration) {
        let outputs = step.runs.iter().filter(|run| matches!(run.source, Source::Output(_)));
        let output: u64 = outputs.map(|run| run.length as u64).sum();
        let rows: u64 = step.runs.iter().map(|run| run.length as u64).sum();
        let share = output as f64 / rows.max(1) as f64;
        self.sums.steps += 1;
        self.sums.rows += rows;
        self.sums.output += output;
        self.sums.prompt += rows - output;
        self.sums.output_time += took.mul_f64(share);
        self.sums.prompt_time += took.mul_f64(1.0 - share);
        if output == 0 && rows >= TELLING && !took.is_zero() {
            let rate = rows as f64 / took.as_secs_f64();
            self.reading = Some(self.reading.map_or(rate, |before| (before + rate) / 2.0));
        }
    }

    /// So many tokens were written in this time.
    pub fn wrote(&mut self, tokens: usize, took: Duration) {
        self.output_in_all += tokens as u64;
        self.sums.choosing += took;
    }

    /// What happened since the last sample, and how full the device is now.
    pub fn sample(&mut self, gauge: &Gauge, capacity: &Capacity) -> EngineSample {
        let sums = std::mem::take(&mut self.sums);
        let wall = self.since.replace(Instant::now()).map_or(0.0, |since| since.elapsed().as_secs_f64());
        self.spent.working += wall;
        self.spent.prefill += sums.prompt_time.as_secs_f64();
        self.spent.decode += sums.output_time.as_secs_f64();
        self.spent.choosing += sums.choosing.as_secs_f64();
        let rate = |tokens: u64, time: Duration| {
            (tokens > 0 && !time.is_zero()).then(|| (tokens as f64 / time.as_secs_f64()) as f32)
        };
        let share = |time: Duration| (wall > 0.0).then(|| (100.0 * time.as_secs_f64() / wall).min(100.0) as f32);
        EngineSample {
            loading: None,
            live: gauge.live as u32,
            waiting: gauge.waiting as u32,
            chunks: gauge.chunks as u32,
            rows_per_step: if sums.steps == 0 { 0.0 } else { sums.rows as f32 / sums.steps as f32 },
            cells_used: gauge.cells_used as u64,
            cells_shared: gauge.cells_shared as u64,
            cells: capacity.cells as u64,
            prompt_asked: gauge.prompt_asked,
            prompt_evaluated: gauge.prompt_evaluated,
            output_tokens: self.output_in_all,
            prefill_per_s: rate(sums.prompt, sums.prompt_time),
            decode_per_s: rate(sums.output, sums.output_time),
            prefill_percent: share(sums.prompt_time),
            decode_percent: share(sums.output_time),
            choosing_percent: share(sums.choosing),
            spent: Some(self.spent),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::schedule::Run;
    use super::*;

    fn read(tokens: usize) -> Step {
        let run =
            Run { source: Source::Head, start: 0, length: tokens, position: 0, sequences: vec![0], tells: Vec::new() };
        Step { runs: vec![run], ..Step::default() }
    }

    #[test]
    fn a_step_that_reads_takes_a_tenth_of_a_second_but_is_never_tiny() {
        let mut pace = Pace::default();
        assert_eq!(pace.prompt_tokens_of_a_step(), 64, "before anything is known");
        pace.evaluated(&read(64), Duration::from_millis(20));
        assert_eq!(pace.prompt_tokens_of_a_step(), 320);
        (0..20).for_each(|_| pace.evaluated(&read(64), Duration::from_secs(2)));
        assert_eq!(pace.prompt_tokens_of_a_step(), 64, "on a slow machine");
        pace.evaluated(&read(1), Duration::from_nanos(1));
        assert_eq!(pace.prompt_tokens_of_a_step(), 64, "a token tells nothing of the rate");
    }
}
