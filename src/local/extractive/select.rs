//! Which sentences or rows of a chunk answer a task, by the words they share.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;

use crate::document::bm25::smoothed;
use crate::document::passage::{Piece, pieces};
use crate::document::synonyms::expansions;
use crate::document::wanted::Wanted;
use crate::document::words::{Vocabulary, is_number};

/// What a word of the advice, or another name of an asked thing, weighs beside a word of the task.
const HINT_WEIGHT: f64 = 0.35;
/// What a number in the task weighs: years stand in every heading.
const NUMBER_WEIGHT: f64 = 0.5;
/// What two words that stand side by side in the task and in the piece add.
const PAIR_WEIGHT: f64 = 0.6;
/// The part of its neighbours' scores that a piece gets.
const NEIGHBOUR: f64 = 0.3;
/// How much better a piece is that holds the kind of thing asked for.
const HOLDS_WANTED: f64 = 1.35;
/// Below this share of the task's words (other names count in part) the reader abstains.
const LEAST_SHARE: f64 = 0.1;
/// The same where only one word of the task stands in the chunk.
const LEAST_SHARE_OF_ONE: f64 = 0.15;
/// What another name counts for that share.
const NAME_SHARE: f64 = 0.6;
/// A neighbouring piece is part of the answer from this share of the best score on.
const ALSO_ANSWERS: f64 = 0.7;
/// Bytes of an answer, as far as whole pieces allow it.
const ANSWER_BYTES: usize = 320;
/// Characters of a citation where the advice names no other limit.
const CITATION: usize = 400;
/// Words named in an explanation.
const NAMED_WORDS: usize = 6;

/// What the reader made of a chunk.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// Words of the task that stand in the chunk, under their own or another name.
    pub matched: usize,
    /// Words of the task that say what it is about.
    pub asked: usize,
    pub wanted: Wanted,
    /// Nothing, where too little matches.
    pub selected: Option<Selected>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Selected {
    /// Bytes of the chunk; the answer stands inside the citation.
    pub citation: Range<usize>,
    pub answer: Range<usize>,
    /// The words of the task or advice that stand in the answer.
    pub words: Vec<String>,
    pub holds_wanted: bool,
}

/// Reads a chunk for a task. An advice that says `Quote up to N characters` sets the citation's length.
pub fn read(chunk: &str, task: &str, advice: &str) -> Reading {
    let (advice, limit) = quote_limit(advice);
    let mut vocabulary = Vocabulary::default();
    let query = Query::new(task, &advice, &mut vocabulary);
    let wanted = Wanted::of(task);
    let pieces = pieces(chunk);
    let found: Vec<Vec<(u32, Range<usize>)>> = pieces
        .iter()
        .map(|piece| {
            let tokens = vocabulary.tokens(&chunk[piece.range.clone()]);
            let place = |start: usize, end: usize| piece.range.start + start..piece.range.start + end;
            tokens.into_iter().filter_map(|token| Some((token.term?, place(token.start, token.end)))).collect()
        })
        .collect();
    let here: HashSet<u32> = found.iter().flatten().map(|(term, _)| *term).collect();
    let (matched, share) = query.coverage(&here);
    let mut reading = Reading { matched, asked: query.asked.len(), wanted, selected: None };
    if share < if matched == 1 { LEAST_SHARE_OF_ONE } else { LEAST_SHARE } {
        return reading;
    }
    let scores = query.scores(&found, &pieces, chunk, wanted);
    reading.selected = select(chunk, &pieces, &found, &scores, &query, wanted, limit);
    reading
}

/// The advice without its sentence on the citation's length, and that length in characters.
fn quote_limit(advice: &str) -> (String, Option<usize>) {
    const BEFORE: &str = "Quote up to ";
    const AFTER: &str = " characters";
    let Some(at) = advice.find(BEFORE) else { return (advice.to_owned(), None) };
    let rest = &advice[at + BEFORE.len()..];
    let Some((number, after)) = rest.split_once(AFTER) else { return (advice.to_owned(), None) };
    match number.replace(',', "").parse() {
        Ok(limit) => (format!("{}{after}", &advice[..at]), Some(limit)),
        Err(_) => (advice.to_owned(), None),
    }
}

/// The words looked for.
struct Query {
    /// Distinct words of the task, and for each the words of its other names.
    asked: BTreeMap<u32, HashSet<u32>>,
    weights: HashMap<u32, f64>,
    pairs: HashSet<(u32, u32)>,
}

impl Query {
    fn new(task: &str, advice: &str, vocabulary: &mut Vocabulary) -> Self {
        let mut query = Self { asked: BTreeMap::new(), weights: HashMap::new(), pairs: HashSet::new() };
        let terms = vocabulary.terms(task);
        query.pairs.extend(terms.windows(2).map(|pair| (pair[0], pair[1])));
        for &term in &terms {
            let weight = if is_number(vocabulary.name(term)) { NUMBER_WEIGHT } else { 1.0 };
            query.weights.insert(term, weight);
            query.asked.entry(term).or_default();
        }
        for expansion in expansions(task) {
            let phrase = vocabulary.terms(&expansion.phrase);
            for name in &expansion.names {
                let name = vocabulary.terms(name);
                query.pairs.extend(name.windows(2).map(|pair| (pair[0], pair[1])));
                for &term in &name {
                    query.weights.entry(term).or_insert(HINT_WEIGHT);
                }
                for asked in &phrase {
                    query.asked.entry(*asked).or_default().extend(&name);
                }
            }
        }
        for term in vocabulary.terms(advice) {
            query.weights.entry(term).or_insert(HINT_WEIGHT);
        }
        query
    }

    /// How many words of the task stand here, and their share of all of them.
    fn coverage(&self, here: &HashSet<u32>) -> (usize, f64) {
        let (mut matched, mut share, mut whole) = (0, 0.0, 0.0);
        for (term, names) in &self.asked {
            let weight = self.weights.get(term).copied().unwrap_or(1.0);
            whole += weight;
            if here.contains(term) {
                matched += 1;
                share += weight;
            } else if names.iter().any(|name| here.contains(name)) {
                matched += 1;
                share += weight * NAME_SHARE;
            }
        }
        (matched, if whole > 0.0 { share / whole } else { 0.0 })
    }

    fn scores(&self, found: &[Vec<(u32, Range<usize>)>], pieces: &[Piece], chunk: &str, wanted: Wanted) -> Vec<f64> {
        let count = found.len() as f64;
        let mut holding: HashMap<u32, f64> = HashMap::new();
        for terms in found {
            for term in terms.iter().map(|(term, _)| *term).collect::<HashSet<_>>() {
                *holding.entry(term).or_default() += 1.0;
            }
        }
        let rarity = |term: &u32| (1.0 + count / holding.get(term).copied().unwrap_or(1.0)).ln();
        let own: Vec<f64> = found
            .iter()
            .zip(pieces)
            .map(|(terms, piece)| {
                let distinct: HashSet<u32> = terms.iter().map(|(term, _)| *term).collect();
                let mut hits: Vec<f64> =
                    distinct.iter().filter_map(|term| Some(self.weights.get(term)? * rarity(term))).collect();
                // In one order, so that the sum comes out the same every time.
                hits.sort_by(f64::total_cmp);
                let pairs = terms.windows(2).filter(|pair| self.pairs.contains(&(pair[0].0, pair[1].0))).count();
                let score = hits.iter().sum::<f64>() + PAIR_WEIGHT * pairs.min(4) as f64;
                let length = 0.75 + 0.25 * (terms.len() as f64 / 15.0);
                let holds = if wanted.is_held_by(&chunk[piece.range.clone()]) { HOLDS_WANTED } else { 1.0 };
                score * holds / length
            })
            .collect();
        let smooth = smoothed(&own, NEIGHBOUR);
        // A piece without any of the words never wins by its neighbours alone, unless it is a table's row.
        own.iter()
            .zip(pieces)
            .zip(smooth)
            .map(|((own, piece), smooth)| if *own > 0.0 || piece.row { smooth } else { 0.0 })
            .collect()
    }
}

fn select(
    chunk: &str,
    pieces: &[Piece],
    found: &[Vec<(u32, Range<usize>)>],
    scores: &[f64],
    query: &Query,
    wanted: Wanted,
    limit: Option<usize>,
) -> Option<Selected> {
    let best =
        (0..pieces.len()).max_by(|&left, &right| scores[left].total_cmp(&scores[right]).then(right.cmp(&left)))?;
    if scores[best] <= 0.0 {
        return None;
    }
    let span = |run: &Range<usize>| pieces[run.start].range.start..pieces[run.end - 1].range.end;
    let mut answer = best..best + 1;
    for next in [best.checked_sub(1), Some(best + 1)].into_iter().flatten().filter(|&next| next < pieces.len()) {
        let wider = answer.start.min(next)..answer.end.max(next + 1);
        if scores[next] >= ALSO_ANSWERS * scores[best] && span(&wider).len() <= ANSWER_BYTES {
            answer = wider;
        }
    }
    let mut citation = answer.clone();
    loop {
        let before = citation.start.checked_sub(1);
        let after = Some(citation.end).filter(|&after| after < pieces.len());
        let fits = |next: &usize| {
            let wider = citation.start.min(*next)..citation.end.max(next + 1);
            chunk[span(&wider)].chars().count() <= limit.unwrap_or(CITATION) && (limit.is_some() || scores[*next] > 0.0)
        };
        let next = [before.filter(fits), after.filter(fits)]
            .into_iter()
            .flatten()
            .max_by(|&left, &right| scores[left].total_cmp(&scores[right]).then(right.cmp(&left)));
        match next {
            Some(next) => citation = citation.start.min(next)..citation.end.max(next + 1),
            None => break,
        }
    }
    let answer_span = span(&answer);
    let mut named = HashSet::new();
    let words = found[answer]
        .iter()
        .flatten()
        .filter(|(term, _)| query.weights.contains_key(term) && named.insert(*term))
        .map(|(_, place)| chunk[place.clone()].to_owned())
        .take(NAMED_WORDS)
        .collect();
    let holds_wanted = wanted.is_held_by(&chunk[answer_span.clone()]);
    Some(Selected { citation: span(&citation), answer: answer_span, words, holds_wanted })
}
