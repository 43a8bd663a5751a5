//! Minion, the chat: the remote LM writes one message a round, and the local LM, which has the document, replies.
//!
//! Minions (Narayan et al. 2025, <https://arxiv.org/abs/2502.15964>), section 4; a message is a task on every window.

use super::decision::Decision;
use super::fact::Fact;
use super::input::Step;
use super::job::Outcome;
use super::levers::Memory;
use super::message::Purpose;
use super::prompts::data;
use super::state::{AskState, Round, State};
use super::windows_read::{answered, chunks, planned};

/// Puts the round's message to the local LM.
pub(super) fn plan(state: &State, round: &Round) -> Step {
    let message = match message(state, round.number) {
        Ok(message) => state.redactor.restore(&message).into_owned(),
        Err(error) => {
            let error = state.cut_off(Purpose::Message).unwrap_or(error);
            return Step::fact(Fact::DecisionRejected { round: round.number, error });
        }
    };
    let chunks = chunks(state).enumerate().map(|(window, chunk)| (chunk, so_far(state, window as u32))).collect();
    planned(round.number, message, chunks, state.settings().samples)
}

/// The message of a round: the first is a reply of its own, later ones came with the decision to ask on.
pub fn message(state: &State, round: u32) -> Result<String, String> {
    if round > 1 {
        return match state.round_numbered(round - 1).and_then(|before| before.decision.as_ref()) {
            Some(Decision::RequestAdditionalInfo(more)) => Ok(more.feedback.trim().to_owned()),
            _ => Err("the round before asked nothing".into()),
        };
    }
    let reply = state.round_numbered(1).and_then(|round| {
        round.asks.iter().rev().find_map(|ask| match &ask.state {
            AskState::Answered(answer) if ask.request.purpose == Purpose::Message => Some(answer.text.as_str()),
            _ => None,
        })
    });
    read_message(reply.unwrap_or_default())
}

/// The error is worded for the remote LM.
fn read_message(reply: &str) -> Result<String, String> {
    let start = reply.find('{').ok_or("no JSON object in the reply")?;
    let mut values = serde_json::Deserializer::from_str(&reply[start..]).into_iter::<serde_json::Value>();
    let value =
        values.next().unwrap_or(Ok(serde_json::Value::Null)).map_err(|error| format!("invalid JSON: {error}"))?;
    match value.get("message").and_then(|message| message.as_str()).map(str::trim) {
        None => Err("the key `message` is missing or no string; it is what the reader is asked".into()),
        Some("") => Err("`message` is blank; ask the reader one thing".into()),
        Some(message) => Ok(message.to_owned()),
    }
}

/// Why a decision of the chat cannot be taken, worded for the remote LM.
pub(super) fn flaw(decision: &Decision) -> Option<String> {
    match decision {
        Decision::RequestAdditionalInfo(more) if more.feedback.trim().is_empty() => {
            Some("`feedback` is blank; it is your next message to the reader".into())
        }
        _ => None,
    }
}

/// The conversation as one window's reader had it, so that a message may speak of what was said.
fn so_far(state: &State, window: u32) -> String {
    if state.settings().means.memory == Memory::Retry {
        return String::new();
    }
    let mut lines = Vec::new();
    for round in state.rounds.iter().filter(|round| !round.jobs.is_empty()) {
        let said = answered(state, round).into_iter().filter(|job| job.chunk == window);
        let said: Vec<&str> = said
            .filter_map(|job| match job.outcome() {
                Some(Outcome::Answered { output, .. }) => output.answer.as_deref(),
                _ => None,
            })
            .collect();
        let said = if said.is_empty() { "nothing here tells".to_owned() } else { said.join("; ") };
        lines.push(format!("asked: {}\nyou: {said}", round.tasks.first().map_or("", String::as_str)));
    }
    if lines.is_empty() { String::new() } else { data("conversation", &lines.join("\n")) }
}
