//! How a command ends: its exit code, and the error it tells.

use std::error::Error;
use std::fmt;
use std::io;
use std::process::ExitCode;

use super::output::printable;
use crate::config::ConfigError;

/// The exit codes that scripts rely on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Answered, or done.
    Success = 0,
    Error = 1,
    /// Usage or configuration.
    Usage = 2,
    /// Ended without an answer.
    NoAnswer = 3,
    /// Stopped by the budget.
    Budget = 4,
    /// Stopped by the person.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}

/// Why a command could not do its work. Any error turns into one by `?`; wrong settings exit with 2, others with 1.
#[derive(Debug)]
pub struct Failure {
    exit: Exit,
    error: Box<dyn Error + Send + Sync>,
}

impl Failure {
    /// `message`: what failed, where, and what to do next, in one sentence.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, error: message.into().into() }
    }

    /// The command line or the settings ask for what cannot be.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// What is told on standard error is told by [`Display`](fmt::Display). Nobody reads standard output any more where
    /// a pipe was closed (`minions man | head`): that is no error.
    pub fn exit(&self) -> Exit {
        if self.is_closed_pipe() { Exit::Success } else { self.exit }
    }

    pub fn is_closed_pipe(&self) -> bool {
        self.chain().any(|e| e.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::BrokenPipe))
    }

    fn chain(&self) -> impl Iterator<Item = &(dyn Error + 'static)> {
        let first: &(dyn Error + 'static) = self.error.as_ref();
        std::iter::successors(Some(first), |&e| e.source())
    }
}

impl<E: Error + Send + Sync + 'static> From<E> for Failure {
    fn from(error: E) -> Self {
        let error: Box<dyn Error + Send + Sync> = Box::new(error);
        let exit = if error.is::<ConfigError>() { Exit::Usage } else { Exit::Error };
        Self { exit, error }
    }
}

/// The whole chain, one cause a line, with control characters escaped.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut said = String::new();
        for (n, error) in self.chain().enumerate() {
            let message = error.to_string();
            // Many errors already say what their source says.
            if n == 0 {
                write!(f, "{}", printable(&message))?;
            } else if !said.contains(&message) {
                write!(f, "\n  because: {}", printable(&message))?;
            }
            said.push_str(&message);
        }
        Ok(())
    }
}
