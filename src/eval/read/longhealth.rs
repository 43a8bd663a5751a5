//! LongHealth: `data/benchmark_v5.json` of <https://github.com/kbressem/LongHealth>, an object of patients, each with notes and
//! questions of five choices. A patient's notes are one document here. `answer_location` names notes and, in each, where passages
//! begin and end, taken here for shares of its length: they are the evidence. What lies outside of 0 to 1 is left out.

use std::ops::Range;

use serde_json::{Map, Value};

use super::{Found, text};
use crate::eval::question::{Evidence, Place, Question, Source};

/// What stands between two notes.
const BETWEEN: &str = "\n\n";

pub fn is(whole: &Map<String, Value>) -> bool {
    whole.values().next().is_some_and(|patient| patient["texts"].is_object() && patient["questions"].is_array())
}

pub fn read(whole: &Map<String, Value>, found: &mut Found) {
    for (patient, record) in whole {
        let Some(notes) = record["texts"].as_object() else {
            found.take(patient, Err("there are no `texts`".into()));
            continue;
        };
        let mut notes: Vec<(&String, &str)> =
            notes.iter().map(|(name, note)| (name, note.as_str().unwrap_or_default())).collect();
        // `text_10` comes after `text_9`.
        notes.sort_by_key(|(name, _)| (name.len(), *name));
        let whole = notes.iter().map(|(_, note)| *note).collect::<Vec<_>>().join(BETWEEN);
        let document = Source::Text { name: patient.clone(), text: whole.into() };
        for (n, value) in record["questions"].as_array().into_iter().flatten().enumerate() {
            let at = format!("{patient}, question {}", n + 1);
            found.take(&at, question(patient, n, value, &document, &notes));
        }
    }
}

fn question(
    patient: &str,
    n: usize,
    value: &Value,
    document: &Source,
    notes: &[(&String, &str)],
) -> Result<Question, String> {
    let option = |letter: char| text(value, &format!("answer_{letter}"));
    let options: Vec<String> = ('a'..='e').filter_map(|letter| option(letter).transpose()).collect::<Result<_, _>>()?;
    if options.len() < 2 {
        return Err("there are fewer than two of `answer_a` to `answer_e`".into());
    }
    Ok(Question {
        id: format!("{patient}/{}", text(value, "No")?.unwrap_or_else(|| n.to_string())),
        dataset: "longhealth".into(),
        documents: vec![document.clone()],
        question: text(value, "question")?.ok_or("there is no `question`")?,
        answers: vec![text(value, "correct")?.ok_or("`correct` does not say which is right")?],
        unanswerable: false,
        options,
        evidence: passages(&value["answer_location"], notes)
            .into_iter()
            .map(|place| Evidence { document: 0, place: Place::Characters(place), keys: Vec::new() })
            .collect(),
    })
}

/// The characters of the joined notes at these shares of each; one that says no place is left out.
fn passages(locations: &Value, notes: &[(&String, &str)]) -> Vec<Range<usize>> {
    let mut begins = 0;
    let mut found = Vec::new();
    for (name, note) in notes {
        let length = note.chars().count();
        let shares = |key: &str| locations[name.as_str()][key].as_array().cloned().unwrap_or_default();
        for (start, end) in shares("start").iter().zip(&shares("end")) {
            let at = |share: &Value| {
                let share = share.as_f64().filter(|share| (0.0..=1.0).contains(share))?;
                Some(begins + (share * length as f64) as usize)
            };
            found.extend(at(start).zip(at(end)).map(|(start, end)| start..end).filter(|place| !place.is_empty()));
        }
        begins += length + BETWEEN.chars().count();
    }
    found
}
