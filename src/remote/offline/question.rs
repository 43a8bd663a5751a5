//! What a question asks for, read from its words alone: what to look for, and what kind of answer is wanted.

use std::collections::HashSet;

use crate::document::synonyms::{Expansion, expansions};
use crate::document::wanted::Wanted;
use crate::document::words;

/// Keywords of one topic at most; the rest of a very long question adds noise.
const MOST_KEYWORDS: usize = 48;
/// What other names of an asked thing weigh, and in a round that widens.
const NAME_WEIGHT: f64 = 0.4;
const WIDE_NAME_WEIGHT: f64 = 0.7;
/// What two neighbouring words of the question weigh as a phrase.
const PHRASE_WEIGHT: f64 = 0.7;
/// What numbers and years weigh: they stand on many pages.
const NUMBER_WEIGHT: f64 = 0.5;
/// What the other words of the question weigh when one of its clauses is looked for.
const CONTEXT_WEIGHT: f64 = 0.35;
/// What words about the form of the answer weigh.
const FORM_WEIGHT: f64 = 0.2;

#[derive(Clone, Debug, PartialEq)]
pub struct Keyword {
    pub words: String,
    pub weight: f64,
}

/// One thing to look for by itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Topic {
    /// What the worker is told to do.
    pub task: String,
    pub keywords: Vec<Keyword>,
    pub wanted: Wanted,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    pub text: String,
    pub wanted: Wanted,
    /// The question as a whole first, then the parts that its answer is computed from.
    pub topics: Vec<Topic>,
    /// The names that were added to the question's own words.
    pub names: Vec<String>,
}

impl Question {
    /// Reads a question. `most_topics` caps what is looked for separately; `wide` adds weight to other names.
    pub fn read(text: &str, most_topics: usize, wide: bool) -> Self {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let found = expansions(&text);
        let name_weight = if wide { WIDE_NAME_WEIGHT } else { NAME_WEIGHT };
        let mut keywords = own_keywords(&text);
        let mut names = Vec::new();
        for name in found.iter().flat_map(|expansion| &expansion.names) {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        keywords.extend(names.iter().map(|name| Keyword { words: name.clone(), weight: name_weight }));
        let parts = parts(&found);
        for part in &parts {
            keywords.extend(part.split(',').map(|name| Keyword { words: name.trim().into(), weight: name_weight }));
        }
        let wanted = if parts.is_empty() { Wanted::of(&text) } else { Wanted::Number };
        let whole = Topic { task: text.clone(), keywords: distinct(keywords), wanted };
        let clauses = clauses(&text);
        let clauses: Vec<Topic> = clauses.iter().map(|clause| clause_topic(clause, &whole, name_weight)).collect();
        let mut topics = vec![whole];
        if parts.is_empty() && clauses.len() > 1 {
            topics.extend(clauses.into_iter().take(most_topics.saturating_sub(1)));
        }
        for part in parts.iter().take(most_topics.saturating_sub(1)) {
            topics.push(part_topic(part, &text));
        }
        Self { text, wanted, topics, names }
    }
}

/// What the ratios and measures of the question are computed from, each once.
fn parts(found: &[Expansion]) -> Vec<String> {
    let mut seen = HashSet::new();
    found.iter().flat_map(|expansion| &expansion.parts).filter(|part| seen.insert(part.as_str())).cloned().collect()
}

fn part_topic(part: &str, question: &str) -> Topic {
    let mut keywords: Vec<Keyword> =
        part.split(',').map(|name| Keyword { words: name.trim().to_owned(), weight: 1.0 }).collect();
    for expansion in part.split(',').flat_map(expansions) {
        keywords.extend(expansion.names.into_iter().map(|words| Keyword { words, weight: NAME_WEIGHT }));
    }
    let years: Vec<&str> = words_of(question).filter(|word| words::stands_for_number(word)).collect();
    keywords.extend(years.iter().map(|year| Keyword { words: (*year).to_owned(), weight: NUMBER_WEIGHT }));
    let mut task = format!("Find the figures for {}", part.replace(", ", " or "));
    if !years.is_empty() {
        task.push_str(&format!(" ({})", years.join(", ")));
    }
    Topic { task, keywords: distinct(keywords), wanted: Wanted::Number }
}

/// What a clause of the question asks, in the light of the whole.
fn clause_topic(clause: &str, whole: &Topic, name_weight: f64) -> Topic {
    let mut keywords = own_keywords(clause);
    let names = expansions(clause).into_iter().flat_map(|expansion| expansion.names);
    keywords.extend(names.map(|words| Keyword { words, weight: name_weight }));
    keywords.extend(
        whole
            .keywords
            .iter()
            .filter(|keyword| keyword.weight > name_weight)
            .map(|keyword| Keyword { words: keyword.words.clone(), weight: CONTEXT_WEIGHT * keyword.weight }),
    );
    Topic { task: clause.to_owned(), keywords: distinct(keywords), wanted: Wanted::of(clause) }
}

/// The things asked one after another: "How many came, and who paid?"
fn clauses(question: &str) -> Vec<String> {
    const OPENINGS: &[&str] = &[
        "are", "by", "can", "did", "do", "does", "had", "has", "have", "how", "in", "is", "on", "was", "were", "what",
        "when", "where", "which", "who", "why", "will",
    ];
    let mut clauses: Vec<String> = Vec::new();
    for sentence in sentences(question).filter(|sentence| !is_instruction(sentence)) {
        let mut open = false;
        for part in sentence.split(" and ") {
            let opens = words_of(part).next().is_some_and(|first| OPENINGS.contains(&first.to_lowercase().as_str()));
            match clauses.last_mut().filter(|_| open && !opens) {
                Some(last) => {
                    last.push_str(" and ");
                    last.push_str(part);
                }
                None => clauses.push(part.to_owned()),
            }
            open = true;
        }
    }
    let content = |clause: &str| words_of(clause).filter(|word| !words::is_stop_word(&word.to_lowercase())).count();
    // A shorter clause ("and when?") means nothing without the others.
    clauses.retain(|clause| content(clause) >= 2);
    clauses
}

/// The question's own content words and the phrases they form.
fn own_keywords(question: &str) -> Vec<Keyword> {
    let mut keywords = Vec::new();
    for sentence in sentences(question) {
        let factor = if is_instruction(sentence) { 0.4 } else { 1.0 };
        let content: Vec<String> =
            words_of(sentence).map(str::to_lowercase).filter(|word| !words::is_stop_word(word)).collect();
        for word in &content {
            keywords.push(Keyword { words: word.clone(), weight: factor * word_weight(word) });
        }
        for pair in content.windows(2) {
            let weight = factor * PHRASE_WEIGHT * word_weight(&pair[0]).min(word_weight(&pair[1]));
            keywords.push(Keyword { words: pair.join(" "), weight });
        }
    }
    keywords
}

fn word_weight(word: &str) -> f64 {
    if FORM_WORDS.binary_search(&word).is_ok() {
        FORM_WEIGHT
    } else if words::stands_for_number(word) {
        NUMBER_WEIGHT
    } else {
        1.0
    }
}

/// Each keyword once, with the highest weight it was given, in the order met.
fn distinct(keywords: Vec<Keyword>) -> Vec<Keyword> {
    let mut kept: Vec<Keyword> = Vec::new();
    for keyword in keywords.into_iter().filter(|keyword| !keyword.words.is_empty()) {
        match kept.iter_mut().find(|known| known.words.eq_ignore_ascii_case(&keyword.words)) {
            Some(known) => known.weight = known.weight.max(keyword.weight),
            None => kept.push(keyword),
        }
    }
    if kept.len() > MOST_KEYWORDS {
        kept.sort_by(|left, right| right.weight.total_cmp(&left.weight));
        kept.truncate(MOST_KEYWORDS);
    }
    kept
}

fn words_of(text: &str) -> impl Iterator<Item = &str> {
    words::scan(text).map(|(start, end)| &text[start..end])
}

fn sentences(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive(['?', '!', ';'])
        .flat_map(|part| part.split(". "))
        .map(str::trim)
        .filter(|part| !part.is_empty())
}

/// A sentence that tells how to answer and not what is asked.
fn is_instruction(sentence: &str) -> bool {
    const VERBS: &[&str] = &[
        "answer", "assume", "base", "explain", "express", "give", "keep", "please", "provide", "report", "respond",
        "round", "state", "use",
    ];
    !sentence.contains('?')
        && words_of(sentence).next().is_some_and(|first| VERBS.contains(&first.to_lowercase().as_str()))
}

/// Words about the form of an answer; sorted.
const FORM_WORDS: &[&str] = &[
    "according",
    "account",
    "answer",
    "article",
    "assume",
    "author",
    "authors",
    "based",
    "basis",
    "calculate",
    "compute",
    "contract",
    "decimal",
    "defined",
    "describe",
    "detail",
    "details",
    "discuss",
    "document",
    "example",
    "explain",
    "following",
    "include",
    "information",
    "judgment",
    "judgments",
    "mention",
    "mentioned",
    "million",
    "millions",
    "name",
    "paper",
    "place",
    "places",
    "primarily",
    "provide",
    "provided",
    "question",
    "ratio",
    "refer",
    "respond",
    "response",
    "round",
    "specific",
    "text",
    "thousand",
    "thousands",
    "unit",
    "units",
    "usd",
    "used",
    "using",
    "value",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn weight(question: &Question, words: &str) -> Option<f64> {
        question.topics[0].keywords.iter().find(|keyword| keyword.words == words).map(|keyword| keyword.weight)
    }

    #[test]
    fn form_words_are_sorted_so_that_they_are_found() {
        assert!(FORM_WORDS.is_sorted());
    }

    #[test]
    fn content_words_weigh_most_and_words_about_the_form_least() {
        let question =
            Question::read("How many penguins live on the island? Round your answer to two decimal places.", 3, false);
        assert_eq!(question.wanted, Wanted::Number);
        assert_eq!(weight(&question, "penguins"), Some(1.0));
        assert!(weight(&question, "decimal").unwrap() < 0.2);
        assert_eq!(weight(&question, "how"), None);
    }

    #[test]
    fn a_ratio_is_looked_for_by_its_parts() {
        let question = Question::read("What is the asset turnover of Acme in FY2020?", 3, false);
        assert_eq!(question.topics.len(), 3);
        assert!(question.topics[1].task.contains("revenue") && question.topics[1].task.contains("FY2020"));
        assert_eq!(Question::read("What is the asset turnover of Acme?", 1, false).topics.len(), 1);
    }

    #[test]
    fn things_asked_one_after_another_are_looked_for_one_by_one() {
        let question = Question::read("How many people and dogs came to the fair, and who paid the band?", 3, false);
        let tasks: Vec<&str> = question.topics.iter().skip(1).map(|topic| topic.task.as_str()).collect();
        assert_eq!(tasks, ["How many people and dogs came to the fair,", "who paid the band?"]);
        assert_eq!(question.topics[2].wanted, Wanted::Name);
        assert_eq!(Question::read("How many dogs came to the fair, and when?", 3, false).topics.len(), 1);
        assert_eq!(Question::read("What are costs and sales?", 3, false).topics.len(), 1);
    }

    #[test]
    fn a_question_without_words_gives_a_topic_without_keywords() {
        assert!(Question::read("?!", 3, false).topics[0].keywords.is_empty());
    }
}
