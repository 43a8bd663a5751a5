//! What the session waits for, and since when.

use super::model::Model;
use crate::protocol::{Interrupted, Overexposed, Phase, Reached, Waiting};

impl Model {
    /// Milliseconds since the last thing happened that the protocol waits on.
    pub fn waited_ms(&self) -> u64 {
        let now = if self.is_running() { self.now_ms.max(self.at_ms) } else { self.at_ms };
        now.saturating_sub(self.waiting_since_ms)
    }

    /// Milliseconds until the request that failed last is sent again; nothing where none waits for that.
    pub fn retry_in_ms(&self) -> Option<u64> {
        let Phase::Waiting(Waiting::Remote(ask)) = &self.state.phase else { return None };
        if !self.is_running() {
            return None;
        }
        let failure = self.state.asks().find(|known| known.request.ask == *ask)?.failures.last()?;
        Some(failure.retry_in_ms?.saturating_sub(self.waited_ms()))
    }

    /// The budget that the session waits at, while somebody can say how to go on.
    pub fn budget_reached(&self) -> Option<&Reached> {
        match &self.state.phase {
            Phase::Paused(reached) if self.is_running() => Some(reached),
            _ => None,
        }
    }

    /// The request whose answer never came, while somebody can say whether it is sent again.
    pub fn interrupted(&self) -> Option<&Interrupted> {
        match &self.state.phase {
            Phase::Interrupted(interrupted) if self.is_running() => Some(interrupted),
            _ => None,
        }
    }

    /// Whether the run waits for the person to let the documents leave.
    pub fn asks_consent(&self) -> bool {
        self.is_running() && self.state.phase == Phase::Waiting(Waiting::Consent)
    }

    /// The exposure limit that the session waits at, while somebody can say how to go on.
    pub fn exposure_reached(&self) -> Option<&Overexposed> {
        match &self.state.phase {
            Phase::Withheld(reached) if self.is_running() => Some(reached),
            _ => None,
        }
    }

    /// Whether the session waits for the person to say how to go on past a limit.
    pub fn limit_reached(&self) -> bool {
        self.budget_reached().is_some() || self.exposure_reached().is_some()
    }
}
