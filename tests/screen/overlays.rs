//! What opens over the panes, on a real terminal: the ledger, the form before a run, settings, notes, the log.

use std::process::Command;

use crate::pty::Pty;

const ASKED: &str = "What do you want to know?";

/// A replay of a session that is shipped, shown whole and paused, in a copy of its own.
fn replayed(size: (u16, u16)) -> (tempfile::TempDir, Pty) {
    let folder = tempfile::tempdir().unwrap();
    let session = folder.path().join("patient");
    let shipped = format!("{}/sessions/patient-lisinopril", env!("CARGO_MANIFEST_DIR"));
    assert!(Command::new("cp").args(["-r", &shipped]).arg(&session).status().unwrap().success());
    let pty = Pty::minions(&["replay", session.to_str().unwrap(), "--speed", "max"], &[], size);
    pty.wait_for_the_answer();
    (folder, pty)
}

#[test]
fn the_ledger_scrolls_and_closes() {
    let mut pty = Pty::minions(&["demo"], &[], (80, 24));
    pty.wait_for_the_answer();
    pty.send(b"L");
    pty.wait_for("Requests to the planner");
    pty.wait_for("decompose");
    pty.send(b"G");
    pty.wait_for("at most for what is under way");
    pty.send(b"y");
    pty.wait_for("copied");
    pty.send(b"L");
    pty.wait_until_gone("at most for what is under way");
    pty.quit();
}

#[test]
fn a_run_starts_from_the_form_with_its_levers_and_is_asked_again() {
    let document = format!("{}/src/commands/samples/synthetic-patient-record.txt", env!("CARGO_MANIFEST_DIR"));
    let mut pty = Pty::minions(&["open", &document], &[], (100, 30));
    pty.wait_for(ASKED);
    pty.send(b"\x1b[200~When was the last visit\nof the patient?\x1b[201~");
    pty.wait_for("of the patient?");
    // A lever that cannot hold says so, and nothing was lost.
    pty.send(b"\t\t\x1599\r");
    pty.wait_for("a whole number from 1 to 20");
    pty.send(b"\x151\x1b");
    pty.wait_until_gone(ASKED);
    pty.send(b"a");
    pty.wait_for("of the patient?");
    pty.send(b"\r");
    pty.wait_for_the_answer();
    pty.send(b"a");
    pty.wait_for(ASKED);
    // The session's own question comes back.
    pty.wait_until_shown("the earlier question", |shown| shown.contains("rounds   1"));
    pty.send(b"\x1b[A");
    pty.wait_until_shown("the earlier question", |shown| {
        let form = shown.split(ASKED).nth(1).unwrap_or_default();
        form.contains("When was the last visit")
    });
    pty.send(b"\x1b");
    pty.wait_until_gone(ASKED);
    pty.quit();
}

#[test]
fn a_replay_asks_its_own_documents_anew() {
    let (_folder, mut pty) = replayed((100, 30));
    pty.send(b"a");
    pty.wait_for(ASKED);
    pty.send(b"When was the last visit?\r");
    pty.wait_until_shown("the run", |shown| !shown.contains("records") && shown.contains("When was the last visit?"));
    pty.wait_for_the_answer();
    pty.quit();
}

#[test]
fn settings_change_until_the_program_ends_and_in_no_file() {
    let (_folder, mut pty) = replayed((100, 30));
    pty.send(b"O");
    pty.wait_for("built in");
    pty.send(b"ascii\r");
    pty.wait_until_shown("ASCII", |shown| shown.contains("changed here") && shown.is_ascii());
    pty.send(b"\r");
    pty.wait_until_shown("Unicode again", |shown| !shown.is_ascii());
    pty.send(b"\x15max_rounds\r");
    pty.wait_for("protocol.max_rounds");
    pty.send(b"\x157\r");
    pty.wait_until_shown("the new value", |shown| shown.contains("protocol.max_rounds is 7"));
    pty.send(b"\x1b");
    pty.wait_until_gone("changed here");
    let pty = pty.quit();
    assert!(!pty.home().join("config").exists() && !pty.home().join("minions.toml").exists());
    let rounds = pty.said(&["config", "show"]);
    let rounds = rounds.lines().find(|line| line.starts_with("max_rounds")).unwrap();
    assert!(!rounds.contains('7') && rounds.contains("built in"), "{rounds}");
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
    pty.quit();
    let written = std::fs::read_to_string(folder.path().join("patient/notes.jsonl")).unwrap();
    assert_eq!(written.lines().filter(|line| !line.is_empty()).count(), 2, "{written}");
    let session = folder.path().join("patient");
    let mut pty = Pty::minions(&["replay", session.to_str().unwrap(), "--speed", "max"], &[], (80, 24));
    pty.wait_for_the_answer();
    pty.send(b"'");
    pty.wait_for("look here");
    pty.send(b"\x1b");
    pty.wait_until_gone("look here");
    pty.quit();
}

#[test]
fn a_note_on_a_run_that_has_ended_leads_to_its_record_in_a_replay() {
    let mut pty = Pty::minions(&["demo"], &[], (100, 30));
    pty.wait_for_the_answer();
    pty.send(b"Athe end\r");
    pty.wait_for("noted at record ");
    let shown = pty.contents();
    let record = shown.split("noted at record ").nth(1).unwrap().split_whitespace().next().unwrap();
    // A second one, so that the first is not where a replay ends anyway.
    pty.send(b"Amore\r");
    pty.wait_until_gone(&format!("noted at record {record}"));
    pty.send(b"'the end\r");
    pty.wait_until_shown("the replay", |shown| shown.contains(" records") && shown.contains(&format!(" {record} of ")));
    pty.send(b"'");
    pty.wait_for("the end");
    pty.send(b"\x1b");
    pty.wait_until_gone("the end");
    pty.quit();
}

#[test]
fn the_log_says_where_it_is_and_how_to_have_more_of_it() {
    let (_folder, mut pty) = replayed((100, 30));
    pty.send(b"!");
    pty.wait_for("The log, newest first");
    pty.wait_for("MINIONS_LOG=info");
    pty.send(b"\x1b");
    pty.wait_until_gone("MINIONS_LOG=info");
    pty.quit();
}
