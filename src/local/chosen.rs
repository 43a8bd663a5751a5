//! The models that the settings name: a file, or a name in the folder of models. They are looked at before a run begins.

use std::path::{Path, PathBuf};

use super::fit::{self, TooBig};
use super::gguf::GgufInfo;
use super::models::{self, ModelError, scan};
use crate::config::{FlashAttention, Folders, KvType, LocalConfig};
#[cfg(feature = "llama")]
use crate::protocol::prompts;
use crate::utilization::available_memory;

/// Names that are offered where none is the one asked for.
const NEAR: usize = 3;
/// How like the asked one they are (Jaro-Winkler; 1 is equal).
const LIKE: f64 = 0.6;
/// Numbers of a block of the cache's type `q8_0` (`QK8_0` of ggml-common.h).
const Q8_BLOCK: u64 = 32;

/// Why a setting names no model that can do its work, in one sentence.
#[derive(Debug, thiserror::Error)]
#[error("{setting}: {why}")]
pub struct ChoiceError {
    setting: &'static str,
    why: Why,
}

#[derive(Debug, thiserror::Error)]
enum Why {
    #[error("it is empty; set it to the path of a GGUF model, or to a name that `minions models local` lists")]
    Empty,
    #[error("there is no file {0:?}, and no folder of models to look in; set local.models_dir")]
    NoFolder(String),
    #[error("there is no file {name:?}, and no model of this name in {folder:?}{}", offered(.near))]
    Unknown { name: String, folder: PathBuf, near: Vec<String> },
    #[error(transparent)]
    Unusable(#[from] ModelError),
    #[error("{0:?} holds no chat template; take a GGUF of the model's chat or instruct version")]
    NoChat(PathBuf),
    #[error(
        "{0:?} does not say how it makes one vector of a text; take a GGUF of a model that was made for embeddings"
    )]
    NoEmbedding(PathBuf),
    #[error("{0:?} is a reranker, which embeds no text; take a model that was made for embeddings")]
    Reranker(PathBuf),
    #[error("{0:?}: {1}")]
    Template(PathBuf, String),
    #[error("q8_0 needs flash attention; set local.flash_attention to auto or on, or local.kv_type to f16")]
    NeedsFlash,
    #[error("q8_0 keeps {Q8_BLOCK} numbers together, and a head of {0:?} has {1}; set local.kv_type to f16")]
    Uneven(PathBuf, u64),
    #[error("{0:?}: {1}")]
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
    let told = |why| ChoiceError { setting: "local.model", why };
    let found = find(&local.model, Folders::models(local).as_deref());
    let (path, info) = found.and_then(|found| chats(found, local.thinking_tokens > 0)).map_err(told)?;
    keeps(&path, &info, local).map_err(|why| ChoiceError { setting: "local.kv_type", why })?;
    room(&path, &info, local).map_err(told)?;
    Ok(path)
}

/// Where the file of the settings' embedding model is, and what it says of itself.
pub fn chosen_embedding(local: &LocalConfig) -> Result<(PathBuf, GgufInfo), ChoiceError> {
    let told = |why| ChoiceError { setting: "local.embedding_model", why };
    let found = find(&local.embedding_model, Folders::models(local).as_deref()).and_then(embeds).map_err(told)?;
    // It keeps nothing of a text that it has read.
    room(&found.0, &GgufInfo { heads_in_cache: None, ..found.1.clone() }, local).map_err(told)?;
    Ok(found)
}

/// On a device of its own a model does not need the machine's memory.
fn room(path: &Path, info: &GgufInfo, local: &LocalConfig) -> Result<(), Why> {
    if fit::KNOWS_GPUS {
        return Ok(());
    }
    fit::check(info, local, available_memory()).map_err(|error| Why::TooBig(path.to_owned(), error))
}

/// Whether jobs can be put to it, after thoughts or without: its template is tried here, before the remote LM is paid.
fn chats(found: (PathBuf, GgufInfo), thinking: bool) -> Result<(PathBuf, GgufInfo), Why> {
    match &found.1.chat_template {
        Some(template) => frames(template, thinking).map_err(|why| Why::Template(found.0.clone(), why))?,
        None => return Err(Why::NoChat(found.0)),
    }
    Ok(found)
}

#[cfg(feature = "llama")]
fn frames(template: &str, thinking: bool) -> Result<(), String> {
    // Which words begin and end a text is known only where the model is loaded.
    let framed = super::llama::template::frame(template, "", "", prompts::worker_system(), thinking);
    framed.map(|_| ()).map_err(|error| error.to_string())
}

/// Without the engine nothing is put to the model.
#[cfg(not(feature = "llama"))]
fn frames(_template: &str, _thinking: bool) -> Result<(), String> {
    Ok(())
}

/// Whether llama.cpp can keep what was read in the form that the settings name (`llama_init_from_model` of llama.cpp).
fn keeps(path: &Path, info: &GgufInfo, local: &LocalConfig) -> Result<(), Why> {
    if local.kv_type == KvType::F16 {
        return Ok(());
    }
    if local.flash_attention == FlashAttention::Off {
        return Err(Why::NeedsFlash);
    }
    match info.head_lengths() {
        Some((key, value)) if key % Q8_BLOCK != 0 || value % Q8_BLOCK != 0 => Err(Why::Uneven(path.to_owned(), key)),
        _ => Ok(()),
    }
}

/// The kinds of pooling are those of llama.h: mean, first, last, and the score of a reranker.
fn embeds(found: (PathBuf, GgufInfo)) -> Result<(PathBuf, GgufInfo), Why> {
    match found.1.pooling {
        Some(1..=3) => Ok(found),
        Some(4) => Err(Why::Reranker(found.0)),
        _ => Err(Why::NoEmbedding(found.0)),
    }
}

fn find(named: &str, folder: Option<&Path>) -> Result<(PathBuf, GgufInfo), Why> {
    if named.is_empty() {
        return Err(Why::Empty);
    }
    let path = PathBuf::from(named);
    match (path.is_file(), folder) {
        (true, _) => {
            let model = models::at(&path);
            Ok((model.path, model.info?))
        }
        (false, Some(folder)) => in_folder(named, folder),
        (false, None) => Err(Why::NoFolder(named.to_owned())),
    }
}

fn in_folder(named: &str, folder: &Path) -> Result<(PathBuf, GgufInfo), Why> {
    let models = scan(folder)?;
    let mut near: Vec<(f64, String)> =
        models.iter().map(|model| (strsim::jaro_winkler(named, &model.name), model.name.clone())).collect();
    if let Some(model) = models.into_iter().find(|model| model.name == named) {
        return Ok((model.path, model.info?));
    }
    near.retain(|(like, _)| *like >= LIKE);
    near.sort_by(|one, other| other.0.total_cmp(&one.0));
    let near = near.into_iter().take(NEAR).map(|(_, name)| name).collect();
    Err(Why::Unknown { name: named.to_owned(), folder: folder.to_owned(), near })
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
        let chat = |named: &str| find(named, Some(folder.path())).and_then(|found| chats(found, false));
        let told = |named: &str| chat(named).unwrap_err().to_string();
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

    #[cfg(feature = "llama")]
    #[test]
    fn what_no_job_could_be_put_to_is_told_before_anything_is_paid() {
        let folder = tempfile::tempdir().unwrap();
        let sample =
            Sample::empty().text("general.architecture", "llama").text("tokenizer.chat_template", "{{ messages ");
        std::fs::write(folder.path().join("broken.gguf"), sample.bytes()).unwrap();
        let broken = folder.path().join("broken.gguf").to_string_lossy().into_owned();
        let told = |local: LocalConfig| chosen(&local).map(|_| ()).unwrap_err().to_string();
        let of = |model: &str| LocalConfig { model: model.into(), ..LocalConfig::default() };
        assert!(told(of(&broken)).contains("its chat template cannot be used"), "{}", told(of(&broken)));
        let small = LocalConfig { kv_type: KvType::Q8_0, ..of(TINY) };
        assert!(told(small.clone()).starts_with("local.kv_type: q8_0 keeps 32"), "{}", told(small.clone()));
        let off = LocalConfig { flash_attention: FlashAttention::Off, ..small };
        assert!(told(off.clone()).contains("needs flash attention"), "{}", told(off));
        assert!(chosen(&of(TINY)).is_ok());
    }

    #[test]
    fn only_a_model_that_makes_one_vector_of_a_text_is_chosen_to_embed() {
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str, sample: Sample| std::fs::write(folder.path().join(name), sample.bytes()).unwrap();
        let bert = || Sample::empty().text("general.architecture", "bert");
        put("mean.gguf", bert().number("bert.pooling_type", 1));
        put("none.gguf", bert().number("bert.pooling_type", 0));
        put("rank.gguf", bert().number("bert.pooling_type", 4));
        put("other.gguf", bert().number("qwen3.pooling_type", 3));
        let embedding = |named: &str| find(named, Some(folder.path())).and_then(embeds);
        assert_eq!(embedding("mean").unwrap().1.pooling, Some(1));
        assert!(embedding("rank").unwrap_err().to_string().contains("is a reranker"));
        for named in ["none", "other", TINY] {
            assert!(embedding(named).unwrap_err().to_string().contains("made for embeddings"), "{named}");
        }
    }
}
