//! Nobody: what stands in the remote LM's place where a session asks none.

use futures_util::future::BoxFuture;
use tokio::sync::mpsc;

use super::{RemoteError, RemoteLm, RemoteReply, Retry};
use crate::protocol::{ModelInfo, Price, RemoteAsk};

/// What it is recorded as.
pub const PROVIDER: &str = "none";

#[derive(Clone, Copy, Debug)]
pub struct Nobody;

impl RemoteLm for Nobody {
    fn info(&self) -> ModelInfo {
        // Nobody is asked, and that costs nothing.
        let price = Some(Price::default());
        ModelInfo { provider: PROVIDER.into(), model: "nobody".into(), is_model: false, price }
    }

    fn ask<'a>(&'a self, _: &'a RemoteAsk, _: mpsc::Sender<String>) -> BoxFuture<'a, Result<RemoteReply, RemoteError>> {
        Box::pin(async {
            Err(RemoteError {
                message: "this session asks no remote LM".into(),
                retry: Retry::Never,
                partial: String::new(),
                lost: false,
                usage: None,
            })
        })
    }
}
