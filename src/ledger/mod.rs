//! Pure folds over facts: money and tokens, the remote-only baseline, what left the machine, what was read.

mod account;
mod coverage;
mod exposure;
mod jobs;
mod rounds;
mod shingle;
mod span_set;

pub use account::{Baseline, Call, CallState, Ledger, LocalTotals, RemoteTotals, Tokens, Totals};
pub use coverage::Coverage;
pub use exposure::{AskExposure, Exposure};
pub use rounds::{RoundTotals, Sum};
pub use span_set::SpanSet;
