//! The lists to pick from, on a real terminal: what to do, who plans, which session.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![cfg(unix)]

#[allow(unused_imports)]
mod loopback;
#[path = "runs/planner.rs"]
#[allow(dead_code)]
mod planner;
#[path = "screen/pty.rs"]
#[allow(dead_code)]
mod pty;

use std::process::Command;
use std::time::Duration;

use loopback::{Loopback, Reply};
use planner::{Step, more};
use pty::Pty;
use serde_json::Value;

const PROGRAM: &str = env!("CARGO_BIN_EXE_minions");
const RUN: Duration = Duration::from_secs(120);

/// What `minions …` prints in the home of the terminal's program.
fn said(pty: &Pty, arguments: &[&str]) -> String {
    let done = Command::new(PROGRAM)
        .args(arguments)
        .env_clear()
        .envs(pty.environment())
        .current_dir(pty.home())
        .output()
        .unwrap();
    assert!(done.status.success(), "{done:?}");
    String::from_utf8(done.stdout).unwrap()
}

fn wait_until(pty: &Pty, what: &str, shown: impl Fn(&str) -> bool) {
    pty.wait_until(what, RUN, |screen| shown(&screen.contents()));
}

/// The state on the status line, which is one of the last rows; job rows say `answered` too.
fn wait_for_the_answer(pty: &Pty) {
    let ended = |shown: &str| shown.lines().rev().take(3).any(|row| row.contains("✓ answered"));
    wait_until(pty, "the run to end with an answer", ended);
}

#[test]
fn the_palette_finds_an_action_by_a_part_of_its_name_and_does_it() {
    let mut pty = Pty::start(&[PROGRAM, "demo"], (80, 24), &[]);
    wait_for_the_answer(&pty);
    pty.send(b":");
    pty.wait_for("What to do");
    pty.send(b"qui");
    pty.wait_for("leave; asks first");
    pty.send(b"\r");
    assert_eq!(pty.wait_exit(), 0);
    pty.assert_given_back();
}

#[test]
fn help_is_searched() {
    let mut pty = Pty::start(&[PROGRAM, "demo"], (120, 40), &[]);
    wait_for_the_answer(&pty);
    pty.send(b"?/half the");
    wait_until(&pty, "the key that was looked for", |shown| shown.contains("1 of "));
    pty.send(b"\x1b");
    wait_until(&pty, "the list to close", |shown| !shown.contains("half the speed"));
    pty.send(b"q");
    assert_eq!(pty.wait_exit(), 0);
}

#[test]
fn without_arguments_a_session_is_picked_up_deleted_or_started() {
    let mut pty = Pty::start(&["sh", "-c", &format!("{PROGRAM} demo; exec {PROGRAM}")], (100, 30), &[]);
    wait_for_the_answer(&pty);
    pty.send(b"q");
    wait_until(&pty, "the session in the list", |shown| shown.contains("Pick up") && shown.contains(" answered "));
    // Down from where a new one is started: the preview shows what came of it.
    pty.send(b"\x0e");
    wait_until(&pty, "the preview", |shown| shown.contains("1 round · $"));
    pty.send(b"\r");
    wait_until(&pty, "the replay", |shown| shown.contains(" records") && shown.contains("✓ exact"));
    pty.send(b"S");
    wait_until(&pty, "the list again", |shown| shown.contains("Pick up") && shown.contains(" answered "));
    pty.send(b"\x0e\x18");
    pty.wait_for("for good?");
    pty.send(b"n");
    wait_until(&pty, "the question to be gone", |shown| !shown.contains("for good?"));
    pty.send(b"\x18y");
    wait_until(&pty, "the session to be gone", |shown| !shown.contains(" answered "));
    assert_eq!(said(&pty, &["sessions", "list", "--json"]).trim(), "[]");
    std::fs::write(pty.home().join("a report.txt"), "The harvest was 12 tonnes.\n").unwrap();
    pty.send(b"\r");
    pty.wait_for("Which documents?");
    pty.send(b"'a report.txt'\r");
    pty.wait_for("What do you want to know?");
    pty.send(b"How large was the harvest?\r");
    wait_for_the_answer(&pty);
    pty.send(b"q");
    assert_eq!(pty.wait_exit(), 0);
    pty.assert_given_back();
}

/// A run that stops at its budget before the first call, so that there is time to pick a model, and takes two rounds.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_model_that_is_picked_plans_from_the_next_round_on_and_is_on_record() {
    let server = Loopback::start(|request: &Value| match Step::of(request) {
        Step::Decide if request["model"] == "first" => Reply::text(more()),
        step => step.good_reply(),
    })
    .await;
    let url = format!("remote.base_url={}", server.base_url());
    let settings = [
        "remote.provider=openai",
        &url,
        "remote.model=first",
        "remote.api_key_env=",
        "remote.budget_usd=0.000001",
        "protocol.max_rounds=2",
    ];
    let folder = tempfile::tempdir().unwrap();
    let document = folder.path().join("items.txt");
    let lines: String =
        (1..=12).map(|n| format!("Item {n} brought in {} dollars in that year.\n", 10_000 + n)).collect();
    std::fs::write(&document, lines).unwrap();
    let prices = folder.path().join("minions.toml");
    let priced = "[prices]\nfirst = { input = 1.0, output = 1.0 }\ntest-model = { input = 2.0, output = 2.0 }\n";
    std::fs::write(&prices, priced).unwrap();
    let mut command = vec![PROGRAM, "open", document.to_str().unwrap(), "-q", "What did item 7 bring in?"];
    command.extend(["--config", prices.to_str().unwrap()]);
    command.extend(settings.iter().flat_map(|setting| ["--set", setting]));
    let mut pty = Pty::start(&command, (160, 40), &[]);
    pty.wait_for("The budget is reached");
    pty.send(b"\x1b");
    wait_until(&pty, "the budget to be postponed", |shown| !shown.contains("The budget is reached"));
    pty.send(b"m");
    pty.wait_for("test-model");
    pty.send(b"test");
    wait_until(&pty, "the list to be narrowed", |shown| shown.contains("1 of "));
    pty.send(b"\r");
    wait_until(&pty, "the choice on the screen", |shown| shown.contains("openai first, then openai test-model"));
    pty.send(b"Br");
    pty.wait_for("The new budget");
    pty.send(b"\x1510\r");
    wait_for_the_answer(&pty);
    pty.send(b"q");
    assert_eq!(pty.wait_exit(), 0);
    pty.assert_given_back();
    let asked: Vec<String> =
        server.requests().iter().map(|request| request.body["model"].as_str().unwrap().to_owned()).collect();
    let (first, second) = asked.split_at(4);
    assert!(first.iter().all(|model| model == "first") && !second.is_empty(), "{asked:?}");
    assert!(second.iter().all(|model| model == "test-model"), "{asked:?}");
    let told = said(&pty, &["replay", "last", "--headless"]);
    assert!(told.contains("from the next round on test-model (openai) plans"), "{told}");
    said(&pty, &["sessions", "verify", "last"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_cannot_list_its_models_says_why_and_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let document = folder.path().join("a.txt");
    std::fs::write(&document, "Nothing much.\n").unwrap();
    // Nothing listens on the discard port of this machine.
    let settings = ["remote.provider=openai", "remote.base_url=http://127.0.0.1:9/v1", "remote.api_key_env="];
    let mut command = vec![PROGRAM, "open", document.to_str().unwrap()];
    command.extend(settings.iter().flat_map(|setting| ["--set", setting]));
    let mut pty = Pty::start(&command, (100, 30), &[]);
    pty.wait_for("What do you want to know?");
    pty.send(b"\x1b");
    wait_until(&pty, "the question to be left", |shown| !shown.contains("What do you want to know?"));
    pty.send(b"m");
    wait_until(&pty, "the failure", |shown| shown.contains("127.0.0.1:9") && shown.contains("asks again"));
    pty.send(b"offline\r");
    pty.wait_for("offline plans from the next question on");
    pty.send(b"q");
    pty.wait_exit();
    pty.assert_given_back();
}
