//! CPU and memory of the whole machine.

use std::sync::OnceLock;
use std::time::Instant;

use sysinfo::{MINIMUM_CPU_UPDATE_INTERVAL, System};

/// The machine, or why it cannot be read.
pub struct Host {
    system: Result<System, String>,
    /// When CPU use was last read, and what it was since the time before.
    read: Option<(Instant, Option<f32>)>,
}

/// The whole machine at one moment, its processors at 0–100. What cannot be read is nothing.
#[derive(Default)]
pub struct HostSample {
    pub cpu_percent: Option<f32>,
    pub memory_used_bytes: Option<u64>,
    pub memory_total_bytes: Option<u64>,
}

/// Bytes that programs can still get without the system running short; nothing where it cannot be read.
pub fn available_memory() -> Option<u64> {
    let mut system = System::new().ok()?;
    system.refresh_memory();
    Some(system.available_memory()).filter(|bytes| *bytes > 0)
}

/// Cores that this process may use; two threads of one core count once, as they share what computes.
pub fn usable_cores() -> usize {
    static CORES: OnceLock<usize> = OnceLock::new();
    *CORES.get_or_init(|| {
        let usable = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        System::physical_core_count().map_or(usable, |cores| cores.clamp(1, usable))
    })
}

impl Host {
    pub fn find() -> Self {
        let system = System::new().map(|mut system| {
            system.refresh_memory();
            system
        });
        Self { system: system.map_err(|error| error.to_string()), read: None }
    }

    pub fn sample(&mut self) -> HostSample {
        let Ok(system) = &mut self.system else { return HostSample::default() };
        // Read too often, the counters have not moved enough to tell anything: the last figure stands.
        if self.read.is_none_or(|(at, _)| at.elapsed() >= MINIMUM_CPU_UPDATE_INTERVAL) {
            system.refresh_cpu_usage();
            let percent = self.read.is_some().then(|| system.global_cpu_usage().clamp(0.0, 100.0));
            self.read = Some((Instant::now(), percent.filter(|percent| percent.is_finite())));
        }
        system.refresh_memory();
        let total = Some(system.total_memory()).filter(|total| *total > 0);
        HostSample {
            cpu_percent: self.read.and_then(|(_, percent)| percent),
            memory_used_bytes: total.map(|total| system.used_memory().min(total)),
            memory_total_bytes: total,
        }
    }

    pub fn describe(&self) -> String {
        match &self.system {
            Ok(system) if system.total_memory() > 0 => {
                format!("CPU and memory: found, {:.1} GiB of memory", system.total_memory() as f64 / f64::from(1 << 30))
            }
            Ok(_) => "CPU and memory: this system tells nothing of its memory".into(),
            Err(error) => format!("CPU and memory: cannot be read ({error})"),
        }
    }
}
