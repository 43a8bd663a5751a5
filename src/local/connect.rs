//! From the settings of `[local]` to the local LM they name.

use std::path::Path;

use super::extractive::ExtractiveReader;
use super::llama::LlamaLocal;
use super::openai::OpenAiLocal;
use super::{LocalError, LocalLm, Probe};
use crate::config::{Folders, LocalConfig, LocalProvider};

/// The local LM of the settings. Nothing is sent yet; the error names the setting to change.
/// `program` is this program itself, of which the engine is a second process.
pub async fn connect(config: &LocalConfig, program: &Path) -> Result<Box<dyn LocalLm>, LocalError> {
    match config.provider {
        LocalProvider::Extractive => Ok(Box::new(ExtractiveReader)),
        LocalProvider::Openai | LocalProvider::Ollama => Ok(Box::new(OpenAiLocal::connect(config).await?)),
        LocalProvider::LlamaCpp => {
            let log = Folders::of_process().map(|folders| folders.log().join("engine.log"));
            Ok(Box::new(LlamaLocal::start(config, program, log)?))
        }
    }
}

/// Whether the server of the settings is there and offers the model, without spending a token; nothing for a provider
/// that has no server.
pub async fn probe(config: &LocalConfig) -> Result<Option<Probe>, LocalError> {
    match config.provider {
        LocalProvider::Extractive | LocalProvider::LlamaCpp => Ok(None),
        LocalProvider::Openai | LocalProvider::Ollama => OpenAiLocal::connect(config).await?.probe().await.map(Some),
    }
}
