//! Several values of a setting, as `KEY=A,B` names them: every combination, each read and checked as settings are.

use super::Failure;
use crate::cli::{has_flag, setting_of};
use crate::config::{Catalog, Loaded, Override, Sources, load};

/// More combinations than this are a slip.
const MOST: usize = 200;

/// The settings that make a variant, by full name and value.
pub type Combination = Vec<(String, String)>;

/// Every combination of the values that are named; one without any where nothing is. `flag`: by which they were given.
pub fn combinations(sweeps: &[String], flag: &str) -> Result<Vec<Combination>, Failure> {
    let mut combinations: Vec<Combination> = vec![Vec::new()];
    for sweep in sweeps {
        let no_values =
            || Failure::usage(format!("{flag}: {sweep:?} names no values; write KEY=A,B, such as samples=1,2,4"));
        let (key, values) = sweep.split_once('=').ok_or_else(no_values)?;
        let name = full_name(key.trim());
        let values: Vec<&str> = values.split(',').map(str::trim).filter(|value| !value.is_empty()).collect();
        if values.is_empty() {
            return Err(no_values());
        }
        combinations = combinations
            .iter()
            .flat_map(|before| {
                let name = &name;
                values.iter().map(move |value| [&before[..], &[(name.clone(), (*value).to_owned())]].concat())
            })
            .collect();
        if combinations.len() > MOST {
            return Err(Failure::usage(format!("{flag}: more than {MOST} combinations; name fewer values")));
        }
    }
    Ok(combinations)
}

/// The settings in force, with those of the combination above them.
pub fn with(loaded: &Loaded, sources: &Sources, combination: &Combination, flag: &str) -> Result<Loaded, Failure> {
    if combination.is_empty() {
        return Ok(loaded.clone());
    }
    let mut sources = sources.clone();
    sources.flags.extend(combination.iter().map(|(name, value)| Override {
        name: name.clone(),
        value: value.clone(),
        flag: flag.into(),
    }));
    Ok(load(&sources)?)
}

/// What the combination is called: its keys without their sections, and their values; a protocol by its name alone.
pub fn label(combination: &Combination) -> String {
    let told = |(name, value): &(String, String)| match name.rsplit_once('.') {
        Some(("protocol", "name")) => value.clone(),
        Some((_, key)) => format!("{key}={value}"),
        None => format!("{name}={value}"),
    };
    combination.iter().map(told).collect::<Vec<_>>().join(" ")
}

/// The full name of a setting that is named by its flag, or by its key alone: one of the protocol, else the only one of that
/// key, else the only one of them that is a lever.
pub fn full_name(key: &str) -> String {
    let catalog = Catalog::get();
    if let Some(name) = setting_of(key).filter(|_| catalog.by_name(key).is_none()) {
        return name.to_owned();
    }
    let named: Vec<String> =
        catalog.settings.iter().filter(|setting| setting.key == key).map(|setting| setting.name()).collect();
    let of_protocol = named.iter().find(|name| name.starts_with("protocol."));
    match (&named[..], of_protocol) {
        (_, Some(name)) => name.clone(),
        ([only], None) => only.clone(),
        _ => {
            let mut levers = named.iter().filter(|name| has_flag(name));
            levers.next().filter(|_| levers.next().is_none()).cloned().unwrap_or_else(|| key.to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lever_is_known_by_its_flag_its_key_and_its_own_word() {
        for (key, name) in [
            ("samples", "protocol.samples"),
            ("temperature", "local.temperature"),
            ("remote.temperature", "remote.temperature"),
            ("max_output_tokens", "local.max_output_tokens"),
            ("worker_tokens", "local.max_output_tokens"),
            ("worker-tokens", "local.max_output_tokens"),
            ("rounds", "protocol.max_rounds"),
            ("max-rounds", "protocol.max_rounds"),
            ("tasks", "protocol.tasks_per_round"),
            ("protocol", "protocol.name"),
            ("local_model", "local.model"),
            ("remote-model", "remote.model"),
            ("budget", "remote.budget_usd"),
            ("offline_share", "remote.offline_share"),
            ("model", "model"),
            ("smaples", "smaples"),
        ] {
            assert_eq!(full_name(key), name, "{key}");
        }
    }
}
