//! `minions attach --accessible` on a terminal: what happens line by line, and lines that steer the run.

use std::io::stdout;

use futures_util::StreamExt;

use super::answering::ended;
use super::attach::{Elsewhere, Following};
use super::person::Person;
use super::replay_headless::{Style, Transcript};
use super::telling::Telling;
use super::typed::{Wanted, order, understood};
use super::{Exit, Failure};
use crate::runtime::Event;
use crate::term::Signal;

/// Tells and steers until the session ends, or the person leaves; the session goes on then.
pub async fn steer(elsewhere: Elsewhere) -> Result<Exit, Failure> {
    let mut person = Person::here()?;
    let Following { session, documents, mut events, orders, mut notices, outcome } = elsewhere.follow().await?;
    person.say(&format!("session {}", session.id()))?;
    person.say("Type q and Enter to leave; the run goes on then. Type h to hold the run, x to end it.")?;
    let mut out = stdout();
    let mut told = Telling::new(Transcript::new(&mut out, documents, 0, Style::Spoken));
    let (mut wanted, mut stood, mut listening) = (Wanted::Nothing, Wanted::stands(&told.transcript.state), true);
    loop {
        tokio::select! {
            event = events.recv() => match event {
                None => break,
                Some(Event::Delta { .. }) => {}
                Some(Event::Recorded(records)) => {
                    for record in &records {
                        told.tell(record)?;
                    }
                    let state = &told.transcript.state;
                    if Wanted::stands(state) != stood {
                        (wanted, stood) = (Wanted::at(state), Wanted::stands(state));
                    }
                }
            },
            Some(why) = notices.recv() => person.say(&format!("Not taken: {why}"))?,
            Some(signal) = person.signals.next() => if signal != Signal::Continued {
                return Ok(Exit::Interrupted);
            },
            line = person.lines.recv(), if listening => match line.as_deref().map(str::trim) {
                Some("q") => {
                    person.say(&format!("session {} goes on in its own process", session.id()))?;
                    return Ok(Exit::Success);
                }
                Some(line) => {
                    let (say, wish) = understood(line, &mut wanted, &told.transcript.state);
                    if let Some(wish) = wish {
                        order(&orders, wish);
                    }
                    person.say(&say)?;
                }
                None => listening = false,
            },
        }
    }
    outcome
        .await
        .map_err(|error| Failure::new(Exit::Error, error.to_string()))?
        .map_err(|why| Failure::new(Exit::Error, why))?;
    told.transcript.totals()?;
    ended(session.id().as_str(), &told.transcript.state)
}
