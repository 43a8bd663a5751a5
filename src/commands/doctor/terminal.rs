//! What the terminal can show.

use std::io;

use super::Check;

/// Below this the workbench shows one line.
const SMALLEST: (u16, u16) = (20, 6);
/// Below this panes become tabs.
const ROOMY: (u16, u16) = (80, 24);

/// What was found of the terminal; where it comes from does not matter to the judgement.
#[derive(Clone, Debug, Default)]
struct Found {
    /// Columns and rows; absent where standard output is no terminal.
    size: Option<(u16, u16)>,
    term: Option<String>,
    colorterm: Option<String>,
    no_color: bool,
    locale: Option<String>,
    ssh: bool,
}

pub fn terminal(variable: impl Fn(&str) -> Option<String>) -> Vec<Check> {
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok().map(|s| (s.ws_col, s.ws_row));
    judge(&Found {
        size,
        term: variable("TERM"),
        colorterm: variable("COLORTERM"),
        no_color: variable("NO_COLOR").is_some(),
        // The first that is set decides, as in C's setlocale.
        locale: variable("LC_ALL").or_else(|| variable("LC_CTYPE")).or_else(|| variable("LANG")),
        ssh: variable("SSH_CONNECTION").is_some() || variable("SSH_TTY").is_some(),
    })
}

fn judge(found: &Found) -> Vec<Check> {
    vec![size(found), colours(found), characters(found), connection(found)]
}

fn size(found: &Found) -> Check {
    let term = found.term.as_deref().unwrap_or("not set");
    match found.size {
        None => {
            Check::warn("terminal", "standard output is no terminal", "start `minions` in a terminal for the workbench")
        }
        Some((columns, rows)) => {
            let detail = format!("{columns}x{rows}, TERM is {term}");
            if matches!(term, "dumb" | "not set") {
                Check::warn("terminal", detail, "set TERM to what your terminal is, such as xterm-256color")
            } else if columns < SMALLEST.0 || rows < SMALLEST.1 {
                Check::warn("terminal", detail, "make it larger: 80x24 shows everything")
            } else if columns < ROOMY.0 || rows < ROOMY.1 {
                Check::ok("terminal", format!("{detail}; panes show as tabs below 80x24"))
            } else {
                Check::ok("terminal", detail)
            }
        }
    }
}

fn colours(found: &Found) -> Check {
    let term = found.term.as_deref().unwrap_or_default();
    let colours = if found.no_color {
        "none, as NO_COLOR is set"
    } else if matches!(found.colorterm.as_deref(), Some("truecolor" | "24bit")) || term.contains("direct") {
        "16 million"
    } else if term.contains("256color") {
        "256"
    } else if matches!(term, "" | "dumb") || term.starts_with("vt") {
        "none"
    } else {
        "16"
    };
    Check::ok("colours", colours)
}

fn characters(found: &Found) -> Check {
    let locale = found.locale.as_deref().unwrap_or("not set");
    let plain = locale.to_lowercase().replace('-', "");
    if plain.contains("utf8") {
        return Check::ok("characters", format!("UTF-8 ({locale})"));
    }
    let advice = "set LANG to a UTF-8 locale such as C.UTF-8, or `screen.ascii = true`";
    Check::warn("characters", format!("the locale is {locale}, which is not UTF-8"), advice)
}

fn connection(found: &Found) -> Check {
    Check::ok("connection", if found.ssh { "over SSH: a third of the frames a second" } else { "this machine" })
}

#[cfg(test)]
mod tests {
    use super::super::Status;
    use super::*;

    fn good() -> Found {
        Found {
            size: Some((120, 40)),
            term: Some("xterm-256color".into()),
            locale: Some("en_US.UTF-8".into()),
            ..Found::default()
        }
    }

    #[test]
    fn an_ordinary_terminal_is_well() {
        assert!(judge(&good()).iter().all(|c| c.status == Status::Ok));
    }

    #[test]
    fn a_pipe_a_dumb_terminal_and_a_tiny_one_are_warned_of() {
        assert_eq!(size(&Found { size: None, ..good() }).status, Status::Warn);
        assert_eq!(size(&Found { term: Some("dumb".into()), ..good() }).status, Status::Warn);
        assert_eq!(size(&Found { size: Some((19, 40)), ..good() }).status, Status::Warn);
    }

    #[test]
    fn colours_are_told_from_the_environment() {
        assert_eq!(colours(&good()).detail, "256");
        assert_eq!(colours(&Found { colorterm: Some("truecolor".into()), ..good() }).detail, "16 million");
        assert_eq!(colours(&Found { no_color: true, ..good() }).detail, "none, as NO_COLOR is set");
        assert_eq!(colours(&Found { term: Some("xterm".into()), ..good() }).detail, "16");
    }

    #[test]
    fn a_locale_without_utf_8_is_warned_of() {
        assert_eq!(characters(&Found { locale: Some("C".into()), ..good() }).status, Status::Warn);
        assert_eq!(characters(&Found { locale: Some("C.utf8".into()), ..good() }).status, Status::Ok);
        assert_eq!(characters(&Found { locale: None, ..good() }).status, Status::Warn);
    }
}
