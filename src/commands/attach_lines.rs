//! `minions attach` without a screen: the transcript as it grows, and the exit code of the session's ending.

use std::io::Write;

use futures_util::StreamExt;

use super::answering::ended;
use super::attach::{self, Elsewhere};
use super::transcript::{Style, Transcript};
use super::{Exit, Failure, Output};
use crate::term::{self, Signal};

/// Prints what happens until the session ends, or the person leaves; the session goes on then. It reads the journal alone: who
/// reads lines can answer nothing, and is not to be counted as somebody who can.
pub async fn follow(elsewhere: Elsewhere, style: Style) -> Result<Exit, Failure> {
    let mut signals = Box::pin(term::signals()?);
    let Elsewhere { session, documents } = elsewhere;
    let mut follower = session.follow()?;
    let mut out = Output::standard();
    writeln!(out, "session {}", session.id())?;
    let mut transcript = Transcript::new(&mut out, documents, 0, style);
    loop {
        tokio::select! {
            records = attach::next(&mut follower, &session) => {
                let Some(records) = records.map_err(|why| Failure::new(Exit::Error, why))? else { break };
                for record in &records {
                    transcript.apply(record);
                    transcript.tell(record)?;
                }
                transcript.out.flush()?;
            },
            Some(signal) = signals.next() => if signal != Signal::Continued {
                return Ok(Exit::Interrupted);
            },
        }
    }
    transcript.totals()?;
    transcript.out.flush()?;
    ended(session.id().as_str(), &transcript.state)
}
