//! What a person who writes settings is promised.

use std::fs;
use std::path::{Path, PathBuf};

use super::*;

fn read(text: &str) -> Result<Config, String> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("minions.toml");
    fs::write(&path, text).unwrap();
    let loaded = load(&Sources { working_file: Some(path.clone()), ..Sources::default() });
    loaded.map(|l| l.config).map_err(|e| e.to_string().replace(&path.display().to_string(), "minions.toml"))
}

fn wrong(text: &str) -> String {
    read(text).unwrap_err()
}

fn from_environment(variables: &[(&str, &str)]) -> Result<Loaded, String> {
    let environment = variables.iter().map(|(n, v)| (n.into(), v.into())).collect();
    load(&Sources { environment, ..Sources::default() }).map_err(|e| e.to_string())
}

fn from_flag(name: &str, value: &str) -> Result<Loaded, String> {
    let flag = Override { name: name.into(), value: value.into(), flag: "--set".into() };
    load(&Sources { flags: vec![flag], ..Sources::default() }).map_err(|e| e.to_string())
}

#[test]
fn without_any_file_the_built_in_settings_hold() {
    let loaded = load(&Sources::default()).unwrap();
    assert_eq!(loaded, Loaded::default());
    assert_eq!(loaded.config, Config::default());
    assert_eq!(loaded.provenance.len(), Catalog::get().settings.len());
    assert!(loaded.provenance.values().all(|o| *o == Origin::BuiltIn));
}

#[test]
fn the_file_at_the_top_level_is_the_template() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE_NAME);
    let text = fs::read_to_string(file).unwrap_or_default();
    assert!(text == template(), "write it again: cargo run -- config template > minions.toml");
}

/// What is accepted is what step mode waits at: nothing that separates two names makes one of them.
#[test]
fn every_blank_that_the_gates_may_be_separated_by_separates_them() {
    let mut separated = 0;
    for blank in (0..=char::from(255) as u32).chain(0x1680..0x3001).filter_map(char::from_u32) {
        let mut loaded = Loaded::default();
        let text = format!("request{blank}code");
        if loaded.change("protocol.gates", &text).is_ok() {
            let names: Vec<&str> = loaded.config.protocol.gate_names().collect();
            assert_eq!(names, ["request", "code"], "{text:?}");
            separated += 1;
        }
    }
    assert!(separated > 20);
}

#[test]
fn the_template_holds_every_setting_at_its_default() {
    let by_itself = file::parse("minions.toml", &template()).unwrap();
    assert!(by_itself.is_empty(), "what is commented out changes nothing");
    let uncommented: String = template()
        .lines()
        .map(|l| format!("{}\n", l.strip_prefix('#').filter(|l| !l.starts_with(' ')).unwrap_or(l)))
        .collect();
    let all = || Catalog::get().settings.iter().chain(&Catalog::get().of_tables);
    let of_keys = |table: &str, action: &str, keys: &[&str]| {
        let keys = keys.iter().map(|key| (*key).to_owned()).collect::<Vec<_>>();
        (table.to_owned(), action.to_owned(), keys)
    };
    let examples = [
        of_keys("everywhere", "top", &["g g", "home"]),
        of_keys("everywhere", "theme", &[]),
        of_keys("jobs", "cancel-job", &["space x"]),
    ];
    let written = file::parse("minions.toml", &uncommented).unwrap();
    assert_eq!(written.len(), all().count() + examples.len());
    let mut with_example = Config { prices: [("a name".into(), ModelPrice::default())].into(), ..Config::default() };
    for (table, action, keys) in examples {
        with_example.keys.entry(table).or_default().insert(action, keys);
    }
    assert_eq!(read(&uncommented), Ok(with_example));
    for setting in all() {
        assert!(template().contains(&format!("\n#{} = {}\n", setting.key, setting.default)), "{}", setting.name());
        assert!(!setting.doc.is_empty(), "{} has no explanation", setting.name());
    }
    assert!(Catalog::get().sections.iter().all(|s| !s.doc.is_empty()));
}

#[test]
fn every_setting_of_the_code_is_in_the_catalog_and_can_be_set_by_all_means() {
    let config = serde_json::to_value(Config::default()).unwrap();
    let of_code: usize = config.as_object().unwrap().values().map(|section| section.as_object().unwrap().len()).sum();
    assert_eq!(of_code, Catalog::get().settings.len());
    for setting in &Catalog::get().settings {
        let default = setting.default.trim_matches('"');
        let loaded = from_environment(&[(&setting.variable(), default)]).unwrap();
        assert_eq!(loaded.config, Config::default());
        assert_eq!(loaded.provenance[&setting.name()], Origin::Environment(setting.variable()));
        assert_eq!(
            from_flag(&setting.name(), default).unwrap().provenance[&setting.name()],
            Origin::Flag("--set".into())
        );
    }
}

#[test]
fn the_catalog_knows_what_each_kind_of_setting_may_hold() {
    let allowed = |name: &str| Catalog::get().by_name(name).unwrap().allowed();
    assert_eq!(allowed("protocol.name"), "minions, minion, remote-only, local-only");
    assert_eq!(allowed("protocol.max_rounds"), "a whole number from 1 to 20");
    assert_eq!(allowed("protocol.chunk_chars"), "a whole number from 0 up");
    assert_eq!(allowed("remote.max_output_tokens"), "a whole number from 16 up");
    assert_eq!(allowed("remote.budget_usd"), "a number from 0 up");
    assert_eq!(allowed("remote.temperature"), "a number");
    assert_eq!(allowed("screen.ascii"), "true or false");
    assert_eq!(allowed("sessions.dir"), "a path");
    assert_eq!(allowed("remote.model"), "text on one line");
}

#[test]
fn the_catalog_knows_when_a_setting_holds_and_whether_it_decides() {
    let of = |name: &str| {
        let setting = Catalog::get().by_name(name).unwrap();
        (setting.holds, setting.decides())
    };
    assert_eq!(of("protocol.samples"), (Holds::NextRound, true));
    assert_eq!(of("protocol.max_rounds"), (Holds::NextQuestion, true));
    assert_eq!(of("remote.price_input"), (Holds::NextQuestion, false));
    assert_eq!(of("screen.theme"), (Holds::Now, false));
    assert_eq!(of("sessions.dir"), (Holds::NextStart, false));
    // A misspelt word would say nothing.
    let schema = schema().to_string();
    let words = schema.match_indices("\"x-").map(|(at, _)| schema[at + 1..].split('"').next().unwrap());
    for word in words {
        assert!(["x-allowed", "x-holds", "x-idle", "x-decides"].contains(&word), "{word}");
    }
}

#[test]
fn a_misspelt_setting_names_its_place_and_the_nearest_right_one() {
    assert_eq!(
        wrong("[remote]\nprovider = \"openai\"\n  modle = \"gpt-4o\"\n"),
        "minions.toml:3:3: unknown setting `remote.modle`; did you mean `remote.model`?"
    );
    assert_eq!(wrong("[remot]\nmodel = \"x\""), "minions.toml:1:2: unknown section `remot`; did you mean `remote`?");
    assert_eq!(
        wrong("max_rounds = 3"),
        "minions.toml:1:1: unknown setting `max_rounds`; did you mean `protocol.max_rounds`?"
    );
    assert_eq!(
        wrong("[screen]\nbudget_usd = 3"),
        "minions.toml:2:1: unknown setting `screen.budget_usd`; did you mean `remote.budget_usd`?"
    );
}

#[test]
fn a_name_like_no_other_is_answered_with_what_there_is() {
    assert_eq!(
        wrong("[screen]\nwallpaper = 1"),
        "minions.toml:2:1: unknown setting `screen.wallpaper`; [screen] has theme, ascii, mouse, accessible, frames_per_second"
    );
    assert_eq!(
        wrong("[window]\n"),
        "minions.toml:1:2: unknown section `window`; there are protocol, remote, redact, local, sandbox, screen, keys, sessions, prices"
    );
    assert_eq!(
        wrong("verbosity = 1"),
        "minions.toml:1:1: unknown setting `verbosity`; settings stand in sections, such as [remote]"
    );
    assert_eq!(
        wrong("remote = 3"),
        "minions.toml:1:1: `remote` is a section: write [remote] and its settings under it"
    );
}

#[test]
fn a_wrong_value_says_what_is_allowed() {
    assert_eq!(
        wrong("[protocol]\nmax_rounds = 40"),
        "minions.toml:2:14: `protocol.max_rounds` cannot be 40; allowed: a whole number from 1 to 20"
    );
    assert_eq!(
        wrong("[protocol]\nmax_rounds = \"three\""),
        "minions.toml:2:14: `protocol.max_rounds` cannot be \"three\"; allowed: a whole number from 1 to 20"
    );
    assert_eq!(
        wrong("[protocol]\nsamples = 1.5"),
        "minions.toml:2:11: `protocol.samples` cannot be 1.5; allowed: a whole number from 1 to 50"
    );
    assert_eq!(
        wrong("[protocol]\nchunk_chars = 99999999999999999999"),
        "minions.toml:2:15: `protocol.chunk_chars` cannot be 99999999999999999999; allowed: a whole number from 0 up"
    );
    assert_eq!(
        wrong("[remote]\nbudget_usd = nan"),
        "minions.toml:2:14: `remote.budget_usd` cannot be nan; allowed: a number from 0 up"
    );
    assert_eq!(
        wrong("[remote]\nprovider = \"opnai\""),
        "minions.toml:2:12: `remote.provider` cannot be \"opnai\"; allowed: offline, openai, openai-responses, anthropic, gemini, ollama, ollama-v1, \
         openrouter, together, groq, deepseek, mistral, xai, azure, vllm, llama-server, lm-studio; did you mean openai?"
    );
    assert_eq!(
        wrong("[screen]\nascii = \"yes\""),
        "minions.toml:2:9: `screen.ascii` cannot be \"yes\"; allowed: true or false"
    );
    assert_eq!(
        wrong("[screen]\ntheme = [\"dark\"]"),
        "minions.toml:2:9: `screen.theme` cannot be [\"dark\"]; allowed: text on one line"
    );
    assert_eq!(
        wrong("[remote]\nbase_url = \"api.openai.com\""),
        "minions.toml:2:12: `remote.base_url` must be a URL beginning with http:// or https://, without a name or password in it"
    );
}

#[test]
fn text_is_one_line_so_that_no_value_passes_for_another_setting() {
    assert_eq!(
        wrong("[remote]\nmodel = \"a\\n[local]\\u001b\""),
        "minions.toml:2:9: `remote.model` cannot be \"a\\n[local]\\u001b\"; allowed: text on one line"
    );
}

#[test]
fn a_whole_number_will_do_for_a_number_and_other_radixes_for_a_whole_one() {
    let config = read("[remote]\nbudget_usd = 2\n[protocol]\nchunk_chars = 0x10\nmax_jobs = 1_000").unwrap();
    assert_eq!((config.remote.budget_usd, config.protocol.chunk_chars, config.protocol.max_jobs), (2.0, 16, 1000));
}

#[test]
fn a_key_in_the_file_is_refused_and_not_repeated() {
    let by_name = wrong("[remote]\napi_key_env = \"sk-proj-abc123\"");
    assert_eq!(
        by_name,
        "minions.toml:2:15: `remote.api_key_env` must be the name of an environment variable in capitals, such as OPENAI_API_KEY; never the key itself"
    );
    let own_setting = wrong("[remote]\napi_key = \"sk-proj-abc123\"");
    assert_eq!(
        own_setting,
        "minions.toml:2:1: unknown setting `remote.api_key`; a key is never written in a file: name the environment variable that holds it in `remote.api_key_env`"
    );
    for message in [
        wrong("[remote]\nbase_url = \"https://me:sk-secret@host/v1\""),
        from_environment(&[("MINIONS_REMOTE_API_KEY_ENV", "sk-secret")]).unwrap_err(),
        from_environment(&[("MINIONS_REMOTE_API_KEY", "sk-secret")]).unwrap_err(),
        wrong("[remote]\nmodel = \"a\" sk-secret"),
        wrong("[remote]\nmodel = \"a\"\nmodel = \"sk-secret\""),
    ] {
        assert!(!message.contains("sk-secret"), "{message}");
    }
}

#[test]
fn all_that_is_wrong_in_a_file_is_told_at_once_from_top_to_bottom() {
    let message = wrong("[screen]\nframes_per_second = 0\n[local]\ntimeout = 3\n[protocol]\nmax_jobs = true");
    let places: Vec<_> = message.lines().map(|l| l.split(": ").next().unwrap().to_owned()).collect();
    assert_eq!(places, ["minions.toml:2:21", "minions.toml:4:1", "minions.toml:6:12"], "{message}");
}

#[test]
fn hundreds_of_problems_are_counted_not_listed() {
    let file: String = (0..300).map(|n| format!("nonsense_{n} = 1\n")).collect();
    let message = wrong(&file);
    assert_eq!(message.lines().count(), 21);
    assert!(message.ends_with("\nand 280 more"), "{message}");
}

#[test]
fn broken_syntax_names_its_place() {
    let message = wrong("[remote]\nmodel = \"x\n");
    assert!(message.starts_with("minions.toml:2:"), "{message}");
    assert!(message.contains("this is no TOML"), "{message}");
    assert!(
        wrong("[remote]\nmodel = \"a\"\nmodel = \"b\"\n")
            .starts_with("minions.toml:3:1: this is no TOML: duplicate key")
    );
}

#[test]
fn a_column_is_counted_in_characters() {
    assert!(wrong("screen = { theme = \"日本\", asci = true }").starts_with("minions.toml:1:26: "));
}

#[test]
fn escape_sequences_of_a_file_are_shown_not_obeyed() {
    let message = wrong("[\"re\\u001b[2Jmote\"]\n[protocol]\n\"max\\u001b_rounds\" = 1\nname = \"\\u001b[31m\"");
    assert!(!message.contains('\u{1b}'), "{message:?}");
}

#[test]
fn a_file_that_cannot_be_read_says_why() {
    let dir = tempfile::tempdir().unwrap();
    let error = |path: PathBuf| {
        let shown = path.display().to_string();
        let named = Sources { named_file: Some(path), ..Sources::default() };
        load(&named).unwrap_err().to_string().replace(&shown, "FILE")
    };
    assert_eq!(
        error(dir.path().join("absent.toml")),
        "FILE: there is no such file; name another with --config or MINIONS_CONFIG, or write one with `minions config template`"
    );
    assert_eq!(error(dir.path().into()), "FILE: these settings cannot be read: it is a folder; name the file in it");
    let binary = dir.path().join("binary.toml");
    fs::write(&binary, [0xff, 0xfe, 0x00]).unwrap();
    assert_eq!(error(binary), "FILE: these settings cannot be read: it is not UTF-8 text");
    let large = dir.path().join("large.toml");
    fs::write(&large, "#".repeat(2 << 20)).unwrap();
    assert_eq!(error(large), "FILE: these settings cannot be read: it is larger than 1 MiB");
}

#[test]
fn later_layers_win_and_each_setting_knows_where_it_came_from() {
    let dir = tempfile::tempdir().unwrap();
    let (user_file, working_file) = (dir.path().join("user.toml"), dir.path().join("here.toml"));
    fs::write(&user_file, "[protocol]\nmax_rounds = 2\nsamples = 2\ntasks_per_round = 2\nmax_jobs = 2").unwrap();
    fs::write(&working_file, "[protocol]\nsamples = 3\ntasks_per_round = 3\nmax_jobs = 3").unwrap();
    let sources = Sources {
        user_file: Some(user_file.clone()),
        working_file: Some(working_file.clone()),
        named_file: None,
        environment: vec![
            ("MINIONS_PROTOCOL_TASKS_PER_ROUND".into(), "4".into()),
            ("MINIONS_PROTOCOL_MAX_JOBS".into(), "4".into()),
        ],
        flags: vec![Override { name: "protocol.max_jobs".into(), value: "5".into(), flag: "--set".into() }],
    };
    let loaded = load(&sources).unwrap();
    let protocol = &loaded.config.protocol;
    assert_eq!((protocol.max_rounds, protocol.samples, protocol.tasks_per_round, protocol.max_jobs), (2, 3, 4, 5));
    let origin = |key: &str| loaded.provenance[&format!("protocol.{key}")].clone();
    assert_eq!(origin("code_attempts"), Origin::BuiltIn);
    assert_eq!(origin("max_rounds"), Origin::File { path: user_file, line: 2 });
    assert_eq!(origin("samples"), Origin::File { path: working_file, line: 2 });
    assert_eq!(origin("tasks_per_round"), Origin::Environment("MINIONS_PROTOCOL_TASKS_PER_ROUND".into()));
    assert_eq!(origin("max_jobs"), Origin::Flag("--set".into()));
}

#[test]
fn a_named_file_takes_the_place_of_the_one_in_the_working_folder() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, rounds: u32| {
        let path = dir.path().join(name);
        fs::write(&path, format!("[protocol]\nmax_rounds = {rounds}")).unwrap();
        path
    };
    let mut sources = Sources {
        working_file: Some(file("here.toml", 4)),
        environment: vec![("MINIONS_CONFIG".into(), file("variable.toml", 5).into())],
        ..Sources::default()
    };
    assert_eq!(load(&sources).unwrap().config.protocol.max_rounds, 5);
    sources.named_file = Some(file("flag.toml", 6));
    assert_eq!(load(&sources).unwrap().config.protocol.max_rounds, 6);
    sources.environment[0].1 = "".into();
    sources.named_file = None;
    assert_eq!(load(&sources).unwrap().config.protocol.max_rounds, 4);
}

#[test]
fn the_environment_sets_any_setting_and_a_slip_in_a_name_is_told() {
    let loaded = from_environment(&[("MINIONS_REMOTE_PROVIDER", "openai"), ("MINIONS_SCREEN_ASCII", "true")]).unwrap();
    assert_eq!(loaded.config.remote.provider, RemoteProvider::Openai);
    assert!(loaded.config.screen.ascii);
    assert_eq!(
        from_environment(&[("MINIONS_REMOTE_MODLE", "x")]).unwrap_err(),
        "MINIONS_REMOTE_MODLE: this environment variable is no setting; did you mean MINIONS_REMOTE_MODEL?"
    );
    assert_eq!(
        from_environment(&[("MINIONS_SCREEN_WALLPAPER", "x")]).unwrap_err(),
        "MINIONS_SCREEN_WALLPAPER: this environment variable is no setting; `minions config show` lists the settings"
    );
    assert_eq!(
        from_environment(&[("MINIONS_PROTOCOL_MAX_ROUNDS", "many")]).unwrap_err(),
        "MINIONS_PROTOCOL_MAX_ROUNDS: `protocol.max_rounds` cannot be \"many\"; allowed: a whole number from 1 to 20"
    );
}

#[test]
fn variables_that_are_no_settings_are_left_alone() {
    let others =
        [("MINIONS_LOG", "debug"), ("MINIONS_CORPUS", "/x"), ("MINIONS_SOMETHING_ELSE", "1"), ("PATH", "/bin")];
    assert_eq!(from_environment(&others).unwrap().config, Config::default());
}

#[test]
fn a_flag_with_a_wrong_name_or_value_is_told_with_the_flag() {
    assert_eq!(
        from_flag("remote.modle", "x").unwrap_err(),
        "--set: unknown setting `remote.modle`; did you mean `remote.model`?"
    );
    assert_eq!(from_flag("model", "x").unwrap_err(), "--set: unknown setting `model`; did you mean `remote.model`?");
    assert_eq!(
        from_flag("remote.temperature", "hot").unwrap_err(),
        "--set: `remote.temperature` cannot be \"hot\"; allowed: a number"
    );
}

#[test]
fn a_path_may_begin_with_the_home_folder() {
    let sources = Sources {
        environment: vec![("HOME".into(), "/home/me".into())],
        flags: vec![Override { name: "sessions.dir".into(), value: "~/s".into(), flag: "--set".into() }],
        ..Sources::default()
    };
    assert_eq!(load(&sources).unwrap().config.sessions.dir, PathBuf::from("/home/me/s"));
}

#[test]
fn the_settings_in_force_are_valid_settings_that_say_where_they_came_from() {
    let loaded = from_environment(&[("MINIONS_PROTOCOL_MAX_ROUNDS", "7")]).unwrap();
    let shown = show(&loaded);
    assert!(
        shown.lines().any(|l| l.starts_with("max_rounds = 7 ") && l.ends_with("# MINIONS_PROTOCOL_MAX_ROUNDS")),
        "{shown}"
    );
    assert!(shown.lines().any(|l| l.starts_with("samples = 1 ") && l.ends_with("# built in")), "{shown}");
    assert_eq!(read(&shown), Ok(loaded.config));
}

#[test]
fn prices_stand_in_tables_named_by_their_models() {
    let text = "[prices.\"gpt-4.1\"]\ninput = 2\noutput = 8.5\n[prices.own-model]\ncached_input = 0.5\n";
    let config = read(text).unwrap();
    assert_eq!(config.prices["gpt-4.1"], ModelPrice { input: 2.0, output: 8.5, ..ModelPrice::default() });
    assert_eq!(config.prices["own-model"].cached_input, 0.5);
    for name in ["prices.\"gpt-4.1\".input", "prices.gpt-4.1.input"] {
        let loaded = from_flag(name, "3").unwrap();
        assert_eq!(loaded.config.prices["gpt-4.1"].input, 3.0);
        assert_eq!(loaded.provenance["prices.\"gpt-4.1\".input"], Origin::Flag("--set".into()));
        let shown = show(&loaded);
        assert!(shown.lines().any(|line| line.starts_with("input = 3.0 ") && line.ends_with("# --set")), "{shown}");
        assert_eq!(read(&shown), Ok(loaded.config));
    }
}

#[test]
fn keys_are_one_or_several_and_a_later_layer_replaces_those_of_an_earlier() {
    let text = "[keys.jobs]\nfilter = \"g f\"\n[keys.everywhere]\ntop = [\"g g\", \"home\"]\nquit = []\n";
    let config = read(text).unwrap();
    assert_eq!(config.keys["jobs"]["filter"], ["g f"]);
    assert_eq!(config.keys["everywhere"]["top"], ["g g", "home"]);
    assert!(config.keys["everywhere"]["quit"].is_empty());
    let loaded = from_flag("keys.jobs.filter", "F").unwrap();
    assert_eq!(loaded.config.keys["jobs"]["filter"], ["F"]);
    assert_eq!(loaded.provenance[&Config::key_name("jobs", "filter")], Origin::Flag("--set".into()));
    assert_eq!(loaded.json("keys.jobs.filter"), Some(serde_json::json!(["F"])));
    let shown = show(&loaded);
    assert!(shown.lines().any(|line| line.starts_with("filter = [\"F\"]") && line.ends_with("# --set")), "{shown}");
    assert_eq!(read(&shown), Ok(loaded.config));
    assert!(from_flag("keys.jobs.filter", "").unwrap().config.keys["jobs"]["filter"].is_empty());
}

#[test]
fn keys_that_are_no_text_are_refused_with_their_place() {
    assert!(wrong("[keys.jobs]\nfilter = 3").starts_with("minions.toml:2:10: `filter` takes a key"));
    assert!(wrong("[keys.jobs]\nfilter = [\"a\", 3]").starts_with("minions.toml:2:10: `filter` takes a key"));
    assert!(wrong("[keys.jobs]\nfilter = \"\\u001b\"").starts_with("minions.toml:2:10: `filter` takes a key"));
    assert!(wrong("[keys]\nfilter = \"f\"").contains("write [keys.everywhere]"));
}

#[test]
fn a_slip_in_a_table_of_prices_names_its_place() {
    assert_eq!(
        wrong("[prices.m]\noutptu = 1"),
        "minions.toml:2:1: unknown setting `outptu` in a table of [prices]; did you mean `output`?"
    );
    assert_eq!(
        wrong("[prices.m]\ninput = \"two\""),
        "minions.toml:2:9: `prices.input` cannot be \"two\"; allowed: a number"
    );
    assert!(wrong("[prices.gpt-4.1]\ninput = 1").contains("a name with a dot stands in quotes"));
    assert!(wrong("[prices]\ninput = 1").contains("write [prices.\"a name\"]"));
    assert!(from_flag("prices.m.outptu", "1").unwrap_err().contains("did you mean `output`?"));
}

mod live_reload {
    use super::*;
    use std::time::Duration;

    async fn next(watch: &mut Watch) -> Result<Loaded, ConfigError> {
        tokio::time::timeout(Duration::from_secs(20), watch.next()).await.expect("a change is told").unwrap()
    }

    /// As editors do: a new file takes the old one's place.
    fn save(path: &Path, text: &str) {
        let new = path.with_extension("tmp");
        fs::write(&new, text).unwrap();
        fs::rename(new, path).unwrap();
    }

    #[tokio::test]
    async fn each_save_is_told_good_or_bad_also_when_it_replaces_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("minions.toml");
        let sources = Sources { working_file: Some(path.clone()), ..Sources::default() };
        let current = load(&sources).unwrap();
        let mut watch = watch(sources, current).unwrap();

        save(&path, "[protocol]\nmax_rounds = 9");
        assert_eq!(next(&mut watch).await.unwrap().config.protocol.max_rounds, 9);

        save(&path, "[protocol]\nmax_rounds = 99");
        assert!(next(&mut watch).await.unwrap_err().to_string().contains("cannot be 99"));

        fs::write(&path, "[protocol]\nmax_rounds = 8").unwrap();
        assert_eq!(next(&mut watch).await.unwrap().config.protocol.max_rounds, 8);

        fs::remove_file(&path).unwrap();
        assert_eq!(next(&mut watch).await.unwrap().config, Config::default());
    }

    #[tokio::test]
    async fn a_folder_that_is_made_later_is_watched_from_then_on() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("themes");
        let mut watch = watch_folders("the themes", [folder.clone()]).unwrap();
        for change in 0..3 {
            match change {
                0 => fs::create_dir(&folder).unwrap(),
                _ => save(&folder.join("own.toml"), &format!("# {change}")),
            }
            let told = tokio::time::timeout(Duration::from_secs(20), watch.next()).await;
            assert_eq!(told.expect("a change is told"), Some(()));
        }
    }
}

mod whatever_is_written {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_text_makes_reading_panic_and_every_problem_has_a_place_and_no_control_character(
            text in "([\\[\\]a-z_.=\"0-9\u{1b}\u{e9} #-]{0,12}\n){0,8}|\\PC{0,80}|\\[(remote|screen)\\]\n(model|ascii|budget_usd) ?= ?\\PC{0,12}"
        ) {
            if let Err(error) = file::parse("f", &text) {
                for problem in error.problems() {
                    let mut parts = problem.splitn(4, ':');
                    prop_assert_eq!(parts.next(), Some("f"));
                    prop_assert!(parts.next().and_then(|line| line.parse::<usize>().ok()).is_some_and(|line| line > 0));
                    prop_assert!(parts.next().and_then(|column| column.parse::<usize>().ok()).is_some_and(|c| c > 0));
                    prop_assert!(!problem.contains(char::is_control), "{problem:?}");
                }
            }
        }

        #[test]
        fn no_value_of_a_flag_makes_it_panic_and_what_is_taken_can_be_shown_and_read_again(
            n in 0..Catalog::get().settings.len(), value in "\\PC{0,20}|-?[0-9]{0,12}(\\.[0-9]{1,3})?"
        ) {
            let setting = &Catalog::get().settings[n];
            if let Ok(loaded) = from_flag(&setting.name(), &value) {
                prop_assert_eq!(read(&show(&loaded)), Ok(loaded.config));
            }
        }
    }
}

#[test]
fn the_local_lm_may_stand_behind_one_server_or_several() {
    let urls = |base_url: &str| -> Result<Vec<String>, String> {
        let config = read(&format!("[local]\nbase_url = \"{base_url}\""))?;
        Ok(config.local.base_urls().into_iter().map(str::to_owned).collect())
    };
    assert_eq!(urls("http://a:1/v1").unwrap(), ["http://a:1/v1"]);
    assert_eq!(urls("").unwrap(), [""], "the provider's usual one");
    for several in ["http://a:1/v1 https://b/v1", "http://a:1/v1, https://b/v1", " http://a:1/v1,https://b/v1 "] {
        assert_eq!(urls(several).unwrap(), ["http://a:1/v1", "https://b/v1"], "{several}");
    }
    for bad in ["a:1", "http://a:1/v1 b:2", "http://a:1/v1 http://me:sk-secret@b/v1"] {
        let told = urls(bad).unwrap_err();
        assert!(told.contains("`local.base_url` must be one or several URLs") && !told.contains("secret"), "{told}");
    }
}

#[test]
fn a_text_that_is_added_to_a_list_stands_beside_those_of_the_file() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("minions.toml");
    std::fs::write(&file, "[redact]\nnames = [\"Anna Lind\", \"Li\"]\n").unwrap();
    let flag =
        |value: &str| Override { name: "redact.names+".into(), value: value.into(), flag: "--redact-name".into() };
    let flags = vec![flag(r#"["Jane; Doe"]"#), flag(r#"["Li"]"#), flag(r#"["Bo"]"#)];
    let loaded = load(&Sources { named_file: Some(file), flags, ..Sources::default() }).unwrap();
    assert_eq!(loaded.config.redact.names, ["Anna Lind", "Li", "Jane; Doe", "Bo"]);
    assert_eq!(loaded.provenance["redact.names"], Origin::Flag("--redact-name".into()));
    let alone = load(&Sources { flags: vec![flag(r#"["Bo"]"#)], ..Sources::default() }).unwrap();
    assert_eq!(alone.config.redact.names, ["Bo"]);
    let wrong = Override { name: "protocol.samples+".into(), value: "1".into(), flag: "--set".into() };
    assert!(load(&Sources { flags: vec![wrong], ..Sources::default() }).is_err());
}
