//! `[local]`: the local LM.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{AUTO, Holds, NO_READER, URLS, VARIABLE};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LocalProvider {
    #[default]
    Extractive,
    Openai,
    Ollama,
    LlamaCpp,
}

/// How the engine keeps what it has read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum KvType {
    #[default]
    F16,
    Q8_0,
}

/// Whether attention is computed in one pass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FlashAttention {
    #[default]
    Auto,
    On,
    Off,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LocalConfig {
    /// Who reads: extractive (no model), openai (any OpenAI-compatible server), ollama, llama-cpp (a GGUF file, here).
    pub provider: LocalProvider,
    /// The model's name at the server; for llama-cpp its GGUF file, or its name in models_dir.
    #[schemars(extend("x-idle" = NO_READER))]
    pub model: String,
    /// The server, or several of the same model with spaces between; your own, as documents go there. Empty: the provider's usual one.
    #[schemars(regex(pattern = r"^(\s*https?://[^\s,/@]+(/[^\s,]*)?([\s,]+https?://[^\s,/@]+(/[^\s,]*)?)*\s*)?$"), extend("x-allowed" = URLS))]
    pub base_url: String,
    /// The environment variable that holds the key; empty for none.
    #[schemars(regex(pattern = r"^([A-Z_][A-Z0-9_]*)?$"), extend("x-decides" = false, "x-allowed" = VARIABLE))]
    pub api_key_env: String,
    /// A command that prints the key; used where api_key_env is not set.
    #[schemars(extend("x-decides" = false))]
    pub api_key_cmd: String,
    /// Further headers of every request, as "Name: value"; $VARIABLE stands for what the environment has, and a secret comes from there.
    #[schemars(extend("x-decides" = false))]
    pub headers: Vec<String>,
    /// Jobs sent to a server at once, at most: it gets as many as make it faster.
    #[schemars(range(min = 1, max = 4096), extend("x-decides" = false))]
    pub max_in_flight: usize,
    /// Output tokens of one job at most. Fewer are faster, and cut long answers short.
    #[schemars(range(min = 16), extend("x-holds" = Holds::NextRound, "x-idle" = NO_READER))]
    pub max_output_tokens: u64,
    /// Randomness of the replies; negative leaves it to the server. More makes samples differ more, and err more.
    #[schemars(extend("x-idle" = NO_READER))]
    pub temperature: f64,
    /// Tries at one job's request when the server refuses or fails, the first included.
    #[schemars(range(min = 1, max = 20))]
    pub attempts: u32,
    /// Seconds one job may take at a server; seconds of silence of the engine.
    #[schemars(range(min = 1, max = 86400))]
    pub timeout_s: u64,
    /// llama-cpp: tokens that all jobs together have in the cache; 0 takes 16384.
    #[schemars(range(max = 4194304))]
    pub context_tokens: u32,
    /// llama-cpp: jobs that write at once; 0 takes what suits the device.
    #[schemars(range(max = 240), extend("x-decides" = false))]
    pub parallel: u32,
    /// llama-cpp: threads; 0 takes one a core.
    #[schemars(range(max = 1024), extend("x-decides" = false))]
    pub threads: u32,
    /// llama-cpp: layers on the GPU; -1 takes as many as its free memory holds.
    #[schemars(range(min = -1, max = 10000), extend("x-decides" = false))]
    pub gpu_layers: i32,
    /// llama-cpp: how the cache is kept: f16, or q8_0 for half the memory.
    pub kv_type: KvType,
    /// llama-cpp: attention in one pass, which is faster where many chunks are in the cache: auto, on or off.
    #[schemars(extend("x-decides" = false))]
    pub flash_attention: FlashAttention,
    /// llama-cpp: a citation can only be words that stand in the chunk.
    pub quote_only: bool,
    /// Tokens a reasoning model may think before each answer; 0 has it answer at once, as far as its server can tell it so.
    #[schemars(range(max = 65536))]
    pub thinking_tokens: u32,
    /// The folder of models in GGUF format; empty takes the data folder of your system.
    #[schemars(extend("x-decides" = false, "format" = "path"))]
    pub models_dir: PathBuf,
    /// A GGUF embedding model by which programs find chunks by meaning as well, or its name in models_dir; empty for none.
    pub embedding_model: String,
    /// What the embedding model wants before a query; auto knows common models by name.
    pub embedding_query_prefix: String,
    /// What it wants before a chunk; auto knows common models by name.
    pub embedding_document_prefix: String,
    /// Seconds one program may wait for embeddings; after that it goes by words alone, and you are told.
    #[schemars(range(min = 1, max = 86400))]
    pub embedding_timeout_s: u64,
}

impl Default for LocalConfig {
    fn default() -> Self {
        Self {
            provider: LocalProvider::Extractive,
            model: String::new(),
            base_url: String::new(),
            api_key_env: String::new(),
            api_key_cmd: String::new(),
            headers: Vec::new(),
            max_in_flight: 64,
            max_output_tokens: 512,
            temperature: 0.0,
            attempts: 3,
            timeout_s: 300,
            context_tokens: 0,
            parallel: 0,
            threads: 0,
            gpu_layers: -1,
            kv_type: KvType::F16,
            flash_attention: FlashAttention::Auto,
            quote_only: false,
            thinking_tokens: 0,
            models_dir: PathBuf::new(),
            embedding_model: String::new(),
            embedding_query_prefix: AUTO.into(),
            embedding_document_prefix: AUTO.into(),
            embedding_timeout_s: 300,
        }
    }
}

impl LocalConfig {
    /// Each address of `base_url`; an empty one for the provider's usual server.
    pub fn base_urls(&self) -> Vec<&str> {
        let urls: Vec<&str> =
            self.base_url.split(|c: char| c == ',' || c.is_whitespace()).filter(|url| !url.is_empty()).collect();
        if urls.is_empty() { vec![""] } else { urls }
    }
}
