//! An eval that is gone on with: by another judge, after documents changed, within another budget.

use std::fs;
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};

use crate::evals::{EVAL, book, eval, of_kind, priced, priced_eval, questions};
use crate::evals_paid::verdicts;
use crate::home::Home;
use crate::loopback::{Loopback, Reply};
use crate::planner::{Step, planner};

/// A planner that judges too: one model finds all answers right, any other none.
async fn two_judges() -> Loopback {
    Loopback::start(|request| {
        let last = request["messages"].as_array().unwrap().last().unwrap()["content"].as_str().unwrap();
        assert!(!last.contains("Town0"), "what is private never leaves: {last}");
        if !last.contains("You grade one answer") {
            return Step::of(request).good_reply();
        }
        let right = request["model"] == "test-model";
        Reply::text(json!({"correct": right, "why": "as the model says"}).to_string())
    })
    .await
}

const PRIVATE: [&str; 3] = ["--json", "--set", "redact.names=Town0"];

#[tokio::test(flavor = "multi_thread")]
async fn another_judge_is_asked_about_the_answers_of_before_and_no_question_is_asked_again() {
    let home = Home::new();
    questions(&home, 2);
    let server = two_judges().await;
    let eval = async |more: &[&str]| priced_eval(&home, &server, &[&PRIVATE[..], more].concat()).await;
    let scores = |report: &Value| {
        report["rows"].as_array().unwrap().iter().map(|row| row["scores"]["judge"].clone()).collect::<Vec<_>>()
    };

    // Those that were not judged at all are judged too.
    let plain = eval(&[]).await.json();
    assert_eq!((scores(&plain), plain.get("judges")), (vec![Value::Null, Value::Null], None));
    let first = eval(&["--judge"]).await;
    assert!(first.stderr.contains("2 answers of before have no verdict of test-model"), "{}", first.stderr);
    let report = first.json();
    assert_eq!((scores(&report), verdicts(&server)), (vec![json!(1.0), json!(1.0)], 2));
    assert_eq!(
        (&report["judges"][0]["rows"], &report["rows"][0]["judged_by"]["model"]),
        (&json!(2), &report["judges"][0]["model"])
    );
    let once = report["spent"]["judge_usd"].as_f64().unwrap();
    assert!(once > 0.0);
    // By the same judge nothing is asked again.
    assert_eq!((scores(&eval(&["--judge"]).await.json()), verdicts(&server)), (scores(&report), 2));

    // What there is no money for keeps its verdict.
    let poor = eval(&["--judge=other", "--total-budget", "0.01"]).await;
    assert_eq!((poor.code, poor.json()["done"].as_u64(), verdicts(&server)), (4, Some(0), 2), "{poor:?}");
    assert_eq!(scores(&poor.json()), [json!(1.0), json!(1.0)], "the report has what is there");
    assert_eq!(scores(&eval(&[]).await.json()), [json!(1.0), json!(1.0)]);

    let other = eval(&["--judge=other"]).await.json();
    assert_eq!((scores(&other), verdicts(&server)), (vec![json!(0.0), json!(0.0)], 4));
    assert!((other["spent"]["judge_usd"].as_f64().unwrap() - 2.0 * once).abs() < 1e-9, "both judges were paid");
    assert!(other["judges"][0]["model"].as_str().unwrap().starts_with("other"), "{}", other["judges"]);

    // A verdict to another prompt is another verdict.
    let mut lines = fs::read_to_string(home.path("out/eval.jsonl")).unwrap();
    let prompt = other["judges"][0]["prompt"].as_str().unwrap();
    lines = lines.replace(prompt, "0123456789abcdef");
    fs::write(home.path("out/eval.jsonl"), lines).unwrap();
    let told = eval(&[]).await.json();
    assert_eq!((&told["judges"][0]["prompt"], &told["judges"][0]["asked"]), (&json!("0123456789abcdef"), &Value::Null));
    assert_eq!((scores(&eval(&["--judge=other"]).await.json()), verdicts(&server)), (scores(&other), 6));

    // Without its session nobody knows what was private in it.
    for session in home.sessions() {
        fs::remove_dir_all(session).unwrap();
    }
    let gone = eval(&["--judge"]).await;
    assert_eq!((scores(&gone.json()), verdicts(&server)), (vec![Value::Null, Value::Null], 6));
    assert!(gone.stderr.contains("2 answers were not judged: its session is gone"), "{}", gone.stderr);
    assert_eq!(of_kind(&book(&home), "started").len(), 2, "no question was asked again");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_from_before_a_document_changed_is_asked_for_again() {
    let home = Home::new();
    questions(&home, 2);
    let page = |year: u32, comment: &str| {
        home.write("docs/town1.html", format!("<p>The bridge of Town1 was opened in {year}.</p><!-- {comment} -->"));
    };
    fs::remove_file(home.path("docs/town1.txt")).unwrap();
    page(1801, "first");
    assert_eq!(eval(&home, &["--json"]).await.json()["done"], 2);
    // The same words in another file are the same document.
    page(1801, "second");
    let same = eval(&home, &["--json"]).await;
    assert_eq!((same.code, home.sessions().len()), (0, 2), "{same:?}");
    assert!(!same.stderr.contains("changed"), "{}", same.stderr);

    page(1901, "second");
    let again = eval(&home, &["--json"]).await;
    assert!(
        again.stderr.contains("1 answer is from before a document changed (town1.html), and asked for again"),
        "{}",
        again.stderr
    );
    let report = again.json();
    assert_eq!((home.sessions().len(), &report["done"], &report["spent"]["sessions"]), (3, &json!(2), &json!(3)));
    assert!(report["rows"][1]["answer"].as_str().unwrap().contains("1901"), "{}", report["rows"][1]);
    assert_eq!((eval(&home, &[]).await.code, home.sessions().len()), (0, 3), "and once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_under_way_is_left_where_its_document_changed() {
    let home = Home::new();
    questions(&home, 1);
    let planner = planner(|step, before| {
        (step == Step::Decide && before == 0).then(|| step.good_reply().after(Duration::from_secs(600)))
    })
    .await;
    let mut command = home.command(&EVAL);
    command.args(priced(&planner).iter().flat_map(|setting| ["--set", setting]));
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    planner.wait_for(|_| crate::planner::told(&planner, Step::Decide).len() == 1).await;
    child.kill().await.unwrap();
    home.write("docs/town0.txt", "The bridge of Town0 was opened in 1900.\n");
    let done = priced_eval(&home, &planner, &["--json"]).await;
    let report = done.json();
    assert_eq!((done.code, &report["done"], home.sessions().len()), (0, &json!(1), 2), "{done:?}");
    let book = book(&home);
    assert!(of_kind(&book, "abandoned")[0]["why"].as_str().unwrap().contains("documents changed"), "{book:?}");
    assert!(report["spent"]["lost_usd"].as_f64().unwrap() > 0.0, "what it cost stays spent");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lower_budget_of_all_asks_nothing_further_and_none_bounds_nothing() {
    let home = Home::new();
    questions(&home, 6);
    let planner = planner(|_, _| None).await;
    let stopped = priced_eval(&home, &planner, &["--total-budget", "0.04", "--at-once", "1", "--json"]).await;
    let report = stopped.json();
    let (spent, done) = (report["spent"]["usd"].as_f64().unwrap(), report["done"].as_u64().unwrap());
    assert!(stopped.code == 4 && spent > 0.0 && done > 0 && done < 6, "{stopped:?}");
    let requests = planner.counts().requests;

    let lower = priced_eval(&home, &planner, &["--total-budget", &(spent / 2.0).to_string(), "--json"]).await;
    assert!(lower.code == 4 && lower.stderr.contains("--total-budget"), "{lower:?}");
    assert_eq!((lower.json()["done"].as_u64(), planner.counts().requests), (Some(done), requests));

    let free = priced_eval(&home, &planner, &["--json"]).await;
    assert_eq!((free.code, free.json()["done"].as_u64()), (0, Some(6)), "{free:?}");
    // What is done needs no budget.
    let requests = planner.counts().requests;
    let over = priced_eval(&home, &planner, &["--total-budget", "0.001"]).await;
    assert_eq!((over.code, planner.counts().requests), (0, requests), "{over:?}");
}
