//! The workbench on documents, with a session running in it.

use std::task::Poll;
use std::time::Duration;

use futures_util::{FutureExt, stream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::alone::Alone;
use super::attach::Following;
use super::begin::{Begun, begin, store};
use super::folds::Folds;
use super::offers::{self, Offers, Side, connect, put_back, with};
use super::opening::{Opened, Opening};
use super::picked::{Picked, Tried};
use super::protocol::levers;
use super::replay::write_note;
use super::resume::{Recorded, go_on, with_models_of};
use super::screen::{Over, Stage};
use super::workbench::Leaving;
use super::{Exit, Failure};
use crate::app::picker::Choice;
use crate::app::{Account, Command, Figures, Marks, Message};
use crate::config::{Config, OnHangup};
use crate::control::Attached;
use crate::document::{Document, Span};
use crate::journal::{JournalError, Record, Session, Stored, spent_today};
use crate::protocol::State;
use crate::runtime::{Event, Order, Running};
use crate::term::Signal;

/// Results that wait to be shown before the run is slowed.
const WAITING: usize = 64;
/// What is told where an order is not taken.
const BUSY: &str = "the run takes no more orders at the moment; try again";
/// How long the end of the program waits for a run that is connecting to its models.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a run in the workbench says, with the folds already made.
enum Told {
    Recorded { records: Vec<Record>, figures: Box<Figures>, folded: Option<Box<(Marks, Account)>> },
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
        /// Who else watches it; nothing where another process runs it.
        attached: Option<Attached>,
    },
}

enum News {
    Begun(Result<Begun, Failure>),
    Told(Box<Told>),
    Tried(Tried),
    Offered(offers::News),
    Opened(Opened),
    Noticed(String),
}

/// How a live screen begins.
pub enum Begin {
    /// With a session that was interrupted.
    Resuming(Box<Recorded>),
    /// With a question to the documents.
    With(String, Option<Span>),
    /// By asking the person for one.
    Asking,
    /// With the list of sessions.
    Picking,
    /// With a session that another process runs.
    Following(Box<Following>),
}

/// Shows documents and the sessions on them, until the person leaves. What models were picked stays in the settings.
pub async fn open(
    stage: &mut Stage,
    config: &mut Config,
    documents: Vec<Document>,
    begin: Begin,
) -> Result<Leaving, Failure> {
    let mut desk = Desk {
        run: Run::None,
        offers: Offers::new(),
        opening: Opening::default(),
        picked: Picked::default(),
        notices: None,
        session: None,
    };
    let mut commands = Vec::new();
    match begin {
        Begin::With(question, part) => desk.run = start(stage, config, &documents, question, part, None),
        Begin::Resuming(recorded) => {
            stage.update(Message::RunBegan);
            for warning in &recorded.warnings {
                stage.update(Message::Notice(warning.clone()));
            }
            match with_models_of(config, &recorded.state, false, false) {
                Ok(own) => {
                    *config = own.clone();
                    stage.update(Message::Settings(Box::new(own.clone())));
                    desk.run = Run::Beginning(tokio::spawn(async move { go_on(&own, *recorded, None).await }));
                }
                Err(failure) => {
                    stage.update(Message::RunEnded { error: Some(failure.to_string()) });
                }
            }
        }
        Begin::Asking => commands = stage.update(Message::AskQuestion),
        Begin::Picking => commands = stage.update(Message::PickSession),
        Begin::Following(following) => {
            let Following { session, events, orders, notices, outcome, .. } = *following;
            stage.update(Message::RunBegan);
            stage.update(Message::Follows);
            let outcome = async { outcome.await.map_err(|error| error.to_string()).flatten() };
            desk.run = Run::going(events, orders, outcome, Vec::new(), None, &documents);
            (desk.notices, desk.session) = (Some(notices), Some(session));
        }
    }
    let leaving = watch(stage, &mut desk, config, &documents, commands).await;
    let hung_up = match &leaving {
        Ok(Ended::HungUp) | Err(_) => true,
        Ok(_) => false,
    };
    if hung_up && config.sessions.on_hangup == OnHangup::Finish {
        desk.run.finish_alone(stage, config, &documents).await;
    } else {
        // However the screen ended, the run is stopped in order first, so that nothing is lost.
        desk.run.finish(&documents).await;
    }
    match leaving? {
        Ended::Left(leaving) => Ok(leaving),
        Ended::HungUp => Ok(Leaving::Over),
    }
}

/// How a live screen ended.
enum Ended {
    Left(Leaving),
    /// The terminal is gone.
    HungUp,
}

/// What a live screen deals with.
struct Desk {
    run: Run,
    offers: Offers,
    opening: Opening,
    picked: Picked,
    /// What a process that runs the session says to orders.
    notices: Option<mpsc::Receiver<String>>,
    /// The session that was begun last.
    session: Option<Session>,
}

impl Desk {
    fn poll(&mut self, context: &mut std::task::Context<'_>) -> Poll<News> {
        if let Poll::Ready(news) = self.run.poll(context) {
            return Poll::Ready(news);
        }
        if let Poll::Ready(tried) = self.picked.poll(context) {
            return Poll::Ready(News::Tried(tried));
        }
        if let Poll::Ready(opened) = self.opening.poll(context) {
            return Poll::Ready(News::Opened(opened));
        }
        if let Some(notices) = &mut self.notices
            && let Poll::Ready(Some(notice)) = notices.poll_recv(context)
        {
            return Poll::Ready(News::Noticed(notice));
        }
        self.offers.poll(context).map(News::Offered)
    }

    /// Gives the run an order, or says that it takes none.
    fn order(&self, stage: &mut Stage, order: Order) {
        if self.run.order(order).is_err() {
            stage.update(Message::Notice(BUSY.into()));
        }
    }

    /// Hands models that are connected to the run, as soon as it goes and takes them.
    fn hand_over(&mut self) {
        let ready = std::mem::take(&mut self.picked.ready);
        match &self.run {
            _ if ready.remote.is_none() && ready.local.is_none() => {}
            Run::Going { .. } => {
                if let Err(Order::Choose(ready)) = self.run.order(Order::Choose(ready)) {
                    self.picked.ready = ready;
                }
            }
            Run::Beginning(_) => self.picked.ready = ready,
            // The next run connects to what the settings name.
            Run::None => {}
        }
    }
}

/// Shows the run and does what the person wants, until one of them leaves.
async fn watch(
    stage: &mut Stage,
    desk: &mut Desk,
    config: &mut Config,
    documents: &[Document],
    mut commands: Vec<Command>,
) -> Result<Ended, Failure> {
    loop {
        for command in std::mem::take(&mut commands) {
            match command {
                Command::Quit if stage.model.followed && stage.model.is_running() => {
                    let id = desk.session.as_ref().map_or_else(String::new, |session| session.id().to_string());
                    return Ok(Ended::Left(Leaving::Unfollowed(id)));
                }
                Command::Quit => return Ok(Ended::Left(Leaving::Quit(exit_of(&stage.model.state)))),
                Command::StopRun => desk.order(stage, Order::Stop),
                Command::Consent => desk.order(stage, Order::Consent),
                Command::CancelJob(job) => desk.order(stage, Order::CancelJob(job)),
                Command::RetryJobs(jobs) => desk.order(stage, Order::RetryJobs(jobs)),
                Command::Budget(choice) => desk.order(stage, Order::Budget(choice)),
                Command::Exposure(choice) => desk.order(stage, Order::Exposure(choice)),
                Command::SendAgain => desk.order(stage, Order::SendAgain),
                Command::Fork { seq, question } => {
                    if let Some(session) = &desk.session {
                        desk.opening.fork(config, session.clone(), seq, question);
                    }
                }
                Command::Resume => {
                    if let Some(session) = &desk.session {
                        desk.opening.resume(session.clone());
                    }
                }
                Command::Gates(gates) => desk.order(stage, Order::Gates(gates)),
                Command::RunOn { to, n } => desk.order(stage, Order::RunOn { to, n }),
                Command::AtGate { n, choice } => desk.order(stage, Order::AtGate { n, choice }),
                Command::Ask { question, part } if matches!(desk.run, Run::None) => {
                    desk.opening.stop();
                    let before = desk.session.clone();
                    desk.run = start(stage, config, documents, question, part, before);
                }
                Command::Ask { .. } => {
                    stage.update(Message::Notice("a run is under way; stop it before asking again".into()));
                }
                Command::Fill { ticket, filling } => desk.offers.fill(ticket, filling, config),
                Command::StopFilling => desk.offers.stop(),
                Command::CountDay => count_day(stage, config),
                Command::Note { seq, text } => note(stage, desk, seq, text),
                Command::PlayFrom(seq) => {
                    if let Some(session) = &desk.session {
                        desk.opening.session(config, session.id().to_string(), Some(seq));
                    }
                }
                Command::Settings(changed) => {
                    let moved = levers(&changed) != levers(config);
                    *config = *changed;
                    if moved && matches!(desk.run, Run::Going { .. }) {
                        desk.order(stage, Order::Levers(levers(config)));
                        stage.update(Message::Notice("the levers hold from the next round on".into()));
                    }
                }
                Command::EarlierQuestions => desk.offers.earlier_questions(config),
                Command::Read { ticket, session } => desk.offers.read(ticket, session, config),
                Command::CompareSessions { a, b } => desk.offers.compare(a, b, config),
                Command::DeleteSession { ticket, session } => desk.offers.delete(ticket, session, config),
                Command::Documents(typed) => desk.opening.documents(typed),
                Command::Pick(Choice::Session(id)) => desk.opening.session(config, id, None),
                Command::Pick(choice) => pick(stage, desk, config, &choice),
                Command::Replay(_) => {}
                // The stage has done these.
                Command::Copy(_) | Command::Suspend | Command::Redraw | Command::Theme(_) => {}
                Command::Mouse(_) | Command::Edit(_) => {}
            }
        }
        let turned = stage.turn(&mut stream::poll_fn(|context| desk.poll(context).map(Some))).await?;
        commands = turned.commands;
        for news in turned.others {
            match news {
                News::Begun(Ok(begun)) => {
                    desk.session = Some(begun.session);
                    desk.run = Run::of(begun.running, begun.past, begun.attached, documents);
                }
                News::Begun(Err(failure)) => {
                    stage.update(Message::RunEnded { error: Some(failure.to_string()) });
                }
                News::Told(told) => {
                    let (ended, wanted) = show(stage, *told);
                    commands.extend(wanted);
                    if ended {
                        desk.run = Run::None;
                    }
                }
                News::Tried(Tried { connected: Ok(connected), .. }) => desk.picked.keep(connected),
                News::Tried(Tried { side, before, connected: Err(failure) }) => {
                    put_back(config, side, &before);
                    stage.update(Message::Settings(Box::new(config.clone())));
                    stage.model.open_text("This model cannot be used; the one before stays", &failure.to_string());
                }
                News::Opened(opened) => {
                    if let Some(leaving) = opened.leads(stage) {
                        return Ok(Ended::Left(leaving));
                    }
                }
                News::Noticed(notice) => drop(stage.update(Message::Notice(notice))),
                News::Offered(news) => commands.extend(stage.update(news)),
            }
        }
        desk.hand_over();
        match turned.over {
            Some(Over::HungUp) => return Ok(Ended::HungUp),
            Some(Over::Told) => return Ok(Ended::Left(Leaving::Over)),
            None => {}
        }
    }
}

/// Puts a note on record; once the journal is sealed, beside it.
fn note(stage: &mut Stage, desk: &Desk, seq: u64, text: String) {
    match (&desk.run, &desk.session) {
        (run @ Run::Going { .. }, _) => {
            if let Err(Order::Note(text)) = run.order(Order::Note(text)) {
                stage.update(Message::NoteRefused { seq, text, why: BUSY.into() });
            }
        }
        (_, Some(session)) => {
            let told = write_note(session, seq, text, stage.model.at_ms);
            stage.update(told);
        }
        (_, None) => {}
    }
}

/// Looks up what the day has spent; where that cannot be read, the ledger does without it.
fn count_day(stage: &mut Stage, config: &Config) {
    if let Ok(usd) = store(config).and_then(|store| Ok(spent_today(store.root())?)) {
        stage.update(Message::Today(usd));
    }
}

/// Takes the model that was picked for the next question, and for the next round where a run is in flight.
fn pick(stage: &mut Stage, desk: &mut Desk, config: &mut Config, choice: &Choice) {
    let chosen = match with(config, choice) {
        Ok(Some(chosen)) => chosen,
        Ok(None) => return,
        Err(failure) => return stage.model.open_text("This model cannot be used", &failure.to_string()),
    };
    let before = std::mem::replace(config, chosen);
    stage.update(Message::Settings(Box::new(config.clone())));
    let (side, does, model, provider) = match choice {
        Choice::Remote { model, provider } => (Side::Remote, "plans", model, provider),
        Choice::Local { model, provider } => (Side::Local, "reads", model, provider),
        _ => return,
    };
    let name = if model.is_empty() { provider } else { model };
    let told = match desk.run {
        Run::None => format!("{name} {does} from the next question on"),
        Run::Beginning(_) | Run::Going { .. } => format!("{name} {does} from the next round on"),
    };
    stage.update(Message::Notice(told));
    // Without a run a planner is connected only to see whether it can be; a reader could be a model to load.
    if !matches!(desk.run, Run::None) || side == Side::Remote {
        let config = config.clone();
        desk.picked.try_out(side, before, async move { connect(&config, side).await });
    } else {
        desk.picked.stop(side);
    }
}

/// `before`: the session that the question follows up on.
fn start(
    stage: &mut Stage,
    config: &Config,
    documents: &[Document],
    question: String,
    part: Option<Span>,
    before: Option<Session>,
) -> Run {
    stage.update(Message::RunBegan);
    let (config, documents) = (config.clone(), documents.to_vec());
    Run::Beginning(tokio::spawn(async move { begin(&config, documents, question, part, before).await }))
}

impl Run {
    /// A run of this process.
    fn of(running: Running, past: Vec<Record>, attached: Attached, documents: &[Document]) -> Self {
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
    fn going(
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
            while let Some(event) = next(&mut before, &mut events).await {
                let told = match event {
                    Event::Recorded(records) => {
                        let idle = events.is_empty();
                        tokio::task::block_in_place(|| records.iter().for_each(|record| folds.apply(record)));
                        let folded = idle.then(|| Box::new((folds.marks(), folds.account())));
                        Told::Recorded { records, figures: Box::new(folds.figures()), folded }
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

    /// Gives an order, or gives it back where many wait already, or the run is just ending. Where there is no run it is
    /// for nobody.
    fn order(&self, order: Order) -> Result<(), Order> {
        match self {
            Run::Going { orders, .. } => orders.try_send(order).map_err(mpsc::error::TrySendError::into_inner),
            Run::None | Run::Beginning(_) => Ok(()),
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
                    Ok(Ok(Ok(begun))) => Run::of(begun.running, begun.past, begun.attached, documents),
                    Ok(_) => return,
                    Err(_) => return stop.abort(),
                }
            }
            // What another process runs is that one's.
            Run::Going { attached: None, .. } => return,
            going @ Run::Going { .. } => going,
        };
        if let Run::Going { mut told, orders, .. } = going {
            // What is told is taken meanwhile: a driver that waits for its watcher would take no order.
            let drain = async { while told.recv().await.is_some() {} };
            let _ = tokio::join!(orders.send(Order::Leave), drain);
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

impl Run {
    /// Lets the terminal go, and the run go on to its end. Where it needs the person it waits for one to attach, and leaves
    /// the session open in the end.
    async fn finish_alone(self, stage: &mut Stage, config: &Config, documents: &[Document]) {
        let run = match self {
            Run::None | Run::Going { attached: None, .. } => return,
            Run::Beginning(task) => {
                stage.let_go();
                match task.await {
                    Ok(Ok(begun)) => Run::of(begun.running, begun.past, begun.attached, documents),
                    _ => return,
                }
            }
            going @ Run::Going { .. } => {
                stage.let_go();
                going
            }
        };
        let Run::Going { mut told, orders, attached: Some(attached) } = run else { return };
        let mut alone = Alone::new(config, attached, &stage.model.state.phase);
        loop {
            let order = tokio::select! {
                news = told.recv() => match news {
                    Some(Told::Recorded { records, .. }) => {
                        records.iter().filter_map(|record| record.fact.known()).for_each(|fact| alone.note(fact));
                        continue;
                    }
                    Some(Told::Event(_)) => continue,
                    Some(Told::Ended(Err(error))) => {
                        tracing::error!("{error}");
                        return;
                    }
                    Some(Told::Ended(Ok(()))) | None => return,
                },
                Some(signal) = stage.signal() => match signal {
                    Signal::Interrupt | Signal::Terminate => Order::Stop,
                    Signal::HangUp | Signal::Continued => continue,
                },
                () = alone.in_vain() => Order::LeaveOpen,
            };
            // A full queue holds orders that are on their way; whoever told us to end tells again.
            let _ = orders.try_send(order);
        }
    }
}

/// Shows what the run told: whether it has ended, and what the screen wants then.
fn show(stage: &mut Stage, told: Told) -> (bool, Vec<Command>) {
    match told {
        Told::Event(Event::Delta { ask, text }) => {
            stage.update(Message::Delta { ask, text });
        }
        Told::Event(Event::Recorded(records)) => show_records(stage, records),
        Told::Recorded { records, figures, folded } => {
            show_records(stage, records);
            stage.update(Message::Figures(*figures));
            if let Some((marks, account)) = folded.map(|folded| *folded) {
                stage.update(Message::Marks(marks));
                return (false, stage.update(Message::Account(Box::new(account))));
            }
        }
        Told::Ended(outcome) => {
            stage.update(Message::RunEnded { error: outcome.err() });
            return (true, Vec::new());
        }
    }
    (false, Vec::new())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_that_is_not_taken_comes_back() {
        let (orders, waiting) = mpsc::channel(1);
        let run = Run::Going { told: mpsc::channel(1).1, orders, attached: None };
        assert!(run.order(Order::Stop).is_ok());
        let refused = run.order(Order::Note("look here".into()));
        assert!(matches!(refused, Err(Order::Note(text)) if text == "look here"));
        drop(waiting);
        assert!(matches!(run.order(Order::Stop), Err(Order::Stop)));
    }
}
