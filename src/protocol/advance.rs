//! What the protocol does next by itself, once everything that came in is on record.

use std::borrow::Cow;
use std::collections::HashSet;

use super::budget::{Reached, Scope};
use super::code::{CodeError, CodeErrorKind, CodeStage, extract_code, is_whole};
use super::decision::{Decision, parse_decision};
use super::fact::{Ending, Estimate, Fact, RemoteAsk};
use super::gate::{Gate, Held, Redaction};
use super::ids::{AskId, CodeId};
use super::input::{Effect, Step};
use super::job::{JobOutput, Outcome};
use super::message::{Purpose, Role, TokenCount, estimate_tokens};
use super::prompts;
use super::redact::PrivateWord;
use super::settings::ProtocolKind;
use super::state::{Due, Phase, Round, State};
use super::{dispatch, local_only, minion, remote_only};

/// The next step, or nothing while the protocol waits for something from outside.
///
/// Each step's facts change the phase, so applying them and asking again comes to an end. `due` is the [`due_request`],
/// where somebody has it already.
pub fn advance(state: &State, due: Option<RemoteAsk>) -> Option<Step> {
    let Phase::Due(next) = &state.phase else { return None };
    if state.holds(next) {
        return None;
    }
    Some(match next {
        Due::BeginRound { round } => {
            let last = dispatch::is_last(state, *round);
            Step::fact(Fact::RoundBegan { round: *round, last })
        }
        Due::Ask { .. } if let Some(error) = state.redactor.error() => {
            end(Ending::Failed { error: format!("what is to be kept private cannot be, so nothing is sent: {error}") })
        }
        Due::Ask { purpose, .. } if let Some(words) = new_words(state, *purpose) => {
            Step::fact(Fact::WordsRedacted { words })
        }
        // A fork, or another remote LM than the one that the person agreed to. Asked again for another form of its reply, it is
        // sent no documents.
        Due::Ask { purpose: Purpose::Answer, attempt: 1 } if !state.may_send_documents() => {
            Step::fact(remote_only::asks(state))
        }
        Due::AskConsent => Step::fact(remote_only::asks(state)),
        Due::PlanJobs => dispatch::plan_jobs(state),
        // Whoever performs effects has the documents, and puts them in.
        Due::Ask { purpose: Purpose::Answer, .. } if due.is_none() => {
            end(Ending::Failed { error: "the documents were not put into the request; please report it".into() })
        }
        Due::Ask { .. } => match due.or_else(|| due_request(state)) {
            Some(request) if state.shows_request_first() => reached(state, Held::Request(Box::new(request))),
            Some(request) => ask(state, request),
            None => end(Ending::Failed { error: "asked outside of a round".into() }),
        },
        Due::ReadCode { attempt } => read_code(state, *attempt),
        Due::Aggregate(code) => aggregate(state, *code),
        Due::ReadDecision => read_decision(state),
        Due::Gate(gate) => match held(state, *gate) {
            Some(held) => reached(state, held),
            None => end(Ending::Failed { error: format!("nothing is held at the gate `{}`", gate.name()) }),
        },
        Due::End(ending) => end(ending.clone()),
    })
}

pub(super) fn end(ending: Ending) -> Step {
    Step::fact(Fact::SessionEnded { ending }).with(Effect::Finish)
}

fn reached(state: &State, held: Held) -> Step {
    Step::fact(Fact::GateReached { n: state.gates.reached.saturating_add(1), held })
}

/// What there is to wait with at this gate.
fn held(state: &State, gate: Gate) -> Option<Held> {
    let round = state.round()?;
    Some(match gate {
        Gate::Request => Held::Request(Box::new(state.draft.as_ref()?.request.clone())),
        Gate::Code => Held::Code { code: round.codes.last()?.id },
        Gate::Outputs => Held::Outputs { round: round.number },
        Gate::Decision => Held::Decision { round: round.number },
    })
}

fn ask(state: &State, request: RemoteAsk) -> Step {
    if let Some(worst_usd) = request.estimate.worst_cost_usd
        && let Some(budget_usd) = state.budgets.passed(Scope::Session, state.committed_usd, worst_usd)
    {
        let (scope, committed_usd) = (Scope::Session, state.committed_usd);
        let RemoteAsk { purpose, attempt, .. } = request;
        let reached = Reached { scope, purpose, attempt, again: None, worst_usd, committed_usd, budget_usd };
        return Step::fact(Fact::BudgetReached(reached));
    }
    Step::fact(Fact::RemoteAsked(request.clone())).with(Effect::Ask(request))
}

/// The request that [`advance`] is about to make, its input estimated; nothing where it makes none. Whoever can counts its
/// input, and whoever knows what other sessions spend reserves its worst cost first.
pub fn due_request(state: &State) -> Option<RemoteAsk> {
    let Phase::Due(Due::Ask { purpose, attempt }) = state.phase else { return None };
    if state.pause.is_some() || state.redactor.error().is_some() || new_words(state, purpose).is_some() {
        return None;
    }
    if purpose == Purpose::Answer && attempt == 1 && !state.may_send_documents() {
        return None;
    }
    if let Some(draft) = &state.draft {
        return Some(hidden(state, draft.request.clone()));
    }
    let ask = next_ask(state, state.round()?.number);
    let request = RemoteAsk {
        ask,
        purpose,
        attempt,
        messages: prompts::messages(state, purpose),
        format: purpose.format(),
        max_output_tokens: state.settings().remote_max_output_tokens,
        estimate: Estimate::default(),
    };
    Some(recounted(state, hidden(state, request)))
}

pub(super) fn next_ask(state: &State, round: u32) -> AskId {
    AskId { round, n: state.asks().map(|ask| ask.request.ask.n).max().unwrap_or(0) + 1 }
}

/// The request with placeholders in the place of private words, and without what the person had blotted out. What the system
/// message says is the program's own, and no pattern takes anything out of it.
pub(super) fn hidden(state: &State, mut request: RemoteAsk) -> RemoteAsk {
    let mut changed = false;
    for message in &mut request.messages {
        let hidden = match message.role {
            Role::System => state.redactor.hide(&message.content),
            _ => state.hide(&message.content),
        };
        if let Cow::Owned(hidden) = hidden {
            message.content = hidden;
            changed = true;
        }
    }
    if changed { recounted(state, request) } else { request }
}

/// The request with its input estimated by its length.
pub(super) fn recounted(state: &State, mut request: RemoteAsk) -> RemoteAsk {
    let tokens = request.messages.iter().map(|message| estimate_tokens(message.content.len())).sum();
    request.estimate = state.estimate(TokenCount { tokens, counted: false }, request.max_output_tokens);
    request
}

/// The private words that the next request would hold and that have no placeholder yet.
fn new_words(state: &State, purpose: Purpose) -> Option<Vec<PrivateWord>> {
    if !state.redactor.is_on() {
        return None;
    }
    let draft = state.draft.as_ref().map(|draft| draft.request.messages.clone());
    let messages = draft.unwrap_or_else(|| prompts::messages(state, purpose));
    let words = state.redactor.unknown(messages.iter().map(|message| message.content.as_str()));
    Some(words).filter(|words| !words.is_empty())
}

fn read_code(state: &State, attempt: u32) -> Step {
    let round = state.round();
    let code = CodeId { round: round.map_or(0, |round| round.number), attempt };
    let reply = state.last_reply(Purpose::Decompose).unwrap_or("");
    let read = match state.cut_off(Purpose::Decompose).filter(|_| !is_whole(reply)) {
        Some(cut_off) => Err(contract_error(cut_off)),
        None => extract_code(reply),
    };
    match read {
        Ok(source) => {
            let mended = round.is_some_and(|round| !round.jobs.is_empty());
            Step::fact(Fact::CodeReceived { code, source }).with(if mended {
                Effect::Transform(code)
            } else {
                Effect::Prepare(code)
            })
        }
        Err(error) => Step::fact(Fact::CodeRejected { code, stage: CodeStage::Extract, error }),
    }
}

fn aggregate(state: &State, code: CodeId) -> Step {
    let Some(round) = state.round() else {
        return end(Ending::Failed { error: "aggregated outside of a round".into() });
    };
    if let Some(text) = dispatch::outputs(state, round) {
        return aggregated(state, round, &text);
    }
    if !round.kept_jobs().any(|job| job.outcome().is_some_and(|outcome| outcome.output().is_some())) {
        return aggregated(state, round, &prompts::no_output(round));
    }
    let rejected = round.codes.iter().any(|known| known.id == code && known.rejected.is_some());
    if rejected {
        return aggregated(state, round, &prompts::plain_outputs(round, state.settings().means.merge));
    }
    Step { facts: vec![Fact::TransformBegan { code }], effects: vec![Effect::Transform(code)] }
}

/// The fact that says what of the round goes on to the remote LM, without what the person had blotted out before.
pub(super) fn aggregated(state: &State, round: &Round, text: &str) -> Step {
    Step::fact(outputs_aggregated(state, round, text))
}

pub(super) fn outputs_aggregated(state: &State, round: &Round, text: &str) -> Fact {
    let text = state.hide(text).into_owned();
    let (kept, dropped) = round.standing_in(&text, |words| state.hide(words));
    Fact::OutputsAggregated { round: round.number, text, kept, dropped }
}

impl Round {
    /// How many answered jobs left a trace in this text, and how many did not. `hide`: words as they stand in it, if they do.
    pub(super) fn standing_in<'a>(&'a self, text: &str, hide: impl Fn(&'a str) -> Cow<'a, str>) -> (u32, u32) {
        let (mut kept, mut dropped) = (0, 0);
        let lines: HashSet<&str> = text.lines().map(str::trim).collect();
        for (job, index) in self.jobs.iter().zip(0..) {
            let Some(Outcome::Answered { output, .. }) = job.outcome() else { continue };
            let stands = !self.dropped.contains(&index) && stands_in(&hide, output, text, &lines);
            if stands { kept += 1 } else { dropped += 1 }
        }
        (kept, dropped)
    }
}

fn stands_in<'a>(
    hide: impl Fn(&'a str) -> Cow<'a, str>,
    output: &'a JobOutput,
    text: &str,
    lines: &HashSet<&str>,
) -> bool {
    [&output.answer, &output.citation].into_iter().flatten().any(|words| {
        let hidden = hide(words);
        let words = hidden.trim();
        words.contains(char::is_alphanumeric)
            && !Redaction::is_all_of(words)
            && (lines.contains(words) || memchr::memmem::find(text.as_bytes(), words.as_bytes()).is_some())
    })
}

fn read_decision(state: &State) -> Step {
    let (number, last) = state.round().map_or((0, true), |round| (round.number, round.last));
    let mut purpose = Purpose::Decide;
    let decision = match (state.settings().protocol, state.round()) {
        (ProtocolKind::LocalOnly, Some(round)) => return local_only::conclude(state, round),
        (ProtocolKind::RemoteOnly, _) => {
            let reply = state.last_reply(Purpose::Answer).unwrap_or("");
            if let Some(ending) = remote_only::no_reply(reply) {
                return end(ending);
            }
            purpose = Purpose::Answer;
            remote_only::read(reply)
        }
        (protocol, _) => {
            let decision = parse_decision(state.last_reply(Purpose::Decide).unwrap_or(""), last);
            let flaw = |decision: &Decision| minion::flaw(decision).filter(|_| protocol == ProtocolKind::Minion);
            decision.and_then(|decision| match flaw(&decision) {
                Some(flaw) => Err(flaw),
                None => Ok(decision),
            })
        }
    };
    match decision {
        Ok(mut decision) => {
            // The answer is for the person: its words are put back. What goes on to the next round stays as it came.
            if let Decision::ProvideFinalAnswer(answer) = &mut decision {
                answer.restore(&state.redactor);
            }
            let quotations = match &decision {
                Decision::ProvideFinalAnswer(answer) if !state.gates.stop_at(Gate::Decision) => {
                    Some(answer.citations.clone())
                }
                _ => None,
            };
            let step = Step::fact(Fact::Decided { round: number, decision });
            match quotations {
                Some(quotations) => step.with(Effect::LocateCitations { round: number, quotations }),
                None => step,
            }
        }
        Err(error) => {
            let error = state.cut_off(purpose).unwrap_or(error);
            Step::fact(Fact::DecisionRejected { round: number, error })
        }
    }
}

/// A program error for a result that breaks the contract.
pub(super) fn contract_error(message: String) -> CodeError {
    CodeError::new(CodeErrorKind::Contract, message)
}
