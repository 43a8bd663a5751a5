//! Asks a server what models it has, which spends no tokens.

use std::collections::HashMap;
use std::future::ready;
use std::time::Duration;

use futures_util::{FutureExt, Stream, StreamExt, stream};
use reqwest::Method;
use serde_json::Value;
use tokio::time::{Instant, sleep, timeout_at};

use super::body;
use super::client::Client;
use super::failure::{self, Failure};
use super::quote::one_line;
use super::refusal::Refusal;
use super::wire::Address;
use crate::protocol::Price;

/// How long a server has to list its models.
const LIST_WAIT: Duration = Duration::from_secs(5);
/// Bytes of a list of models that are read.
const LIST_BYTES: usize = 8 << 20;
/// Models that are asked for one by one, where the list says too little.
const DESCRIBED: usize = 100;
const DESCRIBED_AT_ONCE: usize = 8;
/// Names that an error or the doctor shows.
const NEAREST: usize = 5;

/// A model that a server offers.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// What the server calls it: outside text, to be escaped before it is drawn.
    pub id: String,
    /// Tokens that it reads, as far as the server tells.
    pub context: Option<u64>,
    pub price: Option<ListedPrice>,
}

/// Dollars for a million tokens, as a list of models tells.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ListedPrice {
    pub input: f64,
    pub output: f64,
    /// Of input that is read from a cache or written to one, where that is told.
    pub cached_input: Option<f64>,
    pub cache_write: Option<f64>,
    /// In a batch, which is answered within a day.
    pub batch_input: Option<f64>,
    pub batch_output: Option<f64>,
}

impl Model {
    /// Whether it is the one of this name: Ollama lists the tag that is meant where none is said.
    pub fn is_called(&self, name: &str) -> bool {
        let name = name.strip_prefix("models/").unwrap_or(name);
        self.id == name || self.id.strip_suffix(":latest") == Some(name)
    }
}

impl From<Price> for ListedPrice {
    fn from(price: Price) -> Self {
        let Price { input, cached_input, cache_write, output, .. } = price;
        Self { input, output, cached_input: Some(cached_input), cache_write, ..Self::default() }
    }
}

impl ListedPrice {
    /// What a request costs by it that is answered at once.
    pub fn price(&self) -> Price {
        let Self { input, output, cached_input, cache_write, .. } = *self;
        Price { cached_input: cached_input.unwrap_or(input), cache_write, ..Price::flat(input, output) }
    }
}

/// A server that can be reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// Host, port and path.
    pub place: String,
    pub model: String,
    pub listing: Listing,
    /// Whether a key is sent.
    pub has_key: bool,
    /// Whether one token was asked for and came, which shows that key and model are accepted.
    pub answered: bool,
    /// Whether the server is on this machine.
    pub loopback: bool,
    /// Whether it is spoken to over TLS; without, what is sent can be read on the way, the key included.
    pub encrypted: bool,
}

/// Whether the server offers the model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listing {
    Listed,
    /// With the models it does offer whose names are nearest, fit to be shown.
    NotListed(Vec<String>),
    /// It gives no list that can be read.
    Unknown,
}

impl Client {
    /// What the server offers, in its own order, with what it says of each: within 10 s.
    pub async fn models(&self) -> Result<Vec<Model>, Failure> {
        let mut models = self.listed().await?;
        let described: Vec<Model> = self.described(&models).collect().await;
        let mut contexts: HashMap<String, Option<u64>> =
            described.into_iter().map(|model| (model.id, model.context)).collect();
        for model in models.iter_mut().filter(|model| model.context.is_none()) {
            model.context = contexts.remove(&model.id).flatten();
        }
        Ok(models)
    }

    /// What the server offers, in its own order, as far as its list tells of each: within 5 s.
    pub async fn listed(&self) -> Result<Vec<Model>, Failure> {
        let name = self.server.name();
        self.list().await?.ok_or_else(|| {
            Failure::never(format!("{name} does not list its models: look for their names in its documentation"))
        })
    }

    /// The models of which the list says too little, each with how many tokens it reads as soon as the server says it:
    /// within 5 s.
    pub fn described<'a>(&'a self, models: &'a [Model]) -> impl Stream<Item = Model> + Send + 'a {
        let wanting = models.iter().take(DESCRIBED).filter(|model| model.context.is_none());
        let asked: Vec<_> = wanting.map(|model| self.with_context(model).boxed()).collect();
        let told = stream::iter(asked).buffer_unordered(DESCRIBED_AT_ONCE);
        told.filter(|model| ready(model.context.is_some())).take_until(Box::pin(sleep(LIST_WAIT)))
    }

    async fn with_context(&self, model: &Model) -> Model {
        Model { context: self.described_context(&model.id).await, ..model.clone() }
    }

    /// What the server's own list says that its model costs.
    pub async fn listed_price(&self) -> Option<ListedPrice> {
        let models = self.list().await.ok()??;
        models.into_iter().find(|model| model.is_called(&self.server.model))?.price
    }

    /// Whether the server is there and offers the model. Where its list proves neither key nor model, one token is
    /// asked for.
    pub async fn probe(&self) -> Result<Probe, Failure> {
        let (server, preset) = (&self.server, self.server.preset);
        let listing = match self.list().await? {
            None => Listing::Unknown,
            // That it takes the name shows in the request alone.
            Some(_) if !preset.lists_what_it_takes => Listing::Listed,
            Some(models) if models.iter().any(|model| model.is_called(&server.model)) => Listing::Listed,
            // Some names are short for others, and are not listed.
            Some(_) if self.is_described().await => Listing::Listed,
            Some(models) => Listing::NotListed(nearest(&server.model, models)),
        };
        let unproven = match listing {
            Listing::Listed => !preset.lists_what_it_takes || (preset.lists_to_all && server.key.is_some()),
            Listing::NotListed(_) => false,
            Listing::Unknown => true,
        };
        if unproven {
            self.one_token().await?;
        }
        Ok(Probe {
            place: server.endpoint.place().to_owned(),
            model: server.shown_model(),
            listing,
            has_key: server.key.is_some(),
            answered: unproven,
            loopback: server.endpoint.is_loopback(),
            encrypted: server.endpoint.is_encrypted(),
        })
    }

    /// Tokens that the model reads, as far as the server tells.
    pub(super) async fn context_length(&self) -> Option<u64> {
        if self.is_planner_of_ones_own() {
            return self.about().await.ok()?.context_tokens;
        }
        let models = self.list().await.ok()??;
        let listed = models.into_iter().find(|model| model.is_called(&self.server.model));
        match listed.and_then(|model| model.context) {
            Some(context) => Some(context),
            None => self.described_context(&self.server.model).await,
        }
    }

    /// Names on the server's list like the one that was asked for, fit to be shown.
    pub(super) async fn nearest_models(&self) -> Result<Vec<String>, Failure> {
        if !self.server.preset.lists_what_it_takes {
            return Ok(Vec::new());
        }
        Ok(self.list().await?.map_or_else(Vec::new, |models| nearest(&self.server.model, models)))
    }

    /// The server's list, or nothing where it has none that can be read.
    async fn list(&self) -> Result<Option<Vec<Model>>, Failure> {
        let (endpoint, preset) = (&self.server.endpoint, self.server.preset);
        if let Some(path) = preset.models
            && let Ok((200..=299, body)) = self.fetch(Method::GET, endpoint.of_host(path), None).await
            && let Some(models) = read(&body)
        {
            return Ok(Some(models));
        }
        let (status, body) = self.fetch(Method::GET, endpoint.at(&preset.wire.listing()), None).await?;
        match status {
            200..=299 => Ok(read(&body)),
            // Some servers chat and list nothing.
            404 | 405 | 501 => Ok(None),
            _ => {
                let refusal = Refusal::read(&String::from_utf8_lossy(&body));
                Err(failure::of_status(&self.server, status, &refusal, None))
            }
        }
    }

    /// Whether the server knows the model by this name, though its list does not have it.
    async fn is_described(&self) -> bool {
        let mut address = Address { query: None, ..self.server.preset.wire.listing() };
        address.path.push(self.server.model.clone());
        let found = self.fetch(Method::GET, self.server.endpoint.at(&address), None).await;
        let Ok((200..=299, body)) = found else { return false };
        let described = serde_json::from_slice::<Value>(&body).unwrap_or_default();
        described.get("id").is_some_and(Value::is_string)
    }

    /// What the server says of one model, where its list says too little.
    pub(super) async fn described_context(&self, model: &str) -> Option<u64> {
        let (address, body) = self.server.preset.wire.description(model)?;
        let found = self.fetch(Method::POST, self.server.endpoint.at(&address), Some(body)).await;
        let Ok((200..=299, body)) = found else { return None };
        let described: Value = serde_json::from_slice(&body).ok()?;
        // Ollama: `"model_info": {"llama.context_length": 131072, …}`.
        let mut info = described.get("model_info")?.as_object()?.iter();
        info.find_map(|(name, value)| name.ends_with(".context_length").then(|| value.as_u64()).flatten())
    }

    async fn fetch(&self, method: Method, url: reqwest::Url, body: Option<Value>) -> Result<(u16, Vec<u8>), Failure> {
        let deadline = Instant::now() + LIST_WAIT;
        let request = self.request(method, url.clone());
        let request = match &body {
            Some(body) => request.json(body),
            None => request,
        };
        let response = match timeout_at(deadline, request.send()).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => return Err(failure::of_transport(&self.server, &error)),
            Err(_) => return Err(failure::silent(&self.server, LIST_WAIT)),
        };
        let status = response.status().as_u16();
        if response.status().is_redirection() {
            return Err(self.redirect(status, response.headers(), &url));
        }
        Ok((status, body::head(body::of(response, LIST_WAIT, deadline), LIST_BYTES).await))
    }
}

/// The names most like this one, the nearest first.
fn nearest(name: &str, models: Vec<Model>) -> Vec<String> {
    let name = name.to_lowercase();
    let mut ids: Vec<(f64, String)> =
        models.into_iter().map(|model| (strsim::jaro_winkler(&name, &model.id.to_lowercase()), model.id)).collect();
    ids.sort_by(|a, b| b.0.total_cmp(&a.0));
    ids.iter().take(NEAREST).map(|(_, id)| one_line(&id.chars().take(80).collect::<String>())).collect()
}

/// Reads a list of models in any of the shapes that servers give it: `{"data":[{"id":…}]}` (OpenAI, Anthropic and most),
/// a bare list (Together), `{"models":[{"name":…}]}` (Gemini, Ollama).
fn read(body: &[u8]) -> Option<Vec<Model>> {
    let value: Value = serde_json::from_slice(body).ok()?;
    let list = value.get("data").or_else(|| value.get("models")).unwrap_or(&value).as_array()?;
    Some(list.iter().filter_map(model).collect())
}

fn model(entry: &Value) -> Option<Model> {
    let id = ["id", "name", "model"].iter().find_map(|name| entry.get(name)?.as_str())?;
    // Gemini lists models that write no text, too.
    if let Some(methods) = entry.get("supportedGenerationMethods").and_then(Value::as_array)
        && !methods.iter().any(|method| method.as_str() == Some("generateContent"))
    {
        return None;
    }
    Some(Model {
        id: id.strip_prefix("models/").unwrap_or(id).to_owned(),
        context: context(entry),
        price: price(entry),
    })
}

/// Each server has a name of its own for it; what is loaded goes before what could be.
fn context(entry: &Value) -> Option<u64> {
    const NAMES: [&str; 10] = [
        "/loaded_context_length",
        "/max_context_length",
        "/context_length",
        "/context_window",
        "/max_model_len",
        "/max_input_tokens",
        "/inputTokenLimit",
        "/top_provider/context_length",
        "/meta/n_ctx",
        "/meta/n_ctx_train",
    ];
    NAMES.iter().find_map(|name| entry.pointer(name)?.as_u64()).filter(|tokens| *tokens > 0)
}

/// OpenRouter tells dollars for a token as text, Together dollars for a million as numbers.
fn price(entry: &Value) -> Option<ListedPrice> {
    let pricing = entry.get("pricing")?;
    let text = |name: &str| pricing.get(name)?.as_str()?.parse::<f64>().ok().map(|dollars| dollars * 1e6);
    let number = |name: &str| pricing.get(name)?.as_f64();
    let input = text("prompt").or_else(|| number("input"))?;
    let output = text("completion").or_else(|| number("output"))?;
    // A negative price stands for one that is not known before.
    let cached_input = text("input_cache_read").or_else(|| number("cached_input")).filter(|price| *price >= 0.0);
    let cache_write = text("input_cache_write").filter(|price| *price > 0.0);
    let price = ListedPrice { input, output, cached_input, cache_write, ..ListedPrice::default() };
    (input >= 0.0 && output >= 0.0).then_some(price)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_of_list_is_read_and_anything_else_is_not_known() {
        let of = |body: &str| read(body.as_bytes()).unwrap();
        let one = |id: &str, context| Model { id: id.into(), context, price: None };
        assert_eq!(
            of(r#"{"object":"list","data":[{"id":"a"},{"id":"b","max_model_len":4096}]}"#),
            [one("a", None), one("b", Some(4096))]
        );
        let together = r#"[{"id":"t","context_length":131072,"pricing":{"input":0.5,"output":1.5}}]"#;
        let listed = ListedPrice { input: 0.5, output: 1.5, ..ListedPrice::default() };
        let price = Some(listed);
        assert_eq!(of(together), [Model { price, ..one("t", Some(131_072)) }]);
        let openrouter = r#"{"data":[{"id":"o","context_length":8,"pricing":{"prompt":"0.0000005","completion":"0.0000015","input_cache_read":"0.00000005"}},
            {"id":"auto","pricing":{"prompt":"-1","completion":"-1"}}]}"#;
        let [cached, auto] = &of(openrouter)[..] else { panic!() };
        let price = cached.price.unwrap();
        assert!((price.input, price.output) == (0.5, 1.5) && (price.price().cached_input - 0.05).abs() < 1e-12);
        assert_eq!((cached.context, auto), (Some(8), &one("auto", None)));
        let gemini = r#"{"models":[{"name":"models/g","inputTokenLimit":1048576,"supportedGenerationMethods":["generateContent"]},
            {"name":"models/embed","supportedGenerationMethods":["embedContent"]}]}"#;
        assert_eq!(of(gemini), [one("g", Some(1_048_576))]);
        assert_eq!(of(r#"{"models":[{"name":"l:latest","model":"l:latest"}]}"#), [one("l:latest", None)]);
        assert_eq!((read(b"<html>"), read(b"{}")), (None, None));
    }

    #[test]
    fn the_nearest_names_come_first_and_are_fit_to_be_shown() {
        let models = ["embed", "gpt-5-mini\u{1b}", "gpt-5", "whisper"];
        let models = models.map(|id| Model { id: id.into(), context: None, price: None });
        assert_eq!(nearest("gpt5", models.to_vec())[..2], ["gpt-5", "gpt-5-mini\\u{1b}"]);
        assert!(Model { id: "l:latest".into(), context: None, price: None }.is_called("l"));
    }
}
