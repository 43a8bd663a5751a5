//! What a run is expected to come to, and what it became.

use serde_json::{Value, json};

use crate::home::{Home, ledger_of, local, remote, settings};
use crate::loopback::{Loopback, Reply};
use crate::planner::planner;

#[tokio::test]
async fn a_dry_run_tells_jobs_tokens_and_time_and_does_nothing() {
    let home = Home::new();
    home.write("document.txt", ledger_of(400));
    let said = home.ask(&["--dry-run"], &[]).await;
    assert_eq!((said.code, said.stderr.as_str()), (0, ""), "{said:?}");
    for words in [
        "every figure is an estimate (minions)",
        "as its program will divide them",
        "time not known: extractive reader (no model) has not read here yet",
        "a guess, until offline planner (no model) has answered here",
        "cost     $0.00",
    ] {
        assert!(said.stdout.contains(words), "{words}: {}", said.stdout);
    }
    assert!(home.sessions().is_empty());

    // A run is told of by those before it, and says in the end what was expected.
    let ran = home.ask(&["--json"], &[]).await;
    let first = ran.json();
    let told = ran.stderr.split("expected up to ").nth(1).and_then(|told| told.split_once(" jobs a round, "));
    let (most, rest) = told.unwrap_or_else(|| panic!("{}", ran.stderr));
    assert!(most.parse::<u64>().unwrap() >= first["jobs"]["planned"].as_u64().unwrap(), "{}", ran.stderr);
    assert!(rest.contains("; became "), "{}", ran.stderr);
    let expected = home.ask(&["--dry-run", "--json"], &[]).await.json();
    assert_eq!(expected["jobs"], first["jobs"]["planned"], "the program is known: {expected}");
    assert_eq!((&expected["timed_by"], &expected["remote_basis"]), (&json!(1), &json!({"past": {"sessions": 1}})));
    assert!(expected["seconds"].as_f64().unwrap() > 0.0 && expected["usd"] == 0.0, "{expected}");
    assert_eq!(expected["input_tokens"], first["usage"]["remote"]["input_tokens"]);
    assert_eq!(home.sessions().len(), 1);
}

#[tokio::test]
async fn dollars_are_known_without_a_key_and_come_closer_with_each_session() {
    let server = planner(|_, _| None).await;
    let reader =
        Loopback::start(|_| Reply::text(json!({"explanation": "e", "citation": null, "answer": "x"}).to_string()))
            .await;
    let home = Home::new();
    home.write("document.txt", ledger_of(40));
    let prices = settings(&["remote.price_input=10", "remote.price_output=40"]);
    let sets = [remote(&server), local(&reader), prices].concat();
    let dry = async |more: &[&str], sets: &[String]| -> Value {
        home.ask(&[&["--dry-run", "--json"], more].concat(), sets).await.json()
    };
    let keyless = [&sets[..], &settings(&["remote.api_key_env=NOBODY_SETS_THIS"])].concat();
    let guessed = dry(&[], &keyless).await;
    assert_eq!((&guessed["remote_basis"], &guessed["jobs_basis"]), (&json!("guess"), &json!("offline_planner")));
    let (usd, worst) = (guessed["usd"].as_f64().unwrap(), guessed["bad_case_usd"].as_f64().unwrap());
    assert!(usd > 0.0 && worst > usd, "{guessed}");
    assert!(server.requests().is_empty() && reader.requests().is_empty());
    assert_eq!(dry(&["--budget", "0.001"], &sets).await["budget_usd"], 0.001);
    let levers = dry(&["--chunk-chars", "500", "--tasks-per-round", "2"], &sets).await;
    assert_eq!(levers["jobs_basis"], "levers");

    let ran = home.ask(&["--json"], &sets).await.json();
    assert_eq!(ran["expected"]["remote_basis"], "guess", "{ran}");
    let known = dry(&[], &sets).await;
    assert_eq!(known["jobs"], ran["jobs"]["planned"], "{known}");
    let cost = ran["usage"]["remote"]["cost_usd"].as_f64().unwrap();
    assert!((known["usd"].as_f64().unwrap() - cost).abs() < cost / 100.0, "{known} {cost}");
    assert!(known["seconds"].as_f64().is_some());

    let local_only = dry(&["--protocol", "local-only"], &sets).await;
    assert_eq!((&local_only["usd"], &local_only["calls"]), (&json!(0.0), &json!(0)));
    let whole = dry(&["--protocol", "remote-only"], &sets).await;
    assert!(whole["input_tokens"].as_u64().unwrap() > 400 && whole["jobs"] == 0, "{whole}");
}

#[tokio::test]
async fn a_dry_run_of_an_eval_and_of_a_comparison_tells_each_setting() {
    let home = Home::new();
    crate::evals::questions(&home, 3);
    let sweep = ["--sweep", "protocol=minions,remote-only,local-only", "--repeat", "2", "--dry-run"];
    let priced = ["--set", "remote.provider=openai", "--set", "remote.model=gpt-4o"];
    let told = crate::evals::eval(&home, &[&sweep[..], &priced].concat()).await;
    assert!(told.code == 0 && home.sessions().is_empty() && !home.path("out").exists(), "{told:?}");
    for words in ["minions: 6 tries, ", "remote-only: 6 tries, ≈ 0 jobs", "local-only: 6 tries, ≈ 6 jobs", "≈ $"]
    {
        assert!(told.stdout.contains(words), "{words}: {}", told.stdout);
    }
    let sums = crate::evals::eval(&home, &[&sweep[..], &priced, &["--json"]].concat()).await.json();
    let one = home
        .run(
            &[
                "run",
                "-d",
                "docs/town0.txt",
                "-q",
                "When was the bridge of Town0 opened?",
                "--dry-run",
                "--json",
                "--protocol",
                "remote-only",
            ]
            .iter()
            .chain(&priced)
            .copied()
            .collect::<Vec<_>>(),
        )
        .await
        .json();
    let tokens = |value: &serde_json::Value| value["input_tokens"].as_u64().unwrap();
    assert!(tokens(&sums[1]).abs_diff(6 * tokens(&one)) < 6, "{sums} {one}");
    let compared =
        home.run(&["run", "-d", "docs/town0.txt", "-q", "When?", "--compare", "samples=1,2", "--dry-run"]).await;
    assert!(compared.code == 0 && compared.stdout.contains("samples=2: 1 try, "), "{compared:?}");
}
