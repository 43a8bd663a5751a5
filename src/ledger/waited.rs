//! How long a session waited for the person: time that is not the machine's.

use crate::protocol::Fact;

/// Folds the records of one session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waited {
    since: Option<u64>,
    ms: u64,
}

impl Waited {
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
            _ => {}
        }
    }

    /// Milliseconds until the last word that it waited for.
    pub fn ms(&self) -> u64 {
        self.ms
    }
}
