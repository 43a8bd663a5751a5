//! Which chunks several queries agree on, by their words and where it is known by their meaning: reciprocal rank fusion
//! (Cormack, Clarke, Büttcher 2009).

use std::collections::HashSet;

use super::bm25::{self, Ranked};

/// The paper's constant: the larger it is, the less the first ranks stand out.
const DAMPING: f64 = 60.0;

/// Likenesses that differ by less count as equal, since the order of sums is not the same on every machine.
const LIKENESS_STEPS: f32 = 10_000.0;

/// The indices of the `k` chunks that stand highest in the rankings of all queries together, best first; of chunks with
/// the same text only the best is kept. Chunks are taken to stand in the order of their document.
///
/// `as_ranked` gives what a chunk is ranked by, such as its words with the heading above them. Each query ranks the chunks by
/// BM25, and once more by `likenesses` where there are any: one list for each query, with the cosine of its angle to each chunk. What is no number says nothing of its chunk.
pub fn retrieve<'a>(
    queries: &[&str],
    chunks: impl IntoIterator<Item = &'a str>,
    as_ranked: impl FnMut(&'a str) -> Ranked<'a>,
    likenesses: &[Vec<f32>],
    k: usize,
) -> Vec<usize> {
    let queries: Vec<Vec<(&str, f64)>> = queries.iter().map(|query| vec![(*query, 1.0)]).collect();
    let mut texts = Vec::new();
    let read = chunks.into_iter().inspect(|text| texts.push(*text)).map(as_ranked);
    let mut rankings = bm25::rankings(&queries, read);
    rankings.extend(likenesses.iter().map(|likenesses| ranking(likenesses, texts.len())));
    let mut seen = HashSet::new();
    let mut best = fused(&rankings, texts.len());
    best.retain(|&index| seen.len() < k && seen.insert(texts[index]));
    best
}

/// The indices below `count`, the most alike first.
fn ranking(likenesses: &[f32], count: usize) -> Vec<usize> {
    let steps = likenesses.iter().map(|likeness| (likeness * LIKENESS_STEPS).round() as i64);
    let mut order: Vec<(i64, usize)> = steps.zip(0..count).filter(|(_, index)| !likenesses[*index].is_nan()).collect();
    order.sort_by_key(|&(steps, index)| (std::cmp::Reverse(steps), index));
    order.into_iter().map(|(_, index)| index).collect()
}

/// The indices below `count` that stand in any ranking, by the sum of `1 / (60 + rank)`, ranks counted from 1.
fn fused(rankings: &[Vec<usize>], count: usize) -> Vec<usize> {
    let mut sums = vec![0.0; count];
    for ranking in rankings {
        for (before, &index) in ranking.iter().enumerate() {
            sums[index] += 1.0 / (DAMPING + before as f64 + 1.0);
        }
    }
    let mut order: Vec<usize> = (0..count).filter(|&index| sums[index] > 0.0).collect();
    order.sort_by(|&left, &right| sums[right].total_cmp(&sums[left]).then(left.cmp(&right)));
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_stands_high_in_both_rankings_beats_what_leads_one() {
        assert_eq!(fused(&[vec![0, 2, 3], vec![1, 2]], 5), [2, 0, 1, 3]);
        assert!(fused(&[], 3).is_empty());
    }

    #[test]
    fn every_query_brings_its_chunk_and_the_same_text_comes_once() {
        let chunks = ["net sales rose", "", "", "the lawsuit was settled", "", "", "net sales rose", "", ""];
        let found = retrieve(&["net sales", "lawsuit"], chunks, Ranked::from, &[], 9);
        let texts: Vec<&str> = found.iter().map(|&index| chunks[index]).collect();
        assert_eq!(&texts[..2], ["net sales rose", "the lawsuit was settled"]);
        assert_eq!(texts.len(), 3, "one of the blank neighbours");
        assert_eq!(retrieve(&["net sales", "lawsuit"], chunks, Ranked::from, &[], 1).len(), 1);
    }

    #[test]
    fn a_chunk_without_the_words_is_found_by_its_meaning() {
        let chunks = ["net sales rose", "weather", "wind", "rain", "turnover went up"];
        let alike = |likenesses: [f32; 5]| retrieve(&["net sales"], chunks, Ranked::from, &[likenesses.to_vec()], 3);
        assert_eq!(
            retrieve(&["net sales"], chunks, Ranked::from, &[], 3),
            [0, 1],
            "by words: the chunk and its neighbour"
        );
        assert_eq!(alike([0.5, 0.1, 0.2, 0.3, 0.9]), [0, 1, 4], "what both find stands first");
        assert_eq!(alike([f32::NAN, f32::NAN, f32::NAN, f32::NAN, 0.9]), [0, 4, 1], "nothing is known of four");
    }

    #[test]
    fn likenesses_that_hardly_differ_rank_by_the_order_of_the_document() {
        assert_eq!(ranking(&[0.5, 0.500_01, 0.7, -0.2], 4), [2, 0, 1, 3]);
        assert_eq!(ranking(&[0.1, 0.2, 0.3], 2), [1, 0], "there is no third chunk");
        assert!(ranking(&[f32::NAN], 1).is_empty());
    }

    proptest! {
        #[test]
        fn one_query_ranks_as_bm25_alone(chunks in proptest::collection::vec("[ab ]{0,9}x[0-9]{4}", 0..20)) {
            let mut chunks: Vec<&str> = chunks.iter().map(String::as_str).collect();
            chunks.sort_unstable();
            chunks.dedup();
            let query = "ab aa bb";
            let alone = bm25::top_k(&[query.to_owned()], &[], chunks.iter().copied(), 5);
            prop_assert_eq!(retrieve(&[query], chunks.iter().copied(), Ranked::from, &[], 5), alone);
        }
    }
}
