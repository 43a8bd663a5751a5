//! What the protocol does next by itself, once everything that came in is on record.

use std::collections::HashSet;

use super::budget::{Reached, Scope};
use super::code::{CodeError, CodeErrorKind, CodeStage, extract_code};
use super::decision::{Decision, parse_decision};
use super::fact::{Ending, Fact, RemoteAsk};
use super::ids::{AskId, CodeId};
use super::input::{Effect, Step};
use super::job::{JobOutput, Outcome};
use super::message::{Purpose, ReplyFormat, TokenCount, estimate_tokens};
use super::prompts;
use super::state::{Due, Phase, Round, State};

/// The next step, or nothing while the protocol waits for something from outside.
///
/// Each step's facts change the phase, so applying them and asking again comes to an end. `due` is the [`due_request`],
/// where somebody has it already.
pub fn advance(state: &State, due: Option<RemoteAsk>) -> Option<Step> {
    let Phase::Due(next) = &state.phase else { return None };
    Some(match next {
        Due::BeginRound { round } => {
            let last = *round >= state.settings().max_rounds;
            Step::fact(Fact::RoundBegan { round: *round, last })
        }
        Due::Ask { .. } => match due.or_else(|| due_request(state)) {
            Some(request) => ask(state, request),
            None => end(Ending::Failed { error: "asked outside of a round".into() }),
        },
        Due::ReadCode { attempt } => read_code(state, *attempt),
        Due::Aggregate(code) => aggregate(state, *code),
        Due::ReadDecision => read_decision(state),
        Due::End(ending) => end(ending.clone()),
    })
}

pub(super) fn end(ending: Ending) -> Step {
    Step::fact(Fact::SessionEnded { ending }).with(Effect::Finish)
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
    let ask = AskId { round: state.round()?.number, n: state.asks().count() as u32 + 1 };
    let messages = prompts::messages(state, purpose);
    let tokens = messages.iter().map(|message| estimate_tokens(message.content.len())).sum();
    let max_output_tokens = state.settings().remote_max_output_tokens;
    Some(RemoteAsk {
        ask,
        purpose,
        attempt,
        messages,
        format: if purpose == Purpose::Decide { ReplyFormat::Json } else { ReplyFormat::Text },
        max_output_tokens,
        estimate: state.estimate(TokenCount { tokens, counted: false }, max_output_tokens),
    })
}

fn read_code(state: &State, attempt: u32) -> Step {
    let round = state.round();
    let code = CodeId { round: round.map_or(0, |round| round.number), attempt };
    match extract_code(state.last_reply(Purpose::Decompose).unwrap_or("")) {
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
    let tally = round.tally();
    if tally.answered + tally.abstained == 0 {
        return aggregated(round, prompts::no_output(round));
    }
    let rejected = round.codes.iter().any(|known| known.id == code && known.rejected.is_some());
    if rejected {
        return aggregated(round, prompts::plain_outputs(round));
    }
    Step { facts: vec![Fact::TransformBegan { code }], effects: vec![Effect::Transform(code)] }
}

/// The fact that says what of the round goes on to the remote LM.
pub(super) fn aggregated(round: &Round, text: String) -> Step {
    let (mut kept, mut dropped) = (0, 0);
    let lines: HashSet<&str> = text.lines().map(str::trim).collect();
    for job in &round.jobs {
        let Some(Outcome::Answered { output, .. }) = job.outcome() else { continue };
        if stands_in(output, &text, &lines) { kept += 1 } else { dropped += 1 }
    }
    Step::fact(Fact::OutputsAggregated { round: round.number, text, kept, dropped })
}

fn stands_in(output: &JobOutput, text: &str, lines: &HashSet<&str>) -> bool {
    [&output.answer, &output.citation].into_iter().flatten().any(|words| {
        let words = words.trim();
        !words.is_empty()
            && (lines.contains(words) || memchr::memmem::find(text.as_bytes(), words.as_bytes()).is_some())
    })
}

fn read_decision(state: &State) -> Step {
    let (number, last) = state.round().map_or((0, true), |round| (round.number, round.last));
    match parse_decision(state.last_reply(Purpose::Decide).unwrap_or(""), last) {
        Ok(decision) => {
            let quotations = match &decision {
                Decision::ProvideFinalAnswer(answer) => Some(answer.citations.clone()),
                Decision::RequestAdditionalInfo(_) => None,
            };
            let step = Step::fact(Fact::Decided { round: number, decision });
            match quotations {
                Some(quotations) => step.with(Effect::LocateCitations { round: number, quotations }),
                None => step,
            }
        }
        Err(error) => Step::fact(Fact::DecisionRejected { round: number, error }),
    }
}

/// A program error for a result that breaks the contract.
pub(super) fn contract_error(message: String) -> CodeError {
    CodeError::new(CodeErrorKind::Contract, message)
}
