//! From the settings of `[local]` to the local LM they name.

use std::path::Path;

use super::embedder::Embedder;
use super::extractive::ExtractiveReader;
use super::llama::{self, LlamaLocal};
use super::openai::OpenAiLocal;
use super::{LocalError, LocalLm, Probe};
use crate::config::{Folders, LocalConfig, LocalProvider};
use crate::protocol::{ModelInfo, Price};
use crate::provider::presets;

/// The local LM of the settings. Nothing is sent yet; the error names the setting to change.
/// `program` is this program itself, of which the engine is a second process; `price`: what a server's tokens cost.
pub async fn connect(
    config: &LocalConfig,
    program: &Path,
    price: Option<Price>,
) -> Result<Box<dyn LocalLm>, LocalError> {
    match config.provider {
        LocalProvider::Extractive => Ok(Box::new(ExtractiveReader)),
        LocalProvider::Openai | LocalProvider::Ollama => {
            Ok(Box::new(OpenAiLocal::connect(config).await?.with_price(price)))
        }
        LocalProvider::LlamaCpp => {
            let log = Folders::of_process().map(|folders| folders.log().join("engine.log"));
            Ok(Box::new(LlamaLocal::start(config, program, log)?))
        }
    }
}

/// Who the settings name, as [`connect`] would record it, without a connection and without loading a model.
pub fn named(config: &LocalConfig, price: Option<Price>) -> ModelInfo {
    let (provider, model, price) = match config.provider {
        LocalProvider::Extractive => return ExtractiveReader.info(),
        LocalProvider::Openai | LocalProvider::Ollama => {
            (presets::reader(config.provider).name, config.model.trim().to_owned(), price)
        }
        LocalProvider::LlamaCpp => (llama::PROVIDER, llama::name(config), None),
    };
    ModelInfo { provider: provider.into(), model, is_model: true, price }
}

/// Characters of a window that this reader has room for, as far as that is known without asking or loading it.
pub fn window_chars(config: &LocalConfig) -> Option<usize> {
    match config.provider {
        LocalProvider::Extractive => ExtractiveReader.window_chars(config.max_output_tokens),
        LocalProvider::LlamaCpp => llama::room_for(config),
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

#[cfg(test)]
mod tests {
    use super::*;

    const TINY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/models/tiny.gguf");

    #[tokio::test]
    async fn who_the_settings_name_is_who_is_recorded_and_has_as_much_room() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::copy(TINY, folder.path().join("small-chat.gguf")).unwrap();
        std::os::unix::fs::symlink(folder.path().join("small-chat.gguf"), folder.path().join("newest.gguf")).unwrap();
        let newest = folder.path().join("newest.gguf").to_string_lossy().into_owned();
        let settings = |provider, model: &str| LocalConfig {
            provider,
            model: model.into(),
            base_url: "http://127.0.0.1:1/v1".into(),
            models_dir: folder.path().to_owned(),
            ..LocalConfig::default()
        };
        let mut all = vec![
            settings(LocalProvider::Extractive, ""),
            settings(LocalProvider::Openai, " a-model "),
            settings(LocalProvider::Ollama, "qwen3:0.6b"),
        ];
        if cfg!(feature = "llama") {
            all.extend([TINY, "small-chat", "newest", &newest].map(|model| settings(LocalProvider::LlamaCpp, model)));
        }
        let price = Some(Price::flat(0.1, 0.2));
        for config in all {
            // The engine would be another process of this program: it is stopped before it starts.
            let connected = connect(&config, Path::new("/nowhere/minions"), price).await.unwrap();
            assert_eq!(named(&config, price), connected.info(), "{:?} {:?}", config.provider, config.model);
            if let Some(room) = window_chars(&config) {
                assert_eq!(Some(room), connected.window_chars(config.max_output_tokens), "{:?}", config.model);
            }
        }
    }
}
