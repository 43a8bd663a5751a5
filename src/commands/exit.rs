//! How a command ends: its exit code, and the error it tells.

use std::error::Error;
use std::fmt;
use std::io;
use std::process::ExitCode;

use super::output::OutputError;
use crate::config::ConfigError;
use crate::document::escape::visible_lines;
use crate::protocol::Ending;

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
    /// Stopped by a limit: the budget, or how much of the documents may leave.
    Budget = 4,
    /// Stopped by the person.
    Interrupted = 130,
}

impl Exit {
    /// How a session's ending ends the program.
    pub fn of(ending: &Ending) -> Self {
        match ending {
            Ending::Answered => Exit::Success,
            Ending::NoAnswer { .. } => Exit::NoAnswer,
            Ending::Budget { .. } | Ending::Exposure { .. } => Exit::Budget,
            Ending::Cancelled => Exit::Interrupted,
            Ending::Failed { .. } => Exit::Error,
        }
    }
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

    /// The same, of one of several things that were asked for.
    pub fn of(self, which: &str) -> Self {
        Self::new(self.exit, format!("{which}: {self}"))
    }

    pub fn exit(&self) -> Exit {
        if self.is_closed_pipe() { Exit::Success } else { self.exit }
    }

    /// Nobody reads standard output any more (`minions man | head`): that is no error, and nothing is said about it.
    pub fn is_closed_pipe(&self) -> bool {
        let closed = |e: &OutputError| e.0.kind() == io::ErrorKind::BrokenPipe;
        self.chain().any(|e| {
            let inner = e.downcast_ref::<io::Error>().and_then(|e| e.get_ref());
            let within = inner.and_then(|e| e.downcast_ref::<OutputError>());
            e.downcast_ref::<OutputError>().or(within).is_some_and(closed)
        })
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
                write!(f, "{}", visible_lines(&message))?;
            } else if !said.contains(&message) {
                write!(f, "\n  because: {}", visible_lines(&message))?;
            }
            said.push_str(&message);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the session was not saved")]
    struct NotSaved(#[source] io::Error);

    #[test]
    fn the_whole_chain_is_told_one_cause_a_line() {
        let failure = Failure::from(NotSaved(io::Error::other("disk full")));
        assert_eq!(failure.to_string(), "the session was not saved\n  because: disk full");
        assert_eq!(failure.exit(), Exit::Error);
    }

    #[test]
    fn escape_sequences_in_an_error_are_shown_not_obeyed() {
        assert_eq!(Failure::usage("a\u{1b}[2Jb").to_string(), "a␛[2Jb");
    }

    #[test]
    fn wrong_settings_are_a_matter_of_usage() {
        assert_eq!(Failure::from(ConfigError::one("x")).exit(), Exit::Usage);
    }

    #[test]
    fn only_a_closed_pipe_of_standard_output_is_no_error() {
        let of_output = Failure::from(OutputError(io::ErrorKind::BrokenPipe.into()));
        assert_eq!((of_output.is_closed_pipe(), of_output.exit()), (true, Exit::Success));
        let of_a_server = Failure::from(NotSaved(io::ErrorKind::BrokenPipe.into()));
        assert_eq!((of_a_server.is_closed_pipe(), of_a_server.exit()), (false, Exit::Error));
        assert_eq!(Failure::from(OutputError(io::ErrorKind::StorageFull.into())).exit(), Exit::Error);
    }
}
