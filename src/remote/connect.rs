//! From the settings to the remote LM they name.

use super::offline::OfflinePlanner;
use super::openai::OpenAiRemote;
use super::{Probe, RemoteError, RemoteLm, prices};
use crate::config::{Config, RemoteConfig, RemoteProvider};

/// The remote LM of the settings. Nothing is sent yet; the error names the setting to change.
pub async fn connect(config: &Config) -> Result<Box<dyn RemoteLm>, RemoteError> {
    let remote = &config.remote;
    match remote.provider {
        RemoteProvider::Offline => Ok(Box::new(OfflinePlanner::default())),
        RemoteProvider::Openai => {
            let served = OpenAiRemote::connect(remote).await?;
            let price = prices::price(served.place(), remote, &config.prices);
            Ok(Box::new(served.with_price(price)))
        }
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
