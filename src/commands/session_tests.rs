//! What `sessions` and `replay --headless` print.

use color_eyre::Result;

use super::{replay_headless, sessions, verify};
use crate::journal::world::{World, documents};
use crate::journal::{Durability, Session, Store};
use crate::protocol::{Ending, Fact};

async fn store_with(facts: Vec<Fact>) -> (tempfile::TempDir, Store, Session) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(folder.path().to_owned());
    let (session, writer) = store.create(&documents()).unwrap();
    writer.append(facts, Durability::Synced).await.unwrap();
    writer.close().await.unwrap();
    (folder, store, session)
}

/// A run that ended with an answer that jobs gave.
fn answered() -> Vec<Fact> {
    let complete = |facts: &Vec<Fact>| {
        facts.iter().any(is_answer) && facts.iter().any(|fact| matches!(fact, Fact::TransformBegan { .. }))
    };
    (0..).map(|seed| World::facts(seed, 2, 6)).find(complete).unwrap()
}

fn is_answer(fact: &Fact) -> bool {
    matches!(fact, Fact::Answered { answer: Some(_), .. })
}

fn printed(print: impl FnOnce(&mut dyn std::io::Write) -> Result<()>) -> String {
    let mut out = Vec::new();
    print(&mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "a control came through: {text:?}");
    text
}

#[tokio::test]
async fn a_list_is_a_table_for_people_and_json_for_scripts() {
    let (_folder, store, session) = store_with(answered()).await;
    let text = printed(|out| sessions::list(&store, false, out));
    let mut lines = text.lines();
    assert!(lines.next().unwrap().starts_with("SESSION "));
    let line = lines.next().unwrap();
    assert!(
        line.starts_with(session.id().as_str()) && line.contains("answered") && line.contains("How much"),
        "{line}"
    );
    let json: serde_json::Value = serde_json::from_str(&printed(|out| sessions::list(&store, true, out))).unwrap();
    assert_eq!(json[0]["id"], session.id().as_str());
    assert_eq!(json[0]["ended"]["outcome"], "answered");
    assert_eq!(json[0]["documents"][1], "plain.txt");
}

#[test]
fn an_empty_store_says_how_to_fill_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(folder.path().join("none"));
    assert!(printed(|out| sessions::list(&store, false, out)).contains("`minions run`"));
    assert_eq!(printed(|out| sessions::list(&store, true, out)), "[]\n");
}

#[tokio::test]
async fn a_session_is_shown_with_its_answer_and_where_it_stands() {
    let (_folder, store, _) = store_with(answered()).await;
    let text = printed(|out| sessions::show(&store, "last", false, out));
    for part in ["remote LM  openai m␛[31m-1", "€5.3 million 🙂", "bytes 30–52", "state      answered"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let json: serde_json::Value =
        serde_json::from_str(&printed(|out| sessions::show(&store, "last", true, out))).unwrap();
    assert_eq!(json["answer"], "€5.3 million 🙂");
    assert_eq!(json["documents"][1]["name"], "plain.txt");
    assert_eq!(json["citations"][0]["located"]["span"]["start"], 30);
}

#[tokio::test]
async fn a_changed_session_is_an_error_and_says_what_was_changed() {
    let (_folder, store, session) = store_with(answered()).await;
    assert!(printed(|out| verify::verify(&store, "last", false, out)).contains("its seal fits"));
    let path = session.path().join("journal.jsonl");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replacen("How much", "How many", 1)).unwrap();
    let mut out = Vec::new();
    assert!(verify::verify(&store, "last", true, &mut out).is_err());
    let json: serde_json::Value = serde_json::from_slice(&out).unwrap();
    assert_eq!((&json["intact"], &json["seal"]), (&false.into(), &"broken".into()));
}

#[tokio::test]
async fn a_deleted_session_is_gone() {
    let (_folder, store, session) = store_with(answered()).await;
    assert!(printed(|out| sessions::delete(&store, "last", false, out)).contains(session.id().as_str()));
    assert!(store.list().unwrap().is_empty());
    assert!(sessions::delete(&store, "last", false, &mut Vec::new()).is_err());
}

#[tokio::test]
async fn a_transcript_tells_every_step_to_the_cited_answer() {
    let (_folder, _, session) = store_with(answered()).await;
    let text = printed(|out| replay_headless::transcript(&session, 0, out));
    let parts = [
        "question: How much",
        "document: plain.txt (14 bytes)",
        "── round 1 ──",
        "ask 1 to advise: about ",
        "reply 1 (advise): 100 tokens in (7 cached), 20 out, $0.0001, 0.0 s",
        "│ def prepare_jobs(context):",
        "12 jobs: 5 chunks, 3 tasks, 2 sample(s)",
        "jobs: ",
        "aggregated: ",
        "decision: answer",
        "answer: €5.3 million 🙂",
        "[1] “Revenue rose to €5.3 million” (Jahresbericht 📈.txt, page 1, bytes 30–52, the same words, set differently)",
        "ended: answered",
        "remote: ",
    ];
    let mut rest = text.as_str();
    for part in parts {
        let at = rest.find(part).unwrap_or_else(|| panic!("`{part}` is missing or out of order in:\n{text}"));
        rest = &rest[at..];
    }
    let tail = printed(|out| replay_headless::transcript(&session, usize::MAX, out));
    assert!(!tail.contains("ask 1") && tail.contains("remote: "), "{tail}");
}

#[tokio::test]
async fn an_interrupted_session_names_the_ask_that_may_have_been_paid_for() {
    let facts: Vec<Fact> = World::facts(1, 2, 3).into_iter().take(3).collect();
    assert!(matches!(facts[2], Fact::RemoteAsked(_)));
    let (_folder, store, session) = store_with(facts).await;
    let text = printed(|out| replay_headless::transcript(&session, 0, out));
    assert!(text.contains("the session was interrupted\nask 1 (advise) has no reply on record"), "{text}");
    assert!(printed(|out| sessions::list(&store, false, out)).contains("interrupted"));
}

#[tokio::test]
async fn a_failed_session_says_why() {
    let ending = Ending::Failed { error: "the disk\u{1b}[2J is full".into() };
    let mut facts: Vec<Fact> = World::facts(1, 2, 3).into_iter().take(3).collect();
    facts.push(Fact::SessionEnded { ending });
    let (_folder, store, session) = store_with(facts).await;
    let text = printed(|out| replay_headless::transcript(&session, 0, out));
    assert!(text.contains("ended: failed, the disk␛[2J is full"), "{text}");
    assert!(printed(|out| sessions::show(&store, "last", false, out)).contains("reason     the disk␛[2J is full"));
}
