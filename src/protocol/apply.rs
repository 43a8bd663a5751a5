//! `State::apply`: the only way a state changes. Total: a fact that does not fit where the state stands changes nothing.

use super::blotted::Blotted;
use super::budget::Budgets;
use super::by_hand::ByHand;
use super::code::{CodeError, CodeErrorKind};
use super::cut_off;
use super::dispatch;
use super::exposing::{ExposureLimit, Overexposed};
use super::fact::{Ending, Fact, PlannedJobs, RemoteAnswer, RemoteFailure};
use super::gate::{Gate, GatesInForce};
use super::ids::{CodeId, JobId};
use super::job::Outcome;
use super::message::Purpose;
use super::pause::Pause;
use super::redact::Redactor;
use super::state::{
    Aggregated, Answer, Ask, AskState, Code, Due, Earlier, Job, JobState, Phase, Round, State, Waiting,
};

impl State {
    pub fn apply(&mut self, fact: &Fact) {
        self.models.apply(fact);
        self.done_by_hand(fact);
        match fact {
            Fact::SessionOpened(opened) => {
                self.opened = Some(opened.as_ref().clone());
                self.budgets = Budgets::new(opened.settings.budget_usd, opened.settings.budget_usd_per_day);
                self.gates = GatesInForce::new(opened.settings.gates.clone());
                self.exposure_limit = ExposureLimit::new(opened.settings.max_exposed_share);
                self.redactor = opened.settings.redact.as_ref().map(Redactor::new).unwrap_or_default();
                self.redactions = Blotted::of(&opened.settings.blotted);
                self.phase = Phase::Due(Due::BeginRound { round: 1 });
            }
            Fact::RoundBegan { round, last } => {
                self.gates.round_began();
                self.rounds.push(Round::new(*round, *last, self.models.now.clone()));
                if let (Some(levers), Some(opened)) = (self.levers.take(), self.opened.as_mut()) {
                    levers.hold_in(&mut opened.settings);
                }
                self.phase = Phase::Due(dispatch::first(self, *round));
            }
            Fact::ConsentAsked { estimate, .. } => {
                self.consent = Some(*estimate);
                self.agreed = None;
                self.phase = Phase::Waiting(Waiting::Consent);
            }
            Fact::ConsentGiven => {
                self.agreed = self.remote().cloned();
                self.phase = Phase::Due(Due::Ask { purpose: Purpose::Answer, attempt: 1 });
            }
            Fact::RemoteAsked(request) => {
                self.budgets.call();
                self.draft = None;
                self.exposure_limit.call();
                self.phase = Phase::Waiting(Waiting::Remote(request.ask));
                let to_model = self.remote().is_some_and(|remote| remote.is_model);
                if let Some(round) = self.rounds.last_mut() {
                    let request = request.clone();
                    round.asks.push(Ask { request, to_model, failures: Vec::new(), state: AskState::Pending });
                }
            }
            Fact::RemoteAnswered(answer) => self.remote_answered(answer),
            Fact::RemoteFailed(failure) => self.remote_failed(failure),
            Fact::BudgetReached(reached) => self.phase = Phase::Paused(reached.clone()),
            Fact::BudgetRaised { scope, to_usd, once } => {
                self.budgets.raise(*scope, *to_usd, *once);
                let Phase::Paused(reached) = &self.phase else { return };
                self.phase = match reached.again {
                    Some(ask) => Phase::Waiting(Waiting::Remote(ask)),
                    None => Phase::Due(Due::Ask { purpose: reached.purpose, attempt: reached.attempt }),
                };
                if let Phase::Waiting(Waiting::Remote(ask)) = self.phase {
                    self.hold_back(ask);
                }
            }
            Fact::SessionResumed(_) => self.session_resumed(),
            Fact::RemoteInterrupted(interrupted) => self.remote_interrupted(interrupted),
            Fact::ResendAllowed { ask } => self.resend_allowed(*ask),
            Fact::ExposureReached(reached) => self.phase = Phase::Withheld(*reached),
            Fact::ExposureRaised { to_share, once } => {
                self.exposure_limit.raise(*to_share, *once);
                let Phase::Withheld(Overexposed { purpose, attempt, .. }) = self.phase else { return };
                self.phase = Phase::Due(Due::Ask { purpose, attempt });
            }
            Fact::WordsRedacted { words } => self.redactor.add(words),
            Fact::CodeReceived { code, source } => {
                let Some(round) = self.rounds.last_mut() else { return };
                round.codes.push(Code {
                    id: *code,
                    source: source.clone(),
                    rejected: None,
                    embedding_error: None,
                    edited: false,
                });
                // A program mended after `transform_outputs` failed does not run the jobs again.
                self.phase = Phase::Waiting(if round.jobs.is_empty() {
                    Waiting::Prepare(*code)
                } else {
                    Waiting::Transform(*code)
                });
            }
            Fact::CodeRejected { code, stage, error } => self.code_rejected(*code, *stage, error),
            Fact::EmbeddingFailed { code, error, .. } => {
                let round = self.rounds.numbered_mut(code.round);
                let codes = round.into_iter().flat_map(|round| &mut round.codes);
                if let Some(known) = codes.into_iter().find(|known| known.id == *code) {
                    known.embedding_error = Some(error.clone());
                }
            }
            Fact::JobsPlanned(planned) => self.jobs_planned(planned),
            Fact::JobStarted { job, attempt } => {
                self.read_pinned(*job);
                if let Some(job) = self.job_mut(job.round, job.index)
                    && job.outcome().is_none()
                {
                    job.state = JobState::Running { attempt: *attempt };
                }
            }
            Fact::JobRetried { job, flaw, raw, usage } => {
                if let Some(job) = self.job_mut(job.round, job.index) {
                    job.retried = Some((flaw.clone(), raw.clone()));
                    job.usage += *usage;
                    job.state = JobState::Waiting;
                }
            }
            Fact::JobReopened { job, .. } => self.job_reopened(*job),
            // Money is the ledger's.
            Fact::JobUseless { .. } => {}
            Fact::JobFinished { job: id, outcome, raw, usage, ms } => {
                self.read_pinned(*id);
                let Some(job) = self.job_mut(id.round, id.index) else { return };
                if job.outcome().is_some() {
                    return;
                }
                job.usage += *usage;
                job.ms += ms;
                job.raw.clone_from(raw);
                job.state = JobState::Ended(outcome.clone());
                self.job_ended(id.round);
            }
            Fact::TransformBegan { code } => self.phase = Phase::Waiting(Waiting::Transform(*code)),
            Fact::OutputsAggregated { round: _, text, kept, dropped } => {
                if let Some(round) = self.rounds.last_mut() {
                    round.aggregated = Some(Aggregated { text: text.clone(), kept: *kept, dropped: *dropped });
                }
                let goes_on = self.settings().protocol.asks_remote();
                self.phase = Phase::Due(match goes_on && self.gates.come_to(Gate::Outputs) {
                    true => Due::Gate(Gate::Outputs),
                    false => dispatch::after_outputs(self),
                });
            }
            Fact::Decided { round, decision } => self.decided(*round, decision),
            Fact::DecisionRejected { round: _, error } => {
                let attempts = self.settings().decision_attempts;
                let Some(round) = self.rounds.last_mut() else { return };
                round.decision_errors.push(error.clone());
                let last = round.asks.last().map(|ask| (ask.request.purpose, ask.request.attempt));
                let (purpose, tried) = last.unwrap_or((Purpose::Decide, attempts));
                self.phase = Phase::Due(if tried < attempts {
                    Due::Ask { purpose, attempt: tried + 1 }
                } else {
                    let what = if purpose == Purpose::Message { "readable message" } else { "valid decision" };
                    Due::End(Ending::NoAnswer {
                        reason: format!("the remote LM gave no {what} in {attempts} attempts; the last error: {error}"),
                    })
                });
            }
            Fact::Answered { answer, explanation, citations } => {
                self.answer = Some(Answer {
                    answer: answer.clone(),
                    explanation: explanation.clone(),
                    citations: citations.clone(),
                });
                self.phase = Phase::Due(Due::End(match answer {
                    Some(_) => Ending::Answered,
                    None => Ending::NoAnswer { reason: self.why_no_answer() },
                }));
            }
            // It says what might have been, not where the session stands.
            Fact::DocumentsCounted(_) => {}
            // Nothing changes before the next round.
            Fact::ModelsChosen(_) => {}
            Fact::LeversChosen(levers) => self.levers = Some(*levers),
            Fact::PassagesPinned { spans } => self.pinned.clone_from(spans),
            Fact::UtilizationSampled(sample) => self.utilization = Some(sample.clone()),
            Fact::GatesChosen { gates } => self.gates.choose(gates.clone()),
            Fact::RanOn { to } => self.gates.run_on(*to),
            Fact::GateReached { n, held } => self.gate_reached(*n, held),
            Fact::GatePassed { n, .. } => self.gate_passed(*n),
            Fact::RequestEdited { message, after, .. } => self.request_edited(*message, after),
            Fact::ProgramEdited { code, after, .. } => self.program_edited(*code, after),
            Fact::JobsDropped { jobs, .. } => self.jobs_dropped(jobs),
            Fact::OutputsEdited { redaction, after, kept, dropped, .. } => self
                .outputs_edited(redaction.as_ref(), Aggregated { text: after.clone(), kept: *kept, dropped: *dropped }),
            Fact::DecisionChanged { round, after, .. } => self.decision_changed(*round, after),
            Fact::RunPaused { held } => self.pause = Some(Pause { held: *held }),
            Fact::RunContinued => self.pause = None,
            Fact::NoteAdded { text } => self.notes.push(text.clone()),
            Fact::SessionEnded { ending } => {
                let open = |round: &&Round| round.jobs.iter().any(|job| job.outcome().is_none());
                let open: Vec<u32> = self.rounds.iter().filter(open).map(|round| round.number).collect();
                for number in open {
                    let Some(round) = self.rounds.numbered_mut(number) else { continue };
                    for job in round.jobs.iter_mut().filter(|job| job.outcome().is_none()) {
                        job.state = JobState::Ended(Outcome::Cancelled);
                    }
                    round.unfinished = 0;
                }
                self.pause = None;
                self.phase = Phase::Ended(ending.clone());
            }
        }
    }

    fn done_by_hand(&mut self, fact: &Fact) {
        let Some(round) = self.rounds.last() else { return };
        let Some(done) = ByHand::of(fact, round) else { return };
        self.rounds.last_mut().into_iter().for_each(|round| round.by_hand.push(done.clone()));
    }

    fn remote_answered(&mut self, answer: &RemoteAnswer) {
        let Some(ask) = self.ask_mut(answer) else { return };
        let (purpose, attempt, worst) = (ask.request.purpose, ask.request.attempt, ask.request.estimate.worst_cost_usd);
        let spent = cut_off::without_a_word(&ask.request, answer);
        ask.state = AskState::Answered(answer.clone());
        self.committed_usd += answer.cost_usd.or(worst).unwrap_or(0.0);
        self.phase = Phase::Due(spent.map_or_else(|| dispatch::after_reply(purpose, attempt), Due::End));
    }

    fn ask_mut(&mut self, answer: &RemoteAnswer) -> Option<&mut Ask> {
        self.rounds.last_mut()?.asks.iter_mut().rev().find(|ask| ask.request.ask == answer.ask)
    }

    fn remote_failed(&mut self, failure: &RemoteFailure) {
        let Some(round) = self.rounds.last_mut() else { return };
        let Some(ask) = round.asks.iter_mut().rev().find(|ask| ask.request.ask == failure.ask) else { return };
        ask.failures.push(failure.clone());
        if failure.retry_in_ms.is_none() {
            ask.state = AskState::GivenUp;
            let error =
                format!("the remote LM could not be asked to {}: {}", ask.request.purpose.name(), failure.error);
            self.phase = Phase::Due(Due::End(Ending::Failed { error }));
        } else if let Some(pause) = &mut self.pause {
            pause.held = Some(failure.ask);
        }
        self.committed_usd += failure.held_usd(ask.request.estimate.worst_cost_usd);
    }

    fn jobs_planned(&mut self, planned: &PlannedJobs) {
        let Some(round) = self.rounds.last_mut() else { return };
        round.chunks = planned.chunks.clone();
        round.tasks = planned.tasks.clone();
        round.advices = planned.advices.clone();
        round.jobs = planned
            .jobs
            .iter()
            .map(|job| Job {
                chunk: job.chunk,
                task: job.task,
                advice: job.advice,
                sample: job.sample,
                state: JobState::Waiting,
                retried: None,
                raw: None,
                earlier: Vec::new(),
                usage: Default::default(),
                ms: 0,
            })
            .collect();
        round.unfinished = round.jobs.len() as u32;
        // Where no program planned them there is none to be looked at.
        let by_program = !round.codes.is_empty();
        self.phase = match by_program && self.gates.come_to(Gate::Code) {
            true => Phase::Due(Due::Gate(Gate::Code)),
            false => Phase::Waiting(Waiting::Jobs),
        };
    }

    fn job_mut(&mut self, round: u32, index: u32) -> Option<&mut Job> {
        self.rounds.numbered_mut(round)?.jobs.get_mut(index as usize)
    }

    fn job_reopened(&mut self, id: JobId) {
        if !self.can_retry(id) {
            return;
        }
        let Some(round) = self.rounds.last_mut() else { return };
        let Some(job) = round.jobs.get_mut(id.index as usize) else { return };
        if let JobState::Ended(outcome) = std::mem::replace(&mut job.state, JobState::Waiting) {
            job.earlier.push(Earlier { retried: job.retried.take(), outcome });
            round.unfinished += 1;
            self.phase = Phase::Waiting(Waiting::Jobs);
        }
    }

    fn job_ended(&mut self, number: u32) {
        let reads_windows = self.settings().protocol.reads_windows();
        let Some(round) = self.rounds.numbered_mut(number) else { return };
        round.unfinished = round.unfinished.saturating_sub(1);
        if round.unfinished > 0 || self.phase != Phase::Waiting(Waiting::Jobs) {
            return;
        }
        // Where no program planned the round there is none to aggregate it.
        let none = reads_windows.then_some(CodeId { round: number, attempt: 0 });
        if let Some(code) = round.codes.last().map(|code| code.id).or(none) {
            self.phase = Phase::Due(Due::Aggregate(code));
        }
    }

    /// Where to go when a program cannot be used. What the person sent back counts as none of the remote LM's attempts.
    pub(super) fn after_rejection(&mut self, code: CodeId, error: &CodeError) -> Due {
        let attempts = self.settings().code_attempts;
        let Some(round) = self.round() else { return Due::End(Ending::NoAnswer { reason: error.to_string() }) };
        if code.attempt < attempts.saturating_add(round.sent_back()) {
            return Due::Ask { purpose: Purpose::Decompose, attempt: code.attempt + 1 };
        }
        if !round.jobs.is_empty() {
            return Due::Aggregate(code);
        }
        let advice = match error.kind {
            CodeErrorKind::TimeLimit => "; `sandbox.seconds` gives programs more time",
            CodeErrorKind::MemoryLimit => "; `sandbox.memory_mb` gives programs more memory",
            _ => "",
        };
        self.without_this_round(format!(
            "the remote LM wrote no working program in {attempts} attempts; the last error: {error}{advice}"
        ))
    }

    /// Where to go when a round cannot be run: decide on what earlier rounds found, or end.
    fn without_this_round(&mut self, reason: String) -> Due {
        let knows_something = self.rounds.iter().any(|round| round.aggregated.is_some());
        match self.rounds.last_mut() {
            Some(round) if knows_something => {
                round.last = true;
                Due::Ask { purpose: Purpose::Think, attempt: 1 }
            }
            _ => Due::End(Ending::NoAnswer { reason }),
        }
    }
}
