//! The files of a folder that are documents: neither hidden nor left out by `.gitignore` or `.ignore`.

use std::path::{Path, PathBuf};

use ignore::WalkBuilder;

use super::error::LoadError;

/// Files of the largest folder.
const MOST: usize = 2000;

/// In the order of their names. Links are not followed. `remarks`: where what may not be looked into is told.
pub fn files(folder: &Path, remarks: &mut Vec<String>) -> Result<Vec<PathBuf>, LoadError> {
    let mut files = Vec::new();
    let walk = WalkBuilder::new(folder)
        // The rules hold where there is no repository too, and those above the folder do not: it was named.
        .require_git(false)
        .parents(false)
        .git_global(false)
        .sort_by_file_name(Ord::cmp)
        .build();
    for entry in walk {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) if files.is_empty() && error.depth() == Some(0) => {
                return Err(LoadError::Unreadable { path: folder.into(), error: std::io::Error::other(error) });
            }
            // A folder in it that may not be read.
            Err(error) => {
                remarks.push(format!("left out: {error}"));
                continue;
            }
        };
        if entry.file_type().is_some_and(|kind| kind.is_file()) {
            files.push(entry.into_path());
        }
        if files.len() > MOST {
            return Err(LoadError::CrowdedFolder { path: folder.into(), most: MOST });
        }
    }
    if files.is_empty() && remarks.is_empty() { Err(LoadError::EmptyFolder(folder.into())) } else { Ok(files) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_files_and_what_the_rules_name_are_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let make = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        make(".gitignore", "*.log\n/target\n");
        make("a/.ignore", "drafts\n");
        for name in ["b.txt", "a/one.md", "a/drafts/no.md", "c.log", "target/x.txt", ".hidden/x.txt"] {
            make(name, "words");
        }
        let names: Vec<_> = files(folder.path(), &mut Vec::new()).unwrap();
        let names: Vec<_> =
            names.iter().map(|path| path.strip_prefix(folder.path()).unwrap().display().to_string()).collect();
        assert_eq!(names, ["a/one.md", "b.txt"]);
        assert!(matches!(
            files(&folder.path().join(".hidden/none"), &mut Vec::new()),
            Err(LoadError::Unreadable { .. })
        ));
        std::fs::create_dir(folder.path().join("empty")).unwrap();
        assert!(matches!(files(&folder.path().join("empty"), &mut Vec::new()), Err(LoadError::EmptyFolder(_))));
    }
}
