//! A server as settings describe it: where it is, which model it is asked for, and with which key.

use reqwest::header::{AUTHORIZATION, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};

use super::endpoint::Endpoint;
use super::key;
use super::presets::{KeyHeader, KeyPlace, Preset};
use super::quote::one_line;
use crate::config::PROVIDERS_OWN;

/// The settings that describe a server, remote or local.
pub struct ServerSettings<'a> {
    /// `remote` or `local`: the section of the settings, and how errors call it.
    pub section: &'static str,
    pub preset: &'static Preset,
    /// Empty for the preset's own.
    pub base_url: &'a str,
    pub model: &'a str,
    /// Whether a model has to be named, as it need not be where models are listed.
    pub wants_model: bool,
    /// [`PROVIDERS_OWN`] for the preset's own.
    pub api_key_env: &'a str,
    /// Empty for none.
    pub api_key_keyring: &'a str,
    pub api_key_cmd: &'a str,
}

#[derive(Debug)]
pub struct Server {
    pub section: &'static str,
    pub preset: &'static Preset,
    pub endpoint: Endpoint,
    /// Empty where none is named yet, as when models are listed.
    pub model: String,
    pub key: Option<SecretString>,
    /// Where the key is set, for errors.
    pub key_source: String,
}

impl Server {
    /// Checks the settings and reads the key. Errors name the setting to change.
    pub async fn find(settings: &ServerSettings<'_>) -> Result<Self, String> {
        let (section, preset) = (settings.section, settings.preset);
        let base_url = match settings.base_url.trim() {
            "" if preset.base_url.is_empty() => {
                return Err(format!("{section}.base_url is not set: {} has no address that serves all", preset.name));
            }
            "" => preset.base_url,
            base_url => base_url,
        };
        let endpoint =
            Endpoint::parse(base_url, preset.wire).map_err(|why| format!("{section}.base_url {why}: correct it"))?;
        let model = settings.model.trim();
        if model.is_empty() && settings.wants_model {
            let place = endpoint.place();
            return Err(format!("{section}.model is not set: name a model that the server at {place} offers"));
        }
        // The end of a name there that lets the model search the web.
        if preset.name == "openrouter" && model.ends_with(":online") {
            return Err(format!(
                "{section}.model ends in :online, which searches the web with the question: leave it off"
            ));
        }
        let (variable, needed) = match settings.api_key_env {
            PROVIDERS_OWN => (preset.key.variable(), matches!(preset.key, KeyPlace::Needed(_))),
            named => (named, true),
        };
        let needed = needed && !endpoint.is_loopback();
        let read = key::read(section, variable, settings.api_key_keyring, settings.api_key_cmd, needed).await;
        let key = read.map_err(|why| format!("the {section} LM at {} cannot be asked: {why}", endpoint.place()))?;
        Ok(Self { section, preset, endpoint, model: model.to_owned(), key: key.secret, key_source: key.source })
    }

    /// How errors name it: what it is and where.
    pub fn name(&self) -> String {
        format!("the {} LM at {}", self.section, self.endpoint.place())
    }

    /// The model's name, fit to be shown.
    pub fn shown_model(&self) -> String {
        one_line(&self.model)
    }

    /// The header that carries the key, marked so that no library prints it.
    pub fn authorization(&self) -> Option<(HeaderName, HeaderValue)> {
        let key = self.key.as_ref()?.expose_secret();
        let (name, value) = match self.preset.header {
            KeyHeader::Bearer => (AUTHORIZATION, HeaderValue::from_str(&format!("Bearer {key}"))),
            KeyHeader::Named(name) => (HeaderName::from_static(name), HeaderValue::from_str(key)),
        };
        let mut value = value.ok()?;
        value.set_sensitive(true);
        Some((name, value))
    }
}

#[cfg(test)]
mod tests {
    use super::super::presets::PRESETS;
    use super::*;

    const KEY: &str = "sk-planted-0123456789abcdef";

    #[tokio::test]
    async fn each_providers_key_goes_into_its_header_and_is_marked_as_secret() {
        for (_, preset) in &PRESETS {
            let settings = ServerSettings {
                section: "remote",
                preset,
                base_url: "http://127.0.0.1:1",
                model: "m",
                wants_model: true,
                api_key_env: "",
                api_key_keyring: "",
                api_key_cmd: &format!("echo {KEY}"),
            };
            let server = Server::find(&settings).await.unwrap();
            let (name, value) = server.authorization().unwrap();
            assert!(value.is_sensitive(), "{}", preset.name);
            assert!(value.to_str().unwrap().ends_with(KEY), "{}", preset.name);
            assert_eq!(name == AUTHORIZATION, preset.header == KeyHeader::Bearer);
            assert!(!format!("{server:?} {value:?}").contains(KEY));
            assert!(!server.endpoint.at(&preset.wire.address("m", true)).as_str().contains(KEY));
        }
    }

    #[tokio::test]
    async fn a_place_of_ones_own_and_a_key_are_asked_for_where_they_are_needed() {
        for (_, preset) in &PRESETS {
            let settings = ServerSettings {
                section: "remote",
                preset,
                base_url: "",
                model: "m",
                wants_model: true,
                api_key_env: "MINIONS_TEST_VARIABLE_THAT_NOBODY_SETS",
                api_key_keyring: "",
                api_key_cmd: "",
            };
            match Server::find(&settings).await {
                Ok(server) => assert!(server.endpoint.is_loopback(), "{}", preset.name),
                Err(error) if preset.base_url.is_empty() => assert!(error.contains("remote.base_url"), "{error}"),
                Err(error) => assert!(error.contains("NOBODY_SETS"), "{error}"),
            }
        }
    }
}
