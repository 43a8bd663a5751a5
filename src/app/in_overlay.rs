//! What each action does while something is open over the panes.

use super::action::Action;
use super::budget;
use super::exposing;
use super::input::LineInput;
use super::layout::Pane;
use super::message::Command;
use super::model::{Model, Overlay};
use super::search::Search;
use crate::protocol::{BudgetChoice, ExposureChoice, Overexposed, Reached};

impl Model {
    pub(super) fn perform_in_overlay(&mut self, action: Action) -> Vec<Command> {
        let page = isize::try_from(self.overlay_height().max(2) - 1).unwrap_or(1);
        let job = match &self.overlay {
            Some(Overlay::Job { job, .. }) => Some(*job),
            _ => None,
        };
        match (action, job) {
            (Action::Confirm, _) => {
                let commands = match self.overlay {
                    Some(Overlay::Quit) => vec![Command::StopRun, Command::Quit],
                    Some(Overlay::Interrupted) => vec![Command::SendAgain],
                    _ => vec![Command::StopRun],
                };
                self.overlay = None;
                return commands;
            }
            (Action::SpendOnce, _) => return self.choose(BudgetChoice::Once, ExposureChoice::Once),
            (Action::EndRun, _) => return self.choose(BudgetChoice::Stop, ExposureChoice::Stop),
            (Action::SendDocuments, _) => {
                self.overlay = None;
                return vec![Command::Consent];
            }
            (Action::KeepDocuments, _) => {
                self.overlay = None;
                return vec![Command::StopRun];
            }
            (Action::RaiseBudget, _) => {
                let suggested = self.exposure_reached().map(exposing::suggested);
                if let Some(suggested) = suggested.or(self.budget_reached().map(budget::suggested)) {
                    self.open_overlay(Overlay::Amount(LineInput::of(suggested)));
                }
            }
            (Action::Dismiss | Action::Quit | Action::Help | Action::Open, _)
                if matches!(self.overlay, Some(Overlay::Help(_))) =>
            {
                // Back to the gate that it was asked for at.
                self.overlay = None;
                self.back_to_beneath();
            }
            (Action::Dismiss | Action::Decline | Action::Quit | Action::Postpone, _) => self.overlay = None,
            (Action::Search, _) if matches!(self.overlay, Some(Overlay::Help(_))) => self.open_keys(),
            (Action::Search, _) if self.overlay_rows_mut().is_some() => self.search_overlay(),
            (Action::NextMatch | Action::PreviousMatch, _) => self.next_overlay_match(action == Action::NextMatch),
            (Action::Ledger, _) if matches!(self.overlay, Some(Overlay::Ledger(_))) => self.overlay = None,
            (Action::Left | Action::Right, _) if matches!(self.overlay, Some(Overlay::Comparison { .. })) => {
                return self.compare_other_rounds(action == Action::Right);
            }
            (Action::Left | Action::Right, _) if matches!(self.overlay, Some(Overlay::SideBySide(_))) => {
                self.next_column(action == Action::Right);
            }
            (Action::Open, None) if matches!(self.overlay, Some(Overlay::SideBySide(_))) => return self.open_column(),
            (Action::Up, _) => self.scroll_overlay(-1),
            (Action::Down, _) => self.scroll_overlay(1),
            (Action::HalfPageUp, _) => self.scroll_overlay(-(page / 2).max(1)),
            (Action::HalfPageDown, _) => self.scroll_overlay((page / 2).max(1)),
            (Action::PageUp, _) => self.scroll_overlay(-page),
            (Action::PageDown, _) => self.scroll_overlay(page),
            (Action::Top, _) => self.scroll_overlay(isize::MIN + 1),
            (Action::Bottom, _) => self.scroll_overlay(isize::MAX),
            (Action::Open | Action::Show, Some(job)) => self.show_job(job),
            (Action::CancelJob, Some(job)) => return self.cancel(job),
            (Action::RetryJob, Some(job)) => return self.retry_job(job),
            (Action::Copy, _) => return self.copy_overlay(),
            (Action::Steps, _) => return self.toggle_steps(),
            (Action::Theme, _) => return self.next_theme(),
            (Action::Mouse, _) => return self.toggle_mouse(),
            (Action::Redraw, _) => return vec![Command::Redraw],
            (Action::Suspend, _) => return vec![Command::Suspend],
            (Action::Open, None) => self.overlay = None,
            _ => {}
        }
        Vec::new()
    }

    /// Takes what was typed into the overlay.
    pub(crate) fn submit(&mut self) -> Vec<Command> {
        self.notice = None;
        match self.overlay.take() {
            Some(Overlay::Documents(form)) => return self.submit_documents(form),
            Some(Overlay::Note { seq, input }) => return self.submit_note(seq, input),
            Some(Overlay::Setting(form)) => return self.submit_setting(form),
            Some(Overlay::Amount(input)) => {
                let read = |reached: &Reached| {
                    let scope = reached.scope;
                    budget::read(reached, &input.text)
                        .map(|to_usd| Command::Budget(BudgetChoice::Raise { scope, to_usd }))
                };
                let read_share = |reached: &Overexposed| {
                    exposing::read(reached, &input.text).map(|to_share| ExposureChoice::Raise { to_share })
                };
                let share = self.exposure_reached().map(read_share);
                match share.map(|share| share.map(Command::Exposure)).or(self.budget_reached().map(read)) {
                    Some(Ok(raise)) => return vec![raise],
                    Some(Err(wrong)) => {
                        self.overlay = Some(Overlay::Amount(input));
                        self.notify(wrong);
                    }
                    None => {}
                }
            }
            Some(Overlay::Search(input)) if self.back_to_beneath() => {
                if let Some(pane) = self.overlay_rows_mut() {
                    pane.search = Some(Search::of_rows(&input.text));
                }
                if !input.text.trim().is_empty() {
                    self.next_overlay_match(true);
                }
            }
            Some(Overlay::Search(input)) => {
                self.search = Search::new(self.focus, &input.text);
                self.places = None;
                if let Some(why) = self.search.plain.clone() {
                    self.notify(format!("no regular expression ({why}); searched as plain text"));
                }
                if std::mem::take(&mut self.jobs.narrows_next) {
                    self.narrow_jobs(Some(self.search.clone()).filter(|search| search.in_pane(Pane::Jobs)));
                }
                self.find_again();
                self.next_match(true);
            }
            Some(Overlay::GoTo(input)) => {
                if !input.text.trim().is_empty() && !self.go_to_typed(&input.text) {
                    self.overlay = Some(Overlay::GoTo(input));
                }
            }
            other => self.overlay = other,
        }
        Vec::new()
    }

    /// Passes on what to do at a reached limit. The records say what comes of it.
    fn choose(&mut self, at_budget: BudgetChoice, at_exposure: ExposureChoice) -> Vec<Command> {
        self.overlay = None;
        let budget = self.budget_reached().map(|_| Command::Budget(at_budget));
        budget.or(self.exposure_reached().map(|_| Command::Exposure(at_exposure))).into_iter().collect()
    }

    pub(crate) fn scroll_overlay(&mut self, rows: isize) {
        let height = self.overlay_height();
        if let Some(pane) = self.overlay_rows_mut() {
            let last = pane.rows.len().saturating_sub(usize::from(height.max(1)));
            pane.top = pane.top.saturating_add_signed(rows).min(last);
            pane.cursor = pane.top;
        }
    }
}
