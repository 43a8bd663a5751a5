//! What happened. Facts are the only thing that changes a [`State`](super::State), and the records of the journal.
//!
//! Their serialised form is the journal's: names here are a file format, kept stable by the golden sessions in `tests`.

mod asked;
mod ending;
mod measured;
mod opened;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

pub use asked::*;
pub use ending::Ending;
pub use measured::*;
pub use opened::*;

use super::budget::{Reached, Scope};
use super::code::{CodeError, CodeStage};
use super::decision::Decision;
use super::exposing::Overexposed;
use super::gate::{Gate, Gates, Held, Redaction, RunTo};
use super::ids::{AskId, CodeId, JobId};
use super::job::{Chunk, Flaw, Outcome, PlannedJob};
use super::levers::Levers;
use super::message::Usage;
use super::redact::PrivateWord;
use super::resume::{Interrupted, Resumed};
use crate::document::{Located, Span};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Fact {
    SessionOpened(Box<SessionOpened>),
    RoundBegan {
        round: u32,
        /// Whether this round must answer.
        last: bool,
    },
    /// Written and flushed to disk before the request leaves.
    RemoteAsked(RemoteAsk),
    RemoteAnswered(RemoteAnswer),
    /// With a `retry_in_ms` the same request goes out again; without, it is given up.
    RemoteFailed(RemoteFailure),
    /// The next call could pass a budget, and is not made; the session waits for the person.
    BudgetReached(Reached),
    /// The person lets the session go on.
    BudgetRaised {
        scope: Scope,
        to_usd: f64,
        /// For the next call alone.
        once: bool,
    },
    /// Another process goes on with the session: what ran before runs no longer.
    SessionResumed(Resumed),
    /// The program ended while this request was out. Nothing is sent again until the person says so.
    RemoteInterrupted(Interrupted),
    /// A request whose answer never came is made once more.
    ResendAllowed {
        ask: AskId,
    },
    /// With the next request too much of the documents would have left, and it is not sent; the session waits for the person.
    ExposureReached(Overexposed),
    /// The person lets the session go on.
    ExposureRaised {
        to_share: f64,
        /// For the next request alone.
        once: bool,
    },
    /// Private words that had no placeholder yet, in the order of their numbers.
    WordsRedacted {
        words: Vec<PrivateWord>,
    },
    /// remote-only: the whole documents are about to leave, and the session waits for the person.
    ConsentAsked {
        /// Of all documents, or of the part that the session is about.
        bytes: usize,
        estimate: Estimate,
    },
    /// The person agreed.
    ConsentGiven,
    CodeReceived {
        code: CodeId,
        source: String,
    },
    CodeRejected {
        code: CodeId,
        stage: CodeStage,
        error: CodeError,
    },
    /// `retrieve` of this program went by words alone at least once, since the embedding model gave nothing.
    EmbeddingFailed {
        code: CodeId,
        stage: CodeStage,
        error: String,
    },
    JobsPlanned(PlannedJobs),
    JobStarted {
        job: JobId,
        attempt: u32,
    },
    /// The worker's reply could not be used; the job is tried once more.
    JobRetried {
        job: JobId,
        flaw: Flaw,
        raw: String,
        usage: Usage,
    },
    /// What the server counted of replies to the job that were of no use, such as refusals and empty ones: beside the usage of
    /// the reply that came to something, if one did.
    JobUseless {
        job: JobId,
        usage: Usage,
    },
    /// The person has a job that ended in trouble tried again, while its round still runs.
    JobReopened {
        job: JobId,
        /// The attempt that comes.
        attempt: u32,
    },
    JobFinished {
        job: JobId,
        outcome: Outcome,
        /// The reply as it came, where a usable one was more than the object asked for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        raw: Option<String>,
        /// Of the last attempt.
        usage: Usage,
        /// Of the last attempt, from the moment it was handed to the worker.
        ms: u64,
    },
    /// `transform_outputs` of this program runs over the round's jobs.
    TransformBegan {
        code: CodeId,
    },
    OutputsAggregated {
        round: u32,
        /// Exactly what is sent on to the remote LM.
        text: String,
        /// Answered jobs whose answer or citation stands in the text.
        kept: u32,
        /// Answered jobs that left no trace in it.
        dropped: u32,
    },
    Decided {
        round: u32,
        decision: Decision,
    },
    /// The remote LM's decision could not be read.
    DecisionRejected {
        round: u32,
        error: String,
    },
    Answered {
        /// Nothing, where the documents do not tell.
        answer: Option<String>,
        explanation: String,
        citations: Vec<AnswerCitation>,
    },
    /// How many tokens the documents have for the remote LM, had it been sent them.
    DocumentsCounted(DocumentTokens),
    UtilizationSampled(UtilizationSample),
    /// The person chose who plans or who reads from the next round on. What is not named stays.
    ModelsChosen(Models),
    /// The person chose where the session waits from now on: nowhere is the end of step mode.
    GatesChosen {
        gates: Gates,
    },
    /// The session goes on to there without waiting.
    RanOn {
        to: RunTo,
    },
    /// The session waits for the person.
    GateReached {
        /// Counted from 1 over the whole session.
        n: u32,
        held: Held,
    },
    /// What is held goes on as it is.
    GatePassed {
        n: u32,
        gate: Gate,
    },
    /// The person changed one message of the request that is held. It is shown once more before it leaves.
    RequestEdited {
        message: u32,
        before: String,
        after: String,
    },
    /// The person changed the program, which runs again.
    ProgramEdited {
        code: CodeId,
        before: String,
        after: String,
    },
    /// The jobs of the round whose outputs go no further, all of them each time.
    JobsDropped {
        round: u32,
        jobs: BTreeSet<u32>,
    },
    /// The person changed what goes on to the remote LM: by a redaction, which holds from now on, or by hand.
    OutputsEdited {
        round: u32,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        redaction: Option<Redaction>,
        before: String,
        after: String,
        /// As of the outputs that were aggregated, see [`OutputsAggregated`](Self::OutputsAggregated).
        kept: u32,
        dropped: u32,
    },
    /// The person decided otherwise than the remote LM.
    DecisionChanged {
        round: u32,
        before: Decision,
        after: Decision,
    },
    /// The person moved levers, which hold from the next round on.
    LeversChosen(Levers),
    /// The person paused the session: what is under way finishes, and nothing new begins.
    RunPaused {
        /// The request whose next try is held back.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        held: Option<AskId>,
    },
    /// The person lets the paused session go on.
    RunContinued,
    /// Which passages the person wants read in the next round that is planned, whatever its program plans.
    PassagesPinned {
        spans: Vec<Span>,
    },
    NoteAdded {
        text: String,
    },
    SessionEnded {
        ending: Ending,
    },
}

/// The jobs of a round, with the texts they share.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlannedJobs {
    pub round: u32,
    pub chunks: Vec<Chunk>,
    pub tasks: Vec<String>,
    pub advices: Vec<String>,
    pub jobs: Vec<PlannedJob>,
}

/// A quotation in an answer, and where it stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AnswerCitation {
    pub text: String,
    /// Nothing where it stands in no document.
    pub located: Option<Located>,
}
