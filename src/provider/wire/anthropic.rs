//! Anthropic Messages.
//!
//! Source: <https://platform.claude.com/docs/en/api/messages>; streams: `/docs/en/build-with-claude/streaming`; errors:
//! `/docs/en/api/errors`; JSON by schema: `/docs/en/build-with-claude/structured-outputs`; thinking and effort:
//! `/docs/en/build-with-claude/effort`; caching: `/docs/en/build-with-claude/prompt-caching`.

use serde_json::{Map, Value, json};

use super::{Address, Wire, count, text};
use crate::config::ReasoningEffort;
use crate::protocol::Role;
use crate::provider::assembly::{Assembly, Ending};
use crate::provider::dialect::{FormatLevel, Part};
use crate::provider::request::{Asked, Cache, Format};

#[derive(Debug)]
pub struct Anthropic;

impl Wire for Anthropic {
    fn title(&self) -> &'static str {
        "Anthropic Messages"
    }

    fn root(&self) -> &'static str {
        "/v1"
    }

    fn tail(&self) -> &'static str {
        "/messages"
    }

    fn address(&self, _model: &str, _stream: bool) -> Address {
        Address::of("messages")
    }

    fn listing(&self) -> Address {
        Address::of("models").with("limit", "1000")
    }

    fn headers(&self) -> &'static [(&'static str, &'static str)] {
        &[("anthropic-version", "2023-06-01")]
    }

    fn body(&self, asked: &Asked<'_>) -> serde_json::Result<Vec<u8>> {
        let chat = asked.chat;
        let mut body = Map::new();
        body.insert("model".into(), asked.model.into());
        body.insert("max_tokens".into(), chat.max_output_tokens.into());
        if let Some(system) = chat.system() {
            body.insert("system".into(), json!([cached(&system)]));
        }
        let mut turns = chat.turns();
        let first = turns.next().map(|message| (message.role, blocks(&message.content, chat.cache)));
        let rest = turns.map(|message| (message.role, vec![plain(&message.content)]));
        let turn = |(role, blocks): (Role, Vec<Value>)| json!({ "role": role, "content": blocks });
        body.insert("messages".into(), first.into_iter().chain(rest).map(turn).collect());
        body.insert("stream".into(), chat.stream.into());
        let mut output = Map::new();
        let mut thinks = false;
        if let Some(effort) = asked.effort
            && let Some(thinking) = thinking(effort, asked.adaptive, chat.max_output_tokens)
        {
            body.insert("thinking".into(), thinking);
            thinks = effort != ReasoningEffort::None;
            if thinks && asked.adaptive {
                output.insert("effort".into(), word(effort).into());
            }
        }
        // Whoever thinks has a temperature of its own.
        if let Some(temperature) = asked.temperature.filter(|_| !thinks) {
            body.insert("temperature".into(), json!(temperature));
        }
        if let (FormatLevel::Schema, Format::JsonSchema { schema, .. }) = (asked.format, chat.format) {
            output.insert("format".into(), json!({ "type": "json_schema", "schema": schema }));
        }
        if !output.is_empty() {
            body.insert("output_config".into(), output.into());
        }
        serde_json::to_vec(&body)
    }

    fn names(&self, part: Part) -> &'static [&'static str] {
        match part {
            Part::CacheKey | Part::Count | Part::MaxTokens | Part::CompletionTokens | Part::Template => &[],
            Part::Adaptive => &["adaptive thinking", "thinking.type.adaptive\" is not"],
            Part::Format => {
                &["output_config.format", "output_format", "output format", "structured output", "json_schema"]
            }
            Part::Temperature => &["temperature"],
            Part::Effort => &["effort", "thinking"],
        }
    }

    fn effort_word(&self, _model: &str, effort: ReasoningEffort) -> String {
        word(effort).into()
    }

    fn read(&self, piece: &Value, assembly: &mut Assembly) -> bool {
        match text(piece, "type") {
            Some("message_start") => {
                if let Some(usage) = piece.pointer("/message/usage") {
                    take_counts(usage, assembly);
                }
            }
            Some("content_block_start") => {
                if let Some(block) = piece.get("content_block") {
                    take_block(block, assembly);
                }
            }
            Some("content_block_delta") => {
                let delta = piece.get("delta").unwrap_or(&Value::Null);
                assembly.text.push_str(text(delta, "text").unwrap_or_default());
                assembly.reasoning_bytes += text(delta, "thinking").map_or(0, str::len);
            }
            Some("message_delta") => {
                take_ending(piece.get("delta").unwrap_or(&Value::Null), assembly);
                if let Some(usage) = piece.get("usage") {
                    take_counts(usage, assembly);
                }
            }
            Some("message_stop") => assembly.complete = true,
            Some("message") => {
                piece
                    .get("content")
                    .and_then(Value::as_array)
                    .into_iter()
                    .flatten()
                    .for_each(|b| take_block(b, assembly));
                take_ending(piece, assembly);
                if let Some(usage) = piece.get("usage") {
                    take_counts(usage, assembly);
                }
            }
            Some("content_block_stop" | "ping") => {}
            _ => return false,
        }
        true
    }
}

fn word(effort: ReasoningEffort) -> &'static str {
    match effort {
        ReasoningEffort::None => "disabled",
        ReasoningEffort::Minimal => "low",
        effort => effort.name(),
    }
}

/// Claude 4.6 and later think as much as they see fit, and the effort steers it; those before take a number of tokens, of
/// 1,024 at least and fewer than the cap, of which half is left to the reply. Nothing where the cap leaves no room for both.
fn thinking(effort: ReasoningEffort, adaptive: bool, cap: u64) -> Option<Value> {
    const LEAST: u64 = 1024;
    if effort == ReasoningEffort::None {
        return Some(json!({ "type": "disabled" }));
    }
    if adaptive {
        return Some(json!({ "type": "adaptive" }));
    }
    let tokens = match effort {
        ReasoningEffort::Medium => 8192,
        ReasoningEffort::High | ReasoningEffort::Xhigh => 24_576,
        _ => LEAST,
    };
    (cap >= 2 * LEAST).then(|| json!({ "type": "enabled", "budget_tokens": tokens.min(cap / 2) }))
}

/// A text up to whose end the server is to remember what it read, so that the next request that begins with it is
/// cheaper. What is too short is not remembered, and not charged for.
fn cached(words: &str) -> Value {
    json!({ "type": "text", "text": words, "cache_control": { "type": "ephemeral" } })
}

fn plain(words: &str) -> Value {
    json!({ "type": "text", "text": words })
}

/// The first turn, of which the cache is to keep this.
fn blocks(words: &str, cache: Cache) -> Vec<Value> {
    match cache {
        Cache::Nothing => vec![plain(words)],
        Cache::Turn => vec![cached(words)],
        Cache::Start(bytes) => match words.split_at_checked(bytes) {
            // An empty block is refused.
            Some((start, rest)) if !start.trim().is_empty() && !rest.trim().is_empty() => {
                vec![cached(start), plain(rest)]
            }
            _ => vec![plain(words)],
        },
    }
}

fn take_block(block: &Value, assembly: &mut Assembly) {
    match text(block, "type") {
        Some("text") => assembly.text.push_str(text(block, "text").unwrap_or_default()),
        Some("thinking") => assembly.reasoning_bytes += text(block, "thinking").map_or(0, str::len),
        _ => {}
    }
}

fn take_ending(message: &Value, assembly: &mut Assembly) {
    assembly.ending = match text(message, "stop_reason") {
        None => return,
        Some("max_tokens" | "model_context_window_exceeded") => Some(Ending::Length),
        Some("refusal") => Some(Ending::Refused),
        Some(_) => Some(Ending::Stop),
    };
}

/// Counts come at the start and grow to the end; `input_tokens` are only those that no cache was read or written for.
fn take_counts(usage: &Value, assembly: &mut Assembly) {
    let counts = &mut assembly.counts;
    let read = count(usage, "/cache_read_input_tokens");
    let written = count(usage, "/cache_creation_input_tokens");
    if let Some(fresh) = count(usage, "/input_tokens") {
        // The last count may leave out what the first one told of the cache.
        let beside = counts.cached.unwrap_or(0) + counts.cache_write.unwrap_or(0);
        match (read, written) {
            (None, None) if counts.input.is_some_and(|input| input >= fresh + beside) => {}
            _ => counts.input = Some(fresh + read.unwrap_or(0) + written.unwrap_or(0)),
        }
    }
    counts.cached = read.or(counts.cached);
    counts.cache_write = written.or(counts.cache_write);
    counts.output = count(usage, "/output_tokens").or(counts.output);
    counts.reasoning = count(usage, "/output_tokens_details/thinking_tokens").or(counts.reasoning);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::assembly::Counts;

    fn assembled(pieces: &[Value]) -> Assembly {
        let mut assembly = Assembly::default();
        for piece in pieces {
            assert!(Anthropic.read(piece, &mut assembly), "{piece}");
        }
        assembly
    }

    #[test]
    fn a_stream_and_a_plain_message_read_the_same() {
        let streamed = assembled(&[
            json!({ "type": "message_start", "message": { "content": [], "usage": {
                "input_tokens": 10, "cache_read_input_tokens": 80, "cache_creation_input_tokens": 5, "output_tokens": 1 } } }),
            json!({ "type": "content_block_start", "index": 0, "content_block": { "type": "thinking", "thinking": "" } }),
            json!({ "type": "content_block_delta", "index": 0, "delta": { "type": "thinking_delta", "thinking": "hm" } }),
            json!({ "type": "content_block_delta", "index": 0, "delta": { "type": "signature_delta", "signature": "x" } }),
            json!({ "type": "ping" }),
            json!({ "type": "content_block_start", "index": 1, "content_block": { "type": "text", "text": "" } }),
            json!({ "type": "content_block_delta", "index": 1, "delta": { "type": "text_delta", "text": "yes" } }),
            json!({ "type": "content_block_stop", "index": 1 }),
            json!({ "type": "message_delta", "delta": { "stop_reason": "end_turn" }, "usage": { "output_tokens": 20,
                "output_tokens_details": { "thinking_tokens": 17 } } }),
            json!({ "type": "message_stop" }),
        ]);
        let plain = assembled(&[json!({ "type": "message", "stop_reason": "end_turn",
            "content": [{ "type": "thinking", "thinking": "hm" }, { "type": "text", "text": "yes" }],
            "usage": { "input_tokens": 10, "cache_read_input_tokens": 80, "cache_creation_input_tokens": 5,
                "output_tokens": 20, "output_tokens_details": { "thinking_tokens": 17 } } })]);
        let expected =
            Counts { input: Some(95), cached: Some(80), cache_write: Some(5), output: Some(20), reasoning: Some(17) };
        for assembly in [&streamed, &plain] {
            assert_eq!((assembly.text.as_str(), assembly.reasoning_bytes, assembly.counts), ("yes", 2, expected));
            assert_eq!(assembly.ending, Some(Ending::Stop));
        }
        assert!(streamed.complete);
    }

    #[test]
    fn a_model_that_takes_a_number_of_tokens_keeps_half_of_the_cap_for_the_reply() {
        let of = |effort, cap| thinking(effort, false, cap).map(|thinking| thinking["budget_tokens"].clone());
        assert_eq!(of(ReasoningEffort::Low, 4096), Some(json!(1024)));
        assert_eq!(of(ReasoningEffort::High, 4096), Some(json!(2048)));
        assert_eq!(of(ReasoningEffort::Medium, 64_000), Some(json!(8192)));
        assert_eq!(of(ReasoningEffort::High, 100), None);
    }

    #[test]
    fn a_last_count_of_all_tokens_replaces_the_first() {
        let start =
            json!({ "type": "message_start", "message": { "usage": { "input_tokens": 10, "output_tokens": 1 } } });
        let end = json!({ "type": "message_delta", "delta": { "stop_reason": "refusal" },
            "usage": { "input_tokens": 10, "cache_read_input_tokens": 7, "output_tokens": 3 } });
        let assembly = assembled(&[start, end]);
        assert_eq!((assembly.counts.input, assembly.counts.output), (Some(17), Some(3)));
        assert_eq!(assembly.ending, Some(Ending::Refused));
    }
}
