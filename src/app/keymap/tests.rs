//! What the person may write about keys, and what the keys then do.

use std::collections::HashSet;

use super::*;

/// The keymap under settings of which each stands on the line of its number.
fn of(settings: &[(&str, &str, &[&str])]) -> Result<Keymap, String> {
    let mut loaded = Loaded::default();
    for (line, (table, name, keys)) in (1..).zip(settings) {
        let keys = keys.iter().map(|key| (*key).to_owned()).collect();
        loaded.config.keys.entry((*table).to_owned()).or_default().insert((*name).to_owned(), keys);
        let origin = Origin::File { path: "minions.toml".into(), line };
        loaded.provenance.insert(Config::key_name(table, name), origin);
    }
    Keymap::of(&loaded).map_err(|error| error.to_string())
}

fn keys(text: &str) -> Vec<Key> {
    text.split(' ').map(|key| key.parse().unwrap()).collect()
}

const JOBS: &[Context] = &[Context::Jobs, Context::Everywhere];
const ANSWERS: &[Context] = &[Context::Answers, Context::Everywhere];

#[test]
fn every_default_key_can_be_read() {
    for binding in BINDINGS {
        assert_eq!(binding.keys().count(), binding.keys.split(' ').count(), "{}", binding.name);
    }
}

#[test]
fn no_built_in_key_does_two_things_where_both_could_be_meant() {
    let panes: Vec<Context> = Context::ALL.into_iter().filter(|context| context.is_pane()).collect();
    for (at, second) in BINDINGS.iter().enumerate() {
        for first in &BINDINGS[..at] {
            let both_panes = panes.contains(&first.context) && panes.contains(&second.context);
            let one_general = [first.context, second.context]
                .iter()
                .any(|context| matches!(context, Context::Everywhere | Context::Replay));
            if first.context == second.context || both_panes && one_general {
                for (a, b) in first.keys().flat_map(|a| second.keys().map(move |b| (a.clone(), b))) {
                    assert!(!a.clashes_with(&b), "`{a}` of {} and `{b}` of {}", first.name, second.name);
                }
            }
        }
    }
}

#[test]
fn every_action_is_declared_once() {
    let names: HashSet<_> = BINDINGS.iter().map(|binding| (binding.context, binding.name)).collect();
    let actions: HashSet<_> = BINDINGS.iter().map(|binding| binding.action).collect();
    assert_eq!((names.len(), actions.len()), (BINDINGS.len(), BINDINGS.len()));
}

#[test]
fn every_context_is_listed_once() {
    let places: HashSet<usize> = Context::ALL.map(|context| context as usize).into();
    assert_eq!(places, (0..Context::ALL.len()).collect());
}

#[test]
fn a_setting_replaces_the_keys_of_its_action_and_takes_a_key_from_what_is_built_in() {
    let keymap = of(&[("jobs", "cancel-job", &["f", "space j"])]).unwrap();
    assert_eq!(keymap.meaning(JOBS, &keys("f")), Meaning::Does(Action::CancelJob));
    assert_eq!(keymap.meaning(JOBS, &keys("x")), Meaning::Nothing);
    assert_eq!(keymap.meaning(JOBS, &keys("space")), Meaning::Begins);
    assert_eq!(keymap.meaning(JOBS, &keys("space j")), Meaning::Does(Action::CancelJob));
    assert_eq!(keymap.meaning(JOBS, &keys("space k")), Meaning::Nothing);
    let filter = keymap.rows().iter().find(|row| row.binding.action == Action::Filter).unwrap();
    assert!(filter.keys.is_empty(), "its only key was taken");
}

#[test]
fn an_empty_list_takes_the_keys_away() {
    let keymap = of(&[("everywhere", "quit", &[])]).unwrap();
    assert_eq!(keymap.meaning(ANSWERS, &keys("q")), Meaning::Nothing);
    assert_eq!(keymap.first_keys(Action::Quit), None);
}

#[test]
fn an_action_of_all_panes_can_have_keys_in_one() {
    let keymap = of(&[("jobs", "copy", &["x"]), ("jobs", "cancel-job", &["K"])]).unwrap();
    assert_eq!(keymap.meaning(JOBS, &keys("x")), Meaning::Does(Action::Copy));
    assert_eq!(keymap.meaning(JOBS, &keys("y")), Meaning::Does(Action::Copy), "those of all panes stay");
    assert_eq!(keymap.meaning(ANSWERS, &keys("x")), Meaning::Nothing);
}

#[test]
fn a_sequence_built_in_gives_way_to_its_first_key() {
    let keymap = of(&[("everywhere", "wrap", &["ctrl-w"])]).unwrap();
    assert_eq!(keymap.meaning(ANSWERS, &keys("ctrl-w")), Meaning::Does(Action::Wrap));
    assert_eq!(keymap.first_keys(Action::Mouse), None);
}

#[test]
fn two_settings_for_one_key_are_an_error_that_names_both_lines() {
    let error = of(&[("jobs", "filter", &["x"]), ("jobs", "show", &["o", "x"])]).unwrap_err();
    assert_eq!(error, "minions.toml:2: `keys.jobs.show`: `x` does `filter` already, by minions.toml:1");
    let error = of(&[("everywhere", "top", &["g g"]), ("everywhere", "up", &["g"])]).unwrap_err();
    assert_eq!(
        error,
        "minions.toml:2: `keys.everywhere.up`: `g` and `g g` begin alike, and `g g` does `top` already, by minions.toml:1"
    );
    assert!(of(&[("everywhere", "top", &["g", "g g"])]).is_err(), "one setting can clash with itself");
    assert!(of(&[("jobs", "filter", &["x"]), ("answers", "copy", &["x"])]).is_ok(), "panes do not clash");
}

#[test]
fn what_is_no_context_no_action_or_no_key_is_an_error_with_its_line() {
    let wrong = |table, name, key| of(&[(table, name, &[key])]).unwrap_err();
    assert_eq!(wrong("job", "filter", "x"), "minions.toml:1: there are no keys in `job`; did you mean [keys.jobs]?");
    assert_eq!(
        wrong("jobs", "cancel-jb", "x"),
        "minions.toml:1: [keys.jobs] has no action `cancel-jb`; did you mean `cancel-job`?"
    );
    assert!(wrong("jobs", "filter", "hyper-x").starts_with("minions.toml:1: `keys.jobs.filter`: `hyper-x` is no key"));
    assert!(wrong("jobs", "filter", "").starts_with("minions.toml:1: `keys.jobs.filter`: `` is no key"));
    assert!(wrong("typing", "submit", "x").contains("`x` is text while typing"));
    assert!(wrong("typing", "submit", "ctrl-x s").contains("is text while typing"));
    assert!(wrong("budget", "filter", "x").contains("[keys.budget] has no action `filter`"));
}

#[test]
fn the_example_of_the_template_can_be_read() {
    let text: String = crate::config::template()
        .lines()
        .skip_while(|line| !line.starts_with("#[keys."))
        .take_while(|line| line.starts_with('#'))
        .map(|line| format!("{}\n", &line[1..]))
        .collect();
    assert!(text.starts_with("[keys."), "{text}");
    let file = tempfile::Builder::new().suffix(".toml").tempfile().unwrap();
    std::fs::write(file.path(), text).unwrap();
    let sources = crate::config::Sources { named_file: Some(file.path().into()), ..Default::default() };
    let keymap = Keymap::of(&crate::config::load(&sources).unwrap()).unwrap();
    assert_ne!(keymap, Keymap::default());
}

#[test]
fn what_can_follow_is_told_with_its_label() {
    let keymap = of(&[("jobs", "filter", &["ctrl-w f"]), ("jobs", "show", &["ctrl-w g o"])]).unwrap();
    let told = keymap.following(JOBS, &keys("ctrl-w"));
    let told: Vec<String> = told.iter().map(|(key, label)| format!("{key} {label}")).collect();
    for line in ["f filter", "g 1 more", "m mouse"] {
        assert!(told.iter().any(|told| told == line), "{told:?}");
    }
}
