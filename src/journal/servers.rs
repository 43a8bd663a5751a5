//! Where a session's models were asked, in a file beside the journal: no export and no copy of the records names a server of
//! somebody's own.

use std::fs;

use serde::{Deserialize, Serialize};

use super::error::JournalError;
use super::session::Session;
use super::store::replace;

pub(super) const FILE: &str = "servers.json";
/// Written beside it, and then put in its place.
pub(super) const NEW: &str = "servers.json.new";

/// The servers that the settings named when the session was begun or gone on with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Servers {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remote: Option<Server>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub local: Option<Server>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Server {
    /// The name that the setting has.
    pub provider: String,
    pub base_url: String,
}

impl Session {
    /// Its servers. A session without the file, or with one that cannot be read, names none.
    pub fn servers(&self) -> Servers {
        fs::read(self.path().join(FILE)).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
    }

    /// Keeps what it names. What it does not name stays as it was.
    pub fn set_servers(&self, servers: Servers) -> Result<(), JournalError> {
        let before = self.servers();
        let now =
            Servers { remote: servers.remote.or(before.remote.clone()), local: servers.local.or(before.local.clone()) };
        if now == before {
            return Ok(());
        }
        let path = self.path().join(FILE);
        let bytes = serde_json::to_vec(&now).map_err(|source| JournalError::Unwritable { source })?;
        replace(&path, &self.path().join(NEW), &bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_kept_beside_the_journal_and_go_with_it() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("journal.jsonl"), "").unwrap();
        let session = Session::at(folder.path()).unwrap();
        assert_eq!(session.servers(), Servers::default());
        session.set_servers(Servers::default()).unwrap();
        assert!(!folder.path().join(FILE).exists(), "nothing to keep makes no file");
        let server = |provider: &str| Some(Server { provider: provider.into(), base_url: "http://10.0.0.1/v1".into() });
        session.set_servers(Servers { local: server("openai"), remote: None }).unwrap();
        session.set_servers(Servers { remote: server("custom"), local: None }).unwrap();
        assert_eq!(session.servers(), Servers { remote: server("custom"), local: server("openai") });
        // What was left of a write that broke off takes nothing away, and goes too.
        fs::write(folder.path().join(NEW), "{").unwrap();
        assert_eq!(session.servers().remote, server("custom"));
        session.delete().unwrap();
        assert!(!folder.path().exists());
    }
}
