//! Counts tokens beside the run: those of the next request, and those that the documents would have come to.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use super::programs::texts;
use crate::document::Document;
use crate::protocol::{DocumentTokens, Part, RemoteAsk, State, TokenCount, due_request};
use crate::remote::Tokenizer;

/// How long the end of a session waits for a count that is under way: enough for 10 MB of text.
const PATIENCE: Duration = Duration::from_secs(2);

/// The request that the protocol is about to make, with its input counted.
pub(super) struct DueRequest {
    pub(super) request: RemoteAsk,
    pub(super) count: Option<TokenCount>,
}

/// The next request, where there is one. Without a tokenizer its input is estimated.
pub(super) async fn due(state: &State, tokenizer: Option<Tokenizer>) -> Option<DueRequest> {
    let request = due_request(state, None)?;
    let Some(tokenizer) = tokenizer else { return Some(DueRequest { request, count: None }) };
    let (messages, format) = (request.messages, request.format);
    let count = tokio::task::spawn_blocking(move || tokenizer.count_request(&messages, format)).await.ok();
    Some(DueRequest { request: due_request(state, count)?, count })
}

/// The count of the session's documents. Dropping it ends the count.
pub(super) struct Counting {
    task: Option<JoinHandle<Option<DocumentTokens>>>,
    unwanted: Arc<AtomicBool>,
    /// Until when a session that is about to end waits for it.
    until: Option<Instant>,
}

impl Counting {
    /// Begins to count, where there is a tokenizer to do it: the documents, or the one part that the session is about.
    pub(super) fn begin(
        tokenizer: Option<Tokenizer>,
        question: String,
        documents: &[Document],
        part: Option<&Part>,
    ) -> Self {
        let unwanted = Arc::new(AtomicBool::new(false));
        let (texts, stop) = (texts(documents, part), unwanted.clone());
        let task = tokenizer.map(|tokenizer| {
            tokio::task::spawn_blocking(move || {
                let count = |text: &str| tokenizer.count(text, || stop.load(Ordering::Relaxed));
                Some(DocumentTokens {
                    tokenizer: tokenizer.name().into(),
                    counted: tokenizer.is_own(),
                    question: count(&question)?,
                    documents: texts.iter().map(|text| count(text)).collect::<Option<_>>()?,
                })
            })
        });
        Self { task, unwanted, until: None }
    }

    pub(super) fn is_under_way(&self) -> bool {
        self.task.is_some()
    }

    /// The session is about to end: it waits a little for the count, and then goes without.
    pub(super) fn hurry(&mut self) {
        self.until.get_or_insert_with(|| Instant::now() + PATIENCE);
    }

    /// Waits until it is done, and gives it once. May be dropped while it waits.
    pub(super) async fn done(&mut self) -> Option<DocumentTokens> {
        let task = self.task.as_mut()?;
        let done = match self.until {
            Some(until) => timeout_at(until, task).await.inspect_err(|_| {
                tracing::warn!("the session ended before its documents were counted: their tokens stay an estimate");
            }),
            None => Ok(task.await),
        };
        self.task = None;
        done.ok()?.ok().flatten()
    }
}

impl Drop for Counting {
    fn drop(&mut self) {
        self.unwanted.store(true, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Span;

    #[tokio::test]
    async fn what_a_session_about_a_part_counts_is_the_part_alone() {
        let text = "One line of words.\nAnother line of other words.\n";
        let documents = [Document::from_text("a", text), Document::from_text("b", text)];
        let tokenizer = Tokenizer::of_model("gpt-4o");
        let count = |text: &str| tokenizer.count(text, || false).unwrap();
        let part = Part::of(&documents, Span::new(1, 0, 19)).unwrap();
        for (part, tokens) in [(None, vec![count(text); 2]), (Some(&part), vec![count(&text[..19])])] {
            let counted = Counting::begin(Some(tokenizer), "Which words?".into(), &documents, part).done().await;
            let counted = counted.unwrap();
            assert_eq!((counted.documents, counted.question), (tokens, count("Which words?")));
        }
    }
}
