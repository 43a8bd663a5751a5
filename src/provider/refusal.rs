//! What a server says went wrong, read from the many shapes in which servers say it.

use std::time::Duration;

use serde_json::Value;

/// A server's own account of an error. Nothing in it has been escaped or checked for secrets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refusal {
    /// An HTTP status that stands in the account itself, as in an error inside a stream.
    pub status: Option<u16>,
    /// `code`, `type` and `status`, such as `insufficient_quota`.
    pub codes: String,
    pub text: String,
    /// What the model had written, where that is what is wrong (Groq: `failed_generation`).
    pub written: String,
    /// A wait that stands in the account itself.
    pub retry_after: Option<Duration>,
}

impl Refusal {
    /// Reads the body of a refusal: JSON in one of its known shapes, or else the text itself.
    pub fn read(body: &str) -> Self {
        match serde_json::from_str::<Value>(body) {
            Ok(value) => Self::of_json(&value).unwrap_or_else(|| match value.get("message").and_then(Value::as_str) {
                Some(text) => Self::of_text(text),
                None if body.len() < "{ }\r\n".len() => Self::default(),
                None => Self::of_text(body),
            }),
            Err(_) => Self::of_text(body),
        }
    }

    pub fn of_text(text: &str) -> Self {
        Self { text: text.trim().to_owned(), ..Self::default() }
    }

    /// The error that a JSON value tells of, if it does: `{"error":{"message":…}}` (OpenAI), `{"error":"…"}` (Ollama),
    /// `{"object":"error","message":…}` (vLLM), `{"type":"error","error":{…}}` (Anthropic), `{"type":"error","message":…}`
    /// (OpenAI Responses), `{"detail":…}` (FastAPI), and any of these in a list (Google).
    pub fn of_json(value: &Value) -> Option<Self> {
        let value = value.as_array().and_then(|list| list.first()).unwrap_or(value);
        if let Some(error) = value.get("error").filter(|error| !error.is_null()) {
            return Some(match error {
                Value::String(text) => Self { codes: codes(value), ..Self::of_text(text) },
                error => Self::of_object(error),
            });
        }
        if ["object", "type"].iter().any(|name| value.get(name).and_then(Value::as_str) == Some("error")) {
            return Some(Self::of_object(value));
        }
        match value.get("detail")? {
            Value::String(text) => Some(Self::of_text(text)),
            detail => Some(Self::of_text(detail.pointer("/0/msg").and_then(Value::as_str).unwrap_or_default())),
        }
    }

    fn of_object(error: &Value) -> Self {
        let text = error.get("message").and_then(Value::as_str).unwrap_or_default();
        let number = error.get("code").or_else(|| error.get("status")).and_then(Value::as_u64);
        let status = number.and_then(|code| u16::try_from(code).ok()).filter(|code| (400..600).contains(code));
        let written = error.get("failed_generation").and_then(Value::as_str).unwrap_or_default().to_owned();
        Self { status, codes: codes(error), text: text.trim().to_owned(), written, retry_after: retry_delay(error) }
    }

    /// Whether codes or text hold one of these words, in any case.
    pub fn speaks_of(&self, words: &[&str]) -> bool {
        let (codes, text) = (self.codes.to_ascii_lowercase(), self.text.to_ascii_lowercase());
        words.iter().any(|word| codes.contains(word) || text.contains(word))
    }

    pub fn is_context_length(&self) -> bool {
        self.speaks_of(&[
            "context_length",
            "context length",
            "context size",
            "context window",
            "exceed_context",
            "prompt is too long",
            "exceeds the available context",
            "exceeds context",
            "too many tokens",
            "maximum number of tokens",
            // Anthropic, xAI, and Text Generation Inference.
            "exceed context limit",
            "maximum prompt length",
            "`max_new_tokens` must be <=",
            "`inputs` must have less than",
        ])
    }

    /// Whether more output is asked for than the model ever writes.
    pub fn is_output_cap(&self) -> bool {
        let capped = self.speaks_of(&[
            "maximum allowed number of output tokens",
            "max_tokens is too large",
            "max_completion_tokens is too large",
            "max_tokens` must be less than or equal to",
            "max_completion_tokens` must be less than or equal to",
            "valid range of max_tokens",
        ]);
        capped && !self.is_context_length()
    }

    /// Whether the model came to the cap on output before it wrote anything, as it does where thoughts take all of it.
    pub fn is_at_cap(&self) -> bool {
        self.speaks_of(&["model output limit was reached"])
    }

    /// Whether the request alone is more than the account may send in a minute, so that no wait helps; and how many tokens
    /// that is, where it is told.
    pub fn over_rate(&self) -> Option<Option<u64>> {
        let over = self.speaks_of(&["request too large"])
            && self.speaks_of(&["tokens per min", "must be reduced", "reduce your message size"]);
        let limit = || {
            let (_, behind) = self.text.split_once("Limit ")?;
            let digits = behind.find(|c: char| !c.is_ascii_digit()).unwrap_or(behind.len());
            behind[..digits].parse().ok()
        };
        over.then(limit)
    }

    /// Whether it is not the request that is wrong but what the model made of it.
    pub fn is_bad_generation(&self) -> bool {
        self.codes.contains("json_validate_failed")
    }

    pub fn is_quota(&self) -> bool {
        self.speaks_of(&[
            "insufficient_quota",
            "billing",
            "credit balance",
            "insufficient credit",
            "insufficient balance",
            "exceeded your current quota",
        ])
    }

    pub fn is_moderation(&self) -> bool {
        self.speaks_of(&[
            "content_filter",
            "content_policy",
            "content policy",
            "moderation",
            "flagged",
            "responsibleai",
        ])
    }

    /// Whether the key is not accepted, which Google says with a status for any wrong request.
    pub fn is_key(&self) -> bool {
        self.speaks_of(&[
            "authentication_error",
            "invalid_api_key",
            "incorrect api key",
            "api key not valid",
            "api_key_invalid",
        ])
    }

    /// Whether this model is not known there.
    pub fn is_unknown_model(&self, model: &str) -> bool {
        const UNKNOWN: [&str; 8] = [
            "not found",
            "not_found",
            "not exist",
            "unknown model",
            "invalid model",
            "not a valid model",
            "deploymentnotfound",
            "no such model",
        ];
        let named =
            self.text.contains(model) || self.speaks_of(&["model_not_found", "model not exist", "deploymentnotfound"]);
        named && self.speaks_of(&UNKNOWN)
    }

    /// The status that fits an error told inside a stream that began well.
    pub fn likely_status(&self) -> u16 {
        if let Some(status) = self.status {
            status
        } else if self.is_context_length() {
            400
        } else if self.speaks_of(&["overloaded"]) {
            529
        } else if self.is_quota() || self.speaks_of(&["rate_limit", "rate limit", "too many requests"]) {
            429
        } else if self.is_key() || self.speaks_of(&["authentication", "permission_error"]) {
            401
        } else if self.speaks_of(&["model_not_found", "not_found_error"]) {
            404
        } else if self.speaks_of(&["invalid_request", "invalid_prompt"]) {
            400
        } else {
            500
        }
    }
}

fn codes(error: &Value) -> String {
    let names: Vec<&str> =
        ["code", "type", "status"].iter().filter_map(|name| error.get(name).and_then(Value::as_str)).collect();
    names.join(" ")
}

/// Google names the wait in a part of its account: `{"@type":"…RetryInfo","retryDelay":"17s"}`.
fn retry_delay(error: &Value) -> Option<Duration> {
    let details = error.get("details")?.as_array()?;
    let named = details.iter().find_map(|detail| detail.get("retryDelay")?.as_str())?;
    Duration::try_from_secs_f64(named.strip_suffix('s')?.parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_of_error_is_read() {
        for body in [
            r#"{"error":{"message":"no such model","type":"invalid_request_error","code":"model_not_found"}}"#,
            r#"{"error":"no such model"}"#,
            r#"{"object":"error","message":"no such model","code":404}"#,
            r#"{"detail":"no such model"}"#,
            r#"{"message":"no such model"}"#,
            r#"{"detail":[{"loc":["body"],"msg":"no such model"}]}"#,
            r#"[{"error":{"message":"no such model"}}]"#,
            r#"{"type":"error","error":{"type":"not_found_error","message":"no such model"}}"#,
            r#"{"type":"error","code":null,"message":"no such model"}"#,
            "no such model\n",
        ] {
            assert_eq!(Refusal::read(body).text, "no such model", "{body}");
        }
        assert_eq!(Refusal::read("{}\n"), Refusal::default());
    }

    #[test]
    fn a_completion_is_no_error() {
        assert_eq!(Refusal::of_json(&serde_json::json!({ "choices": [], "error": null })), None);
    }

    #[test]
    fn an_error_in_a_stream_gets_the_status_it_would_have_had() {
        let status = |body: &str| Refusal::read(body).likely_status();
        assert_eq!(status(r#"{"error":{"code":502,"message":"upstream"}}"#), 502);
        assert_eq!(status(r#"{"error":{"code":"insufficient_quota"}}"#), 429);
        assert_eq!(status(r#"{"error":{"message":"This model's maximum context length is 4096 tokens"}}"#), 400);
        assert_eq!(status(r#"{"error":{"message":"Overloaded"}}"#), 529);
        assert_eq!(status(r#"{"type":"error","error":{"type":"api_error","message":"Internal"}}"#), 500);
        assert_eq!(status(r#"{"type":"error","error":{"type":"authentication_error"}}"#), 401);
    }

    #[test]
    fn what_is_too_long_is_told_from_what_would_write_too_much() {
        for text in [
            "This model's maximum prompt length is 131072 but the request contains 136973 tokens.",
            "input length and `max_tokens` exceed context limit: 199759 + 8192 > 200000, decrease input length",
            "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000",
            "'max_tokens' or 'max_completion_tokens' is too large: 64000. This model's maximum context length is 4096 tokens",
        ] {
            let refusal = Refusal::of_text(text);
            assert!(refusal.is_context_length() && !refusal.is_output_cap(), "{text}");
        }
        for text in [
            "max_tokens: 64000 > 8192, which is the maximum allowed number of output tokens for claude-3-5-haiku",
            "max_tokens is too large: 8192. This model supports at most 4096 completion tokens, whereas you provided 8192.",
            "`max_tokens` must be less than or equal to `8192`, the maximum value for `max_tokens`",
            "Invalid max_tokens value, the valid range of max_tokens is [1, 8192]",
        ] {
            let refusal = Refusal::of_text(text);
            assert!(!refusal.is_context_length() && refusal.is_output_cap(), "{text}");
        }
    }

    #[test]
    fn a_request_that_is_more_than_a_minute_allows_is_told_from_one_too_many() {
        let openai = "Request too large for gpt-4o in organization org-x on tokens per min (TPM): Limit 30000, Requested 30601. The \
                      input or output tokens must be reduced in order to run successfully.";
        assert_eq!(Refusal::of_text(openai).over_rate(), Some(Some(30_000)));
        let groq = "Request too large for model `m` on tokens per minute (TPM): Limit 6000, Requested 6294, please reduce your \
                    message size and try again.";
        assert_eq!(Refusal::of_text(groq).over_rate(), Some(Some(6000)));
        let later = "Rate limit reached for model `m` on tokens per minute (TPM): Limit 6000, Used 5034, Requested 1443. Please try \
                     again in 4.77s.";
        assert_eq!(Refusal::of_text(later).over_rate(), None);
    }

    #[test]
    fn a_wait_in_googles_account_is_read() {
        let body = r#"{"error":{"code":429,"message":"slow","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.Help"},
            {"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"17.5s"}]}}"#;
        assert_eq!(Refusal::read(body).retry_after, Some(Duration::from_millis(17_500)));
    }

    #[test]
    fn an_unknown_model_is_told_in_many_ways() {
        for text in [
            "The model `m-1` does not exist or you do not have access to it.",
            "models/m-1 is not found for API version v1beta",
            "model 'm-1' not found",
            "m-1 is not a valid model ID",
            "Invalid model: m-1",
        ] {
            assert!(Refusal::of_text(text).is_unknown_model("m-1"), "{text}");
        }
        assert!(!Refusal::of_text("m-1 does not take this").is_unknown_model("m-1"));
        assert!(!Refusal::of_text("page not found").is_unknown_model("m-1"));
    }
}
