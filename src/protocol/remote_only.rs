//! remote-only, the baseline: the whole documents go to the remote LM in one request, once the person has agreed.

use super::decision::{Decision, FinalAnswer, parse_decision};
use super::fact::{Ending, Fact, RemoteAsk};
use super::message::{Purpose, TokenCount, estimate_tokens};
use super::price::Price;
use super::prompts;
use super::state::State;

/// Puts the documents into a request that is to hold them; `texts` are the session's, or the one part it is about. The
/// request says then what leaves the machine, word for word.
pub fn enclose(state: &State, request: &mut RemoteAsk, texts: &[&str]) {
    // What the person was shown has them already; and they agreed that the documents are sent once.
    if request.purpose != Purpose::Answer || request.attempt > 1 || state.draft.is_some() {
        return;
    }
    let texts: Vec<_> = texts.iter().map(|text| state.hide(text)).collect();
    prompts::enclose(&mut request.messages, &texts.iter().map(|text| &**text).collect::<Vec<_>>());
    let tokens = request.messages.iter().map(|message| estimate_tokens(message.content.len())).sum();
    request.estimate = state.estimate(TokenCount { tokens, counted: false }, request.max_output_tokens);
}

/// The most that the documents sent whole may cost in dollars: they go once, in `whole` tokens, and each try after the first is
/// a request without them, of `prompt` tokens as they are estimated and what the tries before said. `cap`: of each reply.
pub fn worst(price: &Price, whole: TokenCount, prompt: u64, cap: u64, attempts: u32) -> f64 {
    let prompt = |before: u64| TokenCount { tokens: prompt + before * cap, counted: false }.at_most();
    let again = (1..u64::from(attempts)).map(|before| price.worst(prompt(before), cap));
    price.worst(whole.at_most(), cap) + again.sum::<f64>()
}

/// The person is asked, and told what the request will come to.
pub(super) fn asks(state: &State) -> Fact {
    let (bytes, question, most, tries) = state.opened.as_ref().map_or((0, 0, 0, 1), |opened| {
        let all = || opened.documents.iter().map(|document| document.bytes).sum();
        let bytes = opened.settings.part.map_or_else(all, |part| part.span.len());
        (bytes, opened.question.len(), opened.settings.remote_max_output_tokens, opened.settings.decision_attempts)
    });
    let tokens = estimate_tokens(bytes) + estimate_tokens(question);
    let whole = TokenCount { tokens, counted: false };
    let mut estimate = state.estimate(whole, most);
    // What may come is said of all tries together.
    let prompt =
        prompts::messages(state, Purpose::Answer).iter().map(|message| estimate_tokens(message.content.len())).sum();
    let price = state.remote().and_then(|remote| remote.price);
    estimate.worst_cost_usd = price.map(|price| worst(&price, whole, prompt, most, tries));
    Fact::ConsentAsked { bytes, estimate }
}

/// Nothing can be made of an empty reply, and to ask for another one would send the documents once more.
pub(super) fn no_reply(reply: &str) -> Option<Ending> {
    let reason =
        "the remote LM gave an empty reply; the documents are not sent again unasked: fork the session to do that";
    reply.trim().is_empty().then(|| Ending::NoAnswer { reason: reason.into() })
}

/// Reads the answer. Words without any form are taken as they are.
pub(super) fn read(reply: &str) -> Result<Decision, String> {
    if reply.contains('{') {
        return parse_decision(reply, true);
    }
    Ok(Decision::ProvideFinalAnswer(FinalAnswer {
        answer: Some(reply.trim().to_owned()),
        explanation: "The remote LM answered in words of its own and cited nothing.".into(),
        citations: Vec::new(),
    }))
}
