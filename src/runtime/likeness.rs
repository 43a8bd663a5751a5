//! Answers a program's questions of how alike texts are, by the embedding model of the session.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::local::Embedder;
use crate::sandbox::{Likeness, Likenesses, Question};

/// What there is of the session's embedding model.
#[derive(Clone, Default)]
pub enum Embeddings {
    /// The session has none: `retrieve` goes by words alone.
    #[default]
    None,
    By(Arc<Embedder>),
    /// It has one that is not here, for this reason.
    Missing(String),
}

/// The answers to one program, and why one of them could not be given.
pub(super) struct Asked<'a> {
    embeddings: &'a Embeddings,
    error: Mutex<Option<String>>,
}

impl<'a> Asked<'a> {
    pub(super) fn new(embeddings: &'a Embeddings) -> Self {
        Self { embeddings, error: Mutex::default() }
    }

    /// What a program is given; nothing where it is to ask nothing.
    pub(super) fn likeness(&self) -> Option<&dyn Likeness> {
        match self.embeddings {
            Embeddings::None => None,
            Embeddings::By(_) | Embeddings::Missing(_) => Some(self),
        }
    }

    /// The first one.
    pub(super) fn error(self) -> Option<String> {
        self.error.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Likeness for Asked<'_> {
    fn compare(&self, question: Question) -> BoxFuture<'_, Result<Likenesses, String>> {
        Box::pin(async move {
            match self.embeddings {
                Embeddings::By(embedder) => {
                    embedder.compare(&question.queries, &question.chunks).await.map_err(|error| error.message)
                }
                Embeddings::Missing(why) => Err(why.clone()),
                Embeddings::None => Err("the session has no embedding model".into()),
            }
        })
    }

    fn patience(&self) -> Duration {
        match self.embeddings {
            Embeddings::By(embedder) => embedder.patience(),
            Embeddings::Missing(_) | Embeddings::None => Duration::from_secs(1),
        }
    }

    fn failed(&self, why: String) {
        tracing::warn!("a program retrieves by words alone: {why}");
        self.error.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(why);
    }
}
