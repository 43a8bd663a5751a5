//! Does beside the screen what takes too long for its loop: finding lines, headings and matches in long documents.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use tokio::sync::mpsc;

use crate::app::{Model, WorkId, Worked};

/// Findings that wait to be shown before the work is slowed.
const WAITING: usize = 4;

/// The work under way.
pub struct Beside {
    going: Vec<(WorkId, Arc<AtomicBool>)>,
    sender: mpsc::Sender<Worked>,
    found: mpsc::Receiver<Worked>,
}

impl Beside {
    pub fn new() -> Self {
        let (sender, found) = mpsc::channel(WAITING);
        Self { going: Vec::new(), sender, found }
    }

    /// Begins what is due and not under way, and stops what is due no longer. Must be called on a tokio runtime.
    pub fn see_to(&mut self, model: &Model) {
        let due = model.due();
        self.going.retain(|(id, stop)| {
            let wanted = due.contains(id);
            if !wanted {
                stop.store(true, Ordering::Relaxed);
            }
            wanted
        });
        for id in due {
            if self.going.iter().any(|(known, _)| *known == id) {
                continue;
            }
            let Some(work) = model.work(id) else { continue };
            let stop = Arc::new(AtomicBool::new(false));
            self.going.push((id, Arc::clone(&stop)));
            let sender = self.sender.clone();
            tokio::task::spawn_blocking(move || {
                work.run(&stop, &mut |worked| {
                    if sender.blocking_send(worked).is_err() {
                        stop.store(true, Ordering::Relaxed);
                    }
                });
            });
        }
    }

    pub fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Worked>> {
        self.found.poll_recv(context)
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        self.going.iter().for_each(|(_, stop)| stop.store(true, Ordering::Relaxed));
    }
}
