//! `minions config`: the settings in force, their schema, and a file to start from.

use serde_json::{Value, json};

use super::exit::{Exit, Failure};
use super::output::print;
use crate::config::{self, Loaded};
use crate::document::escape::visible_lines;

pub fn show(loaded: &Loaded, as_json: bool) -> Result<Exit, Failure> {
    if as_json {
        print(&format!("{:#}\n", effective(loaded)))?;
    } else {
        print(&visible_lines(&config::show(loaded)))?;
    }
    Ok(Exit::Success)
}

pub fn schema() -> Result<Exit, Failure> {
    print(&format!("{:#}\n", config::schema()))?;
    Ok(Exit::Success)
}

pub fn template() -> Result<Exit, Failure> {
    print(&config::template())?;
    Ok(Exit::Success)
}

/// `{"section.key": {"value": …, "origin": …}}`.
fn effective(loaded: &Loaded) -> Value {
    let settings = loaded
        .provenance
        .iter()
        .map(|(name, origin)| (name.clone(), json!({ "value": loaded.json(name), "origin": origin.to_string() })));
    Value::Object(settings.collect())
}
