//! A session that was interrupted, taken up and forked on the screen, as the keys are pressed.

use std::process::Stdio;

use crate::home::{Home, KEY, ledger_of, remote, settings};
use crate::loopback::{Fault, Reply};
use crate::planner::{Step, planner};
use crate::pty::{PROGRAM, Pty, RUN};

const TITLE: &str = "The answer to a request never came";

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_request_waits_for_a_key_and_a_fork_asks_another_question() {
    let home = Home::new();
    home.write("document.txt", ledger_of(20));
    let planner = planner(|step, before| {
        (step == Step::Think && before == 0).then(|| Reply::text("Half of a thought").fault(Fault::HangAfterText))
    })
    .await;
    let priced = settings(&["remote.price_input=2", "remote.price_output=10", "remote.idle_timeout_s=60"]);
    let settings = [remote(&planner), priced].concat();
    let mut run = home.asking(&[], &settings).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    planner.wait_for(|counts| counts.requests == 3 && counts.in_flight == 1).await;
    run.kill().await.unwrap();

    let sessions = home.path("sessions");
    let mut command = vec![PROGRAM, "resume", "last", "--session-dir", sessions.to_str().unwrap()];
    command.extend(settings.iter().flat_map(|setting| ["--set", setting.as_str()]));
    tokio::task::block_in_place(|| {
        // Leaving without a word leaves the session as it is.
        let mut pty = Pty::start(&command, (120, 60), &[("PLANTED_KEY", KEY)]);
        pty.wait_for(TITLE);
        pty.send(b"nq");
        pty.wait_exit();
        assert_eq!(planner.counts().requests, 3, "nothing is sent before the choice is made");

        let mut pty = Pty::start(&command, (120, 60), &[("PLANTED_KEY", KEY)]);
        pty.wait_for(TITLE);
        pty.send(b"n");
        pty.wait_until_gone(TITLE);
        pty.send(b"B");
        pty.wait_for(TITLE);
        pty.send(b"y");
        let shows_end = |screen: &vt100::Screen| {
            let rows: Vec<String> = screen.rows(0, screen.size().1.get()).collect();
            rows.iter().rev().take(3).any(|row| row.contains("answered"))
        };
        pty.wait_until("the end", RUN, shows_end);
        assert_eq!(planner.counts().requests, 5);

        pty.send(b"Y");
        pty.wait_for("A new session from record");
        pty.send(b"\x15And item 8?\r");
        pty.wait_until("the fork's answer", RUN, |_| home.sessions().len() == 2);
        planner_has(&planner, 9);
        pty.wait_until("the end of the fork", RUN, shows_end);
        pty.send(b"q");
        pty.wait_exit();
    });
}

/// Four requests more, of a session that knows the first.
fn planner_has(planner: &crate::loopback::Loopback, count: usize) {
    tokio::runtime::Handle::current().block_on(planner.wait_for(|counts| counts.requests == count));
    let asked = planner.requests();
    let decompose = asked.iter().rev().find(|request| Step::of(&request.body) == Step::Decompose).unwrap();
    let told = decompose.body["messages"].to_string();
    assert!(told.contains("And item 8?") && told.contains("What did item 7 bring in?"), "{told}");
}
