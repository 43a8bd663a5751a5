//! A run whose terminal is gone: it goes on to its end, and waits a while where it needs the person.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::config::Config;
use crate::control::Attached;
use crate::protocol::{Fact, Phase, Waiting};

/// Watches over a run that nobody sees, unless somebody attaches.
pub struct Alone {
    attached: Attached,
    /// How long the person is waited for.
    wait: Duration,
    /// Whether the run waits for the person.
    needs: bool,
    /// Until when, while nobody is attached.
    until: Option<Instant>,
}

impl Alone {
    /// `phase`: where the run stands.
    pub fn new(config: &Config, attached: Attached, phase: &Phase) -> Self {
        let needs = matches!(
            phase,
            Phase::Paused(_)
                | Phase::Withheld(_)
                | Phase::AtGate { .. }
                | Phase::Interrupted(_)
                | Phase::Waiting(Waiting::Consent)
        );
        let wait = Duration::from_secs(config.sessions.hangup_wait_s);
        Self { attached, wait, needs, until: None }
    }

    pub fn note(&mut self, fact: &Fact) {
        match fact {
            Fact::BudgetReached(_)
            | Fact::ExposureReached(_)
            | Fact::GateReached { .. }
            | Fact::RemoteInterrupted(_)
            | Fact::ConsentAsked { .. } => {
                (self.needs, self.until) = (true, None);
            }
            // These say nothing of where the run stands.
            Fact::UtilizationSampled(_)
            | Fact::NoteAdded { .. }
            | Fact::DocumentsCounted(_)
            | Fact::ModelsChosen(_)
            | Fact::LeversChosen(_) => {}
            _ => self.needs = false,
        }
    }

    /// Comes back when the run has waited for the person in vain. Safe to cancel.
    pub async fn in_vain(&mut self) {
        loop {
            if !self.needs {
                return std::future::pending().await;
            }
            let somebody = *self.attached.borrow_and_update() > 0;
            let until = match somebody {
                true => {
                    self.until = None;
                    None
                }
                false => Some(*self.until.get_or_insert_with(|| Instant::now() + self.wait)),
            };
            let passed = async {
                match until {
                    Some(until) => sleep_until(until).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = passed => {
                    self.needs = false;
                    return;
                }
                changed = self.attached.changed() => if changed.is_err() {
                    return std::future::pending().await;
                },
            }
        }
    }
}
