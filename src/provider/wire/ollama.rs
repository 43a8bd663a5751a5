//! Ollama's own chat: `/api/chat`, whose stream is one JSON object a line.
//!
//! Source: <https://docs.ollama.com/api/chat>; streams: <https://docs.ollama.com/api/streaming>; JSON by schema:
//! <https://docs.ollama.com/capabilities/structured-outputs>; the context: <https://docs.ollama.com/context-length>.

use serde_json::{Map, Value, json};

use super::{Address, Wire, count, text};
use crate::config::ReasoningEffort;
use crate::provider::assembly::{Assembly, Counts, Ending};
use crate::provider::dialect::{FormatLevel, Part};
use crate::provider::request::{Asked, Format};

#[derive(Debug)]
pub struct Ollama;

impl Wire for Ollama {
    fn title(&self) -> &'static str {
        "Ollama chat"
    }

    fn root(&self) -> &'static str {
        "/api"
    }

    fn tail(&self) -> &'static str {
        "/chat"
    }

    fn address(&self, _model: &str, _stream: bool) -> Address {
        Address::of("chat")
    }

    fn listing(&self) -> Address {
        Address::of("tags")
    }

    fn body(&self, asked: &Asked<'_>) -> serde_json::Result<Vec<u8>> {
        let chat = asked.chat;
        let mut options = Map::new();
        options.insert("num_predict".into(), chat.max_output_tokens.into());
        if let Some(temperature) = asked.temperature {
            options.insert("temperature".into(), json!(temperature));
        }
        if let Some(tokens) = asked.context_tokens {
            options.insert("num_ctx".into(), tokens.into());
        }
        let mut body = Map::new();
        body.insert("model".into(), asked.model.into());
        body.insert("messages".into(), json!(chat.messages));
        body.insert("stream".into(), chat.stream.into());
        // Else what does not fit is cut off at its start, and nobody is told.
        body.insert("truncate".into(), false.into());
        body.insert("shift".into(), false.into());
        body.insert("options".into(), options.into());
        match (asked.format, chat.format) {
            (FormatLevel::Nothing, _) | (_, Format::Text) => {}
            (FormatLevel::Schema, Format::JsonSchema { schema, .. }) => {
                body.insert("format".into(), schema.clone());
            }
            (_, Format::JsonObject | Format::JsonSchema { .. }) => {
                body.insert("format".into(), "json".into());
            }
        }
        if let Some(effort) = asked.effort {
            body.insert("think".into(), think(effort));
        }
        serde_json::to_vec(&body)
    }

    fn names(&self, part: Part) -> &'static [&'static str] {
        match part {
            Part::CacheKey
            | Part::Count
            | Part::MaxTokens
            | Part::CompletionTokens
            | Part::Temperature
            | Part::Adaptive
            | Part::Template => &[],
            Part::Format => &["format", "schema", "grammar"],
            Part::Effort => &["think"],
        }
    }

    fn effort_word(&self, _model: &str, effort: ReasoningEffort) -> String {
        match think(effort) {
            Value::String(word) => word,
            other => other.to_string(),
        }
    }

    fn read(&self, piece: &Value, assembly: &mut Assembly) -> bool {
        let (message, done) = (piece.get("message"), piece.get("done").and_then(Value::as_bool));
        if message.is_none() && done.is_none() {
            return false;
        }
        if let Some(message) = message {
            assembly.text.push_str(text(message, "content").unwrap_or_default());
            assembly.reasoning_bytes += text(message, "thinking").map_or(0, str::len);
        }
        if done == Some(true) {
            assembly.ending = Some(match text(piece, "done_reason") {
                Some("length") => Ending::Length,
                _ => Ending::Stop,
            });
            assembly.counts = Counts {
                input: count(piece, "/prompt_eval_count"),
                // The input holds what was read from the cache.
                cached: count(piece, "/prompt_eval_cached_count"),
                output: count(piece, "/eval_count"),
                ..Counts::default()
            };
            assembly.complete = true;
        }
        true
    }

    fn streams_lines(&self) -> bool {
        true
    }

    fn description(&self, model: &str) -> Option<(Address, Value)> {
        Some((Address::of("show"), json!({ "model": model })))
    }

    fn sets_context(&self) -> bool {
        true
    }
}

fn think(effort: ReasoningEffort) -> Value {
    match effort {
        ReasoningEffort::None => false.into(),
        ReasoningEffort::Auto => true.into(),
        ReasoningEffort::Minimal | ReasoningEffort::Low => "low".into(),
        ReasoningEffort::Medium => "medium".into(),
        ReasoningEffort::High | ReasoningEffort::Xhigh => "high".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_counts_and_says_why_it_ended() {
        let mut assembly = Assembly::default();
        for piece in [
            json!({ "model": "m", "message": { "role": "assistant", "content": "", "thinking": "hm" }, "done": false }),
            json!({ "model": "m", "message": { "role": "assistant", "content": "4" }, "done": false }),
            json!({ "model": "m", "message": { "role": "assistant", "content": "" }, "done": true,
                "done_reason": "length", "prompt_eval_count": 26, "prompt_eval_cached_count": 16, "eval_count": 7 }),
        ] {
            assert!(!assembly.complete && Ollama.read(&piece, &mut assembly));
        }
        assert_eq!((assembly.text.as_str(), assembly.reasoning_bytes), ("4", 2));
        let expected = Counts { input: Some(26), cached: Some(16), output: Some(7), ..Counts::default() };
        assert_eq!(assembly.counts, expected);
        assert!(assembly.complete && assembly.ending == Some(Ending::Length));
        assert!(!Ollama.read(&json!({ "status": "ok" }), &mut assembly));
    }
}
