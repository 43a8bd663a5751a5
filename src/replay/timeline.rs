//! The records of a session as a line that can be entered at any place.

use std::sync::Arc;

use crate::journal::Record;
use crate::protocol::{Fact, Purpose, State};

/// In playback nothing is waited for longer than this: a pause that was longer is shortened to it.
pub const LONGEST_PAUSE_MS: u64 = 2_000;

/// How many records lie between two kept states. A kept state shares its rounds with the others but for the one at hand, and
/// a fold of this many takes a few milliseconds.
const SPACING: usize = 1 << 13;

/// The records, and what is needed to enter them anywhere. A position is the number of records that have happened, from
/// 0 to [`len`](Timeline::len).
///
/// The law: [`seek`](Timeline::seek) to `n` gives the fold of the facts of the first `n` records, wherever it comes from.
#[derive(Debug, Default)]
pub struct Timeline {
    records: Arc<[Record]>,
    /// For each record the milliseconds of playback before it.
    played_ms: Vec<u64>,
    marks: Vec<Mark>,
    /// The states after `SPACING`, `2 * SPACING`, … records, as far as the timeline has been walked.
    kept: Vec<State>,
}

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
}

impl Timeline {
    pub fn new(records: Vec<Record>) -> Self {
        let played_ms = played_ms(&records);
        let marks = marks(&records);
        Self { records: records.into(), played_ms, marks, kept: Vec::new() }
    }

    pub fn len(&self) -> usize {
        self.records.len()
    }

    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// The same for who folds them beside: nothing is copied.
    pub fn shared(&self) -> Arc<[Record]> {
        self.records.clone()
    }

    /// Rounds and phases, in order.
    pub fn marks(&self) -> &[Mark] {
        &self.marks
    }

    /// Where a round has just begun.
    pub fn round_start(&self, round: u32) -> Option<usize> {
        self.marks.iter().find(|mark| mark.kind == MarkKind::Round && mark.round == round).map(|mark| mark.position)
    }

    /// When the record before this position happened, in milliseconds since 1970; at the beginning that of the first.
    pub fn at_ms(&self, position: usize) -> Option<u64> {
        self.records.get(position.saturating_sub(1).min(self.len().saturating_sub(1))).map(|record| record.at_ms)
    }

    /// Milliseconds of playback at normal speed until this position is reached.
    pub fn played_ms(&self, position: usize) -> u64 {
        match position.min(self.len()) {
            0 => 0,
            position => self.played_ms[position - 1],
        }
    }

    /// How many records have happened after so many milliseconds of playback.
    pub fn position_at(&self, played_ms: f64) -> usize {
        self.played_ms.partition_point(|&at| at as f64 <= played_ms)
    }

    /// Moves a state that stands at `from` to `to`, by the shorter of going on and starting from a kept state.
    pub fn seek(&mut self, state: &mut State, from: usize, to: usize) {
        let to = to.min(self.len());
        let kept = (to / SPACING).min(self.kept.len());
        let nearest = kept * SPACING;
        let mut at = if from <= to && from >= nearest {
            from
        } else {
            *state = match kept.checked_sub(1) {
                Some(last) => self.kept[last].clone(),
                None => State::default(),
            };
            nearest
        };
        while at < to {
            if let Some(fact) = self.records[at].fact.known() {
                state.apply(fact);
            }
            at += 1;
            if at == (self.kept.len() + 1) * SPACING {
                self.kept.push(state.clone());
            }
        }
    }
}

fn played_ms(records: &[Record]) -> Vec<u64> {
    let mut played = 0;
    let mut before = records.first().map_or(0, |first| first.at_ms);
    records
        .iter()
        .map(|record| {
            played += record.at_ms.saturating_sub(before).min(LONGEST_PAUSE_MS);
            before = record.at_ms;
            played
        })
        .collect()
}

fn marks(records: &[Record]) -> Vec<Mark> {
    let mut round = 0;
    let mut marks = Vec::new();
    for (index, record) in records.iter().enumerate() {
        let kind = match record.fact.known() {
            Some(Fact::RoundBegan { round: number, .. }) => {
                round = *number;
                MarkKind::Round
            }
            Some(Fact::RemoteAsked(ask)) => match ask.purpose {
                Purpose::Advise => MarkKind::Advise,
                // What divides the work, or the first step of it.
                Purpose::Decompose | Purpose::Message => MarkKind::Decompose,
                Purpose::Think => MarkKind::Think,
                Purpose::Decide | Purpose::Answer => MarkKind::Decide,
            },
            Some(Fact::JobsPlanned(_)) => MarkKind::Execute,
            Some(Fact::TransformBegan { .. } | Fact::OutputsAggregated { .. }) => MarkKind::Aggregate,
            Some(Fact::Answered { .. }) => MarkKind::Answer,
            Some(Fact::SessionEnded { .. }) => MarkKind::End,
            _ => continue,
        };
        // A phase that goes on, as after a failed try, has begun already.
        if marks.last().is_some_and(|last: &Mark| last.kind == kind && last.round == round && kind != MarkKind::Round) {
            continue;
        }
        marks.push(Mark { position: index + 1, at_ms: record.at_ms, round, kind });
    }
    marks
}
