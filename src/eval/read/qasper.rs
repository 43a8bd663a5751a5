//! QASPER: `qasper-*-v0.3.json` of <https://allenai.org/data/qasper>, an object of papers with their text and questions. Several people
//! answered each question: any of their answers is right, and the evidence is that of the first who gave some.

use serde_json::{Map, Value};

use super::{Found, text, texts};
use crate::eval::question::{Evidence, Place, Question, Source};

/// What evidence in a table or a picture begins with; the published text has none of those.
const FLOAT: &str = "FLOAT SELECTED";

pub fn is(whole: &Map<String, Value>) -> bool {
    whole.values().next().is_some_and(|paper| paper["qas"].is_array() && paper["full_text"].is_array())
}

pub fn read(whole: &Map<String, Value>, found: &mut Found) {
    for (paper, value) in whole {
        let document = Source::Text { name: paper.clone(), text: paper_text(value).into() };
        for (n, asked) in value["qas"].as_array().into_iter().flatten().enumerate() {
            let at = format!("{paper}, question {}", n + 1);
            let mut question = question(paper, n, asked, &document);
            // The sample that its authors publish beside their baseline gives several questions one id.
            if let Ok(question) = &mut question
                && found.ids.contains(&question.id)
            {
                question.id = format!("{paper}/{n}");
            }
            found.take(&at, question);
        }
    }
}

fn paper_text(paper: &Value) -> String {
    let mut parts: Vec<&str> = [&paper["title"], &paper["abstract"]].into_iter().filter_map(Value::as_str).collect();
    for section in paper["full_text"].as_array().into_iter().flatten() {
        parts.extend(section["section_name"].as_str());
        parts.extend(section["paragraphs"].as_array().into_iter().flatten().filter_map(Value::as_str));
    }
    parts.join("\n\n")
}

/// What one person answered, in the order in which the authors' `scripts/evaluator.py` looks.
fn answered(answer: &Value) -> Result<Option<String>, String> {
    let spans = texts(answer, "extractive_spans")?.join(", ");
    let free = text(answer, "free_form_answer")?.unwrap_or_default();
    let yes_no = answer["yes_no"].as_bool().map(|truth| if truth { "Yes" } else { "No" }.to_owned());
    Ok([spans, free].into_iter().find(|said| !said.trim().is_empty()).or(yes_no))
}

fn question(paper: &str, n: usize, value: &Value, document: &Source) -> Result<Question, String> {
    let mut answers = Vec::new();
    let mut unanswerable = false;
    let mut evidence = Vec::new();
    for answer in value["answers"].as_array().into_iter().flatten().map(|one| &one["answer"]) {
        if answer["unanswerable"] == true {
            unanswerable = true;
        } else {
            answers.extend(answered(answer)?);
        }
        if evidence.is_empty() {
            evidence = texts(answer, "evidence")?.into_iter().filter(|words| !words.starts_with(FLOAT)).collect();
        }
    }
    let words = evidence.into_iter();
    Ok(Question {
        id: text(value, "question_id")?.unwrap_or_else(|| format!("{paper}/{n}")),
        dataset: "qasper".into(),
        documents: vec![document.clone()],
        question: text(value, "question")?.ok_or("there is no `question`")?,
        answers,
        unanswerable,
        options: Vec::new(),
        evidence: words.map(|words| Evidence { document: 0, place: Place::Words(words), keys: Vec::new() }).collect(),
    })
}
