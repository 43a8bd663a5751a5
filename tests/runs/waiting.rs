//! A session without a screen where the person is needed: it says what it waits for and how to go on, and is never sealed
//! for it.

use std::process::Stdio;

use serde_json::json;

use crate::home::{Home, Said, finished, ledger_of, remote, said, settings};
use crate::loopback::{Fault, Loopback, Reply};
use crate::planner::{Step, answer, planner};

const PRICES: [&str; 2] = ["remote.price_input=2", "remote.price_output=8"];

fn home() -> Home {
    let home = Home::new();
    home.write("document.txt", ledger_of(20));
    home
}

async fn does(home: &Home, args: &[&str], sets: &[String]) -> Said {
    let mut command = home.command(args);
    command.args(sets.iter().flat_map(|setting| ["--set", setting]));
    said(command).await
}

/// The one session that has not ended.
async fn assert_open(home: &Home) {
    let listed = home.run(&["sessions", "list", "--json"]).await.json();
    let open = |session: &&serde_json::Value| session["ended"].is_null();
    assert_eq!(listed.as_array().unwrap().iter().filter(open).count(), 1, "{listed}");
}

#[tokio::test]
async fn a_fork_in_step_mode_is_left_open_at_its_first_gate() {
    let (home, planner) = (home(), planner(|_, _| None).await);
    let sets = remote(&planner);
    assert_eq!(home.ask(&[], &sets).await.code, 0);
    let (asked, step) = (planner.counts().requests, [sets, settings(&["protocol.step=true"])].concat());
    let forked = does(&home, &["sessions", "fork", "last", "--ask-anew"], &step).await;
    assert_eq!(forked.code, 3, "{forked:?}");
    for words in ["was left open", "gate 1 (request)", "minions resume"] {
        assert!(forked.stderr.contains(words), "{forked:?}");
    }
    assert_eq!(planner.counts().requests, asked, "nothing passed the gate");
    assert_open(&home).await;
    does(&home, &["resume", "last", "--headless"], &step).await.assert_refused(3, &["gate 1 (request)"]);
}

#[tokio::test]
async fn whole_documents_are_sent_by_fork_and_resume_only_with_the_flag() {
    let (home, server) = (home(), Loopback::start(|_| Reply::text(answer())).await);
    let sets = [remote(&server), settings(&PRICES)].concat();
    let agreed = ["--protocol", "remote-only", "--yes-send-document"];
    assert_eq!(home.ask(&agreed, &sets).await.code, 0);
    let again = ["sessions", "fork", "last", "--ask-anew"];
    does(&home, &again, &sets).await.assert_refused(2, &["--yes-send-document"]);
    assert_eq!((home.sessions().len(), server.counts().requests), (1, 1), "no half-made fork stays behind");
    let forked = does(&home, &[&again[..], &["--yes-send-document"]].concat(), &sets).await;
    assert_eq!((forked.code, server.counts().requests), (0, 2), "{forked:?}");
}

#[tokio::test]
async fn a_lost_paid_request_is_sent_again_by_the_flag_alone() {
    let home = home();
    let silent = planner(|step, _| (step == Step::Think).then(|| Reply::text("").fault(Fault::Hang))).await;
    let sets = [remote(&silent), settings(&PRICES)].concat();
    let mut run = {
        let mut command = home.asking(&["--json"], &sets);
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    };
    silent.wait_for(|counts| counts.requests == 3 && counts.in_flight == 1).await;
    run.kill().await.unwrap();
    let healthy = planner(|_, _| None).await;
    let sets = [remote(&healthy), settings(&PRICES)].concat();
    let refused = does(&home, &["resume", "last", "--headless"], &sets).await;
    refused.assert_refused(3, &["may have been paid for", "nothing was sent", "--send-again"]);
    assert_eq!(healthy.counts().requests, 0);
    let with_consent = does(&home, &["resume", "last", "--send-again"], &sets).await;
    assert_eq!(with_consent.code, 0, "{with_consent:?}");
    assert_eq!(home.facts_of("resend_allowed").len(), 1);
}

#[tokio::test]
async fn a_run_whose_terminal_hangs_up_goes_on_to_its_answer() {
    let home = home();
    let planner = planner(|step, _| {
        (step == Step::Think).then(|| step.good_reply().after(std::time::Duration::from_millis(300)))
    })
    .await;
    let sets = [remote(&planner), settings(&["sessions.on_hangup=finish"])].concat();
    let mut command = home.asking(&["--json"], &sets);
    let run = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    planner.wait_for(|counts| counts.requests == 3 && counts.in_flight == 1).await;
    let id = run.id().unwrap().to_string();
    assert!(std::process::Command::new("kill").args(["-s", "HUP", &id]).status().unwrap().success());
    let said = finished(run.wait_with_output()).await;
    assert_eq!((said.code, &said.json()["outcome"]), (0, &json!("answered")), "{said:?}");
}
