//! The report in plain words, for people.

use std::io::{self, Write};

use super::*;
use crate::app::not_found;
use crate::commands::json_line::json_line;
use crate::document::escape::{visible, visible_lines};
use crate::ledger::Unsupported;

impl Report {
    /// Writes the object on one line, see [`json_line`].
    pub fn write_json(&self, out: &mut dyn Write) -> io::Result<()> {
        json_line(self, out)
    }

    /// Writes the answer and, numbered, the words of the documents that it rests on; or why there is none.
    pub fn write_human(&self, out: &mut dyn Write) -> io::Result<()> {
        match (&self.answer, &self.reason) {
            (Some(answer), _) => writeln!(out, "{}", visible_lines(answer.trim()))?,
            (None, Some(reason)) => writeln!(out, "No answer: {}.", visible(reason.trim().trim_end_matches('.')))?,
            (None, None) => writeln!(out, "No answer: the run was stopped before it came to one.")?,
        }
        match (self.citations.is_empty(), &self.answer) {
            (true, Some(_)) => writeln!(out, "\nThe answer quotes no words of the documents.")?,
            (true, None) => {}
            (false, _) => writeln!(out)?,
        }
        for (index, citation) in self.citations.iter().enumerate() {
            let line = one_line(&citation.text);
            let words = visible(&line);
            let more = citation.elsewhere().map_or(String::new(), |more| format!(", {more}"));
            writeln!(out, "[{}] {}{more}: \"{words}\"", index + 1, citation.place())?;
        }
        for (index, line) in self.doubts().iter().enumerate() {
            writeln!(out, "{}! {}", if index == 0 { "\n" } else { "" }, visible(line))?;
        }
        Ok(())
    }

    /// What is to be said of numbers in the answer that stand in no cited text.
    pub(in crate::commands) fn doubts(&self) -> Vec<String> {
        let numbers = self.uncited_numbers.iter();
        let told: Vec<Unsupported> =
            numbers.map(|it| Unsupported { words: &it.number, reckoned: it.reckoned.clone() }).collect();
        Unsupported::told(&told)
    }
}

impl Citation {
    /// In how many more places the words stand, where they do.
    pub(in crate::commands) fn elsewhere(&self) -> Option<String> {
        match self.place_count {
            0 | 1 => None,
            count if self.or_more => Some(format!("and {} or more places", count - 1)),
            2 => Some("and 1 more place".into()),
            count => Some(format!("and {} more places", count - 1)),
        }
    }

    /// How the words agree with those of the document, in a word.
    pub(in crate::commands) fn agrees(&self) -> Option<&'static str> {
        match self.how {
            CitationMatch::Exact => Some("exact"),
            CitationMatch::Normalised => Some("same words"),
            CitationMatch::Fuzzy => Some("nearly"),
            CitationMatch::NotFound => None,
        }
    }

    /// Where the words stand, as people say it.
    pub(in crate::commands) fn place(&self) -> String {
        let Some(document) = &self.document else { return not_found(&self.text).into() };
        let document = visible(document).into_owned();
        match (self.page, self.line) {
            (Some(page), _) => format!("{document}, page {page}"),
            (None, Some(line)) => format!("{document}, line {line}"),
            (None, None) => document,
        }
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
