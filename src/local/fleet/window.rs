//! How many requests one server is given at once: more while that brings more answers a second, fewer when it refuses.
//!
//! Throughput is measured in rounds of as many answers as were allowed at once, and climbed: a wider window stays only if
//! the next round was faster by enough. A server that queues what it cannot work on is so left at the width where it
//! stopped getting faster, and one that refuses (429, 503) at what it was working on when it did. Pure: time comes in.

use std::time::Duration;

/// Where a server begins of which nothing is known.
const START: usize = 4;
/// Each step of the first climb widens by this.
const STRIDE: usize = 4;
/// Or by this, where a round is over so soon: what a server then has to queue waits for moments.
const LEAP: usize = 16;
const QUICK: Duration = Duration::from_millis(250);
/// Rounds between two tries to widen, once it no longer got faster; doubled after each try in vain.
const REST: u32 = 8;
const LONGEST_REST: u32 = 256;
/// A round has at least this many answers where there is no hurry: few of them tell little.
const FIRM_ROUND: usize = 48;

#[derive(Debug)]
pub struct Window {
    limit: usize,
    bound: usize,
    stage: Stage,
    rest: u32,
    round: Round,
    /// How often it shrank. A request that was sent before the last time and is refused says nothing new.
    shrinks: u32,
    /// The limit is not taken below this by refusals of the same burst.
    floor: usize,
}

#[derive(Clone, Copy, Debug)]
enum Stage {
    /// Widened from `from`, where `rate` answers came a second.
    Climbing { from: usize, rate: f64, pace: Pace },
    /// It does not pay to widen: `rate` is what comes at this width, for the next `rounds`.
    Resting { rate: f64, rounds: u32 },
}

/// By how much a climbing window widens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pace {
    Leap,
    Stride,
    /// By half.
    Step,
}

#[derive(Clone, Copy, Debug, Default)]
struct Round {
    began: Duration,
    answers: usize,
    /// The most in flight at once.
    peak: usize,
}

/// When a request was sent, as [`Window::refused`] wants to know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket(u32);

impl Window {
    /// For a server that is given at most `bound` requests at once, which is at least 1.
    pub fn new(bound: usize) -> Self {
        let bound = bound.max(1);
        Self {
            limit: START.min(bound),
            bound,
            stage: Stage::Climbing { from: START.min(bound), rate: 0.0, pace: Pace::Leap },
            rest: REST,
            round: Round::default(),
            shrinks: 0,
            floor: 1,
        }
    }

    /// The server said how many requests it works on at once: nothing is left to find out.
    pub fn has_slots(&mut self, slots: usize) {
        self.bound = self.bound.min(slots.max(1));
        self.limit = self.bound;
        self.stage = Stage::Resting { rate: 0.0, rounds: self.rest };
    }

    pub fn limit(&self) -> usize {
        self.limit
    }

    /// A request was sent; with it there are `in_flight`.
    pub fn sent(&mut self, now: Duration, in_flight: usize) -> Ticket {
        if in_flight <= 1 {
            // Nothing was under way: the time until now says nothing of the server.
            self.round = Round { began: now, ..Round::default() };
        }
        self.round.peak = self.round.peak.max(in_flight);
        Ticket(self.shrinks)
    }

    /// A request was answered; `in_flight` others are under way.
    pub fn answered(&mut self, now: Duration, in_flight: usize) {
        self.round.answers += 1;
        let hurried = matches!(self.stage, Stage::Climbing { pace: Pace::Leap | Pace::Stride, .. });
        let length = if hurried { self.limit } else { self.limit.max(FIRM_ROUND) };
        if self.round.answers < length {
            return;
        }
        // Where there was not enough to do, the window was not tried.
        if self.round.peak >= self.limit {
            self.round_ended(now.saturating_sub(self.round.began));
        }
        self.round = Round { began: now, answers: 0, peak: in_flight };
    }

    fn round_ended(&mut self, took: Duration) {
        let rate = self.round.answers as f64 / took.as_secs_f64().max(1e-6);
        self.stage = match self.stage {
            Stage::Climbing { from, rate: before, pace } if rate >= before * needed(from, self.limit) => {
                self.rest = REST;
                self.widen(rate, if pace == Pace::Leap && took > QUICK { Pace::Stride } else { pace })
            }
            // It was too far, which says nothing of what lies between.
            Stage::Climbing { from, rate: before, pace: Pace::Leap } => {
                self.limit = from.min(self.limit);
                self.widen(before, Pace::Stride)
            }
            Stage::Climbing { from, rate: before, .. } => {
                self.limit = from.min(self.limit);
                let rounds = self.rest;
                self.rest = (self.rest * 2).min(LONGEST_REST);
                Stage::Resting { rate: before, rounds }
            }
            Stage::Resting { rounds: 0, .. } => self.widen(rate, Pace::Step),
            // The last rounds count most: what a server does changes with what it is asked.
            Stage::Resting { rate: before, rounds } => {
                let rate = if before > 0.0 { before * 0.7 + rate * 0.3 } else { rate };
                Stage::Resting { rate, rounds: rounds - 1 }
            }
        };
    }

    /// Widens, where the bound lets it.
    fn widen(&mut self, rate: f64, pace: Pace) -> Stage {
        let from = self.limit;
        let wider = match pace {
            Pace::Leap => from.saturating_mul(LEAP),
            Pace::Stride => from.saturating_mul(STRIDE),
            Pace::Step => from + (from / 2).max(1),
        };
        self.limit = wider.min(self.bound);
        match self.limit > from {
            true => Stage::Climbing { from, rate, pace },
            false => Stage::Resting { rate, rounds: self.rest },
        }
    }

    /// The server refused a request since it has too much to do; `in_flight` others are under way, which is what it can
    /// do. A burst of refusals halves the window at most.
    pub fn refused(&mut self, ticket: Ticket, now: Duration, in_flight: usize) {
        if ticket == Ticket(self.shrinks) {
            self.shrinks = self.shrinks.wrapping_add(1);
            self.floor = (self.limit / 2).max(1);
            self.rest = match self.stage {
                // That it can be wider was only a try.
                Stage::Climbing { pace: Pace::Step, .. } => (self.rest * 2).min(LONGEST_REST),
                _ => self.rest,
            };
        }
        self.limit = in_flight.max(self.floor).min(self.limit);
        self.stage = Stage::Resting { rate: 0.0, rounds: self.rest };
        self.round = Round { began: now, answers: 0, peak: in_flight };
    }
}

/// How many times faster a window has to be to be worth its width: by a fifth of what the width could bring at best.
fn needed(from: usize, to: usize) -> f64 {
    1.0 + (to as f64 / from.max(1) as f64 - 1.0) * 0.2
}

#[cfg(test)]
mod tests;
