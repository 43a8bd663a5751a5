//! The command line as scripts and people meet it: help, exit codes, what goes to which stream.

#![allow(clippy::unwrap_used)] // Also the helpers here are tests.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A home folder of its own for each test, so that nobody's settings take part.
struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_minions"));
        command.args(args).current_dir(self.0.path()).env_clear().stdin(Stdio::null());
        command.env("HOME", self.0.path()).env("COLUMNS", "100").env("LANG", "C.UTF-8").env("TERM", "xterm-256color");
        command
    }

    fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

const SUBCOMMANDS: &[&str] = &[
    "",
    "open",
    "demo",
    "run",
    "attach",
    "resume",
    "replay",
    "sessions",
    "sessions list",
    "sessions search",
    "sessions show",
    "sessions verify",
    "sessions export",
    "sessions import",
    "sessions diff",
    "sessions rename",
    "sessions tag",
    "sessions archive",
    "sessions restore",
    "sessions prune",
    "sessions fork",
    "sessions delete",
    "models",
    "eval",
    "doctor",
    "config",
    "config show",
    "config schema",
    "config template",
    "keys",
    "themes",
    "completions",
    "man",
];

#[test]
fn the_help_of_every_subcommand_is_as_it_was() {
    let home = Home::new();
    for subcommand in SUBCOMMANDS {
        let args: Vec<_> = subcommand.split_whitespace().chain(["--help"]).collect();
        let output = home.run(&args);
        assert_eq!((code(&output), stderr(&output).as_str()), (0, ""), "{subcommand}");
        let name = format!("help {subcommand}").trim().replace(' ', "-");
        insta::assert_snapshot!(name, stdout(&output));
    }
}

#[test]
fn wrong_usage_exits_with_2_and_says_nothing_on_standard_output() {
    let home = Home::new();
    let wrong: &[&[&str]] = &[
        &["nonsense"],
        &["run"],
        &["run", "-d", "x"],
        &["run", "-d", "x", "-q", "y", "--nonsense"],
        &["open"],
        &["replay"],
        &["replay", "last", "--speed", "0"],
        &["replay", "last", "--from", "round:0"],
        &["sessions"],
        &["models"],
        &["sessions", "export", "last", "--format", "pdf"],
        &["completions", "nonsense"],
        &["demo", "--document", "nonsense"],
        &["config", "show", "--set", "remote.model"],
    ];
    for args in wrong {
        let output = home.run(args);
        assert_eq!((code(&output), stdout(&output).as_str()), (2, ""), "{args:?}");
        assert!(!stderr(&output).is_empty(), "{args:?}");
    }
}

#[test]
fn wrong_settings_exit_with_2_and_name_their_place() {
    let home = Home::new();
    fs::write(home.path("minions.toml"), "[remote]\nmodle = \"gpt-4o\"\n").unwrap();
    let output = home.run(&["config", "show"]);
    assert_eq!((code(&output), stdout(&output).as_str()), (2, ""));
    assert_eq!(
        stderr(&output),
        "minions: minions.toml:2:1: unknown setting `remote.modle`; did you mean `remote.model`?\n"
    );
}

#[test]
fn a_flag_of_its_own_is_checked_like_the_setting_it_sets() {
    let home = Home::new();
    fs::write(home.path("document.txt"), "Words.").unwrap();
    for (flag, value, said) in [
        (
            "--max-rounds",
            "99",
            "--max-rounds: `protocol.max_rounds` cannot be \"99\"; allowed: a whole number from 1 to 20",
        ),
        ("--budget", "-1", "--budget: `remote.budget_usd` cannot be \"-1\"; allowed: a number from 0 up"),
        (
            "--protocol",
            "minion-s",
            "--protocol: `protocol.name` cannot be \"minion-s\"; allowed: minions, minion, remote-only, local-only; did you mean minions?",
        ),
    ] {
        let output = home.run(&["run", "-d", "document.txt", "-q", "What?", flag, value]);
        assert_eq!((code(&output), stderr(&output)), (2, format!("minions: {said}\n")));
    }
}

#[test]
fn the_settings_in_force_say_where_each_came_from() {
    let home = Home::new();
    fs::create_dir_all(home.path(".config/minions")).unwrap();
    fs::write(home.path(".config/minions/minions.toml"), "[screen]\ntheme = \"light\"\nascii = true\n").unwrap();
    fs::write(home.path("minions.toml"), "[screen]\nascii = false\n").unwrap();
    let mut command =
        home.command(&["config", "show", "--json", "--set", "remote.provider=openai", "--session-dir", "s"]);
    let output = command.env("MINIONS_REMOTE_MODEL", "gpt-4o").output().unwrap();
    assert_eq!((code(&output), stderr(&output).as_str()), (0, ""));
    let shown: serde_json::Value = serde_json::from_str(&stdout(&output)).unwrap();
    let entry = |name: &str| (shown[name]["value"].to_string(), shown[name]["origin"].as_str().unwrap().to_owned());
    let user_file = home.path(".config/minions/minions.toml:2").display().to_string();
    assert_eq!(entry("screen.theme"), ("\"light\"".into(), user_file));
    assert_eq!(entry("screen.ascii"), ("false".into(), "minions.toml:2".into()));
    assert_eq!(entry("remote.model"), ("\"gpt-4o\"".into(), "MINIONS_REMOTE_MODEL".into()));
    assert_eq!(entry("remote.provider"), ("\"openai\"".into(), "--set".into()));
    assert_eq!(entry("sessions.dir"), ("\"s\"".into(), "--session-dir".into()));
    assert_eq!(entry("local.attempts"), ("3".into(), "built in".into()));
}

#[test]
fn template_and_schema_are_printed_even_where_the_settings_are_broken() {
    let home = Home::new();
    fs::write(home.path("minions.toml"), "nonsense").unwrap();
    let template = home.run(&["config", "template"]);
    assert_eq!(stdout(&template), fs::read_to_string(repository("minions.toml")).unwrap());
    let schema: serde_json::Value = serde_json::from_str(&stdout(&home.run(&["config", "schema"]))).unwrap();
    assert!(schema["properties"]["remote"].is_object());
}

#[test]
fn completions_are_made_for_every_shell() {
    let home = Home::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = home.run(&["completions", shell]);
        assert_eq!(code(&output), 0);
        let script = stdout(&output);
        assert!(script.contains("sessions") && script.contains("max-rounds"), "{shell}");
    }
}

#[test]
fn the_man_page_has_every_subcommand_exit_code_and_variable() {
    let page = stdout(&Home::new().run(&["man"]));
    for subcommand in SUBCOMMANDS.iter().filter(|s| !s.is_empty()) {
        assert!(page.contains(&format!(".SH \"MINIONS {}\"", subcommand.to_uppercase())), "{subcommand}");
    }
    assert!(page.starts_with(".ie") || page.contains(".TH minions 1"), "{page}");
    assert!(page.contains(".SH EXIT STATUS") && page.contains("MINIONS_REMOTE_PROVIDER"));
    assert!(!page.contains("__sandbox"));
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let home = Home::new();
    for args in [&["man"][..], &["config", "schema"], &["completions", "bash"], &["doctor"]] {
        // The pipe's reading end is closed before a byte is written.
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = home.command(args).stdout(writer).stderr(Stdio::piped()).output().unwrap();
        assert_eq!((code(&output), stderr(&output).as_str()), (0, ""), "{args:?}");
    }
}

#[test]
fn the_doctor_finds_a_fresh_home_well_and_writes_nothing_to_it() {
    let home = Home::new();
    let output = home.run(&["doctor", "--json"]);
    assert_eq!((code(&output), stderr(&output).as_str()), (0, ""), "{}", stdout(&output));
    let report: serde_json::Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!(report["healthy"], true);
    let names: Vec<_> = report["checks"].as_array().unwrap().iter().map(|c| c["name"].as_str().unwrap()).collect();
    for name in ["settings", "remote LM", "local LM", "terminal", "colours", "sessions folder", "log folder"] {
        assert!(names.contains(&name), "{names:?}");
    }
    assert_eq!(fs::read_dir(home.0.path()).unwrap().count(), 0);
}

#[test]
fn the_doctor_fails_on_a_missing_key_and_broken_settings_and_shows_no_key() {
    let home = Home::new();
    let openai = ["doctor", "--set", "remote.provider=openai", "--set", "remote.model=gpt-4o"];
    let missing = home.run(&openai);
    assert_eq!(code(&missing), 1);
    assert!(stdout(&missing).contains("FAIL  remote key       OPENAI_API_KEY is not set"), "{}", stdout(&missing));

    // Nothing listens on the discard port of this machine.
    let nobody = [&openai[..], &["--set", "remote.base_url=http://127.0.0.1:9/v1"]].concat();
    let elsewhere = home.command(&nobody).env("OPENAI_API_KEY", "sk-very-secret").output().unwrap();
    assert!(stdout(&elsewhere).contains("ok    remote key        none is sent: OPENAI_API_KEY is the key of openai"));
    let named = [&nobody[..], &["--set", "remote.api_key_env=OPENAI_API_KEY"]].concat();
    let present = home.command(&named).env("OPENAI_API_KEY", "sk-very-secret").output().unwrap();
    assert!(stdout(&present).contains("ok    remote key        OPENAI_API_KEY is set"), "{}", stdout(&present));
    assert!(stdout(&present).contains("FAIL  remote server"), "{}", stdout(&present));
    assert!(!stdout(&present).contains("sk-very-secret"));

    fs::write(home.path("minions.toml"), "[remote]\nmodle = 1\n").unwrap();
    let broken = home.run(&["doctor"]);
    assert_eq!(code(&broken), 1);
    assert!(stdout(&broken).contains("did you mean `remote.model`?"));
}

#[test]
fn the_models_of_the_folder_are_listed_and_a_fresh_home_says_how_to_get_one() {
    let home = Home::new();
    let none = home.run(&["models", "local"]);
    let folder = home.path(".local/share/minions/models");
    assert_eq!((code(&none), stderr(&none).as_str(), stdout(&none).lines().count()), (0, "", 1));
    assert!(stdout(&none).starts_with(&format!("no model yet in {}; put a model's .gguf file", folder.display())));
    assert_eq!(stdout(&home.run(&["models", "local", "--json"])), "[]\n");
    assert_eq!(fs::read_dir(home.0.path()).unwrap().count(), 0);

    let text = |text: &str| [&(text.len() as u64).to_le_bytes()[..], text.as_bytes()].concat();
    let mut model = b"GGUF\x03\0\0\0".to_vec();
    model.extend([1_u64.to_le_bytes(), 2_u64.to_le_bytes()].concat());
    model.extend([text("general.architecture"), 8_u32.to_le_bytes().into(), text("qwen\u{1b}[2J")].concat());
    model.extend([text("general.file_type"), 4_u32.to_le_bytes().into(), 7_u32.to_le_bytes().into()].concat());
    model.extend([text("t"), 1_u32.to_le_bytes().into(), 32_u64.to_le_bytes().into()].concat());
    model.extend([8_u32.to_le_bytes().to_vec(), 0_u64.to_le_bytes().into()].concat());
    model.resize(model.len().next_multiple_of(32) + 34, 0);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("tiny.gguf"), &model).unwrap();
    fs::write(folder.join("page.gguf"), "<html>").unwrap();
    let listed = stdout(&home.run(&["models", "local"]));
    let rows: Vec<_> = listed.lines().map(|line| line.split_whitespace().collect::<Vec<_>>()).collect();
    assert_eq!(rows[0], ["NAME", "ARCHITECTURE", "PARAMETERS", "QUANTISATION", "CONTEXT", "SIZE"]);
    assert!(rows[1][0] == "page" && listed.contains("page.gguf\" is a web page"), "{listed}");
    assert_eq!(rows[2], ["tiny", "qwen␛[2J", "32", "Q8_0", "n/a", &model.len().to_string(), "B"]);

    fs::create_dir(home.path("m")).unwrap();
    fs::rename(folder.join("tiny.gguf"), home.path("m/tiny.gguf")).unwrap();
    let elsewhere = home.run(&["models", "local", "--json", "--set", "local.models_dir=~/m"]);
    let listed: serde_json::Value = serde_json::from_str(&stdout(&elsewhere)).unwrap();
    assert_eq!((&listed[0]["name"], &listed[0]["quantisation"]), (&"tiny".into(), &"Q8_0".into()));
    assert_eq!((&listed[0]["problem"], listed.as_array().unwrap().len()), (&serde_json::Value::Null, 1));
}

#[test]
fn a_log_level_that_is_none_is_told() {
    let home = Home::new();
    let output = home.command(&["replay", "last"]).env("MINIONS_LOG", "minions=loud").output().unwrap();
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).starts_with("minions: MINIONS_LOG: \"minions=loud\" is no log level; allowed: "));
}

fn repository(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}
