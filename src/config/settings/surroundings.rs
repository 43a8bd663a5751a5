//! `[sandbox]`, `[screen]` and `[sessions]`: where programs run, what is shown, what is kept.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Holds;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SandboxConfig {
    /// Megabytes the remote LM's program may use, documents included.
    #[schemars(range(min = 128, max = 65536))]
    pub memory_mb: u64,
    /// Seconds the remote LM's program may run.
    #[schemars(range(min = 1, max = 600))]
    pub seconds: u64,
    /// full: run it only where this system holds the whole lock, as Linux 5.13 and later do; best-effort: run it with
    /// what holds. `minions doctor` tells what holds here.
    #[schemars(extend("x-decides" = false))]
    pub require: Require,
}

impl Default for SandboxConfig {
    fn default() -> Self {
        let require = if cfg!(target_os = "linux") { Require::Full } else { Require::BestEffort };
        Self { memory_mb: 1024, seconds: 20, require }
    }
}

/// How much of the sandbox's lock must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Require {
    Full,
    BestEffort,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ScreenConfig {
    /// The theme: one that `minions themes` shows, from the program or your themes folder, or the path of a .toml file.
    #[schemars(extend("x-holds" = Holds::Now))]
    pub theme: String,
    /// Draw with ASCII characters only.
    #[schemars(extend("x-holds" = Holds::Now))]
    pub ascii: bool,
    /// Clicks and the wheel move in the panes; without it they are the terminal's, to select text.
    #[schemars(extend("x-holds" = Holds::NextStart))]
    pub mouse: bool,
    /// One line after the other for a screen reader, instead of the screen; --accessible does the same.
    #[schemars(extend("x-holds" = Holds::NextStart))]
    pub accessible: bool,
    /// Frames a second at most; over SSH a third of it.
    #[schemars(range(min = 1, max = 60), extend("x-holds" = Holds::NextStart))]
    pub frames_per_second: u32,
}

impl Default for ScreenConfig {
    fn default() -> Self {
        Self { theme: "dark".into(), ascii: false, mouse: true, accessible: false, frames_per_second: 30 }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SessionsConfig {
    /// The folder of sessions; empty takes the data folder of your system.
    #[schemars(extend("x-holds" = Holds::NextStart, "format" = "path"))]
    pub dir: PathBuf,
    /// What a run does when its terminal hangs up, as when an SSH line drops: finish (without it) or stop.
    #[schemars(extend("x-holds" = Holds::NextStart))]
    pub on_hangup: OnHangup,
    /// Seconds that a run without its terminal waits, where it needs you, for `minions attach`; then it is left to be resumed.
    #[schemars(range(min = 1, max = 604800), extend("x-holds" = Holds::NextStart))]
    pub hangup_wait_s: u64,
    /// Days after which `sessions list` offers a session for deletion, and `sessions prune` deletes it when told to. 0 keeps all.
    #[schemars(range(min = 0, max = 36500), extend("x-holds" = Holds::NextStart))]
    pub keep_days: u32,
}

impl Default for SessionsConfig {
    fn default() -> Self {
        Self { dir: PathBuf::new(), on_hangup: OnHangup::Finish, hangup_wait_s: 3600, keep_days: 0 }
    }
}

/// What a run does when its terminal hangs up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OnHangup {
    #[default]
    Finish,
    Stop,
}
