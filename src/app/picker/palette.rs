//! The actions to pick from: those that do something where the person is, or all there are.

use super::super::action::{Action, BINDINGS, Binding, Context};
use super::super::layout::Pane;
use super::super::model::{Model, Overlay};
use super::super::panes::marks::Tint;
use super::{Choice, Group, Picker, PickerRow, Picking};
use crate::protocol::{JobId, Round};

impl Model {
    /// All that can be done over the panes: what works here first, then what needs another pane, then what does nothing now.
    pub(crate) fn open_palette(&mut self) {
        let over_panes =
            |context: Context| context.is_pane() || matches!(context, Context::Everywhere | Context::Replay);
        let offered = |binding: &&Binding| binding.action != Action::Palette && over_panes(binding.context);
        let mut bindings: Vec<&Binding> = BINDINGS.iter().filter(offered).collect();
        bindings.sort_by_key(|binding| (!self.has_effect(binding.action), !self.is_here(binding)));
        let row = |binding: &Binding| {
            let refused = match binding.context {
                Context::Replay if self.player().is_none() => self.refusal(binding),
                _ => self.why_not(binding.action).unwrap_or_default().into(),
            };
            PickerRow { refused, ..self.row_of(binding) }
        };
        let rows = bindings.into_iter().map(row).collect();
        self.open_picker(Picking::Actions, vec![Group { rows, ..Group::default() }]);
    }

    /// Goes to the pane that an action is of, where it is of another than the one at hand.
    pub(crate) fn focus_for(&mut self, action: Action) {
        let of = BINDINGS.iter().find(|binding| binding.action == action);
        if of.is_none_or(|binding| self.is_here(binding)) {
            return;
        }
        let pane = match of.map(|binding| binding.context) {
            Some(Context::Document) => Pane::Document,
            Some(Context::Planner) => Pane::Planner,
            Some(Context::Jobs) => Pane::Jobs,
            Some(Context::Answers) => Pane::Answers,
            _ => return,
        };
        self.focus_on(pane);
    }

    /// Whether the action is of the place where the person is.
    fn is_here(&self, binding: &Binding) -> bool {
        let here = self.pane_contexts();
        let mut bound = self.keymap.rows().iter().filter(|row| row.binding.action == binding.action);
        bound.any(|row| here.contains(&row.context))
    }

    /// Whether a hint for the action is worth its cells.
    pub fn hint_works(&self, action: Action) -> bool {
        match &self.overlay {
            Some(Overlay::Job { .. }) if !matches!(action, Action::RetryJob | Action::CancelJob) => true,
            Some(Overlay::Job { .. }) | None => self.has_effect(action),
            Some(_) => true,
        }
    }

    /// Every key there is, to be searched; those that would do nothing now say so.
    pub(crate) fn open_keys(&mut self) {
        let groups = Context::ALL.into_iter().map(|context| Group {
            title: context.name().into(),
            rows: BINDINGS
                .iter()
                .filter(|binding| binding.context == context)
                .map(|binding| PickerRow { refused: self.refusal(binding), ..self.row_of(binding) })
                .collect(),
            ..Group::default()
        });
        self.open_picker(Picking::Keys, groups.collect());
    }

    pub(crate) fn open_picker(&mut self, of: Picking, groups: Vec<Group>) {
        self.pickers += 1;
        self.open_overlay(Overlay::Picker(Box::new(Picker::new(of, self.pickers, groups))));
        self.narrow_picker_anew();
    }

    fn refusal(&self, binding: &Binding) -> String {
        match binding.context {
            _ if self.does_something(binding) => String::new(),
            _ if self.is_here(binding) => self.why_not(binding.action).unwrap_or_default().into(),
            Context::Document if self.focus != Pane::Document => "works in the Document pane".into(),
            Context::Jobs if self.focus != Pane::Jobs => "works in the Jobs pane".into(),
            Context::Replay if self.player().is_none() => "works while a session is replayed".into(),
            context if context.is_pane() => "does nothing here now".into(),
            context => format!("works {}", context.name().to_lowercase()),
        }
    }

    /// Whether the action's key would do anything, as things stand.
    fn does_something(&self, binding: &Binding) -> bool {
        self.is_here(binding) && self.has_effect(binding.action)
    }

    /// Whether the action would do anything where it is of, as things stand.
    fn has_effect(&self, action: Action) -> bool {
        self.why_not(action).is_none()
    }

    /// Why the action would do nothing where it is of, as things stand.
    fn why_not(&self, action: Action) -> Option<&'static str> {
        let unless = |does: bool, why: &'static str| (!does).then_some(why);
        let none_running = || unless(self.is_running(), "no run is in flight");
        let running = || unless(!self.is_running(), "a run is in flight");
        let no_session = || unless(self.state.opened.is_some(), "no session is open");
        let no_document = || unless(!self.documents.is_empty(), "no document is open");
        match action {
            Action::RemoteModel | Action::LocalModel => unless(self.player().is_none(), "this is a replay"),
            Action::Ask | Action::Sessions => running(),
            Action::Note | Action::Bookmark => no_session(),
            Action::Notes | Action::NoteBack | Action::NoteForward => {
                unless(!self.notes.is_empty(), "there is no note")
            }
            Action::Sent => unless(!self.account.exposed.is_empty(), "no request was made"),
            Action::CompareRounds | Action::EarlierRound | Action::LaterRound => {
                unless(self.state.rounds.len() > 1, "there are no two rounds")
            }
            Action::Pause | Action::StopRun => none_running(),
            Action::Budget => unless(self.limit_reached() || self.interrupted().is_some(), "no limit is reached"),
            Action::Resume => {
                running().or(no_session()).or(unless(self.state.ending().is_none(), "the session has ended"))
            }
            Action::Fork | Action::LocalAgain => running().or(no_session()),
            Action::Back => unless(self.came_from.is_some(), "no citation was opened"),
            Action::NextMatch | Action::PreviousMatch => {
                unless(!self.search.matches.is_empty() || self.places.is_some(), "nothing is found")
            }
            Action::Dismiss => {
                let (notice, search) = (self.notice.is_some(), self.search.pane.is_some());
                let marked = self.document.highlight.is_some() || self.document.selection.is_some();
                unless(notice || search || marked, "nothing is marked")
            }
            Action::Wrap | Action::TintRead | Action::TintCited | Action::TintLeft | Action::GoTo | Action::Select => {
                no_document()
            }
            Action::Left | Action::Right => match self.focus {
                Pane::Document => {
                    unless(self.document.unwrapped || self.documents.len() > 1, "lines are wrapped, in one document")
                }
                Pane::Jobs if self.jobs.as_grid => unless(!self.listed_jobs().is_empty(), "no job is listed"),
                Pane::Jobs => unless(self.state.rounds.len() > 1, "there are no two rounds"),
                Pane::Answers => unless(self.answers_tabs().len() > 1, "there are no two tabs"),
                Pane::Planner => Some("nothing is beside it"),
            },
            Action::RetryJob => {
                let can_retry = self.job_at_hand().is_some_and(|id| self.state.can_retry(id));
                none_running().or(unless(can_retry, "the job at hand is in no trouble that a try could mend"))
            }
            Action::RetryTrouble => {
                let can_retry = |number, index| self.state.can_retry(JobId { round: number, index });
                let round = self.jobs_round();
                let jobs = |round: &Round| (0u32..).take(round.jobs.len()).any(|index| can_retry(round.number, index));
                none_running().or(unless(round.is_some_and(jobs), "no job is in trouble that a try could mend"))
            }
            Action::Pin => {
                unless(self.document.selection.is_some(), "no lines are selected").or(self.pins_wanted().err())
            }
            Action::Outline => unless(self.has_outline(), "the document has no headings"),
            Action::NextRead => unless(self.share_of(Tint::Read).spans > 0, "nothing was read yet"),
            Action::NextCited => unless(self.share_of(Tint::Cited).spans > 0, "nothing was cited yet"),
            Action::NextLeft => {
                unless(self.share_of(Tint::Left).spans > 0, "nothing of the documents was in a request")
            }
            Action::Open => {
                let why =
                    if self.focus == Pane::Document { "no lines are selected" } else { "nothing to open stands here" };
                unless(self.opens_something(), why)
            }
            Action::Show => unless(self.selected_job().is_some(), "no job is listed"),
            Action::CancelJob => {
                let open = |id| self.state.job(id).is_some_and(|job| job.outcome().is_none());
                none_running().or(unless(self.job_at_hand().is_some_and(open), "the job at hand has ended"))
            }
            _ => None,
        }
    }

    /// The job that is open, or else the one selected.
    fn job_at_hand(&self) -> Option<JobId> {
        match &self.overlay {
            Some(Overlay::Job { job, .. }) => Some(*job),
            _ => self.selected_job(),
        }
    }

    fn row_of(&self, binding: &Binding) -> PickerRow {
        let keys: Vec<String> = self.keymap.keys_of(binding.action).map(ToString::to_string).collect();
        let cells = vec![binding.name.to_owned(), keys.join("  "), binding.doc.to_owned()];
        PickerRow::new(Choice::Do(binding.action), cells, binding.doc)
    }
}
