//! The request under way: when it goes out, what of its reply has come, and how often it failed.

use std::time::{Duration, Instant};

use tokio::task::AbortHandle;

use crate::protocol::{AskId, Counted, Input, Price, RemoteAsk, RemoteFailure};
use crate::remote::{Backoff, RemoteError};

pub(super) struct Asking {
    request: RemoteAsk,
    backoff: Backoff,
    failures: u32,
    partial: String,
    /// When it goes out, or went.
    leaves: Instant,
    /// Of a request that is sent again.
    again: Option<AbortHandle>,
}

impl Asking {
    /// One that goes out now, and is tried `attempts` times at most.
    pub(super) fn new(request: RemoteAsk, attempts: u32) -> Self {
        let (backoff, leaves) = (Backoff::new(attempts), Instant::now());
        Self { request, backoff, failures: 0, partial: String::new(), leaves, again: None }
    }

    pub(super) fn is(&self, ask: AskId) -> bool {
        self.request.ask == ask
    }

    pub(super) fn has_left(&self) -> bool {
        self.leaves <= Instant::now()
    }

    /// More of its reply has come.
    pub(super) fn push(&mut self, text: &str) {
        self.partial.push_str(text);
    }

    /// What has come of its reply.
    pub(super) fn into_partial(self) -> String {
        self.partial
    }

    /// It goes out again after a while, by the task that `send` starts.
    pub(super) fn again(&mut self, after: Duration, send: impl FnOnce(RemoteAsk) -> AbortHandle) {
        self.partial.clear();
        self.leaves = Instant::now() + after;
        self.again = Some(send(self.request.clone()));
    }

    /// Keeps it from going out again where it has not yet, and says whether it did.
    pub(super) fn hold(&self) -> bool {
        let waits = self.again.as_ref().filter(|_| !self.has_left());
        waits.inspect(|task| task.abort()).is_some()
    }

    /// One try failed: what it cost, and whether there is another.
    pub(super) fn failed(&mut self, error: RemoteError, price: Option<Price>) -> Input {
        self.failures += 1;
        let retry_in_ms = self.backoff.next(&error).map(|wait| wait.as_millis() as u64);
        let counted = error.usage.map(|usage| {
            let cost_usd = price.map(|price| price.cost(&usage));
            Counted { usage, cost_usd }
        });
        Input::RemoteFailed(RemoteFailure {
            ask: self.request.ask,
            counted,
            attempt: self.failures,
            error: error.message,
            retry_in_ms,
            partial: error.partial,
            lost: error.lost,
        })
    }
}
