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
                _ if self.has_effect(binding.action) => String::new(),
                _ => "does nothing now".into(),
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
        match action {
            Action::RemoteModel | Action::LocalModel => self.player().is_none(),
            Action::Ask => !self.is_running(),
            Action::Note | Action::Bookmark => self.state.opened.is_some(),
            Action::Notes => !self.notes.is_empty(),
            Action::Sent => !self.account.exposed.is_empty(),
            Action::Sessions => !self.is_running(),
            Action::CompareRounds => self.state.rounds.len() > 1,
            Action::NoteBack | Action::NoteForward => !self.notes.is_empty(),
            Action::Pause => self.is_running(),
            Action::StopRun => self.is_running(),
            Action::Budget => self.limit_reached() || self.interrupted().is_some(),
            Action::Resume => !self.is_running() && self.state.opened.is_some() && self.state.ending().is_none(),
            Action::Fork => !self.is_running() && self.state.opened.is_some(),
            Action::Back => self.came_from.is_some(),
            Action::NextMatch | Action::PreviousMatch => !self.search.matches.is_empty() || self.places.is_some(),
            Action::Dismiss => {
                let (notice, search) = (self.notice.is_some(), self.search.pane.is_some());
                notice || search || self.document.highlight.is_some() || self.document.selection.is_some()
            }
            Action::Wrap | Action::TintRead | Action::TintCited | Action::TintLeft => !self.documents.is_empty(),
            Action::Left | Action::Right => match self.focus {
                Pane::Document => self.document.unwrapped || self.documents.len() > 1,
                Pane::Jobs if self.jobs.as_grid => !self.listed_jobs().is_empty(),
                Pane::Jobs => self.state.rounds.len() > 1,
                Pane::Answers => self.answers_tabs().len() > 1,
                Pane::Planner => false,
            },
            Action::EarlierRound | Action::LaterRound => self.state.rounds.len() > 1,
            Action::RetryJob => self.is_running() && self.job_at_hand().is_some_and(|id| self.state.can_retry(id)),
            Action::RetryTrouble => {
                let can_retry = |number, index| self.state.can_retry(JobId { round: number, index });
                let round = self.jobs_round();
                let jobs = |round: &Round| (0u32..).take(round.jobs.len()).any(|index| can_retry(round.number, index));
                self.is_running() && round.is_some_and(jobs)
            }
            Action::GoTo | Action::Select => !self.documents.is_empty(),
            Action::Pin => self.document.selection.is_some() && self.pins_wanted().is_ok(),
            Action::Outline => self.has_outline(),
            Action::NextRead => self.share_of(Tint::Read).spans > 0,
            Action::NextCited => self.share_of(Tint::Cited).spans > 0,
            Action::NextLeft => self.share_of(Tint::Left).spans > 0,
            Action::Open => self.opens_something(),
            Action::Show => self.selected_job().is_some(),
            Action::CancelJob => {
                let open = |id| self.state.job(id).is_some_and(|job| job.outcome().is_none());
                self.is_running() && self.job_at_hand().is_some_and(open)
            }
            _ => true,
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
