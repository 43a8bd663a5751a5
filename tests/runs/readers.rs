//! A reader that is not there, and one whose address only the first command line named.

use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use crate::home::{Home, ledger_of, local, settings};
use crate::loopback::{Fault, Loopback, Reply};

fn reply(request: &Value) -> Reply {
    let words = "Item 7 brought in 10007 dollars in that year.";
    let output = match request.to_string().contains(words) {
        true => json!({"explanation": "its line", "citation": words, "answer": "10007 dollars"}),
        false => json!({"explanation": "not here", "citation": null, "answer": null}),
    };
    Reply::text(output.to_string())
}

#[tokio::test]
async fn a_reader_that_is_not_there_leaves_the_session_open_whoever_plans() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let nobody =
        settings(&["local.provider=openai", "local.model=test-model", &format!("local.base_url=http://{closed}/v1")]);
    for protocol in ["minions", "minion", "local-only"] {
        let home = Home::new();
        home.write("document.txt", ledger_of(40));
        let said = home.ask(&["--protocol", protocol], &nobody).await;
        said.assert_failed(3, &["none of its jobs could be done", "start the server", "`minions resume"]);
        assert!(!said.stdout.contains("do not tell"), "{said:?}");
        assert!(home.facts_of("session_ended").is_empty());
    }
}

#[tokio::test]
async fn a_session_is_gone_on_with_at_the_reader_that_it_had() {
    let home = Home::new();
    home.write("document.txt", ledger_of(40));
    let hangs = Arc::new(AtomicBool::new(true));
    let still = Arc::clone(&hangs);
    let server = Loopback::start(move |request| match still.load(Ordering::Relaxed) {
        true => Reply::text("x").fault(Fault::HangAfterText),
        false => reply(request),
    })
    .await;
    let mut run = home.asking(&[], &local(&server)).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    server.wait_for(|counts| counts.in_flight > 0).await;
    run.kill().await.unwrap();
    hangs.store(false, Ordering::Relaxed);
    let before = server.counts().requests;
    let said = home.run(&["resume", "last", "--json"]).await;
    assert_eq!((said.code, &said.json()["outcome"]), (0, &json!("answered")), "{said:?}");
    assert!(server.counts().requests > before);
    // A fork of it knows the server too, and no export tells it.
    let forked = home.run(&["sessions", "fork", "last", "--samples", "2", "--json"]).await;
    assert_eq!(forked.code, 0, "{forked:?}");
    for session in home.sessions() {
        let journal = std::fs::read_to_string(session.join("journal.jsonl")).unwrap();
        assert!(!journal.contains(&server.place()), "what is exported names no server");
    }
}
