//! Reads files of questions: JSON lines, CSV, and FinanceBench, LongHealth and QASPER as they are published.

mod csv;
mod lines;
mod longhealth;
mod qasper;

use std::collections::HashSet;

use serde_json::Value;

use super::question::Question;

/// Problems that are told one by one; the rest is counted.
const TOLD: usize = 12;

/// What is wrong with a file of questions, each problem with its line or its place in the file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.told())]
pub struct ReadError {
    pub file: String,
    pub problems: Vec<String>,
}

impl ReadError {
    fn told(&self) -> String {
        let mut text = format!("{} holds questions that cannot be read:", self.file);
        for problem in self.problems.iter().take(TOLD) {
            text.push_str(&format!("\n  {problem}"));
        }
        if self.problems.len() > TOLD {
            text.push_str(&format!("\n  and {} more", self.problems.len() - TOLD));
        }
        text
    }
}

/// The questions of a file. `file` is its name: its ending tells CSV from JSON, and what comes before it names the set
/// where the questions do not.
pub fn read(file: &str, text: &str) -> Result<Vec<Question>, ReadError> {
    let text = text.trim_start_matches('\u{feff}');
    let (stem, ending) = file.rsplit_once('.').unwrap_or((file, ""));
    let mut found = Found::default();
    match serde_json::from_str::<Value>(text) {
        _ if ending.eq_ignore_ascii_case("csv") => csv::read(stem, text, &mut found),
        Ok(Value::Object(whole)) if longhealth::is(&whole) => longhealth::read(&whole, &mut found),
        Ok(Value::Object(whole)) if qasper::is(&whole) => qasper::read(&whole, &mut found),
        Ok(Value::Array(all)) => {
            for (n, one) in all.iter().enumerate() {
                found.take(&format!("question {}", n + 1), lines::question(stem, n + 1, one));
            }
        }
        _ => lines::read(stem, text, &mut found),
    }
    let Found { questions, mut problems, .. } = found;
    if questions.is_empty() && problems.is_empty() {
        problems.push("there is no question in it".into());
    }
    if problems.is_empty() { Ok(questions) } else { Err(ReadError { file: file.into(), problems }) }
}

/// What was read so far. A problem hides no other.
#[derive(Default)]
struct Found {
    questions: Vec<Question>,
    ids: HashSet<String>,
    problems: Vec<String>,
}

impl Found {
    /// `at`: where in the file, for messages.
    fn take(&mut self, at: &str, question: Result<Question, String>) {
        match question {
            Ok(question) if question.question.trim().is_empty() => {
                self.problems.push(format!("{at}: the question is blank"));
            }
            Ok(question) if question.documents.is_empty() => {
                self.problems.push(format!("{at}: no document is named; give one in `document` or `doc_ids`"));
            }
            Ok(question) if !self.ids.insert(question.id.clone()) => {
                self.problems.push(format!("{at}: the id {:?} was there before; each needs its own", question.id));
            }
            Ok(question) => self.questions.push(question),
            Err(problem) => self.problems.push(format!("{at}: {problem}")),
        }
    }
}

/// The text at a key; numbers as they are written.
fn text(value: &Value, key: &str) -> Result<Option<String>, String> {
    match &value[key] {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text.clone())),
        Value::Number(number) => Ok(Some(number.to_string())),
        Value::Bool(truth) => Ok(Some(if *truth { "yes" } else { "no" }.into())),
        _ => Err(format!("`{key}` must be text")),
    }
}

/// The texts at a key: a list, or one alone.
fn texts(value: &Value, key: &str) -> Result<Vec<String>, String> {
    match &value[key] {
        Value::Array(all) => {
            let one = |one: &Value| one.as_str().map(str::to_owned).ok_or(format!("`{key}` must be a list of texts"));
            all.iter().map(one).collect()
        }
        _ => Ok(text(value, key)?.into_iter().collect()),
    }
}

#[cfg(test)]
mod published;
#[cfg(test)]
mod tests;
