//! Which layer wins, and what each setting says of where it came from.

use std::fs;

use super::*;

#[test]
fn without_any_file_the_built_in_settings_hold() {
    let loaded = load(&Sources::default()).unwrap();
    assert_eq!(loaded, Loaded::default());
    assert_eq!(loaded.config, Config::default());
    assert_eq!(loaded.provenance.len(), Catalog::get().settings.len());
    assert!(loaded.provenance.values().all(|o| *o == Origin::BuiltIn));
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
