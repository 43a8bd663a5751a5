//! The budget of all questions: what each try gets of it, and what of it is spent.

use super::super::super::Failure;
use super::super::due::Due;
use super::super::session::{ROUNDING, cost_of};
use super::{Ended, Eval, Left};
use crate::eval::Try;
use crate::eval::report::Spent;

/// What one try gets of the budget of all, in dollars.
#[derive(Clone, Copy, Debug)]
pub(super) struct Share {
    /// Held back for it, the judge's part with it; 0 where there is no such budget.
    pub(super) held_usd: f64,
    /// What its session may spend, without its judge; nothing where there is no such budget.
    pub(super) of_session_usd: Option<f64>,
    /// Whether that is all that was free.
    pub(super) is_all: bool,
}

impl Eval {
    /// The share of a try that is to begin, while `taken_usd` is held for others or open and so many of `at_once` are running.
    /// Gives why nothing further is asked where what is free is too little for it.
    pub(super) fn share_of(&self, next: &Left, taken_usd: f64, running: usize, at_once: usize) -> Result<Share, Ended> {
        let Some(free) = self.free_usd(taken_usd) else {
            return Ok(Share { held_usd: 0.0, of_session_usd: None, is_all: false });
        };
        // The judge's part is held back before the session has its own.
        let judge_usd = self.judge_usd(next.setting, next.question).unwrap_or(0.0);
        let held_usd = match next.due {
            Due::Asking => match free / at_once.saturating_sub(running).max(1) as f64 {
                even if even <= judge_usd && running == 0 => free,
                even => even,
            },
            Due::Judging => judge_usd,
        };
        let of_session_usd = held_usd - judge_usd;
        let is_too_little = match next.due {
            Due::Asking => of_session_usd <= 0.0,
            Due::Judging => held_usd > free + ROUNDING,
        };
        if is_too_little {
            return Err(too_little(free, judge_usd));
        }
        let is_all = running == 0 && held_usd >= free - ROUNDING;
        Ok(Share { held_usd, of_session_usd: Some(of_session_usd), is_all })
    }

    /// What is left of the budget of all, if there is one, once `open_usd` is taken for what is open.
    pub(super) fn free_usd(&self, open_usd: f64) -> Option<f64> {
        self.total_budget.map(|all| all - self.folder.book(|book| book.spent_usd()) - open_usd)
    }

    /// What a try cost that was begun and left; nothing where it has come to its end.
    pub(super) fn open_usd(&self, of: &Try) -> Result<f64, Failure> {
        let open = self.folder.book(|book| book.open.get(of).cloned());
        open.map_or(Ok(0.0), |open| Ok(cost_of(&open, self.config())?.spent_usd()))
    }

    /// What is held back for the judge of one answer, where there is a budget of all.
    pub(super) fn judge_usd(&self, setting: usize, question: usize) -> Option<f64> {
        self.total_budget?;
        let judge = self.judge.as_ref()?;
        Some(judge.worst_usd(&self.plan.questions[question], &self.plan.settings[setting].1))
    }

    pub(super) fn spent(&self) -> Spent {
        let open: Vec<Try> = self.folder.book(|book| book.open.keys().cloned().collect());
        let open_usd = open.iter().filter_map(|of| self.open_usd(of).ok()).fold(0.0, |sum, usd| sum + usd);
        self.folder.book(|book| {
            let costs = book.rows.values().map(|row| &row.cost).chain(&book.lost);
            let mut spent = Spent { open_usd, ..Spent::of(book.sessions.len(), costs) };
            spent.lost_usd = book.lost.iter().map(|cost| cost.spent_usd()).fold(0.0, |sum, usd| sum + usd);
            spent
        })
    }
}

/// Why nothing further is asked within the budget of all. In dollars: what is left, and what one more try needs.
pub(super) fn too_little(left: f64, needs: f64) -> Ended {
    Ended::Budget(format!(
        "the budget of all questions is reached: what is left (${:.4}) is too little for the worst case of one more (${needs:.4})",
        left.max(0.0)
    ))
}
