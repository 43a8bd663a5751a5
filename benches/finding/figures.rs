//! What the questions came to, by set and half.

use std::collections::BTreeMap;
use std::fmt::Write;

use minions::document::Document;
use minions::eval::question::Question;
use minions::eval::score::{places, weigh};
use minions::ledger::SpanSet;

use crate::by_hand::Stages;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Half {
    Chosen,
    Other,
}

impl Half {
    /// Which half the questions of these documents belong to, by the last bit of the first one's hash.
    pub fn of(documents: &[Document]) -> Self {
        let last = documents
            .first()
            .and_then(|document| document.hash().to_string().pop())
            .and_then(|digit| digit.to_digit(16));
        if last.is_some_and(|digit| digit % 2 == 0) { Half::Chosen } else { Half::Other }
    }
}

/// Sums over questions that have evidence, each 0 to 1 a question.
#[derive(Default)]
pub struct Figures {
    questions: usize,
    /// In the chunks that were read, in the quotations, in what goes on.
    found: [f64; 3],
    squares: f64,
    share: f64,
}

impl Figures {
    pub fn add(&mut self, question: &Question, documents: &[Document], stages: &Stages) {
        let places = places(question, documents);
        let share = |set: &SpanSet| weigh(&places, documents, Some(set), set, &[]).aggregated;
        let steps = [&stages.retrieved, &stages.quoted, &stages.kept].map(share);
        let bytes: usize = documents.iter().map(|document| document.text.len()).sum();
        if let [Some(retrieved), Some(quoted), Some(kept)] = steps {
            self.questions += 1;
            for (sum, step) in self.found.iter_mut().zip([retrieved, quoted, kept]) {
                *sum += step;
            }
            self.squares += kept * kept;
            self.share += stages.bytes as f64 / bytes.max(1) as f64;
        }
    }

    fn mean(&self, sum: f64) -> f64 {
        100.0 * sum / self.questions.max(1) as f64
    }

    /// Of the mean of what goes on.
    fn error(&self) -> f64 {
        let n = self.questions.max(2) as f64;
        let mean = self.found[2] / n;
        100.0 * ((self.squares / n - mean * mean).max(0.0) / (n - 1.0)).sqrt()
    }

    fn joined(&self, other: &Self) -> Self {
        let found = std::array::from_fn(|at| self.found[at] + other.found[at]);
        let (questions, share) = (self.questions + other.questions, self.share + other.share);
        Self { questions, found, squares: self.squares + other.squares, share }
    }
}

/// A line for each set and share: both halves, and how far the evidence came on its way, over both.
pub fn table(figures: &BTreeMap<(String, usize, Half), Figures>, shares: &[f64]) -> String {
    let mut text = String::from(
        "| set | share set | first half: questions, evidence, of the document | second half | together | read, quoted, handed on |\n|---|---|---|---|---|---|\n",
    );
    let mut sets: Vec<&str> = figures.keys().map(|(set, ..)| set.as_str()).collect();
    sets.dedup();
    let none = Figures::default();
    for set in sets {
        for (at, share) in shares.iter().enumerate() {
            let of = |half| figures.get(&(set.to_owned(), at, half)).unwrap_or(&none);
            let (chosen, other) = (of(Half::Chosen), of(Half::Other));
            let whole = chosen.joined(other);
            let cell = |figures: &Figures| {
                let (evidence, error) = (figures.mean(figures.found[2]), figures.error());
                format!("{}: {evidence:.1} ± {error:.1} of {:.1}", figures.questions, figures.mean(figures.share))
            };
            let steps = whole.found.map(|sum| format!("{:.1}", whole.mean(sum))).join(", ");
            let _ =
                writeln!(text, "| {set} | {share} | {} | {} | {} | {steps} |", cell(chosen), cell(other), cell(&whole));
        }
    }
    text
}
