//! What a fork finds in the old session: its facts up to the place where it is left, and what was redacted in all of it.

use super::super::Failure;
use super::Wanted;
use crate::cli::Point;
use crate::journal::{Record, Session, Stored};
use crate::protocol::{Fact, Redaction, SessionOpened, Settings, State};

/// What the old session has on record up to the place where it is left.
pub struct Past {
    pub(super) parent: Session,
    pub(super) facts: Vec<Fact>,
    pub(super) state: State,
    /// What was redacted at its gates, after that place too.
    blotted: Vec<Redaction>,
    /// The number of the last record.
    pub(super) seq: u64,
}

impl Past {
    /// Reads the journal as far as that place. What comes after is looked through for what the person redacted.
    pub fn read(parent: &Session, wanted: &Wanted) -> Result<Self, Failure> {
        let mut past =
            Self { parent: parent.clone(), facts: Vec::new(), state: State::default(), blotted: Vec::new(), seq: 0 };
        let place = Place::of(wanted);
        let (mut count, mut last, mut found, mut is_past) = (0, 0, place == Place::End, false);
        for record in parent.records()? {
            let record = record?;
            last = record.seq;
            if let Some(Fact::OutputsEdited { redaction: Some(redaction), .. }) = record.fact.known() {
                past.blotted.push(redaction.clone());
            }
            is_past |= place.comes_before(count, &record);
            if is_past {
                found = true;
                continue;
            }
            count += 1;
            past.seq = record.seq;
            if let Stored::Known(fact) = record.fact {
                past.state.apply(&fact);
                past.facts.push(*fact);
            }
        }
        let id = parent.id();
        match place {
            Place::Record(seq) if count == 0 || (!found && past.seq < seq) => {
                Err(Failure::usage(format!("session {id} has no record {seq}; its records are 1 to {last}")))
            }
            Place::Round(round) if !found => Err(Failure::usage(format!("session {id} has no round {round}"))),
            _ => Ok(past),
        }
    }

    /// The settings of the old session as they held at the place. What was redacted in it stays so, wherever that was.
    pub(super) fn settings(&self) -> Settings {
        let mut settings = self.state.settings_from_here();
        for redaction in &self.blotted {
            if !settings.blotted.contains(redaction) {
                settings.blotted.push(redaction.clone());
            }
        }
        settings
    }

    pub(super) fn opened(&self) -> Result<&SessionOpened, Failure> {
        let opened = self.facts.iter().find_map(|fact| match fact {
            Fact::SessionOpened(opened) => Some(opened.as_ref()),
            _ => None,
        });
        let none = || format!("session {} holds no question, so nothing can be forked", self.parent.id());
        opened.ok_or_else(|| Failure::usage(none()))
    }
}

/// Where the old session is left.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// After its opening.
    Opened,
    /// After the record of this number.
    Record(u64),
    /// Before a round.
    Round(u32),
    End,
}

impl Place {
    fn of(wanted: &Wanted) -> Self {
        let changes_itself = wanted.question.is_some() || wanted.code.is_some() || wanted.output.is_some();
        match wanted.from {
            // The change says itself where.
            _ if wanted.rerun_local || wanted.output.is_some() => Place::End,
            Some(Point::Round(_)) if wanted.code.is_some() => Place::End,
            None if changes_itself => Place::End,
            None => Place::Opened,
            Some(Point::Record(seq)) => Place::Record(seq),
            Some(Point::Round(round)) => Place::Round(round),
        }
    }

    /// Whether it comes before this record, which follows so many.
    fn comes_before(self, count: usize, record: &Record) -> bool {
        match self {
            Place::Opened => count == 1,
            Place::Record(seq) => record.seq > seq,
            Place::Round(round) => {
                matches!(record.fact.known(), Some(Fact::RoundBegan { round: of, .. }) if *of == round)
            }
            Place::End => false,
        }
    }
}
