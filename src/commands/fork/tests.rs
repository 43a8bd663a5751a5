use futures_util::FutureExt;

use super::*;
use crate::config::{Override, Sources, load};
use crate::journal::Durability;
use crate::journal::world::{World, documents};
use crate::protocol::redact::{Kind, PrivateWord, Redaction, Rules};

fn old() -> Settings {
    let rules = Rules { names: vec!["Anna Lind".into()], kinds: vec![Kind::Iban], ..Rules::default() };
    let words = vec![PrivateWord { kind: Kind::Name, word: "Anna Lind".into() }];
    let redact = Some(Redaction { rules, tag: "X".into(), words });
    let blotted = vec![crate::protocol::Redaction::Pattern("[0-9]{2}".into())];
    Settings { max_exposed_share: Some(0.2), redact, blotted, samples: 2, ..Settings::default() }
}

/// The settings of today, where these were named on the command line.
fn today(flags: &[(&str, &str)]) -> Loaded {
    let flag =
        |(name, value): &(&str, &str)| Override { name: (*name).into(), value: (*value).into(), flag: "--flag".into() };
    load(&Sources { flags: flags.iter().map(flag).collect(), ..Sources::default() }).unwrap()
}

fn fork_with(flags: &[(&str, &str)]) -> Settings {
    settings_of(&today(flags), &old()).unwrap()
}

fn redacted(settings: &Settings) -> &Redaction {
    settings.redact.as_ref().unwrap()
}

#[test]
fn what_the_old_session_kept_private_stays_private_in_the_fork() {
    let plain = today(&[]);
    for settings in [settings_of(&plain, &old()).unwrap(), of_form(&plain, &old())] {
        assert_eq!((&settings.redact, settings.max_exposed_share), (&old().redact, Some(0.2)));
        assert_eq!(settings.blotted, old().blotted);
    }
}

#[test]
fn redact_and_redact_name_add_to_what_is_kept_private() {
    let flags = [("redact.email", "true"), ("redact.names", "Li;Anna Lind"), ("redact.patterns", "P-[0-9]+")];
    for settings in [fork_with(&flags), of_form(&today(&flags), &old())] {
        let Redaction { rules, tag, words } = redacted(&settings);
        assert_eq!(rules.names, ["Anna Lind", "Li"]);
        assert_eq!(rules.kinds, [Kind::Iban, Kind::Email]);
        assert_eq!(rules.patterns, ["P-[0-9]+"]);
        assert_eq!((tag, words), (&redacted(&old()).tag, &redacted(&old()).words));
    }
    let without = Settings { redact: None, ..old() };
    let settings = settings_of(&today(&flags), &without).unwrap();
    assert_eq!(redacted(&settings).rules.kinds, [Kind::Email]);
}

#[test]
fn the_lower_limit_holds_unless_one_is_named() {
    assert_eq!(fork_with(&[("remote.max_exposed_share", "0.5")]).max_exposed_share, Some(0.5));
    assert_eq!(fork_with(&[("remote.max_exposed_share", "0.1")]).max_exposed_share, Some(0.1));
    let mut here = today(&[]);
    for (share, held) in [("0.5", 0.2), ("0.1", 0.1)] {
        here.change("remote.max_exposed_share", share).unwrap();
        assert_eq!(of_form(&here, &old()).max_exposed_share, Some(held));
        let flag = today(&[("remote.max_exposed_share", share)]);
        assert_eq!(of_form(&flag, &old()).max_exposed_share, share.parse().ok());
    }
}

#[test]
fn another_protocol_and_other_windows_are_refused() {
    for (name, value, flag) in
        [("protocol.name", "minion", "--protocol"), ("protocol.window_chars", "9000", "--window-chars")]
    {
        let failure = settings_of(&today(&[(name, value)]), &old()).unwrap_err();
        assert!(failure.to_string().starts_with(flag), "{failure}");
    }
}

#[test]
fn rules_that_are_new_take_words_out_of_question_and_documents() {
    let documents = [crate::document::Document::from_text("d", "NAME_1 is no name; Li is.")];
    let rules = Rules { names: vec!["Li".into()], ..Rules::default() };
    let settings = Settings { redact: Some(Redaction { rules, ..Redaction::default() }), ..Settings::default() };
    let opened = private::opened(&settings, "Who is Li?", &documents).unwrap();
    assert_eq!((redacted(&opened).tag.as_str(), redacted(&opened).words.len()), ("X", 1));
    let rules = Rules { patterns: vec!["(".into()], ..Rules::default() };
    let wrong = Settings { redact: Some(Redaction { rules, ..Redaction::default() }), ..Settings::default() };
    assert!(private::opened(&wrong, "", &documents).unwrap_err().to_string().contains("[redact]"));
}

#[test]
fn a_question_that_follows_up_keeps_private_what_the_one_before_did() {
    let kept = private::both(old().redact.as_ref(), None);
    assert_eq!(kept, old().redact);
    let now = today(&[("redact.names", "Li")]);
    let kept = private::both(old().redact.as_ref(), private::redaction(&now.config).as_ref()).unwrap();
    assert_eq!((kept.rules.names, kept.words), (vec!["Anna Lind".into(), "Li".into()], redacted(&old()).words.clone()));
}

#[test]
fn a_fork_that_is_taken_back_before_it_begins_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(folder.path().to_owned());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (parent, writer) = store.create(&documents()).unwrap();
    let written = async {
        writer.append(World::facts(1, 1, 2), Durability::Synced).await?;
        writer.close().await
    };
    runtime.block_on(written).unwrap();
    let plan = || {
        let past = Past::read(&parent, &Wanted::default()).unwrap();
        plan(past, &Wanted::default(), &Settings::default()).unwrap()
    };
    let made = runtime.block_on(plan().make(&store)).unwrap();
    assert_eq!(store.newest_first().unwrap().len(), 2);
    drop(made);
    assert_eq!(store.newest_first().unwrap(), std::slice::from_ref(&parent));
    // Nor does one that is left while what it begins with is written.
    drop(plan().make(&store).now_or_never());
    assert_eq!(store.newest_first().unwrap(), std::slice::from_ref(&parent));
}

#[tokio::test]
async fn a_session_is_read_up_to_the_place_where_it_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(folder.path().to_owned());
    let (parent, writer) = store.create(&documents()).unwrap();
    let facts = World::facts(5, 3, 6);
    writer.append(facts.clone(), Durability::Synced).await.unwrap();
    writer.close().await.unwrap();
    let read = |from: Option<Point>| Past::read(&parent, &Wanted { from, ..Wanted::default() });
    let at = |from| read(from).map(|past| (past.facts.len(), past.seq)).map_err(|error| error.to_string());
    let all = facts.len();
    let second = facts.iter().position(|fact| matches!(fact, Fact::RoundBegan { round: 2, .. })).unwrap();
    assert_eq!(at(None), Ok((1, 1)));
    assert_eq!(at(Some(Point::Record(7))), Ok((7, 7)));
    assert_eq!(at(Some(Point::Record(all as u64))), Ok((all, all as u64)));
    assert_eq!(at(Some(Point::Round(2))), Ok((second, second as u64)));
    for none in [0, all as u64 + 1] {
        let told = at(Some(Point::Record(none))).unwrap_err();
        assert!(told.ends_with(&format!("has no record {none}; its records are 1 to {all}")), "{told}");
    }
    assert!(at(Some(Point::Round(99))).unwrap_err().ends_with("has no round 99"));
    let asks = Wanted { question: Some("And then?".into()), ..Wanted::default() };
    assert_eq!(Past::read(&parent, &asks).unwrap().facts, facts);
}

#[tokio::test]
async fn a_fork_says_what_was_changed_and_what_was_not() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(folder.path().to_owned());
    let (parent, writer) = store.create(&documents()).unwrap();
    // One whose jobs ran, and whose program ran to its end, so that what they gave went on.
    let went_on = |facts: &Vec<Fact>| {
        let holds = |is: fn(&Fact) -> bool| facts.iter().any(is);
        holds(|fact| matches!(fact, Fact::JobStarted { .. }))
            && holds(|fact| matches!(fact, Fact::OutputsAggregated { .. }))
    };
    let facts = (1..).map(|seed| World::facts(seed, 1, 2)).find(went_on).unwrap();
    let mut codes = facts.iter().filter_map(|fact| match fact {
        Fact::CodeReceived { code, .. } => Some(code.attempt),
        _ => None,
    });
    let of_code = format!(": code of round 1, attempt {}", codes.next_back().unwrap());
    writer.append(facts, Durability::Synced).await.unwrap();
    writer.close().await.unwrap();
    let past = |wanted: &Wanted| Past::read(&parent, wanted).unwrap();
    let same = past(&Wanted::default()).settings();
    let output = JobOutput { answer: Some("7".into()), ..JobOutput::default() };
    let job = JobId { round: 1, index: 1 };
    for (wanted, settings, told) in [
        (Wanted::default(), same.clone(), "from record 1: nothing changed"),
        (
            Wanted::default(),
            Settings { samples: 3, max_rounds: 5, ..same.clone() },
            ": max rounds 1 → 5, samples 2 → 3",
        ),
        (Wanted { output: Some((job, output)), ..Wanted::default() }, same.clone(), ": output of job 1.1"),
        (Wanted { rerun_local: true, ..Wanted::default() }, same.clone(), ": jobs run again"),
        (Wanted { code: Some("x = 1".into()), ..Wanted::default() }, same.clone(), &of_code),
        (Wanted { question: Some("And now?".into()), ..Wanted::default() }, same.clone(), ": question"),
    ] {
        let plan = plan(past(&wanted), &wanted, &settings).unwrap_or_else(|error| panic!("{told}: {error}"));
        let made = plan.make(&store).await.unwrap();
        let origin = made.session.summary().parent.unwrap().told();
        assert!(origin.starts_with("from record ") && origin.ends_with(told), "{origin}: {told}");
    }
}
