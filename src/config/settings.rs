//! Every setting with its default. The first line of each doc comment is its explanation in `minions.toml`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::setting::in_table;

/// What a `base_url` may be. A name and password in it would be shown with the settings, so it has none.
const URL: &str = "a URL beginning with http:// or https://, without a name or password in it";
/// The same for one or several.
const URLS: &str = "one or several URLs, separated by spaces or commas, each beginning with http:// or https://, without a name or \
                    password in it";
/// What `remote.api_key_env` holds where it is the provider's own variable.
pub const PROVIDERS_OWN: &str = "default";
/// What an `api_key_env` may be. Capitals only, so that a key written there by mistake is refused.
const VARIABLE: &str = "the name of an environment variable in capitals, such as OPENAI_API_KEY; never the key itself";

/// What `protocol.gates` may be.
const GATES: &str = "one or several of request, code, outputs and decision, separated by spaces or commas";

/// What leaves a setting of an embedding model to its name.
pub const AUTO: &str = "auto";

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// How a question is worked on.
    pub protocol: ProtocolConfig,
    /// The remote LM: plans and judges, never sees a document, unless you choose `remote-only`.
    pub remote: RemoteConfig,
    /// What is taken out of everything that leaves this machine; placeholders stand in its place.
    pub redact: RedactConfig,
    /// The local LM: reads the document, on this machine.
    pub local: LocalConfig,
    /// The locked-down process that runs the remote LM's code.
    pub sandbox: SandboxConfig,
    /// How the screen looks.
    pub screen: ScreenConfig,
    /// Keys of your own by context and action, as `minions keys` lists them: one, a sequence, several; an empty list for none.
    #[schemars(with = "BTreeMap<String, BTreeMap<String, OneOrSeveral>>")]
    pub keys: BTreeMap<String, BTreeMap<String, Vec<String>>>,
    /// Where sessions are kept.
    pub sessions: SessionsConfig,
    /// Prices of your own by model, nearer than the list that comes with the program; remote.price_* is nearer still.
    pub prices: BTreeMap<String, ModelPrice>,
}

/// How keys may be written: `"g g"`, or `["g g", "home"]`.
#[derive(JsonSchema)]
#[serde(untagged)]
enum OneOrSeveral {
    #[allow(dead_code, reason = "its shape is what counts")]
    One(String),
    #[allow(dead_code, reason = "its shape is what counts")]
    Several(Vec<String>),
}

/// Dollars for a million tokens of one model. The name is as in `remote.model`, or with the provider and a slash before it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ModelPrice {
    /// Dollars for a million input tokens; negative takes what the list says.
    pub input: f64,
    /// Dollars for a million input tokens read from the server's cache; negative takes the input price.
    pub cached_input: f64,
    /// Dollars for a million input tokens written to the server's cache; negative takes the input price.
    pub cache_write: f64,
    /// Dollars for a million output tokens; negative takes what the list says.
    pub output: f64,
}

impl Default for ModelPrice {
    fn default() -> Self {
        Self { input: -1.0, cached_input: -1.0, cache_write: -1.0, output: -1.0 }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ProtocolName {
    #[default]
    Minions,
    Minion,
    RemoteOnly,
    LocalOnly,
}

/// What becomes of samples.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MergeName {
    #[default]
    Union,
    Majority,
    BestCited,
}

/// How documents are cut.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ChunkerName {
    #[default]
    Auto,
    Section,
    Page,
    Paragraph,
    Heading,
    Code,
}

/// Whether chunks are picked before they are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RetrievalName {
    #[default]
    Auto,
    On,
    Off,
}

/// What goes on to the next round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MemoryName {
    #[default]
    Scratchpad,
    Retry,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ProtocolConfig {
    /// The protocol: minions, minion, remote-only or local-only.
    pub name: ProtocolName,
    /// Rounds at most; the last one must answer. More find more in hard questions; each costs its calls.
    #[schemars(range(min = 1, max = 20))]
    pub max_rounds: u32,
    /// Tasks for each chunk at most. More look for more at once; each reads every chunk again.
    #[schemars(range(min = 1, max = 50))]
    pub tasks_per_round: u32,
    /// How often each task is repeated on each chunk. More miss less; each repeats every job.
    #[schemars(range(min = 1, max = 50))]
    pub samples: u32,
    /// What of the samples goes on: union (all; costs most), majority (what most say), best-cited (whose words stand in the document).
    pub merge: MergeName,
    /// The chunk size in characters suggested to the remote LM; 0 leaves it to choose. Small ones are read better, but are more jobs.
    pub chunk_chars: u32,
    /// How documents are cut: auto, section, page, paragraph, heading or code. A cut that fits the text keeps what belongs together.
    pub chunker: ChunkerName,
    /// Characters that neighbouring chunks or windows share; 0 leaves it open. More lose nothing at a cut, and read it twice.
    #[schemars(range(max = 1000000))]
    pub overlap_chars: u32,
    /// Whether chunks are picked before they are read: auto, on (fewer jobs, may miss) or off (reads all).
    pub retrieval: RetrievalName,
    /// Chunks picked for each task; 0 leaves it open. More miss less, and are more jobs.
    #[schemars(range(max = 100000))]
    pub retrieve_k: u32,
    /// What goes on to the next round: scratchpad (advice and what is known), or retry (advice alone; cheaper, forgets).
    pub memory: MemoryName,
    /// minion, local-only: characters of the document that are read at once; 0 takes what the reader holds. Smaller ones are read better, but are more jobs.
    pub window_chars: u32,
    /// Jobs in one round at most.
    #[schemars(range(min = 1, max = 100000))]
    pub max_jobs: u32,
    /// How often the remote LM may try to write working code in a round.
    #[schemars(range(min = 1, max = 20))]
    pub code_attempts: u32,
    /// How often the remote LM may try to decide in valid JSON in a round.
    #[schemars(range(min = 1, max = 20))]
    pub decision_attempts: u32,
    /// Step mode: wait at the gates until you say how to go on. `s` on the screen and --step do the same.
    pub step: bool,
    /// Where step mode waits: request, code, outputs, decision.
    #[schemars(regex(pattern = r"^[\s,]*(request|code|outputs|decision)([\s,]+(request|code|outputs|decision))*[\s,]*$"), extend("x-allowed" = GATES))]
    pub gates: String,
}

impl ProtocolConfig {
    /// Each name in `gates`.
    pub fn gate_names(&self) -> impl Iterator<Item = &str> {
        // As the pattern above separates them: `\s` is every blank of Unicode.
        self.gates.split(|c: char| c == ',' || c.is_whitespace()).filter(|name| !name.is_empty())
    }
}

impl Default for ProtocolConfig {
    fn default() -> Self {
        Self {
            name: ProtocolName::Minions,
            max_rounds: 3,
            tasks_per_round: 3,
            samples: 1,
            merge: MergeName::Union,
            chunk_chars: 0,
            chunker: ChunkerName::Auto,
            overlap_chars: 0,
            retrieval: RetrievalName::Auto,
            retrieve_k: 0,
            memory: MemoryName::Scratchpad,
            window_chars: 0,
            max_jobs: 2048,
            code_attempts: 3,
            decision_attempts: 3,
            step: false,
            gates: "request, code, outputs, decision".into(),
        }
    }
}

/// Who plans; `src/provider/presets.rs` has a row for each that is a server, in this order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RemoteProvider {
    #[default]
    Offline,
    Openai,
    OpenaiResponses,
    Anthropic,
    Gemini,
    Ollama,
    OllamaV1,
    Openrouter,
    Together,
    Groq,
    Deepseek,
    Mistral,
    Xai,
    Azure,
    Vllm,
    LlamaServer,
    LmStudio,
}

/// How much a model thinks before it answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ReasoningEffort {
    /// As the model does by itself.
    #[default]
    Auto,
    None,
    Minimal,
    Low,
    Medium,
    High,
    Xhigh,
}

impl ReasoningEffort {
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::None => "none",
            Self::Minimal => "minimal",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Xhigh => "xhigh",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RemoteConfig {
    /// Who plans: offline (a planner without a model), or a provider; openai is any OpenAI-compatible endpoint, too.
    pub provider: RemoteProvider,
    /// offline: the share of the documents' characters that a first round sends on, at most.
    #[schemars(range(min = 0.001, max = 1.0))]
    pub offline_share: f64,
    /// The model's name at the provider; `minions models PROVIDER` lists them.
    pub model: String,
    /// The endpoint, up to and with /v1 or what the provider has in its place; empty for the provider's own.
    #[schemars(regex(pattern = r"^(https?://[^\s/@]+(/\S*)?)?$"), extend("x-allowed" = URL))]
    pub base_url: String,
    /// The environment variable that holds the key; default for the provider's own, empty for none.
    #[schemars(regex(pattern = r"^(default|[A-Z_][A-Z0-9_]*)?$"), extend("x-allowed" = VARIABLE))]
    pub api_key_env: String,
    /// An entry of the system's keyring that holds the key, where built with the feature keyring; after api_key_env.
    pub api_key_keyring: String,
    /// A command that prints the key; used where neither of the two is set.
    pub api_key_cmd: String,
    /// Dollars a session may spend; 0 sets no limit.
    #[schemars(range(min = 0.0))]
    pub budget_usd: f64,
    /// Dollars that all sessions of the sessions folder may spend on one day; 0 sets no limit.
    #[schemars(range(min = 0.0))]
    pub budget_usd_per_day: f64,
    /// The share of the documents that may leave this machine in a session, from 0 to 1; 1 sets no limit.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub max_exposed_share: f64,
    /// Dollars for a million input tokens; negative takes [prices], then the list that comes with the program.
    pub price_input: f64,
    /// Dollars for a million input tokens read from the server's cache; negative takes the input price.
    pub price_cached_input: f64,
    /// Dollars for a million output tokens; negative takes [prices], then the list that comes with the program.
    pub price_output: f64,
    /// Output tokens of one call at most.
    #[schemars(range(min = 16))]
    pub max_output_tokens: u64,
    /// Tokens that fit into the model's context; 0 takes what the list of prices says. remote-only refuses what does not fit.
    pub context_tokens: u64,
    /// Randomness of the replies; negative leaves it to the endpoint. More makes samples and rounds differ more, and err more.
    pub temperature: f64,
    /// How much the model thinks before it answers; auto leaves it to the model.
    pub reasoning_effort: ReasoningEffort,
    /// Tries at one request, the first included.
    #[schemars(range(min = 1, max = 20))]
    pub attempts: u32,
    /// Seconds to connect.
    #[schemars(range(min = 1, max = 3600))]
    pub connect_timeout_s: u64,
    /// Seconds of silence that count as a hang. Before the first byte the time to connect comes on top.
    #[schemars(range(min = 1, max = 3600))]
    pub idle_timeout_s: u64,
    /// Seconds one reply may take in all.
    #[schemars(range(min = 1, max = 86400))]
    pub total_timeout_s: u64,
}

impl Default for RemoteConfig {
    fn default() -> Self {
        Self {
            provider: RemoteProvider::Offline,
            offline_share: 0.1,
            model: String::new(),
            base_url: String::new(),
            api_key_env: PROVIDERS_OWN.into(),
            api_key_keyring: String::new(),
            api_key_cmd: String::new(),
            budget_usd: 0.0,
            budget_usd_per_day: 0.0,
            max_exposed_share: 1.0,
            price_input: -1.0,
            price_cached_input: -1.0,
            price_output: -1.0,
            max_output_tokens: 4096,
            context_tokens: 0,
            temperature: -1.0,
            reasoning_effort: ReasoningEffort::Auto,
            attempts: 4,
            connect_timeout_s: 10,
            idle_timeout_s: 120,
            total_timeout_s: 600,
        }
    }
}

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
    pub model: String,
    /// The server, or several of the same model with spaces between; your own, as documents go there. Empty: the provider's usual one.
    #[schemars(regex(pattern = r"^(\s*https?://[^\s,/@]+(/[^\s,]*)?([\s,]+https?://[^\s,/@]+(/[^\s,]*)?)*\s*)?$"), extend("x-allowed" = URLS))]
    pub base_url: String,
    /// The environment variable that holds the key; empty for none.
    #[schemars(regex(pattern = r"^([A-Z_][A-Z0-9_]*)?$"), extend("x-allowed" = VARIABLE))]
    pub api_key_env: String,
    /// Jobs sent to a server at once, at most: it gets as many as make it faster.
    #[schemars(range(min = 1, max = 4096))]
    pub max_in_flight: usize,
    /// Output tokens of one job at most. Fewer are faster, and cut long answers short.
    #[schemars(range(min = 16))]
    pub max_output_tokens: u64,
    /// Randomness of the replies; negative leaves it to the server. More makes samples differ more, and err more.
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
    #[schemars(range(max = 240))]
    pub parallel: u32,
    /// llama-cpp: threads; 0 takes one a core.
    #[schemars(range(max = 1024))]
    pub threads: u32,
    /// llama-cpp: layers on the GPU; -1 takes as many as its free memory holds.
    #[schemars(range(min = -1, max = 10000))]
    pub gpu_layers: i32,
    /// llama-cpp: how the cache is kept: f16, or q8_0 for half the memory.
    pub kv_type: KvType,
    /// llama-cpp: attention in one pass, which is faster where many chunks are in the cache: auto, on or off.
    pub flash_attention: FlashAttention,
    /// llama-cpp: a citation can only be words that stand in the chunk.
    pub quote_only: bool,
    /// llama-cpp, ollama: tokens a reasoning model may think before each answer; 0 lets it answer at once.
    #[schemars(range(max = 65536))]
    pub thinking_tokens: u32,
    /// The folder of models in GGUF format; empty takes the data folder of your system.
    #[schemars(extend("format" = "path"))]
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

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RedactConfig {
    /// Names of people, firms, places: found in any case and layout, with the last part first, and their capitalised parts alone.
    pub names: Vec<String>,
    /// E-mail addresses.
    pub email: bool,
    /// Telephone numbers.
    pub phone: bool,
    /// International bank account numbers whose check digits are right.
    pub iban: bool,
    /// Payment card numbers whose check digit is right.
    pub card: bool,
    /// Numbers of people: social security, insurance, and whatever stands at a label such as Passport No. or Patient ID.
    pub id: bool,
    /// Regular expressions of your own.
    pub patterns: Vec<String>,
}

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
    pub theme: String,
    /// Draw with ASCII characters only.
    pub ascii: bool,
    /// Clicks and the wheel move in the panes; without it they are the terminal's, to select text.
    pub mouse: bool,
    /// One line after the other for a screen reader, instead of the screen; --accessible does the same.
    pub accessible: bool,
    /// Frames a second at most; over SSH a third of it.
    #[schemars(range(min = 1, max = 60))]
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
    #[schemars(extend("format" = "path"))]
    pub dir: PathBuf,
    /// What a run does when its terminal hangs up, as when an SSH line drops: finish (without it) or stop.
    pub on_hangup: OnHangup,
    /// Seconds that a run without its terminal waits, where it needs you, for `minions attach`; then it is left to be resumed.
    #[schemars(range(min = 1, max = 604800))]
    pub hangup_wait_s: u64,
    /// Days after which `sessions list` offers a session for deletion, and `sessions prune` deletes it when told to. 0 keeps all.
    #[schemars(range(min = 0, max = 36500))]
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

impl Config {
    /// The name of a setting of `[keys]`, as where settings came from is kept by.
    pub fn key_name(table: &str, action: &str) -> String {
        in_table("keys", table, action)
    }
}
