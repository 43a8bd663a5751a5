//! Passages that the person wants read in the next round, beside what its program plans.

use super::fact::{Fact, PlannedJobs};
use super::ids::JobId;
use super::input::Step;
use super::job::{Chunk, PlannedJob};
use super::settings::{Part, ProtocolKind, Settings};
use super::state::State;
use crate::document::Span;

/// So many passages are pinned at most.
pub(super) const MOST_PINS: usize = 16;
/// So many of the round's tasks are asked of a passage: where a program writes one for each chunk, the first ones.
const MOST_TASKS: usize = 16;

/// Pins the passage, or lets it go where it is pinned already.
pub(super) fn pinned(state: &State, span: Span) -> Step {
    let mut spans = state.pinned.clone();
    match spans.iter().position(|pinned| *pinned == span) {
        Some(at) => drop(spans.remove(at)),
        None if state.may_pin(span).is_ok() => spans.push(span),
        None => return Step::default(),
    }
    Step::fact(Fact::PassagesPinned { spans })
}

impl State {
    /// Whether a passage can be pinned: a round may come that a program plans, which those of MinionS alone are.
    pub fn takes_pins(&self) -> bool {
        self.opened.is_some() && self.ending().is_none() && self.settings().protocol == ProtocolKind::Minions
    }

    /// Why this passage cannot be pinned, worded for the person, as far as can be told without the documents' texts.
    pub fn may_pin(&self, span: Span) -> Result<(), String> {
        if !self.takes_pins() {
            return Err("only rounds of MinionS read what is pinned".into());
        }
        if self.pinned.len() >= MOST_PINS {
            return Err(format!("{MOST_PINS} passages are pinned already"));
        }
        let document = self.opened.as_ref().and_then(|opened| opened.documents.get(span.document));
        if span.start >= span.end || document.is_none_or(|document| span.end > document.bytes) {
            return Err("no document of the session has such a passage".into());
        }
        match self.settings().part {
            Some(Part { span: part, .. })
                if part.document != span.document || span.start < part.start || span.end > part.end =>
            {
                Err("it lies outside of the part that the session is about".into())
            }
            _ => Ok(()),
        }
    }

    /// That pinned passages found no room in the round that was just planned, where some did not.
    pub fn pins_left_out(&self) -> Option<String> {
        let round = self.round()?;
        let planned = |span: &Span| round.chunks.contains(&Chunk::Span(*span));
        let passages = match self.pinned.iter().filter(|span| !planned(span)).count() {
            0 => return None,
            1 => "1 pinned passage is".to_owned(),
            count => format!("{count} pinned passages are"),
        };
        let most = self.settings().max_jobs;
        Some(format!("{passages} left for the next round, if there is one: at most {most} jobs are allowed in one"))
    }

    /// What a worker begins to read is pinned no longer. Until then the round may be planned anew; what it had no room for waits
    /// for the next one.
    pub(super) fn read_pinned(&mut self, job: JobId) {
        if self.pinned.is_empty() {
            return;
        }
        let round = self.rounds.get(job.round.saturating_sub(1) as usize);
        let read = round.and_then(|round| round.chunks.get(round.jobs.get(job.index as usize)?.chunk as usize));
        if let Some(Chunk::Span(read)) = read {
            let read = *read;
            self.pinned.retain(|span| *span != read);
        }
    }
}

/// Asks the round's tasks of each passage, with the advice that each came with first. A passage that is a chunk of the round
/// already is read as planned; one whose jobs would be more than the round may have is left out.
pub(super) fn plan(spans: &[Span], settings: &Settings, planned: &mut PlannedJobs) {
    let (samples, most) = (settings.samples.max(1), settings.max_jobs as usize);
    let mut asked: Vec<(u32, u32)> = Vec::new();
    for job in &planned.jobs {
        if asked.len() < MOST_TASKS && asked.iter().all(|(task, _)| *task != job.task) {
            asked.push((job.task, job.advice));
        }
    }
    let each = asked.len() * samples as usize;
    for span in spans {
        let chunk = Chunk::Span(*span);
        if planned.chunks.contains(&chunk) || planned.jobs.len() + each > most {
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
