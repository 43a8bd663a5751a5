//! Reckons what each request would take of the documents before it leaves, where a session limits that.

use std::sync::Arc;

use crate::document::Document;
use crate::ledger::Exposure;
use crate::protocol::{Fact, Input, RemoteAsk, State};

/// Made at the first request of a session that has a limit: looking for document text takes about 25 ms a megabyte.
#[derive(Default)]
pub(super) struct Exposing {
    exposure: Option<Exposure>,
}

impl Exposing {
    /// The input that says why the request that is due must not leave; nothing where it may.
    pub(super) async fn before(
        &mut self,
        state: &State,
        documents: &Arc<Vec<Document>>,
        due: Option<&RemoteAsk>,
    ) -> Option<Input> {
        let request = due?.clone();
        state.exposure_limit.share()?;
        let earlier: Vec<RemoteAsk> = match &self.exposure {
            Some(_) => Vec::new(),
            None => state.asks().map(|ask| ask.request.clone()).collect(),
        };
        let (known, documents) = (self.exposure.take(), Arc::clone(documents));
        let reckoned = tokio::task::spawn_blocking(move || {
            let mut exposure = known.unwrap_or_else(|| Exposure::new(&documents));
            earlier.into_iter().for_each(|request| exposure.apply(&Fact::RemoteAsked(request)));
            let mut spans = exposure.exposed_by(&request);
            let (bytes, left) = (spans.total_bytes(), exposure.share());
            spans.merge(exposure.spans());
            let share = exposure.share_of(spans.total_bytes());
            (exposure, Input::Exposing { left, share, bytes })
        });
        match reckoned.await {
            Ok((exposure, Input::Exposing { left, share, bytes })) => {
                self.exposure = Some(exposure);
                state.exposure_limit.passed(share).map(|_| Input::Exposing { left, share, bytes })
            }
            _ => Some(Input::Fault {
                error:
                    "what the next request takes of the documents could not be reckoned, so it was not sent; please \
                        report it"
                        .into(),
            }),
        }
    }

    /// Notes what leaves.
    pub(super) fn note(&mut self, fact: &Fact) {
        if let Some(exposure) = &mut self.exposure {
            exposure.apply(fact);
        }
    }
}
