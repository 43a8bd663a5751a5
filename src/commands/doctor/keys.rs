//! Whether models are named and their keys are there. A key itself is never shown.

use super::Check;
use crate::config::{Config, LocalConfig, LocalProvider, PROVIDERS_OWN};
use crate::local::chosen::chosen;
use crate::provider::{KeyPlace, LEAST_KEY, Preset, keyring, presets};

pub fn keys(config: &Config, variable: impl Fn(&str) -> Option<String>) -> Vec<Check> {
    let mut checks = Vec::new();
    match presets::planner(config.remote.provider) {
        None => checks.push(Check::ok("remote LM", "offline: a planner without a model; no key needed")),
        Some(preset) => {
            let remote = &config.remote;
            let side = Side::of("remote", preset, &remote.base_url, &remote.api_key_env);
            checks.push(side.model(&remote.model));
            checks.push(side.key(&remote.api_key_keyring, !remote.api_key_cmd.is_empty(), &variable));
        }
    }
    match config.local.provider {
        LocalProvider::Extractive => {
            checks.push(Check::ok("local LM", "extractive: a lexical reader without a model; no key needed"));
        }
        LocalProvider::LlamaCpp => checks.push(gguf(&config.local)),
        LocalProvider::Openai | LocalProvider::Ollama => {
            let preset = presets::reader(config.local.provider);
            let side = Side::of("local", preset, &config.local.base_url, &config.local.api_key_env);
            checks.push(side.model(&config.local.model));
            checks.push(side.key("", !config.local.api_key_cmd.is_empty(), &variable));
        }
    }
    checks
}

fn gguf(local: &LocalConfig) -> Check {
    const NAME: &str = "local LM";
    if cfg!(not(feature = "llama")) {
        return Check::fail(
            NAME,
            "llama-cpp, and this program was built without the local engine",
            "build it with the cargo feature llama, or set `local.provider`",
        );
    }
    match chosen(local) {
        Ok(path) => Check::ok(NAME, format!("llama-cpp: {}", path.display())),
        Err(error) => {
            Check::fail(NAME, format!("llama-cpp: {error}"), "set `local.model` to a GGUF model that is whole")
        }
    }
}

/// A server as the settings and its provider's usual ones describe it together.
struct Side<'a> {
    name: &'static str,
    preset: &'static Preset,
    base_url: &'a str,
    variable: &'a str,
    /// Whether that is the provider's usual one.
    own: bool,
    /// Whether a server elsewhere does without a key.
    optional: bool,
}

impl<'a> Side<'a> {
    fn of(name: &'static str, preset: &'static Preset, base_url: &'a str, variable: &'a str) -> Self {
        let own = variable == PROVIDERS_OWN;
        Self {
            name,
            preset,
            base_url: if base_url.is_empty() { preset.base_url } else { base_url },
            variable: if own { preset.key.variable() } else { variable },
            own,
            optional: own && matches!(preset.key, KeyPlace::Optional(_)),
        }
    }

    fn model(&self, model: &str) -> Check {
        let Self { name: side, preset, base_url, .. } = self;
        let (name, provider, place) = (format!("{side} LM"), preset.name, self.place());
        if base_url.is_empty() {
            let advice = format!("set `{side}.base_url` to your own address there");
            return Check::fail(&name, format!("{provider}, and `{side}.base_url` is empty"), advice);
        }
        if model.is_empty() {
            let advice = format!("set `{side}.model` to the model's name at {place}");
            return Check::fail(&name, format!("{provider}, and `{side}.model` is empty"), advice);
        }
        Check::ok(&name, format!("{provider}: {model} at {place}"))
    }

    /// Where the servers are, without what else an address may hold: a query can be a secret.
    fn place(&self) -> String {
        let urls = self.base_url.split(|c: char| c == ',' || c.is_whitespace()).filter(|url| !url.is_empty());
        let place = |url| self.preset.place_of(url).unwrap_or_else(|| "an address that cannot be read".into());
        urls.map(place).collect::<Vec<_>>().join(", ")
    }

    /// Where the server is, if the provider's usual key is not for it.
    fn strange(&self) -> Option<String> {
        let endpoint = self.preset.endpoint(self.base_url).ok().filter(|_| self.own)?;
        (!self.preset.is_home(&endpoint)).then(|| endpoint.host().to_owned())
    }

    fn key(&self, entry: &str, by_command: bool, variable: impl Fn(&str) -> Option<String>) -> Check {
        let (side, wanted) = (self.name, self.variable);
        let name = format!("{side} key");
        if let Some(host) = self.strange()
            && entry.is_empty()
            && !by_command
        {
            let detail = format!(
                "none is sent: {wanted} is the key of {}, which {host} is not, or not over https",
                self.preset.name
            );
            let advice = format!(
                "name the variable of its key in `{side}.api_key_env`, or set that to \"\" where it wants none"
            );
            return match self.optional || is_loopback(self.base_url) {
                true => Check::ok(&name, detail),
                false => Check::fail(&name, detail, advice),
            };
        }
        if wanted.is_empty() && entry.is_empty() && !by_command {
            return Check::ok(&name, format!("none, as `{side}.api_key_env` is empty"));
        }
        if let Some(key) = (!wanted.is_empty()).then(|| variable(wanted)).flatten() {
            // So short a key is one for a server that wants none.
            let short = key.len() < LEAST_KEY;
            let told = if short { ", and is too short a key to be blotted out in what the server says" } else { "" };
            return Check::ok(&name, format!("{wanted} is set{told}"));
        }
        if !entry.is_empty() {
            let setting = format!("`{side}.api_key_keyring`");
            return match keyring::read(entry) {
                Ok(_) => Check::ok(&name, format!("the entry of the keyring that {setting} names is there")),
                Err(why) => Check::fail(&name, why, format!("or leave {setting} empty")),
            };
        }
        if by_command {
            return Check::ok(&name, format!("`{side}.api_key_cmd` is asked for it when it is needed"));
        }
        let detail = format!("{wanted} is not set");
        if self.optional {
            return Check::ok(&name, format!("{detail}, and most such servers want no key"));
        }
        if is_loopback(self.base_url) {
            return Check::warn(&name, detail, format!("if the server wants no key, set `{side}.api_key_env` to \"\""));
        }
        Check::fail(&name, detail, format!("export {wanted}, or name another variable in `{side}.api_key_env`"))
    }
}

fn is_loopback(base_url: &str) -> bool {
    let host = base_url.split_once("://").map_or(base_url, |(_, rest)| rest);
    ["127.", "localhost", "[::1]"].iter().any(|loopback| host.starts_with(loopback))
}

#[cfg(test)]
mod tests {
    use super::super::Status;
    use super::*;
    use crate::config::RemoteProvider;

    fn openai() -> Config {
        let mut config = Config::default();
        config.remote.provider = RemoteProvider::Openai;
        config.remote.model = "gpt-4o".into();
        config
    }

    fn remote_key(config: &Config, value: Option<&str>) -> Check {
        let checks = keys(config, |_| value.map(String::from));
        checks.into_iter().find(|c| c.name == "remote key").unwrap()
    }

    #[test]
    fn a_key_is_said_to_be_there_and_never_shown() {
        let check = remote_key(&openai(), Some("sk-very-secret"));
        assert_eq!((check.status, check.detail.as_str()), (Status::Ok, "OPENAI_API_KEY is set"));
        assert!(remote_key(&openai(), Some("x")).detail.contains("too short a key to be blotted out"));
    }

    #[test]
    fn a_missing_key_fails_away_from_this_machine_and_warns_on_it() {
        let mut config = openai();
        assert_eq!(remote_key(&config, None).status, Status::Fail);
        config.remote.base_url = "http://localhost:8000/v1".into();
        config.remote.api_key_env = "MINE".into();
        assert_eq!(remote_key(&config, None).status, Status::Warn);
        config.remote.api_key_env = String::new();
        assert_eq!(remote_key(&config, None).status, Status::Ok);
    }

    #[test]
    fn a_key_of_the_providers_own_is_not_said_to_be_there_for_another_host() {
        let mut config = openai();
        config.remote.base_url = "https://gateway.example/v1".into();
        let check = remote_key(&config, Some("sk-very-secret"));
        assert!(check.status == Status::Fail && check.detail.contains("gateway.example is not"), "{check:?}");
        config.remote.base_url = "http://localhost:8000/v1".into();
        let check = remote_key(&config, Some("sk-very-secret"));
        assert!(check.status == Status::Ok && check.detail.contains("none is sent"), "{check:?}");
        config.remote.api_key_env = "OPENAI_API_KEY".into();
        assert_eq!(remote_key(&config, Some("sk-very-secret")).detail, "OPENAI_API_KEY is set");
    }

    #[test]
    fn a_command_that_prints_the_key_is_enough() {
        let mut config = openai();
        config.remote.api_key_keyring = "no-such-entry-of-the-tests".into();
        let check = remote_key(&config, None);
        assert!(check.status == Status::Fail && check.detail.contains("keyring"), "{check:?}");
        config.remote.api_key_keyring = String::new();
        config.remote.api_key_cmd = "pass openai".into();
        assert_eq!(remote_key(&config, None).status, Status::Ok);
    }

    #[test]
    fn a_server_without_a_model_fails() {
        let mut config = openai();
        config.remote.model = String::new();
        assert!(keys(&config, |_| None).iter().any(|c| c.name == "remote LM" && c.status == Status::Fail));
    }

    #[test]
    fn what_an_address_holds_beside_its_place_is_not_shown() {
        let mut config = openai();
        config.remote.base_url = "https://own.example/v1?key=sk-very-secret".into();
        for model in ["gpt-4o", ""] {
            config.remote.model = model.into();
            let checks = keys(&config, |_| None);
            let told = checks.iter().find(|check| check.name == "remote LM").unwrap();
            let told = format!("{} {:?}", told.detail, told.advice);
            assert!(told.contains("own.example/v1") && !told.contains("secret"), "{told}");
        }
    }

    #[test]
    fn the_default_needs_nothing() {
        assert!(keys(&Config::default(), |_| None).iter().all(|c| c.status == Status::Ok));
    }
}
