//! Reads a theme file. What is wrong with one is said with file, line and role.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use ratatui::style::Modifier;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use toml::Spanned;

use super::known::{File, Themes};
use super::{Look, ROLES};

/// What is wrong with a theme, in one sentence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ThemeError(String);

impl ThemeError {
    pub(super) fn unknown_theme(name: &str, known: &[String]) -> Self {
        Self(format!("there is no theme `{name}`: take one of {}, or the path of a .toml file", known.join(", ")))
    }

    pub(super) fn unreadable(path: &str, error: &str) -> Self {
        Self(format!("the theme {path} cannot be read: {error}"))
    }

    fn at(file: &File, offset: usize, what: &str) -> Self {
        let line = file.text.get(..offset).map_or(1, |before| before.matches('\n').count() + 1);
        Self(format!("{}:{line}: {what}", file.place))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parsed {
    /// As the file is called, where it says none.
    name: Option<String>,
    inherits: Option<Spanned<String>>,
    #[serde(default)]
    palette: BTreeMap<String, Spanned<String>>,
    #[serde(default)]
    roles: BTreeMap<String, Spanned<Given>>,
}

/// The look of a role as it is written: a table, or the colour of its text alone.
struct Given(RoleLook);

impl<'de> Deserialize<'de> for Given {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(GivenVisitor).map(Self)
    }
}

struct GivenVisitor;

impl<'de> Visitor<'de> for GivenVisitor {
    type Value = RoleLook;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("a colour, as \"#rrggbb\" or the name of one in [palette], or a table such as { fg = \"#rrggbb\", bold = true }")
    }

    fn visit_str<E: de::Error>(self, colour: &str) -> Result<RoleLook, E> {
        Ok(RoleLook { fg: Some(colour.to_owned()), ..RoleLook::default() })
    }

    fn visit_map<A: MapAccess<'de>>(self, table: A) -> Result<RoleLook, A::Error> {
        RoleLook::deserialize(MapAccessDeserializer::new(table))
    }
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RoleLook {
    fg: Option<String>,
    bg: Option<String>,
    bold: bool,
    underline: bool,
    italic: bool,
    plain: Vec<Plain>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Plain {
    Bold,
    Underline,
    Reverse,
}

/// A theme may inherit one that inherits another, this often.
const DEEPEST: usize = 4;

type Looks = [Look; ROLES.len()];

pub(super) fn read(file: File, themes: &Themes) -> Result<(String, Looks), ThemeError> {
    let mut chain: Vec<(File, Parsed)> = Vec::new();
    let mut next = Some(file);
    while let Some(file) = next.take() {
        let parsed = parse(&file)?;
        if let Some(parent) = &parsed.inherits {
            let (name, at) = (parent.get_ref(), parent.span().start);
            // A file may change the theme of the program whose name it has.
            let before: Vec<&str> =
                chain.iter().map(|(known, _)| known.place.as_str()).chain([file.place.as_str()]).collect();
            let Some(found) = themes.parent(name, &before).transpose()? else {
                let what = match themes.has(name) {
                    true => format!("inherits `{name}` in a circle"),
                    false => format!("inherits `{name}`, which is no theme; there are {}", themes.names().join(", ")),
                };
                return Err(ThemeError::at(&file, at, &what));
            };
            if chain.len() >= DEEPEST {
                return Err(ThemeError::at(&file, at, &format!("inherits more than {DEEPEST} others")));
            }
            next = Some(found);
        }
        chain.push((file, parsed));
    }
    resolve(&chain)
}

fn parse(file: &File) -> Result<Parsed, ThemeError> {
    toml::from_str(&file.text).map_err(|error| {
        let offset = error.span().map_or(0, |span| span.start);
        ThemeError::at(file, offset, error.message())
    })
}

/// The file's own values over those it inherits. A colour that a file names anew changes all roles that use it.
fn resolve(chain: &[(File, Parsed)]) -> Result<(String, Looks), ThemeError> {
    let mut colours: BTreeMap<&str, (u8, u8, u8)> = BTreeMap::new();
    for (file, parsed) in chain.iter().rev() {
        for (name, value) in &parsed.palette {
            let colour = hexadecimal(value.get_ref()).ok_or_else(|| {
                let what = format!("the colour `{name}` must be written as \"#rrggbb\", not \"{}\"", value.get_ref());
                ThemeError::at(file, value.span().start, &what)
            })?;
            colours.insert(name, colour);
        }
    }
    let mut looks = [Look::default(); ROLES.len()];
    for (file, parsed) in chain.iter().rev() {
        for (name, role) in &parsed.roles {
            let wrong = |what: String| ThemeError::at(file, role.span().start, &what);
            let Some(at) = ROLES.iter().position(|(_, known)| known == name) else {
                return Err(wrong(format!("there is no role `{name}`; the nearest is `{}`", nearest(name))));
            };
            let colour = |given: &Option<String>| match given {
                None => Ok(None),
                Some(given) => match hexadecimal(given).or_else(|| colours.get(given.as_str()).copied()) {
                    Some(colour) => Ok(Some(colour)),
                    None => Err(wrong(format!(
                        "role `{name}`: `{given}` is neither a colour of the palette nor \"#rrggbb\""
                    ))),
                },
            };
            let Given(given) = role.get_ref();
            let mut look = Look { fg: colour(&given.fg)?, bg: colour(&given.bg)?, ..Look::default() };
            look.always.set(Modifier::BOLD, given.bold);
            look.always.set(Modifier::UNDERLINED, given.underline);
            look.always.set(Modifier::ITALIC, given.italic);
            for plain in &given.plain {
                look.plain |= match plain {
                    Plain::Bold => Modifier::BOLD,
                    Plain::Underline => Modifier::UNDERLINED,
                    Plain::Reverse => Modifier::REVERSED,
                };
            }
            looks[at] = look;
        }
    }
    let named = |(file, parsed): &(File, Parsed)| {
        let stem = || Path::new(&file.place).file_stem().map(|stem| stem.to_string_lossy().into_owned());
        parsed.name.clone().or_else(stem).unwrap_or_default()
    };
    Ok((chain.first().map_or(String::new(), named), looks))
}

fn hexadecimal(text: &str) -> Option<(u8, u8, u8)> {
    let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6 && digits.is_ascii())?;
    let pair = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).ok();
    Some((pair(0)?, pair(2)?, pair(4)?))
}

fn nearest(name: &str) -> &'static str {
    let similar = |known: &str| (strsim::jaro_winkler(known, name) * 1e6) as u64;
    ROLES.iter().map(|(_, known)| *known).max_by_key(|known| similar(known)).unwrap_or_default()
}
