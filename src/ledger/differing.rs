//! The settings in which sessions differ from one another.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::protocol::Settings;

/// What is told elsewhere, what follows from another setting, and what private words could stand in.
const LEFT_OUT: [&str; 7] = ["protocol", "budget_usd", "windows", "gates", "redact", "blotted", "part"];

/// Each setting that has another value in one of them than in the rest, by its name in the journal, with its values in their
/// order. Nothing stands for a session that has no settings on record, and for one that leaves the setting out.
pub fn differing(settings: &[Option<&Settings>]) -> Vec<(String, Vec<Option<String>>)> {
    let all: Vec<Option<BTreeMap<String, String>>> =
        settings.iter().map(|settings| Some(values((*settings)?))).collect();
    let known = all.iter().flatten();
    let mut names: Vec<&String> = known.flat_map(BTreeMap::keys).collect();
    names.sort_unstable();
    names.dedup();
    let row = |name: &String| {
        let cells: Vec<Option<String>> = all.iter().map(|values| values.as_ref()?.get(name).cloned()).collect();
        let told: Vec<&Option<String>> =
            cells.iter().zip(&all).filter(|(_, values)| values.is_some()).map(|(cell, _)| cell).collect();
        told.windows(2).any(|pair| pair[0] != pair[1]).then(|| (name.clone(), cells))
    };
    names.into_iter().filter_map(row).collect()
}

/// Every value by its name; those of a group stand beside the others.
fn values(settings: &Settings) -> BTreeMap<String, String> {
    fn gather(value: Value, name: &str, found: &mut BTreeMap<String, String>) {
        match value {
            Value::Object(fields) => {
                for (key, field) in fields.into_iter().filter(|(key, _)| !LEFT_OUT.contains(&key.as_str())) {
                    gather(field, &key, found);
                }
            }
            Value::String(text) => drop(found.insert(name.to_owned(), text)),
            Value::Null => {}
            other => drop(found.insert(name.to_owned(), other.to_string())),
        }
    }
    let mut found = BTreeMap::new();
    // What cannot be written as JSON has no names to be told by.
    gather(serde_json::to_value(settings).unwrap_or_default(), "", &mut found);
    // The journal leaves out what was never chosen.
    gather(serde_json::to_value(settings.means).unwrap_or_default(), "", &mut found);
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{Means, Merge};

    #[test]
    fn what_differs_is_told_and_nothing_else() {
        let one = Settings::default();
        let mut two = Settings { samples: 3, budget_usd: Some(0.2), ..Settings::default() };
        two.means = Means { merge: Merge::Majority, ..Means::default() };
        let told = differing(&[Some(&one), None, Some(&two)]);
        let text = |words: &str| Some(words.to_owned());
        assert_eq!(
            told,
            [
                ("merge".to_owned(), vec![text("union"), None, text("majority")]),
                ("samples".to_owned(), vec![text("1"), None, text("3")])
            ]
        );
        assert!(differing(&[Some(&one), Some(&one)]).is_empty() && differing(&[]).is_empty());
    }
}
