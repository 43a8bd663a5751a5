//! What opens over the panes, on a real terminal: the ledger, the form before a run, settings, notes, the log.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![cfg(unix)]

#[path = "screen/pty.rs"]
#[allow(dead_code)]
mod pty;

use std::process::Command;
use std::time::Duration;

use pty::Pty;

const PROGRAM: &str = env!("CARGO_BIN_EXE_minions");
const RUN: Duration = Duration::from_secs(120);
const ASKED: &str = "What do you want to know?";

fn wait_until(pty: &Pty, what: &str, shown: impl Fn(&str) -> bool) {
    pty.wait_until(what, RUN, |screen| shown(&screen.contents()));
}

fn wait_until_gone(pty: &Pty, text: &str) {
    wait_until(pty, &format!("{text:?} to be gone"), |shown| !shown.contains(text));
}

/// The state on the status line, which is one of the last rows; job rows say `answered` too.
fn wait_for_the_answer(pty: &Pty) {
    let ended = |shown: &str| shown.lines().rev().take(3).any(|row| row.contains("✓ answered"));
    wait_until(pty, "the run to end with an answer", ended);
}

/// A replay of a session that is shipped, shown whole and paused, in a copy of its own.
fn replayed(size: (u16, u16)) -> (tempfile::TempDir, Pty) {
    let folder = tempfile::tempdir().unwrap();
    let session = folder.path().join("patient");
    let shipped = format!("{}/sessions/patient-lisinopril", env!("CARGO_MANIFEST_DIR"));
    assert!(Command::new("cp").args(["-r", &shipped]).arg(&session).status().unwrap().success());
    let command = [PROGRAM, "replay", session.to_str().unwrap(), "--speed", "max"];
    let pty = Pty::start(&command, size, &[]);
    wait_for_the_answer(&pty);
    (folder, pty)
}

fn quit(mut pty: Pty) {
    pty.send(b"q");
    assert_eq!(pty.wait_exit(), 0);
    pty.assert_given_back();
}

#[test]
fn the_ledger_scrolls_and_closes() {
    let mut pty = Pty::start(&[PROGRAM, "demo"], (80, 24), &[]);
    wait_for_the_answer(&pty);
    pty.send(b"L");
    pty.wait_for("Requests to the planner");
    pty.wait_for("decompose");
    pty.send(b"G");
    pty.wait_for("at most for what is under way");
    pty.send(b"y");
    pty.wait_for("copied");
    pty.send(b"L");
    wait_until_gone(&pty, "at most for what is under way");
    quit(pty);
}

#[test]
fn a_run_starts_from_the_form_with_its_levers_and_is_asked_again() {
    let document = format!("{}/src/commands/samples/synthetic-patient-record.txt", env!("CARGO_MANIFEST_DIR"));
    let mut pty = Pty::start(&[PROGRAM, "open", &document], (100, 30), &[]);
    pty.wait_for(ASKED);
    pty.send(b"\x1b[200~When was the last visit\nof the patient?\x1b[201~");
    pty.wait_for("of the patient?");
    // A lever that cannot hold says so, and nothing was lost.
    pty.send(b"\t\x1599\r");
    pty.wait_for("a whole number from 1 to 20");
    pty.send(b"\x151\x1b");
    wait_until_gone(&pty, ASKED);
    pty.send(b"a");
    pty.wait_for("of the patient?");
    pty.send(b"\r");
    wait_for_the_answer(&pty);
    pty.send(b"a");
    pty.wait_for(ASKED);
    // The session's own question comes back.
    wait_until(&pty, "the earlier question", |shown| shown.contains("rounds   1"));
    pty.send(b"\x1b[A");
    wait_until(&pty, "the earlier question", |shown| {
        let form = shown.split(ASKED).nth(1).unwrap_or_default();
        form.contains("When was the last visit")
    });
    pty.send(b"\x1b");
    wait_until_gone(&pty, ASKED);
    quit(pty);
}

#[test]
fn a_replay_asks_its_own_documents_anew() {
    let (_folder, mut pty) = replayed((100, 30));
    pty.send(b"a");
    pty.wait_for(ASKED);
    pty.send(b"When was the last visit?\r");
    wait_until(&pty, "the run", |shown| !shown.contains("records") && shown.contains("When was the last visit?"));
    wait_for_the_answer(&pty);
    quit(pty);
}

#[test]
fn settings_change_until_the_program_ends_and_in_no_file() {
    let (_folder, mut pty) = replayed((100, 30));
    pty.send(b"O");
    pty.wait_for("built in");
    pty.send(b"ascii\r");
    wait_until(&pty, "ASCII", |shown| shown.contains("changed here") && shown.is_ascii());
    pty.send(b"\r");
    wait_until(&pty, "Unicode again", |shown| !shown.is_ascii());
    pty.send(b"\x15max_rounds\r");
    pty.wait_for("protocol.max_rounds");
    pty.send(b"\x157\r");
    wait_until(&pty, "the new value", |shown| shown.contains("protocol.max_rounds is 7"));
    pty.send(b"\x1b");
    wait_until_gone(&pty, "changed here");
    assert!(!pty.home().join("config").exists());
    quit(pty);
}

#[test]
fn notes_on_a_replay_are_gone_to_and_are_there_the_next_time() {
    let (folder, mut pty) = replayed((100, 30));
    pty.send(b"0");
    pty.wait_for("before the first record");
    pty.send(b"]]]]]]]]");
    pty.wait_for(" 8 of 48 ");
    pty.send(b"A");
    pty.wait_for("A note on record 8");
    pty.send(b"look here\r");
    pty.wait_for("noted at record 8");
    pty.send(b"$");
    pty.wait_for(" 48 of 48 ");
    pty.send(b"*");
    pty.wait_for("noted at record 48");
    pty.send(b"'look\r");
    pty.wait_for(" 8 of 48 ");
    quit(pty);
    let written = std::fs::read_to_string(folder.path().join("patient/notes.jsonl")).unwrap();
    assert_eq!(written.lines().filter(|line| !line.is_empty()).count(), 2, "{written}");
    let session = folder.path().join("patient");
    let mut pty = Pty::start(&[PROGRAM, "replay", session.to_str().unwrap(), "--speed", "max"], (80, 24), &[]);
    wait_for_the_answer(&pty);
    pty.send(b"'");
    pty.wait_for("look here");
    pty.send(b"\x1b");
    wait_until_gone(&pty, "look here");
    quit(pty);
}

#[test]
fn a_note_on_a_run_that_has_ended_leads_to_its_record_in_a_replay() {
    let mut pty = Pty::start(&[PROGRAM, "demo"], (100, 30), &[]);
    wait_for_the_answer(&pty);
    pty.send(b"Athe end\r");
    pty.wait_for("noted at record ");
    pty.send(b"'\r");
    wait_until(&pty, "the replay", |shown| shown.contains(" records") && shown.contains("✓ answered"));
    pty.send(b"'");
    pty.wait_for("the end");
    pty.send(b"\x1b");
    wait_until_gone(&pty, "the end");
    quit(pty);
}

#[test]
fn the_log_says_where_it_is_and_how_to_have_more_of_it() {
    let (_folder, mut pty) = replayed((100, 30));
    pty.send(b"!");
    pty.wait_for("The log, newest first");
    pty.wait_for("MINIONS_LOG=info");
    pty.send(b"\x1b");
    wait_until_gone(&pty, "MINIONS_LOG=info");
    quit(pty);
}
