//! `minions.toml`: what can be set, where each setting came from, and what is wrong with it.

mod settings;

pub use settings::{
    Config, LocalConfig, LocalProvider, ProtocolConfig, ProtocolName, RemoteConfig, RemoteProvider, SandboxConfig,
    ScreenConfig, SessionsConfig,
};
