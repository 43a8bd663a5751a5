//! A server as settings describe it: where it is, which model it is asked for, and with which key.

use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};

use super::endpoint::Endpoint;
use super::key;
use super::quote::one_line;

/// The settings that describe a server, remote or local.
pub struct ServerSettings<'a> {
    /// `remote` or `local`: the section of the settings, and how errors call it.
    pub section: &'static str,
    pub base_url: &'a str,
    pub model: &'a str,
    pub api_key_env: &'a str,
    pub api_key_cmd: &'a str,
}

#[derive(Debug)]
pub struct Server {
    pub section: &'static str,
    pub endpoint: Endpoint,
    pub model: String,
    pub key: Option<SecretString>,
    /// Where the key is set, for errors.
    pub key_source: String,
}

impl Server {
    /// Checks the settings and reads the key. Errors name the setting to change.
    pub async fn find(settings: &ServerSettings<'_>) -> Result<Self, String> {
        let section = settings.section;
        let endpoint =
            Endpoint::parse(settings.base_url).map_err(|why| format!("{section}.base_url {why}: correct it"))?;
        let model = settings.model.trim();
        if model.is_empty() {
            let place = endpoint.place();
            return Err(format!("{section}.model is not set: name a model that the server at {place} offers"));
        }
        let read = key::read(section, settings.api_key_env, settings.api_key_cmd, endpoint.is_loopback()).await;
        let key = read.map_err(|why| format!("the {section} LM at {} cannot be asked: {why}", endpoint.place()))?;
        Ok(Self { section, endpoint, model: model.to_owned(), key: key.secret, key_source: key.source })
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
    pub fn authorization(&self) -> Option<HeaderValue> {
        let key = self.key.as_ref()?;
        let mut value = HeaderValue::from_str(&format!("Bearer {}", key.expose_secret())).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}
