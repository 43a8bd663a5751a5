//! Performs the protocol's effects: joins it to the journal, the models and the sandbox.
//!
//! One task owns the state. What comes in is decided, applied and written to the journal before any effect of it is
//! performed; everything that waits runs as a task of its own and comes back as an input.

mod asking;
mod clearance;
mod counting;
mod driver;
mod effects;
mod exposing;
mod fitting;
mod hidden;
mod likeness;
mod pinning;
mod programs;
mod recall;
mod rerun;
mod reserve;
mod sampling;

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::document::{Document, Span};
use crate::journal::{DayBook, JournalError, JournalWriter, Record};
use crate::local::LocalLm;
use crate::protocol::{
    AskId, BudgetChoice, ExposureChoice, GateChoice, Gates, JobId, Levers, Models, Resumed, RunTo, SessionOpened, State,
};
use crate::remote::RemoteLm;
use crate::sandbox::Sandbox;

pub use likeness::Embeddings;
pub use recall::Recall;
pub use rerun::{Rerun, Verdict, rerun};

/// What a run begins with.
pub enum Beginning {
    /// A new session.
    New(Box<SessionOpened>),
    /// One that is on record, as its facts have left it.
    OnRecord { state: Box<State>, resumed: Box<Resumed> },
}

/// Everything a run needs.
pub struct Setup {
    pub beginning: Beginning,
    pub documents: Vec<Document>,
    pub remote: Arc<dyn RemoteLm>,
    /// Tries at one remote request, the first included.
    pub remote_attempts: u32,
    pub local: Arc<dyn LocalLm>,
    pub sandbox: Sandbox,
    pub embeddings: Embeddings,
    /// What other sessions on the same documents have on record.
    pub recall: Recall,
    pub journal: JournalWriter,
    /// Where what calls cost is noted for all sessions of the folder.
    pub book: DayBook,
}

/// What a running session tells whoever watches it.
#[derive(Clone, Debug)]
pub enum Event {
    /// These facts are in the journal.
    Recorded(Vec<Record>),
    /// More of a reply that is coming in. It is no fact until it is whole.
    Delta { ask: AskId, text: String },
}

/// Models that the person chose, ready to be asked. What is not there stays as it is.
#[derive(Clone, Default)]
pub struct Connected {
    pub remote: Option<Arc<dyn RemoteLm>>,
    pub local: Option<Arc<dyn LocalLm>>,
}

impl Connected {
    pub fn models(&self) -> Models {
        Models {
            remote: self.remote.as_ref().map(|remote| remote.info()),
            local: self.local.as_ref().map(|local| local.info()),
        }
    }
}

/// A model that was picked by its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pick {
    Remote { provider: String, model: String },
    Local { provider: String, model: String },
}

/// What the person can tell a running session, from its own screen or from another process.
#[derive(Clone, Serialize, Deserialize)]
#[serde(tag = "order", content = "with", rename_all = "snake_case")]
pub enum Order {
    /// Ask these models from the next round on. They are connections of this process: another cannot give them.
    #[serde(skip)]
    Choose(Connected),
    /// Ask this model from the next round on. Who runs the session connects to it, and orders [`Choose`](Self::Choose).
    Pick(Pick),
    /// Where the person is needed, end here without sealing the journal, so that the session can be gone on with. One that
    /// goes on by itself does so.
    #[serde(skip)]
    LeaveOpen,
    /// These levers hold from the next round on.
    Levers(Levers),
    /// Begin nothing new; what is under way finishes.
    Pause,
    /// Let the paused session go on.
    GoOn,
    /// Read this passage in the next round that is planned; a second time, no longer.
    Pin(Span),
    /// The whole documents may leave the machine.
    Consent,
    CancelJob(JobId),
    /// Jobs in trouble are to be tried again, while their round runs.
    RetryJobs(Vec<JobId>),
    /// What to do where the next call could pass a budget.
    Budget(BudgetChoice),
    /// Where to wait from now on.
    Gates(Gates),
    /// Go on without waiting, past the `n`-th gate; without one, from where no gate is closed.
    RunOn {
        to: RunTo,
        n: Option<u32>,
    },
    /// What was said at the `n`-th gate.
    AtGate {
        n: u32,
        choice: GateChoice,
    },
    /// Send the request whose answer never came again.
    SendAgain,
    /// What to do where with the next request too much of the documents would leave.
    Exposure(ExposureChoice),
    /// Put a note on record.
    Note(String),
    Stop,
    /// Nobody watches any more. A session that waits for the person stays as it is, to be taken up later; any other is
    /// stopped.
    #[serde(skip)]
    Leave,
}

/// A session that runs by itself. When it has ended, `events` closes and `outcome` is ready.
pub struct Running {
    pub events: mpsc::Receiver<Event>,
    pub orders: mpsc::Sender<Order>,
    pub outcome: JoinHandle<Result<State, JournalError>>,
}

/// How many events wait for a slow watcher before the workers are slowed.
const EVENTS: usize = 256;
const ORDERS: usize = 64;

/// Starts the session on the current tokio runtime.
pub fn start(setup: Setup) -> Running {
    let (event_sender, events) = mpsc::channel(EVENTS);
    let (orders, order_receiver) = mpsc::channel(ORDERS);
    let outcome = tokio::spawn(driver::Driver::new(setup, event_sender).run(order_receiver));
    Running { events, orders, outcome }
}
