//! Which files of settings there are, and whether they are right.

use super::Check;
use crate::config::{ConfigError, Loaded, Sources};

pub fn files(sources: &Sources, loaded: &Result<Loaded, ConfigError>) -> Vec<Check> {
    let mut checks: Vec<_> = sources
        .files()
        .into_iter()
        .map(|(path, _)| {
            let there = if path.exists() { "is there" } else { "is not there; its settings are as before it" };
            Check::ok("settings file", format!("{} {there}", path.display()))
        })
        .collect();
    match loaded {
        Ok(loaded) => {
            let changed = loaded.provenance.values().filter(|o| **o != crate::config::Origin::BuiltIn).count();
            checks.push(Check::ok("settings", format!("right; {changed} differ in origin from the built-in ones")));
        }
        Err(error) => checks.extend(
            error
                .problems()
                .iter()
                .map(|p| Check::fail("settings", p, "see `minions config template` for every setting")),
        ),
    }
    checks
}
