//! A local LM behind OpenAI-compatible servers, one or many: one request a job, tried again where that may help.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use serde_json::{Value, json};

use super::fleet::{Failed, Fleet};
use super::{JobError, JobRequest, LocalError, LocalLm, Probe};
use crate::config::LocalConfig;
use crate::protocol::{FleetSample, Message, ModelInfo, Price, Usage, WorkerReply, prompts};
use crate::provider::{Again, Backoff, Cache, Chat, ChatReply, Failure, Format, Trouble};

/// The nominal wait after a first failure, doubled after each further one.
const FIRST_WAIT: Duration = Duration::from_millis(250);
const LONGEST_WAIT: Duration = Duration::from_secs(10);
/// The same after a server had too much to do, and how often that is borne while it works on others.
const FIRST_REFUSED_WAIT: Duration = Duration::from_millis(50);
const LONGEST_REFUSED_WAIT: Duration = Duration::from_secs(2);
const REFUSALS: u32 = 1000;
/// Jobs in a row that find no server, each after all its tries, before all are taken to be away.
const ABSENCES: u32 = 4;
/// How long they are taken to be away before a job tries again.
const ABSENT_FOR: Duration = Duration::from_secs(10);

/// Speaks to servers that offer the same model.
pub struct OpenAiLocal {
    fleet: Fleet,
    attempts: u32,
    /// Tokens beside those of an answer.
    thinking_tokens: u64,
    price: Option<Price>,
    schema: Value,
    absence: Mutex<Absence>,
}

/// Whether all servers seem to be away. Else each of thousands of jobs would knock in vain, and wait, and knock again.
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
        Ok(Self {
            fleet: Fleet::connect(config).await?,
            attempts: config.attempts,
            thinking_tokens: config.thinking_tokens.into(),
            price: None,
            schema: output_schema(),
            absence: Mutex::default(),
        })
    }

    /// With what its tokens cost.
    pub fn with_price(self, price: Option<Price>) -> Self {
        Self { price, ..self }
    }

    /// Whether each server is there and offers the model, without spending a token.
    pub async fn probe(&self) -> Vec<Result<Probe, LocalError>> {
        self.fleet.probe().await
    }

    fn chat<'a>(&'a self, job: &JobRequest, messages: &'a [Message]) -> Chat<'a> {
        Chat {
            messages,
            format: Format::JsonSchema { name: "job_output", schema: &self.schema },
            max_output_tokens: job.max_output_tokens.saturating_add(self.thinking_tokens),
            stream: false,
            cache: Cache::Nothing,
        }
    }

    fn absence(&self) -> MutexGuard<'_, Absence> {
        self.absence.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_away(&self) -> Option<LocalError> {
        self.absence().error(Instant::now()).cloned()
    }

    /// Sends the request until it is answered, and adds up what was counted of replies of no use. A server that failed it gets it again only when no other is up.
    async fn persist(&self, job: &JobRequest, useless: &mut Usage) -> Result<ChatReply, Failure> {
        let mut tried = self.fleet.untried();
        let mut failures = Backoff::new(self.attempts, FIRST_WAIT, LONGEST_WAIT);
        let mut refusals = Backoff::new(REFUSALS, FIRST_REFUSED_WAIT, LONGEST_REFUSED_WAIT);
        let mut messages: Option<Vec<Message>> = None;
        loop {
            let held = self.fleet.place(&tried).await;
            // Only what is about to be sent takes memory.
            let messages = messages.get_or_insert_with(|| messages_of(job));
            let chat = self.chat(job, messages);
            let server = held.server();
            let Failed { failure, works } = match held.send(&chat).await {
                Ok(reply) => return Ok(reply),
                Err(failed) => failed,
            };
            if let Some(counted) = &failure.usage {
                *useless += **counted;
            }
            let again = tried.get(server).copied().unwrap_or(false);
            if let Some(tried) = tried.get_mut(server) {
                *tried = true;
            }
            let other = self.fleet.has_other(&tried);
            let wait = match failure.trouble {
                Trouble::Busy if works => refusals.next(failure.again),
                // To go elsewhere is no try in vain; to go around in circles is.
                Trouble::Absent | Trouble::Busy if other && !again => Some(Duration::ZERO),
                _ if other && !again && failure.again == Again::Never => Some(Duration::ZERO),
                // It would take as long once more.
                Trouble::Hung if !other => None,
                // Others may have found out meanwhile that there is nobody to wait for.
                Trouble::Absent if self.is_away().is_some() => None,
                _ => failures.next(failure.again),
            };
            let Some(wait) = wait else { return Err(failure) };
            if other {
                self.fleet.note_move();
            } else {
                tried = self.fleet.untried();
                tokio::time::sleep(wait).await;
            }
        }
    }
}

impl LocalLm for OpenAiLocal {
    fn info(&self) -> ModelInfo {
        ModelInfo {
            provider: self.fleet.provider().into(),
            model: self.fleet.model().to_owned(),
            is_model: true,
            price: self.price,
        }
    }

    fn max_in_flight(&self) -> usize {
        self.fleet.room()
    }

    fn fleet(&self) -> Option<FleetSample> {
        Some(self.fleet.sample())
    }

    fn remarks(&self) -> Vec<String> {
        self.fleet.remarks()
    }

    fn expect(&self, longest: &JobRequest) {
        self.fleet.expect(&self.chat(longest, &messages_of(longest)));
    }

    fn execute(&self, job: JobRequest) -> BoxFuture<'_, Result<WorkerReply, JobError>> {
        Box::pin(async move {
            let _inside = self.fleet.enter();
            if let Some(error) = self.is_away() {
                return Err(error.into());
            }
            let mut useless = Usage::default();
            let result = self.persist(&job, &mut useless).await;
            let away = result.as_ref().is_err_and(|failure| matches!(failure.trouble, Trouble::Absent | Trouble::Busy));
            let result = result.map_err(LocalError::from);
            match &result {
                Err(error) if away => self.absence().note(error, Instant::now()),
                _ => *self.absence() = Absence::default(),
            }
            let reply = result.map_err(|error| JobError { message: error.message, useless })?;
            Ok(WorkerReply { text: reply.text, finish: reply.finish, usage: reply.usage, useless })
        })
    }
}

fn messages_of(job: &JobRequest) -> Vec<Message> {
    prompts::worker_messages(job.chunk.as_str(), &job.task, &job.advice)
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
    fn servers_that_are_away_are_left_alone_for_a_while_and_then_tried_again() {
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
