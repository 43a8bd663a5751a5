//! A run that is paused and gone on with, and others that attach and steer it: on a screen and by lines.

use serde_json::Value;

use crate::attach::{ask, beside, ledger, settings_of, slow_planner};
use crate::loopback::{Loopback, Reply};
use crate::planner::{Step, more, planner};

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_run_begins_nothing_until_any_screen_lets_it_go_on() {
    let (planner, settings) = slow_planner().await;
    let folder = ledger();
    let mut pty = tokio::task::block_in_place(|| ask(&folder, &settings));
    planner.wait_for(|counts| counts.in_flight == 1).await;
    tokio::task::block_in_place(|| {
        pty.send(b"p");
        pty.wait_for("nothing begins");
        let asked = planner.counts().requests;
        let mut other = beside(&pty, &["attach"]);
        other.wait_for("nothing begins");
        assert_eq!(planner.counts().requests, asked, "nothing leaves meanwhile");
        other.send(b"p");
        for screen in [&pty, &other] {
            screen.wait_for_the_answer();
        }
        other.quit();
        let pty = pty.quit();
        let told = pty.said(&["replay", "last", "--headless"]);
        assert!(
            told.contains("paused: what is under way finishes") && told.contains("the paused run goes on"),
            "{told}"
        );
        pty.said(&["sessions", "verify", "last"]);
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_run_that_is_quit_stays_open_and_is_gone_on_with() {
    let (planner, settings) = slow_planner().await;
    let folder = ledger();
    let mut pty = tokio::task::block_in_place(|| ask(&folder, &settings));
    planner.wait_for(|counts| counts.in_flight == 1).await;
    tokio::task::block_in_place(|| {
        pty.send(b"p");
        pty.wait_for("nothing begins");
        pty.send(b"q");
        pty.wait_exit();
        pty.wait_for_sent(0, "was left open: it is paused");
        let mut resume = vec!["resume", "last", "--headless"];
        resume.extend(settings.iter().flat_map(|setting| ["--set", setting]));
        assert!(pty.said(&resume).contains("10007 dollars"));
        let told = pty.said(&["replay", "last", "--headless"]);
        assert!(told.contains("the paused run goes on"), "{told}");
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_steered_line_by_line_from_beside() {
    let planner = planner(|_, _| None).await;
    let mut settings = settings_of(&planner);
    settings.push("protocol.step=true".into());
    let folder = ledger();
    tokio::task::block_in_place(|| {
        let pty = ask(&folder, &settings);
        pty.wait_for("Gate 1");
        let mut other = beside(&pty, &["--accessible", "attach"]);
        other.wait_for("Type p to pass.");
        other.send(b"p\r");
        pty.wait_for("Gate 2");
        other.wait_for_sent(0, "gate 2 (request)");
        other.send(b"p\r");
        other.wait_for_sent(0, "gate 3 (code)");
        other.send(b"b\r");
        other.wait_for("b and why to send the program back");
        other.send(b"E\r");
        other.wait_for("ended: answered");
        assert_eq!(other.wait_exit(), 0);
        pty.wait_for_the_answer();
        pty.quit();
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_from_beside_hold_the_run_and_leave_it_alone() {
    let (planner, settings) = slow_planner().await;
    let folder = ledger();
    let pty = tokio::task::block_in_place(|| ask(&folder, &settings));
    planner.wait_for(|counts| counts.in_flight == 1).await;
    tokio::task::block_in_place(|| {
        let mut other = beside(&pty, &["--accessible", "attach"]);
        other.wait_for("session ");
        other.send(b"h\r");
        pty.wait_for("nothing begins");
        other.wait_for("Type g to go on.");
        other.send(b"g\r");
        other.wait_for("Going on.");
        other.send(b"q\r");
        other.wait_for("goes on in its own process");
        assert_eq!(other.wait_exit(), 0);
        pty.wait_for_the_answer();
        pty.quit();
    });
}

/// Stops at its budget before the first call, so that there is time to pick a model, and takes two rounds.
#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_is_picked_beside_the_run_plans_from_the_next_round_on() {
    let server = Loopback::start(|request: &Value| match Step::of(request) {
        Step::Decide if request["model"] == "first" => Reply::text(more()),
        step => step.good_reply(),
    })
    .await;
    let mut settings = settings_of(&server);
    let more = ["remote.model=first", "remote.budget_usd=0.000001", "protocol.max_rounds=2", "remote.price_input=1"];
    settings.extend(more.into_iter().chain(["remote.price_output=1"]).map(String::from));
    let folder = ledger();
    tokio::task::block_in_place(|| {
        let pty = ask(&folder, &settings);
        pty.wait_for("The budget is reached");
        let mut attach = vec!["attach"];
        attach.extend(settings.iter().flat_map(|setting| ["--set", setting]));
        let mut other = beside(&pty, &attach);
        other.wait_for("The budget is reached");
        other.send(b"\x1b");
        other.wait_until_gone("The budget is reached");
        // One whose price nobody knows cannot be kept within a budget: who runs the session refuses it.
        other.send(b"m");
        other.wait_for("test-model");
        other.send(b"test");
        other.wait_until_shown("the list to be narrowed", |shown| shown.contains("1 of "));
        other.send(b"\r");
        other.wait_for("this model cannot be used");
        other.send(b"m");
        other.wait_for("offline");
        other.send(b"offline");
        other.wait_until_shown("the list to be narrowed", |shown| shown.contains("1 of "));
        other.send(b"\r");
        other.wait_until_shown("the choice on record", |_| {
            pty.said(&["replay", "last", "--headless"]).contains("from the next round on offline")
        });
        other.send(b"Br");
        other.wait_for("The new budget");
        other.send(b"\x1510\r");
        other.wait_for_the_answer();
        other.quit();
        pty.wait_for_the_answer();
        pty.quit();
    });
    assert!(server.requests().iter().all(|request| request.body["model"] == "first"));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_rounds_are_compared_side_by_side_and_others_at_a_key() {
    let planner = planner(|step, before| (step == Step::Decide && before < 2).then(|| Reply::text(more()))).await;
    let mut settings = settings_of(&planner);
    settings.push("protocol.max_rounds=3".into());
    let folder = ledger();
    tokio::task::block_in_place(|| {
        let mut pty = ask(&folder, &settings);
        pty.wait_for_the_answer();
        pty.send(b"D");
        pty.wait_for("Rounds 2 and 3");
        pty.wait_until_shown("both rounds", |shown| {
            ["round 2", "round 3", "outcome", "cost", "say the same"].iter().all(|words| shown.contains(words))
        });
        pty.send(b"h");
        pty.wait_for("Rounds 1 and 3");
        pty.send(b"h");
        pty.wait_for("Rounds 1 and 2");
        pty.send(b"h");
        pty.wait_for("no other rounds");
        pty.send(b"\x1b");
        pty.wait_until_gone("Rounds 1 and 2");
        pty.quit();
    });
}
