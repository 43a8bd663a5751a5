//! Puts the settings together: built-in, user file, file of the working folder, environment, flags. Later wins.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::error::ConfigError;
use super::file::{self, shown_path, unknown_in_table, unknown_setting};
use super::setting::{Catalog, Kind, Setting, Shape, in_table, split_table};
use super::spelling::{nearest, shown};
use super::value::{Written, check};
use super::{Config, Folders};

/// The file of settings in the working folder.
pub const FILE_NAME: &str = "minions.toml";

/// Variables of this name space that are no settings.
const OTHER_VARIABLES: [&str; 4] = ["MINIONS_CONFIG", "MINIONS_LOG", "MINIONS_CORPUS", "MINIONS_MEASURE"];

/// Where settings are looked for. Nothing else is read, so that a test can give everything.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// Read where it exists.
    pub user_file: Option<PathBuf>,
    /// Read where it exists and no other file is named.
    pub working_file: Option<PathBuf>,
    /// `--config`; must exist. The variable `MINIONS_CONFIG` does the same.
    pub named_file: Option<PathBuf>,
    pub environment: Vec<(OsString, OsString)>,
    pub flags: Vec<Override>,
}

/// A setting given on the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    /// `section.key`.
    pub name: String,
    pub value: String,
    /// The flag, for messages: `--set`, `--max-rounds`.
    pub flag: String,
}

impl Sources {
    /// The sources of this process.
    pub fn of_process(named_file: Option<PathBuf>, flags: Vec<Override>) -> Self {
        Self {
            user_file: Folders::of_process().map(|folders| folders.config.join(FILE_NAME)),
            working_file: Some(FILE_NAME.into()),
            named_file,
            environment: std::env::vars_os().collect(),
            flags,
        }
    }

    /// The files that may hold settings, later wins; the second part says whether the file must exist.
    pub fn files(&self) -> Vec<(PathBuf, bool)> {
        let variable = self.variable("MINIONS_CONFIG").filter(|v| !v.is_empty()).map(PathBuf::from);
        let last = match self.named_file.clone().or(variable) {
            Some(named) => Some((named, true)),
            None => self.working_file.clone().map(|file| (file, false)),
        };
        self.user_file.clone().map(|file| (file, false)).into_iter().chain(last).collect()
    }

    fn variable(&self, name: &str) -> Option<&OsString> {
        self.environment.iter().find(|(n, _)| n == name).map(|(_, value)| value)
    }
}

/// Where a setting came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    BuiltIn,
    File {
        path: PathBuf,
        line: usize,
    },
    Environment(String),
    Flag(String),
    /// On the screen, for as long as the program runs.
    Here,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BuiltIn => f.write_str("built in"),
            Self::Here => f.write_str("changed here"),
            Self::File { path, line } => write!(f, "{}:{line}", shown_path(path)),
            Self::Environment(name) | Self::Flag(name) => f.write_str(name),
        }
    }
}

/// The settings in force.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    pub config: Config,
    /// By `section.key`; every setting is there.
    pub provenance: BTreeMap<String, Origin>,
}

/// What is built in.
impl Default for Loaded {
    fn default() -> Self {
        let provenance = Catalog::get().settings.iter().map(|setting| (setting.name(), Origin::BuiltIn)).collect();
        Self { config: Config::default(), provenance }
    }
}

impl Loaded {
    /// The value of a setting by its full name, those in tables too. Nothing where there is no such setting.
    pub fn json(&self, name: &str) -> Option<Value> {
        let config = serde_json::to_value(&self.config).ok()?;
        let found = match split_table(name) {
            Some((section, table, key)) => config.get(section)?.get(table)?.get(key),
            None => name.split_once('.').and_then(|(section, key)| config.get(section)?.get(key)),
        };
        found.cloned()
    }
}

/// Reads all layers. The error tells everything that is wrong, with its place.
pub fn load(sources: &Sources) -> Result<Loaded, ConfigError> {
    let mut layers = Layers { values: BTreeMap::new(), problems: Vec::new() };
    for (path, must_exist) in sources.files() {
        layers.file(&path, must_exist);
    }
    layers.environment(&sources.environment);
    for flag in &sources.flags {
        layers.flag(flag);
    }
    ConfigError::unless_empty(layers.problems)?;
    put_together(layers.values, sources)
}

struct Layers {
    values: BTreeMap<String, (Value, Origin)>,
    problems: Vec<String>,
}

impl Layers {
    fn file(&mut self, path: &Path, must_exist: bool) {
        match file::read(path) {
            Ok(Some(entries)) => {
                for entry in entries {
                    let origin = Origin::File { path: path.into(), line: entry.line };
                    self.values.insert(entry.name, (entry.value, origin));
                }
            }
            Ok(None) if must_exist => self.problems.push(format!(
                "{}: there is no such file; name another with --config or MINIONS_CONFIG, or write one with `minions config template`",
                shown_path(path)
            )),
            Ok(None) => {}
            Err(error) => self.problems.extend_from_slice(error.problems()),
        }
    }

    fn environment(&mut self, environment: &[(OsString, OsString)]) {
        let catalog = Catalog::get();
        for (variable, value) in environment {
            let Some(variable) = variable.to_str().filter(|v| v.starts_with("MINIONS_")) else { continue };
            match catalog.settings.iter().find(|s| s.variable() == variable) {
                Some(setting) => match value.to_str() {
                    Some(text) => {
                        self.text(setting, setting.name(), text, variable, Origin::Environment(variable.into()))
                    }
                    None => self.problems.push(format!("{variable}: `{}` must be UTF-8 text", setting.name())),
                },
                None => self.problems.extend(unknown_variable(variable)),
            }
        }
    }

    fn flag(&mut self, flag: &Override) {
        let (catalog, origin) = (Catalog::get(), Origin::Flag(flag.flag.clone()));
        let added_to = flag.name.strip_suffix('+').and_then(|name| catalog.by_name(name));
        if let Some(setting) = added_to.filter(|setting| matches!(setting.kind, Kind::List)) {
            let before = self.values.get(&setting.name()).map(|(value, _)| value.clone());
            self.text(setting, setting.name(), &flag.value, &flag.flag, origin);
            if let (Some(Value::Array(mut all)), Some((Value::Array(added), _))) =
                (before, self.values.get_mut(&setting.name()))
            {
                added.retain(|text| !all.contains(text));
                all.append(added);
                *added = all;
            }
            return;
        }
        if let Some(setting) = catalog.by_name(&flag.name) {
            return self.text(setting, setting.name(), &flag.value, &flag.flag, origin);
        }
        if let Some(("keys", context, action)) = split_table(&flag.name) {
            // One key or sequence; blank takes the keys away.
            let keys: Vec<&str> = Some(flag.value.trim()).filter(|keys| !keys.is_empty()).into_iter().collect();
            if keys.iter().any(|keys| keys.contains(char::is_control)) {
                return self.problems.push(format!("{}: a key is no control character; write ctrl-c", flag.flag));
            }
            self.values.insert(Config::key_name(&context, action), (keys.into(), origin));
            return;
        }
        let in_tables = split_table(&flag.name)
            .filter(|(section, ..)| catalog.sections.iter().any(|s| s.shape == Shape::Named && s.name == *section));
        let problem = match in_tables {
            Some((section, table, key)) => match catalog.find_in_table(section, key) {
                Some(setting) => {
                    return self.text(setting, in_table(section, &table, key), &flag.value, &flag.flag, origin);
                }
                None => unknown_in_table(section, key),
            },
            None => {
                let (section, key) = flag.name.split_once('.').unwrap_or(("", &flag.name));
                unknown_setting(section, key)
            }
        };
        self.problems.push(format!("{}: {problem}", flag.flag));
    }

    fn text(&mut self, setting: &Setting, name: String, text: &str, place: &str, origin: Origin) {
        match check(setting, Written::of_text(setting, text), &format!("{text:?}")) {
            Ok(value) => {
                self.values.insert(name, (value, origin));
            }
            Err(problem) => self.problems.push(format!("{place}: {problem}")),
        }
    }
}

/// What is wrong with a variable that begins as ours do but is no setting; nothing where it is somebody else's.
fn unknown_variable(variable: &str) -> Option<String> {
    if OTHER_VARIABLES.contains(&variable) {
        return None;
    }
    let catalog = Catalog::get();
    let variables: Vec<_> = catalog.settings.iter().map(Setting::variable).collect();
    let near = nearest(variable, variables.iter().map(String::as_str));
    let of_section = |name: &str| variable.starts_with(&format!("MINIONS_{}_", name.to_uppercase()));
    let section = catalog.sections.iter().find(|s| of_section(&s.name));
    let hint = match (near, section) {
        (Some(near), _) => format!("did you mean {near}?"),
        (None, Some(_)) => "`minions config show` lists the settings".into(),
        (None, None) => return None,
    };
    Some(format!("{}: this environment variable is no setting; {hint}", shown(variable)))
}

fn put_together(values: BTreeMap<String, (Value, Origin)>, sources: &Sources) -> Result<Loaded, ConfigError> {
    let Loaded { mut provenance, .. } = Loaded::default();
    let mut root = Map::new();
    for setting in &Catalog::get().settings {
        let Some((value, origin)) = values.get(&setting.name()) else { continue };
        let value = match (&setting.kind, value.as_str()) {
            (Kind::Path, Some(path)) => Value::String(at_home(path, sources)),
            _ => value.clone(),
        };
        if let Value::Object(section) = root.entry(&setting.section).or_insert_with(object) {
            section.insert(setting.key.clone(), value);
        }
        provenance.insert(setting.name(), origin.clone());
    }
    for (name, (value, origin)) in &values {
        let Some((section, table, key)) = split_table(name) else { continue };
        root.entry(section).or_insert_with(object)[table][key] = value.clone();
        provenance.insert(name.clone(), origin.clone());
    }
    // Every value was checked against the schema of these very types.
    let config = serde_json::from_value(Value::Object(root)).map_err(|e| ConfigError::one(e.to_string()))?;
    Ok(Loaded { config, provenance })
}

fn object() -> Value {
    Value::Object(Map::new())
}

/// A leading `~/` is the home folder, as in a shell.
fn at_home(path: &str, sources: &Sources) -> String {
    let home = sources.variable("HOME").and_then(|h| h.to_str());
    match (path.strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => format!("{}/{rest}", home.trim_end_matches('/')),
        _ => path.into(),
    }
}
