//! BM25: which chunks the keywords weigh most in.
//!
//! k1 = 1.2, b = 0.75 and the inverse document frequency of Lucene: ln(1 + (N - n + 0.5) / (n + 0.5)).

use std::collections::HashMap;

use rust_stemmers::{Algorithm, Stemmer};

const K1: f64 = 1.2;
const B: f64 = 0.75;

/// The indexes of the `k` best chunks, best first; chunks in which no keyword stands are left out.
///
/// A keyword of several words weighs as its words together. A missing weight counts as 1.
pub fn top_k(keywords: &[String], weights: &[f64], chunks: &[&str], k: usize) -> Vec<usize> {
    let stemmer = Stemmer::create(Algorithm::English);
    let mut wanted: HashMap<String, f64> = HashMap::new();
    for (n, keyword) in keywords.iter().enumerate() {
        let weight = weights.get(n).copied().unwrap_or(1.0);
        words(keyword, &stemmer).for_each(|word| *wanted.entry(word).or_default() += weight);
    }
    let mut counts: Vec<HashMap<&str, f64>> = Vec::with_capacity(chunks.len());
    let mut lengths = Vec::with_capacity(chunks.len());
    let mut stems: HashMap<String, Option<&str>> = HashMap::new();
    for chunk in chunks {
        let (mut count, mut length) = (HashMap::new(), 0.0);
        for word in bare_words(chunk) {
            length += 1.0;
            let lower = word.to_lowercase();
            let stem = match stems.get(&lower) {
                Some(stem) => *stem,
                None => {
                    let stem = wanted.get_key_value(stemmer.stem(&lower).as_ref()).map(|(stem, _)| stem.as_str());
                    stems.insert(lower, stem);
                    stem
                }
            };
            if let Some(stem) = stem {
                *count.entry(stem).or_insert(0.0) += 1.0;
            }
        }
        counts.push(count);
        lengths.push(length);
    }
    let total = chunks.len() as f64;
    let mean = (lengths.iter().sum::<f64>() / total.max(1.0)).max(1.0);
    let mut query: Vec<(&str, f64)> = Vec::with_capacity(wanted.len());
    for (word, weight) in &wanted {
        let holding = counts.iter().filter(|count| count.contains_key(word.as_str())).count() as f64;
        query.push((word, weight * (1.0 + (total - holding + 0.5) / (holding + 0.5)).ln()));
    }
    // A fixed order of the sum, so that equal input gives equal scores to the last bit.
    query.sort_by(|a, b| a.0.cmp(b.0));
    let score = |chunk: usize| -> f64 {
        let norm = K1 * (1.0 - B + B * lengths[chunk] / mean);
        let part = |(word, weight): &(&str, f64)| {
            let count = counts[chunk].get(word).copied().unwrap_or(0.0);
            weight * count * (K1 + 1.0) / (count + norm)
        };
        query.iter().map(part).sum()
    };
    let mut best: Vec<(usize, f64)> =
        (0..chunks.len()).map(|n| (n, score(n))).filter(|(_, score)| *score > 0.0).collect();
    best.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    best.into_iter().take(k).map(|(n, _)| n).collect()
}

fn words<'a>(text: &'a str, stemmer: &'a Stemmer) -> impl Iterator<Item = String> + 'a {
    bare_words(text).map(|word| stemmer.stem(&word.to_lowercase()).into_owned())
}

fn bare_words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|character: char| !character.is_alphanumeric()).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::top_k;

    fn keywords(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn the_chunk_that_says_the_most_of_the_keywords_comes_first() {
        let chunks =
            ["nothing here", "capital expenditure fell", "The capital expenditures, again: expenditures", "capital"];
        let best = top_k(&keywords(&["capital expenditures"]), &[], &chunks, 10);
        assert_eq!(best, [2, 1, 3]);
        assert_eq!(top_k(&keywords(&["capital expenditures"]), &[], &chunks, 1), [2]);
    }

    #[test]
    fn weights_decide_between_keywords_and_nothing_asked_gives_nothing() {
        let chunks = ["red wine", "white wine"];
        assert_eq!(top_k(&keywords(&["red", "white"]), &[1.0, 3.0], &chunks, 1), [1]);
        assert!(top_k(&[], &[], &chunks, 5).is_empty());
        assert!(top_k(&keywords(&["wine"]), &[], &[], 5).is_empty());
    }
}
