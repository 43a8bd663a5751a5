//! `--accessible`: the session one line after the other, for a screen reader, with questions where the person decides.
//!
//! Nothing is drawn and nothing is drawn again: no colour, no cursor, no spinner. What is typed is a line with Enter.

use std::io::stdout;
use std::pin::pin;

use futures_util::StreamExt;

use super::alone::Alone;
use super::answering::{Answering, Beforehand, ended};
use super::begin::{Begun, begin};
use super::bill;
use super::person::{Person, Said, next_line};
use super::telling::Telling;
use super::transcript::{Style, Transcript};
use super::typed::{Wanted, Wish, is_meant_for_any_time, order, understood};
use super::{Exit, Failure};
use crate::config::{Config, OnHangup};
use crate::document::Document;
use crate::journal::Session;
use crate::ledger::Ledger;
use crate::protocol::Phase;
use crate::runtime::{Event, Order};
use crate::term::{self, Signal};

/// Asks and answers until the person leaves. `at_terminal`: standard input was read as a document.
pub async fn open(
    config: &Config,
    documents: Vec<Document>,
    question: Option<String>,
    at_terminal: bool,
) -> Result<Exit, Failure> {
    let mut person = Person::here(at_terminal)?;
    let names: Vec<&str> = documents.iter().map(|document| document.name.as_str()).collect();
    person.say(&format!("minions, on {}.", names.join(", ")))?;
    let (mut exit, mut next, mut before) = (Exit::Success, question, None);
    loop {
        let question = match next.take() {
            Some(question) => question,
            None => match person.ask("What do you want to know? An empty line leaves.").await? {
                Said::Line(line) if !line.trim().is_empty() => line.trim().to_owned(),
                Said::Line(_) | Said::Leave => return Ok(exit),
            },
        };
        exit = match run(config, &documents, question, &mut before, &mut person).await {
            Ok(Ran { exit, leave: true }) => return Ok(exit),
            Ok(Ran { exit, leave: false }) => exit,
            // Nobody is there to ask anew.
            Err(failure) if person.lines.is_closed() => return Err(failure),
            Err(failure) => {
                person.say(&format!("This did not work: {failure}"))?;
                failure.exit()
            }
        };
    }
}

struct Ran {
    exit: Exit,
    /// The terminal is gone, or the process is asked to end.
    leave: bool,
}

/// `before`: the session that the question follows up on, and in the end this one.
async fn run(
    config: &Config,
    documents: &[Document],
    question: String,
    before: &mut Option<Session>,
    person: &mut Person,
) -> Result<Ran, Failure> {
    let Begun { session, mut running, attached, .. } = {
        // Nothing is on the disk while models are connected: leaving off leaves nothing half-made.
        let mut beginning = pin!(begin(config, documents.to_vec(), question, None, before.clone()));
        loop {
            tokio::select! {
                begun = &mut beginning => break begun?,
                Some(signal) = person.signals.next() => match signal {
                    Signal::Continued => {}
                    signal => {
                        person.say("Stopped before the run began.")?;
                        return Ok(Ran { exit: Exit::Interrupted, leave: signal != Signal::Interrupt });
                    }
                },
            }
        }
    };
    let id = session.id().to_string();
    *before = Some(session);
    person.say("Type h and Enter to hold the run, x and Enter to stop it.")?;
    let (mut out, mut ledger) = (stdout(), Ledger::default());
    let mut told = Telling::new(Transcript::new(&mut out, documents.to_vec(), 0, Style::Spoken));
    let (mut wanted, mut leave, mut listening) = (Wanted::Nothing, false, true);
    let mut answering = Answering::new(Beforehand::default(), Alone::new(config, attached));
    let (finish, mut stood) = (config.sessions.on_hangup == OnHangup::Finish, (Phase::New, false));
    loop {
        let listens = listening && (person.held.is_none() || wanted.is_asked());
        tokio::select! {
            event = running.events.recv() => match event {
                None => break,
                Some(Event::Delta { .. }) => {}
                Some(Event::Recorded(records)) => {
                    for record in &records {
                        if let Some(fact) = record.fact.known() {
                            ledger.apply(fact);
                        }
                        told.tell(record)?;
                        answering.alone.note(&told.transcript.state);
                    }
                    let state = &told.transcript.state;
                    // Somebody who attached may have answered.
                    if Wanted::stands(state) != stood {
                        (wanted, stood) = (Wanted::at(state), Wanted::stands(state));
                    }
                    if !listening {
                        answering.note(state);
                    }
                }
            },
            Some(signal) = person.signals.next() => match signal {
                Signal::Continued => {}
                Signal::HangUp if finish => {
                    term::let_go_of_terminal();
                    (leave, listening) = (true, false);
                    answering.alone.begin();
                }
                Signal::Interrupt => {
                    if let Err(why) = order(&running.orders, Wish::Stop) {
                        person.say(&format!("Not taken: {why}"))?;
                    }
                }
                Signal::HangUp | Signal::Terminate => {
                    leave = true;
                    let _ = running.orders.try_send(Order::Leave);
                }
            },
            () = answering.alone.in_vain() => drop(running.orders.try_send(Order::LeaveOpen)),
            () = answering.due.give(&running.orders) => {}
            line = next_line(&mut person.held, &mut person.lines), if listens => match line {
                Some(line) if person.ahead && !wanted.is_asked() && !is_meant_for_any_time(line.trim()) => {
                    person.held = Some(line);
                }
                Some(line) => {
                    let state = &told.transcript.state;
                    let (say, ordered) = understood(line.trim(), &mut wanted, state);
                    match ordered.map_or(Ok(()), |ordered| order(&running.orders, ordered)) {
                        Ok(()) => person.say(&say)?,
                        Err(why) => {
                            wanted = Wanted::at(state);
                            person.say(&format!("Not taken: {why}"))?;
                        }
                    }
                }
                None => {
                    listening = false;
                    answering.note(&told.transcript.state);
                }
            },
        }
    }
    let Telling { mut transcript, .. } = told;
    let is_model = transcript.state.opened.as_ref().is_some_and(|opened| opened.remote.is_model);
    transcript.totals()?;
    person.say(&bill::line(&ledger.totals(), is_model))?;
    running.outcome.await??;
    match (ended(&id, &transcript.state), transcript.state.ending()) {
        (Ok(exit), _) => Ok(Ran { exit, leave }),
        // How it failed was told when it did.
        (Err(failed), Some(_)) => Ok(Ran { exit: failed.exit(), leave }),
        (Err(open), None) => {
            person.say(&open.to_string())?;
            Ok(Ran { exit: open.exit(), leave })
        }
    }
}
