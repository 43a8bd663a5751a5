//! What the person did in a round, so that nobody takes it for the remote LM's doing.

use super::decision::Decision;
use super::exposing::percent;
use super::fact::Fact;
use super::gate::Gate;
use super::state::Round;

/// One deed of the person.
#[derive(Clone, Debug, PartialEq)]
pub struct ByHand {
    /// Where it was done, where that was at a gate.
    pub gate: Option<Gate>,
    /// In a line.
    pub told: String,
    /// What was changed, where that is a text.
    pub edit: Option<Edit>,
    /// How many of the round's requests had been sent, and whether its outputs had been aggregated.
    pub after_asks: usize,
    pub after_outputs: bool,
}

/// A text as it was, and as the person wants it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    pub before: String,
    pub after: String,
}

impl Fact {
    /// In words, where it is the person's doing within a round. Looking at something and passing it on as it is, is none.
    pub fn told_by_hand(&self) -> Option<String> {
        Some(match self {
            Fact::RequestEdited { .. }
            | Fact::ProgramEdited { .. }
            | Fact::JobsDropped { .. }
            | Fact::OutputsEdited { .. }
            | Fact::DecisionChanged { .. } => return self.told_of_gate(),
            Fact::RunPaused { .. } => "paused: what is under way finishes, nothing new begins".into(),
            Fact::RunContinued => "the paused run goes on".into(),
            Fact::JobReopened { job, .. } => format!("job {job} is tried again"),
            Fact::LeversChosen(_) => "levers were moved for the next round".into(),
            Fact::ModelsChosen(models) => models.told(),
            Fact::PassagesPinned { spans } => format!("passages pinned to the next round: {}", spans.len()),
            Fact::BudgetRaised { to_usd, once, .. } => {
                let how = if *once { "for the next call" } else { "for this session" };
                format!("the budget was raised to ${to_usd:.4} {how}")
            }
            Fact::ExposureRaised { to_share, once } => {
                let how = if *once { "with the next request" } else { "in this session" };
                format!("{} of the documents may leave {how}", percent(*to_share))
            }
            Fact::ResendAllowed { ask } => format!("ask {} is sent again", ask.n),
            _ => return None,
        })
    }

    fn gate_of_edit(&self) -> Option<Gate> {
        match self {
            Fact::RequestEdited { .. } => Some(Gate::Request),
            Fact::ProgramEdited { .. } => Some(Gate::Code),
            Fact::JobsDropped { .. } | Fact::OutputsEdited { .. } => Some(Gate::Outputs),
            Fact::DecisionChanged { .. } => Some(Gate::Decision),
            _ => None,
        }
    }

    fn edit(&self) -> Option<Edit> {
        let (before, after) = match self {
            Fact::RequestEdited { before, after, .. }
            | Fact::ProgramEdited { before, after, .. }
            | Fact::OutputsEdited { before, after, .. } => (before.clone(), after.clone()),
            Fact::DecisionChanged { before, after, .. } => (in_words(before), in_words(after)),
            _ => return None,
        };
        Some(Edit { before, after })
    }
}

impl ByHand {
    /// What the fact says was done, where the round stands.
    pub(super) fn of(fact: &Fact, round: &Round) -> Option<Self> {
        Some(Self {
            gate: fact.gate_of_edit(),
            told: fact.told_by_hand()?,
            edit: fact.edit(),
            after_asks: round.asks.len(),
            after_outputs: round.aggregated.is_some(),
        })
    }
}

fn in_words(decision: &Decision) -> String {
    match decision {
        Decision::ProvideFinalAnswer(last) => {
            format!("provide the final answer: {}", last.answer.as_deref().unwrap_or("the documents do not tell"))
        }
        Decision::RequestAdditionalInfo(more) => format!("ask for another round: {}", more.feedback),
    }
}
