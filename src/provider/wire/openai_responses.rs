//! OpenAI Responses.
//!
//! Source: <https://platform.openai.com/docs/api-reference/responses>, and for streams
//! <https://platform.openai.com/docs/api-reference/responses-streaming>. A stream ends with `response.completed`,
//! `response.incomplete` or `response.failed`, each of which holds the whole response with its count.

use serde_json::{Map, Value, json};

use super::{Address, Wire, count, text};
use crate::provider::assembly::{Assembly, Counts, Ending};
use crate::provider::dialect::{FormatLevel, Part};
use crate::provider::refusal::Refusal;
use crate::provider::request::{Asked, Format};

#[derive(Debug)]
pub struct OpenAiResponses;

impl Wire for OpenAiResponses {
    fn title(&self) -> &'static str {
        "OpenAI Responses"
    }

    fn root(&self) -> &'static str {
        "/v1"
    }

    fn tail(&self) -> &'static str {
        "/responses"
    }

    fn address(&self, _model: &str, _stream: bool) -> Address {
        Address::of("responses")
    }

    /// What OpenAI takes.
    fn least_output(&self) -> u64 {
        16
    }

    fn body(&self, asked: &Asked<'_>) -> serde_json::Result<Vec<u8>> {
        let chat = asked.chat;
        let input: Vec<Value> =
            chat.turns().map(|message| json!({ "role": message.role, "content": message.content })).collect();
        let mut body = Map::new();
        body.insert("model".into(), asked.model.into());
        if let Some(system) = chat.system() {
            body.insert("instructions".into(), system.into());
        }
        body.insert("input".into(), input.into());
        body.insert("max_output_tokens".into(), chat.max_output_tokens.into());
        body.insert("stream".into(), chat.stream.into());
        // Else the reply is kept there for a month.
        body.insert("store".into(), false.into());
        if let Some(temperature) = asked.temperature {
            body.insert("temperature".into(), json!(temperature));
        }
        if let Some(effort) = asked.effort {
            body.insert("reasoning".into(), json!({ "effort": effort.name() }));
        }
        if let Some(format) = text_format(asked.format, chat.format) {
            body.insert("text".into(), json!({ "format": format }));
        }
        if let Some(key) = asked.cache_key() {
            body.insert("prompt_cache_key".into(), key.into());
        }
        serde_json::to_vec(&body)
    }

    fn names(&self, part: Part) -> &'static [&'static str] {
        match part {
            Part::Count | Part::MaxTokens | Part::CompletionTokens | Part::Adaptive | Part::Template => &[],
            Part::Format => &["text.format", "json_schema", "json_object", "structured output"],
            Part::Temperature => &["temperature"],
            Part::CacheKey => &["prompt_cache_key"],
            Part::Effort => {
                &["reasoning.effort", "reasoningeffort", "reasoning effort", "'reasoning'", "\"reasoning\""]
            }
        }
    }

    fn read(&self, piece: &Value, assembly: &mut Assembly) -> bool {
        let delta = || text(piece, "delta").unwrap_or_default();
        match text(piece, "type") {
            Some("response.output_text.delta") => assembly.text.push_str(delta()),
            Some("response.refusal.delta") => assembly.refusal.push_str(delta()),
            Some("response.reasoning_text.delta" | "response.reasoning_summary_text.delta") => {
                assembly.reasoning_bytes += delta().len();
            }
            Some("response.completed" | "response.incomplete") => {
                if let Some(response) = piece.get("response") {
                    finish(response, assembly);
                }
            }
            Some(kind) => return kind.starts_with("response."),
            None if text(piece, "object") == Some("response") || piece.get("output").is_some_and(Value::is_array) => {
                finish(piece, assembly);
            }
            None => return false,
        }
        true
    }

    fn refusal(&self, piece: &Value) -> Option<Refusal> {
        match text(piece, "type") {
            Some("response.failed") => Some(Refusal::of_json(piece.get("response")?).unwrap_or_default()),
            _ => Refusal::of_json(piece),
        }
    }
}

/// Takes a whole response: what the stream said of its text already is not taken again.
fn finish(response: &Value, assembly: &mut Assembly) {
    let (mut said, mut refused) = (String::new(), String::new());
    let items = response.get("output").and_then(Value::as_array).into_iter().flatten();
    for part in items.filter_map(|item| item.get("content")?.as_array()).flatten() {
        match text(part, "type") {
            Some("output_text") => said.push_str(text(part, "text").unwrap_or_default()),
            Some("refusal") => refused.push_str(text(part, "refusal").unwrap_or_default()),
            _ => {}
        }
    }
    if assembly.text.is_empty() {
        assembly.text = said;
    }
    if assembly.refusal.is_empty() {
        assembly.refusal = refused;
    }
    assembly.ending = Some(match response.pointer("/incomplete_details/reason").and_then(Value::as_str) {
        Some("content_filter") => Ending::Refused,
        Some(_) => Ending::Length,
        None if matches!(text(response, "status"), Some("failed" | "cancelled" | "incomplete")) => Ending::BrokenOff,
        None => Ending::Stop,
    });
    if let Some(usage) = response.get("usage") {
        assembly.counts = Counts {
            input: count(usage, "/input_tokens"),
            cached: count(usage, "/input_tokens_details/cached_tokens"),
            cache_write: count(usage, "/input_tokens_details/cache_write_tokens"),
            output: count(usage, "/output_tokens"),
            reasoning: count(usage, "/output_tokens_details/reasoning_tokens"),
        };
    }
    assembly.complete = true;
}

fn text_format(level: FormatLevel, format: Format<'_>) -> Option<Value> {
    match (level, format) {
        (FormatLevel::Nothing, _) | (_, Format::Text) => None,
        (FormatLevel::Schema, Format::JsonSchema { name, schema }) => {
            Some(json!({ "type": "json_schema", "name": name, "strict": true, "schema": schema }))
        }
        (_, Format::JsonObject | Format::JsonSchema { .. }) => Some(json!({ "type": "json_object" })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_is_read_whole_and_piece_by_piece_alike() {
        let whole = json!({ "object": "response", "status": "incomplete", "error": null,
            "incomplete_details": { "reason": "max_output_tokens" },
            "output": [{ "type": "reasoning", "summary": [] },
                { "type": "message", "content": [{ "type": "output_text", "text": "half of", "annotations": [] }] }],
            "usage": { "input_tokens": 9, "input_tokens_details": { "cached_tokens": 4 }, "output_tokens": 7,
                "output_tokens_details": { "reasoning_tokens": 5 }, "total_tokens": 16 } });
        let (mut plain, mut streamed) = (Assembly::default(), Assembly::default());
        assert!(OpenAiResponses.read(&whole, &mut plain));
        for piece in [
            json!({ "type": "response.created", "response": {} }),
            json!({ "type": "response.output_text.delta", "delta": "half " }),
            json!({ "type": "response.output_text.delta", "delta": "of" }),
            json!({ "type": "response.incomplete", "response": whole }),
        ] {
            assert!(OpenAiResponses.read(&piece, &mut streamed) && OpenAiResponses.refusal(&piece).is_none());
        }
        for assembly in [plain, streamed] {
            assert_eq!((assembly.text.as_str(), assembly.ending), ("half of", Some(Ending::Length)));
            let expected =
                Counts { input: Some(9), cached: Some(4), output: Some(7), reasoning: Some(5), ..Counts::default() };
            assert!(assembly.complete && assembly.counts == expected);
        }
    }

    #[test]
    fn a_failed_response_and_a_refusal_are_told_apart() {
        let failed = json!({ "type": "response.failed", "response": { "status": "failed",
            "error": { "code": "server_error", "message": "it broke" } } });
        assert_eq!(OpenAiResponses.refusal(&failed).unwrap().text, "it broke");
        let mut assembly = Assembly::default();
        OpenAiResponses.read(&json!({ "type": "response.refusal.delta", "delta": "I will not" }), &mut assembly);
        assert_eq!((assembly.refusal.as_str(), assembly.text.as_str()), ("I will not", ""));
    }
}
