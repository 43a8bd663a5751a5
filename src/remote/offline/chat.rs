//! The planner's part in Minion: a scripted asker. It asks the question whole, then its parts one by one, then once more
//! by other names, and answers as soon as the quotations carry.

use serde_json::{Value, json};

use super::compose;
use super::message::Request;

/// Other names in one message.
const NAMES: usize = 6;

/// The first message.
pub fn message(request: &Request) -> String {
    let steps = messages(request);
    let first = steps.first().map_or("", String::as_str);
    json!({
        "explanation": format!(
            "I am the offline planner, without a model: I ask the question whole, and its parts after it, {} message(s) in all.",
            steps.len()
        ),
        "message": first,
    })
    .to_string()
}

/// The decision after a reply, where the request is part of a conversation.
pub fn decide(request: &Request) -> Option<String> {
    if !request.chats {
        return None;
    }
    let decided = compose::decide(request);
    let mut object: Value = serde_json::from_str(&decided).ok()?;
    if object.get("decision").and_then(Value::as_str) != Some("request_additional_info") {
        return Some(decided);
    }
    // The message of a round is asked at the end of the one before.
    let Some(next) = messages(request).get(request.round as usize).cloned() else {
        return Some(compose::decide(&Request { last: true, ..request.clone() }));
    };
    object["feedback"] = next.into();
    Some(object.to_string())
}

/// What is asked, one message a round.
fn messages(request: &Request) -> Vec<String> {
    let question = &request.question;
    let mut messages: Vec<String> = question.topics.iter().map(|topic| topic.task.clone()).collect();
    if !question.names.is_empty() {
        let names: Vec<&str> = question.names.iter().map(String::as_str).take(NAMES).collect();
        messages.push(format!("Find what stands beside these words: {}", names.join(", ")));
    }
    messages
}
