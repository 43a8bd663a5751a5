//! The planner's judgement of what came back: which quotations answer, whether they are enough, and what to say.

use std::collections::HashSet;

use serde_json::json;

use super::message::Request;
use super::outputs::{Found, read_outputs};
use super::question::{Question, Topic};
use super::weigh::{Evidence, say_the_same, weigh};
use crate::document::synonyms::expansions;
use crate::document::words::{Vocabulary, is_stop_word, scan};

/// Citations where no passage holds enough to be called an answer.
const MOST_CLOSEST: usize = 2;
/// The answer names a second sentence only from this share of the best score on.
const ALSO_ANSWERS: f64 = 0.85;
/// Below this share of the question's words in one quotation the evidence is called thin.
const THIN: f64 = 0.4;
/// Below this share even the last round says that it found no answer, and shows what came closest.
const TOO_THIN: f64 = 0.25;
/// Characters of quotations carried into the next round.
const SCRATCHPAD: usize = 6_000;

/// What the planner thinks of the round's outputs, in plain words.
pub fn think(request: &Request) -> String {
    let found = all_found(request);
    if found.is_empty() {
        return "No worker quoted anything in which enough of the question's words stand.".to_owned();
    }
    let evidence = weigh(&request.question, &found);
    let strength = Strength::of(&request.question, &found, &evidence);
    let mut text = format!(
        "I compare words and understand none of them. {} quotations came back. The strongest holds {:.0} % of what the question's words weigh.",
        found.len(),
        strength.share * 100.0
    );
    for (topic, best) in request.question.topics.iter().zip(&evidence) {
        match best.first() {
            Some(first) => {
                text.push_str(&format!("\nFor \"{}\" the best is: \"{}\"", topic.task, one_line(&first.text)))
            }
            None => text.push_str(&format!("\nFor \"{}\" there is nothing.", topic.task)),
        }
    }
    if !strength.missing.is_empty() {
        text.push_str(&format!("\nMet nowhere under any name I know: {}.", strength.missing.join(", ")));
    }
    text.push_str(if strength.is_thin() {
        "\nThat is thin: another look, wider, could find more."
    } else {
        "\nThat is enough to quote."
    });
    text
}

/// The decision, as the JSON object that the protocol asks for.
pub fn decide(request: &Request) -> String {
    let found = all_found(request);
    let evidence = weigh(&request.question, &found);
    let strength = Strength::of(&request.question, &found, &evidence);
    if strength.is_thin() && !request.last {
        return json!({
            "decision": "request_additional_info",
            "explanation": strength.describe(found.len()),
            "feedback": format!(
                "Read more and larger chunks, and give other names of the same things more weight.{}",
                list(" Not met so far: ", &strength.missing)
            ),
            "scratchpad": scratchpad(&found),
        })
        .to_string();
    }
    let mut citations: Vec<&str> = Vec::new();
    for text in evidence.iter().flatten().map(|evidence| evidence.text.as_str()) {
        if !citations.contains(&text) {
            citations.push(text);
        }
    }
    if citations.is_empty() {
        return json!({
            "decision": "provide_final_answer",
            "answer": null,
            "explanation": format!(
                "The offline planner, which has no model, found no passage in which enough of the question's words stand.{} \
                 That does not mean that the documents do not tell: ask in the words that they use, or take a remote LM.",
                list(" Looked for in vain: ", &strength.missing)
            ),
            "citations": [],
        })
        .to_string();
    }
    if strength.share < TOO_THIN {
        citations.truncate(MOST_CLOSEST);
        return json!({
            "decision": "provide_final_answer",
            "answer": null,
            "explanation": format!(
                "No passage holds enough of the question's words to be called an answer; what came closest is cited. {}",
                strength.describe(found.len())
            ),
            "citations": citations,
        })
        .to_string();
    }
    json!({
        "decision": "provide_final_answer",
        "answer": answer(&request.question, &evidence),
        "explanation": strength.describe(found.len()),
        "citations": citations,
    })
    .to_string()
}

/// What it says where it is given documents: it has no model to read them with.
pub fn cannot_read() -> String {
    json!({
        "decision": "provide_final_answer",
        "answer": null,
        "explanation": "The offline planner has no model that could read documents: take a remote LM.",
        "citations": [],
    })
    .to_string()
}

/// The outputs of this round and what earlier rounds left, each quotation once.
fn all_found(request: &Request) -> Vec<Found> {
    let mut found = read_outputs(&request.outputs);
    for earlier in read_outputs(&request.scratchpad) {
        if !found.iter().any(|known| known.citation.contains(&earlier.citation)) {
            found.push(earlier);
        }
    }
    found
}

fn answer(question: &Question, evidence: &[Vec<Evidence>]) -> String {
    let line = |evidence: &Evidence| match &evidence.heading {
        Some(heading) => format!("{} (under: {heading})", one_line(&evidence.text)),
        None => one_line(&evidence.text),
    };
    // Never more than about three lines: what a person reads first.
    let with_parts = evidence.iter().skip(1).any(|best| !best.is_empty());
    let mut lines: Vec<String> = Vec::new();
    let mut said: Vec<&str> = Vec::new();
    let most = if with_parts { 1 } else { 2 };
    for (topic, best) in question.topics.iter().zip(evidence).skip(usize::from(with_parts)) {
        let least = best.first().map_or(0.0, |first| first.score * ALSO_ANSWERS);
        let answers = best.iter().filter(|evidence| evidence.score >= least);
        let before = said.len();
        for evidence in answers {
            if said.len() - before == most || said.iter().any(|said| say_the_same(said, &evidence.text)) {
                continue;
            }
            said.push(&evidence.text);
            // The question's own clauses need no label; what an answer is computed from does.
            let line = line(evidence);
            let line = if with_parts && !question.text.contains(&topic.task) {
                format!("{}: {line}", topic.task)
            } else {
                line
            };
            lines.push(line);
        }
    }
    lines.join("\n")
}

/// How far the quotations carry.
struct Strength {
    /// The largest share of the question's words that one quotation holds, by their weight.
    share: f64,
    /// Words of the question that stand in no quotation under any known name.
    missing: Vec<String>,
    /// Whether each part that the answer is computed from was found.
    complete: bool,
}

impl Strength {
    fn of(question: &Question, found: &[Found], evidence: &[Vec<Evidence>]) -> Self {
        let complete = evidence.iter().all(|best| !best.is_empty());
        let Some(topic) = question.topics.first() else { return Self { share: 0.0, missing: Vec::new(), complete } };
        let asked = Asked::of(topic);
        let mut vocabulary = Vocabulary::default();
        let names: Vec<(Vec<u32>, &str, f64)> = asked
            .words
            .iter()
            .map(|(word, names, weight)| {
                (names.iter().flat_map(|name| vocabulary.terms(name)).collect(), word.as_str(), *weight)
            })
            .collect();
        let whole: f64 = names.iter().map(|(_, _, weight)| weight).sum();
        let mut met = HashSet::new();
        let mut share: f64 = 0.0;
        for output in found {
            let here: HashSet<u32> = vocabulary.terms(&output.citation).into_iter().collect();
            let mut held = 0.0;
            for (terms, word, weight) in &names {
                if terms.iter().any(|term| here.contains(term)) {
                    met.insert(*word);
                    held += weight;
                }
            }
            share = share.max(if whole > 0.0 { held / whole } else { 0.0 });
        }
        let missing =
            names.iter().map(|(_, word, _)| *word).filter(|word| !met.contains(word)).map(str::to_owned).collect();
        Self { share, missing, complete }
    }

    fn is_thin(&self) -> bool {
        self.share < THIN || !self.complete
    }

    fn describe(&self, quotations: usize) -> String {
        format!(
            "Quoted by the offline planner, which has no model: it compares words, and neither understands nor computes. \
             Chosen from {quotations} quotations; the strongest holds {:.0} % of what the question's words weigh.{}",
            self.share * 100.0,
            list(" Met nowhere: ", &self.missing)
        )
    }
}

/// The question's own words, each with its other names and its weight.
struct Asked {
    words: Vec<(String, Vec<String>, f64)>,
}

impl Asked {
    fn of(topic: &Topic) -> Self {
        let own: HashSet<String> =
            scan(&topic.task).map(|(start, end)| topic.task[start..end].to_lowercase()).collect();
        let words = topic
            .keywords
            .iter()
            .filter(|keyword| own.contains(&keyword.words) && !is_stop_word(&keyword.words))
            .map(|keyword| {
                let mut names = vec![keyword.words.clone()];
                names.extend(expansions(&keyword.words).into_iter().flat_map(|expansion| expansion.names));
                (keyword.words.clone(), names, keyword.weight)
            })
            .collect();
        Self { words }
    }
}

fn scratchpad(found: &[Found]) -> String {
    let mut text = String::new();
    for output in found {
        let next = output.write();
        if text.len() + next.len() > SCRATCHPAD {
            break;
        }
        text.push_str(&next);
        text.push('\n');
    }
    text
}

pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn list(before: &str, words: &[String]) -> String {
    if words.is_empty() { String::new() } else { format!("{before}{}.", words.join(", ")) }
}
