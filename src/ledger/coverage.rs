//! Which bytes of the documents the workers read, and which were cited.

use std::collections::HashMap;

use super::span_set::SpanSet;
use crate::document::Span;
use crate::protocol::{Fact, JobId, Outcome};

/// A fold over facts. Chunks that a program rewrote stand in no document and leave no mark here.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Coverage {
    read: SpanSet,
    cited_by_jobs: SpanSet,
    cited_in_answer: SpanSet,
    /// By round: where its chunks stand in documents, and the chunk of each of its jobs.
    rounds: HashMap<u32, (Vec<Vec<Span>>, Vec<u32>)>,
}

impl Coverage {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn apply(&mut self, fact: &Fact) {
        match fact {
            Fact::JobsPlanned(planned) => {
                let chunks = planned.chunks.iter().map(|chunk| chunk.spans().collect()).collect();
                let jobs = planned.jobs.iter().map(|job| job.chunk).collect();
                self.rounds.insert(planned.round, (chunks, jobs));
            }
            Fact::JobStarted { job, .. } => self.was_read(*job),
            Fact::JobFinished { job, outcome, .. } => {
                match outcome {
                    Outcome::Answered { .. }
                    | Outcome::Abstained { .. }
                    | Outcome::Malformed { .. }
                    | Outcome::Truncated { .. } => self.was_read(*job),
                    // Whether it was begun is told by `JobStarted` alone.
                    Outcome::Failed { .. } | Outcome::Cancelled => {}
                }
                if let Some(located) = outcome.located() {
                    self.cited_by_jobs.insert(located.span);
                }
            }
            Fact::Answered { citations, .. } => {
                for located in citations.iter().filter_map(|citation| citation.located.as_ref()) {
                    self.cited_in_answer.insert(located.span);
                }
            }
            _ => {}
        }
    }

    /// What was handed to a worker.
    pub fn read(&self) -> &SpanSet {
        &self.read
    }

    /// What jobs cited, where it was found.
    pub fn cited_by_jobs(&self) -> &SpanSet {
        &self.cited_by_jobs
    }

    /// What the final answer cites, where it was found.
    pub fn cited_in_answer(&self) -> &SpanSet {
        &self.cited_in_answer
    }

    fn was_read(&mut self, job: JobId) {
        let Some((chunks, jobs)) = self.rounds.get(&job.round) else { return };
        let chunk = jobs.get(job.index as usize).and_then(|chunk| chunks.get(*chunk as usize));
        chunk.into_iter().flatten().for_each(|span| self.read.insert(*span));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{Located, Match};
    use crate::protocol::{AnswerCitation, Chunk, JobOutput, PlannedJob, PlannedJobs, Usage};

    #[test]
    fn what_workers_were_handed_is_read_and_what_was_found_is_cited() {
        let job = |index| JobId { round: 1, index };
        let planned = |chunk| PlannedJob { chunk, task: 0, advice: 0, sample: 0 };
        let finished =
            |index, outcome| Fact::JobFinished { job: job(index), outcome, raw: None, usage: Usage::default(), ms: 1 };
        let located = |start, end| Located::new(Span::new(0, start, end), Match::Exact);
        let chunks = vec![
            Chunk::Span(Span::new(0, 0, 100)),
            Chunk::Span(Span::new(0, 90, 200)),
            Chunk::Text("made up".into()),
            Chunk::Span(Span::new(1, 0, 50)),
        ];
        let jobs = [0, 1, 2, 3].map(planned).to_vec();
        let mut coverage = Coverage::new();
        for fact in [
            Fact::JobsPlanned(PlannedJobs { round: 1, chunks, tasks: vec![], advices: vec![], jobs }),
            Fact::JobStarted { job: job(0), attempt: 1 },
            Fact::JobStarted { job: job(2), attempt: 1 },
            finished(1, Outcome::Answered { output: JobOutput::default(), located: Some(located(95, 110)) }),
            finished(3, Outcome::Cancelled),
            Fact::JobStarted { job: JobId { round: 7, index: 0 }, attempt: 1 },
            Fact::Answered {
                answer: None,
                explanation: String::new(),
                citations: vec![
                    AnswerCitation { text: "a".into(), located: Some(located(5, 9)) },
                    AnswerCitation { text: "b".into(), located: None },
                ],
            },
        ] {
            coverage.apply(&fact);
        }
        assert_eq!(coverage.read().iter().collect::<Vec<_>>(), [Span::new(0, 0, 200)]);
        assert_eq!(coverage.cited_by_jobs().iter().collect::<Vec<_>>(), [Span::new(0, 95, 110)]);
        assert_eq!(coverage.cited_in_answer().iter().collect::<Vec<_>>(), [Span::new(0, 5, 9)]);
    }
}
