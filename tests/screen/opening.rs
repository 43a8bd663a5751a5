//! What is opened from a screen, on a real terminal: what cannot be opened costs nothing that is at hand.

use std::process::Command;

use crate::pty::{PROGRAM, Pty};

#[test]
fn a_document_that_changes_on_disk_is_told_and_asked_about_only_when_the_person_wants() {
    let begin = format!(
        "echo 'The harvest was 12 tonnes.' > report.txt; exec {PROGRAM} open report.txt -q 'How much was the harvest?'"
    );
    let mut pty = Pty::start(&["sh", "-c", &begin], (160, 40), &[]);
    pty.wait_for_the_answer();
    let report = pty.home().join("report.txt");
    // As editors save: another file takes its name.
    std::fs::write(pty.home().join("new"), "The harvest was 13 tonnes.\n").unwrap();
    std::fs::rename(pty.home().join("new"), &report).unwrap();
    pty.wait_for("report.txt changed on disk; the session reads it as it was; U asks about the new one");
    pty.wait_for("The harvest was 12 tonnes.");
    pty.send(b"U");
    pty.wait_for("What do you want to know?");
    pty.wait_for("The harvest was 13 tonnes.");
    std::fs::remove_file(&report).unwrap();
    pty.wait_for("report.txt is no longer where it was");
    pty.send(b"\x1b");
    pty.wait_until_gone("What do you want to know?");
    pty.send(b"U");
    pty.wait_for("there is no file");
    pty.send(b"\x1b");
    pty.wait_until_gone("Which documents?");
    pty.quit();
}

#[test]
fn what_cannot_be_opened_leaves_the_session_and_the_paths_where_they_are() {
    let mut pty = Pty::start(&["sh", "-c", &format!("{PROGRAM} demo; exec {PROGRAM} replay last")], (100, 30), &[]);
    pty.wait_for_the_answer();
    assert!(Command::new("mkfifo").arg(pty.home().join("pipe")).status().unwrap().success());
    std::fs::create_dir(pty.home().join("folder")).unwrap();
    std::fs::write(pty.home().join("report.txt"), "The harvest was 12 tonnes.\n").unwrap();
    pty.send(b"q");
    pty.wait_for(" records");
    pty.send(b"S");
    pty.wait_for("new session");
    pty.send(b"\r");
    pty.wait_for("Which documents?");
    for (path, refused) in [
        ("-", "only files and folders can be named"),
        ("pipe", "only files and folders can be named"),
        ("folder", "holds no document that can be read"),
        ("reprot.txt", "there is no file"),
    ] {
        pty.send(format!("\x15{path}\r").as_bytes());
        pty.wait_until_shown(refused, |shown| shown.contains(refused) && shown.contains(&format!("{path:?}")));
    }
    // The words typed can be mended; left alone, the session is still there.
    pty.send(b"\x1b");
    pty.wait_until_gone("Which documents?");
    pty.wait_for(" records");
    pty.send(b"S");
    pty.wait_for("new session");
    pty.send(b"\r");
    pty.wait_for("Which documents?");
    pty.send(b"report.tx\r");
    pty.wait_for("there is no file");
    pty.send(b"t\r");
    pty.wait_for("What do you want to know?");
    pty.wait_for("of report.txt");
    pty.send(b"\x1b");
    pty.wait_until_gone("What do you want to know?");
    pty.quit();
}
