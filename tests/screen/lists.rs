//! The lists to pick from, on a real terminal: what to do, who plans, which session.

use serde_json::Value;

use crate::loopback::{Loopback, Reply};
use crate::planner::{Step, more};
use crate::pty::{PROGRAM, Pty};

#[test]
fn the_palette_finds_an_action_by_a_part_of_its_name_and_does_it() {
    let mut pty = Pty::minions(&["demo"], &[], (80, 24));
    pty.wait_for_the_answer();
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
    let mut pty = Pty::minions(&["demo"], &[], (120, 40));
    pty.wait_for_the_answer();
    pty.send(b"?/half the");
    pty.wait_until_shown("the key that was looked for", |shown| shown.contains("1 of "));
    pty.send(b"\x1b");
    pty.wait_until_shown("the list to close", |shown| !shown.contains("half the speed"));
    pty.quit();
}

#[test]
fn without_arguments_a_session_is_picked_up_deleted_or_started() {
    let mut pty = Pty::start(&["sh", "-c", &format!("{PROGRAM} demo; exec {PROGRAM}")], (100, 30), &[]);
    pty.wait_for_the_answer();
    pty.send(b"q");
    pty.wait_until_shown("the session in the list", |shown| shown.contains("Pick up") && shown.contains(" answered "));
    // Down from where a new one is started: the preview shows what came of it.
    pty.send(b"\x0e");
    pty.wait_until_shown("the preview", |shown| shown.contains("1 round · $"));
    pty.send(b"\r");
    pty.wait_until_shown("the replay", |shown| shown.contains(" records") && shown.contains("✓ exact"));
    pty.send(b"S");
    pty.wait_until_shown("the list again", |shown| shown.contains("Pick up") && shown.contains(" answered "));
    pty.send(b"\x0e\x18");
    pty.wait_for("for good?");
    pty.send(b"n");
    pty.wait_until_shown("the question to be gone", |shown| !shown.contains("for good?"));
    pty.send(b"\x18y");
    pty.wait_until_shown("the session to be gone", |shown| !shown.contains(" answered "));
    assert_eq!(pty.said(&["sessions", "list", "--json"]).trim(), "[]");
    std::fs::write(pty.home().join("a report.txt"), "The harvest was 12 tonnes.\n").unwrap();
    pty.send(b"\r");
    pty.wait_for("Which documents?");
    pty.send(b"'a report.txt'\r");
    pty.wait_for("What do you want to know?");
    // Half a frame may still have the line of the session before.
    pty.wait_for_state("ready");
    pty.send(b"How large was the harvest?\r");
    pty.wait_for_the_answer();
    pty.quit();
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
    let paths = [&document, &prices].map(|path| path.to_str().unwrap());
    let command = ["open", paths[0], "-q", "What did item 7 bring in?", "--config", paths[1]];
    let mut pty = Pty::minions(&command, &settings, (160, 40));
    pty.wait_for("The budget is reached");
    pty.send(b"\x1b");
    pty.wait_until_shown("the budget to be postponed", |shown| !shown.contains("The budget is reached"));
    pty.send(b"m");
    pty.wait_for("test-model");
    pty.send(b"test");
    pty.wait_until_shown("the list to be narrowed", |shown| shown.contains("1 of "));
    pty.send(b"\r");
    pty.wait_until_shown("the choice on the screen", |shown| shown.contains("openai first, then openai test-model"));
    pty.send(b"Br");
    pty.wait_for("The new budget");
    pty.send(b"\x1510\r");
    pty.wait_for_the_answer();
    let pty = pty.quit();
    let asked: Vec<String> =
        server.requests().iter().map(|request| request.body["model"].as_str().unwrap().to_owned()).collect();
    let (first, second) = asked.split_at(4);
    assert!(first.iter().all(|model| model == "first") && !second.is_empty(), "{asked:?}");
    assert!(second.iter().all(|model| model == "test-model"), "{asked:?}");
    let told = pty.said(&["replay", "last", "--headless"]);
    assert!(told.contains("from the next round on test-model (openai) plans"), "{told}");
    pty.said(&["sessions", "verify", "last"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_cannot_list_its_models_says_why_and_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let document = folder.path().join("a.txt");
    std::fs::write(&document, "Nothing much.\n").unwrap();
    // Nothing listens on the discard port of this machine.
    let settings = ["remote.provider=openai", "remote.base_url=http://127.0.0.1:9/v1", "remote.api_key_env="];
    let mut pty = Pty::minions(&["open", document.to_str().unwrap()], &settings, (100, 30));
    pty.wait_for("What do you want to know?");
    pty.send(b"\x1b");
    pty.wait_until_shown("the question to be left", |shown| !shown.contains("What do you want to know?"));
    pty.send(b"m");
    pty.wait_until_shown("the failure", |shown| shown.contains("127.0.0.1:9") && shown.contains("asks again"));
    pty.send(b"offline\r");
    pty.wait_for("offline plans from the next question on");
    pty.send(b"q");
    pty.wait_exit();
    pty.assert_given_back();
}

#[test]
fn the_ways_of_a_comparison_stand_side_by_side_in_a_table_and_enter_opens_one() {
    let asked = "--compare minions,minion,local-only -q 'How large was the harvest?'";
    let other = format!("{PROGRAM} run -d a.txt -q 'Who brought it in?' >/dev/null 2>&1");
    let command = format!(
        "echo 'The harvest was 12 tonnes. Anna Berg brought it in.' > a.txt; {PROGRAM} run -d a.txt {asked} >/dev/null 2>&1; {other}; exec {PROGRAM}"
    );
    let mut pty = Pty::start(&["sh", "-c", &command], (80, 24), &[]);
    pty.wait_until_shown("all sessions", |shown| shown.contains("local-only: How") && shown.contains("Who brought"));
    pty.send(b"Who brought");
    pty.wait_until_shown("the one that belongs to no comparison", |shown| shown.contains("1 of "));
    pty.send(b"\x19");
    pty.wait_for("no session shares a tag");
    pty.send(b"\x15local-only");
    pty.wait_until_shown("one of the comparison", |shown| {
        shown.contains("local-only: How") && shown.contains("1 of 5")
    });
    pty.send(b"\x19");
    pty.wait_until_shown("the three of one tag", |shown| {
        shown.contains("3 sessions side by side") && shown.contains("[minions]") && shown.contains("columns 1–2 of 3")
    });
    pty.send(b"ll");
    pty.wait_until_shown("the last column", |shown| {
        shown.contains("[local-only]") && shown.contains("columns 2–3 of 3")
    });
    pty.send(b"\r");
    pty.wait_until_shown("the session of that column", |shown| {
        shown.contains(" records") && shown.contains("0 in, 0 out")
    });
    // What is marked stands side by side, whatever its tags.
    pty.send(b"S");
    pty.wait_until_shown("the list again", |shown| shown.contains("Who brought") && shown.contains("tab mark"));
    pty.send(b"Who brought");
    pty.wait_until_shown("the one", |shown| shown.contains("1 of "));
    pty.send(b"\t\x15local-only");
    pty.wait_until_shown("the other", |shown| shown.contains("local-only: How") && shown.contains("1 of 5"));
    pty.send(b"\t\x19");
    pty.wait_until_shown("both questions and all rows", |shown| {
        let rows = ["2 sessions side by side", "question", "protocol", "citations found", "jobs", "cost", "exposed"];
        shown.contains("Who brought it in?") && rows.iter().all(|row| shown.contains(row))
    });
    pty.send(b"\x1b");
    pty.wait_until_gone("side by side");
    pty.quit();
}

#[test]
fn two_sessions_are_compared_side_by_side() {
    let ask = |question: &str| format!("{PROGRAM} run -d a.txt -q '{question}' >/dev/null 2>&1; ");
    let runs = [ask("How large was the harvest?"), ask("Who brought in the harvest?")].concat();
    let command = format!("echo 'The harvest was 12 tonnes. Anna Berg brought it in.' > a.txt; {runs} exec {PROGRAM}");
    let mut pty = Pty::start(&["sh", "-c", &command], (140, 40), &[]);
    pty.wait_until_shown("both sessions", |shown| shown.contains("How large") && shown.contains("Who brought"));
    pty.send(b"\x0e\x14\x0e\x14");
    pty.wait_for("Two sessions");
    pty.wait_until_shown("both questions and the figures", |shown| {
        shown.contains("How large was the harvest?")
            && shown.contains("Who brought in the harvest?")
            && shown.contains("exposed")
    });
    pty.send(b"\x1b");
    pty.wait_until_gone("Two sessions");
    pty.quit();
}
