//! `minions.toml`: what can be set, where each setting came from, and what is wrong with it.

mod change;
mod error;
mod file;
mod folders;
mod layers;
mod setting;
mod settings;
mod spelling;
mod template;
mod value;
mod watch;

#[cfg(test)]
mod tests;

pub use error::ConfigError;
pub use folders::Folders;
pub use layers::{FILE_NAME, Loaded, Origin, Override, Sources, load};
pub use setting::{Catalog, Holds, Kind, Section, Setting, Shape, schema};
pub use settings::{
    AUTO, ChunkerName, Config, FlashAttention, KvType, LocalConfig, LocalProvider, MemoryName, MergeName, ModelPrice,
    OnHangup, PROVIDERS_OWN, ProtocolConfig, ProtocolName, ReasoningEffort, RedactConfig, RemoteConfig, RemoteProvider,
    Require, RetrievalName, SandboxConfig, ScreenConfig, SessionsConfig,
};
pub use spelling::nearest;
pub use template::{show, template};
pub use watch::{FolderWatch, Watch, watch, watch_folders};
