//! What the README says is true: its picture, its keys, its commands, its settings, and the sessions it offers to replay.
//!
//! After a change of the screen or the keys: `UPDATE_DOCS=1 cargo test --test docs`, and read the difference.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};

use clap::{CommandFactory, Parser};
use minions::app::{BINDINGS, Context, Message, Mode, Model, update};
use minions::cli::Cli;
use minions::commands::folds::Folds;
use minions::journal::{Session, Stored};
use minions::protocol::Fact;
use minions::provider::KeyPlace;
use minions::provider::presets::PRESETS;
use minions::view::{Depth, Theme, draw};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use sha2::{Digest, Sha256};

const SHIPPED: [&str; 3] = ["opm-retirement-calls", "patient-lisinopril", "harbour-every-feature"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn readme() -> String {
    fs::read_to_string(root().join("README.md")).unwrap()
}

fn shipped(name: &str) -> Session {
    Session::at(&root().join("sessions").join(name)).unwrap()
}

/// Compares the part of the README between two markers, or writes it.
fn assert_part(name: &str, is: &str) {
    let (open, close) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"));
    let text = readme();
    let start = text.find(&open).unwrap() + open.len();
    let end = start + text[start..].find(&close).unwrap();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(root().join("README.md"), format!("{}{is}{}", &text[..start], &text[end..])).unwrap();
        return;
    }
    assert_eq!(&text[start..end], is, "README.md: {name} is out of date");
}

/// The screen at the end of a shipped session.
fn picture(name: &str, width: u16, height: u16) -> String {
    let session = shipped(name);
    let records = session.read().unwrap().records;
    let opened = records.iter().find_map(|record| match record.fact.known() {
        Some(Fact::SessionOpened(opened)) => Some(opened.documents.clone()),
        _ => None,
    });
    let documents = session.documents(&opened.unwrap()).unwrap();
    let mut folds = Folds::new(&documents);
    records.iter().for_each(|record| folds.apply(record));
    let mut model = Model::new(documents, Mode::Live { running: false });
    update(&mut model, Message::Resize { width, height });
    for record in records {
        if let Stored::Known(fact) = record.fact {
            update(&mut model, Message::Fact { seq: record.seq, at_ms: record.at_ms, fact });
        }
    }
    update(&mut model, Message::Figures(folds.figures()));
    update(&mut model, Message::Marks(folds.marks()));
    press(&mut model, "4");
    // Down to the first citation, and into the document.
    for _ in 0..50 {
        press(&mut model, "enter");
        if model.document.highlight.is_some() {
            break;
        }
        press(&mut model, "j");
    }
    let theme = Theme::built_in("dark", Depth::None).unwrap();
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| draw(frame, &model, &theme)).unwrap();
    let buffer = terminal.backend().buffer().clone();
    let row = |y: u16| -> String {
        let cells: String = (0..width).map(|x| buffer[(x, y)].symbol()).collect();
        cells.trim_end().to_owned()
    };
    (0..height).map(row).collect::<Vec<_>>().join("\n")
}

fn press(model: &mut Model, key: &str) {
    update(model, Message::Key(key.parse().unwrap()));
}

#[test]
fn the_picture_and_the_table_of_keys_are_those_of_the_program() {
    let picture = picture(SHIPPED[1], 120, 36);
    assert_part("picture", &format!("```text\n{picture}\n```\n"));
    let mut table = String::new();
    for context in Context::ALL {
        let of_context = || BINDINGS.iter().filter(|binding| binding.context == context);
        if of_context().next().is_none() {
            continue;
        }
        table.push_str(&format!("| {} | |\n|---|---|\n", context.name()));
        for binding in of_context() {
            let keys: Vec<String> =
                binding.keys().map(|keys| format!("`{}`", keys.to_string().replace('|', "\\|"))).collect();
            table.push_str(&format!("| {} | {} |\n", keys.join(" "), binding.doc));
        }
        table.push('\n');
    }
    assert_part("keys", &table);
}

#[test]
fn the_table_of_providers_is_that_of_the_program() {
    let mut table = String::from("| `remote.provider` | speaks | address | key | API |\n|---|---|---|---|---|\n");
    for (_, preset) in &PRESETS {
        let address = match preset.base_url {
            "" => "your own, as `base_url`".to_owned(),
            base_url => format!("`{base_url}`"),
        };
        let key = match preset.key {
            KeyPlace::Needed(variable) => format!("`{variable}`"),
            KeyPlace::Optional(variable) => format!("`{variable}`, where it wants one"),
        };
        let (name, title, source) = (preset.name, preset.wire.title(), preset.source);
        table.push_str(&format!("| `{name}` | {title} | {address} | {key} | [page]({source}) |\n"));
    }
    assert_part("providers", &table);
}

/// The blocks of code in this language.
fn blocks<'a>(text: &'a str, language: &str) -> Vec<&'a str> {
    let open = format!("```{language}\n");
    text.split(open.as_str()).skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

#[test]
fn every_command_of_the_readme_is_understood() {
    let text = readme();
    let whole_lines = ["console", "sh"].iter().flat_map(|language| blocks(&text, language));
    let lines: Vec<String> = whole_lines
        .flat_map(|block| block.replace("\\\n", " ").lines().map(str::to_owned).collect::<Vec<_>>())
        .collect();
    let commands: Vec<&String> = lines.iter().filter(|line| line.starts_with("minions ")).collect();
    assert!(commands.len() >= 20, "{commands:?}");
    for line in commands {
        // What stands for more of the same is no argument.
        let words = split(line).into_iter().filter(|word| word != "…");
        Cli::try_parse_from(words).unwrap_or_else(|error| panic!("{line}: {error}"));
    }
}

/// Splits at spaces outside of quotes.
fn split(line: &str) -> Vec<String> {
    let (mut words, mut quote) = (vec![String::new()], None);
    for letter in line.chars() {
        match (quote, letter) {
            (Some(open), close) if open == close => quote = None,
            (None, '"' | '\'') => quote = Some(letter),
            (None, ' ') => words.push(String::new()),
            (None, '#') if words.last().is_some_and(String::is_empty) => break,
            _ => words.last_mut().unwrap().push(letter),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[test]
fn every_command_of_the_program_is_in_the_table_of_commands() {
    let text = readme();
    let table = text.split("## Commands\n").nth(1).unwrap().split("\n## ").next().unwrap();
    let rows: Vec<&str> =
        table.lines().filter(|line| line.starts_with("| `")).map(|line| line.split(" | ").next().unwrap()).collect();
    let named = |words: &[&str]| {
        rows.iter().any(|row| {
            let row: Vec<String> = row.split([' ', ',', '|', '\\', '`']).map(str::to_owned).collect();
            words.iter().all(|word| row.iter().any(|known| known == word))
        })
    };
    let program = Cli::command();
    let visible = |command: &clap::Command| !command.is_hide_set() && command.get_name() != "help";
    let mut seen = 0;
    for command in program.get_subcommands().filter(|command| visible(command)) {
        assert!(named(&[command.get_name()]), "minions {}", command.get_name());
        for inner in command.get_subcommands().filter(|inner| visible(inner)) {
            let words = [command.get_name(), inner.get_name()];
            assert!(named(&words), "minions {}", words.join(" "));
        }
        seen += 1;
    }
    assert!(seen >= 15);
}

/// Loads settings as they would stand in a file.
fn config_of(block: &str) -> minions::config::Config {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("minions.toml");
    fs::write(&file, block).unwrap();
    let sources = minions::config::Sources { named_file: Some(file), ..Default::default() };
    minions::config::load(&sources).map_err(|error| format!("{block}: {error}")).unwrap().config
}

#[test]
fn the_settings_of_the_readme_are_valid() {
    let text = readme();
    let blocks = blocks(&text, "toml");
    assert!(blocks.len() >= 3);
    blocks.into_iter().for_each(|block| drop(config_of(block)));
}

#[test]
fn the_settings_of_the_page_on_servers_are_valid_and_name_a_server_that_reads() {
    let text = fs::read_to_string(root().join("docs/servers.md")).unwrap();
    let blocks = blocks(&text, "toml");
    assert!(blocks.len() >= 4);
    for block in blocks {
        let config = config_of(block);
        assert!(!config.local.model.is_empty() && !config.local.base_url.is_empty(), "{block}");
    }
}

#[test]
fn the_files_that_the_readme_links_to_are_there() {
    let text = readme();
    for link in text.split("](").skip(1).map(|rest| rest.split(')').next().unwrap()) {
        let path: PathBuf = root().join(link);
        assert!(link.starts_with("https://") || path.exists(), "{link}");
    }
}

#[test]
fn the_models_of_the_tests_are_those_that_their_page_tells_of() {
    let folder = root().join("tests/models");
    let page = fs::read_to_string(folder.join("README.md")).unwrap();
    let models = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    for model in models.filter(|path| path.extension().is_some_and(|ending| ending == "gguf")) {
        let hash = Sha256::digest(fs::read(&model).unwrap());
        let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        assert!(page.contains(&hash), "{}: {hash}", model.display());
    }
}

#[test]
fn the_shipped_sessions_are_whole_and_replay() {
    for name in SHIPPED {
        let session = shipped(name);
        let found = session.verify().unwrap();
        assert!(found.is_intact(), "{name}: {:?}", found.problems);
        let journal = session.read().unwrap();
        assert!(journal.closed && journal.warnings.is_empty(), "{name}");
        assert!(journal.facts().any(|fact| matches!(fact, Fact::Answered { answer: Some(_), .. })), "{name}");
    }
}
