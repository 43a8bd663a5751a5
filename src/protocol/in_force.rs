//! Who plans and who reads: what is chosen in a round holds from the next one on.

use super::fact::{Fact, Models};

/// A fold over facts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ModelsInForce {
    /// In the round at hand.
    pub now: Models,
    /// What was chosen for the round after it.
    pub next: Models,
}

impl ModelsInForce {
    pub fn apply(&mut self, fact: &Fact) {
        match fact {
            Fact::SessionOpened(opened) => *self = Self { now: Models::of(opened), next: Models::default() },
            Fact::ModelsChosen(models) => self.next.take_over(models.clone()),
            Fact::SessionResumed(resumed) => {
                self.now.take_over(resumed.models.clone());
                self.next = Models::default();
            }
            Fact::RoundBegan { .. } => self.now.take_over(std::mem::take(&mut self.next)),
            _ => {}
        }
    }

    /// Whether no model plans, so that a reply costs nothing.
    pub fn plans_free(&self) -> bool {
        self.now.remote.as_ref().is_some_and(|remote| !remote.is_model)
    }
}
