//! The Jobs pane and the scrubber on a real terminal.

use crate::pty::Pty;
use crate::starts::demo;

#[test]
fn jobs_are_sorted_narrowed_and_seen_as_a_grid() {
    let mut pty = demo(100, 30);
    pty.wait_for_the_answer();
    pty.send(b"3");
    pty.wait_for("says");
    pty.send(b"s");
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

#[test]
fn a_cancelled_job_is_tried_again_while_its_round_runs() {
    // A server that reads and never answers: every job stays under way.
    let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("local.base_url=http://{}/v1", server.local_addr().unwrap());
    std::thread::spawn(move || server.incoming().collect::<Vec<_>>());
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
    pty.send(b"qy");
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
    pty.send(b"(");
    pty.wait_for("loop ");
    pty.send(&mouse("32;60;20M"));
    pty.send(&mouse("0;60;20m"));
    pty.wait_for("●");
    pty.send(b")");
    pty.wait_for("]");
    pty.send(b">>>>>>>>>>>>> ");
    pty.wait_for("max");
    pty.wait_for("▶ max");
    pty.send(b"|");
    // Without the loop it comes to its end and stops there.
    pty.wait_for("‖ max");
    pty.quit();
}
