//! MinionS, Minion and the two baselines as one pure state machine: no clock, no files, no network, no screen.
//!
//! Three functions carry everything. [`decide`] turns what came in into facts, [`State::apply`] is the only way a
//! state changes, and [`advance`] says what the protocol does next by itself. Live is all three; replay is `apply`.

mod advance;
mod apply;
mod at_gate;
mod blotted;
mod budget;
mod by_hand;
mod code;
mod cut_off;
mod decide;
mod decision;
mod dispatch;
mod exposing;
mod fact;
mod fork;
mod gate;
mod gate_told;
mod ids;
mod in_force;
mod input;
mod job;
mod levers;
mod local_only;
mod lost_jobs;
mod merge;
mod message;
pub mod minion;
mod money;
mod need;
mod objects;
mod pause;
mod pins;
mod price;
pub mod prompts;
pub mod redact;
mod remote_only;
mod resume;
mod rounds;
mod settings;
mod state;
#[cfg(test)]
mod tests;
mod trouble;
mod windows;
mod windows_read;

pub use advance::{advance, due_request};
pub use blotted::Blotted;
pub use budget::{BudgetChoice, Budgets, Reached, Scope};
pub use by_hand::{ByHand, Edit};
pub use code::{CodeError, CodeErrorKind, CodeStage, extract_code, is_python};
pub use decide::decide;
pub use decision::{Decision, FinalAnswer, MoreInformation, decision_schema, parse_decision};
pub use exposing::{ExposureChoice, ExposureLimit, Overexposed, percent};
pub use fact::{
    AnswerCitation, Changed, Counted, Detail, DocumentTokens, EmbeddingModel, Ending, EngineSample, EngineSeconds,
    Estimate, Fact, Finish, FleetSample, GpuSample, ModelInfo, Models, Parent, PlannedJobs, RECORDED, RemoteAnswer,
    RemoteAsk, RemoteFailure, SessionOpened, UtilizationSample,
};
pub use fork::{Changes, Known, forked};
pub use gate::{Gate, GateChoice, Gates, GatesInForce, Held, Redaction, RunTo};
pub use ids::{AskId, CodeId, JobId};
pub use in_force::ModelsInForce;
pub use input::{CodeResult, Effect, Input, Step};
pub use job::{Chunk, Flaw, JobOutput, JobResult, Manifest, Outcome, PlannedJob, WorkerReply, read_output};
pub use levers::{Chunker, Levers, Means, Memory, Merge, Retrieval};
pub use local_only::TOGETHER as READ_TOGETHER;
pub use merge::merged;
pub use message::{Message, Purpose, ReplyFormat, Role, TokenCount, Usage, estimate_tokens};
pub use money::{Bill, Money, Paid, Times, dollars};
pub use need::Need;
pub use pause::Pause;
pub use price::{LongPrice, Price};
pub use remote_only::{enclose, worst as remote_only_worst};
pub use resume::{Interrupted, Resumed};
pub use rounds::Rounds;
pub use settings::{Part, ProtocolKind, Settings};
pub use state::{
    Aggregated, Answer, Ask, AskState, Code, Due, Earlier, Job, JobState, Phase, Round, State, Tally, Waiting,
};
pub use trouble::Trouble;
pub use windows::windows;
