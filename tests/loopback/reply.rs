//! What the scripted server replies.

use axum::body::Body;
use axum::http::Response;
use futures_util::stream;
use serde_json::{Value, json};

use super::{InFlight, Wire};

/// One reply; made by [`Reply::text`], [`Reply::status`] or [`Reply::body`] and changed from there.
#[derive(Clone, Debug)]
pub struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    /// Sent as it is, in place of a completion.
    body: Option<String>,
    text: String,
    finish: &'static str,
    tokens: Option<Tokens>,
    /// Bytes in one write.
    write: usize,
    /// Whether a request for a stream gets one.
    streams: bool,
    ends_with_done: bool,
    noisy: bool,
    pub(super) crowd: Option<usize>,
    pub(super) fault: Option<Fault>,
}

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// No byte ever comes.
    Hang,
    /// The text comes, and then no byte more.
    HangAfterText,
    /// The connection breaks after the text.
    CutAfterText,
    /// The body ends in good order after the text, without a word on why.
    EndAfterText,
    /// After the text comes an event with this in it.
    ErrorAfterText(Value),
}

/// Tokens as the server counts them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tokens {
    pub input: u64,
    pub cached: u64,
    pub output: u64,
    pub reasoning: u64,
}

impl std::ops::AddAssign for Tokens {
    fn add_assign(&mut self, other: Self) {
        self.input += other.input;
        self.cached += other.cached;
        self.output += other.output;
        self.reasoning += other.reasoning;
    }
}

impl Reply {
    /// A completion with this text, as a stream or whole as the request asks; its tokens are counted by words.
    pub fn text(text: impl Into<String>) -> Self {
        Self {
            status: 200,
            headers: Vec::new(),
            body: None,
            text: text.into(),
            finish: "stop",
            tokens: None,
            write: usize::MAX,
            streams: true,
            ends_with_done: true,
            noisy: false,
            crowd: None,
            fault: None,
        }
    }

    /// This status with this JSON.
    pub fn status(status: u16, body: Value) -> Self {
        Self { status, ..Self::body("application/json", body.to_string()) }
    }

    /// A success with this body, whatever it is.
    pub fn body(content_type: &str, body: impl Into<String>) -> Self {
        Self { body: Some(body.into()), ..Self::text("") }.header("content-type", content_type)
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    pub fn with_status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    pub fn finish(self, finish: &'static str) -> Self {
        Self { finish, ..self }
    }

    pub fn tokens(self, tokens: Tokens) -> Self {
        Self { tokens: Some(tokens), ..self }
    }

    /// The body goes out in writes of this many bytes.
    pub fn in_writes_of(self, write: usize) -> Self {
        Self { write, ..self }
    }

    /// A request for a stream gets the whole reply at once.
    pub fn never_streamed(self) -> Self {
        Self { streams: false, ..self }
    }

    pub fn without_done(self) -> Self {
        Self { ends_with_done: false, ..self }
    }

    /// Holds the reply back until the server has had this many requests in flight at once.
    pub fn once_crowded(self, crowd: usize) -> Self {
        Self { crowd: Some(crowd), ..self }
    }

    pub fn fault(self, fault: Fault) -> Self {
        Self { fault: Some(fault), ..self }
    }

    /// What decent servers may do to a stream: a byte-order mark, comments, and lines that end as in HTTP.
    pub fn noisy(self) -> Self {
        Self { noisy: true, ..self }
    }

    /// The response, and the tokens it reports.
    pub(super) fn render(
        self,
        wire: Wire,
        request: &Value,
        streamed: bool,
        in_flight: InFlight,
    ) -> (Response<Body>, Tokens) {
        let streamed = self.streams && streamed;
        let counted = wire.counts(self.tokens.unwrap_or_else(|| count(request, &self.text)));
        let unasked = wire == Wire::Chat && request["stream_options"]["include_usage"] != json!(true);
        let reports = !(streamed && unasked);
        let reported = if self.body.is_none() && self.fault.is_none() && reports { counted } else { Tokens::default() };
        let (kind, text) = match &self.body {
            Some(body) => (None, body.clone()),
            None if streamed => (Some(wire.content_type()), self.stream(wire, counted, reports)),
            None => (Some("application/json"), wire.whole(&self.text, self.finish, counted).to_string()),
        };
        let mut response = Response::builder().status(self.status);
        if let Some(kind) = kind {
            response = response.header("content-type", kind);
        }
        for (name, value) in &self.headers {
            response = response.header(name, value);
        }
        let writes: Vec<Vec<u8>> = text.as_bytes().chunks(self.write).map(<[u8]>::to_vec).collect();
        (response.body(body(writes, self.fault, in_flight)).unwrap(), reported)
    }

    fn stream(&self, wire: Wire, tokens: Tokens, reports: bool) -> String {
        let comment = if wire == Wire::Ollama { "" } else { ": a comment\n\n" };
        let mut stream = String::from(comment);
        let mut pieces = wire.pieces(&self.text, tokens);
        match &self.fault {
            Some(Fault::ErrorAfterText(error)) => pieces.push(error.clone()),
            Some(_) => {}
            None => pieces.extend(wire.ending(&self.text, self.finish, reports.then_some(tokens))),
        }
        for piece in &pieces {
            stream.push_str(&wire.framed(piece));
        }
        if self.fault.is_none() && wire == Wire::Chat && self.ends_with_done {
            stream.push_str("data: [DONE]\n\n");
        }
        match self.noisy {
            true => format!("\u{feff}{}", stream.replace('\n', "\r\n").replace("data: ", "data:")),
            false => stream,
        }
    }
}

fn body(writes: Vec<Vec<u8>>, fault: Option<Fault>, in_flight: InFlight) -> Body {
    let state = (writes.into_iter(), fault, in_flight);
    Body::from_stream(stream::unfold(state, |(mut writes, fault, in_flight)| async move {
        if let Some(write) = writes.next() {
            return Some((Ok(write), (writes, fault, in_flight)));
        }
        match fault {
            Some(Fault::HangAfterText) => std::future::pending().await,
            Some(Fault::CutAfterText) => {
                // What was written goes out before the connection breaks.
                tokio::task::yield_now().await;
                Some((Err(std::io::Error::other("cut")), (writes, None, in_flight)))
            }
            _ => {
                in_flight.end();
                None
            }
        }
    }))
}

fn count(request: &Value, text: &str) -> Tokens {
    let words = |text: &str| text.split_whitespace().count() as u64;
    Tokens { input: words_in(request), output: words(text), ..Tokens::default() }
}

/// Words of the messages, wherever a wire has them.
fn words_in(request: &Value) -> u64 {
    let said = ["messages", "input", "contents"].iter().find_map(|name| request[*name].as_array());
    let texts =
        said.into_iter().flatten().flat_map(|message| match message.get("content").unwrap_or(&message["parts"]) {
            Value::String(text) => vec![text.as_str()],
            parts => parts.as_array().into_iter().flatten().filter_map(|part| part["text"].as_str()).collect(),
        });
    texts.map(|text| text.split_whitespace().count() as u64).sum()
}
