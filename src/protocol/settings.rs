//! The levers of a run. They are recorded when a session opens and do not change within it.

use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProtocolKind {
    /// Decompose, execute in parallel, aggregate.
    Minions,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    pub protocol: ProtocolKind,
    /// The last of these rounds must answer.
    pub max_rounds: u32,
    /// How many tasks the remote LM is told to give each chunk, at most.
    pub tasks_per_round: u32,
    /// How often each task is repeated on each chunk.
    pub samples: u32,
    /// The chunk size in characters suggested to the remote LM; zero leaves it to choose.
    pub chunk_chars: u32,
    /// More jobs than this in one round are refused, and the remote LM is told.
    pub max_jobs: u32,
    /// How often the remote LM may try to write working code in a round.
    pub code_attempts: u32,
    /// How often the remote LM may try to decide in valid JSON in a round.
    pub decision_attempts: u32,
    /// Dollars the session may spend; a call whose worst case does not fit is not made.
    pub budget_usd: Option<f64>,
    /// Dollars that all sessions of the folder may spend on one day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget_usd_per_day: Option<f64>,
    /// The cap on the output tokens of one remote call.
    pub remote_max_output_tokens: u64,
    /// The cap on the output tokens of one job.
    pub local_max_output_tokens: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            protocol: ProtocolKind::Minions,
            max_rounds: 3,
            tasks_per_round: 3,
            samples: 1,
            chunk_chars: 0,
            max_jobs: 2048,
            code_attempts: 3,
            decision_attempts: 3,
            budget_usd: None,
            budget_usd_per_day: None,
            remote_max_output_tokens: 4096,
            local_max_output_tokens: 512,
        }
    }
}
