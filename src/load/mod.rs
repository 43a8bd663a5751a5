//! Reads documents from files, folders and standard input: text in any encoding, Markdown, source code, CSV, JSON, HTML, Word
//! and PDF. What a library of others parses is parsed in a process of its own.

mod apart;
mod blocks;
mod change;
mod child;
mod csv;
mod docx;
mod error;
mod folder;
mod format;
mod html;
mod json;
#[cfg(feature = "pdf")]
mod pdf;
mod text;
mod wire;

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

pub use change::{change_of, changes};
pub use child::{SUBCOMMAND, child_main};
pub use error::LoadError;

use crate::document::{self, Document};
use apart::{Apart, Nothing, Pages};
use format::{Format, Kind, recognise};
use text::Decoded;
use wire::{Foreign, Trouble};

/// Larger files are refused, and so are texts that a file unpacks to.
const MAX_BYTES: u64 = 1 << 30;

/// Reads documents, and tells how far it is.
pub struct Loader<'a> {
    apart: Apart,
    told: &'a mut dyn FnMut(&Progress) -> bool,
}

/// How far the reading is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    pub name: String,
    /// Which document it is, counted from 1, and of how many.
    pub document: usize,
    pub documents: usize,
    pub page: u32,
    /// 0 where it has no pages, and where they are not counted yet.
    pub pages: u32,
}

/// What was read.
#[derive(Debug, Default)]
pub struct Loaded {
    pub documents: Vec<Document>,
    /// What could not be read of it, each in a sentence.
    pub remarks: Vec<String>,
}

/// What is to be read.
struct Source {
    path: PathBuf,
    name: String,
    /// It was found in a folder: where it cannot be read it is left out.
    found: bool,
}

impl<'a> Loader<'a> {
    /// `program`: the file of this program, which reads some formats in a process of its own. `told` hears of progress, some
    /// times a second at least while a document takes long, and says whether to go on.
    pub fn new(program: PathBuf, told: &'a mut dyn FnMut(&Progress) -> bool) -> Self {
        Self { apart: Apart::new(program), told }
    }

    /// Reads files, folders and, as `-`, standard input in order, and stops at the first of these that cannot be read. Blocks
    /// until all is read.
    pub fn load(&mut self, paths: &[PathBuf]) -> Result<Loaded, LoadError> {
        let mut loaded = Loaded::default();
        let sources = sources(paths, &mut loaded.remarks)?;
        let documents = sources.len();
        for (number, source) in sources.into_iter().enumerate() {
            let mut progress =
                Progress { name: source.name.clone(), document: number + 1, documents, page: 0, pages: 0 };
            if !(self.told)(&progress) {
                return Err(LoadError::Stopped);
            }
            match self.read(&source, &mut progress, &mut loaded.remarks) {
                Ok(document) => loaded.documents.push(document),
                Err(LoadError::Stopped) => return Err(LoadError::Stopped),
                Err(error) if source.found => loaded.remarks.push(format!("left out: {error}")),
                Err(error) => return Err(error),
            }
        }
        match paths.iter().find(|path| path.is_dir()) {
            Some(folder) if loaded.documents.is_empty() => Err(match loaded.remarks.split_first() {
                None => LoadError::EmptyFolder(folder.clone()),
                Some((first, others)) => {
                    LoadError::NothingInFolder { path: folder.clone(), first: first.clone(), others: others.len() }
                }
            }),
            _ => Ok(loaded),
        }
    }

    /// Reads one file.
    pub fn load_one(&mut self, path: &Path) -> Result<Document, LoadError> {
        let loaded = self.load(&[path.to_owned()])?;
        loaded.documents.into_iter().next().ok_or_else(|| LoadError::Empty(path.to_owned()))
    }

    /// The same for paths that are named while a screen is up: files and folders alone. Standard input is the keyboard there,
    /// and what comes by a pipe or a device could be waited for without end.
    pub fn load_files(&mut self, paths: &[PathBuf]) -> Result<Loaded, LoadError> {
        let no_file = |path: &&PathBuf| {
            is_standard_input(path) || std::fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir())
        };
        match paths.iter().find(no_file) {
            Some(path) => Err(LoadError::NoFile(path.clone())),
            None => self.load(paths),
        }
    }

    fn read(
        &mut self,
        source: &Source,
        progress: &mut Progress,
        remarks: &mut Vec<String>,
    ) -> Result<Document, LoadError> {
        let path = &source.path;
        let bytes = if is_standard_input(path) { read(io::stdin().lock(), 0, path)? } else { read_file(path)? };
        let name = source.name.clone();
        let format = recognise(&bytes, &source.name);
        // A large text is shown before it is hashed; all others take longer to read than to hash.
        let stays = matches!(&format, Format::Text(charset, Kind::Plain) if text::stays(&bytes, charset));
        let file = (!is_standard_input(path) && !stays).then(|| document::Source::of(path, &bytes)).flatten();
        let document = match format {
            Format::Text(charset, kind) => {
                let Decoded { text, remarks: odd } = text::decode(bytes, charset);
                remarks.extend(odd.iter().map(|what| format!("{name:?}: {what}")));
                match kind {
                    Kind::Plain => Document::from_text(name, text),
                    Kind::Csv => Document::from_text(name, csv::rows_as_lines(text)),
                    Kind::Json => Document::from_text(name, json::laid_out(text)),
                    Kind::Html => {
                        let pages = self.apart(Foreign::Html, text.into_bytes(), path, progress)?;
                        Document::from_text(name, pages.texts.concat())
                    }
                }
            }
            Format::Docx => {
                let pages = self.apart(Foreign::Docx, bytes, path, progress)?;
                if pages.cut {
                    remarks.push(format!("{name:?}: it is damaged, and was read as far as it goes"));
                }
                Document::from_text(name, pages.texts.concat())
            }
            Format::Pdf => {
                let pages = self.apart(Foreign::Pdf, bytes, path, progress)?;
                if pages.texts.iter().all(|text| text.trim().is_empty()) {
                    return Err(if pages.pictures.is_empty() {
                        LoadError::Damaged { path: path.clone(), what: "no words are found on its pages".into() }
                    } else {
                        LoadError::Scanned(path.clone())
                    });
                }
                remarks.extend(pages.remarks(&name));
                paged(name, &pages.texts)
            }
            Format::Binary { what, advice } => return Err(LoadError::Binary { path: path.clone(), what, advice }),
        };
        if document.text.len() as u64 > MAX_BYTES {
            return Err(LoadError::TooLarge(path.clone()));
        }
        // A byte-order mark in the middle of a file is no word either.
        if document.text.chars().all(|c| c.is_whitespace() || c == '\u{feff}') {
            return Err(LoadError::Empty(path.clone()));
        }
        Ok(match stays && !is_standard_input(path) {
            true => document.read_as_it_is(path),
            false => document.read_from(file),
        })
    }

    fn apart(
        &mut self,
        format: Foreign,
        bytes: Vec<u8>,
        path: &Path,
        progress: &mut Progress,
    ) -> Result<Pages, LoadError> {
        let mut told = |page, pages| {
            (progress.page, progress.pages) = (page, pages);
            (self.told)(progress)
        };
        self.apart.read(format, bytes, &mut told).map_err(|nothing| match nothing {
            Nothing::Stopped => LoadError::Stopped,
            Nothing::Trouble(Trouble::Password) => LoadError::Password(path.into()),
            // What is told of a file's inside may be of its text.
            Nothing::Trouble(Trouble::Damaged(what)) => {
                let what = what.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect();
                LoadError::Damaged { path: path.into(), what }
            }
            Nothing::TooLarge => LoadError::TooLarge(path.into()),
            Nothing::Process(what) => LoadError::Apart { path: path.into(), what },
        })
    }
}

impl Pages {
    fn remarks(&self, name: &str) -> Vec<String> {
        let told =
            |pages: &[u32], what: &str| (!pages.is_empty()).then(|| format!("{name:?}: {} {what}", listed(pages)));
        [
            told(&self.unreadable, "could not be read, and nothing stands there"),
            told(&self.given_up, "were given up: too many pages before them could not be read"),
            told(&self.wordless, "no words are found where something is shown"),
            told(
                &self.stamped,
                "mostly pictures, whose words are not read; `ocrmypdf --force-ocr IN OUT` recognises them",
            ),
            told(&self.pictures, "only pictures, whose words are not read; `ocrmypdf IN OUT` recognises them"),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

/// "page 3", "pages 3, 5–9 and 12 more"
fn listed(pages: &[u32]) -> String {
    const MOST: usize = 8;
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for &page in pages {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == page => *last = page,
            _ => ranges.push((page, page)),
        }
    }
    let rest: u32 = ranges.iter().skip(MOST).map(|(first, last)| last - first + 1).sum();
    let named: Vec<String> = ranges
        .iter()
        .take(MOST)
        .map(|(first, last)| if first == last { first.to_string() } else { format!("{first}–{last}") })
        .collect();
    let more = if rest > 0 { format!(" and {rest} more") } else { String::new() };
    format!("page{} {}{more}:", if pages.len() == 1 { "" } else { "s" }, named.join(", "))
}

/// A page ends with a form feed, and holds none.
fn paged(name: String, texts: &[String]) -> Document {
    let mut text = String::with_capacity(texts.iter().map(|text| text.len() + 2).sum());
    let mut pages = Vec::with_capacity(texts.len());
    for page in texts {
        if !pages.is_empty() {
            text.push('\u{c}');
        }
        pages.push(text.len());
        text.extend(page.trim_end().chars().filter_map(|character| match character {
            '\r' | '\u{c}' => Some('\n'),
            '\0' | '\u{ad}' => None,
            other => Some(other),
        }));
        text.push('\n');
    }
    Document::paged(name, text, pages)
}

/// `remarks`: where what cannot be looked into is told.
fn sources(paths: &[PathBuf], remarks: &mut Vec<String>) -> Result<Vec<Source>, LoadError> {
    let mut seen = HashSet::new();
    if paths.iter().filter(|path| is_standard_input(path)).any(|path| !seen.insert(path)) {
        return Err(LoadError::StandardInputTwice);
    }
    let mut sources = Vec::new();
    for path in paths {
        if !is_standard_input(path) && path.is_dir() {
            let folder = name_of(&path.canonicalize().unwrap_or_else(|_| path.clone()));
            for file in folder::files(path, remarks)? {
                let within = file.strip_prefix(path).unwrap_or(&file).to_string_lossy();
                sources.push(Source { name: format!("{folder}/{within}"), found: true, path: file });
            }
        } else {
            sources.push(Source { name: name_of(path), found: false, path: path.clone() });
        }
    }
    tell_apart(&mut sources);
    Ok(sources)
}

/// Documents of one name get the name of their folder too, or a number.
fn tell_apart(sources: &mut [Source]) {
    let mut names = HashSet::new();
    for source in sources {
        if !names.insert(source.name.clone()) {
            let folder = source.path.parent().and_then(Path::file_name);
            let fuller = folder.map(|folder| format!("{}/{}", folder.to_string_lossy(), source.name));
            let numbered = (2..).map(|number| format!("{} ({number})", source.name));
            if let Some(name) = fuller.into_iter().chain(numbered).find(|name| !names.contains(name)) {
                names.insert(name.clone());
                source.name = name;
            }
        }
    }
}

/// Whether a path means standard input.
pub fn is_standard_input(path: &Path) -> bool {
    path.as_os_str() == "-"
}

fn name_of(path: &Path) -> String {
    if is_standard_input(path) {
        return "standard input".into();
    }
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

fn read_file(path: &Path) -> Result<Vec<u8>, LoadError> {
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => LoadError::Missing(path.into()),
        io::ErrorKind::PermissionDenied => LoadError::Forbidden(path.into()),
        _ => LoadError::Unreadable { path: path.into(), error },
    };
    let metadata = std::fs::metadata(path).map_err(failed)?;
    if metadata.len() > MAX_BYTES {
        return Err(LoadError::TooLarge(path.into()));
    }
    read(File::open(path).map_err(failed)?, metadata.len(), path)
}

/// Reads to the end, however large the file said it was.
fn read(from: impl Read, said: u64, path: &Path) -> Result<Vec<u8>, LoadError> {
    // Room for one byte more than there should be, so that the end is met without growing.
    let mut bytes = Vec::with_capacity(usize::try_from(said.min(MAX_BYTES)).map_or(0, |said| said + 1));
    from.take(MAX_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| LoadError::Unreadable { path: path.into(), error })?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(LoadError::TooLarge(path.into()));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests;
