//! What the machine and the workers did over time: samples, and how many jobs began and ended, on one axis.

use std::collections::VecDeque;

use super::layout::Pane;
use super::model::Model;
use crate::protocol::{Fact, UtilizationSample};

/// Samples that are remembered.
const SAMPLES: usize = 480;
/// Jobs are counted by so much time, in milliseconds, and for so many of those.
const TICK_MS: u64 = 100;
const TICKS: usize = 4_800;
/// How much time a column of a sparkline may stand for, in milliseconds: the least that shows the whole session.
const STEPS: [u64; 5] = [100, 200, 500, 1_000, 2_000];

#[derive(Clone, Debug, Default)]
pub struct Load {
    samples: VecDeque<(u64, UtilizationSample)>,
    /// For each tick in which any job began or ended: the tick, and how many did.
    jobs: VecDeque<(u64, [u32; 2])>,
}

/// What happens to jobs that is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    Began = 0,
    Ended = 1,
}

/// The time that the columns of all sparklines stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Axis {
    /// When the first column begins, in milliseconds since 1970.
    from_ms: u64,
    step_ms: u64,
    /// Columns up to now; those after it are not there yet.
    pub columns: u16,
}

impl Axis {
    /// The last of the time from `began_ms` to `now_ms`, in at most so many columns.
    pub fn of(columns: u16, began_ms: u64, now_ms: u64) -> Self {
        let passed = now_ms.saturating_sub(began_ms);
        let fits = |step: &u64| passed / step < u64::from(columns);
        let step_ms = STEPS.into_iter().find(fits).unwrap_or(STEPS[STEPS.len() - 1]);
        let last = passed / step_ms;
        let first = (last + 1).saturating_sub(u64::from(columns));
        Self { from_ms: began_ms + first * step_ms, step_ms, columns: columns.min((last + 1 - first) as u16) }
    }

    fn end_of(&self, column: u16) -> u64 {
        self.from_ms + (u64::from(column) + 1) * self.step_ms
    }
}

impl Load {
    pub fn apply(&mut self, at_ms: u64, fact: &Fact) {
        match fact {
            Fact::UtilizationSampled(sample) => {
                if self.samples.len() >= SAMPLES {
                    self.samples.pop_front();
                }
                self.samples.push_back((at_ms, sample.clone()));
            }
            Fact::JobStarted { .. } => self.count(at_ms, Counted::Began),
            Fact::JobFinished { .. } => self.count(at_ms, Counted::Ended),
            _ => {}
        }
    }

    /// A job began or ended.
    pub fn count(&mut self, at_ms: u64, what: Counted) {
        let tick = at_ms / TICK_MS;
        match self.jobs.back_mut() {
            // A clock that was set back counts on where it stood.
            Some((last, counts)) if *last >= tick => counts[what as usize] += 1,
            _ => {
                if self.jobs.len() >= TICKS {
                    self.jobs.pop_front();
                }
                let mut counts = [0, 0];
                counts[what as usize] = 1;
                self.jobs.push_back((tick, counts));
            }
        }
    }

    /// A figure in each column: the last one known in its time. A sample is taken only on change, so it holds until the next.
    pub fn values(&self, axis: Axis, figure: impl Fn(&UtilizationSample) -> Option<f32>) -> Vec<Option<f32>> {
        let mut samples = self.samples.iter().peekable();
        let mut known = None;
        let column = |column| {
            while let Some((_, sample)) = samples.next_if(|(at, _)| *at < axis.end_of(column)) {
                known = Some(sample);
            }
            known.and_then(&figure)
        };
        (0..axis.columns).map(column).collect()
    }

    /// How many jobs began or ended in the time of each column.
    pub fn counts(&self, axis: Axis, what: Counted) -> Vec<u32> {
        let mut counts = vec![0; usize::from(axis.columns)];
        for (tick, counted) in &self.jobs {
            let Some(after) = (tick * TICK_MS + TICK_MS - 1).checked_sub(axis.from_ms) else { continue };
            if let Some(count) = counts.get_mut((after / axis.step_ms) as usize) {
                *count += counted[what as usize];
            }
        }
        counts
    }
}

/// A line above the jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoadRow {
    /// Processor and memory.
    Host,
    /// How busy a GPU is, and its memory.
    Gpu(usize),
    /// Its power and temperature.
    GpuHeat(usize),
    NoGpu,
    /// Neither a GPU nor an engine or servers.
    NoWorkers,
    /// Jobs begun and ended.
    Jobs,
    /// What the engine or the servers that read do, in words.
    Workers,
    /// Tokens read and written a second; of servers jobs and tokens a second.
    Pace,
    /// How many jobs are in the batch or in flight, and how many wait.
    Batch,
    /// How full the engine's cache is, and how much of it several jobs read.
    Cache,
}

impl Model {
    /// The lines above the jobs, as many as there is room for, the least important left out first.
    pub fn load_rows(&self) -> Vec<LoadRow> {
        let height = usize::from(self.inside(Pane::Jobs).height);
        let room = match height {
            0..8 => 1,
            8..13 => 3,
            _ => height / 4,
        };
        let sample = self.state.utilization.as_ref();
        let gpus = sample.map_or(0, |sample| sample.gpus.len()).min(8);
        let (engine, fleet) = sample.map_or((false, false), |s| (s.engine.is_some(), s.fleet.is_some()));
        // As they stand, each with its rank.
        let mut rows = vec![(0, LoadRow::Host)];
        if gpus == 0 {
            rows.push((1, if engine || fleet { LoadRow::NoGpu } else { LoadRow::NoWorkers }));
        }
        for gpu in 0..gpus {
            rows.push((if gpu == 0 { 1 } else { 4 + gpu }, LoadRow::Gpu(gpu)));
            rows.push((20 + gpu, LoadRow::GpuHeat(gpu)));
        }
        if engine || fleet {
            rows.extend([(2, LoadRow::Workers), (4, LoadRow::Pace), (13, LoadRow::Batch)]);
        } else if gpus > 0 {
            rows.push((12, LoadRow::Workers));
        }
        if engine {
            rows.push((14, LoadRow::Cache));
        }
        rows.push((3, LoadRow::Jobs));
        let mut ranks: Vec<usize> = rows.iter().map(|(rank, _)| *rank).collect();
        ranks.sort_unstable();
        let least = ranks.get(room.max(1) - 1).copied().unwrap_or(usize::MAX);
        rows.into_iter().filter(|(rank, _)| *rank <= least).map(|(_, row)| row).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{JobId, Usage};

    fn sample(cpu: f32) -> Fact {
        Fact::UtilizationSampled(UtilizationSample { cpu_percent: Some(cpu), ..UtilizationSample::default() })
    }

    #[test]
    fn samples_and_jobs_stand_in_the_columns_of_their_time() {
        let mut load = Load::default();
        let job = JobId { round: 1, index: 0 };
        load.apply(1_000, &sample(10.0));
        load.apply(1_050, &Fact::JobStarted { job, attempt: 1 });
        load.apply(1_250, &Fact::JobStarted { job, attempt: 1 });
        load.apply(1_260, &sample(50.0));
        let outcome = crate::protocol::Outcome::Cancelled;
        load.apply(1_310, &Fact::JobFinished { job, outcome, raw: None, usage: Usage::default(), ms: 1 });
        let axis = Axis::of(10, 1_000, 1_420);
        assert_eq!(axis.columns, 5);
        let cpu: Vec<f32> = load.values(axis, |sample| sample.cpu_percent).into_iter().flatten().collect();
        assert_eq!(cpu, [10.0, 10.0, 50.0, 50.0, 50.0]);
        assert_eq!(load.counts(axis, Counted::Began), [1, 0, 1, 0, 0]);
        assert_eq!(load.counts(axis, Counted::Ended), [0, 0, 0, 1, 0]);
    }

    #[test]
    fn a_longer_time_makes_coarser_columns_and_then_only_its_end_is_shown() {
        assert_eq!(Axis::of(20, 0, 1_900).step_ms, 100);
        assert_eq!(Axis::of(20, 0, 9_900), Axis { from_ms: 0, step_ms: 500, columns: 20 });
        let long = Axis::of(20, 0, 600_000);
        assert_eq!((long.step_ms, long.columns, long.end_of(19)), (2_000, 20, 602_000));
        assert_eq!(Axis::of(0, 5, 5).columns, 0);
    }
}
