//! The choice at a reached budget, as its keys are pressed in a real terminal.

use crate::home::{KEY, ledger_of};
use crate::loopback::Loopback;
use crate::planner::planner;
use crate::pty::{PROGRAM, Pty, RUN};

const TITLE: &str = "The budget is reached";

/// The workbench on a document, with a planner of whose calls each may cost more than the budget has left.
fn open(planner: &Loopback, documents: &tempfile::TempDir) -> Pty {
    let pty = open_with(planner, documents, &[]);
    pty.wait_for(TITLE);
    pty
}

fn open_with(planner: &Loopback, documents: &tempfile::TempDir, flags: &[&str]) -> Pty {
    let document = documents.path().join("document.txt");
    std::fs::write(&document, ledger_of(20)).unwrap();
    let base_url = format!("remote.base_url={}", planner.base_url());
    let settings = [
        "remote.provider=openai",
        "remote.model=test-model",
        "remote.api_key_env=PLANTED_KEY",
        "remote.price_input=10",
        "remote.price_output=10",
        "remote.max_output_tokens=1000",
        "remote.budget_usd=0.005",
        &base_url,
    ];
    let mut command = vec![PROGRAM, "open", document.to_str().unwrap(), "-q", "What did item 7 bring in?"];
    command.extend(settings.iter().flat_map(|setting| ["--set", setting]));
    command.extend(flags);
    Pty::start(&command, (120, 60), &[("PLANTED_KEY", KEY)])
}

/// The key was sent to the server and shown to nobody.
fn assert_unseen(pty: &Pty) {
    assert!(memchr::memmem::find(&pty.sent(), KEY.as_bytes()).is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_choice_can_wait_is_made_once_or_for_good() {
    let planner = planner(|_, _| None).await;
    let documents = tempfile::tempdir().unwrap();
    let mut pty = tokio::task::block_in_place(|| open(&planner, &documents));
    tokio::task::block_in_place(|| {
        pty.send(b"\x1b");
        pty.wait_until_gone(TITLE);
        assert_eq!(planner.counts().requests, 0, "nothing is sent before the choice is made");
        pty.send(b"B");
        pty.wait_for(TITLE);
        // One call is made, and the next one asks again.
        pty.send(b"o");
        pty.wait_until_shown("the next call", |shown| shown.contains("The next call (decompose)"));
        assert_eq!(planner.counts().requests, 1);
        pty.send(b"r");
        pty.wait_for("The new budget in dollars");
        // Whatever is suggested goes; then nine dollars.
        pty.send(&[0x7f; 12]);
        pty.send(b"9\r");
        pty.wait_until_shown("the answer", |shown| shown.contains("10007 dollars"));
        pty.wait_until("the end", RUN, |screen| {
            let rows: Vec<String> = screen.rows(0, screen.size().1.get()).collect();
            rows.iter().rev().take(3).any(|row| row.contains("answered") && row.contains("of $9"))
        });
        pty.send(b"q");
        assert_eq!(pty.wait_exit(), 0);
        pty.assert_given_back();
        assert_unseen(&pty);
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn the_session_can_end_at_its_budget() {
    let planner = planner(|_, _| None).await;
    let documents = tempfile::tempdir().unwrap();
    tokio::task::block_in_place(|| {
        let mut pty = open(&planner, &documents);
        pty.send(b"x");
        pty.wait_until_gone(TITLE);
        pty.wait_for("budget reached");
        pty.send(b"q");
        assert_eq!(pty.wait_exit(), 4, "stopped by the budget");
        assert_eq!(planner.counts().requests, 0);
        assert_unseen(&pty);
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_screen_the_choice_is_a_line_that_is_typed() {
    let planner = planner(|_, _| None).await;
    let documents = tempfile::tempdir().unwrap();
    tokio::task::block_in_place(|| {
        let mut pty = open_with(&planner, &documents, &["--accessible"]);
        pty.wait_for("The next call (advise)");
        pty.send(b"why\r");
        pty.wait_until_shown("the choices again", |shown| shown.matches("Type o to").count() == 2);
        assert_eq!(planner.counts().requests, 0, "nothing is sent before the choice is made");
        pty.send(b"o\r");
        pty.wait_until_shown("the next call", |shown| shown.contains("The next call (decompose)"));
        assert_eq!(planner.counts().requests, 1);
        pty.send(b"r\r");
        pty.wait_for("The new budget in dollars");
        pty.send(b"9\r");
        pty.wait_until_shown("the end", |shown| shown.contains("An empty line leaves."));
        pty.send(b"\r");
        assert_eq!(pty.wait_exit(), 0);
        assert!(!pty.sent().contains(&0x1b), "nothing is drawn");
        assert_unseen(&pty);
    });
}
