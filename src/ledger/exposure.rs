//! Which bytes of the documents left this machine in the requests to the remote LM.
//!
//! A request exposes every run of at least five consecutive words of a document, whatever its case, layout, typography and
//! JSON escapes, and every run of at least 24 exact bytes. Words that the person typed into the question or that stand in
//! the prompts and coincide with a document's count as well: the figure is an upper bound of what such runs give away.

use std::sync::Arc;

use super::shingle::Shingles;
use super::span_set::SpanSet;
use crate::document::{Document, Span};
use crate::protocol::{AskId, Fact, RemoteAsk};

/// How deep JSON within JSON is unescaped.
const ESCAPE_LEVELS: usize = 3;

/// A fold over facts, for the session's documents.
#[derive(Clone, Debug)]
pub struct Exposure {
    texts: Vec<Arc<str>>,
    asks: Vec<AskExposure>,
    spans: SpanSet,
}

/// What one request took along.
#[derive(Clone, Debug, PartialEq)]
pub struct AskExposure {
    pub ask: AskId,
    pub spans: SpanSet,
    pub bytes: usize,
}

impl Exposure {
    /// In the order in which the session names the documents.
    pub fn new(documents: &[Document]) -> Self {
        let texts = documents.iter().map(|document| Arc::clone(&document.text)).collect();
        Self { texts, asks: Vec::new(), spans: SpanSet::new() }
    }

    /// Reads every document once for each request to the remote LM; other facts cost nothing.
    pub fn apply(&mut self, fact: &Fact) {
        let Fact::RemoteAsked(request) = fact else { return };
        let spans = self.exposed_by(request);
        self.spans.merge(&spans);
        self.asks.push(AskExposure { ask: request.ask, bytes: spans.total_bytes(), spans });
    }

    /// What sending `request` would expose, whether or not it is sent.
    pub fn exposed_by(&self, request: &RemoteAsk) -> SpanSet {
        let mut shingles = Shingles::default();
        for message in &request.messages {
            shingles.add(&message.content);
            let mut text = unescape(&message.content);
            for _ in 1..ESCAPE_LEVELS {
                let Some(plain) = text else { break };
                shingles.add(&plain);
                text = unescape(&plain);
            }
            if let Some(plain) = text {
                shingles.add(&plain);
            }
        }
        let mut spans = SpanSet::new();
        for (document, text) in self.texts.iter().enumerate() {
            // Windows come in order, so most continue the run before them.
            let mut run = Span::new(document, 0, 0);
            shingles.scan(text, |window| {
                if window.start >= run.start && window.start <= run.end {
                    run.end = run.end.max(window.end);
                } else {
                    spans.insert(run);
                    run = Span::new(document, window.start, window.end);
                }
            });
            spans.insert(run);
        }
        spans
    }

    /// The requests that were made, in order.
    pub fn asks(&self) -> &[AskExposure] {
        &self.asks
    }

    /// Everything that left in any request.
    pub fn spans(&self) -> &SpanSet {
        &self.spans
    }

    /// How many bytes of the documents left, each counted once.
    pub fn bytes(&self) -> usize {
        self.spans.total_bytes()
    }

    /// The exposed part of all documents, 0 to 1.
    pub fn share(&self) -> f64 {
        self.share_of(self.bytes())
    }

    /// What part of all documents so many bytes are, 0 to 1.
    pub fn share_of(&self, bytes: usize) -> f64 {
        let all: usize = self.texts.iter().map(|text| text.len()).sum();
        if all == 0 { 0.0 } else { bytes as f64 / all as f64 }
    }
}

/// The text with one level of JSON (and Python) escapes undone; nothing where there are none.
fn unescape(text: &str) -> Option<String> {
    let mut rest = &text[text.find('\\')?..];
    let mut plain = text[..text.len() - rest.len()].to_owned();
    let mut changed = false;
    while let Some(at) = rest.find('\\') {
        plain.push_str(&rest[..at]);
        let escape = &rest[at..];
        let (character, length) = match escape.as_bytes().get(1) {
            Some(b'n' | b'r' | b't' | b'f' | b'b') => (Some(' '), 2),
            Some(b'"') => (Some('"'), 2),
            Some(b'\'') => (Some('\''), 2),
            Some(b'/') => (Some('/'), 2),
            Some(b'\\') => (Some('\\'), 2),
            Some(b'x') => (hex(escape, 2).and_then(char::from_u32), 4),
            Some(b'u') => match hex(escape, 4) {
                Some(high @ 0xd800..0xdc00) => (surrogate_pair(high, escape.get(6..)), 12),
                code => (code.and_then(char::from_u32), 6),
            },
            _ => (None, 1),
        };
        match character {
            Some(character) => {
                plain.push(character);
                rest = &escape[length..];
                changed = true;
            }
            None => {
                plain.push('\\');
                rest = &escape[1..];
            }
        }
    }
    plain.push_str(rest);
    changed.then_some(plain)
}

/// The number in the `digits` hexadecimal digits behind `\x` or `\u`.
fn hex(escape: &str, digits: usize) -> Option<u32> {
    let number = escape.get(2..2 + digits)?;
    number.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u32::from_str_radix(number, 16).ok()).flatten()
}

fn surrogate_pair(high: u32, second: Option<&str>) -> Option<char> {
    let low = hex(second?.strip_prefix("\\u").and(second)?, 4).filter(|low| (0xdc00..0xe000).contains(low))?;
    char::from_u32(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00))
}
