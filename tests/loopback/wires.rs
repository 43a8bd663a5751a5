//! How each provider writes: its replies whole and streamed, its counts and its errors, as their API pages show them.
//!
//! Sources: the pages named in `src/provider/wire/`, and for errors <https://platform.openai.com/docs/guides/error-codes>,
//! <https://platform.claude.com/docs/en/api/errors>, <https://ai.google.dev/gemini-api/docs/troubleshooting>,
//! <https://docs.ollama.com/api/errors>.

use minions::config::RemoteProvider;
use serde_json::{Value, json};

use super::Tokens;

/// A way to speak; each has its own paths on the scripted server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    Chat,
    Responses,
    Anthropic,
    Gemini,
    Ollama,
}

/// What a provider refuses a request for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    WrongKey,
    NoCredit,
    UnknownModel,
    TooLong,
    RateLimit,
    Overloaded,
    Broken,
}

impl Wire {
    pub const ALL: [Wire; 5] = [Wire::Chat, Wire::Responses, Wire::Anthropic, Wire::Gemini, Wire::Ollama];

    pub fn of(provider: RemoteProvider) -> Self {
        match provider {
            RemoteProvider::OpenaiResponses => Wire::Responses,
            RemoteProvider::Anthropic => Wire::Anthropic,
            RemoteProvider::Gemini => Wire::Gemini,
            RemoteProvider::Ollama => Wire::Ollama,
            _ => Wire::Chat,
        }
    }

    pub fn provider(self) -> RemoteProvider {
        match self {
            Wire::Chat => RemoteProvider::Openai,
            Wire::Responses => RemoteProvider::OpenaiResponses,
            Wire::Anthropic => RemoteProvider::Anthropic,
            Wire::Gemini => RemoteProvider::Gemini,
            Wire::Ollama => RemoteProvider::Ollama,
        }
    }

    /// The path below which it is served.
    pub fn root(self) -> &'static str {
        match self {
            Wire::Chat | Wire::Responses | Wire::Anthropic => "/v1",
            Wire::Gemini => "/v1beta",
            Wire::Ollama => "/api",
        }
    }

    /// The kind of its streams.
    pub fn content_type(self) -> &'static str {
        if self == Wire::Ollama { "application/x-ndjson" } else { "text/event-stream" }
    }

    /// Tokens as far as it has a word for them.
    pub fn counts(self, tokens: Tokens) -> Tokens {
        match self {
            Wire::Ollama => Tokens { reasoning: 0, ..tokens },
            _ => tokens,
        }
    }

    /// Tokens that it says were written to its cache: a third of what was not read from there.
    pub fn written(self, tokens: Tokens) -> u64 {
        match self {
            Wire::Anthropic => (tokens.input - tokens.cached) / 3,
            _ => 0,
        }
    }

    fn usage(self, tokens: Tokens) -> Value {
        let Tokens { input, cached, output, reasoning } = tokens;
        match self {
            Wire::Chat => json!({
                "prompt_tokens": input, "completion_tokens": output, "total_tokens": input + output,
                "prompt_tokens_details": { "cached_tokens": cached, "audio_tokens": 0 },
                "completion_tokens_details": { "reasoning_tokens": reasoning, "accepted_prediction_tokens": 0 },
            }),
            Wire::Responses => json!({
                "input_tokens": input, "input_tokens_details": { "cached_tokens": cached },
                "output_tokens": output, "output_tokens_details": { "reasoning_tokens": reasoning },
                "total_tokens": input + output,
            }),
            Wire::Anthropic => {
                let written = self.written(tokens);
                json!({
                    "input_tokens": input - cached - written, "cache_creation_input_tokens": written,
                    "cache_read_input_tokens": cached, "output_tokens": output,
                    "output_tokens_details": { "thinking_tokens": reasoning }, "service_tier": "standard",
                })
            }
            Wire::Gemini => json!({
                "promptTokenCount": input, "cachedContentTokenCount": cached, "candidatesTokenCount": output - reasoning,
                "thoughtsTokenCount": reasoning, "totalTokenCount": input + output,
            }),
            Wire::Ollama => {
                json!({ "prompt_eval_count": input, "prompt_eval_cached_count": cached, "eval_count": output })
            }
        }
    }

    /// Why a reply ended, in its own word; `finish` is OpenAI's.
    fn finish(self, finish: &str) -> Value {
        match (self, finish) {
            (Wire::Chat, finish) => json!(finish),
            (Wire::Anthropic, "length") => json!("max_tokens"),
            (Wire::Anthropic, "content_filter") => json!("refusal"),
            (Wire::Anthropic, _) => json!("end_turn"),
            (Wire::Gemini, "length") => json!("MAX_TOKENS"),
            (Wire::Gemini, "content_filter") => json!("SAFETY"),
            (Wire::Gemini, _) => json!("STOP"),
            (Wire::Responses, "length") => json!({ "reason": "max_output_tokens" }),
            (Wire::Responses, "content_filter") => json!({ "reason": "content_filter" }),
            (Wire::Responses, _) => Value::Null,
            (Wire::Ollama, finish) => json!(finish),
        }
    }

    /// A reply in one piece.
    pub fn whole(self, text: &str, finish: &str, tokens: Tokens) -> Value {
        let (end, usage) = (self.finish(finish), self.usage(tokens));
        match self {
            Wire::Chat => json!({
                "object": "chat.completion", "usage": usage,
                "choices": [{ "index": 0, "message": { "role": "assistant", "content": text }, "finish_reason": end }],
            }),
            Wire::Responses => {
                let status = if end.is_null() { "completed" } else { "incomplete" };
                json!({
                    "id": "resp_1", "object": "response", "status": status, "error": null, "incomplete_details": end,
                    "output": [{ "type": "reasoning", "summary": [] }, { "type": "message", "role": "assistant",
                        "content": [{ "type": "output_text", "text": text, "annotations": [] }] }],
                    "usage": usage,
                })
            }
            Wire::Anthropic => json!({
                "id": "msg_1", "type": "message", "role": "assistant", "stop_reason": end, "stop_sequence": null,
                "content": [{ "type": "text", "text": text }], "usage": usage,
            }),
            Wire::Gemini => json!({
                "candidates": [{ "content": { "role": "model", "parts": [{ "text": text }] }, "finishReason": end, "index": 0 }],
                "usageMetadata": usage, "modelVersion": "test-model",
            }),
            Wire::Ollama => {
                let mut last = json!({ "model": "test-model", "message": { "role": "assistant", "content": text },
                    "done": true, "done_reason": end, "total_duration": 4883583458u64 });
                merge(&mut last, usage);
                last
            }
        }
    }

    /// The pieces before the text ends, one a word.
    pub fn pieces(self, text: &str, tokens: Tokens) -> Vec<Value> {
        let words = text.split_inclusive(' ');
        let mut pieces = match self {
            Wire::Chat => vec![chunk(json!({ "role": "assistant", "content": "" }), Value::Null)],
            Wire::Responses => vec![
                json!({ "type": "response.created", "response": { "object": "response", "status": "in_progress", "output": [] } }),
                json!({ "type": "response.output_item.added", "output_index": 0, "item": { "type": "message", "content": [] } }),
            ],
            Wire::Anthropic => {
                let mut usage = self.usage(tokens);
                usage["output_tokens"] = json!(1);
                vec![
                    json!({ "type": "message_start", "message": { "type": "message", "role": "assistant", "content": [],
                        "stop_reason": null, "usage": usage } }),
                    json!({ "type": "content_block_start", "index": 0, "content_block": { "type": "text", "text": "" } }),
                    json!({ "type": "ping" }),
                ]
            }
            Wire::Gemini => Vec::new(),
            Wire::Ollama => {
                vec![json!({ "model": "test-model", "message": { "role": "assistant", "content": "" }, "done": false })]
            }
        };
        pieces.extend(words.map(|word| match self {
            Wire::Chat => chunk(json!({ "content": word }), Value::Null),
            Wire::Responses => json!({ "type": "response.output_text.delta", "output_index": 0, "content_index": 0, "delta": word }),
            Wire::Anthropic => json!({ "type": "content_block_delta", "index": 0, "delta": { "type": "text_delta", "text": word } }),
            Wire::Gemini => json!({ "candidates": [{ "content": { "role": "model", "parts": [{ "text": word }] }, "index": 0 }],
                "usageMetadata": { "promptTokenCount": tokens.input, "candidatesTokenCount": 1, "totalTokenCount": tokens.input + 1 } }),
            Wire::Ollama => json!({ "model": "test-model", "message": { "role": "assistant", "content": word }, "done": false }),
        }));
        pieces
    }

    /// The pieces that end a stream, with the count where it is sent.
    pub fn ending(self, text: &str, finish: &str, tokens: Option<Tokens>) -> Vec<Value> {
        let end = self.finish(finish);
        match self {
            Wire::Chat => {
                let mut last = vec![chunk(json!({}), end)];
                last.extend(tokens.map(
                    |tokens| json!({ "object": "chat.completion.chunk", "choices": [], "usage": self.usage(tokens) }),
                ));
                last
            }
            Wire::Responses => {
                let kind = if end.is_null() { "response.completed" } else { "response.incomplete" };
                vec![json!({ "type": kind, "response": self.whole(text, finish, tokens.unwrap_or_default()) })]
            }
            Wire::Anthropic => vec![
                json!({ "type": "content_block_stop", "index": 0 }),
                json!({ "type": "message_delta", "delta": { "stop_reason": end, "stop_sequence": null },
                    "usage": self.usage(tokens.unwrap_or_default()) }),
                json!({ "type": "message_stop" }),
            ],
            Wire::Gemini | Wire::Ollama => vec![self.whole("", finish, tokens.unwrap_or_default())],
        }
    }

    /// One piece as it stands in the stream.
    pub fn framed(self, piece: &Value) -> String {
        match self {
            Wire::Ollama => format!("{piece}\n"),
            Wire::Responses | Wire::Anthropic => {
                format!("event: {}\ndata: {piece}\n\n", piece["type"].as_str().unwrap_or("error"))
            }
            Wire::Chat | Wire::Gemini => format!("data: {piece}\n\n"),
        }
    }

    /// An error inside a stream that began well.
    pub fn error_piece(self, message: &str) -> Value {
        match self {
            Wire::Chat => json!({ "error": { "message": message, "type": "server_error", "code": null } }),
            Wire::Responses => json!({ "type": "error", "code": "server_error", "message": message, "param": null }),
            Wire::Anthropic => json!({ "type": "error", "error": { "type": "overloaded_error", "message": message } }),
            Wire::Gemini => json!({ "error": { "code": 503, "message": message, "status": "UNAVAILABLE" } }),
            Wire::Ollama => json!({ "error": message }),
        }
    }

    /// A refusal: its status and its body. `words` is a secret that the provider repeats where it would.
    pub fn refusal(self, refused: Refused, words: &str) -> (u16, Value) {
        use Refused::*;
        let openai = |status: u16, kind: &str, code: &str, message: &str| {
            (status, json!({ "error": { "message": message, "type": kind, "param": null, "code": code } }))
        };
        let anthropic = |status: u16, kind: &str, message: &str| {
            (status, json!({ "type": "error", "error": { "type": kind, "message": message }, "request_id": "req_1" }))
        };
        let gemini = |code: u16, status: &str, message: &str, details: Value| {
            (code, json!({ "error": { "code": code, "message": message, "status": status, "details": details } }))
        };
        match (self, refused) {
            (Wire::Chat | Wire::Responses, refused) => match refused {
                WrongKey => openai(
                    401,
                    "invalid_request_error",
                    "invalid_api_key",
                    &format!("Incorrect API key provided: {words}."),
                ),
                NoCredit => openai(
                    429,
                    "insufficient_quota",
                    "insufficient_quota",
                    "You exceeded your current quota, please check your plan and billing details.",
                ),
                UnknownModel => openai(
                    404,
                    "invalid_request_error",
                    "model_not_found",
                    "The model `tset-model` does not exist or you do not have access to it.",
                ),
                TooLong => openai(
                    400,
                    "invalid_request_error",
                    "context_length_exceeded",
                    "This model's maximum context length is 8192 tokens.",
                ),
                RateLimit => openai(429, "requests", "rate_limit_exceeded", "Rate limit reached for requests."),
                Overloaded => {
                    openai(503, "server_error", "", "The engine is currently overloaded, please try again later.")
                }
                Broken => openai(500, "server_error", "", "The server had an error while processing your request."),
            },
            (Wire::Anthropic, refused) => match refused {
                WrongKey => anthropic(401, "authentication_error", &format!("invalid x-api-key {words}")),
                NoCredit => anthropic(
                    400,
                    "invalid_request_error",
                    "Your credit balance is too low to access the Anthropic API.",
                ),
                UnknownModel => anthropic(404, "not_found_error", "model: tset-model"),
                TooLong => {
                    anthropic(400, "invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum")
                }
                RateLimit => anthropic(429, "rate_limit_error", "This request would exceed your account's rate limit."),
                Overloaded => anthropic(529, "overloaded_error", "Overloaded"),
                Broken => anthropic(500, "api_error", "Internal server error"),
            },
            (Wire::Gemini, refused) => match refused {
                WrongKey => gemini(
                    400,
                    "INVALID_ARGUMENT",
                    &format!("API key not valid. Please pass a valid API key. {words}"),
                    json!([{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID" }]),
                ),
                NoCredit => gemini(
                    429,
                    "RESOURCE_EXHAUSTED",
                    "You exceeded your current quota, please check your plan and billing details.",
                    json!([]),
                ),
                UnknownModel => gemini(
                    404,
                    "NOT_FOUND",
                    "models/tset-model is not found for API version v1beta, or is not supported for generateContent.",
                    json!([]),
                ),
                TooLong => gemini(
                    400,
                    "INVALID_ARGUMENT",
                    "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
                    json!([]),
                ),
                RateLimit => gemini(
                    429,
                    "RESOURCE_EXHAUSTED",
                    "You exceeded your current quota, please check your plan and billing details.",
                    json!([{ "@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "17s" }]),
                ),
                Overloaded => gemini(503, "UNAVAILABLE", "The model is overloaded. Please try again later.", json!([])),
                Broken => gemini(500, "INTERNAL", "An internal error has occurred.", json!([])),
            },
            (Wire::Ollama, refused) => match refused {
                WrongKey => (401, json!({ "error": "unauthorized" })),
                NoCredit => (402, json!({ "error": "you have reached your usage limit" })),
                UnknownModel => (404, json!({ "error": "model 'tset-model' not found" })),
                TooLong => (400, json!({ "error": "the prompt exceeds the context length of the model" })),
                RateLimit => (429, json!({ "error": "too many requests" })),
                Overloaded => {
                    (503, json!({ "error": "server busy, please try again. maximum pending requests exceeded" }))
                }
                Broken => (500, json!({ "error": "llama runner process has terminated" })),
            },
        }
    }

    /// Its list of models.
    pub fn listing(self) -> Value {
        match self {
            Wire::Chat | Wire::Responses | Wire::Anthropic => {
                json!({ "object": "list", "data": [{ "id": "test-model", "object": "model" }] })
            }
            Wire::Gemini => json!({ "models": [
                { "name": "models/test-model", "inputTokenLimit": 100_000, "supportedGenerationMethods": ["generateContent"] },
                { "name": "models/test-embedding", "supportedGenerationMethods": ["embedContent"] }] }),
            Wire::Ollama => json!({ "models": [{ "name": "test-model:latest", "model": "test-model:latest" }] }),
        }
    }
}

fn chunk(delta: Value, finish: Value) -> Value {
    json!({ "object": "chat.completion.chunk", "choices": [{ "index": 0, "delta": delta, "finish_reason": finish }] })
}

fn merge(into: &mut Value, from: Value) {
    if let (Value::Object(into), Value::Object(from)) = (into, from) {
        into.extend(from);
    }
}
