//! What the terminal can show, read from the environment: no query is sent, so nothing waits for a reply.

use std::io::IsTerminal;

use super::TermError;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ColourDepth {
    /// Bold, reverse and underline only.
    None,
    Ansi16,
    Ansi256,
    TrueColour,
}

/// The program between this one and the terminal, which some sequences must be passed through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Multiplexer {
    None,
    Tmux,
    Screen,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// The value of TERM; empty where it is not set.
    pub term: String,
    pub colour: ColourDepth,
    /// The locale says UTF-8; draw with ASCII twins where it does not.
    pub unicode: bool,
    /// The terminal is at the other end of a network.
    pub ssh: bool,
    pub multiplexer: Multiplexer,
    /// Frames may be bracketed as one synchronized update (mode 2026). Terminals ignore modes they do not know; this
    /// is false only for those known to print them.
    pub synchronized: bool,
    /// It may copy by OSC 52; false only for those known not to.
    pub clipboard: bool,
    pub stdin_is_terminal: bool,
    pub stdout_is_terminal: bool,
}

impl Capabilities {
    /// Those of the terminal this process runs in.
    pub fn detect() -> Self {
        let mut found = Self::of(|name| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned()));
        found.stdin_is_terminal = std::io::stdin().is_terminal();
        found.stdout_is_terminal = std::io::stdout().is_terminal();
        found
    }

    /// What the environment says; both streams count as terminals.
    pub fn of(environment: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| environment(name).filter(|value| !value.is_empty());
        let term = set("TERM").unwrap_or_default();
        let multiplexer = if set("TMUX").is_some() {
            Multiplexer::Tmux
        } else if set("STY").is_some() {
            Multiplexer::Screen
        } else {
            Multiplexer::None
        };
        Self {
            colour: colour_depth(&term, multiplexer, &set),
            // The Linux console's font has letters and lines, and none of the other signs.
            unicode: is_utf8(&set) && term != "linux",
            ssh: set("SSH_CONNECTION").is_some() || set("SSH_TTY").is_some(),
            multiplexer,
            synchronized: !prints_unknown_modes(&term),
            clipboard: has_clipboard(&term, multiplexer, &set),
            stdin_is_terminal: true,
            stdout_is_terminal: true,
            term,
        }
    }

    /// Whether a full screen can be drawn. Standard input may be a pipe (a document comes in by it): keys are then
    /// read from the controlling terminal.
    pub fn full_screen(&self) -> Result<(), TermError> {
        if !self.stdout_is_terminal {
            return Err(TermError::NotATerminal("standard output"));
        }
        if self.term.is_empty() || self.term == "dumb" || self.term == "unknown" {
            return Err(TermError::Dumb(self.term.clone()));
        }
        Ok(())
    }

    /// Frames a second at most: over SSH a third of what is set, for a slow link fills up unseen.
    pub fn frame_rate(&self, set: u32) -> u32 {
        let rate = if self.ssh { set / 3 } else { set };
        rate.max(1)
    }
}

/// The size of the terminal in columns and rows, or None where it does not say.
pub(super) fn terminal_size() -> Option<(u16, u16)> {
    // Not `terminal::size`, which starts the program `tput` where the terminal does not answer.
    let size = crossterm::terminal::window_size().ok()?;
    (size.columns > 0 && size.rows > 0).then_some((size.columns, size.rows))
}

/// The columns of the terminal, or None where it does not say.
pub fn columns() -> Option<u16> {
    terminal_size().map(|(columns, _)| columns)
}

/// NO_COLOR as in no-color.org, COLORTERM as in termstandard/colors, then what TERM is known to mean.
fn colour_depth(term: &str, multiplexer: Multiplexer, set: &impl Fn(&str) -> Option<String>) -> ColourDepth {
    if set("NO_COLOR").is_some() || term.is_empty() || term == "dumb" {
        return ColourDepth::None;
    }
    // GNU screen hands the outer COLORTERM on but cuts 24-bit colours off.
    let passes_24_bit = multiplexer != Multiplexer::Screen;
    let says_24_bit = set("COLORTERM").is_some_and(|value| value == "truecolor" || value == "24bit");
    let known = ["kitty", "alacritty", "ghostty", "wezterm", "foot", "contour"];
    if passes_24_bit && (says_24_bit || term.ends_with("-direct") || known.iter().any(|name| term.contains(name))) {
        return ColourDepth::TrueColour;
    }
    if says_24_bit || term.contains("256color") {
        return ColourDepth::Ansi256;
    }
    let monochrome = ["vt100", "vt102", "vt220", "vt320"];
    if monochrome.contains(&term) || term.ends_with("-m") || term.ends_with("-mono") {
        return ColourDepth::None;
    }
    ColourDepth::Ansi16
}

/// The first of LC_ALL, LC_CTYPE and LANG that is set decides, as POSIX has it.
fn is_utf8(set: &impl Fn(&str) -> Option<String>) -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| set(name)).unwrap_or_default();
    let locale = locale.to_ascii_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}

/// The Linux console has no clipboard; Terminal.app and those of VTE have one that programs do not reach. What stands
/// between here and them may copy by itself.
fn has_clipboard(term: &str, multiplexer: Multiplexer, set: &impl Fn(&str) -> Option<String>) -> bool {
    let console = term == "linux" || prints_unknown_modes(term);
    let closed = set("TERM_PROGRAM").is_some_and(|name| name == "Apple_Terminal") || set("VTE_VERSION").is_some();
    !console && (multiplexer != Multiplexer::None || !closed)
}

fn prints_unknown_modes(term: &str) -> bool {
    ["vt52", "vt100", "vt102", "vt220", "vt320", "cons25", "sun"].contains(&term)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(variables: &[(&str, &str)]) -> Capabilities {
        Capabilities::of(|name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn colours_are_as_many_as_the_terminal_shows() {
        let table: [(&[(&str, &str)], ColourDepth); 11] = [
            (&[("TERM", "xterm-256color"), ("COLORTERM", "truecolor")], ColourDepth::TrueColour),
            (&[("TERM", "xterm"), ("COLORTERM", "24bit")], ColourDepth::TrueColour),
            (&[("TERM", "xterm-kitty")], ColourDepth::TrueColour),
            (&[("TERM", "xterm-256color")], ColourDepth::Ansi256),
            (&[("TERM", "tmux-256color"), ("TMUX", "/tmp/t,1,0")], ColourDepth::Ansi256),
            (&[("TERM", "screen"), ("STY", "1.tty"), ("COLORTERM", "truecolor")], ColourDepth::Ansi256),
            (&[("TERM", "linux")], ColourDepth::Ansi16),
            (&[("TERM", "vt100")], ColourDepth::None),
            (&[("TERM", "xterm-kitty"), ("NO_COLOR", "1")], ColourDepth::None),
            (&[("TERM", "xterm"), ("NO_COLOR", "")], ColourDepth::Ansi16),
            (&[], ColourDepth::None),
        ];
        for (variables, depth) in table {
            assert_eq!(with(variables).colour, depth, "{variables:?}");
        }
    }

    #[test]
    fn glyphs_are_ascii_unless_the_locale_says_utf_8() {
        assert!(with(&[("LANG", "en_US.UTF-8")]).unicode);
        assert!(with(&[("LANG", "C"), ("LC_CTYPE", "C.utf8")]).unicode);
        assert!(with(&[("LC_ALL", ""), ("LANG", "de_DE.UTF-8")]).unicode);
        assert!(!with(&[("LC_ALL", "C"), ("LANG", "en_US.UTF-8")]).unicode);
        assert!(!with(&[]).unicode);
        assert!(!with(&[("TERM", "linux"), ("LANG", "en_US.UTF-8")]).unicode, "the font of the Linux console");
    }

    #[test]
    fn a_dumb_terminal_or_none_is_refused_in_one_sentence() {
        let dumb = with(&[("TERM", "dumb")]).full_screen().unwrap_err().to_string();
        assert!(dumb.contains("`dumb`") && dumb.contains("minions run"), "{dumb}");
        assert!(with(&[]).full_screen().is_err());
        let mut piped = with(&[("TERM", "xterm")]);
        assert!(piped.full_screen().is_ok());
        piped.stdin_is_terminal = false;
        assert!(piped.full_screen().is_ok(), "a document may come in by a pipe");
        piped.stdout_is_terminal = false;
        assert!(piped.full_screen().unwrap_err().to_string().contains("standard output is no terminal"));
    }

    #[test]
    fn a_terminal_known_to_have_no_clipboard_is_not_asked_to_copy() {
        assert!(with(&[("TERM", "xterm-256color")]).clipboard);
        assert!(!with(&[("TERM", "linux")]).clipboard);
        assert!(!with(&[("TERM", "xterm-256color"), ("TERM_PROGRAM", "Apple_Terminal")]).clipboard);
        assert!(!with(&[("TERM", "xterm-256color"), ("VTE_VERSION", "7600")]).clipboard);
        let in_tmux = [("TERM", "tmux-256color"), ("TMUX", "/tmp/t,1,0"), ("VTE_VERSION", "7600")];
        assert!(with(&in_tmux).clipboard);
    }

    #[test]
    fn frames_over_ssh_are_a_third() {
        assert_eq!(with(&[]).frame_rate(30), 30);
        assert_eq!(with(&[("SSH_CONNECTION", "10.0.0.1 1 10.0.0.2 22")]).frame_rate(30), 10);
        assert_eq!(with(&[("SSH_TTY", "/dev/pts/3")]).frame_rate(1), 1);
    }
}
