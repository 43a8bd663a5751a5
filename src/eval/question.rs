//! A question with what is known of its answer: the right answers, the choices, the places that bear it out.

use std::ops::Range;
use std::sync::Arc;

/// One question of a set.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// Its name in the set, no other's.
    pub id: String,
    /// The part of the set that it is counted with.
    pub dataset: String,
    pub documents: Vec<Source>,
    pub question: String,
    /// Any of these is right; empty where the set does not say.
    pub answers: Vec<String>,
    /// Whether the right answer is that the documents do not tell.
    pub unanswerable: bool,
    /// The answers to choose from; empty where there is nothing to choose.
    pub options: Vec<String>,
    pub evidence: Vec<Evidence>,
}

/// Where the text of a document comes from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// A file of the documents' folder, with or without its ending.
    File(String),
    /// The set brings the text itself.
    Text { name: String, text: Arc<str> },
}

impl Source {
    pub fn name(&self) -> &str {
        match self {
            Self::File(name) | Self::Text { name, .. } => name,
        }
    }
}

/// A place that bears the answer out.
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    /// Which of the question's documents.
    pub document: usize,
    pub place: Place,
    /// Characters of the document: the lines that bear the answer, where the place is a whole page.
    pub keys: Vec<Range<usize>>,
}

/// Where evidence stands in its document.
#[derive(Clone, Debug, PartialEq)]
pub enum Place {
    /// UTF-8 bytes of the text.
    Bytes(Range<usize>),
    Characters(Range<usize>),
    /// These words, wherever they stand.
    Words(String),
    /// These words on this page, counted from 0.
    OnPage(usize, String),
}

impl Question {
    /// The question as it is asked: with the answers to choose from, where there are any.
    pub fn asked(&self) -> String {
        if self.options.is_empty() {
            return self.question.clone();
        }
        let mut asked = format!("{}\n\nAnswer with one of these, by its letter and words:", self.question.trim_end());
        for (letter, option) in ('A'..='Z').zip(&self.options) {
            asked.push_str(&format!("\n{letter}) {option}"));
        }
        asked
    }
}
