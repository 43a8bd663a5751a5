//! What is opened from a screen, on a real terminal: what cannot be opened costs nothing that is at hand.

use std::process::Command;

use crate::pty::{PROGRAM, Pty};

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
    pty.wait_for("report.txt  27 B");
    pty.send(b"\x1b");
    pty.wait_until_gone("What do you want to know?");
    pty.quit();
}
