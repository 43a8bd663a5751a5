//! Places worth a sign on the timeline.

use crate::journal::{Bulk, Seen};
use crate::protocol::{Fact, Purpose};

/// A place worth a sign on the timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The position at which it has just happened.
    pub position: usize,
    /// Milliseconds since 1970.
    pub at_ms: u64,
    pub round: u32,
    pub kind: MarkKind,
}

/// What begins at a mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarkKind {
    Round,
    Advise,
    Decompose,
    Execute,
    Aggregate,
    Think,
    Decide,
    Answer,
    End,
}

impl MarkKind {
    pub fn name(self) -> &'static str {
        match self {
            MarkKind::Round => "round",
            MarkKind::Advise => "advise",
            MarkKind::Decompose => "decompose",
            MarkKind::Execute => "execute",
            MarkKind::Aggregate => "aggregate",
            MarkKind::Think => "think",
            MarkKind::Decide => "decide",
            MarkKind::Answer => "answer",
            MarkKind::End => "end",
        }
    }

    /// What begins with this record, if anything does.
    pub(super) fn of(seen: &Seen) -> Option<Self> {
        Some(match seen {
            Seen::Bulk(Bulk::Asked(purpose)) => Self::of_purpose(*purpose),
            Seen::Bulk(Bulk::Planned) => MarkKind::Execute,
            Seen::Bulk(Bulk::Aggregated) => MarkKind::Aggregate,
            Seen::Bulk(Bulk::JobStarted | Bulk::JobFinished | Bulk::Written) => return None,
            Seen::Whole(fact) => match fact.known()? {
                Fact::RoundBegan { .. } => MarkKind::Round,
                Fact::RemoteAsked(ask) => Self::of_purpose(ask.purpose),
                Fact::JobsPlanned(_) => MarkKind::Execute,
                Fact::TransformBegan { .. } | Fact::OutputsAggregated { .. } => MarkKind::Aggregate,
                Fact::Answered { .. } => MarkKind::Answer,
                Fact::SessionEnded { .. } => MarkKind::End,
                _ => return None,
            },
        })
    }

    fn of_purpose(purpose: Purpose) -> Self {
        match purpose {
            Purpose::Advise => MarkKind::Advise,
            // What divides the work, or the first step of it.
            Purpose::Decompose | Purpose::Message => MarkKind::Decompose,
            Purpose::Think => MarkKind::Think,
            Purpose::Decide | Purpose::Answer => MarkKind::Decide,
        }
    }
}
