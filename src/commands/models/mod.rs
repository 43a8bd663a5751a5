//! `minions models [PROVIDER]`: what can be named as a model.

mod local;
mod offered;

use super::{Exit, Failure, block_on};
use crate::config::Config;

pub use local::{folder, short_number};
pub use offered::asked;

/// The folder of models on this machine, under the name it is asked for by.
const LOCAL: &str = "local";

/// The servers of `[local]`.
const LOCAL_SERVER: &str = "local-server";

/// Lists the models of this provider; of the one of the settings, where none is named.
pub fn models(config: &Config, provider: Option<&str>, json: bool) -> Result<Exit, Failure> {
    match provider {
        Some(LOCAL) => local::local(config, json),
        Some(LOCAL_SERVER) => block_on(offered::at_local_server(config, json)),
        provider => block_on(offered::offered(config, provider, json)),
    }
}
