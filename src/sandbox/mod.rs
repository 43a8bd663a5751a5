//! Runs the Python that the remote LM wrote, in a locked-down child process: this program itself, started again.

use crate::protocol::JobOutput;

/// A finished job as the program sees it.
#[derive(Clone, Debug)]
pub struct PastJob<'a> {
    pub chunk: &'a str,
    pub task: &'a str,
    pub advice: &'a str,
    pub chunk_id: u32,
    pub task_id: u32,
    /// Empty where the job gave no usable output.
    pub output: JobOutput,
}
