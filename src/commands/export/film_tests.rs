//! The same frames at every replay: of each shipped session all frames, at one size and in one theme.
//!
//! After a change of what the screen shows: `INSTA_UPDATE=always cargo test --lib film`.

use std::path::Path;

use super::cast;
use super::redact::Redaction;
use super::subject::Subject;
use crate::journal::Session;

/// How many frames, and the hash of all their bytes and times.
fn frames(session: &Session) -> (usize, String) {
    let subject = Subject::read(session, Redaction::default(), true).unwrap();
    let mut recorded = Vec::new();
    cast::write(&subject, (120, 36), &mut recorded).unwrap();
    let text = String::from_utf8(recorded).unwrap();
    let mut hash = blake3::Hasher::new();
    for event in text.lines().skip(1) {
        hash.update(event.as_bytes());
    }
    (text.lines().skip(1).count(), hash.finalize().to_hex().to_string())
}

#[test]
fn every_replay_of_a_shipped_session_shows_the_same_frames() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("sessions");
    let mut names: Vec<String> =
        folder.read_dir().unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert!(names.len() >= 2, "{names:?}");
    let told: Vec<String> = names
        .iter()
        .map(|name| {
            let session = Session::at(&folder.join(name)).unwrap();
            let (count, hash) = frames(&session);
            assert_eq!(frames(&session), (count, hash.clone()), "{name}");
            format!("{name}: {count} frames, {hash}")
        })
        .collect();
    insta::assert_snapshot!("frames", told.join("\n"));
}
