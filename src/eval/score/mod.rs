//! How right an answer is. Each score is 0 to 1, or nothing where the question has nothing to hold it against.

mod choice;
mod evidence;
mod number;
mod page;
mod words;

use serde::{Deserialize, Serialize};

pub use choice::chosen;
pub use evidence::{EvidenceScores, places, weigh};
pub use number::{Quantity, quantities, same};
pub use words::{exact, f1, normalised};

use super::question::Question;

/// The scores of one answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Scores {
    /// The same words, by SQuAD's normalisation.
    pub exact: Option<f64>,
    /// F1 over words, by the same normalisation.
    pub f1: Option<f64>,
    /// The right number, where the right answer is one.
    pub number: Option<f64>,
    /// The right choice, where there are choices.
    pub choice: Option<f64>,
    /// What the judge model said, where one was asked.
    pub judge: Option<f64>,
}

impl Scores {
    /// The one that suits the question best: the judge's, else the choice, else the number, else F1.
    pub fn best_suited(&self) -> Option<f64> {
        self.judge.or(self.choice).or(self.number).or(self.f1)
    }
}

/// Scores an answer; nothing answered is nothing right, unless the documents do not tell.
pub fn score(question: &Question, answer: Option<&str>) -> Scores {
    let of = |right: bool| f64::from(u8::from(right));
    if question.unanswerable && answer.is_none() {
        return Scores { exact: Some(1.0), f1: Some(1.0), ..Scores::default() };
    }
    let said = answer.unwrap_or_default();
    if !question.options.is_empty() {
        let right = question.answers.iter().filter_map(|answer| choice::option(answer, &question.options));
        let taken = chosen(said, &question.options);
        let choice = right.map(|right| of(taken == Some(right))).reduce(f64::max);
        return Scores { choice, ..Scores::default() };
    }
    // To a question that the documents do not answer, words are wrong, whatever others answered.
    let best = |score: &dyn Fn(&str) -> f64| match question.answers.is_empty() {
        true => question.unanswerable.then_some(0.0),
        false => question.answers.iter().map(|answer| score(answer)).reduce(f64::max),
    };
    let numbers = question.answers.iter().filter_map(|answer| number::score(answer, said, &question.question));
    Scores {
        exact: best(&|right| of(exact(right, said))),
        f1: best(&|right| f1(right, said)),
        number: numbers.map(of).reduce(f64::max),
        ..Scores::default()
    }
}

#[cfg(test)]
mod tests;
