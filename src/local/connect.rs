//! From the settings of `[local]` to the local LM they name.

use super::extractive::ExtractiveReader;
use super::openai::OpenAiLocal;
use super::{LocalError, LocalLm, Probe};
use crate::config::{LocalConfig, LocalProvider};

/// The local LM of the settings. Nothing is sent yet; the error names the setting to change.
pub async fn connect(config: &LocalConfig) -> Result<Box<dyn LocalLm>, LocalError> {
    match config.provider {
        LocalProvider::Extractive => Ok(Box::new(ExtractiveReader)),
        LocalProvider::Openai => Ok(Box::new(OpenAiLocal::connect(config).await?)),
    }
}

/// Whether the server of the settings is there and offers the model, without spending a token; nothing for a provider
/// that has no server.
pub async fn probe(config: &LocalConfig) -> Result<Option<Probe>, LocalError> {
    match config.provider {
        LocalProvider::Extractive => Ok(None),
        LocalProvider::Openai => OpenAiLocal::connect(config).await?.probe().await.map(Some),
    }
}
