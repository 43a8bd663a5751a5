//! The local engine in whole runs: a real model, though a tiny one, answers every job in the form asked for.
#![cfg(feature = "llama")]

use serde_json::Value;

use std::process::Stdio;
use std::time::Duration;

use crate::home::{Home, finished};

const MODEL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/models/tiny.gguf");

/// One thread: several wait for each other at every step, which a busy machine makes long.
fn settings(model: &str) -> Vec<String> {
    [
        "local.provider=llama-cpp",
        &format!("local.model={model}"),
        "local.max_output_tokens=96",
        "local.threads=1",
        "protocol.max_rounds=1",
    ]
    .map(str::to_owned)
    .to_vec()
}

fn document() -> String {
    (1..60).map(|item| format!("Item {item} brought in {} dollars in the year.\n\n", item * 37)).collect()
}

#[tokio::test]
async fn every_job_of_a_run_is_read_by_the_model_and_answered_in_form() {
    let home = Home::new();
    home.write("document.txt", document());
    let said = home.ask(&["--json", "--samples", "3"], &settings(MODEL)).await;
    let told: Value = serde_json::from_str(&said.stdout).unwrap_or_else(|_| panic!("{said:?}"));
    let jobs = &told["jobs"];
    assert!(jobs["planned"].as_u64().unwrap() >= 3, "{jobs}");
    for trouble in ["malformed", "truncated", "failed", "cancelled"] {
        assert_eq!(jobs[trouble], 0, "{jobs}");
    }
    let local = &told["usage"]["local"];
    assert_eq!(local["estimated"], false);
    assert!(local["output_tokens"].as_u64().unwrap() > 0);
    let engine = &told["engine"];
    assert_eq!(engine["output_tokens"], local["output_tokens"]);
    assert!(engine["prompt_evaluated"].as_u64().unwrap() * 2 < engine["prompt_asked"].as_u64().unwrap(), "{engine}");
    assert!(engine["spent"]["working"].as_f64().unwrap() > 0.0);
    let (input, cached) = (local["input_tokens"].as_u64().unwrap(), local["cached_input_tokens"].as_u64().unwrap());
    assert!(cached * 3 > input, "three samples share their chunk: {cached} of {input}");
    let opened = &home.facts()[0];
    assert_eq!(opened["local"]["provider"], "llama-cpp");
}

#[tokio::test]
async fn the_same_run_writes_the_same_answers_up_to_the_order_of_sums() {
    let mut runs = Vec::new();
    for _ in 0..2 {
        let home = Home::new();
        home.write("document.txt", document());
        home.ask(&[], &settings(MODEL)).await;
        let mut finished = home.facts_of("job_finished");
        finished.sort_by_key(|fact| fact["job"]["index"].as_u64());
        runs.push(finished.into_iter().map(|fact| fact["outcome"].to_string()).collect::<Vec<_>>());
    }
    let (one, other) = (&runs[0], &runs[1]);
    assert!(!one.is_empty());
    assert_eq!(one.len(), other.len());
    let same = one.iter().zip(other).filter(|(one, other)| one == other).count();
    // Which jobs meet in a batch is a matter of time, and in which order sums are made a matter of the batch.
    assert!(same * 10 >= one.len() * 8, "{same} of {}", one.len());
}

/// Ends the engine of this program as the system does when memory runs out, once it is there.
#[cfg(target_os = "linux")]
async fn kill_engine_of(program: u32) {
    loop {
        for entry in std::fs::read_dir("/proc").unwrap() {
            let folder = entry.unwrap().path();
            let line = std::fs::read_to_string(folder.join("cmdline")).unwrap_or_default();
            let stat = std::fs::read_to_string(folder.join("stat")).unwrap_or_default();
            let parent = stat.rsplit(") ").next().and_then(|rest| rest.split(' ').nth(1)?.parse::<u32>().ok());
            if line.contains("__engine") && parent == Some(program) {
                let engine = folder.file_name().unwrap().to_str().unwrap().parse().unwrap();
                // SAFETY: a signal to a process that this test started.
                #[allow(unsafe_code)]
                unsafe {
                    libc::kill(engine, libc::SIGKILL);
                }
                return;
            }
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn an_engine_that_dies_costs_the_jobs_it_had_and_not_the_run() {
    let home = Home::new();
    home.write("document.txt", document().repeat(12));
    let mut command = home.asking(&["--json", "--samples", "8"], &settings(MODEL));
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let program = child.id().unwrap();
    home.until_journal_holds("job_finished").await;
    tokio::time::timeout(Duration::from_secs(60), kill_engine_of(program)).await.unwrap();
    let said = finished(child.wait_with_output()).await;
    let jobs = said.json()["jobs"].clone();
    let (planned, failed) = (jobs["planned"].as_u64().unwrap(), jobs["failed"].as_u64().unwrap());
    assert!((1..planned).contains(&failed), "{jobs}");
    let fates: Vec<_> = home.facts_of("job_finished").iter().map(|fact| fact["outcome"]["state"] == "failed").collect();
    let last = fates.iter().rposition(|failed| *failed).unwrap();
    assert!(last + 1 < fates.len(), "the engine was started again and went on: {fates:?}");
    home.shown().await;
}

#[tokio::test]
async fn a_citation_can_be_held_to_words_of_its_chunk() {
    let home = Home::new();
    home.write("document.txt", document());
    let mut settings = settings(MODEL);
    // So hot that this model, which was never taught, opens a citation at times.
    settings.extend(["local.quote_only=true".into(), "local.temperature=50".into()]);
    home.ask(&["--samples", "16"], &settings).await;
    let spaced = |text: &str| text.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).collect::<String>();
    let document = spaced(&document()).replace("  ", " ");
    let finished = home.facts_of("job_finished");
    let cited: Vec<_> = finished.iter().filter_map(|fact| fact["outcome"]["output"]["citation"].as_str()).collect();
    assert!(cited.len() > 3, "{} of {}", cited.len(), finished.len());
    for citation in cited {
        assert!(document.contains(&spaced(citation)), "{citation:?}");
    }
}

#[tokio::test]
async fn a_model_that_is_none_is_told_before_the_run() {
    let home = Home::new();
    home.write("document.txt", document());
    let missing = home.ask(&[], &settings("nothing.gguf")).await;
    assert_eq!(missing.code, 2);
    assert!(missing.stderr.contains("nothing.gguf"), "{missing:?}");

    home.write("page.gguf", "<!doctype html><title>Not found</title>");
    let page = home.path("page.gguf");
    let foreign = home.ask(&[], &settings(page.to_str().unwrap())).await;
    assert_eq!(foreign.code, 2);
    assert!(foreign.stderr.contains("not a model in GGUF format"), "{foreign:?}");
    assert!(home.sessions().is_empty());
}
