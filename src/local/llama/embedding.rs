//! An embedding model in a process of its own, as the workbench holds it: started with the first word to it, and started
//! again where it ended.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use super::process::{Order, Supervisor, Watched, asked};
use super::wire::{Command, EmbeddingOptions, Texts};
use crate::local::LocalError;

/// Questions that are open at once, so that the engine goes on while an answer is on its way.
pub const AT_ONCE: usize = 2;

pub struct LlamaEmbedding {
    orders: mpsc::Sender<Order<Texts>>,
    watched: Arc<Watched>,
}

impl LlamaEmbedding {
    /// Starts the process and loading. Needs a tokio runtime.
    pub fn start(options: EmbeddingOptions, program: &Path, log: Option<PathBuf>, silence: Duration) -> Self {
        let (orders, receiver) = mpsc::channel(AT_ONCE);
        let watched = Arc::new(Watched::default());
        let load = Command::LoadEmbedding(options);
        let supervisor = Supervisor::new(program.to_owned(), load, log, silence, watched.clone());
        tokio::spawn(supervisor.run(receiver));
        Self { orders, watched }
    }

    /// A vector for each text. Dropping the future stops the work.
    pub async fn embed(&self, texts: Vec<String>) -> Result<Vec<Vec<f32>>, LocalError> {
        asked(&self.orders, &self.watched, Texts { id: 0, texts }).await
    }
}
