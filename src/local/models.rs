//! The models in a folder: its GGUF files, and what each says of itself.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::gguf::{self, GgufError, GgufInfo};

/// Folders in folders that are looked into.
const MAX_DEPTH: u32 = 3;
/// Parts of one model that are looked for.
const MOST_PARTS: u64 = 999;

/// A model on this machine, in one file or several.
#[derive(Debug)]
pub struct LocalModel {
    /// The path within the folder, without `.gguf` and without the number of a part.
    pub name: String,
    /// The file; the first part where there are several.
    pub path: PathBuf,
    /// How many files there are.
    pub files: usize,
    /// Their sizes together.
    pub bytes: u64,
    /// What it says of itself, or why it cannot be used.
    pub info: Result<GgufInfo, ModelError>,
}

/// Why a model or a folder cannot be used, in one sentence. Paths are quoted and escaped.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    #[error(transparent)]
    File(#[from] GgufError),
    #[error("{path:?} could not be read: {error}")]
    Unreadable { path: PathBuf, error: io::Error },
    #[error("{0:?} is a link that leads out of the models folder or nowhere; put the file itself there")]
    Link(PathBuf),
    #[error("{path:?} is one of {of} parts, and {} missing; put all parts in one folder", listed(.missing))]
    PartsMissing { path: PathBuf, of: u64, missing: Vec<u64> },
    #[error(
        "{path:?} is part {part} of {of} but is not named so; give each part the name it was published with, ending in \
         -{part:05}-of-{of:05}.gguf"
    )]
    PartRenamed { path: PathBuf, part: u64, of: u64 },
}

fn listed(missing: &[u64]) -> String {
    const NAMED: usize = 3;
    let named: Vec<_> = missing.iter().take(NAMED).map(u64::to_string).collect();
    match missing.len() {
        1 => format!("part {} is", named.join(", ")),
        2..=NAMED => format!("parts {} are", named.join(", ")),
        all => format!("parts {} and {} more are", named.join(", "), all - named.len()),
    }
}

/// The models in `folder` and the folders in it, sorted by name; none where there is no such folder.
///
/// Only headers are read. Links to folders are not followed, nor links to files outside.
pub fn scan(folder: &Path) -> Result<Vec<LocalModel>, ModelError> {
    let root = match fs::canonicalize(folder) {
        Ok(root) => root,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(ModelError::Unreadable { path: folder.into(), error }),
    };
    let mut found = Found { root, ..Found::default() };
    found.folder(folder, "", 0)?;
    let single = found.single.into_iter().map(|(name, path)| of_file(name, path));
    let split = found.split.into_iter().map(|((name, of), parts)| of_parts(name, of, parts));
    let mut models: Vec<_> = found.wrong.into_iter().chain(single).chain(split).collect();
    models.sort_by(|a, b| (&a.name, &a.path).cmp(&(&b.name, &b.path)));
    Ok(models)
}

/// The model that the file at `path` is, with the other parts beside it where it is one of several.
pub fn at(path: &Path) -> LocalModel {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let name = stem(&name).unwrap_or(&name);
    let Some((whole, part, of)) = part_of(name) else { return of_file(name.to_owned(), path.into()) };
    let beside = |part: &u64| path.with_file_name(format!("{whole}-{part:05}-of-{of:05}.gguf"));
    let there = (1..=of.min(MOST_PARTS)).map(|part| (part, beside(&part))).filter(|(_, path)| path.is_file());
    let mut parts: BTreeMap<u64, PathBuf> = there.collect();
    parts.entry(part).or_insert_with(|| path.into());
    of_parts(whole.to_owned(), of, parts)
}

#[derive(Default)]
struct Found {
    /// Without links in its path.
    root: PathBuf,
    /// Names and paths.
    single: Vec<(String, PathBuf)>,
    /// By name and number of parts: the parts by their number, counted from 1.
    split: BTreeMap<(String, u64), BTreeMap<u64, PathBuf>>,
    wrong: Vec<LocalModel>,
}

impl Found {
    /// `within`: the folder's path within the first one, with a slash at its end.
    fn folder(&mut self, folder: &Path, within: &str, depth: u32) -> Result<(), ModelError> {
        let unreadable = |error| ModelError::Unreadable { path: folder.into(), error };
        for entry in fs::read_dir(folder).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?;
            let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
            let kind = entry.file_type().map_err(unreadable)?;
            // Hidden files are not the person's: some systems put a `._model.gguf` beside each file that they copy.
            if name.starts_with('.') {
                continue;
            }
            if kind.is_dir() {
                let inner = format!("{within}{name}");
                // One folder that may not be read does not hide what the others hold.
                if depth < MAX_DEPTH
                    && let Err(error) = self.folder(&path, &format!("{inner}/"), depth + 1)
                {
                    self.wrong.push(LocalModel { name: inner, path, files: 0, bytes: 0, info: Err(error) });
                }
            } else if let Some(stem) = stem(&name) {
                self.file(path, format!("{within}{stem}"), kind.is_symlink());
            }
        }
        Ok(())
    }

    fn file(&mut self, path: PathBuf, name: String, is_link: bool) {
        if is_link {
            let target = fs::canonicalize(&path).ok().filter(|target| target.starts_with(&self.root));
            match target {
                Some(target) if target.is_dir() => return,
                Some(_) => {}
                None => {
                    let info = Err(ModelError::Link(path.clone()));
                    return self.wrong.push(LocalModel { name, path, files: 1, bytes: 0, info });
                }
            }
        }
        match part_of(&name) {
            Some((whole, part, of)) => {
                self.split.entry((whole.to_owned(), of)).or_default().insert(part, path);
            }
            None => self.single.push((name, path)),
        }
    }
}

/// The name without its ending, where that is `.gguf`.
pub(super) fn stem(name: &str) -> Option<&str> {
    let (stem, ending) = name.rsplit_once('.')?;
    (ending.eq_ignore_ascii_case("gguf") && !stem.is_empty()).then_some(stem)
}

/// `model-00002-of-00003`: `model`, 2 and 3.
pub(super) fn part_of(name: &str) -> Option<(&str, u64, u64)> {
    let number = |text: &str| text.parse().ok().filter(|_| text.len() == 5 && text.bytes().all(|b| b.is_ascii_digit()));
    let (rest, of) = name.rsplit_once("-of-")?;
    let (whole, part) = rest.rsplit_once('-')?;
    let (part, of): (u64, u64) = (number(part)?, number(of)?);
    (!whole.is_empty() && (1..=of).contains(&part)).then_some((whole, part, of))
}

fn size(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |file| file.len())
}

fn of_file(name: String, path: PathBuf) -> LocalModel {
    let info = match gguf::read(&path) {
        Ok(GgufInfo { split: Some(split), .. }) => {
            Err(ModelError::PartRenamed { path: path.clone(), part: split.part, of: split.of })
        }
        info => info.map_err(ModelError::from),
    };
    LocalModel { name, bytes: size(&path), path, files: 1, info }
}

fn of_parts(name: String, of: u64, parts: BTreeMap<u64, PathBuf>) -> LocalModel {
    let bytes = parts.values().map(|path| size(path)).sum();
    let files = parts.len();
    let info = sum_of(of, &parts);
    LocalModel { name, path: parts.into_values().next().unwrap_or_default(), files, bytes, info }
}

/// The first part says what the model is; the tensors are those of all parts.
fn sum_of(of: u64, parts: &BTreeMap<u64, PathBuf>) -> Result<GgufInfo, ModelError> {
    let missing: Vec<u64> = (1..=of).filter(|part| !parts.contains_key(part)).collect();
    if let (false, Some(path)) = (missing.is_empty(), parts.values().next()) {
        return Err(ModelError::PartsMissing { path: path.clone(), of, missing });
    }
    let mut all: Option<GgufInfo> = None;
    for path in parts.values() {
        let part = gguf::read(path)?;
        match &mut all {
            None => all = Some(part),
            Some(all) => {
                all.parameters = all.parameters.saturating_add(part.parameters);
                all.tensor_bytes = all.tensor_bytes.saturating_add(part.tensor_bytes);
                all.bytes = all.bytes.saturating_add(part.bytes);
            }
        }
    }
    Ok(all.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::super::gguf::tests::Sample;
    use super::*;

    struct Folder(tempfile::TempDir);

    impl Folder {
        fn new() -> Self {
            Self(tempfile::tempdir().unwrap())
        }

        fn put(&self, name: &str, bytes: &[u8]) -> PathBuf {
            let path = self.0.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, bytes).unwrap();
            path
        }

        fn scan(&self) -> Vec<LocalModel> {
            scan(self.0.path()).unwrap()
        }

        fn names(&self) -> Vec<String> {
            self.scan().into_iter().map(|model| model.name).collect()
        }

        fn problem(&self) -> String {
            let models = self.scan();
            assert_eq!(models.len(), 1);
            models[0].info.as_ref().unwrap_err().to_string()
        }
    }

    fn part(number: u32, of: u32) -> Vec<u8> {
        let sample = if number == 1 { Sample::model() } else { Sample::empty().tensor("x", &[100], 0) };
        sample.number("split.no", number - 1).number("split.count", of).bytes()
    }

    #[test]
    fn models_are_found_in_folders_and_sorted_by_name() {
        let folder = Folder::new();
        let model = Sample::model().bytes();
        for name in ["b.gguf", "A/x.GGUF", "a.gguf", "1/2/3/deep.gguf", "1/2/3/4/deeper.gguf", "._a.gguf", "notes.txt"]
        {
            folder.put(name, &model);
        }
        assert_eq!(folder.names(), ["1/2/3/deep", "A/x", "a", "b"]);
        let first = &folder.scan()[2];
        assert_eq!((first.bytes, first.files), (model.len() as u64, 1));
        assert_eq!(first.info.as_ref().unwrap().architecture, "llama");
    }

    #[test]
    fn a_folder_that_is_not_there_holds_no_model_and_a_file_is_no_folder() {
        let folder = Folder::new();
        assert!(scan(&folder.0.path().join("no")).unwrap().is_empty());
        assert!(scan(&folder.put("file", b"")).is_err());
    }

    #[test]
    fn a_bad_file_tells_its_problem_among_the_others() {
        let folder = Folder::new();
        folder.put("page.gguf", b"<html>");
        folder.put("tiny.gguf", &Sample::model().bytes());
        let models = folder.scan();
        assert!(models[0].info.as_ref().unwrap_err().to_string().contains("page.gguf\" is a web page"));
        assert!(models[1].info.is_ok());
    }

    #[test]
    fn parts_are_one_model_with_the_sum_of_their_sizes() {
        let folder = Folder::new();
        let sizes: u64 = (1..=3)
            .map(|number| {
                let bytes = part(number, 3);
                folder.put(&format!("big-{number:05}-of-00003.gguf"), &bytes);
                bytes.len() as u64
            })
            .sum();
        let models = folder.scan();
        assert_eq!((models.len(), models[0].name.as_str(), models[0].files, models[0].bytes), (1, "big", 3, sizes));
        let info = models[0].info.as_ref().unwrap();
        assert_eq!((info.parameters, info.bytes), (64 * 3 + 256 * 2 + 200, sizes));
        assert!(models[0].path.ends_with("big-00001-of-00003.gguf"));
        for number in 1..=3 {
            let model = at(&folder.0.path().join(format!("big-{number:05}-of-00003.gguf")));
            assert_eq!((&model.path, model.bytes, model.info.unwrap().bytes), (&models[0].path, sizes, sizes));
        }
    }

    #[test]
    fn a_missing_or_a_renamed_part_is_told() {
        let folder = Folder::new();
        folder.put("big-00002-of-00003.gguf", &part(2, 3));
        assert!(folder.problem().contains("is one of 3 parts, and parts 1, 3 are missing; put all parts"));
        let alone = at(&folder.0.path().join("big-00002-of-00003.gguf"));
        assert!(matches!(alone.info, Err(ModelError::PartsMissing { of: 3, .. })), "{alone:?}");
        let folder = Folder::new();
        folder.put("big-00002-of-00009.gguf", &part(2, 9));
        assert!(folder.problem().contains("parts 1, 3, 4 and 5 more are missing"));
        let folder = Folder::new();
        folder.put("big.gguf", &part(1, 3));
        assert!(folder.problem().contains("is part 1 of 3 but is not named so"));
        assert_eq!(part_of("a-00004-of-00003"), None);
        assert_eq!(part_of("a-1-of-3"), None);
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_within_the_folder_only() {
        use std::os::unix::fs::symlink;
        let (folder, outside) = (Folder::new(), Folder::new());
        let model = Sample::model().bytes();
        let inside = folder.put("blobs/0f", &model);
        let other = outside.put("other.gguf", &model);
        symlink(inside, folder.0.path().join("in.gguf")).unwrap();
        symlink(other, folder.0.path().join("out.gguf")).unwrap();
        symlink(outside.0.path(), folder.0.path().join("folder")).unwrap();
        let models = folder.scan();
        assert_eq!(folder.names(), ["in", "out"]);
        assert!(models[0].info.is_ok());
        assert!(models[1].info.as_ref().unwrap_err().to_string().contains("leads out of the models folder"));
    }
}
