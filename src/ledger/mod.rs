//! Pure folds over facts: money and tokens, the remote-only baseline, what left the machine, what was read, which answers
//! contradict one another or stand on nothing cited.

mod account;
mod aggregated;
mod changes;
mod comparison;
mod conflicts;
mod coverage;
mod differing;
mod exposure;
mod forecast;
mod jobs;
mod numbers;
mod precedent;
mod rounds;
mod shingle;
mod span_set;
mod traffic;
mod waited;

pub use account::{Baseline, Call, CallState, Ledger, LocalTotals, RemoteTotals, Tokens, Totals, calls_told};
pub use aggregated::{Aggregated, AggregatedRound};
pub use changes::{Changes, changes};
pub use comparison::{
    ChangedJob, CitationsCompared, Comparison, Figures as ComparedFigures, JobSays, JobsCompared, Side, is_of_round,
};
pub use conflicts::{Conflict, Value, conflicts};
pub use coverage::Coverage;
pub use differing::differing;
pub use exposure::{AskExposure, Exposure};
pub use forecast::{Basis, Division, Forecast, Outlook, Prompts, forecast};
pub use numbers::{Unsupported, numbers, unsupported};
pub use precedent::{Past, Precedent};
pub use rounds::{RoundTotals, Sum};
pub use span_set::SpanSet;
pub use traffic::Traffic;
pub use waited::Waited;
