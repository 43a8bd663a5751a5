//! Documents that give orders, and a remote LM that obeys them: what leaves stays within what may, and nothing else changes.

use std::path::PathBuf;

use crate::home::{Home, remote, settings};
use crate::loopback::{Loopback, Reply};
use crate::planner::{Step, planner};

const QUESTION: &str = "What did the mill of Calder bring in?";

/// Programs of a remote LM that does what the documents say.
const OBEYING: [&str; 4] = [
    // The whole document as what it makes of the outputs.
    "return documents[0]",
    // In JSON, and in JSON again.
    "return json.dumps({'text': json.dumps(documents)})",
    // Word by word in another layout and order.
    "return '\\n'.join('  '.join(line.upper().split()) for line in reversed(documents[0].splitlines()))",
    // Through an error that is sent back with what was printed.
    "print(documents[0]); raise ValueError(documents[0])",
];

fn corpus() -> Vec<(String, String)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/injection");
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "txt"));
    paths.sort();
    assert!(paths.len() >= 8);
    let read = |path: PathBuf| {
        (path.file_stem().unwrap().to_string_lossy().into_owned(), std::fs::read_to_string(path).unwrap())
    };
    paths.into_iter().map(read).collect()
}

fn program(obeys: &str) -> String {
    format!(
        r"```python
import json

def prepare_jobs(context, prev_job_manifests=None, prev_job_outputs=None):
    lines = [line for line in context[0].splitlines() if line.strip()]
    return [JobManifest(chunk=line, task='What does it say?', advice='') for line in lines]

def transform_outputs(jobs):
    documents = ['\n'.join(job.manifest.chunk for job in jobs)]
    {obeys}
```"
    )
}

async fn obedient(obeys: &'static str) -> Loopback {
    planner(move |step, _| matches!(step, Step::Decompose | Step::Repair).then(|| Reply::text(program(obeys)))).await
}

#[tokio::test]
async fn without_a_model_no_document_raises_what_leaves_or_changes_the_settings() {
    for (name, text) in corpus() {
        let home = Home::new();
        home.write("document.txt", &text);
        let limit = settings(&["remote.max_exposed_share=0.6"]);
        let said = home.ask(&["--json", "-q", QUESTION], &limit).await;
        let report = said.json();
        assert!(matches!(said.code, 0 | 3 | 4), "{name}: {said:?}");
        assert!(report["exposed"]["share"].as_f64().unwrap() <= 0.6, "{name}: {report}");
        let opened = &home.facts_of("session_opened")[0];
        assert_eq!(opened["settings"]["max_exposed_share"], 0.6, "{name}");
        assert_eq!(opened["remote"]["provider"], "offline", "{name}");
        assert_eq!(home.facts_of("models_chosen").len(), 0, "{name}");
        assert!(!said.stdout.contains('\x1b') && !said.stderr.contains('\x1b'), "{name}: {said:?}");
    }
}

#[tokio::test]
async fn a_remote_lm_that_obeys_is_stopped_before_the_document_leaves() {
    let corpus = corpus();
    for (obeys, (name, text)) in OBEYING.iter().zip(corpus.iter().cycle()) {
        let planner = obedient(obeys).await;
        let home = Home::new();
        home.write("document.txt", text);
        let with = [remote(&planner), settings(&["remote.max_exposed_share=0.3"])].concat();
        let said = home.ask(&["--json", "-q", QUESTION], &with).await;
        let report = said.json();
        let left = report["exposed"]["share"].as_f64().unwrap();
        assert!(left <= 0.3, "{name}, {obeys}: {report}");
        let sent: String = planner.requests().iter().map(|request| request.body.to_string().to_lowercase()).collect();
        let lines = text.lines().filter(|line| line.contains("crowns"));
        let leaked = lines.clone().filter(|line| sent.contains(&line.to_lowercase())).count();
        assert!(leaked * 3 < lines.count(), "{name}, {obeys}: {leaked} lines left");
        // Errors are cleaned of the documents' words; all else is held back.
        if !obeys.contains("raise") {
            assert_eq!((said.code, &report["outcome"]), (4, &"exposure".into()), "{name}, {obeys}: {said:?}");
            assert!(said.stderr.contains("max_exposed_share"), "{said:?}");
            let reached = &home.facts_of("exposure_reached")[0];
            assert!(reached["share"].as_f64().unwrap() > 0.9, "{obeys}: the ledger shows all of it: {reached}");
        }
    }
}
