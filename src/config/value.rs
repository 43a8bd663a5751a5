//! Whether a value may stand in a setting, and what to say when it may not.

use serde_json::{Value, json};

use super::setting::{Kind, Setting};
use super::spelling::{nearest, shown};

/// A value as somebody wrote it.
pub enum Written<'a> {
    Text(&'a str),
    Flag(bool),
    Whole(i64),
    Number(f64),
    List(Vec<String>),
    /// A list, a table, a date, a number beyond any size.
    Other,
}

impl<'a> Written<'a> {
    /// A value from a flag or an environment variable, where everything is text.
    pub fn of_text(setting: &Setting, text: &'a str) -> Self {
        let trimmed = text.trim();
        match &setting.kind {
            Kind::Flag => trimmed.parse().map(Self::Flag).unwrap_or(Self::Other),
            Kind::List => {
                if let Ok(texts) = serde_json::from_str(trimmed) {
                    return Self::List(texts);
                }
                let texts = text.split(';').map(str::trim).filter(|text| !text.is_empty());
                Self::List(texts.map(str::to_owned).collect())
            }
            Kind::Whole { .. } => trimmed.parse().map(Self::Whole).unwrap_or(Self::Other),
            Kind::Number { .. } => trimmed.parse().map(Self::Number).unwrap_or(Self::Other),
            _ => Self::Text(text),
        }
    }
}

/// The value as the settings hold it, or a sentence that says what is allowed. `source` is how it was written.
pub fn check(setting: &Setting, written: Written<'_>, source: &str) -> Result<Value, String> {
    let name = setting.name();
    match (&setting.kind, written) {
        (Kind::Text | Kind::Path, Written::Text(text)) if !text.contains(char::is_control) => Ok(json!(text)),
        (Kind::Formed(form, _), Written::Text(text)) if form.is_match(text) => Ok(json!(text)),
        // What stands there could be a key or hold a password: it is not repeated.
        (Kind::Formed(_, words), _) => Err(format!("`{name}` must be {words}")),
        (Kind::Choice(names), Written::Text(text)) => match names.iter().find(|n| *n == text) {
            Some(choice) => Ok(json!(choice)),
            None => {
                let hint = nearest(text, names.iter().map(String::as_str));
                let hint = hint.map(|h| format!("; did you mean {h}?")).unwrap_or_default();
                Err(format!("`{name}` cannot be {}; allowed: {}{hint}", shown(source), setting.allowed()))
            }
        },
        (Kind::List, Written::List(texts)) if !texts.iter().any(|text| text.contains(char::is_control)) => {
            Ok(json!(texts))
        }
        (Kind::List, Written::Text(text)) if !text.contains(char::is_control) => Ok(json!([text])),
        // What stands there is private: it is not repeated.
        (Kind::List, _) => Err(format!("`{name}` must be {}", setting.allowed())),
        (Kind::Flag, Written::Flag(on)) => Ok(json!(on)),
        (Kind::Whole { min, max }, Written::Whole(n)) if (min..=max).contains(&&n) => Ok(json!(n)),
        (Kind::Number { min, max }, Written::Number(n)) if n.is_finite() && (min..=max).contains(&&n) => Ok(json!(n)),
        (Kind::Number { min, max }, Written::Whole(n)) if (*min..=*max).contains(&(n as f64)) => Ok(json!(n as f64)),
        _ => Err(format!("`{name}` cannot be {}; allowed: {}", shown(source), setting.allowed())),
    }
}
