//! Of a damaged journal as much is read as there is, and what is wrong is told.

use std::fs;

use super::*;

/// A session that consists of these bytes alone.
fn session_of(folder: &std::path::Path, journal: &[u8]) -> Session {
    fs::write(folder.join("journal.jsonl"), journal).unwrap();
    Session::at(folder).unwrap()
}

fn line(seq: u64, fact: &str) -> String {
    format!("{{\"v\":1,\"seq\":{seq},\"at_ms\":5,\"fact\":{fact}}}\n")
}

const NOTE: &str = r#"{"kind":"note_added","text":"é"}"#;

#[tokio::test]
async fn a_journal_cut_at_every_byte_is_a_prefix_of_its_records() {
    let home = Home::new();
    let (session, writer) = home.store.create(&documents()).unwrap();
    writer.append(World::facts(1, 1, 2), Durability::Written).await.unwrap();
    writer.close().await.unwrap();
    let whole = fs::read(journal_of(&session)).unwrap();
    assert!(String::from_utf8(whole.clone()).unwrap().contains("€5.3 million 🙂"));
    let records = session.read().unwrap().records;
    let file = fs::OpenOptions::new().write(true).open(journal_of(&session)).unwrap();
    for cut in (0..=whole.len()).rev() {
        file.set_len(cut as u64).unwrap();
        let journal = session.read().unwrap();
        let complete = memchr::memchr_iter(b'\n', &whole[..cut]).count();
        // A line that lacks only its line feed is whole.
        let lacks_its_end_only = whole.get(cut) == Some(&b'\n');
        let expected = complete + usize::from(lacks_its_end_only);
        assert_eq!(journal.records.len(), expected, "cut at {cut}");
        assert!(journal.records == records[..expected], "cut at {cut}");
        assert_eq!(journal.closed, expected == records.len(), "cut at {cut}");
        let torn = cut > 0 && whole[cut - 1] != b'\n' && !lacks_its_end_only;
        let told = journal.warnings.iter().any(|warning| warning.contains("cut off"));
        assert_eq!(told, torn, "cut at {cut}: {:?}", journal.warnings);
    }
}

#[test]
fn a_record_of_unknown_kind_is_kept_as_it_stands() {
    let folder = tempfile::tempdir().unwrap();
    let gate = r#"{"kind":"gate_opened","gate":{"before":"ask"},"n":1}"#;
    let journal = [line(1, NOTE), line(2, gate), line(3, NOTE)].concat();
    let journal = session_of(folder.path(), journal.as_bytes()).read().unwrap();
    assert_eq!(journal.records.len(), 3);
    assert_eq!(journal.records[1].fact, Stored::Unknown(serde_json::from_str(gate).unwrap()));
    assert_eq!(journal.records[1].fact.unknown_kind(), Some("gate_opened"));
    assert_eq!(journal.warnings, ["line 2: this program does not know all of a record `gate_opened`; kept as it is"]);
    assert_eq!(journal.facts().count(), 2);
}

#[test]
fn a_known_kind_with_a_content_of_later_times_is_kept_too() {
    let folder = tempfile::tempdir().unwrap();
    let later = r#"{"kind":"session_ended","ending":{"outcome":"handed_over"}}"#;
    let journal = session_of(folder.path(), line(1, later).as_bytes()).read().unwrap();
    assert_eq!(journal.records[0].fact.unknown_kind(), Some("session_ended"));
}

#[test]
fn fields_of_later_times_are_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    let text =
        "{\"v\":1,\"host\":\"x\",\"seq\":1,\"at_ms\":5,\"fact\":{\"kind\":\"note_added\",\"by\":[1],\"text\":\"é\"}}\n";
    let journal = session_of(folder.path(), text.as_bytes()).read().unwrap();
    assert_eq!(journal.facts().collect::<Vec<_>>(), [&note("é")]);
    assert!(journal.warnings.is_empty());
}

#[test]
fn a_newer_format_is_refused_in_one_sentence() {
    let folder = tempfile::tempdir().unwrap();
    for newer in [line(2, NOTE).replace("\"v\":1", "\"v\":2"), "{\"v\":99,\"facts\":[]}\n".into()] {
        let session = session_of(folder.path(), [line(1, NOTE), newer].concat().as_bytes());
        for error in [session.read().unwrap_err(), session.verify().unwrap_err()] {
            let error = error.to_string();
            assert!(
                error.contains("reads up to 1: open it with a newer program") && error.contains("line 2"),
                "{error}"
            );
            assert!(!error.contains('\n'));
        }
    }
}

#[test]
fn garbage_in_the_middle_is_told_by_its_line_and_the_rest_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let garbage: [&[u8]; 8] = [
        b"secret words\n",
        b"\n",
        b"\0\0\0\n",
        b"\xff\xfe\n",
        b"{}\n",
        b"[1]\n",
        b"{\"v\":1,\"seq\":2\n",
        b"{\"v\":0,\"seq\":2,\"at_ms\":5,\"fact\":{\"kind\":\"x\"}}\n",
    ];
    for garbage in garbage {
        let bytes = [line(1, NOTE).as_bytes(), garbage, line(3, NOTE).as_bytes()].concat();
        let journal = session_of(folder.path(), &bytes).read().unwrap();
        assert_eq!(journal.records.iter().map(|record| record.seq).collect::<Vec<_>>(), [1, 3]);
        assert_eq!(journal.warnings.len(), 2, "{:?}", journal.warnings);
        assert!(journal.warnings[0].starts_with("line 2 is damaged and passed over: "), "{:?}", journal.warnings);
        assert!(!journal.warnings[0].contains("secret"));
        assert!(journal.warnings[1].contains("line 3: record 3 stands where 2 was expected"));
    }
}

#[test]
fn an_empty_journal_says_that_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let journal = session_of(folder.path(), b"").read().unwrap();
    assert_eq!(journal.warnings, ["the journal holds no record"]);
    assert!(!journal.closed);
}

#[tokio::test]
async fn verify_finds_any_changed_byte_before_the_seal() {
    let home = Home::new();
    let (session, _) = recorded(&home.store, 4).await;
    let found = session.verify().unwrap();
    assert_eq!((found.problems.as_slice(), found.seal, found.documents), ([].as_slice(), Seal::Intact, 2));
    let path = journal_of(&session);
    let whole = fs::read(&path).unwrap();
    let sealed = memchr::memrchr(b'\n', &whole[..whole.len() - 1]).unwrap();
    for at in (0..=sealed).step_by(211) {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        fs::write(&path, &changed).unwrap();
        // A changed version digit makes the journal one that cannot be read at all, which is no less a finding.
        assert!(session.verify().map_or(true, |found| !found.is_intact()), "byte {at}");
    }
    let first = memchr::memchr(b'\n', &whole).unwrap();
    fs::write(&path, &whole[first + 1..]).unwrap();
    assert!(!session.verify().unwrap().is_intact());
    fs::write(&path, [whole.as_slice(), line(9, NOTE).as_bytes()].concat()).unwrap();
    assert!(session.verify().unwrap().problems[0].contains("after the end"));
}

#[tokio::test]
async fn verify_finds_a_changed_or_missing_document() {
    let home = Home::new();
    let (session, facts) = recorded(&home.store, 4).await;
    let references = fold(&facts).opened.unwrap().documents;
    let text = session.path().join("documents").join(format!("{}.txt", references[0].hash));
    let before = fs::read_to_string(&text).unwrap();
    fs::write(&text, before.replace("4 711", "4 712")).unwrap();
    let found = session.verify().unwrap();
    assert!(found.problems.len() == 1 && found.problems[0].contains("its hash differs"), "{found:?}");
    assert!(session.documents(&references).is_err());
    fs::remove_file(&text).unwrap();
    assert!(session.verify().unwrap().problems[0].contains("the file is missing"));
}

#[tokio::test]
async fn a_session_that_did_not_end_has_no_seal_and_no_problem() {
    let home = Home::new();
    let (session, writer) = home.store.create(&[]).unwrap();
    writer.append(vec![note("one")], Durability::Synced).await.unwrap();
    let found = session.verify().unwrap();
    assert_eq!((found.seal, found.is_intact()), (Seal::None, true));
}

#[test]
fn of_a_journal_of_garbage_the_first_warnings_are_told_and_the_others_counted() {
    let folder = tempfile::tempdir().unwrap();
    let journal = [line(1, NOTE), "garbage\n".repeat(1_000), line(1_002, NOTE)].concat();
    let session = session_of(folder.path(), journal.as_bytes());
    let read = session.read().unwrap();
    assert_eq!((read.records.len(), read.warnings.len()), (2, 21));
    assert!(read.warnings[0].starts_with("line 2 is damaged"), "{}", read.warnings[0]);
    assert_eq!(read.warnings[20], "and 981 more of its lines are damaged or not in their place");
    let reopened = session.reopen(|_| {}).unwrap();
    assert_eq!(reopened.warnings.len(), 21);
}
