//! Paused: what is under way finishes, and nothing new begins until the person says so.
//!
//! No request leaves, no job starts, no program of the remote LM runs and no round begins. What comes in is read all the same.
//! Where the session waits at a gate, what the person says there has it go on.

use super::fact::Fact;
use super::ids::{AskId, JobId};
use super::input::{Effect, Step};
use super::job::Outcome;
use super::state::{Due, JobState, Phase, Round, State, Waiting};

/// A pause that is in force.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pause {
    /// The request whose next try is held back.
    pub held: Option<AskId>,
}

/// `holds`: whether a request waits to be sent again, and does not go out any more.
pub(super) fn pause(state: &State, holds: bool) -> Step {
    if state.pause.is_some() || state.phase == Phase::New {
        return Step::default();
    }
    let held = match state.phase {
        Phase::Waiting(Waiting::Remote(ask)) if holds => Some(ask),
        _ => None,
    };
    Step::fact(Fact::RunPaused { held })
}

/// With the failure of this job each one of its round has failed. Before the remote LM is told so, the session pauses:
/// whoever reads may only have to be started, and a session that goes on can be finished then.
pub(super) fn where_none_is_done(state: &State, failed: JobId) -> Option<Fact> {
    let round = state.round().filter(|round| round.number == failed.round && round.unfinished == 1)?;
    let others = round.jobs.iter().zip(0..).filter(|(_, index)| *index != failed.index);
    let none_done = others.into_iter().all(|(job, _)| matches!(job.outcome(), Some(Outcome::Failed { .. })));
    (none_done && state.pause.is_none()).then_some(Fact::RunPaused { held: None })
}

pub(super) fn go_on(state: &State) -> Step {
    let Some(pause) = state.pause else { return Step::default() };
    let step = Step::fact(Fact::RunContinued);
    match pause.held {
        Some(ask) if state.phase == Phase::Waiting(Waiting::Remote(ask)) => {
            step.with(Effect::AskAgain { ask, after_ms: 0 })
        }
        _ => step,
    }
}

impl State {
    /// Whether the pause holds this back.
    pub(super) fn holds(&self, due: &Due) -> bool {
        let begins = match due {
            Due::BeginRound { .. } | Due::PlanJobs | Due::Ask { .. } | Due::ReadCode { .. } | Due::Aggregate(_) => true,
            Due::AskConsent | Due::ReadDecision | Due::Gate(_) | Due::End(_) => false,
        };
        self.pause.is_some() && begins
    }

    /// Whether the session is paused and nothing of it is under way any more.
    pub fn rests(&self) -> bool {
        let Some(pause) = self.pause else { return false };
        match &self.phase {
            Phase::Due(due) => self.holds(due),
            Phase::Waiting(Waiting::Remote(ask)) => pause.held == Some(*ask),
            Phase::Waiting(Waiting::Jobs) => self.jobs_under_way() == 0,
            _ => false,
        }
    }

    /// How many jobs of the newest round workers have at hand.
    pub fn jobs_under_way(&self) -> usize {
        let running =
            |round: &Round| round.jobs.iter().filter(|job| matches!(job.state, JobState::Running { .. })).count();
        self.round().map_or(0, running)
    }

    /// A try at this request is due, and would go out but for the pause.
    pub(super) fn hold_back(&mut self, ask: AskId) {
        if let Some(pause) = &mut self.pause {
            pause.held = Some(ask);
        }
    }
}
