//! What a question is expected to come to, worked out beside the screen as it is typed.

use tokio::sync::{mpsc, watch};

use super::super::screen::now_ms;
use super::expected;
use crate::app::Message;
use crate::app::forecast::OF_RUN;
use crate::config::Config;
use crate::document::{Document, Span};

/// What is to be worked out.
#[derive(Clone)]
pub struct Wanted {
    /// By which the screen knows what it asked for.
    pub number: u64,
    pub question: String,
    pub part: Option<Span>,
    pub config: Config,
    pub documents: Vec<Document>,
    /// When the run began that this is about, where it has begun. In milliseconds since 1970.
    pub began_ms: Option<u64>,
}

impl Wanted {
    /// Of a run that begins.
    pub fn of_run(question: String, part: Option<Span>, config: &Config, documents: Vec<Document>) -> Self {
        Self { number: OF_RUN, question, part, config: config.clone(), documents, began_ms: Some(now_ms()) }
    }
}

/// Works out one forecast at a time, always the one that was wanted last.
pub struct Forecasting {
    wanted: watch::Sender<Option<Wanted>>,
}

impl Forecasting {
    /// Must be called on a tokio runtime. It ends when this is dropped.
    pub fn telling(sender: mpsc::Sender<Message>) -> Self {
        let (wanted, mut asked) = watch::channel::<Option<Wanted>>(None);
        tokio::spawn(async move {
            while asked.changed().await.is_ok() {
                let Some(Wanted { number, question, part, config, documents, began_ms }) =
                    asked.borrow_and_update().clone()
                else {
                    continue;
                };
                let work = move || expected(&config, &documents, &question, part, began_ms);
                let Ok(expected) = tokio::task::spawn_blocking(work).await else { continue };
                let forecast = expected.map(Box::new).map_err(|failure| failure.to_string());
                if sender.send(Message::Forecast { number, forecast }).await.is_err() {
                    return;
                }
            }
        });
        Self { wanted }
    }

    pub fn want(&self, wanted: Wanted) {
        self.wanted.send_replace(Some(wanted));
    }
}
