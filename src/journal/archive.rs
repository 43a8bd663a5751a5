//! Archived sessions: the same files, each compressed with zstd (RFC 8878) beside where it stood. They are read as before.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use super::documents;
use super::error::JournalError;
use super::lock::Lock;
use super::session::{JOURNAL, Session};
use super::store::{private_file, sync_folder};

/// Smaller takes much longer from here on: at 19 a journal of 100 MB takes a minute for a few percent.
const LEVEL: i32 = 9;
/// Of a form that is being made.
const NEW: &str = ".new";

/// Where the compressed twin of a file stands.
pub(super) fn packed(path: &Path) -> PathBuf {
    with(path, ".zst")
}

/// All the names that a file may have, those that a killed archiving leaves behind included.
pub(super) fn forms(path: &Path) -> [PathBuf; 4] {
    let packed = packed(path);
    [with(&packed, NEW), with(path, NEW), packed, path.to_owned()]
}

fn with(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Opens a file, or what its compressed twin holds where it stands there alone.
pub(super) fn open(path: &Path) -> io::Result<Content> {
    match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => match File::open(packed(path)) {
            Ok(file) => Ok(Content::Packed(zstd::Decoder::new(file)?)),
            // What is missed is the file itself.
            Err(_) => Err(error),
        },
        opened => opened.map(Content::Plain),
    }
}

/// All of a file, or of its compressed twin.
pub(super) fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(path)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

pub(super) enum Content {
    Plain(File),
    Packed(zstd::Decoder<'static, io::BufReader<File>>),
}

impl Read for Content {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Content::Plain(file) => file.read(buffer),
            Content::Packed(decoder) => decoder.read(buffer),
        }
    }
}

impl Session {
    /// Whether its journal is compressed: it can be read, and not be gone on with until it is restored.
    pub fn is_archived(&self) -> bool {
        let journal = self.path().join(JOURNAL);
        !journal.exists() && packed(&journal).is_file()
    }

    /// Compresses its files. Refused while a writer is at work. At any moment each file is there whole in one of its forms.
    pub fn archive(&self) -> Result<(), JournalError> {
        let lock = Lock::take(self.path(), self.id())?;
        for path in documents::files(self.path())?.into_iter().chain([self.path().join(JOURNAL)]) {
            if path.exists() {
                replace(&path, &packed(&path), |from, to| {
                    let mut encoder = zstd::Encoder::new(to, LEVEL)?;
                    encoder.include_checksum(true)?;
                    io::copy(from, &mut encoder)?;
                    encoder.finish().map(drop)
                })?;
            }
        }
        drop(lock);
        Ok(())
    }

    /// Brings the files back to what they were.
    pub fn restore(&self) -> Result<(), JournalError> {
        let lock = Lock::take(self.path(), self.id())?;
        for path in documents::files(self.path())?.into_iter().chain([self.path().join(JOURNAL)]) {
            let from = packed(&path);
            if from.exists() && !path.exists() {
                replace(&from, &path, |from, to| zstd::stream::copy_decode(from, to))?;
            }
        }
        drop(lock);
        Ok(())
    }
}

/// Makes one form of a file from the other, and removes the other once the new one is on the disk and was read back.
fn replace(
    from: &Path,
    to: &Path,
    make: impl FnOnce(&mut File, &mut File) -> io::Result<()>,
) -> Result<(), JournalError> {
    let new = with(to, NEW);
    let mut source = File::open(from).map_err(JournalError::io("open", from))?;
    let made = private_file().write(true).create(true).truncate(true).open(&new).and_then(|mut file| {
        make(&mut source, &mut file)?;
        file.flush()?;
        file.sync_all()
    });
    made.inspect_err(|_| drop(fs::remove_file(&new))).map_err(JournalError::io("write", &new))?;
    let (was, is) = (content_hash(from)?, content_hash(&new)?);
    if was != is {
        let _ = fs::remove_file(&new);
        let error = io::Error::new(io::ErrorKind::InvalidData, "what was written does not read back as what it was");
        return Err(JournalError::io("compress", from)(error));
    }
    fs::rename(&new, to).map_err(JournalError::io("write", to))?;
    let folder = from.parent().unwrap_or(from);
    sync_folder(folder)?;
    fs::remove_file(from).map_err(JournalError::io("delete", from))?;
    sync_folder(folder)
}

/// The hash of what a file holds, compressed or not: of what its first bytes say it is.
fn content_hash(path: &Path) -> Result<blake3::Hash, JournalError> {
    /// Of a frame, RFC 8878 section 3.1.1.
    const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
    let hash = || {
        let mut file = File::open(path)?;
        let mut first = [0; 4];
        let is_packed = file.read_exact(&mut first).is_ok() && first == MAGIC;
        let file = File::open(path)?;
        let mut hasher = blake3::Hasher::new();
        match is_packed {
            true => io::copy(&mut zstd::Decoder::new(file)?, &mut hasher)?,
            false => hasher.update_reader(file).map(|hasher| hasher.count())?,
        };
        Ok(hasher.finalize())
    };
    hash().map_err(JournalError::io("read", path))
}
