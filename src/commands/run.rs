//! `minions run`: a session without a screen. Progress on standard error, the answer on standard output.

use std::io::{IsTerminal, Write, stderr};
use std::time::Instant;

use futures_util::{FutureExt, Stream, StreamExt};
use tokio::task::JoinHandle;

use super::alone::Alone;
use super::answering::{Answering, Beforehand, ended};
use super::begin::{self, Begun, begin};
use super::bill;
use super::progress::Progress;
use super::report::{Report, report};
use super::screen::now_ms;
use super::{Exit, Failure, Output, forecasting, protocol, whole};
use crate::app::forecast::became;
use crate::config::{Config, OnHangup};
use crate::document::Document;
use crate::journal::{Session, Stored};
use crate::ledger::{Exposure, Forecast, Ledger, Waited};
use crate::protocol::{ProtocolKind, State};
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
    // Beside the run, which does not wait for it.
    let expected = {
        let (config, documents, question) = (config.clone(), documents.clone(), question.clone());
        let began_ms = Some(now_ms());
        tokio::task::spawn_blocking(move || forecasting::expected(&config, &documents, &question, None, began_ms).ok())
    };
    let begun = begin(config, documents.clone(), question, None, None).await?;
    let said = Beforehand { sends_documents: agreed, ..Beforehand::default() };
    watch(config, Watched { begun, documents, begun_at, said, expected: Some(expected), hung_up: false }, signals, json)
        .await
}

/// A run that goes by itself.
pub struct Watched {
    pub begun: Begun,
    pub documents: Vec<Document>,
    pub begun_at: Instant,
    /// What the person said of what the run may come to need.
    pub said: Beforehand,
    /// What it is expected to come to, once that is worked out.
    pub expected: Option<JoinHandle<Option<Forecast>>>,
    /// The terminal was gone before it began.
    pub hung_up: bool,
}

/// Tells how the run goes, and in the end what came of it. One that is left open where it needs the person is a failure
/// that says how to go on.
pub async fn watch(
    config: &Config,
    watched: Watched,
    mut signals: impl Stream<Item = Signal> + Unpin,
    json: bool,
) -> Result<Exit, Failure> {
    let Over { report, exit, failed, .. } = follow(config, watched, &mut signals).await;
    let mut out = Output::standard();
    let written = match (json, &failed) {
        (true, _) => report.write_json(&mut out),
        (false, None) => report.write_human(&mut out),
        (false, Some(_)) => Ok(()),
    };
    match written.and_then(|()| out.flush()).map_err(Failure::from) {
        // That nobody reads the answer does not change how the run ended.
        Err(failure) if !failure.is_closed_pipe() => Err(failure),
        _ => failed.map_or(Ok(exit), Err),
    }
}

/// What a run that has ended came to.
pub struct Over {
    pub report: Report,
    /// How it ends the program where nothing failed.
    pub exit: Exit,
    pub failed: Option<Failure>,
    pub session: Session,
    /// Dollars that it spent or may have spent.
    pub spent_usd: f64,
    /// A signal asked the program to end: nothing else is to begin.
    pub told_to_end: bool,
    /// The terminal is gone, and nobody sees what goes on.
    pub hung_up: bool,
}

/// Follows a run to its end, and tells how it goes.
pub async fn follow(config: &Config, watched: Watched, mut signals: impl Stream<Item = Signal> + Unpin) -> Over {
    let Watched { begun, documents, begun_at, said, expected, hung_up } = watched;
    let Begun { session, mut running, past, attached } = begun;
    let can_overwrite = stderr().is_terminal() && !matches!(std::env::var("TERM").as_deref(), Ok("dumb") | Err(_));
    let mut progress = Progress::new(stderr(), can_overwrite);
    let (mut state, mut ledger, mut exposure) = (State::default(), Ledger::default(), Exposure::new(&documents));
    for fact in past.iter().filter_map(|record| record.fact.known()) {
        state.apply(fact);
        ledger.apply(fact);
        exposure.apply(fact);
    }
    drop(past);
    let mut answering = Answering::new(said, Alone::new(config, attached));
    if hung_up {
        answering.alone.begin();
    }
    let mut waited = Waited::default();
    let (finish, mut hung_up, mut told_to_end) = (config.sessions.on_hangup == OnHangup::Finish, hung_up, false);
    // What it stood at before may be what it needs now.
    answering.note(&state);
    loop {
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
                        hung_up = true;
                        answering.alone.begin();
                    }
                    // A process that goes on after a pause was not told to stop.
                    Signal::Continued => {}
                    // A full queue holds the same order many times over.
                    signal => {
                        told_to_end = true;
                        let _ = running.orders.try_send(match signal {
                            Signal::Interrupt => Order::Stop,
                            _ => Order::Leave,
                        });
                    }
                }
                continue;
            }
            () = answering.alone.in_vain() => {
                let _ = running.orders.try_send(Order::LeaveOpen);
                continue;
            }
            () = answering.due.give(&running.orders) => continue,
        };
        for record in records {
            if let Stored::Known(fact) = &record.fact {
                state.apply(fact);
                ledger.apply(fact);
                exposure.apply(fact);
                progress.tell(&state, fact);
                waited.apply(fact, record.at_ms);
                answering.alone.note(&state);
            }
        }
        answering.note(&state);
    }
    progress.end();
    if let Some(opened) = &state.opened {
        progress.add(&bill::line(&ledger.totals(), opened.remote.is_model));
    }
    let broke_off = running.outcome.await.map_err(Failure::from).and_then(|outcome| Ok(outcome?)).err();
    let seconds = begun_at.elapsed().as_secs_f64();
    let mut report = report(&session.id().to_string(), &state, &ledger, &exposure, &documents, seconds);
    // What was not worked out by the end is not waited for.
    if let Some(expected) = expected.and_then(|expected| expected.now_or_never()).and_then(Result::ok).flatten() {
        // The person's own time was no part of what was expected.
        let own = (seconds - waited.ms() as f64 / 1e3).max(0.0);
        progress.add(&became(&expected, report.jobs.planned.into(), own, &report.paid));
        report.expected = Some(expected);
    }
    let (exit, failed) = match broke_off.map_or_else(|| ended(session.id().as_str(), &state), Err) {
        Ok(exit) => (exit, None),
        Err(failure) => (failure.exit(), Some(failure)),
    };
    let planner = ledger.left().planner;
    let spent_usd = planner.priced_usd + planner.lost_usd;
    Over { report, exit, failed, session, spent_usd, told_to_end, hung_up }
}

#[cfg(test)]
mod tests {
    use futures_util::stream;
    use tokio::sync::{mpsc, watch};

    use super::*;
    use crate::journal::world::{World, documents};
    use crate::journal::{Durability, Store};
    use crate::runtime::Running;

    #[tokio::test]
    async fn whoever_runs_several_sessions_learns_that_a_signal_asked_the_program_to_end() {
        let folder = tempfile::tempdir().unwrap();
        let (session, writer) = Store::new(folder.path().to_owned()).create(&documents()).unwrap();
        let mut facts = World::facts(1, 1, 2);
        facts.pop();
        let past = writer.append(facts, Durability::Synced).await.unwrap();
        drop(writer);
        for (signal, hung_up) in [(Some(Signal::Terminate), true), (None, false)] {
            let (event, events) = mpsc::channel::<Event>(1);
            let (orders, mut taken) = mpsc::channel(4);
            let leaves = signal.is_some();
            let outcome = tokio::spawn(async move {
                if leaves {
                    assert!(matches!(taken.recv().await, Some(Order::Leave)));
                }
                drop(event);
                Ok(State::default())
            });
            let (_attached, attached) = watch::channel(0);
            let running = Running { events, orders, outcome };
            let begun = Begun { session: session.clone(), running, past: past.clone(), attached };
            let said = Beforehand::default();
            let watched =
                Watched { begun, documents: documents(), begun_at: Instant::now(), said, expected: None, hung_up };
            let signals = stream::iter(signal).chain(stream::pending());
            let over = follow(&Config::default(), watched, signals).await;
            assert_eq!((over.told_to_end, over.hung_up), (leaves, hung_up));
            let failed = over.failed.unwrap().to_string();
            assert!(failed.contains(&format!("`minions resume {}`", session.id())), "{failed}");
        }
    }
}
