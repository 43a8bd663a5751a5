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
    let settings =
        ["local.provider=llama-cpp", &model, "local.max_output_tokens=96", "local.threads=1", "protocol.max_rounds=1"];
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

/// A text of so many bytes, with headings, pages and a needle near its end.
fn long_document(folder: &std::path::Path, bytes: usize) -> String {
    let mut text = String::with_capacity(bytes + 4096);
    for section in 1.. {
        if text.len() >= bytes {
            break;
        }
        text.push_str(&format!("## {section}. Notes on Routes\n\n"));
        for line in 1..=40 {
            text.push_str(&format!(
                "Line {line} of section {section}: revenue of the northern routes rose by {line} million.\n"
            ));
        }
        text.push_str("\n\u{c}");
    }
    text.push_str("A needle stands here.\n");
    let path = folder.join("long.txt");
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

/// The text of the pane's title, the third row at this size.
fn title(screen: &vt100::Screen) -> String {
    screen.rows(0, screen.size().1.get()).nth(2).unwrap_or_default()
}

#[test]
fn a_long_document_is_gone_through_searched_and_listed_by_its_headings() {
    let folder = tempfile::tempdir().unwrap();
    let document = long_document(folder.path(), 10_000_000);
    let mut pty = Pty::start(&[env!("CARGO_BIN_EXE_minions"), "open", &document], (80, 24), &[]);
    pty.wait_for("What do you want to know?");
    pty.send(b"\x1b");
    pty.wait_until("the question to be left", RUN, |screen| !screen.contents().contains("want to know"));
    pty.send(b"1");
    pty.wait_until("all lines to be known", RUN, |screen| title(screen).contains(" lines"));
    pty.send(b"/needle\r");
    pty.wait_until("the match", RUN, |screen| {
        title(screen).contains("1 of 1") && screen.contents().contains("A needle stands here.")
    });
    pty.send(b"\x07");
    pty.wait_for("Go to");
    pty.send(b"p9999999\r");
    pty.wait_for("pages go from p1 to p");
    pty.send(b"\x15p100\r");
    pty.wait_until("page 100", RUN, |screen| title(screen).contains("p 100/"));
    pty.send(b"o");
    pty.wait_until("the headings", RUN, |screen| screen.contents().contains("enter go there"));
    pty.send(b"2000. Notes\r");
    pty.wait_until("section 2000", RUN, |screen| title(screen).contains("p 2000/"));
    // The last row of the map, in the last column but one: the end of the document.
    pty.send(b"\x1b[<0;79;21M\x1b[<0;79;21m");
    pty.wait_until("the end", RUN, |screen| title(screen).contains("100%"));
    pty.send(b"q");
    assert_eq!(pty.wait_exit(), 0);
    pty.assert_given_back();
}

#[test]
fn a_question_about_selected_lines_reads_those_alone() {
    let document = format!("{}/src/commands/samples/synthetic-patient-record.txt", env!("CARGO_MANIFEST_DIR"));
    let mut pty = Pty::start(&[env!("CARGO_BIN_EXE_minions"), "open", &document], (100, 30), &[]);
    pty.wait_for("What do you want to know?");
    pty.send(b"\x1b");
    pty.wait_until("the question to be left", RUN, |screen| !screen.contents().contains("want to know"));
    pty.send(b"1\x079\r");
    pty.wait_for("  9 OUTPATIENT LETTER");
    pty.send(b"vjjjjjjjj");
    pty.wait_for("lines 9–17");
    pty.send(b"a");
    pty.wait_for("of lines 9–17");
    pty.send("Why was lisinopril stopped?\r".as_bytes());
    wait_for_the_end(&pty);
    pty.send(b"1");
    pty.wait_for("asked of lines 9–17 only");
    pty.send(b"q");
    pty.wait_exit();
    pty.assert_given_back();
    sessions(&pty, &["verify", "last"]);
    let text = std::fs::read_to_string(&document).unwrap().replace("\r\n", "\n");
    let mut lines = text.split_inclusive('\n');
    let start: usize = lines.by_ref().take(8).map(str::len).sum();
    let end = start + lines.take(9).map(str::len).sum::<usize>();
    let read = spans_read(&pty);
    assert!(!read.is_empty());
    assert!(read.iter().all(|(from, to)| start <= *from && *to <= end), "{read:?} of {start}..{end}");
}

/// The state on the status line says how the run ended.
fn wait_for_the_end(pty: &Pty) {
    pty.wait_until("the run to end", RUN, |screen| {
        let columns = screen.size().1.get();
        let rows: Vec<String> = screen.rows(0, columns).collect();
        rows.iter().rev().take(3).any(|row| row.contains("answered") || row.contains("no answer"))
    });
}

/// The bytes of the chunks that the last session's jobs read.
fn spans_read(pty: &Pty) -> Vec<(usize, usize)> {
    let folder = pty.home().join("data/minions/sessions");
    let session = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).find(|path| path.is_dir());
    let journal = std::fs::read_to_string(session.unwrap().join("journal.jsonl")).unwrap();
    let records = journal.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let planned = records.filter(|record| record["fact"]["kind"] == "jobs_planned");
    let chunks: Vec<serde_json::Value> =
        planned.flat_map(|record| record["fact"]["chunks"].as_array().unwrap().clone()).collect();
    let bytes = |chunk: &serde_json::Value, end: &str| chunk["span"][end].as_u64().unwrap() as usize;
    chunks.iter().map(|chunk| (bytes(chunk, "start"), bytes(chunk, "end"))).collect()
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
