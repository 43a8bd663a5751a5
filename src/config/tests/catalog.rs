//! The catalogue, the template and the code agree on every setting.

use std::fs;
use std::path::Path;

use super::*;

#[test]
fn the_file_at_the_top_level_is_the_template() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE_NAME);
    let text = fs::read_to_string(file).unwrap_or_default();
    assert!(text == template(), "write it again: cargo run -- config template > minions.toml");
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
