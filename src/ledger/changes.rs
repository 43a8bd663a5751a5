//! What a round found that the round before had not, and the other way round.

use crate::document::Span;
use crate::protocol::{JobId, Outcome, Round};

/// Citations of a round's jobs, compared with those of the round before by where they stand in the documents.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// One job for each place that is cited for the first time.
    pub new: Vec<JobId>,
    /// Places that both rounds cite.
    pub again: u32,
    /// Jobs of the round before whose place is cited no more.
    pub gone: Vec<JobId>,
}

pub fn changes(before: &Round, round: &Round) -> Changes {
    let (old, new) = (places(before), places(round));
    let touches = |places: &[(Span, JobId)], span: &Span| {
        let next = places.partition_point(|(other, _)| (other.document, other.end) <= (span.document, span.start));
        places.get(next).is_some_and(|(other, _)| other.document == span.document && other.start < span.end)
    };
    let (again, fresh): (Vec<_>, Vec<_>) = new.iter().partition(|(span, _)| touches(&old, span));
    let gone = old.iter().filter(|(span, _)| !touches(&new, span)).map(|(_, job)| *job).collect();
    Changes { new: fresh.iter().map(|(_, job)| *job).collect(), again: again.len() as u32, gone }
}

/// The places that the jobs of a round cite, in the order of the documents and without overlaps, each with the first job
/// that cites it.
fn places(round: &Round) -> Vec<(Span, JobId)> {
    let cited = (0u32..).zip(&round.jobs).filter_map(|(index, job)| match job.outcome()? {
        Outcome::Answered { located, .. } => Some((located.as_ref()?.span, JobId { round: round.number, index })),
        _ => None,
    });
    let mut places: Vec<(Span, JobId)> = cited.collect();
    places.sort();
    places.dedup_by(|(later, _), (kept, _)| {
        let overlap = later.document == kept.document && later.start < kept.end;
        if overlap {
            kept.end = kept.end.max(later.end);
        }
        overlap
    });
    places
}
