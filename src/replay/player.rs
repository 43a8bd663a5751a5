//! Plays a timeline back: position, speed, steps.

use std::ops::Range;
use std::time::Duration;

use super::mark::Mark;
use super::speed::Speed;
use super::timeline::{Timeline, What};
use crate::journal::{JournalError, Record};
use crate::protocol::State;

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
///
/// Where the journal cannot be read any more, whoever moves stands as far as it could be read, with the state there.
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
        Self {
            timeline,
            state: State::default(),
            position: 0,
            played_ms: 0.0,
            playing: false,
            speed: Speed::default(),
            repeat: Repeat::default(),
        }
    }

    /// As it was after the record that happened last.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// How many records have happened.
    pub fn position(&self) -> usize {
        self.position
    }

    /// Records in all.
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

    /// The number of the record that happened last, and when that was.
    pub fn last(&self) -> Option<(u64, u64)> {
        self.timeline.last(self.position)
    }

    /// Folds on beside this, so that every place is near before long.
    pub fn fold_ahead(&mut self) {
        self.timeline.fold_ahead();
    }

    pub fn is_playing(&self) -> bool {
        self.playing
    }

    /// Plays on; from the end it starts again at the beginning, and beyond a range where that begins.
    pub fn play(&mut self) -> Result<(), JournalError> {
        if let Some(range) = self.range()
            && self.position >= range.end
        {
            self.seek(range.start)?;
        } else if self.at_end() {
            self.seek(0)?;
        }
        self.playing = !self.is_empty();
        Ok(())
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
    pub fn advance(&mut self, elapsed: Duration) -> Result<Vec<Record>, JournalError> {
        let from = self.position;
        if !self.playing {
            return Ok(Vec::new());
        }
        let range = self.range();
        if let Some(range) = &range
            && from >= range.end
        {
            self.seek(range.start)?;
            return Ok(Vec::new());
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
        let mut passed = Vec::with_capacity(to - from);
        let mut take = |record| {
            passed.push(record);
            true
        };
        self.timeline.walk(&mut self.state, &mut self.position, to, &mut take)?;
        if self.at_end() && self.range().is_none() {
            self.playing = false;
        }
        Ok(passed)
    }

    /// Goes to where so many records have happened; behind the end is the end.
    pub fn seek(&mut self, position: usize) -> Result<(), JournalError> {
        self.seek_while(position, &mut |_| true)
    }

    /// The same, for a way that may be long: `goes_on` is told from time to time which part of it is behind, 0 to 1, and where it
    /// says no that is where one stands.
    pub fn seek_while(&mut self, position: usize, goes_on: &mut dyn FnMut(f64) -> bool) -> Result<(), JournalError> {
        let sought = self.timeline.seek(&mut self.state, &mut self.position, position, goes_on);
        self.played_ms = self.timeline.played_ms(self.position) as f64;
        sought
    }

    /// Goes to the next or the last place of this kind, or to the end or the beginning where there is none.
    pub fn step(&mut self, unit: Unit, direction: Direction) -> Result<(), JournalError> {
        let stops = |what: What| match unit {
            Unit::Record => true,
            Unit::Gate => what == What::Gate,
            Unit::Job => what == What::JobFinished,
            Unit::Round => what == What::Round,
        };
        let target = match direction {
            Direction::Forward => {
                let ahead = self.timeline.ahead_of(self.position).position(stops);
                ahead.map_or(self.len(), |ahead| self.position + ahead + 1)
            }
            Direction::Back => {
                let from = self.position.saturating_sub(1);
                self.timeline.behind(from).position(stops).map_or(0, |behind| from - behind)
            }
        };
        self.seek(target)
    }
}
