//! From what was picked to the settings that name it, and to a model that can be asked.

use std::sync::Arc;

use super::local::{EXTRACTIVE, LLAMA, OLLAMA, OPENAI, of_ollama};
use super::remote::OFFLINE;
use crate::app::picker::Choice;
use crate::commands::models::asked;
use crate::commands::{Failure, begin};
use crate::config::{Config, LocalConfig, LocalProvider, RemoteConfig, RemoteProvider};
use crate::runtime::Connected;

/// The settings with the model that was picked in place of their own; nothing where no model was picked.
pub fn with(config: &Config, choice: &Choice) -> Result<Option<Config>, Failure> {
    let mut config = config.clone();
    match choice {
        Choice::Remote { provider, model } => config.remote = remote(&config.remote, provider, model)?,
        Choice::Local { provider, model } => config.local = local(&config.local, provider, model)?,
        _ => return Ok(None),
    }
    Ok(Some(config))
}

fn remote(now: &RemoteConfig, provider: &str, model: &str) -> Result<RemoteConfig, Failure> {
    if provider == OFFLINE {
        return Ok(RemoteConfig { provider: RemoteProvider::Offline, ..now.clone() });
    }
    let mut remote = asked(now, Some(provider))?;
    if remote.model != model || remote.provider != now.provider {
        // The prices of the settings are those of the model that they name.
        let usual = RemoteConfig::default();
        remote.price_input = usual.price_input;
        remote.price_cached_input = usual.price_cached_input;
        remote.price_output = usual.price_output;
    }
    remote.model = model.to_owned();
    Ok(remote)
}

fn local(now: &LocalConfig, provider: &str, model: &str) -> Result<LocalConfig, Failure> {
    let model = model.to_owned();
    Ok(match provider {
        EXTRACTIVE => LocalConfig { provider: LocalProvider::Extractive, ..now.clone() },
        LLAMA => LocalConfig { provider: LocalProvider::LlamaCpp, model, ..now.clone() },
        OPENAI => LocalConfig { provider: LocalProvider::Openai, model, ..now.clone() },
        OLLAMA if now.provider == LocalProvider::Ollama => LocalConfig { model, ..now.clone() },
        OLLAMA => LocalConfig { model, ..of_ollama(now) },
        other => return Err(Failure::usage(format!("there is no reader {other}"))),
    })
}

/// What was picked, connected as the settings say that have it in them.
pub async fn connect(config: &Config, choice: &Choice) -> Result<Connected, Failure> {
    Ok(match choice {
        Choice::Remote { .. } => Connected { remote: Some(Arc::from(begin::remote(config).await?)), local: None },
        Choice::Local { .. } => Connected { remote: None, local: Some(Arc::from(begin::local(config).await?)) },
        _ => Connected::default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_that_was_picked_stands_in_the_settings_without_the_price_of_the_one_before() {
        let mut config = Config::default();
        config.remote.provider = RemoteProvider::Openai;
        config.remote.model = "dear".into();
        config.remote.base_url = "http://127.0.0.1:9/v1".into();
        config.remote.price_input = 5.0;
        let pick = |provider: &str, model: &str| Choice::Remote { provider: provider.into(), model: model.into() };
        let same = with(&config, &pick("openai", "dear")).unwrap().unwrap();
        assert_eq!(same.remote, config.remote);
        let other = with(&config, &pick("openai", "cheap")).unwrap().unwrap().remote;
        assert_eq!((other.model.as_str(), other.price_input < 0.0), ("cheap", true));
        assert_eq!(other.base_url, config.remote.base_url);
        let elsewhere = with(&config, &pick("anthropic", "m")).unwrap().unwrap().remote;
        assert_eq!((elsewhere.provider, elsewhere.base_url.as_str()), (RemoteProvider::Anthropic, ""));
        let none = with(&config, &pick("offline", "")).unwrap().unwrap().remote;
        assert_eq!(none.provider, RemoteProvider::Offline);
        let file = Choice::Local { provider: LLAMA.into(), model: "small".into() };
        let local = with(&config, &file).unwrap().unwrap().local;
        assert_eq!((local.provider, local.model.as_str()), (LocalProvider::LlamaCpp, "small"));
    }
}
