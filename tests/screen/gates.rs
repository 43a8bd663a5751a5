//! Step mode with real keys: nothing leaves before it was shown, and what leaves is what was shown last.

use std::process::Command;

use crate::loopback::Loopback;
use crate::planner::{Step, planner, told};
use crate::pty::{PROGRAM, Pty};

/// The settings by which this planner is asked.
fn asking(planner: &Loopback) -> Vec<String> {
    let base_url = format!("remote.base_url={}", planner.base_url());
    ["remote.provider=openai", "remote.model=test-model", "remote.api_key_env=", &base_url]
        .into_iter()
        .flat_map(|setting| ["--set".to_owned(), setting.to_owned()])
        .collect()
}

/// Waits at its first gate.
fn open(planner: &Loopback, folder: &tempfile::TempDir) -> Pty {
    let document = folder.path().join("document.txt");
    let lines: String =
        (0..20).map(|n| format!("Item {n} brought in {} dollars in that year.\n", 10_000 + n)).collect();
    std::fs::write(&document, lines).unwrap();
    let settings = asking(planner);
    let mut command = vec![PROGRAM, "open", document.to_str().unwrap(), "--step", "-q", "What did the items bring in?"];
    command.extend(settings.iter().map(String::as_str));
    let pty = Pty::start(&command, (140, 50), &[("EDITOR", "sed -i '1s/^/EDITED /'")]);
    pty.wait_for("Gate 1: this request waits");
    pty
}

/// What stands in a request as the outputs.
fn outputs(request: &str) -> &str {
    request.split("<outputs-").nth(1).unwrap().split("</outputs-").next().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_leaves_is_what_the_person_made_of_it_at_each_gate() {
    let planner = planner(|_, _| None).await;
    let folder = tempfile::tempdir().unwrap();
    let mut pty = tokio::task::block_in_place(|| open(&planner, &folder));
    tokio::task::block_in_place(|| {
        // A request is edited in place, and then in the editor; nothing has left meanwhile.
        pty.send(b"e");
        pty.wait_for("$EDITOR");
        pty.send(b"TYPED \r");
        pty.wait_for("Gate 2: this request waits");
        pty.send(b"e");
        pty.wait_for("$EDITOR");
        pty.send(b"\x07");
        pty.wait_for("Gate 3: this request waits");
        pty.wait_for("EDITED TYPED");
        assert_eq!(planner.counts().requests, 0);
        pty.send(b"p");
        pty.wait_for("Gate 4: this request waits");
        let first = &told(&planner, Step::Advise)[0];
        assert!(first.starts_with("\"EDITED TYPED "), "{first}");

        // A program goes back with the person's words, and only the next one runs.
        pty.send(b"p");
        pty.wait_for("Gate 5: this program waits");
        pty.wait_for("20 jobs on 20 chunks, 1 task");
        pty.send(b"b");
        pty.wait_for("Why does the program go back?");
        pty.send(b"one job for each item\r");
        pty.wait_for("Gate 6: this request waits");
        pty.send(b"p");
        pty.wait_for("Gate 7: this program waits");
        assert!(told(&planner, Step::Repair)[0].contains("one job for each item"));
        pty.send(b"p");

        // A job's output is dropped, and a pattern redacted.
        pty.wait_for("Gate 8: these outputs wait");
        pty.send(b"G ");
        pty.wait_for("[ ]");
        pty.send(b"p");
        pty.wait_for("Gate 9: these outputs wait");
        pty.send(b"r");
        pty.wait_for("Redact what this regular expression matches");
        pty.send(b"1000\\d\r");
        pty.wait_for("Gate 10: these outputs wait");
        pty.send(b"g");
        pty.wait_for("[redacted]");
        pty.send(b"p");
        pty.wait_for("Gate 11: this request waits");
        pty.wait_for("of the documents");
        pty.send(b"p");
        pty.wait_for("Gate 12: this request waits");
        let think = &told(&planner, Step::Think)[0];
        let left = outputs(think);
        assert!(left.contains("Item 18 brought in 10018") && left.contains("[redacted]"), "{left}");
        assert!(!think.contains("10007") && !think.contains("Item 19"), "{think}");

        // One more round with the person's feedback, to the end without waiting.
        pty.send(b"p");
        pty.wait_for("Gate 13: this decision waits");
        pty.send(b"b");
        pty.wait_for("What is the next round to find out?");
        pty.send(b"look at item 8 too\r");
        pty.wait_for("Gate 14: this request waits");
        pty.send(b"E");
        pty.wait_for_the_answer();
        let again = told(&planner, Step::Decompose);
        assert!(again.last().unwrap().contains("look at item 8 too"), "{again:?}");
        let later = told(&planner, Step::Think);
        assert_eq!(later.len(), 2);
        assert!(!outputs(&later[1]).contains("10007") && outputs(&later[1]).contains("[redacted]"));
    });
    let pty = tokio::task::block_in_place(|| pty.quit());
    pty.said(&["sessions", "verify", "last"]);
    let transcript = pty.said(&["replay", "last", "--headless"]);
    for words in ["gate 1 (request)", "message 2 of the request was edited", "the output of one job was dropped"] {
        assert!(transcript.contains(words), "{words}: {transcript}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_redacted_at_a_gate_leaves_in_no_question_after_it_and_in_no_fork_from_before_it() {
    let planner = planner(|_, _| None).await;
    let folder = tempfile::tempdir().unwrap();
    let mut pty = tokio::task::block_in_place(|| open(&planner, &folder));
    tokio::task::block_in_place(|| {
        for gate in ["Gate 2: this request", "Gate 3: this program", "Gate 4: these outputs"] {
            pty.send(b"p");
            pty.wait_for(gate);
        }
        pty.send(b"r");
        pty.wait_for("Redact what this regular expression matches");
        pty.send(b"1000\\d\r");
        pty.wait_for("Gate 5: these outputs wait");
        pty.send(b"E");
        pty.wait_for_the_answer();
        pty.send(b"a");
        pty.wait_for("What do you want to know?");
        // Step mode was left: nothing waits any more.
        pty.send(b"\x15And in the year before?\r");
        // The first session's answer stands on the screen until the second one's frame comes.
        pty.wait_until_shown("the second session at its end", |shown| {
            shown.contains("minions ❯ And in the year before?") && told(&planner, Step::Decide).len() == 2
        });
        pty.wait_for_the_answer();
    });
    let pty = tokio::task::block_in_place(|| pty.quit());
    let sessions: Vec<serde_json::Value> = serde_json::from_str(&pty.said(&["sessions", "list", "--json"])).unwrap();
    let first = sessions.iter().find(|session| session["parent"].is_null()).unwrap()["id"].as_str().unwrap();
    let second = pty.said(&["replay", "last", "--headless"]);
    assert!(second.contains(&format!("the redaction made at a gate of session {first} holds here too")), "{second}");
    let settings = asking(&planner);
    let output = r#"{"explanation": "", "citation": null, "answer": "another"}"#;
    for change in [&[][..], &["--job", "1.0", "--output", output], &["--rerun-local"]] {
        let fork = ["sessions", "fork", first].into_iter().chain(settings.iter().map(String::as_str));
        let fork: Vec<&str> = fork.chain(change.iter().copied()).collect();
        let before = planner.counts().requests;
        tokio::task::block_in_place(|| pty.said(&fork));
        // Where the outputs are the same, so is what leaves of them, and the recorded replies are taken.
        assert_eq!(planner.counts().requests > before, change.contains(&"--job"), "{change:?}");
        pty.said(&["sessions", "verify", "last", "--rerun-code"]);
    }
    let thoughts = told(&planner, Step::Think);
    assert_eq!(thoughts.len(), 3);
    assert!(thoughts.iter().all(|left| left.contains("[redacted]")), "{thoughts:?}");
    for request in planner.requests() {
        let left = request.body.to_string();
        assert!(!left.contains("10007") && !left.contains("10001"), "{left}");
    }
}

#[test]
fn the_demo_stops_at_every_gate_and_answers_all_the_same() {
    let mut pty = Pty::minions(&["demo", "--document", "patient", "--step"], &[], (80, 24));
    let gates = ["request", "request", "program", "outputs", "request", "request", "decision"];
    for (gate, n) in gates.iter().zip(1..) {
        pty.wait_until_shown(&format!("gate {n}, {gate}"), |shown| {
            shown.contains(&format!("Gate {n}: th")) && shown.contains(gate)
        });
        if n == 2 {
            // One can look around, and nothing goes on meanwhile.
            pty.send(b"\x1b");
            pty.wait_until_gone("Gate 2:");
            pty.wait_for("at gate");
            pty.send(b"P");
            pty.wait_for("Gate 2:");
        }
        pty.send(if *gate == "decision" { b"E" } else { b"p" });
    }
    pty.wait_for_the_answer();
    pty.quit();
}

#[test]
fn a_session_is_stopped_at_a_gate_and_asks_nothing_of_anyone() {
    let mut pty = Pty::minions(&["demo", "--step"], &[], (100, 30));
    pty.wait_for("Gate 1: this request waits");
    pty.send(b"X");
    pty.wait_for_state("stopped");
    pty.send(b"q");
    assert_ne!(pty.wait_exit(), 0);
    pty.assert_given_back();
}

#[test]
fn line_by_line_a_gate_is_passed_by_what_is_typed() {
    let mut pty = Pty::minions(&["demo", "--document", "patient", "--step", "--accessible"], &[], (100, 30));
    pty.wait_for("Type p to pass.");
    let before = pty.sent().len();
    pty.send(b"p\r");
    pty.wait_for_sent(before, "gate 2 (request)");
    pty.wait_for("Type p to pass.");
    pty.send(b"E\r");
    pty.wait_for("Running to the end.");
    pty.wait_for("An empty line leaves.");
    pty.send(b"\r");
    pty.wait_exit();
}

#[test]
fn where_nobody_can_answer_step_mode_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let document = home.path().join("d.txt");
    std::fs::write(&document, "words\n").unwrap();
    let done = Command::new(PROGRAM)
        .args(["run", "--step", "-q", "What?", "-d"])
        .arg(&document)
        .env("HOME", home.path())
        .current_dir(home.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    assert_eq!(done.status.code(), Some(2), "{said}");
    assert!(said.contains("--step") && said.contains("minions open"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_that_are_pinned_are_read_in_the_round_that_is_planned_next() {
    let planner = planner(|_, _| None).await;
    let folder = tempfile::tempdir().unwrap();
    let mut pty = tokio::task::block_in_place(|| open(&planner, &folder));
    tokio::task::block_in_place(|| {
        pty.send(b"q");
        pty.wait_for("P gate");
        pty.send(b"1gvj");
        pty.wait_for("lines 1–2, 91 B selected");
        pty.send(b"+");
        pty.wait_for("lines 1–2 pinned");
        pty.send(b"P");
        pty.wait_for("Gate 1: this request waits");
        pty.send(b"p");
        pty.wait_for("Gate 2: this request waits");
        pty.send(b"p");
        pty.wait_for("Gate 3: this program waits");
        pty.wait_for("21 jobs on 21 chunks, 1 task");
    });
}
