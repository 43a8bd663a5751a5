//! What cannot be worked on is refused in one sentence, before anything is sent or kept.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::home::{Home, Said, ledger_of};

async fn run(home: &Home, document: &str, more: &[&str]) -> Said {
    home.run(&[&["run", "-d", document, "-q", "What did item 7 bring in?"], more].concat()).await
}

fn home() -> Home {
    let home = Home::new();
    home.write("document.txt", ledger_of(20));
    home
}

#[tokio::test]
async fn a_document_that_cannot_be_read_is_named_with_what_to_do() {
    let home = home();
    home.write("empty.txt", "");
    home.write("blank.txt", "\u{feff} \n\n");
    home.write("program", [0x7f, b'E', b'L', b'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    fs::create_dir(home.path("folder")).unwrap();
    for (document, words) in [
        ("missing.txt", "there is no file \"missing.txt\""),
        ("empty.txt", "\"empty.txt\" is empty"),
        ("blank.txt", "\"blank.txt\" is empty"),
        ("program", "is a binary file of no format it knows"),
        ("folder", "\"folder\" holds no document that can be read"),
        ("-", "is empty"),
    ] {
        run(&home, document, &[]).await.assert_refused_at_once(1, &[words]);
    }
    home.write("secret.txt", "words");
    fs::set_permissions(home.path("secret.txt"), fs::Permissions::from_mode(0o000)).unwrap();
    // The superuser may read everything.
    if fs::read(home.path("secret.txt")).is_err() {
        run(&home, "secret.txt", &[]).await.assert_refused_at_once(1, &["may not be read"]);
    }
    assert!(home.sessions().is_empty());
}

#[tokio::test]
async fn usage_and_settings_that_cannot_be_exit_with_2() {
    let home = home();
    for (args, words) in [
        (&["-q", " \n"][..], &["question is blank", "--question"][..]),
        (&["-q", "x", "--set", "remote.modle=x"], &["remote.modle", "did you mean `remote.model`"]),
        (&["-q", "x", "--set", "local.max_in_flight=lots"], &["local.max_in_flight", "a whole number from 1 to 4096"]),
        (&["-q", "x", "--set", "remote.provider=opnai"], &["remote.provider", "offline, openai"]),
        (&["-q", "x", "--protocol", "remote-only"], &["the offline planner has no model to read it"]),
        (&["-q", "x", "--config", "missing.toml"], &["missing.toml"]),
    ] {
        let said = home.run(&[&["run", "-d", "document.txt"], args].concat()).await;
        said.assert_refused_at_once(2, words);
    }
    assert!(home.sessions().is_empty());
}

#[tokio::test]
async fn a_remote_lm_without_its_key_or_model_is_not_asked() {
    let home = home();
    let elsewhere = ["--set", "remote.provider=openai", "--set", "remote.base_url=https://models.invalid/v1"];
    let keyless = [&elsewhere[..], &["--set", "remote.model=m", "--set", "remote.api_key_env=NOT_SET"]].concat();
    run(&home, "document.txt", &keyless).await.assert_refused_at_once(2, &["NOT_SET", "not set", "remote.api_key_env"]);
    run(&home, "document.txt", &elsewhere).await.assert_refused_at_once(2, &["remote.model is not set"]);
    let nowhere = ["--set", "remote.provider=openai", "--set", "remote.model=m", "--set", "remote.base_url=models"];
    run(&home, "document.txt", &nowhere).await.assert_refused_at_once(2, &["remote.base_url", "must be a URL"]);
    let reader = ["--set", "local.provider=openai"];
    run(&home, "document.txt", &reader).await.assert_refused_at_once(2, &["local.model is not set"]);
    assert!(home.sessions().is_empty());
}

#[tokio::test]
async fn a_folder_of_sessions_that_cannot_be_is_told() {
    let home = home();
    home.write("taken", "a file");
    for dir in ["taken", "taken/below"] {
        run(&home, "document.txt", &["--session-dir", dir]).await.assert_refused_at_once(1, &["taken"]);
    }
    assert_eq!(fs::read(home.path("taken")).unwrap(), b"a file");
}

#[tokio::test]
async fn a_session_that_cannot_be_read_is_told_and_what_is_left_of_it_shown() {
    let home = home();
    home.run(&["replay", "last"]).await.assert_refused_at_once(1, &["no session yet", "`minions run` makes one"]);
    for _ in 0..2 {
        assert_eq!(run(&home, "document.txt", &[]).await.code, 0);
    }
    let mut sessions = home.sessions();
    sessions.sort();
    let [older, newer] = sessions.try_into().unwrap();
    let id = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    let shared: String =
        id(&older).chars().zip(id(&newer).chars()).take_while(|(a, b)| a == b).map(|(a, _)| a).collect();
    for args in [&["replay"][..], &["sessions", "show"], &["sessions", "verify"]] {
        let with = |name: &str| [args, &[name]].concat().iter().map(|arg| (*arg).to_owned()).collect::<Vec<_>>();
        for (name, words) in [("nothing-like-it", "there is no session"), (&shared, "may mean 2 sessions")] {
            let args = with(name);
            let args: Vec<&str> = args.iter().map(String::as_str).collect();
            home.run(&args).await.assert_refused_at_once(1, &[words, name]);
        }
    }

    // The older one was written by a program of the future.
    let journal = older.join("journal.jsonl");
    let text = fs::read_to_string(&journal).unwrap();
    fs::write(&journal, text.replacen("{\"v\":1,", "{\"v\":2,", 1)).unwrap();
    let future = id(&older);
    for args in [["replay", &future, "--headless"], ["sessions", "show", &future]] {
        home.run(&args).await.assert_refused_at_once(1, &["format version 2", "reads up to 1", "newer program"]);
    }

    // The newer one was cut in the middle of a line.
    let journal = newer.join("journal.jsonl");
    let text = fs::read(&journal).unwrap();
    fs::write(&journal, &text[..text.len() * 2 / 3]).unwrap();
    let replayed = home.run(&["replay", &id(&newer), "--headless"]).await;
    assert_eq!((replayed.code, replayed.stderr.as_str()), (0, ""), "{replayed:?}");
    for words in ["── round 1", "the session was interrupted", "warning: "] {
        assert!(replayed.stdout.contains(words), "{}", replayed.stdout);
    }
    let listed = home.run(&["sessions", "list"]).await;
    // The heads of the columns, both sessions, and what they take together.
    assert_eq!((listed.code, listed.stdout.lines().count()), (0, 4), "{listed:?}");
}
