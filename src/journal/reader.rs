//! Reads a journal line by line, and as much of a damaged one as there is.

use std::io::{self, BufRead, BufReader, Read, Seek};
use std::path::{Path, PathBuf};

use super::archive::{self, Content};
use super::error::JournalError;
use super::record::{BadLine, Bulk, FORMAT_VERSION, Glance, Record, Stored, glance, read_line};
use super::warnings::Warnings;
use crate::protocol::{Fact, SessionOpened};

/// A longer line is no record of this program and is passed over without being held in memory.
const LONGEST_LINE: usize = 256 << 20;
const BUFFER: usize = 256 << 10;

/// What a journal holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Journal {
    pub records: Vec<Record>,
    /// What was wrong with the file, each in one sentence that quotes nothing of it.
    pub warnings: Vec<String>,
    /// Whether the last record says that the session ended.
    pub closed: bool,
}

impl Journal {
    /// Reads a journal whole, as [`Records`] reads it.
    pub fn read(path: &Path) -> Result<Self, JournalError> {
        let mut reading = Records::open(path)?;
        let records = reading.by_ref().collect::<Result<Vec<_>, _>>()?;
        Ok(Self { records, closed: reading.closed(), warnings: reading.into_warnings() })
    }

    /// The facts that are known, in order.
    pub fn facts(&self) -> impl Iterator<Item = &Fact> {
        self.records.iter().filter_map(|record| record.fact.known())
    }

    /// What the session was opened with; nothing where that is not on record.
    pub fn opened(&self) -> Option<&SessionOpened> {
        self.facts().find_map(|fact| match fact {
            Fact::SessionOpened(opened) => Some(opened.as_ref()),
            _ => None,
        })
    }
}

/// The records of a journal, one at a time: who only folds them holds one, however long the journal is.
///
/// A torn last line, garbage in the middle and facts of unknown kind are no errors: they are told in the warnings. A
/// format of a newer major version is one.
pub struct Records {
    path: PathBuf,
    lines: Lines,
    /// The number of the record that came last.
    seq: Option<u64>,
    closed: bool,
    warnings: Warnings,
}

impl Records {
    pub(super) fn open(path: &Path) -> Result<Self, JournalError> {
        let lines = Lines::open(path)?;
        Ok(Self { path: path.to_owned(), lines, seq: None, closed: false, warnings: Warnings::default() })
    }

    /// Whether the record that came last says that the session ended.
    pub fn closed(&self) -> bool {
        self.closed
    }

    /// Once all have come: what is wrong with the file, each in one sentence that quotes nothing of it. Of very many the
    /// first are told, and how many there are more.
    pub fn into_warnings(self) -> Vec<String> {
        let mut told = self.warnings.into_told();
        if self.seq.is_none() {
            told.push("the journal holds no record".into());
        }
        told
    }

    /// The facts that are known, as far as the journal can be read.
    pub fn facts(self) -> impl Iterator<Item = Fact> {
        let known = |record: Record| match record.fact {
            Stored::Known(fact) => Some(*fact),
            Stored::Unknown(_) => None,
        };
        self.map_while(Result::ok).filter_map(known)
    }

    /// All facts that are known. Where the journal can be read no further, `failed` says why once they have ended.
    pub fn all_facts(mut self, failed: &mut Option<JournalError>) -> impl Iterator<Item = Fact> {
        std::iter::from_fn(move || {
            loop {
                match self.next()? {
                    Ok(Record { fact: Stored::Known(fact), .. }) => return Some(*fact),
                    Ok(_) => {}
                    Err(error) => {
                        *failed = Some(error);
                        return None;
                    }
                }
            }
        })
    }

    /// Passes the next record by: of the kinds that most are of no more is read than that. Much faster than reading it.
    pub fn pass(&mut self) -> Result<Option<Passed>, JournalError> {
        while let Some(line) = self.lines.next()? {
            let (number, start) = (line.number, line.start);
            if let Some(glance) = line.glance() {
                self.is_at(glance.seq, number);
                (self.seq, self.closed) = (Some(glance.seq), false);
                let seen = Seen::Bulk(glance.bulk);
                return Ok(Some(Passed { start, seq: glance.seq, at_ms: glance.at_ms, seen }));
            }
            match line.record() {
                Ok(record) => {
                    self.look_at(&record, number);
                    let Record { seq, at_ms, fact, .. } = record;
                    return Ok(Some(Passed { start, seq, at_ms, seen: Seen::Whole(fact) }));
                }
                Err(problem) => {
                    let warning = problem.into_warning(&self.path)?;
                    self.warnings.push(|| warning);
                }
            }
        }
        Ok(None)
    }

    /// How many bytes of the journal have been read.
    pub fn read_bytes(&self) -> u64 {
        self.lines.at
    }

    fn next_record(&mut self) -> Result<Option<Record>, JournalError> {
        while let Some(line) = self.lines.next()? {
            let number = line.number;
            match line.record() {
                Ok(record) => {
                    self.look_at(&record, number);
                    return Ok(Some(record));
                }
                Err(problem) => {
                    let warning = problem.into_warning(&self.path)?;
                    self.warnings.push(|| warning);
                }
            }
        }
        Ok(None)
    }

    fn look_at(&mut self, record: &Record, line: u64) {
        self.is_at(record.seq, line);
        if let Some(kind) = record.fact.unknown_kind() {
            let kind: String = kind.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').take(40).collect();
            self.warnings
                .push(|| format!("line {line}: this program does not know all of a record `{kind}`; kept as it is"));
        }
        (self.seq, self.closed) = (Some(record.seq), ends(record));
    }

    fn is_at(&mut self, seq: u64, line: u64) {
        let expected = self.seq.map_or(1, |last| last + 1);
        if seq != expected {
            self.warnings.push(|| format!("line {line}: record {seq} stands where {expected} was expected"));
        }
    }
}

/// A record that was passed by.
#[derive(Debug)]
pub struct Passed {
    /// Where it begins in the journal, in bytes; see [`Again`](super::Again).
    pub start: u64,
    pub seq: u64,
    pub at_ms: u64,
    pub seen: Seen,
}

/// What is seen of a record that is passed by.
#[derive(Debug)]
pub enum Seen {
    Bulk(Bulk),
    Whole(Stored),
}

impl Iterator for Records {
    type Item = Result<Record, JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_record().transpose()
    }
}

pub(super) fn ends(record: &Record) -> bool {
    matches!(&record.fact, Stored::Known(fact) if matches!(**fact, Fact::SessionEnded { .. }))
}

/// The first line of a journal, where it is a record.
pub(super) fn first_record(path: &Path) -> Option<Record> {
    Lines::open(path).ok()?.next().ok()??.record().ok()
}

/// A line that is no record.
#[derive(Debug)]
pub(super) enum Problem {
    /// The last line, without its line feed and incomplete: the writer was stopped, or is writing just now.
    Torn,
    TooLong {
        line: u64,
    },
    Garbage {
        line: u64,
        why: String,
    },
    Newer {
        line: u64,
        found: u64,
    },
}

impl Problem {
    pub(super) fn into_warning(self, path: &Path) -> Result<String, JournalError> {
        Ok(match self {
            Problem::Torn => "the last record was cut off while it was written; it is left out".into(),
            Problem::TooLong { line } => {
                format!("line {line} is longer than {} MB; it is passed over", LONGEST_LINE >> 20)
            }
            Problem::Garbage { line, why } => format!("line {line} is damaged and passed over: {why}"),
            Problem::Newer { line, found } => {
                return Err(JournalError::Newer { path: path.to_owned(), line, found, known: FORMAT_VERSION });
            }
        })
    }
}

/// The lines of a journal, one at a time, through one buffer.
pub(super) struct Lines {
    path: PathBuf,
    reader: BufReader<Content>,
    buffer: Vec<u8>,
    number: u64,
    /// Where the next line begins, in bytes.
    at: u64,
    longest: usize,
}

pub(super) struct Line<'a> {
    /// Counted from 1.
    pub(super) number: u64,
    /// With its line feed, where it has one; empty where the line was too long.
    pub(super) bytes: &'a [u8],
    /// Where it begins in the file, in bytes.
    pub(super) start: u64,
    too_long: bool,
}

impl Line<'_> {
    /// Whether it ends with its line feed.
    pub(super) fn is_whole(&self) -> bool {
        self.too_long || self.bytes.last() == Some(&b'\n')
    }

    pub(super) fn glance(&self) -> Option<Glance> {
        if self.too_long { None } else { glance(self.bytes) }
    }

    pub(super) fn record(&self) -> Result<Record, Problem> {
        let line = self.number;
        if self.too_long {
            return Err(Problem::TooLong { line });
        }
        let torn = self.bytes.last() != Some(&b'\n');
        read_line(self.bytes).map_err(|bad| match bad {
            BadLine::Newer(found) => Problem::Newer { line, found },
            BadLine::Garbage(_) if torn => Problem::Torn,
            BadLine::Garbage(why) => Problem::Garbage { line, why },
        })
    }
}

impl Lines {
    pub(super) fn open(path: &Path) -> Result<Self, JournalError> {
        let file = archive::open(path).map_err(JournalError::io("open", path))?;
        let reader = BufReader::with_capacity(BUFFER, file);
        Ok(Self { path: path.to_owned(), reader, buffer: Vec::new(), number: 0, at: 0, longest: LONGEST_LINE })
    }

    /// The whole records within the last `bytes` of a file whose lines are `wanted`.
    pub(super) fn last_records(
        path: &Path,
        bytes: u64,
        wanted: impl Fn(&[u8]) -> bool,
    ) -> Result<Vec<Record>, JournalError> {
        let mut lines = Self::open(path)?;
        let from = match lines.reader.get_mut() {
            Content::Plain(file) => {
                let from = file.metadata().map_or(0, |about| about.len()).saturating_sub(bytes);
                file.seek(io::SeekFrom::Start(from)).map_err(JournalError::io("read", path))?;
                from
            }
            // There is no way to the end of an archived one but through all of it.
            Content::Packed(_) => 0,
        };
        let mut records = Vec::new();
        // Where reading began in the middle, the first line is but an end of one.
        let mut is_whole = from == 0;
        while let Some(line) = lines.next()? {
            if is_whole
                && wanted(line.bytes)
                && let Ok(record) = line.record()
            {
                records.push(record);
            }
            is_whole = true;
        }
        Ok(records)
    }

    /// Has the file's last line, which begins at this byte, read again: it was not whole. Nothing of it is remembered.
    pub(super) fn back(&mut self, start: u64) -> Result<(), JournalError> {
        // At the end of the file nothing is left in the buffer. An archived one does not grow.
        if let Content::Plain(file) = self.reader.get_mut() {
            file.seek(io::SeekFrom::Start(start)).map_err(JournalError::io("read", &self.path))?;
            (self.at, self.number) = (start, self.number - 1);
        }
        Ok(())
    }

    /// Goes to where a line begins, in bytes; from here on lines are counted no longer.
    pub(super) fn go_to(&mut self, start: u64) -> Result<(), JournalError> {
        let buffered = self.reader.buffer().len();
        match start.checked_sub(self.at) {
            Some(ahead) if ahead <= buffered as u64 => self.reader.consume(ahead as usize),
            ahead => {
                self.reader.consume(buffered);
                self.at += buffered as u64;
                let gone = match self.reader.get_mut() {
                    Content::Plain(file) => file.seek(io::SeekFrom::Start(start)).map(drop),
                    // There is no way to a place of an archived one but through all before it.
                    Content::Packed(_) => self.skip_to(start, ahead.is_none()),
                };
                gone.map_err(JournalError::io("read", &self.path))?;
            }
        }
        self.at = start;
        Ok(())
    }

    fn skip_to(&mut self, start: u64, anew: bool) -> io::Result<()> {
        if anew {
            (self.reader, self.at) = (BufReader::with_capacity(BUFFER, archive::open(&self.path)?), 0);
        }
        io::copy(&mut (&mut self.reader).take(start.saturating_sub(self.at)), &mut io::sink()).map(drop)
    }

    /// The next line, or nothing at the end of the file.
    pub(super) fn next(&mut self) -> Result<Option<Line<'_>>, JournalError> {
        self.buffer.clear();
        let mut too_long = false;
        let mut any = false;
        let start = self.at;
        loop {
            let available = match self.reader.fill_buf() {
                Ok(available) => available,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(JournalError::io("read", &self.path)(error)),
            };
            if available.is_empty() {
                break;
            }
            any = true;
            let end = memchr::memchr(b'\n', available);
            let taken = end.map_or(available.len(), |at| at + 1);
            if self.buffer.len() + taken > self.longest {
                too_long = true;
                self.buffer = Vec::new();
            }
            if !too_long {
                self.buffer.extend_from_slice(&available[..taken]);
            }
            self.reader.consume(taken);
            self.at += taken as u64;
            if end.is_some() {
                break;
            }
        }
        if !any {
            return Ok(None);
        }
        self.number += 1;
        Ok(Some(Line { number: self.number, bytes: &self.buffer, start, too_long }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_files_end_only_whole_lines_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.jsonl");
        let line = "{\"v\":1,\"seq\":1,\"at_ms\":1,\"fact\":{\"kind\":\"note_added\",\"text\":\"\"}}\n";
        std::fs::write(&path, format!("half a line{line}{line}{}", &line[..9])).unwrap();
        let within = |bytes: usize| Lines::last_records(&path, bytes as u64, |_| true).unwrap().len();
        // The end of the first line would be a record by itself.
        assert_eq!([within(9), within(line.len() + 9), within(2 * line.len() + 9), within(1 << 20)], [0, 0, 1, 1]);
    }

    #[test]
    fn a_line_over_the_limit_is_passed_over_and_the_next_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.jsonl");
        let good = |seq: u64| {
            format!("{{\"v\":1,\"seq\":{seq},\"at_ms\":1,\"fact\":{{\"kind\":\"note_added\",\"text\":\"é\"}}}}\n")
        };
        std::fs::write(&path, format!("{}{}\n{}", good(1), "x".repeat(3 * BUFFER), good(2))).unwrap();
        let mut lines = Lines::open(&path).unwrap();
        lines.longest = BUFFER;
        let mut seen = Vec::new();
        while let Some(line) = lines.next().unwrap() {
            seen.push(match line.record() {
                Ok(record) => record.seq,
                Err(Problem::TooLong { line: 2 }) => 0,
                Err(other) => panic!("{other:?}"),
            });
        }
        assert_eq!(seen, [1, 0, 2]);
    }
}
