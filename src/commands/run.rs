//! `minions run`: a session without a screen. Progress on standard error, the answer on standard output.

use std::io::{IsTerminal, Write, stderr};
use std::time::Instant;

use futures_util::StreamExt;

use super::begin::{Begun, begin};
use super::bill;
use super::progress::Progress;
use super::report::report;
use super::{Exit, Failure, Output};
use crate::config::Config;
use crate::document::Document;
use crate::journal::Stored;
use crate::ledger::{Exposure, Ledger};
use crate::protocol::{BudgetChoice, Ending, Fact, State};
use crate::runtime::{Event, Order};
use crate::term::{self, Signal};

pub async fn run(config: &Config, documents: Vec<Document>, question: String, json: bool) -> Result<Exit, Failure> {
    let begun_at = Instant::now();
    let mut signals = Box::pin(term::signals()?);
    let Begun { session, mut running } = begin(config, documents.clone(), question, None).await?;
    let can_overwrite = stderr().is_terminal() && !matches!(std::env::var("TERM").as_deref(), Ok("dumb") | Err(_));
    let mut progress = Progress::new(stderr(), can_overwrite);
    let (mut state, mut ledger, mut exposure) = (State::default(), Ledger::default(), Exposure::new(&documents));
    loop {
        let records = tokio::select! {
            event = running.events.recv() => match event {
                Some(Event::Recorded(records)) => records,
                Some(Event::Delta { .. }) => continue,
                None => break,
            },
            Some(signal) = signals.next() => {
                // A process that goes on after a pause was not told to stop.
                if signal != Signal::Continued {
                    // A full queue holds the same order many times over.
                let _ = running.orders.try_send(Order::Stop);
                }
                continue;
            }
        };
        for record in records {
            if let Stored::Known(fact) = &record.fact {
                state.apply(fact);
                ledger.apply(fact);
                exposure.apply(fact);
                progress.tell(&state, fact);
                // Nobody is there to say how to go on.
                if let Fact::BudgetReached(_) = fact.as_ref() {
                    let _ = running.orders.try_send(Order::Budget(BudgetChoice::Stop));
                }
            }
        }
    }
    progress.end();
    if let Some(opened) = &state.opened {
        progress.add(&bill::line(&ledger.totals(), opened.remote.is_model));
    }
    running.outcome.await??;
    let seconds = begun_at.elapsed().as_secs_f64();
    let report = report(&session.id().to_string(), &state, &ledger, &exposure, &documents, seconds);
    let failed = match state.ending() {
        Some(Ending::Failed { error }) => Some(Failure::new(Exit::Error, error.clone())),
        _ => None,
    };
    let mut out = Output::standard();
    let written = match (json, &failed) {
        (true, _) => report.write_json(&mut out),
        (false, None) => report.write_human(&mut out),
        (false, Some(_)) => Ok(()),
    };
    match written.and_then(|()| out.flush()).map_err(Failure::from) {
        // That nobody reads the answer does not change how the run ended.
        Err(failure) if !failure.is_closed_pipe() => Err(failure),
        _ => failed.map_or(Ok(state.ending().map_or(Exit::Error, Exit::of)), Err),
    }
}
