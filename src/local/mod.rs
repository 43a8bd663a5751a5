//! Local LMs: one trait for what executes a job on a chunk, on this machine or its own network.

pub mod chosen;
mod connect;
mod embedder;
pub mod extractive;
mod fit;
mod fleet;
pub mod gguf;
pub mod llama;
pub mod models;
mod openai;
mod prefixes;
pub mod pull;

use std::ops::Range;
use std::sync::Arc;

use futures_util::future::BoxFuture;

use crate::protocol::{EngineSample, FleetSample, JobId, ModelInfo, Usage, WorkerReply};
pub use crate::provider::{Listing, Probe};

pub use connect::{connect, connect_embedder, named, probe, window_chars};
pub use embedder::{Embedder, found_embedding};
pub use openai::OpenAiLocal;

/// A model that reads. Dropping the future of [`execute`](Self::execute) cancels the job.
pub trait LocalLm: Send + Sync {
    fn info(&self) -> ModelInfo;

    /// How many jobs it can take at once. This may change with what it proves able to do.
    fn max_in_flight(&self) -> usize;

    /// Characters of a document that it can be given at once with a task, as far as that is known.
    fn window_chars(&self, _max_output_tokens: u64) -> Option<usize> {
        None
    }

    /// What an engine of our own measured last.
    fn engine(&self) -> Option<EngineSample> {
        None
    }

    /// What the servers behind it do.
    fn fleet(&self) -> Option<FleetSample> {
        None
    }

    /// What there is to tell the person, each once.
    fn remarks(&self) -> Vec<String> {
        Vec::new()
    }

    /// Tells it of the longest of the jobs that are about to come, so that room for it is made once.
    fn expect(&self, _longest: &JobRequest) {}

    fn execute(&self, job: JobRequest) -> BoxFuture<'_, Result<WorkerReply, JobError>>;
}

/// What a worker is asked: a task on a chunk, with the remote LM's advice.
#[derive(Clone, Debug)]
pub struct JobRequest {
    pub id: JobId,
    pub chunk: ChunkText,
    pub task: Arc<str>,
    pub advice: Arc<str>,
    /// The repetition, counted from 0.
    pub sample: u32,
    pub max_output_tokens: u64,
}

/// A chunk's words, shared with the document they stand in.
#[derive(Clone, Debug)]
pub struct ChunkText {
    text: Arc<str>,
    range: Range<usize>,
}

impl ChunkText {
    /// The part `range` of `text`; a range that is none of its own is the empty chunk.
    pub fn of(text: Arc<str>, range: Range<usize>) -> Self {
        let range = if text.get(range.clone()).is_some() { range } else { 0..0 };
        Self { text, range }
    }

    pub fn whole(text: Arc<str>) -> Self {
        let range = 0..text.len();
        Self { text, range }
    }

    pub fn as_str(&self) -> &str {
        self.text.get(self.range.clone()).unwrap_or_default()
    }
}

/// Why a job got no reply, in one sentence that holds nothing of the chunk.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct LocalError {
    pub message: String,
}

/// As [`LocalError`], with what the server counted of replies to the job that were of no use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct JobError {
    pub message: String,
    pub useless: Usage,
}

impl From<LocalError> for JobError {
    fn from(error: LocalError) -> Self {
        Self { message: error.message, useless: Usage::default() }
    }
}
