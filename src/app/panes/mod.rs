//! The four panes: what stands in each, and how its cursor moves.

pub mod answers;
pub mod document;
mod findings;
pub mod job_details;
pub mod job_grid;
pub mod job_list;
pub mod jobs;
pub mod map;
pub mod marks;
pub mod places;
pub mod planner;
mod reply;
pub mod selection;
#[cfg(test)]
mod tests;
