//! A scripted server on this machine that speaks every provider's wire: it replies as a closure says, faults included, and
//! counts.

#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod reply;
mod wires;

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, DefaultBodyLimit, State};
use axum::http::{HeaderMap, Response, StatusCode, Uri};
use axum::routing::{get, post};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};

pub use reply::{Fault, Reply, Tokens};
pub use wires::{Refused, Wire};

/// Turns of the event loop that a crowd is kept together.
const CROWD_TURNS: usize = 20;

type Script = dyn Fn(&Value) -> Reply + Send + Sync;

/// The server; it ends when this is dropped.
pub struct Loopback {
    pub address: SocketAddr,
    shared: Arc<Shared>,
    task: tokio::task::JoinHandle<()>,
}

/// What a server is like besides its replies.
#[derive(Default)]
pub struct Nature {
    /// Requests that it works on at once.
    pub slots: Option<usize>,
    /// Whether it refuses further ones or lets them wait.
    pub refuses: bool,
    /// JSON at other addresses.
    pub pages: Vec<(&'static str, Value)>,
    /// Where it listens, if that matters.
    pub address: Option<SocketAddr>,
}

struct Shared {
    script: Box<Script>,
    slots: Option<(Semaphore, bool)>,
    pages: Vec<(&'static str, Value)>,
    peers: Mutex<HashSet<SocketAddr>>,
    listed: AtomicUsize,
    /// Whether the server is gone: connections to it break.
    gone: AtomicBool,
    counts: watch::Sender<Counts>,
    requests: Mutex<Vec<Request>>,
}

/// What the server saw so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Chat requests, refused ones included.
    pub requests: usize,
    pub in_flight: usize,
    pub most_in_flight: usize,
    /// Requests whose client went away before it had the whole reply.
    pub abandoned: usize,
    /// Tokens of all usage figures it sent.
    pub tokens: Tokens,
}

/// A chat request as it came.
#[derive(Clone, Debug)]
pub struct Request {
    pub body: Value,
    pub authorization: Option<String>,
    /// Path and query.
    pub uri: String,
    pub headers: HeaderMap,
}

impl Loopback {
    /// Starts a server that gives each chat request the reply that `script` makes of its body.
    pub async fn start(script: impl Fn(&Value) -> Reply + Send + Sync + 'static) -> Self {
        Self::start_as(Nature::default(), script).await
    }

    pub async fn start_as(nature: Nature, script: impl Fn(&Value) -> Reply + Send + Sync + 'static) -> Self {
        let shared = Arc::new(Shared {
            script: Box::new(script),
            slots: nature.slots.map(|slots| (Semaphore::new(slots), nature.refuses)),
            pages: nature.pages,
            peers: Mutex::default(),
            listed: AtomicUsize::new(0),
            gone: AtomicBool::new(false),
            counts: watch::Sender::new(Counts::default()),
            requests: Mutex::default(),
        });
        let router = Router::new()
            .route("/v1/chat/completions", post(chat))
            .route("/v1/responses", post(responses))
            .route("/alone/responses", post(responses))
            .route("/v1/messages", post(messages))
            .route("/v1beta/models/{call}", post(generate))
            .route("/api/chat", post(ollama))
            .route("/v1/models", get(models))
            .route("/v1beta/models", get(|| async { axum::Json(Wire::Gemini.listing()) }))
            .route("/api/tags", get(|| async { axum::Json(Wire::Ollama.listing()) }))
            .route("/api/show", post(show))
            .fallback(get(page))
            .layer(DefaultBodyLimit::disable())
            .with_state(shared.clone())
            .into_make_service_with_connect_info::<SocketAddr>();
        let listener = TcpListener::bind(nature.address.unwrap_or(([127, 0, 0, 1], 0).into())).await.unwrap();
        let address = listener.local_addr().unwrap();
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, shared, task }
    }

    /// The base URL of a wire.
    pub fn url_of(&self, wire: Wire) -> String {
        format!("http://{}{}", self.address, wire.root())
    }

    /// Up to and with `/v1`.
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// The address, as errors show it.
    pub fn place(&self) -> String {
        format!("{}/v1", self.address)
    }

    pub fn counts(&self) -> Counts {
        *self.shared.counts.borrow()
    }

    /// Waits until what it saw is as asked for; gives up loudly when that does not come about.
    pub async fn wait_for(&self, seen: impl FnMut(&Counts) -> bool) -> Counts {
        let mut counts = self.shared.counts.subscribe();
        let seen =
            tokio::time::timeout(Duration::from_secs(60), counts.wait_for(seen)).await.map(|counts| *counts.unwrap());
        seen.unwrap_or_else(|_| panic!("what was waited for did not happen: {:?}", self.counts()))
    }

    /// How often `/v1/models` was asked for.
    pub fn listed(&self) -> usize {
        self.shared.listed.load(Ordering::Relaxed)
    }

    /// Connections that chat requests came over.
    pub fn connections(&self) -> usize {
        self.shared.peers.lock().unwrap().len()
    }

    pub fn requests(&self) -> Vec<Request> {
        self.shared.requests.lock().unwrap().clone()
    }
}

impl Drop for Loopback {
    fn drop(&mut self) {
        self.shared.gone.store(true, Ordering::Relaxed);
        self.task.abort();
    }
}

/// A request under way, until its reply is whole or its client is gone.
struct InFlight {
    shared: Arc<Shared>,
    done: bool,
}

impl InFlight {
    fn begin(shared: Arc<Shared>) -> Self {
        shared.counts.send_modify(|counts| {
            counts.requests += 1;
            counts.in_flight += 1;
            counts.most_in_flight = counts.most_in_flight.max(counts.in_flight);
        });
        Self { shared, done: false }
    }

    fn end(mut self) {
        self.done = true;
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.shared.counts.send_modify(|counts| {
            counts.in_flight -= 1;
            counts.abandoned += usize::from(!self.done);
        });
    }
}

type Server = State<Arc<Shared>>;
type Peer = ConnectInfo<SocketAddr>;

async fn chat(server: Server, peer: Peer, uri: Uri, headers: HeaderMap, body: Bytes) -> Response<Body> {
    answer(Wire::Chat, server, peer, uri, headers, body).await
}

async fn responses(server: Server, peer: Peer, uri: Uri, headers: HeaderMap, body: Bytes) -> Response<Body> {
    answer(Wire::Responses, server, peer, uri, headers, body).await
}

async fn messages(server: Server, peer: Peer, uri: Uri, headers: HeaderMap, body: Bytes) -> Response<Body> {
    answer(Wire::Anthropic, server, peer, uri, headers, body).await
}

async fn generate(server: Server, peer: Peer, uri: Uri, headers: HeaderMap, body: Bytes) -> Response<Body> {
    answer(Wire::Gemini, server, peer, uri, headers, body).await
}

async fn ollama(server: Server, peer: Peer, uri: Uri, headers: HeaderMap, body: Bytes) -> Response<Body> {
    answer(Wire::Ollama, server, peer, uri, headers, body).await
}

async fn answer(
    wire: Wire,
    State(shared): Server,
    ConnectInfo(peer): Peer,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let in_flight = InFlight::begin(shared.clone());
    shared.peers.lock().unwrap().insert(peer);
    let _slot = match &shared.slots {
        Some((slots, true)) => match slots.try_acquire() {
            Ok(slot) => Some(slot),
            Err(_) => return Reply::status(503, json!({})).render(wire, &Value::Null, false, in_flight).0,
        },
        Some((slots, false)) => Some(slots.acquire().await.unwrap()),
        None => None,
    };
    let body: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let authorization = headers.get("authorization").map(|value| value.to_str().unwrap().to_owned());
    let reply = (shared.script)(&body);
    let streamed = match wire {
        Wire::Gemini => uri.path().ends_with(":streamGenerateContent"),
        _ => body["stream"] == json!(true),
    };
    let request = Request { body: body.clone(), authorization, uri: uri.to_string(), headers };
    shared.requests.lock().unwrap().push(request);
    // Whoever waits for a certain request looks again.
    shared.counts.send_modify(|_| ());
    if let Some(crowd) = reply.crowd {
        let mut counts = shared.counts.subscribe();
        counts.wait_for(|counts| counts.most_in_flight >= crowd).await.unwrap();
        // Whoever comes beyond the crowd gets the time to be seen.
        for _ in 0..CROWD_TURNS {
            tokio::task::yield_now().await;
        }
    }
    if !reply.after.is_zero() {
        tokio::time::sleep(reply.after).await;
    }
    let reply = match shared.gone.load(Ordering::Relaxed) {
        true => Reply::text("").fault(Fault::CutAfterText),
        false => reply,
    };
    if reply.fault == Some(Fault::Hang) {
        std::future::pending::<()>().await;
    }
    let (response, tokens) = reply.render(wire, &body, streamed, in_flight);
    shared.counts.send_modify(|counts| counts.tokens += tokens);
    response
}

async fn models(State(shared): State<Arc<Shared>>) -> axum::Json<Value> {
    shared.listed.fetch_add(1, Ordering::Relaxed);
    axum::Json(Wire::Chat.listing())
}

/// What Ollama tells of a model, unless a page says otherwise.
async fn show(State(shared): State<Arc<Shared>>) -> axum::Json<Value> {
    let page = shared.pages.iter().find(|(path, _)| *path == "/api/show");
    let usual = json!({ "model_info": { "llama.context_length": 8192 } });
    axum::Json(page.map_or(usual, |(_, page)| page.clone()))
}

async fn page(State(shared): State<Arc<Shared>>, uri: Uri) -> Result<axum::Json<Value>, StatusCode> {
    let page = shared.pages.iter().find(|(path, _)| *path == uri.path());
    page.map(|(_, page)| axum::Json(page.clone())).ok_or(StatusCode::NOT_FOUND)
}
