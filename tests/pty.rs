//! The program on a real terminal: it starts, survives what terminals do to it, and gives them back as it found them.

// Clippy knows a test by its attribute; what the tests share fails by the same means.
#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "screen/accessible.rs"]
mod accessible;
#[path = "screen/keys.rs"]
mod keys;
#[path = "screen/probe.rs"]
mod probe;
#[path = "screen/pty.rs"]
mod pty;

use std::process::{Command, Stdio};
use std::time::Duration;

use pty::Pty;

/// The panes as the tabs or titles name them.
const PANES: [&str; 4] = ["Document", "Planner", "Jobs", "Answers"];
/// How long a whole run of the demo may take on a busy machine.
const RUN: Duration = Duration::from_secs(120);

fn demo(columns: u16, rows: u16) -> Pty {
    let program = env!("CARGO_BIN_EXE_minions");
    let pty = Pty::start(&[program, "demo"], (columns, rows), &[]);
    for pane in PANES {
        pty.wait_for(pane);
    }
    pty
}

/// The state on the status line, which is one of the last rows; job rows say `answered` too.
fn wait_for_the_answer(pty: &Pty) {
    pty.wait_until("the run to end with an answer", RUN, |screen| {
        let columns = screen.size().1.get();
        let rows: Vec<String> = screen.rows(0, columns).collect();
        rows.iter().rev().take(3).any(|row| row.contains("answered"))
    });
}

/// The session that the terminal's program wrote can be read by the next one.
fn the_session_opens(pty: &Pty) {
    sessions(pty, &["show", "last"]);
}

/// `minions sessions …` in the home of the terminal's program.
fn sessions(pty: &Pty, arguments: &[&str]) {
    let done = Command::new(env!("CARGO_BIN_EXE_minions"))
        .arg("sessions")
        .args(arguments)
        .env_clear()
        .envs(pty.environment())
        .current_dir(pty.home())
        .output()
        .unwrap();
    assert!(done.status.success(), "{done:?}");
}

#[test]
fn the_demo_starts_shows_four_panes_and_answers() {
    let mut pty = demo(120, 40);
    wait_for_the_answer(&pty);
    pty.send(b"q");
    assert_eq!(pty.wait_exit(), 0);
    pty.assert_given_back();
    sessions(&pty, &["verify", "last"]);
}

#[cfg(feature = "llama")]
#[test]
fn a_run_with_the_local_engine_shows_what_it_does_and_ends() {
    let root = env!("CARGO_MANIFEST_DIR");
    let document = format!("{root}/src/commands/samples/synthetic-patient-record.txt");
    let model = format!("local.model={root}/tests/models/tiny.gguf");
    let settings = ["local.provider=llama-cpp", &model, "local.max_output_tokens=96", "protocol.max_rounds=1"];
    let mut command = vec![env!("CARGO_BIN_EXE_minions"), "open", &document, "-q", "When was the last visit?"];
    command.extend(settings.iter().flat_map(|setting| ["--set", setting]));
    let mut pty = Pty::start(&command, (200, 50), &[]);
    pty.wait_until("the engine's line", RUN, |screen| screen.contents().contains(" live, "));
    pty.wait_until("the run to end", RUN, |screen| screen.contents().contains("no answer"));
    pty.send(b"q");
    assert_eq!(pty.wait_exit(), 3, "a model that was never taught finds no answer");
    pty.assert_given_back();
    sessions(&pty, &["verify", "last"]);
}

#[test]
fn at_80_by_24_panes_are_tabs_and_q_quits() {
    let mut pty = demo(80, 24);
    wait_for_the_answer(&pty);
    pty.send(b"q");
    assert_eq!(pty.wait_exit(), 0);
    pty.assert_given_back();
}

#[test]
fn jobs_are_sorted_narrowed_and_seen_as_a_grid() {
    let mut pty = demo(100, 30);
    wait_for_the_answer(&pty);
    pty.send(b"3");
    pty.wait_for("says");
    pty.send(b"s");
    pty.wait_for("state▾");
    pty.send(b"f");
    pty.wait_for("answered · round");
    pty.send(b"fffFno such words at all\r");
    pty.wait_for("no job here is");
    pty.send(b"F");
    pty.wait_for("state▾");
    pty.send(b"v");
    pty.wait_for("chunk 1 of");
    pty.wait_for("■ answered");
    // Nothing runs any more, so nothing can be tried again.
    pty.send(b"R");
    pty.wait_for("no run is in flight");
    pty.send(b"q");
    assert_eq!(pty.wait_exit(), 0);
    pty.assert_given_back();
}

#[test]
fn a_cancelled_job_is_tried_again_while_its_round_runs() {
    // A server that reads and never answers: every job stays under way.
    let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("local.base_url=http://{}/v1", server.local_addr().unwrap());
    std::thread::spawn(move || server.incoming().collect::<Vec<_>>());
    let document = format!("{}/src/commands/samples/synthetic-patient-record.txt", env!("CARGO_MANIFEST_DIR"));
    let mut command = vec![env!("CARGO_BIN_EXE_minions"), "open", &document, "-q", "When was the last visit?"];
    let settings = ["local.provider=openai", "local.model=reader", &address, "local.max_in_flight=2"];
    command.extend(settings.iter().flat_map(|setting| ["--set", setting]));
    let mut pty = Pty::start(&command, (120, 30), &[]);
    pty.send(b"3");
    pty.wait_until("two jobs to run", RUN, |screen| screen.contents().contains("2 running"));
    pty.send(b"gx");
    pty.wait_for("1 cancelled");
    pty.send(b"gR");
    pty.wait_until("the job to wait again", RUN, |screen| !screen.contents().contains("1 cancelled"));
    pty.send(b"R");
    pty.wait_for("has not ended yet");
    pty.send(b"qy");
    pty.wait_exit();
    pty.assert_given_back();
    sessions(&pty, &["verify", "last"]);
}

#[test]
fn the_scrubber_of_a_replay_is_clicked_dragged_and_loops() {
    let session = format!("{}/sessions/patient-lisinopril", env!("CARGO_MANIFEST_DIR"));
    let mut pty = Pty::start(&[env!("CARGO_BIN_EXE_minions"), "replay", &session, "--speed", "0.25"], (100, 30), &[]);
    pty.wait_for("records");
    pty.send(b" ");
    pty.wait_for("‖");
    // The line above timeline, status and hints, counted from 1; its track begins in the eleventh column.
    let mouse = |what: &str| format!("\x1b[<{what}").into_bytes();
    pty.send(&mouse("0;11;27M"));
    pty.wait_for(" 0 of 48 ");
    pty.send(&mouse("32;20;27M"));
    pty.wait_until("the knob to have moved", RUN, |screen| !screen.contents().contains(" 0 of 48 "));
    pty.send(b"(");
    pty.wait_for("loop ");
    pty.send(&mouse("32;60;20M"));
    pty.send(&mouse("0;60;20m"));
    pty.wait_for("●");
    pty.send(b")");
    pty.wait_for("]");
    pty.send(b">>>>>>>>>>>>> ");
    pty.wait_for("max");
    pty.wait_for("▶ max");
    pty.send(b"|");
    // Without the loop it comes to its end and stops there.
    pty.wait_for("‖ max");
    pty.send(b"q");
    assert_eq!(pty.wait_exit(), 0);
    pty.assert_given_back();
}

#[test]
fn quitting_while_work_is_in_flight_asks_first_and_then_leaves() {
    let mut pty = demo(80, 24);
    // Whether the run is still going is not ours to know: then `y` answers the question, else nobody reads it.
    pty.send(b"qy");
    pty.wait_exit();
    pty.assert_given_back();
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
    let program = env!("CARGO_BIN_EXE_minions");
    let script = format!(
        "sh -c 'echo $$ > pid; exec {program} demo'; stty -a > killed.txt; {program} demo; stty -a > after.txt"
    );
    let mut pty = Pty::start(&["sh", "-c", &script], (120, 40), &[]);
    wait_for_the_answer(&pty);
    let process: libc::pid_t = std::fs::read_to_string(pty.home().join("pid")).unwrap().trim().parse().unwrap();
    kill(process);
    // The second one begins with an empty screen.
    pty.wait_until("the second start", RUN, |screen| !screen.contents().contains("answered"));
    wait_for_the_answer(&pty);
    pty.send(b"qy");
    assert_eq!(pty.wait_exit(), 0);
    pty.assert_given_back();
    let modes = |name| std::fs::read_to_string(pty.home().join(name)).unwrap();
    assert!(modes("killed.txt").contains("-icanon"), "the kill left it raw");
    let after = modes("after.txt");
    assert!(after.contains(" icanon") && after.contains(" echo ") && after.contains(" opost"), "{after}");
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
    shell.send(format!("{} demo\r", env!("CARGO_BIN_EXE_minions")).as_bytes());
    shell.wait_for("Answers");
    shell.send(b"\x1a");
    shell.wait_for("Stopped");
    shell.wait_for_given_back();
    shell.send(b"fg\r");
    wait_for_the_answer(&shell);
    shell.send(b"q");
    shell.wait_for_prompt("prompt>");
    shell.send(b"exit\r");
    shell.wait_exit();
}

#[test]
fn a_key_that_arrives_in_pieces_is_that_key() {
    let mut pty = demo(80, 24);
    wait_for_the_answer(&pty);
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
    let ran = Command::new(env!("CARGO_BIN_EXE_minions"))
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
    let program = env!("CARGO_BIN_EXE_minions");
    let mut pty = Pty::start(&[program, "demo"], (80, 24), &[("TERM", "dumb")]);
    assert_eq!(pty.wait_exit(), 0);
    assert!(String::from_utf8_lossy(&pty.sent()).contains("TERM"), "it says why there is no screen");
    assert!(!pty.sent().windows(2).any(|pair| pair == b"\x1b["), "no sequence is sent to it");
}
