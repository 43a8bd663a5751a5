//! A run whose line drops, and others that follow and steer it.

use std::io::{Read, Write};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use crate::loopback::{Fault, Loopback, Reply};
use crate::planner::{Step, planner};
use crate::pty::{PROGRAM, Pty, environment};

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/commands/samples/synthetic-patient-record.txt");
const SIZE: (u16, u16) = (120, 30);

/// A run whose jobs never end.
pub async fn reading() -> (Loopback, Pty) {
    let server = Loopback::start(|_| Reply::text("").fault(Fault::Hang)).await;
    let address = format!("local.base_url={}", server.base_url());
    let settings = ["local.provider=openai", "local.model=reader", &address, "local.max_in_flight=2"];
    let pty = Pty::minions(&["open", DOCUMENT, "-q", "When was the last visit?"], &settings, SIZE);
    server.wait_for(|counts| counts.in_flight == 2).await;
    (server, pty)
}

/// Another terminal of the same person.
pub fn beside(pty: &Pty, arguments: &[&str]) -> Pty {
    beside_with(pty, arguments, &[])
}

/// The same with these variables.
pub fn beside_with(pty: &Pty, arguments: &[&str], variables: &[(&str, &str)]) -> Pty {
    let command: Vec<&str> = [PROGRAM].into_iter().chain(arguments.iter().copied()).collect();
    let data = pty.home().join("data");
    let data = [("XDG_DATA_HOME", data.to_str().unwrap())];
    Pty::start(&command, SIZE, &[&data[..], variables].concat())
}

/// Somebody who follows without a terminal, and what is printed.
fn transcript(pty: &Pty) -> (Child, ChildStdout) {
    let mut attach = Command::new(PROGRAM)
        .arg("attach")
        .env_clear()
        .envs(environment(pty.home()))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let out = attach.stdout.take().unwrap();
    (attach, out)
}

fn read_until(out: &mut ChildStdout, told: &mut String, text: &str) {
    let mut piece = [0; 4096];
    while !told.contains(text) {
        let count = out.read(&mut piece).unwrap();
        assert_ne!(count, 0, "{told}");
        told.push_str(&String::from_utf8_lossy(&piece[..count]));
    }
}

fn session(pty: &Pty) -> PathBuf {
    let mut sessions = std::fs::read_dir(pty.home().join("data/minions/sessions")).unwrap();
    sessions.find_map(|entry| entry.ok().map(|entry| entry.path()).filter(|path| path.is_dir())).unwrap()
}

/// A planner that takes its time, and the settings that name it.
pub async fn slow_planner() -> (Loopback, Vec<String>) {
    let planner = planner(|step, _| Some(step.good_reply().after(Duration::from_millis(300)))).await;
    let settings = settings_of(&planner);
    (planner, settings)
}

pub fn settings_of(planner: &Loopback) -> Vec<String> {
    vec![
        "remote.provider=openai".into(),
        "remote.model=m".into(),
        "remote.api_key_env=".into(),
        format!("remote.base_url={}", planner.base_url()),
    ]
}

pub fn ledger() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let lines: Vec<String> =
        (1..=20).map(|n| format!("Item {n} brought in {} dollars in that year.", 10_000 + n)).collect();
    std::fs::write(folder.path().join("ledger.txt"), lines.join("\n")).unwrap();
    folder
}

pub fn ask(folder: &tempfile::TempDir, settings: &[String]) -> Pty {
    let document = folder.path().join("ledger.txt");
    let settings: Vec<&str> = settings.iter().map(String::as_str).collect();
    let arguments = ["open", document.to_str().unwrap(), "-q", "What did item 7 bring in?"];
    Pty::minions(&arguments, &settings, SIZE)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_whose_line_drops_finishes_and_is_answered() {
    let (planner, settings) = slow_planner().await;
    let folder = ledger();
    let mut pty = tokio::task::block_in_place(|| ask(&folder, &settings));
    planner.wait_for(|counts| counts.in_flight == 1).await;
    tokio::task::block_in_place(|| {
        pty.hang_up();
        assert_eq!(pty.wait_exit(), 0, "it was answered");
        pty.said(&["sessions", "verify", "last"]);
        assert!(pty.said(&["sessions", "show", "last"]).contains("10007 dollars"));
        assert!(!session(&pty).join("control").exists(), "its socket is gone");
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_can_be_set_to_stop_when_the_line_drops() {
    let (planner, mut settings) = slow_planner().await;
    settings.push("sessions.on_hangup=stop".into());
    let folder = ledger();
    let mut pty = tokio::task::block_in_place(|| ask(&folder, &settings));
    planner.wait_for(|counts| counts.in_flight == 1).await;
    tokio::task::block_in_place(|| {
        pty.hang_up();
        pty.wait_exit();
        assert!(pty.said(&["sessions", "list", "--json"]).contains("cancelled"));
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_without_its_terminal_waits_at_the_budget_and_is_steered_by_who_attaches() {
    let (planner, mut settings) = slow_planner().await;
    for setting in ["remote.price_input=10", "remote.price_output=10", "remote.budget_usd=0.005"] {
        settings.push(setting.into());
    }
    let folder = ledger();
    tokio::task::block_in_place(|| {
        let mut pty = ask(&folder, &settings);
        pty.wait_for("The budget is reached");
        pty.hang_up();
        let mut other = beside(&pty, &["attach"]);
        other.wait_for("The budget is reached");
        other.send(b"r");
        other.wait_for("The new budget in dollars");
        other.send(&[0x7f; 12]);
        other.send(b"9\r");
        other.wait_until_shown("the answer", |shown| shown.contains("10007 dollars"));
        pty.wait_exit();
        pty.said(&["sessions", "verify", "last"]);
        other.quit();
    });
    assert!(planner.counts().requests >= 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_comes_so_the_session_is_left_open() {
    let (_planner, mut settings) = slow_planner().await;
    for setting in
        ["remote.price_input=10", "remote.price_output=10", "remote.budget_usd=0.005", "sessions.hangup_wait_s=1"]
    {
        settings.push(setting.into());
    }
    let folder = ledger();
    tokio::task::block_in_place(|| {
        let mut pty = ask(&folder, &settings);
        pty.wait_for("The budget is reached");
        // Who only reads what happens can answer nothing, and is not waited for.
        let (mut log, mut out) = transcript(&pty);
        let mut told = String::new();
        read_until(&mut out, &mut told, "budget");
        pty.hang_up();
        pty.wait_exit();
        out.read_to_string(&mut told).unwrap();
        assert_eq!(log.wait().unwrap().code(), Some(1), "{told}");
        let listed = pty.said(&["sessions", "list", "--json"]);
        assert!(listed.contains("\"ended\":null") || listed.contains("\"ended\": null"), "{listed}");
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn who_can_type_no_more_is_not_waited_for() {
    let (_planner, mut settings) = slow_planner().await;
    for setting in
        ["remote.price_input=10", "remote.price_output=10", "remote.budget_usd=0.005", "sessions.hangup_wait_s=1"]
    {
        settings.push(setting.into());
    }
    let folder = ledger();
    tokio::task::block_in_place(|| {
        let mut pty = ask(&folder, &settings);
        pty.wait_for("The budget is reached");
        let mut other = beside(&pty, &["attach", "--accessible"]);
        other.wait_for("Type o to");
        // The end of what is typed.
        other.send(b"\x04");
        other.wait_for("waits for you no longer");
        pty.hang_up();
        pty.wait_exit();
        other.wait_exit();
        let listed = pty.said(&["sessions", "list", "--json"]);
        assert!(listed.contains("\"ended\":null") || listed.contains("\"ended\": null"), "{listed}");
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_by_a_line_is_confirmed_once_the_other_process_took_it() {
    let (_server, mut pty) = reading().await;
    tokio::task::block_in_place(|| {
        let mut other = beside(&pty, &["attach", "--accessible"]);
        other.wait_for("jobs");
        other.send(b"h\r");
        other.wait_for("Pausing: what is under way finishes");
        other.wait_for("paused: what is under way finishes");
        // What says itself by words alone needs nobody to take it.
        other.send(b"j\r");
        other.wait_for("job 1.0: ");
        pty.signal(libc::SIGSTOP);
        let before = other.sent().len();
        other.send(b"g\r");
        other.send(b"j\r");
        other.wait_for_sent(before, "job 1.0: ");
        let told = String::from_utf8_lossy(&other.sent()[before..]).into_owned();
        assert!(!told.contains("Going on"), "nobody took it yet: {told}");
        pty.signal(libc::SIGCONT);
        other.wait_for_sent(before, "Going on.");
        other.send(b"q\r");
        assert_eq!(other.wait_exit(), 0);
        pty.send(b"X");
        pty.wait_for("Stop");
        pty.send(b"y");
        pty.wait_for_state("stopped");
        pty.send(b"q");
        pty.wait_exit();
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_comes_to_a_gate_or_to_agree_so_the_session_is_left_open_there() {
    let (planner, settings) = slow_planner().await;
    let soon = ["sessions.hangup_wait_s=1"];
    let at_gate = (["protocol.step=true"], "Gate 1");
    let whole = (["protocol.name=remote-only"], "whole document");
    for (setting, shown) in [at_gate, whole] {
        let settings: Vec<String> =
            settings.iter().cloned().chain(soon.into_iter().chain(setting).map(String::from)).collect();
        let folder = ledger();
        tokio::task::block_in_place(|| {
            let mut pty = ask(&folder, &settings);
            pty.wait_for(shown);
            pty.hang_up();
            pty.wait_exit();
            let listed = pty.said(&["sessions", "list", "--json"]);
            assert!(listed.contains("\"ended\":null") || listed.contains("\"ended\": null"), "{listed}");
        });
    }
    assert_eq!(planner.counts().requests, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn quitting_at_a_gate_leaves_the_session_open_and_says_how_to_go_on() {
    let (_planner, mut settings) = slow_planner().await;
    settings.push("protocol.step=true".into());
    let folder = ledger();
    tokio::task::block_in_place(|| {
        let mut pty = ask(&folder, &settings);
        pty.wait_for("Gate 1");
        pty.send(b"q");
        pty.wait_for("P gate");
        pty.send(b"q");
        pty.wait_exit();
        pty.wait_for_sent(0, "was left open: it waits at gate 1 (request)");
        let listed = pty.said(&["sessions", "list", "--json"]);
        assert!(listed.contains("\"ended\":null") || listed.contains("\"ended\": null"), "{listed}");
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn attached_screens_show_the_same_and_steer_and_leave_the_run_alone() {
    let (server, mut pty) = reading().await;
    tokio::task::block_in_place(|| {
        let (mut one, mut two) = (beside(&pty, &["attach"]), beside(&pty, &["attach", "last"]));
        for screen in [&mut one, &mut two, &mut pty] {
            screen.send(b"3");
        }
        for screen in [&one, &two] {
            screen.wait_until_shown("two jobs to run", |shown| shown.contains("2 running"));
            screen.wait_for("attached");
        }
        one.send(b"gx");
        for screen in [&one, &two, &pty] {
            screen.wait_until_shown("the cancelled job", |shown| shown.contains("1 cancelled"));
        }
        one.send(b"gR");
        for screen in [&one, &two, &pty] {
            screen.wait_until_gone("1 cancelled");
        }
        // Leaving asks nothing and stops nothing.
        two.send(b"q");
        assert_eq!(two.wait_exit(), 0);
        two.assert_given_back();
        assert!(String::from_utf8_lossy(&two.sent()).contains("goes on in its own process"));
        assert_eq!(server.counts().in_flight, 2);
        one.send(b"X");
        one.wait_for("Stop");
        one.send(b"y");
        for screen in [&one, &pty] {
            screen.wait_for_state("stopped");
        }
        one.send(b"q");
        one.wait_exit();
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_later_sees_the_reply_that_is_under_way() {
    let planner = planner(|step, _| {
        (step == Step::Advise)
            .then(|| Reply::text("Look for the line of the item.\n").in_writes_of(7).fault(Fault::HangAfterText))
    })
    .await;
    let settings = settings_of(&planner);
    let folder = ledger();
    tokio::task::block_in_place(|| {
        let mut pty = ask(&folder, &settings);
        pty.send(b"2");
        pty.wait_for("Look for the line of the item.");
        let mut other = beside(&pty, &["attach"]);
        other.send(b"2");
        other.wait_for("reply under way");
        other.wait_for("Look for the line of the item.");
        other.quit();
        pty.send(b"qy");
        pty.wait_exit();
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_terminal_the_transcript_is_printed_as_it_grows() {
    let (_server, mut pty) = reading().await;
    tokio::task::block_in_place(|| {
        let (mut attach, mut out) = transcript(&pty);
        let mut told = String::new();
        read_until(&mut out, &mut told, "jobs");
        pty.send(b"X");
        pty.wait_for("Stop");
        pty.send(b"y");
        out.read_to_string(&mut told).unwrap();
        assert!(told.contains("ended: "), "{told}");
        assert_eq!(attach.wait().unwrap().code(), Some(130));
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn that_the_process_was_killed_is_said() {
    let (_server, pty) = reading().await;
    tokio::task::block_in_place(|| {
        let mut other = beside(&pty, &["attach"]);
        other.wait_for("attached");
        pty.signal(libc::SIGKILL);
        other.wait_for("minions resume");
        other.send(b"qq");
        other.wait_exit();
        other.assert_given_back();
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_clients_change_nothing() {
    let (server, mut pty) = reading().await;
    let socket = session(&pty).join("control");
    let about = std::fs::symlink_metadata(&socket).unwrap();
    assert!(about.file_type().is_socket());
    assert_eq!(about.permissions().mode() & 0o777, 0o600);
    tokio::task::block_in_place(|| {
        let connect = || UnixStream::connect(&socket).unwrap();
        let mut garbage = connect();
        garbage.write_all(b"\x1b[2J nonsense\n{\"v\":9}\n").unwrap();
        let mut said = vec![0; 300];
        let count = garbage.read(&mut said).unwrap();
        assert!(String::from_utf8_lossy(&said[..count]).contains("no order"));
        // One that writes and writes is cut off.
        let mut endless = connect();
        let piece = vec![b'x'; 1 << 20];
        assert!((0..100).any(|_| endless.write_all(&piece).is_err()));
        // One that never reads, and orders much.
        let mut deaf = connect();
        deaf.set_write_timeout(Some(Duration::from_millis(200))).unwrap();
        for id in 0..20_000 {
            let line =
                format!("{{\"v\":1,\"id\":{id},\"do\":{{\"order\":{{\"order\":\"retry_jobs\",\"with\":[]}}}}}}\n");
            if deaf.write_all(line.as_bytes()).is_err() {
                break;
            }
        }
        let many: Vec<UnixStream> = (0..1000).filter_map(|_| UnixStream::connect(&socket).ok()).collect();
        assert!(!many.is_empty());
        drop((garbage, endless, deaf, many));
        pty.send(b"3gx");
        pty.wait_for("1 cancelled");
        let mut other = beside(&pty, &["attach"]);
        other.send(b"3");
        other.wait_until_shown("the same", |shown| shown.contains("1 cancelled") && shown.contains("attached"));
        pty.send(b"qy");
        pty.wait_exit();
        pty.said(&["sessions", "verify", "last"]);
    });
    server.wait_for(|counts| counts.in_flight == 0).await;
}

#[test]
fn where_nothing_runs_it_says_so() {
    let pty = Pty::minions(&["attach"], &[], SIZE);
    pty.wait_for("no session is running");
}
