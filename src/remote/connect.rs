//! From the settings of `[remote]` to the remote LM they name.

use super::offline::OfflinePlanner;
use super::openai::OpenAiRemote;
use super::{Probe, RemoteError, RemoteLm};
use crate::config::{RemoteConfig, RemoteProvider};

/// The remote LM of the settings. Nothing is sent yet; the error names the setting to change.
pub async fn connect(config: &RemoteConfig) -> Result<Box<dyn RemoteLm>, RemoteError> {
    match config.provider {
        RemoteProvider::Offline => Ok(Box::new(OfflinePlanner::default())),
        RemoteProvider::Openai => Ok(Box::new(OpenAiRemote::connect(config).await?)),
    }
}

/// Whether the server of the settings is there and offers the model, without spending a token; nothing for a provider
/// that has no server.
pub async fn probe(config: &RemoteConfig) -> Result<Option<Probe>, RemoteError> {
    match config.provider {
        RemoteProvider::Offline => Ok(None),
        RemoteProvider::Openai => OpenAiRemote::connect(config).await?.probe().await.map(Some),
    }
}
