//! Real inference from end to end: a model that was taught to copy what is asked out of made-up sentences reads the documents.
#![cfg(feature = "llama")]

use serde_json::Value;

use crate::home::{Home, ledger_of};

const MODEL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/models/copying.gguf");

/// One thread: several wait for each other at every step, which a busy machine makes long.
fn settings() -> Vec<String> {
    ["local.provider=llama-cpp", &format!("local.model={MODEL}"), "local.threads=1", "protocol.max_rounds=1"]
        .map(str::to_owned)
        .to_vec()
}

async fn asked(document: String, question: &str) -> Value {
    let home = Home::new();
    home.write("document.txt", document);
    home.ask(&["--json", "-q", question], &settings()).await.json()
}

/// What the report cites, and whether it stands in the document there.
fn cited(told: &Value) -> Vec<(&str, &str)> {
    let citations = told["citations"].as_array().unwrap().iter();
    citations.map(|one| (one["text"].as_str().unwrap(), one["match"].as_str().unwrap())).collect()
}

/// A list whose amounts nothing but reading tells.
fn amount(item: usize) -> usize {
    (item * 7919 + 13) % 90_000 + 10_000
}

#[tokio::test]
async fn a_value_that_stands_in_one_chunk_is_found_cited_and_answered() {
    let list: String =
        (0..60).map(|item| format!("Item {item} brought in {} dollars in that year.\n", amount(item))).collect();
    for item in [7, 23, 44] {
        let told = asked(list.clone(), &format!("What did item {item} bring in?")).await;
        assert_eq!(told["outcome"], "answered", "{told}");
        let sentence = format!("Item {item} brought in {} dollars in that year.", amount(item));
        assert_eq!(told["answer"], sentence, "{told}");
        assert!(cited(&told).contains(&(&sentence, "exact")), "{told}");
        let jobs = &told["jobs"];
        let [planned, abstained] = ["planned", "abstained"].map(|name| jobs[name].as_u64().unwrap());
        // It is small, and errs at times.
        assert!(abstained + 2 >= planned && abstained < planned, "one chunk tells: {jobs}");
        assert_eq!(told["usage"]["local"]["estimated"], false);
    }
}

#[tokio::test]
async fn what_no_chunk_tells_is_not_answered() {
    let told = asked(ledger_of(60), "What did item 912 bring in?").await;
    assert_eq!(told["outcome"], "no_answer", "{told}");
    let jobs = &told["jobs"];
    assert_eq!((&jobs["answered"], &jobs["planned"]), (&0.into(), &jobs["abstained"]), "{jobs}");
}
