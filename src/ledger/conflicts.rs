//! Jobs that contradict one another: of one task, about one thing, with values that cannot both be right.
//!
//! Jobs are about one thing where they read the same chunk, cite the same words, or cite sentences that are alike beyond
//! their values. Two records of a list hold different values, and none of them is wrong.

use std::collections::BTreeSet;

use super::numbers::numbers;
use crate::document::Span;
use crate::document::words::{is_stop_word, is_year};
use crate::protocol::{JobId, Outcome, Round};

/// Answers with more words are prose: two of them differ without one being wrong.
const MOST_WORDS: usize = 12;
/// Values of one conflict that are listed; the others are counted.
const MOST_VALUES: usize = 8;
/// Words besides its value that a sentence needs, so that it says what the value is of.
const FEWEST_WORDS: usize = 2;
/// How much of the shorter sentence two that are alike have in common.
const ALIKE: f64 = 0.6;
/// A sentence with one of these says what its value is of in a sentence before it.
const POINTS_BACK: [&str; 17] = [
    "it", "its", "they", "their", "them", "he", "his", "she", "her", "this", "that", "these", "those", "such", "same",
    "former", "latter",
];

/// A task whose jobs gave values that contradict one another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// Index into the round's tasks.
    pub task: u32,
    /// At least two, the one that most jobs gave first.
    pub values: Vec<Value>,
    /// How many more values there are.
    pub left_out: usize,
}

/// A value and the jobs that gave it, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    /// As the first of the jobs wrote it.
    pub answer: String,
    pub jobs: Vec<JobId>,
}

/// Jobs of a task that are about one thing.
struct Topic {
    about: Vec<About>,
    values: Vec<(Claim, Value)>,
}

/// The conflicts among the jobs of a round that have answered, in the order of their tasks.
pub fn conflicts(round: &Round) -> Vec<Conflict> {
    let mut tasks: Vec<Vec<Topic>> = round.tasks.iter().map(|_| Vec::new()).collect();
    for (index, job) in (0u32..).zip(&round.jobs) {
        let Some(Outcome::Answered { output, located }) = job.outcome() else { continue };
        let Some(answer) = output.answer.as_deref() else { continue };
        let (Some(claim), Some(topics)) = (Claim::of(answer), tasks.get_mut(job.task as usize)) else { continue };
        let about = About {
            chunk: job.chunk,
            cited: located.as_ref().map(|located| located.span),
            sentence: output.citation.as_deref().and_then(|citation| Sentence::of(citation, &claim)),
        };
        let known = topics.iter_mut().find(|topic| topic.about.iter().any(|known| known.is_of_one_thing(&about)));
        let topic = match known {
            Some(topic) => topic,
            None => {
                topics.push(Topic { about: Vec::new(), values: Vec::new() });
                let Some(new) = topics.last_mut() else { continue };
                new
            }
        };
        if !topic.about.contains(&about) {
            topic.about.push(about);
        }
        let id = JobId { round: round.number, index };
        match topic.values.iter_mut().find(|(known, _)| !known.contradicts(&claim)) {
            Some((_, value)) => value.jobs.push(id),
            None => topic.values.push((claim, Value { answer: answer.to_owned(), jobs: vec![id] })),
        }
    }
    let topics = (0u32..).zip(tasks).flat_map(|(task, topics)| topics.into_iter().map(move |topic| (task, topic)));
    let told = topics.filter(|(_, topic)| topic.values.len() > 1);
    told.map(|(task, topic)| {
        let mut values: Vec<Value> = topic.values.into_iter().map(|(_, value)| value).collect();
        values.sort_by_key(|value| std::cmp::Reverse(value.jobs.len()));
        let left_out = values.len().saturating_sub(MOST_VALUES);
        values.truncate(MOST_VALUES);
        Conflict { task, values, left_out }
    })
    .collect()
}

/// What a job's value is of.
#[derive(PartialEq)]
struct About {
    chunk: u32,
    /// Where the words that it cites stand.
    cited: Option<Span>,
    /// Those words without the value; nothing where they do not hold it, or do not say what it is of.
    sentence: Option<Sentence>,
}

impl About {
    fn is_of_one_thing(&self, other: &Self) -> bool {
        let cites_same =
            |(one, two): (Span, Span)| one.document == two.document && one.start < two.end && two.start < one.end;
        self.chunk == other.chunk
            || self.cited.zip(other.cited).is_some_and(cites_same)
            || self.sentence.as_ref().zip(other.sentence.as_ref()).is_some_and(|(one, two)| one.is_like(two))
    }
}

/// What a cited sentence says beyond the value in it.
#[derive(PartialEq)]
struct Sentence {
    numbers: BTreeSet<String>,
    words: BTreeSet<String>,
    /// Those of the words that are written with a capital.
    names: BTreeSet<String>,
}

impl Sentence {
    fn of(citation: &str, claim: &Claim) -> Option<Self> {
        let all: BTreeSet<String> = numbers(citation).map(|(_, number)| number).collect();
        if !claim.numbers.is_subset(&all) {
            return None;
        }
        let (mut words, mut names) = (BTreeSet::new(), BTreeSet::new());
        for word in citation.split(|c: char| !c.is_alphanumeric()).filter(|word| word.starts_with(char::is_alphabetic))
        {
            let plain = word.to_lowercase();
            if POINTS_BACK.contains(&plain.as_str()) {
                return None;
            }
            if claim.words.contains(&plain) || is_stop_word(&plain) {
                continue;
            }
            if word.starts_with(char::is_uppercase) {
                names.insert(plain.clone());
            }
            words.insert(plain);
        }
        let holds_words =
            !claim.numbers.is_empty() || claim.words.iter().all(|word| citation.to_lowercase().contains(word.as_str()));
        let numbers = all.difference(&claim.numbers).cloned().collect();
        (holds_words && words.len() >= FEWEST_WORDS).then_some(Self { numbers, words, names })
    }

    /// Whether both say it of one thing: with the same years and other numbers, the same names, and mostly the same words.
    fn is_like(&self, other: &Self) -> bool {
        if self.numbers != other.numbers || !self.names.is_subset(&other.words) || !other.names.is_subset(&self.words) {
            return false;
        }
        let common = self.words.intersection(&other.words).count();
        let fewer = self.words.len().min(other.words.len());
        common as f64 >= ALIKE * fewer as f64
    }
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

    fn alike(one: (&str, &str), two: (&str, &str)) -> bool {
        let of = |(answer, cited)| About {
            chunk: if (answer, cited) == one { 1 } else { 2 },
            cited: None,
            sentence: Claim::of(answer).and_then(|claim| Sentence::of(cited, &claim)),
        };
        assert_eq!(of(one).is_of_one_thing(&of(two)), of(two).is_of_one_thing(&of(one)));
        of(one).is_of_one_thing(&of(two))
    }

    #[test]
    fn passages_that_give_another_value_of_one_thing_are_told_from_records_of_a_list() {
        let revenue = ("48.2 million", "Total revenue in 2023 was 48.2 million.");
        assert!(alike(revenue, ("51.0 million", "In 2023, total revenue amounted to 51.0 million.")));
        assert!(alike(("12 March", "The contract ends on 12 March."), ("14 March", "The contract ends on 14 March.")));
        assert!(!alike(("Hamburg", "Seat: Hamburg"), ("Bremen", "Seat: Bremen")), "a word alone says too little");
        for (answer, cited) in [
            ("39.7 million", "Total revenue in 2022 was 39.7 million."),
            ("51.0 million", "Total revenue of Aurora in 2023 was 51.0 million."),
            ("51.0 million", "It was 51.0 million in 2023."),
            ("51.0 million", "Total costs and all other charges in 2023 came to 51.0 million."),
            ("51.0 million", "Total revenue in 2023 was higher."),
        ] {
            assert!(!alike(revenue, (answer, cited)), "{cited}");
        }
        let berths = [("40 crowns", "Its fee for 2031 is 40 crowns."), ("80 crowns", "Its fee for 2031 is 80 crowns.")];
        assert!(!alike(berths[0], berths[1]));
        let berths =
            [("40 crowns", "The fee of berth 1 is 40 crowns."), ("80 crowns", "The fee of berth 2 is 80 crowns.")];
        assert!(!alike(berths[0], berths[1]));
    }

    #[test]
    fn jobs_of_one_chunk_or_of_one_citation_are_about_one_thing() {
        let about = |chunk, cited: Option<(usize, usize)>| About {
            chunk,
            cited: cited.map(|(start, end)| Span::new(0, start, end)),
            sentence: None,
        };
        assert!(about(1, None).is_of_one_thing(&about(1, None)));
        assert!(about(1, Some((5, 9))).is_of_one_thing(&about(2, Some((8, 12)))));
        assert!(!about(1, Some((5, 9))).is_of_one_thing(&about(2, Some((9, 12)))));
    }

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
