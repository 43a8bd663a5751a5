//! The levers that trade cost for quality, and can be moved between two rounds.

use serde::{Deserialize, Serialize};

use super::settings::Settings;

/// What becomes of a task's samples on one chunk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Merge {
    /// All go on.
    #[default]
    Union,
    /// One that says what most say.
    Majority,
    /// The one whose citation stands in the document best.
    BestCited,
}

/// How programs are told to cut documents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Chunker {
    /// As the remote LM likes.
    #[default]
    Auto,
    Section,
    Page,
    Paragraph,
    Heading,
    Code,
    Table,
    Tokens,
}

impl Chunker {
    /// The function that cuts so; nothing where it is left open.
    pub fn function(self) -> Option<&'static str> {
        match self {
            Chunker::Auto => None,
            Chunker::Section => Some("chunk_by_section"),
            Chunker::Page => Some("chunk_by_page"),
            Chunker::Paragraph => Some("chunk_by_paragraph"),
            Chunker::Heading => Some("chunk_by_heading"),
            Chunker::Code => Some("chunk_by_code"),
            Chunker::Table => Some("chunk_by_table"),
            Chunker::Tokens => Some("chunk_by_tokens"),
        }
    }
}

/// Whether programs are told to pick chunks before they are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Retrieval {
    /// As the remote LM likes.
    #[default]
    Auto,
    On,
    /// Every chunk is read.
    Off,
}

/// What of a round goes on to the next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Memory {
    /// The remote LM's advice and its notes of what is known.
    #[default]
    Scratchpad,
    /// Its advice alone: each round starts anew.
    Retry,
}

/// How work is divided, chosen, merged and remembered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Means {
    pub merge: Merge,
    pub chunker: Chunker,
    /// Characters that neighbouring chunks or windows share; zero leaves it open.
    pub overlap_chars: u32,
    pub retrieval: Retrieval,
    /// How many chunks are picked for each task; zero leaves it open.
    pub retrieve_k: u32,
    pub memory: Memory,
}

impl Means {
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// What can be chosen for the next round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Levers {
    pub tasks_per_round: u32,
    pub samples: u32,
    pub chunk_chars: u32,
    pub local_max_output_tokens: u64,
    #[serde(default)]
    pub means: Means,
}

impl Levers {
    pub fn of(settings: &Settings) -> Self {
        Self {
            tasks_per_round: settings.tasks_per_round,
            samples: settings.samples,
            chunk_chars: settings.chunk_chars,
            local_max_output_tokens: settings.local_max_output_tokens,
            means: settings.means,
        }
    }

    pub(super) fn hold_in(self, settings: &mut Settings) {
        let Self { tasks_per_round, samples, chunk_chars, local_max_output_tokens, means } = self;
        *settings = Settings {
            tasks_per_round,
            samples,
            chunk_chars,
            local_max_output_tokens,
            means,
            ..std::mem::take(settings)
        };
    }
}
