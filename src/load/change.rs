//! Whether the files that documents were read from are still what they were.

use std::fs::File;
use std::io::ErrorKind;

use crate::document::{Change, Document, DocumentHash, Source};

/// What became of the file; nothing where it is as it was, and where that cannot be told. Blocks while the file is read.
pub fn change_of(source: &Source) -> Option<Change> {
    let metadata = match std::fs::metadata(&source.path) {
        Ok(metadata) => metadata,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Some(Change::Gone);
        }
        Err(_) => return None,
    };
    // What can be waited for without end is no document.
    if !metadata.is_file() || metadata.len() != source.bytes {
        return Some(Change::Changed);
    }
    let hash = File::open(&source.path).and_then(DocumentHash::of_file).ok()?;
    (hash != source.hash.get()).then_some(Change::Changed)
}

/// A sentence for each of the documents whose file is not what it was, for who goes on with the text that was kept.
pub fn changes(documents: &[Document]) -> Vec<String> {
    let told = |document: &Document| {
        let change = change_of(document.source.as_ref()?)?;
        Some(format!("{} {}; the session reads it as it was", document.name, change.happened()))
    };
    documents.iter().filter_map(told).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_was_touched_is_the_same_and_one_that_was_changed_or_deleted_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.txt");
        std::fs::write(&path, "12 tonnes").unwrap();
        let document = Document::from_text("report.txt", "12 tonnes").read_from(Source::of(&path, b"12 tonnes"));
        let source = document.source.clone().unwrap();
        assert_eq!(change_of(&source), None);
        std::fs::write(&path, "12 tonnes").unwrap();
        assert_eq!(change_of(&source), None, "the same words were saved again");
        std::fs::write(&path, "13 tonnes").unwrap();
        assert_eq!(change_of(&source), Some(Change::Changed));
        assert_eq!(
            changes(std::slice::from_ref(&document)),
            ["report.txt has changed on disk; the session reads it as it was"]
        );
        std::fs::remove_file(&path).unwrap();
        assert_eq!(change_of(&source), Some(Change::Gone));
        assert_eq!(changes(&[Document::from_text("typed", "x")]), [""; 0], "what came from no file cannot change");
    }
}
