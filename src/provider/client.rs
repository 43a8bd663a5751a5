//! One client for one server: sends a request, reads its reply, tells what went wrong.

use std::time::Duration;

use reqwest::header::{AUTHORIZATION, HeaderMap, RETRY_AFTER};
use reqwest::redirect::Policy;
use tokio::time::{Instant, timeout_at};

use super::assembly::Assembly;
use super::body;
use super::dialect::{CONCESSIONS, Dialect};
use super::failure::{self, Failure};
use super::quote::quote;
use super::refusal::Refusal;
use super::request::{self, Chat};
use super::server::{Server, ServerSettings};
use super::stream;
use crate::config::{LocalConfig, RemoteConfig};
use crate::protocol::{Finish, Message, Usage};

/// Bytes of a refusal that are read.
const REFUSAL_BYTES: usize = 64 << 10;
/// How long a local server may take to accept a connection.
const LOCAL_CONNECT: Duration = Duration::from_secs(10);
/// How long a refusal may take to come, once its status has.
const REFUSAL_WAIT: Duration = Duration::from_secs(5);

/// A connection pool to one server. Cheap to share by reference; dropping the future of [`chat`](Self::chat) closes the
/// connection it used.
#[derive(Debug)]
pub struct Client {
    pub(super) http: reqwest::Client,
    pub(super) server: Server,
    dialect: Dialect,
    temperature: Option<f64>,
    idle: Duration,
    total: Duration,
}

/// A whole reply.
#[derive(Clone, Debug, PartialEq)]
pub struct ChatReply {
    pub text: String,
    pub finish: Finish,
    pub usage: Usage,
    /// Until the first piece of text.
    pub first_token: Duration,
    pub total: Duration,
}

impl Client {
    /// A client for the server of `[remote]`. The error names the setting to change.
    pub async fn for_remote(config: &RemoteConfig) -> Result<Self, Failure> {
        let settings = ServerSettings {
            section: "remote",
            base_url: &config.base_url,
            model: &config.model,
            api_key_env: &config.api_key_env,
            api_key_cmd: &config.api_key_cmd,
        };
        let server = Server::find(&settings).await.map_err(Failure::never)?;
        // A proxy of the environment is for other machines.
        let proxy = !server.endpoint.is_loopback();
        Ok(Self {
            http: pool(&server, Duration::from_secs(config.connect_timeout_s), proxy)?,
            server,
            dialect: Dialect::new(),
            temperature: temperature(config.temperature),
            idle: Duration::from_secs(config.idle_timeout_s),
            total: Duration::from_secs(config.total_timeout_s),
        })
    }

    /// A client for the server of `[local]`. It never goes through a proxy: what it sends is document text.
    pub async fn for_local(config: &LocalConfig) -> Result<Self, Failure> {
        let settings = ServerSettings {
            section: "local",
            base_url: &config.base_url,
            model: &config.model,
            api_key_env: &config.api_key_env,
            api_key_cmd: "",
        };
        let server = Server::find(&settings).await.map_err(Failure::never)?;
        let total = Duration::from_secs(config.timeout_s);
        Ok(Self {
            http: pool(&server, total.min(LOCAL_CONNECT), false)?,
            server,
            dialect: Dialect::new(),
            temperature: temperature(config.temperature),
            idle: total,
            total,
        })
    }

    pub fn model(&self) -> &str {
        &self.server.model
    }

    /// Host, port and path of the server.
    pub fn place(&self) -> &str {
        self.server.endpoint.place()
    }

    /// Asks once. A part of the request that the server does not know is left out and the request sent again; nothing
    /// else is tried twice. `delta` gets the text piece by piece as it comes.
    pub async fn chat(&self, chat: &Chat<'_>, mut delta: impl FnMut(&str) + Send) -> Result<ChatReply, Failure> {
        let began = Instant::now();
        let deadline = began + self.total;
        let mut concessions = 0;
        let response = loop {
            let form = self.dialect.form(chat.format);
            let body = request::body(chat, &self.server.model, self.temperature, form);
            let response = self.send(&body, began, deadline).await?;
            let status = response.status();
            if status.is_success() {
                break response;
            }
            let retry_after = retry_after(response.headers());
            let patience = deadline.min(Instant::now() + REFUSAL_WAIT);
            let refusal = body::head(body::of(response, REFUSAL_WAIT, patience), REFUSAL_BYTES).await;
            let refusal = String::from_utf8_lossy(&refusal);
            if concessions < CONCESSIONS && self.dialect.concede(form, status.as_u16(), &refusal) {
                concessions += 1;
                continue;
            }
            let refusal = Refusal::read(&refusal);
            let failure = failure::of_status(&self.server, status.as_u16(), &refusal, retry_after);
            return Err(self.quoting(failure, status.as_u16(), &refusal, chat.messages));
        };
        let mut first_token = None;
        let mut delta = |text: &str| {
            first_token.get_or_insert_with(|| began.elapsed());
            delta(text);
        };
        let mut assembly = Assembly::default();
        let body = body::of(response, self.idle, deadline);
        let read = stream::read(body, &mut assembly, &mut delta).await;
        let failure = match &read {
            Err(broken) => {
                let failure = failure::of_broken(&self.server, broken, self.idle, self.total);
                Some(match broken {
                    stream::Broken::Refused(refusal) => {
                        self.quoting(failure, refusal.likely_status(), refusal, chat.messages)
                    }
                    _ => failure,
                })
            }
            Ok(()) => assembly.flaw().map(|flaw| failure::of_unusable(&self.server, flaw)),
        };
        if let Some(failure) = failure {
            return Err(Failure { partial: assembly.text, ..failure });
        }
        let input_bytes = chat.messages.iter().map(|message| message.content.len()).sum();
        let total = began.elapsed();
        Ok(ChatReply {
            finish: assembly.finish(),
            usage: assembly.usage(input_bytes),
            text: assembly.text,
            first_token: first_token.unwrap_or(total),
            total,
        })
    }

    /// Sends, and waits for the head of the response.
    async fn send(
        &self,
        body: &serde_json::Value,
        began: Instant,
        deadline: Instant,
    ) -> Result<reqwest::Response, Failure> {
        let mut request = self.http.post(self.server.endpoint.chat().clone()).json(body);
        if let Some(key) = self.server.authorization() {
            request = request.header(AUTHORIZATION, key);
        }
        let silence = Instant::now() + self.idle;
        match timeout_at(silence.min(deadline), request.send()).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) => Err(failure::of_transport(&self.server, &error)),
            Err(_) if silence < deadline => Err(failure::silent(&self.server, self.idle)),
            Err(_) => Err(failure::late(&self.server, deadline - began)),
        }
    }

    /// Adds what the server said, where that can be shown. What it says about a key may hold parts of it.
    fn quoting(&self, failure: Failure, status: u16, refusal: &Refusal, sent: &[Message]) -> Failure {
        let said = match status {
            401 => None,
            _ => quote(&refusal.text, self.server.key.as_ref(), sent),
        };
        Failure { said, ..failure }
    }
}

fn pool(server: &Server, connect: Duration, proxy: bool) -> Result<reqwest::Client, Failure> {
    let builder = reqwest::Client::builder()
        .user_agent(concat!("minions/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(connect)
        // A redirect would carry the request, and with it what it holds, to a place that nobody named.
        .redirect(Policy::none())
        .tcp_nodelay(true);
    let builder = if proxy { builder } else { builder.no_proxy() };
    builder.build().map_err(|_| {
        Failure::never(format!("{} cannot be asked: no TLS or proxy could be set up on this system", server.name()))
    })
}

fn temperature(setting: f64) -> Option<f64> {
    (setting >= 0.0).then_some(setting)
}

/// The wait a server names: seconds or a date (RFC 9110 §10.2.3), or `retry-after-ms` as some servers send besides.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    if let Some(ms) = text("retry-after-ms").and_then(|ms| ms.parse::<u64>().ok()) {
        return Some(Duration::from_millis(ms));
    }
    let value = text(RETRY_AFTER.as_str())?;
    if let Ok(seconds) = value.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let date = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(value).ok()?;
    Some(Duration::try_from(date.duration_since(jiff::Timestamp::now())).unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(name: &'static str, value: &str) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        headers.insert(name, value.parse().unwrap());
        retry_after(&headers)
    }

    #[test]
    fn the_wait_a_server_names_is_read_in_every_form() {
        assert_eq!(waits("retry-after", "7"), Some(Duration::from_secs(7)));
        assert_eq!(waits("retry-after", "1.5"), Some(Duration::from_millis(1500)));
        assert_eq!(waits("retry-after-ms", "250"), Some(Duration::from_millis(250)));
        assert_eq!(waits("retry-after", "Wed, 21 Oct 2015 07:28:00 GMT"), Some(Duration::ZERO));
        assert!(waits("retry-after", "Tue, 31 Dec 2999 23:59:59 GMT").unwrap() > Duration::from_secs(1 << 30));
        assert_eq!(waits("retry-after", "soon"), None);
        assert_eq!(waits("retry-after", "-5"), None);
    }
}
