//! The map in `ARCHITECTURE.md` is true: rooms use only what its table allows, libraries stay in their rooms, files stay small.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

const LONGEST_FILE: usize = 800;

/// Libraries that only these rooms may name.
const AT_HOME: &[(&str, &[&str])] = &[
    ("ratatui", &["view", "term"]),
    ("crossterm", &["term"]),
    ("syntect", &["app"]),
    ("nucleo_matcher", &["app"]),
    ("reqwest", &["provider", "remote", "local"]),
    ("notify", &["config", "document", "journal"]),
    ("notify_debouncer_full", &["config", "document"]),
    ("rustpython_vm", &["sandbox"]),
    ("llama_cpp_2", &["local"]),
    ("minijinja", &["local"]),
    ("nvml_wrapper", &["utilization"]),
    ("sysinfo", &["utilization"]),
    ("clap", &["cli", "commands"]),
];

/// Rooms that are pure: no files, no clock, no network, no tasks.
const PURE: &[&str] = &["protocol", "ledger", "eval"];
const IMPURE: &[&str] =
    &["std::fs", "std::net", "std::process", "std::time::Instant", "std::time::SystemTime", "tokio", "std::env"];

struct Source {
    path: PathBuf,
    room: String,
    /// The lines outside of test modules.
    lines: Vec<String>,
    length: usize,
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn sources() -> Vec<Source> {
    let mut found = Vec::new();
    collect(&root().join("src"), &mut found);
    assert!(found.len() > 40, "the sources were not found");
    found
}

fn collect(folder: &Path, found: &mut Vec<Source>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if path.file_name().is_some_and(|name| name != "tests") {
                collect(&path, found);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") && !is_test_file(&path) {
            let text = fs::read_to_string(&path).unwrap();
            let inside = path.strip_prefix(root().join("src")).unwrap();
            let first = inside.components().next().unwrap().as_os_str().to_string_lossy();
            let room = first.trim_end_matches(".rs").to_owned();
            let lines = without_test_module(text.lines().map(str::to_owned).collect());
            found.push(Source { room, length: text.lines().count(), lines, path });
        }
    }
}

fn is_test_file(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == "tests.rs" || name.to_string_lossy().ends_with("_tests.rs"))
}

fn without_test_module(mut lines: Vec<String>) -> Vec<String> {
    let begins = lines
        .windows(2)
        .position(|pair| pair[0] == "#[cfg(test)]" && pair[1].starts_with("mod ") && pair[1].ends_with('{'));
    if let Some(at) = begins {
        lines.truncate(at);
    }
    lines
}

/// The table of `ARCHITECTURE.md`: room → rooms it may use.
fn table() -> BTreeMap<String, BTreeSet<String>> {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let rows = text.lines().skip_while(|line| !line.starts_with("| room | may use")).skip(2);
    rows.take_while(|line| line.starts_with('|'))
        .map(|line| {
            let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
            let words = |cell: &str| cell.split(',').map(|word| word.trim().trim_matches('`').to_owned()).collect();
            let rooms: BTreeSet<String> = words(cells[1]);
            (
                cells[0].trim_matches('`').to_owned(),
                rooms.into_iter().filter(|room| !room.is_empty() && room != "nothing").collect(),
            )
        })
        .collect()
}

/// The rooms that a line names with `crate::`.
fn named_rooms(line: &str) -> Vec<String> {
    let code = line.split("//").next().unwrap_or("");
    code.match_indices("crate::")
        .map(|(at, word)| {
            let rest = &code[at + word.len()..];
            rest.chars().take_while(|letter| letter.is_ascii_alphanumeric() || *letter == '_').collect()
        })
        .filter(|room: &String| !room.is_empty())
        .collect()
}

#[test]
fn rooms_use_only_what_the_table_allows() {
    let table = table();
    assert!(table.len() >= 15, "the table of ARCHITECTURE.md was not found");
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|source| !matches!(source.room.as_str(), "main" | "lib" | "commands")) {
        let Some(allowed) = table.get(&source.room) else {
            wrong.push(format!("{}: room `{}` is not in the table", source.path.display(), source.room));
            continue;
        };
        for (number, line) in source.lines.iter().enumerate() {
            for room in named_rooms(line).into_iter().filter(|room| *room != source.room && !allowed.contains(room)) {
                wrong.push(format!("{}:{}: `{}` may not use `{room}`", source.path.display(), number + 1, source.room));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_table_names_every_room() {
    let named: BTreeSet<String> = table().into_keys().collect();
    let rooms: BTreeSet<String> =
        sources().into_iter().map(|source| source.room).filter(|room| room != "main" && room != "lib").collect();
    assert_eq!(rooms, named);
}

#[test]
fn the_rule_can_fail() {
    assert_eq!(named_rooms("use crate::runtime::{start, crate::x};"), ["runtime", "x"]);
    assert!(!table()["protocol"].contains("runtime"));
}

#[test]
fn libraries_stay_in_their_rooms() {
    let mut wrong = Vec::new();
    for source in sources() {
        for (library, rooms) in AT_HOME {
            let names = |line: &String| line.contains(&format!("{library}::")) && !line.trim_start().starts_with("//");
            if source.room != "main" && !rooms.contains(&source.room.as_str()) && source.lines.iter().any(names) {
                wrong.push(format!("{} names {library}", source.path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn pure_rooms_are_pure() {
    for source in sources().iter().filter(|source| PURE.contains(&source.room.as_str())) {
        for line in source.lines.iter().filter(|line| !line.trim_start().starts_with("//")) {
            for word in IMPURE {
                assert!(!line.contains(word), "{}: {line}", source.path.display());
            }
        }
    }
}

#[test]
fn no_file_is_too_long_and_each_says_what_it_does() {
    let mut wrong = Vec::new();
    for source in sources() {
        if source.length > LONGEST_FILE {
            wrong.push(format!("{} has {} lines", source.path.display(), source.length));
        }
        if !source.lines.first().is_some_and(|line| line.starts_with("//! ") && line.len() > 12) {
            wrong.push(format!("{} does not say in its first line what it does", source.path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn only_the_command_line_prints() {
    for source in sources().iter().filter(|source| !matches!(source.room.as_str(), "main" | "commands")) {
        for line in source.lines.iter().filter(|line| !line.trim_start().starts_with("//")) {
            let prints = ["println!(", "eprintln!(", "print!(", "eprint!("].iter().any(|word| line.contains(word));
            assert!(!prints, "{}: {line}", source.path.display());
        }
    }
}
