//! The Jobs pane and the scrubber on a real terminal.

use crate::loopback::{Fault, Loopback, Reply};
use crate::pty::Pty;
use crate::starts::demo;

#[test]
fn jobs_are_sorted_narrowed_and_seen_as_a_grid() {
    let mut pty = demo(100, 30);
    pty.wait_for_the_answer();
    pty.send(b"3");
    pty.wait_for("says");
    pty.send(b"i");
    pty.wait_for("state▾");
    pty.send(b"f");
    pty.wait_for("answered · round");
    pty.send(b"fffFno such words at all\r");
    pty.wait_for("no job here is");
    pty.send(b"F");
    pty.wait_for("state▾");
    pty.send(b"v");
    pty.wait_for("chunk 1 of");
    pty.wait_for("■ answered");
    // Nothing runs any more, so nothing can be tried again.
    pty.send(b"R");
    pty.wait_for("no run is in flight");
    pty.quit();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_job_is_tried_again_while_its_round_runs_and_leaving_asks_first() {
    // It never answers: every job stays under way.
    let server = Loopback::start(|_| Reply::text("").fault(Fault::Hang)).await;
    let address = format!("local.base_url={}", server.base_url());
    let document = format!("{}/src/commands/samples/synthetic-patient-record.txt", env!("CARGO_MANIFEST_DIR"));
    let settings = ["local.provider=openai", "local.model=reader", &address, "local.max_in_flight=2"];
    let mut pty = Pty::minions(&["open", &document, "-q", "When was the last visit?"], &settings, (120, 30));
    pty.send(b"3");
    pty.wait_until_shown("two jobs to run", |shown| shown.contains("2 running"));
    pty.send(b"gx");
    pty.wait_for("1 cancelled");
    pty.send(b"gR");
    pty.wait_until_gone("1 cancelled");
    pty.send(b"R");
    pty.wait_for("has not ended yet");
    pty.send(b"q");
    pty.wait_for("Work is in flight");
    pty.send(b"n");
    pty.wait_until_gone("Work is in flight");
    pty.send(b"q");
    pty.wait_for("Work is in flight");
    pty.send(b"y");
    pty.wait_exit();
    pty.assert_given_back();
    pty.said(&["sessions", "verify", "last"]);
}

#[test]
fn the_scrubber_of_a_replay_is_clicked_dragged_and_loops() {
    let session = format!("{}/sessions/patient-lisinopril", env!("CARGO_MANIFEST_DIR"));
    let mut pty = Pty::minions(&["replay", &session, "--speed", "0.25"], &[], (100, 30));
    pty.wait_for("records");
    pty.send(b" ");
    pty.wait_for("‖");
    // The line above timeline, status and hints, counted from 1; its track begins in the eleventh column.
    let mouse = |what: &str| format!("\x1b[<{what}").into_bytes();
    pty.send(&mouse("0;11;27M"));
    pty.wait_for(" 0 of 48 ");
    pty.send(&mouse("32;20;27M"));
    pty.wait_until_gone(" 0 of 48 ");
    let from = position(&pty.contents()).unwrap();
    pty.send(b"(");
    pty.wait_for(&format!("loop {from}–48"));
    pty.send(&mouse("32;60;20M"));
    pty.send(&mouse("0;60;20m"));
    pty.wait_until_shown("the knob to have moved on", |shown| position(shown) > Some(from));
    let to = position(&pty.contents()).unwrap();
    pty.send(b")");
    pty.wait_for(&format!("loop {from}–{to}"));
    pty.send(b">>>>>>>>>>>>> ");
    pty.wait_for("▶ max");
    pty.send(b"|");
    // Without the loop it comes to its end and stops there.
    pty.wait_for("‖ max");
    pty.quit();
}

/// The record that a replay stands at, by its timeline.
fn position(shown: &str) -> Option<u64> {
    let before = shown.split(" of 48").next().filter(|before| before.len() < shown.len())?;
    before.split_whitespace().last()?.parse().ok()
}
