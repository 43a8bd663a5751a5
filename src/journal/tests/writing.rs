//! What is written is what is read.

use std::fs;

use proptest::prelude::*;

use super::*;
use crate::protocol::{AskId, Ending, Finish, Price, RemoteAnswer, Usage, UtilizationSample};

#[tokio::test]
async fn a_session_read_back_is_the_one_that_was_written() {
    let home = Home::new();
    for seed in 0..8 {
        let (session, facts) = recorded(&home.store, seed).await;
        let journal = session.read().unwrap();
        assert_eq!(journal.warnings, Vec::<String>::new());
        assert!(journal.closed);
        assert_eq!(journal.facts().collect::<Vec<_>>(), facts.iter().collect::<Vec<_>>());
        for n in 0..=facts.len() {
            assert!(fold(journal.facts().take(n)) == fold(&facts[..n]), "seed {seed}, the first {n}");
        }
        let opened = fold(&facts).opened.unwrap();
        assert_eq!(session.documents(&opened.documents).unwrap(), documents());
    }
}

#[tokio::test]
async fn records_are_numbered_and_their_time_never_goes_back() {
    let home = Home::new();
    let (session, writer) = home.store.create(&[]).unwrap();
    let mut returned = Vec::new();
    for n in 0..50 {
        let facts = (0..n % 4).map(|m| note(&format!("{n}.{m}"))).collect();
        returned.extend(writer.append(facts, Durability::Synced).await.unwrap());
    }
    writer.close().await.unwrap();
    let records = session.read().unwrap().records;
    assert_eq!(records, returned);
    assert!(records.iter().map(|record| record.seq).eq(1..=73));
    assert!(records.is_sorted_by_key(|record| record.at_ms));
    assert!(records[0].at_ms > 1_700_000_000_000);
}

#[tokio::test]
async fn many_tasks_share_one_writer() {
    let home = Home::new();
    let (session, writer) = home.store.create(&[]).unwrap();
    let tasks: Vec<_> = (0..40)
        .map(|n| {
            let writer = writer.clone();
            tokio::spawn(async move {
                for m in 0..20 {
                    writer.append(vec![note(&format!("{n}.{m}"))], Durability::Written).await.unwrap();
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    writer.close().await.unwrap();
    let journal = session.read().unwrap();
    assert_eq!((journal.records.len(), journal.warnings.len()), (800, 0));
}

#[tokio::test]
async fn a_sealed_journal_takes_nothing_more() {
    let home = Home::new();
    let (session, writer) = home.store.create(&[]).unwrap();
    let end = || Fact::SessionEnded { ending: Ending::Cancelled };
    let both = writer.append(vec![end(), note("late")], Durability::Written).await;
    assert!(matches!(both, Err(JournalError::Sealed { .. })));
    assert!(session.read().unwrap().records.is_empty());
    let records = writer.append(vec![note("in time"), end()], Durability::Synced).await.unwrap();
    assert!(records[1].blake3.is_some());
    let late = writer.append(vec![note("late")], Durability::Written).await;
    assert!(late.unwrap_err().to_string().contains("has ended"));
    assert!(session.read().unwrap().closed);
}

#[tokio::test]
async fn a_closed_writer_says_so_and_a_dropped_one_leaves_what_it_wrote() {
    let home = Home::new();
    let (session, writer) = home.store.create(&[]).unwrap();
    let other = writer.clone();
    other.append(vec![note("kept")], Durability::Written).await.unwrap();
    writer.close().await.unwrap();
    assert!(!session.is_running());
    let error = other.append(vec![note("lost")], Durability::Written).await.unwrap_err();
    assert!(error.to_string().contains("has stopped"), "{error}");
    assert_eq!(session.read().unwrap().records.len(), 1);
}

#[tokio::test]
async fn a_journal_can_be_read_while_it_is_written() {
    let home = Home::new();
    let (session, writer) = home.store.create(&documents()).unwrap();
    for fact in World::facts(5, 2, 3) {
        writer.append(vec![fact], Durability::Written).await.unwrap();
        let journal = session.read().unwrap();
        assert!(journal.warnings.is_empty() && !journal.records.is_empty());
    }
    assert!(session.is_running());
    assert!(session.read().unwrap().closed);
}

#[tokio::test]
async fn a_second_writer_is_refused_and_so_is_deletion_while_a_reader_never_is() {
    let home = Home::new();
    let (session, writer) = home.store.create(&[]).unwrap();
    writer.append(vec![note("first")], Durability::Written).await.unwrap();
    let second = lock::Lock::take(session.path(), session.id()).unwrap_err();
    assert!(second.to_string().contains("is being written by another process"), "{second}");
    assert!(matches!(session.delete(), Err(JournalError::Locked { .. })));
    assert!(session.is_running());
    assert_eq!(session.read().unwrap().records.len(), 1);
    writer.close().await.unwrap();
    session.delete().unwrap();
    assert!(!session.path().exists());
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_else_can_look_into_a_session() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new();
    recorded(&home.store, 1).await;
    let mut folders = vec![home.store.root().to_owned()];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700, "{folder:?}");
        for entry in fs::read_dir(&folder).unwrap() {
            let entry = entry.unwrap();
            if entry.path().is_dir() {
                folders.push(entry.path());
            } else {
                assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", entry.path());
                files += 1;
            }
        }
    }
    // The journal, the lock, two texts and the pages of one.
    assert_eq!(files, 5);
}

#[cfg(unix)]
#[tokio::test]
async fn a_removed_folder_is_noticed() {
    let home = Home::new();
    let (session, writer) = home.store.create(&documents()).unwrap();
    writer.append(vec![note("here")], Durability::Written).await.unwrap();
    fs::remove_dir_all(session.path()).unwrap();
    let error = writer.append(vec![note("nowhere")], Durability::Written).await.unwrap_err();
    assert!(error.to_string().contains("was removed while it was written to"), "{error}");
}

#[test]
fn a_store_that_cannot_be_made_says_where_and_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let error = Store::new(file.join("sessions")).create(&[]).unwrap_err().to_string();
    assert!(error.contains("cannot make the folder") && error.contains("sessions"), "{error}");
    let full = JournalError::io("write", &file)(std::io::ErrorKind::StorageFull.into()).to_string();
    assert!(full.contains("the disk is full; make room"), "{full}");
}

/// A journal on a device that is always full: nothing is taken for written.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_full_disk_is_an_error_and_not_a_record() {
    let home = Home::new();
    let (session, writer) = home.store.create(&[]).unwrap();
    writer.close().await.unwrap();
    let lock = lock::Lock::take(session.path(), session.id()).unwrap();
    let full = fs::OpenOptions::new().append(true).open("/dev/full").unwrap();
    let writer = JournalWriter::start(&session, full, lock).unwrap();
    for _ in 0..2 {
        let error = writer.append(vec![note("too much")], Durability::Written).await.unwrap_err();
        assert!(matches!(error, JournalError::Io { .. }), "{error}");
    }
}

proptest! {
    /// The fold of a journal can only equal the live state if not one bit of a sum of money is lost on the way.
    #[test]
    fn numbers_come_back_as_they_were(input in 0..10_000_000u64, output in 0..100_000u64, price in 0.0..100.0f64, cpu in 0.0..100.0f32) {
        let price = Price { cached_input: price / 3.0, ..Price::flat(price, price * 4.1) };
        let usage = Usage { input_tokens: input, cached_input_tokens: input / 7, output_tokens: output, ..Usage::default() };
        let answer = RemoteAnswer {
            ask: AskId { round: 1, n: 1 },
            text: String::new(),
            finish: Finish::Stop,
            usage,
            cost_usd: Some(price.cost(&usage)),
            first_token_ms: 0,
            total_ms: 0,
        };
        let sample = UtilizationSample { cpu_percent: Some(cpu), ..UtilizationSample::default() };
        for fact in [Fact::RemoteAnswered(answer), Fact::UtilizationSampled(sample)] {
            let mut line = Vec::new();
            record::write_line(&mut line, 1, 1, &fact, None).unwrap();
            prop_assert_eq!(record::read_line(&line).unwrap().fact, Stored::Known(Box::new(fact)));
        }
    }
}
