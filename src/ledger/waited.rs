//! How long a session waited for the person, or did not run at all: time that is not the machine's.

use crate::protocol::Fact;

/// Folds the records of one session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waited {
    since: Option<u64>,
    /// When the last fact came.
    last: u64,
    ms: u64,
}

impl Waited {
    /// `at_ms`: when the fact was recorded, in milliseconds since 1970.
    pub fn apply(&mut self, fact: &Fact, at_ms: u64) {
        match fact {
            Fact::GateReached { .. }
            | Fact::ConsentAsked { .. }
            | Fact::BudgetReached(_)
            | Fact::ExposureReached(_)
            | Fact::RemoteInterrupted(_)
            | Fact::RunPaused { .. } => drop(self.since.get_or_insert(at_ms)),
            Fact::GatePassed { .. }
            | Fact::ConsentGiven
            | Fact::BudgetRaised { .. }
            | Fact::ExposureRaised { .. }
            | Fact::ResendAllowed { .. }
            | Fact::RunContinued
            | Fact::SessionEnded { .. } => {
                let since = self.since.take();
                self.ms += since.map_or(0, |since| at_ms.saturating_sub(since));
            }
            // Nobody ran it in between; a wait that was under way goes on.
            Fact::SessionResumed(_) if self.since.is_none() && self.last > 0 => {
                self.ms += at_ms.saturating_sub(self.last);
            }
            _ => {}
        }
        self.last = at_ms;
    }

    /// Milliseconds until the last word that it waited for.
    pub fn ms(&self) -> u64 {
        self.ms
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{Models, Resumed};

    fn waited(facts: &[(Fact, u64)]) -> u64 {
        let mut waited = Waited::default();
        facts.iter().for_each(|(fact, at_ms)| waited.apply(fact, *at_ms));
        waited.ms()
    }

    #[test]
    fn the_time_between_a_crash_and_going_on_is_nobodys_work() {
        let note = || Fact::NoteAdded { text: "on".into() };
        let resumed =
            || Fact::SessionResumed(Resumed { program: "1".into(), models: Models::default(), embedding: None });
        assert_eq!(waited(&[(note(), 1_000), (resumed(), 61_000), (note(), 62_000)]), 60_000);
        // Who was waited for when it broke off is waited for until the word comes, and that is counted once.
        let paused = Fact::RunPaused { held: None };
        assert_eq!(waited(&[(paused, 1_000), (resumed(), 61_000), (Fact::RunContinued, 62_000)]), 61_000);
    }
}
