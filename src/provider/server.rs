//! A server as settings describe it: where it is, which model it is asked for, and with which key.

use reqwest::header::{AUTHORIZATION, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};

use super::endpoint::Endpoint;
use super::headers::{self, Header};
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
    /// Headers of the person's own, as they wrote them.
    pub headers: &'a [String],
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
    /// Further headers, with values that are secrets.
    pub headers: Vec<Header>,
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
        let endpoint = preset.endpoint(base_url).map_err(|why| format!("{section}.base_url {why}: correct it"))?;
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
        let cannot = |why: String| format!("the {section} LM at {} cannot be asked: {why}", endpoint.place());
        let own = settings.api_key_env == PROVIDERS_OWN;
        let (variable, needed) = match settings.api_key_env {
            PROVIDERS_OWN => (preset.key.variable(), matches!(preset.key, KeyPlace::Needed(_))),
            named => (named, true),
        };
        let needed = needed && !endpoint.is_loopback();
        // A provider's own key is nobody else's: whoever else is to have it, the settings name it for.
        let (sent, strange) = if own && !preset.is_home(&endpoint) { ("", needed) } else { (variable, false) };
        let read = key::read(section, sent, settings.api_key_keyring, settings.api_key_cmd, needed).await;
        let key = read.map_err(cannot)?;
        if key.secret.is_none() && strange {
            let (provider, host) = (preset.name, endpoint.host());
            return Err(cannot(format!(
                "{variable} is the key of {provider}, which {host} is not, or is not spoken to over https: name the variable that holds \
                 its key in {section}.api_key_env, or set that to \"\" where it wants none"
            )));
        }
        let headers = headers::read(section, settings.headers).map_err(cannot)?;
        let key_source = key.source;
        Ok(Self { section, preset, endpoint, model: model.to_owned(), key: key.secret, key_source, headers })
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
            KeyHeader::NamedOrToken(name) | KeyHeader::Named(name) if !self.is_token(key) => {
                (HeaderName::from_static(name), HeaderValue::from_str(key))
            }
            _ => (AUTHORIZATION, HeaderValue::from_str(&format!("Bearer {key}"))),
        };
        let mut value = value.ok()?;
        value.set_sensitive(true);
        Some((name, value))
    }

    /// Whether it goes out as a token where keys do otherwise: it has the shape of one.
    fn is_token(&self, key: &str) -> bool {
        matches!(self.preset.header, KeyHeader::NamedOrToken(_))
            && key.starts_with("eyJ")
            && key.matches('.').count() == 2
    }

    /// All headers by which the server knows whom it serves. One of the person's own goes before the key's.
    pub fn credentials(&self) -> impl Iterator<Item = (HeaderName, HeaderValue)> + '_ {
        let own = |name: &HeaderName| self.headers.iter().any(|header| header.name == *name);
        let key = self.authorization().filter(|(name, _)| !own(name));
        key.into_iter().chain(self.headers.iter().filter_map(|header| Some((header.name.clone(), header.value()?))))
    }

    /// What must not come back into a text: the key, and what headers took from the environment.
    pub fn secrets(&self) -> Vec<&SecretString> {
        self.key.iter().chain(self.headers.iter().flat_map(|header| &header.secrets)).collect()
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
                headers: &[],
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
    async fn a_token_of_entra_goes_out_as_one_at_azure_alone() {
        for (preset, expected) in [("azure", AUTHORIZATION), ("anthropic", HeaderName::from_static("x-api-key"))] {
            let settings = ServerSettings {
                section: "remote",
                preset: &PRESETS.iter().find(|(_, other)| other.name == preset).unwrap().1,
                base_url: "https://x.openai.azure.com",
                model: "m",
                wants_model: true,
                api_key_env: "",
                api_key_keyring: "",
                api_key_cmd: "echo eyJhbGciOi.eyJhdWQiOi.c2lnbmVk",
                headers: &[],
            };
            assert_eq!(Server::find(&settings).await.unwrap().authorization().unwrap().0, expected, "{preset}");
        }
    }

    #[tokio::test]
    async fn the_key_of_a_providers_usual_variable_is_asked_for_by_name_elsewhere() {
        let find = async |base_url: &str, api_key_env: &str, api_key_cmd: &str| {
            let settings = ServerSettings {
                section: "remote",
                preset: &PRESETS[0].1,
                base_url,
                model: "m",
                wants_model: true,
                api_key_env,
                api_key_keyring: "",
                api_key_cmd,
                headers: &[],
            };
            Server::find(&settings).await
        };
        let error = find("https://gateway.example:8443/v1", PROVIDERS_OWN, "").await.unwrap_err();
        assert!(error.contains("OPENAI_API_KEY is the key of openai, which gateway.example:8443 is not"), "{error}");
        assert!(error.contains("remote.api_key_env"), "{error}");
        assert!(find("http://api.openai.com", PROVIDERS_OWN, "").await.is_err(), "never in clear");
        assert!(find("https://gateway.example/v1", PROVIDERS_OWN, "echo its-own-key").await.unwrap().key.is_some());
        assert!(find("https://gateway.example/v1", "", "").await.unwrap().key.is_none());
        assert!(find("http://127.0.0.1:1/v1", PROVIDERS_OWN, "").await.unwrap().key.is_none());
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
                headers: &[],
            };
            match Server::find(&settings).await {
                Ok(server) => assert!(server.endpoint.is_loopback(), "{}", preset.name),
                Err(error) if preset.base_url.is_empty() => assert!(error.contains("remote.base_url"), "{error}"),
                Err(error) => assert!(error.contains("NOBODY_SETS"), "{error}"),
            }
        }
    }
}
