//! A journal whose writer stopped is written on, and nothing that was acknowledged is lost.

use std::fs;
use std::io::Write;

use super::*;

fn facts(count: usize) -> Vec<Fact> {
    World::facts(3, 2, 4).into_iter().take(count).collect()
}

/// A session whose writer stopped after so many facts.
async fn stopped(home: &Home, count: usize) -> Session {
    let (session, writer) = home.store.create(&documents()).unwrap();
    writer.append(facts(count), Durability::Written).await.unwrap();
    writer.close().await.unwrap();
    session
}

fn reopen(session: &Session) -> (Reopened, Vec<Record>) {
    let mut records = Vec::new();
    let reopened = session.reopen(|record| records.push(record)).unwrap();
    (reopened, records)
}

async fn end(reopened: Reopened) {
    let ending = Fact::SessionEnded { ending: crate::protocol::Ending::Cancelled };
    reopened.journal.append(vec![note("on"), ending], Durability::Synced).await.unwrap();
    reopened.journal.close().await.unwrap();
}

#[tokio::test]
async fn records_go_on_where_they_stopped_and_the_seal_covers_them_all() {
    let home = Home::new();
    let session = stopped(&home, 9).await;
    let (reopened, records) = reopen(&session);
    assert_eq!((records.len(), reopened.warnings.as_slice()), (9, [].as_slice()));
    end(reopened).await;
    let found = session.verify().unwrap();
    assert_eq!((found.records, found.seal, found.problems.as_slice()), (11, Seal::Intact, [].as_slice()));
    let sealed = session.reopen(|_| {}).unwrap_err();
    assert!(sealed.to_string().contains("has ended"), "{sealed}");
}

#[tokio::test]
async fn a_journal_cut_at_any_byte_is_cut_back_to_its_last_record_and_written_on() {
    let home = Home::new();
    let session = stopped(&home, 4).await;
    let whole = fs::read(journal_of(&session)).unwrap();
    let last_two = memchr::memrchr_iter(b'\n', &whole).nth(2).unwrap();
    for cut in (last_two..=whole.len()).step_by(13).chain([whole.len() - 1, whole.len()]) {
        fs::write(journal_of(&session), &whole[..cut]).unwrap();
        let _ = fs::remove_file(session.path().join("journal.torn"));
        let before = session.read().unwrap().records;
        let (reopened, records) = reopen(&session);
        assert!(records == before, "cut at {cut}");
        let torn = fs::read(session.path().join("journal.torn")).unwrap_or_default();
        let tail = memchr::memrchr(b'\n', &whole[..cut]).map_or(0, |at| at + 1);
        let lost = &whole[tail..cut];
        let is_record = records.len() > memchr::memchr_iter(b'\n', &whole[..cut]).count();
        match lost.is_empty() || is_record {
            true => assert_eq!(torn, b"", "cut at {cut}"),
            false => {
                assert_eq!(torn, [lost, b"\n"].concat(), "cut at {cut}");
                assert!(reopened.warnings[0].contains("kept in journal.torn"), "{:?}", reopened.warnings);
            }
        }
        end(reopened).await;
        let found = session.verify().unwrap();
        assert_eq!((found.problems.as_slice(), found.seal), ([].as_slice(), Seal::Intact), "cut at {cut}");
    }
    session.delete().unwrap();
    assert!(!session.path().exists(), "the torn bytes go with the session");
}

#[tokio::test]
async fn garbage_in_the_middle_is_told_kept_and_written_after() {
    let home = Home::new();
    let session = stopped(&home, 5).await;
    let whole = fs::read_to_string(journal_of(&session)).unwrap();
    let mut lines: Vec<&str> = whole.lines().collect();
    lines[2] = "\u{0}\u{0}secret{";
    fs::write(journal_of(&session), lines.join("\n") + "\n").unwrap();
    let (reopened, records) = reopen(&session);
    assert_eq!(records.iter().map(|record| record.seq).collect::<Vec<_>>(), [1, 2, 4, 5]);
    assert!(reopened.warnings[0].starts_with("line 3 is damaged and passed over"), "{:?}", reopened.warnings);
    assert!(!reopened.warnings.concat().contains("secret"));
    end(reopened).await;
    let journal = session.read().unwrap();
    assert_eq!(journal.records.last().unwrap().seq, 7);
    assert_eq!(session.verify().unwrap().seal, Seal::Intact);
}

#[tokio::test]
async fn a_clock_that_was_set_back_never_shows_in_the_records() {
    let home = Home::new();
    let session = stopped(&home, 3).await;
    let far = "{\"v\":1,\"seq\":4,\"at_ms\":4102444800000,\"fact\":{\"kind\":\"note_added\",\"text\":\"2100\"}}\n";
    fs::OpenOptions::new().append(true).open(journal_of(&session)).unwrap().write_all(far.as_bytes()).unwrap();
    let (reopened, _) = reopen(&session);
    end(reopened).await;
    let records = session.read().unwrap().records;
    assert!(records.is_sorted_by_key(|record| record.at_ms));
    assert_eq!(records.last().unwrap().at_ms, 4_102_444_800_000);
}

#[tokio::test]
async fn only_one_process_goes_on_with_a_session_and_the_lock_of_a_dead_one_is_no_obstacle() {
    let home = Home::new();
    let session = stopped(&home, 3).await;
    assert!(session.path().join("lock").exists(), "the file stays, the lock does not");
    let (first, _) = reopen(&session);
    let second = session.reopen(|_| {}).unwrap_err();
    assert!(second.to_string().contains("is being written by another process"), "{second}");
    drop(first);
    // The writer's thread frees the lock as it ends.
    let again = (0..200).find_map(|_| {
        std::thread::sleep(std::time::Duration::from_millis(5));
        session.reopen(|_| {}).ok()
    });
    assert!(again.is_some());
}

#[tokio::test]
async fn a_folder_that_was_removed_is_told() {
    let home = Home::new();
    let session = stopped(&home, 3).await;
    fs::remove_dir_all(session.path()).unwrap();
    let gone = session.reopen(|_| {}).unwrap_err();
    assert!(gone.to_string().contains("it is not there (any more)"), "{gone}");
    let session = stopped(&home, 3).await;
    let (reopened, _) = reopen(&session);
    fs::remove_dir_all(session.path()).unwrap();
    let gone = reopened.journal.append(vec![note("late")], Durability::Written).await.unwrap_err();
    assert!(gone.to_string().contains("was removed while it was written to"), "{gone}");
}
