//! What was measured while jobs ran: the machine, the servers, the engine.

use serde::{Deserialize, Serialize};

/// What machine and workers do at one moment, about once a second. What could not be read is nothing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct UtilizationSample {
    /// Of the whole machine, 0–100.
    pub cpu_percent: Option<f32>,
    pub memory_used_bytes: Option<u64>,
    pub memory_total_bytes: Option<u64>,
    /// Empty where there is no GPU or no driver to ask.
    pub gpus: Vec<GpuSample>,
    pub jobs_running: u32,
    pub jobs_waiting: u32,
    /// Nothing where no engine of ours runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine: Option<EngineSample>,
    /// Nothing where no servers read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fleet: Option<FleetSample>,
}

/// What the servers that read do, together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FleetSample {
    /// How many there are, and how many of them are there to be asked.
    pub servers: u32,
    pub up: u32,
    /// Requests under way, and how many may be, which changes with what the servers prove able to do.
    pub in_flight: u32,
    pub allowed: u32,
    /// Jobs that wait for a place at a server, or for another try.
    pub waiting: u32,
    /// Requests since the start that were answered, and those that were refused since a server had too much to do.
    pub answered: u64,
    pub refused: u64,
    /// Requests that went to another server since one failed.
    pub moved: u64,
    /// Replies whose token counts say that the prompt was not read whole.
    pub cut: u64,
    pub output_tokens: u64,
    /// Since the sample before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers_per_s: Option<f32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens_per_s: Option<f32>,
}

/// What the local engine measured in its own loop since the sample before.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EngineSample {
    /// While the model loads: how much of it is there, 0–1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loading: Option<f32>,
    /// Jobs that are read for or write now, and jobs that wait for room.
    pub live: u32,
    pub waiting: u32,
    /// Chunks in the cache.
    pub chunks: u32,
    /// Tokens evaluated at once, on average.
    pub rows_per_step: f32,
    /// Tokens in the cache, those of them that several jobs read, and how many it holds.
    pub cells_used: u64,
    pub cells_shared: u64,
    pub cells: u64,
    /// Prompt tokens since the start: as the jobs have them, and as were evaluated. The difference is what sharing saved.
    pub prompt_asked: u64,
    pub prompt_evaluated: u64,
    pub output_tokens: u64,
    /// Tokens a second while it evaluated prompts, and while jobs wrote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefill_per_s: Option<f32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decode_per_s: Option<f32>,
    /// Where the time went, 0–100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefill_percent: Option<f32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decode_percent: Option<f32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub choosing_percent: Option<f32>,
    /// Seconds since the start in which there was work, and those of them that went into prompts, into answers, and into
    /// choosing words. What is left over is the engine's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spent: Option<EngineSeconds>,
}

/// Seconds of the engine's own loop since the start; `working` holds the others and what is left over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EngineSeconds {
    pub working: f64,
    pub prefill: f64,
    pub decode: f64,
    pub choosing: f64,
}

/// One GPU. Its percentage is 0–100; what its driver does not tell is nothing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct GpuSample {
    pub name: String,
    pub busy_percent: Option<f32>,
    pub memory_used_bytes: Option<u64>,
    pub memory_total_bytes: Option<u64>,
    pub watts: Option<f32>,
    pub celsius: Option<f32>,
}
