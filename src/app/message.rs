//! What comes to the screen, and what the screen wants done.

use std::path::PathBuf;

use super::figures::{Figures, Marks};
use super::key::Key;
use super::ledger::Account;
use super::load::Load;
use super::model::Player;
use super::picker::{Calling, Choice, Group, Note, PickerRow, Standing};
use super::work::Worked;
use crate::config::Config;
use crate::document::{Change, Span};
use crate::ledger::{Comparison, Forecast, Side};
use crate::protocol::{
    AskId, BudgetChoice, CodeId, ExposureChoice, Fact, GateChoice, Gates, JobId, JobOutput, RunTo, State,
};

/// Everything that can change the model.
#[derive(Clone, Debug)]
pub enum Message {
    Key(Key),
    Mouse(Mouse),
    Resize {
        width: u16,
        height: u16,
    },
    Paste(String),
    /// What the person wrote in their editor.
    Edited(String),
    /// Why nothing came back from their editor.
    EditorFailed(String),
    /// A record of the session, live or played back. `at_ms` is on the same clock as `Tick`.
    Fact {
        seq: u64,
        at_ms: u64,
        fact: Box<Fact>,
    },
    /// A record that was made before this run began or was followed: no news to the person.
    Recalled {
        seq: u64,
        at_ms: u64,
        fact: Box<Fact>,
    },
    /// The whole session as it stood at a record: after a seek, or when one is opened again.
    World {
        seq: u64,
        /// The time of the session's first record.
        began_ms: u64,
        at_ms: u64,
        state: Box<State>,
        /// What machine and workers did in the time before.
        load: Load,
    },
    /// More of the reply that a request waits for.
    Delta {
        ask: AskId,
        text: String,
    },
    /// For the spinner, waiting times and the life of notices; send it while [`Model::is_moving`](super::Model::is_moving).
    Tick {
        now_ms: u64,
    },
    Figures(Figures),
    Marks(Marks),
    /// What the ledger overlay tells.
    Account(Box<Account>),
    /// What all sessions of the folder spent or reserved today, in dollars.
    Today(f64),
    /// What was found of the work that was due.
    Worked(Worked),
    Player(Player),
    /// Where the rounds of a replay begin.
    Rounds(Vec<u64>),
    /// One line for the person: a setting that was reloaded, a copy that was made.
    Notice(String),
    /// The notes of a session that is played back.
    Notes(Vec<Note>),
    /// A note was written beside the journal.
    Noted(Note),
    /// A note was not taken, and why; its text is the person's still.
    NoteRefused {
        seq: u64,
        text: String,
        why: String,
    },
    /// What the person may ask again, the newest first.
    EarlierQuestions(Vec<String>),
    /// What a question is expected to come to, or why that cannot be told; by the number it was asked for with.
    Forecast {
        number: u64,
        forecast: Result<Box<Forecast>, String>,
    },
    /// The settings as they are now, after something was picked.
    Settings(Box<Config>),
    /// Ask the person for a question, since none was given.
    AskQuestion,
    /// The mouse was pressed on the hint of an action.
    Hinted(super::action::Action),
    /// Why the documents that were named cannot be shown.
    DocumentsRefused(String),
    /// How far the reading of the documents that were named is.
    DocumentsProgress(String),
    /// The file of a document became another or is gone; nothing where it is again what it was.
    DocumentChanged {
        document: usize,
        change: Option<Change>,
    },
    /// Offer the sessions there are, since nothing else was asked for.
    PickSession,
    /// Two sessions that were to be compared.
    Compared(Box<Comparison>),
    /// The sessions that were to stand side by side; and of each that could not be read, why.
    SideBySide {
        sides: Vec<Side>,
        unread: Vec<String>,
    },
    /// Two rounds that were to be compared, by their numbers.
    ComparedRounds {
        rounds: (u32, u32),
        compared: Box<Comparison>,
    },
    /// For the picker that the ticket names.
    Picker {
        ticket: u64,
        news: PickerNews,
    },
    /// A run began after `Command::Ask`: what was known of the one before is gone.
    RunBegan,
    /// What follows is of a session that another process runs.
    Follows,
    /// The driver has stopped, for good or with an error to show.
    RunEnded {
        error: Option<String>,
    },
}

/// What comes for an open picker.
#[derive(Clone, Debug)]
pub enum PickerNews {
    /// All its groups, in place of those it had.
    Groups(Vec<Group>),
    /// More rows of a group, and how it stands now.
    Rows { group: usize, rows: Vec<PickerRow>, standing: Standing },
    /// More is known of a row.
    Row(Box<PickerRow>),
    /// What the preview says of a row.
    Read { choice: Choice, text: String },
    /// What the row named is there no longer.
    Gone(Choice),
}

/// What a picker is to be filled with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filling {
    /// What this provider offers; the one of the settings where none is named.
    RemoteModels {
        provider: Option<String>,
    },
    LocalModels,
    Sessions,
    Log,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mouse {
    pub what: MouseKind,
    pub x: u16,
    pub y: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MouseKind {
    Press,
    /// Moved with the button held.
    Drag,
    Release,
    ScrollUp,
    ScrollDown,
}

/// What is another way in a new session than in the one that it leaves.
#[derive(Clone, Debug, PartialEq)]
pub enum ForkChange {
    /// The levers of the form, the question where it is another one, and the models that it names.
    Form {
        question: Option<String>,
        models: ChosenModels,
    },
    Program {
        code: CodeId,
        source: String,
    },
    Output {
        job: JobId,
        output: JobOutput,
    },
    /// All jobs are run again; the remote LM's replies are those on record.
    LocalAgain,
}

/// The models that the form of a fork names in place of those it showed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChosenModels {
    pub reader: Option<String>,
    pub planner: Option<String>,
}

impl ForkChange {
    pub fn models(&self) -> ChosenModels {
        match self {
            ForkChange::Form { models, .. } => models.clone(),
            ForkChange::Program { .. } | ForkChange::Output { .. } | ForkChange::LocalAgain => ChosenModels::default(),
        }
    }
}

/// What the screen asks of the program around it.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    Quit,
    StopRun,
    /// Begin nothing new; what is under way finishes.
    Pause,
    /// Let the paused run go on.
    GoOn,
    /// The whole documents may be sent to the remote LM.
    Consent,
    /// Read this passage in the next round that is planned; a second time, no longer.
    Pin(Span),
    CancelJob(JobId),
    /// Jobs in trouble are to be tried again.
    RetryJobs(Vec<JobId>),
    /// How to go on where the next call could pass a budget.
    Budget(BudgetChoice),
    /// Go on with the session at hand, which was interrupted.
    Resume,
    /// Start a new session from the one at hand, at this record or where the change says itself.
    Fork {
        seq: u64,
        change: ForkChange,
    },
    /// Send the request whose answer never came again.
    SendAgain,
    /// Where the run waits from now on.
    Gates(Gates),
    /// Go on without waiting.
    RunOn {
        to: RunTo,
        n: Option<u32>,
    },
    /// What was said at the run's `n`-th gate.
    AtGate {
        n: u32,
        choice: GateChoice,
    },
    /// How to go on where with the next request too much of the documents would leave.
    Exposure(ExposureChoice),
    /// Work with these settings from now on.
    Settings(Box<Config>),
    /// Look up the questions of stored sessions.
    EarlierQuestions,
    /// Work out what the question would come to under these settings.
    Forecast {
        number: u64,
        question: String,
        part: Option<Span>,
        config: Box<Config>,
    },
    /// Start a run on the documents at hand.
    Ask {
        question: String,
        /// The only part of the documents that the run is about; all of them where none is selected.
        part: Option<Span>,
    },
    /// Write a note on this record.
    Note {
        seq: u64,
        text: String,
    },
    /// Play the session at hand back from this record on.
    PlayFrom(u64),
    /// Read these documents, to start anew on them: paths as they were typed.
    Documents {
        typed: String,
        /// Files that are meant where a path reads as theirs does, although their names may be no text.
        known: Vec<PathBuf>,
    },
    /// Fill the picker of this ticket, in place of one that is filled now.
    Fill {
        ticket: u64,
        filling: Filling,
    },
    StopFilling,
    /// Look up what all sessions of the folder spent today.
    CountDay,
    /// Read what the preview of this session says.
    Read {
        ticket: u64,
        session: String,
    },
    /// Compare these rounds of the session at hand.
    CompareRounds {
        a: u32,
        b: u32,
    },
    /// Call a session so from now on.
    Call {
        ticket: u64,
        session: String,
        calling: Calling,
    },
    /// Compress a session, or bring it back.
    Archive {
        ticket: u64,
        session: String,
        restore: bool,
    },
    DeleteSession {
        ticket: u64,
        session: String,
    },
    /// Compare these two sessions; what comes of it is `Message::Compared`, or a notice.
    CompareSessions {
        a: String,
        b: String,
    },
    /// Put these sessions side by side; what comes of it is `Message::SideBySide`, or a notice.
    SideBySide {
        sessions: Vec<String>,
    },
    Pick(Choice),
    Copy(String),
    Replay(ReplayCommand),
    Suspend,
    /// Paint the screen anew, over what something else wrote on it.
    Redraw,
    /// Whether clicks and the wheel come to the program; it stands in the model already.
    Mouse(bool),
    /// Have the person go on with this text in their editor.
    Edit(String),
    /// Draw with another theme; its name stands in the model already.
    Theme(String),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ReplayCommand {
    TogglePlay,
    Slower,
    Faster,
    /// To the state after this many records.
    Seek(u64),
    /// The ends of the range to play again and again; with neither, playback goes to the end.
    Repeat(Option<u64>, Option<u64>),
    Step {
        unit: Unit,
        forward: bool,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Record,
    Job,
    Gate,
    Round,
}
