//! The servers that a session's models were asked at: kept when it begins, taken up again when it is gone on with.

use serde::Serialize;

use crate::config::{Config, LocalProvider, RemoteProvider};
use crate::journal::{Server, Servers, Session};
use crate::protocol::{ModelInfo, State};

/// Keeps the servers of these settings beside the session's records. Without them it can still be gone on with by whoever
/// names them.
pub fn keep(session: &Session, config: &Config) {
    if let Err(error) = session.set_servers(of(config)) {
        tracing::warn!("where the models of session {} are asked could not be kept: {error}", session.id());
    }
}

/// Those that have an address of their own in the settings.
fn of(config: &Config) -> Servers {
    let (remote, local) = (&config.remote, &config.local);
    let is_server = matches!(local.provider, LocalProvider::Openai | LocalProvider::Ollama);
    Servers {
        remote: server(&remote.provider, &remote.base_url).filter(|_| remote.provider != RemoteProvider::Offline),
        local: server(&local.provider, &local.base_url).filter(|_| is_server),
    }
}

fn server(provider: &impl Serialize, base_url: &str) -> Option<Server> {
    // What follows a question mark may be a key.
    let urls =
        base_url.split(|c: char| c == ',' || c.is_whitespace()).filter(|url| !url.is_empty() && !url.contains('?'));
    let base_url = urls.collect::<Vec<_>>().join(", ");
    (!base_url.is_empty()).then(|| Server { provider: named(provider), base_url })
}

/// The settings with the addresses that the models of a session had, where they name the same ones and no address. `sessions`:
/// itself, then those that it came from.
pub fn taken_up<'a>(config: &Config, state: &State, sessions: impl Iterator<Item = &'a Session>) -> Config {
    let mut config = config.clone();
    let models = &state.models.now;
    for session in sessions {
        let servers = session.servers();
        let (remote, local) = (&mut config.remote, &mut config.local);
        fill(&mut remote.base_url, servers.remote, models.remote.as_ref(), named(&remote.provider), &remote.model);
        fill(&mut local.base_url, servers.local, models.local.as_ref(), named(&local.provider), &local.model);
    }
    config
}

fn fill(base_url: &mut String, had: Option<Server>, was: Option<&ModelInfo>, provider: String, model: &str) {
    let is_same = was.is_some_and(|was| was.provider == provider && was.model == model.trim());
    if let Some(had) = had.filter(|had| is_same && had.provider == provider && base_url.trim().is_empty()) {
        *base_url = had.base_url;
    }
}

fn named(provider: &impl Serialize) -> String {
    serde_json::to_value(provider).ok().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
}
