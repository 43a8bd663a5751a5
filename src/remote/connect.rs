//! From the settings to the remote LM they name.

use super::nobody::Nobody;
use super::offline::OfflinePlanner;
use super::served::ServedRemote;
use super::{Model, Probe, RemoteError, RemoteLm, prices};
use crate::config::{Config, ProtocolName, RemoteConfig, RemoteProvider};
use crate::protocol::ModelInfo;
use crate::provider::{Client, ListedPrice, presets};

/// The remote LM of the settings. Nothing is sent yet but, where the price is not known, the question what the endpoint
/// lists; the error names the setting to change.
pub async fn connect(config: &Config) -> Result<Box<dyn RemoteLm>, RemoteError> {
    let remote = &config.remote;
    match remote.provider {
        RemoteProvider::Offline => Ok(Box::new(OfflinePlanner::keeping(remote.offline_share))),
        _ => {
            let served = ServedRemote::connect(remote).await?;
            let price = |endpoints| prices::price(served.place(), remote, &config.prices, endpoints);
            let known = price(None);
            let listed_there = if known.is_none() { price(served.listed_price().await) } else { None };
            let listed = || {
                prices::provider_at(served.place())
                    .and_then(|provider| prices::listed(provider, &remote.model))?
                    .context_tokens
            };
            let context = if remote.context_tokens > 0 { Some(remote.context_tokens) } else { listed() };
            let served = match listed_there {
                Some(price) => served.with_listed_price(price),
                None => served.with_price(known),
            };
            Ok(Box::new(served.with_context(context)))
        }
    }
}

/// Who the settings name, as [`connect`] would record it, without a key and without a connection. What only a list of the
/// endpoint tells is not known: of models that OpenRouter passes on the price is their vendors'.
pub fn named(config: &Config) -> ModelInfo {
    let remote = &config.remote;
    if config.protocol.name == ProtocolName::LocalOnly {
        return Nobody.info();
    }
    let Some(preset) = presets::planner(remote.provider) else {
        return OfflinePlanner::keeping(remote.offline_share).info();
    };
    let place = preset.place_of(&remote.base_url);
    let price =
        place.and_then(|place| prices::price(&place, remote, &config.prices, prices::of_vendor(&place, &remote.model)));
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

/// What the server of `asked` offers, with what is known of each model's price; no model need be named yet, and no token is
/// spent. The prices of `[remote]` are those of the model that `config` names there.
pub async fn models(config: &Config, asked: &RemoteConfig) -> Result<Vec<Model>, RemoteError> {
    let client = Client::for_listing(asked).await?;
    let provider = prices::provider_at(client.place());
    let mut models = client.models().await?;
    for model in &mut models {
        let listed = provider.and_then(|provider| prices::listed(provider, &model.id));
        // What the server itself says goes first.
        model.context = model.context.or(listed.and_then(|listed| listed.context_tokens));
        let endpoints = model.price.map(|price| price.price());
        let named = asked.provider == config.remote.provider && model.id == config.remote.model;
        let price = match named {
            true => prices::price(client.place(), &config.remote, &config.prices, endpoints),
            false => prices::usual(client.place(), &model.id, &config.prices, endpoints),
        };
        let batch = listed.filter(|listed| price == Some(listed.price)).and_then(|listed| listed.batch);
        model.price = price.map(|price| ListedPrice {
            batch_input: batch.map(|batch| batch.input),
            batch_output: batch.map(|batch| batch.output),
            ..price.into()
        });
    }
    Ok(models)
}
