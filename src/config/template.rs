//! Settings as text: the commented template, and the settings in force with where each came from.

use super::layers::Loaded;
use super::setting::{Catalog, Shape, in_table, split_table};

/// What `[keys]` may look like; the contexts and actions are the screen's own.
const EXAMPLE_OF_KEYS: &str = "\
#[keys.everywhere]
#top = [\"g g\", \"home\"]
#theme = []
#[keys.jobs]
#cancel-job = \"space x\"";

/// The whole `minions.toml`: every setting with its default and its explanation. The file at the top level is this.
///
/// Settings are commented out: a file that repeats the defaults would undo what the user file says.
pub fn template() -> String {
    let catalog = Catalog::get();
    let mut out = String::from(
        "# The settings of minions with their defaults. Remove the # before a setting to change it.\n\
         #\n\
         # Later wins: built in, the user file (minions/minions.toml in your XDG config folder), ./minions.toml or the file\n\
         # of --config or MINIONS_CONFIG, environment variables such as MINIONS_REMOTE_PROVIDER, flags such as --set.\n\
         # `minions config show` prints the settings in force and where each came from.\n",
    );
    for section in &catalog.sections {
        let head = match section.shape {
            Shape::Settings => format!("[{}]", section.name),
            Shape::Named => format!("#[{}.\"a name\"]", section.name),
            Shape::Keys => EXAMPLE_OF_KEYS.to_owned(),
        };
        out.push_str(&format!("\n# {}\n{head}\n", section.doc));
        let settings = catalog.settings.iter().chain(&catalog.of_tables);
        for setting in settings.filter(|s| s.section == section.name) {
            let range = setting.range().map(|r| format!(" ({r})")).unwrap_or_default();
            out.push_str(&format!("# {}{range}\n#{} = {}\n", setting.doc, setting.key, setting.default));
        }
    }
    out
}

/// The settings in force as TOML, each with where it came from.
pub fn show(loaded: &Loaded) -> String {
    let mut lines: Vec<(String, Option<String>)> = Vec::new();
    let mut section = String::new();
    for line in toml::to_string(&loaded.config).unwrap_or_default().lines() {
        if let Some(name) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
            section = name.into();
        }
        let origin = line
            .split_once(" = ")
            .and_then(|(key, _)| loaded.provenance.get(&canonical(format!("{section}.{key}"))))
            .map(ToString::to_string);
        lines.push((line.into(), origin));
    }
    let width = lines.iter().map(|(line, _)| line.chars().count()).filter(|w| *w <= 60).max().unwrap_or_default();
    lines
        .into_iter()
        .map(|(line, origin)| match origin {
            Some(origin) => format!("{line:width$}  # {origin}\n"),
            None => format!("{line}\n"),
        })
        .collect()
}

/// The name of a setting in a table is quoted in one way, whichever the file has.
fn canonical(name: String) -> String {
    match split_table(&name) {
        Some((section, table, key)) => in_table(section, &table, key),
        None => name,
    }
}
