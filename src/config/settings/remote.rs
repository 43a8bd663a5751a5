//! `[remote]` and `[prices]`: the remote LM and what it costs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{NO_PLANNER, PROVIDERS_OWN, URL, VARIABLE};

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
    #[schemars(extend("x-idle" = NO_PLANNER))]
    pub model: String,
    /// The endpoint, up to and with /v1 or what the provider has in its place; empty for the provider's own.
    #[schemars(regex(pattern = r"^(https?://[^\s/@]+(/\S*)?)?$"), extend("x-allowed" = URL))]
    pub base_url: String,
    /// The environment variable that holds the key; default for the provider's own, which goes to its own hosts alone; empty for none.
    #[schemars(regex(pattern = r"^(default|[A-Z_][A-Z0-9_]*)?$"), extend("x-decides" = false, "x-allowed" = VARIABLE))]
    pub api_key_env: String,
    /// An entry of the system's keyring that holds the key, where built with the feature keyring; after api_key_env.
    #[schemars(extend("x-decides" = false))]
    pub api_key_keyring: String,
    /// A command that prints the key; used where neither of the two is set.
    #[schemars(extend("x-decides" = false))]
    pub api_key_cmd: String,
    /// Further headers of every request, as "Name: value"; $VARIABLE stands for what the environment has, and a secret comes from there.
    #[schemars(extend("x-decides" = false))]
    pub headers: Vec<String>,
    /// Dollars a session may spend; 0 sets no limit.
    #[schemars(range(min = 0.0), extend("x-idle" = NO_PLANNER))]
    pub budget_usd: f64,
    /// Dollars that all sessions of the sessions folder may spend on one day; 0 sets no limit.
    #[schemars(range(min = 0.0), extend("x-decides" = false))]
    pub budget_usd_per_day: f64,
    /// The share of the documents that may leave this machine in a session, from 0 to 1; 1 sets no limit.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub max_exposed_share: f64,
    /// Dollars for a million input tokens; negative takes [prices], the list that comes with the program, or the endpoint's own.
    #[schemars(extend("x-decides" = false))]
    pub price_input: f64,
    /// Dollars for a million input tokens read from the server's cache; negative takes the input price.
    #[schemars(extend("x-decides" = false))]
    pub price_cached_input: f64,
    /// Dollars for a million output tokens; negative takes [prices], the list that comes with the program, or the endpoint's own.
    #[schemars(extend("x-decides" = false))]
    pub price_output: f64,
    /// Output tokens of one call at most.
    #[schemars(range(min = 16))]
    pub max_output_tokens: u64,
    /// Tokens that fit into the model's context; 0 takes what the list of prices says. What does not fit is not sent.
    pub context_tokens: u64,
    /// Randomness of the replies; negative leaves it to the endpoint. More makes samples and rounds differ more, and err more.
    #[schemars(extend("x-idle" = NO_PLANNER))]
    pub temperature: f64,
    /// How much the model thinks before it answers; auto leaves it to the model.
    pub reasoning_effort: ReasoningEffort,
    /// Tries at one request, the first included.
    #[schemars(range(min = 1, max = 20))]
    pub attempts: u32,
    /// Seconds to connect.
    #[schemars(range(min = 1, max = 3600), extend("x-decides" = false))]
    pub connect_timeout_s: u64,
    /// Seconds of silence that count as a hang. Before the first byte the time to connect comes on top.
    #[schemars(range(min = 1, max = 3600), extend("x-decides" = false))]
    pub idle_timeout_s: u64,
    /// Seconds one reply may take in all.
    #[schemars(range(min = 1, max = 86400), extend("x-decides" = false))]
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
            headers: Vec::new(),
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
