//! Remote LMs: one trait, whoever stands behind it. None of them ever sees a document.

mod connect;
pub mod nobody;
pub mod offline;
pub mod prices;
pub mod recorded;
mod retry;
mod served;
mod tokenizer;

use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::mpsc;

use crate::protocol::{Finish, ModelInfo, RemoteAsk, Usage};
pub use crate::provider::{Listing, Model, Probe};

pub use connect::{connect, models, named, probe};
pub use retry::Backoff;
pub use served::ServedRemote;
pub use tokenizer::Tokenizer;

/// A model that plans and judges. Dropping the future of [`ask`](Self::ask) cancels the request and closes its connection.
pub trait RemoteLm: Send + Sync {
    fn info(&self) -> ModelInfo;

    /// What is to be on record of it before it is asked.
    fn remark(&self) -> Option<String> {
        None
    }

    /// What came up while it was asked, each once, for the record.
    fn remarks(&self) -> Vec<String> {
        Vec::new()
    }

    /// What counts its tokens before it is asked; nothing where no model reads.
    fn tokenizer(&self) -> Option<Tokenizer> {
        None
    }

    /// Tokens that fit into its context, as far as that is known.
    fn context_tokens(&self) -> Option<u64> {
        None
    }

    /// One try at one request; trying again is the driver's. The text is sent to `deltas` as it comes; a full or closed
    /// channel is no error.
    fn ask<'a>(
        &'a self,
        request: &'a RemoteAsk,
        deltas: mpsc::Sender<String>,
    ) -> BoxFuture<'a, Result<RemoteReply, RemoteError>>;
}

/// A whole reply, with how long its first token and all of it took from when the request left.
#[derive(Clone, Debug, PartialEq)]
pub struct RemoteReply {
    pub text: String,
    pub finish: Finish,
    pub usage: Usage,
    pub first_token: Duration,
    pub total: Duration,
}

/// Why a request got no reply: what failed, where, and what to do next, in one sentence without secrets.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct RemoteError {
    pub message: String,
    pub retry: Retry,
    /// What of the reply had come.
    pub partial: String,
    /// Whether the server took the request and may have answered it, although nothing of it came.
    pub lost: bool,
    /// What the server counted of a reply that is of no use.
    pub usage: Option<Usage>,
}

/// Whether asking again could help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// Asking again would fail again: a wrong key, an unknown model.
    Never,
    /// Worth another try, after the time the server named if it named one.
    Later(Option<Duration>),
}
