//! What comes into the protocol and what it wants done.

use super::budget::BudgetChoice;
use super::code::CodeError;
use super::exposing::ExposureChoice;
use super::fact::AnswerCitation;
use super::fact::{
    DocumentTokens, Fact, Models, RemoteAnswer, RemoteAsk, RemoteFailure, SessionOpened, UtilizationSample,
};
use super::gate::{GateChoice, Gates, RunTo};
use super::ids::{AskId, CodeId, JobId};
use super::job::{JobResult, Manifest};
use super::levers::Levers;
use super::resume::Resumed;
use crate::document::Span;

#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    Start(Box<SessionOpened>),
    /// A process goes on with a session that is on record.
    Resume(Resumed),
    /// The person lets the request whose answer never came be sent again.
    SendAgain,
    RemoteAnswered(RemoteAnswer),
    RemoteFailed(RemoteFailure),
    /// `prepare_jobs` or `transform_outputs` ran.
    CodeRan {
        code: CodeId,
        result: CodeResult,
        /// Why `retrieve` went by words alone, where it did and should not have.
        embedding_error: Option<String>,
    },
    JobStarted {
        job: JobId,
    },
    JobDone {
        job: JobId,
        attempt: u32,
        result: JobResult,
        ms: u64,
    },
    /// The quotations of the final answer were looked up.
    CitationsLocated {
        round: u32,
        citations: Vec<AnswerCitation>,
    },
    DocumentsCounted(DocumentTokens),
    Utilization(UtilizationSample),
    Note {
        text: String,
    },
    CancelJob(JobId),
    /// Jobs of the round under way that ended in trouble are to be tried again.
    RetryJobs(Vec<JobId>),
    /// The next call, of at most `worst_usd`, could pass the budget of the day, of which all sessions of the folder spent
    /// or reserved `committed_usd`. `again` is the request that would be sent again; nothing where the call is a new one.
    DaySpent {
        again: Option<AskId>,
        worst_usd: f64,
        committed_usd: f64,
    },
    Budget(BudgetChoice),
    /// The person chose where the session waits from now on.
    ChooseGates(Gates),
    /// The session is to go on without waiting, past the `n`-th gate; without one, from where no gate is closed.
    RunOn {
        to: RunTo,
        n: Option<u32>,
    },
    /// What the person said at the `n`-th gate.
    AtGate {
        n: u32,
        choice: GateChoice,
    },
    /// With the request that is due, `share` of the documents would have left, `left` of it before; it holds `bytes` of them.
    Exposing {
        left: f64,
        share: f64,
        bytes: usize,
    },
    Exposure(ExposureChoice),
    /// The person chose models for the next round.
    ChooseModels(Models),
    /// The person chose levers for the next round.
    ChooseLevers(Levers),
    /// The person pauses the session. `holds` is whether a request waits to be sent again; from here on it does not go out.
    Pause {
        holds: bool,
    },
    /// The person lets the paused session go on.
    GoOn,
    /// The person wants this passage read in the next round that is planned, or no longer.
    Pin(Span),
    /// The person agrees that the documents leave the machine; who does not stops the run.
    Consent,
    /// The person stops the run. `partial` is what had come of a reply under way, since it may be paid for; `sent` is
    /// whether a request is out and not waiting to be sent again.
    Stop {
        partial: String,
        sent: bool,
    },
    /// The run cannot go on: the disk is full, the sandbox will not start.
    Fault {
        error: String,
    },
}

/// What came of a program: the jobs it prepared, or the text it made of the outputs.
#[derive(Clone, Debug, PartialEq)]
pub enum CodeResult {
    Prepared(Result<Vec<Manifest>, CodeError>),
    Transformed(Result<String, CodeError>),
}

/// What the protocol wants done. Each comes with the fact that says it was begun.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    Ask(RemoteAsk),
    /// Send the same request again, after a wait.
    AskAgain {
        ask: AskId,
        after_ms: u64,
    },
    /// Run `prepare_jobs` of this program over the documents.
    Prepare(CodeId),
    /// Run every job of the round that has not ended.
    RunJobs {
        round: u32,
    },
    /// Run one job again.
    RetryJob {
        job: JobId,
        attempt: u32,
    },
    CancelJob(JobId),
    /// Run `transform_outputs` of this program over the round's jobs.
    Transform(CodeId),
    /// Look the quotations up in the documents, those of the round's jobs first.
    LocateCitations {
        round: u32,
        quotations: Vec<String>,
    },
    /// Stop everything that still runs.
    Finish,
}

/// Facts, in order, and the effects to perform once they are on record.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Step {
    pub facts: Vec<Fact>,
    pub effects: Vec<Effect>,
}

impl Step {
    pub(super) fn fact(fact: Fact) -> Self {
        Self { facts: vec![fact], effects: Vec::new() }
    }

    pub(super) fn with(mut self, effect: Effect) -> Self {
        self.effects.push(effect);
        self
    }

    pub fn is_empty(&self) -> bool {
        self.facts.is_empty() && self.effects.is_empty()
    }
}
