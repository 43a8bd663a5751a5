//! `minions themes`: each theme in its own colours, where standard output shows colours.

use std::fmt::Write;

use clap::ColorChoice;
use serde_json::{Value, json};

use super::{Exit, Failure, print, screen};
use crate::config::Loaded;
use crate::document::escape::visible_lines;
use crate::term::{Capabilities, painted};
use crate::view::{Depth, Role, Theme, Themes};

pub fn themes(loaded: &Loaded, as_json: bool, color: ColorChoice) -> Result<Exit, Failure> {
    let (themes, chosen) = (screen::themes(), &loaded.config.screen.theme);
    if as_json {
        let rows: Vec<Value> = themes.names().iter().map(|name| as_value(&themes, name, chosen)).collect();
        print(&format!("{}\n", serde_json::to_string_pretty(&rows)?))?;
        return Ok(Exit::Success);
    }
    let capabilities = Capabilities::detect();
    let depth = match capabilities.stdout_is_terminal || color == ColorChoice::Always {
        true => screen::depth(&capabilities, color),
        false => Depth::None,
    };
    print(&listed(&themes, chosen, depth))?;
    Ok(Exit::Success)
}

fn as_value(themes: &Themes, name: &str, chosen: &str) -> Value {
    let wrong = themes.load(name, Depth::None).err().map(|error| error.to_string());
    json!({"name": name, "chosen": name == chosen, "file": themes.file(name), "error": wrong})
}

fn listed(themes: &Themes, chosen: &str, depth: Depth) -> String {
    let names = themes.names();
    let wide = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    let mut out = String::new();
    for name in &names {
        let mark = if name == chosen { '*' } else { ' ' };
        let file = themes.file(name).map(|file| format!("  {}", file.display())).unwrap_or_default();
        let told = match themes.load(name, depth) {
            Ok(theme) if depth != Depth::None => format!("{}{}", preview(&theme), visible_lines(&file)),
            Ok(_) => visible_lines(&file).into_owned(),
            Err(error) => visible_lines(&format!("  {error}")).into_owned(),
        };
        // Writing into a String cannot fail.
        let line = format!("{mark} {name:wide$}{told}");
        let _ = writeln!(out, "{}", line.trim_end());
    }
    let folder = themes.folder.as_ref().map(|folder| format!(" in {}", folder.display())).unwrap_or_default();
    let hint =
        format!("Set one with screen.theme. A theme of your own is a file NAME.toml{folder}, or any file by its path.");
    out.push_str(&visible_lines(&hint));
    out.push('\n');
    out
}

/// The roles that are seen most, on the grounds they stand on.
const SHOWN: [(Role, &str); 12] = [
    (Role::Heading, "Heading"),
    (Role::Text, "text"),
    (Role::Dim, "dim"),
    (Role::Accent, "accent"),
    (Role::Good, "good"),
    (Role::Warning, "warning"),
    (Role::Bad, "bad"),
    (Role::Quote, "quote"),
    (Role::Key, "key"),
    (Role::TintCited, "cited"),
    (Role::TintLeft, "left"),
    (Role::Highlight, "highlight"),
];

fn preview(theme: &Theme) -> String {
    let gap = painted(" ", theme.base());
    let words: Vec<String> =
        SHOWN.iter().map(|(role, word)| painted(word, theme.base().patch(theme.style(*role)))).collect();
    format!("  {gap}{}{gap}", words.join(&gap))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_theme_is_shown_in_its_own_colours_or_by_name_alone() {
        let plain = listed(&Themes::default(), "light", Depth::None);
        assert!(
            !plain.contains('\x1b') && plain.contains("\n* light\n") && plain.contains("  gruvbox-dark\n"),
            "{plain}"
        );
        let coloured = listed(&Themes::default(), "light", Depth::True);
        assert!(coloured.contains("\x1b[") && coloured.contains("48;2;40;40;40"), "{coloured:?}");
        let wide: Vec<usize> = coloured.lines().map(|line| line.matches("highlight").count()).collect();
        assert_eq!(wide, [1, 1, 1, 1, 1, 1, 0]);
    }

    #[test]
    fn a_file_that_is_no_theme_is_listed_with_what_is_wrong() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("mine.toml"), "name = \"mine\"\n[roles]\ntxet = {}\n").unwrap();
        let themes = Themes { folder: Some(folder.path().into()) };
        let told = listed(&themes, "dark", Depth::True);
        assert!(told.contains("mine.toml:3: there is no role `txet`"), "{told}");
    }
}
