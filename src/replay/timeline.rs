//! The records of a session as a line that can be entered at any place. They stay in the journal and are read again where
//! they are played: in memory is where each one stands, and every few thousand the state.

use std::sync::Arc;

use super::ahead::Ahead;
use super::mark::{Mark, MarkKind};
use crate::journal::{Again, Bulk, JournalError, Passed, Record, Seen, Session, Stored};
use crate::protocol::{Fact, SessionOpened, State};

/// In playback nothing is waited for longer than this: a pause that was longer is shortened to it.
pub const LONGEST_PAUSE_MS: u64 = 2_000;

/// How many records lie between two kept states, at least. A kept state shares its rounds with the others but for the one at
/// hand, and so many records are read and folded in some ten milliseconds.
const SPACING: usize = 1 << 12;
/// Kept states, at most.
const MOST_KEPT: usize = 128;
/// While a journal is looked through it is told so often how far that is, in records.
const TOLD_EACH: usize = 1 << 13;

/// Where the records are, and what is needed to enter them anywhere. A position is the number of records that have happened,
/// from 0 to [`len`](Timeline::len).
///
/// The law: [`seek`](Timeline::seek) to `n` gives the fold of the facts of the first `n` records, wherever it comes from.
pub struct Timeline {
    entries: Arc<[Entry]>,
    marks: Vec<Mark>,
    /// Facts that are asked for wherever one stands, each with the position at which it has just happened: the opening, notes,
    /// samples of the machine.
    held: Vec<(usize, Box<Fact>)>,
    warnings: Vec<String>,
    /// The states after `spacing`, `2 * spacing`, … records, as far as the timeline has been walked.
    kept: Vec<State>,
    spacing: usize,
    again: Again,
    session: Session,
    ahead: Option<Ahead>,
}

/// Where a record is, and when.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub start: u64,
    pub seq: u64,
    pub at_ms: u64,
    /// Milliseconds of playback before it.
    pub played_ms: u64,
    pub what: What,
}

/// What is told of a record without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    JobStarted,
    JobFinished,
    Gate,
    Round,
    Other,
}

impl Timeline {
    /// Looks through the journal, as far as there is one now. `tell` is told from time to time which part of it has been seen,
    /// 0 to 1; nothing comes back where it says that it is wanted no longer.
    pub fn read(session: &Session, tell: &mut dyn FnMut(f64) -> bool) -> Result<Option<Self>, JournalError> {
        // How long an archived one will be is not known.
        let length = session.length().filter(|_| !session.is_archived());
        let mut records = session.records()?;
        let (mut entries, mut marks, mut held) = (Vec::new(), Marks::default(), Vec::new());
        let (mut played_ms, mut before) = (0, None);
        while let Some(Passed { start, seq, at_ms, seen }) = records.pass()? {
            played_ms += at_ms.saturating_sub(before.unwrap_or(at_ms)).min(LONGEST_PAUSE_MS);
            before = Some(at_ms);
            let position = entries.len() + 1;
            marks.look_at(position, at_ms, &seen);
            entries.push(Entry { start, seq, at_ms, played_ms, what: what(&seen) });
            if let Some(fact) = to_hold(seen) {
                held.push((position, fact));
            }
            if position % TOLD_EACH == 0 && !tell(length.map_or(0.0, |length| share(records.read_bytes(), length))) {
                return Ok(None);
            }
        }
        let spacing = (entries.len() / MOST_KEPT).next_power_of_two().max(SPACING);
        Ok(Some(Self {
            entries: entries.into(),
            marks: marks.marks,
            held,
            warnings: records.into_warnings(),
            kept: Vec::new(),
            spacing,
            again: session.again()?,
            session: session.clone(),
            ahead: None,
        }))
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// What is wrong with the journal, each in one sentence that quotes nothing of it.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// What the session was opened with; nothing where that is not on record.
    pub fn opened(&self) -> Option<&SessionOpened> {
        self.held.iter().find_map(|(_, fact)| match &**fact {
            Fact::SessionOpened(opened) => Some(opened.as_ref()),
            _ => None,
        })
    }

    /// The notes on record, each with the number of its record.
    pub fn notes(&self) -> impl Iterator<Item = (u64, &str)> {
        self.held.iter().filter_map(|(position, fact)| match &**fact {
            Fact::NoteAdded { text } => Some((self.entries.get(position - 1)?.seq, text.as_str())),
            _ => None,
        })
    }

    /// Rounds and phases, in order.
    pub fn marks(&self) -> &[Mark] {
        &self.marks
    }

    /// Where a round has just begun.
    pub fn round_start(&self, round: u32) -> Option<usize> {
        self.marks.iter().find(|mark| mark.kind == MarkKind::Round && mark.round == round).map(|mark| mark.position)
    }

    /// How many records come before the one of this number.
    pub fn before(&self, seq: u64) -> usize {
        self.entries.partition_point(|entry| entry.seq < seq)
    }

    /// When the record of this number was made; 0 where there is none.
    pub fn time_of(&self, seq: u64) -> u64 {
        self.entries.get(self.before(seq)).map_or(0, |entry| entry.at_ms)
    }

    /// The number of the record before this position, and when it happened.
    pub fn last(&self, position: usize) -> Option<(u64, u64)> {
        self.entries.get(position.checked_sub(1)?).map(|entry| (entry.seq, entry.at_ms))
    }

    /// When the record before this position happened, in milliseconds since 1970; at the beginning that of the first.
    pub fn at_ms(&self, position: usize) -> Option<u64> {
        self.entries.get(position.saturating_sub(1).min(self.len().saturating_sub(1))).map(|entry| entry.at_ms)
    }

    /// Milliseconds of playback at normal speed until this position is reached.
    pub fn played_ms(&self, position: usize) -> u64 {
        match position.min(self.len()) {
            0 => 0,
            position => self.entries[position - 1].played_ms,
        }
    }

    /// How many records have happened after so many milliseconds of playback.
    pub fn position_at(&self, played_ms: f64) -> usize {
        self.entries.partition_point(|entry| entry.played_ms as f64 <= played_ms)
    }

    /// What the record at each position after this one is, in order.
    pub fn ahead_of(&self, position: usize) -> impl Iterator<Item = What> {
        self.entries.get(position..).unwrap_or_default().iter().map(|entry| entry.what)
    }

    /// The same of those before it, the last first.
    pub fn behind(&self, position: usize) -> impl Iterator<Item = What> {
        self.entries.get(..position).unwrap_or_default().iter().rev().map(|entry| entry.what)
    }

    /// What the sparklines show at this position of the time since then: when, and a job that began or ended, or a sample.
    pub fn load_since(&self, from_ms: u64, position: usize) -> impl Iterator<Item = (u64, Loaded<'_>)> {
        let until = self.entries.get(..position).unwrap_or(&self.entries);
        let from = until.partition_point(|entry| entry.at_ms < from_ms);
        let told = move |(entry, at): (&Entry, usize)| {
            let what = match entry.what {
                What::JobStarted => Loaded::JobBegan,
                What::JobFinished => Loaded::JobEnded,
                _ => Loaded::Held(&self.held[self.held.binary_search_by_key(&at, |(held, _)| *held).ok()?].1),
            };
            Some((entry.at_ms, what))
        };
        until[from..].iter().zip(from + 1..).filter_map(told)
    }

    /// Folds on beside the one who plays, so that no place is far from a kept state in the end.
    pub fn fold_ahead(&mut self) {
        if self.kept.len() < self.len() / self.spacing {
            let begins = (self.kept.len() * self.spacing, self.kept.last().cloned().unwrap_or_default());
            self.ahead = Ahead::start(&self.session, self.entries.clone(), begins, self.spacing);
        }
    }

    /// Moves a state that stands at `at` to `to`, by the shorter of going on and starting from a kept state. Where that fails, or
    /// `goes_on`, which is asked from time to time and told which part of the way is behind, says no, it stands between them.
    pub fn seek(
        &mut self,
        state: &mut State,
        at: &mut usize,
        to: usize,
        goes_on: &mut dyn FnMut(f64) -> bool,
    ) -> Result<(), JournalError> {
        self.take_from_ahead();
        let to = to.min(self.len());
        let kept = (to / self.spacing).min(self.kept.len());
        let nearest = kept * self.spacing;
        if *at > to || *at < nearest {
            *state = match kept.checked_sub(1) {
                Some(last) => self.kept[last].clone(),
                None => State::default(),
            };
            *at = nearest;
        }
        let from = *at;
        let mut walked = 0;
        self.walk(state, at, to, &mut |_| {
            walked += 1;
            walked % TOLD_EACH != 0 || goes_on(share(walked as u64, (to - from) as u64))
        })
    }

    /// Goes on from `at` to `to` record by record, each of which is given to `each`, until that says that it is enough.
    pub fn walk(
        &mut self,
        state: &mut State,
        at: &mut usize,
        to: usize,
        each: &mut dyn FnMut(Record) -> bool,
    ) -> Result<(), JournalError> {
        while *at < to.min(self.len()) {
            let Entry { start, seq, .. } = self.entries[*at];
            let record = self.again.record(start, seq)?;
            if let Some(fact) = record.fact.known() {
                state.apply(fact);
            }
            *at += 1;
            self.keep_or_share(state, *at);
            if !each(record) {
                break;
            }
        }
        Ok(())
    }

    /// Where a state is kept, the one at hand is it from now on: by the law it is the same, and its rounds are then held once.
    fn keep_or_share(&mut self, state: &mut State, at: usize) {
        let Some(index) = (at / self.spacing).checked_sub(1).filter(|_| at.is_multiple_of(self.spacing)) else {
            return;
        };
        match self.kept.get(index) {
            Some(kept) => *state = kept.clone(),
            None if index == self.kept.len() => self.kept.push(state.clone()),
            None => {}
        }
    }

    fn take_from_ahead(&mut self) {
        let Some(ahead) = &self.ahead else { return };
        for (at, state) in ahead.states() {
            if at == (self.kept.len() + 1) * self.spacing {
                self.kept.push(state);
            }
        }
        if self.kept.len() >= self.len() / self.spacing {
            self.ahead = None;
        }
    }
}

/// What a sparkline counts or draws.
#[derive(Clone, Copy, Debug)]
pub enum Loaded<'a> {
    JobBegan,
    JobEnded,
    /// A fact that is held, among them samples of the machine.
    Held(&'a Fact),
}

fn share(part: u64, whole: u64) -> f64 {
    (part as f64 / whole.max(1) as f64).min(1.0)
}

fn what(seen: &Seen) -> What {
    match seen {
        Seen::Bulk(Bulk::JobStarted) => What::JobStarted,
        Seen::Bulk(Bulk::JobFinished) => What::JobFinished,
        Seen::Bulk(_) => What::Other,
        Seen::Whole(fact) => match fact.known() {
            Some(Fact::GateReached { .. }) => What::Gate,
            Some(Fact::RoundBegan { .. }) => What::Round,
            _ => What::Other,
        },
    }
}

fn to_hold(seen: Seen) -> Option<Box<Fact>> {
    let Seen::Whole(Stored::Known(fact)) = seen else { return None };
    let held = matches!(*fact, Fact::SessionOpened(_) | Fact::NoteAdded { .. } | Fact::UtilizationSampled(_));
    held.then_some(fact)
}

/// The marks as they are found.
#[derive(Default)]
struct Marks {
    marks: Vec<Mark>,
    round: u32,
}

impl Marks {
    fn look_at(&mut self, position: usize, at_ms: u64, seen: &Seen) {
        if let Seen::Whole(fact) = seen
            && let Some(Fact::RoundBegan { round, .. }) = fact.known()
        {
            self.round = *round;
        }
        let (Some(kind), round) = (MarkKind::of(seen), self.round) else { return };
        // A phase that goes on, as after a failed try, has begun already.
        let goes_on = |last: &Mark| last.kind == kind && last.round == round && kind != MarkKind::Round;
        if !self.marks.last().is_some_and(goes_on) {
            self.marks.push(Mark { position, at_ms, round, kind });
        }
    }
}
