//! `minions sessions import`: a session from a JSON log of the reference implementation, shown in the same panes and replayed.
//!
//! Its logs are those of `minions_logs` (the MinionS protocol) and `minion_logs` (the chat), as `minions/minions.py` and
//! `minions/minion.py` of HazyResearch/minions write them: `task`, `conversation`, `generated_final_answer`, `usage`, and of
//! the chat also `context`. They hold neither times nor the documents nor what each call took.

mod facts;
mod log;

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use super::reading;
use super::{Exit, Failure};
use crate::document::Document;
use crate::journal::{Durability, Store};

/// A longer file is no log. In bytes.
const LONGEST: u64 = 256 << 20;

/// Makes the session. `documents`: what it was about, where the person has it; else what workers read stands in for it.
pub fn import(store: &Store, file: &Path, documents: &[PathBuf], out: &mut dyn Write) -> Result<(), Failure> {
    let cannot =
        |why: &dyn std::fmt::Display| Failure::new(Exit::Error, format!("cannot import {}: {why}", file.display()));
    let mut bytes = Vec::new();
    let read = File::open(file).and_then(|file| file.take(LONGEST + 1).read_to_end(&mut bytes));
    read.map_err(|error| cannot(&error))?;
    if bytes.len() as u64 > LONGEST {
        return Err(cannot(&format_args!("it is longer than {} MB", LONGEST >> 20)));
    }
    let log = log::read(&bytes).map_err(|why| cannot(&why))?;
    let documents = if documents.is_empty() { stand_ins(&log) } else { reading::read(documents)?.documents };
    let facts = facts::facts(&log, &documents);
    let (session, writer) = store.create(&documents)?;
    let written = async {
        writer.append(facts, Durability::Synced).await?;
        writer.close().await
    };
    super::block_on(async { written.await.map(|()| Exit::Success).map_err(Failure::from) }).inspect_err(|_| {
        // Half of a log is none; the file it came from is there still.
        let _ = session.delete();
    })?;
    writeln!(out, "imported as session {}; `minions replay {}` plays it back", session.id(), session.id())?;
    Ok(())
}

/// The text that the log itself holds: the chat's context, or the chunks that workers read, in the order they came.
fn stand_ins(log: &log::Log) -> Vec<Document> {
    if let Some(context) = &log.context {
        return vec![Document::from_text("context of the log", context.as_str())];
    }
    let mut chunks: Vec<&str> = Vec::new();
    let mut known = std::collections::HashSet::new();
    for job in log.turns.iter().flat_map(|turn| turn.jobs()) {
        if known.insert(job.chunk.as_str()) {
            chunks.push(&job.chunk);
        }
    }
    if chunks.is_empty() { Vec::new() } else { vec![Document::from_text("chunks of the log", chunks.join("\n\x0c\n"))] }
}
