//! Counts tokens beside the run: those of the next request, and those that the documents would have come to.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout, timeout_at};

use super::programs::texts;
use crate::document::Document;
use crate::protocol::{DocumentTokens, Part, RemoteAsk, State, due_request, enclose};
use crate::remote::Tokenizer;

/// How long a request or the end of a session waits for its count: enough for 10 MB of text.
const PATIENCE: Duration = Duration::from_secs(2);

/// The request that the protocol is about to make, where there is one. Its input stays estimated without a tokenizer, or
/// where counting it takes too long.
pub(super) async fn due(state: &State, documents: &[Document], tokenizer: Option<Tokenizer>) -> Option<RemoteAsk> {
    let mut request = due_request(state)?;
    let texts = texts(documents, state.settings().part.as_ref());
    enclose(state, &mut request, &texts.iter().map(|text| &**text).collect::<Vec<_>>());
    if let Some(tokenizer) = tokenizer {
        let (messages, format, wanted) = (request.messages.clone(), request.format, Wanted::default());
        let unwanted = wanted.unwanted();
        let count = tokio::task::spawn_blocking(move || tokenizer.count_request(&messages, format, unwanted));
        if let Ok(Ok(Some(count))) = timeout(PATIENCE, count).await {
            request.estimate = state.estimate(count, request.max_output_tokens);
        }
    }
    Some(request)
}

/// Dropping it ends the count that looks at it.
#[derive(Default)]
struct Wanted(Arc<AtomicBool>);

impl Wanted {
    fn unwanted(&self) -> impl Fn() -> bool + Send + 'static {
        let dropped = self.0.clone();
        move || dropped.load(Ordering::Relaxed)
    }
}

impl Drop for Wanted {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// The count of the session's documents. Dropping it ends the count.
pub(super) struct Counting {
    task: Option<JoinHandle<Option<DocumentTokens>>>,
    _wanted: Wanted,
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
        let wanted = Wanted::default();
        let (texts, unwanted) = (texts(documents, part), wanted.unwanted());
        let task = tokenizer.map(|tokenizer| {
            tokio::task::spawn_blocking(move || {
                let count = |text: &str| tokenizer.count(text, &unwanted);
                Some(DocumentTokens {
                    tokenizer: tokenizer.name().into(),
                    counted: tokenizer.is_own(),
                    question: count(&question)?,
                    documents: texts.iter().map(|text| count(text)).collect::<Option<_>>()?,
                })
            })
        });
        Self { task, _wanted: wanted, until: None }
    }

    /// A count that ends when its test says so, and that a session waits for as long as the test runs.
    #[cfg(test)]
    pub(super) fn by(task: JoinHandle<Option<DocumentTokens>>) -> Self {
        Self { task: Some(task), _wanted: Wanted::default(), until: Some(Instant::now() + Duration::from_secs(3600)) }
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
