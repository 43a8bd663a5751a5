//! How a session ended.

use serde::{Deserialize, Serialize};

/// How a session ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Ending {
    Answered,
    NoAnswer {
        reason: String,
    },
    Budget {
        reason: String,
    },
    /// More of the documents would have left than may.
    Exposure {
        reason: String,
    },
    Cancelled,
    Failed {
        error: String,
    },
}

impl Ending {
    pub fn name(&self) -> &'static str {
        match self {
            Ending::Answered => "answered",
            Ending::NoAnswer { .. } => "no_answer",
            Ending::Budget { .. } => "budget",
            Ending::Exposure { .. } => "exposure",
            Ending::Cancelled => "cancelled",
            Ending::Failed { .. } => "failed",
        }
    }

    /// What there is to say about it beyond its name.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Ending::NoAnswer { reason }
            | Ending::Budget { reason }
            | Ending::Exposure { reason }
            | Ending::Failed { error: reason } => Some(reason),
            Ending::Answered | Ending::Cancelled => None,
        }
    }
}
