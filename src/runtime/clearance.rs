//! Whether a call may leave: it has to fit the remote LM, take no more of the documents than allowed, and be paid for.

use super::counting;
use super::effects::Context;
use super::exposing::Exposing;
use super::fitting;
use super::recall::Recall;
use super::reserve::Reserve;
use crate::journal::DayBook;
use crate::protocol::{Effect, Fact, Input, RECORDED, RemoteAsk, State, Step, decide};

pub(super) struct Clearance {
    exposing: Exposing,
    reserve: Reserve,
}

impl Clearance {
    pub(super) fn new(book: DayBook) -> Self {
        Self { exposing: Exposing::default(), reserve: Reserve::new(book) }
    }

    /// Gives the input that says why neither the request that is `due` nor one again, which is among the `effects`, may be
    /// made. What may be made is reserved from now on.
    pub(super) async fn refusal(
        &mut self,
        state: &State,
        context: &Context,
        effects: &[Effect],
        due: Option<&RemoteAsk>,
    ) -> Option<Input> {
        if let Some(unfit) = fitting::before(state, context.context_tokens(), due) {
            return Some(unfit);
        }
        if let Some(exposed) = self.exposing.before(state, &context.documents, due).await {
            return Some(exposed);
        }
        self.reserve.before(state, effects, due).await
    }

    /// Notes what left, and what it came to. `state`: with the fact applied.
    pub(super) async fn note(&mut self, state: &State, fact: &Fact) {
        self.reserve.note(fact).await;
        self.exposing.note(state, fact);
    }
}

/// The request that the protocol is about to make, where there is one. It costs nothing where its reply is on record.
pub(super) async fn due(state: &State, context: &Context, recall: &Recall) -> Option<RemoteAsk> {
    let mut request = counting::due(state, &context.documents, context.tokenizer()).await?;
    if state.remote().is_some_and(|model| model.provider == RECORDED || recall.knows(model, &request)) {
        (request.estimate.reused, request.estimate.worst_cost_usd) = (true, Some(0.0));
    }
    Some(request)
}

/// What comes of a call that was refused. It must not be made, whatever the protocol makes of it.
pub(super) fn held_back(state: &State, refused: Input) -> Step {
    let step = decide(state, refused);
    if !step.is_empty() {
        return step;
    }
    let error = "a call could be neither made nor held back; please report it".into();
    decide(state, Input::Fault { error })
}
