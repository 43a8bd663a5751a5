//! A program that the person wrote for a fork: looked at before anything is asked, and told of where another one ran in its place.

use super::{Exit, Failure, begin};
use crate::config::Config;
use crate::document::escape::visible;
use crate::journal::Session;
use crate::protocol::Fact;
use crate::sandbox::Program;

/// Loads the program, and runs nothing of it but what stands outside its functions. One that is no Python, or lacks what is
/// called of it, would only be sent back.
pub async fn check(config: &Config, source: &str) -> Result<(), Failure> {
    // It stands behind the program, so that lines are the person's own.
    let named = format!("{source}\nprepare_jobs, transform_outputs\ndef transform_outputs(jobs):\n    return ''\n");
    let program = Program { source: &named, clock_ms: 0, likeness: None };
    let loaded = begin::sandbox(config, 1)?.transform(program, &[]).await;
    loaded.map(drop).map_err(|error| {
        Failure::new(Exit::Error, format!("the program of --code does not load; nothing was asked: {error}"))
    })
}

/// What became of the program in the fork, where it was not the one that did the work.
pub fn replaced(fork: &Session, source: &str) -> Result<Option<String>, Failure> {
    let mut own = None;
    for record in fork.records()? {
        match record?.fact.known() {
            Some(Fact::CodeReceived { code, source: received }) if received == source => own = Some(*code),
            Some(Fact::CodeRejected { code, error, .. }) if own == Some(*code) => {
                let why = visible(&error.to_string()).into_owned();
                return Ok(Some(format!(
                    "the program of --code was sent back, and another one ran in its place: {why}"
                )));
            }
            _ => {}
        }
    }
    Ok(None)
}
