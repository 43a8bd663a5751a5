//! From the settings to the remote LM they name.

use super::nobody::Nobody;
use super::offline::OfflinePlanner;
use super::served::ServedRemote;
use super::{Model, Probe, RemoteError, RemoteLm, prices};
use crate::config::{Config, ProtocolName, RemoteConfig, RemoteProvider};
use crate::protocol::ModelInfo;
use crate::provider::{Client, ListedPrice, presets};

/// The remote LM of the settings. Nothing is sent yet; the error names the setting to change.
pub async fn connect(config: &Config) -> Result<Box<dyn RemoteLm>, RemoteError> {
    let remote = &config.remote;
    match remote.provider {
        RemoteProvider::Offline => Ok(Box::new(OfflinePlanner::keeping(remote.offline_share))),
        _ => {
            let served = ServedRemote::connect(remote).await?;
            let price = prices::price(served.place(), remote, &config.prices);
            let listed = || {
                prices::provider_at(served.place())
                    .and_then(|provider| prices::listed(provider, &remote.model))?
                    .context_tokens
            };
            let context = if remote.context_tokens > 0 { Some(remote.context_tokens) } else { listed() };
            Ok(Box::new(served.with_price(price).with_context(context)))
        }
    }
}

/// Who the settings name, as [`connect`] would record it, without a key and without a connection.
pub fn named(config: &Config) -> ModelInfo {
    let remote = &config.remote;
    if config.protocol.name == ProtocolName::LocalOnly {
        return Nobody.info();
    }
    let Some(preset) = presets::planner(remote.provider) else {
        return OfflinePlanner::keeping(remote.offline_share).info();
    };
    let place = preset.place_of(&remote.base_url);
    let price = place.and_then(|place| prices::price(&place, remote, &config.prices));
    ModelInfo { provider: preset.name.into(), model: remote.model.trim().to_owned(), is_model: true, price }
}

/// Whether the server of the settings is there and offers the model, for one token at most; nothing for a provider that
/// has no server.
pub async fn probe(config: &RemoteConfig) -> Result<Option<Probe>, RemoteError> {
    match config.provider {
        RemoteProvider::Offline => Ok(None),
        _ => ServedRemote::connect(config).await?.probe().await.map(Some),
    }
}

/// What the server of the settings offers, with what the list of prices knows of it; no model need be named yet, and no token is spent.
pub async fn models(config: &RemoteConfig) -> Result<Vec<Model>, RemoteError> {
    let client = Client::for_listing(config).await?;
    let provider = prices::provider_at(client.place());
    let mut models = client.models().await?;
    for model in &mut models {
        let Some(listed) = provider.and_then(|provider| prices::listed(provider, &model.id)) else { continue };
        let price = ListedPrice { input: listed.price.input, output: listed.price.output };
        // What the server itself says goes first.
        model.context = model.context.or(listed.context_tokens);
        model.price.get_or_insert(price);
    }
    Ok(models)
}
