//! From the settings of `[local]` to the local LM they name.

use std::path::Path;

use super::embedder::Embedder;
use super::extractive::ExtractiveReader;
use super::llama::LlamaLocal;
use super::openai::OpenAiLocal;
use super::{LocalError, LocalLm, Probe};
use crate::config::{Folders, LocalConfig, LocalProvider};
use crate::protocol::ModelInfo;
use crate::provider::presets;

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

/// Who the settings name, as [`connect`] would record it, without a connection and without loading a model.
pub fn named(config: &LocalConfig) -> ModelInfo {
    let model = match config.provider {
        LocalProvider::Extractive => return ExtractiveReader.info(),
        LocalProvider::Openai | LocalProvider::Ollama => config.model.trim().to_owned(),
        LocalProvider::LlamaCpp => {
            let stem = Path::new(&config.model).file_stem();
            let is_file = Path::new(&config.model).extension().is_some_and(|ending| ending == "gguf");
            match stem.filter(|_| is_file) {
                Some(stem) => stem.to_string_lossy().into_owned(),
                None => config.model.clone(),
            }
        }
    };
    ModelInfo { provider: presets::reader(config.provider).name.into(), model, is_model: true, price: None }
}

/// Characters of a window that this reader has room for, as far as that is known without asking or loading it.
pub fn window_chars(config: &LocalConfig) -> Option<usize> {
    match config.provider {
        LocalProvider::Extractive => ExtractiveReader.window_chars(config.max_output_tokens),
        LocalProvider::LlamaCpp => super::llama::room_for(config),
        LocalProvider::Openai | LocalProvider::Ollama => None,
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
