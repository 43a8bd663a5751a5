//! Which themes there are: those of the program, and files in the person's own folder of themes.

use std::io::Read;
use std::path::{Path, PathBuf};

use super::{BUILT_IN, Depth, Theme, ThemeError};
use crate::app::visible;

/// Nobody writes a theme this long. In bytes.
const LARGEST: u64 = 1 << 18;

/// The themes at hand. A file of one's own goes before the program's theme of its name.
#[derive(Clone, Debug, Default)]
pub struct Themes {
    /// Each `NAME.toml` in it is the theme NAME.
    pub folder: Option<PathBuf>,
}

/// A theme file with the name that messages have for it.
#[derive(Clone, Debug)]
pub(super) struct File {
    pub place: String,
    pub text: String,
}

impl Themes {
    /// Those of the program in their order, then those of one's own by name.
    pub fn names(&self) -> Vec<String> {
        let mut own: Vec<String> =
            self.folder.iter().filter_map(|folder| folder.read_dir().ok()).flatten().filter_map(name_of).collect();
        own.sort();
        let mut names: Vec<String> = BUILT_IN.iter().map(|(name, _)| (*name).to_owned()).collect();
        own.retain(|name| !names.contains(name));
        names.extend(own);
        names
    }

    pub fn has(&self, name: &str) -> bool {
        self.file(name).is_some() || program_file(name).is_some()
    }

    /// The file of one's own that a name stands for, where there is one.
    pub fn file(&self, name_or_path: &str) -> Option<PathBuf> {
        match name_or_path.ends_with(".toml") {
            true => Some(name_or_path.into()),
            false if name_or_path.contains(['/', '\\']) => None,
            false => Some(self.folder.as_ref()?.join(format!("{name_or_path}.toml"))).filter(|file| file.is_file()),
        }
    }

    /// A theme by its name or by the path of its file, which ends in `.toml`.
    pub fn load(&self, name_or_path: &str, depth: Depth) -> Result<Theme, ThemeError> {
        let file = match self.file(name_or_path) {
            Some(path) => read(&path)?,
            None => program_file(name_or_path).ok_or_else(|| ThemeError::unknown_theme(name_or_path, &self.names()))?,
        };
        Theme::of(file, self, depth)
    }

    /// The theme that one inherits, unless it is one of those that came before.
    pub(super) fn parent(&self, name: &str, before: &[&str]) -> Option<Result<File, ThemeError>> {
        let free = |place: &str| !before.contains(&place);
        match self.file(name).filter(|path| free(&place_of(path))) {
            Some(path) => Some(read(&path)),
            None => program_file(name).filter(|file| free(&file.place)).map(Ok),
        }
    }
}

fn name_of(entry: std::io::Result<std::fs::DirEntry>) -> Option<String> {
    let name = entry.ok()?.file_name().into_string().ok()?;
    // What cannot be shown as it is cannot be chosen either.
    name.strip_suffix(".toml").filter(|name| !name.is_empty() && visible(name) == *name).map(str::to_owned)
}

fn program_file(name: &str) -> Option<File> {
    let (name, text) = BUILT_IN.iter().find(|(known, _)| *known == name)?;
    Some(File { place: format!("themes/{name}.toml of the program"), text: (*text).to_owned() })
}

fn read(path: &Path) -> Result<File, ThemeError> {
    let place = place_of(path);
    let mut text = String::new();
    let read = |text: &mut String| std::fs::File::open(path)?.take(LARGEST + 1).read_to_string(text);
    read(&mut text).map_err(|error| ThemeError::unreadable(&place, &error.to_string()))?;
    match text.len() as u64 > LARGEST {
        true => Err(ThemeError::unreadable(&place, "it is larger than 256 KiB")),
        false => Ok(File { place, text }),
    }
}

fn place_of(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
