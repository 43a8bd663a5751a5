//! CSV (RFC 4180) with a row of names: `question`, `document`, and as wanted `id`, `dataset`, `answer`, `options`, `evidence`.
//! Several documents, answers or options stand in one field with `|` between.

use super::Found;
use crate::eval::question::{Evidence, Place, Question, Source};

/// The names a column may have.
const NAMES: [&str; 9] =
    ["id", "dataset", "document", "documents", "doc_ids", "question", "answer", "options", "evidence"];

pub fn read(set: &str, all: &str, found: &mut Found) {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(all.as_bytes());
    let names: Vec<String> = match reader.headers() {
        Ok(names) => names.iter().map(str::to_lowercase).collect(),
        Err(error) => return found.take("line 1", Err(error.to_string())),
    };
    for name in names.iter().filter(|name| !NAMES.contains(&name.as_str())) {
        tracing::info!("the column {name:?} of the questions is not used");
    }
    if !names.iter().any(|name| name == "question") {
        return found.take("line 1", Err("no column is named `question`".into()));
    }
    for (n, record) in reader.records().enumerate() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let line = error.position().map_or(n as u64 + 2, csv::Position::line);
                found.take(&format!("line {line}"), Err(what(&error)));
                continue;
            }
        };
        let at = format!("line {}", record.position().map_or(n as u64 + 2, csv::Position::line));
        let field = |wanted: &[&str]| {
            let column = names.iter().position(|name| wanted.contains(&name.as_str()));
            column.and_then(|column| record.get(column)).filter(|field| !field.is_empty())
        };
        let several = |wanted: &[&str]| -> Vec<String> {
            let parts = field(wanted).into_iter().flat_map(|field| field.split('|'));
            parts.map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
        };
        let words = several(&["evidence"]).into_iter();
        found.take(
            &at,
            Ok(Question {
                id: field(&["id"]).map_or_else(|| (n + 1).to_string(), str::to_owned),
                dataset: field(&["dataset"]).unwrap_or(set).to_owned(),
                documents: several(&["document", "documents", "doc_ids"]).into_iter().map(Source::File).collect(),
                question: field(&["question"]).unwrap_or_default().to_owned(),
                answers: several(&["answer"]),
                unanswerable: false,
                options: several(&["options"]),
                evidence: words
                    .map(|words| Evidence { document: 0, place: Place::Words(words), keys: Vec::new() })
                    .collect(),
            }),
        );
    }
}

fn what(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("there are {len} fields where the first line names {expected_len}")
        }
        _ => error.to_string(),
    }
}
