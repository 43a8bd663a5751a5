//! GPU, CPU and memory. What cannot be read is absent, never zero.

mod amd;
mod host;
mod nvidia;

use crate::protocol::UtilizationSample;

pub use host::{available_memory, usable_cores};

/// Reads the machine. Sources are looked for once, when it is made; one that is missing stays missing.
///
/// A call takes up to some milliseconds (drivers are asked), so it has its place beside the event loop and not in it.
pub struct Sampler {
    host: host::Host,
    nvidia: nvidia::Nvidia,
    amd: amd::Amd,
}

impl Sampler {
    pub fn new() -> Self {
        Self { host: host::Host::find(), nvidia: nvidia::Nvidia::find(), amd: amd::Amd::find() }
    }

    /// What is known at this moment. CPU use is that since the sample before, so the first one has none. How many jobs
    /// run and wait is the caller's to fill in.
    pub fn sample(&mut self) -> UtilizationSample {
        let host = self.host.sample();
        let mut gpus = self.nvidia.sample();
        gpus.extend(self.amd.sample());
        UtilizationSample {
            cpu_percent: host.cpu_percent,
            memory_used_bytes: host.memory_used_bytes,
            memory_total_bytes: host.memory_total_bytes,
            gpus,
            jobs_running: 0,
            jobs_waiting: 0,
            engine: None,
            fleet: None,
        }
    }

    /// One line for each source: what it found, or why there is nothing.
    pub fn describe(&self) -> Vec<String> {
        vec![self.host.describe(), self.nvidia.describe(), self.amd.describe()]
    }
}

impl Default for Sampler {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_plausible_and_what_is_not_is_absent() {
        let mut sampler = Sampler::new();
        assert_eq!(sampler.sample().cpu_percent, None, "one reading tells nothing of use over time");
        let sample = sampler.sample();
        if let Some(percent) = sample.cpu_percent {
            assert!((0.0..=100.0).contains(&percent));
        }
        if let (Some(used), Some(total)) = (sample.memory_used_bytes, sample.memory_total_bytes) {
            assert!(0 < used && used <= total);
        }
        for gpu in &sample.gpus {
            assert!(gpu.busy_percent.is_none_or(|percent| (0.0..=100.0).contains(&percent)));
            assert!(gpu.memory_total_bytes.is_none_or(|total| total > 0));
        }
        assert_eq!(sampler.describe().len(), 3);
        std::thread::spawn(move || sampler.sample()).join().unwrap();
    }
}
