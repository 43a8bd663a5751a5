//! Names of things that happen. Every one carries its round, so that a late result is known for what it is.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The `n`-th request to the remote LM (counted from 1 over the whole session), made in `round`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AskId {
    pub round: u32,
    pub n: u32,
}

/// The program the remote LM wrote at its `attempt`-th try (counted from 1) in `round`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CodeId {
    pub round: u32,
    pub attempt: u32,
}

/// The `index`-th job (counted from 0) of `round`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct JobId {
    pub round: u32,
    pub index: u32,
}

impl JobId {
    /// The job of this name, as it is displayed: round and number, as in `1.0`.
    pub fn named(name: &str) -> Option<Self> {
        let (round, index) = name.split_once('.')?;
        Some(Self { round: round.parse().ok()?, index: index.parse().ok()? })
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.round, self.index)
    }
}
