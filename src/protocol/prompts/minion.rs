//! What the remote LM is told in Minion: one conversation, from the question to the last reply.

use super::super::levers::Memory;
use super::super::message::{Message, Purpose};
use super::super::state::{Round, State};
use super::{LAST_ROUND, SUPERVISOR, data, documents, earlier, fill, last_reply_in as reply};

const OPEN: &str = include_str!("minion_open.md");
const THINK: &str = include_str!("minion_think.md");
const DECIDE: &str = include_str!("minion_decide.md");
const AGAIN: &str = include_str!("minion_again.md");

/// The conversation so far, and what is asked now. Without a memory between rounds what earlier rounds said is left out.
pub(super) fn messages(state: &State, purpose: Purpose) -> Vec<Message> {
    let mut messages = vec![Message::system(SUPERVISOR.trim_end()), Message::user(open(state))];
    let Some((now, before)) = state.rounds.split_last() else { return messages };
    if state.settings().means.memory == Memory::Scratchpad {
        for round in before {
            messages.extend(reply(round, Purpose::Message).map(Message::assistant));
            thought_about(&mut messages, state, round);
            messages.push(Message::user(decide(state, round)));
            messages.extend(reply(round, Purpose::Decide).map(Message::assistant));
        }
    } else if now.number > 1 {
        // What the reader was asked is all there is to carry on from.
        messages.push(Message::assistant(now.tasks.first().map_or("", String::as_str)));
    }
    messages.extend(reply(now, Purpose::Message).map(Message::assistant));
    match purpose {
        Purpose::Think => messages.push(Message::user(think(state, now))),
        Purpose::Decide => {
            thought_about(&mut messages, state, now);
            messages.push(Message::user(decide(state, now)));
            messages.extend(reply(now, Purpose::Decide).map(Message::assistant));
        }
        _ => {}
    }
    // One that was replied to before is asked again, with what was wrong.
    if let (Some(error), Some(_)) = (now.decision_errors.last(), reply(now, purpose)) {
        messages.push(Message::user(fill(AGAIN, &[("error", error)])));
    }
    messages
}

/// The thought about a reply, with what it was about. The last round has none.
fn thought_about(messages: &mut Vec<Message>, state: &State, round: &Round) {
    if let Some(thought) = reply(round, Purpose::Think) {
        messages.extend([Message::user(think(state, round)), Message::assistant(thought)]);
    }
}

fn open(state: &State) -> String {
    let settings = state.settings();
    let windows = match settings.windows.len() {
        0 | 1 => String::new(),
        count => format!(
            " It does not fit before it at once: it reads {count} windows, each by itself, and you get what each of them tells."
        ),
    };
    let memory = match settings.means.memory {
        Memory::Scratchpad => "",
        Memory::Retry => ", since neither of you will remember earlier messages",
    };
    fill(
        OPEN,
        &[
            ("question", &data("question", state.question())),
            ("known", &earlier(state)),
            ("documents", &documents(state)),
            ("rounds", &settings.max_rounds.to_string()),
            ("windows", &windows),
            ("memory", memory),
        ],
    )
}

fn outputs(round: &Round) -> String {
    data("outputs", round.aggregated.as_ref().map_or("", |aggregated| aggregated.text.as_str()))
}

fn think(state: &State, round: &Round) -> String {
    let rounds = state.settings().max_rounds.to_string();
    fill(THINK, &[("round", &round.number.to_string()), ("rounds", &rounds), ("outputs", &outputs(round))])
}

/// The reply that was thought about is not told twice.
fn decide(state: &State, round: &Round) -> String {
    let told = reply(round, Purpose::Think).is_some();
    let outputs = if told { String::new() } else { format!("The reader replied:\n\n{}", outputs(round)) };
    let last = if round.last && state.round().is_some_and(|now| now.number == round.number) { LAST_ROUND } else { "" };
    fill(DECIDE, &[("outputs", &outputs), ("last", last)])
}
