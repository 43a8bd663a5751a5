//! Which files of settings there are, and whether they are right.

use super::Check;
use crate::app::Keymap;
use crate::config::{ConfigError, Loaded, Origin, Sources};

pub fn files(sources: &Sources, loaded: &Result<Loaded, ConfigError>) -> Vec<Check> {
    let mut checks: Vec<_> = sources
        .files()
        .into_iter()
        .map(|(path, _)| {
            let there = if path.exists() { "is there" } else { "is not there, and need not be" };
            Check::ok("settings file", format!("{} {there}", path.display()))
        })
        .collect();
    let keys = loaded.as_ref().map_err(Clone::clone).and_then(Keymap::of);
    match (loaded, &keys) {
        (Ok(loaded), Ok(_)) => {
            let changed = loaded.provenance.values().filter(|o| **o != Origin::BuiltIn).count();
            checks.push(Check::ok("settings", format!("valid; set by you: {changed}")));
        }
        (Err(error), _) | (_, Err(error)) => checks.extend(
            error
                .problems()
                .iter()
                .map(|p| Check::fail("settings", p, "see `minions config template` for every setting")),
        ),
    }
    checks
}
