//! Going on with a session whose program ended first: what is still to be done, and what the person is asked before.
//!
//! The state after any prefix of a journal says what is due. Nothing that ended is done again; what ran begins anew; and a
//! request whose answer never came is sent again only when the person says so, since it may have been paid for.

use serde::{Deserialize, Serialize};

use super::advance::{next_ask, recounted};
use super::decision::Decision;
use super::fact::{EmbeddingModel, Fact, Models, RemoteAsk, RemoteFailure};
use super::ids::{AskId, JobId};
use super::input::{Effect, Step};
use super::lost_jobs;
use super::message::Purpose;
use super::need::Need;
use super::state::{AskState, Draft, Due, JobState, Phase, State, Waiting};

/// Another process went on with the session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Resumed {
    /// The version of this program.
    pub program: String,
    /// Who plans and who reads from here on.
    pub models: Models,
    /// What `retrieve` compares meanings with from here on; nothing where it goes by words alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub embedding: Option<EmbeddingModel>,
}

/// A request whose answer never came, since the program ended while it was out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interrupted {
    pub ask: AskId,
    pub purpose: Purpose,
    /// Which try at this purpose in its round, counted from 1.
    pub attempt: u32,
    /// The most that it cost; nothing where the price is not known.
    pub worst_usd: Option<f64>,
}

impl Interrupted {
    /// The request whose answer a session waits for that no process runs; nothing where it waits for none.
    pub fn of(state: &State) -> Option<Self> {
        match &state.phase {
            Phase::Interrupted(interrupted) => Some(interrupted.clone()),
            Phase::Waiting(Waiting::Remote(ask)) => {
                let request = &state.asks().find(|known| known.request.ask == *ask)?.request;
                let (purpose, attempt) = (request.purpose, request.attempt);
                // A try that was held back never went out.
                let held = state.pause.is_some_and(|pause| pause.held == Some(*ask));
                let worst_usd = if held { Some(0.0) } else { request.estimate.worst_cost_usd };
                Some(Self { ask: *ask, purpose, attempt, worst_usd })
            }
            _ => None,
        }
    }

    /// Whether it may have been paid for, so that the person is asked before it is sent again.
    pub fn may_cost(&self) -> bool {
        self.worst_usd != Some(0.0)
    }

    /// What happened, in a sentence.
    pub fn told(&self) -> String {
        let cost = match self.worst_usd {
            Some(usd) => format!("may have been paid for, with ${usd:.4} at most"),
            None => "may have been paid for".into(),
        };
        format!(
            "the answer to a request ({}) never came, since the program ended first; it {cost}",
            self.purpose.name()
        )
    }

    fn failure(&self, attempt: u32) -> RemoteFailure {
        let error = "the program ended before the answer came".into();
        let lost = self.may_cost();
        RemoteFailure { ask: self.ask, attempt, error, retry_in_ms: None, partial: String::new(), lost, counted: None }
    }
}

/// What is to be done to go on from where the state stands. What the protocol does by itself follows from
/// [`advance`](super::advance).
pub(super) fn resume(state: &State, resumed: Resumed) -> Step {
    let mut step = Step::fact(Fact::SessionResumed(resumed));
    step.facts.extend(lost_jobs::noted(state, state.jobs_under_way()));
    // None of them could be done, and what was in the way is mended.
    if let (Some(Need::GoOn { failed: Some(_) }), Some(round)) = (state.need(), state.round()) {
        let (number, jobs) = (round.number, round.jobs.iter().zip(0..));
        step.facts.extend(jobs.map(|(job, index)| {
            let (job, attempt) = (JobId { round: number, index }, job.attempt() + 1);
            Fact::JobReopened { job, attempt }
        }));
        // As long as they are reopened the session is paused.
        step.facts.push(Fact::RunContinued);
        return step.with(Effect::RunJobs { round: number });
    }
    if state.pause.is_some() {
        step.facts.push(Fact::RunContinued);
    }
    let Phase::Waiting(waiting) = &state.phase else { return step };
    match waiting {
        Waiting::Remote(_) => match Interrupted::of(state) {
            Some(interrupted) => interrupt(step, interrupted),
            None => step,
        },
        Waiting::Consent => {
            let mut step = step;
            step.facts.push(super::remote_only::asks(state));
            step
        }
        Waiting::Prepare(code) => step.with(Effect::Prepare(*code)),
        Waiting::Transform(code) => step.with(Effect::Transform(*code)),
        Waiting::Jobs => match state.round() {
            Some(round) => step.with(Effect::RunJobs { round: round.number }),
            None => step,
        },
        Waiting::Citations => match state.round().map(|round| (round.number, &round.decision)) {
            Some((round, Some(Decision::ProvideFinalAnswer(last)))) => {
                step.with(Effect::LocateCitations { round, quotations: last.citations.clone() })
            }
            _ => step,
        },
    }
}

fn interrupt(mut step: Step, interrupted: Interrupted) -> Step {
    let (ask, asks_first) = (interrupted.ask, interrupted.may_cost());
    step.facts.push(Fact::RemoteInterrupted(interrupted));
    if !asks_first {
        step.facts.push(Fact::ResendAllowed { ask });
    }
    step
}

impl State {
    /// Nothing runs any more that ran in the process before.
    pub(super) fn session_resumed(&mut self) {
        let now = self.models.now.clone();
        let Some(round) = self.rounds.last_mut() else { return };
        round.models = now;
        for job in &mut round.jobs {
            if let JobState::Running { .. } = job.state {
                job.state = JobState::Waiting;
            }
        }
    }

    pub(super) fn remote_interrupted(&mut self, interrupted: &Interrupted) {
        let round = self.rounds.numbered_mut(interrupted.ask.round);
        let asks = round.into_iter().flat_map(|round| &mut round.asks);
        let Some(ask) = asks.into_iter().rev().find(|known| known.request.ask == interrupted.ask) else { return };
        let tries = ask.failures.len() as u32 + 1;
        ask.failures.push(interrupted.failure(tries));
        ask.state = AskState::GivenUp;
        // It may have been paid for: the worst case stays reserved.
        self.committed_usd += interrupted.worst_usd.unwrap_or(0.0);
        self.phase = Phase::Interrupted(interrupted.clone());
    }

    /// What was interrupted is what is sent, with what the person had made of it at a gate; where requests wait at theirs it is
    /// shown there once more.
    pub(super) fn resend_allowed(&mut self, ask: AskId) {
        let Phase::Interrupted(interrupted) = &self.phase else { return };
        if interrupted.ask != ask {
            return;
        }
        let (purpose, attempt) = (interrupted.purpose, interrupted.attempt);
        let lost = self.asks().find(|known| known.request.ask == ask).map(|known| known.request.clone());
        if let Some(lost) = lost {
            let request = recounted(self, RemoteAsk { ask: next_ask(self, ask.round), ..lost });
            self.draft = Some(Draft { request, passed: false });
        }
        self.phase = Phase::Due(Due::Ask { purpose, attempt });
    }
}
