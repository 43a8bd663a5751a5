//! `minions sessions search`: the sessions whose question, answer, title, tags or documents hold every word.

use std::io::Write;

use super::Failure;
use super::sessions::{print_json, print_table};
use crate::document::escape::visible;
use crate::journal::{Store, Summary};

/// Lists those in which every word is found, whatever its case, newest first.
pub fn search(store: &Store, words: &[String], json: bool, out: &mut dyn Write) -> Result<(), Failure> {
    let words: Vec<String> = words.iter().map(|word| word.to_lowercase()).collect();
    let mut found = store.list()?;
    found.retain(|summary| holds(summary, &words));
    match (json, found.is_empty()) {
        (true, _) => print_json(&found, out),
        (false, true) => {
            writeln!(out, "no session tells of {}", visible(&words.join(" ")))?;
            Ok(())
        }
        (false, false) => print_table(&found, out),
    }
}

fn holds(summary: &Summary, words: &[String]) -> bool {
    let texts = [Some(&summary.question), summary.answer.as_ref(), summary.label.title.as_ref()];
    let texts = texts.into_iter().flatten().chain(&summary.label.tags).chain(&summary.documents);
    let texts: Vec<String> = texts.map(|text| text.to_lowercase()).collect();
    words.iter().all(|word| texts.iter().any(|text| text.contains(word)))
}
