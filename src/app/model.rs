//! Everything the screen shows. It is built from facts; no pane keeps a truth of its own.

use std::cell::OnceCell;
use std::collections::HashSet;
use std::sync::Arc;

use super::action::{Action, Context};
use super::documents_form::DocumentsForm;
use super::figures::{Figures, Marks};
use super::forecast::Expected;
use super::fork_models::ModelsOfSettings;
use super::fork_text::ForkText;
use super::gate::{GateForm, Ticks};
use super::gate_text::GateText;
use super::goto::Goal;
use super::input::LineInput;
use super::key::Key;
use super::keymap::Keymap;
use super::layout::{Area, Layout, Pane};
use super::ledger::Account;
use super::lines::{LineIndex, Position};
use super::load::Load;
use super::outline::Outline;
use super::panes::answers::AnswersTab;
use super::panes::jobs::JobsPane;
use super::panes::places::Places;
use super::panes::planner::Laid;
use super::panes::selection::{By, Selection};
use super::picker::{Note, Picker, SettingForm};
use super::programs::Programs;
use super::rows::Fold;
use super::rows_pane::RowsPane;
use super::search::Search;
use super::side_by_side::SideBySide;
use super::start_form::StartForm;
use super::work::AT_ONCE;
use crate::config::Loaded;
use crate::document::{Change, Document, Match, Span};
use crate::ledger::Comparison;
use crate::ledger::Waited;
use crate::protocol::{AskId, Gate, JobId, Phase, State};

/// How long a notice stays.
pub const NOTICE_MS: u64 = 5_000;

#[derive(Clone, Debug)]
pub struct Model {
    pub state: State,
    pub documents: Vec<OpenDocument>,
    pub figures: Figures,
    pub marks: Marks,
    pub account: Account,
    /// What the question in the form, and the run at hand, were expected to come to.
    pub expected: Expected,
    pub partial: Option<Partial>,
    pub load: Load,
    pub mode: Mode,
    /// Whether another process runs what is shown.
    pub followed: bool,
    /// The record last applied.
    pub seq: u64,
    /// The time of the record last applied, and of the first.
    pub at_ms: u64,
    pub began_ms: Option<u64>,
    /// When the record came that the protocol waits on now.
    pub waiting_since_ms: u64,
    /// For the person, by the run at hand.
    pub(super) waited: Waited,
    pub now_ms: u64,

    pub width: u16,
    pub height: u16,
    pub focus: Pane,
    pub zoomed: bool,
    pub document: DocumentPane,
    pub planner: PlannerPane,
    pub jobs: JobsPane,
    pub answers: RowsPane,
    /// While jobs have answered since Answers was laid out: the pane as it is now, made when it is looked at.
    pub(super) answers_anew: Option<OnceCell<RowsPane>>,
    /// The tab of Answers that was gone to; nothing follows what comes.
    pub answers_tab: Option<AnswersTab>,
    pub overlay: Option<Overlay>,
    /// What came by itself while something was typed, to be opened as soon as that is closed.
    pub held: Option<Overlay>,
    /// Cursor and first row of the gate where something was changed: it comes again.
    pub(super) gate_rows: Option<(Gate, (usize, usize))>,
    pub(super) ticks: Option<Ticks>,
    /// What was typed into the start form and not asked yet.
    pub draft: Option<Box<StartForm>>,
    /// What was typed into the form of a fork that has not begun.
    pub fork_draft: Option<Box<StartForm>>,
    /// What was changed for a fork that has not begun.
    pub(super) fork_text: Option<Box<ForkText>>,
    /// Notes and bookmarks, by the records they stand at.
    pub notes: Vec<Note>,
    /// Questions of stored sessions, the newest first.
    pub earlier: Vec<String>,
    /// The settings in force.
    pub settings: Loaded,
    /// The models that they named when the session at hand was opened.
    pub(super) models_before: ModelsOfSettings,
    /// How many pickers were opened so far.
    pub pickers: u64,
    pub notice: Option<Notice>,
    pub search: Search,
    /// What the line is open over that a search of it is typed into.
    pub beneath: Option<Overlay>,
    /// The mouse holds the scrubber's knob.
    pub scrubbing: bool,
    /// In a replay: where rounds begin.
    pub rounds_at: Vec<u64>,
    /// The pane from which a citation was opened.
    pub came_from: Option<Pane>,
    /// The places of the citation gone to, where there are several.
    pub places: Option<Places>,
    pub tints: Tints,
    pub keymap: Keymap,
    /// The keys of a sequence that is not whole yet.
    pub pending: Vec<Key>,
    /// Whether clicks and the wheel come to the program.
    pub mouse: bool,
    pub theme: String,
    pub themes: Vec<String>,
    pub ascii: bool,
}

/// A document and what is known of its text.
#[derive(Clone, Debug)]
pub struct OpenDocument {
    pub document: Document,
    pub lines: LineIndex,
    /// Nothing while it is still looked for.
    pub outline: Option<Arc<Outline>>,
    /// What became of its file since it was read.
    pub change: Option<Change>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Mode {
    Live { running: bool },
    Replay(Player),
}

/// Where a replay stands.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Player {
    /// Records applied.
    pub position: u64,
    pub len: u64,
    /// The ends of the range that is played again and again.
    pub repeat: (Option<u64>, Option<u64>),
    pub playing: bool,
    /// Infinite for as fast as it goes.
    pub speed: f64,
}

/// What has come of the reply that a request waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partial {
    pub ask: AskId,
    pub text: String,
}

#[derive(Clone, Debug, Default)]
pub struct DocumentPane {
    /// Which document, counted from 0.
    pub shown: usize,
    pub top: Position,
    /// Lines are cut at the edge instead of wrapped, so that tables keep their shape.
    pub unwrapped: bool,
    /// Cells scrolled to the right; only while unwrapped.
    pub left: usize,
    pub highlight: Option<Highlight>,
    /// Where to go as soon as its line is known.
    pub goal: Option<Goal>,
    pub selection: Option<Selection>,
    /// What the mouse was pressed on, and of what a drag selects a whole number.
    pub pressed: Option<(Span, By)>,
    /// The mouse holds the map or the scroll bar.
    pub holds_map: bool,
    /// The outline is to be opened as soon as it is there; the next key forgets it.
    pub wants_outline: bool,
    /// Searches that were begun so far.
    pub searches: u64,
}

/// Words that were jumped to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Highlight {
    pub span: Span,
    /// How a citation agrees with them. Nothing when it is no citation but a chunk that is shown.
    pub how: Option<Match>,
}

#[derive(Clone, Debug, Default)]
pub struct PlannerPane {
    pub rows: RowsPane,
    /// What was folded or unfolded by hand.
    pub toggled: HashSet<Fold>,
    /// How far the reply under way is laid out.
    pub partial: Laid,
    pub programs: Programs,
    /// Whether programs are shown beside the one before.
    pub compared: bool,
}

#[derive(Clone, Debug)]
pub enum Overlay {
    Help(RowsPane),
    Ledger(RowsPane),
    /// A run is in flight and `q` was pressed.
    Quit,
    /// A run is in flight and `X` was pressed.
    Stop,
    /// The next call could pass a budget.
    Budget,
    /// The answer to a request never came.
    Interrupted,
    /// The whole documents are about to leave the machine.
    Consent,
    /// The new budget, in dollars.
    Amount(LineInput),
    Question(Box<StartForm>),
    /// What waits at a gate.
    Gate(Box<GateForm>),
    /// What is typed at a gate.
    GateText(Box<GateText>),
    /// A program or an output, changed for a fork.
    ForkText(Box<ForkText>),
    /// Paths of documents to start on.
    Documents(DocumentsForm),
    Search(LineInput),
    /// A note on the record of this number.
    Note {
        seq: u64,
        input: LineInput,
    },
    Picker(Box<Picker>),
    /// The new value of a setting.
    Setting(Box<SettingForm>),
    /// A line, a page or a share of the document to go to.
    GoTo(LineInput),
    Job {
        job: JobId,
        rows: RowsPane,
    },
    Text {
        title: String,
        text: String,
        rows: RowsPane,
    },
    /// Two sessions or rounds side by side.
    Comparison {
        compared: Box<Comparison>,
        /// Which rounds of the session at hand.
        rounds: Option<(u32, u32)>,
        rows: RowsPane,
    },
    /// Two to four sessions, a column each.
    SideBySide(Box<SideBySide>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    pub text: String,
    pub until_ms: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tints {
    pub read: bool,
    pub cited: bool,
    pub left: bool,
}

impl Model {
    /// A screen for these documents, before anything happened.
    pub fn new(documents: Vec<Document>, mode: Mode) -> Self {
        let open = |document: Document| OpenDocument {
            lines: LineIndex::begun(&document, AT_ONCE),
            outline: None,
            change: None,
            document,
        };
        let documents = documents.into_iter().map(open).collect();
        let mut model = Self {
            state: State::default(),
            documents,
            figures: Figures::default(),
            marks: Marks::default(),
            account: Account::default(),
            expected: Expected::default(),
            partial: None,
            load: Load::default(),
            mode,
            followed: false,
            seq: 0,
            at_ms: 0,
            began_ms: None,
            waiting_since_ms: 0,
            waited: Waited::default(),
            now_ms: 0,
            width: 80,
            height: 24,
            focus: Pane::Answers,
            zoomed: false,
            document: DocumentPane::default(),
            planner: PlannerPane { rows: RowsPane { follow: true, ..RowsPane::default() }, ..PlannerPane::default() },
            jobs: JobsPane::default(),
            answers: RowsPane::default(),
            answers_anew: None,
            answers_tab: None,
            overlay: None,
            held: None,
            gate_rows: None,
            ticks: None,
            draft: None,
            fork_draft: None,
            fork_text: None,
            notes: Vec::new(),
            earlier: Vec::new(),
            settings: Loaded::default(),
            models_before: ModelsOfSettings::of(&Loaded::default()),
            pickers: 0,
            notice: None,
            search: Search::default(),
            beneath: None,
            scrubbing: false,
            rounds_at: Vec::new(),
            came_from: None,
            places: None,
            tints: Tints { read: true, cited: true, left: true },
            keymap: Keymap::default(),
            pending: Vec::new(),
            mouse: true,
            theme: "dark".into(),
            themes: vec!["dark".into(), "light".into()],
            ascii: false,
        };
        model.lay_out();
        model
    }

    pub fn layout(&self) -> Layout {
        Layout::of(self.width, self.height, self.focus, self.zoomed, matches!(self.mode, Mode::Replay(_)))
    }

    /// A pane's cells below its title.
    pub fn inside(&self, pane: Pane) -> Area {
        self.layout().pane(pane).below(1)
    }

    /// Cells for the rows of a pane, between the cursor's column and the edge. A pane that is hidden is laid out as it
    /// will be shown, so that its cursor stays where it was.
    pub(crate) fn row_width(&self, pane: Pane) -> usize {
        let replay = matches!(self.mode, Mode::Replay(_));
        let shown = Some(self.layout().pane(pane)).filter(|area| !area.is_empty());
        let area = shown.unwrap_or_else(|| Layout::of(self.width, self.height, pane, self.zoomed, replay).pane(pane));
        usize::from(area.width.saturating_sub(2))
    }

    pub fn is_running(&self) -> bool {
        matches!(self.mode, Mode::Live { running: true }) && !matches!(self.state.phase, Phase::Ended(_))
    }

    /// Whether anything on the screen changes with time alone, so that ticks are wanted.
    pub fn is_moving(&self) -> bool {
        self.is_busy() || self.notice.is_some()
    }

    /// Whether work goes on: a run that waits for the person does nothing meanwhile.
    pub fn is_busy(&self) -> bool {
        let asked = self.limit_reached() || self.interrupted().is_some() || self.asks_consent();
        self.is_running() && !asked && self.at_gate().is_none() && !self.state.rests()
    }

    /// The record that the screen is at. A replay may be on its way there still.
    pub fn record_at_hand(&self) -> u64 {
        self.player().map_or(self.seq, |player| player.position)
    }

    pub fn player(&self) -> Option<&Player> {
        match &self.mode {
            Mode::Replay(player) => Some(player),
            Mode::Live { .. } => None,
        }
    }

    /// The key that does it, as hints write it; empty where none is bound to it.
    pub fn key_for(&self, action: Action) -> String {
        self.keymap.first_keys(action).map(ToString::to_string).unwrap_or_default()
    }

    /// A text and what keys do about it: `2 lines selected; y copies, a asks`. What no key is bound to is left out.
    pub(crate) fn with_keys(&self, text: &str, ways: &[(Action, &str)]) -> String {
        let bound = |(action, does): &(Action, &str)| Some(format!("{} {does}", self.keymap.first_keys(*action)?));
        let ways: Vec<String> = ways.iter().filter_map(bound).collect();
        if ways.is_empty() { text.to_owned() } else { format!("{text}; {}", ways.join(", ")) }
    }

    /// Where a key is looked up when nothing is open over the panes, the most special first.
    pub(super) fn pane_contexts(&self) -> Vec<Context> {
        let pane = match self.focus {
            Pane::Document => Context::Document,
            Pane::Planner => Context::Planner,
            Pane::Jobs => Context::Jobs,
            Pane::Answers => Context::Answers,
        };
        match self.player() {
            Some(_) => vec![pane, Context::Replay, Context::Everywhere],
            None => vec![pane, Context::Everywhere],
        }
    }

    /// Where a key is looked up now, the most special first.
    pub fn contexts(&self) -> Vec<Context> {
        match &self.overlay {
            Some(Overlay::Quit | Overlay::Stop | Overlay::Interrupted) => vec![Context::Question],
            Some(Overlay::Budget) => vec![Context::Budget],
            Some(Overlay::Consent) => vec![Context::Consent],
            Some(Overlay::Gate(_)) if self.player().is_some() => {
                vec![Context::Replay, Context::Gate, Context::Everywhere]
            }
            Some(Overlay::Gate(_)) => vec![Context::Gate, Context::Everywhere],
            Some(Overlay::GateText(_) | Overlay::ForkText(_)) => vec![Context::Form, Context::Typing],
            Some(Overlay::Question(_)) => vec![Context::Form, Context::Typing],
            Some(Overlay::Picker(_)) => vec![Context::Picking, Context::Typing],
            Some(
                Overlay::Note { .. }
                | Overlay::Setting(_)
                | Overlay::Documents(_)
                | Overlay::Search(_)
                | Overlay::Amount(_)
                | Overlay::GoTo(_),
            ) => vec![Context::Typing],
            Some(Overlay::Job { .. }) => vec![Context::Jobs, Context::Everywhere],
            Some(
                Overlay::Help(_)
                | Overlay::Ledger(_)
                | Overlay::Text { .. }
                | Overlay::Comparison { .. }
                | Overlay::SideBySide(_),
            ) => vec![Context::Everywhere],
            None => self.pane_contexts(),
        }
    }

    pub fn notify(&mut self, text: impl Into<String>) {
        self.notice = Some(Notice { text: text.into(), until_ms: self.now_ms + NOTICE_MS });
    }

    pub fn shown_document(&self) -> Option<&OpenDocument> {
        self.documents.get(self.document.shown)
    }

    /// Milliseconds that the session has taken so far.
    pub fn elapsed_ms(&self) -> u64 {
        let now = if self.is_running() { self.now_ms.max(self.at_ms) } else { self.at_ms };
        now.saturating_sub(self.began_ms.unwrap_or(now))
    }

    /// Lays the panes of rows out for the size and state at hand.
    pub fn lay_out(&mut self) {
        self.lay_out_planner();
        self.lay_out_answers();
        self.settle();
    }

    /// Keeps every cursor and scroll position within what there is.
    pub fn settle(&mut self) {
        let planner = self.inside(Pane::Planner).height;
        let answers = self.answers_list().height;
        self.planner.rows.settle(planner);
        self.answers.settle(answers);
        self.settle_document();
        let height = self.overlay_height();
        if let Some(rows) = self.overlay_rows_mut() {
            rows.settle(height);
        }
    }
}
