//! The text of a session's documents, stored once by its hash, with the offsets of its pages and the file it came from beside it.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::archive;
use super::error::JournalError;
use super::store::{private_file, private_folder, sync_folder};
use crate::document::{Document, DocumentHash, DocumentRef};

const FOLDER: &str = "documents";

/// Where a session's documents lie.
pub(super) fn folder(session: &Path) -> PathBuf {
    session.join(FOLDER)
}

pub(super) fn store(session: &Path, documents: &[Document]) -> Result<(), JournalError> {
    let folder = session.join(FOLDER);
    private_folder().recursive(true).create(&folder).map_err(JournalError::io("make the folder", &folder))?;
    for document in documents {
        write_once(&text_path(session, document.hash()), document.text.as_bytes())?;
        if let Some(source) = &document.source {
            let source = serde_json::to_vec(source).map_err(|source| JournalError::Unwritable { source })?;
            write_once(&source_path(session, document.hash()), &source)?;
        }
        if !document.pages.is_empty() {
            let pages = serde_json::to_vec(&document.pages).map_err(|source| JournalError::Unwritable { source })?;
            write_once(&pages_path(session, document.hash()), &pages)?;
        }
    }
    sync_folder(&folder)
}

/// Two documents of the same text share a file.
fn write_once(path: &Path, bytes: &[u8]) -> Result<(), JournalError> {
    let mut file = match private_file().write(true).create_new(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(()),
        Err(error) => return Err(JournalError::io("make", path)(error)),
    };
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(JournalError::io("write", path))
}

/// Reads a document back and makes sure that it is the one meant.
pub(super) fn load(session: &Path, reference: &DocumentRef) -> Result<Document, JournalError> {
    let path = text_path(session, reference.hash);
    let damaged = |path: &Path, what: &str| JournalError::Document {
        name: reference.name.clone(),
        path: path.to_owned(),
        what: what.to_owned(),
    };
    let bytes = match archive::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(damaged(&path, "the file is missing")),
        Err(error) => return Err(JournalError::io("read", &path)(error)),
    };
    let text = String::from_utf8(bytes).map_err(|_| damaged(&path, "the file is not UTF-8"))?;
    if DocumentHash::of(&text) != reference.hash {
        return Err(damaged(&path, "its hash differs"));
    }
    let pages = match reference.pages {
        0 => Vec::new(),
        count => {
            let path = pages_path(session, reference.hash);
            let bytes = archive::read(&path).map_err(JournalError::io("read", &path))?;
            serde_json::from_slice::<Vec<usize>>(&bytes)
                .ok()
                .filter(|pages| pages.len() == count && pages.is_sorted() && pages.iter().all(|&at| at <= text.len()))
                .ok_or_else(|| damaged(&path, "its pages do not fit the text"))?
        }
    };
    // Where the file was is good to know, and no more than that.
    let source = archive::read(&source_path(session, reference.hash)).ok();
    let source = source.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    Ok(Document::stored(reference.name.clone(), Arc::from(text), pages, reference.hash).read_from(source))
}

/// The files of the documents, by the names they have when they are not archived.
pub(super) fn files(session: &Path) -> Result<Vec<PathBuf>, JournalError> {
    let folder = session.join(FOLDER);
    let mut files: Vec<PathBuf> = stored(&folder)?
        .into_iter()
        .filter(|path| path.extension().is_none_or(|ending| ending != "new"))
        .map(|path| match path.extension() {
            Some(ending) if ending == "zst" => path.with_extension(""),
            _ => path,
        })
        .collect();
    files.sort();
    files.dedup();
    Ok(files)
}

/// What stands in the folder and is named by a document's hash.
fn stored(folder: &Path) -> Result<Vec<PathBuf>, JournalError> {
    let listing = match fs::read_dir(folder) {
        Ok(listing) => listing,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(JournalError::io("read the folder", folder)(error)),
    };
    let is_document = |name: &str| name.split('.').next().is_some_and(|hash| hash.parse::<DocumentHash>().is_ok());
    let entries = listing.flatten().filter(|entry| entry.file_name().to_str().is_some_and(is_document));
    Ok(entries.map(|entry| entry.path()).collect())
}

/// Removes the stored documents, and nothing that is not one.
pub(super) fn remove(session: &Path) -> Result<(), JournalError> {
    let folder = session.join(FOLDER);
    if !folder.exists() {
        return Ok(());
    }
    for path in stored(&folder)? {
        fs::remove_file(&path).map_err(JournalError::io("delete", &path))?;
    }
    fs::remove_dir(&folder).map_err(JournalError::io("delete the folder", &folder))
}

fn text_path(session: &Path, hash: DocumentHash) -> PathBuf {
    session.join(FOLDER).join(format!("{hash}.txt"))
}

fn source_path(session: &Path, hash: DocumentHash) -> PathBuf {
    session.join(FOLDER).join(format!("{hash}.source.json"))
}

fn pages_path(session: &Path, hash: DocumentHash) -> PathBuf {
    session.join(FOLDER).join(format!("{hash}.pages.json"))
}
