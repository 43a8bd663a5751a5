//! `minions pull`: fetches a model into the models folder.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use super::models::folder;
use super::{Exit, Failure, Output};
use crate::app::short_bytes;
use crate::config::Config;
use crate::document::escape::visible;
use crate::local::pull::{HUGGING_FACE, PullError, Puller, Wanted};

/// Fetches the model, tells on standard error how far it is, and prints where its file lies, or the first of its files.
pub async fn pull(config: &Config, model: &str, sha256: Option<String>) -> Result<Exit, Failure> {
    let folder = folder(config)?;
    let endpoint = std::env::var("HF_ENDPOINT").ok().filter(|endpoint| !endpoint.is_empty());
    let puller = Puller::new(endpoint.as_deref().unwrap_or(HUGGING_FACE), std::env::var("HF_TOKEN").ok())?;
    let wanted = puller.find(model, sha256).await?;
    let mut first = None;
    for file in &wanted {
        let path = fetch(&puller, file, &folder).await?;
        first.get_or_insert(path);
    }
    let out = &mut Output::standard();
    writeln!(out, "{}", visible(&first.unwrap_or_default().to_string_lossy()))?;
    out.flush()?;
    Ok(Exit::Success)
}

async fn fetch(puller: &Puller, wanted: &Wanted, folder: &Path) -> Result<PathBuf, PullError> {
    let live = std::io::stderr().is_terminal();
    let mut told = None;
    let mut tell = |there: u64, total: Option<u64>| {
        // A line for each percent where it can be overwritten, else for each tenth; by 64 MB where the size is not known.
        let step = match total {
            Some(total) => there * if live { 100 } else { 10 } / total.max(1),
            None => there >> 26,
        };
        if told.replace(step) != Some(step) {
            let of = total.map_or_else(String::new, |total| format!(" of {}", short_bytes(total)));
            let (begin, end) = if live { ("\r\x1b[K", "") } else { ("", "\n") };
            // Nothing of it is worth stopping for.
            let _ = write!(std::io::stderr(), "{begin}{}: {}{of}{end}", visible(&wanted.name), short_bytes(there));
        }
    };
    let path = puller.fetch(wanted, folder, &mut tell).await;
    if live && told.is_some() {
        let _ = writeln!(std::io::stderr());
    }
    path
}
