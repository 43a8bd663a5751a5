//! `minions attach` without a screen: the transcript as it grows, and the exit code of the session's ending.

use std::io::Write;

use futures_util::StreamExt;

use super::attach::{Elsewhere, Following};
use super::replay_headless::{Style, Transcript};
use super::{Exit, Failure, Output};
use crate::protocol::Ending;
use crate::runtime::Event;
use crate::term::{self, Signal};

/// Prints what happens until the session ends, or the person leaves; the session goes on then.
pub async fn follow(elsewhere: Elsewhere, style: Style) -> Result<Exit, Failure> {
    let mut signals = Box::pin(term::signals()?);
    let Following { mut events, outcome, orders, .. } = elsewhere.follow().await?;
    let mut out = Output::standard();
    writeln!(out, "session {}", elsewhere.session.id())?;
    let mut transcript = Transcript::new(&mut out, elsewhere.documents, 0, style);
    loop {
        tokio::select! {
            event = events.recv() => match event {
                None => break,
                Some(Event::Delta { .. }) => {}
                Some(Event::Recorded(records)) => {
                    for record in &records {
                        transcript.apply(record);
                        transcript.tell(record)?;
                    }
                    transcript.out.flush()?;
                }
            },
            Some(signal) = signals.next() => if signal != Signal::Continued {
                return Ok(Exit::Interrupted);
            },
        }
    }
    drop(orders);
    outcome.await?.map_err(|why| Failure::new(Exit::Error, why))?;
    transcript.totals()?;
    transcript.out.flush()?;
    match transcript.state.ending() {
        Some(Ending::Failed { error }) => Err(Failure::new(Exit::Error, error.clone())),
        Some(ending) => Ok(Exit::of(ending)),
        None => Ok(Exit::Error),
    }
}
