//! Samples the machine once a second for as long as somebody takes the samples.

use std::time::Duration;

use tokio::sync::mpsc;

use crate::protocol::UtilizationSample;
use crate::utilization::Sampler;

/// On a thread of its own, since drivers may block.
pub(super) fn sample_utilization() -> mpsc::Receiver<UtilizationSample> {
    let (sender, receiver) = mpsc::channel(1);
    tokio::task::spawn_blocking(move || {
        let mut sampler = Sampler::new();
        // How busy a processor is can only be told over a while, from a first reading on.
        let _ = sampler.sample();
        std::thread::sleep(Duration::from_millis(250));
        while !sender.is_closed() {
            // A sample that nobody has taken yet is as good as a new one.
            let _ = sender.try_send(sampler.sample());
            for _ in 0..10 {
                if sender.is_closed() {
                    return;
                }
                std::thread::sleep(Duration::from_millis(100));
            }
        }
    });
    receiver
}
