//! Whether a model and its cache fit into memory, and how much of it into a GPU's: known before anything is loaded.

use super::gguf::GgufInfo;
use crate::config::{KvType, LocalConfig};

/// Whether this program can use a GPU where there is one.
pub const KNOWS_GPUS: bool =
    cfg!(any(feature = "cuda", feature = "metal", feature = "vulkan", feature = "rocm", feature = "dynamic-backends"));
/// Cells of the cache where the settings name no number.
const CELLS: u32 = 16_384;

/// What a GPU needs besides weights and cache: one step's intermediate results, the likings of every word above all.
const WORKING_BYTES: u64 = 768 << 20;

/// What the model would need, in bytes, and what there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "it needs about {} of memory ({} for the model, {} for {cells} tokens of context) and {} are free; take a smaller model or \
     quantisation, or lower local.context_tokens",
    size(.weights + .cache), size(*.weights), size(*.cache), size(*.free)
)]
pub struct TooBig {
    pub weights: u64,
    pub cache: u64,
    pub cells: u32,
    pub free: u64,
}

/// Tokens that the cache holds.
pub fn cells(context_tokens: u32) -> u32 {
    if context_tokens == 0 { CELLS } else { context_tokens }
}

/// Bytes of the cache, as far as the file tells.
fn cache(info: &GgufInfo, kind: KvType, context_tokens: u32) -> u64 {
    let bytes = info.kv_bytes_per_token().unwrap_or(0).saturating_mul(u64::from(cells(context_tokens)));
    match kind {
        KvType::F16 => bytes,
        // A block of 32 takes 34 bytes instead of 64.
        KvType::Q8_0 => bytes / 64 * 34,
    }
}

/// Bytes that an embedding model takes of a device, which so are left to it.
pub fn of_embedding(info: &GgufInfo) -> u64 {
    info.tensor_bytes.saturating_add(WORKING_BYTES)
}

/// How many layers go to GPUs with `free` bytes: its blocks, and one more for what comes after them (`n_gpu_layers` of
/// llama.h). Nothing where the file does not tell how many there are.
#[cfg(feature = "llama")]
pub fn layers(info: &GgufInfo, kind: KvType, context_tokens: u32, free: u64) -> Option<Layers> {
    let all = info.block_count?.checked_add(1)?;
    let whole = info.tensor_bytes.saturating_add(cache(info, kind, context_tokens));
    let fit = match free.saturating_sub(WORKING_BYTES) {
        room if room >= whole => all,
        room => u64::try_from(u128::from(room) * u128::from(all) / u128::from(whole)).ok()?,
    };
    Some(Layers { fit: u32::try_from(fit).ok()?, all: u32::try_from(all).ok()? })
}

/// Layers of a model, and how many of them fit.
#[cfg(feature = "llama")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layers {
    pub fit: u32,
    pub all: u32,
}

/// Checks against the `free` bytes of the machine's memory what no GPU takes, once it is known which layers one takes.
#[cfg(feature = "llama")]
pub fn beside(
    info: &GgufInfo,
    kind: KvType,
    context_tokens: u32,
    on_gpu: Option<Layers>,
    free: Option<u64>,
) -> Result<(), TooBig> {
    let (beside, all) = on_gpu.map_or((1, 1), |layers| (layers.all.saturating_sub(layers.fit), layers.all.max(1)));
    let part = |bytes: u64| u64::try_from(u128::from(bytes) * u128::from(beside) / u128::from(all)).unwrap_or(bytes);
    let (weights, cache) = (part(info.tensor_bytes), part(cache(info, kind, context_tokens)));
    match free {
        Some(free) if weights.saturating_add(cache) > free => {
            Err(TooBig { weights, cache, cells: cells(context_tokens), free })
        }
        _ => Ok(()),
    }
}

/// Checks what the file tells against `free` bytes. What is not known is no reason to refuse.
pub fn check(info: &GgufInfo, local: &LocalConfig, free: Option<u64>) -> Result<(), TooBig> {
    let Some(free) = free else { return Ok(()) };
    let cells = cells(local.context_tokens);
    let cache = cache(info, local.kv_type, local.context_tokens);
    let weights = info.tensor_bytes;
    if weights.saturating_add(cache) <= free { Ok(()) } else { Err(TooBig { weights, cache, cells, free }) }
}

fn size(bytes: u64) -> String {
    let gib = bytes as f64 / f64::from(1 << 30);
    if gib < 1.0 { format!("{:.0} MiB", gib * 1024.0) } else { format!("{gib:.1} GiB") }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::gguf;
    use super::*;

    #[cfg(feature = "llama")]
    #[test]
    fn as_many_layers_as_fit_go_to_the_gpu() {
        let tiny = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/models/tiny.gguf"));
        let info = GgufInfo { block_count: Some(31), tensor_bytes: 7 << 30, ..gguf::read(tiny).unwrap() };
        let cache = info.kv_bytes_per_token().unwrap() * 16_384;
        let fit = |free: u64| layers(&info, KvType::F16, 0, free).unwrap();
        assert_eq!(fit(WORKING_BYTES + (7 << 30) + cache), Layers { fit: 32, all: 32 });
        assert_eq!(fit(WORKING_BYTES + (7 << 30) / 2), Layers { fit: 15, all: 32 }, "the cache needs its part");
        assert_eq!(fit(1 << 20), Layers { fit: 0, all: 32 });
        assert_eq!(layers(&GgufInfo { block_count: None, ..info }, KvType::F16, 0, 1 << 40), None);
    }

    #[cfg(feature = "llama")]
    #[test]
    fn what_no_gpu_takes_has_to_fit_beside_the_processor() {
        let tiny = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/models/tiny.gguf"));
        let info = GgufInfo { tensor_bytes: 8 << 30, heads_in_cache: None, ..gguf::read(tiny).unwrap() };
        let fits = |layers: Option<(u32, u32)>, free: u64| {
            let layers = layers.map(|(fit, all)| Layers { fit, all });
            beside(&info, KvType::F16, 0, layers, Some(free)).is_ok()
        };
        assert!(!fits(None, (8 << 30) - 1) && fits(None, 8 << 30));
        assert!(fits(Some((32, 32)), 0), "a GPU takes all of it");
        assert!(!fits(Some((16, 32)), (4 << 30) - 1) && fits(Some((16, 32)), 4 << 30));
        assert!(beside(&info, KvType::F16, 0, None, None).is_ok(), "what is free is not known everywhere");
    }

    #[test]
    fn a_model_that_is_too_big_is_told_with_what_to_do() {
        let tiny = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/models/tiny.gguf"));
        let info = gguf::read(tiny).unwrap();
        let local = LocalConfig::default();
        let cache = info.kv_bytes_per_token().unwrap() * 16_384;
        let needed = info.tensor_bytes + cache;
        assert_eq!(check(&info, &local, None), Ok(()));
        assert_eq!(check(&info, &local, Some(needed)), Ok(()));
        let error = check(&info, &local, Some(needed - 1)).unwrap_err();
        assert_eq!(error, TooBig { weights: info.tensor_bytes, cache, cells: 16_384, free: needed - 1 });
        assert!(error.to_string().ends_with("or lower local.context_tokens"), "{error}");
        let half = LocalConfig { kv_type: KvType::Q8_0, ..local.clone() };
        assert_eq!(check(&info, &half, Some(needed - 1)), Ok(()));
        let short = LocalConfig { context_tokens: 512, ..local };
        assert_eq!(check(&info, &short, Some(needed / 2)), Ok(()));
    }
}
