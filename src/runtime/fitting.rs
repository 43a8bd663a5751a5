//! Whether a request fits into what the remote LM reads, before it leaves.

use crate::protocol::{Input, RemoteAsk, State, TokenCount};

/// The input that says why the request that is due must not leave; nothing where it may, where nothing is known of the
/// model's context, where its reply is on record, and where the person is shown it first. An estimate holds a request back
/// only where it is far too long: a refusal costs nothing, a wrong guess would cost the run.
pub(super) fn before(state: &State, context_tokens: Option<u64>, due: Option<&RemoteAsk>) -> Option<Input> {
    let context = context_tokens?;
    let request = due.filter(|request| !request.estimate.reused && !state.shows_request_first())?;
    let (estimate, output) = (request.estimate, request.max_output_tokens);
    let input = TokenCount { tokens: estimate.input_tokens, counted: estimate.counted };
    if input.at_least().saturating_add(output) <= context {
        return None;
    }
    let about = if input.counted { "" } else { "about " };
    Some(Input::Fault {
        error: format!(
            "the next request ({}) has {about}{} tokens, and with a reply of up to {output} it does not fit into the {context} of \
             {}, so it was not sent: lower remote.max_output_tokens, take a model with a longer context \
             (remote.context_tokens tells of one that the list does not know), or have fewer outputs handed on; then fork the \
             session",
            request.purpose.name(),
            input.tokens,
            state.remote().map_or("the remote LM", |remote| remote.model.as_str()),
        ),
    })
}
