//! The list of settings, read from the JSON schema of [`Config`] so that file, flags, help and template agree.

use std::sync::OnceLock;

use regex::Regex;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Config, ModelPrice};

/// One setting: `section.key`.
#[derive(Debug)]
pub struct Setting {
    pub section: String,
    pub key: String,
    /// One line.
    pub doc: String,
    pub kind: Kind,
    /// The default as it is written in TOML.
    pub default: String,
    pub holds: Holds,
    /// Protocols that do without it, as `protocol.name` spells them.
    idle: Vec<String>,
    /// Whether it may change an answer, if only whether there is one.
    decides: bool,
}

/// From when on a change holds that is made while the program runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Holds {
    Now,
    /// A run under way takes it over for its next round.
    NextRound,
    #[default]
    NextQuestion,
    /// It is read only where the program starts.
    NextStart,
}

/// What a setting may hold.
#[derive(Debug)]
pub enum Kind {
    /// One line, without control characters.
    Text,
    /// A file or folder; a leading `~/` is the home folder.
    Path,
    /// Text of a certain form, and that form in words.
    Formed(Regex, String),
    Choice(Vec<String>),
    Flag,
    /// Texts; where everything is one text, a semicolon stands between them.
    List,
    Whole {
        min: i64,
        max: i64,
    },
    Number {
        min: f64,
        max: f64,
    },
}

impl Setting {
    fn of_property(schema: &Value, section: &str, key: &str, property: &Value, default: String) -> Self {
        Self {
            section: section.into(),
            key: key.into(),
            doc: first_line(property),
            kind: kind(schema, property),
            default,
            holds: said(&property["x-holds"]).unwrap_or_default(),
            idle: said(&property["x-idle"]).unwrap_or_default(),
            decides: said(&property["x-decides"]).unwrap_or(true),
        }
    }

    /// `section.key`.
    pub fn name(&self) -> String {
        format!("{}.{}", self.section, self.key)
    }

    /// Whether moving it changes nothing under the protocol of this name.
    pub fn is_idle_under(&self, protocol: &str) -> bool {
        self.idle.iter().any(|name| name == protocol)
    }

    /// Whether it may change an answer, if only whether there is one. What the program is to all questions, such as its screen,
    /// changes none.
    pub fn decides(&self) -> bool {
        self.decides && matches!(self.holds, Holds::NextRound | Holds::NextQuestion)
    }

    /// The environment variable that sets it.
    pub fn variable(&self) -> String {
        format!("MINIONS_{}_{}", self.section, self.key).to_uppercase()
    }

    /// The limits of a number, where it has any worth a word in the template.
    pub fn range(&self) -> Option<String> {
        match &self.kind {
            Kind::Whole { min, max } if *max < i64::from(u32::MAX) => Some(format!("{min} to {max}")),
            Kind::Whole { min, .. } if *min > 0 => Some(format!("{min} or more")),
            _ => None,
        }
    }

    /// What it may hold, in words.
    pub fn allowed(&self) -> String {
        match &self.kind {
            Kind::Text => "text on one line".into(),
            Kind::Path => "a path".into(),
            Kind::Formed(_, words) => words.clone(),
            Kind::Choice(names) => names.join(", "),
            Kind::Flag => "true or false".into(),
            Kind::List => "a list of texts, such as [\"one\", \"two\"]".into(),
            // A limit that is only the size of the number's type is not worth a word.
            Kind::Whole { min, max } if *max >= i64::from(u32::MAX) => format!("a whole number from {min} up"),
            Kind::Whole { min, max } => format!("a whole number from {min} to {max}"),
            Kind::Number { min, max } if *min == f64::MIN && *max == f64::MAX => "a number".into(),
            Kind::Number { min, max } if *max == f64::MAX => format!("a number from {min} up"),
            Kind::Number { min, max } => format!("a number from {min} to {max}"),
        }
    }
}

/// A section of `minions.toml` with its explanation.
#[derive(Debug)]
pub struct Section {
    pub name: String,
    pub doc: String,
    pub shape: Shape,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// The same settings for everybody.
    Settings,
    /// Settings in tables of names that the person chose: `[prices."a model"]`.
    Named,
    /// Keys by context and action: what there is to choose from is not known here.
    Keys,
}

/// Every section and setting, in the order of the code.
#[derive(Debug)]
pub struct Catalog {
    pub sections: Vec<Section>,
    pub settings: Vec<Setting>,
    /// The settings of each table in a section that has tables.
    pub of_tables: Vec<Setting>,
}

impl Catalog {
    pub fn get() -> &'static Catalog {
        static CATALOG: OnceLock<Catalog> = OnceLock::new();
        CATALOG.get_or_init(Catalog::of_schema)
    }

    pub fn find(&self, section: &str, key: &str) -> Option<&Setting> {
        self.settings.iter().find(|s| s.section == section && s.key == key)
    }

    /// The setting with this `section.key`.
    pub fn by_name(&self, name: &str) -> Option<&Setting> {
        let (section, key) = name.split_once('.')?;
        self.find(section, key)
    }

    /// The setting with this key in each table of a section.
    pub fn find_in_table(&self, section: &str, key: &str) -> Option<&Setting> {
        self.of_tables.iter().find(|s| s.section == section && s.key == key)
    }

    /// The schema has the types, ranges and explanations; the defaults as TOML have the order.
    fn of_schema() -> Self {
        let schema = schema();
        let mut catalog = Self { sections: Vec::new(), settings: Vec::new(), of_tables: Vec::new() };
        for line in defaults().lines() {
            if let Some(name) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
                let property = &schema["properties"][name];
                let table = resolved(&schema, &property["additionalProperties"]);
                let shape = match (table.is_object(), table["properties"].is_object()) {
                    (false, _) => Shape::Settings,
                    (true, true) => Shape::Named,
                    (true, false) => Shape::Keys,
                };
                catalog.sections.push(Section { name: name.into(), doc: first_line(property), shape });
                if shape == Shape::Named {
                    catalog.of_tables.extend(of_table(&schema, name, table));
                }
            } else if let Some((key, default)) = line.split_once(" = ")
                && let Some(section) = catalog.sections.last()
            {
                let property = &resolved(&schema, &schema["properties"][&section.name])["properties"][key];
                catalog.settings.push(Setting::of_property(&schema, &section.name, key, property, default.into()));
            }
        }
        catalog
    }
}

/// The settings of a table whose shape is `table`, in the order of the code.
fn of_table(schema: &Value, section: &str, table: &Value) -> Vec<Setting> {
    let defaults = toml::to_string(&ModelPrice::default()).unwrap_or_default();
    let lines = defaults.lines().filter_map(|line| line.split_once(" = "));
    lines
        .map(|(key, default)| Setting::of_property(schema, section, key, &table["properties"][key], default.into()))
        .collect()
}

/// `section."name".key`, quoted as TOML wants it.
pub fn in_table(section: &str, name: &str, key: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    match name.chars().all(bare) && !name.is_empty() {
        true => format!("{section}.{name}.{key}"),
        false => format!("{section}.{}.{key}", Value::from(name)),
    }
}

/// Section, name and key of [`in_table`]; the name may do without its quotes.
pub fn split_table(name: &str) -> Option<(&str, String, &str)> {
    let (section, rest) = name.split_once('.')?;
    let (name, key) = rest.rsplit_once('.')?;
    let plain = if name.starts_with('"') { serde_json::from_str(name).ok()? } else { name.to_owned() };
    Some((section, plain, key))
}

/// The JSON schema of `minions.toml`, for editors.
pub fn schema() -> Value {
    schemars::schema_for!(Config).to_value()
}

/// Built-in settings as TOML. They serialise: a test reads them back.
fn defaults() -> String {
    toml::to_string(&Config::default()).unwrap_or_default()
}

fn first_line(property: &Value) -> String {
    property["description"].as_str().and_then(|d| d.lines().next()).unwrap_or_default().into()
}

/// What the code says of a setting beside what JSON schema has words for.
fn said<T: serde::de::DeserializeOwned>(extension: &Value) -> Option<T> {
    T::deserialize(extension).ok()
}

fn resolved<'a>(schema: &'a Value, property: &'a Value) -> &'a Value {
    match property["$ref"].as_str().and_then(|r| r.strip_prefix('#')) {
        Some(pointer) => schema.pointer(pointer).unwrap_or(property),
        None => property,
    }
}

fn kind(schema: &Value, property: &Value) -> Kind {
    let shape = resolved(schema, property);
    if let Some(names) = shape["enum"].as_array() {
        return Kind::Choice(names.iter().filter_map(|n| n.as_str().map(String::from)).collect());
    }
    match shape["type"].as_str() {
        Some("boolean") => Kind::Flag,
        Some("array") => Kind::List,
        Some("integer") => {
            let type_max = if shape["format"] == "uint32" { i64::from(u32::MAX) } else { i64::MAX };
            Kind::Whole {
                min: shape["minimum"].as_i64().unwrap_or(0),
                max: shape["maximum"].as_i64().unwrap_or(type_max),
            }
        }
        Some("number") => Kind::Number {
            min: shape["minimum"].as_f64().unwrap_or(f64::MIN),
            max: shape["maximum"].as_f64().unwrap_or(f64::MAX),
        },
        _ if shape["format"] == "path" => Kind::Path,
        _ => match shape["pattern"].as_str().map(Regex::new) {
            Some(Ok(pattern)) => Kind::Formed(pattern, shape["x-allowed"].as_str().unwrap_or("text").into()),
            _ => Kind::Text,
        },
    }
}
