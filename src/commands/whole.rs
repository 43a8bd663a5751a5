//! What it means to send the whole documents to a remote LM: their tokens, what they cost, and whether they fit.

use super::Failure;
use crate::config::{Config, RemoteProvider};
use crate::document::Document;
use crate::protocol::{Message, Part, ReplyFormat, TokenCount, estimate_tokens, remote_only_worst};
use crate::remote::RemoteLm;

/// Tokens of what stands around documents and question in the request.
const AROUND: u64 = 300;

/// What the request would come to.
#[derive(Clone, Debug, PartialEq)]
pub struct Whole {
    pub model: String,
    pub tokens: u64,
    /// Whether the model's own tokenizer counted them.
    pub counted: bool,
    /// With every try and each answer at its cap; nothing where the price is not known.
    pub worst_usd: Option<f64>,
}

/// Refuses to send documents where no model could read them.
pub fn has_reader(config: &Config) -> Result<(), Failure> {
    if config.remote.provider != RemoteProvider::Offline {
        return Ok(());
    }
    Err(Failure::usage(
        "remote-only sends the whole document to a remote LM, and the offline planner has no model to read it: name one, such \
         as --set remote.provider=openai --set remote.model=NAME",
    ))
}

/// What sending these documents would come to. Refuses where no model could read them, or where they do not fit.
pub async fn fits(
    config: &Config,
    remote: &dyn RemoteLm,
    documents: &[Document],
    part: Option<&Part>,
    question: &str,
) -> Result<Whole, Failure> {
    has_reader(config)?;
    let mut text = question.to_owned();
    match part {
        Some(Part { span, .. }) => {
            let document = documents.get(span.document);
            text.push_str(document.and_then(|document| document.slice(span.start, span.end)).unwrap_or_default());
        }
        None => documents.iter().for_each(|document| text.push_str(&document.text)),
    }
    let bytes = text.len();
    let tokenizer = remote.tokenizer();
    let count = tokio::task::spawn_blocking(move || {
        tokenizer?.count_request(&[Message::user(text)], ReplyFormat::Json, || false)
    });
    let counted = count.await.ok().flatten();
    let tokens = counted.map_or(estimate_tokens(bytes), |count| count.tokens) + AROUND;
    let output = config.remote.max_output_tokens;
    if let Some(context) = remote.context_tokens().filter(|context| tokens + output > *context) {
        return Err(Failure::usage(format!(
            "the documents are about {tokens} tokens, and with an answer of up to {output} they do not fit into the {context} \
             of {}: ask about a part, take a model with a larger context (remote.context_tokens tells of one that the list \
             does not know), or use --protocol minions, which sends no document",
            remote.info().model
        )));
    }
    let prompt = estimate_tokens(question.len()) + AROUND;
    let tries = config.protocol.decision_attempts;
    let counted = counted.is_some_and(|count| count.counted);
    let whole = TokenCount { tokens, counted };
    let worst_usd = remote.info().price.map(|price| remote_only_worst(&price, whole, prompt, output, tries));
    Ok(Whole { model: remote.info().model, tokens, counted, worst_usd })
}

/// Why nothing was sent, and what to do to have it sent.
pub fn not_agreed(whole: &Whole) -> Failure {
    let about = if whole.counted { "" } else { "about " };
    let cost = match whole.worst_usd {
        Some(usd) => format!("for at most {about}${usd:.4}"),
        None => "at a price that is not known".to_owned(),
    };
    Failure::usage(format!(
        "remote-only sends the whole document to {}, {about}{} tokens {cost}; nothing was sent: add --yes-send-document to \
         agree",
        whole.model, whole.tokens
    ))
}
