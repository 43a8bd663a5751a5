//! What the workbench and its engine process say to each other: one JSON object a line.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::protocol::{EngineSample, Finish};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum Command {
    /// The first one, once: this process answers jobs.
    Load(Options),
    /// The first one, once: this process embeds texts.
    LoadEmbedding(EmbeddingOptions),
    Job(Work),
    Embed(Texts),
    Cancel {
        id: u64,
    },
}

/// How the model is loaded and run. Zero leaves a number to the engine.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Options {
    pub model: PathBuf,
    pub context_tokens: u32,
    pub parallel: u32,
    pub threads: u32,
    /// Negative: as many as the device's memory takes.
    pub gpu_layers: i32,
    /// Bytes of the device's memory that the embedding model takes.
    pub left_bytes: u64,
    pub kv_type: KvType,
    pub flash_attention: FlashAttention,
    pub temperature: f64,
    /// A citation can only be words of the chunk.
    pub quote_only: bool,
    /// What a reasoning model may think before each answer.
    pub thinking_tokens: u32,
}

/// How an embedding model is loaded and run. Zero leaves a number to the engine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmbeddingOptions {
    pub model: PathBuf,
    pub threads: u32,
    /// Negative: as many as the device's memory takes.
    pub gpu_layers: i32,
}

/// Texts to be embedded, in the order in which their vectors are wanted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Texts {
    pub id: u64,
    pub texts: Vec<String>,
}

pub use crate::config::{FlashAttention, KvType};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Work {
    pub id: u64,
    /// The person's words up to the end of the chunk.
    pub excerpt: String,
    pub task: String,
    pub sample: u32,
    pub max_output_tokens: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    Loading {
        share: f32,
    },
    Ready {
        note: String,
        /// How many jobs write at once; of an engine that embeds, 0.
        parallel: u32,
    },
    /// The engine cannot work; it ends.
    Failed {
        message: String,
    },
    Done(Answered),
    Embedded(Vectors),
    /// This job, or these texts.
    JobFailed {
        id: u64,
        message: String,
    },
    Sample(EngineSample),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answered {
    pub id: u64,
    pub text: String,
    pub finish: Finish,
    pub input_tokens: u64,
    /// Those of them that were evaluated for another job.
    pub shared_tokens: u64,
    pub output_tokens: u64,
    /// Those of them that were thoughts.
    pub reasoning_tokens: u64,
}

/// A vector of length 1 for each text; an empty one where the model makes nothing of a text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Vectors {
    pub id: u64,
    pub vectors: Vec<Vec<f32>>,
}
