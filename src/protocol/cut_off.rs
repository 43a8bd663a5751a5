//! A reply of the remote LM that ended at its cap: what is told of it, to the person and to the remote LM.

use super::fact::{Ending, Finish, RemoteAnswer, RemoteAsk};
use super::message::Purpose;
use super::state::{AskState, State};

impl State {
    /// How the last reply for this purpose was cut off, where it was. Worded for both: the remote LM is to be brief, the
    /// person can raise the setting.
    pub(super) fn cut_off(&self, purpose: Purpose) -> Option<String> {
        let asks = self.rounds.iter().rev().flat_map(|round| round.asks.iter().rev());
        let of_purpose = asks.filter(|ask| ask.request.purpose == purpose);
        let (request, answer) = of_purpose.into_iter().find_map(|ask| match &ask.state {
            AskState::Answered(answer) => Some((&ask.request, answer)),
            _ => None,
        })?;
        let told = || format!("{}: be briefer, or raise that setting", reached(request, answer));
        (answer.finish == Finish::Length).then(told)
    }
}

/// What is noted where the part that came is used as it is; nothing where the reply is whole or has to be read.
pub(super) fn noted(state: &State, answer: &RemoteAnswer) -> Option<String> {
    if answer.finish != Finish::Length || answer.text.trim().is_empty() {
        return None;
    }
    let request = &state.asks().find(|known| known.request.ask == answer.ask)?.request;
    let goes_on = match request.purpose {
        Purpose::Advise | Purpose::Think => true,
        // Words without any form are taken for the answer.
        Purpose::Answer => !answer.text.contains('{'),
        Purpose::Decompose | Purpose::Decide | Purpose::Message => false,
    };
    goes_on.then(|| {
        let (reached, purpose) = (reached(request, answer), request.purpose.name());
        format!("{reached} ({purpose}), and goes on as far as it came: raise that setting for all of it")
    })
}

/// How a session ends whose remote LM had no room left for its reply: the same request again would be paid for again and
/// end the same.
pub(super) fn without_a_word(request: &RemoteAsk, answer: &RemoteAnswer) -> Option<Ending> {
    (answer.finish == Finish::Length && answer.text.trim().is_empty()).then(|| Ending::NoAnswer {
        reason: format!(
            "{} before a word of it came ({}): raise that setting or lower remote.reasoning_effort, and fork the session",
            reached(request, answer),
            request.purpose.name(),
        ),
    })
}

fn reached(request: &RemoteAsk, answer: &RemoteAnswer) -> String {
    let cap = request.max_output_tokens;
    let thought = match answer.usage.reasoning_tokens {
        0 => String::new(),
        tokens => format!(" ({tokens} of them thinking)"),
    };
    format!("the remote LM's reply was cut off at remote.max_output_tokens = {cap}{thought}")
}
