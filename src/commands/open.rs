//! The workbench on documents, with a session running in it.

use futures_util::stream;

use super::answering::left_open;
use super::attach::{Following, Notice};
use super::begin::begin;
use super::desk::{Desk, News, count_day, note, pick};
use super::forecasting::Wanted;
use super::live_run::{FromRun, Run, Told};
use super::offers::{Offers, put_back};
use super::opening::{Opening, going_on};
use super::picked::{Picked, Tried};
use super::protocol::levers;
use super::resume::{Ready, Recorded, go_on};
use super::screen::{Over, Stage};
use super::workbench::Leaving;
use super::{Exit, Failure};
use crate::app::picker::Choice;
use crate::app::{Command, Message};
use crate::config::{Config, OnHangup};
use crate::document::{Document, Span};
use crate::journal::{Record, Session, Stored};
use crate::protocol::State;
use crate::runtime::{Event, Order};

/// How a live screen begins.
pub enum Begin {
    /// With a session that was interrupted, under these settings.
    Resuming(Box<Recorded>, Box<Config>),
    /// With one whose models are connected already.
    Ready(Box<Ready>, Box<Config>),
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
        Begin::Resuming(recorded, own) => {
            *config = take_up(stage, &own, recorded.notices());
            desk.run = Run::Beginning(tokio::spawn(async move { go_on(&own, *recorded, None).await }));
        }
        Begin::Ready(ready, own) => {
            *config = take_up(stage, &own, ready.notices.clone());
            match ready.start() {
                Ok(begun) => {
                    desk.session = Some(begun.session);
                    desk.run = Run::of(begun.running, begun.past, begun.attached, &documents);
                }
                Err(failure) => drop(stage.update(Message::RunEnded { error: Some(failure.to_string()) })),
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
    let (stood, alone) = if hung_up && config.sessions.on_hangup == OnHangup::Finish {
        (None, desk.run.finish_alone(stage, config, &documents).await)
    } else {
        // However the screen ended, the run is stopped in order first, so that nothing is lost.
        (desk.run.finish(desk.session, stage.model.state.clone(), &documents).await, None)
    };
    if let Some(exit) = alone {
        // That the terminal is gone does not change how the run ended.
        return Ok(Leaving::Finished(exit));
    }
    let waits = stood.as_ref().and_then(|(session, state)| Some((session.id().as_str(), state.left_at()?)));
    match leaving? {
        Ended::Left(Leaving::Quit(_)) if let Some((id, need)) = waits => Ok(Leaving::LeftOpen(left_open(id, &need))),
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
            if let Some(leaving) = heed(stage, desk, config, documents, command) {
                return Ok(Ended::Left(leaving));
            }
        }
        let turned = stage.turn(&mut stream::poll_fn(|context| desk.poll(context).map(Some))).await?;
        commands = turned.commands;
        for news in turned.others {
            match news {
                News::OfRun(FromRun::Begun(Ok(begun))) => {
                    desk.session = Some(begun.session);
                    desk.run = Run::of(begun.running, begun.past, begun.attached, documents);
                }
                News::OfRun(FromRun::Begun(Err(failure))) => {
                    stage.update(Message::RunEnded { error: Some(failure.to_string()) });
                }
                News::OfRun(FromRun::Told(told)) => {
                    let (ended, wanted) = show(stage, *told);
                    commands.extend(wanted);
                    if ended {
                        desk.run = Run::None;
                    }
                }
                News::Tried(Tried { holds, connected: Ok(connected), .. }) => {
                    stage.update(Message::Notice(holds));
                    desk.picked.keep(connected);
                }
                News::Tried(Tried { side, before, connected: Err(failure), .. }) => {
                    put_back(config, side, &before);
                    stage.update(Message::Notice("the model before stays".into()));
                    stage.update(Message::Settings(Box::new(config.clone())));
                    stage.model.open_text("This model cannot be used; the one before stays", &failure.to_string());
                }
                News::Opened(opened) => {
                    if let Some(leaving) = opened.leads(stage) {
                        return Ok(Ended::Left(leaving));
                    }
                }
                // What is taken is seen by what comes of it.
                News::Noticed(Notice::Taken(_)) => {}
                News::Noticed(Notice::Refused { why, .. }) => drop(stage.update(Message::Notice(why))),
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

/// Does what the person wants; where they leave for something else, that.
fn heed(
    stage: &mut Stage,
    desk: &mut Desk,
    config: &mut Config,
    documents: &[Document],
    command: Command,
) -> Option<Leaving> {
    let command = match Order::try_from(command) {
        Ok(order) => {
            desk.order(stage, order);
            return None;
        }
        Err(command) => command,
    };
    match command {
        Command::Quit if stage.model.followed && stage.model.is_running() => {
            let id = desk.session.as_ref().map_or_else(String::new, |session| session.id().to_string());
            return Some(Leaving::Unfollowed(id));
        }
        Command::Quit => return Some(Leaving::Quit(exit_of(&stage.model.state))),
        Command::Fork { seq, change } => {
            if let Some(session) = &desk.session {
                desk.opening.fork(going_on(stage), session.clone(), seq, change);
            }
        }
        Command::Resume => {
            if let Some(session) = &desk.session {
                desk.opening.resume(going_on(stage), session.clone());
            }
        }
        Command::Ask { question, part } if matches!(desk.run, Run::None) => {
            desk.opening.stop();
            let before = desk.session.clone();
            let (asked, documents_of) = (question.clone(), documents.to_vec());
            desk.offers.forecast(Wanted::of_run(asked, part, config, documents_of));
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
                desk.opening.play_from(session.clone(), seq);
            }
        }
        Command::Settings(changed) => {
            let moved = levers(&changed) != levers(config);
            *config = *changed;
            if moved && matches!(desk.run, Run::Going { .. }) && desk.order(stage, Order::Levers(levers(config))) {
                stage.update(Message::Notice("the levers hold from the next round on".into()));
            }
        }
        Command::EarlierQuestions => desk.offers.earlier_questions(config),
        Command::Forecast { number, question, part, config } => {
            desk.offers.forecast(Wanted {
                number,
                question,
                part,
                config: *config,
                documents: documents.to_vec(),
                began_ms: None,
            });
        }
        Command::Read { ticket, session } => desk.offers.read(ticket, session, config),
        Command::CompareSessions { a, b } => desk.offers.compare(a, b, config),
        Command::SideBySide { sessions } => desk.offers.side_by_side(sessions, config),
        Command::CompareRounds { a, b } => {
            if let Some(session) = &desk.session {
                desk.offers.compare_rounds(session.clone(), a, b);
            }
        }
        Command::Call { ticket, session, calling } => desk.offers.call(ticket, session, calling, config),
        Command::Archive { ticket, session, restore } => {
            desk.offers.archive(ticket, session, restore, config);
        }
        Command::DeleteSession { ticket, session } => desk.offers.delete(ticket, session, config),
        Command::Documents { typed, known } => desk.opening.documents(typed, known),
        Command::Pick(Choice::Session(id)) => desk.opening.session(config, id),
        Command::Pick(choice) => pick(stage, desk, config, documents, &choice),
        // There is nothing to play here, and these were orders.
        Command::Replay(_) | Command::StopRun | Command::Consent | Command::SendAgain | Command::Pin(_) => {}
        Command::CancelJob(_) | Command::RetryJobs(_) | Command::Budget(_) | Command::Exposure(_) => {}
        Command::Gates(_) | Command::RunOn { .. } | Command::AtGate { .. } | Command::Pause | Command::GoOn => {}
        // The stage has done these.
        Command::Copy(_) | Command::Suspend | Command::Redraw | Command::Theme(_) => {}
        Command::Mouse(_) | Command::Edit(_) => {}
    }
    None
}

/// Shows a session that is gone on with under these settings, which are those of the screen from now on.
fn take_up(stage: &mut Stage, own: &Config, notices: Vec<String>) -> Config {
    stage.update(Message::Settings(Box::new(own.clone())));
    stage.update(Message::RunBegan);
    for notice in notices {
        stage.update(Message::Notice(notice));
    }
    own.clone()
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

/// Shows what the run told: whether it has ended, and what the screen wants then.
fn show(stage: &mut Stage, told: Told) -> (bool, Vec<Command>) {
    match told {
        Told::Event(Event::Delta { ask, text }) => {
            stage.update(Message::Delta { ask, text });
        }
        Told::Event(Event::Recorded(records)) => show_records(stage, records, false),
        Told::Recorded { records, past, figures, folded } => {
            show_records(stage, records, past);
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

fn show_records(stage: &mut Stage, records: Vec<Record>, past: bool) {
    for Record { seq, at_ms, fact, .. } in records {
        if let Stored::Known(fact) = fact {
            stage.update(match past {
                true => Message::Recalled { seq, at_ms, fact },
                false => Message::Fact { seq, at_ms, fact },
            });
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
