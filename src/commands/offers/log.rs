//! The last lines of the log, newest first, and what libraries printed.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::{Outlet, failed};
use crate::app::PickerNews;
use crate::app::picker::{Choice, Group, PickerRow, Standing};
use crate::config::Folders;

/// How much of a file's end is read, in bytes, and how many lines of it are listed.
const TAIL: u64 = 256 * 1024;
const LINES: usize = 1_000;
/// A line is kept this long. In characters.
const LONGEST: usize = 2_000;

const QUIET: &str = "no line yet; MINIONS_LOG=info or debug, set before the start, logs more";

pub(super) fn fill(outlet: &Outlet) {
    let groups = match Folders::of_process().map(|folders| folders.log()) {
        None => vec![of("", Vec::new(), failed("there is no home folder to keep a log in"))],
        Some(folder) => groups(&folder),
    };
    outlet.push(PickerNews::Groups(groups));
}

fn groups(folder: &Path) -> Vec<Group> {
    let newest = newest(folder).unwrap_or_default();
    let name = newest.as_ref().map_or("the log".into(), |path| path.display().to_string());
    let log = match newest.map_or(Ok(String::new()), |path| tail(&path)) {
        Ok(text) => entries(&text),
        Err(error) => return vec![of(&name, Vec::new(), failed(format!("{name} cannot be read: {error}")))],
    };
    let standing = if log.is_empty() { Standing::Told(QUIET.into()) } else { Standing::Whole };
    let mut groups = vec![of(&name, log.iter().rev().take(LINES).map(row).collect(), standing)];
    let printed = tail(&folder.join("stderr.log")).unwrap_or_default();
    let printed: Vec<Entry> = printed.lines().map(|line| Entry { text: line.into(), ..Entry::default() }).collect();
    if !printed.is_empty() {
        let rows = printed.iter().rev().take(LINES).map(row).collect();
        groups.push(of("Printed by libraries", rows, Standing::Whole));
    }
    groups
}

fn of(title: &str, rows: Vec<PickerRow>, standing: Standing) -> Group {
    Group { title: title.into(), rows, standing }
}

/// The log of the latest day: the date stands in the name.
fn newest(folder: &Path) -> io::Result<Option<PathBuf>> {
    let names = fs::read_dir(folder)?.flatten().map(|entry| entry.path());
    let is_log = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str());
        name.is_some_and(|name| name.starts_with("minions.") && name.ends_with(".log"))
    };
    Ok(names.filter(is_log).max())
}

/// The whole lines at a file's end.
fn tail(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let from = file.metadata()?.len().saturating_sub(TAIL);
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    file.take(TAIL).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let whole = if from == 0 { &*text } else { text.split_once('\n').map_or("", |(_, rest)| rest) };
    Ok(whole.to_owned())
}

/// A line of the log, with those that go on under it.
#[derive(Debug, Default, PartialEq, Eq)]
struct Entry {
    time: String,
    level: String,
    text: String,
}

/// `2026-11-27T07:34:24.123456Z  WARN minions::room: what happened`; anything else goes on from the line before.
fn entries(text: &str) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    for line in text.lines() {
        let parts = line.split_once(' ').and_then(|(at, rest)| {
            let time = at.strip_suffix('Z')?.split_once('T')?.1.split('.').next()?;
            let (level, text) = rest.trim_start().split_once(' ')?;
            ["ERROR", "WARN", "INFO", "DEBUG", "TRACE"].contains(&level).then_some((time, level, text.trim_start()))
        });
        match (parts, entries.last_mut()) {
            (Some((time, level, text)), _) => {
                entries.push(Entry { time: time.into(), level: level.to_lowercase(), text: text.into() });
            }
            (None, Some(last)) => last.text.push_str(&format!("\n{line}")),
            (None, None) => {}
        }
    }
    entries
}

fn row(entry: &Entry) -> PickerRow {
    let text: String = entry.text.chars().take(LONGEST).collect();
    let told = format!("{} {} {text}", entry.time, entry.level);
    let cells = vec![entry.level.clone(), entry.time.clone(), text.replace('\n', " ")];
    PickerRow::new(Choice::Copy(told.trim().to_owned()), cells, told.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "cut off\n2026-11-27T07:34:24.123456Z  WARN minions::remote: slow\n  by 3 s\n\
                       2026-11-27T07:34:25.000001Z ERROR minions::local: gone\n";

    #[test]
    fn a_line_of_the_log_is_time_level_and_text_with_what_goes_on_under_it() {
        let entry =
            |time: &str, level: &str, text: &str| Entry { time: time.into(), level: level.into(), text: text.into() };
        let first = entry("07:34:24", "warn", "minions::remote: slow\n  by 3 s");
        assert_eq!(entries(LOG), [first, entry("07:34:25", "error", "minions::local: gone")]);
    }

    #[test]
    fn the_newest_log_is_listed_newest_line_first_and_bounded() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        write("minions.2026-11-26.log", "2026-11-26T01:00:00.0Z WARN old: x\n");
        write("minions.2026-11-27.log", &format!("{}{LOG}", "x".repeat(400_000)));
        write("stderr.log", "a library\n");
        let groups = groups(folder.path());
        let cells: Vec<&[String]> = groups.iter().flat_map(|group| &group.rows).map(|row| &row.cells[..]).collect();
        assert_eq!(cells[0], ["error", "07:34:25", "minions::local: gone"]);
        assert_eq!((cells.len(), cells[2]), (3, &["".to_owned(), "".into(), "a library".into()][..]));
        let none = tempfile::tempdir().unwrap();
        assert!(
            matches!(&super::groups(none.path())[0].standing, Standing::Told(told) if told.contains("MINIONS_LOG"))
        );
    }
}
