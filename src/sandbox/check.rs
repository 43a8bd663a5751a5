//! What `minions doctor` says of the sandbox: which layers hold here, and how each forbidden thing was stopped.

use std::time::{Duration, Instant};

use futures_util::{StreamExt, TryStreamExt, stream};

use super::process::Process;
use super::wire::{Layer, Reply, Stage};
use super::{Program, Sandbox, attempts, errors};
use crate::protocol::CodeError;

/// The state of the sandbox on this machine.
#[derive(Clone, Debug)]
pub struct SandboxReport {
    pub layers: Vec<Layer>,
    /// From starting a child to its being loaded and locked.
    pub starting: Duration,
    /// A program that does next to nothing, on a child that is ready.
    pub calling: Duration,
    /// Every forbidden thing, each tried from inside a locked child of its own.
    pub attempts: Vec<(&'static str, Attempted)>,
}

/// What came of trying a forbidden thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempted {
    /// The kernel ended the child at once.
    Ended,
    /// The child was told that it may not: the error number.
    Refused(i32),
    /// Nothing stopped it.
    Done,
}

impl SandboxReport {
    /// The attempts that nothing stopped.
    pub fn open_doors(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.attempts.iter().filter(|(_, came)| *came == Attempted::Done).map(|(name, _)| *name)
    }
}

impl Sandbox {
    /// Starts children and says what of the lock this kernel holds, whatever the settings require.
    pub async fn check(&self) -> Result<SandboxReport, CodeError> {
        let begun = Instant::now();
        let (program, limits) = (&self.inner.program, self.inner.limits);
        let mut process = Process::start(program, limits)?;
        let layers = process.ready().await?;
        let starting = begun.elapsed();
        let source = "def transform_outputs(jobs):\n    return 'ready'\n";
        let trivial = Program { source, clock_ms: 0, likeness: None };
        let begun = Instant::now();
        match process.ask(&self.request(Stage::Transform, trivial, &[], &[]), &[], limits, None).await? {
            Reply::Transformed(text) if text == "ready" => {}
            _ => return Err(errors::unavailable("the child did not run a simple program right")),
        }
        let calling = begun.elapsed();
        let at_once = std::thread::available_parallelism().map_or(2, |cores| cores.get().min(8));
        let attempts = stream::iter(attempts::ALL)
            .map(|attempt| async {
                let mut process = Process::start(program, limits)?;
                process.ready().await?;
                let program_of_it = Program { source: attempt.name, clock_ms: 0, likeness: None };
                let request = self.request(Stage::Attempt, program_of_it, &[], &[]);
                process.attempt(&request).await.map(|came| (attempt.name, came))
            })
            .buffered(at_once)
            .try_collect()
            .await?;
        Ok(SandboxReport { layers, starting, calling, attempts })
    }
}
