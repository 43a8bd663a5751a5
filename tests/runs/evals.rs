//! `minions eval` as a whole: many questions, killed and gone on with, and the report they come to.

use std::fs;
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};

use crate::home::{Home, Said, said, settings};
use crate::loopback::{Loopback, Reply};
use crate::planner::{Step, planner, told};
use crate::pty::{PROGRAM, Pty};

/// A folder of small documents and as many questions, each of which has its answer in one line.
pub fn questions(home: &Home, count: usize) {
    fs::create_dir_all(home.path("docs")).unwrap();
    let mut lines = String::new();
    for n in 0..count {
        let answer = format!("The bridge of Town{n} was opened in {}.", 1800 + n);
        let text =
            format!("Towns have rivers and walls.\n\n{answer}\n\nIts mayor was born by the sea and liked maps.\n");
        let start = text.find(&answer).unwrap();
        home.write(&format!("docs/town{n}.txt"), &text);
        let question = json!({
            "id": format!("q{n}"), "dataset": if n % 2 == 0 { "even" } else { "odd" }, "doc_ids": [format!("town{n}")],
            "question": format!("When was the bridge of Town{n} opened?"), "answer": (1800 + n).to_string(),
            "evidence": [{"doc_id": format!("town{n}"), "byte_start": start, "byte_end": start + answer.len()}],
        });
        lines.push_str(&format!("{question}\n"));
    }
    home.write("questions.jsonl", lines);
}

pub const EVAL: [&str; 7] = ["eval", "--questions", "questions.jsonl", "--documents", "docs", "--out", "out"];

pub async fn eval(home: &Home, more: &[&str]) -> Said {
    home.run(&[&EVAL[..], more].concat()).await
}

pub fn book(home: &Home) -> Vec<Value> {
    let text = fs::read_to_string(home.path("out/eval.jsonl")).unwrap_or_default();
    text.split_inclusive('\n')
        .filter(|line| line.ends_with('\n'))
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

pub fn of_kind<'a>(book: &'a [Value], kind: &str) -> Vec<&'a Value> {
    book.iter().filter(|entry| entry["kind"] == kind).collect()
}

#[tokio::test]
async fn a_table_and_a_report_tell_what_each_set_came_to() {
    let home = Home::new();
    questions(&home, 4);
    let done = eval(&home, &["--sweep", "offline_share=0.05,0.1", "--sweep", "samples=1,2"]).await;
    assert_eq!(done.code, 0, "{done:?}");
    for words in ["even", "odd", "all", "offline_share=0.05 samples=2", "over 4 settings", "evidence"] {
        assert!(done.stdout.contains(words), "{words}: {}", done.stdout);
    }
    assert!(done.stderr.contains("16 of 16 tries done"), "{}", done.stderr);
    assert_eq!(home.sessions().len(), 16);
    let markdown = fs::read_to_string(home.path("out/report.md")).unwrap();
    assert!(
        markdown.contains("| even | offline_share=0.05 samples=1 | 2 |") && markdown.contains("Pareto"),
        "{markdown}"
    );
    assert!(fs::read_to_string(home.path("out/curve.svg")).unwrap().starts_with("<svg "));
    assert_eq!(fs::read_to_string(home.path("out/report.csv")).unwrap().lines().next().unwrap().split(',').count(), 35);

    // The object has the same; nothing is asked again.
    let again = eval(&home, &["--sweep", "offline_share=0.05,0.1", "--sweep", "samples=1,2", "--json"]).await;
    let report = again.json();
    assert_eq!((home.sessions().len(), report["done"].as_u64()), (16, Some(16)));
    let group = &report["groups"][0];
    assert_eq!((group["dataset"].as_str(), group["questions"].as_u64()), (Some("even"), Some(2)));
    assert_eq!(group["stats"]["evidence"]["mean"], 1.0, "{group}");
    assert!(group["stats"]["tokens"]["mean"].as_f64().unwrap() > 0.0);
    // Each row names a session that can be replayed.
    let session = report["rows"][0]["session"].as_str().unwrap();
    assert_eq!(home.run(&["sessions", "verify", session]).await.code, 0);
    // Nor where what changes no answer was changed.
    let more = ["--sweep", "offline_share=0.05,0.1", "--sweep", "samples=1,2", "--json"];
    let dearer = ["--set", "remote.budget_usd_per_day=50", "--set", "local.threads=1"];
    assert_eq!(eval(&home, &[&more[..], &dearer].concat()).await.code, 0);
    assert_eq!(home.sessions().len(), 16);
    // A command that cannot be carried out gives up nothing.
    assert_eq!(eval(&home, &[&more[..], &["--again", "--judge"]].concat()).await.code, 2);
    assert_eq!(eval(&home, &more).await.json()["done"], 16);
    // Unless it is wanted.
    assert_eq!(eval(&home, &["--limit", "1", "--again"]).await.code, 0);
    assert_eq!(home.sessions().len(), 17);
}

#[tokio::test]
async fn what_is_wrong_is_told_before_anything_is_asked() {
    let home = Home::new();
    questions(&home, 2);
    for (args, code, words) in [
        (&["--sweep", "samples"][..], 2, "names no values"),
        (&["--sweep", "samples=1,0"][..], 2, "--sweep"),
        (&["--sweep", "smaples=1"][..], 2, "--sweep"),
        (&["--measure", "beauty"][..], 2, "score, exact"),
        (&["--dataset", "none"][..], 2, "no question is left"),
        (&["--judge"][..], 2, "no model to judge"),
        (&["--protocol", "remote-only", "--yes-send-document"][..], 2, "no model to read it"),
        (&["--total-budget", "0"][..], 2, "above 0"),
    ] {
        let failed = eval(&home, args).await;
        assert!(failed.code == code && failed.stderr.contains(words), "{args:?}: {failed:?}");
    }
    fs::remove_file(home.path("docs/town1.txt")).unwrap();
    let failed = eval(&home, &[]).await;
    assert!(
        failed.code == 1 && failed.stderr.contains("\"q1\" names \"town1\", and there is no such file"),
        "{failed:?}"
    );
    home.write("questions.jsonl", "{\"question\": \"q\", \"document\": \"town0\"}\n{oops\n");
    let failed = eval(&home, &[]).await;
    assert!(failed.code == 1 && failed.stderr.contains("line 2: this is no JSON object"), "{failed:?}");
    home.write("questions.jsonl", "{\"question\": \"q\", \"document\": \"../docs/town0.txt\"}\n");
    assert!(eval(&home, &[]).await.stderr.contains("not within the folder"));
    assert!(home.sessions().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_cannot_be_asked_about_is_a_row_and_the_rest_goes_on() {
    let home = Home::new();
    questions(&home, 3);
    home.write("docs/town1.txt", "");
    // Too long for the model, and for nobody else.
    home.write("docs/town2.txt", "The bridge of Town2 was opened in 1802. ".repeat(500));
    let planner = Loopback::start(|request| {
        let last = request["messages"].as_array().unwrap().last().unwrap()["content"].as_str().unwrap();
        match last.contains("The bridge of Town") {
            true => Reply::text(crate::planner::answer()),
            false => Step::of(request).good_reply(),
        }
    })
    .await;
    let sweep = ["--sweep", "protocol.name=minions,remote-only", "--yes-send-document", "--at-once", "1"];
    let context = ["--set", "remote.context_tokens=5000"];
    let told = priced_eval(&home, &planner, &[&sweep[..], &context].concat()).await;
    assert_eq!(told.code, 0, "{told:?}");
    assert!(told.stderr.contains("6 of 6 tries done") && told.stderr.contains("3 refused"), "{}", told.stderr);
    assert!(told.stderr.contains("q2 (remote-only) was not asked: the documents are about"), "{}", told.stderr);
    let shown = home.run(&["eval", "--show", "out"]).await;
    assert!(shown.code == 0 && shown.stdout.contains("6 of 6 tries done"), "{shown:?}");
    let report: Value = serde_json::from_slice(&fs::read(home.path("out/report.json")).unwrap()).unwrap();
    let outcomes: Vec<&str> =
        report["rows"].as_array().unwrap().iter().map(|row| row["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["answered", "answered", "refused", "refused", "answered", "refused"]);
    let all = report["groups"].as_array().unwrap().iter().filter(|group| group["dataset"].is_null());
    assert_eq!(all.clone().map(|group| group["refused"].as_u64().unwrap()).collect::<Vec<_>>(), [1, 2]);
    // Both were asked one question.
    let against = all.map(|group| group["of_remote_only"].clone()).next().unwrap();
    assert!(against["tries"] == 1 && against["cost"].as_f64().unwrap() > 1.0, "{against}");
    assert!(told.stdout.contains("cost of remote-only"), "{}", told.stdout);
    assert!(report["rows"][2]["refused"].as_str().unwrap().contains("is empty"), "{}", report["rows"][2]);
    // What is mended is asked, and nothing else again.
    home.write("docs/town1.txt", "The bridge of Town1 was opened in 1801.\n");
    let more = ["--set", "remote.context_tokens=5000", "--json"];
    let mended = priced_eval(&home, &planner, &[&sweep[..], &more].concat()).await;
    assert_eq!((mended.code, home.sessions().len()), (0, 5), "{mended:?}");
    // Where nothing at all can be asked, that is no success.
    home.write("docs/town0.txt", "");
    let other = ["eval", "--questions", "questions.jsonl", "--documents", "docs", "--out", "other", "--limit", "1"];
    let nothing = home.run(&other).await;
    assert!(nothing.code == 3 && nothing.stderr.contains("no question could be asked"), "{nothing:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_whose_document_is_gone_is_refused_and_comes_back_with_it() {
    let home = Home::new();
    questions(&home, 2);
    assert_eq!(eval(&home, &[]).await.code, 0);
    let text = fs::read_to_string(home.path("docs/town1.txt")).unwrap();
    home.write("docs/town1.txt", "");
    let report = eval(&home, &["--json"]).await.json();
    assert_eq!((&report["rows"][0]["outcome"], &report["rows"][1]["outcome"]), (&json!("answered"), &json!("refused")));
    home.write("docs/town1.txt", text);
    let report = eval(&home, &["--json"]).await.json();
    assert_eq!((&report["rows"][1]["outcome"], home.sessions().len()), (&json!("answered"), 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_fails_the_report_is_written_and_what_runs_comes_to_its_end() {
    let home = Home::new();
    questions(&home, 2);
    // The store of sessions is a file: no session can be made.
    home.write("no-folder", "");
    let path = home.path("no-folder");
    let broken = eval(&home, &["--session-dir", path.to_str().unwrap()]).await;
    assert!(broken.code == 1 && broken.stderr.contains("tries are left"), "{broken:?}");
    assert!(home.path("out/report.md").is_file());
    assert!(home.run(&["eval", "--show", "out"]).await.stdout.contains("0 of 2 tries done"));
    // An eval that was killed before it could write one says how far it came.
    fs::remove_file(home.path("out/report.json")).unwrap();
    let killed = home.run(&["eval", "--show", "out"]).await;
    assert!(killed.code == 1 && killed.stderr.contains("with 0 answers and 0 sessions begun"), "{killed:?}");
}

/// Questions of an eval that is killed; `MINIONS_EVAL_QUESTIONS=500` asks more.
fn many() -> usize {
    std::env::var("MINIONS_EVAL_QUESTIONS").map_or(60, |count| count.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_eval_that_was_killed_goes_on_and_repeats_nothing() {
    let home = Home::new();
    let count = many();
    questions(&home, count);
    let began = std::time::Instant::now();
    let mut kills = 0;
    for _ in 0..3 {
        let before = of_kind(&book(&home), "finished").len();
        let mut command = home.command(&[&EVAL[..], &["--at-once", "2"]].concat());
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let waited = std::time::Instant::now();
        while of_kind(&book(&home), "finished").len() < before + count / 5 {
            assert!(waited.elapsed() < Duration::from_secs(60 + 4 * count as u64), "it does not come to its end");
            if child.try_wait().unwrap().is_some() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        // Kill -9: nothing can be tidied up.
        child.kill().await.unwrap();
        kills += 1;
    }
    let finished = of_kind(&book(&home), "finished").len();
    assert!((count * 3 / 5..count).contains(&finished), "{finished} after {kills} kills");
    // A line that was torn is no obstacle.
    let mut torn = fs::read(home.path("out/eval.jsonl")).unwrap();
    torn.extend(b"{\"kind\":\"started\",\"sett");
    fs::write(home.path("out/eval.jsonl"), torn).unwrap();
    // What is left may be many.
    let patience = Duration::from_secs(60 + 4 * count as u64);
    let mut command = home.command(&[&EVAL[..], &["--json"]].concat());
    let done = tokio::time::timeout(patience, command.stderr(Stdio::null()).output()).await.unwrap().unwrap();
    assert!(done.status.success(), "{done:?}");
    let report: Value = serde_json::from_slice(&done.stdout).unwrap();
    println!("{count} questions, killed {kills} times, the last at {finished}: {:.1} s", began.elapsed().as_secs_f64());

    let book = book(&home);
    let mut answered: Vec<&str> =
        of_kind(&book, "finished").iter().map(|row| row["question"].as_str().unwrap()).collect();
    assert_eq!(answered.len(), count, "each question counts once");
    answered.sort_unstable();
    answered.dedup();
    assert_eq!(answered.len(), count);
    // Those under way at a kill went on; only one that had asked nothing yet was begun again.
    let begun = of_kind(&book, "started").len();
    assert!(begun <= count + 2 * kills, "{begun}");
    let anew = of_kind(&book, "abandoned");
    assert!(anew.iter().all(|entry| entry["cost"]["remote_calls"] == 0), "{anew:?}");

    // The totals are those of the sessions on the disk.
    let (mut input, mut output) = (0, 0);
    for session in home.sessions() {
        // One that was killed while its folder was made has asked nothing.
        let journal = fs::read_to_string(session.join("journal.jsonl")).unwrap_or_default();
        for line in journal.split_inclusive('\n').filter(|line| line.ends_with('\n')) {
            let fact = &serde_json::from_str::<Value>(line).unwrap()["fact"];
            if fact["kind"] == "remote_answered" {
                input += fact["usage"]["input_tokens"].as_u64().unwrap();
                output += fact["usage"]["output_tokens"].as_u64().unwrap();
            }
        }
    }
    let spent = &report["spent"];
    assert_eq!(spent["sessions"].as_u64().unwrap() as usize, begun);
    assert_eq!(
        (spent["remote_input_tokens"].as_u64(), spent["remote_output_tokens"].as_u64()),
        (Some(input), Some(output))
    );
    println!("{begun} sessions begun, {} begun again, {input} tokens in and {output} out in both", anew.len());
}

/// What asks the loopback planner, at ten dollars a million tokens.
pub fn priced(planner: &Loopback) -> Vec<String> {
    let base_url = format!("remote.base_url={}", planner.base_url());
    settings(&[
        "remote.provider=openai",
        "remote.model=test-model",
        "remote.api_key_env=PLANTED_KEY",
        "remote.price_input=10",
        "remote.price_output=10",
        "remote.max_output_tokens=1000",
        &base_url,
    ])
}

pub async fn priced_eval(home: &Home, planner: &Loopback, more: &[&str]) -> Said {
    let mut command = home.command(&[&EVAL[..], more].concat());
    command.args(priced(planner).iter().flat_map(|setting| ["--set", setting]));
    said(command).await
}

#[tokio::test(flavor = "multi_thread")]
async fn to_say_nothing_is_right_where_the_documents_do_not_tell() {
    let home = Home::new();
    questions(&home, 1);
    let asked = json!({"id": "u", "doc_ids": ["town0"], "question": "Who built it?", "unanswerable": true, "answers": ["Anna"]});
    home.write("questions.jsonl", format!("{asked}\n"));
    let judge = Loopback::start(|request| match Step::of(request) {
        Step::Decide => {
            Reply::text(json!({"decision": "provide_final_answer", "answer": null, "explanation": "e"}).to_string())
        }
        step => step.good_reply(),
    })
    .await;
    let report = priced_eval(&home, &judge, &["--judge", "--json"]).await.json();
    assert_eq!(report["rows"][0]["answer"], Value::Null, "{report}");
    assert_eq!(report["rows"][0]["scores"]["judge"], json!(1.0), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_may_have_been_paid_for_is_sent_again_only_when_told_so() {
    let home = Home::new();
    questions(&home, 2);
    let planner = planner(|step, before| {
        (step == Step::Decide && before == 0).then(|| step.good_reply().after(Duration::from_secs(600)))
    })
    .await;
    let mut command = home.command(&[&EVAL[..], &["--at-once", "1"]].concat());
    command.args(priced(&planner).iter().flat_map(|setting| ["--set", setting]));
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    planner.wait_for(|_| told(&planner, Step::Decide).len() == 1).await;
    child.kill().await.unwrap();
    let left = priced_eval(&home, &planner, &["--json"]).await;
    assert!(left.code == 3 && left.stderr.contains("--send-again"), "{left:?}");
    let report: Value = serde_json::from_str(&left.stdout).unwrap();
    assert_eq!((&report["done"], told(&planner, Step::Decide).len()), (&json!(1), 2), "only the other one was asked");
    assert!(report["spent"]["open_usd"].as_f64().unwrap() > 0.0, "{}", report["spent"]);
    let done = priced_eval(&home, &planner, &["--json", "--send-again"]).await;
    assert_eq!((done.code, &done.json()["done"], home.sessions().len()), (0, &json!(2), 2), "{done:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_that_fail_one_after_the_other_end_it_and_are_asked_again() {
    let home = Home::new();
    questions(&home, 6);
    let broken = Loopback::start(|_| Reply::status(401, json!({"error": {"message": "no such key"}}))).await;
    let failed = priced_eval(&home, &broken, &["--at-once", "1"]).await;
    assert!(failed.code == 1 && failed.stderr.contains("one session after the other failed"), "{failed:?}");
    assert_eq!(of_kind(&book(&home), "abandoned").len(), 3);
    drop(broken);
    let planner = planner(|_, _| None).await;
    let done = priced_eval(&home, &planner, &["--json"]).await;
    // Another address is another setting; what failed counts in neither.
    assert_eq!((done.code, done.json()["done"].as_u64()), (0, Some(6)), "{done:?}");
}

/// A reader that answers nothing before it is set free, or its test has ended.
async fn held_reader() -> (tokio::sync::watch::Sender<bool>, Loopback) {
    let (free, held) = tokio::sync::watch::channel(false);
    let reader = Loopback::start(move |_| {
        while !*held.borrow() && held.has_changed().is_ok() {
            std::thread::sleep(Duration::from_millis(5));
        }
        Reply::text(json!({"explanation": "e", "citation": null, "answer": "1800"}).to_string())
    })
    .await;
    (free, reader)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_eval_outlives_its_terminal_with_and_without_the_picture() {
    for (flag, hangup, done) in [(None, "finish", 4), (Some("--plain"), "finish", 4), (None, "stop", 1)] {
        let home = Home::new();
        questions(&home, 2);
        let (free, reader) = held_reader().await;
        let path = |name: &str| home.path(name).to_str().unwrap().to_owned();
        let (questions, documents, out) = (path("questions.jsonl"), path("docs"), path("out"));
        let mut command = vec![PROGRAM, "eval", "--questions", &questions, "--documents", &documents, "--out", &out];
        let mut sets = crate::home::local(&reader);
        sets.push(format!("sessions.on_hangup={hangup}"));
        command.extend(["--sweep", "samples=1,2", "--at-once", "1"].into_iter().chain(flag));
        command.extend(sets.iter().flat_map(|set| ["--set", set.as_str()]));
        tokio::task::block_in_place(|| {
            let mut pty = Pty::start(&command, (80, 24), &[]);
            pty.wait_for("0 of 4 tries done");
            reader_is_asked(&reader);
            match flag {
                None => pty.hang_up(),
                // Lines draw nothing at a new size.
                Some(_) => pty.signal(libc::SIGHUP),
            }
            free.send(true).unwrap();
            pty.wait_exit();
        });
        assert_eq!(of_kind(&book(&home), "finished").len(), done, "{flag:?} {hangup}");
        assert!(home.path("out/report.md").is_file());
    }
}

/// Waits until a question is under way.
fn reader_is_asked(reader: &Loopback) {
    let asked = reader.wait_for(|counts| counts.requests > 0);
    tokio::runtime::Handle::current().block_on(asked);
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_terminal_the_curve_is_drawn_as_results_arrive_and_leaving_it_leaves_the_eval_running() {
    let home = Home::new();
    questions(&home, 2);
    // Nothing is answered before the person has left the picture.
    let (free, reader) = held_reader().await;
    let path = |name: &str| home.path(name).to_str().unwrap().to_owned();
    let (questions, documents, out) = (path("questions.jsonl"), path("docs"), path("out"));
    let mut command = vec![PROGRAM, "eval", "--questions", &questions, "--documents", &documents, "--out", &out];
    let sets = crate::home::local(&reader);
    command.extend(["--sweep", "samples=1,2"].into_iter().chain(sets.iter().flat_map(|set| ["--set", set.as_str()])));
    tokio::task::block_in_place(|| {
        let mut pty = Pty::start(&command, (80, 24), &[]);
        pty.wait_for("minions eval · questions.jsonl · score against remote tokens a question");
        pty.wait_for("no setting has an answer yet");
        pty.wait_for("0 of 4 tries done");
        pty.send(b"q");
        pty.wait_until_gone("no setting has an answer yet");
        free.send(true).unwrap();
        pty.wait_for("over 2 settings");
        assert_eq!(pty.wait_exit(), 0);
        pty.assert_given_back();

        let mut pty = Pty::start(&[PROGRAM, "eval", "--show", &out], (80, 24), &[]);
        pty.wait_for("4 of 4 tries done");
        pty.wait_for("samples=2");
        pty.send(b"q");
        assert_eq!(pty.wait_exit(), 0);
    });
    let shown = home.run(&["eval", "--show", "out"]).await;
    assert!(shown.code == 0 && shown.stdout.contains("B  samples=2: ") && shown.stdout.contains("Pareto"), "{shown:?}");
    assert_eq!(home.run(&["eval", "--show", "out", "--json"]).await.json()["points"].as_array().unwrap().len(), 2);
    let nothing = home.run(&["eval", "--show", "docs"]).await;
    assert!(nothing.code == 1 && nothing.stderr.contains("has ended or was stopped"), "{nothing:?}");
    assert_eq!(home.run(&["eval"]).await.code, 2);
}
