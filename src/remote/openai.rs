//! A remote LM behind any OpenAI-compatible endpoint.

use futures_util::future::BoxFuture;
use tokio::sync::mpsc;

use super::{Probe, RemoteError, RemoteLm, RemoteReply, Retry};
use crate::config::RemoteConfig;
use crate::openai::{Again, Chat, Client, Failure, Format};
use crate::protocol::{ModelInfo, Price, RemoteAsk, ReplyFormat};

/// Speaks to one endpoint as one model; replies are streamed.
pub struct OpenAiRemote {
    client: Client,
    price: Option<Price>,
}

impl OpenAiRemote {
    /// Checks the settings and reads the key; nothing is sent yet.
    pub async fn connect(config: &RemoteConfig) -> Result<Self, RemoteError> {
        Ok(Self { client: Client::for_remote(config).await?, price: None })
    }

    /// With what its calls cost.
    pub fn with_price(self, price: Option<Price>) -> Self {
        Self { price, ..self }
    }

    /// Host, port and path of the server.
    pub fn place(&self) -> &str {
        self.client.place()
    }

    /// Whether the server is there and offers the model, without spending a token.
    pub async fn probe(&self) -> Result<Probe, RemoteError> {
        Ok(self.client.probe().await?)
    }
}

impl RemoteLm for OpenAiRemote {
    fn info(&self) -> ModelInfo {
        ModelInfo {
            provider: "openai".into(),
            model: self.client.model().to_owned(),
            is_model: true,
            price: self.price,
        }
    }

    fn ask<'a>(
        &'a self,
        request: &'a RemoteAsk,
        deltas: mpsc::Sender<String>,
    ) -> BoxFuture<'a, Result<RemoteReply, RemoteError>> {
        Box::pin(async move {
            let chat = Chat {
                messages: &request.messages,
                format: match request.format {
                    ReplyFormat::Text => Format::Text,
                    ReplyFormat::Json => Format::JsonObject,
                },
                max_output_tokens: request.max_output_tokens,
                stream: true,
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
        }
    }
}
