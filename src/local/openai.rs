//! A local LM behind any OpenAI-compatible server: one request a job.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::{JobRequest, LocalError, LocalLm, Probe};
use crate::config::LocalConfig;
use crate::protocol::{ModelInfo, WorkerReply, prompts};
use crate::provider::{Backoff, Chat, ChatReply, Client, Failure, Format};

/// The nominal wait after a first failure, doubled after each further one.
const FIRST_WAIT: Duration = Duration::from_millis(250);
const LONGEST_WAIT: Duration = Duration::from_secs(10);
/// Jobs in a row that find no server, each after all its tries, before the server is taken to be away.
const ABSENCES: u32 = 4;
/// How long it is taken to be away before a job tries again.
const ABSENT_FOR: Duration = Duration::from_secs(10);

/// Speaks to one server as one model. At most `max_in_flight` requests are under way at once, those that wait for
/// another try included, so a server that is overloaded is asked less.
pub struct OpenAiLocal {
    client: Client,
    places: Semaphore,
    max_in_flight: usize,
    attempts: u32,
    timeout: Duration,
    schema: Value,
    absence: Mutex<Absence>,
}

/// Whether the server seems to be away. Else each of thousands of jobs would knock in vain, and wait, and knock again.
#[derive(Debug, Default)]
struct Absence {
    /// Jobs in a row that found no server.
    jobs: u32,
    /// When the last of them gave up, and what it said.
    last: Option<(Instant, LocalError)>,
}

impl Absence {
    fn note(&mut self, error: &LocalError, now: Instant) {
        self.jobs += 1;
        self.last = Some((now, error.clone()));
    }

    /// What a job ends with that comes now, where it need not try.
    fn error(&self, now: Instant) -> Option<&LocalError> {
        let (at, error) = self.last.as_ref()?;
        (self.jobs >= ABSENCES && now.duration_since(*at) < ABSENT_FOR).then_some(error)
    }
}

impl OpenAiLocal {
    /// Checks the settings and reads the key; nothing is sent yet.
    pub async fn connect(config: &LocalConfig) -> Result<Self, LocalError> {
        let max_in_flight = config.max_in_flight.clamp(1, Semaphore::MAX_PERMITS);
        Ok(Self {
            client: Client::for_local(config).await?,
            places: Semaphore::new(max_in_flight),
            max_in_flight,
            attempts: config.attempts,
            timeout: Duration::from_secs(config.timeout_s),
            schema: output_schema(),
            absence: Mutex::default(),
        })
    }

    /// Whether the server is there and offers the model, without spending a token.
    pub async fn probe(&self) -> Result<Probe, LocalError> {
        Ok(self.client.probe().await?)
    }

    fn absence(&self) -> MutexGuard<'_, Absence> {
        self.absence.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn persist(&self, chat: &Chat<'_>) -> Result<ChatReply, Failure> {
        let mut backoff = Backoff::new(self.attempts, FIRST_WAIT, LONGEST_WAIT);
        loop {
            match self.client.chat(chat, |_| {}).await {
                Ok(reply) => return Ok(reply),
                Err(failure) => match backoff.next(failure.again) {
                    // Others may have found out meanwhile that there is nobody to wait for.
                    Some(_) if failure.absent && self.absence().error(Instant::now()).is_some() => return Err(failure),
                    Some(wait) => tokio::time::sleep(wait).await,
                    None => return Err(failure),
                },
            }
        }
    }
}

impl LocalLm for OpenAiLocal {
    fn info(&self) -> ModelInfo {
        ModelInfo {
            provider: self.client.provider().into(),
            model: self.client.model().to_owned(),
            is_model: true,
            price: None,
        }
    }

    fn max_in_flight(&self) -> usize {
        self.max_in_flight
    }

    fn execute(&self, job: JobRequest) -> BoxFuture<'_, Result<WorkerReply, LocalError>> {
        Box::pin(async move {
            let closed = |_| LocalError { message: "the local LM takes no more jobs: start the run again".into() };
            let _place = self.places.acquire().await.map_err(closed)?;
            if let Some(error) = self.absence().error(Instant::now()) {
                return Err(error.clone());
            }
            let messages = prompts::worker_messages(job.chunk.as_str(), &job.task, &job.advice);
            let chat = Chat {
                messages: &messages,
                format: Format::JsonSchema { name: "job_output", schema: &self.schema },
                max_output_tokens: job.max_output_tokens,
                stream: false,
            };
            let result = tokio::time::timeout(self.timeout, self.persist(&chat)).await.map_err(|_| LocalError {
                message: format!(
                    "the local LM at {} did not finish a job within {} s, tries included: lower local.max_in_flight or \
                     raise local.timeout_s",
                    self.client.place(),
                    self.timeout.as_secs()
                ),
            })?;
            let absent = result.as_ref().is_err_and(|failure| failure.absent);
            let result = result.map_err(LocalError::from);
            match &result {
                Err(error) if absent => self.absence().note(error, Instant::now()),
                _ => *self.absence() = Absence::default(),
            }
            let reply = result?;
            Ok(WorkerReply { text: reply.text, finish: reply.finish, usage: reply.usage })
        })
    }
}

impl From<Failure> for LocalError {
    /// What the server said is left out: it may repeat the chunk.
    fn from(failure: Failure) -> Self {
        Self { message: failure.message }
    }
}

/// What [`read_output`](crate::protocol::read_output) reads, as a JSON schema that every known server takes.
fn output_schema() -> Value {
    let optional = json!({ "anyOf": [{ "type": "string" }, { "type": "null" }] });
    json!({
        "type": "object",
        "properties": { "explanation": { "type": "string" }, "citation": optional, "answer": optional },
        "required": ["explanation", "citation", "answer"],
        "additionalProperties": false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_is_away_is_left_alone_for_a_while_and_then_tried_again() {
        let (error, now) = (LocalError { message: "it is not there".into() }, Instant::now());
        let mut absence = Absence::default();
        for _ in 0..ABSENCES {
            assert!(absence.error(now).is_none());
            absence.note(&error, now);
        }
        assert_eq!(absence.error(now + ABSENT_FOR / 2).map(|error| error.message.as_str()), Some("it is not there"));
        assert!(absence.error(now + ABSENT_FOR).is_none());
    }
}
