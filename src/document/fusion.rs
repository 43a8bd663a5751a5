//! Which chunks several queries agree on: reciprocal rank fusion (Cormack, Clarke, Büttcher 2009).

use std::collections::HashSet;

use super::bm25;

/// The paper's constant: the larger it is, the less the first ranks stand out.
const DAMPING: f64 = 60.0;

/// The indices of the `k` chunks that stand highest in the BM25 rankings of all queries together, best first; of
/// chunks with the same text only the best is kept. Chunks are taken to stand in the order of their document.
pub fn retrieve<'a>(queries: &[&str], chunks: impl IntoIterator<Item = &'a str>, k: usize) -> Vec<usize> {
    let queries: Vec<Vec<(&str, f64)>> = queries.iter().map(|query| vec![(*query, 1.0)]).collect();
    let mut texts = Vec::new();
    let rankings = bm25::rankings(&queries, chunks.into_iter().inspect(|text| texts.push(*text)));
    let mut seen = HashSet::new();
    let mut best = fused(&rankings, texts.len());
    best.retain(|&index| seen.len() < k && seen.insert(texts[index]));
    best
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
        let found = retrieve(&["net sales", "lawsuit"], chunks, 9);
        let texts: Vec<&str> = found.iter().map(|&index| chunks[index]).collect();
        assert_eq!(&texts[..2], ["net sales rose", "the lawsuit was settled"]);
        assert_eq!(texts.len(), 3, "one of the blank neighbours");
        assert_eq!(retrieve(&["net sales", "lawsuit"], chunks, 1).len(), 1);
    }

    proptest! {
        #[test]
        fn one_query_ranks_as_bm25_alone(chunks in proptest::collection::vec("[ab ]{0,9}x[0-9]{4}", 0..20)) {
            let mut chunks: Vec<&str> = chunks.iter().map(String::as_str).collect();
            chunks.sort_unstable();
            chunks.dedup();
            let query = "ab aa bb";
            let alone = bm25::top_k(&[query.to_owned()], &[], chunks.iter().copied(), 5);
            prop_assert_eq!(retrieve(&[query], chunks.iter().copied(), 5), alone);
        }
    }
}
