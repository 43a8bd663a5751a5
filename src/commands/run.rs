//! `minions run`: a session without a screen. Progress on standard error, the answer on standard output.

use std::io::{IsTerminal, Write, stderr, stdout};
use std::time::Instant;

use color_eyre::eyre::{Result, WrapErr};
use futures_util::StreamExt;

use super::Exit;
use super::begin::{Begun, begin, store};
use super::progress::Progress;
use super::report::report;
use crate::config::Config;
use crate::document::Document;
use crate::journal::Stored;
use crate::ledger::{Exposure, Ledger};
use crate::protocol::{Ending, State};
use crate::runtime::{Event, Order};
use crate::term;

pub async fn run(config: &Config, documents: Vec<Document>, question: String, json: bool) -> Result<Exit> {
    let begun_at = Instant::now();
    let mut signals = Box::pin(term::signals()?);
    let Begun { session, mut running } = begin(config, &store(config)?, documents.clone(), question).await?;
    let mut progress = Progress::new(stderr(), stderr().is_terminal());
    let (mut state, mut ledger, mut exposure) = (State::default(), Ledger::default(), Exposure::default());
    loop {
        let records = tokio::select! {
            event = running.events.recv() => match event {
                Some(Event::Recorded(records)) => records,
                Some(Event::Delta { .. }) => continue,
                None => break,
            },
            Some(_) = signals.next() => {
                let _ = running.orders.send(Order::Stop).await;
                continue;
            }
        };
        for record in records {
            if let Stored::Known(fact) = &record.fact {
                state.apply(fact);
                ledger.apply(fact);
                exposure.apply(fact, &documents);
                progress.tell(&state, fact);
            }
        }
    }
    let outcome = running.outcome.await.wrap_err("the run broke off; what is on disk is kept")?;
    outcome.wrap_err("the session could not be saved any further, and was stopped")?;
    let seconds = begun_at.elapsed().as_secs_f64();
    let report = report(&session.id().to_string(), &state, &ledger, &exposure, &documents, seconds);
    let mut out = stdout().lock();
    if json {
        serde_json::to_writer(&mut out, &report)?;
        writeln!(out)?;
    } else {
        report.write_human(&mut out)?;
    }
    out.flush()?;
    Ok(match state.ending() {
        Some(Ending::Answered) => Exit::Answered,
        Some(Ending::NoAnswer { .. }) => Exit::NoAnswer,
        Some(Ending::Budget { .. }) => Exit::Budget,
        Some(Ending::Cancelled) => Exit::Interrupted,
        Some(Ending::Failed { .. }) | None => Exit::Error,
    })
}
