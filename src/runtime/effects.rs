//! What each effect does, as a future that comes back as an input. Dropping one cancels it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::Connected;
use super::hidden::Hidden;
use super::likeness::Embeddings;
use super::programs::{ProgramCall, chunk_text};
use crate::document::{BlottedOut, Document, Located, Locator, Span};
use crate::local::{JobError, JobRequest, LocalLm};
use crate::protocol::redact::Redactor;
use crate::protocol::{
    AnswerCitation, AskId, Blotted, Chunk, Input, Job, JobId, JobResult, Price, Redaction, RemoteAnswer, RemoteAsk,
    Round, State, read_output,
};
use crate::remote::{RemoteError, RemoteLm, Tokenizer};
use crate::sandbox::Sandbox;

/// What every effect may need.
#[derive(Clone)]
pub(super) struct Context {
    pub(super) documents: Arc<Vec<Document>>,
    pub(super) hidden: Arc<Hidden>,
    locator: Arc<Locator>,
    pub(super) remote: Arc<dyn RemoteLm>,
    pub(super) local: Arc<dyn LocalLm>,
    sandbox: Arc<Sandbox>,
    embeddings: Arc<Embeddings>,
}

impl Context {
    pub(super) fn new(
        documents: Vec<Document>,
        remote: Arc<dyn RemoteLm>,
        local: Arc<dyn LocalLm>,
        sandbox: Sandbox,
        embeddings: Embeddings,
        part: Option<Span>,
    ) -> Self {
        let locator = Arc::new(Locator::within(&documents, part));
        let hidden = Arc::new(Hidden::none(&documents));
        let (documents, sandbox, embeddings) = (Arc::new(documents), Arc::new(sandbox), Arc::new(embeddings));
        Self { documents, hidden, locator, remote, local, sandbox, embeddings }
    }

    /// What counts the remote LM's tokens.
    pub(super) fn tokenizer(&self) -> Option<Tokenizer> {
        self.remote.tokenizer()
    }

    /// Tokens that fit into what the remote LM reads, as far as that is known.
    pub(super) fn context_tokens(&self) -> Option<u64> {
        self.remote.context_tokens()
    }

    /// What the remote LM's tokens cost.
    pub(super) fn price(&self) -> Option<Price> {
        self.remote.info().price
    }

    /// The same, with what programs may see of the documents.
    pub(super) fn hiding(&self, hidden: Hidden) -> Self {
        Self { hidden: Arc::new(hidden), ..self.clone() }
    }

    /// The same with other models, for what begins from now on.
    pub(super) fn with(&self, connected: Connected) -> Self {
        let Connected { remote, local } = connected;
        let (remote, local) = (remote.unwrap_or(self.remote.clone()), local.unwrap_or(self.local.clone()));
        Self { remote, local, ..self.clone() }
    }
}

/// How a task comes back to the driver.
pub(super) enum Arrival {
    Input(Box<Input>),
    /// One try at a request failed; whether there is another is the driver's to say.
    AskFailed {
        ask: AskId,
        error: RemoteError,
    },
}

pub(super) async fn ask(
    context: Arc<Context>,
    request: RemoteAsk,
    deltas: mpsc::Sender<(AskId, String)>,
    after: Duration,
) -> Arrival {
    tokio::time::sleep(after).await;
    let (sender, mut texts) = mpsc::channel::<String>(64);
    let id = request.ask;
    let forward = async {
        while let Some(text) = texts.recv().await {
            let _ = deltas.send((id, text)).await;
        }
    };
    let (reply, ()) = tokio::join!(context.remote.ask(&request, sender), forward);
    match reply {
        Ok(reply) => {
            let price = context.price();
            Arrival::Input(Box::new(Input::RemoteAnswered(RemoteAnswer {
                ask: id,
                cost_usd: price.map(|price| price.cost(&reply.usage)),
                text: reply.text,
                finish: reply.finish,
                usage: reply.usage,
                first_token_ms: reply.first_token.as_millis() as u64,
                total_ms: reply.total.as_millis() as u64,
            })))
        }
        Err(error) => Arrival::AskFailed { ask: id, error },
    }
}

pub(super) async fn run_program(context: Arc<Context>, call: ProgramCall) -> Arrival {
    let hidden = Arc::clone(&context.hidden);
    match beside(move || call.prepared(&hidden), "a program's arguments were made").await {
        Ok(call) => Arrival::Input(Box::new(call.run(&context.hidden, &context.sandbox, &context.embeddings).await)),
        Err(fault) => fault,
    }
}

/// A job as a worker takes it, and where its citation is looked for first.
pub(super) struct Work {
    pub(super) request: JobRequest,
    prefer: Vec<Span>,
}

pub(super) fn job_request(context: &Context, round: &Round, id: JobId, max_output_tokens: u64) -> Option<Work> {
    let job: &Job = round.job(id)?;
    let chunk = round.chunk_of(job)?;
    let request = JobRequest {
        id,
        chunk: chunk_text(&context.documents, chunk),
        task: round.task_of(job).into(),
        advice: round.advice_of(job).into(),
        sample: job.sample,
        max_output_tokens,
    };
    let prefer = chunk.spans().collect();
    Some(Work { request, prefer })
}

pub(super) async fn execute(context: Arc<Context>, work: Work, attempt: u32) -> Arrival {
    let begun = Instant::now();
    let job = work.request.id;
    let result = match context.local.execute(work.request).await {
        Ok(reply) => {
            let output = read_output(&reply.text, reply.finish).ok();
            let citation = output.and_then(|output| output.citation);
            let located = match citation {
                Some(citation) => match context.locator.locate_at_once(&citation, &work.prefer) {
                    Some(place) => Some(place),
                    None => match located(&context, vec![citation], work.prefer, Hiding::default()).await {
                        Ok(places) => places.into_iter().next().flatten(),
                        Err(fault) => return fault,
                    },
                },
                None => None,
            };
            JobResult::Replied { reply, located }
        }
        Err(JobError { message, useless }) => JobResult::Failed { error: message, useless },
    };
    Arrival::Input(Box::new(Input::JobDone { job, attempt, result, ms: begun.elapsed().as_millis() as u64 }))
}

/// Where each quotation stands, or why that cannot be told. Looked up beside the other tasks, since the first one of a long
/// document takes seconds.
async fn located(
    context: &Context,
    quotations: Vec<String>,
    prefer: Vec<Span>,
    hiding: Hiding,
) -> Result<Vec<Option<Located>>, Arrival> {
    let locator = Arc::clone(&context.locator);
    let look = move || {
        let of = |text: &str| hiding.hide(text);
        let out = BlottedOut { mark: Redaction::MARK, of: &of };
        quotations.iter().map(|text| locator.locate_blotted(text, out, &prefer)).collect()
    };
    beside(look, "citations were looked up").await
}

/// How a text was told to the remote LM, whose quotations are made of that.
#[derive(Default)]
pub(super) struct Hiding {
    redactor: Redactor,
    blotted: Blotted,
}

impl Hiding {
    pub(super) fn of(state: &State) -> Self {
        Self { redactor: state.redactor.clone(), blotted: state.redactions.clone() }
    }

    fn hide(&self, text: &str) -> String {
        self.blotted.hide(&self.redactor, text).into_owned()
    }
}

/// What comes of work that would hold up the other tasks; the fault to end with where this program failed at it.
async fn beside<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
    when: &'static str,
) -> Result<T, Arrival> {
    // What a panic says may be of the documents.
    tokio::task::spawn_blocking(work).await.map_err(|_| {
        let error = format!("this program failed while {when}; please report it");
        Arrival::Input(Box::new(Input::Fault { error }))
    })
}

/// Where the round's jobs found their citations, then the chunks they read: an answer quotes from there.
pub(super) fn located_spans(round: &Round) -> Vec<Span> {
    let cited = round.jobs.iter().filter_map(|job| Some(job.outcome()?.located()?.span));
    let read = round.chunks.iter().flat_map(Chunk::spans);
    cited.chain(read).collect()
}

pub(super) async fn locate(
    context: Arc<Context>,
    round: u32,
    quotations: Vec<String>,
    prefer: Vec<Span>,
    hiding: Hiding,
) -> Arrival {
    let places = match located(&context, quotations.clone(), prefer, hiding).await {
        Ok(places) => places,
        Err(fault) => return fault,
    };
    let places = places.into_iter().chain(std::iter::repeat(None));
    let citations =
        quotations.into_iter().zip(places).map(|(text, located)| AnswerCitation { text, located }).collect();
    Arrival::Input(Box::new(Input::CitationsLocated { round, citations }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_that_fails_ends_the_session_in_words_and_is_no_empty_result() {
        assert_eq!(beside(|| 7, "it was counted").await.ok(), Some(7));
        let none: Vec<u32> = Vec::new();
        let failed = beside(move || none[0], "it was counted").await;
        let Err(Arrival::Input(input)) = failed else { panic!("it came to something") };
        let Input::Fault { error } = *input else { panic!("{input:?}") };
        assert!(error.contains("failed while it was counted") && error.contains("please report it"), "{error}");
    }
}
