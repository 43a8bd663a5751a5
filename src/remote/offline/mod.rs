//! The embedded remote LM: a planner without a model. It takes part in the same protocol through the same messages,
//! and like every remote LM it knows of the documents only what those messages say.

mod compose;
mod message;
mod outputs;
mod program;
mod question;
#[cfg(test)]
mod tests;

use std::time::Instant;

use futures_util::future::BoxFuture;
use tokio::sync::mpsc;

use super::{RemoteError, RemoteLm, RemoteReply};
use crate::protocol::{Finish, ModelInfo, Price, Purpose, RemoteAsk, Usage, estimate_tokens};

pub use compose::{Evidence, weigh};
pub use message::Request;
pub use outputs::{Found, read_outputs};
pub use program::Plan;
pub use question::{Keyword, Question, Topic};

/// A planner that knows words and no more. It holds no state: all it needs stands in each request.
#[derive(Clone, Copy, Debug, Default)]
pub struct OfflinePlanner;

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
            let text = reply(request);
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

/// What the planner says to a request.
pub fn reply(ask: &RemoteAsk) -> String {
    let request = Request::read(ask);
    match ask.purpose {
        Purpose::Advise => advise(&request),
        Purpose::Decompose => format!("```python\n{}```\n", Plan::of(&request).program()),
        Purpose::Think => compose::think(&request),
        Purpose::Decide => compose::decide(&request),
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
        text.push_str(&format!("\nFor the computation: {}.", topic.task));
    }
    text.push_str("\nI compute nothing: I quote the words of the documents in which these stand closest together.");
    text
}
