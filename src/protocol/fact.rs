//! What happened. Facts are the only thing that changes a [`State`](super::State), and the records of the journal.
//!
//! Their serialised form is the journal's: names here are a file format, kept stable by the golden sessions in `tests`.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::budget::{Reached, Scope};
use super::code::{CodeError, CodeStage};
use super::decision::Decision;
use super::exposing::Overexposed;
use super::fork::Known;
use super::gate::{Gate, Gates, Held, Redaction, RunTo};
use super::ids::{AskId, CodeId, JobId};
use super::job::{Chunk, Flaw, Outcome, PlannedJob};
use super::levers::Levers;
use super::message::{Message, Purpose, ReplyFormat, Usage};
use super::price::Price;
use super::redact::PrivateWord;
use super::resume::{Interrupted, Resumed};
use super::settings::Settings;
use crate::document::{DocumentRef, Located};

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
    NoteAdded {
        text: String,
    },
    SessionEnded {
        ending: Ending,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SessionOpened {
    pub question: String,
    pub settings: Settings,
    pub documents: Vec<DocumentRef>,
    pub remote: ModelInfo,
    pub local: ModelInfo,
    /// The version of the prompts, see [`prompts::VERSION`](super::prompts::VERSION).
    pub prompts: String,
    /// The version of this program.
    pub program: String,
    /// What the remote LM's programs are told the time is, in milliseconds since 1970: when the session began. It stands
    /// still, so that they give the same jobs when they are run again. The first sessions did not record it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock_ms: Option<u64>,
    /// What `retrieve` compares meanings with; nothing where it goes by words alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub embedding: Option<EmbeddingModel>,
    /// The session this one was forked from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Parent>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parent {
    pub session: String,
    /// The last record that counts here.
    pub seq: u64,
    /// Whether what the parent asked after that record is asked anew, although its replies are on record.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub anew: bool,
    /// What was found out before, for a question that follows up on it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub known: Vec<Known>,
}

/// A model as the screen and the journal name it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelInfo {
    /// The setting that chose it: `offline`, `extractive`, `openai`, …
    pub provider: String,
    pub model: String,
    /// Whether there is a language model behind it at all.
    pub is_model: bool,
    /// Nothing where the price is not known.
    pub price: Option<Price>,
}

/// Who plans and who reads. Nothing where it is not said, or not known yet.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Models {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote: Option<ModelInfo>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local: Option<ModelInfo>,
}

impl Models {
    /// Those of the session's beginning.
    pub fn of(opened: &SessionOpened) -> Self {
        Self { remote: Some(opened.remote.clone()), local: Some(opened.local.clone()) }
    }

    /// What was chosen, in a line.
    pub fn told(&self) -> String {
        format!("from the next round on {}", self.both())
    }

    /// Who does what.
    pub fn both(&self) -> String {
        let plans = self.remote.as_ref().map(|remote| format!("{} plans", remote.label()));
        let reads = self.local.as_ref().map(|local| format!("{} reads", local.label()));
        let both: Vec<String> = plans.into_iter().chain(reads).collect();
        both.join(", ")
    }

    /// Takes over what `chosen` names.
    pub(super) fn take_over(&mut self, chosen: Self) {
        self.remote = chosen.remote.or(self.remote.take());
        self.local = chosen.local.or(self.local.take());
    }
}

impl ModelInfo {
    /// Its name, and plainly whether there is no model behind it.
    pub fn label(&self) -> String {
        if self.is_model { format!("{} ({})", self.model, self.provider) } else { format!("{} (no model)", self.model) }
    }
}

/// A model that turns texts into vectors, told well enough to say whether another is the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmbeddingModel {
    pub model: String,
    /// The blake3 of its file.
    pub hash: String,
    /// What stands before each query and each chunk.
    pub query_prefix: String,
    pub document_prefix: String,
}

/// The tokens of the session's texts, each by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentTokens {
    /// The vocabulary that they were counted with, such as `o200k_base`.
    pub tokenizer: String,
    /// Whether it is the remote LM's own; else the counts are an estimate.
    pub counted: bool,
    pub question: u64,
    /// In the order of the session's documents; where it is about a part, that alone.
    pub documents: Vec<u64>,
}

/// A request to the remote LM, whole: the messages are the bytes that leave the machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RemoteAsk {
    pub ask: AskId,
    pub purpose: Purpose,
    /// Which try at this purpose in this round, counted from 1.
    pub attempt: u32,
    pub messages: Vec<Message>,
    pub format: ReplyFormat,
    pub max_output_tokens: u64,
    pub estimate: Estimate,
}

/// What a request is expected to cost, before it is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    pub input_tokens: u64,
    /// Whether the model's own tokenizer counted the input.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub counted: bool,
    /// Whether nothing is sent, since another session has the reply on record.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reused: bool,
    /// With output at its cap; nothing where the price is not known.
    pub worst_cost_usd: Option<f64>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RemoteAnswer {
    pub ask: AskId,
    pub text: String,
    pub finish: Finish,
    pub usage: Usage,
    /// Nothing where the price is not known.
    pub cost_usd: Option<f64>,
    pub first_token_ms: u64,
    pub total_ms: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RemoteFailure {
    pub ask: AskId,
    /// Which try at this request failed, counted from 1.
    pub attempt: u32,
    pub error: String,
    pub retry_in_ms: Option<u64>,
    /// What of the reply had come, since it may have been paid for.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub partial: String,
    /// Whether the server may have answered although nothing of it came.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub lost: bool,
}

impl RemoteFailure {
    /// Whether this try may have been paid for.
    pub fn may_cost(&self) -> bool {
        self.lost || !self.partial.is_empty()
    }
}

/// Why a reply ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finish {
    Stop,
    /// At the token cap.
    Length,
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

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct UtilizationSample {
    /// Of the whole machine, 0–100.
    pub cpu_percent: Option<f32>,
    pub memory_used_bytes: Option<u64>,
    pub memory_total_bytes: Option<u64>,
    /// Empty where there is no GPU or no driver to ask.
    pub gpus: Vec<GpuSample>,
    pub jobs_running: u32,
    pub jobs_waiting: u32,
    /// Nothing where no engine of ours runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine: Option<EngineSample>,
    /// Nothing where no servers read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fleet: Option<FleetSample>,
}

/// What the servers that read do, together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FleetSample {
    /// How many there are, and how many of them are there to be asked.
    pub servers: u32,
    pub up: u32,
    /// Requests under way, and how many may be, which changes with what the servers prove able to do.
    pub in_flight: u32,
    pub allowed: u32,
    /// Jobs that wait for a place at a server, or for another try.
    pub waiting: u32,
    /// Requests since the start that were answered, and those that were refused since a server had too much to do.
    pub answered: u64,
    pub refused: u64,
    /// Requests that went to another server since one failed.
    pub moved: u64,
    /// Replies whose token counts say that the prompt was not read whole.
    pub cut: u64,
    pub output_tokens: u64,
    /// Since the sample before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers_per_s: Option<f32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens_per_s: Option<f32>,
}

/// What the local engine measured in its own loop since the sample before.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EngineSample {
    /// While the model loads: how much of it is there, 0–1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loading: Option<f32>,
    /// Jobs that are read for or write now, and jobs that wait for room.
    pub live: u32,
    pub waiting: u32,
    /// Chunks in the cache.
    pub chunks: u32,
    /// Tokens evaluated at once, on average.
    pub rows_per_step: f32,
    /// Tokens in the cache, those of them that several jobs read, and how many it holds.
    pub cells_used: u64,
    pub cells_shared: u64,
    pub cells: u64,
    /// Prompt tokens since the start: as the jobs have them, and as were evaluated. The difference is what sharing saved.
    pub prompt_asked: u64,
    pub prompt_evaluated: u64,
    pub output_tokens: u64,
    /// Tokens a second while it evaluated prompts, and while jobs wrote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefill_per_s: Option<f32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decode_per_s: Option<f32>,
    /// Where the time went, 0–100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefill_percent: Option<f32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decode_percent: Option<f32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub choosing_percent: Option<f32>,
    /// Seconds since the start in which there was work, and those of them that went into prompts, into answers, and into
    /// choosing words. What is left over is the engine's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spent: Option<EngineSeconds>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EngineSeconds {
    pub working: f64,
    pub prefill: f64,
    pub decode: f64,
    pub choosing: f64,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct GpuSample {
    pub name: String,
    pub busy_percent: Option<f32>,
    pub memory_used_bytes: Option<u64>,
    pub memory_total_bytes: Option<u64>,
    pub watts: Option<f32>,
    pub celsius: Option<f32>,
}

/// How a session ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Ending {
    Answered,
    NoAnswer {
        reason: String,
    },
    Budget {
        reason: String,
    },
    /// More of the documents would have left than may.
    Exposure {
        reason: String,
    },
    Cancelled,
    Failed {
        error: String,
    },
}

impl Ending {
    pub fn name(&self) -> &'static str {
        match self {
            Ending::Answered => "answered",
            Ending::NoAnswer { .. } => "no_answer",
            Ending::Budget { .. } => "budget",
            Ending::Exposure { .. } => "exposure",
            Ending::Cancelled => "cancelled",
            Ending::Failed { .. } => "failed",
        }
    }

    /// What there is to say about it beyond its name.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Ending::NoAnswer { reason }
            | Ending::Budget { reason }
            | Ending::Exposure { reason }
            | Ending::Failed { error: reason } => Some(reason),
            Ending::Answered | Ending::Cancelled => None,
        }
    }
}
