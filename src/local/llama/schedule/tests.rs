//! Simulation: a device that keeps books of its own follows the steps, whatever is submitted, ended and in what order.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

/// The cache as the device would have it: the positions that each sequence holds, and by which cell.
#[derive(Default)]
struct Device {
    cells: BTreeMap<Sequence, BTreeMap<usize, u64>>,
    next: u64,
    evaluated: u64,
    /// Up to where each source was evaluated.
    evaluated_of: BTreeMap<String, usize>,
}

impl Device {
    /// Does what a step says and checks all that a real device would stumble over. Returns who is to write.
    fn follow(&mut self, step: &Step, capacity: Capacity) -> Vec<Job> {
        for sequence in &step.released {
            self.cells.remove(sequence);
        }
        for share in &step.shares {
            let cells = self.cells.get(&share.from).cloned().unwrap_or_default();
            assert!(self.cells.insert(share.to, cells).is_none(), "a sequence is shared into while it is used");
        }
        let rows: usize = step.runs.iter().map(|run| run.length).sum();
        assert!(rows <= capacity.batch);
        for run in &step.runs {
            assert!(run.length > 0 && !run.sequences.is_empty());
            let sources = self.evaluated_of.entry(format!("{:?}", run.source)).or_default();
            assert!(!matches!(run.source, Source::Output(_)) || *sources == run.start, "what was written comes once");
            *sources = run.start + run.length;
            for offset in 0..run.length {
                self.next += 1;
                self.evaluated += 1;
                for sequence in &run.sequences {
                    assert!((0..capacity.sequences as Sequence).contains(sequence));
                    let held = self.cells.entry(*sequence).or_default();
                    assert_eq!(held.len(), run.position + offset, "positions follow each other without a gap");
                    held.insert(run.position + offset, self.next);
                }
            }
        }
        let used: BTreeSet<u64> = self.cells.values().flat_map(|held| held.values().copied()).collect();
        assert!(used.len() <= capacity.cells, "{} cells of {}", used.len(), capacity.cells);
        step.runs.iter().flat_map(|run| run.tells.iter().copied()).collect()
    }
}

const SMALL: Capacity =
    Capacity { cells: 200, sequences: 8, live: 6, batch: 32, mixed: 8, enough: 5, few: 4, kept: 100 };
/// As a processor works: chunks are read while nobody writes, and none is kept.
const APART: Capacity = Capacity { mixed: 0, few: 2, kept: 0, ..SMALL };

/// Tokens that all prompts begin with.
const HEAD: usize = 9;

fn ask(job: Job, chunk: u64, task: u64, output: usize) -> Ask {
    Ask { job, chunk, task, prefix: 20 + chunk as usize % 30, suffix: 3 + task as usize % 5, opening: 0, output }
}

/// How many tokens a job writes at once after this many: mostly one, at times what its form demands.
fn at_once(job: Job, written: usize) -> usize {
    if (job as usize + written).is_multiple_of(7) { 5 } else { 1 }
}

/// Runs everything to its end; every job writes `length(job)` tokens. Returns the jobs in the order they ended in.
fn run(scheduler: &mut Scheduler, device: &mut Device, length: impl Fn(Job) -> usize) -> Vec<Job> {
    let capacity = scheduler.capacity;
    let (mut written, mut ended) = (BTreeMap::<Job, usize>::new(), Vec::new());
    let mut steps = 0;
    while !scheduler.is_idle() {
        steps += 1;
        assert!(steps < 100_000, "it never ends");
        let step = scheduler.plan(32);
        assert!(step != Step::default() || scheduler.is_idle(), "there is work and nothing is done");
        for job in device.follow(&step, capacity) {
            let count = written.entry(job).or_default();
            let tokens = at_once(job, *count);
            *count += tokens;
            if *count >= length(job) {
                assert!(scheduler.end(job));
                ended.push(job);
            } else {
                scheduler.wrote(job, tokens);
            }
        }
    }
    ended
}

#[test]
fn a_chunk_is_evaluated_once_for_all_its_jobs_and_a_task_once_for_its_samples() {
    let capacity =
        Capacity { cells: 10_000, sequences: 64, live: 60, batch: 512, mixed: 256, enough: 100, few: 99, kept: 100 };
    let (mut scheduler, mut device) = (Scheduler::new(capacity, 100), Device::default());
    for job in 0..24 {
        let ask = Ask { job, chunk: job / 12, task: job / 3 % 4, prefix: 1000, suffix: 45, opening: 5, output: 64 };
        scheduler.submit(ask).unwrap();
    }
    assert_eq!(run(&mut scheduler, &mut device, |_| 10).len(), 24);
    let gauge = scheduler.gauge();
    assert_eq!((gauge.prompt_asked, gauge.prompt_evaluated), (24 * 1040, 100 + 2 * 900 + 8 * 40));
    assert!(
        device.evaluated < gauge.prompt_evaluated + 8 * 5 + 24 * 10,
        "the last token of an answer is never evaluated"
    );
}

#[test]
fn no_more_jobs_are_at_work_than_may_be() {
    let (mut scheduler, mut device) =
        (Scheduler::new(Capacity { live: 1, enough: 1, few: 0, ..APART }, HEAD), Device::default());
    for job in 0..6 {
        scheduler.submit(ask(job, job % 2, 1, 4)).unwrap();
    }
    let mut most = 0;
    while !scheduler.is_idle() {
        let step = scheduler.plan(32);
        most = most.max(scheduler.gauge().live);
        for job in device.follow(&step, APART) {
            scheduler.end(job);
        }
    }
    assert_eq!((most, device.evaluated > 0), (1, true));
}

#[test]
fn a_chunk_that_was_read_stays_until_its_room_is_needed() {
    let (mut scheduler, mut device) = (Scheduler::new(SMALL, HEAD), Device::default());
    for (job, chunk) in [(0, 1), (1, 1), (2, 2), (3, 1)] {
        scheduler.submit(ask(job, chunk, job, 4)).unwrap();
        run(&mut scheduler, &mut device, |_| 2);
    }
    let suffixes = 3 + 4 + 5 + 6;
    assert_eq!(scheduler.gauge().prompt_evaluated, 21 + 22 - HEAD as u64 + suffixes, "both chunks were read once");
}

#[test]
fn a_chunk_goes_with_its_last_job_where_none_is_kept() {
    let (mut scheduler, mut device) = (Scheduler::new(APART, HEAD), Device::default());
    for (job, chunk) in [(0, 1), (1, 2), (2, 1)] {
        scheduler.submit(ask(job, chunk, job, 4)).unwrap();
    }
    run(&mut scheduler, &mut device, |_| 2);
    scheduler.plan(32);
    let gauge = scheduler.gauge();
    assert_eq!((gauge.chunks, gauge.cells_reserved), (0, HEAD));
    assert_eq!(gauge.prompt_evaluated, 21 + 22 - HEAD as u64 + 3 + 4 + 5, "jobs that wait for a chunk keep it");
}

#[test]
fn reading_and_writing_are_apart_where_they_are_not_mixed() {
    let (mut scheduler, mut device) = (Scheduler::new(APART, HEAD), Device::default());
    (0..12).for_each(|job| scheduler.submit(ask(job, job / 2, job % 2, 6)).unwrap());
    let mut writers = 0;
    while !scheduler.is_idle() {
        let step = scheduler.plan(32);
        let writes = step.runs.iter().filter(|run| matches!(run.source, Source::Output(_))).count();
        assert!(writes == 0 || writes == step.runs.len(), "{step:?}");
        writers = writers.max(writes);
        for job in device.follow(&step, APART) {
            match scheduler.live.get(&job).is_some_and(|live| live.written == 5) {
                true => assert!(scheduler.end(job)),
                false => scheduler.wrote(job, 1),
            }
        }
    }
    assert!(writers >= 3, "chunks are begun until enough jobs write");
}

#[test]
fn a_step_reads_no_more_than_it_may() {
    for capacity in [SMALL, APART] {
        let mut scheduler = Scheduler::new(capacity, HEAD);
        scheduler.submit(ask(0, 5, 0, 6)).unwrap();
        let mut read = 0;
        while read < 25 + 3 {
            let step = scheduler.plan(4);
            let rows: usize = step.runs.iter().map(|run| run.length).sum();
            assert!((1..=4).contains(&rows), "{step:?}");
            read += rows;
        }
    }
}

#[test]
fn what_can_never_fit_is_refused_and_the_rest_goes_on() {
    let mut scheduler = Scheduler::new(SMALL, HEAD);
    assert_eq!(scheduler.submit(ask(1, 0, 0, 500)), Err(TooLong { needed: 523, cells: 200 }));
    scheduler.submit(ask(2, 0, 0, 5)).unwrap();
    assert_eq!(run(&mut scheduler, &mut Device::default(), |_| 5), [2]);
}

#[test]
fn an_ended_job_frees_its_cells_before_the_next_step() {
    let (mut scheduler, mut device) = (Scheduler::new(SMALL, HEAD), Device::default());
    (0..4).for_each(|job| scheduler.submit(ask(job, 0, job, 20)).unwrap());
    for _ in 0..3 {
        for job in device.follow(&scheduler.plan(32), SMALL) {
            scheduler.wrote(job, 1);
        }
    }
    (0..4).for_each(|job| assert!(scheduler.end(job)));
    assert_eq!(scheduler.plan(32).released.len(), 4);
    let gauge = scheduler.gauge();
    assert_eq!((gauge.live, gauge.cells_reserved, gauge.cells_used), (0, 20, 20), "the chunk alone stays");
    assert!(!scheduler.end(0), "it ended already");
}

#[test]
fn two_thousand_jobs_on_five_hundred_chunks_come_in_order_and_within_the_budget() {
    let (mut scheduler, mut device) = (Scheduler::new(SMALL, HEAD), Device::default());
    (0..2048).for_each(|job| scheduler.submit(ask(job, job / 4, job % 4, 6)).unwrap());
    let ended = run(&mut scheduler, &mut device, |job| 1 + job as usize % 6);
    assert_eq!(ended.len(), 2048);
    for (place, job) in ended.iter().enumerate() {
        assert!(place.abs_diff(*job as usize) < 32, "job {job} ended as number {place}");
    }
}

#[derive(Clone, Debug)]
enum Event {
    Submit { chunk: u64, task: u64, output: usize },
    End(usize),
    Step,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        3 => (0u64..6, 0u64..4, 1usize..40).prop_map(|(chunk, task, output)| Event::Submit { chunk, task, output }),
        1 => (0usize..64).prop_map(Event::End),
        4 => Just(Event::Step),
    ]
}

proptest! {
    #[test]
    fn no_job_is_lost_and_no_cell_leaks_whatever_happens(
        events in prop::collection::vec(event(), 1..160), capacity in prop::sample::select(vec![SMALL, APART])
    ) {
        let (mut scheduler, mut device) = (Scheduler::new(capacity, HEAD), Device::default());
        let (mut open, mut next) = (BTreeMap::<Job, (usize, usize)>::new(), 0);
        for event in events {
            match event {
                Event::Submit { chunk, task, output } => {
                    scheduler.submit(ask(next, chunk, task, output)).unwrap();
                    open.insert(next, (0, output));
                    next += 1;
                }
                Event::End(index) => {
                    let job = open.keys().nth(index).copied();
                    if let Some(job) = job {
                        open.remove(&job);
                        prop_assert!(scheduler.end(job));
                    }
                }
                Event::Step => {
                    for job in device.follow(&scheduler.plan(32), capacity) {
                        let Some((written, output)) = open.get_mut(&job) else {
                            return Err(TestCaseError::fail("a job that ended was told a token"));
                        };
                        let tokens = at_once(job, *written);
                        *written += tokens;
                        if written >= output {
                            open.remove(&job);
                            prop_assert!(scheduler.end(job));
                        } else {
                            scheduler.wrote(job, tokens);
                        }
                    }
                }
            }
        }
        let written: BTreeMap<Job, (usize, usize)> = open.clone();
        let ended = run(&mut scheduler, &mut device, |job| written[&job].1 - written[&job].0);
        let ended: BTreeSet<Job> = ended.into_iter().collect();
        prop_assert_eq!(ended, open.into_keys().collect());
        scheduler.plan(32);
        let gauge = scheduler.gauge();
        prop_assert_eq!((gauge.live, gauge.waiting), (0, 0));
        let head = if device.evaluated == 0 { HEAD } else { 0 };
        prop_assert_eq!(gauge.cells_used + head, gauge.cells_reserved, "what is left is chunks that were read, and they are counted");
        prop_assert_eq!(scheduler.free.len() + scheduler.anchors.len() + 1, capacity.sequences);
    }
}
