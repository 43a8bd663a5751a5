//! Reckons what each request would take of the documents before it leaves, where a session limits that.

use std::sync::Arc;

use crate::document::Document;
use crate::ledger::{Exposure, SpanSet};
use crate::protocol::{Fact, Input, RemoteAsk, State};

/// Made at the first request of a session that has a limit: looking for document text takes about 25 ms a megabyte.
#[derive(Default)]
pub(super) struct Exposing {
    exposure: Option<Exposure>,
    /// What the request that was reckoned last would take, until it leaves.
    found: Option<(RemoteAsk, SpanSet)>,
}

impl Exposing {
    /// The input that says why the request that is due must not leave; nothing where it may, where it does not leave at all, since
    /// its reply is on record or no model plans, and where the person is shown it first: it is looked at once they let it go.
    pub(super) async fn before(
        &mut self,
        state: &State,
        documents: &Arc<Vec<Document>>,
        due: Option<&RemoteAsk>,
    ) -> Option<Input> {
        let request = due.filter(|request| !request.estimate.reused && !state.shows_request_first())?.clone();
        state.exposure_limit.share()?;
        if !asks_model(state) {
            return None;
        }
        let earlier: Vec<RemoteAsk> = match &self.exposure {
            Some(_) => Vec::new(),
            None => state.asks().filter(|ask| ask.to_model).map(|ask| ask.request.clone()).collect(),
        };
        let (known, documents, redactor) = (self.exposure.take(), Arc::clone(documents), state.redactor.clone());
        let reckoned = tokio::task::spawn_blocking(move || {
            let mut exposure = known.unwrap_or_else(|| Exposure::hiding(&documents, &redactor));
            earlier.into_iter().for_each(|request| exposure.apply(&Fact::RemoteAsked(request)));
            let found = exposure.exposed_by(&request);
            let (bytes, left) = (found.total_bytes(), exposure.share());
            let mut spans = found.clone();
            spans.merge(exposure.spans());
            let share = exposure.share_of(spans.total_bytes());
            (exposure, (request, found), (left, share, bytes))
        });
        let Ok((exposure, found, (left, share, bytes))) = reckoned.await else {
            return Some(Input::Fault {
                error:
                    "what the next request takes of the documents could not be reckoned, so it was not sent; please \
                        report it"
                        .into(),
            });
        };
        (self.exposure, self.found) = (Some(exposure), Some(found));
        state.exposure_limit.passed(share).map(|_| Input::Exposing { left, share, bytes })
    }

    /// Notes what leaves, and which words are kept private. `state`: with the fact applied.
    pub(super) fn note(&mut self, state: &State, fact: &Fact) {
        let Some(exposure) = &mut self.exposure else { return };
        match (fact, self.found.take()) {
            (Fact::RemoteAsked(_), _) if !asks_model(state) => {}
            (Fact::RemoteAsked(asked), Some((known, spans)))
                if asked.ask == known.ask && asked.messages == known.messages =>
            {
                if !asked.estimate.reused {
                    exposure.left(asked, spans);
                }
            }
            (Fact::RemoteAsked(_) | Fact::WordsRedacted { .. }, _) => exposure.apply(fact),
            (_, found) => self.found = found,
        }
    }
}

/// Whether a request leaves this program: what plans without a model is a part of it.
fn asks_model(state: &State) -> bool {
    state.remote().is_some_and(|remote| remote.is_model)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{
        AskId, Gates, Message, ModelInfo, Models, Purpose, ReplyFormat, Resumed, SessionOpened, Settings,
    };

    const TEXT: &str = "Everything that this document holds is meant for this machine alone, and for nobody else.";

    fn state(gates: Gates, documents: &[Document]) -> State {
        let mut state = State::default();
        let settings = Settings { max_exposed_share: Some(0.5), gates, ..Settings::default() };
        state.apply(&Fact::SessionOpened(Box::new(SessionOpened::example(settings, documents))));
        state.apply(&Fact::RoundBegan { round: 1, last: false });
        state
    }

    fn request(reused: bool) -> RemoteAsk {
        let estimate = crate::protocol::Estimate { reused, ..Default::default() };
        RemoteAsk {
            ask: AskId { round: 1, n: 1 },
            purpose: Purpose::Advise,
            attempt: 1,
            messages: vec![Message::user(TEXT)],
            format: ReplyFormat::Text,
            max_output_tokens: 1,
            estimate,
        }
    }

    #[tokio::test]
    async fn what_does_not_leave_yet_or_at_all_is_not_withheld() {
        let documents = Arc::new(vec![Document::from_text("d", TEXT)]);
        let (open, gated) = (state(Gates::default(), &documents), state(Gates::all(), &documents));
        for (state, reused, held) in [(&open, false, true), (&open, true, false), (&gated, false, false)] {
            let before = Exposing::default().before(state, &documents, Some(&request(reused))).await;
            assert_eq!(before.is_some(), held, "{before:?}");
        }
    }

    fn planned_by(is_model: bool) -> Models {
        let info = ModelInfo { provider: "p".into(), model: "m".into(), is_model, price: None };
        Models { remote: Some(info), local: None }
    }

    #[tokio::test]
    async fn what_no_model_is_asked_leaves_nothing_and_is_counted_nowhere() {
        let documents = Arc::new(vec![Document::from_text("d", TEXT)]);
        let mut state = state(Gates::default(), &documents);
        let began = |round| Fact::RoundBegan { round, last: false };
        let of = |round, text: &str| RemoteAsk {
            ask: AskId { round, n: round },
            messages: vec![Message::user(text)],
            ..request(false)
        };
        state.apply(&Fact::ModelsChosen(planned_by(false)));
        state.apply(&began(2));
        let mut exposing = Exposing::default();
        assert_eq!(exposing.before(&state, &documents, Some(&request(false))).await, None);
        state.apply(&Fact::RemoteAsked(of(2, TEXT)));
        state.apply(&Fact::ModelsChosen(planned_by(true)));
        state.apply(&began(3));
        assert_eq!(exposing.before(&state, &documents, Some(&of(3, "nothing of it"))).await, None);
        assert_eq!(exposing.exposure.unwrap().share(), 0.0);
        // What a model was asked counts, whoever plans the rest of its round.
        state.apply(&Fact::RemoteAsked(of(3, TEXT)));
        for is_model in [false, true] {
            let resumed = Resumed { program: String::new(), models: planned_by(is_model), embedding: None };
            state.apply(&Fact::SessionResumed(resumed));
        }
        let held = Exposing::default().before(&state, &documents, Some(&of(3, "nothing of it"))).await;
        assert!(matches!(held, Some(Input::Exposing { left: 1.0, .. })), "{held:?}");
    }

    #[tokio::test]
    async fn what_left_is_known_without_being_reckoned_again() {
        let documents = Arc::new(vec![Document::from_text("d", TEXT)]);
        let state = state(Gates::default(), &documents);
        let mut exposing = Exposing::default();
        exposing.before(&state, &documents, Some(&request(false))).await;
        exposing.note(&state, &Fact::NoteAdded { text: "something else".into() });
        exposing.note(&state, &Fact::RemoteAsked(request(false)));
        assert!(exposing.found.is_none());
        assert_eq!(exposing.exposure.unwrap().share(), 1.0);
    }
}
