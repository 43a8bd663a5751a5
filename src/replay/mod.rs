//! A timeline over a journal: seek, step by record, job and round, speeds.
//!
//! There is no driver here, so nothing that is played back can ask a model, run code or spend money.

mod ahead;
mod mark;
mod player;
mod speed;
#[cfg(test)]
mod tests;
mod timeline;

pub use mark::{Mark, MarkKind};
pub use player::{Direction, Player, Repeat, Unit};
pub use speed::Speed;
pub use timeline::{LONGEST_PAUSE_MS, Loaded, Timeline, What};
