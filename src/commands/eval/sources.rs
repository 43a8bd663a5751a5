//! The documents of the questions: which file each is, and the last few of them at hand.

use std::collections::HashMap;
use std::fs::File;
use std::path::{Component, Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::super::begin::found_program;
use super::super::{Exit, Failure};
use crate::document::{Document, DocumentHash};
use crate::eval::{Question, Source};
use crate::load::{LoadError, Loader};

/// Documents that stay at hand: those of the questions under way and of the next.
const AT_HAND: usize = 8;
/// Files that cannot be found and are told one by one.
const TOLD: usize = 8;

pub struct Sources {
    /// The file of this program, which reads some formats in a process of its own.
    program: PathBuf,
    paths: HashMap<String, PathBuf>,
    at_hand: Mutex<Vec<(Source, Document)>>,
}

impl Sources {
    /// Finds every file that the questions name, before anything is asked. A name may do without its ending.
    pub fn find(questions: &[Question], folder: Option<&Path>) -> Result<Self, Failure> {
        let mut paths = HashMap::new();
        let mut problems = Vec::new();
        let mut stems: Option<HashMap<String, Vec<PathBuf>>> = None;
        for question in questions {
            for source in &question.documents {
                let Source::File(name) = source else { continue };
                if paths.contains_key(name) {
                    continue;
                }
                let Some(folder) = folder else {
                    return Err(Failure::usage("the questions name files; give their folder with --documents"));
                };
                if stems.is_none() {
                    stems = Some(by_stem(folder)?);
                }
                let inside = Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
                let with_ending = stems.as_ref().and_then(|stems| stems.get(name)).map_or(&[][..], Vec::as_slice);
                match (inside, with_ending) {
                    (false, _) => {
                        problems.push(format!("{:?} names {name:?}, which is not within the folder", question.id))
                    }
                    (true, _) if folder.join(name).is_file() => {
                        paths.insert(name.clone(), folder.join(name));
                    }
                    (true, [only]) => {
                        paths.insert(name.clone(), only.clone());
                    }
                    (true, []) => problems.push(format!("{:?} names {name:?}, and there is no such file", question.id)),
                    (true, several) => problems.push(format!(
                        "{:?} names {name:?}, which {} files are called; name one with its ending",
                        question.id,
                        several.len()
                    )),
                }
            }
        }
        if problems.is_empty() {
            return Ok(Self { program: found_program()?, paths, at_hand: Mutex::default() });
        }
        let more = problems.len().saturating_sub(TOLD);
        problems.truncate(TOLD);
        let more = if more > 0 { format!("\n  and {more} more") } else { String::new() };
        let told = problems.join("\n  ");
        Err(Failure::new(
            Exit::Error,
            format!(
                "documents of the questions are missing in {:?}:\n  {told}{more}",
                folder.unwrap_or(Path::new("")).display()
            ),
        ))
    }

    /// The documents of a question, in its order. Blocks until they are read.
    pub fn read(&self, question: &Question) -> Result<Vec<Document>, LoadError> {
        question.documents.iter().map(|source| self.one(source)).collect()
    }

    /// The hash of a file as it lies there; nothing where it cannot be read. Blocks until it is.
    pub fn hash(&self, name: &str) -> Option<DocumentHash> {
        DocumentHash::of_file(File::open(self.paths.get(name)?).ok()?).ok()
    }

    fn one(&self, source: &Source) -> Result<Document, LoadError> {
        let at_hand = || self.at_hand.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, document)) = at_hand().iter().find(|(known, _)| known == source) {
            return Ok(document.clone());
        }
        let document = match source {
            Source::File(name) => match self.paths.get(name) {
                Some(path) => Loader::new(self.program.clone(), &mut |_| true).load_one(path)?,
                None => return Err(LoadError::Missing(name.into())),
            },
            Source::Text { name, text } => Document::from_text(name.as_str(), text.as_ref()),
        };
        let mut at_hand = at_hand();
        if at_hand.len() >= AT_HAND {
            at_hand.remove(0);
        }
        at_hand.push((source.clone(), document.clone()));
        Ok(document)
    }
}

/// The files of a folder by their names without ending.
fn by_stem(folder: &Path) -> Result<HashMap<String, Vec<PathBuf>>, Failure> {
    let entries = std::fs::read_dir(folder)
        .map_err(|error| Failure::new(Exit::Error, format!("the folder {folder:?} could not be read: {error}")))?;
    let mut stems: HashMap<String, Vec<PathBuf>> = HashMap::new();
    for path in entries.flatten().map(|entry| entry.path()).filter(|path| path.is_file()) {
        if let Some(stem) = path.file_stem().and_then(|stem| stem.to_str()) {
            stems.entry(stem.to_owned()).or_default().push(path);
        }
    }
    Ok(stems)
}
