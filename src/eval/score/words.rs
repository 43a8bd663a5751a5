//! Exact match and F1 over words, as SQuAD's own script has them: `normalize_answer`, `f1_score` and `exact_match_score` of
//! `evaluate-v1.1.py` (<https://rajpurkar.github.io/SQuAD-explorer/>; Rajpurkar et al. 2016, section 6.1).

use std::collections::HashMap;

/// Lower case, without ASCII punctuation, without `a`, `an` and `the`, one blank between words.
pub fn normalised(text: &str) -> String {
    let plain: String = text.to_lowercase().chars().filter(|character| !character.is_ascii_punctuation()).collect();
    plain.split_whitespace().filter(|word| !matches!(*word, "a" | "an" | "the")).collect::<Vec<_>>().join(" ")
}

/// Whether both are the same words, whatever their case, punctuation and articles.
pub fn exact(right: &str, said: &str) -> bool {
    normalised(right) == normalised(said)
}

/// The harmonic mean of precision and recall over words, each counted as often as it stands. Two empty texts agree.
pub fn f1(right: &str, said: &str) -> f64 {
    let (right, said) = (normalised(right), normalised(said));
    let (right, said): (Vec<&str>, Vec<&str>) = (right.split_whitespace().collect(), said.split_whitespace().collect());
    if right.is_empty() || said.is_empty() {
        return f64::from(u8::from(right.is_empty() && said.is_empty()));
    }
    let mut left: HashMap<&str, usize> = HashMap::new();
    for word in &right {
        *left.entry(word).or_default() += 1;
    }
    let mut common = 0.0;
    for word in &said {
        if let Some(count) = left.get_mut(word).filter(|count| **count > 0) {
            *count -= 1;
            common += 1.0;
        }
    }
    let (precision, recall) = (common / said.len() as f64, common / right.len() as f64);
    if common == 0.0 { 0.0 } else { 2.0 * precision * recall / (precision + recall) }
}
