//! One client for one server: sends a request, reads its reply, tells what went wrong.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap, LOCATION};
use reqwest::redirect::Policy;
use reqwest::{Method, RequestBuilder, Url};
use tokio::sync::OnceCell;
use tokio::time::{Instant, timeout_at};

use super::assembly::{Assembly, Counts, Ending};
use super::body;
use super::dialect::{CONCESSIONS, Dialect, Form, Part};
use super::failure::{self, Failure};
use super::presets::{self, Takes};
use super::quote::quote;
use super::redact::Redact;
use super::refusal::Refusal;
use super::request::{Asked, Cache, Chat, Format};
use super::server::{Server, ServerSettings};
use super::stream::{self, Reader};
use super::waits;
use crate::config::{LocalConfig, LocalProvider, ReasoningEffort, RemoteConfig};
use crate::protocol::{Finish, Message, Usage};

/// Bytes of a refusal that are read.
const REFUSAL_BYTES: usize = 64 << 10;
/// How long a local server may take to accept a connection.
const LOCAL_CONNECT: Duration = Duration::from_secs(10);
/// How long a refusal may take to come, once its status has.
const REFUSAL_WAIT: Duration = Duration::from_secs(5);
/// What is asked for where a server wants more than one token to be asked for, and what it says then.
const ENOUGH: u64 = 16;
const TOO_FEW: [&str; 3] = ["below minimum value", "Expected a value >=", "Range of max_tokens should be"];

/// A connection pool to one server. Cheap to share by reference; dropping the future of [`chat`](Self::chat) closes the
/// connection it used.
#[derive(Debug)]
pub struct Client {
    http: reqwest::Client,
    pub(super) server: Server,
    takes: &'static Takes,
    pub(super) dialect: Dialect,
    temperature: Option<f64>,
    /// Whether chat templates are told that the model is to answer without thoughts.
    at_once: bool,
    /// Whether it was told that the model is asked to think otherwise than was wished.
    told_of_effort: AtomicBool,
    remarks: Mutex<Vec<String>>,
    /// How long no byte may come, and how long the first one may take, connecting included.
    idle: Duration,
    first: Duration,
    total: Duration,
    /// Tokens that the model reads, as the server's list tells; looked up when a request is long.
    pub(super) context: OnceCell<Option<u64>>,
    /// Names on the server's list like the model's, where it does not know that one.
    nearest: OnceCell<Vec<String>>,
}

/// A whole reply.
#[derive(Clone, Debug, PartialEq)]
pub struct ChatReply {
    pub text: String,
    pub finish: Finish,
    pub usage: Usage,
    /// Tokens of context that the server was asked to make room for, where it does as it is asked.
    pub context_tokens: Option<u64>,
    /// Until the first piece of text.
    pub first_token: Duration,
    pub total: Duration,
}

impl Client {
    /// A client for the model of `[remote]`. The error names the setting to change.
    pub async fn for_remote(config: &RemoteConfig) -> Result<Self, Failure> {
        Self::remote(config, true).await
    }

    /// A client for the server of `[remote]` that is asked what models it has: none need be named yet.
    pub async fn for_listing(config: &RemoteConfig) -> Result<Self, Failure> {
        Self::remote(config, false).await
    }

    async fn remote(config: &RemoteConfig, wants_model: bool) -> Result<Self, Failure> {
        let Some(preset) = presets::planner(config.provider) else {
            return Err(Failure::never("remote.provider names no server: choose another".into()));
        };
        let settings = ServerSettings {
            section: "remote",
            preset,
            base_url: &config.base_url,
            model: &config.model,
            wants_model,
            api_key_env: &config.api_key_env,
            api_key_keyring: &config.api_key_keyring,
            api_key_cmd: &config.api_key_cmd,
            headers: &config.headers,
        };
        let server = Server::find(&settings).await.map_err(Failure::never)?;
        // A proxy of the environment is for other machines.
        let proxy = !server.endpoint.is_loopback();
        let takes = preset.takes_at(&server.endpoint);
        let idle = Duration::from_secs(config.idle_timeout_s);
        let connect = Duration::from_secs(config.connect_timeout_s).min(idle);
        Ok(Self {
            http: pool(&server, connect, proxy)?,
            server,
            takes,
            dialect: Dialect::new(
                takes,
                Some(config.reasoning_effort).filter(|effort| *effort != ReasoningEffort::Auto),
            ),
            temperature: temperature(config.temperature),
            at_once: false,
            told_of_effort: AtomicBool::new(false),
            remarks: Mutex::default(),
            idle,
            // A server that cannot be connected to shows first, and not as one that took a request and may want to be paid
            // for it.
            first: connect + idle,
            total: Duration::from_secs(config.total_timeout_s),
            context: OnceCell::new(),
            nearest: OnceCell::new(),
        })
    }

    /// A client for the model of `[local]`, on the wire of its provider. It never goes through a proxy: what it sends is
    /// document text.
    pub async fn for_local(config: &LocalConfig) -> Result<Self, Failure> {
        Self::local(config, true).await
    }

    /// A client for a server of `[local]` that is asked what models it has: none need be named yet.
    pub async fn for_local_listing(config: &LocalConfig) -> Result<Self, Failure> {
        Self::local(config, false).await
    }

    async fn local(config: &LocalConfig, wants_model: bool) -> Result<Self, Failure> {
        let preset = presets::reader(config.provider);
        let settings = ServerSettings {
            section: "local",
            preset,
            base_url: &config.base_url,
            model: &config.model,
            wants_model,
            api_key_env: &config.api_key_env,
            api_key_keyring: "",
            api_key_cmd: &config.api_key_cmd,
            headers: &config.headers,
        };
        let server = Server::find(&settings).await.map_err(Failure::never)?;
        let total = Duration::from_secs(config.timeout_s);
        // A job has few tokens, and a model that thinks there unasked would spend them all on it.
        let at_once = config.thinking_tokens == 0;
        let effort = Some(ReasoningEffort::None).filter(|_| at_once && config.provider == LocalProvider::Ollama);
        let hosted = presets::is_hosted(&server.endpoint);
        Ok(Self {
            http: pool(&server, total.min(LOCAL_CONNECT), false)?,
            server,
            takes: &preset.takes,
            dialect: Dialect::new(&preset.takes, effort),
            temperature: temperature(config.temperature),
            at_once: at_once && !hosted,
            told_of_effort: AtomicBool::new(false),
            remarks: Mutex::default(),
            idle: total,
            first: total,
            total,
            context: OnceCell::new(),
            nearest: OnceCell::new(),
        })
    }

    /// What the settings call the provider.
    pub fn provider(&self) -> &'static str {
        self.server.preset.name
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
        self.check_length(chat).await?;
        let began = Instant::now();
        let deadline = began + self.total;
        let wire = self.server.preset.wire;
        let mut concessions = 0;
        let (response, context_tokens) = loop {
            let form = self.dialect.form(chat.format);
            let asked = self.asked(chat, form);
            let body = wire.body(&asked).map_err(|_| {
                Failure::never(format!("a request to {} could not be written; please report it", self.server.name()))
            })?;
            let response = self.send(chat, body, began, deadline).await?;
            let status = response.status();
            if status.is_success() {
                self.tell_of_effort();
                self.dialect.has_written();
                break (response, asked.context_tokens);
            }
            if status.is_redirection() {
                let address = wire.address(&self.server.model, chat.stream);
                return Err(self.redirect(status.as_u16(), response.headers(), &self.server.endpoint.at(&address)));
            }
            let retry_after = waits::named(response.headers(), status.as_u16(), jiff::Timestamp::now());
            let patience = deadline.min(Instant::now() + REFUSAL_WAIT);
            let refusal = body::head(body::of(response, REFUSAL_WAIT, patience), REFUSAL_BYTES).await;
            let refusal = String::from_utf8_lossy(&refusal);
            let body = &refusal;
            let refusal = Refusal::read(body);
            if status.as_u16() == 400 && refusal.is_at_cap() {
                return Ok(at_cap(chat, began.elapsed()));
            }
            let concedes = || match () {
                // What the model wrote may name any part of the request.
                () if refusal.is_bad_generation() => self.dialect.could_not_write(form),
                () if refusal.is_context_length() => self.grow(asked.context_tokens),
                // What is said of a length is said of no name.
                () if refusal.is_output_cap() => false,
                () => self.dialect.concede(wire, &self.server.model, form, status.as_u16(), body),
            };
            if concessions < CONCESSIONS && concedes() {
                concessions += 1;
                continue;
            }
            let failure = failure::of_status(&self.server, status.as_u16(), &refusal, retry_after);
            let failure = self.quoting(failure, status.as_u16(), &refusal, chat.messages);
            let partial = Redact::new(self.server.secrets()).whole(failure.partial);
            let failure = Failure { partial, ..failure };
            return Err(self.naming_models(failure).await);
        };
        let mut first_token = None;
        let mut redact = Redact::new(self.server.secrets());
        let mut each = |text: &str| {
            first_token.get_or_insert_with(|| began.elapsed());
            let text = redact.piece(text);
            if !text.is_empty() {
                delta(&text);
            }
        };
        let mut assembly = Assembly::default();
        let body = body::of(response, self.idle, deadline);
        let read = Reader { wire, assembly: &mut assembly, delta: &mut each }.read(body).await;
        assembly.end_thoughts();
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
            let usage =
                read.is_ok().then(|| assembly.usage(chat.bytes())).filter(|usage| !usage.estimated).map(Box::new);
            return Err(Failure { partial: redact.whole(assembly.text), usage, ..failure });
        }
        let rest = redact.rest();
        if !rest.is_empty() {
            delta(&rest);
        }
        let total = began.elapsed();
        Ok(ChatReply {
            finish: assembly.finish(),
            usage: assembly.usage(chat.bytes()),
            context_tokens,
            text: redact.whole(assembly.text),
            first_token: first_token.unwrap_or(total),
            total,
        })
    }

    /// What came up since this was called last.
    pub fn remarks(&self) -> Vec<String> {
        std::mem::take(&mut self.remarks.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Keeps for the record, once, that the model is asked to think otherwise than was wished.
    fn tell_of_effort(&self) {
        let Some((wish, level)) = self.dialect.effort_instead() else { return };
        if self.told_of_effort.swap(true, Ordering::Relaxed) {
            return;
        }
        let instead = match level {
            Some(level) => format!("it is asked with {}", level.name()),
            None => "it is asked without, and thinks as much as it does by itself".into(),
        };
        let model = self.server.shown_model();
        let remark = format!("{model} does not take reasoning_effort = {}: {instead}", wish.name());
        self.remark(remark);
    }

    /// Asks for one token, to see whether key and model are accepted.
    pub(super) async fn one_token(&self) -> Result<(), Failure> {
        let ask = async |max_output_tokens: u64| {
            let (messages, format, cache) = ([Message::user("Say yes.")], Format::Text, Cache::Nothing);
            let chat = Chat { messages: &messages, format, max_output_tokens, stream: false, cache };
            self.chat(&chat, |_| {}).await.map(|_| ())
        };
        let least = self.server.preset.wire.least_output();
        match ask(least).await {
            // Some servers want so many at least.
            Err(failure) if least < ENOUGH && failure.says(&TOO_FEW) => ask(ENOUGH).await,
            answered => answered,
        }
    }

    /// The request in the form that the server is known to take.
    fn asked<'a>(&'a self, chat: &'a Chat<'a>, form: Form) -> Asked<'a> {
        Asked {
            chat,
            model: &self.server.model,
            takes: self.takes,
            format: form.format,
            temperature: self.temperature.filter(|_| form.has(Part::Temperature)),
            effort: form.effort,
            adaptive: form.has(Part::Adaptive),
            at_once: self.at_once && form.has(Part::Template),
            counted: form.has(Part::Count),
            completion_tokens: form.has(Part::CompletionTokens),
            cache_key: self.takes.cache_key && form.has(Part::CacheKey),
            context_tokens: self.room_for(chat),
        }
    }

    pub(super) fn remark(&self, remark: String) {
        self.remarks.lock().unwrap_or_else(PoisonError::into_inner).push(remark);
    }

    /// A request with what every request to this server carries.
    pub(super) fn request(&self, method: Method, url: Url) -> RequestBuilder {
        let mut request = self.http.request(method, url);
        for (name, value) in self.server.preset.wire.headers() {
            request = request.header(*name, *value);
        }
        self.server.credentials().fold(request, |request, (name, value)| request.header(name, value))
    }

    /// For a redirect of a request to `asked`.
    pub(super) fn redirect(&self, status: u16, headers: &HeaderMap, asked: &Url) -> Failure {
        let target = headers.get(LOCATION).and_then(|target| target.to_str().ok());
        let target = target.and_then(|target| self.server.endpoint.moved(asked, target));
        // One that cannot be shown as it is cannot be set either.
        let shown = target.filter(|target| quote(target, self.server.secrets(), &[]).as_ref() == Some(target));
        failure::of_redirect(&self.server, status, shown.as_deref())
    }

    /// Sends, and waits for the head of the response.
    async fn send(
        &self,
        chat: &Chat<'_>,
        body: Vec<u8>,
        began: Instant,
        deadline: Instant,
    ) -> Result<reqwest::Response, Failure> {
        let address = self.server.preset.wire.address(&self.server.model, chat.stream);
        let request = self.request(Method::POST, self.server.endpoint.at(&address)).body(body);
        let request = request.header(CONTENT_TYPE, "application/json");
        let silence = Instant::now() + self.first;
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
            _ if refusal.is_key() => None,
            _ => quote(&refusal.text, self.server.secrets(), sent),
        };
        Failure { said, ..failure }
    }

    /// Adds the models that the server does have and whose names are near, where it is the model that it does not know.
    async fn naming_models(&self, failure: Failure) -> Failure {
        if !failure.unknown_model {
            return failure;
        }
        // Each of thousands of jobs fails for the same reason.
        let Ok(names) = self.nearest.get_or_try_init(|| self.nearest_models()).await else { return failure };
        if names.is_empty() {
            return failure;
        }
        Failure { message: format!("{}; it offers {}", failure.message, names.join(", ")), ..failure }
    }
}

/// A model that thought until its cap and wrote nothing, which some servers call a wrong request.
fn at_cap(chat: &Chat<'_>, total: Duration) -> ChatReply {
    let counts =
        Counts { output: Some(chat.max_output_tokens), reasoning: Some(chat.max_output_tokens), ..Counts::default() };
    let mut assembly = Assembly::default();
    (assembly.ending, assembly.counts) = (Some(Ending::Length), counts);
    ChatReply {
        text: String::new(),
        finish: assembly.finish(),
        usage: assembly.usage(chat.bytes()),
        context_tokens: None,
        first_token: total,
        total,
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
    // The system's certificates, a hundred and more, are read only where one is looked at, as a proxy's may be.
    let plain = !server.endpoint.is_encrypted() && !proxy;
    let builder = if plain { builder.tls_certs_only([]) } else { builder };
    builder.build().map_err(|_| {
        Failure::never(format!("{} cannot be asked: no TLS or proxy could be set up on this system", server.name()))
    })
}

fn temperature(setting: f64) -> Option<f64> {
    (setting >= 0.0).then_some(setting)
}
