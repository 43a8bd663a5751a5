//! `minions run`: a session without a screen. Progress on standard error, the answer on standard output.

use std::io::{IsTerminal, Write, stderr};
use std::time::Instant;

use futures_util::{Stream, StreamExt};

use super::alone::Alone;
use super::begin::{self, Begun, begin};
use super::bill;
use super::progress::Progress;
use super::report::report;
use super::{Exit, Failure, Output, protocol, whole};
use crate::config::{Config, OnHangup};
use crate::document::Document;
use crate::journal::Stored;
use crate::ledger::{Exposure, Ledger};
use crate::protocol::{BudgetChoice, Ending, ExposureChoice, Fact, ProtocolKind, State};
use crate::runtime::{Event, Order};
use crate::term::{self, Signal};

/// `agreed`: whether whole documents may be sent to the remote LM, where the protocol does that.
pub async fn run(
    config: &Config,
    documents: Vec<Document>,
    question: String,
    json: bool,
    agreed: bool,
) -> Result<Exit, Failure> {
    let begun_at = Instant::now();
    if protocol::kind(config.protocol.name) == ProtocolKind::RemoteOnly && !agreed {
        let remote = begin::remote(config).await?;
        return Err(whole::not_agreed(&whole::fits(config, &*remote, &documents, None, &question).await?));
    }
    // What comes while models are connected stops the run as soon as it goes.
    let signals = Box::pin(term::signals()?);
    let begun = begin(config, documents.clone(), question, None, None).await?;
    watch(config, Watched { begun, documents, begun_at, agreed }, signals, json).await
}

/// A run that goes by itself.
pub struct Watched {
    pub begun: Begun,
    pub documents: Vec<Document>,
    pub begun_at: Instant,
    /// Whether whole documents may be sent to the remote LM, where the protocol does that.
    pub agreed: bool,
}

/// Tells how the run goes, and in the end what came of it.
pub async fn watch(
    config: &Config,
    watched: Watched,
    mut signals: impl Stream<Item = Signal> + Unpin,
    json: bool,
) -> Result<Exit, Failure> {
    let Watched { begun: Begun { session, mut running, past, attached }, documents, begun_at, agreed } = watched;
    let can_overwrite = stderr().is_terminal() && !matches!(std::env::var("TERM").as_deref(), Ok("dumb") | Err(_));
    let mut progress = Progress::new(stderr(), can_overwrite);
    let (mut state, mut ledger, mut exposure) = (State::default(), Ledger::default(), Exposure::new(&documents));
    for fact in past.iter().filter_map(|record| record.fact.known()) {
        state.apply(fact);
        ledger.apply(fact);
        exposure.apply(fact);
    }
    drop(past);
    let (mut alone, finish) = (None::<Alone>, config.sessions.on_hangup == OnHangup::Finish);
    loop {
        let in_vain = async {
            match &mut alone {
                Some(alone) => alone.in_vain().await,
                None => std::future::pending().await,
            }
        };
        let records = tokio::select! {
            event = running.events.recv() => match event {
                Some(Event::Recorded(records)) => records,
                Some(Event::Delta { .. }) => continue,
                None => break,
            },
            Some(signal) = signals.next() => {
                match signal {
                    Signal::HangUp if finish => {
                        term::let_go_of_terminal();
                        alone.get_or_insert_with(|| Alone::new(config, attached.clone(), &state.phase));
                    }
                    // A process that goes on after a pause was not told to stop.
                    Signal::Continued => {}
                    // A full queue holds the same order many times over.
                    _ => drop(running.orders.try_send(Order::Stop)),
                }
                continue;
            }
            () = in_vain => {
                let _ = running.orders.try_send(Order::LeaveOpen);
                continue;
            }
        };
        for record in records {
            if let Stored::Known(fact) = &record.fact {
                state.apply(fact);
                ledger.apply(fact);
                exposure.apply(fact);
                progress.tell(&state, fact);
                if let Fact::ConsentAsked { .. } = fact.as_ref()
                    && (agreed || alone.is_none() && *attached.borrow() == 0)
                {
                    let _ = running.orders.try_send(if agreed { Order::Consent } else { Order::Stop });
                }
                if let Some(alone) = &mut alone {
                    alone.note(fact);
                } else if let Some(stop) = stop_at(fact) {
                    match *attached.borrow() {
                        // Nobody is there to say how to go on.
                        0 => drop(running.orders.try_send(stop)),
                        _ => alone = Some(Alone::new(config, attached.clone(), &state.phase)),
                    }
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

/// How a run ends at a limit where nobody says how to go on.
pub(super) fn stop_at(fact: &Fact) -> Option<Order> {
    match fact {
        Fact::BudgetReached(_) => Some(Order::Budget(BudgetChoice::Stop)),
        Fact::ExposureReached(_) => Some(Order::Exposure(ExposureChoice::Stop)),
        _ => None,
    }
}
