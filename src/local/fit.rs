//! Whether a model and its cache fit into memory: told before anything is loaded.

use super::gguf::GgufInfo;
use crate::config::{KvType, LocalConfig};

/// Cells of the cache where the settings name no number.
const CELLS: u32 = 16_384;

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

/// Checks what the file tells against `free` bytes. What is not known is no reason to refuse.
pub fn check(info: &GgufInfo, local: &LocalConfig, free: Option<u64>) -> Result<(), TooBig> {
    let Some(free) = free else { return Ok(()) };
    let cells = cells(local.context_tokens);
    let token = info.kv_bytes_per_token().unwrap_or(0);
    let cache = token.saturating_mul(u64::from(cells));
    let cache = match local.kv_type {
        KvType::F16 => cache,
        // A block of 32 takes 34 bytes instead of 64.
        KvType::Q8_0 => cache / 64 * 34,
    };
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
