//! Embeddings in whole runs: what a program retrieves by meaning, what happens where the model is gone, what a rerun says.
#![cfg(feature = "llama")]

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::mpsc;
use std::time::Duration;

use minions::config::LocalConfig;
use minions::local::Embedder;

use crate::home::{Home, finished, remote};
use crate::loopback::{Loopback, Reply};
use crate::planner::{Step, planner};

const MODEL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/models/tiny-embedding.gguf");
const CHAT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/models/tiny.gguf");

/// No word of the query counts for BM25, so that words alone find nothing: then the first line is taken.
const PROGRAM: &str = r#"```python
def prepare_jobs(context, prev_job_manifests=None, prev_job_outputs=None):
    lines = [line for line in context[0].splitlines() if line]
    found = retrieve(["of the", "the of"], lines, k=3) or lines[:1]
    return [JobManifest(chunk=line, task="What did the item bring in?", advice="") for line in found]

def transform_outputs(jobs):
    return "\n".join(str(job.output.answer) for job in jobs)
```
"#;

fn document() -> String {
    (1..60).map(|item| format!("Item {item} brought in {} dollars in that year.\n", item * 37)).collect()
}

fn scripted(step: Step) -> Option<Reply> {
    matches!(step, Step::Decompose).then(|| Reply::text(PROGRAM))
}

fn settings(server: &Loopback, model: &str) -> Vec<String> {
    let mut settings = remote(server);
    settings.extend([
        "protocol.max_rounds=1".into(),
        "local.threads=1".into(),
        format!("local.embedding_model={model}"),
    ]);
    settings
}

async fn rerun(home: &Home, model: &str) -> (i32, String) {
    let set = format!("local.embedding_model={model}");
    let said = home.run(&["sessions", "verify", "last", "--rerun-code", "--set", &set]).await;
    (said.code, said.stdout)
}

#[tokio::test]
async fn a_program_retrieves_by_meaning_and_gives_the_same_when_it_is_run_again() {
    let home = Home::new();
    home.write("document.txt", document());
    let server = planner(|step, _| scripted(step)).await;
    let said = home.ask(&["--json"], &settings(&server, MODEL)).await;
    assert_eq!(said.json()["jobs"]["planned"], 3, "{said:?}");
    assert!(said.stderr.contains("embeddings: tiny-embedding"), "{said:?}");
    let opened = &home.facts()[0]["embedding"];
    assert_eq!((opened["model"].as_str(), opened["hash"].as_str().map(str::len)), (Some("tiny-embedding"), Some(64)));
    assert!(home.facts_of("embedding_failed").is_empty());

    let (code, told) = rerun(&home, MODEL).await;
    assert_eq!((code, told.matches(": same").count()), (0, 2), "{told}");
    let (code, told) = rerun(&home, "").await;
    assert_eq!((code, told.matches(": not compared: ").count(), told.matches(": same").count()), (0, 1, 1), "{told}");
    assert!(told.contains("set local.embedding_model to it"), "{told}");
    home.write("other.gguf", pooled(CHAT));
    let (code, told) = rerun(&home, home.path("other.gguf").to_str().unwrap()).await;
    assert!(code == 0 && told.contains("other is another file"), "{told}");
}

#[tokio::test]
async fn without_an_embedding_model_words_alone_count() {
    let home = Home::new();
    home.write("document.txt", document());
    let server = planner(|step, _| scripted(step)).await;
    let said = home.ask(&["--json"], &settings(&server, "")).await;
    assert_eq!(said.json()["jobs"]["planned"], 1, "{said:?}");
    assert!(home.facts()[0].get("embedding").is_none());
    let (code, told) = rerun(&home, MODEL).await;
    assert_eq!((code, told.matches(": same").count()), (0, 2), "{told}");
}

/// The engines of this program, but for one.
#[cfg(target_os = "linux")]
fn engine_of(program: u32, but: Option<i32>) -> Option<i32> {
    let processes = std::fs::read_dir("/proc").unwrap();
    processes.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<i32>().ok()).find(|process| {
        let read = |file: &str| std::fs::read_to_string(format!("/proc/{process}/{file}")).unwrap_or_default();
        let stat = read("stat");
        let parent = stat.rsplit(") ").next().and_then(|rest| rest.split(' ').nth(1)?.parse::<u32>().ok());
        Some(*process) != but && parent == Some(program) && read("cmdline").contains("__engine")
    })
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn without_its_engine_a_program_goes_by_words_and_the_person_is_told() {
    let home = Home::new();
    home.write("document.txt", document());
    let (killed, may_reply) = mpsc::channel();
    let may_reply = std::sync::Mutex::new(may_reply);
    let server = planner(move |step, _| {
        if step == Step::Decompose {
            may_reply.lock().unwrap().recv_timeout(Duration::from_secs(60)).unwrap();
        }
        scripted(step)
    })
    .await;
    let mut settings = settings(&server, MODEL);
    settings.push("remote.idle_timeout_s=60".into());
    let mut command = home.asking(&["--json"], &settings);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let program = child.id().unwrap();
    // Twice in a row before it has done anything: then it is left alone.
    let mut last = None;
    for _ in 0..2 {
        let killing = async {
            loop {
                if let Some(engine) = engine_of(program, last) {
                    // SAFETY: a signal to a process that this test started.
                    #[allow(unsafe_code)]
                    unsafe {
                        libc::kill(engine, libc::SIGKILL);
                    }
                    return engine;
                }
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        last = Some(tokio::time::timeout(Duration::from_secs(60), killing).await.unwrap());
    }
    killed.send(()).unwrap();
    let said = finished(child.wait_with_output()).await;
    assert_eq!(said.json()["jobs"]["planned"], 1, "{said:?}");
    let words = "chunks were retrieved by words alone: the embedding engine: it was killed";
    assert_eq!(said.stderr.matches(words).count(), 1, "{said:?}");
    let failed = home.facts_of("embedding_failed");
    assert_eq!((failed.len(), failed[0]["stage"].as_str()), (1, Some("prepare")), "{failed:?}");
    home.shown().await;
    let (code, told) = rerun(&home, MODEL).await;
    assert!(code == 0 && told.contains("not compared: its embedding model failed then"), "{told}");
}

#[tokio::test]
async fn a_file_that_embeds_nothing_is_told_before_the_run() {
    let home = Home::new();
    home.write("document.txt", document());
    for (model, words) in [("nothing.gguf", "there is no file"), (CHAT, "made for embeddings")] {
        let said = home.ask(&[], &[format!("local.embedding_model={model}")]).await;
        said.assert_refused_at_once(2, &["local.embedding_model: ", words]);
    }
    assert!(home.sessions().is_empty());
    let doctor = home.run(&["doctor", "--set", &format!("local.embedding_model={MODEL}")]).await;
    assert!(
        doctor.stdout.contains("tiny-embedding.gguf: bert, vectors of 64 numbers, 512 tokens at once"),
        "{doctor:?}"
    );
}

/// The chat model as one that takes the last token's vector for its text's: two values more in the header, of 64 bytes
/// together, so that all else keeps its place.
fn pooled(model: &str) -> Vec<u8> {
    let mut bytes = std::fs::read(model).unwrap();
    let pairs = u64::from_le_bytes(bytes[16..24].try_into().unwrap());
    bytes[16..24].copy_from_slice(&(pairs + 2).to_le_bytes());
    let text = |text: &str| [&(text.len() as u64).to_le_bytes()[..], text.as_bytes()].concat();
    let pooling = [text("llama.pooling_type"), 4_u32.to_le_bytes().to_vec(), 3_u32.to_le_bytes().to_vec()];
    let filler = [text("x"), 8_u32.to_le_bytes().to_vec(), text("123456789")];
    let added: Vec<u8> = pooling.into_iter().chain(filler).flatten().collect();
    assert_eq!(added.len(), 64);
    bytes.splice(24..24, added);
    bytes
}

async fn embedder(model: &Path) -> Embedder {
    let config = LocalConfig { embedding_model: model.to_str().unwrap().into(), ..LocalConfig::default() };
    let program = PathBuf::from(env!("CARGO_BIN_EXE_minions"));
    Embedder::start(&config, &program, None).await.unwrap().unwrap()
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

#[tokio::test]
async fn a_text_is_most_like_itself_whatever_stands_beside_it_and_however_long_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let causal = folder.path().join("causal.gguf");
    std::fs::write(&causal, pooled(CHAT)).unwrap();
    for model in [Path::new(MODEL), &causal] {
        let long: Vec<String> =
            (0..4).map(|of| format!("Section {of} tells of net sales and of staff. ").repeat(300)).collect();
        let short: Vec<String> = (0..60).map(|item| format!("Item {item} brought {} dollars.", item * 37)).collect();
        let all: Vec<String> = long.iter().chain(&short).cloned().chain(texts(&["", "  \n"])).collect();
        let together = embedder(model).await.compare(&all, &all).await.unwrap();
        for (at, row) in together.iter().enumerate().take(all.len() - 2) {
            assert!((row[at] - 1.0).abs() < 1e-4, "{} of {at}", row[at]);
            assert!(row[all.len() - 2..].iter().all(|blank| blank.is_nan()));
            assert!(row.iter().take(all.len() - 2).all(|likeness| (-1.0001..=1.0001).contains(likeness)));
        }
        // One at a time it comes to the same.
        let alone = embedder(model).await;
        for at in [0, 2, 40] {
            let row = alone.compare(&all[at..=at], &all[4..9]).await.unwrap().remove(0);
            let before = &together[at][4..9];
            let apart = row.iter().zip(before).map(|(one, other)| (one - other).abs()).fold(0.0, f32::max);
            assert!(apart < 1e-3, "{apart}");
        }
    }
}

#[tokio::test]
async fn a_comparison_that_nobody_waits_for_is_given_up_and_the_next_is_answered() {
    let embedder = embedder(Path::new(MODEL)).await;
    let many: Vec<String> = (0..2000).map(|of| format!("Section {of} tells of sales. ").repeat(200)).collect();
    let one = texts(&["sales"]);
    assert!(tokio::time::timeout(Duration::from_millis(300), embedder.compare(&one, &many)).await.is_err());
    let next = tokio::time::timeout(Duration::from_secs(20), embedder.compare(&one, &one)).await;
    assert!(next.expect("the engine still works at what nobody wants").is_ok());
}
