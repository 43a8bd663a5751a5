//! Runs a corpus of programs as a remote LM could write them: good ones, wrong ones and hostile ones.
//!
//! The corpus is `tests/corpus`, or the folder that `MINIONS_CORPUS` names; its README says how it is laid out.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "sandbox/planner.rs"]
mod planner;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use minions::config::SandboxConfig;
use minions::protocol::{Chunk, CodeError, CodeErrorKind, JobOutput, Manifest};
use minions::sandbox::{PastJob, Program, Sandbox};
use serde_json::Value;
use sha2::{Digest, Sha256};

const MAX_JOBS: u32 = 2048;

struct Corpus {
    folder: PathBuf,
    documents: Vec<Arc<str>>,
    programs: Vec<Value>,
}

fn corpus() -> Corpus {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let folder = std::env::var_os("MINIONS_CORPUS").map_or(shipped, PathBuf::from);
    let manifest: Value =
        serde_json::from_str(&std::fs::read_to_string(folder.join("manifest.json")).unwrap()).unwrap();
    let read = |name: &Value| Arc::from(std::fs::read_to_string(folder.join(name.as_str().unwrap())).unwrap());
    let documents = manifest["documents"].as_array().unwrap().iter().map(read).collect();
    Corpus { folder, documents, programs: manifest["programs"].as_array().unwrap().clone() }
}

impl Corpus {
    fn of_kind(&self, kind: &str) -> impl Iterator<Item = (&Value, String)> {
        self.programs.iter().filter(move |program| program["kind"] == kind).map(|program| {
            (program, std::fs::read_to_string(self.folder.join(program["file"].as_str().unwrap())).unwrap())
        })
    }
}

fn sandbox(memory_mb: u64, seconds: u64) -> Sandbox {
    Sandbox::new(
        env!("CARGO_BIN_EXE_minions").into(),
        &SandboxConfig { memory_mb, seconds, ..SandboxConfig::default() },
        MAX_JOBS,
    )
}

/// A job as the corpus's README numbers it.
struct Row {
    chunk: String,
    task: String,
    advice: String,
    chunk_id: u32,
    task_id: u32,
}

fn rows(manifests: Vec<Manifest>, documents: &[Arc<str>]) -> Vec<Row> {
    let (mut chunks, mut tasks): (Vec<String>, Vec<String>) = Default::default();
    let id = |pool: &mut Vec<String>, text: &String| {
        pool.iter().position(|known| known == text).unwrap_or_else(|| {
            pool.push(text.clone());
            pool.len() - 1
        }) as u32
    };
    let row = |Manifest { chunk, task, advice }| {
        let chunk = match chunk {
            Chunk::Text(text) => {
                assert!(documents.iter().all(|document| !document.contains(&text)), "a chunk's place was not found");
                text
            }
            chunk => chunk.text(|span| documents[span.document].get(span.start..span.end)).unwrap().into_owned(),
        };
        Row { chunk_id: id(&mut chunks, &chunk), task_id: id(&mut tasks, &task), chunk, task, advice }
    };
    manifests.into_iter().map(row).collect()
}

fn hash(rows: &[Row]) -> String {
    let list: Vec<_> = rows.iter().map(|row| (&row.chunk, &row.task, &row.advice, row.chunk_id, row.task_id)).collect();
    Sha256::digest(serde_json::to_string(&list).unwrap()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The pretend worker of the corpus's README.
fn worker(i: usize, chunk: &str) -> JobOutput {
    let characters: Vec<char> = chunk.chars().collect();
    let head = |count: usize| characters.iter().take(count).collect::<String>();
    let tail = |count: usize| characters[characters.len().saturating_sub(count)..].iter().collect::<String>();
    let output = |explanation: &str, citation: Option<String>, answer: Option<String>| JobOutput {
        explanation: explanation.into(),
        citation,
        answer,
    };
    match i % 5 {
        0 => output(
            &format!("Found in the text (job {i})."),
            Some(head(40)),
            Some(format!("${}.{} million", i * 37 % 900 + 100, i % 10)),
        ),
        1 => output("None", None, None),
        2 => output("Not in this chunk.", Some(String::new()), Some("None".into())),
        3 => output(
            "Two years are given.",
            Some(tail(25)),
            Some(format!("2019: {}.5%; 2020: {}.75%", i % 40, i % 40 + 1)),
        ),
        _ => output("", Some(String::new()), Some(String::new())),
    }
}

fn past(rows: &[Row]) -> Vec<PastJob<'_>> {
    let job = |(i, row): (usize, &'_ Row)| -> JobOutput { worker(i, &row.chunk) };
    rows.iter()
        .enumerate()
        .map(|(i, row)| PastJob {
            chunk: &row.chunk,
            task: &row.task,
            advice: &row.advice,
            chunk_id: row.chunk_id,
            task_id: row.task_id,
            output: job((i, row)),
        })
        .collect()
}

/// All rounds of a program: what each prepared and what came of it.
async fn run(
    sandbox: &Sandbox,
    source: &str,
    rounds: u64,
    documents: &[Arc<str>],
) -> Result<Vec<(Vec<Row>, String)>, CodeError> {
    let mut done: Vec<(Vec<Row>, String)> = Vec::new();
    let program = Program { source, clock_ms: 0, likeness: None };
    for _ in 0..rounds {
        let previous = done.last().map(|(rows, _)| past(rows)).unwrap_or_default();
        let rows = rows(sandbox.prepare(program, documents, &previous).await?, documents);
        let text = sandbox.transform(program, &past(&rows)).await?;
        done.push((rows, text));
    }
    Ok(done)
}

#[tokio::test]
async fn good_programs_give_their_recorded_outcome() {
    let corpus = corpus();
    let sandbox = sandbox(1024, 20);
    let mut failed = Vec::new();
    for (program, source) in corpus.of_kind("ok") {
        let file = &program["file"];
        match run(&sandbox, &source, program["n_rounds"].as_u64().unwrap_or(1), &corpus.documents).await {
            Err(error) => failed.push(format!("{file}: {error}")),
            Ok(rounds) => {
                for ((rows, text), recorded) in rounds.iter().zip(program["rounds"].as_array().unwrap()) {
                    if recorded["jobs"] != rows.len() {
                        failed.push(format!("{file}: {} jobs, recorded {}", rows.len(), recorded["jobs"]));
                    } else if recorded["manifests_sha256"].as_str().is_some_and(|recorded| recorded != hash(rows)) {
                        failed.push(format!("{file}: other manifests than recorded"));
                    } else if recorded["transform"].as_str().is_some_and(|recorded| recorded != text) {
                        failed.push(format!("{file}: {text:?}, recorded {}", recorded["transform"]));
                    }
                }
            }
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[tokio::test]
async fn wrong_programs_give_an_error_that_names_the_line() {
    let corpus = corpus();
    let sandbox = sandbox(1024, 20);
    let mut failed = Vec::new();
    for (program, source) in corpus.of_kind("error") {
        let (file, recorded) = (&program["file"], &program["error"]);
        let Err(error) = run(&sandbox, &source, program["n_rounds"].as_u64().unwrap_or(1), &corpus.documents).await
        else {
            failed.push(format!("{file}: ran"));
            continue;
        };
        println!("{file}: {error}");
        // What is recorded without a line is an error of the host: a promise of the two functions that was broken.
        let wanted = match recorded["line"].as_u64() {
            Some(line) => {
                error.kind == CodeErrorKind::Exception
                    && error.line == Some(line as u32)
                    && error.message.starts_with(recorded["type"].as_str().unwrap())
            }
            None => {
                error.kind == CodeErrorKind::Contract || error.message.starts_with(recorded["type"].as_str().unwrap())
            }
        };
        if !wanted {
            failed.push(format!("{file}: {error:?}, recorded {recorded}"));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_programs_are_contained() {
    let corpus = Arc::new(corpus());
    let escape = Path::new("/tmp/minions_sandbox_escape");
    let _ = std::fs::remove_file(escape);
    let programs: Vec<(Value, String)> =
        corpus.of_kind("hostile").map(|(program, source)| (program.clone(), source)).collect();
    let queue = Arc::new(std::sync::Mutex::new(programs));
    let lane = |queue: Arc<std::sync::Mutex<Vec<(Value, String)>>>, corpus: Arc<Corpus>| async move {
        let sandbox = sandbox(512, 2);
        let mut failed = Vec::new();
        loop {
            let Some((program, source)) = queue.lock().unwrap().pop() else { return failed };
            let outcome = run(&sandbox, &source, 1, &corpus.documents).await;
            println!(
                "{} {}: {}",
                program["file"],
                program["expect"],
                match &outcome {
                    Ok(_) => "ran".to_owned(),
                    Err(error) => format!("{:?} {error}", error.kind),
                }
            );
            if let Some(why) = wrong_outcome(program["expect"].as_str().unwrap(), &outcome.map(|_| ())) {
                failed.push(format!("{}: {why}", program["file"]));
            }
        }
    };
    let lanes = [lane(queue.clone(), corpus.clone()), lane(queue, corpus)].map(tokio::spawn);
    let mut failed = Vec::new();
    for lane in lanes {
        failed.extend(lane.await.unwrap());
    }
    assert!(!escape.exists(), "a program wrote a file");
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

fn wrong_outcome(expected: &str, outcome: &Result<(), CodeError>) -> Option<String> {
    let kind = match outcome {
        // "any-error" is expected of what overflows other interpreters; to run it to its end is as harmless.
        Ok(()) => return (!expected.contains("ok") && expected != "any-error").then(|| "it ran".to_owned()),
        Err(error) => error.kind,
    };
    let allowed = expected.replace("-or-", " ");
    // On a busy machine the clock may come first; the limits have their own tests.
    let fits = kind == CodeErrorKind::TimeLimit
        || allowed.split(' ').any(|word| match word {
            "time" | "ok" => false,
            "output-limit" => kind == CodeErrorKind::OutputLimit,
            "memory" => kind == CodeErrorKind::MemoryLimit,
            "too-many-jobs" => kind == CodeErrorKind::Contract,
            // Deep recursion ends in RecursionError, or in the interpreter's end.
            "recursion" | "denied" => matches!(kind, CodeErrorKind::Exception | CodeErrorKind::Stopped),
            "error" | "any-error" => kind != CodeErrorKind::Unavailable,
            other => panic!("the corpus expects {other:?}, which this test does not know"),
        });
    (!fits).then(|| format!("{kind:?}, expected {expected}"))
}
