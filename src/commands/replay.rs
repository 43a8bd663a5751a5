//! `minions replay`: the panes of the workbench, drawn from a journal. There is no driver, so nothing can be asked or paid.

use std::io::{Write, stderr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::stream;
use tokio::sync::{mpsc, watch};
use tokio::time::{MissedTickBehavior, interval};

use super::folds::Folds;
use super::forecasting::Wanted;
use super::offers::{self, Offers};
use super::opening::{Opened, Opening};
use super::screen::{Stage, now_ms};
use super::workbench::{Leaving, Shown};
use super::{Exit, Failure};
use crate::app::picker::{self, Choice};
use crate::app::{self, Account, Command, Figures, Load, Marks, Message, Mode, Model, ReplayCommand};
use crate::cli::{Point, ReplayArgs, Speed as Asked};
use crate::config::Config;
use crate::document::Document;
use crate::document::escape::visible;
use crate::journal::{Note, Record, Session, Stored};
use crate::load::changes;
use crate::protocol::Fact;
use crate::replay::{Direction, MarkKind, Player, Repeat, Speed, Timeline, Unit};

/// How often playback moves on.
const STEP: Duration = Duration::from_millis(40);

/// How many records come before the place that `--from` names.
pub fn first_record(session: &Session, from: Option<Point>) -> Result<usize, Failure> {
    let Some(from) = from else { return Ok(0) };
    let mut before = 0;
    for record in session.records()? {
        let record = record?;
        if matches!(from, Point::Record(seq) if record.seq >= seq) {
            return Ok(before);
        }
        before += 1;
        if let (Point::Round(wanted), Some(Fact::RoundBegan { round, .. })) = (from, record.fact.known())
            && *round == wanted
        {
            return Ok(before);
        }
    }
    match from {
        Point::Record(_) => Ok(before),
        Point::Round(round) => Err(no_round(session, round)),
    }
}

/// A session as it is played back: from where, and how fast.
pub struct Recording {
    session: Session,
    timeline: Timeline,
    documents: Vec<Document>,
    /// Notes that were written after the journal was sealed.
    written: Vec<Note>,
    warning: Option<String>,
    from: usize,
    speed: Speed,
    /// Whether it waits to be played.
    paused: bool,
}

impl Recording {
    /// The session from its beginning, as fast as it went.
    pub fn read(session: Session) -> Result<Self, Failure> {
        let journal = session.read()?;
        let documents = session.documents(journal.opened().map_or(&[], |opened| &opened.documents))?;
        let warning = journal.warnings.first().cloned();
        let timeline = Timeline::new(journal.records);
        // A session can be played without its notes.
        let written = session.notes().unwrap_or_default();
        Ok(Self { session, timeline, documents, written, warning, from: 0, speed: Speed::times(1.0), paused: false })
    }

    /// As it stood at a record, to be played from there.
    pub fn paused_at(self, seq: u64) -> Self {
        let from = self.timeline.records().partition_point(|record| record.seq <= seq);
        Self { from, paused: true, ..self }
    }

    /// The whole of it at once: what somebody wants to see who picks a session up.
    pub fn at_its_end(self) -> Self {
        Self { from: self.timeline.records().len(), ..self }
    }

    /// The session as the command line wants it.
    pub fn of(session: Session, args: &ReplayArgs) -> Result<Self, Failure> {
        let recording = Self::read(session.clone())?;
        let from = place(&session, &recording.timeline, args.from)?;
        let speed = match args.speed {
            Asked::Times(factor) => Speed::times(factor),
            Asked::Max => Speed::Max,
        };
        Ok(Self { from, speed, ..recording })
    }
}

/// Says on standard error which documents are not on disk any more as the session read them.
pub fn tell_changes(session: &Session) {
    let Ok(Some(opened)) = session.opened() else { return };
    let documents = session.documents(&opened.documents).unwrap_or_default();
    for change in changes(&documents) {
        // Where standard error is closed nobody misses it.
        let _ = writeln!(stderr(), "minions: {}", visible(&change));
    }
}

fn place(session: &Session, timeline: &Timeline, from: Option<Point>) -> Result<usize, Failure> {
    match from {
        None => Ok(0),
        Some(Point::Record(seq)) => Ok(timeline.records().partition_point(|record| record.seq < seq)),
        Some(Point::Round(round)) => timeline.round_start(round).ok_or_else(|| no_round(session, round)),
    }
}

fn no_round(session: &Session, round: u32) -> Failure {
    Failure::usage(format!("session {} has no round {round}", session.id()))
}

enum News {
    Step,
    Folded(Box<Folded>),
    Offered(offers::News),
    Opened(Opened),
}

/// What is folded at a position.
type Folded = (Figures, Marks, Account);

/// Plays a session back until the person leaves.
pub async fn play(stage: &mut Stage, config: &mut Config, recording: Recording) -> Result<Leaving, Failure> {
    let Recording { session, timeline, documents, written, warning, from, speed, paused } = recording;
    let mut player = Player::new(timeline);
    player.set_speed(speed);
    let (target, mut folded) = fold(documents.clone(), player.timeline().shared());
    stage.turn_to(Model::new(documents, Mode::Replay(shown(&player))));
    if let Some(warning) = warning {
        stage.update(Message::Notice(warning));
    }
    let begins = player.marks().iter().filter(|mark| mark.kind == MarkKind::Round);
    let rounds = begins.map(|mark| mark.position as u64).collect();
    stage.update(Message::Rounds(rounds));
    stage.update(Message::Notes(notes(player.timeline().records(), &written)));
    player.seek(from);
    if from < player.len() && !paused {
        player.play();
    }
    show_whole(stage, &player, &target);
    let (mut offers, mut opening) = (Offers::new(), Opening::default());
    let mut steps = interval(STEP);
    steps.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut last = Instant::now();
    loop {
        let playing = player.is_playing();
        let mut news = stream::poll_fn(|context| {
            if let std::task::Poll::Ready(Some(folds)) = folded.poll_recv(context) {
                return std::task::Poll::Ready(Some(News::Folded(Box::new(folds))));
            }
            if let std::task::Poll::Ready(offered) = offers.poll(context) {
                return std::task::Poll::Ready(Some(News::Offered(offered)));
            }
            if let std::task::Poll::Ready(opened) = opening.poll(context) {
                return std::task::Poll::Ready(Some(News::Opened(opened)));
            }
            if playing {
                return steps.poll_tick(context).map(|_| Some(News::Step));
            }
            std::task::Poll::Pending
        });
        let turned = stage.turn(&mut news).await?;
        let elapsed = last.elapsed();
        let (mut step, mut commands) = (false, turned.commands);
        for news in turned.others {
            match news {
                News::Step => step = true,
                News::Offered(news) => commands.extend(stage.update(news)),
                News::Opened(opened) => {
                    if let Some(leaving) = opened.leads(stage) {
                        return Ok(leaving);
                    }
                }
                News::Folded(folds) => {
                    let (figures, marks, account) = *folds;
                    stage.update(Message::Figures(figures));
                    stage.update(Message::Marks(marks));
                    stage.update(Message::Account(Box::new(account)));
                }
            }
        }
        if step || !commands.is_empty() {
            last = Instant::now();
            // After a pause time starts anew.
            let before = player.position();
            let passed = player.advance(if playing { elapsed } else { Duration::ZERO });
            if player.position() < before {
                show_whole(stage, &player, &target);
            } else {
                show_records(stage, &player, passed, &target);
            }
        }
        for command in without_stale_seeks(commands) {
            match command {
                Command::Quit => return Ok(Leaving::Quit(Exit::Success)),
                Command::Replay(command) => {
                    steer(&mut player, command);
                    show_whole(stage, &player, &target);
                }
                Command::Fill { ticket, filling } => offers.fill(ticket, filling, config),
                Command::StopFilling => offers.stop(),
                Command::Read { ticket, session } => offers.read(ticket, session, config),
                Command::CompareSessions { a, b } => offers.compare(a, b, config),
                Command::SideBySide { sessions } => offers.side_by_side(sessions, config),
                Command::CompareRounds { a, b } => offers.compare_rounds(session.clone(), a, b),
                Command::Call { ticket, session, calling } => offers.call(ticket, session, calling, config),
                Command::Archive { ticket, session, restore } => {
                    offers.archive(ticket, session, restore, config);
                }
                Command::DeleteSession { ticket, session } => offers.delete(ticket, session, config),
                Command::Documents { typed, known } => opening.documents(typed, known),
                Command::Pick(Choice::Session(id)) => opening.session(config, id),
                Command::Settings(changed) => *config = *changed,
                Command::EarlierQuestions => offers.earlier_questions(config),
                Command::Forecast { number, question, part, config } => {
                    let documents = stage.model.documents.iter().map(|open| open.document.clone()).collect();
                    offers.forecast(Wanted { number, question, part, config: *config, documents, began_ms: None });
                }
                // A run of its own on the same documents; what was played stays as it is.
                Command::Ask { question, part } => {
                    let documents = stage.model.documents.iter().map(|open| open.document.clone()).collect();
                    return Ok(Leaving::To(Shown::Documents {
                        documents,
                        remarks: Vec::new(),
                        question: Some((question, part)),
                    }));
                }
                Command::Note { seq, text } => {
                    let at_ms = time_of(player.timeline().records(), seq);
                    let told = write_note(&session, seq, text, at_ms);
                    stage.update(told);
                }
                Command::PlayFrom(_) => {}
                Command::Fork { seq, question } => opening.fork(config, session.clone(), seq, question),
                Command::Resume => opening.resume(session.clone()),
                // Nothing runs here that could be stopped or asked.
                Command::SendAgain => {}
                Command::StopRun
                | Command::Consent
                | Command::Pin(_)
                | Command::CancelJob(_)
                | Command::RetryJobs(_)
                | Command::Budget(_)
                | Command::Pause
                | Command::GoOn
                | Command::Gates(_)
                | Command::RunOn { .. }
                | Command::AtGate { .. }
                | Command::Exposure(_)
                | Command::CountDay
                | Command::Pick(_) => {}
                // The stage has done these.
                Command::Copy(_) | Command::Suspend | Command::Redraw | Command::Theme(_) => {}
                Command::Mouse(_) | Command::Edit(_) => {}
            }
        }
        if turned.over.is_some() {
            return Ok(Leaving::Over);
        }
    }
}

/// The notes on record and those that were written later, each at its record.
fn notes(records: &[Record], written: &[Note]) -> Vec<picker::Note> {
    let on_record = records.iter().filter_map(|record| match record.fact.known() {
        Some(Fact::NoteAdded { text }) => Some((record.seq, text.clone())),
        _ => None,
    });
    let written = written.iter().map(|note| (note.seq, note.text.clone()));
    let at_ms = |seq| time_of(records, seq);
    on_record.chain(written).map(|(seq, text)| picker::Note { seq, at_ms: at_ms(seq), text, ask: None }).collect()
}

/// When a record was made.
fn time_of(records: &[Record], seq: u64) -> u64 {
    let at = records.partition_point(|record| record.seq < seq);
    records.get(at).map_or(0, |record| record.at_ms)
}

/// Writes a note beside a journal that takes no more, and tells the screen what came of it.
pub fn write_note(session: &Session, seq: u64, text: String, at_ms: u64) -> Message {
    let note = Note { seq, at_ms: now_ms(), text };
    match session.add_note(&note) {
        Ok(()) => Message::Noted(picker::Note { seq, at_ms, text: note.text, ask: None }),
        Err(error) => Message::NoteRefused { seq, text: note.text, why: format!("the note was not written: {error}") },
    }
}

fn steer(player: &mut Player, command: ReplayCommand) {
    match command {
        ReplayCommand::TogglePlay if player.is_playing() => player.pause(),
        ReplayCommand::TogglePlay => player.play(),
        ReplayCommand::Slower => player.set_speed(player.speed().slower()),
        ReplayCommand::Faster => player.set_speed(player.speed().faster()),
        ReplayCommand::Seek(position) => player.seek(position as usize),
        ReplayCommand::Repeat(from, to) => {
            player.set_repeat(Repeat { from: from.map(|at| at as usize), to: to.map(|at| at as usize) });
        }
        ReplayCommand::Step { unit, forward } => {
            let unit = match unit {
                app::Unit::Record => Unit::Record,
                app::Unit::Job => Unit::Job,
                app::Unit::Gate => Unit::Gate,
                app::Unit::Round => Unit::Round,
            };
            player.pause();
            player.step(unit, if forward { Direction::Forward } else { Direction::Back });
        }
    }
}

fn shown(player: &Player) -> app::Player {
    app::Player {
        position: player.position() as u64,
        len: player.len() as u64,
        repeat: (player.repeat().from.map(|at| at as u64), player.repeat().to.map(|at| at as u64)),
        playing: player.is_playing(),
        speed: match player.speed() {
            Speed::Times(factor) => factor,
            Speed::Max => f64::INFINITY,
        },
    }
}

/// The state as it stood, after a jump.
fn show_whole(stage: &mut Stage, player: &Player, target: &watch::Sender<usize>) {
    let (seq, at_ms) = player.record().map_or((0, 0), |record| (record.seq, record.at_ms));
    stage.update(Message::Player(shown(player)));
    let began_ms = player.timeline().at_ms(1).unwrap_or(at_ms);
    let load = load_before(player, at_ms);
    stage.update(Message::World { seq, at_ms, began_ms, state: Box::new(player.state().clone()), load });
    target.send_replace(player.position());
}

/// What machine and workers did in the time before: as far back as the sparklines reach.
fn load_before(player: &Player, at_ms: u64) -> Load {
    const REACH_MS: u64 = 480_000;
    let records = player.timeline().records().get(..player.position()).unwrap_or_default();
    let from = records.partition_point(|record| record.at_ms + REACH_MS < at_ms);
    let mut load = Load::default();
    for record in records.get(from..).unwrap_or_default() {
        if let Some(fact) = record.fact.known() {
            load.apply(record.at_ms, fact);
        }
    }
    load
}

/// Of seeks one after the other only the last counts: a drag brings many between two frames.
fn without_stale_seeks(commands: Vec<Command>) -> Vec<Command> {
    let seeks = |command: Option<&Command>| matches!(command, Some(Command::Replay(ReplayCommand::Seek(_))));
    let mut kept: Vec<Command> = Vec::with_capacity(commands.len());
    for command in commands {
        if seeks(kept.last()) && seeks(Some(&command)) {
            kept.pop();
        }
        kept.push(command);
    }
    kept
}

/// The records that playback has just passed, one by one, as they came live.
fn show_records(stage: &mut Stage, player: &Player, passed: std::ops::Range<usize>, target: &watch::Sender<usize>) {
    stage.update(Message::Player(shown(player)));
    for record in player.timeline().records().get(passed).unwrap_or_default() {
        if let Stored::Known(fact) = &record.fact {
            stage.update(Message::Fact { seq: record.seq, at_ms: record.at_ms, fact: fact.clone() });
        }
    }
    target.send_replace(player.position());
}

/// Folds beside the screen, up to the position that was asked for last.
fn fold(documents: Vec<Document>, records: Arc<[Record]>) -> (watch::Sender<usize>, mpsc::Receiver<Folded>) {
    let (target, mut wanted) = watch::channel(0);
    let (sender, folded) = mpsc::channel(1);
    tokio::spawn(async move {
        let (mut folds, mut at) = (Folds::new(&documents), 0);
        while wanted.changed().await.is_ok() {
            let to = *wanted.borrow_and_update();
            tokio::task::block_in_place(|| {
                if to < at {
                    (folds, at) = (Folds::new(&documents), 0);
                }
                records.get(at..to).unwrap_or_default().iter().for_each(|record| folds.apply(record));
                at = to;
            });
            if sender.send((folds.figures(), folds.marks(), folds.account())).await.is_err() {
                return;
            }
        }
    });
    (target, folded)
}
