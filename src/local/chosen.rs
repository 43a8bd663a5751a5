//! The model that the settings name: a file, or a name in the folder of models. It is read before a run begins.

use std::path::{Path, PathBuf};

use super::fit::{self, TooBig};
use super::gguf::{self, GgufInfo};
use super::models::{ModelError, scan};
use crate::config::{Folders, LocalConfig};
use crate::utilization::available_memory;

/// Names that are offered where none is the one asked for.
const NEAR: usize = 3;
/// How like the asked one they are (Jaro-Winkler; 1 is equal).
const LIKE: f64 = 0.6;

/// Why the setting names no model that can answer, in one sentence.
#[derive(Debug, thiserror::Error)]
pub enum ChoiceError {
    #[error("local.model is empty: set it to the path of a GGUF model, or to a name that `minions models local` lists")]
    Empty,
    #[error("local.model: there is no file {0:?}, and no folder of models to look in; set local.models_dir")]
    NoFolder(String),
    #[error("local.model: there is no file {name:?}, and no model of this name in {folder:?}{}", offered(.near))]
    Unknown { name: String, folder: PathBuf, near: Vec<String> },
    #[error("local.model: {0}")]
    Unusable(#[from] ModelError),
    #[error("local.model: {0:?} holds no chat template; take a GGUF of the model's chat or instruct version")]
    NoChat(PathBuf),
    #[error("local.model: {0:?}: {1}")]
    TooBig(PathBuf, TooBig),
}

fn offered(near: &[String]) -> String {
    match near {
        [] => "; `minions models local` lists what is there".into(),
        near => {
            // Names of files: quoted, and so escaped.
            let near: Vec<String> = near.iter().map(|name| format!("{name:?}")).collect();
            format!("; did you mean {}?", near.join(" or "))
        }
    }
}

/// Where the file of the settings' model is.
pub fn chosen(local: &LocalConfig) -> Result<PathBuf, ChoiceError> {
    let (path, info) = find(&local.model, Folders::models(local).as_deref())?;
    // On a device of its own a model does not need the machine's memory.
    if !fit::KNOWS_GPUS {
        fit::check(&info, local, available_memory()).map_err(|error| ChoiceError::TooBig(path.clone(), error))?;
    }
    Ok(path)
}

fn find(named: &str, folder: Option<&Path>) -> Result<(PathBuf, GgufInfo), ChoiceError> {
    if named.is_empty() {
        return Err(ChoiceError::Empty);
    }
    let path = PathBuf::from(named);
    let (path, info) = match (path.is_file(), folder) {
        (true, _) => (path.clone(), gguf::read(&path).map_err(ModelError::from)?),
        (false, Some(folder)) => in_folder(named, folder)?,
        (false, None) => return Err(ChoiceError::NoFolder(named.to_owned())),
    };
    match info.chat_template {
        Some(_) => Ok((path, info)),
        None => Err(ChoiceError::NoChat(path)),
    }
}

fn in_folder(named: &str, folder: &Path) -> Result<(PathBuf, GgufInfo), ChoiceError> {
    let models = scan(folder)?;
    let mut near: Vec<(f64, String)> =
        models.iter().map(|model| (strsim::jaro_winkler(named, &model.name), model.name.clone())).collect();
    if let Some(model) = models.into_iter().find(|model| model.name == named) {
        return Ok((model.path, model.info?));
    }
    near.retain(|(like, _)| *like >= LIKE);
    near.sort_by(|one, other| other.0.total_cmp(&one.0));
    let near = near.into_iter().take(NEAR).map(|(_, name)| name).collect();
    Err(ChoiceError::Unknown { name: named.to_owned(), folder: folder.to_owned(), near })
}

#[cfg(test)]
mod tests {
    use super::super::gguf::tests::Sample;
    use super::*;

    const TINY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/models/tiny.gguf");

    #[test]
    fn a_model_is_chosen_by_its_path_or_by_its_name_in_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("small-chat.gguf");
        std::fs::copy(TINY, &file).unwrap();
        assert_eq!(find(TINY, Some(folder.path())).unwrap().0, PathBuf::from(TINY));
        assert_eq!(find("small-chat", Some(folder.path())).unwrap().0, file);
    }

    #[test]
    fn what_is_no_model_is_told_with_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::copy(TINY, folder.path().join("small-chat.gguf")).unwrap();
        std::fs::write(folder.path().join("page.gguf"), "<!doctype html><title>Not found</title>").unwrap();
        let mut half = std::fs::read(TINY).unwrap();
        half.truncate(half.len() / 2);
        std::fs::write(folder.path().join("half.gguf"), half).unwrap();
        let told = |named: &str| find(named, Some(folder.path())).unwrap_err().to_string();
        assert!(told("").contains("minions models local"));
        assert!(told("small-chatt").ends_with("did you mean \"small-chat\"?"), "{}", told("small-chatt"));
        assert!(told("page").contains("not a model in GGUF format"), "{}", told("page"));
        assert!(told("half").contains("is cut short"), "{}", told("half"));
        std::fs::write(
            folder.path().join("no-chat.gguf"),
            Sample::empty().text("general.architecture", "bert").bytes(),
        )
        .unwrap();
        assert!(told("no-chat").contains("holds no chat template"), "{}", told("no-chat"));
        assert!(find("small-chat", None).unwrap_err().to_string().contains("set local.models_dir"));
    }
}
