//! Passages that the person wants read in the next round, beside what its program plans.

use super::fact::{Fact, PlannedJobs};
use super::input::Step;
use super::job::{Chunk, PlannedJob};
use super::settings::ProtocolKind;
use super::state::State;
use crate::document::Span;

/// So many passages are pinned at most.
pub const MOST_PINS: usize = 16;
/// So many of the round's tasks are asked of a passage: where a program writes one for each chunk, the first ones.
const MOST_TASKS: usize = 16;

/// Pins the passage, or lets it go where it is pinned already. Programs plan rounds of MinionS alone.
pub(super) fn pinned(state: &State, span: Span) -> Step {
    let mut spans = state.pinned.clone();
    match spans.iter().position(|pinned| *pinned == span) {
        Some(at) => drop(spans.remove(at)),
        None if spans.len() < MOST_PINS && state.takes_pins() && span.start < span.end => spans.push(span),
        None => return Step::default(),
    }
    Step::fact(Fact::PassagesPinned { spans })
}

impl State {
    /// Whether a passage can be pinned: a round may come that a program plans.
    pub fn takes_pins(&self) -> bool {
        self.opened.is_some() && self.ending().is_none() && self.settings().protocol == ProtocolKind::Minions
    }
}

/// Asks the round's tasks of each passage, with the advice that each came with first. A passage that is a chunk of the round
/// already is read as planned.
pub(super) fn plan(spans: &[Span], samples: u32, planned: &mut PlannedJobs) {
    let mut asked: Vec<(u32, u32)> = Vec::new();
    for job in &planned.jobs {
        if asked.len() < MOST_TASKS && asked.iter().all(|(task, _)| *task != job.task) {
            asked.push((job.task, job.advice));
        }
    }
    for span in spans {
        let chunk = Chunk::Span(*span);
        if planned.chunks.contains(&chunk) {
            continue;
        }
        let at = planned.chunks.len() as u32;
        planned.chunks.push(chunk);
        let jobs = asked.iter().flat_map(|(task, advice)| {
            (0..samples).map(|sample| PlannedJob { chunk: at, task: *task, advice: *advice, sample })
        });
        planned.jobs.extend(jobs);
    }
}
