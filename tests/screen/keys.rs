//! Keys of one's own, the editor and the mouse, on a real terminal.

use std::fs;

use vt100::MouseProtocolMode;

use crate::pty::{PROGRAM, Pty, RUN};

fn demo(arguments: &[&str], variables: &[(&str, &str)]) -> Pty {
    let command = [&[PROGRAM, "demo"], arguments].concat();
    let pty = Pty::start(&command, (120, 40), variables);
    pty.wait_for_the_answer();
    pty
}

#[test]
fn a_sequence_shows_what_can_follow_and_does_its_action() {
    let mut pty = demo(&["--set", "keys.everywhere.help=g h"], &[]);
    pty.send(b"g");
    pty.wait_for("g then  h help");
    pty.send(b"h");
    pty.wait_for(" Keys ");
    pty.send(b"q");
    pty.quit();
}

#[test]
fn keys_change_with_their_file_and_a_clash_keeps_those_of_before() {
    let mut pty = demo(&[], &[]);
    let file = pty.home().join("minions.toml");
    fs::write(&file, "[keys.everywhere]\nhelp = \"K\"\n").unwrap();
    pty.wait_for("settings read again");
    pty.send(b"K");
    pty.wait_for(" Keys ");
    pty.send(b"q");
    fs::write(&file, "[keys.everywhere]\nhelp = \"K\"\nwrap = \"K\"\n").unwrap();
    pty.wait_for("settings kept as they were: minions.toml:3");
    pty.send(b"K");
    pty.wait_for(" Keys ");
    pty.send(b"q");
    pty.quit();
}

#[test]
fn keys_that_clash_are_refused_with_both_lines_before_the_screen_opens() {
    let script = format!("printf '[keys.jobs]\\nfilter = \"x\"\\nshow = \"x\"\\n' > minions.toml; {} demo", PROGRAM);
    let mut pty = Pty::start(&["sh", "-c", &script], (100, 30), &[]);
    assert_eq!(pty.wait_exit(), 2);
    pty.wait_for("minions.toml:3: `keys.jobs.show`: `x` does `filter` already, by minions.toml:2");
    assert!(!pty.sent().windows(2).any(|pair| pair == b"\x1b["), "no screen was opened");
}

#[test]
fn the_question_can_be_written_in_the_editor() {
    let mut pty = demo(&[], &[("EDITOR", "stty -a > modes.txt; printf ' in all?' >>")]);
    pty.send(b"aHow many\x07");
    pty.wait_for("How many in all?");
    let modes = fs::read_to_string(pty.home().join("modes.txt")).unwrap();
    assert!(
        modes.contains(" icanon") && modes.contains(" echo "),
        "the editor gets the terminal as a shell does: {modes}"
    );
    // The screen is whole again, and keys reach it.
    pty.wait_for("What do you want to know?");
    pty.send(b" Now\x03");
    pty.wait_until_gone("What do you want");
    pty.quit();
}

#[test]
fn ctrl_c_in_the_editor_is_the_editors_alone() {
    let editor = "sh -c 'trap \"touch trapped\" INT; echo EDITING; while ! test -e trapped; do sleep 0.05; done; \
                  printf \" in all?\" >> \"$1\"' -";
    let mut pty = demo(&[], &[("EDITOR", editor)]);
    pty.send(b"aHow many\x07");
    pty.wait_for("EDITING");
    pty.send(b"\x03");
    pty.wait_for("How many in all?");
    pty.wait_for("What do you want to know?");
    // A key that comes after it is answered: the screen did not take the interrupt for its own.
    pty.send(b" Now");
    pty.wait_for("How many in all? Now");
    pty.send(b"\x03");
    pty.wait_until_gone("What do you want");
    pty.quit();
}

#[test]
fn an_editor_that_fails_says_so_and_keeps_the_question() {
    let mut pty = demo(&[], &[("EDITOR", "false")]);
    pty.send(b"aHow many\x07");
    pty.wait_for("`false` failed (exit status: 1), the text is as it was; set EDITOR to another");
    pty.wait_for("How many");
    pty.send(b"\x03");
    pty.quit();
}

#[test]
fn a_paste_with_line_ends_and_sequences_is_text_and_submits_nothing() {
    let mut pty = demo(&[], &[]);
    pty.send(b"a\x1b[200~one\ntwo\r\nthree \x1b[31mred\x1b[201~");
    pty.wait_for("three [31mred");
    pty.wait_for("What do you want to know?");
    pty.send(b"\x03");
    pty.quit();
}

#[test]
fn the_mouse_can_be_left_to_the_terminal_by_a_key_and_by_a_setting() {
    let mut pty = demo(&["--set", "screen.mouse=false"], &[]);
    let taken = |screen: &vt100::Screen| screen.mouse_protocol_mode() != MouseProtocolMode::None;
    assert!(!String::from_utf8_lossy(&pty.sent()).contains("\x1b[?1000h"));
    pty.send(b"\x17m");
    pty.wait_until("the mouse to be taken", RUN, taken);
    pty.send(b"\x17m");
    pty.wait_until("the mouse to be given back", RUN, |screen| !taken(screen));
    pty.quit();
}

#[test]
fn a_copy_goes_to_a_file_where_the_terminal_has_no_clipboard() {
    let mut pty = demo(&[], &[("TERM", "linux")]);
    pty.send(b"4y");
    pty.wait_for("has no clipboard");
    let copied = fs::read_to_string(pty.home().join("state/minions/copied.txt")).unwrap();
    assert!(!copied.trim().is_empty());
    assert!(!String::from_utf8_lossy(&pty.sent()).contains("\x1b]52"), "nothing that the console would print");
    pty.quit();
}

#[test]
fn a_copy_goes_to_a_file_too_where_tmux_does_not_say_that_it_has_it() {
    let mut pty = demo(&[], &[("TERM", "tmux-256color"), ("TMUX", "/nowhere/tmux,1,0")]);
    pty.send(b"4y");
    pty.wait_for("allows it, and to");
    let copied = fs::read_to_string(pty.home().join("state/minions/copied.txt")).unwrap();
    assert!(!copied.trim().is_empty());
    let sent = pty.sent();
    let sent = String::from_utf8_lossy(&sent);
    assert!(sent.contains("\x1b]52;c;") && sent.contains("\x1bPtmux;\x1b\x1b]52;c;"));
    pty.quit();
}

#[test]
fn a_theme_is_read_again_when_its_file_changes_and_a_bad_edit_keeps_it() {
    let script = format!(
        "mkdir -p config/minions/themes; printf 'name = \"mine\"\\ninherits = \"dark\"\\n' > config/minions/themes/mine.toml; \
         exec {} demo --set screen.theme=mine",
        PROGRAM
    );
    let pty = Pty::start(&["sh", "-c", &script], (120, 40), &[("COLORTERM", "truecolor")]);
    pty.wait_for_the_answer();
    let file = pty.home().join("config/minions/themes/mine.toml");
    fs::write(&file, "name = \"mine\"\ninherits = \"dark\"\n[palette]\npaper = \"#010203\"\n").unwrap();
    pty.wait_for("theme mine read again");
    assert!(String::from_utf8_lossy(&pty.sent()).contains("48;2;1;2;3"));
    fs::write(&file, "name = \"mine\"\n[roles]\ntxet = {}\n").unwrap();
    pty.wait_for("theme kept as it was");
    pty.wait_for("mine.toml:3: there is no role `txet`");
    pty.quit();
}

#[test]
fn a_theme_that_cannot_be_read_is_told_of_and_the_usual_one_is_shown() {
    let script = format!(
        "mkdir -p config/minions/themes; printf '[roles]\\ntext = 3\\n' > config/minions/themes/mine.toml; \
         exec {PROGRAM} demo --set screen.theme=mine"
    );
    let pty = Pty::start(&["sh", "-c", &script], (200, 40), &[]);
    pty.wait_for("mine.toml:2: ");
    let file = pty.home().join("config/minions/themes/mine.toml");
    fs::write(&file, "inherits = \"dark\"\n[roles]\ntext = \"#010203\"\n").unwrap();
    pty.wait_for("theme mine read again");
    pty.wait_for_the_answer();
    pty.quit();
}

#[test]
fn a_key_paints_the_screen_anew() {
    let mut pty = demo(&[], &[]);
    let before = pty.sent().len();
    pty.send(b"\x0c");
    pty.wait_for_sent(before, "Document");
    pty.quit();
}
