//! From the settings of `[remote]` to the remote LM they name.

use super::offline::OfflinePlanner;
use super::served::ServedRemote;
use super::{Model, Probe, RemoteError, RemoteLm};
use crate::config::{RemoteConfig, RemoteProvider};
use crate::provider::Client;

/// The remote LM of the settings. Nothing is sent yet; the error names the setting to change.
pub async fn connect(config: &RemoteConfig) -> Result<Box<dyn RemoteLm>, RemoteError> {
    match config.provider {
        RemoteProvider::Offline => Ok(Box::new(OfflinePlanner::default())),
        _ => Ok(Box::new(ServedRemote::connect(config).await?)),
    }
}

/// Whether the server of the settings is there and offers the model, for one token at most; nothing for a provider that
/// has no server.
pub async fn probe(config: &RemoteConfig) -> Result<Option<Probe>, RemoteError> {
    match config.provider {
        RemoteProvider::Offline => Ok(None),
        _ => ServedRemote::connect(config).await?.probe().await.map(Some),
    }
}

/// What the server of the settings offers; no model need be named yet, and no token is spent.
pub async fn models(config: &RemoteConfig) -> Result<Vec<Model>, RemoteError> {
    Ok(Client::for_listing(config).await?.models().await?)
}
