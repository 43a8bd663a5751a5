//! `--accessible`, in a real terminal: lines that a screen reader reads, and nothing that is drawn.

use crate::loopback::{Fault, Loopback, Reply};
use crate::pty::{PROGRAM, Pty, RUN};

fn accessible(arguments: &[&str], variables: &[(&str, &str)]) -> Pty {
    let command = [&[PROGRAM, "--accessible"], arguments].concat();
    Pty::start(&command, (100, 200), variables)
}

/// Only new lines: no sequence, nothing overwritten, no line or box of signs.
fn assert_linear(pty: &Pty) {
    let sent = String::from_utf8(pty.sent()).unwrap();
    let drawn = |c: char| c == '\x1b' || matches!(c, '\u{2500}'..='\u{25ff}' | '\u{2800}'..='\u{28ff}');
    assert_eq!(sent.chars().find(|c| drawn(*c)), None, "{sent}");
    assert!(!sent.replace("\r\n", "\n").contains(['\r', '\x08']), "nothing is overwritten");
}

#[test]
fn the_demo_is_told_line_by_line_and_asks_what_next() {
    let mut pty = accessible(&["demo"], &[]);
    pty.wait_until("the question what next", RUN, |screen| {
        screen.contents().contains("What do you want to know? An empty line leaves.")
    });
    for words in ["question: How many minutes", "round 1", "jobs done", "answer: ", "ended: answered"] {
        pty.wait_for(words);
    }
    pty.send(b"What was the target?\r");
    pty.wait_for("question: What was the target?");
    pty.wait_until("the second answer", RUN, |screen| screen.contents().matches("An empty line leaves.").count() == 2);
    pty.send(b"\r");
    assert_eq!(pty.wait_exit(), 0);
    assert_linear(&pty);
    pty.assert_given_back();
}

#[test]
fn a_setting_and_a_variable_do_the_same_and_ctrl_c_at_the_question_leaves() {
    let file = format!("{}/src/commands/samples/synthetic-patient-record.txt", env!("CARGO_MANIFEST_DIR"));
    let variable: &[(&str, &str)] = &[("MINIONS_SCREEN_ACCESSIBLE", "true")];
    for (setting, variables) in [(None, variable), (Some("screen.accessible=true"), &[])] {
        let command: Vec<&str> = [PROGRAM, "open", &file]
            .into_iter()
            .chain(setting.iter().flat_map(|setting| ["--set", *setting]))
            .collect();
        let mut pty = Pty::start(&command, (100, 50), variables);
        pty.wait_for("An empty line leaves.");
        pty.send(b"\x03");
        assert_eq!(pty.wait_exit(), 0);
        assert_linear(&pty);
    }
}

#[test]
fn ctrl_c_while_the_models_are_connected_leads_back_to_the_question() {
    let command = "remote.api_key_cmd=trap '' INT; echo CONNECTING >/dev/tty; sleep 20";
    let settings = ["--set", "remote.provider=openai", "--set", "remote.model=m", "--set", command];
    let mut pty = accessible(&[&["demo"][..], &settings].concat(), &[]);
    pty.wait_for("CONNECTING");
    pty.send(b"\x03");
    pty.wait_for("Stopped before the run began.");
    pty.wait_for("An empty line leaves.");
    pty.send(b"\r");
    assert_eq!(pty.wait_exit(), 130);
    assert_eq!(pty.said(&["sessions", "list", "--json"]).trim(), "[]");
}

#[test]
fn without_arguments_it_names_what_works_without_the_full_screen() {
    let mut pty = accessible(&[], &[]);
    assert_eq!(pty.wait_exit(), 2);
    for command in ["minions open", "minions sessions list", "minions replay"] {
        pty.wait_for(command);
    }
    assert_linear(&pty);
}

#[test]
fn a_replay_is_read_out_whole() {
    let session = format!("{}/sessions/patient-lisinopril", env!("CARGO_MANIFEST_DIR"));
    let mut pty = accessible(&["replay", &session], &[]);
    assert_eq!(pty.wait_exit(), 0);
    pty.wait_for("ended: answered");
    assert_linear(&pty);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_under_way_is_stopped_by_a_line() {
    let server = Loopback::start(|_| Reply::text("").fault(Fault::Hang)).await;
    let url = format!("remote.base_url={}", server.base_url());
    let settings = ["remote.provider=openai", "remote.model=m", "remote.api_key_env=", &url];
    let file = format!("{}/src/commands/samples/synthetic-patient-record.txt", env!("CARGO_MANIFEST_DIR"));
    let arguments = ["--accessible", "open", &file, "-q", "When was the last visit?"];
    let mut pty = Pty::minions(&arguments, &settings, (100, 50));
    server.wait_for(|counts| counts.in_flight == 1).await;
    pty.send(b"x\r");
    pty.wait_until("the question what next", RUN, |screen| screen.contents().contains("An empty line leaves."));
    server.wait_for(|counts| counts.in_flight == 0 && counts.abandoned == 1).await;
    pty.send(b"\r");
    pty.wait_exit();
    assert_linear(&pty);
}

#[test]
fn lines_that_are_piped_in_answer_what_comes_although_there_is_a_terminal() {
    let piped = format!("printf 'p\\nwhat\\nx\\n' | {PROGRAM} demo --accessible --step");
    let mut pty = Pty::start(&["/bin/sh", "-c", &piped], (120, 60), &[]);
    pty.wait_for("Taken.");
    pty.wait_for("Stopping.");
    assert_eq!(pty.wait_exit(), 130);
}
