//! The embedded remote LM: a planner without a model. It takes part in the same protocol through the same messages,
//! and like every remote LM it knows of the documents only what those messages say.

mod chat;
mod compose;
mod message;
mod outputs;
mod program;
mod question;
#[cfg(test)]
mod tests;
mod weigh;

use std::time::Instant;

use futures_util::future::BoxFuture;
use tokio::sync::mpsc;

use super::{RemoteError, RemoteLm, RemoteReply};
use crate::protocol::{Finish, ModelInfo, Price, Purpose, RemoteAsk, Usage, estimate_tokens};

use message::Request;
pub use program::{Division, Plan};
pub use question::{Keyword, Question, Topic};

/// The share of the documents' characters that is sent on from a round. This planner costs nothing, so it takes
/// twice what would be sent to a model that is paid for: evidence found still grows from 5 % to 10 %.
const KEPT_SHARE: f64 = 0.10;

/// A planner that knows words and no more. All that it needs of a session stands in each request.
#[derive(Clone, Copy, Debug)]
pub struct OfflinePlanner {
    kept_share: f64,
}

impl OfflinePlanner {
    /// A planner that sends on at most this share (0 to 1) of the documents' characters from its first round and half
    /// as much again from later ones; about half a page of short documents, and never more than some twenty pages.
    pub fn keeping(share: f64) -> Self {
        Self { kept_share: share }
    }

    /// What the program that answers this request would do.
    pub fn plan(self, ask: &RemoteAsk) -> Plan {
        Plan::of(&Request::read(ask), self.kept_share)
    }

    /// What the planner says to a request.
    fn reply(self, ask: &RemoteAsk) -> String {
        let request = Request::read(ask);
        match ask.purpose {
            Purpose::Advise => advise(&request),
            Purpose::Decompose => format!("```python\n{}```\n", Plan::of(&request, self.kept_share).program()),
            Purpose::Think => compose::think(&request),
            Purpose::Decide => chat::decide(&request).unwrap_or_else(|| compose::decide(&request)),
            Purpose::Message => chat::message(&request),
            Purpose::Answer => compose::cannot_read(),
        }
    }
}

impl Default for OfflinePlanner {
    fn default() -> Self {
        Self::keeping(KEPT_SHARE)
    }
}

impl RemoteLm for OfflinePlanner {
    fn info(&self) -> ModelInfo {
        // It runs here and costs nothing, which is a price that is known.
        let price = Some(Price::default());
        ModelInfo { provider: "offline".into(), model: "offline planner".into(), is_model: false, price }
    }

    fn ask<'a>(
        &'a self,
        request: &'a RemoteAsk,
        deltas: mpsc::Sender<String>,
    ) -> BoxFuture<'a, Result<RemoteReply, RemoteError>> {
        Box::pin(async move {
            let began = Instant::now();
            let text = self.reply(request);
            // The screen may be slow or gone: the reply does not depend on it.
            let _ = deltas.try_send(text.clone());
            let bytes = request.messages.iter().map(|message| message.content.len()).sum();
            let usage = Usage {
                input_tokens: estimate_tokens(bytes),
                output_tokens: estimate_tokens(text.len()),
                estimated: true,
                ..Usage::default()
            };
            let total = began.elapsed();
            Ok(RemoteReply { text, finish: Finish::Stop, usage, first_token: total, total })
        })
    }
}

fn advise(request: &Request) -> String {
    let question = &request.question;
    let Some(first) = question.topics.first().filter(|topic| !topic.keywords.is_empty()) else {
        return "I am the offline planner, without a model: I compare words. This question holds no word that I can look \
                for; please ask it in other words."
            .to_owned();
    };
    let own: Vec<&str> =
        first.keywords.iter().filter(|k| !k.words.contains(' ')).map(|k| k.words.as_str()).take(12).collect();
    let mut text = format!(
        "I am the offline planner, without a model: I compare words and do not understand them.\n\nI will look for {}: {}.",
        question.wanted.describe(),
        own.join(", ")
    );
    if !question.names.is_empty() {
        let names: Vec<&str> = question.names.iter().map(String::as_str).take(16).collect();
        text.push_str(&format!("\nThe same things may be called: {}.", names.join(", ")));
    }
    for topic in question.topics.iter().skip(1) {
        let part = topic.task.trim_end_matches(|c: char| c.is_ascii_punctuation());
        text.push_str(&format!("\nIn its own right: {part}."));
    }
    text.push_str("\nI compute nothing: I quote the words of the documents in which these stand closest together.");
    text
}
