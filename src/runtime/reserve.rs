//! Reserves each priced call in the folder's book of the day before it leaves, and notes what it came to.

use crate::journal::{DayBook, Reservation};
use crate::protocol::{AskId, Effect, Fact, Input, RemoteAsk, RemoteFailure, Scope, State};

pub(super) struct Reserve {
    book: DayBook,
    /// Of the call that is made next or is out.
    held: Option<Reservation>,
}

impl Reserve {
    pub(super) fn new(book: DayBook) -> Self {
        Self { book, held: None }
    }

    /// Reserves the call that the protocol is about to make, the one that is `due` or one again. Gives the input that says
    /// why it must not.
    pub(super) async fn before(&mut self, state: &State, effects: &[Effect], due: Option<&RemoteAsk>) -> Option<Input> {
        let again = effects.iter().find_map(|effect| match effect {
            Effect::AskAgain { ask, .. } => Some(*ask),
            _ => None,
        });
        let worst_usd = match again {
            Some(ask) => worst_usd(state, ask),
            // One that the person is shown first is reserved when they let it go.
            None if state.shows_request_first() => None,
            None => due.and_then(|request| request.estimate.worst_cost_usd),
        };
        // One that failed without cost is still reserved.
        let worst_usd = worst_usd.filter(|usd| *usd > 0.0 && self.held.is_none())?;
        let limit_usd = state.budgets.next_usd(Scope::Day);
        match self.book.reserve(worst_usd, limit_usd).await {
            Ok(Ok(reservation)) => {
                self.held = Some(reservation);
                None
            }
            Ok(Err(committed_usd)) => Some(Input::DaySpent { again, worst_usd, committed_usd }),
            Err(error) if limit_usd.is_some() => Some(Input::Fault {
                error: format!(
                    "what today's sessions spend cannot be noted, so the budget of the day cannot be kept: {error}"
                ),
            }),
            Err(error) => {
                tracing::warn!("what this call costs is missing in the book of the day: {error}");
                None
            }
        }
    }

    /// What became of the call. One whose answer was lost stays reserved at its worst.
    pub(super) async fn note(&mut self, fact: &Fact) {
        let settled_usd = match fact {
            Fact::RemoteAnswered(answer) => answer.cost_usd,
            Fact::RemoteFailed(failure) if failure.is_in_doubt() => None,
            Fact::RemoteFailed(RemoteFailure { counted: Some(counted), .. }) => counted.cost_usd,
            Fact::RemoteFailed(failure) if failure.retry_in_ms.is_none() => Some(0.0),
            _ => return,
        };
        let Some(reservation) = self.held.take() else { return };
        let Some(usd) = settled_usd else { return };
        if let Err(error) = self.book.settle(reservation, usd).await {
            tracing::warn!("a call stays in the book of the day at its worst case: {error}");
        }
    }
}

fn worst_usd(state: &State, ask: AskId) -> Option<f64> {
    state.asks().find(|known| known.request.ask == ask)?.request.estimate.worst_cost_usd
}
