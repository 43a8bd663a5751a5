//! The four panes: what stands in each, and how its cursor moves.

pub mod answers;
pub mod document;
pub mod jobs;
pub mod planner;
