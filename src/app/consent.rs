//! What is asked before whole documents leave the machine.

use super::figures::{dollars, short_bytes, short_count};
use super::model::Model;

/// What would happen, for the person who has to agree.
pub fn lines(model: &Model) -> [String; 4] {
    let remote = model.state.remote().map(|remote| remote.label()).unwrap_or_default();
    let estimate = model.state.consent.unwrap_or_default();
    let about = if estimate.counted { "" } else { "about " };
    let cost = match estimate.worst_cost_usd {
        Some(usd) => format!("at most {about}{}", dollars(usd)),
        None => "a price that is not known".into(),
    };
    let bytes: usize = model
        .state
        .opened
        .iter()
        .map(|opened| match opened.settings.part {
            Some(part) => part.span.len(),
            None => opened.documents.iter().map(|document| document.bytes).sum(),
        })
        .sum();
    [
        format!("All {} of what you ask about go to", short_bytes(bytes as u64)),
        format!("{remote}:"),
        format!("{about}{} tokens for {cost}.", short_count(estimate.input_tokens)),
        "Nothing is sent until you decide.".into(),
    ]
}
