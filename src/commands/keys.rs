//! `minions keys`: the keys in force, each with what it does and where it came from.

use serde_json::{Value, json};

use super::{Exit, Failure, print};
use crate::app::{Bound, Context, Keymap};
use crate::config::Origin;
use crate::document::escape::visible_lines;

pub fn keys(keymap: &Keymap, as_json: bool) -> Result<Exit, Failure> {
    if as_json {
        let rows: Vec<Value> = keymap.rows().iter().map(as_value).collect();
        print(&format!("{}\n", serde_json::to_string_pretty(&rows)?))?;
    } else {
        print(&visible_lines(&table(keymap)))?;
    }
    Ok(Exit::Success)
}

fn as_value(row: &Bound) -> Value {
    let keys: Vec<String> = row.keys.iter().map(ToString::to_string).collect();
    json!({
        "context": row.context.table(),
        "action": row.binding.setting(),
        "keys": keys,
        "doc": row.binding.doc,
        "origin": row.origin.to_string(),
    })
}

/// A table a context, headed as in `minions.toml`, so that a line can be taken over from there.
fn table(keymap: &Keymap) -> String {
    let lines = |context| keymap.rows().iter().filter(move |row| row.context == context);
    let action = keymap.rows().iter().map(|row| row.binding.setting().len()).max().unwrap_or(0);
    let keys = keymap.rows().iter().map(|row| written(row).chars().count()).max().unwrap_or(0);
    let mut out = String::new();
    for context in Context::ALL.into_iter().filter(|context| lines(*context).next().is_some()) {
        let gap = if out.is_empty() { "" } else { "\n" };
        out.push_str(&format!("{gap}[keys.{}]\n", context.table()));
        for row in lines(context) {
            let origin = match &row.origin {
                Origin::BuiltIn => String::new(),
                other => format!(" ({other})"),
            };
            let (name, is) = (row.binding.setting(), written(row));
            out.push_str(&format!("{name:action$} = {is:keys$}  # {}{origin}\n", row.binding.doc));
        }
    }
    out
}

/// The keys as `minions.toml` writes them.
fn written(row: &Bound) -> String {
    let keys: Vec<String> = row.keys.iter().map(|keys| Value::from(keys.to_string()).to_string()).collect();
    match keys.as_slice() {
        [one] => one.clone(),
        several => format!("[{}]", several.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_a_file_of_settings_that_gives_the_same_keys() {
        let text = table(&Keymap::default());
        let file = tempfile::Builder::new().suffix(".toml").tempfile().unwrap();
        std::fs::write(file.path(), &text).unwrap();
        let sources = crate::config::Sources { named_file: Some(file.path().into()), ..Default::default() };
        let again = Keymap::of(&crate::config::load(&sources).unwrap()).unwrap();
        let keys = |map: &Keymap| -> Vec<_> { map.rows().iter().map(|row| row.keys.clone()).collect() };
        assert_eq!(keys(&again), keys(&Keymap::default()));
        assert!(table(&again).contains(&format!("({}:2)", file.path().display())), "{}", table(&again));
    }
}
