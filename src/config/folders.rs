//! The folders of this user, by the XDG rules (on macOS too, as command-line programs do).

use std::path::PathBuf;

use etcetera::BaseStrategy;

use super::{Config, LocalConfig};

/// None of them need exist yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folders {
    /// Settings and themes.
    pub config: PathBuf,
    /// Sessions and models.
    pub data: PathBuf,
    /// Logs.
    pub state: PathBuf,
    /// What can be worked out again.
    pub cache: PathBuf,
}

impl Folders {
    /// `None` where this user has no home folder.
    pub fn of_process() -> Option<Self> {
        let base = etcetera::choose_base_strategy().ok()?;
        Some(Self {
            config: base.config_dir().join("minions"),
            data: base.data_dir().join("minions"),
            state: base.state_dir().unwrap_or_else(|| base.data_dir()).join("minions"),
            cache: base.cache_dir().join("minions"),
        })
    }

    /// Where sessions are kept under these settings.
    pub fn sessions(&self, config: &Config) -> PathBuf {
        match config.sessions.dir.as_os_str().is_empty() {
            true => self.data.join("sessions"),
            false => config.sessions.dir.clone(),
        }
    }

    /// Where models are kept under these settings; nothing where they name no folder and this user has no home folder.
    pub fn models(local: &LocalConfig) -> Option<PathBuf> {
        match local.models_dir.as_os_str().is_empty() {
            true => Some(Self::of_process()?.data.join("models")),
            false => Some(local.models_dir.clone()),
        }
    }

    /// Where this user's own themes are.
    pub fn themes(&self) -> PathBuf {
        self.config.join("themes")
    }

    /// Where logs are written, a file a day.
    pub fn log(&self) -> PathBuf {
        self.state.join("log")
    }
}
