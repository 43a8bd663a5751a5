//! `minions run --compare`: one question in several ways, a session each.

use serde_json::{Value, json};

use crate::home::{Home, ledger_of, local, remote, settings};
use crate::loopback::{Loopback, Reply};
use crate::planner::{Step, planner, told};

async fn comparison(home: &Home, ways: &[&str], more: &[&str], sets: &[String]) -> crate::home::Said {
    let ways: Vec<&str> = ways.iter().flat_map(|way| ["--compare", *way]).collect();
    home.ask(&[&ways[..], more].concat(), sets).await
}

fn variant<'a>(told: &'a Value, name: &str) -> &'a Value {
    told["variants"].as_array().unwrap().iter().find(|variant| variant["name"] == name).unwrap()
}

#[tokio::test]
async fn three_protocols_stand_side_by_side_and_each_has_its_session() {
    let home = Home::new();
    home.write("document.txt", ledger_of(400));
    let said = comparison(&home, &["minions,minion,local-only"], &[], &[]).await;
    assert_eq!(said.code, 0, "{said:?}");
    let heads = said.stdout.lines().next().unwrap();
    assert!(heads.contains("minions") && heads.contains("minion ") && heads.ends_with("local-only"), "{heads}");
    for row in ["protocol", "outcome", "citations found", "jobs", "planner tokens", "cost", "time", "exposed"] {
        assert!(said.stdout.contains(&format!("\n{row} ")), "{row}: {}", said.stdout);
    }
    assert!(said.stdout.matches("10007").count() >= 3, "{}", said.stdout);
    let table = said.stdout.lines().take_while(|line| !line.is_empty());
    assert!(table.map(|line| line.chars().count()).max() < Some(80), "{}", said.stdout);
    assert_eq!(home.sessions().len(), 3);
    let tag = said.stdout.split("--tag ").nth(1).unwrap().split('`').next().unwrap();
    let listed = home.run(&["sessions", "list", "--tag", tag]).await;
    for title in ["minions: What", "minion: What", "local-only: What"] {
        assert!(listed.stdout.contains(title), "{}", listed.stdout);
    }
    for session in home.sessions() {
        let verified = home.run(&["sessions", "verify", session.to_str().unwrap()]).await;
        assert_eq!(verified.code, 0, "{verified:?}");
    }
}

#[tokio::test]
async fn a_job_that_is_the_same_in_two_variants_is_computed_once_and_the_remote_lm_is_asked_in_each() {
    let server = planner(|_, _| None).await;
    let reader =
        Loopback::start(|_| Reply::text(json!({"explanation": "e", "citation": null, "answer": "x"}).to_string()))
            .await;
    let home = Home::new();
    home.write("document.txt", ledger_of(10));
    let sets = [remote(&server), local(&reader)].concat();
    let said = comparison(&home, &["samples=1,2"], &["--json"], &sets).await;
    let object = said.json();
    assert_eq!(said.code, 0, "{said:?}");
    let (once, twice) = (variant(&object, "samples=1"), variant(&object, "samples=2"));
    assert_eq!((&once["report"]["jobs"]["planned"], &once["jobs_reused"]), (&json!(10), &json!(0)));
    assert_eq!((&twice["report"]["jobs"]["planned"], &twice["jobs_reused"]), (&json!(20), &json!(10)));
    assert_eq!(reader.requests().len(), 20);
    assert_eq!(told(&server, Step::Decide).len(), 2, "each variant costs what it would alone");
    assert_eq!((&once["citations_found"], &once["report"]["answer"]), (&json!(1), &json!("10007 dollars")));
    // Another reader, or the same with other settings, is asked anew.
    let said = comparison(&home, &["local.temperature=0,0.5"], &["--json"], &sets).await;
    assert_eq!((said.code, reader.requests().len()), (0, 40), "{said:?}");
}

#[tokio::test]
async fn documents_are_sent_only_with_the_flag_and_nothing_begins_without_it() {
    let server = planner(|_, _| None).await;
    let home = Home::new();
    home.write("document.txt", ledger_of(10));
    let sets = [remote(&server), settings(&["remote.price_input=2", "remote.price_output=8"])].concat();
    let refused = comparison(&home, &["minions,remote-only"], &[], &sets).await;
    refused.assert_refused_at_once(2, &["tokens for at most about $0.", "--yes-send-document"]);
    assert!(server.requests().is_empty() && home.sessions().is_empty());
    let reader =
        Loopback::start(|_| Reply::text(json!({"explanation": "e", "citation": null, "answer": null}).to_string()))
            .await;
    // What a variant lacks is told before any is paid for.
    let offline = comparison(&home, &["local-only,remote-only"], &["--yes-send-document"], &local(&reader)).await;
    offline.assert_refused_at_once(2, &["the offline planner has no model to read it"]);
    assert!(reader.requests().is_empty() && home.sessions().is_empty());
}

#[tokio::test]
async fn the_budget_is_for_all_together() {
    let server = planner(|_, _| None).await;
    let home = Home::new();
    home.write("document.txt", ledger_of(10));
    let prices = ["remote.price_input=10", "remote.price_output=10", "remote.max_output_tokens=1000"];
    let sets = [remote(&server), settings(&prices)].concat();
    let told = comparison(&home, &["samples=1,2,3"], &["--json", "--budget", "0.06"], &sets).await;
    assert_eq!(told.code, 4, "{told:?}");
    let object: Value = serde_json::from_str(&told.stdout).unwrap();
    let spent = object["spent_usd"].as_f64().unwrap();
    assert!(spent > 0.0 && spent <= 0.06, "{spent}");
    assert_eq!(variant(&object, "samples=1")["report"]["outcome"], "answered");
    assert_eq!(variant(&object, "samples=3")["report"]["outcome"], "budget", "{object}");
    assert_eq!(object["budget_usd"], 0.06);
}

#[tokio::test]
async fn what_is_no_comparison_is_refused_with_how_to_write_one() {
    let home = Home::new();
    home.write("document.txt", ledger_of(10));
    for (ways, words) in [
        (&["minions"][..], "two to 4 are compared"),
        (&["minions,magic"], "--compare"),
        (&["fast:samples=1", "samples=2,3"], "do not mix"),
    ] {
        comparison(&home, ways, &[], &[]).await.assert_refused_at_once(2, &[words]);
    }
    assert!(home.sessions().is_empty());
    let said = comparison(&home, &["fast:samples=1 max_rounds=1", "deep:samples=2"], &[], &[]).await;
    assert!(said.code == 0 && said.stdout.contains("── deep ──"), "{said:?}");
}

#[tokio::test]
async fn windows_that_one_variant_cannot_have_are_told_before_any_is_paid_for() {
    let home = Home::new();
    home.write("document.txt", ledger_of(400));
    let ways = ["fits:samples=1", "cannot:protocol.name=local-only protocol.window_chars=1000 protocol.max_jobs=2"];
    comparison(&home, &ways, &[], &[]).await.assert_refused_at_once(2, &["cannot: ", "protocol.max_jobs allows 2"]);
    assert!(home.sessions().is_empty());
}

#[tokio::test]
async fn a_variant_that_fails_leaves_what_the_others_came_to() {
    let home = Home::new();
    home.write("document.txt", ledger_of(20));
    let ways = ["good:samples=1", "bad:sessions.dir=/dev/null/no-folder", "late:samples=2"];
    let said = comparison(&home, &ways, &["--json"], &[]).await;
    assert_eq!(said.code, 1, "{said:?}");
    let object: Value = serde_json::from_str(&said.stdout).unwrap();
    for name in ["good", "late"] {
        assert_eq!(variant(&object, name)["report"]["outcome"], "answered", "{object}");
    }
    let bad = variant(&object, "bad");
    assert!(bad["report"].is_null() && bad["problem"].as_str().unwrap().contains("no-folder"), "{bad}");
    let said = comparison(&home, &ways, &[], &[]).await;
    assert!(
        said.code == 1 && said.stdout.matches("10007").count() >= 2 && said.stdout.contains("no-folder"),
        "{said:?}"
    );
}
