//! Reserves each priced call in the folder's book of the day before it leaves, and notes what it came to.

use std::time::Duration;

use crate::journal::{DayBook, Reservation};
use crate::protocol::{AskId, Effect, Fact, Input, RemoteAsk, RemoteFailure, Scope, State};

pub(super) struct Reserve {
    book: DayBook,
    held: Option<Held>,
}

/// What is reserved for the call that is made next or is out.
struct Held {
    reservation: Reservation,
    /// Whether the call was made, so that it may have to be paid for.
    made: bool,
}

impl Reserve {
    pub(super) fn new(book: DayBook) -> Self {
        Self { book, held: None }
    }

    /// Reserves the call that the protocol is about to make, the one that is `due` or one again. Gives the input that says
    /// why it must not.
    pub(super) async fn before(&mut self, state: &State, effects: &[Effect], due: Option<&RemoteAsk>) -> Option<Input> {
        let again = effects.iter().find_map(|effect| match effect {
            Effect::AskAgain { ask, after_ms } => Some((*ask, Duration::from_millis(*after_ms))),
            _ => None,
        });
        let worst_usd = match again {
            Some((ask, _)) => worst_usd(state, ask),
            // One that the person is shown first is reserved when they let it go.
            None if state.shows_request_first() => None,
            // One that the session's own budget holds back is not made.
            None => due
                .and_then(|request| request.estimate.worst_cost_usd)
                .filter(|usd| state.budgets.passed(Scope::Session, state.committed_usd, *usd).is_none()),
        };
        let worst_usd = worst_usd.filter(|usd| *usd > 0.0)?;
        let (again, wait) = again.map_or((None, Duration::ZERO), |(ask, wait)| (Some(ask), wait));
        // One that failed without cost is still reserved, though maybe on another day than it leaves on.
        if let Some(held) = &mut self.held {
            if self.book.is_of_day_after(&held.reservation, wait) {
                held.made |= again.is_some();
                return None;
            }
            self.let_go(Some(0.0)).await;
        }
        let limit_usd = state.budgets.next_usd(Scope::Day);
        match self.book.reserve_after(wait, worst_usd, limit_usd).await {
            Ok(Ok(reservation)) => {
                self.held = Some(Held { reservation, made: again.is_some() });
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
        match fact {
            Fact::RemoteAsked(_) => {
                if let Some(held) = &mut self.held {
                    held.made = true;
                }
            }
            Fact::RemoteAnswered(answer) => self.let_go(answer.cost_usd).await,
            Fact::RemoteFailed(failure) if failure.is_in_doubt() => self.let_go(None).await,
            Fact::RemoteFailed(RemoteFailure { counted: Some(counted), .. }) => self.let_go(counted.cost_usd).await,
            Fact::RemoteFailed(failure) if failure.retry_in_ms.is_none() => self.let_go(Some(0.0)).await,
            // A try that is held back is reserved anew when it goes out after all.
            Fact::RunPaused { held: Some(_) } => self.let_go(Some(0.0)).await,
            Fact::SessionEnded { .. } if self.held.as_ref().is_some_and(|held| !held.made) => {
                self.let_go(Some(0.0)).await;
            }
            _ => {}
        }
    }

    /// Puts down what the call came to; without a figure it stays at its worst.
    async fn let_go(&mut self, settled_usd: Option<f64>) {
        let Some(Held { reservation, .. }) = self.held.take() else { return };
        let Some(usd) = settled_usd else { return };
        if let Err(error) = self.book.settle(reservation, usd).await {
            tracing::warn!("a call stays in the book of the day at its worst case: {error}");
        }
    }
}

fn worst_usd(state: &State, ask: AskId) -> Option<f64> {
    state.asks().find(|known| known.request.ask == ask)?.request.estimate.worst_cost_usd
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::SessionId;
    use crate::protocol::{Ending, Estimate, Purpose, ReplyFormat, SessionOpened, Settings};

    const WORST: f64 = 0.25;
    const DAY_MS: u64 = 24 * 60 * 60 * 1000;

    fn request() -> RemoteAsk {
        RemoteAsk {
            ask: AskId { round: 1, n: 1 },
            purpose: Purpose::Advise,
            attempt: 1,
            messages: Vec::new(),
            format: ReplyFormat::Text,
            max_output_tokens: 1,
            estimate: Estimate { worst_cost_usd: Some(WORST), ..Estimate::default() },
        }
    }

    fn opened(budget_usd: f64) -> State {
        let settings = Settings { budget_usd: Some(budget_usd), ..Settings::default() };
        let mut state = State::default();
        state.apply(&Fact::SessionOpened(Box::new(SessionOpened::example(settings, &[]))));
        state
    }

    /// A session whose request is out.
    async fn asked(reserve: &mut Reserve) -> State {
        let mut state = opened(1.0);
        assert!(reserve.before(&state, &[], Some(&request())).await.is_none());
        for fact in [Fact::RoundBegan { round: 1, last: true }, Fact::RemoteAsked(request())] {
            state.apply(&fact);
            reserve.note(&fact).await;
        }
        state
    }

    fn refused(retry_in_ms: u64) -> Fact {
        Fact::RemoteFailed(RemoteFailure {
            ask: request().ask,
            attempt: 1,
            error: "too many requests".into(),
            retry_in_ms: Some(retry_in_ms),
            partial: String::new(),
            lost: false,
            counted: None,
        })
    }

    fn reserve_in(folder: &tempfile::TempDir) -> Reserve {
        let session: SessionId = "one".parse().unwrap();
        Reserve::new(DayBook::new(folder.path().to_owned(), &session))
    }

    fn ended() -> Fact {
        Fact::SessionEnded { ending: Ending::Cancelled }
    }

    #[tokio::test]
    async fn a_call_that_the_sessions_budget_holds_back_is_in_no_book() {
        let folder = tempfile::tempdir().unwrap();
        let mut reserve = reserve_in(&folder);
        assert!(reserve.before(&opened(WORST / 2.0), &[], Some(&request())).await.is_none());
        assert_eq!(reserve.book.today_usd().unwrap(), 0.0);
        assert!(reserve.before(&opened(WORST), &[], Some(&request())).await.is_none());
        assert_eq!(reserve.book.today_usd().unwrap(), WORST);
    }

    #[tokio::test]
    async fn what_a_session_did_not_ask_before_its_end_is_given_back_and_what_is_out_stays() {
        let folder = tempfile::tempdir().unwrap();
        let mut reserve = reserve_in(&folder);
        assert!(reserve.before(&opened(1.0), &[], Some(&request())).await.is_none());
        reserve.note(&ended()).await;
        assert_eq!(reserve.book.today_usd().unwrap(), 0.0);
        let _out = asked(&mut reserve).await;
        reserve.note(&ended()).await;
        assert_eq!(reserve.book.today_usd().unwrap(), WORST);
    }

    #[tokio::test]
    async fn a_retry_is_in_the_book_of_the_day_it_leaves_on() {
        let folder = tempfile::tempdir().unwrap();
        let mut reserve = reserve_in(&folder);
        let state = asked(&mut reserve).await;
        reserve.note(&refused(DAY_MS)).await;
        let again = |after_ms| [Effect::AskAgain { ask: request().ask, after_ms }];
        assert!(reserve.before(&state, &again(0), None).await.is_none());
        assert_eq!(reserve.book.today_usd().unwrap(), WORST, "on the same day it is in the book already");
        assert!(reserve.before(&state, &again(DAY_MS), None).await.is_none());
        assert_eq!(reserve.book.today_usd().unwrap(), 0.0);
        let tomorrow = Duration::from_millis(DAY_MS);
        let full = reserve.book.reserve_after(tomorrow, 1.0, Some(1.0)).await.unwrap();
        assert_eq!(full.unwrap_err(), WORST);
        // It was refused as the one before it: that day has nothing to pay.
        let Fact::RemoteFailed(failure) = refused(0) else { return };
        reserve.note(&Fact::RemoteFailed(RemoteFailure { retry_in_ms: None, ..failure })).await;
        assert!(reserve.book.reserve_after(tomorrow, 1.0, Some(1.0)).await.unwrap().is_ok());
    }

    #[tokio::test]
    async fn a_retry_that_a_pause_holds_back_is_reserved_when_it_goes_out() {
        let folder = tempfile::tempdir().unwrap();
        let mut reserve = reserve_in(&folder);
        let state = asked(&mut reserve).await;
        reserve.note(&refused(10)).await;
        reserve.note(&Fact::RunPaused { held: Some(request().ask) }).await;
        assert_eq!(reserve.book.today_usd().unwrap(), 0.0);
        let again = [Effect::AskAgain { ask: request().ask, after_ms: 0 }];
        assert!(reserve.before(&state, &again, None).await.is_none());
        assert_eq!(reserve.book.today_usd().unwrap(), WORST);
    }
}
