//! From the settings of `[local]` to the local LM they name.

use std::path::Path;

use super::embedder::Embedder;
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

/// The embedding model of the settings; nothing where they name none. As [`connect`], it names the setting to change.
pub async fn connect_embedder(config: &LocalConfig, program: &Path) -> Result<Option<Embedder>, LocalError> {
    let log = Folders::of_process().map(|folders| folders.log().join("embedding.log"));
    Embedder::start(config, program, log).await
}

/// Whether each server of the settings is there and offers the model, without spending a token; nothing for a provider
/// that has no server.
pub async fn probe(config: &LocalConfig) -> Result<Vec<Result<Probe, LocalError>>, LocalError> {
    match config.provider {
        LocalProvider::Extractive | LocalProvider::LlamaCpp => Ok(Vec::new()),
        LocalProvider::Openai | LocalProvider::Ollama => Ok(OpenAiLocal::connect(config).await?.probe().await),
    }
}
