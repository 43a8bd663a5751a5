//! A planner that says again what another session has on record, whatever it is told: the local half runs anew, and nothing
//! is sent or paid for.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::mpsc;

use super::{RemoteError, RemoteLm, RemoteReply, Retry};
use crate::protocol::{Fact, Finish, ModelInfo, Price, Purpose, RECORDED, RemoteAsk, State, Usage};

/// What its sessions call it.
pub const PROVIDER: &str = RECORDED;

/// By round and purpose, the replies in the order they came.
pub struct RecordedPlanner {
    session: String,
    replies: HashMap<(u32, Purpose), Vec<(String, Finish)>>,
}

impl RecordedPlanner {
    /// `session`: the one that the facts are of, by its name.
    pub fn of(session: String, facts: impl IntoIterator<Item: Borrow<Fact>>) -> Self {
        let (mut state, mut replies) = (State::default(), HashMap::<_, Vec<_>>::new());
        for fact in facts {
            let fact = fact.borrow();
            if let Fact::RemoteAnswered(answer) = fact
                && let Some(round) = state.round_numbered(answer.ask.round)
                && let Some(ask) = round.asks.iter().find(|known| known.request.ask == answer.ask)
            {
                let key = (answer.ask.round, ask.request.purpose);
                replies.entry(key).or_default().push((answer.text.clone(), answer.finish));
            }
            state.apply(fact);
            if matches!(fact, Fact::RoundBegan { .. }) {
                state.part_with_round();
            }
        }
        Self { session, replies }
    }
}

impl RemoteLm for RecordedPlanner {
    fn info(&self) -> ModelInfo {
        let model = format!("replies of {}", self.session);
        ModelInfo { provider: PROVIDER.into(), model, is_model: false, price: Some(Price::default()) }
    }

    fn ask<'a>(
        &'a self,
        request: &'a RemoteAsk,
        deltas: mpsc::Sender<String>,
    ) -> BoxFuture<'a, Result<RemoteReply, RemoteError>> {
        Box::pin(async move {
            let known = self.replies.get(&(request.ask.round, request.purpose));
            let at = (request.attempt as usize).saturating_sub(1);
            let Some((text, finish)) = known.and_then(|replies| replies.get(at)).cloned() else {
                let (purpose, round) = (request.purpose.name(), request.ask.round);
                let message = format!(
                    "session {} has no reply on record for this ({purpose}, round {round}): the local half went another way, \
                     and only the remote LM itself could say how to go on; fork without --rerun-local",
                    self.session
                );
                return Err(RemoteError {
                    message,
                    retry: Retry::Never,
                    partial: String::new(),
                    lost: false,
                    usage: None,
                });
            };
            // The screen may be slow or gone: the reply does not depend on it.
            let _ = deltas.try_send(text.clone());
            let usage = Usage { reused: true, ..Usage::default() };
            Ok(RemoteReply { text, finish, usage, first_token: Duration::ZERO, total: Duration::ZERO })
        })
    }
}
