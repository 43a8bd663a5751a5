//! Every setting with its default. The first line of each doc comment is its explanation in `minions.toml`.
//!
//! All that is to be known of a setting stands at it: `x-allowed` says its form in words, `x-holds` from when on a change holds
//! ([`Holds`]; without it from the next question on), and `x-idle` which protocols do without it. A setting changes answers, so that
//! an eval tries a question again where it is another, unless `x-decides = false` says that it is about keys, prices, speed or
//! the budget of the day.

mod local;
mod protocol;
mod redact;
mod remote;
mod surroundings;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use local::*;
pub use protocol::*;
pub use redact::*;
pub use remote::*;
pub use surroundings::*;

use super::setting::{Holds, in_table};

/// What a `base_url` may be. A name and password in it would be shown with the settings, so it has none.
const URL: &str = "a URL beginning with http:// or https://, without a name or password in it";
/// The same for one or several.
const URLS: &str = "one or several URLs, separated by spaces or commas, each beginning with http:// or https://, without a name or \
                    password in it";
/// What `remote.api_key_env` holds where it is the provider's own variable.
pub const PROVIDERS_OWN: &str = "default";
/// What an `api_key_env` may be. Capitals only, so that a key written there by mistake is refused.
const VARIABLE: &str = "the name of an environment variable in capitals, such as OPENAI_API_KEY; never the key itself";

/// What `protocol.gates` may be.
const GATES: &str = "one or several of request, code, outputs and decision, separated by spaces or commas";

/// The protocols without programs that divide the work.
const UNPLANNED: [ProtocolName; 3] = [ProtocolName::Minion, ProtocolName::LocalOnly, ProtocolName::RemoteOnly];
/// The protocols that are done after one round.
const ONE_ROUND: [ProtocolName; 2] = [ProtocolName::LocalOnly, ProtocolName::RemoteOnly];
const NO_READER: [ProtocolName; 1] = [ProtocolName::RemoteOnly];
const NO_PLANNER: [ProtocolName; 1] = [ProtocolName::LocalOnly];

/// What leaves a setting of an embedding model to its name.
pub const AUTO: &str = "auto";

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// How a question is worked on.
    pub protocol: ProtocolConfig,
    /// The remote LM: plans and judges, never sees a document, unless you choose `remote-only`.
    pub remote: RemoteConfig,
    /// What is taken out of everything that leaves this machine; placeholders stand in its place.
    pub redact: RedactConfig,
    /// The local LM: reads the document, on this machine.
    pub local: LocalConfig,
    /// The locked-down process that runs the remote LM's code.
    pub sandbox: SandboxConfig,
    /// How the screen looks.
    pub screen: ScreenConfig,
    /// Keys of your own by context and action, as `minions keys` lists them: one, a sequence, several; an empty list for none.
    #[schemars(with = "BTreeMap<String, BTreeMap<String, OneOrSeveral>>")]
    pub keys: BTreeMap<String, BTreeMap<String, Vec<String>>>,
    /// Where sessions are kept.
    pub sessions: SessionsConfig,
    /// Prices of your own by model, nearer than the list that comes with the program; remote.price_* is nearer still.
    pub prices: BTreeMap<String, ModelPrice>,
}

/// How keys may be written: `"g g"`, or `["g g", "home"]`.
#[derive(JsonSchema)]
#[serde(untagged)]
enum OneOrSeveral {
    #[allow(dead_code, reason = "its shape is what counts")]
    One(String),
    #[allow(dead_code, reason = "its shape is what counts")]
    Several(Vec<String>),
}

impl Config {
    /// The name of a setting of `[keys]`, as where settings came from is kept by.
    pub fn key_name(table: &str, action: &str) -> String {
        in_table("keys", table, action)
    }
}
