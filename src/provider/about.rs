//! What a server says of its limits: how many tokens a request may have, and how many requests it works on at once.
//!
//! The common list of models tells it where vLLM, SGLang or a hosted endpoint answers. llama-server, LM Studio and Ollama
//! tell it at addresses of their own. None of these requests spends a token or holds anything of a document. Sources: the
//! server README of llama.cpp (`/props`), LM Studio's REST API (`/api/v0/models`), Ollama's API (`/api/ps`).

use std::time::Duration;

use reqwest::{Method, Url};
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use super::body;
use super::client::Client;
use super::failure::{self, Failure};

/// How long a server has for all of it.
const PATIENCE: Duration = Duration::from_secs(5);
const BYTES: usize = 4 << 20;
/// What the list of models calls a context: vLLM and SGLang, OpenRouter and Together, Groq, Mistral.
const CONTEXT_NAMES: [&str; 4] = ["max_model_len", "context_length", "context_window", "max_context_length"];

/// What is known of a server's limits. What it does not say is absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// Tokens of one request, its answer included; where a request can ask for room, those that it can ask for at most.
    pub context_tokens: Option<u64>,
    /// Requests that it works on at once.
    pub slots: Option<usize>,
}

impl Client {
    /// Asks the server for its limits, within 5 s. Fails only where no server could be reached.
    pub async fn about(&self) -> Result<About, Failure> {
        let deadline = Instant::now() + PATIENCE;
        let models = self.server.endpoint.at(&self.server.preset.wire.listing());
        let model = self.model();
        if self.sets_context() {
            // What the model is loaded with is no limit: a request that asks for more gets more.
            let running = self.json(beside(&models, "/api/ps"), deadline).await?;
            let most = self.described_context(model).await;
            self.dialect.has_room(running.and_then(|running| of_running(&running, model)), most);
            return Ok(About { context_tokens: most, slots: None });
        }
        let listed = self.json(models.clone(), deadline).await?;
        if let Some(tokens) = listed.as_ref().and_then(|list| of_list(list, model, &CONTEXT_NAMES)) {
            return Ok(About { context_tokens: Some(tokens), slots: None });
        }
        if let Some(props) = self.json(beside(&models, "/props"), deadline).await? {
            let about = of_props(&props);
            if about != About::default() {
                return Ok(about);
            }
        }
        if let Some(list) = self.json(beside(&models, "/api/v0/models"), deadline).await?
            && let Some(tokens) = of_list(&list, model, &["loaded_context_length"])
        {
            return Ok(About { context_tokens: Some(tokens), slots: None });
        }
        let running = self.json(beside(&models, "/api/ps"), deadline).await?;
        Ok(About { context_tokens: running.and_then(|running| of_running(&running, model)), slots: None })
    }

    /// The JSON at this address, or nothing where there is none.
    async fn json(&self, url: Url, deadline: Instant) -> Result<Option<Value>, Failure> {
        let request = self.request(Method::GET, url);
        let response = match timeout_at(deadline, request.send()).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => return Err(failure::of_transport(&self.server, &error)),
            Err(_) => return Err(failure::silent(&self.server, PATIENCE)),
        };
        if !response.status().is_success() {
            return Ok(None);
        }
        let bytes = body::head(body::of(response, PATIENCE, deadline), BYTES).await;
        Ok(serde_json::from_slice(&bytes).ok())
    }
}

/// An address of the same server outside of its list's own path.
fn beside(models: &Url, path: &str) -> Url {
    let own = ["/api/tags", "/v1/models", "/models"];
    let base = own.iter().find_map(|own| models.path().strip_suffix(own)).unwrap_or_default().to_owned();
    let mut url = models.clone();
    url.set_path(&format!("{base}{path}"));
    url
}

fn of_list(list: &Value, model: &str, names: &[&str]) -> Option<u64> {
    let models = list.get("data").unwrap_or(list).as_array()?;
    let entry = models.iter().find(|entry| entry.get("id").and_then(Value::as_str) == Some(model))?;
    names.iter().find_map(|name| positive(entry.get(name)))
}

fn of_props(props: &Value) -> About {
    About {
        context_tokens: positive(props.pointer("/default_generation_settings/n_ctx")),
        slots: positive(props.get("total_slots")).and_then(|slots| usize::try_from(slots).ok()),
    }
}

/// What runs in Ollama: a model is cut to the context it was loaded with, not to the one it was trained with.
fn of_running(running: &Value, model: &str) -> Option<u64> {
    let full = |name: &str| if name.contains(':') { name.to_owned() } else { format!("{name}:latest") };
    let entry = running.get("models")?.as_array()?.iter().find(|entry| {
        ["name", "model"].iter().any(|key| entry.get(key).and_then(Value::as_str).map(full) == Some(full(model)))
    })?;
    positive(entry.get("context_length"))
}

fn positive(value: Option<&Value>) -> Option<u64> {
    value?.as_u64().filter(|number| *number > 0)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_known_server_is_understood() {
        let vllm = json!({ "object": "list", "data": [{ "id": "other", "max_model_len": 1 }, { "id": "m", "max_model_len": 32768 }] });
        assert_eq!(of_list(&vllm, "m", &CONTEXT_NAMES), Some(32768));
        assert_eq!(
            of_list(&json!({ "data": [{ "id": "m", "meta": { "n_ctx_train": 9 } }] }), "m", &CONTEXT_NAMES),
            None
        );
        let props =
            json!({ "default_generation_settings": { "n_ctx": 8192 }, "total_slots": 4, "model_path": "m.gguf" });
        assert_eq!(of_props(&props), About { context_tokens: Some(8192), slots: Some(4) });
        let studio = json!({ "data": [{ "id": "m", "max_context_length": 131072, "loaded_context_length": 4096 }] });
        assert_eq!(of_list(&studio, "m", &["loaded_context_length"]), Some(4096));
        let ollama =
            json!({ "models": [{ "name": "llama3.2:latest", "model": "llama3.2:latest", "context_length": 4096 }] });
        assert_eq!(of_running(&ollama, "llama3.2"), Some(4096));
        assert_eq!(of_running(&ollama, "llama3.2:1b"), None);
    }

    #[test]
    fn what_a_server_does_not_say_is_not_known() {
        for strange in [json!(null), json!([]), json!({ "data": {} }), json!({ "models": 3 }), json!("x")] {
            assert_eq!(of_list(&strange, "m", &CONTEXT_NAMES), None);
            assert_eq!(of_props(&strange), About::default());
            assert_eq!(of_running(&strange, "m"), None);
        }
    }

    #[test]
    fn a_servers_own_addresses_stand_beside_its_v1() {
        let beside = |models: &str| beside(&models.parse().unwrap(), "/props").to_string();
        assert_eq!(beside("http://127.0.0.1:8080/v1/models"), "http://127.0.0.1:8080/props");
        assert_eq!(beside("http://box/llm/v1/models"), "http://box/llm/props");
        assert_eq!(beside("http://127.0.0.1:11434/api/tags"), "http://127.0.0.1:11434/props");
    }
}
