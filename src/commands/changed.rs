//! Watches the files that the documents on the screen were read from.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::task::{Context, Poll};
use std::time::SystemTime;

use futures_util::FutureExt;
use tokio::task::JoinHandle;

use crate::config::{FolderWatch, watch_folders};
use crate::document::{Change, Document, Source};
use crate::load::change_of;

/// A file, what was found of it last, and by what is known that nobody wrote it since.
#[derive(Clone)]
struct Watched {
    /// Which of the documents it is.
    document: usize,
    source: Source,
    change: Option<Change>,
    stamp: Option<(u64, SystemTime)>,
}

/// The files of the documents. Dropped, it watches no more.
#[derive(Default)]
pub struct ChangedDocuments {
    files: Vec<Watched>,
    /// Their folders: a file that is replaced is another file of the same name.
    watch: Option<FolderWatch>,
    looking: Option<JoinHandle<Vec<Watched>>>,
    /// Something happened since the last look began.
    again: bool,
    told: Vec<(usize, Option<Change>)>,
}

impl ChangedDocuments {
    /// Looks at them at once, and whenever something happens in their folders.
    pub fn of<'a>(documents: impl IntoIterator<Item = &'a Document>) -> Self {
        let source = |(document, of): (usize, &Document)| {
            Some(Watched { document, source: of.source.clone()?, change: None, stamp: None })
        };
        let files: Vec<Watched> = documents.into_iter().enumerate().filter_map(source).collect();
        let folders: BTreeSet<PathBuf> =
            files.iter().filter_map(|file| Some(file.source.path.parent()?.to_owned())).collect();
        let watch = (!files.is_empty())
            .then(|| watch_folders("the documents", folders).inspect_err(|error| tracing::warn!("{error}")).ok());
        Self { again: !files.is_empty(), files, watch: watch.flatten(), looking: None, told: Vec::new() }
    }

    /// Which document's file became another, is gone, or is again what it was.
    pub fn poll(&mut self, context: &mut Context<'_>) -> Poll<(usize, Option<Change>)> {
        loop {
            if let Some(told) = self.told.pop() {
                return Poll::Ready(told);
            }
            match self.watch.as_mut().map_or(Poll::Pending, |watch| std::pin::pin!(watch.next()).poll_unpin(context)) {
                Poll::Ready(Some(())) => self.again = true,
                Poll::Ready(None) => self.watch = None,
                Poll::Pending => {}
            }
            if self.looking.is_none() && std::mem::take(&mut self.again) {
                let files = self.files.clone();
                self.looking =
                    Some(tokio::task::spawn_blocking(|| files.into_iter().map(Watched::looked_at).collect()));
            }
            let Some(looking) = &mut self.looking else { return Poll::Pending };
            let Poll::Ready(found) = looking.poll_unpin(context) else { return Poll::Pending };
            self.looking = None;
            let Ok(found) = found else { continue };
            let news = found.iter().zip(&self.files).filter(|(now, before)| now.change != before.change);
            self.told = news.map(|(now, _)| (now.document, now.change)).collect();
            self.files = found;
        }
    }
}

impl Watched {
    fn looked_at(self) -> Self {
        let stamp = std::fs::metadata(&self.source.path)
            .ok()
            .and_then(|metadata| Some((metadata.len(), metadata.modified().ok()?)));
        if stamp.is_some() && stamp == self.stamp {
            return self;
        }
        Self { change: change_of(&self.source), stamp, ..self }
    }
}
