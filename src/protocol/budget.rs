//! What a session may spend: the limits in force, and the pause where the next call could pass one.

use serde::{Deserialize, Serialize};

use super::fact::RemoteAsk;
use super::ids::AskId;
use super::message::{Purpose, Usage};
use super::state::State;

/// Whose spending a budget limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    Session,
    /// All sessions of the folder, on one day.
    Day,
}

/// A call that was not made, since it could pass a budget. The session waits until the person says what to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reached {
    pub scope: Scope,
    pub purpose: Purpose,
    /// Which try at this purpose in its round, counted from 1.
    pub attempt: u32,
    /// The request that would have been sent again; nothing where the call is a new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub again: Option<AskId>,
    /// The most that the call may cost.
    pub worst_usd: f64,
    /// Spent, or reserved for answers that were lost, within the scope.
    pub committed_usd: f64,
    pub budget_usd: f64,
}

impl Reached {
    /// What the budget would have to be for the call to be made.
    pub fn needed_usd(&self) -> f64 {
        self.committed_usd + self.worst_usd
    }

    /// Why the session stops here, where it does.
    pub fn reason(&self) -> String {
        let Self { worst_usd, committed_usd, budget_usd, .. } = self;
        let (of, setting) = match self.scope {
            Scope::Session => ("", "remote.budget_usd"),
            Scope::Day => (" by today's sessions", "remote.budget_usd_per_day"),
        };
        format!(
            "the next call ({}) may cost ${worst_usd:.4}; with ${committed_usd:.4} spent or reserved{of} it would pass the \
             budget of ${budget_usd:.4}: raise {setting} or lower remote.max_output_tokens",
            self.purpose.name()
        )
    }
}

/// What the person says to a [`Reached`] budget.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BudgetChoice {
    /// Make this one call, whatever it may cost of what was named; the budget holds again after it.
    Once,
    /// Go on under a budget of so many dollars within the scope, for this session.
    Raise { scope: Scope, to_usd: f64 },
    /// End the session here.
    Stop,
}

/// The limits in force, as set when the session opened and raised since.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Budgets {
    session: Limit,
    day: Limit,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Limit {
    usd: Option<f64>,
    /// For the next call alone.
    once_usd: Option<f64>,
}

impl Budgets {
    pub(super) fn new(session_usd: Option<f64>, day_usd: Option<f64>) -> Self {
        let limit = |usd| Limit { usd, once_usd: None };
        Self { session: limit(session_usd), day: limit(day_usd) }
    }

    /// Dollars that may be spent within the scope; nothing where there is no limit.
    pub fn usd(&self, scope: Scope) -> Option<f64> {
        self.of(scope).usd
    }

    /// The budget that a call of at most `worst_usd` could pass after `committed_usd`; nothing where it may be made.
    pub fn passed(&self, scope: Scope, committed_usd: f64, worst_usd: f64) -> Option<f64> {
        let (usd, next_usd) = (self.usd(scope)?, self.next_usd(scope)?);
        (committed_usd + worst_usd > next_usd).then_some(usd)
    }

    /// What the next call may bring the spending to; nothing where there is no limit.
    pub fn next_usd(&self, scope: Scope) -> Option<f64> {
        let limit = self.of(scope);
        limit.usd.map(|usd| usd.max(limit.once_usd.unwrap_or(0.0)))
    }

    pub(super) fn raise(&mut self, scope: Scope, to_usd: f64, once: bool) {
        let limit = match scope {
            Scope::Session => &mut self.session,
            Scope::Day => &mut self.day,
        };
        if once { limit.once_usd = Some(to_usd) } else { limit.usd = Some(to_usd) }
    }

    /// A call is made: what was granted for one call is used up.
    pub(super) fn call(&mut self) {
        (self.session.once_usd, self.day.once_usd) = (None, None);
    }

    fn of(&self, scope: Scope) -> Limit {
        match scope {
            Scope::Session => self.session,
            Scope::Day => self.day,
        }
    }
}

/// What is noted where a call cost more than was reserved for it: the worst case was reckoned from an estimate, or the server
/// gave more than it was asked for.
pub(super) fn overrun(state: &State, ask: AskId, usage: Usage, cost_usd: Option<f64>) -> Option<String> {
    let request = &state.asks().find(|known| known.request.ask == ask)?.request;
    let RemoteAsk { purpose, max_output_tokens, estimate, .. } = request;
    let (cost_usd, worst_usd) = (cost_usd?, estimate.worst_cost_usd?);
    // Sums of small fractions differ in their last digits.
    if cost_usd <= worst_usd + 1e-9 {
        return None;
    }
    let spent_usd = state.committed_usd + cost_usd;
    let passed = match state.budgets.usd(Scope::Session) {
        Some(budget_usd) if spent_usd > budget_usd => {
            format!("; ${spent_usd:.4} in all, which is over the budget of ${budget_usd:.4}")
        }
        _ => String::new(),
    };
    let about = if estimate.counted { "" } else { "about " };
    Some(format!(
        "a call ({}) cost ${cost_usd:.4}, more than the ${worst_usd:.4} that were held to be the most: {about}{} tokens in \
         and at most {max_output_tokens} out were expected, and the server counted {} and {}{passed}",
        purpose.name(),
        estimate.input_tokens,
        usage.input_tokens,
        usage.output_tokens,
    ))
}
