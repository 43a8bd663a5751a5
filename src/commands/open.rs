//! `minions open` and `minions demo`: the workbench on documents, with a session running in it.

use std::task::Poll;
use std::time::Duration;

use futures_util::{FutureExt, stream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::begin::{Begun, begin};
use super::folds::Folds;
use super::screen::{Scene, Stage};
use super::{Exit, Failure};
use crate::app::{Command, Figures, Marks, Message, Mode, Model};
use crate::config::{Config, Loaded};
use crate::document::Document;
use crate::journal::{JournalError, Record, Stored};
use crate::protocol::State;
use crate::runtime::{Event, Order, Running};

/// Results that wait to be shown before the run is slowed.
const WAITING: usize = 64;
/// How long the end of the program waits for a run that is connecting to its models.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a run in the workbench says, with the folds already made.
enum Told {
    Recorded { records: Vec<Record>, figures: Box<Figures>, marks: Option<Marks> },
    Event(Event),
    Ended(Result<(), String>),
}

/// The run at hand.
enum Run {
    None,
    /// Connecting to the models and making the session's folder.
    Beginning(JoinHandle<Result<Begun, Failure>>),
    Going {
        told: mpsc::Receiver<Told>,
        orders: mpsc::Sender<Order>,
    },
}

enum News {
    Begun(Result<Begun, Failure>),
    Told(Box<Told>),
}

/// Shows the workbench until the person quits.
pub async fn open(
    loaded: &Loaded,
    scene: Scene,
    documents: Vec<Document>,
    question: Option<String>,
) -> Result<Exit, Failure> {
    let model = Model::new(documents.clone(), Mode::Live { running: false });
    let mut stage = Stage::enter(model, loaded, scene)?;
    let mut run = Run::None;
    match question {
        Some(question) => run = start(&mut stage, &loaded.config, &documents, question),
        None => {
            stage.update(Message::AskQuestion);
        }
    }
    let ended = watch(&mut stage, &mut run, &loaded.config, &documents).await;
    // However the screen ended, the run is stopped in order first, so that nothing is lost.
    run.finish(&documents).await;
    match ended? {
        Leaving::Quit => {
            let exit = exit_of(&stage.model.state);
            stage.leave()?;
            Ok(exit)
        }
        Leaving::HungUp => {
            // The terminal may be gone: what it says of that helps nobody.
            let _ = stage.leave();
            Ok(Exit::Interrupted)
        }
    }
}

enum Leaving {
    Quit,
    HungUp,
}

/// Shows the run and does what the person wants, until one of them leaves.
async fn watch(stage: &mut Stage, run: &mut Run, config: &Config, documents: &[Document]) -> Result<Leaving, Failure> {
    loop {
        let turned = stage.turn(&mut stream::poll_fn(|context| run.poll(context).map(Some))).await?;
        for news in turned.others {
            match news {
                News::Begun(Ok(begun)) => *run = Run::going(begun.running, documents),
                News::Begun(Err(failure)) => {
                    stage.update(Message::RunEnded { error: Some(failure.to_string()) });
                }
                News::Told(told) => {
                    if show(stage, *told) {
                        *run = Run::None;
                    }
                }
            }
        }
        for command in turned.commands {
            match command {
                Command::Quit => return Ok(Leaving::Quit),
                Command::StopRun => run.order(Order::Stop),
                Command::CancelJob(job) => run.order(Order::CancelJob(job)),
                Command::RetryJobs(jobs) => run.order(Order::RetryJobs(jobs)),
                Command::Budget(choice) => run.order(Order::Budget(choice)),
                Command::Ask { question } if matches!(run, Run::None) => {
                    *run = start(stage, config, documents, question);
                }
                Command::Ask { .. } => {
                    stage.update(Message::Notice("a run is under way; stop it with X before asking again".into()));
                }
                Command::Replay(_) => {}
                // The stage has done these.
                Command::Copy(_) | Command::Suspend | Command::Redraw | Command::Theme(_) => {}
                Command::Mouse(_) | Command::Edit(_) => {}
            }
        }
        if turned.hang_up {
            return Ok(Leaving::HungUp);
        }
    }
}

fn start(stage: &mut Stage, config: &Config, documents: &[Document], question: String) -> Run {
    stage.update(Message::RunBegan);
    let (config, documents) = (config.clone(), documents.to_vec());
    Run::Beginning(tokio::spawn(async move { begin(&config, documents, question).await }))
}

impl Run {
    /// Folds beside the screen: a slow fold slows the run, never the screen.
    fn going(mut running: Running, documents: &[Document]) -> Self {
        let (sender, told) = mpsc::channel(WAITING);
        let mut folds = Folds::new(documents);
        let orders = running.orders.clone();
        tokio::spawn(async move {
            while let Some(event) = running.events.recv().await {
                let told = match event {
                    Event::Recorded(records) => {
                        let idle = running.events.is_empty();
                        tokio::task::block_in_place(|| records.iter().for_each(|record| folds.apply(record)));
                        let marks = idle.then(|| folds.marks());
                        Told::Recorded { records, figures: Box::new(folds.figures()), marks }
                    }
                    delta => Told::Event(delta),
                };
                if sender.send(told).await.is_err() {
                    return;
                }
            }
            let outcome: Result<Result<State, JournalError>, _> = running.outcome.await;
            let outcome = match outcome {
                Ok(Ok(_)) => Ok(()),
                Ok(Err(error)) => Err(format!("the session could not be saved any further, and was stopped: {error}")),
                Err(error) => Err(format!("the run broke off; what is on the disk is kept: {error}")),
            };
            // Where nobody watches any more there is nobody to tell.
            let _ = sender.send(Told::Ended(outcome)).await;
        });
        Run::Going { told, orders }
    }

    fn poll(&mut self, context: &mut std::task::Context<'_>) -> Poll<News> {
        match self {
            Run::None => Poll::Pending,
            Run::Beginning(task) => {
                let Poll::Ready(begun) = task.poll_unpin(context) else { return Poll::Pending };
                *self = Run::None;
                Poll::Ready(News::Begun(begun.map_err(Failure::from).flatten()))
            }
            Run::Going { told, .. } => match told.poll_recv(context) {
                Poll::Ready(Some(told)) => Poll::Ready(News::Told(Box::new(told))),
                Poll::Ready(None) | Poll::Pending => Poll::Pending,
            },
        }
    }

    /// Orders are few; one that finds the queue full is one of many that say the same.
    fn order(&self, order: Order) {
        if let Run::Going { orders, .. } = self {
            let _ = orders.try_send(order);
        }
    }

    /// Stops the run and waits until its journal is closed. One that is just beginning first gets to where it can be
    /// stopped, so that no half-made session stays behind.
    async fn finish(self, documents: &[Document]) {
        let going = match self {
            Run::None => return,
            Run::Beginning(task) => {
                let stop = task.abort_handle();
                match tokio::time::timeout(PATIENCE, task).await {
                    Ok(Ok(Ok(begun))) => Run::going(begun.running, documents),
                    Ok(_) => return,
                    Err(_) => return stop.abort(),
                }
            }
            going @ Run::Going { .. } => going,
        };
        if let Run::Going { mut told, orders } = going {
            // What is told is taken meanwhile: a driver that waits for its watcher would take no order.
            let drain = async { while told.recv().await.is_some() {} };
            let _ = tokio::join!(orders.send(Order::Stop), drain);
        }
    }
}

/// Shows what the run told; true when it has ended.
fn show(stage: &mut Stage, told: Told) -> bool {
    match told {
        Told::Event(Event::Delta { ask, text }) => {
            stage.update(Message::Delta { ask, text });
        }
        Told::Event(Event::Recorded(records)) => show_records(stage, records),
        Told::Recorded { records, figures, marks } => {
            show_records(stage, records);
            stage.update(Message::Figures(*figures));
            if let Some(marks) = marks {
                stage.update(Message::Marks(marks));
            }
        }
        Told::Ended(outcome) => {
            stage.update(Message::RunEnded { error: outcome.err() });
            return true;
        }
    }
    false
}

fn show_records(stage: &mut Stage, records: Vec<Record>) {
    for Record { seq, at_ms, fact, .. } in records {
        if let Stored::Known(fact) = fact {
            stage.update(Message::Fact { seq, at_ms, fact });
        }
    }
}

/// Quitting the screen after a run ended says by the exit code how it ended; an unfinished one was interrupted.
fn exit_of(state: &State) -> Exit {
    match (state.ending(), &state.opened) {
        (Some(ending), _) => Exit::of(ending),
        (None, Some(_)) => Exit::Interrupted,
        (None, None) => Exit::Success,
    }
}
