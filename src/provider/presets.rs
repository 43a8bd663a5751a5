//! The providers by name: which wire each speaks, where it is, where its key is looked for, and what it takes.

use super::dialect::FormatLevel;
use super::endpoint::Endpoint;
use super::wire::{ANTHROPIC, GEMINI, OLLAMA, OPENAI_CHAT, OPENAI_RESPONSES, Wire};
use crate::config::{LocalProvider, RemoteProvider};

/// What is known of a provider before it is asked.
#[derive(Debug)]
pub struct Preset {
    /// What `remote.provider` calls it.
    pub name: &'static str,
    pub wire: &'static dyn Wire,
    /// Where it is, unless `base_url` says otherwise; empty where every customer has a place of their own.
    pub base_url: &'static str,
    pub key: KeyPlace,
    pub header: KeyHeader,
    /// The path that is meant where an address has none, if not the wire's own.
    pub root: Option<&'static str>,
    /// Further hosts that the provider's own key may go to, with what is below them.
    pub hosts: &'static [&'static str],
    /// Where models are listed with more than the wire's own list tells: a path of the host.
    pub models: Option<&'static str>,
    /// Whether models are listed to whoever asks, so that the list proves no key.
    pub lists_to_all: bool,
    /// Whether what is listed is what can be asked: Azure lists models, and is asked for a deployment of one.
    pub lists_what_it_takes: bool,
    pub takes: Takes,
    /// The provider's API page.
    pub source: &'static str,
}

/// The environment variable that a key is looked for in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyPlace {
    Needed(&'static str),
    /// Servers that mostly stand on the own machine and ask for no key.
    Optional(&'static str),
}

impl KeyPlace {
    pub fn variable(self) -> &'static str {
        match self {
            Self::Needed(variable) | Self::Optional(variable) => variable,
        }
    }
}

/// How the key is sent. It never stands in a URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyHeader {
    /// `Authorization: Bearer …` (RFC 6750).
    Bearer,
    /// The key alone, in a header of this name.
    Named(&'static str),
    /// The same, but a token of Entra as `Authorization: Bearer …`; it is a JSON Web Token (RFC 7519).
    NamedOrToken(&'static str),
}

/// What a provider takes of the optional parts of a request. What a model does not take is found out when it is asked.
#[derive(Debug)]
pub struct Takes {
    /// The strongest form of JSON.
    pub json: FormatLevel,
    /// Whether the cap on output is called `max_completion_tokens`.
    pub completion_tokens: bool,
    pub effort: EffortField,
    /// Whether requests may name the cache they belong to.
    pub cache_key: bool,
}

/// Where Chat Completions have the reasoning effort.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EffortField {
    /// `reasoning_effort`.
    Flat,
    /// `reasoning.effort`.
    Nested,
    /// `reasoning_effort`, and `thinking.type` to turn it off.
    Switch,
}

/// What any server may take that imitates OpenAI.
pub const COMPATIBLE: Takes =
    Takes { json: FormatLevel::Schema, completion_tokens: false, effort: EffortField::Flat, cache_key: false };
/// What OpenAI itself takes.
const OPENAI: Takes = Takes { completion_tokens: true, cache_key: true, ..COMPATIBLE };

/// What the rows of the table have in common.
const CHAT: Preset = Preset {
    name: "",
    wire: OPENAI_CHAT,
    base_url: "",
    key: KeyPlace::Optional(""),
    header: KeyHeader::Bearer,
    root: None,
    hosts: &[],
    models: None,
    lists_to_all: false,
    lists_what_it_takes: true,
    takes: COMPATIBLE,
    source: "",
};

/// Every provider that is a server, in the order of `remote.provider`.
pub static PRESETS: [(RemoteProvider, Preset); 16] = [
    (
        RemoteProvider::Openai,
        Preset {
            name: "openai",
            base_url: "https://api.openai.com/v1",
            key: KeyPlace::Needed("OPENAI_API_KEY"),
            takes: OPENAI,
            source: "https://platform.openai.com/docs/api-reference/chat",
            ..CHAT
        },
    ),
    (
        RemoteProvider::OpenaiResponses,
        Preset {
            name: "openai-responses",
            wire: OPENAI_RESPONSES,
            base_url: "https://api.openai.com/v1",
            key: KeyPlace::Needed("OPENAI_API_KEY"),
            takes: OPENAI,
            source: "https://platform.openai.com/docs/api-reference/responses",
            ..CHAT
        },
    ),
    (
        RemoteProvider::Anthropic,
        Preset {
            name: "anthropic",
            wire: ANTHROPIC,
            base_url: "https://api.anthropic.com/v1",
            key: KeyPlace::Needed("ANTHROPIC_API_KEY"),
            header: KeyHeader::Named("x-api-key"),
            source: "https://platform.claude.com/docs/en/api/messages",
            ..CHAT
        },
    ),
    (
        RemoteProvider::Gemini,
        Preset {
            name: "gemini",
            wire: GEMINI,
            base_url: "https://generativelanguage.googleapis.com/v1beta",
            key: KeyPlace::Needed("GEMINI_API_KEY"),
            header: KeyHeader::Named("x-goog-api-key"),
            source: "https://ai.google.dev/api/generate-content",
            ..CHAT
        },
    ),
    (
        RemoteProvider::Ollama,
        Preset {
            name: "ollama",
            wire: OLLAMA,
            base_url: "http://127.0.0.1:11434",
            key: KeyPlace::Optional("OLLAMA_API_KEY"),
            hosts: &["ollama.com"],
            lists_to_all: true,
            source: "https://docs.ollama.com/api/chat",
            ..CHAT
        },
    ),
    (
        RemoteProvider::OllamaV1,
        Preset {
            name: "ollama-v1",
            base_url: "http://127.0.0.1:11434/v1",
            key: KeyPlace::Optional("OLLAMA_API_KEY"),
            hosts: &["ollama.com"],
            lists_to_all: true,
            source: "https://docs.ollama.com/api/openai-compatibility",
            ..CHAT
        },
    ),
    (
        RemoteProvider::Openrouter,
        Preset {
            name: "openrouter",
            base_url: "https://openrouter.ai/api/v1",
            key: KeyPlace::Needed("OPENROUTER_API_KEY"),
            lists_to_all: true,
            takes: Takes { effort: EffortField::Nested, ..COMPATIBLE },
            source: "https://openrouter.ai/docs/api-reference/chat-completion",
            ..CHAT
        },
    ),
    (
        RemoteProvider::Together,
        Preset {
            name: "together",
            base_url: "https://api.together.xyz/v1",
            key: KeyPlace::Needed("TOGETHER_API_KEY"),
            hosts: &["api.together.ai"],
            source: "https://docs.together.ai/reference/chat-completions-1",
            ..CHAT
        },
    ),
    (
        RemoteProvider::Groq,
        Preset {
            name: "groq",
            base_url: "https://api.groq.com/openai/v1",
            key: KeyPlace::Needed("GROQ_API_KEY"),
            takes: Takes { completion_tokens: true, ..COMPATIBLE },
            source: "https://console.groq.com/docs/api-reference#chat-create",
            ..CHAT
        },
    ),
    (
        RemoteProvider::Deepseek,
        Preset {
            name: "deepseek",
            base_url: "https://api.deepseek.com/v1",
            key: KeyPlace::Needed("DEEPSEEK_API_KEY"),
            // Efforts: https://api-docs.deepseek.com/guides/thinking_mode
            takes: Takes { json: FormatLevel::Object, effort: EffortField::Switch, ..COMPATIBLE },
            source: "https://api-docs.deepseek.com/api/create-chat-completion",
            ..CHAT
        },
    ),
    (
        RemoteProvider::Mistral,
        Preset {
            name: "mistral",
            base_url: "https://api.mistral.ai/v1",
            key: KeyPlace::Needed("MISTRAL_API_KEY"),
            // https://docs.mistral.ai/inference/conversations/advanced/prompt-caching
            takes: Takes { cache_key: true, ..COMPATIBLE },
            source: "https://docs.mistral.ai/api/endpoint/chat",
            ..CHAT
        },
    ),
    (
        RemoteProvider::Xai,
        Preset {
            name: "xai",
            base_url: "https://api.x.ai/v1",
            key: KeyPlace::Needed("XAI_API_KEY"),
            source: "https://docs.x.ai/docs/api-reference#chat-completions",
            ..CHAT
        },
    ),
    (
        RemoteProvider::Azure,
        Preset {
            name: "azure",
            key: KeyPlace::Needed("AZURE_OPENAI_API_KEY"),
            header: KeyHeader::NamedOrToken("api-key"),
            root: Some("/openai/v1"),
            // The clouds of its own that some countries have, and API Management, which stands before it.
            hosts: &["azure.com", "azure.us", "azure.cn", "azure-api.net"],
            lists_what_it_takes: false,
            takes: OPENAI,
            source: "https://learn.microsoft.com/azure/ai-foundry/openai/api-version-lifecycle",
            ..CHAT
        },
    ),
    (
        RemoteProvider::Vllm,
        Preset {
            name: "vllm",
            base_url: "http://127.0.0.1:8000/v1",
            key: KeyPlace::Optional("VLLM_API_KEY"),
            source: "https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html",
            ..CHAT
        },
    ),
    (
        RemoteProvider::LlamaServer,
        Preset {
            name: "llama-server",
            base_url: "http://127.0.0.1:8080/v1",
            key: KeyPlace::Optional("LLAMA_API_KEY"),
            lists_to_all: true,
            source: "https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md",
            ..CHAT
        },
    ),
    (
        RemoteProvider::LmStudio,
        Preset {
            name: "lm-studio",
            base_url: "http://127.0.0.1:1234/v1",
            key: KeyPlace::Optional("LM_API_TOKEN"),
            models: Some("/api/v0/models"),
            source: "https://lmstudio.ai/docs/developer/openai-compat",
            ..CHAT
        },
    ),
];

/// Any OpenAI-compatible server that reads documents.
static READER: Preset = Preset {
    name: "openai",
    base_url: "http://127.0.0.1:8080/v1",
    lists_to_all: true,
    source: "https://platform.openai.com/docs/api-reference/chat",
    ..CHAT
};

/// The preset of a planner; nothing for one that is no server.
pub fn planner(provider: RemoteProvider) -> Option<&'static Preset> {
    PRESETS.iter().find(|(of, _)| *of == provider).map(|(_, preset)| preset)
}

/// The preset of a reader that is a server.
pub fn reader(provider: LocalProvider) -> &'static Preset {
    let own = match provider {
        LocalProvider::Ollama => planner(RemoteProvider::Ollama),
        _ => None,
    };
    own.unwrap_or(&READER)
}

/// The provider of this name, in whatever letters.
pub fn named(name: &str) -> Option<RemoteProvider> {
    PRESETS.iter().find(|(_, preset)| preset.name.eq_ignore_ascii_case(name)).map(|(provider, _)| *provider)
}

/// Whether a provider of the table that wants a key, or Azure, is at this address: these have their own ways of thinking.
pub fn is_hosted(endpoint: &Endpoint) -> bool {
    let host = endpoint.place().split('/').next().unwrap_or_default();
    let own = |preset: &Preset| preset.base_url.split('/').nth(2) == Some(host);
    let hosted = |preset: &Preset| matches!(preset.key, KeyPlace::Needed(_)) && own(preset);
    host.ends_with(".azure.com") || PRESETS.iter().any(|(_, preset)| hosted(preset))
}

impl Preset {
    /// Host, port and path of the server at this address, or of the preset's own where it is blank; nothing where it has none.
    pub fn place_of(&self, base_url: &str) -> Option<String> {
        let base_url = if base_url.trim().is_empty() { self.base_url } else { base_url };
        self.endpoint(base_url).ok().map(|endpoint| endpoint.place().to_owned())
    }

    /// The path that is meant where an address has none.
    pub fn root(&self) -> &'static str {
        self.root.unwrap_or(self.wire.root())
    }

    pub fn endpoint(&self, base_url: &str) -> Result<Endpoint, &'static str> {
        Endpoint::parse(base_url, self.wire, self.root())
    }

    /// What is taken at this address: a provider's own habits are nobody else's.
    pub fn takes_at(&'static self, endpoint: &Endpoint) -> &'static Takes {
        // OpenAI's name is also the name of all that imitate it.
        if self.name == "openai" && !self.is_home(endpoint) { &COMPATIBLE } else { &self.takes }
    }

    /// Whether the key of the provider's usual variable may go there: to the provider itself, over TLS. Servers that anybody
    /// runs have no provider, and their key is for wherever they stand.
    pub fn is_home(&self, endpoint: &Endpoint) -> bool {
        let usual = self.endpoint(self.base_url).ok();
        let here = usual.as_ref().is_some_and(Endpoint::is_loopback);
        if here && (self.hosts.is_empty() || endpoint.is_loopback()) {
            return true;
        }
        let own = usual.iter().filter(|_| !here).map(Endpoint::host).chain(self.hosts.iter().copied());
        endpoint.is_encrypted() && own.into_iter().any(|host| endpoint.is_at(host))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Catalog, Kind};

    #[test]
    fn every_provider_of_the_settings_has_its_row_under_its_name() {
        let Kind::Choice(names) = &Catalog::get().by_name("remote.provider").unwrap().kind else { panic!() };
        let rows: Vec<&str> = std::iter::once("offline").chain(PRESETS.iter().map(|(_, preset)| preset.name)).collect();
        assert_eq!(*names, rows);
        for (provider, preset) in &PRESETS {
            assert_eq!(serde_json::to_value(provider).unwrap(), preset.name);
            assert_eq!(planner(*provider).unwrap().name, preset.name);
            assert!(preset.source.starts_with("https://"));
        }
        assert!(planner(RemoteProvider::Offline).is_none());
    }

    #[test]
    fn who_is_hosted_is_known_by_the_host() {
        let at = |base: &str| is_hosted(&Endpoint::parse(base, OPENAI_CHAT, OPENAI_CHAT.root()).unwrap());
        assert!(
            at("https://api.openai.com")
                && at("https://api.groq.com/openai/v1")
                && at("https://x.openai.azure.com/openai/v1")
        );
        assert!(!at("http://127.0.0.1:8000/v1") && !at("https://gpu.example/v1"));
    }

    #[test]
    fn the_habits_of_openai_are_not_expected_of_those_that_imitate_it() {
        let openai = planner(RemoteProvider::Openai).unwrap();
        let takes = |preset: &'static Preset, base| preset.takes_at(&preset.endpoint(base).unwrap()).completion_tokens;
        for base in [
            "https://api.openai.com",
            "https://api.openai.com/v1/",
            "https://api.openai.com/v1/chat/completions",
            "https://eu.api.openai.com/v1",
        ] {
            assert!(takes(openai, base), "{base}");
        }
        assert!(!takes(openai, "http://127.0.0.1:8000/v1") && !takes(openai, "https://xapi.openai.com.example"));
        assert!(takes(planner(RemoteProvider::Groq).unwrap(), "http://127.0.0.1:1"));
    }

    #[test]
    fn a_providers_own_key_is_for_its_own_hosts_over_tls() {
        let home = |provider, base: &str| {
            let preset = planner(provider).unwrap();
            preset.is_home(&preset.endpoint(base).unwrap())
        };
        for (provider, preset) in &PRESETS {
            assert!(preset.base_url.is_empty() || home(*provider, preset.base_url), "{}", preset.name);
        }
        use RemoteProvider::*;
        for (provider, base, expected) in [
            (Openai, "https://us.api.openai.com/v1", true),
            (Openai, "http://api.openai.com/v1", false),
            (Openai, "https://gateway.example/v1", false),
            (Openai, "http://127.0.0.1:4000/v1", false),
            (Together, "https://api.together.ai/v1", true),
            (Azure, "https://x.services.ai.azure.com", true),
            (Azure, "https://azure.com.example", false),
            (OllamaV1, "https://ollama.com/v1", true),
            (OllamaV1, "http://localhost:11434", true),
            (OllamaV1, "http://gpu-box:11434", false),
            (Vllm, "http://gpu-box:8000/v1", true),
        ] {
            assert_eq!(home(provider, base), expected, "{base}");
        }
    }
}
