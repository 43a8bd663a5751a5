//! What a person who writes settings is promised.

mod catalog;
mod layers;
mod live_reload;
mod mistakes;
mod values;
mod whatever_is_written;

use std::fs;

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
