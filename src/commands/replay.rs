//! `minions replay`: the panes of the workbench, drawn from a journal. There is no driver, so nothing can be asked or paid.

use std::io::{Write, stderr};
use std::time::{Duration, Instant};

use futures_util::stream;
use tokio::sync::{mpsc, watch};
use tokio::time::{MissedTickBehavior, interval};

use super::folds::Folds;
use super::forecasting::Wanted;
use super::noted::all_notes;
use super::offers::{self, Offers};
use super::opening::{Opened, Opening, going_on};
use super::screen::{Stage, now_ms};
use super::workbench::{Leaving, Shown};
use super::{Exit, Failure};
use crate::app::picker::{self, Choice};
use crate::app::{self, Account, Command, Counted, Figures, Load, Marks, Message, Mode, Model, ReplayCommand};
use crate::cli::{Point, ReplayArgs, Speed as Asked};
use crate::config::Config;
use crate::document::Document;
use crate::document::escape::visible;
use crate::journal::{JournalError, Note, Record, Records, Session, Stored};
use crate::load::changes;
use crate::protocol::Fact;
use crate::replay::{Direction, Loaded, MarkKind, Player, Repeat, Speed, Timeline, Unit};

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

/// A session as it is played back, at the place where that begins.
pub struct Recording {
    session: Session,
    player: Player,
    documents: Vec<Document>,
    /// Notes that were written after the journal was sealed.
    written: Vec<Note>,
    warning: Option<String>,
    /// Whether it waits to be played.
    paused: bool,
}

/// Where a session is to be played from.
#[derive(Clone, Copy, Debug)]
pub enum From {
    Beginning,
    /// As it stood at the record of this number, to be played from there.
    After(u64),
    /// Right before it.
    Before(u64),
    Round(u32),
    /// The whole of it at once: what somebody wants to see who picks a session up.
    End,
}

/// How much of the time until a session is shown it takes to look it through; the rest is to fold it up to the place.
const LOOKING: f64 = 0.4;

impl Recording {
    /// Reads the session as far as is needed to play it from there, as fast as it went. `goes_on` is told from time to time
    /// how far that is, 0 to 1, and says whether it is wanted still.
    pub fn read(session: Session, from: From, goes_on: &mut dyn FnMut(f64) -> bool) -> Result<Self, Failure> {
        let unwanted = || Failure::usage("the session is wanted no longer");
        let timeline = Timeline::read(&session, &mut |part| goes_on(LOOKING * part))?.ok_or_else(unwanted)?;
        let documents = session.documents(timeline.opened().map_or(&[], |opened| &opened.documents))?;
        let warning = timeline.warnings().first().cloned();
        // A session can be played without its notes.
        let written = session.notes().unwrap_or_default();
        let place = match from {
            From::Beginning => 0,
            From::After(seq) => timeline.before(seq.saturating_add(1)),
            From::Before(seq) => timeline.before(seq),
            From::Round(round) => timeline.round_start(round).ok_or_else(|| no_round(&session, round))?,
            From::End => timeline.len(),
        };
        let mut player = Player::new(timeline);
        let mut wanted = true;
        player.seek_while(place, &mut |part| {
            wanted = goes_on(LOOKING + (1.0 - LOOKING) * part);
            wanted
        })?;
        if !wanted {
            return Err(unwanted());
        }
        player.fold_ahead();
        Ok(Self { session, player, documents, written, warning, paused: matches!(from, From::After(_)) })
    }

    /// The session as the command line wants it.
    pub fn of(session: Session, args: &ReplayArgs) -> Result<Self, Failure> {
        let from = match args.from {
            None => From::Beginning,
            Some(Point::Record(seq)) => From::Before(seq),
            Some(Point::Round(round)) => From::Round(round),
        };
        let mut recording = Self::read(session, from, &mut |_| true)?;
        recording.player.set_speed(match args.speed {
            Asked::Times(factor) => Speed::times(factor),
            Asked::Max => Speed::Max,
        });
        Ok(recording)
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
    let Recording { session, mut player, documents, written, warning, paused } = recording;
    let (target, mut folded) = fold(documents.clone(), session.clone());
    stage.turn_to(Model::new(documents, Mode::Replay(shown(&player))));
    if let Some(warning) = warning {
        stage.update(Message::Notice(warning));
    }
    let begins = player.marks().iter().filter(|mark| mark.kind == MarkKind::Round);
    let rounds = begins.map(|mark| mark.position as u64).collect();
    stage.update(Message::Rounds(rounds));
    stage.update(Message::Notes(notes(player.timeline(), &written)));
    if !player.at_end() && !paused {
        player.play()?;
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
            match player.advance(if playing { elapsed } else { Duration::ZERO }) {
                Ok(passed) if player.position() >= before => show_records(stage, &player, passed, &target),
                Ok(_) => show_whole(stage, &player, &target),
                Err(error) => stands(stage, &mut player, &error, &target),
            }
        }
        for command in without_stale_seeks(commands) {
            match command {
                Command::Quit => return Ok(Leaving::Quit(Exit::Success)),
                Command::Replay(command) => match steer(&mut player, command) {
                    Ok(()) => show_whole(stage, &player, &target),
                    Err(error) => stands(stage, &mut player, &error, &target),
                },
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
                    let at_ms = player.timeline().time_of(seq);
                    let told = write_note(&session, seq, text, at_ms);
                    stage.update(told);
                }
                Command::PlayFrom(_) => {}
                Command::Fork { seq, change } => opening.fork(going_on(stage), session.clone(), seq, change),
                Command::Resume => opening.resume(going_on(stage), session.clone()),
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
fn notes(timeline: &Timeline, written: &[Note]) -> Vec<picker::Note> {
    let note = |(seq, text): (u64, &str)| Note { seq, at_ms: timeline.time_of(seq), text: text.to_owned() };
    let notes = all_notes(timeline.notes().map(note).collect(), written.iter().cloned());
    let shown = |Note { seq, text, .. }| picker::Note { seq, at_ms: timeline.time_of(seq), text, ask: None };
    notes.into_iter().map(shown).collect()
}

/// Writes a note beside a journal that takes no more, and tells the screen what came of it.
pub fn write_note(session: &Session, seq: u64, text: String, at_ms: u64) -> Message {
    let note = Note { seq, at_ms: now_ms(), text };
    match session.add_note(&note) {
        Ok(()) => Message::Noted(picker::Note { seq, at_ms, text: note.text, ask: None }),
        Err(error) => Message::NoteRefused { seq, text: note.text, why: format!("the note was not written: {error}") },
    }
}

fn steer(player: &mut Player, command: ReplayCommand) -> Result<(), JournalError> {
    match command {
        ReplayCommand::TogglePlay if player.is_playing() => player.pause(),
        ReplayCommand::TogglePlay => player.play()?,
        ReplayCommand::Slower => player.set_speed(player.speed().slower()),
        ReplayCommand::Faster => player.set_speed(player.speed().faster()),
        ReplayCommand::Seek(position) => player.seek(position as usize)?,
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
            player.step(unit, if forward { Direction::Forward } else { Direction::Back })?;
        }
    }
    Ok(())
}

/// The journal could be read no further: the replay stands there, and says why.
fn stands(stage: &mut Stage, player: &mut Player, error: &JournalError, target: &watch::Sender<usize>) {
    player.pause();
    show_whole(stage, player, target);
    stage.update(Message::Notice(error.to_string()));
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
    let (seq, at_ms) = player.last().unwrap_or((0, 0));
    stage.update(Message::Player(shown(player)));
    let began_ms = player.timeline().at_ms(1).unwrap_or(at_ms);
    let load = load_before(player, at_ms);
    stage.update(Message::World { seq, at_ms, began_ms, state: Box::new(player.state().clone()), load });
    target.send_replace(player.position());
}

/// What machine and workers did in the time before: as far back as the sparklines reach.
fn load_before(player: &Player, at_ms: u64) -> Load {
    const REACH_MS: u64 = 480_000;
    let mut load = Load::default();
    for (at_ms, what) in player.timeline().load_since(at_ms.saturating_sub(REACH_MS), player.position()) {
        match what {
            Loaded::JobBegan => load.count(at_ms, Counted::Began),
            Loaded::JobEnded => load.count(at_ms, Counted::Ended),
            Loaded::Held(fact) => load.apply(at_ms, fact),
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
fn show_records(stage: &mut Stage, player: &Player, passed: Vec<Record>, target: &watch::Sender<usize>) {
    stage.update(Message::Player(shown(player)));
    let mut rounds = false;
    for Record { seq, at_ms, fact, .. } in passed {
        if let Stored::Known(fact) = fact {
            rounds |= matches!(*fact, Fact::RoundBegan { .. });
            stage.update(Message::Fact { seq, at_ms, fact });
        }
    }
    // The screen's state is a fold of its own.
    if rounds {
        stage.model.state.share_rounds(player.state());
    }
    target.send_replace(player.position());
}

/// After how many records who folds looks whether that is wanted still.
const FOLDED_AT_ONCE: usize = 256;

/// Folds beside the screen, up to the position that was asked for last.
fn fold(documents: Vec<Document>, session: Session) -> (watch::Sender<usize>, mpsc::Receiver<Folded>) {
    let (target, mut wanted) = watch::channel(0);
    let (sender, folded) = mpsc::channel(1);
    tokio::spawn(async move {
        let mut folding = Folding { folds: Folds::new(&documents), records: None, at: 0 };
        while wanted.changed().await.is_ok() {
            let to = *wanted.borrow_and_update();
            let folds = tokio::task::block_in_place(|| {
                if to < folding.at {
                    folding = Folding { folds: Folds::new(&documents), records: None, at: 0 };
                }
                // Left, or gone back: nobody waits for what is on the way there.
                let is_wanted = |at: usize| wanted.has_changed().is_ok() && *wanted.borrow() >= at;
                folding.fold(&session, to, is_wanted).then(|| {
                    let folds = &folding.folds;
                    (folds.figures(), folds.marks(), folds.account())
                })
            });
            if let Some(folds) = folds
                && sender.send(folds).await.is_err()
            {
                return;
            }
        }
    });
    (target, folded)
}

/// The folds of the first records, and those that come next.
struct Folding {
    folds: Folds,
    records: Option<Records>,
    at: usize,
}

impl Folding {
    /// Folds on to a position; says whether it came there. Where the journal cannot be read, who plays it tells why.
    fn fold(&mut self, session: &Session, to: usize, is_wanted: impl Fn(usize) -> bool) -> bool {
        if self.records.is_none() {
            self.records = session.records().ok();
        }
        let Some(records) = &mut self.records else { return false };
        while self.at < to {
            if self.at.is_multiple_of(FOLDED_AT_ONCE) && !is_wanted(self.at) {
                return false;
            }
            let Some(Ok(record)) = records.next() else { return false };
            self.folds.apply(&record);
            self.at += 1;
        }
        true
    }
}
