//! How much of the evidence for a set of questions a run without models finds, and how much of it the answer cites.
//!
//! `cargo build --bin minions && cargo run --example evidence -- FOLDER [--dataset NAME] [--every N] [--keep SHARE] [--show]`
//!
//! FOLDER holds `docs/*.txt` and `questions.jsonl`, one object a line: `id`, `dataset`, `doc_ids`, `question` and
//! `evidence: [{doc_id, byte_start, byte_end}]`. Each question is a session of its own, through everything that
//! `minions run` goes through: the offline planner, its Python in the sandbox, the extractive reader, the decision.
//! The sandbox's child is the `minions` beside this example's folder, or the file that `--minions` names.
//!
//! What is measured comes from the session's facts:
//! - evidence: the share of the evidence's bytes (white space left out; the mean over a question's pieces) in what the
//!   first round sent on, that is in the located citations that stand word for word in its aggregated text;
//! - key lines: the same for the lines that bear the answer, where the set names them;
//! - sent on: the aggregated text's characters as a share of the documents';
//! - cited: the questions in whose answer a located citation shares bytes with the evidence.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;

use clap::Parser;
use futures_util::{StreamExt, TryStreamExt, stream};
use minions::config::SandboxConfig;
use minions::document::{Document, Span};
use minions::journal::{DayBook, Store, Stored};
use minions::local::{LocalLm, extractive::ExtractiveReader};
use minions::protocol::{Fact, Outcome, SessionOpened, Settings, prompts};
use minions::remote::{RemoteLm, offline::OfflinePlanner};
use minions::runtime::{self, Embeddings, Event, Setup};
use minions::sandbox::Sandbox;
use serde::Deserialize;

/// Sessions at a time.
const SESSIONS: usize = 2;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Measures how much of the evidence a run without models finds.
#[derive(Parser)]
struct Arguments {
    /// The folder that holds `docs/*.txt` and `questions.jsonl`.
    folder: PathBuf,
    /// Only this dataset's questions.
    #[arg(long)]
    dataset: Option<String>,
    /// Only every n-th question.
    #[arg(long, default_value_t = 1)]
    every: usize,
    /// The share of the documents that the planner may send on in its first round; its own choice if not given.
    #[arg(long)]
    keep: Option<f64>,
    /// Put this many further documents of the set beside each question's own.
    #[arg(long, default_value_t = 0)]
    beside: usize,
    /// Print every question with its answer.
    #[arg(long)]
    show: bool,
    /// The `minions` program, which the sandbox starts.
    #[arg(long)]
    minions: Option<PathBuf>,
}

#[derive(Clone, Deserialize)]
struct Question {
    id: String,
    dataset: String,
    doc_ids: Vec<String>,
    question: String,
    evidence: Vec<Piece>,
}

/// A piece of evidence: bytes of a document or, where those are missing, characters.
#[derive(Clone, Deserialize)]
struct Piece {
    doc_id: String,
    start: usize,
    end: usize,
    byte_start: Option<usize>,
    byte_end: Option<usize>,
    /// Characters of the document: the lines that bear the answer, where the evidence is a whole page.
    #[serde(default)]
    key_spans: Vec<(usize, usize)>,
}

/// What a session did, by its facts.
#[derive(Default)]
struct Done {
    rounds: u32,
    /// Of the first round.
    jobs: usize,
    abstained: usize,
    aggregated: String,
    sent: Vec<Span>,
    answer: Option<String>,
    cited: Vec<Span>,
    /// Programs that the sandbox refused or that failed in it.
    rejected: usize,
}

#[derive(Default)]
struct Sums {
    questions: f64,
    evidence: f64,
    key: f64,
    any: f64,
    sent: f64,
    cited: f64,
    cited_characters: f64,
    answered: f64,
    jobs: f64,
    abstained: f64,
    rounds: f64,
    rejected: usize,
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments = Arguments::parse();
    let minions = match &arguments.minions {
        Some(path) => path.clone(),
        None => beside_this_example()?,
    };
    if !minions.is_file() {
        let path = minions.display();
        return Err(
            format!("there is no {path} for the sandbox to start; build it first: cargo build --bin minions").into()
        );
    }
    let sandbox = Sandbox::new(minions, &SandboxConfig::default(), Settings::default().max_jobs);
    let questions = questions(&arguments)?;
    let session = async |question| {
        let documents = documents(&arguments, question, &questions)?;
        let done = run(&arguments, question, documents.clone(), sandbox.clone()).await?;
        Ok::<_, Failure>((question, documents, done))
    };
    let mut done = pin!(stream::iter(&questions).map(session).buffered(SESSIONS));
    let mut sums: BTreeMap<&str, Sums> = BTreeMap::new();
    while let Some((question, documents, done)) = done.try_next().await? {
        let found = sums.entry(&question.dataset).or_default().add(question, &documents, &done);
        if arguments.show {
            let answer = done.answer.as_deref().unwrap_or("(no answer)");
            println!("{} {} {}\n{answer}\n", if found { "cited" } else { "-----" }, question.id, question.question);
        }
    }
    print(&sums);
    Ok(())
}

/// `target/<profile>/minions`, as seen from `target/<profile>/examples/evidence`.
fn beside_this_example() -> Result<PathBuf, Failure> {
    let example = std::env::current_exe()?;
    let profile = example.parent().and_then(Path::parent).ok_or("name the minions program with --minions")?;
    Ok(profile.join(format!("minions{}", std::env::consts::EXE_SUFFIX)))
}

fn questions(arguments: &Arguments) -> Result<Vec<Question>, Failure> {
    let path = arguments.folder.join("questions.jsonl");
    let lines = std::fs::read_to_string(&path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    let questions: Vec<Question> = lines.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    let wanted = |question: &Question| arguments.dataset.as_ref().is_none_or(|name| *name == question.dataset);
    Ok(questions.into_iter().filter(wanted).step_by(arguments.every.max(1)).collect())
}

/// The question's documents, and the next others of the set beside them.
fn documents(arguments: &Arguments, question: &Question, all: &[Question]) -> Result<Vec<Document>, Failure> {
    let at = all.iter().position(|other| other.id == question.id).unwrap_or(0);
    let mut ids: Vec<&String> = question.doc_ids.iter().collect();
    let most = ids.len() + arguments.beside;
    for id in all.iter().cycle().skip(at + 1).take(all.len()).flat_map(|other| &other.doc_ids) {
        if ids.len() < most && !ids.contains(&id) {
            // Before the question's own, so that nothing is won by coming first.
            ids.insert(0, id);
        }
    }
    let read = |id: &String| {
        let path = arguments.folder.join("docs").join(format!("{id}.txt"));
        let text =
            std::fs::read_to_string(&path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
        Ok(Document::from_text(id.as_str(), text))
    };
    ids.into_iter().map(read).collect()
}

/// Runs one session in a folder that is removed afterwards.
async fn run(
    arguments: &Arguments,
    question: &Question,
    documents: Vec<Document>,
    sandbox: Sandbox,
) -> Result<Done, Failure> {
    let planner = arguments.keep.map_or_else(OfflinePlanner::default, OfflinePlanner::keeping);
    let folder = tempfile::tempdir()?;
    let (session, journal) = Store::new(folder.path().to_owned()).create(&documents)?;
    let opened = SessionOpened {
        question: question.question.clone(),
        settings: Settings::default(),
        documents: documents.iter().map(Document::reference).collect(),
        remote: planner.info(),
        local: ExtractiveReader.info(),
        prompts: prompts::VERSION.into(),
        program: env!("CARGO_PKG_VERSION").into(),
        clock_ms: None,
        embedding: None,
        parent: None,
    };
    let (remote, local) = (Arc::new(planner), Arc::new(ExtractiveReader));
    let (embeddings, book) = (Embeddings::None, DayBook::new(folder.path().to_owned(), session.id()));
    let setup = Setup { opened, documents, remote, remote_attempts: 1, local, sandbox, embeddings, journal, book };
    let mut running = runtime::start(setup);
    let mut done = Done::default();
    let mut quoted = Vec::new();
    while let Some(event) = running.events.recv().await {
        let Event::Recorded(records) = event else { continue };
        for record in records {
            if let Stored::Known(fact) = record.fact {
                done.apply(*fact, &mut quoted);
            }
        }
    }
    running.outcome.await??;
    Ok(done)
}

impl Done {
    /// `quoted` gathers the first round's located citations until it is known which of them are sent on.
    fn apply(&mut self, fact: Fact, quoted: &mut Vec<(String, Span)>) {
        match fact {
            Fact::RoundBegan { round, .. } => self.rounds = round,
            Fact::CodeRejected { .. } => self.rejected += 1,
            Fact::JobFinished { job, outcome, .. } if job.round == 1 => {
                self.jobs += 1;
                match outcome {
                    Outcome::Answered { output, located: Some(located) } => {
                        quoted.extend(output.citation.map(|citation| (citation, located.span)));
                    }
                    Outcome::Abstained { .. } => self.abstained += 1,
                    _ => {}
                }
            }
            Fact::OutputsAggregated { round: 1, text, .. } => {
                let sent = quoted.iter().filter(|(citation, _)| text.contains(citation.as_str()));
                self.sent = sent.map(|(_, span)| *span).collect();
                self.aggregated = text;
            }
            Fact::Answered { answer, citations, .. } => {
                self.answer = answer;
                self.cited = citations.iter().filter_map(|citation| Some(citation.located?.span)).collect();
            }
            _ => {}
        }
    }
}

impl Sums {
    /// Whether the answer cites evidence.
    fn add(&mut self, question: &Question, documents: &[Document], done: &Done) -> bool {
        let pieces: Vec<Span> = question.evidence.iter().filter_map(|piece| piece.span(documents)).collect();
        let keys: Vec<Span> = question.evidence.iter().flat_map(|piece| piece.keys(documents)).collect();
        let shares = |places: &[Span], spans: &[Span]| -> Vec<f64> {
            places.iter().map(|place| covered(documents, place, spans)).collect()
        };
        let sent = shares(&pieces, &done.sent);
        let cited = shares(&pieces, &done.cited).iter().any(|share| *share > 0.0);
        let all: usize = documents.iter().map(|document| document.text.chars().count()).sum();
        self.questions += 1.0;
        self.evidence += mean(&sent);
        self.key += if keys.is_empty() { mean(&sent) } else { mean(&shares(&keys, &done.sent)) };
        self.any += f64::from(u8::from(sent.iter().any(|share| *share > 0.0)));
        self.sent += done.aggregated.chars().count() as f64 / all.max(1) as f64;
        self.cited += f64::from(u8::from(cited));
        self.cited_characters += done.cited.iter().map(Span::len).sum::<usize>() as f64;
        self.answered += f64::from(u8::from(done.answer.is_some()));
        self.jobs += done.jobs as f64;
        self.abstained += done.abstained as f64;
        self.rounds += f64::from(done.rounds);
        self.rejected += done.rejected;
        cited
    }
}

impl Piece {
    fn span(&self, documents: &[Document]) -> Option<Span> {
        let at = documents.iter().position(|document| document.name == self.doc_id)?;
        Some(match (self.byte_start, self.byte_end) {
            (Some(start), Some(end)) => Span::new(at, start, end),
            _ => characters(documents, at, self.start, self.end),
        })
    }

    fn keys(&self, documents: &[Document]) -> Vec<Span> {
        let at = documents.iter().position(|document| document.name == self.doc_id);
        let span = |&(start, end): &(usize, usize)| Some(characters(documents, at?, start, end));
        self.key_spans.iter().filter_map(span).collect()
    }
}

fn characters(documents: &[Document], document: usize, start: usize, end: usize) -> Span {
    let text = &documents[document].text;
    let at = |n: usize| text.char_indices().nth(n).map_or(text.len(), |(at, _)| at);
    Span::new(document, at(start), at(end))
}

/// The share of a place's bytes, white space left out, that lie in the spans.
fn covered(documents: &[Document], place: &Span, spans: &[Span]) -> f64 {
    let text = documents[place.document].text.as_bytes();
    let spans: Vec<&Span> = spans.iter().filter(|span| span.document == place.document).collect();
    let (mut all, mut hit) = (0.0, 0.0);
    for at in (place.start..place.end).filter(|&at| text.get(at).is_some_and(|byte| !byte.is_ascii_whitespace())) {
        all += 1.0;
        hit += f64::from(u8::from(spans.iter().any(|span| (span.start..span.end).contains(&at))));
    }
    if all > 0.0 { hit / all } else { 0.0 }
}

fn mean(values: &[f64]) -> f64 {
    if values.is_empty() { 0.0 } else { values.iter().sum::<f64>() / values.len() as f64 }
}

fn print(sums: &BTreeMap<&str, Sums>) {
    println!(
        "dataset       questions  evidence  key lines  any found  sent on    cited  cited bytes  answered  jobs  abstained  rounds  rejected"
    );
    for (dataset, sum) in sums {
        let n = sum.questions.max(1.0);
        println!(
            "{dataset:13} {:9} {:7.1} % {:8.1} % {:8.1} % {:6.1} % {:6.1} % {:12.0} {:7.1} % {:5.0} {:8.0} % {:7.2} {:9}",
            sum.questions,
            100.0 * sum.evidence / n,
            100.0 * sum.key / n,
            100.0 * sum.any / n,
            100.0 * sum.sent / n,
            100.0 * sum.cited / n,
            sum.cited_characters / n,
            100.0 * sum.answered / n,
            sum.jobs / n,
            100.0 * sum.abstained / sum.jobs.max(1.0),
            sum.rounds / n,
            sum.rejected
        );
    }
}
