//! Archived sessions are read as before, and lists of thousands believe no entry that the files do not bear out.

use std::fs;
use std::time::{Duration, SystemTime};

use super::*;
use crate::journal::Label;

#[tokio::test]
async fn an_archived_session_is_smaller_and_reads_as_before() {
    let home = Home::new();
    let (session, _) = recorded(&home.store, 2).await;
    let (before, summary) = (session.read().unwrap(), session.summary());
    let bytes = fs::read(journal_of(&session)).unwrap();
    session.archive().unwrap();
    assert!(session.is_archived() && session.disk_bytes() < summary.disk_bytes);
    assert!(!journal_of(&session).exists());
    assert_eq!(session.read().unwrap(), before);
    assert!(session.verify().unwrap().is_intact());
    let packed = session.summary();
    assert_eq!(packed, Summary { archived: true, disk_bytes: packed.disk_bytes, ..summary.clone() });
    assert_eq!(home.store.resolve("last").unwrap(), session);
    // Both ways a second time change nothing.
    session.archive().unwrap();
    session.restore().unwrap();
    session.restore().unwrap();
    assert_eq!(fs::read(journal_of(&session)).unwrap(), bytes);
    assert_eq!(session.summary(), summary);
    session.archive().unwrap();
    session.delete().unwrap();
    assert!(!session.path().exists());
}

#[tokio::test]
async fn a_session_that_is_written_is_not_archived() {
    let home = Home::new();
    let (session, writer) = home.store.create(&documents()).unwrap();
    writer.append(World::facts(1, 2, 3)[..3].to_vec(), Durability::Written).await.unwrap();
    assert!(session.archive().unwrap_err().to_string().contains("another process"));
    writer.close().await.unwrap();
    session.archive().unwrap();
    assert_eq!(session.read().unwrap().records.len(), 3);
    assert!(session.reopen(drop).unwrap_err().to_string().contains("sessions restore"));
    session.restore().unwrap();
    assert!(session.reopen(drop).is_ok());
}

#[tokio::test]
async fn an_archive_that_was_cut_short_or_damaged_is_an_error_and_shows_nothing_false() {
    let home = Home::new();
    let (session, _) = recorded(&home.store, 2).await;
    // What a kill left while the archive was made is no session's file.
    fs::write(session.path().join("journal.jsonl.zst.new"), "half").unwrap();
    session.archive().unwrap();
    let packed = session.path().join("journal.jsonl.zst");
    let mut bytes = fs::read(&packed).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0xff;
    fs::write(&packed, &bytes).unwrap();
    assert!(session.read().is_err());
    assert!(home.store.list().unwrap()[0].problem.is_some());
    assert!(session.restore().is_err() && packed.exists() && !journal_of(&session).exists());
}

/// As many sessions as are worth a catalogue, made long enough ago to be believed.
async fn many(home: &Home) -> Vec<Session> {
    let (first, _) = recorded(&home.store, 2).await;
    let journal = fs::read(journal_of(&first)).unwrap();
    let made = (0..40).map(|n| {
        let folder = home.store.root().join(format!("20200101-0000{n:02}-aaaa"));
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("journal.jsonl"), &journal).unwrap();
        settle(&folder);
        Session::at(&folder).unwrap()
    });
    made.collect()
}

fn settle(folder: &std::path::Path) {
    let long_ago = SystemTime::now() - Duration::from_secs(60);
    for path in [folder.join("journal.jsonl"), folder.to_owned()] {
        fs::File::open(path).unwrap().set_modified(long_ago).unwrap();
    }
}

#[tokio::test]
async fn a_catalogue_is_made_of_many_and_never_trusted_over_the_files() {
    let home = Home::new();
    let sessions = many(&home).await;
    let file = home.store.root().join("catalogue.jsonl");
    let first = home.store.list().unwrap();
    assert_eq!(first.len(), 41);
    let kept = fs::read_to_string(&file).unwrap();
    assert_eq!(kept.lines().count(), 41, "a line each of the settled ones, and a head");
    assert_eq!(home.store.list().unwrap(), first);

    // A planted entry whose stamp fits is what a cache is; one whose file has changed since is not believed.
    fs::write(&file, kept.replace("How much", "How many")).unwrap();
    assert!(home.store.list().unwrap().iter().any(|summary| summary.question.starts_with("How many")));
    let text = fs::read_to_string(journal_of(&sessions[0])).unwrap();
    fs::write(journal_of(&sessions[0]), text.replacen("How much", "What now", 1)).unwrap();
    let told = |id: &Session| home.store.list().unwrap().into_iter().find(|told| told.id == *id.id()).unwrap();
    assert!(told(&sessions[0]).question.starts_with("What now"));
    sessions[1].set_label(&Label { title: Some("Mine".into()), tags: Vec::new() }).unwrap();
    assert_eq!(told(&sessions[1]).label.title.as_deref(), Some("Mine"));
    sessions[2].archive().unwrap();
    assert!(told(&sessions[2]).archived);

    sessions[3].delete().unwrap();
    home.store.forget_deleted();
    assert!(!fs::read_to_string(&file).unwrap().contains(sessions[3].id().as_str()));
    for damage in ["", "no catalogue\n", "{\"catalogue\":9}\n", "{\"catalogue\":3}\n{\"stamp\":"] {
        fs::write(&file, damage).unwrap();
        let list = home.store.list().unwrap();
        assert!(list.len() == 40 && list.iter().all(|told| !told.question.starts_with("How many")), "{damage:?}");
    }
}

#[tokio::test]
async fn a_small_store_keeps_no_catalogue() {
    let home = Home::new();
    recorded(&home.store, 2).await;
    home.store.list().unwrap();
    assert_eq!(fs::read_dir(home.store.root()).unwrap().count(), 1);
}
