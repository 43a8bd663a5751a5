//! Gemini: `generateContent` and `streamGenerateContent`.
//!
//! Source: <https://ai.google.dev/api/generate-content>; thinking: <https://ai.google.dev/gemini-api/docs/thinking>; JSON by
//! schema: <https://ai.google.dev/gemini-api/docs/structured-output>. The cache of prompts needs no asking there.

use serde_json::{Map, Value, json};

use super::{Address, Wire, count, text};
use crate::config::ReasoningEffort;
use crate::protocol::{Message, Role};
use crate::provider::assembly::{Assembly, Counts, Ending};
use crate::provider::dialect::{FormatLevel, Part};
use crate::provider::request::{Asked, Format};

#[derive(Debug)]
pub struct Gemini;

impl Wire for Gemini {
    fn title(&self) -> &'static str {
        "Gemini generateContent"
    }

    fn root(&self) -> &'static str {
        "/v1beta"
    }

    fn tail(&self) -> &'static str {
        "/models"
    }

    fn address(&self, model: &str, stream: bool) -> Address {
        let model = model.strip_prefix("models/").unwrap_or(model);
        let method = if stream { "streamGenerateContent" } else { "generateContent" };
        let path = vec!["models".into(), format!("{model}:{method}")];
        let address = Address { path, query: None };
        if stream { address.with("alt", "sse") } else { address }
    }

    fn listing(&self) -> Address {
        Address::of("models").with("pageSize", "1000")
    }

    fn body(&self, asked: &Asked<'_>) -> serde_json::Result<Vec<u8>> {
        let chat = asked.chat;
        let mut body = Map::new();
        if let Some(system) = chat.system() {
            body.insert("systemInstruction".into(), json!({ "parts": [{ "text": system }] }));
        }
        let turn = |message: &Message| {
            let role = if message.role == Role::Assistant { "model" } else { "user" };
            json!({ "role": role, "parts": [{ "text": message.content }] })
        };
        body.insert("contents".into(), chat.turns().map(turn).collect());
        let mut generation = Map::new();
        generation.insert("maxOutputTokens".into(), chat.max_output_tokens.into());
        if let Some(temperature) = asked.temperature {
            generation.insert("temperature".into(), json!(temperature));
        }
        if asked.format < FormatLevel::Nothing {
            generation.insert("responseMimeType".into(), "application/json".into());
        }
        if let (FormatLevel::Schema, Format::JsonSchema { schema, .. }) = (asked.format, chat.format) {
            generation.insert("responseJsonSchema".into(), schema.clone());
        }
        if let Some(effort) = asked.effort {
            generation.insert("thinkingConfig".into(), thinking(asked.model, effort));
        }
        body.insert("generationConfig".into(), generation.into());
        serde_json::to_vec(&body)
    }

    fn names(&self, part: Part) -> &'static [&'static str] {
        match part {
            Part::CacheKey
            | Part::Count
            | Part::MaxTokens
            | Part::CompletionTokens
            | Part::Adaptive
            | Part::Template => &[],
            Part::Format => &[
                "responsejsonschema",
                "response_json_schema",
                "responseschema",
                "response_schema",
                "responsemimetype",
                "response_mime_type",
                "response mime type",
                "json mode",
            ],
            Part::Temperature => &["temperature"],
            Part::Effort => &["thinking"],
        }
    }

    fn effort_word(&self, model: &str, effort: ReasoningEffort) -> String {
        match thinking(model, effort).as_object().and_then(|config| config.values().next()) {
            Some(Value::String(word)) => word.clone(),
            other => other.map(Value::to_string).unwrap_or_default(),
        }
    }

    fn read(&self, piece: &Value, assembly: &mut Assembly) -> bool {
        let usage = piece.get("usageMetadata");
        if let Some(usage) = usage {
            assembly.counts = counts(usage);
        }
        let blocked = piece.pointer("/promptFeedback/blockReason").is_some();
        if blocked {
            assembly.ending = Some(Ending::Refused);
        }
        let Some(candidates) = piece.get("candidates").and_then(Value::as_array) else {
            return usage.is_some() || blocked;
        };
        let first = |candidate: &&Value| candidate.get("index").and_then(Value::as_u64).unwrap_or(0) == 0;
        let Some(candidate) = candidates.iter().find(first) else { return true };
        for part in candidate.pointer("/content/parts").and_then(Value::as_array).into_iter().flatten() {
            let words = text(part, "text").unwrap_or_default();
            match part.get("thought").and_then(Value::as_bool) {
                Some(true) => assembly.reasoning_bytes += words.len(),
                _ => assembly.text.push_str(words),
            }
        }
        if let Some(finish) = text(candidate, "finishReason") {
            assembly.ending = Some(ending(finish));
        }
        true
    }
}

/// Gemini 3 and later take a level, Gemini 2.5 a number of tokens.
fn thinking(model: &str, effort: ReasoningEffort) -> Value {
    let budget = match effort {
        ReasoningEffort::Auto => -1,
        ReasoningEffort::None => 0,
        ReasoningEffort::Minimal => 512,
        ReasoningEffort::Low => 1024,
        ReasoningEffort::Medium => 8192,
        ReasoningEffort::High | ReasoningEffort::Xhigh => 24_576,
    };
    if model.contains("gemini-2") {
        return json!({ "thinkingBudget": budget });
    }
    json!({ "thinkingLevel": match effort {
        ReasoningEffort::None | ReasoningEffort::Minimal => "minimal",
        ReasoningEffort::Low => "low",
        ReasoningEffort::Auto | ReasoningEffort::Medium => "medium",
        ReasoningEffort::High | ReasoningEffort::Xhigh => "high",
    } })
}

fn ending(finish: &str) -> Ending {
    match finish {
        "MAX_TOKENS" => Ending::Length,
        "OTHER" | "MALFORMED_RESPONSE" => Ending::BrokenOff,
        "LANGUAGE" | "SAFETY" | "RECITATION" | "BLOCKLIST" | "PROHIBITED_CONTENT" | "SPII" | "IMAGE_SAFETY" => {
            Ending::Refused
        }
        _ => Ending::Stop,
    }
}

/// Thoughts are counted beside the candidates, the cached part within the prompt.
fn counts(usage: &Value) -> Counts {
    let thoughts = count(usage, "/thoughtsTokenCount");
    let written = count(usage, "/candidatesTokenCount");
    Counts {
        input: count(usage, "/promptTokenCount"),
        cached: count(usage, "/cachedContentTokenCount"),
        cache_write: None,
        output: match (written, thoughts) {
            (None, None) => None,
            (written, thoughts) => Some(written.unwrap_or(0) + thoughts.unwrap_or(0)),
        },
        reasoning: thoughts,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thoughts_are_counted_as_output_and_left_out_of_the_text() {
        let mut assembly = Assembly::default();
        for piece in [
            json!({ "candidates": [{ "content": { "parts": [{ "text": "let me see", "thought": true }] } }],
                "usageMetadata": { "promptTokenCount": 100, "totalTokenCount": 100 } }),
            json!({ "candidates": [{ "content": { "parts": [{ "text": "4" }, { "text": "2" }] } }] }),
            json!({ "candidates": [{ "content": { "parts": [{ "text": "" }] }, "finishReason": "MAX_TOKENS" }],
                "usageMetadata": { "promptTokenCount": 100, "cachedContentTokenCount": 64, "candidatesTokenCount": 2,
                    "thoughtsTokenCount": 18, "totalTokenCount": 120 } }),
        ] {
            assert!(Gemini.read(&piece, &mut assembly));
        }
        let expected =
            Counts { input: Some(100), cached: Some(64), output: Some(20), reasoning: Some(18), ..Counts::default() };
        assert_eq!((assembly.text.as_str(), assembly.counts), ("42", expected));
        assert_eq!((assembly.reasoning_bytes, assembly.ending), (10, Some(Ending::Length)));
    }

    #[test]
    fn a_prompt_that_was_blocked_is_a_refusal() {
        let mut assembly = Assembly::default();
        assert!(Gemini.read(&json!({ "promptFeedback": { "blockReason": "SAFETY" } }), &mut assembly));
        assert_eq!(assembly.ending, Some(Ending::Refused));
        assert!(!Gemini.read(&json!({ "status": "ok" }), &mut assembly));
    }

    #[test]
    fn each_generation_is_told_to_think_in_its_own_words() {
        assert_eq!(thinking("gemini-2.5-flash", ReasoningEffort::None), json!({ "thinkingBudget": 0 }));
        assert_eq!(thinking("gemini-3-pro", ReasoningEffort::Low), json!({ "thinkingLevel": "low" }));
    }
}
