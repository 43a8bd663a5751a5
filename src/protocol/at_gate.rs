//! What the person says at a gate becomes facts, and what those facts do to the state.

use std::collections::BTreeSet;

use super::advance::recounted;
use super::code::{CodeError, CodeErrorKind, CodeStage};
use super::decision::{Decision, FinalAnswer, MoreInformation};
use super::fact::Fact;
use super::gate::{Gate, GateChoice, Held, Redaction, RunTo};
use super::ids::CodeId;
use super::input::{Effect, Step};
use super::state::{Aggregated, Code, Draft, Due, Phase, Round, State, Waiting};

/// A choice meant for another gate than the one at hand changes nothing: it was made before the person saw this one.
pub(super) fn choose(state: &State, meant_for: u32, choice: GateChoice) -> Step {
    goes_on(state, chosen(state, meant_for, choice))
}

/// Whoever says at a gate how to go on has a paused session go on: nothing would come of it else.
fn goes_on(state: &State, mut step: Step) -> Step {
    if state.pause.is_some() && !step.is_empty() {
        step.facts.insert(0, Fact::RunContinued);
    }
    step
}

fn chosen(state: &State, meant_for: u32, choice: GateChoice) -> Step {
    let Phase::AtGate { n, held } = &state.phase else { return Step::default() };
    let Some(round) = state.round().filter(|_| *n == meant_for) else { return Step::default() };
    let changed = match (held, choice) {
        (held, GateChoice::Pass) => return pass(state, *n, held),
        (Held::Request(request), GateChoice::EditRequest { message, text }) => request
            .messages
            .get(message as usize)
            .filter(|known| known.content != text)
            .map(|known| Fact::RequestEdited { message, before: known.content.clone(), after: text }),
        (Held::Code { .. } | Held::Outputs { .. }, GateChoice::EditProgram { source }) => {
            return edit_program(round, source);
        }
        (Held::Code { .. }, GateChoice::SendBack { words }) => {
            let stage = if round.jobs_ran() { CodeStage::Transform } else { CodeStage::Prepare };
            sent_back(round, stage, &words)
        }
        (Held::Outputs { .. }, GateChoice::SendBack { words }) => sent_back(round, CodeStage::Transform, &words),
        (Held::Outputs { .. }, GateChoice::EditOutputs { text }) => outputs_edited(state, round, None, text),
        (Held::Outputs { .. }, GateChoice::Redact(redaction)) => redact(state, round, redaction),
        (Held::Outputs { .. }, GateChoice::DropJobs { jobs }) => drop_jobs(round, jobs),
        (Held::Decision { .. }, GateChoice::AnotherRound { feedback }) => another_round(round, feedback),
        _ => None,
    };
    changed.map(Step::fact).unwrap_or_default()
}

/// Goes on without waiting, past the gate it is meant for. Said at another gate, or before one was reached, it changes
/// nothing: what waits by now was not seen.
pub(super) fn run_on(state: &State, to: RunTo, meant_for: Option<u32>) -> Step {
    let ran_on = Fact::RanOn { to };
    let at = match &state.phase {
        Phase::AtGate { n, .. } => Some(*n),
        _ => None,
    };
    if at != meant_for {
        return Step::default();
    }
    if let Phase::AtGate { n, held } = &state.phase {
        let mut step = pass(state, *n, held);
        step.facts.insert(0, ran_on);
        return goes_on(state, step);
    }
    let waits_somewhere = !state.gates.chosen.is_empty() && (to == RunTo::End || !state.gates.resting);
    if waits_somewhere { Step::fact(ran_on) } else { Step::default() }
}

fn pass(state: &State, n: u32, held: &Held) -> Step {
    let step = Step::fact(Fact::GatePassed { n, gate: held.gate() });
    match (held, state.round()) {
        (Held::Code { .. }, Some(round)) if round.codes.last().is_some_and(|code| code.rejected.is_none()) => {
            step.with(Effect::RunJobs { round: round.number })
        }
        (Held::Decision { round }, Some(of)) => match &of.decision {
            Some(Decision::ProvideFinalAnswer(answer)) => {
                step.with(Effect::LocateCitations { round: *round, quotations: answer.citations.clone() })
            }
            _ => step,
        },
        _ => step,
    }
}

/// `prepare_jobs` runs again, unless the jobs have run: then it is `transform_outputs` alone.
fn edit_program(round: &Round, after: String) -> Step {
    let Some(known) = round.codes.last() else { return Step::default() };
    if after.trim().is_empty() || after == known.source {
        return Step::default();
    }
    let step = Step::fact(Fact::ProgramEdited { code: known.id, before: known.source.clone(), after });
    if round.jobs_ran() { step } else { step.with(Effect::Prepare(known.id)) }
}

fn sent_back(round: &Round, stage: CodeStage, words: &str) -> Option<Fact> {
    let (known, words) = (round.codes.last()?, words.trim());
    let message = match &known.rejected {
        Some(error) => format!("{words}\n\nIt had failed: {error}"),
        None => words.to_owned(),
    };
    let error = CodeError::new(CodeErrorKind::SentBack, message);
    (!words.is_empty()).then_some(Fact::CodeRejected { code: known.id, stage, error })
}

pub(super) fn outputs_edited(
    state: &State,
    round: &Round,
    redaction: Option<Redaction>,
    after: String,
) -> Option<Fact> {
    let before = round.aggregated.as_ref()?.text.clone();
    if redaction.is_none() && before == after {
        return None;
    }
    let mut blotted = state.redactions.clone();
    redaction.iter().for_each(|redaction| blotted.add(redaction));
    let (kept, dropped) = round.standing_in(&after, |words| blotted.hide(&state.redactor, words));
    Some(Fact::OutputsEdited { round: round.number, redaction, before, after, kept, dropped })
}

/// One that finds nothing here may find something in a later round.
fn redact(state: &State, round: &Round, redaction: Redaction) -> Option<Fact> {
    if redaction.check().is_err() {
        return None;
    }
    let before = &round.aggregated.as_ref()?.text;
    let after = redaction.apply(before);
    let is_new = !state.redactions.contains(&redaction) || after != *before;
    if is_new { outputs_edited(state, round, Some(redaction), after) } else { None }
}

fn drop_jobs(round: &Round, mut jobs: BTreeSet<u32>) -> Option<Fact> {
    jobs.retain(|index| (*index as usize) < round.jobs.len());
    (jobs != round.dropped).then_some(Fact::JobsDropped { round: round.number, jobs })
}

fn another_round(round: &Round, feedback: String) -> Option<Fact> {
    let before = round.decision.clone()?;
    if feedback.trim().is_empty() {
        return None;
    }
    let more = match &before {
        Decision::RequestAdditionalInfo(more) => MoreInformation { feedback, ..more.clone() },
        Decision::ProvideFinalAnswer(answer) => {
            MoreInformation { explanation: answer.explanation.clone(), feedback, scratchpad: known_so_far(answer) }
        }
    };
    Some(Fact::DecisionChanged { round: round.number, before, after: Decision::RequestAdditionalInfo(more) })
}

/// What the next round starts from, where this one would have ended with an answer.
fn known_so_far(answer: &FinalAnswer) -> String {
    let mut text = match &answer.answer {
        Some(answer) => format!("An answer so far: {answer}"),
        None => "The outputs so far did not tell.".into(),
    };
    for part in [&answer.explanation].into_iter().chain(&answer.citations).filter(|part| !part.is_empty()) {
        text.push('\n');
        text.push_str(part);
    }
    text
}

impl Round {
    /// Whether its jobs were run, and not only planned.
    pub(super) fn jobs_ran(&self) -> bool {
        !self.jobs.is_empty() && self.unfinished == 0
    }

    /// Forgets a plan whose jobs were not run.
    pub(super) fn unplan(&mut self) {
        if !self.jobs_ran() {
            (self.chunks, self.tasks, self.advices, self.jobs) = Default::default();
            self.unfinished = 0;
        }
    }
}

impl State {
    /// Whether the next request waits for the person before it leaves.
    pub fn shows_request_first(&self) -> bool {
        self.gates.stop_at(Gate::Request) && !self.draft.as_ref().is_some_and(|draft| draft.passed)
    }

    pub(super) fn gate_reached(&mut self, n: u32, held: &Held) {
        self.gates.reach(n);
        if let Held::Request(request) = held {
            self.draft = Some(Draft { request: request.as_ref().clone(), passed: false });
        }
        self.phase = Phase::AtGate { n, held: held.clone() };
    }

    pub(super) fn gate_passed(&mut self, passed: u32) {
        let Phase::AtGate { n, held } = &self.phase else { return };
        if *n != passed {
            return;
        }
        self.phase = match held {
            Held::Request(request) => {
                let (purpose, attempt) = (request.purpose, request.attempt);
                if let Some(draft) = &mut self.draft {
                    draft.passed = true;
                }
                Phase::Due(Due::Ask { purpose, attempt })
            }
            Held::Code { code } => match self.round().and_then(|round| round.codes.last()?.rejected.clone()) {
                Some(error) => Phase::Due(self.after_rejection(*code, &error)),
                None => Phase::Waiting(Waiting::Jobs),
            },
            Held::Outputs { .. } => Phase::Due(super::dispatch::after_outputs(self)),
            Held::Decision { round } => match self.round().and_then(|round| round.decision.as_ref()) {
                Some(decision) => after_decision(*round, decision),
                None => return,
            },
        };
    }

    pub(super) fn request_edited(&mut self, message: u32, after: &str) {
        let Some(mut draft) = self.draft.take() else { return };
        let (purpose, attempt) = (draft.request.purpose, draft.request.attempt);
        if let Some(known) = draft.request.messages.get_mut(message as usize) {
            known.content = after.to_owned();
        }
        draft.request = recounted(self, draft.request);
        self.draft = Some(Draft { passed: false, ..draft });
        self.gates.changed();
        self.phase = Phase::Due(Due::Ask { purpose, attempt });
    }

    pub(super) fn program_edited(&mut self, code: CodeId, after: &str) {
        let Some(round) = self.rounds.last_mut() else { return };
        round.unplan();
        round.aggregated = None;
        if let Some(known) = round.codes.iter_mut().find(|known| known.id == code) {
            *known = Code { source: after.to_owned(), edited: true, rejected: None, embedding_error: None, ..*known };
        }
        self.phase = match round.jobs.is_empty() {
            true => Phase::Waiting(Waiting::Prepare(code)),
            false => Phase::Due(Due::Aggregate(code)),
        };
        self.gates.changed();
    }

    pub(super) fn jobs_dropped(&mut self, jobs: &BTreeSet<u32>) {
        let Some(round) = self.rounds.last_mut() else { return };
        round.dropped.clone_from(jobs);
        // Carried over from another session, before there are outputs that could go on.
        if !matches!(self.phase, Phase::AtGate { held: Held::Outputs { .. }, .. }) {
            return;
        }
        round.aggregated = None;
        let none = CodeId { round: round.number, attempt: 0 };
        self.phase = Phase::Due(Due::Aggregate(round.codes.last().map_or(none, |code| code.id)));
        self.gates.changed();
    }

    pub(super) fn outputs_edited(&mut self, redaction: Option<&Redaction>, aggregated: Aggregated) {
        if let Some(redaction) = redaction {
            self.redactions.add(redaction);
        }
        if let Some(round) = self.rounds.last_mut() {
            round.aggregated = Some(aggregated);
        }
        self.phase = Phase::Due(Due::Gate(Gate::Outputs));
    }

    /// The program goes back, if only to a person who wants to see it first.
    pub(super) fn code_rejected(&mut self, code: CodeId, stage: CodeStage, error: &CodeError) {
        let Some(round) = self.rounds.last_mut() else { return };
        match round.codes.iter_mut().find(|known| known.id == code) {
            Some(known) => known.rejected = Some(error.clone()),
            None => round.codes.push(Code {
                id: code,
                source: String::new(),
                rejected: Some(error.clone()),
                embedding_error: None,
                edited: false,
            }),
        }
        let sent_back = error.kind == CodeErrorKind::SentBack;
        if sent_back {
            round.aggregated = None;
            if stage != CodeStage::Transform {
                round.unplan();
            }
        }
        self.phase = Phase::Due(if !sent_back && self.gates.come_to(Gate::Code) {
            Due::Gate(Gate::Code)
        } else {
            self.after_rejection(code, error)
        });
    }

    pub(super) fn decided(&mut self, number: u32, decision: &Decision) {
        let Some(round) = self.rounds.last_mut() else { return };
        round.decision = Some(decision.clone());
        self.phase = match self.gates.come_to(Gate::Decision) {
            true => Phase::Due(Due::Gate(Gate::Decision)),
            false => after_decision(number, decision),
        };
    }

    pub(super) fn decision_changed(&mut self, number: u32, decision: &Decision) {
        if let Some(round) = self.rounds.last_mut() {
            round.decision = Some(decision.clone());
        }
        self.phase = after_decision(number, decision);
    }
}

fn after_decision(number: u32, decision: &Decision) -> Phase {
    match decision {
        Decision::ProvideFinalAnswer(_) => Phase::Waiting(Waiting::Citations),
        Decision::RequestAdditionalInfo(_) => Phase::Due(Due::BeginRound { round: number + 1 }),
    }
}
