//! Starts llama.cpp and loads a model: as many of its layers as fit onto the GPUs, the rest beside the processor.

use std::path::Path;

use llama_cpp_2::LlamaBackendDeviceType;
use llama_cpp_2::llama_backend::LlamaBackend;
use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::model::params::LlamaModelParams;

use super::backends;
use super::wire::KvType;
use crate::local::fit::{self, Layers};
use crate::local::gguf::GgufInfo;
use crate::local::models;
use crate::utilization::{available_memory, usable_cores};

/// A model to be loaded, and what is planned for it.
pub struct Wanted<'a> {
    pub file: &'a Path,
    pub kv_type: KvType,
    pub context_tokens: u32,
    /// Negative: as many as fit.
    pub gpu_layers: i32,
    /// Bytes of the GPUs that another model will take.
    pub left_bytes: u64,
    /// Where llama.cpp says more of a failure.
    pub log: &'static str,
}

pub struct Loaded {
    pub backend: LlamaBackend,
    pub model: LlamaModel,
    /// Nothing where there is no GPU.
    pub layers: Option<Layers>,
}

impl Loaded {
    pub fn on_gpu(&self) -> bool {
        self.layers.is_some_and(|layers| layers.fit > 0)
    }
}

/// The error is a sentence for the person.
pub fn load(wanted: &Wanted, progress: impl FnMut(f32) -> bool + 'static) -> Result<Loaded, String> {
    backends::load();
    let backend = LlamaBackend::init().map_err(|error| format!("llama.cpp does not start: {error}"))?;
    let info = models::at(wanted.file).info.ok();
    let layers = info.as_ref().and_then(|info| gpu_layers(wanted, info));
    if let Some(info) = &info {
        let free = available_memory();
        fit::beside(info, wanted.kv_type, wanted.context_tokens, layers, free).map_err(|big| big.to_string())?;
    }
    let params = LlamaModelParams::default().with_progress_callback(progress);
    let params = match layers {
        Some(layers) => params.with_n_gpu_layers(layers.fit),
        None => params,
    };
    let model = LlamaModel::load_from_file(&backend, wanted.file, &params).map_err(|error| {
        format!("{} cannot be loaded ({error}): see {} in the log folder", wanted.file.display(), wanted.log)
    })?;
    Ok(Loaded { backend, model, layers })
}

/// Threads as the settings name them, or one a core.
pub fn threads(asked: u32) -> i32 {
    if asked == 0 { usable_cores() as i32 } else { asked as i32 }
}

fn gpu_layers(wanted: &Wanted, info: &GgufInfo) -> Option<Layers> {
    let devices = llama_cpp_2::list_llama_ggml_backend_devices();
    let devices: Vec<_> = devices.iter().map(|device| (&device.device_type, device.memory_free as u64)).collect();
    let free = room(&devices, wanted.left_bytes)?;
    let layers = fit::layers(info, wanted.kv_type, wanted.context_tokens, free)?;
    Some(u32::try_from(wanted.gpu_layers).map_or(layers, |fit| Layers { fit: fit.min(layers.all), ..layers }))
}

/// Bytes that the model may take.
///
/// What is left to another is left also where that one has loaded already: the two start side by side, so that memory which
/// is free now may be taken a moment later. A few layers beside the processor cost less than a model that does not load.
fn room(devices: &[(&LlamaBackendDeviceType, u64)], left_bytes: u64) -> Option<u64> {
    Some(free_on_gpus(devices)?.saturating_sub(left_bytes))
}

/// Free bytes of the GPUs that llama.cpp takes: those that share the processor's memory only where there are no others.
fn free_on_gpus(devices: &[(&LlamaBackendDeviceType, u64)]) -> Option<u64> {
    let of = |wanted: LlamaBackendDeviceType| {
        devices.iter().filter(move |(kind, _)| **kind == wanted).map(|(_, free)| *free).reduce(|one, other| one + other)
    };
    of(LlamaBackendDeviceType::Gpu).or_else(|| of(LlamaBackendDeviceType::IntegratedGpu))
}

#[cfg(test)]
mod tests {
    use super::*;
    use LlamaBackendDeviceType::{Cpu, Gpu, IntegratedGpu};

    #[test]
    fn layers_go_to_gpus_of_their_own_memory_and_else_to_one_that_shares_the_processors() {
        assert_eq!(free_on_gpus(&[(&Cpu, 64)]), None);
        assert_eq!(free_on_gpus(&[(&Cpu, 64), (&IntegratedGpu, 8)]), Some(8));
        assert_eq!(free_on_gpus(&[(&Gpu, 24), (&IntegratedGpu, 8), (&Gpu, 16)]), Some(40));
        assert_eq!(free_on_gpus(&[(&Gpu, 0)]), Some(0));
    }

    #[test]
    fn what_another_model_takes_of_the_gpus_is_left_to_it() {
        assert_eq!(room(&[(&Gpu, 24), (&Gpu, 16)], 0), Some(40));
        assert_eq!(room(&[(&Gpu, 24), (&Gpu, 16)], 10), Some(30));
        assert_eq!(room(&[(&Gpu, 8)], 10), Some(0));
        assert_eq!(room(&[(&Cpu, 64)], 10), None);
    }
}
