//! A remote LM behind any provider that is a server.

use std::sync::LazyLock;

use futures_util::future::BoxFuture;
use serde_json::Value;
use tokio::sync::mpsc;

use super::{Probe, RemoteError, RemoteLm, RemoteReply, Retry, Tokenizer};
use crate::config::RemoteConfig;
use crate::protocol::{ModelInfo, Price, Purpose, RemoteAsk, ReplyFormat, Role, decision_schema, prompts};
use crate::provider::{Again, Cache, Chat, Client, Failure, Format};

/// The form of a decision, for providers that hold a model to one.
static DECISION: LazyLock<Value> = LazyLock::new(decision_schema);

/// Speaks to one endpoint as one model; replies are streamed.
pub struct ServedRemote {
    client: Client,
    price: Option<Price>,
    /// Where the price is from, where that is worth a word.
    remark: Option<String>,
    context_tokens: Option<u64>,
}

impl ServedRemote {
    /// Checks the settings and reads the key; nothing is sent yet.
    pub async fn connect(config: &RemoteConfig) -> Result<Self, RemoteError> {
        Ok(Self { client: Client::for_remote(config).await?, price: None, remark: None, context_tokens: None })
    }

    /// With what its calls cost.
    pub fn with_price(self, price: Option<Price>) -> Self {
        Self { price, ..self }
    }

    /// With what its endpoint's own list says that its calls cost.
    pub fn with_listed_price(self, price: Price) -> Self {
        let remark = format!(
            "the price of {} is from its endpoint's list: ${} for a million tokens in, ${} out",
            self.client.model(),
            price.input,
            price.output
        );
        Self { price: Some(price), remark: Some(remark), ..self }
    }

    /// What the endpoint's own list says that the model costs; nothing is spent.
    pub async fn listed_price(&self) -> Option<Price> {
        self.client.listed_price().await.map(|listed| listed.price())
    }

    /// With what its context holds.
    pub fn with_context(self, context_tokens: Option<u64>) -> Self {
        Self { context_tokens, ..self }
    }

    /// Host, port and path of the server.
    pub fn place(&self) -> &str {
        self.client.place()
    }

    /// Whether the server is there and offers the model, for one token at most.
    pub async fn probe(&self) -> Result<Probe, RemoteError> {
        Ok(self.client.probe().await?)
    }
}

impl RemoteLm for ServedRemote {
    fn info(&self) -> ModelInfo {
        ModelInfo {
            provider: self.client.provider().into(),
            model: self.client.model().to_owned(),
            is_model: true,
            price: self.price,
        }
    }

    fn remark(&self) -> Option<String> {
        self.remark.clone()
    }

    fn remarks(&self) -> Vec<String> {
        self.client.remarks()
    }

    fn tokenizer(&self) -> Option<Tokenizer> {
        Some(Tokenizer::of_model(self.client.model()))
    }

    fn context_tokens(&self) -> Option<u64> {
        self.context_tokens
    }

    fn ask<'a>(
        &'a self,
        request: &'a RemoteAsk,
        deltas: mpsc::Sender<String>,
    ) -> BoxFuture<'a, Result<RemoteReply, RemoteError>> {
        Box::pin(async move {
            let chat = Chat {
                messages: &request.messages,
                format: match (request.format, request.purpose) {
                    (ReplyFormat::Text, _) => Format::Text,
                    (ReplyFormat::Json, Purpose::Decide | Purpose::Answer) => {
                        Format::JsonSchema { name: "decision", schema: &DECISION }
                    }
                    (ReplyFormat::Json, _) => Format::JsonObject,
                },
                max_output_tokens: request.max_output_tokens,
                stream: true,
                cache: cache(request),
            };
            let mut unsent = String::new();
            let reply = self.client.chat(&chat, |text| {
                unsent.push_str(text);
                // What a full channel does not take goes with the next piece.
                if let Ok(place) = deltas.try_reserve() {
                    place.send(std::mem::take(&mut unsent));
                }
            });
            let reply = reply.await?;
            self.client.check_read(&chat, &reply).await?;
            if !unsent.is_empty() {
                let _ = deltas.try_send(unsent);
            }
            Ok(RemoteReply {
                text: reply.text,
                finish: reply.finish,
                usage: reply.usage,
                first_token: reply.first_token,
                total: reply.total,
            })
        })
    }
}

/// Of whole documents nothing is kept for the first question: there may never be another. Whoever asks again, or wants
/// another round, may well go on.
fn cache(request: &RemoteAsk) -> Cache {
    if request.purpose != Purpose::Answer {
        return Cache::Turn;
    }
    let Some(first) = request.messages.iter().find(|message| message.role == Role::User) else { return Cache::Nothing };
    let (end, turns) = (prompts::enclosed(&first.content), request.messages.len() - 1);
    match end > 0 && (turns > 1 || prompts::is_follow_up(&first.content[end..])) {
        true => Cache::Start(end),
        false => Cache::Nothing,
    }
}

impl From<Failure> for RemoteError {
    fn from(failure: Failure) -> Self {
        Self {
            message: failure.in_full(),
            retry: match failure.again {
                Again::Never => Retry::Never,
                Again::Later(named) => Retry::Later(named),
            },
            partial: failure.partial,
            lost: failure.lost,
            usage: failure.usage.map(|usage| *usage),
        }
    }
}
