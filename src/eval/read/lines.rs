//! JSON lines: an object a question. FinanceBench's published file is one of these, with names of its own.
//!
//! FinanceBench: `data/financebench_open_source.jsonl` of <https://github.com/patronus-ai/financebench>. `doc_name` names the
//! PDF, `evidence_text` what stands in it, `evidence_page_num` on which page, counted from 0.

use std::ops::Range;

use serde_json::Value;

use super::{Found, text, texts};
use crate::eval::question::{Evidence, Place, Question, Source};

pub fn read(set: &str, all: &str, found: &mut Found) {
    for (n, line) in all.lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        let at = format!("line {}", n + 1);
        let value = serde_json::from_str::<Value>(line);
        found.take(
            &at,
            match value {
                Ok(value) => question(set, n + 1, &value),
                Err(error) => Err(format!("this is no JSON object: {}", reason(&error))),
            },
        );
    }
}

/// One question of ours or of FinanceBench. `n`: its number, where it has no name.
pub fn question(set: &str, n: usize, value: &Value) -> Result<Question, String> {
    if !value.is_object() {
        return Err("this is no JSON object".into());
    }
    let published = value["financebench_id"].is_string();
    let id = if published { text(value, "financebench_id") } else { text(value, "id") }?;
    let dataset = if published { Some("financebench".to_owned()) } else { text(value, "dataset")? };
    let names = match &published {
        true => texts(value, "doc_name")?,
        false => first_of(value, &["doc_ids", "documents", "document", "doc_id"])?,
    };
    let asked = text(value, "question")?.ok_or("there is no `question`")?;
    let evidence = match &value["evidence"] {
        Value::Null => Vec::new(),
        Value::String(words) => vec![Evidence { document: 0, place: Place::Words(words.clone()), keys: Vec::new() }],
        Value::Array(all) => all.iter().map(|one| evidence(one, &names)).collect::<Result<_, _>>()?,
        _ => return Err("`evidence` must be a list of objects".into()),
    };
    Ok(Question {
        id: id.unwrap_or_else(|| n.to_string()),
        dataset: dataset.unwrap_or_else(|| set.to_owned()),
        documents: names.into_iter().map(Source::File).collect(),
        question: asked,
        answers: first_of(value, &["answers", "answer"])?,
        unanswerable: value["unanswerable"].as_bool().unwrap_or(false),
        options: texts(value, "options")?,
        evidence,
    })
}

/// The texts at the first of these keys that is there.
fn first_of(value: &Value, keys: &[&str]) -> Result<Vec<String>, String> {
    match keys.iter().find(|key| !value[**key].is_null()) {
        Some(key) => texts(value, key),
        None => Ok(Vec::new()),
    }
}

fn evidence(value: &Value, names: &[String]) -> Result<Evidence, String> {
    let named = first_of(value, &["doc_id", "doc_name", "document"])?.into_iter().next();
    let document = match &named {
        Some(name) => names.iter().position(|known| known == name),
        None => Some(0),
    };
    let document = document.ok_or_else(|| {
        format!("the evidence names the document {:?}, the question does not", named.unwrap_or_default())
    })?;
    let words = first_of(value, &["evidence_text", "text"])?.into_iter().next();
    let place = match (range(value, "byte_start", "byte_end")?, range(value, "start", "end")?, words) {
        (Some(bytes), ..) => Place::Bytes(bytes),
        (None, Some(characters), _) => Place::Characters(characters),
        (None, None, Some(words)) => match value["evidence_page_num"].as_u64() {
            Some(page) => Place::OnPage(page as usize, words),
            None => Place::Words(words),
        },
        (None, None, None) => {
            return Err(
                "evidence needs `byte_start` and `byte_end`, or `start` and `end` in characters, or `text`".into()
            );
        }
    };
    let keys = value["key_spans"].as_array().into_iter().flatten();
    let key = |span: &Value| {
        let at = |n: usize| span[n].as_u64().map(|at| at as usize);
        at(0).zip(at(1)).map(|(start, end)| start..end).ok_or("`key_spans` must be pairs of characters".to_owned())
    };
    Ok(Evidence { document, place, keys: keys.map(key).collect::<Result<_, _>>()? })
}

fn range(value: &Value, from: &str, to: &str) -> Result<Option<Range<usize>>, String> {
    match (&value[from], &value[to]) {
        (Value::Null, Value::Null) => Ok(None),
        (start, end) => match (start.as_u64(), end.as_u64()) {
            (Some(start), Some(end)) if start <= end => Ok(Some(start as usize..end as usize)),
            _ => Err(format!("`{from}` and `{to}` must be whole numbers, the first no larger")),
        },
    }
}

/// What serde says, without its line, which is always 1 here.
fn reason(error: &serde_json::Error) -> String {
    let said = error.to_string();
    match said.rsplit_once(" at line ") {
        Some((said, _)) => format!("{said} in column {}", error.column()),
        None => said,
    }
}
