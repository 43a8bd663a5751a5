//! The embedded default on a document that is shipped: no key, no server, and an answer that can be followed.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::home::{Home, Said, ledger_of, said};

const QUESTION: &str = "Did OPM meet its FY 2019 target for the average number of minutes to answer retirement phone \
                        calls? Give the result, the target and the change against FY 2018.";

fn document() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/commands/samples/opm-annual-performance-report-fy2019.txt")
}

async fn ask(home: &Home, more: &[&str]) -> Said {
    let document = document();
    home.run(&[&["run", "-d", document.to_str().unwrap(), "-q", QUESTION], more].concat()).await
}

#[tokio::test]
async fn the_answer_stands_on_standard_output_with_its_citations_and_all_else_on_the_other() {
    let home = Home::new();
    let said = ask(&home, &[]).await;
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.stdout.contains("\n[1] opm-annual-performance-report-fy2019.txt, "), "{}", said.stdout);
    assert!(said.stderr.contains("planner: ") && said.stderr.contains("reader: "), "{}", said.stderr);
    assert!(said.stderr.contains("round 1: "), "{}", said.stderr);
    assert!(!said.stderr.contains('\u{1b}') && !said.stdout.contains("round 1: "));

    // The same answer again, from the disk.
    let answer = said.stdout.lines().next().unwrap();
    let replayed = home.run(&["replay", "last", "--headless"]).await;
    assert_eq!((replayed.code, replayed.stderr.as_str()), (0, ""));
    assert!(replayed.stdout.contains(&format!("\nanswer: {answer}")), "{}", replayed.stdout);
    assert!(replayed.stdout.contains("ended: answered"));
    let shown = home.run(&["sessions", "show", "last"]).await;
    assert!(shown.code == 0 && shown.stdout.contains(answer), "{shown:?}");
}

#[tokio::test]
async fn without_retrieval_everything_is_read_and_the_likeliest_goes_on_first() {
    let home = Home::new();
    home.write("document.txt", ledger_of(2000));
    let said = home.ask(&["--json", "--retrieval", "off", "-q", "How much did item 1234 bring in?"], &[]).await;
    let told = said.json();
    assert!(told["jobs"]["planned"].as_u64().unwrap() > 150, "{}", told["jobs"]);
    assert!(told["answer"].as_str().unwrap().contains("11234"), "{}", told["answer"]);
}

#[tokio::test]
async fn every_citation_of_the_report_is_the_documents_own_bytes() {
    let home = Home::new();
    let said = ask(&home, &["--json"]).await;
    assert_eq!((said.code, said.stdout.lines().count()), (0, 1), "{said:?}");
    let report = said.json();
    let text = std::fs::read(document()).unwrap();
    let citations = report["citations"].as_array().unwrap();
    assert!(!citations.is_empty());
    for citation in citations {
        let at = |name: &str| citation[name].as_u64().unwrap() as usize;
        assert_eq!(&text[at("start")..at("end")], citation["text"].as_str().unwrap().as_bytes(), "{citation}");
        assert_eq!(citation["document"], "opm-annual-performance-report-fy2019.txt");
        assert!(citation["page"].as_u64().is_some_and(|page| page > 0) || citation["page"].is_null());
    }
    let jobs = &report["jobs"];
    let ended = ["answered", "abstained", "malformed", "truncated", "failed", "cancelled"];
    let ended: u64 = ended.iter().map(|state| jobs[*state].as_u64().unwrap()).sum();
    assert!(jobs["planned"].as_u64().unwrap() == ended && ended > 0, "{jobs}");
    assert_eq!(report["usage"]["remote"]["cost_usd"].as_f64().unwrap_or(0.0), 0.0);

    let shown = home.shown().await;
    assert_eq!((&shown["id"], &shown["answer"]), (&report["session"], &report["answer"]));
    let listed = home.run(&["sessions", "list", "--json"]).await;
    let listed: Value = serde_json::from_str(&listed.stdout).unwrap();
    assert_eq!((&listed[0]["id"], &listed[0]["question"]), (&report["session"], &json!(QUESTION)));
    assert_eq!(listed[0]["ended"]["outcome"], "answered");
}

#[tokio::test]
async fn nobody_reading_the_output_is_no_error_and_a_full_disk_behind_it_is() {
    let home = Home::new();
    ask(&home, &[]).await;
    let document = document();
    let run = ["run", "-d", document.to_str().unwrap(), "-q", QUESTION];
    for args in [&run[..], &["sessions", "list"], &["sessions", "show", "last"], &["replay", "last", "--headless"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = home.command(args);
        let output = command.stdout(writer).stderr(std::process::Stdio::piped()).spawn().unwrap();
        let closed = crate::home::finished(output.wait_with_output()).await;
        assert!(closed.code == 0 && !closed.stderr.contains("minions:"), "{args:?}: {closed:?}");

        if Path::new("/dev/full").exists() {
            let full = said(home.shell("exec >/dev/full", args)).await;
            assert_eq!(full.code, 1, "{args:?}: {full:?}");
        }
    }
}
