//! `minions attach --accessible` on a terminal: what happens line by line, and lines that steer the run.

use std::collections::BTreeMap;
use std::io::stdout;

use futures_util::StreamExt;

use super::answering::ended;
use super::attach::{Elsewhere, Following, Notice};
use super::person::Person;
use super::telling::Telling;
use super::transcript::{Style, Transcript};
use super::typed::{Wanted, order, understood};
use super::{Exit, Failure};
use crate::journal::Session;
use crate::runtime::Event;
use crate::term::Signal;

fn cut_off(session: &Session) -> String {
    format!("the connection to the process that runs it is gone; `minions attach {}` again.", session.id())
}

/// What to say to each order once it is taken, by its number.
#[derive(Default)]
struct Given {
    count: u64,
    waiting: BTreeMap<u64, String>,
}

impl Given {
    fn give(&mut self, say: String) {
        self.count += 1;
        self.waiting.insert(self.count, say);
    }

    fn answered(&mut self, order: u64) -> Option<String> {
        self.waiting.remove(&order)
    }
}

/// Tells and steers until the session ends, or the person leaves; the session goes on then.
pub async fn steer(elsewhere: Elsewhere) -> Result<Exit, Failure> {
    let mut person = Person::here(false)?;
    let Following { session, documents, mut events, orders, mut notices, outcome } = elsewhere.follow().await?;
    // Who is gone from the terminal is gone: a run waits for nobody who can type nothing.
    let mut orders = Some(orders);
    let mut given = Given::default();
    person.say(&format!("session {}", session.id()))?;
    person.say("Type q and Enter to leave; the run goes on then. Type h to hold the run, x to end it.")?;
    let mut out = stdout();
    let mut told = Telling::new(Transcript::new(&mut out, documents, 0, Style::Spoken));
    let (mut wanted, mut stood) = (Wanted::Nothing, Wanted::stands(&told.transcript.state));
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
            Some(notice) = notices.recv() => {
                match notice {
                    Notice::Taken(order) => given.answered(order).map_or(Ok(()), |say| person.say(&say))?,
                    Notice::Refused { order, why } => {
                        order.and_then(|order| given.answered(order));
                        wanted = Wanted::at(&told.transcript.state);
                        person.say(&format!("Not taken: {why}"))?;
                    }
                }
            },
            Some(signal) = person.signals.next() => if signal != Signal::Continued {
                return Ok(Exit::Interrupted);
            },
            line = person.lines.recv(), if orders.is_some() => match line.as_deref().map(str::trim) {
                Some("q") => {
                    person.say(&format!("session {} goes on in its own process", session.id()))?;
                    return Ok(Exit::Success);
                }
                Some(line) => {
                    let state = &told.transcript.state;
                    let (say, wish) = understood(line, &mut wanted, state);
                    match (wish, &orders) {
                        (Some(wish), Some(orders)) => match order(orders, wish) {
                            Ok(()) => given.give(say),
                            Err(_) if orders.is_closed() => {
                                person.say(&format!("Not taken: {}", cut_off(&session)))?;
                            }
                            Err(why) => {
                                wanted = Wanted::at(state);
                                person.say(&format!("Not taken: {why}"))?;
                            }
                        },
                        _ => person.say(&say)?,
                    }
                }
                None => {
                    person.say("There is no more to read here: what happens is told, and the run waits for you no longer.")?;
                    orders = None;
                }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_confirmed_in_its_own_words_whichever_is_answered_first() {
        let mut given = Given::default();
        for say in ["It is held.", "It goes on.", "It ends."] {
            given.give(say.into());
        }
        assert_eq!(given.answered(3).as_deref(), Some("It ends."));
        assert_eq!(given.answered(1).as_deref(), Some("It is held."));
        assert_eq!(given.answered(1), None);
        assert_eq!(given.answered(2).as_deref(), Some("It goes on."));
    }
}
