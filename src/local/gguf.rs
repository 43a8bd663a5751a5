//! Reads what a GGUF file says of its model, from its header alone: no weight is loaded.
//!
//! The format: <https://github.com/ggml-org/ggml/blob/master/docs/gguf.md>, versions 2 and 3, little endian.

mod foreign;
mod kinds;
#[cfg(test)]
pub(super) mod tests;
mod walk;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufReader, Read, Seek};
use std::path::{Path, PathBuf};

use walk::{Numbers, Stop, Walk};

/// What a file says of its model.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GgufInfo {
    /// The model's own name.
    pub name: Option<String>,
    /// `llama`, `qwen3`, … Empty in the later parts of a split file, which say nothing of the model.
    pub architecture: String,
    /// Tokens the model was made for.
    pub context_length: Option<u64>,
    /// The quantisation, such as `Q4_K_M`.
    pub file_type: Option<String>,
    /// Jinja.
    pub chat_template: Option<String>,
    /// The numbers in all tensors.
    pub parameters: u64,
    /// Bytes of the tensors whose type is known.
    pub tensor_bytes: u64,
    /// The size of the file.
    pub bytes: u64,
    pub block_count: Option<u64>,
    pub embedding_length: Option<u64>,
    /// Where the layers differ: that of the largest.
    pub head_count: Option<u64>,
    pub head_count_kv: Option<u64>,
    /// Of one head.
    pub key_length: Option<u64>,
    pub value_length: Option<u64>,
    /// Heads of keys and values in all layers together.
    pub heads_in_cache: Option<u64>,
    /// How a model that embeds makes one vector of a text (`llama_pooling_type` of llama.h); others do not tell.
    pub pooling: Option<u64>,
    /// Where the file is one of several.
    pub split: Option<Split>,
}

/// The part that a file is of a model in several files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Split {
    /// Counted from 1.
    pub part: u64,
    pub of: u64,
}

/// Why a file is no model that can be used, in one sentence. Paths are quoted and escaped.
#[derive(Debug, thiserror::Error)]
pub enum GgufError {
    #[error("there is no file {0:?}; check the path")]
    Missing(PathBuf),
    #[error("{path:?} could not be read: {error}")]
    Unreadable { path: PathBuf, error: io::Error },
    #[error("{path:?} is {what}, not a model in GGUF format; {advice}")]
    Foreign { path: PathBuf, what: &'static str, advice: &'static str },
    #[error("{path:?} is a GGUF file {what}, and this version reads little-endian files of versions 2 and 3; {advice}")]
    Version { path: PathBuf, what: String, advice: &'static str },
    #[error("{path:?} is cut short: it has {has} bytes{}; download or copy it again", needed(*.needs))]
    CutShort { path: PathBuf, has: u64, needs: Option<u64> },
    #[error("{path:?} is damaged: {what}; download or copy it again")]
    Damaged { path: PathBuf, what: String },
}

fn needed(needs: Option<u64>) -> String {
    needs.map_or_else(|| " and ends within its header".into(), |needs| format!(" of at least {needs}"))
}

impl GgufInfo {
    /// Numbers of the keys and of the values of one head.
    pub fn head_lengths(&self) -> Option<(u64, u64)> {
        let of_embedding = || self.embedding_length?.checked_div(self.head_count?);
        Some((self.key_length.or_else(of_embedding)?, self.value_length.or_else(of_embedding)?))
    }

    /// Bytes that one token takes in a cache of 16-bit keys and values; less where layers see only a window, or keep a
    /// compressed form. Nothing where the file does not tell.
    pub fn kv_bytes_per_token(&self) -> Option<u64> {
        let (key, value) = self.head_lengths()?;
        let bytes = self.heads_in_cache?.checked_mul(key.checked_add(value)?)?.checked_mul(2)?;
        (bytes > 0).then_some(bytes)
    }
}

/// Reads the header of the file at `path`, and checks that the file holds all its tensors.
pub fn read(path: &Path) -> Result<GgufInfo, GgufError> {
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => GgufError::Missing(path.into()),
        _ => GgufError::Unreadable { path: path.into(), error },
    };
    // Looked at first: to open a pipe would wait for somebody to write to it.
    if !fs::metadata(path).map_err(failed)?.is_file() {
        let (what, advice) = ("a folder or a device", "name the file itself");
        return Err(GgufError::Foreign { path: path.into(), what, advice });
    }
    let file = File::open(path).map_err(failed)?;
    let bytes = file.metadata().map_err(failed)?.len();
    read_from(BufReader::with_capacity(1 << 16, file), bytes, path)
}

/// `bytes`: how many there are to read; `path` is for messages.
fn read_from<R: Read + Seek>(mut reader: BufReader<R>, bytes: u64, path: &Path) -> Result<GgufInfo, GgufError> {
    let unreadable = |error| GgufError::Unreadable { path: path.into(), error };
    let start = walk::start(&mut reader).map_err(unreadable)?;
    if let Some((what, advice)) = foreign::recognise(&start, bytes) {
        return Err(GgufError::Foreign { path: path.into(), what, advice });
    }
    let cut_short = |needs| GgufError::CutShort { path: path.into(), has: bytes, needs };
    let mut walk = Walk::new(reader, bytes);
    let header = Header::read(&mut walk).map_err(|stop| match stop {
        Stop::Ended => cut_short(None),
        Stop::Damaged(what) => GgufError::Damaged { path: path.into(), what },
        Stop::Version(what, advice) => GgufError::Version { path: path.into(), what, advice },
        Stop::Failed(error) => unreadable(error),
    })?;
    if header.needs > bytes {
        return Err(cut_short(Some(header.needs)));
    }
    let info = header.info(bytes);
    if info.architecture.is_empty() && info.split.is_none_or(|split| split.part == 1) {
        let what = "it does not name its architecture".into();
        return Err(GgufError::Damaged { path: path.into(), what });
    }
    Ok(info)
}

const MAX_KEY: u64 = 65_535;
/// Longer than any template or name; longer texts are not kept in memory.
const MAX_TEXT: u64 = 4 << 20;
/// Numbers of architectures; a file has those of one or two.
const MAX_NUMBERS: usize = 256;
const MAX_DIMENSIONS: u32 = 8;
const DEFAULT_ALIGNMENT: u64 = 32;

/// Keys after the architecture's name.
const OF_ARCHITECTURE: [&str; 8] = [
    ".context_length",
    ".block_count",
    ".embedding_length",
    ".attention.head_count",
    ".attention.head_count_kv",
    ".attention.key_length",
    ".attention.value_length",
    ".pooling_type",
];
const NUMBERS: [&str; 4] = ["general.file_type", "general.alignment", "split.no", "split.count"];
const TEXTS: [&str; 3] = ["general.name", "general.architecture", "tokenizer.chat_template"];

/// What is kept of a header.
#[derive(Default)]
struct Header {
    texts: BTreeMap<&'static str, String>,
    numbers: BTreeMap<String, Numbers>,
    parameters: u64,
    tensor_bytes: u64,
    /// The least size of the whole file.
    needs: u64,
}

impl Header {
    fn read<R: Read + Seek>(walk: &mut Walk<R>) -> Result<Self, Stop> {
        walk.skip(4)?;
        check_version(walk.u32()?)?;
        let (tensors, pairs) = (walk.u64()?, walk.u64()?);
        let mut header = Self::default();
        for _ in 0..pairs {
            header.pair(walk)?;
        }
        // Where the tensor that reaches furthest ends, counted from the beginning of all tensors.
        let mut furthest = 0;
        for _ in 0..tensors {
            furthest = furthest.max(header.tensor(walk)?);
        }
        let alignment = header.number("general.alignment").map_or(DEFAULT_ALIGNMENT, |numbers| numbers.largest);
        if !alignment.is_power_of_two() {
            return Err(Stop::damaged("its alignment is no power of two"));
        }
        let end = walk.at().checked_next_multiple_of(alignment).and_then(|begin| begin.checked_add(furthest));
        header.needs = if tensors == 0 { walk.at() } else { end.ok_or_else(too_large)? };
        Ok(header)
    }

    /// One key with its value.
    fn pair<R: Read + Seek>(&mut self, walk: &mut Walk<R>) -> Result<(), Stop> {
        let key = walk.text(MAX_KEY)?;
        let kind = walk.u32()?;
        if let Some(&key) = TEXTS.iter().find(|name| **name == key)
            && kind == walk::STRING
        {
            self.texts.insert(key, walk.text(MAX_TEXT)?);
            return Ok(());
        }
        let wanted = NUMBERS.contains(&key.as_str()) || OF_ARCHITECTURE.iter().any(|end| key.ends_with(end));
        if wanted && self.numbers.len() < MAX_NUMBERS {
            if let Some(numbers) = walk.numbers(kind)? {
                self.numbers.insert(key, numbers);
            }
            return Ok(());
        }
        walk.skip_value(kind)
    }

    /// One tensor; gives where it ends.
    fn tensor<R: Read + Seek>(&mut self, walk: &mut Walk<R>) -> Result<u64, Stop> {
        walk.skip_text()?;
        let dimensions = walk.u32()?;
        if dimensions > MAX_DIMENSIONS {
            return Err(Stop::damaged("a tensor has too many dimensions"));
        }
        let mut elements = 1_u64;
        for _ in 0..dimensions {
            elements = elements.checked_mul(walk.u64()?).ok_or_else(too_large)?;
        }
        let kind = walk.u32()?;
        let offset = walk.u64()?;
        // A type that came after this version: its size is not known, but where it begins is.
        let bytes = match kinds::tensor(kind) {
            Some((block, bytes)) => elements.div_ceil(block).checked_mul(bytes).ok_or_else(too_large)?,
            None => 0,
        };
        self.parameters = self.parameters.checked_add(elements).ok_or_else(too_large)?;
        self.tensor_bytes = self.tensor_bytes.checked_add(bytes).ok_or_else(too_large)?;
        offset.checked_add(bytes).ok_or_else(too_large)
    }

    fn number(&self, key: &str) -> Option<Numbers> {
        self.numbers.get(key).copied()
    }

    fn info(mut self, bytes: u64) -> GgufInfo {
        let architecture = self.texts.remove("general.architecture").unwrap_or_default();
        let of = |key: &str| self.number(&format!("{architecture}.{key}"));
        let largest = |key: &str| of(key).map(|numbers| numbers.largest);
        let block_count = largest("block_count");
        // One number stands for every layer, a list has one for each.
        let heads = of("attention.head_count_kv").or_else(|| of("attention.head_count"));
        let heads_in_cache = heads.and_then(|heads| match heads.is_list {
            true => Some(heads.sum),
            false => heads.sum.checked_mul(block_count?),
        });
        let part = self.number("split.no").and_then(|numbers| numbers.largest.checked_add(1));
        let split = part.zip(self.number("split.count")).map(|(part, of)| Split { part, of: of.largest });
        GgufInfo {
            context_length: largest("context_length"),
            file_type: self.number("general.file_type").map(|numbers| kinds::file(numbers.largest)),
            parameters: self.parameters,
            tensor_bytes: self.tensor_bytes,
            bytes,
            block_count,
            embedding_length: largest("embedding_length"),
            head_count: largest("attention.head_count"),
            head_count_kv: largest("attention.head_count_kv"),
            key_length: largest("attention.key_length"),
            value_length: largest("attention.value_length"),
            heads_in_cache,
            pooling: largest("pooling_type"),
            split: split.filter(|split| split.of > 1),
            name: self.texts.remove("general.name"),
            chat_template: self.texts.remove("tokenizer.chat_template"),
            architecture,
        }
    }
}

fn check_version(version: u32) -> Result<(), Stop> {
    let (what, advice) = match version {
        2 | 3 => return Ok(()),
        0 | 1 => (format!("of version {version}"), "get a newer file of the model"),
        _ if version.swap_bytes() <= 3 => ("for big-endian machines".into(), "get the little-endian file of the model"),
        _ => (format!("of version {version}"), "update minions, or get an older file of the model"),
    };
    Err(Stop::Version(what, advice))
}

fn too_large() -> Stop {
    Stop::damaged("its tensors are larger than any file")
}
