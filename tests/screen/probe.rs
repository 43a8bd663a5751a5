//! The terminal room by itself on a real terminal: this test program starts itself again as a small full-screen program
//! that shows what it is told and fails on demand.

use std::time::Duration;

use futures_util::StreamExt;
use minions::app::{Key, KeyCode};
use minions::term::{Capabilities, FrameLimiter, Options, Pump, Signal, TermEvent, Terminal, Turn, signals};

use crate::pty::Pty;

const PROBE: &str = "MINIONS_TERMINAL_PROBE";

/// Nothing by itself; the full-screen program when it is started again by the tests below.
#[test]
fn probe() {
    if let Some(log) = std::env::var_os(PROBE) {
        let log = std::fs::File::create(log).unwrap();
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(run(log));
    }
}

enum Input {
    Term(TermEvent),
    Signal(Signal),
}

async fn run(log: std::fs::File) {
    let options = Options { mouse: true, stderr: Some(log) };
    let (mut terminal, mut events) = Terminal::enter(Capabilities::detect(), options).unwrap();
    let mut signals = signals().unwrap();
    let mut pump = Pump::new(FrameLimiter::new(30));
    let mut last = String::from("ready");
    loop {
        let mut inputs =
            futures_util::stream::select(events.by_ref().map(Input::Term), signals.by_ref().map(Input::Signal));
        match pump.next(&mut inputs).await {
            Turn::Ended => break,
            Turn::Draw => {
                let begun = pump.now();
                terminal.measure();
                terminal
                    .draw(|frame| {
                        let size = format!("size {}x{}", frame.area().width, frame.area().height);
                        frame.render_widget(format!("{size}\n{last}"), frame.area());
                    })
                    .unwrap();
                pump.drawn(begun);
            }
            Turn::Events(batch) => {
                for input in batch {
                    let key = match input {
                        Input::Signal(Signal::Continued) => {
                            terminal.continued().unwrap();
                            last = "woken".into();
                            None
                        }
                        Input::Signal(signal) => {
                            drop(inputs);
                            terminal.leave(events).unwrap();
                            println!("ended by {signal:?}");
                            return;
                        }
                        Input::Term(TermEvent::Key(key)) => Some(key),
                        Input::Term(event) => {
                            last = format!("event {event:?}");
                            None
                        }
                    };
                    match key {
                        None => {}
                        Some(Key { code: KeyCode::Char('q'), .. }) => {
                            drop(inputs);
                            return terminal.leave(events).unwrap();
                        }
                        Some(Key { code: KeyCode::Char('p'), .. }) => panic!("asked to panic"),
                        Some(Key { code: KeyCode::Char('t'), .. }) => {
                            std::thread::spawn(|| panic!("a thread was asked to panic")).join().unwrap_err();
                            last = "thread panicked".into();
                        }
                        Some(Key { code: KeyCode::Char('z'), ctrl: true, .. }) => {
                            drop(inputs);
                            events = terminal.suspend(events).unwrap();
                            break;
                        }
                        Some(key) => last = format!("key {key}"),
                    }
                }
                pump.changed();
            }
        }
    }
}

fn command() -> [String; 5] {
    let program = std::env::current_exe().unwrap();
    let program = program.to_str().unwrap().to_owned();
    [program, "--exact".into(), "probe::probe".into(), "--nocapture".into(), "--test-threads=1".into()]
}

fn start() -> Pty {
    let pty = Pty::start(&command(), (80, 24), &[(PROBE, "log")]);
    pty.wait_for("ready");
    pty
}

fn log(pty: &Pty) -> String {
    std::fs::read_to_string(pty.home().join("log")).unwrap()
}

#[test]
fn a_screen_that_is_left_gives_the_terminal_back() {
    let mut pty = start();
    pty.send(b"q");
    assert_eq!(pty.wait_exit(), 0);
    pty.assert_given_back();
}

#[test]
fn a_panic_gives_the_terminal_back_and_its_message_is_read_there() {
    let mut pty = start();
    pty.send(b"p");
    assert_ne!(pty.wait_exit(), 0);
    pty.assert_given_back();
    pty.wait_for("asked to panic");
}

#[test]
fn a_panic_on_another_thread_leaves_the_screen_alone_and_is_logged() {
    let mut pty = start();
    pty.send(b"t");
    pty.wait_for("thread panicked");
    assert!(log(&pty).contains("a thread was asked to panic"));
    pty.send(b"q");
    assert_eq!(pty.wait_exit(), 0);
    pty.assert_given_back();
    assert!(!String::from_utf8_lossy(&pty.sent()).contains("asked to panic"));
}

#[test]
fn signals_end_the_screen_and_give_the_terminal_back() {
    for (signal, name) in [(libc::SIGTERM, "Terminate"), (libc::SIGHUP, "HangUp"), (libc::SIGINT, "Interrupt")] {
        let mut pty = start();
        pty.signal(signal);
        assert_eq!(pty.wait_exit(), 0);
        pty.assert_given_back();
        pty.wait_for(&format!("ended by {name}"));
    }
}

#[test]
fn a_vanished_terminal_ends_the_screen() {
    let mut pty = start();
    pty.hang_up();
    pty.wait_exit();
}

#[test]
fn keys_clicks_and_pastes_arrive_in_our_words() {
    let mut pty = start();
    for (bytes, shown) in [
        (&b"g"[..], "key g"),
        (b"G", "key G"),
        (b"\x03", "key ctrl-c"),
        (b"\x1b[1;2A", "key shift-up"),
        (b"\x1b[Z", "key backtab"),
        ("é".as_bytes(), "key é"),
        (b"\x1b[<0;5;3M", "Press(Left), column: 4, row: 2"),
        (b"\x1b[<64;5;3M", "ScrollUp"),
        (b"\x1b[200~q\rp\x1b[201~", r#"Paste("q\np")"#),
        (b"\x1b", "key esc"),
    ] {
        pty.send(bytes);
        pty.wait_for(shown);
    }
    pty.send(b"q");
    assert_eq!(pty.wait_exit(), 0);
}

#[test]
fn a_sequence_in_pieces_is_one_key() {
    for pieces in [&[&b"\x1b"[..], b"[6~"][..], &[b"\x1b[", b"6~"], &[b"\x1b[6", b"~"]] {
        let mut pty = start();
        for piece in pieces {
            pty.send(piece);
        }
        pty.wait_for("key pgdn");
        pty.send(b"q");
        assert_eq!(pty.wait_exit(), 0);
    }
}

#[test]
fn a_sequence_that_never_ends_does_not_stop_the_screen() {
    let mut pty = start();
    pty.send(b"\x1b[");
    pty.resize(40, 12);
    pty.signal(libc::SIGTERM);
    assert_eq!(pty.wait_exit(), 0);
    pty.assert_given_back();
}

#[test]
fn the_frame_after_a_resize_has_the_new_size() {
    let mut pty = start();
    for (columns, rows) in [(120, 40), (20, 6), (200, 60), (80, 24)] {
        pty.resize(columns, rows);
        pty.wait_for(&format!("size {columns}x{rows}"));
    }
    pty.send(b"q");
    assert_eq!(pty.wait_exit(), 0);
}

#[test]
fn one_key_is_few_bytes_and_a_key_that_changes_nothing_none() {
    let mut pty = start();
    pty.send(b"g");
    pty.wait_for("key g");
    let before = pty.sent().len();
    pty.send(b"g");
    pty.send(b"h");
    pty.wait_for("key h");
    let frame = pty.sent().len() - before;
    assert!(frame <= 64, "{frame} bytes for one key");
    pty.send(b"q");
    assert_eq!(pty.wait_exit(), 0);
}

#[test]
fn ctrl_z_gives_the_shell_back_and_fg_the_screen() {
    let mut shell = Pty::start(&["sh", "-i"], (80, 24), &[("PS1", "prompt> "), (PROBE, "log")]);
    shell.wait_for("prompt>");
    shell.send(format!("{}\r", command().join(" ")).as_bytes());
    shell.wait_for("ready");
    shell.send(b"\x1a");
    shell.wait_for("Stopped");
    shell.wait_for_given_back();
    // The shell gets every key typed now.
    shell.send(b"echo not-$((40+2))-lost\r");
    shell.wait_for("not-42-lost");
    shell.send(b"fg\r");
    shell.wait_for("woken");
    shell.send(b"g");
    shell.wait_for("key g");
    shell.send(b"q");
    shell.wait_for_prompt("prompt>");
    shell.send(b"exit\r");
    shell.wait_exit();
}

#[test]
fn a_process_stopped_from_outside_takes_the_terminal_again() {
    let mut pty = start();
    pty.signal(libc::SIGSTOP);
    pty.signal(libc::SIGCONT);
    pty.wait_for("woken");
    let entered = pty.sent().windows(8).filter(|bytes| bytes == b"\x1b[?1049h").count();
    assert_eq!(entered, 2);
    pty.send(b"q");
    assert_eq!(pty.wait_exit(), 0);
    pty.assert_given_back();
}

#[test]
fn a_dumb_terminal_gets_one_sentence_and_no_sequence() {
    let mut pty = Pty::start(&command(), (80, 24), &[(PROBE, "log"), ("TERM", "dumb")]);
    pty.wait_until("the refusal", Duration::from_secs(30), |screen| screen.contents().contains("dumb"));
    assert_ne!(pty.wait_exit(), 0);
    assert!(!pty.sent().contains(&0x1b));
}
