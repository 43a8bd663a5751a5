//! Walks over the header of a GGUF file. No length in the file is trusted: nothing is taken into memory, or skipped, that
//! the file does not hold.

use std::io::{self, BufReader, Read, Seek, SeekFrom};

/// Real headers have some megabytes, most of it the vocabulary.
const MAX_HEADER: u64 = 512 << 20;
/// Lists in lists; no model has them, but the format allows them.
const MAX_DEPTH: u32 = 4;
/// One number for each layer.
const MAX_LIST: u64 = 4096;
/// Bytes from the beginning of a file by which other formats are known.
const START: u64 = 512;

pub const STRING: u32 = 8;
const LIST: u32 = 9;

/// Why the walk cannot go on.
#[derive(Debug)]
pub enum Stop {
    /// The file ends before its header does.
    Ended,
    Damaged(String),
    /// What it is, and what to do.
    Version(String, &'static str),
    Failed(io::Error),
}

impl Stop {
    pub fn damaged(what: &str) -> Self {
        Self::Damaged(what.into())
    }
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        // The file became shorter while it was read.
        if error.kind() == io::ErrorKind::UnexpectedEof { Self::Ended } else { Self::Failed(error) }
    }
}

/// A whole number, or a list of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Numbers {
    pub largest: u64,
    pub sum: u64,
    pub is_list: bool,
}

/// The first bytes of a file; the reader is at the beginning again after that.
pub fn start<R: Read + Seek>(reader: &mut BufReader<R>) -> io::Result<Vec<u8>> {
    let mut start = Vec::new();
    reader.by_ref().take(START).read_to_end(&mut start)?;
    reader.seek(SeekFrom::Start(0))?;
    Ok(start)
}

pub struct Walk<R> {
    reader: BufReader<R>,
    at: u64,
    /// The size of the file.
    bytes: u64,
}

impl<R: Read + Seek> Walk<R> {
    pub fn new(reader: BufReader<R>, bytes: u64) -> Self {
        Self { reader, at: 0, bytes }
    }

    /// Bytes from the beginning of the file.
    pub fn at(&self) -> u64 {
        self.at
    }

    /// Goes on by `bytes`, if the file has them.
    fn step(&mut self, bytes: u64) -> Result<(), Stop> {
        let to = self.at.checked_add(bytes).filter(|to| *to <= self.bytes).ok_or(Stop::Ended)?;
        if to > MAX_HEADER {
            return Err(Stop::damaged("its header is larger than 512 MiB"));
        }
        self.at = to;
        Ok(())
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Stop> {
        self.step(N as u64)?;
        let mut bytes = [0; N];
        self.reader.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    pub fn u32(&mut self) -> Result<u32, Stop> {
        self.array().map(u32::from_le_bytes)
    }

    pub fn u64(&mut self) -> Result<u64, Stop> {
        self.array().map(u64::from_le_bytes)
    }

    pub fn skip(&mut self, bytes: u64) -> Result<(), Stop> {
        self.step(bytes)?;
        // At most `MAX_HEADER`.
        Ok(self.reader.seek_relative(bytes as i64)?)
    }

    /// A text of at most `limit` bytes; what is no UTF-8 in it is replaced.
    pub fn text(&mut self, limit: u64) -> Result<String, Stop> {
        let length = self.u64()?;
        // First of all the file must have it: what is cut short is told as that.
        self.step(length)?;
        if length > limit {
            return Err(Stop::Damaged(format!("a text in its header has {length} bytes")));
        }
        let mut text = Vec::new();
        if (self.reader.by_ref().take(length).read_to_end(&mut text)? as u64) < length {
            return Err(Stop::Ended);
        }
        Ok(String::from_utf8(text).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
    }

    pub fn skip_text(&mut self) -> Result<(), Stop> {
        let length = self.u64()?;
        self.skip(length)
    }

    /// Passes over a value of this kind.
    pub fn skip_value(&mut self, kind: u32) -> Result<(), Stop> {
        self.skip_nested(kind, 0)
    }

    fn skip_nested(&mut self, kind: u32, depth: u32) -> Result<(), Stop> {
        match kind {
            STRING => self.skip_text(),
            LIST if depth < MAX_DEPTH => {
                let (kind, count) = (self.u32()?, self.u64()?);
                self.skip_list(kind, count, depth)
            }
            _ => self.skip(size(kind)?),
        }
    }

    fn skip_list(&mut self, kind: u32, count: u64, depth: u32) -> Result<(), Stop> {
        if matches!(kind, STRING | LIST) {
            // Each takes at least eight bytes, so that the end of the file ends this too.
            return (0..count).try_for_each(|_| self.skip_nested(kind, depth + 1));
        }
        let bytes = size(kind)?.checked_mul(count).ok_or(Stop::Ended)?;
        self.skip(bytes)
    }

    /// The whole numbers of a value; nothing where it holds others. Either way the value is passed.
    pub fn numbers(&mut self, kind: u32) -> Result<Option<Numbers>, Stop> {
        if kind != LIST {
            return self.number(kind).map(|number| number.map(|n| Numbers { largest: n, sum: n, is_list: false }));
        }
        let (kind, count) = (self.u32()?, self.u64()?);
        if count > MAX_LIST || !is_whole(kind) {
            return self.skip_list(kind, count, 0).map(|()| None);
        }
        let mut all = Some(Numbers { is_list: true, ..Numbers::default() });
        for _ in 0..count {
            let number = self.number(kind)?;
            all = all.zip(number).map(|(all, n)| Numbers {
                largest: all.largest.max(n),
                sum: all.sum.saturating_add(n),
                is_list: true,
            });
        }
        Ok(all)
    }

    fn number(&mut self, kind: u32) -> Result<Option<u64>, Stop> {
        Ok(match kind {
            0 => Some(u64::from(u8::from_le_bytes(self.array()?))),
            1 => u64::try_from(i8::from_le_bytes(self.array()?)).ok(),
            2 => Some(u64::from(u16::from_le_bytes(self.array()?))),
            3 => u64::try_from(i16::from_le_bytes(self.array()?)).ok(),
            4 => Some(u64::from(self.u32()?)),
            5 => u64::try_from(i32::from_le_bytes(self.array()?)).ok(),
            10 => Some(self.u64()?),
            11 => u64::try_from(i64::from_le_bytes(self.array()?)).ok(),
            _ => {
                self.skip_value(kind)?;
                None
            }
        })
    }
}

fn is_whole(kind: u32) -> bool {
    matches!(kind, 0..=5 | 10 | 11)
}

/// Bytes of a value of a kind that always has the same size.
fn size(kind: u32) -> Result<u64, Stop> {
    match kind {
        0 | 1 | 7 => Ok(1),
        2 | 3 => Ok(2),
        4..=6 => Ok(4),
        10..=12 => Ok(8),
        LIST => Err(Stop::damaged("its header has lists too deep in lists")),
        _ => Err(Stop::Damaged(format!("its header has a value of the unknown kind {kind}"))),
    }
}
