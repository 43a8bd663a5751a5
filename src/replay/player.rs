//! Plays a timeline back: position, speed, steps.

use std::ops::Range;
use std::time::Duration;

use super::speed::Speed;
use super::timeline::{Mark, Timeline};
use crate::journal::Record;
use crate::protocol::{Fact, State};

/// At the highest speed so many records are played between two frames, so that a frame is never kept waiting.
const MAX_RECORDS_A_FRAME: usize = 4_096;

/// By what a step goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Record,
    /// To where a job has just ended.
    Job,
    /// To where the session has just come to a gate.
    Gate,
    /// To where a round has just begun.
    Round,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    Forward,
    Back,
}

/// A timeline, a place on it and the state there. Pauses longer than
/// [`LONGEST_PAUSE_MS`](super::LONGEST_PAUSE_MS) are shortened in playback.
#[derive(Debug, Default)]
pub struct Player {
    timeline: Timeline,
    state: State,
    position: usize,
    /// Milliseconds of playback at normal speed that have passed.
    played_ms: f64,
    playing: bool,
    speed: Speed,
    repeat: Repeat,
}

/// The ends of a range that is played again and again; one that is missing is that of the session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Repeat {
    pub from: Option<usize>,
    pub to: Option<usize>,
}

impl Player {
    /// At the beginning, paused, at normal speed.
    pub fn new(timeline: Timeline) -> Self {
        Self { timeline, ..Self::default() }
    }

    pub fn state(&self) -> &State {
        &self.state
    }

    /// How many records have happened.
    pub fn position(&self) -> usize {
        self.position
    }

    pub fn len(&self) -> usize {
        self.timeline.len()
    }

    pub fn is_empty(&self) -> bool {
        self.timeline.is_empty()
    }

    pub fn at_end(&self) -> bool {
        self.position == self.len()
    }

    pub fn timeline(&self) -> &Timeline {
        &self.timeline
    }

    /// Rounds and phases, in order.
    pub fn marks(&self) -> &[Mark] {
        self.timeline.marks()
    }

    /// The record that happened last.
    pub fn record(&self) -> Option<&Record> {
        self.timeline.records().get(self.position.checked_sub(1)?)
    }

    pub fn is_playing(&self) -> bool {
        self.playing
    }

    /// Plays on; from the end it starts again at the beginning, and beyond a range where that begins.
    pub fn play(&mut self) {
        if let Some(range) = self.range()
            && self.position >= range.end
        {
            self.seek(range.start);
        } else if self.at_end() {
            self.seek(0);
        }
        self.playing = !self.is_empty();
    }

    pub fn pause(&mut self) {
        self.playing = false;
    }

    pub fn repeat(&self) -> Repeat {
        self.repeat
    }

    pub fn set_repeat(&mut self, repeat: Repeat) {
        self.repeat = repeat;
    }

    /// The range that is played again and again, where there is one.
    fn range(&self) -> Option<Range<usize>> {
        let Repeat { from, to } = self.repeat;
        let range = from.unwrap_or(0)..to.unwrap_or(self.len()).min(self.len());
        (self.repeat != Repeat::default() && range.start < range.end).then_some(range)
    }

    pub fn speed(&self) -> Speed {
        self.speed
    }

    pub fn set_speed(&mut self, speed: Speed) {
        self.speed = speed;
    }

    /// Lets time pass, and gives the records that happened in it. At the end playback pauses; from the end of a range it
    /// goes back to where that begins, which is a step of its own and gives none.
    pub fn advance(&mut self, elapsed: Duration) -> Range<usize> {
        let from = self.position;
        if !self.playing {
            return from..from;
        }
        let range = self.range();
        if let Some(range) = &range
            && from >= range.end
        {
            self.seek(range.start);
            return self.position..self.position;
        }
        let last = range.map_or(self.len(), |range| range.end);
        let to = match self.speed {
            Speed::Times(factor) => {
                self.played_ms += elapsed.as_secs_f64() * 1000.0 * factor;
                self.timeline.position_at(self.played_ms).max(from).min(last)
            }
            Speed::Max => {
                let to = (from + MAX_RECORDS_A_FRAME).min(last);
                self.played_ms = self.timeline.played_ms(to) as f64;
                to
            }
        };
        self.go(to);
        if self.at_end() && self.range().is_none() {
            self.playing = false;
        }
        from..to
    }

    /// Goes to where so many records have happened; behind the end is the end.
    pub fn seek(&mut self, position: usize) {
        let position = position.min(self.len());
        self.go(position);
        self.played_ms = self.timeline.played_ms(position) as f64;
    }

    /// Goes to the next or the last place of this kind, or to the end or the beginning where there is none.
    pub fn step(&mut self, unit: Unit, direction: Direction) {
        let records = self.timeline.records();
        let stops = |record: &Record| match unit {
            Unit::Record => true,
            Unit::Gate => matches!(record.fact.known(), Some(Fact::GateReached { .. })),
            Unit::Job => matches!(record.fact.known(), Some(Fact::JobFinished { .. })),
            Unit::Round => matches!(record.fact.known(), Some(Fact::RoundBegan { .. })),
        };
        let target = match direction {
            Direction::Forward => {
                let ahead = records[self.position..].iter().position(stops);
                ahead.map_or(records.len(), |ahead| self.position + ahead + 1)
            }
            Direction::Back => {
                let behind = &records[..self.position.saturating_sub(1)];
                behind.iter().rposition(stops).map_or(0, |index| index + 1)
            }
        };
        self.seek(target);
    }

    fn go(&mut self, to: usize) {
        self.timeline.seek(&mut self.state, self.position, to);
        self.position = to;
    }
}
