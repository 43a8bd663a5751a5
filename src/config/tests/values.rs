//! What a value may be, and what it is read as.

use std::path::PathBuf;

use super::*;

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
fn a_path_may_begin_with_the_home_folder() {
    let sources = Sources {
        environment: vec![("HOME".into(), "/home/me".into())],
        flags: vec![Override { name: "sessions.dir".into(), value: "~/s".into(), flag: "--set".into() }],
        ..Sources::default()
    };
    assert_eq!(load(&sources).unwrap().config.sessions.dir, PathBuf::from("/home/me/s"));
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
