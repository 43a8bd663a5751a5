//! Puts a reply together from the pieces of a stream, or from the one piece of a plain reply.

use serde_json::Value;

use crate::protocol::{Finish, Usage, estimate_tokens};

/// A reply as far as it has come.
#[derive(Debug, Default)]
pub struct Assembly {
    pub text: String,
    /// Why the server says the reply ended.
    finish: Option<String>,
    refusal: String,
    reasoning_bytes: usize,
    usage: Option<Value>,
}

/// What stands in the way of taking an ended reply as an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unusable {
    Empty,
    Refused,
}

impl Assembly {
    /// Takes the next piece and returns the text that it adds. Pieces that say nothing we know of are passed over, since
    /// servers put notes of their own between.
    pub fn take(&mut self, piece: &Value) -> Option<&str> {
        if let Some(usage) = piece.get("usage").filter(|usage| usage.is_object()) {
            self.usage = Some(usage.clone());
        }
        let choices = piece.get("choices")?.as_array()?;
        let choice = choices.iter().find(|choice| choice.get("index").and_then(Value::as_u64).unwrap_or(0) == 0)?;
        if let Some(finish) = choice.get("finish_reason").and_then(Value::as_str) {
            self.finish = Some(finish.to_owned());
        }
        let said = choice.get("delta").filter(|delta| delta.is_object()).or_else(|| choice.get("message"))?;
        // The same thoughts may stand under both names.
        let thoughts =
            ["reasoning_content", "reasoning"].iter().find_map(|name| said.get(name).and_then(Value::as_str));
        self.reasoning_bytes += thoughts.map_or(0, str::len);
        if let Some(refusal) = said.get("refusal").and_then(Value::as_str) {
            self.refusal.push_str(refusal);
        }
        let before = self.text.len();
        match said.get("content") {
            Some(Value::String(text)) => self.text.push_str(text),
            Some(Value::Array(parts)) => {
                for part in parts.iter().filter(|part| part.get("type").and_then(Value::as_str) == Some("text")) {
                    self.text.push_str(part.get("text").and_then(Value::as_str).unwrap_or_default());
                }
            }
            _ => {}
        }
        self.text.get(before..).filter(|text| !text.is_empty())
    }

    /// Whether the server said that nothing more of the text will come.
    pub fn is_finished(&self) -> bool {
        self.finish.is_some()
    }

    /// Whether the tokens have been counted, which servers do last.
    pub fn has_usage(&self) -> bool {
        self.usage.is_some()
    }

    pub fn finish(&self) -> Finish {
        match self.finish.as_deref() {
            // `max_tokens` and `model_length` are what some servers say instead.
            Some("length" | "max_tokens" | "model_length") => Finish::Length,
            _ => Finish::Stop,
        }
    }

    /// What is wrong with the reply, once it has ended.
    pub fn flaw(&self) -> Option<Unusable> {
        if self.finish.as_deref() == Some("content_filter") || (self.text.is_empty() && !self.refusal.is_empty()) {
            Some(Unusable::Refused)
        } else if self.text.trim().is_empty() && self.finish() == Finish::Stop {
            Some(Unusable::Empty)
        } else {
            None
        }
    }

    /// The tokens as the server counted them; what it did not count is estimated from `input_bytes` and the text.
    pub fn usage(&self, input_bytes: usize) -> Usage {
        let count = |path: &str| self.usage.as_ref()?.pointer(path)?.as_u64();
        let input = count("/prompt_tokens").filter(|tokens| *tokens > 0);
        let written = self.text.len() + self.reasoning_bytes;
        let output = count("/completion_tokens").filter(|tokens| *tokens > 0 || written == 0);
        let thought = count("/completion_tokens_details/reasoning_tokens");
        let input_tokens = input.unwrap_or_else(|| estimate_tokens(input_bytes));
        let output_tokens = output.unwrap_or_else(|| estimate_tokens(written));
        // DeepSeek names the cached part otherwise.
        let cached = count("/prompt_tokens_details/cached_tokens").or_else(|| count("/prompt_cache_hit_tokens"));
        let cached = cached.unwrap_or(0).min(input_tokens);
        let written_to_cache = count("/prompt_tokens_details/cache_write_tokens").unwrap_or(0);
        let reasoning_tokens = match (thought, output) {
            (Some(tokens), _) => tokens,
            (None, None) => estimate_tokens(self.reasoning_bytes),
            (None, Some(_)) => 0,
        };
        Usage {
            input_tokens,
            cached_input_tokens: cached,
            cache_write_input_tokens: written_to_cache.min(input_tokens - cached),
            output_tokens,
            reasoning_tokens: reasoning_tokens.min(output_tokens),
            estimated: input.is_none() || output.is_none(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn assembled(pieces: &[Value]) -> Assembly {
        let mut assembly = Assembly::default();
        for piece in pieces {
            assembly.take(piece);
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
        assert_eq!(assembly.text, "42");
        assert_eq!(assembly.usage(0).reasoning_tokens, 3);
        assert_eq!(assembly.flaw(), None);
    }

    #[test]
    fn the_servers_own_count_is_taken_whole() {
        let assembly = assembled(&[
            json!({ "choices": [{ "message": { "content": "yes" }, "finish_reason": "length" }] }),
            json!({ "choices": [], "usage": { "prompt_tokens": 100, "completion_tokens": 20,
                "prompt_tokens_details": { "cached_tokens": 64, "cache_write_tokens": 30 }, "completion_tokens_details": { "reasoning_tokens": 15 } } }),
        ]);
        assert_eq!(assembly.finish(), Finish::Length);
        assert_eq!(
            assembly.usage(9999),
            Usage {
                input_tokens: 100,
                cached_input_tokens: 64,
                cache_write_input_tokens: 30,
                output_tokens: 20,
                reasoning_tokens: 15,
                estimated: false
            }
        );
    }

    #[test]
    fn what_was_not_counted_is_estimated_and_says_so() {
        let whole = assembled(&[json!({ "choices": [{ "message": { "content": "eight by" } }] })]);
        assert_eq!(whole.usage(40), Usage { input_tokens: 10, output_tokens: 2, estimated: true, ..Usage::default() });
        let half = assembled(&[
            json!({ "choices": [{ "message": { "content": "eight by" } }], "usage": { "prompt_tokens": 7, "completion_tokens": 0 } }),
        ]);
        assert_eq!(half.usage(40), Usage { input_tokens: 7, output_tokens: 2, estimated: true, ..Usage::default() });
    }

    #[test]
    fn a_refusal_and_an_empty_reply_are_no_answers() {
        let refused = assembled(&[json!({ "choices": [{ "message": { "content": null, "refusal": "no" } }] })]);
        assert_eq!(refused.flaw(), Some(Unusable::Refused));
        let filtered =
            assembled(&[json!({ "choices": [{ "delta": { "content": "a" }, "finish_reason": "content_filter" }] })]);
        assert_eq!(filtered.flaw(), Some(Unusable::Refused));
        let empty = assembled(&[json!({ "choices": [{ "delta": {}, "finish_reason": "stop" }] })]);
        assert_eq!(empty.flaw(), Some(Unusable::Empty));
        let capped = assembled(&[json!({ "choices": [{ "delta": {}, "finish_reason": "length" }] })]);
        assert_eq!(capped.flaw(), None, "the tokens went into thoughts: a reply at its cap");
    }
}
