//! The session on disk: record format, append-only writer, tolerant reader, store of sessions.
//!
//! A session is a folder: `journal.jsonl` holds one record a line, `documents/` the text that was read, `lock` keeps a
//! second writer out. Nothing here asks a model or changes a state: facts come in, records come out.

mod again;
mod archive;
mod catalogue;
mod day;
mod documents;
mod error;
mod follow;
mod id;
mod label;
mod lock;
mod notes;
mod reader;
mod record;
mod reopen;
mod servers;
mod session;
mod store;
mod summary;
#[cfg(test)]
mod tests;
mod tree;
mod verify;
mod warnings;
#[cfg(test)]
pub(crate) mod world;
mod writer;

pub use again::Again;
pub use catalogue::Catalogue;
pub use day::{DayBook, Reservation, spent_today};
pub use error::JournalError;
pub use follow::{Followed, Follower};
pub use id::SessionId;
pub use label::{EVAL_TAG, Label};
pub use notes::Note;
pub use reader::{Journal, Passed, Records, Seen};
pub use record::{Bulk, FORMAT_VERSION, Record, Stored};
pub use reopen::Reopened;
pub use servers::{Server, Servers};
pub use session::Session;
pub use store::{Store, private_file, private_folder};
pub use summary::{Origin, Summary, Sums};
pub use tree::{Branch, trees};
pub use verify::{Seal, Verification};
pub use writer::{Durability, JournalWriter};
