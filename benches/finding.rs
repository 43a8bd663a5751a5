//! How much of the evidence the embedded default finds: `cargo bench --bench finding -- --documents DIR [--questions FILE]
//! [--dataset NAME] [--share 0.05,0.1]`.
//!
//! Planner, retrieval, reader and selection run by themselves, without sandbox and sessions, on questions in any form that
//! `minions eval` takes; without `--questions` those of `questions.jsonl` in the folder or beside it. Each set is halved by the
//! hash of its documents: choose on the first half, tell the second.

#[path = "finding/by_hand.rs"]
mod by_hand;
#[path = "finding/figures.rs"]
mod figures;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use by_hand::Cuts;
use figures::{Figures, Half};
use minions::document::Document;
use minions::eval::question::{Question, Source};
use minions::eval::read;

struct Asked {
    documents: PathBuf,
    questions: PathBuf,
    dataset: Option<String>,
    shares: Vec<f64>,
}

fn main() -> ExitCode {
    match asked().and_then(|asked| run(&asked)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("finding: {why}");
            ExitCode::FAILURE
        }
    }
}

fn asked() -> Result<Asked, String> {
    let (mut documents, mut questions, mut dataset, mut shares) = (None, None, None, vec![0.05, 0.1]);
    let mut words = std::env::args().skip(1).filter(|word| word != "--bench");
    while let Some(word) = words.next() {
        let value = words.next().ok_or_else(|| format!("a value is missing after {word}"))?;
        match word.as_str() {
            "--documents" => documents = Some(PathBuf::from(value)),
            "--questions" => questions = Some(PathBuf::from(value)),
            "--dataset" => dataset = Some(value),
            "--share" => {
                let share = |part: &str| part.parse::<f64>().map_err(|error| format!("--share {value}: {error}"));
                shares = value.split(',').map(share).collect::<Result<_, _>>()?;
            }
            _ => return Err(format!("{word} is not known; see the head of benches/finding.rs")),
        }
    }
    let documents = documents.ok_or("name the folder of the documents with --documents")?;
    let beside = [documents.join("questions.jsonl"), documents.join("../questions.jsonl")];
    let questions = questions.or_else(|| beside.into_iter().find(|path| path.is_file()));
    let questions =
        questions.ok_or("there is no questions.jsonl in the folder or beside it; name the file with --questions")?;
    Ok(Asked { documents, questions, dataset, shares })
}

fn run(asked: &Asked) -> Result<(), String> {
    let told = |path: &Path, error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let text = std::fs::read_to_string(&asked.questions).map_err(|error| told(&asked.questions, &error))?;
    let file = asked.questions.file_name().unwrap_or_default().to_string_lossy();
    let mut questions = read::read(&file, &text).map_err(|error| error.to_string())?;
    questions.retain(|question| asked.dataset.as_ref().is_none_or(|name| *name == question.dataset));
    // Questions of one document follow one another, and its chunks are cut once for them.
    questions
        .sort_by(|left, right| left.documents.iter().map(Source::name).cmp(right.documents.iter().map(Source::name)));
    let begun = Instant::now();
    let figures = Mutex::new(BTreeMap::<(String, usize, Half), Figures>::new());
    let of_documents: Vec<&[Question]> = questions.chunk_by(|left, right| left.documents == right.documents).collect();
    let next = AtomicUsize::new(0);
    let failed = Mutex::new(None);
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, std::num::NonZero::get) {
            scope.spawn(|| {
                while let Some(questions) = of_documents.get(next.fetch_add(1, Ordering::Relaxed)) {
                    match documents(&questions[0], &asked.documents) {
                        Ok(documents) => measure(questions, &documents, &asked.shares, &figures),
                        Err(why) => *lock(&failed) = Some(why),
                    }
                }
            });
        }
    });
    if let Some(why) = lock(&failed).take() {
        return Err(why);
    }
    println!("{} questions, {:.1} s", questions.len(), begun.elapsed().as_secs_f64());
    print!("{}", figures::table(&lock(&figures), &asked.shares));
    Ok(())
}

/// Runs the questions of the same documents, at each share.
fn measure(
    questions: &[Question],
    documents: &[Document],
    shares: &[f64],
    figures: &Mutex<BTreeMap<(String, usize, Half), Figures>>,
) {
    let half = Half::of(documents);
    let mut cuts = Cuts::new(documents);
    for question in questions {
        for (at, share) in shares.iter().enumerate() {
            let stages = by_hand::run(question, documents, *share, &mut cuts);
            let mut figures = lock(figures);
            figures.entry((question.dataset.clone(), at, half)).or_default().add(question, documents, &stages);
        }
    }
}

fn documents(question: &Question, folder: &Path) -> Result<Vec<Document>, String> {
    question
        .documents
        .iter()
        .map(|source| match source {
            Source::Text { name, text } => Ok(Document::from_text(name.as_str(), text.as_ref())),
            Source::File(name) => {
                let with_ending = folder.join(format!("{name}.txt"));
                let path = if with_ending.is_file() { with_ending } else { folder.join(name) };
                let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
                Ok(Document::from_text(name.as_str(), text))
            }
        })
        .collect()
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
