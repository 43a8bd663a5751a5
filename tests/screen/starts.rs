//! The program on a real terminal: it starts, survives what terminals do to it, and gives them back as it found them.

use std::process::{Command, Stdio};

use crate::pty::{self, PROGRAM, Pty};

/// The panes as the tabs or titles name them.
const PANES: [&str; 4] = ["Document", "Planner", "Jobs", "Answers"];

/// The demo, with all panes drawn.
pub fn demo(columns: u16, rows: u16) -> Pty {
    let pty = Pty::minions(&["demo"], &[], (columns, rows));
    for pane in PANES {
        pty.wait_for(pane);
    }
    pty
}

/// The session that the terminal's program wrote can be read by the next one.
fn the_session_opens(pty: &Pty) {
    pty.said(&["sessions", "show", "last"]);
}

#[test]
fn the_demo_starts_shows_four_panes_and_answers() {
    let pty = demo(120, 40);
    pty.wait_for_the_answer();
    let pty = pty.quit();
    pty.said(&["sessions", "verify", "last"]);
}

#[cfg(feature = "llama")]
#[test]
fn a_run_with_the_local_engine_shows_what_it_does_and_ends() {
    let root = env!("CARGO_MANIFEST_DIR");
    let document = format!("{root}/src/commands/samples/synthetic-patient-record.txt");
    let model = format!("local.model={root}/tests/models/tiny.gguf");
    let settings =
        ["local.provider=llama-cpp", &model, "local.max_output_tokens=96", "local.threads=1", "protocol.max_rounds=1"];
    let mut pty = Pty::minions(&["open", &document, "-q", "When was the last visit?"], &settings, (200, 50));
    pty.wait_until_shown("the engine's line", |shown| shown.contains(" live, "));
    pty.wait_until_shown("the run to end", |shown| shown.contains("no answer"));
    pty.send(b"q");
    assert_eq!(pty.wait_exit(), 3, "a model that was never taught finds no answer");
    pty.assert_given_back();
    pty.said(&["sessions", "verify", "last"]);
}

#[test]
fn at_80_by_24_panes_are_tabs_and_q_quits() {
    let pty = demo(80, 24);
    pty.wait_for_the_answer();
    pty.quit();
}

#[test]
fn a_resize_storm_ends_with_the_screen_of_the_last_size() {
    let mut pty = demo(120, 40);
    let mut seed = 0x2545_f491_u32;
    for _ in 0..60 {
        // A linear congruential step (Numerical Recipes): the same storm every time.
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        pty.resize((seed >> 16) as u16 % 200 + 1, (seed >> 8) as u16 % 60 + 1);
    }
    pty.resize(20, 6);
    pty.wait_for("minions");
    pty.resize(80, 24);
    for pane in PANES {
        pty.wait_for(pane);
    }
    pty.signal(libc::SIGTERM);
    pty.wait_exit();
    pty.assert_given_back();
}

#[test]
fn a_lost_connection_ends_the_program_and_keeps_the_session() {
    let mut pty = demo(80, 24);
    pty.signal(libc::SIGHUP);
    pty.wait_exit();
    pty.assert_given_back();
    the_session_opens(&pty);
}

#[test]
fn a_terminal_that_vanishes_ends_the_program_and_keeps_the_session() {
    let mut pty = demo(80, 24);
    pty.hang_up();
    pty.wait_exit();
    the_session_opens(&pty);
}

#[test]
fn sigterm_ends_the_program_and_gives_the_terminal_back() {
    let mut pty = demo(80, 24);
    pty.signal(libc::SIGTERM);
    pty.wait_exit();
    pty.assert_given_back();
    the_session_opens(&pty);
}

#[test]
fn after_a_kill_a_second_start_leaves_the_terminal_usable() {
    let program = PROGRAM;
    let script = format!(
        "sh -c 'echo $$ > pid; exec {program} demo'; stty -a > killed.txt; {program} demo; stty -a > after.txt"
    );
    let mut pty = Pty::start(&["sh", "-c", &script], (120, 40), &[]);
    pty.wait_for_the_answer();
    let process: libc::pid_t = std::fs::read_to_string(pty.home().join("pid")).unwrap().trim().parse().unwrap();
    kill(process);
    // The second one begins with an empty screen.
    pty.wait_until_gone("answered");
    pty.wait_for_the_answer();
    pty.send(b"qy");
    assert_eq!(pty.wait_exit(), 0);
    pty.assert_given_back();
    let modes = |name| std::fs::read_to_string(pty.home().join(name)).unwrap();
    assert!(modes("killed.txt").contains("-icanon"), "the kill left it raw");
    let after = modes("after.txt");
    assert!(!["-icanon", "-echo ", "-isig", "-opost"].iter().any(|mode| after.contains(mode)), "{after}");
}

#[allow(unsafe_code)]
fn kill(process: libc::pid_t) {
    // SAFETY: kill takes no pointer; the process is one that this test started.
    assert_eq!(unsafe { libc::kill(process, libc::SIGKILL) }, 0);
}

#[test]
fn ctrl_z_gives_the_shell_back_and_fg_the_screen() {
    let mut shell = Pty::start(&["sh", "-i"], (80, 24), &[("PS1", "prompt> ")]);
    shell.wait_for("prompt>");
    shell.send(format!("{} demo\r", PROGRAM).as_bytes());
    shell.wait_for("Answers");
    shell.send(b"\x1a");
    shell.wait_for("Stopped");
    shell.wait_for_given_back();
    shell.send(b"fg\r");
    shell.wait_for_the_answer();
    shell.send(b"q");
    shell.wait_for_prompt("prompt>");
    shell.send(b"exit\r");
    shell.wait_exit();
}

#[test]
fn a_key_that_arrives_in_pieces_is_that_key() {
    let mut pty = demo(80, 24);
    pty.wait_for_the_answer();
    // F1 in two pieces; were it Esc, `O` and `P`, no help would open.
    pty.send(b"\x1b");
    pty.send(b"OP");
    pty.wait_for("help");
    pty.send(b"qq");
    pty.wait_exit();
    pty.assert_given_back();
}

#[test]
fn without_a_terminal_the_demo_runs_headless_and_says_so() {
    let home = tempfile::tempdir().unwrap();
    let ran = Command::new(PROGRAM)
        .arg("demo")
        .env_clear()
        .envs(pty::environment(home.path()))
        .current_dir(home.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let (answer, progress) = (String::from_utf8(ran.stdout).unwrap(), String::from_utf8(ran.stderr).unwrap());
    assert_eq!(ran.status.code(), Some(0), "{progress}");
    assert!(!answer.trim().is_empty() && !answer.contains('\x1b'), "{answer}");
    assert!(progress.contains("terminal"), "it says why there is no screen: {progress}");
}

#[test]
fn a_dumb_terminal_is_refused_in_one_sentence_or_run_headless() {
    let program = PROGRAM;
    let mut pty = Pty::start(&[program, "demo"], (80, 24), &[("TERM", "dumb")]);
    assert_eq!(pty.wait_exit(), 0);
    assert!(String::from_utf8_lossy(&pty.sent()).contains("TERM"), "it says why there is no screen");
    assert!(!pty.sent().windows(2).any(|pair| pair == b"\x1b["), "no sequence is sent to it");
}
