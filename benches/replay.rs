//! How long it takes to open a session of 100,000 records and to go anywhere in it: `cargo bench --bench replay`.
//!
//! The goals: open in 300 ms, seek in 50 ms.

use std::path::Path;

use divan::{Bencher, black_box};
use minions::document::{Document, Located, Match, Span};
use minions::journal::{Durability, JournalError, Session, Store};
use minions::protocol::{
    Chunk, Ending, Fact, JobId, JobOutput, ModelInfo, Outcome, PlannedJob, PlannedJobs, SessionOpened, Settings, Usage,
};
use minions::replay::{Player, Timeline};

const RECORDS: usize = 100_000;
const JOBS_A_ROUND: u32 = 2_048;

fn main() {
    divan::main();
}

/// Rounds of as many jobs as one may have by default, each started and answered, until there are enough records.
fn facts(document: &Document) -> Vec<Fact> {
    let model = ModelInfo { provider: "offline".into(), model: String::new(), is_model: false, price: None };
    let mut facts = vec![Fact::SessionOpened(Box::new(SessionOpened {
        question: "What was the revenue?".into(),
        settings: Settings { max_rounds: 1_000, ..Settings::default() },
        documents: vec![document.reference()],
        remote: model.clone(),
        local: model,
        prompts: "1".into(),
        program: "0.1.0".into(),
        clock_ms: None,
        embedding: None,
        parent: None,
    }))];
    for round in 1.. {
        facts.push(Fact::RoundBegan { round, last: false });
        let jobs = (0..JOBS_A_ROUND).map(|n| PlannedJob { chunk: n / 4, task: n % 4, advice: 0, sample: 0 }).collect();
        facts.push(Fact::JobsPlanned(PlannedJobs {
            round,
            chunks: (0..JOBS_A_ROUND as usize / 4).map(|n| Chunk::Span(Span::new(0, n, n + 1))).collect(),
            tasks: (0..4).map(|n| format!("Find the revenue of quarter {n} and quote the line.")).collect(),
            advices: vec!["Revenue may be called net sales.".into()],
            jobs,
        }));
        for index in 0..JOBS_A_ROUND {
            if facts.len() + 3 > RECORDS {
                facts.push(Fact::SessionEnded { ending: Ending::Cancelled });
                return facts;
            }
            let job = JobId { round, index };
            facts.push(Fact::JobStarted { job, attempt: 1 });
            facts.push(Fact::JobFinished { job, outcome: outcome(index), raw: None, usage: usage(), ms: 40 });
        }
    }
    facts
}

fn outcome(index: u32) -> Outcome {
    let output = JobOutput {
        explanation: "The table of net sales names the quarter and the amount in the line that is quoted.".into(),
        citation: Some(format!("Net sales, third quarter .......... $ {index} million (2022: $ 4 711 million)")),
        answer: Some(format!("${index} million")),
    };
    match index % 4 {
        0 => Outcome::Answered { output, located: Some(Located::new(Span::new(0, 1, 9), Match::Exact)) },
        _ => Outcome::Abstained { output: JobOutput { citation: None, answer: None, ..output } },
    }
}

fn usage() -> Usage {
    Usage { input_tokens: 900, output_tokens: 60, ..Usage::default() }
}

fn recorded(root: &Path) -> Result<Session, JournalError> {
    let document = Document::from_text("report.txt", "x".repeat(10_000));
    let (session, writer) = Store::new(root.to_owned()).create(std::slice::from_ref(&document))?;
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let runtime = runtime.unwrap_or_else(|error| fail(&error));
    runtime.block_on(async {
        writer.append(facts(&document), Durability::Written).await?;
        writer.close().await
    })?;
    Ok(session)
}

fn fail(error: &dyn std::error::Error) -> ! {
    eprintln!("the session for the benchmark cannot be made: {error}");
    std::process::exit(1)
}

/// A session folder that is gone when the benchmark has run.
fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap_or_else(|error| fail(&error))
}

fn session(folder: &tempfile::TempDir) -> Session {
    recorded(folder.path()).unwrap_or_else(|error| fail(&error))
}

fn player(session: &Session) -> Player {
    match Timeline::read(session, &mut |_| true) {
        Ok(Some(timeline)) => Player::new(timeline),
        Ok(None) => unreachable!("nobody says that it is wanted no longer"),
        Err(error) => fail(&error),
    }
}

fn seek(player: &mut Player, position: usize) {
    player.seek(position).unwrap_or_else(|error| fail(&error));
}

#[divan::bench(sample_count = 10)]
fn open(bencher: Bencher) {
    let folder = folder();
    let session = session(&folder);
    bencher.bench_local(|| player(black_box(&session)).len());
}

#[divan::bench(sample_count = 10)]
fn list_one_session(bencher: Bencher) {
    let folder = folder();
    let session = session(&folder);
    bencher.bench_local(|| black_box(&session).summary());
}

/// The first time that the end is gone to: everything is folded once.
#[divan::bench(sample_count = 10)]
fn seek_to_the_end_first(bencher: Bencher) {
    let folder = folder();
    let session = session(&folder);
    bencher.with_inputs(|| player(&session)).bench_local_refs(|player| seek(player, RECORDS));
}

/// From the end back to a place, on a timeline that was walked before. The places are the worst for their kept state.
#[divan::bench(sample_count = 10, args = [1, 8_191, 32_767, 65_535, 98_303, 99_999])]
fn seek_back_to(bencher: Bencher, position: usize) {
    let folder = folder();
    let session = session(&folder);
    let mut player = player(&session);
    bencher.bench_local(|| {
        seek(&mut player, RECORDS);
        seek(&mut player, black_box(position));
    });
}
