//! What each action does.

use super::action::Action;
use super::input::LineInput;
use super::layout::Pane;
use super::message::{Command, Filling, ForkChange, ReplayCommand, Unit};
use super::model::{Highlight, Model, Overlay};
use super::panes::answers::AnswersTab;
use super::panes::marks::Tint;
use super::panes::places::Cited;
use super::picker::Picking;
use super::rows::Target;
use super::rows_pane::RowsPane;
use super::search::Search;
use crate::protocol::{JobId, Outcome, Redaction, RunTo};

impl Model {
    pub(crate) fn perform(&mut self, action: Action) -> Vec<Command> {
        if let Some(commands) = self.perform_at_gate(action) {
            return commands;
        }
        if self.overlay.is_some() {
            return self.perform_in_overlay(action);
        }
        if self.focus == Pane::Document && self.extend_selection(action) {
            return Vec::new();
        }
        let page = isize::try_from(self.pane_rows(self.focus).max(2) - 1).unwrap_or(1);
        match action {
            Action::Up => self.scroll_pane(self.focus, -1),
            Action::Down => self.scroll_pane(self.focus, 1),
            Action::HalfPageUp => self.scroll_pane(self.focus, -(page / 2).max(1)),
            Action::HalfPageDown => self.scroll_pane(self.focus, (page / 2).max(1)),
            Action::PageUp => self.scroll_pane(self.focus, -page),
            Action::PageDown => self.scroll_pane(self.focus, page),
            Action::Top => self.go_to_end(false),
            Action::Bottom => self.go_to_end(true),
            Action::Left | Action::Right => match self.focus {
                Pane::Document if self.document.unwrapped => self.scroll_sideways(action == Action::Right),
                Pane::Document => self.show_document(action == Action::Right),
                Pane::Jobs if self.jobs.as_grid => self.move_along_grid(action == Action::Right),
                Pane::Jobs => self.show_round(action == Action::Right),
                Pane::Answers => self.next_answers_tab(action == Action::Right),
                Pane::Planner => {}
            },
            Action::NextPane => self.focus_on(self.focus.next()),
            Action::PreviousPane => self.focus_on(self.focus.previous()),
            Action::DocumentPane => self.focus_on(Pane::Document),
            Action::PlannerPane => self.focus_on(Pane::Planner),
            Action::JobsPane => self.focus_on(Pane::Jobs),
            Action::AnswersPane => self.focus_on(Pane::Answers),
            Action::Zoom => {
                self.zoomed = !self.zoomed;
                self.lay_out();
            }
            Action::Open if self.focus == Pane::Document && self.document.selection.is_some() => {
                return self.perform(Action::Ask);
            }
            Action::Open => self.open(),
            Action::Back => {
                if let Some(pane) = self.came_from.take() {
                    self.focus_on(pane);
                }
            }
            Action::Search => {
                self.jobs.narrows_next = false;
                self.open_overlay(Overlay::Search(LineInput::default()));
            }
            Action::NextMatch => self.next_match(true),
            Action::PreviousMatch => self.next_match(false),
            Action::Dismiss => {
                let noticed = self.notice.take().is_some();
                if self.document.selection.take().is_none() && !noticed {
                    self.search = Search::default();
                    self.document.highlight = None;
                }
            }
            Action::Copy => return self.copy(),
            Action::Wrap => self.toggle_wrap(),
            Action::TintRead => {
                self.tints.read = !self.tints.read;
                self.notify(switched(&self.told_of(Tint::Read), self.tints.read));
            }
            Action::TintCited => {
                self.tints.cited = !self.tints.cited;
                self.notify(switched(&self.told_of(Tint::Cited), self.tints.cited));
            }
            Action::TintLeft => {
                self.tints.left = !self.tints.left;
                self.notify(switched(&self.told_of(Tint::Left), self.tints.left));
            }
            Action::Compare => self.compare_programs(),
            Action::CompareRounds => return self.compare_rounds(),
            Action::NextRead => self.step_through(Tint::Read),
            Action::NextCited => self.step_through(Tint::Cited),
            Action::NextLeft => self.step_through(Tint::Left),
            Action::GoTo => self.open_overlay(Overlay::GoTo(LineInput::default())),
            Action::Outline => self.open_outline(),
            Action::Select => self.toggle_selection(),
            Action::Pin => return self.pin(),
            Action::Show => {
                if let Some(job) = self.selected_job() {
                    self.show_job(job);
                }
            }
            Action::Filter => self.next_filter(),
            Action::Sort => self.next_sort(),
            Action::JobGrid => self.toggle_grid(),
            Action::OnlyTask => self.toggle_task(),
            Action::OnlyFound => self.only_found(),
            Action::EarlierRound => self.show_round(false),
            Action::LaterRound => self.show_round(true),
            Action::RetryJob => match self.selected_job() {
                Some(job) => return self.retry_job(job),
                None => self.notify("no job is selected"),
            },
            Action::RetryTrouble => return self.retry_trouble(),
            Action::CancelJob => return self.selected_job().map_or_else(Vec::new, |job| self.cancel(job)),
            Action::Ask => match self.is_running() {
                true => self.notify(format!(
                    "a run is in flight; stop it with {} before you ask anew",
                    self.key_for(Action::StopRun)
                )),
                false if self.documents.is_empty() => self.name_documents(),
                false if let Some(why) = self.blank_selection() => self.notify(why),
                false => return self.open_start_form(),
            },
            Action::Palette => self.open_palette(),
            Action::RemoteModel | Action::LocalModel if self.player().is_some() => {
                self.notify("this is a replay; its models are those on record");
            }
            Action::RemoteModel => {
                return self.open_filled(Picking::RemoteModel, Filling::RemoteModels { provider: None });
            }
            Action::LocalModel => return self.open_filled(Picking::LocalModel, Filling::LocalModels),
            Action::Sessions if self.is_running() && !self.followed => {
                self.notify(format!(
                    "a run is in flight; stop it with {} before you open another session",
                    self.key_for(Action::StopRun)
                ));
            }
            Action::Sessions => return self.open_filled(Picking::Session, Filling::Sessions),
            Action::Budget if self.interrupted().is_some() => self.open_overlay(Overlay::Interrupted),
            Action::Budget if self.limit_reached() => self.open_overlay(Overlay::Budget),
            Action::Budget => self.notify("no limit is reached"),
            Action::Steps => return self.toggle_steps(),
            Action::AtGate => match self.gate_overlay() {
                Some(gate) => self.open_overlay(gate),
                None if self.player().is_some() => self.notify(
                    self.with_keys("no gate is closed here", &[(Action::GateForward, "goes on to the next one")]),
                ),
                None => self.notify("no gate is closed"),
            },
            Action::RunToRound => return self.run_on(RunTo::NextRound),
            Action::RunToEnd => return self.run_on(RunTo::End),
            Action::Ledger => return self.open_ledger(),
            Action::Sent => self.open_sent(),
            Action::Note => self.open_note(),
            Action::Bookmark => return self.bookmark(),
            Action::Notes => self.open_notes(),
            Action::Log => return self.open_filled(Picking::Log, Filling::Log),
            Action::Settings => self.open_settings(),
            Action::Resume if self.is_running() => self.notify("a run is in flight"),
            Action::Resume if self.state.opened.is_none() => self.notify("no session is open"),
            Action::Resume => return vec![Command::Resume],
            Action::AskAnew => return self.ask_anew(),
            Action::Fork | Action::LocalAgain if self.is_running() => self
                .notify(format!("a run is in flight; stop it with {} before you fork", self.key_for(Action::StopRun))),
            Action::Fork | Action::LocalAgain if self.state.opened.is_none() && self.player().is_some() => self.notify(
                self.with_keys("nothing is on record here", &[(Action::StepForward, "goes on to the first record")]),
            ),
            Action::Fork | Action::LocalAgain if self.state.opened.is_none() => self.notify("no session is open"),
            Action::Fork => return self.open_fork(),
            Action::LocalAgain => {
                return vec![Command::Fork { seq: self.record_at_hand(), change: ForkChange::LocalAgain }];
            }
            Action::Pause => return self.pause_or_go_on(),
            Action::StopRun if self.is_running() => self.open_overlay(Overlay::Stop),
            Action::StopRun => self.notify("no run is in flight"),
            Action::Theme => return self.next_theme(),
            Action::Mouse => return self.toggle_mouse(),
            Action::Redraw => return vec![Command::Redraw],
            Action::Help => self.open_overlay(Overlay::Help(RowsPane::default())),
            Action::Suspend => return vec![Command::Suspend],
            // It stays as it is, and can be taken up again.
            Action::Quit if self.state.left_at().is_some() => return vec![Command::Quit],
            Action::Quit if self.is_running() && !self.followed => self.open_overlay(Overlay::Quit),
            Action::Quit => return vec![Command::Quit],
            Action::Play => return vec![Command::Replay(ReplayCommand::TogglePlay)],
            Action::StepBack => return step(Unit::Record, false),
            Action::StepForward => return step(Unit::Record, true),
            Action::RoundBack => return step(Unit::Round, false),
            Action::RoundForward => return step(Unit::Round, true),
            Action::JobBack => return step(Unit::Job, false),
            Action::JobForward => return step(Unit::Job, true),
            Action::GateBack => return step(Unit::Gate, false),
            Action::GateForward => return step(Unit::Gate, true),
            Action::NoteBack => return self.step_to_note(false),
            Action::NoteForward => return self.step_to_note(true),
            Action::Slower => return vec![Command::Replay(ReplayCommand::Slower)],
            Action::Faster => return vec![Command::Replay(ReplayCommand::Faster)],
            Action::SeekStart => return vec![Command::Replay(ReplayCommand::Seek(0))],
            Action::SeekEnd => {
                let end = self.player().map_or(0, |player| player.len);
                return vec![Command::Replay(ReplayCommand::Seek(end))];
            }
            Action::RepeatFrom => return self.repeat_from_here(true),
            Action::RepeatTo => return self.repeat_from_here(false),
            Action::RepeatOff => return vec![Command::Replay(ReplayCommand::Repeat(None, None))],
            Action::Confirm
            | Action::Decline
            | Action::SpendOnce
            | Action::RaiseBudget
            | Action::EndRun
            | Action::Postpone
            | Action::SendDocuments
            | Action::KeepDocuments
            | Action::PassGate
            | Action::EditHeld
            | Action::SendBack
            | Action::Tick
            | Action::RedactPattern
            | Action::RedactLine
            | Action::StopHere
            | Action::LookAround
            | Action::Submit
            | Action::Leave
            | Action::PickUp
            | Action::PickDown
            | Action::PickPageUp
            | Action::PickPageDown
            | Action::Delete
            | Action::CompareWith
            | Action::MarkSession
            | Action::SideBySide
            | Action::Rename
            | Action::TagSession
            | Action::Archive
            | Action::ToParent
            | Action::ToFork
            | Action::NextField
            | Action::PreviousField
            | Action::FormUp
            | Action::FormDown
            | Action::NewLine
            | Action::LeaveCurve
            | Action::AskNoMore
            | Action::EraseWord
            | Action::EraseLine
            | Action::Editor => {}
        }
        Vec::new()
    }

    pub(crate) fn focus_on(&mut self, pane: Pane) {
        if self.focus != pane {
            self.focus = pane;
            // A pane that was hidden is laid out at its own width only now.
            self.lay_out();
        }
    }

    /// Rows of a pane that scroll.
    fn pane_rows(&self, pane: Pane) -> u16 {
        match pane {
            Pane::Jobs => self.jobs_list().height,
            Pane::Answers => self.answers_list().height,
            Pane::Document | Pane::Planner => self.inside(pane).height,
        }
    }

    pub(crate) fn scroll_pane(&mut self, pane: Pane, rows: isize) {
        match pane {
            Pane::Document => self.scroll_document(rows),
            Pane::Planner => self.planner.rows.move_by(rows),
            Pane::Jobs => self.move_in_jobs(rows),
            Pane::Answers => self.answers.move_by(rows),
        }
        self.settle();
    }

    fn go_to_end(&mut self, bottom: bool) {
        match self.focus {
            Pane::Document => self.document_end(bottom),
            Pane::Planner => {
                self.planner.rows.move_by(isize::MIN + 1);
                self.planner.rows.follow = bottom;
            }
            Pane::Answers => self.answers.move_by(if bottom { isize::MAX } else { isize::MIN + 1 }),
            Pane::Jobs if bottom => self.move_in_jobs(isize::MAX),
            Pane::Jobs => self.move_in_jobs(isize::MIN + 1),
        }
        self.settle();
    }

    /// Puts the cursor of a pane on the row of the screen that was pressed; true where it stood there already.
    pub(crate) fn select_at(&mut self, pane: Pane, x: u16, y: u16) -> bool {
        let within =
            |area: super::layout::Area| (y >= area.y && y < area.y + area.height).then(|| usize::from(y - area.y));
        let stands = match pane {
            Pane::Document if self.map_area().contains(x, y) => {
                self.document.holds_map = true;
                self.press_map(y);
                false
            }
            Pane::Document => {
                self.press_text(x, y);
                false
            }
            Pane::Planner => within(self.inside(pane)).is_some_and(|row| {
                self.planner.rows.follow = false;
                self.planner.rows.press(row)
            }),
            Pane::Answers => within(self.answers_list()).is_some_and(|row| self.answers.press(row)),
            Pane::Jobs => {
                let before = self.selected_job();
                let mut pressed = true;
                if self.jobs.as_grid {
                    self.select_cell_at(x, y);
                } else if let Some(row) =
                    within(self.jobs_list()).filter(|row| self.jobs_top() + row < self.listed_jobs().len())
                {
                    self.select_job_row(self.jobs_top() + row);
                } else {
                    pressed = false;
                }
                pressed && before.is_some() && before == self.selected_job()
            }
        };
        self.settle();
        stands
    }

    /// Where the row under the cursor leads.
    fn target(&self) -> Option<Target> {
        match self.focus {
            Pane::Document | Pane::Jobs => None,
            Pane::Planner => self.planner.rows.rows.get(self.planner.rows.cursor).and_then(|row| row.target),
            Pane::Answers => self.answers.rows.get(self.answers.cursor).and_then(|row| row.target),
        }
    }

    /// Whether there is anything to be opened where the cursor is.
    pub(crate) fn opens_something(&self) -> bool {
        match self.focus {
            Pane::Document => self.document.selection.is_some(),
            Pane::Jobs => self.selected_job().is_some(),
            Pane::Planner | Pane::Answers => self.target().is_some(),
        }
    }

    fn open(&mut self) {
        if let (Pane::Jobs, Some(job)) = (self.focus, self.selected_job()) {
            self.open_overlay(Overlay::Job { job, rows: RowsPane::default() });
        }
        match self.target() {
            Some(Target::Fold(fold)) => {
                if !self.planner.toggled.remove(&fold) {
                    self.planner.toggled.insert(fold);
                }
                self.lay_out_planner();
                let at = self.planner.rows.rows.iter().position(|row| row.target == Some(Target::Fold(fold)));
                let height = self.inside(Pane::Planner).height;
                self.planner.rows.reveal(at.unwrap_or(self.planner.rows.cursor), height);
                self.settle();
            }
            Some(Target::Citation(at)) => self.go_to_cited(Cited::Answer(at), self.next_place_of(Cited::Answer(at))),
            Some(Target::Place(at, place)) => self.go_to_cited(Cited::Answer(at), place),
            Some(Target::Round(round)) => self.show_answers_tab(AnswersTab::Round(round)),
            Some(Target::Job(job)) => self.go_to_cited(Cited::Job(job), self.next_place_of(Cited::Job(job))),
            Some(Target::Message(_) | Target::Line(_)) | None => {}
        }
    }

    pub(super) fn show_job(&mut self, job: JobId) {
        let outcome = self.state.job(job).and_then(|job| job.outcome());
        if outcome.and_then(Outcome::located).is_some() {
            return self.go_to_cited(Cited::Job(job), self.next_place_of(Cited::Job(job)));
        }
        let cited = outcome.and_then(|outcome| outcome.output()?.citation.clone());
        let place = self.chunk_place(job);
        self.go_to(place);
        match cited.filter(|_| place.is_some()) {
            Some(cited) if Redaction::is_all_of(&cited) => {
                self.notify("redacted: the job's citation was blotted out; its whole chunk is shown instead");
            }
            Some(_) => {
                self.notify("NOT FOUND: the job's citation stands in no document; its whole chunk is shown instead");
            }
            None => {}
        }
    }

    /// To one of the places of a citation.
    fn go_to_cited(&mut self, of: Cited, at: usize) {
        let place = self.cited_place(of, at);
        self.go_to(place);
        if place.is_none() && self.cited_words(of).is_some_and(Redaction::is_all_of) {
            self.notify("redacted: these words were blotted out, so there is nothing to show");
        }
        if place.is_some() && self.document.highlight == place {
            self.gone_to_place(of, at);
        }
    }

    pub(crate) fn go_to(&mut self, place: Option<Highlight>) {
        match place {
            None => {
                self.document.highlight = None;
                self.notify("NOT FOUND: these words stand in no document, so there is nothing to show");
            }
            Some(place) => {
                if !self.jump(place) {
                    self.notify("the document that this stands in is not at hand");
                } else {
                    self.lay_out();
                }
            }
        }
    }

    pub(super) fn cancel(&mut self, job: JobId) -> Vec<Command> {
        if !self.is_running() {
            self.notify("no run is in flight");
            return Vec::new();
        }
        match self.state.job(job).map(|job| job.outcome().is_none()) {
            Some(true) => vec![Command::CancelJob(job)],
            _ => {
                self.notify(format!("job {job} has ended already"));
                Vec::new()
            }
        }
    }

    /// Only the jobs that the search finds; without one it is asked for first.
    fn only_found(&mut self) {
        if self.jobs.narrowed.is_some() {
            self.narrow_jobs(None);
        } else if self.search.in_pane(Pane::Jobs) {
            self.narrow_jobs(Some(self.search.clone()));
        } else {
            self.jobs.narrows_next = true;
            self.open_overlay(Overlay::Search(LineInput::default()));
        }
    }

    pub(super) fn toggle_mouse(&mut self) -> Vec<Command> {
        self.mouse = !self.mouse;
        self.notify(match self.mouse {
            true => "the mouse moves in the panes; with Shift held the terminal selects text",
            false => "the mouse is the terminal's, to select text",
        });
        vec![Command::Mouse(self.mouse)]
    }
}

fn switched(mark: &str, on: bool) -> String {
    format!("{mark}; {}", if on { "marked" } else { "not marked any more" })
}

fn step(unit: Unit, forward: bool) -> Vec<Command> {
    vec![Command::Replay(ReplayCommand::Step { unit, forward })]
}
