//! What a past session came to, as far as it tells of the next: how its work was divided, how fast it was read, what the
//! planner was told and said.

use serde::{Deserialize, Serialize};

use super::waited::Waited;
use crate::protocol::{Ending, Fact, ProtocolKind};

/// A session that came to its end by itself. Jobs and replies that were taken from other sessions count in none of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Precedent {
    pub protocol: ProtocolKind,
    /// Who planned and who read, as their labels.
    pub remote: String,
    pub local: String,
    /// Of the documents.
    pub characters: u64,
    pub samples: u32,
    pub rounds: u32,
    pub jobs: u64,
    pub local_tokens: u64,
    pub local_output_tokens: u64,
    /// From the first job's start to the last one's end, of all rounds together.
    pub reading_ms: u64,
    pub calls: u64,
    pub input_tokens: u64,
    pub output_tokens: u64,
    /// Of all requests, one after the other.
    pub asking_ms: u64,
    /// Of everything else: programs, the disk, this program itself.
    pub other_ms: u64,
    /// Whether an eval made it. Its label says so, which may change.
    #[serde(skip)]
    pub of_eval: bool,
}

/// Folds the records of one session.
#[derive(Clone, Debug, Default)]
pub struct Past {
    precedent: Precedent,
    /// When the first job of the round began and the last one ended.
    reading: Option<(u64, u64)>,
    /// When the session began, and when its last record was made.
    lasted: Option<(u64, u64)>,
    ended: bool,
    waited: Waited,
    /// Whether it tells nothing of another session: a model was changed, or work was taken from elsewhere or held up in its midst.
    mixed: bool,
}

impl Past {
    /// `at_ms`: when the fact was recorded, in milliseconds since 1970.
    pub fn apply(&mut self, fact: &Fact, at_ms: u64) {
        let (began, _) = self.lasted.unwrap_or((at_ms, at_ms));
        self.lasted = Some((began, at_ms));
        self.waited.apply(fact, at_ms);
        let precedent = &mut self.precedent;
        match fact {
            Fact::SessionOpened(opened) => {
                *precedent = Precedent {
                    protocol: opened.settings.protocol,
                    remote: opened.remote.label(),
                    local: opened.local.label(),
                    characters: match opened.settings.part {
                        Some(part) => part.characters as u64,
                        None => opened.documents.iter().map(|document| document.characters as u64).sum(),
                    },
                    samples: opened.settings.samples,
                    ..Precedent::default()
                };
                self.mixed = opened.parent.is_some();
            }
            Fact::RoundBegan { round, .. } => {
                self.close_reading();
                self.precedent.rounds = *round;
            }
            Fact::ModelsChosen(_) => self.mixed = true,
            Fact::JobStarted { .. } => {
                let (_, last) = self.reading.unwrap_or((at_ms, at_ms));
                self.reading.get_or_insert((at_ms, last));
            }
            Fact::JobFinished { usage, .. } if !usage.reused => {
                precedent.jobs += 1;
                precedent.local_tokens += usage.input_tokens + usage.output_tokens;
                precedent.local_output_tokens += usage.output_tokens;
                if let Some((_, last)) = &mut self.reading {
                    *last = at_ms;
                }
            }
            Fact::JobFinished { .. } => self.mixed = true,
            Fact::RemoteAnswered(answer) if !answer.usage.reused => {
                precedent.calls += 1;
                precedent.input_tokens += answer.usage.input_tokens;
                precedent.output_tokens += answer.usage.output_tokens;
                precedent.asking_ms += answer.total_ms;
            }
            // What was taken up again stood still for a while, and what was paused went on with what it had begun.
            Fact::RemoteAnswered(_) | Fact::SessionResumed(_) | Fact::RunPaused { .. } => self.mixed = true,
            Fact::SessionEnded { ending } => {
                self.ended = matches!(ending, Ending::Answered | Ending::NoAnswer { .. });
            }
            _ => {}
        }
    }

    fn close_reading(&mut self) {
        if let Some((first, last)) = self.reading.take() {
            self.precedent.reading_ms += last.saturating_sub(first);
        }
    }

    /// Nothing where the session tells nothing of the next.
    pub fn precedent(mut self) -> Option<Precedent> {
        self.close_reading();
        let (began, last) = self.lasted?;
        let told = self.precedent.reading_ms + self.precedent.asking_ms + self.waited.ms();
        self.precedent.other_ms = last.saturating_sub(began).saturating_sub(told);
        (self.ended && !self.mixed && self.precedent.rounds > 0).then_some(self.precedent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{Estimate, Gate, Held, Overexposed, Purpose, Reached, Scope, SessionOpened, Settings};

    fn precedent(between: &[Fact]) -> Option<Precedent> {
        let mut past = Past::default();
        let opened = Fact::SessionOpened(Box::new(SessionOpened::example(Settings::default(), &[])));
        let begins = [opened, Fact::RoundBegan { round: 1, last: false }];
        let ends = [Fact::SessionEnded { ending: Ending::Answered }];
        let facts = begins.iter().chain(between).chain(&ends);
        facts.zip((0..).step_by(60_000)).for_each(|(fact, at_ms)| past.apply(fact, at_ms));
        past.precedent()
    }

    #[test]
    fn what_the_person_took_is_no_time_of_the_machine() {
        assert_eq!(precedent(&[]).map(|one| one.other_ms), Some(120_000));
        let reached = Reached {
            scope: Scope::Session,
            purpose: Purpose::Advise,
            attempt: 1,
            again: None,
            worst_usd: 1.0,
            committed_usd: 0.0,
            budget_usd: 0.5,
        };
        let (purpose, attempt, left, share, bytes, limit) = (Purpose::Advise, 1, 0.0, 0.9, 9, 0.25);
        let estimate = Estimate::default();
        for waits in [
            [
                Fact::GateReached { n: 1, held: Held::Outputs { round: 1 } },
                Fact::GatePassed { n: 1, gate: Gate::Outputs },
            ],
            [Fact::ConsentAsked { bytes: 9, estimate }, Fact::ConsentGiven],
            [Fact::BudgetReached(reached), Fact::BudgetRaised { scope: Scope::Session, to_usd: 1.0, once: true }],
            [
                Fact::ExposureReached(Overexposed { purpose, attempt, left, share, bytes, limit }),
                Fact::ExposureRaised { to_share: 1.0, once: true },
            ],
        ] {
            let [asked, said] = waits;
            let note = || Fact::NoteAdded { text: "a minute later".into() };
            let waited = precedent(&[asked.clone(), note(), note(), said.clone()]);
            assert_eq!(waited.map(|one| one.other_ms), Some(180_000), "{said:?}");
        }
        assert_eq!(precedent(&[Fact::RunPaused { held: None }, Fact::RunContinued]), None);
    }
}
