//! From what was picked to the settings that name it, and to a model that can be asked.

use std::sync::Arc;

use super::local::{EXTRACTIVE, LLAMA, OLLAMA, OPENAI, of_ollama};
use super::remote::OFFLINE;
use crate::app::picker::Choice;
use crate::commands::models::asked;
use crate::commands::{Failure, begin};
use crate::config::{Config, LocalConfig, LocalProvider, RemoteConfig, RemoteProvider};
use crate::runtime::Connected;

/// Which of the two models.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Remote,
    Local,
}

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

/// Puts the model of `before` back. What else of the settings has changed since then stays.
pub fn put_back(config: &mut Config, side: Side, before: &Config) {
    match side {
        Side::Remote => {
            let (now, before) = (std::mem::take(&mut config.remote), before.remote.clone());
            config.remote = RemoteConfig {
                provider: before.provider,
                model: before.model,
                base_url: before.base_url,
                api_key_env: before.api_key_env,
                api_key_keyring: before.api_key_keyring,
                api_key_cmd: before.api_key_cmd,
                headers: before.headers,
                price_input: before.price_input,
                price_cached_input: before.price_cached_input,
                price_output: before.price_output,
                ..now
            };
        }
        Side::Local => {
            let (now, before) = (std::mem::take(&mut config.local), before.local.clone());
            config.local = LocalConfig {
                provider: before.provider,
                model: before.model,
                base_url: before.base_url,
                api_key_env: before.api_key_env,
                api_key_cmd: before.api_key_cmd,
                headers: before.headers,
                ..now
            };
        }
    }
}

/// The model of one side, connected as the settings say.
pub async fn connect(config: &Config, side: Side) -> Result<Connected, Failure> {
    Ok(match side {
        Side::Remote => Connected { remote: Some(Arc::from(begin::remote(config).await?)), local: None },
        Side::Local => Connected { remote: None, local: Some(Arc::from(begin::local(config).await?)) },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_that_cannot_be_used_is_taken_back_and_nothing_else() {
        let mut before = Config::default();
        before.remote.provider = RemoteProvider::Openai;
        before.remote.model = "dear".into();
        before.remote.price_input = 5.0;
        before.remote.api_key_cmd = "pass show openai".into();
        let pick = Choice::Remote { provider: "anthropic".into(), model: "m".into() };
        let mut now = with(&before, &pick).unwrap().unwrap();
        let pick = Choice::Local { provider: LLAMA.into(), model: "small".into() };
        now = with(&now, &pick).unwrap().unwrap();
        now.remote.budget_usd = 7.0;
        now.protocol.max_rounds = 9;
        let reader = now.local.clone();
        put_back(&mut now, Side::Remote, &before);
        assert_eq!(now.remote, RemoteConfig { budget_usd: 7.0, ..before.remote.clone() });
        assert_eq!((now.protocol.max_rounds, &now.local), (9, &reader));
        put_back(&mut now, Side::Local, &before);
        assert_eq!(now.local, before.local);
    }

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
