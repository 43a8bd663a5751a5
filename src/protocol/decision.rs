//! What the remote LM decides at the end of a round.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::objects::objects;
use super::redact::Redactor;

/// What the remote LM makes of a round's outputs: an answer, or another round.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "decision", rename_all = "snake_case")]
pub enum Decision {
    ProvideFinalAnswer(FinalAnswer),
    RequestAdditionalInfo(MoreInformation),
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FinalAnswer {
    /// Nothing, where the remote LM says that the documents do not tell.
    pub answer: Option<String>,
    pub explanation: String,
    /// Quotations of the document that bear the answer out, word for word from the jobs' citations.
    pub citations: Vec<String>,
}

impl FinalAnswer {
    /// Puts private words back.
    pub(super) fn restore(&mut self, redactor: &Redactor) {
        let texts = self.answer.iter_mut().chain([&mut self.explanation]).chain(&mut self.citations);
        for text in texts {
            if let Cow::Owned(restored) = redactor.restore(text) {
                *text = restored;
            }
        }
    }
}

/// Another round is needed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MoreInformation {
    pub explanation: String,
    /// What the next round must find out.
    pub feedback: String,
    /// What is known so far, carried into the next round.
    pub scratchpad: String,
}

/// What [`parse_decision`] reads, as a JSON schema that every provider takes: one flat object that names all its keys, of
/// which those of the other decision stay empty.
pub fn decision_schema() -> Value {
    let text = json!({ "type": "string" });
    json!({
        "type": "object",
        "properties": {
            "decision": { "type": "string", "enum": ["provide_final_answer", "request_additional_info"] },
            "explanation": text,
            "answer": { "anyOf": [{ "type": "string" }, { "type": "null" }] },
            "citations": { "type": "array", "items": text },
            "feedback": text,
            "scratchpad": text,
        },
        "required": ["decision", "explanation", "answer", "citations", "feedback", "scratchpad"],
        "additionalProperties": false,
    })
}

/// Reads a decision. The error is worded for the remote LM.
pub fn parse_decision(text: &str, last_round: bool) -> Result<Decision, String> {
    let mut other = None;
    let found = objects::<serde_json::Value>(text).find_map(|(_, value)| match value {
        Ok(value) if value.get("decision").is_some() => Some(value),
        value => {
            other.get_or_insert(value);
            None
        }
    });
    let value = match (found, other) {
        (Some(value), _) => value,
        (None, Some(other)) => other.map_err(|error| format!("invalid JSON: {error}"))?,
        (None, None) => return Err("no JSON object in the reply".into()),
    };
    let named = value.get("decision").and_then(|name| name.as_str());
    match named {
        None => return Err("the key `decision` is missing or no string; it must be \"provide_final_answer\" or \"request_additional_info\"".into()),
        Some("request_additional_info") if last_round => {
            return Err("this is the last round: `decision` must be \"provide_final_answer\"; where the outputs do not tell, set `answer` to null and say so in `explanation`".into());
        }
        Some("provide_final_answer") if value.get("answer").is_none() => {
            return Err("the key `answer` is missing; give a string, or null where the outputs do not tell".into());
        }
        Some(_) => {}
    }
    let mut decision: Decision = serde_json::from_value(value).map_err(|error| format!("wrong shape: {error}"))?;
    if let Decision::ProvideFinalAnswer(last) = &mut decision {
        last.answer = last.answer.take().filter(|answer| !answer.trim().is_empty());
    }
    Ok(decision)
}
