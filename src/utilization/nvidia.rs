//! NVIDIA GPUs, through the driver's own library (NVML).

use std::ffi::OsStr;

use nvml_wrapper::Nvml;
use nvml_wrapper::enum_wrappers::device::TemperatureSensor;
use nvml_wrapper::error::NvmlError;

use crate::protocol::GpuSample;

/// Where the library is looked for after its usual place: systems without the driver's own link, and WSL.
const OTHER_PLACES: [&str; 3] = ["libnvidia-ml.so.1", "libnvidia-ml.so", "/usr/lib/wsl/lib/libnvidia-ml.so.1"];

/// The driver, or why there is none. It is asked once: loading a library that is not there costs milliseconds each time.
pub struct Nvidia {
    nvml: Result<Nvml, String>,
}

impl Nvidia {
    pub fn find() -> Self {
        Self { nvml: load().map_err(|error| reason(&error)) }
    }

    pub fn sample(&self) -> Vec<GpuSample> {
        let Ok(nvml) = &self.nvml else { return Vec::new() };
        let count = nvml.device_count().unwrap_or(0);
        (0..count).filter_map(|index| device(nvml, index)).collect()
    }

    pub fn describe(&self) -> String {
        match &self.nvml {
            Err(reason) => format!("NVIDIA: {reason}"),
            Ok(nvml) => {
                let names: Vec<String> = self.sample().into_iter().map(|gpu| gpu.name).collect();
                let driver = nvml.sys_driver_version().unwrap_or_else(|_| "of unknown version".into());
                match names.len() {
                    0 => format!("NVIDIA: driver {driver}, no GPU"),
                    _ => format!("NVIDIA: driver {driver}, found {}", names.join(", ")),
                }
            }
        }
    }
}

fn load() -> Result<Nvml, NvmlError> {
    let usual = Nvml::init();
    if usual.is_ok() || !cfg!(target_os = "linux") {
        return usual;
    }
    OTHER_PLACES.iter().find_map(|place| Nvml::builder().lib_path(OsStr::new(place)).init().ok()).map_or(usual, Ok)
}

fn reason(error: &NvmlError) -> String {
    match error {
        NvmlError::LibloadingError(_) | NvmlError::LibraryNotFound => "no driver library found".into(),
        NvmlError::DriverNotLoaded => "the driver is not loaded".into(),
        NvmlError::NoPermission => "no permission to ask the driver".into(),
        error => format!("the driver does not answer ({error})"),
    }
}

/// One GPU; what its driver does not tell is absent.
fn device(nvml: &Nvml, index: u32) -> Option<GpuSample> {
    let device = nvml.device_by_index(index).ok()?;
    let memory = device.memory_info().ok().filter(|memory| memory.total > 0);
    Some(GpuSample {
        name: device.name().unwrap_or_else(|_| format!("NVIDIA GPU {index}")),
        busy_percent: device.utilization_rates().ok().map(|rates| rates.gpu as f32),
        memory_used_bytes: memory.as_ref().map(|memory| memory.used),
        memory_total_bytes: memory.as_ref().map(|memory| memory.total),
        watts: device.power_usage().ok().map(|milliwatts| milliwatts as f32 / 1e3),
        celsius: device.temperature(TemperatureSensor::Gpu).ok().map(|degrees| degrees as f32),
    })
}
