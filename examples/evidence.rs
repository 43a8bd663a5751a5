//! How much of the evidence for a set of questions the offline planner and the extractive reader find.
//!
//! `cargo run --example evidence -- FOLDER [DATASET] [EVERY]`, where FOLDER holds `docs/*.txt` and `questions.jsonl`
//! (one object a line: `id`, `dataset`, `doc_ids`, `question`, `evidence: [{doc_id, byte_start, byte_end}]`).
//! With `EVIDENCE_SHOW` set in the environment every question is printed with its answer.
//!
//! It goes through the real prompts, planner, retrieval and reader; the planner's Python is done in Rust here, step by
//! step the same. Shares are of the evidence's bytes that are not white space, averaged over a question's pieces.

use std::collections::{BTreeMap, HashMap};
use std::error::Error;
use std::ops::Range;
use std::path::Path;

use minions::document::{Document, bm25::top_k};
use minions::local::extractive::read;
use minions::protocol::{
    AskId, Decision, Estimate, Fact, ModelInfo, Purpose, RemoteAsk, ReplyFormat, SessionOpened, Settings, State,
    parse_decision, prompts,
};
use minions::remote::offline::{Found, Plan, Request, reply};
use serde::Deserialize;

#[derive(Deserialize)]
struct Asked {
    id: String,
    dataset: String,
    doc_ids: Vec<String>,
    question: String,
    evidence: Vec<Piece>,
}

#[derive(Deserialize)]
struct Piece {
    start: usize,
    end: usize,
    byte_start: Option<usize>,
    byte_end: Option<usize>,
    /// Characters of the document: the lines that bear the answer, where the evidence is a whole page.
    #[serde(default)]
    key_spans: Vec<(usize, usize)>,
}

#[derive(Default)]
struct Sums {
    questions: f64,
    mean: f64,
    key: f64,
    any: f64,
    sent: f64,
    jobs: f64,
    abstained: f64,
    cited: f64,
    cited_characters: f64,
    rounds: f64,
}

/// What one round sent on.
struct Sent {
    spans: Vec<Range<usize>>,
    text: String,
    jobs: usize,
    abstained: usize,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let folder = arguments.first().ok_or("which folder? it holds docs/ and questions.jsonl")?;
    let only = arguments.get(1).filter(|name| *name != "all");
    let every: usize = arguments.get(2).map_or(Ok(1), |every| every.parse())?;
    let lines = std::fs::read_to_string(Path::new(folder).join("questions.jsonl"))?;
    let mut documents: HashMap<String, Document> = HashMap::new();
    let mut sums: BTreeMap<(String, &str), Sums> = BTreeMap::new();
    let asked: Vec<Asked> = lines.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    for asked in asked.iter().filter(|asked| only.is_none_or(|only| *only == asked.dataset)).step_by(every.max(1)) {
        let Some(id) = asked.doc_ids.first() else { continue };
        if !documents.contains_key(id) {
            let text = std::fs::read_to_string(Path::new(folder).join("docs").join(format!("{id}.txt")))?;
            documents.insert(id.clone(), Document::from_text(id.as_str(), text));
        }
        let Some(document) = documents.get(id) else { continue };
        for (name, share) in [("5 %", Some(0.05)), ("10 %", Some(0.10)), ("default", None)] {
            let sum = sums.entry((asked.dataset.clone(), name)).or_default();
            measure(asked, document, share, sum)?;
        }
    }
    println!(
        "dataset       budget   questions  evidence  key lines  any found  sent on  cited  cited chars  jobs  abstained  rounds"
    );
    for ((dataset, budget), sum) in &sums {
        let n = sum.questions.max(1.0);
        println!(
            "{dataset:13} {budget:8} {:9} {:8.1} % {:8.1} % {:8.1} % {:6.1} % {:4.1} % {:11.0} {:5.0} {:8.0} % {:6.2}",
            sum.questions,
            100.0 * sum.mean / n,
            100.0 * sum.key / n,
            100.0 * sum.any / n,
            100.0 * sum.sent / n,
            100.0 * sum.cited / n,
            sum.cited_characters / n,
            sum.jobs / n,
            100.0 * sum.abstained / sum.jobs.max(1.0),
            sum.rounds / n
        );
    }
    Ok(())
}

/// One question, round after round as the planner decides.
fn measure(asked: &Asked, document: &Document, share: Option<f64>, sum: &mut Sums) -> Result<(), Box<dyn Error>> {
    let mut state = State::default();
    let settings = Settings::default();
    let model = |name: &str| ModelInfo { provider: name.into(), model: name.into(), is_model: false, price: None };
    let rounds = settings.max_rounds;
    state.apply(&Fact::SessionOpened(Box::new(SessionOpened {
        question: asked.question.clone(),
        settings,
        documents: vec![document.reference()],
        remote: model("offline"),
        local: model("extractive"),
        prompts: prompts::VERSION.into(),
        program: "evidence".into(),
        parent: None,
    })));
    for round in 1..=rounds {
        state.apply(&Fact::RoundBegan { round, last: round == rounds });
        let ask = request(&state, Purpose::Decompose, round);
        let request_read = Request::read(&ask);
        let plan = match share {
            Some(share) if round == 1 => {
                Plan::keeping(&request_read, (share * request_read.characters as f64) as usize)
            }
            _ => Plan::of(&request_read),
        };
        let sent = run(&plan, &document.text);
        if round == 1 {
            let pieces = asked.evidence.iter().map(|piece| bytes(document, piece));
            let shares: Vec<f64> = pieces.map(|piece| covered(&document.text, &piece, &sent.spans)).collect();
            let keys: Vec<f64> = asked
                .evidence
                .iter()
                .flat_map(|piece| &piece.key_spans)
                .map(|&(start, end)| covered(&document.text, &characters(&document.text, start, end), &sent.spans))
                .collect();
            sum.questions += 1.0;
            sum.mean += mean(&shares);
            sum.key += if keys.is_empty() { mean(&shares) } else { mean(&keys) };
            sum.any += f64::from(u8::from(shares.iter().any(|share| *share > 0.0)));
            sum.sent += sent.text.chars().count() as f64 / document.text.chars().count().max(1) as f64;
            sum.jobs += sent.jobs as f64;
            sum.abstained += sent.abstained as f64;
        }
        state.apply(&Fact::OutputsAggregated { round, text: sent.text, kept: 0, dropped: 0 });
        let decided = reply(&request(&state, Purpose::Decide, round));
        let decision = parse_decision(&decided, round == rounds)?;
        if let Decision::ProvideFinalAnswer(answer) = &decision {
            let places: Vec<Range<usize>> = answer
                .citations
                .iter()
                .flat_map(|citation| {
                    document.text.match_indices(citation.as_str()).map(|(at, _)| at..at + citation.len())
                })
                .collect();
            let found =
                asked.evidence.iter().any(|piece| covered(&document.text, &bytes(document, piece), &places) > 0.0);
            sum.cited += f64::from(u8::from(found));
            sum.cited_characters += answer.citations.iter().map(|text| text.chars().count()).sum::<usize>() as f64;
            sum.rounds += f64::from(round);
            if std::env::var_os("EVIDENCE_SHOW").is_some() && share.is_none() {
                println!(
                    "{} {} {}\n{}\n",
                    if found { "cited" } else { "-----" },
                    asked.id,
                    asked.question,
                    answer.answer.as_deref().unwrap_or("(no answer)")
                );
            }
            return Ok(());
        }
        state.apply(&Fact::Decided { round, decision });
    }
    Ok(())
}

fn request(state: &State, purpose: Purpose, round: u32) -> RemoteAsk {
    RemoteAsk {
        ask: AskId { round, n: 1 },
        purpose,
        attempt: 1,
        messages: prompts::messages(state, purpose),
        format: ReplyFormat::Text,
        max_output_tokens: 4096,
        estimate: Estimate::default(),
    }
}

/// The planner's program, in Rust.
fn run(plan: &Plan, text: &str) -> Sent {
    let spans = cut(text, plan);
    let chunks: Vec<&str> = spans.iter().map(|span| &text[span.clone()]).collect();
    let found: Vec<Vec<usize>> = plan
        .question
        .topics
        .iter()
        .map(|topic| {
            let keywords: Vec<String> = topic.keywords.iter().map(|keyword| keyword.words.clone()).collect();
            let weights: Vec<f64> = topic.keywords.iter().map(|keyword| keyword.weight).collect();
            top_k(&keywords, &weights, &chunks, plan.read)
        })
        .collect();
    let mut sent = Sent { spans: Vec::new(), text: String::new(), jobs: 0, abstained: 0 };
    let mut used = 0;
    for rank in 0..plan.read {
        for (topic, best) in found.iter().enumerate() {
            let Some(&chunk) = best.get(rank) else { continue };
            sent.jobs += 1;
            let reading = read(chunks[chunk], &plan.question.topics[topic].task, &plan.advice(topic));
            let Some(selected) = reading.selected else {
                sent.abstained += 1;
                continue;
            };
            let base = spans[chunk].start;
            let span = base + selected.citation.start..base + selected.citation.end;
            if sent.spans.iter().any(|known| known.start <= span.start && span.end <= known.end) {
                continue;
            }
            let citation = &text[span.clone()];
            let place = |at: usize| citation[..at - selected.citation.start].chars().count();
            let answer = place(selected.answer.start)..place(selected.answer.end);
            let output = Found { citation: citation.to_owned(), answer: Some(answer) }.write();
            if used + output.chars().count() > plan.keep {
                continue;
            }
            used += output.chars().count() + 1;
            sent.text.push_str(&output);
            sent.text.push('\n');
            sent.spans.push(span);
        }
    }
    sent
}

fn cut(text: &str, plan: &Plan) -> Vec<Range<usize>> {
    let mut pieces: Vec<&str> = Vec::new();
    for line in text.split_inclusive('\n') {
        if line.chars().count() <= plan.chunk {
            pieces.push(line);
        } else {
            pieces.extend(line.split_inclusive(". "));
        }
    }
    let (mut spans, mut start, mut at, mut used, mut blank) = (Vec::new(), 0, 0, 0, false);
    for piece in pieces {
        let length = piece.chars().count();
        let paragraph_ended = blank && used > plan.close;
        if at > start && (used + length > plan.chunk || paragraph_ended) {
            spans.push(start..at);
            (start, used) = (at, 0);
        }
        at += piece.len();
        used += length;
        blank = piece.trim().is_empty();
    }
    if at > start {
        spans.push(start..at);
    }
    spans
}

fn bytes(document: &Document, piece: &Piece) -> Range<usize> {
    match (piece.byte_start, piece.byte_end) {
        (Some(start), Some(end)) => start..end,
        _ => characters(&document.text, piece.start, piece.end),
    }
}

fn characters(text: &str, start: usize, end: usize) -> Range<usize> {
    let at = |n: usize| text.char_indices().nth(n).map_or(text.len(), |(at, _)| at);
    at(start)..at(end)
}

fn covered(text: &str, piece: &Range<usize>, spans: &[Range<usize>]) -> f64 {
    let places =
        (piece.start..piece.end).filter(|&at| text.as_bytes().get(at).is_some_and(|byte| !byte.is_ascii_whitespace()));
    let (mut all, mut hit) = (0.0, 0.0);
    for at in places {
        all += 1.0;
        hit += f64::from(u8::from(spans.iter().any(|span| span.contains(&at))));
    }
    if all > 0.0 { hit / all } else { 0.0 }
}

fn mean(values: &[f64]) -> f64 {
    if values.is_empty() { 0.0 } else { values.iter().sum::<f64>() / values.len() as f64 }
}
