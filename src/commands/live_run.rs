//! The run at hand: told, ordered, ended; with or without a terminal.

use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::FutureExt;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;
use tokio::task::JoinHandle;

use super::alone::Alone;
use super::begin::Begun;
use super::folds::Folds;
use super::screen::Stage;
use super::{Exit, Failure};
use crate::app::{Account, Figures, Marks};
use crate::config::Config;
use crate::control::Attached;
use crate::document::Document;
use crate::journal::{JournalError, Record, Session};
use crate::protocol::State;
use crate::runtime::{Event, Order, Running};
use crate::term::Signal;

/// Results that wait to be shown before the run is slowed.
const WAITING: usize = 64;
/// How long the end of the program waits for a run that is connecting to its models.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a run in the workbench says, with the folds already made.
pub enum Told {
    /// `past`: they were made before this run began or was followed.
    Recorded {
        records: Vec<Record>,
        past: bool,
        figures: Box<Figures>,
        folded: Option<Box<(Marks, Account)>>,
    },
    Event(Event),
    Ended(Result<(), String>),
}

/// What comes of the run at hand.
pub enum FromRun {
    Begun(Result<Begun, Failure>),
    Told(Box<Told>),
}

/// The run at hand.
pub enum Run {
    None,
    /// Connecting to the models and making the session's folder.
    Beginning(JoinHandle<Result<Begun, Failure>>),
    Going {
        told: mpsc::Receiver<Told>,
        orders: mpsc::Sender<Order>,
        /// Who else watches it; nothing where another process runs it.
        attached: Option<Attached>,
    },
}

/// Why an order was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Untaken {
    /// Many wait already.
    Busy,
    /// The run has just ended.
    Ended,
    /// Another process runs the session, and the connection to it is gone.
    CutOff,
}

impl Run {
    /// A run of this process.
    pub fn of(running: Running, past: Vec<Record>, attached: Attached, documents: &[Document]) -> Self {
        let Running { events, orders, outcome } = running;
        let outcome = async {
            let outcome: Result<Result<State, JournalError>, _> = outcome.await;
            match outcome {
                Ok(Ok(_)) => Ok(()),
                Ok(Err(error)) => Err(format!("the session could not be saved any further, and was stopped: {error}")),
                Err(error) => Err(format!("the run broke off; what is on the disk is kept: {error}")),
            }
        };
        Self::going(events, orders, outcome, past, Some(attached), documents)
    }

    /// Folds beside the screen: a slow fold slows the run, never the screen.
    pub fn going(
        mut events: mpsc::Receiver<Event>,
        orders: mpsc::Sender<Order>,
        outcome: impl Future<Output = Result<(), String>> + Send + 'static,
        past: Vec<Record>,
        attached: Option<Attached>,
        documents: &[Document],
    ) -> Self {
        let (sender, told) = mpsc::channel(WAITING);
        let mut folds = Folds::new(documents);
        tokio::spawn(async move {
            let mut before = (!past.is_empty()).then_some(Event::Recorded(past));
            loop {
                let past = before.is_some();
                let Some(event) = next(&mut before, &mut events).await else { break };
                let told = match event {
                    Event::Recorded(records) => {
                        let idle = events.is_empty();
                        tokio::task::block_in_place(|| records.iter().for_each(|record| folds.apply(record)));
                        let folded = idle.then(|| Box::new((folds.marks(), folds.account())));
                        Told::Recorded { records, past, figures: Box::new(folds.figures()), folded }
                    }
                    delta => Told::Event(delta),
                };
                if sender.send(told).await.is_err() {
                    return;
                }
            }
            // Where nobody watches any more there is nobody to tell.
            let _ = sender.send(Told::Ended(outcome.await)).await;
        });
        Run::Going { told, orders, attached }
    }

    pub fn poll(&mut self, context: &mut Context<'_>) -> Poll<FromRun> {
        match self {
            Run::None => Poll::Pending,
            Run::Beginning(task) => {
                let Poll::Ready(begun) = task.poll_unpin(context) else { return Poll::Pending };
                *self = Run::None;
                Poll::Ready(FromRun::Begun(begun.map_err(Failure::from).flatten()))
            }
            Run::Going { told, .. } => match told.poll_recv(context) {
                Poll::Ready(Some(told)) => Poll::Ready(FromRun::Told(Box::new(told))),
                Poll::Ready(None) | Poll::Pending => Poll::Pending,
            },
        }
    }

    /// Gives an order, or gives it back and says why. Where there is no run it is for nobody.
    pub fn order(&self, order: Order) -> Result<(), (Untaken, Order)> {
        let Run::Going { orders, attached, .. } = self else { return Ok(()) };
        orders.try_send(order).map_err(|error| match error {
            TrySendError::Full(order) => (Untaken::Busy, order),
            TrySendError::Closed(order) if attached.is_some() => (Untaken::Ended, order),
            TrySendError::Closed(order) => (Untaken::CutOff, order),
        })
    }

    /// Stops the run, or leaves it open where it waits for the person, and waits until its journal is closed. One that is
    /// just beginning first gets to where it can be stopped, so that no half-made session stays behind. `state`: what of
    /// the session was shown. Gives where it stood in the end, where this process ran it.
    pub async fn finish(
        self,
        mut session: Option<Session>,
        mut state: State,
        documents: &[Document],
    ) -> Option<(Session, State)> {
        let going = match self {
            Run::None => return None,
            Run::Beginning(task) => {
                let stop = task.abort_handle();
                match tokio::time::timeout(PATIENCE, task).await {
                    Ok(Ok(Ok(begun))) => {
                        session = Some(begun.session);
                        Run::of(begun.running, begun.past, begun.attached, documents)
                    }
                    Ok(_) => return None,
                    Err(_) => {
                        stop.abort();
                        return None;
                    }
                }
            }
            // What another process runs is that one's.
            Run::Going { attached: None, .. } => return None,
            going @ Run::Going { .. } => going,
        };
        if let Run::Going { mut told, orders, .. } = going {
            // What is told is taken meanwhile: a driver that waits for its watcher would take no order.
            let drain = async {
                while let Some(told) = told.recv().await {
                    if let Told::Recorded { records, .. } = told {
                        records.iter().filter_map(|record| record.fact.known()).for_each(|fact| state.apply(fact));
                    }
                }
            };
            let _ = tokio::join!(orders.send(Order::Leave), drain);
        }
        session.map(|session| (session, state))
    }

    /// Lets the terminal go, and the run go on to its end. Where it needs the person it waits for one to attach, and leaves
    /// the session open in the end. Gives how it ended; nothing where no run of this process was under way.
    pub async fn finish_alone(self, stage: &mut Stage, config: &Config, documents: &[Document]) -> Option<Exit> {
        let run = match self {
            Run::None | Run::Going { attached: None, .. } => return None,
            Run::Beginning(mut task) => {
                stage.let_go();
                // What it waits for has time limits of its own.
                let begun = tokio::select! {
                    begun = &mut task => begun.map_err(Failure::from).flatten(),
                    () = told_to_end(stage) => {
                        Run::Beginning(task).finish(None, State::default(), documents).await;
                        return Some(Exit::Interrupted);
                    }
                };
                match begun {
                    Ok(begun) => Run::of(begun.running, begun.past, begun.attached, documents),
                    Err(failure) => {
                        tracing::error!("{failure}");
                        return Some(failure.exit());
                    }
                }
            }
            going @ Run::Going { .. } => {
                stage.let_go();
                going
            }
        };
        let Run::Going { mut told, orders, attached: Some(attached) } = run else { return None };
        let (mut alone, mut state) = (Alone::new(config, attached), stage.model.state.clone());
        alone.begin();
        alone.note(&state);
        loop {
            let order = tokio::select! {
                news = told.recv() => match news {
                    Some(Told::Recorded { records, .. }) => {
                        for fact in records.iter().filter_map(|record| record.fact.known()) {
                            state.apply(fact);
                            alone.note(&state);
                        }
                        continue;
                    }
                    Some(Told::Event(_)) => continue,
                    Some(Told::Ended(Err(error))) => {
                        tracing::error!("{error}");
                        return Some(Exit::Error);
                    }
                    Some(Told::Ended(Ok(()))) | None => {
                        return Some(state.ending().map_or(Exit::Interrupted, Exit::of));
                    }
                },
                () = told_to_end(stage) => Order::Stop,
                () = alone.in_vain() => Order::LeaveOpen,
            };
            // A full queue holds orders that are on their way; whoever told us to end tells again.
            let _ = orders.try_send(order);
        }
    }
}

/// Comes back when the process is told to end. Safe to cancel.
async fn told_to_end(stage: &mut Stage) {
    loop {
        match stage.signal().await {
            Some(Signal::Interrupt | Signal::Terminate) => return,
            Some(Signal::HangUp | Signal::Continued) => {}
            None => return std::future::pending().await,
        }
    }
}

/// What was on record before the run comes first.
async fn next(before: &mut Option<Event>, events: &mut mpsc::Receiver<Event>) -> Option<Event> {
    match before.take() {
        Some(event) => Some(event),
        None => events.recv().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_that_is_not_taken_comes_back_with_the_reason() {
        let (orders, waiting) = mpsc::channel(1);
        let (_watching, attached) = tokio::sync::watch::channel(0);
        let here = Run::Going { told: mpsc::channel(1).1, orders: orders.clone(), attached: Some(attached) };
        let elsewhere = Run::Going { told: mpsc::channel(1).1, orders, attached: None };
        assert!(here.order(Order::Stop).is_ok());
        let refused = here.order(Order::Note("look here".into()));
        assert!(matches!(refused, Err((Untaken::Busy, Order::Note(text))) if text == "look here"));
        drop(waiting);
        assert!(matches!(here.order(Order::Stop), Err((Untaken::Ended, Order::Stop))));
        assert!(matches!(elsewhere.order(Order::Stop), Err((Untaken::CutOff, Order::Stop))));
    }
}
