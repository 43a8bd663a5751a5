//! The Python that the planner writes: cut the documents, retrieve, read, keep the best within a budget.

use std::collections::HashSet;
use std::fmt::Write;

use super::message::Request;
use super::question::{Keyword, Question};
use crate::document::words::scan;
use crate::protocol::Chunker;

/// Of more characters a program that cuts line by line comes near its time limit: a host function cuts them.
const MOST_BY_LINES: usize = 30_000_000;
/// How much larger a chunk is for each program that ran out of its time: there are fewer to rank.
const SLOWER_CHUNK: usize = 4;
/// However short the documents are, this many characters may be sent on: three or four of the smallest chunks.
const LEAST_KEPT: usize = 1_100;
/// However long the documents are, no more than this is sent on.
const MOST_KEPT: usize = 60_000;
/// How much more is read than is kept, since some chunks are abstained on.
const READ_FACTOR: f64 = 2.0;
/// Chunks read for each topic at least.
const LEAST_READ: usize = 8;
/// Documents up to this many characters are cut into small chunks, longer ones into large chunks: a page of a long
/// report says one thing, a paragraph of a letter already another.
const SHORT_DOCUMENTS: usize = 200_000;
const SMALL_CHUNK: usize = 500;
const LARGE_CHUNK: usize = 1_000;
/// Of little that is sent on, the chunks are smaller, so that it holds so many; down to a length.
const PASSAGES: usize = 4;
const SMALLEST_CHUNK: usize = 300;
/// The part of a small chunk after which it ends with its paragraph. Tables of long reports have blank lines inside.
const PARAGRAPH_END: f64 = 0.6;
/// How a later round looks otherwise: larger chunks, and more of them.
const WIDER_CHUNK: f64 = 1.6;
const WIDER_SHARE: f64 = 1.5;

/// How much work a plan makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Division {
    /// Characters of a chunk at most.
    pub chunk: usize,
    pub topics: usize,
    /// Chunks read for each topic at most.
    pub read: usize,
    /// Whether chunks are picked before they are read.
    pub retrieves: bool,
    /// Characters sent on at most.
    pub keep: usize,
}

/// How the work is divided.
#[derive(Clone, Debug)]
pub struct Plan {
    pub question: Question,
    /// Characters of a chunk at most.
    pub chunk: usize,
    /// Characters from which on a chunk ends with its paragraph.
    pub close: usize,
    /// Chunks read for each topic at most.
    pub read: usize,
    /// Jobs at most, before samples.
    pub jobs: usize,
    /// Characters sent on at most.
    pub keep: usize,
    /// The expression that cuts a document, where another than the planner's own is wanted.
    cutter: Option<String>,
    overlap: usize,
    retrieves: bool,
}

impl Plan {
    /// A plan that sends on at most this share of the documents' characters in the first round, and more later.
    pub fn of(request: &Request, kept_share: f64) -> Self {
        let wider = request.round > 1;
        let share = if wider { kept_share * WIDER_SHARE } else { kept_share };
        let keep = ((request.characters as f64 * share) as usize).clamp(LEAST_KEPT, MOST_KEPT);
        let topics = request.question.topics.len().max(1);
        let chunk = request.limits.chunk.unwrap_or_else(|| {
            let chunk = match request.characters <= SHORT_DOCUMENTS {
                true => (keep / PASSAGES).clamp(SMALLEST_CHUNK, SMALL_CHUNK),
                false => LARGE_CHUNK,
            };
            let chunk = if wider { (chunk as f64 * WIDER_CHUNK) as usize } else { chunk };
            // The chunk limits what is read: more than so much of it would be sent on.
            if request.slow {
                (chunk * SLOWER_CHUNK.pow(request.attempt.saturating_sub(1).min(2))).min(keep)
            } else {
                chunk
            }
        });
        let limits = &request.limits;
        let by_host = request.slow || request.characters > MOST_BY_LINES;
        let chunker = limits.chunker.or(by_host.then_some(Chunker::Section));
        let cutter = chunker.and_then(|chunker| cutter(chunker, limits.overlap));
        let read = (keep as f64 * READ_FACTOR / chunk as f64 / topics as f64).ceil() as usize;
        let short = request.characters <= SHORT_DOCUMENTS;
        let close = if short { (chunk as f64 * PARAGRAPH_END) as usize } else { chunk };
        // A program that was sent back is written again with half the work.
        let jobs = (request.limits.jobs / request.limits.samples) >> request.attempt.saturating_sub(1).min(8);
        let read = limits.picked.unwrap_or(read.max(LEAST_READ));
        let (overlap, retrieves) = (limits.overlap, limits.retrieves);
        let question = request.question.clone();
        Self { question, chunk, close, read, jobs: jobs.max(1), keep, cutter, overlap, retrieves }
    }

    pub fn division(&self) -> Division {
        let Self { question, chunk, read, retrieves, keep, .. } = self;
        Division {
            chunk: *chunk,
            topics: question.topics.len().max(1),
            read: *read,
            retrieves: *retrieves,
            keep: *keep,
        }
    }

    /// The task's advice: other names, and how much to quote.
    pub fn advice(&self, topic: usize) -> String {
        let Some(topic) = self.question.topics.get(topic) else { return String::new() };
        let said: HashSet<String> = words_of(&topic.task).collect();
        let names: Vec<&str> = topic
            .keywords
            .iter()
            .map(|keyword| keyword.words.as_str())
            .filter(|name| !words_of(name).all(|word| said.contains(&word)))
            .collect();
        let quote = format!("Quote up to {} characters.", self.chunk);
        if names.is_empty() { quote } else { format!("Also: {}. {quote}", names.join("; ")) }
    }

    pub fn program(&self) -> String {
        let mut text = String::from(
            "# By the offline planner, which has no model: keywords and other names for them, from the question alone.\nimport re\n\nTOPICS = [\n",
        );
        for (index, topic) in self.question.topics.iter().enumerate() {
            let _ = writeln!(text, "    {{");
            let _ = writeln!(text, "        \"task\": {},", python_string(&topic.task));
            let _ = writeln!(text, "        \"advice\": {},", python_string(&self.advice(index)));
            let _ = writeln!(text, "        \"keywords\": {{");
            for Keyword { words, weight } in &topic.keywords {
                let _ = writeln!(text, "            {}: {weight:.2},", python_string(words));
            }
            let _ = writeln!(text, "        }},\n    }},");
        }
        let _ = writeln!(text, "]");
        let _ = writeln!(text, "CHUNK = {}  # characters of a chunk at most", self.chunk);
        let _ = writeln!(text, "CLOSE = {}  # characters from which on a chunk ends with its paragraph", self.close);
        let _ = writeln!(text, "READ = {}  # chunks read for each topic at most", self.read);
        let _ = writeln!(text, "JOBS = {}  # jobs at most", self.jobs);
        let _ = writeln!(text, "KEEP = {}  # characters sent on at most", self.keep);
        let _ = writeln!(text, "OVERLAP = {}  # characters that neighbouring chunks share", self.overlap);
        let retrieve = if self.retrieves { "True" } else { "False" };
        let _ = writeln!(text, "RETRIEVE = {retrieve}  # whether chunks are picked before they are read");
        text.push_str(BODY);
        if let Some(cutter) = &self.cutter {
            let _ = write!(text, "\n\ndef cut(document):\n    return [chunk for chunk in {cutter} if chunk.strip()]\n");
        }
        text
    }
}

/// How a document is cut by the function that the person chose.
fn cutter(chunker: Chunker, overlap: usize) -> Option<String> {
    let function = chunker.function()?;
    let size = match chunker {
        Chunker::Auto | Chunker::Page | Chunker::Paragraph => "",
        Chunker::Section | Chunker::Heading | Chunker::Code | Chunker::Table => "max_chunk_size=CHUNK, ",
        // About four characters are a token.
        Chunker::Tokens => "max_tokens=max(2, CHUNK // 4), ",
    };
    let overlap = match chunker {
        Chunker::Tokens => format!("min({}, CHUNK // 8)", overlap / 4),
        _ => format!("min({overlap}, CHUNK // 2)"),
    };
    Some(format!("{function}(document, {size}overlap={overlap})"))
}

fn words_of(text: &str) -> impl Iterator<Item = String> {
    scan(text).map(|(start, end)| text[start..end].to_lowercase())
}

/// Any text as a Python string literal on one line.
pub fn python_string(text: &str) -> String {
    let mut literal = String::with_capacity(text.len() + 2);
    literal.push('"');
    for c in text.chars() {
        match c {
            '"' => literal.push_str("\\\""),
            '\\' => literal.push_str("\\\\"),
            '\n' => literal.push_str("\\n"),
            ' '..='~' => literal.push(c),
            _ if c.is_alphanumeric() => literal.push(c),
            _ => {
                let _ = write!(literal, "\\U{:08x}", u32::from(c));
            }
        }
    }
    literal.push('"');
    literal
}

const BODY: &str = include_str!("program.py");
