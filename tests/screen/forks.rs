//! From one session to the next, as the keys are pressed: a new question, a fork at an earlier record, going on after a crash.

use serde_json::Value;

use crate::attach::{beside, beside_with, reading};
use crate::pty::{PROGRAM, Pty};
use crate::starts::demo;

/// The sessions of the terminal's home, the newest first.
fn listed(pty: &Pty) -> Vec<Value> {
    serde_json::from_str(&pty.said(&["sessions", "list", "--json"])).unwrap()
}

fn parent(session: &Value) -> Option<(&str, u64)> {
    Some((session["parent"]["session"].as_str()?, session["parent"]["seq"].as_u64()?))
}

#[test]
fn a_question_after_an_answer_follows_up_on_it_and_lists_mark_it() {
    let mut pty = demo(120, 40);
    pty.wait_for_the_answer();
    pty.send(b"a");
    pty.wait_for("What do you want to know?");
    pty.send(b"\x15And who was the physician?\r");
    pty.wait_for("And who was the physician?");
    pty.wait_until_shown("its end", |_| listed(&pty).iter().filter(|one| !one["ended"].is_null()).count() == 2);
    pty.wait_for_state("no answer");
    pty.send(b"q");
    pty.wait_exit();
    let sessions = listed(&pty);
    let first = sessions.iter().find(|session| parent(session).is_none()).unwrap();
    let second = sessions.iter().find(|session| parent(session).is_some()).unwrap();
    assert_eq!(parent(second).unwrap().0, first["id"]);
    let lines = pty.said(&["sessions", "list"]);
    let marked: Vec<&str> = lines.lines().filter(|line| line.contains('↳')).collect();
    assert!(matches!(marked[..], [line] if line.contains("↳ And who was the physician?")), "{lines}");
}

#[test]
fn a_fork_at_an_earlier_record_of_a_replay_begins_there() {
    let pty = demo(120, 40);
    pty.wait_for_the_answer();
    let pty = pty.quit();
    let first = listed(&pty)[0]["id"].as_str().unwrap().to_owned();
    let mut replay = beside(&pty, &["replay", "last", "--speed", "0.25"]);
    replay.wait_for("▶");
    replay.send(b" ");
    replay.wait_for("‖");
    replay.send(b"0");
    replay.wait_for(" 0 of ");
    replay.send(b"]]]");
    replay.wait_for(" 3 of ");
    replay.send(b"Y");
    replay.wait_for("A new session from record 3");
    replay.send(b"\r");
    replay.wait_for_the_answer();
    replay.quit();
    let sessions = listed(&pty);
    assert_eq!(sessions.len(), 2);
    assert!(sessions.iter().any(|session| parent(session) == Some((first.as_str(), 3))), "{sessions:?}");
    pty.said(&["sessions", "verify", "last"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_kill_interrupted_is_gone_on_with_at_a_key() {
    let (server, pty) = reading().await;
    tokio::task::block_in_place(|| pty.signal(libc::SIGKILL));
    server.wait_for(|counts| counts.in_flight == 0).await;
    let address = format!("local.base_url={}", server.base_url());
    let mut again = tokio::task::block_in_place(|| {
        let mut again = beside(&pty, &["--set", &address, "--set", "local.max_in_flight=2"]);
        again.wait_until_shown("the session in the list", |shown| shown.contains("interrupted"));
        again.send(b"\x0e\r");
        again.wait_for(" records");
        again.send(b"u");
        again
    });
    server.wait_for(|counts| counts.in_flight == 2).await;
    tokio::task::block_in_place(|| {
        again.wait_for("jobs done");
        again.send(b"qy");
        again.wait_exit();
        let sessions = listed(&pty);
        assert_eq!(sessions.len(), 1, "it is the same session");
        pty.said(&["sessions", "verify", "last"]);
    });
}

#[test]
fn forks_stand_under_their_parent_in_the_list_and_are_walked_to_named_tagged_and_archived() {
    let pty = demo(120, 40);
    pty.wait_for_the_answer();
    let pty = pty.quit();
    pty.said(&["sessions", "fork", "last", "--samples", "2"]);
    let tree = pty.said(&["sessions", "tree"]);
    let lines: Vec<&str> = tree.lines().collect();
    assert!(lines.len() == 2 && lines[1].starts_with("└─ ") && lines[1].contains(": samples 1 → 2"), "{tree}");
    let mut list = beside(&pty, &[]);
    list.wait_until_shown("the tree", |shown| shown.contains("└─ from record") && shown.contains(": samples 1 → 2"));
    // From the row that starts a new one to the parent, and on to its fork: the preview says which is looked at.
    list.send(b"\x0e");
    list.wait_for("1 round · $");
    list.send(b"\x1b[1;3B");
    list.wait_for(": samples 1 → 2 of ");
    list.send(b"\x1b[1;3A");
    list.wait_until_gone(": samples 1 → 2 of ");
    list.send(b"\x12");
    list.wait_for("title: ");
    list.send(b"The weights\r");
    list.wait_for("The weights: ");
    list.send(b"\x0b");
    list.wait_for("tags: ");
    list.send(b"audit #keep\r");
    list.wait_for("#audit #keep The weights: ");
    list.send(b"\x0f");
    list.wait_for("(archived) #audit");
    let told = listed(&pty);
    let parent = told.iter().find(|session| parent(session).is_none()).unwrap();
    assert_eq!((&parent["title"], &parent["archived"]), (&"The weights".into(), &true.into()));
    list.send(b"\x0f");
    list.wait_until_gone("(archived)");
    // Nothing typed leaves it as it was.
    list.send(b"\x12");
    list.wait_for("title: The weights");
    list.send(b"\x1b");
    list.wait_until_gone("title: ");
    list.send(b"\x1b");
    list.wait_until_gone("Pick up");
    list.quit();
}

#[test]
fn a_fork_that_cannot_begin_leaves_the_replay_with_what_was_changed_and_flags_go_before_what_is_on_record() {
    let editor = [("EDITOR", "sed -i 's/\"answer\": .*/\"answer\": \"forty-two\"/'")];
    let pty = demo(120, 40);
    pty.wait_for_the_answer();
    let pty = pty.quit();
    let planner = ["--set", "remote.provider=openai", "--set", "remote.model=m", "--set", "remote.api_key_env=NO_KEY"];
    let mut replay = beside_with(&pty, &[&["replay", "last", "--speed", "max"], &planner[..]].concat(), &editor);
    replay.wait_for_the_answer();
    replay.send(b"3Y");
    replay.wait_for("A new session with another output of job 1.");
    replay.send(b"\x07");
    replay.wait_for("The session could not begin");
    replay.wait_for("NO_KEY");
    replay.send(b"\x1b");
    replay.wait_until_gone("The session could not begin");
    replay.send(b"Y");
    replay.wait_for("forty-two");
    replay.send(b"\x1b");
    replay.wait_until_gone("forty-two");
    replay.send(b"q");
    replay.wait_exit();
    assert_eq!(listed(&pty).len(), 1, "nothing half-made is left");
    let flags = ["--set", "local.max_output_tokens=99"];
    let mut replay = beside_with(&pty, &[&["replay", "last", "--speed", "max"], &flags[..]].concat(), &editor);
    replay.wait_for_the_answer();
    replay.send(b"3Y");
    replay.wait_for("A new session with another output of job 1.");
    replay.send(b"\x07");
    replay.wait_until_shown("its end", |_| listed(&pty).iter().filter(|one| !one["ended"].is_null()).count() == 2);
    replay.send(b"q");
    replay.wait_exit();
    let tree = pty.said(&["sessions", "tree"]);
    assert!(tree.contains("output of job 1.") && tree.contains(" 99"), "{tree}");
}

#[test]
fn a_job_s_output_is_changed_at_a_key_and_the_local_half_is_run_again_at_another() {
    let command = [PROGRAM, "demo"];
    let editor = "sed -i 's/\"answer\": .*/\"answer\": \"forty-two\"/'";
    let mut pty = Pty::start(&command, (120, 40), &[("EDITOR", editor)]);
    pty.wait_for_the_answer();
    let ended = |pty: &Pty, count| {
        pty.wait_until_shown("its end", |_| {
            let sessions = listed(pty);
            sessions.len() == count && sessions.iter().all(|session| !session["ended"].is_null())
        });
    };
    pty.send(b"3Y");
    pty.wait_for("A new session with another output of job 1.");
    pty.send(b"\x07");
    ended(&pty, 2);
    pty.wait_for_the_answer();
    pty.send(b"\x17r");
    ended(&pty, 3);
    pty.wait_for_the_answer();
    pty.send(b"q");
    pty.wait_exit();
    let tree = pty.said(&["sessions", "tree"]);
    assert!(tree.contains(": output of job 1.") && tree.contains(": jobs run again"), "{tree}");
    assert!(!tree.contains("jobs run again,"), "the same models read and plan: {tree}");
    pty.said(&["sessions", "verify", "last"]);
}
