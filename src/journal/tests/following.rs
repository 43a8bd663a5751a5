//! A journal that is followed while another writes it.

use std::io::Write;
use std::time::Duration;

use super::super::{Durability, Followed, Session, Store};
use crate::protocol::Fact;

fn note(text: &str) -> Vec<Fact> {
    vec![Fact::NoteAdded { text: text.into() }]
}

async fn next(follower: &mut super::super::Follower) -> Followed {
    tokio::time::timeout(Duration::from_secs(20), follower.next()).await.unwrap().unwrap()
}

fn numbers(followed: Followed) -> Vec<u64> {
    match followed {
        Followed::Records(records) => records.iter().map(|record| record.seq).collect(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn records_come_in_order_as_they_are_written_and_then_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let (session, writer) = Store::new(folder.path().into()).create(&[]).unwrap();
    writer.append(note("before"), Durability::Written).await.unwrap();
    let mut follower = session.follow().unwrap();
    assert_eq!(numbers(next(&mut follower).await), [1]);
    for seq in 2..50 {
        writer.append(note("more"), Durability::Written).await.unwrap();
        assert_eq!(numbers(next(&mut follower).await), [seq]);
    }
    writer
        .append(vec![Fact::SessionEnded { ending: crate::protocol::Ending::Cancelled }], Durability::Synced)
        .await
        .unwrap();
    assert_eq!(numbers(next(&mut follower).await), [50]);
    assert!(matches!(next(&mut follower).await, Followed::Ended));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_that_goes_without_an_end_is_noticed_once_all_it_wrote_was_read() {
    let folder = tempfile::tempdir().unwrap();
    let (session, writer) = Store::new(folder.path().into()).create(&[]).unwrap();
    let mut follower = session.follow().unwrap();
    writer.append(note("one"), Durability::Written).await.unwrap();
    writer.close().await.unwrap();
    assert_eq!(numbers(next(&mut follower).await), [1]);
    assert!(matches!(next(&mut follower).await, Followed::Abandoned));
}

#[tokio::test(flavor = "multi_thread")]
async fn half_a_line_waits_for_its_end_or_is_taken_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.jsonl");
    let line = |seq: u64| {
        format!("{{\"v\":1,\"seq\":{seq},\"at_ms\":1,\"fact\":{{\"kind\":\"note_added\",\"text\":\"é\"}}}}\n")
    };
    let whole = line(1);
    std::fs::write(&path, &whole[..20]).unwrap();
    let lock = std::fs::File::create(folder.path().join("lock")).unwrap();
    lock.lock().unwrap();
    let mut follower = Session::at(folder.path()).unwrap().follow().unwrap();
    assert!(tokio::time::timeout(Duration::from_millis(50), follower.next()).await.is_err(), "it is not whole");
    let mut file = std::fs::File::options().append(true).open(&path).unwrap();
    file.write_all(&whole.as_bytes()[20..]).unwrap();
    assert_eq!(numbers(next(&mut follower).await), [1]);
    file.write_all(b"{\"v\":1,\"torn").unwrap();
    assert!(tokio::time::timeout(Duration::from_millis(50), follower.next()).await.is_err());
    file.set_len(whole.len() as u64).unwrap();
    file.write_all(line(2).as_bytes()).unwrap();
    assert_eq!(numbers(next(&mut follower).await), [2]);
    std::fs::remove_file(&path).unwrap();
    assert!(matches!(next(&mut follower).await, Followed::Removed));
    drop(lock);
}
