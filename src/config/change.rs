//! Settings that the person changes on the screen: checked as those of a file are, and gone when the program ends.

use serde_json::Value;

use super::Config;
use super::layers::{Loaded, Origin};
use super::setting::{Catalog, Kind, Setting};
use super::value::{Written, check};

impl Loaded {
    /// Changes one setting, as it was typed; or says what it may hold.
    pub fn change(&mut self, name: &str, text: &str) -> Result<(), String> {
        let Some(setting) = Catalog::get().by_name(name) else { return Err(format!("`{name}` is no setting")) };
        // What a number or a choice is typed between is no part of it.
        let text = if matches!(setting.kind, Kind::Text | Kind::Path) { text } else { text.trim() };
        let value = check(setting, Written::of_text(setting, text), &format!("{text:?}"))?;
        let mut whole = serde_json::to_value(&self.config).map_err(|error| error.to_string())?;
        if whole[&setting.section][&setting.key] == value {
            return Ok(());
        }
        whole[&setting.section][&setting.key] = value;
        self.config = serde_json::from_value(whole).map_err(|error| error.to_string())?;
        self.provenance.insert(setting.name(), Origin::Here);
        Ok(())
    }

    /// Takes settings over that were changed elsewhere on the screen, such as a model that was picked.
    pub fn adopt(&mut self, config: &Config) {
        let (before, after) = (self.values(), values(config));
        for ((name, before), (_, after)) in before.into_iter().zip(after) {
            if before != after {
                self.provenance.insert(name, Origin::Here);
            }
        }
        self.config = config.clone();
    }

    /// The same settings with what was changed on the screen in `other` put over them.
    pub fn with_changes_of(mut self, other: &Self) -> Self {
        let changed = other.values().into_iter().filter(|(name, _)| other.provenance.get(name) == Some(&Origin::Here));
        for (name, text) in changed {
            // What was allowed when it was typed is allowed still.
            let _ = self.change(&name, &text);
        }
        self
    }

    /// A setting's value, as it would be typed.
    pub fn value(&self, name: &str) -> Option<String> {
        self.json(name).as_ref().map(typed)
    }

    /// Every setting with its value, in the order of the code.
    pub fn values(&self) -> Vec<(String, String)> {
        values(&self.config)
    }
}

fn values(config: &Config) -> Vec<(String, String)> {
    let whole = serde_json::to_value(config).unwrap_or_default();
    let value = |setting: &Setting| typed(&whole[&setting.section][&setting.key]);
    Catalog::get().settings.iter().map(|setting| (setting.name(), value(setting))).collect()
}

/// As a person would type it.
fn typed(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        // As JSON: a text of the list may hold whatever could stand between two of them.
        Value::Array(texts) if texts.is_empty() => String::new(),
        Value::Number(number) => number.as_f64().map_or_else(|| number.to_string(), |number| number.to_string()),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Sources, load};
    use super::*;

    fn built_in() -> Loaded {
        load(&Sources::default()).unwrap()
    }

    #[test]
    fn a_change_is_checked_as_a_line_of_a_file_is_and_remembered() {
        let mut loaded = built_in();
        loaded.change("protocol.max_rounds", " 5 ").unwrap();
        assert_eq!(loaded.config.protocol.max_rounds, 5);
        assert_eq!(loaded.value("protocol.max_rounds").as_deref(), Some("5"));
        assert_eq!(loaded.provenance["protocol.max_rounds"], Origin::Here);
        for (name, wrong) in
            [("protocol.max_rounds", "50"), ("remote.budget_usd", "much"), ("remote.provider", "opena")]
        {
            let before = loaded.clone();
            assert!(loaded.change(name, wrong).unwrap_err().contains(name), "{name}");
            assert_eq!(loaded, before);
        }
        // What stays as it is came from where it came from.
        loaded.change("protocol.samples", "1").unwrap();
        assert_eq!(loaded.provenance["protocol.samples"], Origin::BuiltIn);
    }

    #[test]
    fn changes_outlive_a_file_that_is_read_again() {
        let mut loaded = built_in();
        let mut picked = loaded.config.clone();
        picked.remote.model = "picked".into();
        loaded.adopt(&picked);
        loaded.change("remote.budget_usd", "1.5").unwrap();
        let again = built_in().with_changes_of(&loaded);
        assert_eq!(again, loaded);
    }

    #[test]
    fn every_value_can_be_typed_again() {
        let mut loaded = built_in();
        let patterns = vec![r"A;B\d+".to_owned(), "; \"x\"".to_owned(), " padded ".to_owned()];
        loaded.config.redact.patterns.clone_from(&patterns);
        loaded.change("redact.names", "Li; Anna Lind").unwrap();
        assert_eq!(loaded.config.redact.names, ["Li", "Anna Lind"]);
        for (name, value) in loaded.values() {
            let mut again = loaded.clone();
            again.change(&name, &value).unwrap();
            assert_eq!(again.config, loaded.config, "{name}");
        }
        let mut again = built_in();
        again.change("redact.patterns", &loaded.value("redact.patterns").unwrap()).unwrap();
        assert_eq!(again.config.redact.patterns, patterns);
    }
}
