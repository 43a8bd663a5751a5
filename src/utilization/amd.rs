//! AMD GPUs, from what the Linux driver `amdgpu` writes under `/sys`.
//!
//! Source of names and units: the kernel's documentation, "GPU Power/Thermal Controls and Monitoring" of amdgpu.

use std::fs;
use std::path::{Path, PathBuf};

use crate::protocol::GpuSample;

const CARDS: &str = "/sys/class/drm";
/// AMD's PCI vendor number.
const VENDOR: &str = "0x1002";

/// The cards that stand under `/sys`, each as its folder of readings.
pub struct Amd {
    cards: Vec<PathBuf>,
}

impl Amd {
    pub fn find() -> Self {
        Self::find_in(Path::new(CARDS))
    }

    fn find_in(root: &Path) -> Self {
        let mut cards: Vec<PathBuf> = fs::read_dir(root)
            .into_iter()
            .flatten()
            .flatten()
            .filter(|entry| entry.file_name().to_str().is_some_and(is_card))
            .map(|entry| entry.path().join("device"))
            .filter(|device| read(&device.join("vendor")).as_deref() == Some(VENDOR))
            .collect();
        cards.sort();
        Self { cards }
    }

    pub fn sample(&self) -> Vec<GpuSample> {
        self.cards.iter().enumerate().map(|(index, card)| sample(index, card)).collect()
    }

    pub fn describe(&self) -> String {
        let names: Vec<String> = self.sample().into_iter().map(|gpu| gpu.name).collect();
        match names.len() {
            0 if cfg!(target_os = "linux") => format!("AMD: no card under {CARDS}"),
            0 => "AMD: read on Linux only".into(),
            _ => format!("AMD: found {}", names.join(", ")),
        }
    }
}

/// `card0` is a card; `card0-DP-1` is a socket on it.
fn is_card(name: &str) -> bool {
    name.strip_prefix("card").is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}

fn sample(index: usize, card: &Path) -> GpuSample {
    let number = |name: &str| read(&card.join(name))?.parse::<u64>().ok();
    let sensor = |name: &str| {
        let folders = fs::read_dir(card.join("hwmon")).ok()?;
        folders.flatten().find_map(|folder| read(&folder.path().join(name))?.parse::<f64>().ok())
    };
    let total = number("mem_info_vram_total").filter(|total| *total > 0);
    let microwatts = sensor("power1_average").or_else(|| sensor("power1_input"));
    GpuSample {
        name: read(&card.join("product_name")).unwrap_or_else(|| format!("AMD GPU {index}")),
        busy_percent: number("gpu_busy_percent").map(|percent| percent.min(100) as f32),
        memory_used_bytes: total.and_then(|_| number("mem_info_vram_used")),
        memory_total_bytes: total,
        watts: microwatts.map(|microwatts| (microwatts / 1e6) as f32),
        celsius: sensor("temp1_input").map(|millidegrees| (millidegrees / 1e3) as f32),
    }
}

/// The one line of a reading, or nothing where there is none.
fn read(path: &Path) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card(root: &Path, name: &str, files: &[(&str, &str)]) {
        for (file, content) in files {
            let path = root.join(name).join("device").join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
    }

    #[test]
    fn a_cards_readings_come_in_the_units_shown() {
        let root = tempfile::tempdir().unwrap();
        card(
            root.path(),
            "card1",
            &[
                ("vendor", "0x1002\n"),
                ("gpu_busy_percent", "37\n"),
                ("mem_info_vram_used", "1073741824\n"),
                ("mem_info_vram_total", "17163091968\n"),
                ("hwmon/hwmon3/power1_average", "96500000\n"),
                ("hwmon/hwmon3/temp1_input", "61000\n"),
            ],
        );
        card(root.path(), "card0", &[("vendor", "0x8086\n"), ("gpu_busy_percent", "5\n")]);
        card(root.path(), "card1-DP-1", &[("vendor", "0x1002\n")]);
        let expected = GpuSample {
            name: "AMD GPU 0".into(),
            busy_percent: Some(37.0),
            memory_used_bytes: Some(1 << 30),
            memory_total_bytes: Some(17_163_091_968),
            watts: Some(96.5),
            celsius: Some(61.0),
        };
        assert_eq!(Amd::find_in(root.path()).sample(), [expected]);
    }

    #[test]
    fn what_a_card_does_not_tell_is_absent() {
        let root = tempfile::tempdir().unwrap();
        card(root.path(), "card0", &[("vendor", "0x1002\n"), ("gpu_busy_percent", ""), ("mem_info_vram_used", "1\n")]);
        let expected = GpuSample { name: "AMD GPU 0".into(), ..GpuSample::default() };
        assert_eq!(Amd::find_in(root.path()).sample(), [expected]);
        assert_eq!(Amd::find_in(&root.path().join("none")).sample(), []);
    }
}
