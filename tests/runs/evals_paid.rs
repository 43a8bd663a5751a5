//! What an eval may spend, and the judge who is paid of it.

use std::fs;
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};

use crate::evals::{EVAL, book, of_kind, priced, priced_eval, questions};
use crate::home::Home;
use crate::loopback::{Loopback, Reply};
use crate::planner::{Step, planner};

#[tokio::test(flavor = "multi_thread")]
async fn the_budget_of_all_is_never_passed_and_more_of_it_goes_on() {
    let home = Home::new();
    questions(&home, 6);
    let planner = planner(|_, _| None).await;
    let stopped = priced_eval(&home, &planner, &["--total-budget", "0.04", "--at-once", "1", "--json"]).await;
    assert_eq!(stopped.code, 4, "{stopped:?}");
    assert!(stopped.stderr.contains("the budget of all questions is reached"), "{}", stopped.stderr);
    let report: Value = serde_json::from_str(&stopped.stdout).unwrap();
    let spent = report["spent"]["usd"].as_f64().unwrap();
    assert!(spent > 0.0 && spent <= 0.04, "{spent}");
    let done = report["done"].as_u64().unwrap();
    assert!(done < 6, "{done}");
    let on = priced_eval(&home, &planner, &["--total-budget", "10", "--json"]).await;
    let report = on.json();
    assert_eq!((on.code, report["done"].as_u64()), (0, Some(6)), "{on:?}");
    let group = &report["groups"][0];
    assert!(group["baseline_usd"].as_f64().unwrap() > 0.0 && group["times_cheaper"].as_f64().is_some(), "{group}");
    assert_eq!(report["curve"]["axis"], "usd");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_judge_is_asked_with_the_prompt_of_the_report() {
    let home = Home::new();
    questions(&home, 1);
    let judge = Loopback::start(|request| {
        let last = request["messages"].as_array().unwrap().last().unwrap()["content"].as_str().unwrap();
        assert!(!last.contains("Town0"), "what is private never leaves: {last}");
        if last.contains("You grade one answer") {
            assert!(last.contains("<reference>\n1800\n</reference>") && last.contains("NAME_1"), "{last}");
            return Reply::text("{\"correct\": true, \"why\": \"same year\"}");
        }
        Step::of(request).good_reply()
    })
    .await;
    let done = priced_eval(&home, &judge, &["--judge", "--json", "--set", "redact.names=Town0"]).await;
    let report = done.json();
    assert_eq!((done.code, &report["rows"][0]["scores"]["judge"]), (0, &json!(1.0)), "{done:?}");
    assert!(report["rows"][0]["cost"]["judge_usd"].as_f64().unwrap() > 0.0);
    assert!(report["judges"][0]["asked"].as_str().unwrap().contains("You grade one answer"));
    assert!(fs::read_to_string(home.path("out/report.md")).unwrap().contains("You grade one answer"));
    let kinds: Vec<String> = book(&home).iter().map(|entry| entry["kind"].as_str().unwrap().to_owned()).collect();
    assert_eq!(kinds, ["begun", "started", "judge_asked", "judge_settled", "finished"]);
}

/// A planner that judges too, as it is told to for each asking.
async fn judging(judge: impl Fn(usize) -> Reply + Send + Sync + 'static) -> Loopback {
    let asked = std::sync::atomic::AtomicUsize::new(0);
    Loopback::start(move |request| {
        let last = request["messages"].as_array().unwrap().last().unwrap()["content"].as_str().unwrap();
        if !last.contains("You grade one answer") {
            return Step::of(request).good_reply();
        }
        judge(asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst) + 1)
    })
    .await
}

/// How often the judge was asked.
pub fn verdicts(judge: &Loopback) -> usize {
    judge.requests().iter().filter(|request| request.body.to_string().contains("You grade one answer")).count()
}

const RIGHT: &str = "{\"correct\": true, \"why\": \"same\"}";

#[tokio::test(flavor = "multi_thread")]
async fn a_judge_that_cannot_be_asked_leaves_the_answer_to_be_judged_later() {
    let home = Home::new();
    questions(&home, 1);
    let judge = judging(|asked| match asked {
        1 => Reply::status(401, json!({"error": {"message": "no such key"}})),
        2 => Reply::status(429, json!({"error": {"message": "slow down"}})),
        _ => Reply::text(RIGHT),
    })
    .await;
    let failed = priced_eval(&home, &judge, &["--judge"]).await;
    assert!(failed.code == 1 && failed.stderr.contains("the judge did not answer"), "{failed:?}");
    assert!(failed.stderr.contains("1 of 1 tries are left") && verdicts(&judge) == 1, "{failed:?}");
    assert!(of_kind(&book(&home), "finished").is_empty());
    let done = priced_eval(&home, &judge, &["--judge", "--json"]).await;
    assert_eq!((done.code, &done.json()["rows"][0]["scores"]["judge"]), (0, &json!(1.0)), "{done:?}");
    assert_eq!((verdicts(&judge), home.sessions().len()), (3, 1), "the session is the one of before");
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_were_not_judged_are_counted_with_the_reason() {
    let home = Home::new();
    questions(&home, 1);
    let judge = judging(|_| Reply::text("It is correct.")).await;
    let done = priced_eval(&home, &judge, &["--judge"]).await;
    assert!(
        done.stderr.contains(
            "1 answer was not judged: the judge gave no verdict in its replies; the same command asks it again"
        ),
        "{done:?}"
    );
    assert_eq!((done.code, verdicts(&judge)), (0, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_open_counts_against_the_budget_of_all() {
    let home = Home::new();
    questions(&home, 1);
    let judge = judging(|asked| {
        let reply = Reply::text(RIGHT);
        if asked == 1 { reply.after(Duration::from_secs(600)) } else { reply }
    })
    .await;
    let mut command = home.command(&[&EVAL[..], &["--judge"]].concat());
    command.args(priced(&judge).iter().flat_map(|setting| ["--set", setting]));
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    tokio::time::timeout(Duration::from_secs(60), async {
        while verdicts(&judge) == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .unwrap();
    child.kill().await.unwrap();
    let worst = of_kind(&book(&home), "judge_asked")[0]["worst_usd"].as_f64().unwrap();
    // Enough for a verdict by itself, and too little beside the one that may have been paid for.
    let budget = (worst * 1.5).to_string();
    let stopped = priced_eval(&home, &judge, &["--judge", "--total-budget", &budget]).await;
    assert!(stopped.code == 4 && verdicts(&judge) == 1, "{stopped:?}");
    let done = priced_eval(&home, &judge, &["--judge", "--total-budget", "10"]).await;
    assert_eq!((done.code, verdicts(&judge)), (0, 2), "{done:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_judge_spends_of_the_budget_of_all() {
    let home = Home::new();
    questions(&home, 1);
    let planner = planner(|_, _| None).await;
    // Enough for the session, and too little for the judge at its worst.
    let stopped = priced_eval(&home, &planner, &["--judge", "--total-budget", "0.04"]).await;
    assert_eq!(stopped.code, 4, "{stopped:?}");
    assert_eq!((planner.counts().requests, home.sessions().len()), (0, 0), "nothing is begun that cannot be judged");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_budget_that_is_too_small_for_several_at_once_is_spent_one_by_one() {
    let home = Home::new();
    questions(&home, 6);
    let judge = judging(|_| Reply::text(RIGHT)).await;
    let done = priced_eval(&home, &judge, &["--judge", "--total-budget", "0.25", "--at-once", "4", "--json"]).await;
    assert_eq!((done.code, done.json()["done"].as_u64()), (0, Some(6)), "{done:?}");
    let caps: Vec<u64> = judge
        .requests()
        .iter()
        .filter(|request| request.body.to_string().contains("You grade one answer"))
        .map(|request| request.body["max_tokens"].as_u64().or(request.body["max_completion_tokens"].as_u64()).unwrap())
        .collect();
    assert_eq!(caps, [256; 6]);
    assert!(done.json()["spent"]["usd"].as_f64().unwrap() <= 0.25);
    // What is left, and what one more could take.
    let home = Home::new();
    questions(&home, 1);
    let none = priced_eval(&home, &judge, &["--total-budget", "0.001"]).await;
    assert!(
        none.code == 4 && none.stderr.contains("what is left ($0.0010) is too little for the worst case"),
        "{none:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_judge_that_thinks_first_gets_room_for_it() {
    let home = Home::new();
    questions(&home, 2);
    let judge = judging(|asked| match asked {
        1 => Reply::text("").finish("length"),
        _ => Reply::text(RIGHT),
    })
    .await;
    let done = priced_eval(&home, &judge, &["--judge", "--at-once", "1", "--total-budget", "1", "--json"]).await;
    assert_eq!((done.code, done.json()["done"].as_u64(), verdicts(&judge)), (0, Some(2), 3), "{done:?}");
}
