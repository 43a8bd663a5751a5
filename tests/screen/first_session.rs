//! The first session that the README leads through, key by key.

use crate::pty::Pty;

#[test]
fn the_first_session_of_the_readme_is_as_it_says() {
    let mut pty = Pty::minions(&["demo", "--document", "patient", "--step"], &[], (120, 36));
    // Step.
    pty.wait_for("Gate 1: this request waits");
    pty.send(b"p");
    pty.wait_for("Gate 2: this request waits");
    pty.send(b"E");
    pty.wait_for_the_answer();

    // Look.
    pty.send(b"4jjjjjjjj\r");
    pty.wait_for("━ 1 Document");
    pty.send(b"b");
    pty.wait_for("━ 4 Answers");
    pty.send(b"?");
    pty.wait_for("Everywhere");
    pty.send(b"\x1b");
    pty.wait_until_gone("Everywhere");

    // Fork.
    pty.send(b"S");
    pty.wait_until_shown("the session in the list", |shown| shown.contains("Pick up") && shown.contains("$0.00"));
    pty.send(b"\x1b[B\r");
    pty.wait_until_shown("the replay", |shown| shown.contains(" records"));
    pty.send(b"{");
    pty.wait_for(" 2 of ");
    pty.send(b"Y");
    pty.wait_for("A new session from record 2");
    pty.send(b"\t\t\t\t\x153\r");
    pty.wait_until_shown("each task read three times", |shown| shown.contains("45 jobs · 15 answered · 30 abstained"));
    pty.wait_for_the_answer();

    // Compare.
    pty.send(b"S");
    pty.wait_until_shown("both sessions in the list", |shown| {
        shown.contains("Pick up") && shown.matches("$0.00").count() == 2
    });
    pty.send(b"\x1b[B\x14\x1b[B\x14");
    pty.wait_for("Two sessions");
    pty.send(b"\x1b");
    pty.wait_until_gone("Two sessions");

    // Export.
    let pty = pty.quit();
    assert_eq!(pty.said(&["sessions", "list"]).matches("Why was lisinopril stopped").count(), 2);
    pty.said(&["sessions", "export", "last", "--format", "html", "-o", "answer.html"]);
    let page = std::fs::read_to_string(pty.home().join("answer.html")).unwrap();
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("candesartan 8 mg once daily"), "{page}");
    assert!(pty.said(&["replay", "last", "--headless"]).contains("candesartan"));
}
