//! Compares texts by their embeddings. What was embedded once is kept, so that a later program waits only for what is new.

use std::collections::{HashMap, HashSet, VecDeque};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt, stream};

use super::LocalError;
use super::chosen::chosen_embedding;
use super::gguf::GgufInfo;
use super::llama::EmbeddingOptions;
use super::llama::embedding::{AT_ONCE, LlamaEmbedding};
use super::prefixes::Prefixes;
use crate::config::LocalConfig;
use crate::protocol::EmbeddingModel;

/// Texts that are sent to the engine together, and their bytes: small enough that what was done is soon kept.
const TEXTS: usize = 32;
const BYTES: usize = 128 << 10;
/// Bytes of vectors that are kept.
const KEPT: usize = 128 << 20;

type Vector = Arc<[f32]>;
type Key = [u8; 32];

/// An embedding model and what it has embedded.
pub struct Embedder {
    model: EmbeddingModel,
    engine: LlamaEmbedding,
    patience: Duration,
    kept: Mutex<Kept>,
}

impl Embedder {
    /// Looks at the settings and starts loading the model; nothing where they name none. `program` is this program itself, of
    /// which the engine is another process. Needs a tokio runtime.
    pub async fn start(config: &LocalConfig, program: &Path, log: Option<PathBuf>) -> Result<Option<Self>, LocalError> {
        let Some((path, info)) = found(config)? else { return Ok(None) };
        let gone = |path: &Path, error: std::io::Error| LocalError {
            message: format!("local.embedding_model: {path:?} could not be read ({error}): check the path"),
        };
        let path = path.canonicalize().map_err(|error| gone(&path, error))?;
        let name = path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
        let Prefixes { query, document } = Prefixes::of(config, &[&name, info.name.as_deref().unwrap_or_default()]);
        let options = EmbeddingOptions { model: path.clone(), threads: config.threads, gpu_layers: config.gpu_layers };
        let engine = LlamaEmbedding::start(options, program, log, Duration::from_secs(config.timeout_s));
        let hash = hash_of(path.clone()).await.map_err(|error| gone(&path, error))?;
        Ok(Some(Self {
            model: EmbeddingModel { model: name, hash, query_prefix: query, document_prefix: document },
            engine,
            patience: Duration::from_secs(config.embedding_timeout_s),
            kept: Mutex::default(),
        }))
    }

    pub fn model(&self) -> &EmbeddingModel {
        &self.model
    }

    /// How long one program may wait for embeddings.
    pub fn patience(&self) -> Duration {
        self.patience
    }

    /// For each query the cosine of its angle to each chunk; NaN where a text is blank or the model makes nothing of it.
    ///
    /// Dropped before its end, it stops the work; what was embedded by then is kept.
    pub async fn compare(&self, queries: &[String], chunks: &[String]) -> Result<Vec<Vec<f32>>, LocalError> {
        let queries = self.embed(&self.model.query_prefix, queries).await?;
        let chunks = self.embed(&self.model.document_prefix, chunks).await?;
        // Some hundred million products in the worst case.
        let products = tokio::task::spawn_blocking(move || {
            let row = |query: &Vector| chunks.iter().map(|chunk| cosine(query, chunk)).collect();
            queries.iter().map(row).collect()
        });
        products.await.map_err(|error| LocalError { message: format!("the comparison of texts failed ({error})") })
    }

    /// The vector of each text behind the prefix; an empty one for a blank text.
    async fn embed(&self, prefix: &str, texts: &[String]) -> Result<Vec<Vector>, LocalError> {
        let whole = |text: &String| (!text.trim().is_empty()).then(|| format!("{prefix}{text}"));
        let mut known: HashMap<Key, Vector> = HashMap::new();
        let (mut keys, mut missing, mut wanted) = (Vec::with_capacity(texts.len()), Vec::new(), HashSet::new());
        for text in texts.iter().map(whole) {
            let key = text.as_ref().map(|text| *blake3::hash(text.as_bytes()).as_bytes());
            keys.push(key);
            let (Some(key), Some(text)) = (key, text) else { continue };
            match self.kept().vectors.get(&key) {
                Some(vector) => drop(known.insert(key, vector.clone())),
                None if wanted.insert(key) => missing.push((key, text)),
                None => {}
            }
        }
        let mut done = stream::iter(portions(missing)).map(|portion| self.ask(portion)).buffered(AT_ONCE);
        while let Some(portion) = done.try_next().await? {
            known.extend(portion);
        }
        let vector = |key: Option<Key>| key.and_then(|key| known.get(&key).cloned()).unwrap_or_else(|| Arc::from([]));
        Ok(keys.into_iter().map(vector).collect())
    }

    async fn ask(&self, portion: Vec<(Key, String)>) -> Result<Vec<(Key, Vector)>, LocalError> {
        let (keys, texts): (Vec<Key>, Vec<String>) = portion.into_iter().unzip();
        let vectors = self.engine.embed(texts).await?;
        if vectors.len() != keys.len() {
            return Err(LocalError { message: "the embedding engine gave other vectors; please report it".into() });
        }
        let found: Vec<(Key, Vector)> = keys.into_iter().zip(vectors.into_iter().map(Vector::from)).collect();
        self.kept().keep(&found);
        Ok(found)
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Vectors by the hash of their texts, the oldest first to go.
#[derive(Default)]
struct Kept {
    vectors: HashMap<Key, Vector>,
    order: VecDeque<Key>,
    bytes: usize,
}

impl Kept {
    fn keep(&mut self, found: &[(Key, Vector)]) {
        for (key, vector) in found {
            if self.vectors.insert(*key, vector.clone()).is_none() {
                self.order.push_back(*key);
                self.bytes += bytes(vector);
            }
        }
        while self.bytes > KEPT
            && let Some(oldest) = self.order.pop_front()
        {
            self.bytes -= self.vectors.remove(&oldest).map_or(0, |vector| bytes(&vector));
        }
    }
}

fn bytes(vector: &Vector) -> usize {
    size_of_val::<[f32]>(vector) + 2 * size_of::<Key>() + size_of::<Vector>()
}

/// Cuts texts into parts of at most [`TEXTS`] texts and [`BYTES`] bytes; a longer text is a part of its own.
fn portions(texts: Vec<(Key, String)>) -> Vec<Vec<(Key, String)>> {
    let mut portions: Vec<Vec<(Key, String)>> = Vec::new();
    let mut bytes = 0;
    for (key, text) in texts {
        bytes += text.len();
        match portions.last_mut() {
            Some(portion) if portion.len() < TEXTS && bytes <= BYTES => portion.push((key, text)),
            _ => {
                bytes = text.len();
                portions.push(vec![(key, text)]);
            }
        }
    }
    portions
}

/// Of vectors of length 1.
fn cosine(one: &[f32], other: &[f32]) -> f32 {
    if one.is_empty() || one.len() != other.len() {
        return f32::NAN;
    }
    one.iter().zip(other).map(|(one, other)| one * other).sum()
}

/// The model that the settings name, before anything is loaded.
fn found(config: &LocalConfig) -> Result<Option<(PathBuf, GgufInfo)>, LocalError> {
    if config.embedding_model.is_empty() {
        return Ok(None);
    }
    if cfg!(not(feature = "llama")) {
        let message = "local.embedding_model: this program was built without the local engine, which embeds; build it with \
                       the cargo feature llama, or leave the setting empty";
        return Err(LocalError { message: message.into() });
    }
    chosen_embedding(config).map(Some).map_err(|error| LocalError { message: error.to_string() })
}

/// The settings' embedding model in a few words, for `minions doctor`; nothing where they name none.
pub fn found_embedding(config: &LocalConfig) -> Result<Option<String>, LocalError> {
    let Some((path, info)) = found(config)? else { return Ok(None) };
    let number = |number: Option<u64>| number.map_or("?".into(), |number| number.to_string());
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let Prefixes { query, document } = Prefixes::of(config, &[&stem, info.name.as_deref().unwrap_or_default()]);
    Ok(Some(format!(
        "{}: {}, vectors of {} numbers, {} tokens at once; {query:?} goes before queries, {document:?} before chunks",
        path.display(),
        info.architecture,
        number(info.embedding_length),
        number(info.context_length)
    )))
}

/// The blake3 of the file, by which a later run knows whether it has the same model.
async fn hash_of(path: PathBuf) -> std::io::Result<String> {
    let hashed = tokio::task::spawn_blocking(move || {
        let mut hasher = blake3::Hasher::new();
        hasher.update_reader(File::open(path)?)?;
        Ok(hasher.finalize().to_hex().to_string())
    });
    hashed.await.map_err(std::io::Error::other)?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_go_in_portions_of_bounded_number_and_size() {
        let text = |text: &str| ([0; 32], text.to_owned());
        let mut texts = vec![text("a"); TEXTS + 1];
        texts.extend([text(&"x".repeat(BYTES)), text("b"), text("c")]);
        let lengths: Vec<usize> = portions(texts).iter().map(Vec::len).collect();
        assert_eq!(lengths, [TEXTS, 1, 1, 2]);
        assert!(portions(Vec::new()).is_empty());
    }

    #[cfg(not(feature = "llama"))]
    #[test]
    fn a_build_without_the_engine_says_what_is_missing() {
        assert_eq!(found_embedding(&LocalConfig::default()).unwrap(), None);
        let config = LocalConfig { embedding_model: "nomic.gguf".into(), ..LocalConfig::default() };
        assert!(found_embedding(&config).unwrap_err().message.contains("built without the local engine"));
    }

    #[test]
    fn what_is_kept_is_bounded_and_the_oldest_goes() {
        let mut kept = Kept::default();
        let vector: Vector = vec![0.0; KEPT / 16].into();
        let key = |n: u8| [n; 32];
        kept.keep(&[(key(1), vector.clone()), (key(2), vector.clone()), (key(3), vector.clone())]);
        kept.keep(&[(key(3), vector.clone()), (key(4), vector.clone())]);
        assert!(kept.bytes <= KEPT);
        let known: Vec<bool> = (1..=4).map(|n| kept.vectors.contains_key(&key(n))).collect();
        assert_eq!((known, kept.order.len()), (vec![false, true, true, true], 3));
    }

    #[test]
    fn what_has_no_vector_is_like_nothing() {
        assert_eq!(cosine(&[0.6, 0.8], &[1.0, 0.0]), 0.6);
        assert!(cosine(&[], &[]).is_nan() && cosine(&[1.0], &[]).is_nan());
    }
}
