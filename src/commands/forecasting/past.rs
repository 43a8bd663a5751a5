//! What past sessions tell of the next: read from their records once, and kept in the cache folder.

use std::collections::HashMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::config::Folders;
use crate::journal::{Session, Store, private_file, private_folder};
use crate::ledger::{Past, Precedent};

const FILE: &str = "past.json";
/// Raise it where a precedent is read otherwise from the same records.
const FORM: u32 = 2;
/// The newest sessions that are looked at, and as many of evals.
const SESSIONS: usize = 24;
/// The newest sessions among which those of evals are told from others.
const LOOKED_AT: usize = 1000;
/// A longer journal is not read for this. In bytes.
const LONGEST: u64 = 32 << 20;

/// What was read of one session. It is believed as long as its journal has this length.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Known {
    bytes: u64,
    precedent: Option<Precedent>,
}

#[derive(Default, Serialize, Deserialize)]
struct Cache {
    form: u32,
    sessions: HashMap<String, Known>,
}

/// What the newest sessions came to, the newest first. Where the store or the cache cannot be read, less is known, and that is all.
/// `before_ms`: of those alone that began before this second, in milliseconds since 1970.
pub fn past(store: &Store, before_ms: Option<u64>) -> Vec<Precedent> {
    within(store, Folders::of_process().map(|folders| folders.cache), before_ms)
}

fn within(store: &Store, folder: Option<PathBuf>, before_ms: Option<u64>) -> Vec<Precedent> {
    let path = folder.as_ref().map(|folder| folder.join(FILE));
    let mut cache = path.as_deref().and_then(read).unwrap_or_default();
    // Names tell the second.
    let began_before = |session: &Session| before_ms.is_none_or(|before| session.made_at_ms() / 1000 < before / 1000);
    let mut sessions = store.newest_first().unwrap_or_default();
    sessions.retain(began_before);
    let (mut found, mut kept, mut changed) = (Vec::new(), HashMap::new(), false);
    // Those of an eval may be hundreds, and hide no others.
    let (of_evals, others): (Vec<&Session>, Vec<&Session>) =
        sessions.iter().take(LOOKED_AT).partition(|session| session.label().is_of_eval());
    let looked_at =
        |sessions: Vec<_>, of_eval| sessions.into_iter().take(SESSIONS).map(move |session| (session, of_eval));
    for (session, of_eval) in looked_at(others, false).chain(looked_at(of_evals, true)) {
        let Some(bytes) = session.length().filter(|bytes| *bytes <= LONGEST) else { continue };
        // By its folder: two stores may hold sessions of one name.
        let name = session.path().to_string_lossy().into_owned();
        let known = match cache.sessions.remove(&name).filter(|known| known.bytes == bytes) {
            Some(known) => known,
            None => {
                changed = true;
                Known { bytes, precedent: precedent(session) }
            }
        };
        found.extend(known.precedent.clone().map(|precedent| Precedent { of_eval, ..precedent }));
        kept.insert(name, known);
    }
    if let (true, Some(path)) = (changed, &path) {
        write(path, &Cache { form: FORM, sessions: kept });
    }
    found
}

fn precedent(session: &Session) -> Option<Precedent> {
    let mut past = Past::default();
    for record in session.records().ok()? {
        let record = record.ok()?;
        if let Some(fact) = record.fact.known() {
            past.apply(fact, record.at_ms);
        }
    }
    past.precedent()
}

fn read(path: &Path) -> Option<Cache> {
    let cache: Cache = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
    (cache.form == FORM).then_some(cache)
}

/// Writes the file in place of the one before; where that cannot be, the sessions are read again the next time.
fn write(path: &Path, cache: &Cache) {
    let Some(folder) = path.parent() else { return };
    let new = path.with_extension(format!("{}.new", std::process::id()));
    let written = private_folder().recursive(true).create(folder).and_then(|()| {
        let mut file = private_file().write(true).create(true).truncate(true).open(&new)?;
        file.write_all(&serde_json::to_vec(cache)?)
    });
    if written.and_then(|()| fs::rename(&new, path)).is_err() {
        let _ = fs::remove_file(&new);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::Durability;
    use crate::journal::world::{World, documents};

    #[tokio::test]
    async fn sessions_are_read_once_and_those_that_grew_again() {
        let (folder, cache) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let store = Store::new(folder.path().to_owned());
        let past = || within(&store, Some(cache.path().join("minions")), None);
        assert!(past().is_empty());
        let (session, writer) = store.create(&documents()).unwrap();
        let mut facts = World::facts(1, 1, 2);
        let last = facts.pop().unwrap();
        writer.append(facts, Durability::Synced).await.unwrap();
        assert!(past().is_empty(), "it has not ended");
        writer.append(vec![last], Durability::Synced).await.unwrap();
        writer.close().await.unwrap();
        let found = past();
        assert_eq!(found.len(), 1);
        let made_ms = session.made_at_ms();
        let until = |before| within(&store, Some(cache.path().join("minions")), Some(before)).len();
        assert_eq!((until(made_ms + 999), until(made_ms + 1000)), (0, 1), "what a run comes to is no forecast of it");
        assert!(found[0].rounds == 1 && found[0].jobs > 0 && found[0].calls > 0, "{found:?}");
        // What is kept tells of no question, and of no document.
        let kept = fs::read_to_string(cache.path().join("minions").join(FILE)).unwrap();
        assert!(!kept.contains("?") && kept.contains("\"jobs\""), "{kept}");
        // Nothing is read that has the length it had.
        let at = session.path().join("journal.jsonl");
        let text = fs::read_to_string(&at).unwrap();
        fs::write(&at, "x".repeat(text.len())).unwrap();
        assert_eq!(past(), found);
        fs::write(&at, "x".repeat(text.len() + 1)).unwrap();
        assert!(past().is_empty());
        fs::write(cache.path().join("minions").join(FILE), "no cache").unwrap();
        fs::write(&at, text).unwrap();
        assert_eq!(past(), found);
    }
}
