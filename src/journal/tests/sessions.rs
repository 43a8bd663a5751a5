//! A store finds its sessions by what a person types, and shows the broken ones too.

use std::fs;

use super::*;
use crate::journal::Label;
use crate::protocol::{AskState, Bill, Ending, Price};

#[tokio::test]
async fn a_list_tells_of_each_session_and_hides_none_for_a_broken_one() {
    let home = Home::new();
    assert!(home.store.list().unwrap().is_empty());
    let (whole, facts) = recorded(&home.store, 2).await;
    let (cut, _) = recorded(&home.store, 3).await;
    let bytes = fs::read(journal_of(&cut)).unwrap();
    fs::write(journal_of(&cut), &bytes[..bytes.len() - 5]).unwrap();
    let newer = home.store.root().join("20200101-000000-aaaa");
    fs::create_dir(&newer).unwrap();
    fs::write(newer.join("journal.jsonl"), "{\"v\":2}\n").unwrap();
    let empty = home.store.root().join("20190101-000000-bbbb");
    fs::create_dir(&empty).unwrap();
    fs::create_dir(home.store.root().join("no session")).unwrap();
    fs::write(home.store.root().join("stray.txt"), "").unwrap();

    let list = home.store.list().unwrap();
    assert_eq!(list.len(), 4);
    let find = |session: &Session| list.iter().find(|summary| summary.id == *session.id()).unwrap();
    let state = fold(&facts);
    let summary = find(&whole);
    assert_eq!(summary.question, state.question());
    assert_eq!(summary.ended.as_ref(), state.ending());
    assert_eq!(summary.sums.unwrap().rounds as usize, state.rounds.len());
    let answered = state.asks().filter(|ask| matches!(ask.state, AskState::Answered(_))).count();
    assert!((summary.sums.unwrap().cost_usd.unwrap() - 0.000_123_4 * answered as f64).abs() < 1e-9);
    assert_eq!(summary.documents, ["Jahresbericht 📈.txt", "plain.txt"]);
    assert_eq!((summary.running, summary.problem.as_deref()), (false, None));
    assert!(find(&cut).ended.is_none());
    assert!(find(&cut).problem.as_ref().unwrap().contains("cut off"));
    assert!(list[2].problem.as_ref().unwrap().contains("newer program"), "{:?}", list[2]);
    assert!(list[3].problem.as_ref().unwrap().contains("cannot open"), "{:?}", list[3]);
}

#[tokio::test]
async fn wherever_a_session_ends_a_list_tells_what_its_facts_come_to_with_what_was_out() {
    let home = Home::new();
    let mut facts = World::facts(3, 2, 4);
    let Some(Fact::SessionOpened(opened)) = facts.first_mut() else { panic!("{facts:?}") };
    opened.local.price = Some(Price::flat(100.0, 100.0));
    let (mut out, mut read) = (0, 0);
    for end in 1..=facts.len() {
        let (session, writer) = home.store.create(&documents()).unwrap();
        writer.append(facts[..end].to_vec(), Durability::Written).await.unwrap();
        writer.close().await.unwrap();
        let mut bill = Bill::default();
        facts[..end].iter().for_each(|fact| bill.apply(fact));
        let sums = session.summary().sums.unwrap();
        assert_eq!(sums.paid, bill.left(), "after {:?}", facts[end - 1]);
        assert_eq!((sums.cost_usd, sums.lost_usd), (bill.left().planner.usd(), bill.left().planner.lost_usd));
        out += usize::from(bill.out_usd() > 0.0);
        read += usize::from(sums.local_cost_usd.is_some_and(|usd| usd > 0.0));
    }
    assert!(out > 0 && read > 0, "{out} {read}");
}

#[tokio::test]
async fn of_a_long_journal_a_list_tells_its_ends_and_no_sum() {
    let home = Home::new();
    let (short, _) = recorded(&home.store, 2).await;
    assert_eq!(short.brief(), short.summary());

    let facts = World::facts(2, 3, 6);
    let (session, writer) = home.store.create(&documents()).unwrap();
    let at = facts.iter().position(|fact| matches!(fact, Fact::Answered { .. })).unwrap();
    writer.append(facts[..at].to_vec(), Durability::Written).await.unwrap();
    writer.append(vec![note(&"long ".repeat(20_000)); 4], Durability::Written).await.unwrap();
    writer.append(facts[at..].to_vec(), Durability::Synced).await.unwrap();
    writer.close().await.unwrap();
    let (brief, whole) = (session.brief(), session.summary());
    assert!(whole.ended.is_some() && whole.sums.is_some() && brief.sums.is_none(), "{whole:?} {brief:?}");
    assert_eq!(brief, Summary { sums: None, ..whole });
    let answer = fold(&facts).answer.unwrap();
    let answer = answer.answer.unwrap_or_else(|| format!("no answer: {}", answer.explanation));
    assert_eq!(session.answer(), Some(answer));
}

#[tokio::test]
async fn a_running_session_is_listed_as_running() {
    let home = Home::new();
    let (session, writer) = home.store.create(&documents()).unwrap();
    let mut facts = World::facts(2, 2, 3);
    facts.truncate(3);
    writer.append(facts, Durability::Written).await.unwrap();
    let summary = session.summary();
    assert_eq!((summary.running, summary.ended, summary.problem), (true, None, None));
    writer.append(vec![Fact::SessionEnded { ending: Ending::Cancelled }], Durability::Synced).await.unwrap();
    writer.close().await.unwrap();
    let summary = session.summary();
    assert_eq!((summary.running, summary.ended), (false, Some(Ending::Cancelled)));
}

#[test]
fn a_session_is_found_by_id_prefix_path_or_last() {
    let home = Home::new();
    let error = home.store.resolve("last").unwrap_err().to_string();
    assert!(error.contains("no session yet"), "{error}");
    for id in ["20250101-120000-aaaa", "20250101-120000-aabb", "20260101-120000-cccc", "opm-report"] {
        fs::create_dir_all(home.store.root().join(id)).unwrap();
        fs::write(home.store.root().join(id).join("journal.jsonl"), "").unwrap();
    }
    let id = |name: &str| home.store.resolve(name).map(|session| session.id().to_string());
    assert_eq!(id("20250101-120000-aabb").unwrap(), "20250101-120000-aabb");
    assert_eq!(id("2026").unwrap(), "20260101-120000-cccc");
    assert_eq!(id("20250101-120000-aaa").unwrap(), "20250101-120000-aaaa");
    assert_eq!(id("opm").unwrap(), "opm-report");
    let path = home.store.root().join("opm-report");
    assert_eq!(id(path.to_str().unwrap()).unwrap(), "opm-report");
    assert_eq!(id("last").unwrap(), "opm-report", "it has no time in its name, and was made just now");
    let eval = |id: &str| {
        let mut label = Label::default();
        label.add_tag("eval-1234").unwrap();
        home.store.resolve(id).unwrap().set_label(&label).unwrap();
    };
    eval("opm-report");
    assert_eq!(id("last").unwrap(), "20260101-120000-cccc", "those of evals are not meant");
    ["2026", "20250101-120000-aaaa", "20250101-120000-aabb"].into_iter().for_each(eval);
    assert_eq!(id("last").unwrap(), "opm-report", "where there are no others");
    let ambiguous = id("2025").unwrap_err().to_string();
    assert!(ambiguous.contains("2 sessions (20250101-120000-aaaa, 20250101-120000-aabb)"), "{ambiguous}");
    let missing = id("2024").unwrap_err().to_string();
    assert!(missing.contains("there is no session `2024`") && missing.contains("sessions list"), "{missing}");
    for wrong in ["", "../x", "/nowhere/at/all", "..", "a b", "\u{1b}[2J"] {
        assert!(id(wrong).is_err(), "{wrong:?}");
    }
    fs::remove_dir_all(home.store.root().join("opm-report")).unwrap();
    assert_eq!(id("last").unwrap(), "20260101-120000-cccc");
}

#[tokio::test]
async fn deleting_removes_what_the_program_made_and_nothing_else() {
    let home = Home::new();
    let (session, _) = recorded(&home.store, 1).await;
    let (other, _) = recorded(&home.store, 2).await;
    fs::write(other.path().join("mine.txt"), "keep").unwrap();
    session.delete().unwrap();
    assert!(!session.path().exists());
    assert!(other.delete().is_err());
    assert!(other.path().join("mine.txt").exists() && !other.path().join("journal.jsonl").exists());
}

#[tokio::test]
async fn what_a_killed_process_was_making_is_deleted_with_the_session() {
    let home = Home::new();
    let (session, _) = recorded(&home.store, 1).await;
    for name in ["control", "control.new", "label.json.new", "journal.jsonl.new", "journal.jsonl.zst.new"] {
        fs::write(session.path().join(name), "half").unwrap();
    }
    session.delete().unwrap();
    assert!(!session.path().exists());
}

#[tokio::test]
async fn of_two_sessions_made_in_one_second_the_later_is_last() {
    let home = Home::new();
    for (id, at_ms) in [("20260101-120000-aaaa", 9), ("20260101-120000-bbbb", 3), ("20250101-120000-cccc", 99)] {
        let folder = home.store.root().join(id);
        fs::create_dir_all(&folder).unwrap();
        let line =
            format!("{{\"v\":1,\"seq\":1,\"at_ms\":{at_ms},\"fact\":{{\"kind\":\"note_added\",\"text\":\"\"}}}}\n");
        fs::write(folder.join("journal.jsonl"), line).unwrap();
    }
    assert_eq!(home.store.resolve("last").unwrap().id().as_str(), "20260101-120000-aaaa");
}
