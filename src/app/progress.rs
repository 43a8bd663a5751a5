//! Where a session stands, in words: the status line, the tabs and the timeline.

use super::figures::{dollars, seconds_left};
use super::model::{Mode, Model};
use super::rows::{Mark, Tone};
use crate::protocol::{AskState, Ending, ModelInfo, Phase, ProtocolKind, Purpose, Round, State, Waiting, percent};

/// The state of the session in a word, with what it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Headline {
    pub mark: Mark,
    pub tone: Tone,
    pub word: &'static str,
    pub detail: String,
}

pub fn headline(model: &Model) -> Headline {
    let say = |mark, tone, word, detail: String| Headline { mark, tone, word, detail };
    let state = &model.state;
    if let Phase::Ended(ending) = &state.phase {
        let reason = ending.reason().unwrap_or_default().to_owned();
        return match ending {
            Ending::Answered => say(Mark::Done, Tone::Good, "answered", reason),
            Ending::NoAnswer { .. } => say(Mark::Dot, Tone::Warning, "no answer", reason),
            Ending::Budget { .. } => say(Mark::Failed, Tone::Warning, "budget reached", reason),
            Ending::Exposure { .. } => say(Mark::Failed, Tone::Warning, "exposure limit", reason),
            Ending::Cancelled => say(Mark::Failed, Tone::Warning, "stopped", reason),
            Ending::Failed { .. } => say(Mark::Failed, Tone::Bad, "failed", reason),
        };
    }
    if matches!(model.mode, Mode::Live { running: false }) {
        return match state.phase {
            Phase::New => say(Mark::Dot, Tone::Dim, "ready", "no question asked yet".into()),
            _ => say(Mark::Failed, Tone::Warning, "interrupted", "the session stopped here".into()),
        };
    }
    if let Some(paused) = model.paused().filter(|_| state.phase.need().is_none()) {
        return say(Mark::Dot, Tone::Warning, "paused", paused);
    }
    let (word, detail) = match &state.phase {
        Phase::New => ("starting", String::new()),
        Phase::Due(_) | Phase::Ended(_) => ("working", String::new()),
        Phase::Paused(reached) => {
            let detail = format!("the next call may cost {}, past the budget", dollars(reached.worst_usd));
            return say(Mark::Dot, Tone::Warning, "paused", detail);
        }
        Phase::AtGate { n, held } => {
            return say(Mark::Dot, Tone::Warning, "at gate", format!("{n}: {}", held.told()));
        }
        Phase::Interrupted(interrupted) => {
            let detail = format!("{}; send it again?", interrupted.told());
            return say(Mark::Dot, Tone::Warning, "interrupted", detail);
        }
        Phase::Withheld(reached) => {
            let detail = format!("the next request would bring what left to {}", percent(reached.share));
            return say(Mark::Dot, Tone::Warning, "paused", detail);
        }
        Phase::Waiting(Waiting::Remote(_)) if let Some(left_ms) = model.retry_in_ms().filter(|left| *left > 0) => {
            let detail = format!("the request failed; trying again in {}", seconds_left(left_ms));
            return say(Mark::Current, Tone::Warning, "waiting", detail);
        }
        Phase::Waiting(Waiting::Remote(ask)) => {
            let purpose = state.asks().find(|known| known.request.ask == *ask).map(|ask| ask.request.purpose);
            let purpose = purpose.map_or("", Purpose::name);
            ("planning", format!("waiting for the {} to {purpose}", remote_word(state)))
        }
        Phase::Waiting(Waiting::Consent) => {
            let detail = "the whole documents would leave this machine".into();
            return say(Mark::Dot, Tone::Warning, "asking you", detail);
        }
        Phase::Waiting(Waiting::Prepare(_)) => ("preparing", "prepare_jobs runs in the sandbox".into()),
        Phase::Waiting(Waiting::Jobs) => {
            let (ended, planned) = jobs_ended(state.round());
            ("reading", format!("{ended} of {planned} jobs done"))
        }
        Phase::Waiting(Waiting::Transform(_)) => ("aggregating", "transform_outputs runs in the sandbox".into()),
        Phase::Waiting(Waiting::Citations) => ("checking", "looking the citations up in the document".into()),
    };
    say(Mark::Current, Tone::Accent, word, detail)
}

fn jobs_ended(round: Option<&Round>) -> (usize, usize) {
    round.map_or((0, 0), |round| {
        (round.jobs.len() - (round.unfinished as usize).min(round.jobs.len()), round.jobs.len())
    })
}

fn remote_word(state: &State) -> &'static str {
    match state.remote().is_some_and(|remote| remote.is_model) {
        true => "remote LM",
        false => "planner",
    }
}

/// Who plans, named for what it is.
pub fn planner_name(info: &ModelInfo) -> String {
    if info.is_model {
        format!("{} {}", info.provider, info.model)
    } else {
        format!("{} planner – no model", info.provider)
    }
}

/// Who reads, named for what it is.
pub fn reader_name(info: &ModelInfo) -> String {
    if info.is_model {
        format!("{} {}", info.provider, info.model)
    } else {
        format!("{} reader – no model", info.provider)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepState {
    Done,
    Current,
    Waiting,
    Failed,
}

/// One step of a round on the timeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimelineStep {
    pub name: &'static str,
    pub state: StepState,
    /// `12/40`, `try 2`.
    pub note: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimelineRound {
    pub number: u32,
    pub steps: Vec<TimelineStep>,
}

/// The rounds so far with all their steps.
pub fn timeline(state: &State) -> Vec<TimelineRound> {
    let newest = state.rounds.len();
    state
        .rounds
        .iter()
        .enumerate()
        .map(|(at, round)| TimelineRound { number: round.number, steps: steps(state, round, at + 1 == newest) })
        .collect()
}

fn steps(state: &State, round: &Round, newest: bool) -> Vec<TimelineStep> {
    let waiting = match &state.phase {
        Phase::Waiting(waiting) if newest => Some(*waiting),
        _ => None,
    };
    let ended = matches!(state.phase, Phase::Ended(_)) || !newest;
    let protocol = state.settings().protocol;
    let mut steps = Vec::with_capacity(7);
    if protocol == ProtocolKind::RemoteOnly {
        let agreed = !round.asks.is_empty();
        steps.push(step("agree", agreed, waiting == Some(Waiting::Consent), ended && !agreed));
        steps.push(ask_step(round, Purpose::Answer, ended));
        return steps;
    }
    let planned = !round.jobs.is_empty();
    match protocol {
        ProtocolKind::Minion if round.number == 1 => steps.push(ask_step(round, Purpose::Message, ended)),
        ProtocolKind::Minions => {
            if round.number == 1 {
                steps.push(ask_step(round, Purpose::Advise, ended));
            }
            steps.push(ask_step(round, Purpose::Decompose, ended));
            let code_failed = !planned && round.codes.last().is_some_and(|code| code.rejected.is_some());
            steps.push(step("code", planned, matches!(waiting, Some(Waiting::Prepare(_))), code_failed));
        }
        _ => {}
    }
    let (done, all) = jobs_ended(Some(round));
    // Jobs that have all ended are no success where none said anything.
    let tally = round.tally();
    let useless = planned && done == all && tally.answered + tally.abstained == 0;
    let mut jobs = step("jobs", planned && done == all && !useless, waiting == Some(Waiting::Jobs), useless);
    if planned {
        jobs.note = if useless { format!("none of {all}") } else { format!("{done}/{all}") };
    }
    steps.push(jobs);
    let transforming = matches!(waiting, Some(Waiting::Transform(_)));
    steps.push(step("aggregate", round.aggregated.is_some(), transforming, false));
    if protocol == ProtocolKind::LocalOnly {
        return steps;
    }
    // The last reply of a chat is answered at once.
    if protocol != ProtocolKind::Minion || !round.last {
        steps.push(ask_step(round, Purpose::Think, ended));
    }
    let mut decide = ask_step(round, Purpose::Decide, ended);
    match (round.decision.is_some(), waiting == Some(Waiting::Citations)) {
        (_, true) => decide.state = StepState::Current,
        (true, false) => decide.state = StepState::Done,
        (false, false) if decide.state == StepState::Done => decide.state = StepState::Failed,
        (false, false) => {}
    }
    steps.push(decide);
    steps
}

fn step(name: &'static str, done: bool, current: bool, failed: bool) -> TimelineStep {
    let state = match (current, done, failed) {
        (true, ..) => StepState::Current,
        (_, true, _) => StepState::Done,
        (_, _, true) => StepState::Failed,
        _ => StepState::Waiting,
    };
    TimelineStep { name, state, note: String::new() }
}

fn ask_step(round: &Round, purpose: Purpose, ended: bool) -> TimelineStep {
    let asks = round.asks.iter().filter(|ask| ask.request.purpose == purpose);
    let (count, last) = asks.fold((0, None), |(count, _), ask| (count + 1, Some(&ask.state)));
    let done = matches!(last, Some(AskState::Answered(_)));
    let pending = matches!(last, Some(AskState::Pending));
    let given_up = matches!(last, Some(AskState::GivenUp));
    let mut step = step(purpose.name(), done, pending && !ended, given_up || pending && ended);
    if count > 1 {
        step.note = format!("try {count}");
    }
    step
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{Chunk, CodeId, Fact, JobId, Outcome, PlannedJob, PlannedJobs, Usage};

    #[test]
    fn a_round_whose_jobs_all_failed_is_not_shown_as_done() {
        let job = PlannedJob { chunk: 0, task: 0, advice: 0, sample: 0 };
        let planned = PlannedJobs {
            round: 1,
            chunks: vec![Chunk::Text("c".into())],
            tasks: vec!["t".into()],
            advices: vec![String::new()],
            jobs: vec![job],
        };
        let outcome = Outcome::Failed { error: "refused".into() };
        let mut state = State::default();
        for fact in [
            Fact::RoundBegan { round: 1, last: true },
            Fact::CodeReceived { code: CodeId { round: 1, attempt: 1 }, source: String::new() },
            Fact::JobsPlanned(planned),
            Fact::JobFinished { job: JobId { round: 1, index: 0 }, outcome, raw: None, usage: Usage::default(), ms: 1 },
        ] {
            state.apply(&fact);
        }
        let rounds = timeline(&state);
        let jobs = rounds[0].steps.iter().find(|step| step.name == "jobs").unwrap();
        assert_eq!((jobs.state, jobs.note.as_str()), (StepState::Failed, "none of 1"));
    }
}
