//! What came in becomes facts. Total: what is late, unknown or out of place becomes nothing.

use std::collections::{HashMap, HashSet};

use super::advance::{aggregated, contract_error, end};
use super::at_gate;
use super::budget::{BudgetChoice, Reached, Scope, overrun};
use super::code::{CodeErrorKind, CodeStage};
use super::cut_off;
use super::decision::Decision;
use super::exposing::{ExposureChoice, Overexposed};
use super::fact::{Ending, Fact, Finish, PlannedJobs, RemoteFailure};
use super::gate::Gate;
use super::ids::{AskId, CodeId, JobId};
use super::input::{CodeResult, Effect, Input, Step};
use super::job::{Flaw, JobResult, Manifest, Outcome, PlannedJob, read_reply};
use super::lost_jobs;
use super::message::Usage;
use super::pause;
use super::pins;
use super::resume::resume;
use super::state::{Due, JobState, Phase, State, Waiting};

pub fn decide(state: &State, input: Input) -> Step {
    match (input, &state.phase) {
        (_, Phase::Ended(_)) => Step::default(),
        (Input::Start(opened), Phase::New) => Step::fact(Fact::SessionOpened(opened)),
        (Input::Resume(resumed), phase) if *phase != Phase::New => resume(state, resumed),
        (Input::SendAgain, Phase::Interrupted(interrupted)) => Step::fact(Fact::ResendAllowed { ask: interrupted.ask }),
        (Input::RemoteAnswered(answer), Phase::Waiting(Waiting::Remote(ask))) if answer.ask == *ask => {
            let overrun = overrun(state, answer.ask, answer.usage, answer.cost_usd);
            let notes = [cut_off::noted(state, &answer), overrun].into_iter().flatten();
            let mut step = Step::fact(Fact::RemoteAnswered(answer));
            step.facts.extend(notes.map(|text| Fact::NoteAdded { text }));
            step
        }
        (Input::RemoteFailed(failure), Phase::Waiting(Waiting::Remote(ask))) if failure.ask == *ask => {
            remote_failed(state, failure)
        }
        (
            Input::CodeRan { code, result: CodeResult::Prepared(result), embedding_error },
            Phase::Waiting(Waiting::Prepare(due)),
        ) if code == *due => {
            let step = match result {
                Ok(manifests) => plan(state, code, manifests),
                Err(error) => rejected(code, CodeStage::Prepare, error),
            };
            after_embedding(code, CodeStage::Prepare, embedding_error, step)
        }
        (
            Input::CodeRan { code, result: CodeResult::Transformed(result), embedding_error },
            Phase::Waiting(Waiting::Transform(due)),
        ) if code == *due => {
            let step = match (result, state.round()) {
                (Ok(text), Some(round)) => aggregated(state, round, &text),
                (Ok(_), None) => Step::default(),
                (Err(error), _) => rejected(code, CodeStage::Transform, error),
            };
            after_embedding(code, CodeStage::Transform, embedding_error, step)
        }
        (Input::JobStarted { job: id }, Phase::Waiting(Waiting::Jobs)) if state.pause.is_none() => {
            match state.job(id) {
                Some(job) if job.state == JobState::Waiting => {
                    Step::fact(Fact::JobStarted { job: id, attempt: job.attempt() })
                }
                _ => Step::default(),
            }
        }
        (Input::JobDone { job, attempt, result, ms }, Phase::Waiting(Waiting::Jobs)) => {
            job_done(state, job, attempt, result, ms)
        }
        (Input::CancelJob(id), Phase::Waiting(Waiting::Jobs)) => match state.job(id) {
            Some(job) if job.outcome().is_none() => {
                let mut step = finished(id, Outcome::Cancelled, None, Usage::default(), 0).with(Effect::CancelJob(id));
                let under_way = usize::from(matches!(job.state, JobState::Running { .. }));
                step.facts.extend(lost_jobs::noted(state, under_way));
                step
            }
            _ => Step::default(),
        },
        (Input::RetryJobs(jobs), Phase::Waiting(Waiting::Jobs) | Phase::Due(Due::Aggregate(_))) => {
            retry_jobs(state, jobs)
        }
        (Input::CitationsLocated { round, citations }, Phase::Waiting(Waiting::Citations)) => {
            match state.round_numbered(round).and_then(|round| round.decision.as_ref()) {
                Some(Decision::ProvideFinalAnswer(last)) => Step::fact(Fact::Answered {
                    answer: last.answer.clone(),
                    explanation: last.explanation.clone(),
                    citations,
                }),
                _ => Step::default(),
            }
        }
        (Input::Utilization(sample), _) => match &state.utilization {
            Some(known) if *known == sample => Step::default(),
            _ => Step::fact(Fact::UtilizationSampled(sample)),
        },
        (Input::DocumentsCounted(tokens), _) => Step::fact(Fact::DocumentsCounted(tokens)),
        (Input::ChooseModels(models), _) => Step::fact(Fact::ModelsChosen(models)),
        (Input::ChooseLevers(levers), _) => Step::fact(Fact::LeversChosen(levers)),
        (Input::Pause { holds }, _) => pause::pause(state, holds),
        (Input::GoOn, _) => pause::go_on(state),
        (Input::Pin(span), phase) if *phase != Phase::New => pins::pinned(state, span),
        (Input::Consent, Phase::Waiting(Waiting::Consent)) => Step::fact(Fact::ConsentGiven),
        (Input::Note { text }, _) => Step::fact(Fact::NoteAdded { text }),
        (Input::DaySpent { again, worst_usd, committed_usd }, _) => day_spent(state, again, worst_usd, committed_usd),
        (Input::Budget(choice), Phase::Paused(reached)) => budget(state, reached, choice),
        (Input::Exposing { left, share, bytes }, Phase::Due(Due::Ask { purpose, attempt })) => {
            let (purpose, attempt) = (*purpose, *attempt);
            state.exposure_limit.passed(share).map_or_else(Step::default, |limit| {
                Step::fact(Fact::ExposureReached(Overexposed { purpose, attempt, left, share, bytes, limit }))
            })
        }
        (Input::Exposure(choice), Phase::Withheld(reached)) => exposure(reached, choice),
        // Before it is reached the limit is changed for the requests to come, up or down.
        (Input::Exposure(ExposureChoice::Raise { to_share }), phase) if *phase != Phase::New => {
            let raised = Fact::ExposureRaised { to_share, once: false };
            let differs = state.exposure_limit.share() != Some(to_share);
            if differs && (0.0..=1.0).contains(&to_share) { Step::fact(raised) } else { Step::default() }
        }
        // Before it is reached a budget is changed for the calls to come.
        (Input::Budget(BudgetChoice::Raise { scope: Scope::Session, to_usd }), phase)
            if !matches!(phase, Phase::New | Phase::Ended(_)) =>
        {
            let fits = to_usd.is_finite() && to_usd > 0.0;
            let raised = Fact::BudgetRaised { scope: Scope::Session, to_usd, once: false };
            if fits { Step::fact(raised) } else { Step::default() }
        }
        (Input::ChooseGates(gates), phase) if *phase != Phase::New => {
            let same = gates == state.gates.chosen && !state.gates.resting;
            if same { Step::default() } else { Step::fact(Fact::GatesChosen { gates }) }
        }
        (Input::RunOn { to, n }, phase) if *phase != Phase::New => at_gate::run_on(state, to, n),
        (Input::AtGate { n, choice }, _) => at_gate::choose(state, n, choice),
        (Input::Stop { partial, sent }, _) => stop(state, partial, sent),
        (Input::Fault { error }, _) => end(Ending::Failed { error }),
        _ => Step::default(),
    }
}

fn remote_failed(state: &State, failure: RemoteFailure) -> Step {
    let cost = failure.counted.and_then(|counted| overrun(state, failure.ask, counted.usage, counted.cost_usd));
    let mut step = tried(state, failure);
    step.facts.extend(cost.map(|text| Fact::NoteAdded { text }));
    step
}

/// Another try may cost as much as the one that failed: it is a call of its own to the budget.
fn tried(state: &State, failure: RemoteFailure) -> Step {
    let Some(after_ms) = failure.retry_in_ms else { return Step::fact(Fact::RemoteFailed(failure)) };
    let ask = failure.ask;
    let worst_usd = worst_usd(state, ask).filter(|_| failure.may_cost());
    let committed_usd = state.committed_usd + failure.held_usd(worst_usd);
    let mut step = Step::fact(Fact::RemoteFailed(failure));
    match worst_usd.and_then(|worst_usd| reached(state, Scope::Session, ask, committed_usd, worst_usd)) {
        Some(reached) => step.facts.push(Fact::BudgetReached(reached)),
        None if state.pause.is_some() => {}
        None => return step.with(Effect::AskAgain { ask, after_ms }),
    }
    step
}

/// The most that one more try at this request may cost.
fn worst_usd(state: &State, ask: AskId) -> Option<f64> {
    state.asks().find(|known| known.request.ask == ask)?.request.estimate.worst_cost_usd
}

/// The budget that one more try could pass, where there is one.
fn reached(state: &State, scope: Scope, ask: AskId, committed_usd: f64, worst_usd: f64) -> Option<Reached> {
    let budget_usd = state.budgets.passed(scope, committed_usd, worst_usd)?;
    let request = &state.asks().find(|known| known.request.ask == ask)?.request;
    let (purpose, attempt) = (request.purpose, request.attempt);
    Some(Reached { scope, purpose, attempt, again: Some(ask), worst_usd, committed_usd, budget_usd })
}

/// Pauses before a call that the driver could not reserve in the book of the day.
fn day_spent(state: &State, again: Option<AskId>, worst_usd: f64, committed_usd: f64) -> Step {
    let reached = match (again, &state.phase) {
        (Some(ask), Phase::Waiting(Waiting::Remote(due))) if ask == *due => {
            reached(state, Scope::Day, ask, committed_usd, worst_usd)
        }
        (None, Phase::Due(Due::Ask { purpose, attempt })) => {
            state.budgets.passed(Scope::Day, committed_usd, worst_usd).map(|budget_usd| {
                let (scope, purpose, attempt) = (Scope::Day, *purpose, *attempt);
                Reached { scope, purpose, attempt, again: None, worst_usd, committed_usd, budget_usd }
            })
        }
        _ => None,
    };
    reached.map_or_else(Step::default, |reached| Step::fact(Fact::BudgetReached(reached)))
}

fn budget(state: &State, reached: &Reached, choice: BudgetChoice) -> Step {
    let (scope, needed_usd) = (reached.scope, reached.needed_usd());
    let raised = match choice {
        BudgetChoice::Stop => return end(Ending::Budget { reason: reached.reason() }),
        BudgetChoice::Once => Fact::BudgetRaised { scope, to_usd: needed_usd, once: true },
        BudgetChoice::Raise { scope: of, to_usd } if of == scope && to_usd.is_finite() && to_usd >= needed_usd => {
            Fact::BudgetRaised { scope, to_usd, once: false }
        }
        // An amount that does not let the call go out changes nothing, nor does one that was meant for another budget.
        BudgetChoice::Raise { .. } => return Step::default(),
    };
    match reached.again {
        Some(ask) if state.pause.is_none() => Step::fact(raised).with(Effect::AskAgain { ask, after_ms: 0 }),
        _ => Step::fact(raised),
    }
}

fn exposure(reached: &Overexposed, choice: ExposureChoice) -> Step {
    match choice {
        ExposureChoice::Stop => end(Ending::Exposure { reason: reached.reason() }),
        ExposureChoice::Once => Step::fact(Fact::ExposureRaised { to_share: reached.share, once: true }),
        // A share that does not let the request leave changes nothing.
        ExposureChoice::Raise { to_share } if (reached.share..=1.0).contains(&to_share) => {
            Step::fact(Fact::ExposureRaised { to_share, once: false })
        }
        ExposureChoice::Raise { .. } => Step::default(),
    }
}

/// Ends the session; a request under way is given up on record, with what had come of its reply. One that was about to end
/// ends as it would have.
fn stop(state: &State, partial: String, sent: bool) -> Step {
    if let Phase::Due(Due::End(ending)) = &state.phase {
        return end(ending.clone());
    }
    let mut step = end(Ending::Cancelled);
    if let Some(lost) = lost_jobs::noted(state, state.jobs_under_way()) {
        step.facts.insert(0, lost);
    }
    if let Phase::Waiting(Waiting::Remote(ask)) = state.phase {
        let attempt = state.asks().last().map_or(1, |ask| ask.failures.len() as u32 + 1);
        let error = "stopped before the reply was complete".into();
        let failure = RemoteFailure { ask, attempt, error, retry_in_ms: None, partial, lost: sent, counted: None };
        step.facts.insert(0, Fact::RemoteFailed(failure));
    }
    step
}

/// Before what a program gave: that it did so without the embeddings it asked for.
fn after_embedding(code: CodeId, stage: CodeStage, error: Option<String>, mut step: Step) -> Step {
    if let Some(error) = error {
        step.facts.insert(0, Fact::EmbeddingFailed { code, stage, error });
    }
    step
}

fn rejected(code: CodeId, stage: CodeStage, error: super::code::CodeError) -> Step {
    if error.kind == CodeErrorKind::Unavailable {
        return end(Ending::Failed {
            error: format!("the sandbox cannot run the remote LM's code: {}", error.message),
        });
    }
    Step::fact(Fact::CodeRejected { code, stage, error })
}

fn plan(state: &State, code: CodeId, manifests: Vec<Manifest>) -> Step {
    let settings = state.settings();
    let wanted = manifests.len() as u64 * u64::from(settings.samples.max(1));
    if wanted > u64::from(settings.max_jobs) {
        let message = format!(
            "prepare_jobs returned {} jobs, {wanted} with {} sample(s) each; at most {} are allowed: make fewer or larger chunks, fewer tasks, or retrieve first",
            manifests.len(),
            settings.samples.max(1),
            settings.max_jobs
        );
        return rejected(code, CodeStage::Prepare, contract_error(message));
    }
    if manifests.is_empty() {
        return rejected(code, CodeStage::Prepare, contract_error("prepare_jobs returned no job".into()));
    }
    let (mut chunks, mut tasks, mut advices) = (Pool::default(), Pool::default(), Pool::default());
    let mut jobs = Vec::with_capacity(wanted as usize);
    for Manifest { chunk, task, advice } in manifests {
        let (chunk, task, advice) = (chunks.index(chunk), tasks.index(task), advices.index(advice));
        jobs.extend((0..settings.samples.max(1)).map(|sample| PlannedJob { chunk, task, advice, sample }));
    }
    let mut planned =
        PlannedJobs { round: code.round, chunks: chunks.items, tasks: tasks.items, advices: advices.items, jobs };
    pins::plan(&state.pinned, &settings, &mut planned);
    let step = Step::fact(Fact::JobsPlanned(planned));
    if state.gates.stop_at(Gate::Code) { step } else { step.with(Effect::RunJobs { round: code.round }) }
}

/// Distinct values in the order of their first appearance.
struct Pool<T> {
    items: Vec<T>,
    index: HashMap<T, u32>,
}

impl<T> Default for Pool<T> {
    fn default() -> Self {
        Self { items: Vec::new(), index: HashMap::new() }
    }
}

impl<T: Clone + Eq + std::hash::Hash> Pool<T> {
    fn index(&mut self, item: T) -> u32 {
        let next = self.items.len() as u32;
        *self.index.entry(item).or_insert_with_key(|item| {
            self.items.push(item.clone());
            next
        })
    }
}

fn job_done(state: &State, id: JobId, attempt: u32, result: JobResult, ms: u64) -> Step {
    if state.job(id).is_none_or(|job| job.outcome().is_some() || job.attempt() != attempt) {
        return Step::default();
    }
    let useless = match &result {
        JobResult::Replied { reply, .. } => reply.useless,
        JobResult::Failed { useless, .. } => *useless,
        JobResult::OnRecord { .. } => Usage::default(),
    };
    let mut step = job_came(state, id, attempt, result, ms);
    if useless != Usage::default() {
        step.facts.insert(0, Fact::JobUseless { job: id, usage: useless });
    }
    step
}

fn job_came(state: &State, id: JobId, attempt: u32, result: JobResult, ms: u64) -> Step {
    let Some(job) = state.job(id) else { return Step::default() };
    let (reply, located) = match result {
        JobResult::Failed { error, .. } => {
            let mut step = finished(id, Outcome::Failed { error }, None, Usage::default(), ms);
            step.facts.extend(pause::where_none_is_done(state, id));
            return step;
        }
        JobResult::OnRecord { outcome, raw } => {
            return ended(state, id, outcome, raw, Usage { reused: true, ..Usage::default() }, 0);
        }
        JobResult::Replied { reply, located } => (reply, located),
    };
    let usage = reply.usage;
    match read_reply(&reply.text, reply.finish) {
        Ok((output, raw)) => {
            let outcome = match output.answer {
                Some(_) => Outcome::Answered { output, located },
                None => Outcome::Abstained { output },
            };
            ended(state, id, outcome, raw, usage, ms)
        }
        // By itself it is tried once more.
        Err(flaw) if job.retried.is_none() => {
            let retry = Fact::JobRetried { job: id, flaw, raw: reply.text, usage };
            Step::fact(retry).with(Effect::RetryJob { job: id, attempt: attempt + 1 })
        }
        Err(Flaw::Malformed(error)) => finished(id, Outcome::Malformed { error, raw: reply.text }, None, usage, ms),
        Err(Flaw::Truncated) => {
            debug_assert_eq!(reply.finish, Finish::Length);
            finished(id, Outcome::Truncated { raw: reply.text }, None, usage, ms)
        }
    }
}

/// With placeholders for the private words of its output that have none yet.
fn ended(state: &State, id: JobId, outcome: Outcome, raw: Option<String>, usage: Usage, ms: u64) -> Step {
    let words = outcome.output().map(|output| state.redactor.unknown(output.texts())).unwrap_or_default();
    let mut step = finished(id, outcome, raw, usage, ms);
    if !words.is_empty() {
        step.facts.insert(0, Fact::WordsRedacted { words });
    }
    step
}

fn finished(job: JobId, outcome: Outcome, raw: Option<String>, usage: Usage, ms: u64) -> Step {
    Step::fact(Fact::JobFinished { job, outcome, raw, usage, ms })
}

/// Each job once, and only those that can be; the others stand as they are.
fn retry_jobs(state: &State, jobs: Vec<JobId>) -> Step {
    let (mut step, mut seen) = (Step::default(), HashSet::new());
    for id in jobs {
        if !state.can_retry(id) || !seen.insert(id) {
            continue;
        }
        let Some(attempt) = state.job(id).map(|job| job.attempt() + 1) else { continue };
        step.facts.push(Fact::JobReopened { job: id, attempt });
        step.effects.push(Effect::RetryJob { job: id, attempt });
    }
    step
}
