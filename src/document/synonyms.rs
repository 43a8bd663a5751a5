//! Other words for the same thing: general, financial, legal, medical and scientific vocabulary from `synonyms.txt`.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use super::words::Vocabulary;

const TABLE: &str = include_str!("synonyms.txt");

/// What a phrase of a question may be called in a document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expansion {
    /// The phrase of the table that was met.
    pub phrase: String,
    /// Other names of the same thing, and of the table that it is an item of.
    pub names: Vec<String>,
    /// What it is computed from or stands under; each is something to look for by itself.
    pub parts: Vec<String>,
}

struct Synonyms {
    vocabulary: Vocabulary,
    /// From the stems of a phrase to the lines of the table that it stands in.
    phrases: HashMap<Vec<u32>, Expansion>,
    longest: usize,
}

static SYNONYMS: LazyLock<Mutex<Synonyms>> = LazyLock::new(|| Mutex::new(Synonyms::read(TABLE)));

/// The phrases of the table that stand in the text, longest first where they overlap, with what they may be called.
pub fn expansions(text: &str) -> Vec<Expansion> {
    SYNONYMS.lock().unwrap_or_else(PoisonError::into_inner).expansions(text)
}

impl Synonyms {
    fn read(table: &str) -> Self {
        let mut synonyms = Self { vocabulary: Vocabulary::default(), phrases: HashMap::new(), longest: 1 };
        for line in table.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            if let Some((items, under)) = line.split_once('<') {
                list(items, ',').into_iter().for_each(|item| synonyms.add(item, list(under, ',').into_iter(), &[]));
                continue;
            }
            let (left, right) = line.split_once("=>").unwrap_or((line, ""));
            let names: Vec<&str> = list(left, ',');
            let parts: Vec<&str> = list(right, ';');
            for name in &names {
                let others = names.iter().filter(|other| *other != name).copied();
                synonyms.add(name, others, &parts);
            }
        }
        synonyms
    }

    fn add<'a>(&mut self, name: &str, others: impl Iterator<Item = &'a str>, parts: &[&str]) {
        let key = self.vocabulary.terms(name);
        if key.is_empty() {
            return;
        }
        self.longest = self.longest.max(key.len());
        let entry = self.phrases.entry(key).or_default();
        if entry.phrase.is_empty() {
            entry.phrase = name.to_owned();
        }
        for other in others.filter(|other| *other != name) {
            if !entry.names.iter().any(|known| known == other) {
                entry.names.push(other.to_owned());
            }
        }
        for part in parts {
            if !entry.parts.iter().any(|known| known == part) {
                entry.parts.push((*part).to_owned());
            }
        }
    }

    fn expansions(&mut self, text: &str) -> Vec<Expansion> {
        let terms = self.vocabulary.terms(text);
        let mut found: Vec<Expansion> = Vec::new();
        let mut at = 0;
        while at < terms.len() {
            let longest = self.longest.min(terms.len() - at);
            let hit = (1..=longest).rev().find_map(|n| Some((n, self.phrases.get(&terms[at..at + n])?)));
            match hit {
                Some((length, expansion)) => {
                    if !found.contains(expansion) {
                        found.push(expansion.clone());
                    }
                    at += length;
                }
                None => at += 1,
            }
        }
        found
    }
}

fn list(text: &str, separator: char) -> Vec<&str> {
    text.split(separator).map(str::trim).filter(|name| !name.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phrase_is_met_whatever_its_endings_and_the_longest_wins() {
        let mut synonyms = Synonyms::read("sale, revenue\nnet sales, net revenue => income statement; total\n# x, y");
        let found = synonyms.expansions("What were the net sales?");
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].names, ["net revenue"]);
        assert_eq!(found[0].parts, ["income statement", "total"]);
        assert_eq!(synonyms.expansions("revenues")[0].names, ["sale"]);
        assert!(synonyms.expansions("x").is_empty());
    }

    #[test]
    fn the_table_that_is_shipped_can_be_used_whole() {
        let known = SYNONYMS.lock().unwrap_or_else(PoisonError::into_inner);
        assert!(known.phrases.len() > 300);
        assert!(known.phrases.values().all(|entry| !entry.names.is_empty() || !entry.parts.is_empty()));
    }
}
