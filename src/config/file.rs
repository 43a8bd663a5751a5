//! Reads one `minions.toml`: its settings with their lines, or everything that is wrong with it.

use std::fs;
use std::io::{self, Read};
use std::ops::Range;
use std::path::Path;

use serde_json::Value;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Config;
use super::error::ConfigError;
use super::setting::{Catalog, Setting, Shape, in_table};
use super::spelling::{nearest, shown};
use super::value::{Written, check};

/// Nobody writes settings this long; it keeps a wrong path such as `/dev/zero` from filling the memory.
const LARGEST: u64 = 1 << 20;

/// One setting of a file.
#[derive(Debug)]
pub struct Entry {
    pub name: String,
    pub value: Value,
    /// Counted from 1.
    pub line: usize,
}

/// The settings of the file at `path`, `None` where there is no such file.
pub fn read(path: &Path) -> Result<Option<Vec<Entry>>, ConfigError> {
    let place = shown_path(path);
    let text = match text_of(path) {
        Ok(text) => text,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(ConfigError::one(format!("{place}: these settings cannot be read: {e}"))),
    };
    parse(&place, &text).map(Some)
}

/// A path as it may stand in a message.
pub fn shown_path(path: &Path) -> String {
    path.to_string_lossy()
        .chars()
        .map(|c| if c.is_control() { c.escape_unicode().to_string() } else { c.into() })
        .collect()
}

fn text_of(path: &Path) -> io::Result<String> {
    if path.is_dir() {
        return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a folder; name the file in it"));
    }
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "it is larger than 1 MiB"));
    }
    String::from_utf8(bytes).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8 text"))
}

/// The settings of `text`; `place` names it in messages.
pub fn parse(place: &str, text: &str) -> Result<Vec<Entry>, ConfigError> {
    let (table, errors) = DeTable::parse_recoverable(text);
    let mut reading = Reading { place, text, entries: Vec::new(), problems: Vec::new() };
    for error in errors {
        let message = error.message().replace('\n', ", ");
        reading.problem(error.span().unwrap_or_default(), format!("this is no TOML: {}", shown(&message)));
    }
    // A file with broken syntax has settings that are not what was meant: its syntax comes first.
    if reading.problems.is_empty() {
        reading.sections(table.get_ref());
    }
    reading.problems.sort_by_key(|(at, _)| *at);
    ConfigError::unless_empty(reading.problems.into_iter().map(|(_, problem)| problem).collect())?;
    Ok(reading.entries)
}

struct Reading<'a> {
    place: &'a str,
    text: &'a str,
    entries: Vec<Entry>,
    /// With the byte where each stands.
    problems: Vec<(usize, String)>,
}

impl Reading<'_> {
    fn sections(&mut self, table: &DeTable<'_>) {
        let catalog = Catalog::get();
        for (name, value) in table {
            let (at, known) = (name.span(), catalog.sections.iter().find(|s| s.name == name.get_ref().as_ref()));
            match (value.get_ref(), known) {
                (DeValue::Table(inner), Some(section)) => match section.shape {
                    Shape::Settings => self.settings(&section.name, inner),
                    Shape::Named => self.tables(&section.name, inner),
                    Shape::Keys => self.keys(inner),
                },
                (DeValue::Table(_), None) => self.problem(at, unknown_section(name.get_ref())),
                (_, Some(section)) => {
                    let name = &section.name;
                    self.problem(at, format!("`{name}` is a section: write [{name}] and its settings under it"));
                }
                (_, None) => self.problem(at, unknown_setting("", name.get_ref())),
            }
        }
    }

    fn settings(&mut self, section: &str, settings: &DeTable<'_>) {
        for (key, value) in settings {
            match Catalog::get().find(section, key.get_ref()) {
                Some(setting) => self.setting(setting, setting.name(), key.span(), value),
                None => self.problem(key.span(), unknown_setting(section, key.get_ref())),
            }
        }
    }

    /// A section of tables, each of which has a name that the person chose.
    fn tables(&mut self, section: &str, tables: &DeTable<'_>) {
        for (name, value) in tables {
            let DeValue::Table(settings) = value.get_ref() else {
                let form = format!("[{section}.\"a name\"] and its settings under it");
                self.problem(name.span(), format!("`{section}` has tables: write {form}"));
                continue;
            };
            for (key, value) in settings {
                match Catalog::get().find_in_table(section, key.get_ref()) {
                    Some(setting) => {
                        self.setting(setting, in_table(section, name.get_ref(), key.get_ref()), key.span(), value);
                    }
                    // `[prices.gpt-4.1]` is a table in a table to TOML.
                    None if matches!(value.get_ref(), DeValue::Table(_)) => {
                        let problem = format!("a name with a dot stands in quotes: [{section}.\"a.name\"]");
                        self.problem(key.span(), problem);
                    }
                    None => self.problem(key.span(), unknown_in_table(section, key.get_ref())),
                }
            }
        }
    }

    /// `[keys.CONTEXT]`: one or several keys an action. Which contexts, actions and keys there are is not known here.
    fn keys(&mut self, contexts: &DeTable<'_>) {
        for (context, value) in contexts {
            let DeValue::Table(actions) = value.get_ref() else {
                self.problem(context.span(), "`keys` has tables: write [keys.everywhere] and its keys under it".into());
                continue;
            };
            for (action, value) in actions {
                match keys_of(value.get_ref()) {
                    Some(keys) => {
                        let (line, _) = position(self.text, action.span().start);
                        let name = Config::key_name(context.get_ref(), action.get_ref());
                        self.entries.push(Entry { name, value: keys.into(), line });
                    }
                    None => {
                        let name = shown(action.get_ref());
                        let problem = format!(
                            "`{name}` takes a key, keys one after the other such as \"g g\", or a list of them: [\"g g\", \"home\"]"
                        );
                        self.problem(value.span(), problem);
                    }
                }
            }
        }
    }

    fn setting(&mut self, setting: &Setting, name: String, key: Range<usize>, value: &Spanned<DeValue<'_>>) {
        let source = self.text.get(value.span()).unwrap_or_default();
        match check(setting, written(value.get_ref()), source) {
            Ok(value) => {
                let (line, _) = position(self.text, key.start);
                self.entries.push(Entry { name, value, line });
            }
            Err(problem) => self.problem(value.span(), problem),
        }
    }

    fn problem(&mut self, at: Range<usize>, problem: String) {
        let (line, column) = position(self.text, at.start);
        self.problems.push((at.start, format!("{}:{line}:{column}: {problem}", self.place)));
    }
}

/// One or several texts without control characters.
fn keys_of(value: &DeValue<'_>) -> Option<Vec<String>> {
    let text = |value: &DeValue<'_>| match value {
        DeValue::String(text) if !text.contains(char::is_control) => Some(text.clone().into_owned()),
        _ => None,
    };
    match value {
        DeValue::Array(several) => several.iter().map(|one| text(one.get_ref())).collect(),
        one => text(one).map(|one| vec![one]),
    }
}

fn written<'a>(value: &'a DeValue<'_>) -> Written<'a> {
    match value {
        DeValue::String(text) => Written::Text(text),
        DeValue::Boolean(on) => Written::Flag(*on),
        DeValue::Integer(n) => i64::from_str_radix(n.as_str(), n.radix()).map_or(Written::Other, Written::Whole),
        DeValue::Float(n) => n.as_str().parse().map_or(Written::Other, Written::Number),
        several @ DeValue::Array(_) => keys_of(several).map_or(Written::Other, Written::List),
        _ => Written::Other,
    }
}

/// Line and column of a byte, both counted from 1; a column is a character.
fn position(text: &str, byte: usize) -> (usize, usize) {
    let before = text.get(..byte).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |n| n + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

fn unknown_section(name: &str) -> String {
    let sections = || Catalog::get().sections.iter().map(|s| s.name.as_str());
    let hint = match nearest(name, sections()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are {}", sections().collect::<Vec<_>>().join(", ")),
    };
    format!("unknown section `{}`; {hint}", shown(name))
}

/// `section` is empty for a setting that stands before any section.
pub fn unknown_setting(section: &str, key: &str) -> String {
    let catalog = Catalog::get();
    let name = if section.is_empty() { key.to_owned() } else { format!("{section}.{key}") };
    let keys = || catalog.settings.iter().filter(|s| s.section == section).map(|s| s.key.as_str());
    let near = nearest(key, keys())
        .map(|key| format!("{section}.{key}"))
        .or_else(|| catalog.settings.iter().find(|s| s.key == key).map(Setting::name))
        .or_else(|| {
            let names: Vec<_> = catalog.settings.iter().map(Setting::name).collect();
            nearest(&name, names.iter().map(String::as_str)).map(String::from)
        });
    let hint = match near {
        _ if matches!(key, "api_key" | "key" | "token") && catalog.find(section, "api_key_env").is_some() => {
            format!(
                "a key is never written in a file: name the environment variable that holds it in `{section}.api_key_env`"
            )
        }
        Some(near) => format!("did you mean `{near}`?"),
        None if section.is_empty() => "settings stand in sections, such as [remote]".into(),
        None => format!("[{section}] has {}", keys().collect::<Vec<_>>().join(", ")),
    };
    format!("unknown setting `{}`; {hint}", shown(&name))
}

/// For a key that no table of this section has.
pub fn unknown_in_table(section: &str, key: &str) -> String {
    let keys = || Catalog::get().of_tables.iter().filter(|s| s.section == section).map(|s| s.key.as_str());
    let hint = match nearest(key, keys()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("a table of [{section}] has {}", keys().collect::<Vec<_>>().join(", ")),
    };
    format!("unknown setting `{}` in a table of [{section}]; {hint}", shown(key))
}
