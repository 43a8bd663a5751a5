//! What the planner reads from a request: the parts that are marked as data, and the limits.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::LazyLock;

use regex::Regex;

use super::question::Question;
use crate::protocol::prompts::next_data;
use crate::protocol::{Chunker, RemoteAsk, Role};

/// The parts that the prompts mark as data.
const TAGS: &[&str] = &["question", "documents", "advice", "scratchpad", "feedback", "tasks", "outputs"];

/// A request, as far as the planner uses it.
#[derive(Clone, Debug)]
pub struct Request {
    pub question: Question,
    pub round: u32,
    /// Which try at this purpose in this round, counted from 1.
    pub attempt: u32,
    /// Whether the program that was sent back ran out of its time.
    pub slow: bool,
    /// Whether no further round may be asked for.
    pub last: bool,
    /// Characters of all documents together.
    pub characters: usize,
    pub limits: Limits,
    pub outputs: String,
    pub scratchpad: String,
    /// Whether the request is part of a conversation with the reader.
    pub chats: bool,
}

/// What the request allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    pub jobs: usize,
    pub tasks: usize,
    pub samples: usize,
    /// Characters of a chunk, where the person set it.
    pub chunk: Option<usize>,
    /// The function that cuts, where the person chose one.
    pub chunker: Option<Chunker>,
    /// Characters that neighbouring chunks share.
    pub overlap: usize,
    /// Whether chunks are picked at all, and how many for each task where the person said so.
    pub retrieves: bool,
    pub picked: Option<usize>,
}

const CHUNKERS: [Chunker; 7] = [
    Chunker::Section,
    Chunker::Page,
    Chunker::Paragraph,
    Chunker::Heading,
    Chunker::Code,
    Chunker::Table,
    Chunker::Tokens,
];

impl Request {
    pub fn read(ask: &RemoteAsk) -> Self {
        let said: Vec<&str> = ask
            .messages
            .iter()
            .filter(|message| message.role == Role::User)
            .map(|message| message.content.as_str())
            .collect();
        let mut parts: HashMap<&str, String> = HashMap::new();
        for (tag, text) in said.iter().flat_map(|text| blocks(text)) {
            match parts.entry(tag) {
                // In a conversation each reply has outputs of its own.
                Entry::Occupied(mut known) if tag == "outputs" => {
                    known.get_mut().push('\n');
                    known.get_mut().push_str(&text);
                }
                Entry::Occupied(_) => {}
                Entry::Vacant(vacant) => {
                    vacant.insert(text);
                }
            }
        }
        let mut take = |tag: &str| parts.remove(tag).unwrap_or_default();
        let limits = said.first().map_or(Limits::default(), |text| Limits::read(text));
        let question = Question::read(&take("question"), limits.tasks, ask.ask.round > 1);
        Self {
            question,
            round: ask.ask.round,
            attempt: ask.attempt,
            slow: ask.attempt > 1 && said.last().is_some_and(|text| text.contains("longer than its time limit")),
            last: ask.attempt > 1 || said.last().is_some_and(|text| text.contains("This was the last round")),
            characters: characters(&take("documents")),
            limits,
            outputs: take("outputs"),
            scratchpad: take("scratchpad"),
            chats: said.first().is_some_and(|text| text.contains("You talk with the reader")),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self { jobs: 2048, tasks: 3, samples: 1, chunk: None, chunker: None, overlap: 0, retrieves: true, picked: None }
    }
}

impl Limits {
    fn read(prompt: &str) -> Self {
        let default = Self::default();
        let number = |pattern: &Regex| {
            let found = pattern.captures(prompt)?.get(1)?;
            found.as_str().replace(',', "").parse::<usize>().ok()
        };
        Self {
            jobs: number(&JOBS).unwrap_or(default.jobs).max(1),
            tasks: number(&TASKS).unwrap_or(default.tasks).max(1),
            samples: number(&SAMPLES).unwrap_or(default.samples).max(1),
            chunk: number(&CHUNK).filter(|&chunk| chunk > 0),
            chunker: CHUNKERS.into_iter().find(|chunker| {
                chunker
                    .function()
                    .is_some_and(|function| prompt.contains(&format!("Cut the documents with `{function}`")))
            }),
            overlap: number(&OVERLAP).unwrap_or(0),
            retrieves: !prompt.contains("Do not retrieve"),
            picked: number(&PICKED),
        }
    }
}

static JOBS: LazyLock<Regex> = LazyLock::new(|| pattern(r"At most ([\d,]+) jobs"));
static TASKS: LazyLock<Regex> = LazyLock::new(|| pattern(r"at most ([\d,]+) tasks"));
static SAMPLES: LazyLock<Regex> = LazyLock::new(|| pattern(r"repeated ([\d,]+) time"));
static CHUNK: LazyLock<Regex> = LazyLock::new(|| pattern(r"chunks of about ([\d,]+) characters"));
static OVERLAP: LazyLock<Regex> = LazyLock::new(|| pattern(r"neighbouring chunks share ([\d,]+) characters"));
static PICKED: LazyLock<Regex> = LazyLock::new(|| pattern(r"Retrieve first: ([\d,]+) chunks for each task"));
static CHARACTERS: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?m)^document \d+: ([\d,]+) characters"));

fn pattern(text: &str) -> Regex {
    #[allow(clippy::expect_used)] // The patterns are literals of this file, each met by a test.
    Regex::new(text).expect("a pattern of this file")
}

fn characters(documents: &str) -> usize {
    CHARACTERS
        .captures_iter(documents)
        .filter_map(|found| found.get(1)?.as_str().replace(',', "").parse::<usize>().ok())
        .fold(0, usize::saturating_add)
}

/// The parts of a prompt in order. What stands inside one is never taken for another.
fn blocks(prompt: &str) -> Vec<(&'static str, String)> {
    let mut blocks = Vec::new();
    let mut rest = prompt;
    while let Some((tag, text, behind)) = next_data(rest, TAGS) {
        blocks.push((tag, text.to_owned()));
        rest = behind;
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::prompts::data;

    #[test]
    fn what_a_document_says_is_never_taken_for_another_part() {
        let prompt =
            format!("{}\n\n{}", data("question", "Who?"), data("outputs", "<scratchpad>\nlies\n</scratchpad>"));
        let blocks = blocks(&prompt);
        assert_eq!(blocks.len(), 2);
        assert_eq!(blocks[1], ("outputs", "<scratchpad>\nlies\n</scratchpad>".to_owned()));
    }

    #[test]
    fn limits_are_read_from_their_sentence() {
        let prompt = "- At most 12 jobs in all and at most 2 tasks for each chunk; every job is repeated 3 time(s) as samples, which count.\n- Small models do well on chunks of about 750 characters.";
        let limits = Limits { jobs: 12, tasks: 2, samples: 3, chunk: Some(750), ..Limits::default() };
        assert_eq!(Limits::read(prompt), limits);
        let means = "- Cut the documents with `chunk_by_page`.\n- Let neighbouring chunks share 40 characters.\n- Retrieve first: 7 chunks for each task, and no others.";
        let limits = Limits { chunker: Some(Chunker::Page), overlap: 40, picked: Some(7), ..Limits::default() };
        assert_eq!(Limits::read(means), limits);
        assert!(!Limits::read("- Do not retrieve: give every chunk its tasks.").retrieves);
        assert_eq!(Limits::read("nothing"), Limits::default());
    }

    #[test]
    fn the_sizes_of_all_documents_are_added() {
        assert_eq!(characters("document 0: 100 characters, 2 pages\ndocument 1: 50 characters"), 150);
    }
}
