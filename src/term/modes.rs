//! The modes the workbench sets on a terminal and the way back, each as one sequence of bytes.
//!
//! Formats: xterm control sequences, "DEC Private Mode Set"; mode 2026: synchronized output.

use std::fmt;

use crossterm::Command;
use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::event::{DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste};
use crossterm::style::ResetColor;
use crossterm::terminal::{Clear, ClearType, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen};

/// Presses, drags and the wheel with SGR coordinates. Crossterm's own command also asks for every movement of the
/// mouse (mode 1003), which nothing here needs and which fills a slow link.
struct EnableMouse;

impl Command for EnableMouse {
    fn write_ansi(&self, f: &mut impl fmt::Write) -> fmt::Result {
        f.write_str("\x1b[?1000h\x1b[?1002h\x1b[?1006h")
    }
}

/// Beyond any terminal's rows: the cursor stops at the last one (ECMA-48, CUP). Not the greatest number, to which crossterm
/// adds one.
const LAST_ROW: u16 = 9_998;

/// What is sent when the screen is entered.
pub(super) fn enter(mouse: bool) -> String {
    let mut sequence = String::new();
    add(&mut sequence, EnterAlternateScreen);
    add(&mut sequence, Clear(ClearType::All));
    add(&mut sequence, Hide);
    add(&mut sequence, EnableBracketedPaste);
    if mouse {
        add(&mut sequence, EnableMouse);
    }
    sequence
}

/// What is sent when the mouse is given to the terminal, or taken back, while the screen is up.
pub(super) fn mouse(on: bool) -> String {
    let mut sequence = String::new();
    match on {
        true => add(&mut sequence, EnableMouse),
        false => add(&mut sequence, DisableMouseCapture),
    }
    sequence
}

/// What is sent when it is left, however far entering came and wherever in a frame it stopped: all of it is harmless
/// where it was never set.
pub(super) fn leave() -> String {
    let mut sequence = String::new();
    add(&mut sequence, EndSynchronizedUpdate);
    add(&mut sequence, DisableMouseCapture);
    add(&mut sequence, DisableBracketedPaste);
    add(&mut sequence, ResetColor);
    // Where there is no alternate screen (GNU screen has none unless told), the shell goes on below what was drawn.
    add(&mut sequence, MoveTo(0, LAST_ROW));
    add(&mut sequence, Clear(ClearType::CurrentLine));
    add(&mut sequence, LeaveAlternateScreen);
    add(&mut sequence, Show);
    sequence
}

fn add(sequence: &mut String, command: impl Command) {
    // Writing into a String cannot fail.
    let _ = command.write_ansi(sequence);
}

#[cfg(test)]
mod tests {
    use vt100::{MouseProtocolEncoding, MouseProtocolMode, Parser};

    use super::*;

    #[test]
    fn leaving_undoes_all_that_entering_did_even_in_the_middle_of_a_frame() {
        for mouse in [true, false] {
            let mut terminal = Parser::default();
            terminal.process(b"$ minions demo\r\n");
            terminal.process(enter(mouse).as_bytes());
            let entered = terminal.screen().clone();
            assert!(entered.alternate_screen() && entered.hide_cursor() && entered.bracketed_paste());
            let expected = if mouse { MouseProtocolMode::ButtonMotion } else { MouseProtocolMode::None };
            assert_eq!(entered.mouse_protocol_mode(), expected);

            terminal.process(b"\x1b[?2026h\x1b[31;1mhalf a fra");
            terminal.process(leave().as_bytes());
            let left = terminal.screen();
            assert!(!left.alternate_screen() && !left.hide_cursor() && !left.bracketed_paste());
            assert_eq!(left.mouse_protocol_mode(), MouseProtocolMode::None);
            assert_eq!(left.mouse_protocol_encoding(), MouseProtocolEncoding::Default);
            assert_eq!((left.fgcolor(), left.bold()), (vt100::Color::Default, false));
            assert!(left.contents().starts_with("$ minions demo"), "the shell's screen is back");
        }
    }

    #[test]
    fn without_an_alternate_screen_the_shell_goes_on_on_a_line_of_its_own() {
        let mut terminal = Parser::default();
        terminal.process(b"\x1b[24;1Hq quit\x1b[5;9H");
        terminal.process(leave().replace("\x1b[?1049l", "").as_bytes());
        assert_eq!(terminal.screen().cursor_position(), (23, 0));
        assert_eq!(terminal.screen().contents().trim(), "");
    }

    #[test]
    fn no_sequence_sets_the_title() {
        assert!(!enter(true).contains("\x1b]") && !leave().contains("\x1b]"));
    }
}
