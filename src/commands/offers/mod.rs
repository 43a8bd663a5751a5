//! Fills the lists to pick from, beside the screen: models that servers and folders offer, sessions on disk.

mod chosen;
mod local;
mod log;
mod remote;
pub mod sessions;

use std::task::{Context, Poll};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::forecasting::{Forecasting, Wanted};
use super::{begin, diff};
use crate::app::picker::{Calling, Standing};
use crate::app::{Filling, Message, PickerNews};
use crate::config::Config;
use crate::journal::Session;

pub use chosen::{Side, connect, put_back, with};

/// How long all the answers to one list are waited for.
const PATIENCE: Duration = Duration::from_secs(30);
/// What waits to be shown before the filling is slowed.
const WAITING: usize = 16;

/// News for the picker of a ticket, or for the start form.
pub type News = Message;

/// What fills the list that is open, if one is.
pub struct Offers {
    sender: mpsc::Sender<News>,
    news: mpsc::Receiver<News>,
    /// Ends what fills the list.
    filling: CancellationToken,
    /// Ends what reads for the preview.
    reading: CancellationToken,
    forecasting: Forecasting,
}

/// Where a filling sends its rows. Once it is stopped nothing more is taken.
#[derive(Clone)]
struct Outlet {
    ticket: u64,
    sender: mpsc::Sender<News>,
    stop: CancellationToken,
}

impl Offers {
    pub fn new() -> Self {
        let (sender, news) = mpsc::channel(WAITING);
        let forecasting = Forecasting::telling(sender.clone());
        Self { sender, news, filling: CancellationToken::new(), reading: CancellationToken::new(), forecasting }
    }

    pub fn poll(&mut self, context: &mut Context<'_>) -> Poll<News> {
        match self.news.poll_recv(context) {
            Poll::Ready(Some(news)) => Poll::Ready(news),
            // The sender is kept here: the channel never ends.
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        }
    }

    /// Fills a list in place of the one before.
    pub fn fill(&mut self, ticket: u64, filling: Filling, config: &Config) {
        self.stop();
        let outlet = self.outlet(ticket, &self.filling);
        let (config, stop) = (config.clone(), self.filling.clone());
        let fill = async move {
            match filling {
                Filling::RemoteModels { provider } => remote::fill(&outlet, &config, provider.as_deref()).await,
                Filling::LocalModels => local::fill(&outlet, &config).await,
                Filling::Sessions => sessions::fill(outlet, &config).await,
                Filling::Log => {
                    let read = tokio::task::spawn_blocking(move || log::fill(&outlet)).await;
                    if let Err(error) = read {
                        tracing::warn!("the log could not be listed: {error}");
                    }
                }
            }
        };
        tokio::spawn(async move { stop.run_until_cancelled(fill).await });
    }

    /// Reads what the preview says of a session, in place of the one before.
    pub fn read(&mut self, ticket: u64, session: String, config: &Config) {
        self.reading.cancel();
        self.reading = CancellationToken::new();
        let outlet = self.outlet(ticket, &self.reading);
        let config = config.clone();
        tokio::task::spawn_blocking(move || sessions::read(&outlet, &config, &session));
    }

    /// Reads the questions of stored sessions.
    pub fn earlier_questions(&self, config: &Config) {
        let (config, sender) = (config.clone(), self.sender.clone());
        tokio::task::spawn_blocking(move || {
            // Where the screen is gone, nobody misses them.
            let _ = sender.blocking_send(Message::EarlierQuestions(sessions::questions(&config)));
        });
    }

    /// Works out what a question is expected to come to.
    pub fn forecast(&self, wanted: Wanted) {
        self.forecasting.want(wanted);
    }

    /// Compares two sessions; the screen shows them side by side, or says why it cannot.
    pub fn compare(&self, a: String, b: String, config: &Config) {
        let (config, sender) = (config.clone(), self.sender.clone());
        tokio::task::spawn_blocking(move || {
            let compared = begin::store(&config).and_then(|store| diff::compare(&store, &a, &b));
            let message = match compared {
                Ok(compared) => Message::Compared(Box::new(compared)),
                Err(error) => Message::Notice(format!("not compared: {error}")),
            };
            let _ = sender.blocking_send(message);
        });
    }

    /// Puts sessions side by side; the screen shows them as a table, or says why it cannot.
    pub fn side_by_side(&self, sessions: Vec<String>, config: &Config) {
        let (config, sender) = (config.clone(), self.sender.clone());
        tokio::task::spawn_blocking(move || {
            let message = match begin::store(&config).map(|store| diff::sides(&store, &sessions)) {
                Ok((sides, unread)) if sides.is_empty() => {
                    Message::Notice(format!("not put side by side: {}", unread.join("; ")))
                }
                Ok((sides, unread)) => Message::SideBySide { sides, unread },
                Err(error) => Message::Notice(format!("not put side by side: {error}")),
            };
            let _ = sender.blocking_send(message);
        });
    }

    /// Deletes a session for good; the list says what came of it.
    pub fn delete(&self, ticket: u64, session: String, config: &Config) {
        let outlet = self.outlet(ticket, &CancellationToken::new());
        let config = config.clone();
        tokio::task::spawn_blocking(move || sessions::delete(&outlet, &config, session));
    }

    /// Compares two rounds of a session.
    pub fn compare_rounds(&self, session: Session, a: u32, b: u32) {
        let sender = self.sender.clone();
        tokio::task::spawn_blocking(move || {
            let message = match diff::compare_rounds(&session, a, b) {
                Ok(compared) => Message::ComparedRounds { rounds: (a, b), compared: Box::new(compared) },
                Err(error) => Message::Notice(format!("not compared: {error}")),
            };
            let _ = sender.blocking_send(message);
        });
    }

    /// Calls a session by another title or other tags; the list says what came of it.
    pub fn call(&self, ticket: u64, session: String, calling: Calling, config: &Config) {
        let outlet = self.outlet(ticket, &CancellationToken::new());
        let config = config.clone();
        tokio::task::spawn_blocking(move || sessions::call(&outlet, &config, &session, calling));
    }

    /// Compresses a session or brings it back; the list says what came of it.
    pub fn archive(&self, ticket: u64, session: String, restore: bool, config: &Config) {
        let outlet = self.outlet(ticket, &CancellationToken::new());
        let config = config.clone();
        tokio::task::spawn_blocking(move || sessions::archive(&outlet, &config, &session, restore));
    }

    pub fn stop(&mut self) {
        self.filling.cancel();
        self.reading.cancel();
        self.filling = CancellationToken::new();
    }

    fn outlet(&self, ticket: u64, stop: &CancellationToken) -> Outlet {
        Outlet { ticket, sender: self.sender.clone(), stop: stop.clone() }
    }
}

impl Drop for Offers {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Outlet {
    /// A line for the person, from a thread that may wait.
    fn notice(&self, text: String) {
        let _ = self.sender.blocking_send(Message::Notice(text));
    }

    async fn send(&self, news: PickerNews) {
        // Where nobody shows a list any more, nobody misses its rows.
        let _ = self.sender.send(Message::Picker { ticket: self.ticket, news }).await;
    }

    /// The same from a thread that may wait. False where the list is wanted no longer.
    fn push(&self, news: PickerNews) -> bool {
        !self.stop.is_cancelled() && self.sender.blocking_send(Message::Picker { ticket: self.ticket, news }).is_ok()
    }
}

fn failed(error: impl std::fmt::Display) -> Standing {
    Standing::Failed(error.to_string())
}
