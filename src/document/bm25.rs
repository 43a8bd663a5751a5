//! Which chunks speak of the keywords: BM25 (Robertson and Zaragoza 2009, k1 = 1.2, b = 0.75) over stems, with
//! pairs of neighbouring words and the scores of neighbouring chunks.
//!
//! Three steps are added to the textbook: two words of a keyword that stand side by side count as a term of their own,
//! a chunk gets a part of its neighbours' scores, since a table's rows and its heading often fall into different chunks, and a
//! part of the mean score of its page, since what answers mostly stands on a page that speaks of little else.

use std::borrow::Cow;
use std::collections::HashMap;

use super::words::Vocabulary;

const K1: f64 = 1.2;
const B: f64 = 0.75;
/// What a pair of neighbouring words weighs beside its two words.
const PAIR: f64 = 1.0;
/// The part of each neighbour's score that is added to a chunk's own.
const NEIGHBOUR: f64 = 0.3;
/// The part of its page's mean score that is added to a chunk which has any of its own.
const PAGE: f64 = 0.5;

/// A chunk as it is ranked.
#[derive(Clone, Debug)]
pub struct Ranked<'a> {
    /// Its words, with what is said of it elsewhere.
    pub text: Cow<'a, str>,
    /// The document and the page it stands on, where the document has pages.
    pub page: Option<(usize, usize)>,
}

impl<'a> From<&'a str> for Ranked<'a> {
    fn from(text: &'a str) -> Self {
        Self { text: Cow::Borrowed(text), page: None }
    }
}

/// The indices of the `k` chunks in which the keywords weigh most, best first; chunks without any keyword are left out.
///
/// A keyword may be several words. `weights` stands beside `keywords`; where it is shorter the weight is 1, and a
/// weight that is no positive number takes its keyword out. Chunks are taken to stand in the order of their document.
pub fn top_k<'a>(
    keywords: &[String],
    weights: &[f64],
    chunks: impl IntoIterator<Item = impl Into<Ranked<'a>>>,
    k: usize,
) -> Vec<usize> {
    let query: Vec<(&str, f64)> = keywords
        .iter()
        .enumerate()
        .map(|(index, keyword)| (keyword.as_str(), weights.get(index).copied().unwrap_or(1.0)))
        .collect();
    let mut best = rankings(&[query], chunks).pop().unwrap_or_default();
    best.truncate(k);
    best
}

/// For each of the queries the indices of the chunks that speak of it, best first, as [`top_k`] finds them.
pub fn rankings<'a>(
    queries: &[Vec<(&str, f64)>],
    chunks: impl IntoIterator<Item = impl Into<Ranked<'a>>>,
) -> Vec<Vec<usize>> {
    let mut pages = Vec::new();
    let texts = chunks.into_iter().map(|chunk| {
        let Ranked { text, page } = chunk.into();
        pages.push(page);
        text
    });
    let scores = scores_of_each(queries, texts);
    let rank = |scores: Vec<f64>| {
        let scores = with_pages(&smoothed(&scores, NEIGHBOUR), &pages);
        let mut order: Vec<usize> = (0..scores.len()).filter(|&index| scores[index] > 0.0).collect();
        order.sort_by(|&left, &right| scores[right].total_cmp(&scores[left]).then(left.cmp(&right)));
        order
    };
    scores.into_iter().map(rank).collect()
}

/// The BM25 score of every chunk for the weighted keywords.
pub fn scores(query: &[(&str, f64)], chunks: &[&str]) -> Vec<f64> {
    scores_of_each(&[query.to_vec()], chunks.iter().copied()).pop().unwrap_or_default()
}

/// The chunks' scores for each query; the words of the chunks are read once.
fn scores_of_each(queries: &[Vec<(&str, f64)>], chunks: impl IntoIterator<Item = impl AsRef<str>>) -> Vec<Vec<f64>> {
    let mut vocabulary = Vocabulary::default();
    let queries: Vec<Query> = queries.iter().map(|query| Query::new(query, &mut vocabulary)).collect();
    // The vocabulary numbers terms as it meets them, so those of the queries come first.
    let asked = vocabulary.len() as u32;
    let mut lengths = Vec::new();
    let mut counts: Vec<Vec<Vec<(usize, u32)>>> = queries.iter().map(|_| Vec::new()).collect();
    for chunk in chunks {
        let terms = vocabulary.terms(chunk.as_ref());
        lengths.push(terms.len() as f64);
        for (query, counts) in queries.iter().zip(&mut counts) {
            counts.push(query.count(&terms, asked));
        }
    }
    queries.iter().zip(&counts).map(|(query, counts)| query.scores(counts, &lengths)).collect()
}

/// Every score with `part` of its two neighbours' added.
pub fn smoothed(scores: &[f64], part: f64) -> Vec<f64> {
    (0..scores.len())
        .map(|index| {
            let before = index.checked_sub(1).map_or(0.0, |before| scores[before]);
            let after = scores.get(index + 1).copied().unwrap_or(0.0);
            scores[index] + part * (before + after)
        })
        .collect()
}

/// Every score above zero with a part of the mean of its page's.
fn with_pages(scores: &[f64], pages: &[Option<(usize, usize)>]) -> Vec<f64> {
    let mut sums: HashMap<(usize, usize), (f64, f64)> = HashMap::new();
    for (score, page) in scores.iter().zip(pages) {
        if let Some(page) = page {
            let (sum, chunks) = sums.entry(*page).or_default();
            *sum += score;
            *chunks += 1.0;
        }
    }
    let mean = |page: &Option<(usize, usize)>| page.and_then(|page| sums.get(&page)).map_or(0.0, |(sum, n)| sum / n);
    let added =
        |(score, page): (&f64, &Option<(usize, usize)>)| if *score > 0.0 { score + PAGE * mean(page) } else { 0.0 };
    scores.iter().zip(pages).map(added).collect()
}

/// The weighted terms of a query: single words, and pairs that stand side by side in a keyword.
struct Query {
    terms: HashMap<u32, usize>,
    pairs: HashMap<(u32, u32), usize>,
    weights: Vec<f64>,
}

impl Query {
    fn new(keywords: &[(&str, f64)], vocabulary: &mut Vocabulary) -> Self {
        let mut query = Self { terms: HashMap::new(), pairs: HashMap::new(), weights: Vec::new() };
        for &(keyword, weight) in keywords {
            if !(weight.is_finite() && weight > 0.0) {
                continue;
            }
            let terms = vocabulary.terms(keyword);
            // A long phrase shares its weight among its words, so that it does not drown a single word.
            let share = weight / (terms.len().max(1) as f64).sqrt();
            for &term in &terms {
                let next = query.weights.len();
                let index = *query.terms.entry(term).or_insert(next);
                query.raise(index, share);
            }
            for pair in terms.windows(2) {
                let next = query.weights.len();
                let index = *query.pairs.entry((pair[0], pair[1])).or_insert(next);
                query.raise(index, share * PAIR);
            }
        }
        query
    }

    fn raise(&mut self, index: usize, weight: f64) {
        match self.weights.get_mut(index) {
            Some(known) => *known = known.max(weight),
            None => self.weights.push(weight),
        }
    }

    /// How often each term of the query stands in the chunk with these terms, of which those from `asked` on are in no query.
    fn count(&self, terms: &[u32], asked: u32) -> Vec<(usize, u32)> {
        let mut found: HashMap<usize, u32> = HashMap::new();
        for (at, term) in terms.iter().enumerate().filter(|(_, term)| **term < asked) {
            if let Some(&index) = self.terms.get(term) {
                *found.entry(index).or_default() += 1;
            }
            if let Some(next) = terms.get(at + 1)
                && let Some(&index) = self.pairs.get(&(*term, *next))
            {
                *found.entry(index).or_default() += 1;
            }
        }
        // In one order, so that sums of floats come out the same every time.
        let mut found: Vec<(usize, u32)> = found.into_iter().collect();
        found.sort_unstable();
        found
    }

    fn scores(&self, counts: &[Vec<(usize, u32)>], lengths: &[f64]) -> Vec<f64> {
        let all = counts.len() as f64;
        let mut holding = vec![0u32; self.weights.len()];
        for (term, _) in counts.iter().flatten() {
            holding[*term] += 1;
        }
        let average = (lengths.iter().sum::<f64>() / all.max(1.0)).max(1.0);
        let rarity = |holding: &u32| (1.0 + (all - f64::from(*holding) + 0.5) / (f64::from(*holding) + 0.5)).ln();
        let rarity: Vec<f64> = holding.iter().map(rarity).collect();
        let score = |(found, length): (&Vec<(usize, u32)>, &f64)| {
            let norm = K1 * (1.0 - B + B * length / average);
            let term = |&(term, count): &(usize, u32)| {
                let count = f64::from(count);
                self.weights[term] * rarity[term] * count * (K1 + 1.0) / (count + norm)
            };
            found.iter().map(term).sum()
        };
        counts.iter().zip(lengths).map(score).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn keywords(words: &[&str]) -> Vec<String> {
        words.iter().map(|&word| word.to_owned()).collect()
    }

    #[test]
    fn the_chunk_that_speaks_of_the_keywords_comes_first() {
        let chunks = ["The cat slept.", "Net sales rose in 2019.", "Nothing here.", "A dog barked."];
        assert_eq!(top_k(&keywords(&["net sale", "2019"]), &[], chunks, 1), [1]);
    }

    #[test]
    fn words_side_by_side_weigh_more_than_words_apart() {
        let chunks = ["net of tax, sales fell", "x", "y", "z", "net sales fell, tax"];
        assert_eq!(top_k(&keywords(&["net sales"]), &[], chunks, 5)[0], 4);
    }

    #[test]
    fn weights_decide_between_chunks() {
        let chunks = ["apple", "", "", "pear"];
        assert_eq!(top_k(&keywords(&["apple", "pear"]), &[1.0, 3.0], chunks, 1), [3]);
        assert_eq!(top_k(&keywords(&["apple", "pear"]), &[1.0, 0.0], chunks, 9), [0, 1]);
    }

    #[test]
    fn of_two_chunks_alike_the_one_on_a_page_that_speaks_of_the_same_comes_first() {
        let texts = ["sales fell", "rain", "wind", "sales fell", "snow", "sun", "sales rose"];
        let ranked = |pages: [usize; 7]| {
            let chunks =
                texts.iter().zip(pages).map(|(text, page)| Ranked { page: Some((0, page)), ..Ranked::from(*text) });
            top_k(&keywords(&["fell"]), &[], chunks, 1)
        };
        assert_eq!(ranked([0, 0, 0, 0, 0, 0, 0]), [0]);
        assert_eq!(ranked([0, 0, 0, 1, 1, 2, 2]), [3], "less else stands on its page");
    }

    #[test]
    fn nothing_to_look_for_finds_nothing() {
        assert!(top_k(&[], &[], ["a text"], 3).is_empty());
        assert!(top_k(&keywords(&["the", "of"]), &[], ["the text of"], 3).is_empty());
        assert!(top_k(&keywords(&["word"]), &[f64::NAN], ["a word"], 3).is_empty());
        assert!(top_k(&keywords(&["word"]), &[], [""; 0], 3).is_empty());
    }

    proptest! {
        #[test]
        fn whatever_is_asked_every_index_is_a_chunk_once(
            words in proptest::collection::vec("\\PC{0,12}", 0..6),
            chunks in proptest::collection::vec("\\PC{0,60}", 0..20),
            k in 0usize..30,
        ) {
            let chunks: Vec<&str> = chunks.iter().map(String::as_str).collect();
            let found = top_k(&words, &[], chunks.iter().copied(), k);
            let mut distinct = found.clone();
            distinct.sort_unstable();
            distinct.dedup();
            prop_assert_eq!(distinct.len(), found.len());
            prop_assert!(found.len() <= k && found.iter().all(|&index| index < chunks.len()));
        }
    }
}
