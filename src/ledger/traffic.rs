//! Calls and tokens of both models, as sums that are kept and compared.

use serde::{Deserialize, Serialize};

use super::account::Tokens;

/// Calls and tokens on both sides; a local call is a job's attempt that was replied to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Traffic {
    pub remote_calls: u64,
    pub remote_input_tokens: u64,
    pub remote_output_tokens: u64,
    pub local_calls: u64,
    pub local_input_tokens: u64,
    pub local_output_tokens: u64,
}

impl Traffic {
    /// Of each model the calls and their tokens.
    pub fn new(remote: (u64, &Tokens), local: (u64, &Tokens)) -> Self {
        let ((remote_calls, remote), (local_calls, local)) = (remote, local);
        let (remote, local) = (remote.all(), local.all());
        Self {
            remote_calls,
            remote_input_tokens: remote.input_tokens,
            remote_output_tokens: remote.output_tokens,
            local_calls,
            local_input_tokens: local.input_tokens,
            local_output_tokens: local.output_tokens,
        }
    }

    /// Tokens in and out of the remote LM.
    pub fn remote_tokens(&self) -> u64 {
        self.remote_input_tokens + self.remote_output_tokens
    }
}
