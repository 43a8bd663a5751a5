//! The body of a chat request.

use serde_json::{Map, Value, json};

use super::dialect::Form;
use crate::protocol::Message;

/// One request to a model.
#[derive(Clone, Copy, Debug)]
pub struct Chat<'a> {
    pub messages: &'a [Message],
    pub format: Format<'a>,
    pub max_output_tokens: u64,
    /// Whether the reply is asked for piece by piece.
    pub stream: bool,
}

/// The form of the reply. A server that knows only a weaker form is asked for that one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Format<'a> {
    Text,
    JsonObject,
    JsonSchema { name: &'a str, schema: &'a Value },
}

/// The request as JSON, in the form this server is known to take.
pub fn body(chat: &Chat<'_>, model: &str, temperature: Option<f64>, form: Form) -> Value {
    let mut body = Map::new();
    body.insert("model".into(), model.into());
    body.insert("messages".into(), json!(chat.messages));
    let cap = if form.completion_tokens { "max_completion_tokens" } else { "max_tokens" };
    body.insert(cap.into(), chat.max_output_tokens.into());
    body.insert("stream".into(), chat.stream.into());
    if chat.stream && form.stream_options {
        body.insert("stream_options".into(), json!({ "include_usage": true }));
    }
    if let (Some(temperature), true) = (temperature, form.temperature) {
        body.insert("temperature".into(), json!(temperature));
    }
    if let Some(format) = form.format.shape(chat.format) {
        body.insert("response_format".into(), format);
    }
    Value::Object(body)
}
