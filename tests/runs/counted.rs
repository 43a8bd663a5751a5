//! What sending the documents whole would have cost is counted with the model's own tokenizer, or marked as an estimate.

use serde_json::{Value, json};

use crate::home::{Home, ledger_of, remote, settings};
use crate::planner::planner;

/// The report of a run whose remote LM has this name, and how the count and the first request stand in the journal.
async fn report(model: &str) -> (Value, Vec<Value>, Value) {
    let planner = planner(|_, _| None).await;
    let home = Home::new();
    home.write("document.txt", ledger_of(20));
    let model = format!("remote.model={model}");
    let with = settings(&[&model, "remote.price_input=2", "remote.price_output=8"]);
    let said = home.ask(&["--json"], &[remote(&planner), with].concat()).await;
    let report = said.json();
    // What is told to people is marked as what is told to scripts.
    let marked = said.stderr.contains("sending the documents whole would cost ≈ ");
    assert_eq!(report["baseline"]["estimated"], marked, "{said:?}");
    (report, home.facts_of("documents_counted"), home.facts_of("remote_asked")[0]["estimate"].take())
}

#[tokio::test]
async fn a_model_whose_tokenizer_is_public_has_its_tokens_counted() {
    let (report, counted, first) = report("gpt-4o-mini").await;
    // 20 lines of 13 tokens, and a question of 8.
    let fact = json!({"kind": "documents_counted", "tokenizer": "o200k_base", "counted": true, "question": 8, "documents": [260]});
    assert_eq!(counted, [fact]);
    let baseline = &report["baseline"];
    assert_eq!((&baseline["input_tokens"], &baseline["estimated"]), (&json!(268), &json!(false)));
    assert!((baseline["cost_usd"].as_f64().unwrap() - 268.0 * 2.0 / 1e6).abs() < 1e-12, "{baseline}");
    assert_eq!(first["counted"], true);
    let calls = report["calls"].as_array().unwrap();
    assert!(!calls.is_empty() && calls.iter().all(|call| call["model"] == "gpt-4o-mini"), "{calls:?}");
}

#[tokio::test]
async fn what_another_tokenizer_counts_is_marked_as_an_estimate() {
    let (report, counted, first) = report("claude-opus-4-5").await;
    assert_eq!((counted.len(), &counted[0]["counted"]), (1, &json!(false)));
    assert_eq!(report["baseline"]["estimated"], true);
    assert_eq!(first["counted"], json!(null));
}
