//! Jobs that contradict one another: of one task, with values that cannot both be right.

use std::collections::BTreeSet;

use super::numbers::numbers;
use crate::document::words::is_year;
use crate::protocol::{JobId, Outcome, Round};

/// Answers with more words are prose: two of them differ without one being wrong.
const MOST_WORDS: usize = 12;
/// Values of one task that are told apart; what comes after is not looked at.
const MOST_VALUES: usize = 8;

/// A task whose jobs gave values that contradict one another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// Index into the round's tasks.
    pub task: u32,
    /// At least two, the one that most jobs gave first.
    pub values: Vec<Value>,
}

/// A value and the jobs that gave it, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    /// As the first of the jobs wrote it.
    pub answer: String,
    pub jobs: Vec<JobId>,
}

/// The conflicts among the jobs of a round that have answered, in the order of their tasks.
pub fn conflicts(round: &Round) -> Vec<Conflict> {
    let mut tasks: Vec<Vec<(Claim, Value)>> = vec![Vec::new(); round.tasks.len()];
    for (index, job) in (0u32..).zip(&round.jobs) {
        let Some(Outcome::Answered { output, .. }) = job.outcome() else { continue };
        let Some(answer) = output.answer.as_deref() else { continue };
        let (Some(claim), Some(values)) = (Claim::of(answer), tasks.get_mut(job.task as usize)) else { continue };
        let id = JobId { round: round.number, index };
        if let Some((_, value)) = values.iter_mut().find(|(known, _)| !known.contradicts(&claim)) {
            value.jobs.push(id);
        } else if values.len() < MOST_VALUES {
            values.push((claim, Value { answer: answer.to_owned(), jobs: vec![id] }));
        }
    }
    let told = (0u32..).zip(tasks).filter(|(_, values)| values.len() > 1);
    told.map(|(task, values)| {
        let mut values: Vec<Value> = values.into_iter().map(|(_, value)| value).collect();
        values.sort_by_key(|value| std::cmp::Reverse(value.jobs.len()));
        Conflict { task, values }
    })
    .collect()
}

/// What a short answer says that another can contradict.
#[derive(Clone)]
struct Claim {
    /// Yes or no, where it begins with that.
    truth: Option<bool>,
    years: BTreeSet<String>,
    numbers: BTreeSet<String>,
    words: BTreeSet<String>,
}

impl Claim {
    fn of(answer: &str) -> Option<Self> {
        let words: Vec<String> = answer
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .map(str::to_lowercase)
            .collect();
        if words.is_empty() || words.len() > 2 * MOST_WORDS || answer.split_whitespace().count() > MOST_WORDS {
            return None;
        }
        let truth = match words[0].as_str() {
            "yes" | "true" => Some(true),
            "no" | "false" => Some(false),
            _ => None,
        };
        let (years, numbers) = numbers(answer).map(|(_, number)| number).partition(|number| is_year(number));
        Some(Self { truth, years, numbers, words: words.into_iter().collect() })
    }

    /// Values of different years stand beside one another; so do an answer and a fuller one.
    fn contradicts(&self, other: &Self) -> bool {
        if let (Some(truth), Some(other)) = (self.truth, other.truth) {
            return truth != other;
        }
        if !self.years.is_empty() && !other.years.is_empty() && self.years.is_disjoint(&other.years) {
            return false;
        }
        let apart = |one: &BTreeSet<String>, two: &BTreeSet<String>| !one.is_subset(two) && !two.is_subset(one);
        match (self.numbers.is_empty(), other.numbers.is_empty()) {
            (false, false) => apart(&self.numbers, &other.numbers),
            // Names and single words; a phrase can say the same in other words.
            (true, true) => self.words.len().max(other.words.len()) <= 3 && self.words.is_disjoint(&other.words),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contradict(one: &str, two: &str) -> bool {
        match (Claim::of(one), Claim::of(two)) {
            (Some(one), Some(two)) => {
                assert_eq!(one.contradicts(&two), two.contradicts(&one));
                one.contradicts(&two)
            }
            _ => false,
        }
    }

    #[test]
    fn values_that_cannot_both_be_right_contradict() {
        for (one, two) in [
            ("$48.2 million", "$51.0 million"),
            ("48.2 in 2023", "39.7 in 2023"),
            ("yes", "No, it was not"),
            ("Rotterdam", "Hamburg"),
            ("12 March 2021", "14 March 2021"),
        ] {
            assert!(contradict(one, two), "{one} / {two}");
        }
    }

    #[test]
    fn values_that_can_stand_beside_one_another_do_not() {
        for (one, two) in [
            ("$48.2 million", "48.20"),
            ("48.2 in 2023", "39.7 in 2022"),
            ("48.2", "48.2 in 2023, up from 39.7"),
            ("Rotterdam", "the port of Rotterdam"),
            ("higher volumes, lower fuel cost", "more containers on the northern routes"),
            ("yes", "Yes, since 2019"),
            ("about half", "50 %"),
            ("", "7"),
        ] {
            assert!(!contradict(one, two), "{one} / {two}");
        }
        let prose = "In the year the company carried 12 ships and 3,000 containers between the ports of its region";
        assert!(!contradict(prose, "13 ships"));
    }

    proptest::proptest! {
        #[test]
        fn no_answer_contradicts_itself(answer in "\\PC{0,60}", other in "\\PC{0,60}") {
            proptest::prop_assert!(!contradict(&answer, &answer));
            contradict(&answer, &other);
        }
    }
}
