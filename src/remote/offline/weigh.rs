//! Which sentences and rows of the quotations answer the question, and which of them say the same.

use std::collections::{BTreeMap, HashSet};

use super::compose::one_line;
use super::outputs::Found;
use super::question::{Question, Topic};
use crate::document::bm25::{scores, smoothed};
use crate::document::passage::{Piece, pieces};
use crate::document::wanted::Wanted;
use crate::document::words::{Vocabulary, is_number, is_year, scan, stands_for_number};

/// The part of its neighbours' scores that a sentence or row gets.
const NEIGHBOUR: f64 = 0.3;
/// What the whole quotation's score counts beside the sentence's own.
const WHOLE: f64 = 1.0;
/// What coming first in the retrieval counts, falling to nothing at the last.
const EARLY: f64 = 0.2;
/// How much better a sentence is that holds the kind of thing asked for.
const HOLDS_WANTED: f64 = 1.3;
/// How much better a row is whose label is just what is asked for.
const NAMED: f64 = 1.0;
/// A label of which less is asked for is some other thing's.
const NAMED_FROM: f64 = 0.4;
/// Where no number is asked for: what the share of the question's words counts that a sentence and those beside it hold,
/// and what is then left of the score that counts how often they stand there.
const HELD: f64 = 1.0;
const OWN: f64 = 0.5;
/// What a word counts for that share that stands only beside the sentence.
const BESIDE: f64 = 0.5;
/// Passages that share so many of their words and numbers say the same.
const SAME: f64 = 0.8;
/// What is left of the score of a sentence without its beginning or its end.
const TORN: f64 = 0.75;
/// Further sentences are cited from this share of the best score on.
const ALSO_CITED: f64 = 0.6;
/// Citations of the question as a whole, and of each part that its answer is computed from.
const MOST_CITED: usize = 4;
const MOST_CITED_PART: usize = 2;

/// A sentence or row of a quotation, weighed.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Evidence {
    /// Word for word.
    pub(super) text: String,
    /// A heading of years above it in the same quotation.
    pub(super) heading: Option<String>,
    pub(super) score: f64,
}

/// A sentence or row with what is compared of it.
struct Passage<'a> {
    text: &'a str,
    row: bool,
    /// The quotation that it stands in.
    of: usize,
    heading: Option<&'a str>,
    terms: HashSet<u32>,
    /// The terms of a row that are no numbers.
    label: HashSet<u32>,
}

/// The best sentences and rows for each topic, best first.
pub(super) fn weigh(question: &Question, found: &[Found]) -> Vec<Vec<Evidence>> {
    let mut vocabulary = Vocabulary::default();
    let passages = passages(found, &mut vocabulary);
    let texts: Vec<&str> = passages.iter().map(|passage| passage.text).collect();
    let citations: Vec<&str> = found.iter().map(|output| output.citation.as_str()).collect();
    question
        .topics
        .iter()
        .enumerate()
        .map(|(number, topic)| {
            let query: Vec<(&str, f64)> =
                topic.keywords.iter().map(|keyword| (keyword.words.as_str(), keyword.weight)).collect();
            let own = to_one(scores(&query, &texts));
            let near = smoothed(&own, NEIGHBOUR);
            let whole = to_one(scores(&query, &citations));
            let figures = topic.wanted == Wanted::Number;
            let held = if figures { vec![0.0; texts.len()] } else { held(topic, &passages, &mut vocabulary) };
            let names = if figures { names(topic, &mut vocabulary) } else { Vec::new() };
            let mut best: Vec<(usize, f64)> = (0..texts.len())
                .filter(|&at| own[at] > 0.0)
                .map(|at| {
                    let passage = &passages[at];
                    let words = if figures { near[at] } else { OWN * near[at] + HELD * held[at] };
                    let early = EARLY * (1.0 - passage.of as f64 / citations.len() as f64);
                    let holds = if topic.wanted.is_held_by(passage.text) { HOLDS_WANTED } else { 1.0 };
                    let torn = if !passage.row && is_torn(passage.text) { TORN } else { 1.0 };
                    let named = 1.0 + NAMED * named(passage, &names);
                    (at, (words + WHOLE * whole[passage.of] + early) * holds * torn * named)
                })
                .collect();
            best.sort_by(|left, right| right.1.total_cmp(&left.1).then(left.0.cmp(&right.0)));
            let most = if number == 0 { MOST_CITED } else { MOST_CITED_PART };
            let least = best.first().map_or(0.0, |(_, score)| score * ALSO_CITED);
            let mut seen = HashSet::new();
            best.into_iter()
                .filter(|&(at, score)| score >= least && seen.insert(texts[at]))
                .take(most)
                .map(|(at, score)| Evidence {
                    text: texts[at].to_owned(),
                    heading: passages[at].heading.map(one_line),
                    score,
                })
                .collect()
        })
        .collect()
}

fn passages<'a>(found: &'a [Found], vocabulary: &mut Vocabulary) -> Vec<Passage<'a>> {
    let mut passages = Vec::new();
    for (of, output) in found.iter().enumerate() {
        let mut heading = None;
        for Piece { range, row, .. } in pieces(&output.citation) {
            let text = &output.citation[range];
            let terms: HashSet<u32> = vocabulary.terms(text).into_iter().collect();
            let label = terms.iter().copied().filter(|&term| row && !is_number(vocabulary.name(term))).collect();
            passages.push(Passage { text, row, of, heading: heading.filter(|_| row), terms, label });
            if years(text) >= 2 {
                heading = Some(text);
            }
        }
    }
    passages
}

/// For each passage the share, 0 to 1, of the topic's words that it and those beside it hold; rare words count more.
fn held(topic: &Topic, passages: &[Passage<'_>], vocabulary: &mut Vocabulary) -> Vec<f64> {
    let mut weights: BTreeMap<u32, f64> = BTreeMap::new();
    for keyword in &topic.keywords {
        let terms = vocabulary.terms(&keyword.words);
        let share = keyword.weight / (terms.len().max(1) as f64).sqrt();
        for term in terms {
            let known = weights.entry(term).or_default();
            *known = known.max(share);
        }
    }
    for (term, weight) in &mut weights {
        let holding = passages.iter().filter(|passage| passage.terms.contains(term)).count() as f64;
        *weight *= (1.0 + (passages.len() as f64 - holding + 0.5) / (holding + 0.5)).ln();
    }
    let beside = |at: usize, term: &u32| {
        let next = [at.checked_sub(1), Some(at + 1)].into_iter().flatten().filter_map(|next| passages.get(next));
        next.filter(|next| next.of == passages[at].of).any(|next| next.terms.contains(term))
    };
    let share = |at: usize| {
        let held = weights.iter().map(|(term, weight)| match passages[at].terms.contains(term) {
            true => *weight,
            false if beside(at, term) => weight * BESIDE,
            false => 0.0,
        });
        held.sum()
    };
    to_one((0..passages.len()).map(share).collect())
}

/// What the topic's things are called, without numbers, with what each name weighs.
fn names(topic: &Topic, vocabulary: &mut Vocabulary) -> Vec<(Vec<u32>, f64)> {
    topic
        .keywords
        .iter()
        .filter(|keyword| !scan(&keyword.words).any(|(start, end)| stands_for_number(&keyword.words[start..end])))
        .map(|keyword| (vocabulary.terms(&keyword.words), keyword.weight))
        .filter(|(terms, _)| !terms.is_empty())
        .collect()
}

/// How well a row's label is one of the names, 0 to 1.
fn named(passage: &Passage<'_>, names: &[(Vec<u32>, f64)]) -> f64 {
    names
        .iter()
        .filter(|(terms, _)| terms.iter().all(|term| passage.label.contains(term)))
        .map(|(terms, weight)| (weight, terms.len() as f64 / passage.label.len() as f64))
        .filter(|(_, share)| *share >= NAMED_FROM)
        .map(|(weight, share)| weight * share)
        .fold(0.0, f64::max)
        .min(1.0)
}

/// Whether two passages hold nearly the same words and numbers, as where a report repeats a table or a sentence.
pub(super) fn say_the_same(left: &str, right: &str) -> bool {
    let mut vocabulary = Vocabulary::default();
    let mut terms = |text| vocabulary.terms(text).into_iter().collect::<HashSet<u32>>();
    let (left, right) = (terms(left), terms(right));
    left.intersection(&right).count() as f64 >= SAME * left.len().max(right.len()) as f64
}

fn is_torn(text: &str) -> bool {
    let ends = text.ends_with(['.', '!', '?', ':', ';', '"', '”', '’', '\'', ')', ']']);
    !ends || text.starts_with(char::is_lowercase)
}

fn to_one(scores: Vec<f64>) -> Vec<f64> {
    let most = scores.iter().copied().fold(0.0, f64::max);
    if most > 0.0 { scores.into_iter().map(|score| score / most).collect() } else { scores }
}

fn years(text: &str) -> usize {
    scan(text).map(|(start, end)| &text[start..end]).filter(|word| is_number(word) && is_year(word)).count()
}
