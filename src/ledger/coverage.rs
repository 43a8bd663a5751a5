//! Which bytes of the documents the workers read, and which were cited.

use std::collections::HashMap;

use super::span_set::SpanSet;
use crate::document::Span;
use crate::protocol::{Chunk, Fact, JobId, Outcome};

/// A fold over facts. Chunks that a program rewrote stand in no document and leave no mark here.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Coverage {
    read: SpanSet,
    cited_by_jobs: SpanSet,
    cited_in_answer: SpanSet,
    /// By round: the chunk of each of its jobs, where that chunk stands in a document.
    chunks: HashMap<u32, Vec<Option<Span>>>,
}

impl Coverage {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn apply(&mut self, fact: &Fact) {
        match fact {
            Fact::JobsPlanned(planned) => {
                let span_of = |index: u32| match planned.chunks.get(index as usize) {
                    Some(Chunk::Span(span)) => Some(*span),
                    Some(Chunk::Text(_)) | None => None,
                };
                let chunks = planned.jobs.iter().map(|job| span_of(job.chunk)).collect();
                self.chunks.insert(planned.round, chunks);
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
                for located in citations.iter().filter_map(|citation| citation.located) {
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
        let chunk = self.chunks.get(&job.round).and_then(|chunks| chunks.get(job.index as usize));
        if let Some(Some(span)) = chunk {
            self.read.insert(*span);
        }
    }
}
