//! OpenAI Chat Completions, and what the servers that imitate it were seen to do otherwise.
//!
//! Source: <https://platform.openai.com/docs/api-reference/chat>, and for streams
//! <https://platform.openai.com/docs/api-reference/chat-streaming>.

use serde::Serialize;
use serde_json::Value;

use super::{Address, Wire, count, text};
use crate::config::ReasoningEffort;
use crate::protocol::Message;
use crate::provider::assembly::{Assembly, Counts, Ending};
use crate::provider::dialect::{FormatLevel, Part};
use crate::provider::presets::EffortField;
use crate::provider::request::{Asked, Format};

#[derive(Debug)]
pub struct OpenAiChat;

impl Wire for OpenAiChat {
    fn title(&self) -> &'static str {
        "OpenAI Chat Completions"
    }

    fn root(&self) -> &'static str {
        "/v1"
    }

    fn tail(&self) -> &'static str {
        "/chat/completions"
    }

    fn address(&self, _model: &str, _stream: bool) -> Address {
        Address::of("chat/completions")
    }

    fn body(&self, asked: &Asked<'_>) -> serde_json::Result<Vec<u8>> {
        let (chat, field) = (asked.chat, asked.takes.effort);
        let cap = |named: bool| named.then_some(chat.max_output_tokens);
        // DeepSeek has a switch of its own, and passes the word over that others turn thoughts off by.
        let off = field == EffortField::Switch && asked.effort == Some(ReasoningEffort::None);
        let effort = |nested: bool| {
            asked.effort.filter(|_| !off && nested == (field == EffortField::Nested)).map(ReasoningEffort::name)
        };
        serde_json::to_vec(&Body {
            model: asked.model,
            messages: chat.messages,
            max_completion_tokens: cap(asked.completion_tokens),
            max_tokens: cap(!asked.completion_tokens),
            stream: chat.stream,
            stream_options: (chat.stream && asked.counted).then_some(StreamOptions { include_usage: true }),
            temperature: asked.temperature,
            reasoning_effort: effort(false),
            reasoning: effort(true).map(|effort| Reasoning { effort }),
            thinking: off.then_some(Thinking { kind: OFF }),
            response_format: ResponseFormat::of(asked.format, chat.format),
            prompt_cache_key: asked.cache_key(),
            chat_template_kwargs: asked.at_once.then_some(TemplateWishes { enable_thinking: false }),
        })
    }

    fn names(&self, part: Part) -> &'static [&'static str] {
        match part {
            Part::Count => &["stream_options", "include_usage"],
            Part::Format => &["response_format", "responseformat", "json_schema", "json_object", "structured output"],
            Part::MaxTokens | Part::CompletionTokens => &["max_completion_tokens", "maxcompletiontokens"],
            Part::Temperature => &["temperature"],
            Part::Adaptive => &[],
            Part::CacheKey => &["prompt_cache_key"],
            Part::Template => &["chat_template_kwargs", "enable_thinking"],
            // xAI calls it by a name that is in no request.
            Part::Effort => &[
                "reasoning_effort",
                "reasoningeffort",
                "reasoning.effort",
                "reasoning effort",
                "'reasoning'",
                "\"reasoning\"",
                "thinking",
            ],
        }
    }

    fn read(&self, piece: &Value, assembly: &mut Assembly) -> bool {
        // Groq streams its count in a part of its own.
        let usage = piece.get("usage").filter(|usage| usage.is_object()).or_else(|| piece.pointer("/x_groq/usage"));
        if let Some(usage) = usage {
            assembly.counts = counts(usage);
            assembly.counted_at_end = true;
        }
        let Some(choices) = piece.get("choices").and_then(Value::as_array) else { return false };
        let first = |choice: &&Value| choice.get("index").and_then(Value::as_u64).unwrap_or(0) == 0;
        let Some(choice) = choices.iter().find(first) else { return true };
        if let Some(finish) = text(choice, "finish_reason") {
            assembly.ending = Some(ending(finish));
        }
        let Some(said) = choice.get("delta").filter(|delta| delta.is_object()).or_else(|| choice.get("message")) else {
            return true;
        };
        // The same thoughts may stand under both names.
        let thoughts = text(said, "reasoning_content").or_else(|| text(said, "reasoning"));
        assembly.reasoning_bytes += thoughts.map_or(0, str::len);
        assembly.refusal.push_str(text(said, "refusal").unwrap_or_default());
        match said.get("content") {
            Some(Value::String(content)) => assembly.text.push_str(content),
            // Mistral's reasoning models give parts.
            Some(Value::Array(parts)) => {
                for part in parts.iter().filter(|part| text(part, "type") == Some("text")) {
                    assembly.text.push_str(text(part, "text").unwrap_or_default());
                }
            }
            _ => {}
        }
        true
    }
}

/// Thousands of jobs differ in their messages alone: nothing is copied for it.
#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    messages: &'a [Message],
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u64>,
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_options: Option<StreamOptions>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_effort: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning: Option<Reasoning>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking: Option<Thinking>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_format: Option<ResponseFormat<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt_cache_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    chat_template_kwargs: Option<TemplateWishes>,
}

/// What servers of open models pass on to the chat template: vLLM, SGLang and llama-server document it.
#[derive(Serialize)]
struct TemplateWishes {
    enable_thinking: bool,
}

#[derive(Serialize)]
struct StreamOptions {
    include_usage: bool,
}

#[derive(Serialize)]
struct Reasoning {
    effort: &'static str,
}

#[derive(Serialize)]
struct Thinking {
    #[serde(rename = "type")]
    kind: &'static str,
}

const OFF: &str = "disabled";

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum ResponseFormat<'a> {
    JsonObject,
    JsonSchema { json_schema: JsonSchema<'a> },
}

#[derive(Serialize)]
struct JsonSchema<'a> {
    name: &'a str,
    strict: bool,
    schema: &'a Value,
}

impl<'a> ResponseFormat<'a> {
    fn of(level: FormatLevel, format: Format<'a>) -> Option<Self> {
        match (level, format) {
            (FormatLevel::Nothing, _) | (_, Format::Text) => None,
            (FormatLevel::Schema, Format::JsonSchema { name, schema }) => {
                Some(Self::JsonSchema { json_schema: JsonSchema { name, strict: true, schema } })
            }
            (_, Format::JsonObject | Format::JsonSchema { .. }) => Some(Self::JsonObject),
        }
    }
}

fn ending(finish: &str) -> Ending {
    match finish {
        // `max_tokens` and `model_length` are what some servers say instead.
        "length" | "max_tokens" | "model_length" => Ending::Length,
        "content_filter" => Ending::Refused,
        // DeepSeek; OpenRouter; vLLM and SGLang.
        "insufficient_system_resource" | "error" | "abort" => Ending::BrokenOff,
        _ => Ending::Stop,
    }
}

fn counts(usage: &Value) -> Counts {
    let input = count(usage, "/prompt_tokens");
    let reasoning = count(usage, "/completion_tokens_details/reasoning_tokens");
    let completion = count(usage, "/completion_tokens");
    // xAI and Google count thoughts beside the completion, and not in it: then they are needed for the total.
    let beside = match (input, completion, count(usage, "/total_tokens")) {
        (Some(input), Some(completion), Some(total)) => total.saturating_sub(input + completion),
        _ => 0,
    };
    let reasoning = match beside {
        0 => reasoning,
        beside => Some(reasoning.unwrap_or(0).max(beside)),
    };
    Counts {
        input,
        // DeepSeek names the cached part otherwise.
        cached: count(usage, "/prompt_tokens_details/cached_tokens")
            .or_else(|| count(usage, "/prompt_cache_hit_tokens")),
        // OpenRouter tells of the caches that others keep.
        cache_write: count(usage, "/prompt_tokens_details/cache_write_tokens"),
        output: completion.map(|tokens| tokens + beside),
        reasoning,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn assembled(pieces: &[Value]) -> Assembly {
        let mut assembly = Assembly::default();
        for piece in pieces {
            OpenAiChat.read(piece, &mut assembly);
        }
        assembly
    }

    #[test]
    fn thoughts_are_no_part_of_the_text() {
        let assembly = assembled(&[
            json!({ "choices": [{ "delta": { "role": "assistant", "content": null, "reasoning_content": "let me see" } }] }),
            json!({ "choices": [{ "delta": { "reasoning": "hm" } }] }),
            json!({ "choices": [{ "delta": { "content": "4" } }] }),
            json!({ "choices": [{ "delta": { "content": [{ "type": "thinking", "thinking": [] }, { "type": "text", "text": "2" }] } }] }),
            json!({ "choices": [{ "delta": {}, "finish_reason": "stop" }] }),
        ]);
        assert_eq!((assembly.text.as_str(), assembly.reasoning_bytes), ("42", 12));
        assert_eq!((assembly.ending, assembly.flaw()), (Some(Ending::Stop), None));
    }

    #[test]
    fn each_server_counts_in_its_own_way() {
        let openai = json!({ "prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120,
            "prompt_tokens_details": { "cached_tokens": 64, "cache_write_tokens": 30 },
            "completion_tokens_details": { "reasoning_tokens": 15 } });
        let cache_write = Some(30);
        let expected =
            Counts { input: Some(100), cached: Some(64), cache_write, output: Some(20), reasoning: Some(15) };
        assert_eq!(counts(&openai), expected);
        let xai = json!({ "prompt_tokens": 100, "completion_tokens": 5, "total_tokens": 120,
            "prompt_tokens_details": { "cached_tokens": 64 }, "completion_tokens_details": { "reasoning_tokens": 15 } });
        assert_eq!(counts(&xai), Counts { cache_write: None, ..expected });
        let deepseek = json!({ "prompt_tokens": 100, "prompt_cache_hit_tokens": 64, "completion_tokens": 20 });
        assert_eq!(counts(&deepseek), Counts { reasoning: None, cache_write: None, ..expected });
        let google = json!({ "prompt_tokens": 1000, "completion_tokens": 20, "total_tokens": 1600 });
        let counted = counts(&google);
        assert_eq!((counted.output, counted.reasoning), (Some(600), Some(580)), "thoughts are named nowhere");
        let groq = json!({ "choices": [], "x_groq": { "usage": { "prompt_tokens": 3, "completion_tokens": 2 } } });
        assert_eq!(assembled(&[groq]).counts.input, Some(3));
    }

    #[test]
    fn why_a_reply_ended_is_read() {
        let ended =
            |finish: &str| assembled(&[json!({ "choices": [{ "message": {}, "finish_reason": finish }] })]).ending;
        assert_eq!(ended("length"), Some(Ending::Length));
        assert_eq!(ended("content_filter"), Some(Ending::Refused));
        assert_eq!(ended("tool_calls"), Some(Ending::Stop));
        for broken in ["insufficient_system_resource", "error", "abort"] {
            assert_eq!(ended(broken), Some(Ending::BrokenOff));
        }
        assert_eq!(assembled(&[json!({ "choices": [{ "message": {}, "finish_reason": null }] })]).ending, None);
    }
}
