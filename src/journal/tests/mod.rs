//! What the journal promises.

mod archive;
mod damage;
mod following;
mod golden;
mod reopening;
mod sessions;
mod writing;

use std::path::PathBuf;

use super::world::{World, documents};
use super::*;
use crate::protocol::{Fact, State};

struct Home {
    _folder: tempfile::TempDir,
    store: Store,
}

impl Home {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path().join("data").join("sessions"));
        Self { _folder: folder, store }
    }
}

/// A finished session of a scripted run, and its facts.
async fn recorded(store: &Store, seed: u64) -> (Session, Vec<Fact>) {
    let facts = World::facts(seed, 3, 6);
    let (session, writer) = store.create(&documents()).unwrap();
    for some in facts.chunks(7) {
        writer.append(some.to_vec(), Durability::Written).await.unwrap();
    }
    writer.close().await.unwrap();
    (session, facts)
}

fn journal_of(session: &Session) -> PathBuf {
    session.path().join("journal.jsonl")
}

fn fold<'a>(facts: impl IntoIterator<Item = &'a Fact>) -> State {
    let mut state = State::default();
    facts.into_iter().for_each(|fact| state.apply(fact));
    state
}

fn note(text: &str) -> Fact {
    Fact::NoteAdded { text: text.into() }
}
