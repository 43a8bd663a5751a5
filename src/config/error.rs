//! What is wrong with the settings: one sentence a problem, each with its place, what is allowed and the nearest spelling.

use std::fmt;

/// More problems than this are counted, not listed.
const LISTED: usize = 20;

/// Everything that is wrong with one layer of the settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    problems: Vec<String>,
}

impl ConfigError {
    /// `problem` is one sentence, with its place.
    pub fn one(problem: impl Into<String>) -> Self {
        Self { problems: vec![problem.into()] }
    }

    /// `Ok` where there is no problem.
    pub fn unless_empty(problems: Vec<String>) -> Result<(), Self> {
        if problems.is_empty() { Ok(()) } else { Err(Self { problems }) }
    }

    /// One sentence each, with control characters escaped; values that could be secrets are not repeated.
    pub fn problems(&self) -> &[String] {
        &self.problems
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, problem) in self.problems.iter().take(LISTED).enumerate() {
            let line_break = if n == 0 { "" } else { "\n" };
            write!(f, "{line_break}{problem}")?;
        }
        match self.problems.len().checked_sub(LISTED) {
            Some(more) if more > 0 => write!(f, "\nand {more} more"),
            _ => Ok(()),
        }
    }
}

impl std::error::Error for ConfigError {}
