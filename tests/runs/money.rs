//! What was paid is what the server counted, wherever it is told, and no budget forgets what may have been.

use std::fs;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::evals::{EVAL, questions};
use crate::home::{Home, ledger_of, local, remote, settings};
use crate::loopback::{Fault, Loopback, Reply};
use crate::planner::{Step, planner};

/// Dollars in the book of the day: the last word on each call.
fn in_book_of_day(home: &Home) -> f64 {
    let mut calls = std::collections::BTreeMap::new();
    for entry in fs::read_dir(home.path("sessions")).unwrap() {
        let path = entry.unwrap().path();
        if path.file_name().unwrap().to_str().unwrap().starts_with("spent-") {
            for line in fs::read_to_string(&path).unwrap().lines() {
                let line: Value = serde_json::from_str(line).unwrap();
                calls.insert((line["session"].to_string(), line["call"].as_u64()), line["usd"].as_f64().unwrap());
            }
        }
    }
    calls.into_values().sum()
}

/// A planner whose second request is never answered.
async fn silent() -> Loopback {
    planner(|step, _| (step == Step::Decompose).then(|| Reply::text("").fault(Fault::Hang))).await
}

fn patient(planner: &Loopback) -> Vec<String> {
    settings(&[
        "remote.provider=openai",
        "remote.model=test-model",
        "remote.api_key_env=PLANTED_KEY",
        &format!("remote.base_url={}", planner.base_url()),
        "remote.price_input=2",
        "remote.price_output=10",
    ])
}

fn near(one: f64, other: f64) -> bool {
    (one - other).abs() < 1e-9
}

#[tokio::test]
async fn a_call_that_a_budget_holds_back_is_in_no_book() {
    let home = Home::new();
    home.write("document.txt", ledger_of(4));
    let planner = planner(|_, _| None).await;
    let own = settings(&["remote.price_input=2", "remote.price_output=10"]);
    let stopped = home.ask(&["--budget", "0.001"], &[remote(&planner), own].concat()).await;
    assert_eq!((stopped.code, planner.counts().requests), (4, 0), "{stopped:?}");
    assert!(near(in_book_of_day(&home), 0.0));
}

#[tokio::test]
async fn replies_of_a_reader_that_were_of_no_use_are_on_the_bill() {
    let home = Home::new();
    home.write("document.txt", ledger_of(6));
    let planner = planner(|_, _| None).await;
    let asked = std::sync::atomic::AtomicUsize::new(0);
    let worker = Loopback::start(move |_| {
        let output = json!({ "explanation": "read", "citation": null, "answer": "10007" }).to_string();
        let is_empty = asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed) % 3 == 1;
        Reply::text(if is_empty { String::new() } else { output })
    })
    .await;
    // The planner's own price goes before that of the table.
    home.write("own.toml", "[prices.\"test-model\"]\ninput = 100\noutput = 200\n");
    let own = settings(&["remote.price_input=2", "remote.price_output=10"]);
    let flags = ["--json", "--config", "own.toml"];
    let done = home.ask(&flags, &[remote(&planner), local(&worker), own].concat()).await;
    assert_eq!(done.code, 0, "{done:?}");
    let (report, counted) = (done.json(), worker.counts().tokens);
    let reader = &report["usage"]["local"];
    assert!(worker.counts().requests > 6);
    assert_eq!(
        (reader["input_tokens"].as_u64(), reader["output_tokens"].as_u64()),
        (Some(counted.input), Some(counted.output)),
        "{reader}"
    );
    let usd = (counted.input * 100 + counted.output * 200) as f64 / 1e6;
    assert!(near(reader["cost_usd"].as_f64().unwrap(), usd), "{reader}");
    assert!(near(report["by_round"][0]["local"]["cost_usd"].as_f64().unwrap(), usd));
    let shown = home.shown().await;
    assert!(near(shown["local_cost_usd"].as_f64().unwrap(), usd), "{shown}");
    for command in [&["sessions", "show", "last"][..], &["sessions", "list"], &["sessions", "export", "last"]] {
        let told = home.run(command).await;
        assert!(told.stdout.contains("planner $") && told.stdout.contains("reader $"), "{told:?}");
    }
}

#[tokio::test]
async fn a_request_that_was_out_at_a_kill_counts_in_lists_and_in_the_budget_of_all_questions() {
    let home = Home::new();
    questions(&home, 1);
    let planner = silent().await;
    let own = patient(&planner);
    let mut args = EVAL.to_vec();
    args.extend(["--total-budget", "0.5", "--json"]);
    args.extend(own.iter().flat_map(|setting| ["--set", setting]));
    let mut killed = home.command(&args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    planner.wait_for(|counts| counts.requests == 2).await;
    killed.kill().await.unwrap();
    let in_book = in_book_of_day(&home);
    assert!(in_book > 0.01, "{in_book}");
    let shown: Value = home.run(&["sessions", "show", "last", "--json"]).await.json();
    let (paid, lost) = (shown["cost_usd"].as_f64().unwrap(), shown["lost_usd"].as_f64().unwrap());
    assert!(near(paid + lost, in_book) && lost > 0.01, "{shown}");
    let again = home.run(&args).await;
    assert!(near(again.json()["spent"]["open_usd"].as_f64().unwrap(), in_book), "{again:?}");
    // Its document is another now, so that it is asked anew: what it may have cost stays spent.
    home.write("docs/town0.txt", "The bridge of Town0 was opened in 1800, they say.\n");
    let mut anew = home.command(&args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    planner.wait_for(|counts| counts.requests == 4).await;
    anew.kill().await.unwrap();
    let book = fs::read_to_string(home.path("out/eval.jsonl")).unwrap();
    let left = book.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let left: Vec<Value> = left.filter(|entry| entry["kind"] == "abandoned").collect();
    let spent = left[0]["cost"]["usd"].as_f64().unwrap() + left[0]["cost"]["doubtful_usd"].as_f64().unwrap();
    assert!(near(spent, in_book), "{left:?}");
}
