//! What `sessions` does with what is on disk: find, name, pack, compare, export, import, let go.

use serde_json::{Value, json};

use crate::home::{Home, ledger_of};

/// A home with two sessions of the embedded default: item 7, then item 3.
async fn two() -> Home {
    let home = Home::new();
    home.write("document.txt", ledger_of(40));
    for question in ["What did item 7 bring in?", "What did item 3 bring in?"] {
        let said = home.run(&["run", "-d", "document.txt", "-q", question]).await;
        assert_eq!(said.code, 0, "{said:?}");
    }
    home
}

async fn listed(home: &Home, args: &[&str]) -> Vec<Value> {
    let said = home.run(&[&["sessions"], args, &["--json"]].concat()).await;
    assert_eq!((said.code, said.stderr.as_str()), (0, ""), "{said:?}");
    said.json().as_array().unwrap().clone()
}

#[tokio::test]
async fn sessions_are_named_tagged_and_found_by_question_and_answer() {
    let home = two().await;
    let ids: Vec<String> =
        listed(&home, &["list"]).await.iter().map(|told| told["id"].as_str().unwrap().to_owned()).collect();
    let (newer, older) = (ids[0].as_str(), ids[1].as_str());
    let said = home.run(&["sessions", "rename", older, "The  seventh\u{1b}[2J"]).await;
    assert!(said.code == 0 && said.stdout.contains("“The seventh␛[2J”"), "{said:?}");
    assert_eq!(home.run(&["sessions", "tag", older, "audit", "keep"]).await.code, 0);
    home.run(&["sessions", "tag", older, "two words"]).await.assert_refused_at_once(2, &["one word"]);

    let found =
        |told: Vec<Value>| -> Vec<String> { told.iter().map(|told| told["id"].as_str().unwrap().to_owned()).collect() };
    assert_eq!(found(listed(&home, &["list", "--tag", "audit"]).await), [older]);
    // Of the answers: that to item 3 is 10,003 dollars.
    assert_eq!(found(listed(&home, &["search", "10003", "DOLLARS"]).await), [newer]);
    assert_eq!(found(listed(&home, &["search", "seventh"]).await), [older]);
    assert!(listed(&home, &["search", "walnut"]).await.is_empty());
    let table = home.run(&["sessions", "list"]).await.stdout;
    assert!(
        table.contains("#audit #keep The seventh␛[2J: What did item 7") && table.contains("2 sessions, "),
        "{table}"
    );
    let shown = home.run(&["sessions", "show", older]).await.stdout;
    assert!(shown.contains("tags       audit keep") && shown.contains("on disk    "), "{shown}");
    home.run(&["sessions", "verify", older]).await.stdout.contains("its seal fits").then_some(()).unwrap();
}

#[tokio::test]
async fn a_session_is_shown_with_the_lines_that_it_cites_and_what_would_leave() {
    let home = two().await;
    let shown = home.run(&["sessions", "show", "last"]).await.stdout;
    assert!(shown.contains("(document.txt, line 4, exact)") && !shown.contains("bytes 1"), "{shown}");
    assert!(shown.contains("documents  ") && shown.contains("%) would have left"), "{shown}");
    let told = home.shown().await;
    assert!(told["exposed"]["bytes"].as_u64().unwrap() > 0 && told["exposed"]["left"] == false, "{told}");
    let exported = home.run(&["sessions", "export", "last"]).await.stdout;
    assert!(exported.contains("document.txt, line 4, exact, bytes"), "{exported}");
}

#[tokio::test]
async fn sessions_of_evals_hide_no_others() {
    let home = two().await;
    let ids: Vec<Value> = listed(&home, &["list"]).await.iter().map(|told| told["id"].clone()).collect();
    let (newer, older) = (ids[0].as_str().unwrap(), ids[1].as_str().unwrap());
    assert_eq!(home.run(&["sessions", "tag", newer, "eval-12345678"]).await.code, 0);
    let listed: Vec<Value> = listed(&home, &["list"]).await.iter().map(|told| told["id"].clone()).collect();
    assert_eq!(listed, [older, newer]);
    let last = home.run(&["sessions", "show", "last", "--json"]).await.json();
    assert_eq!(last["id"], older);
    let gone = home.run(&["sessions", "delete", newer, "--yes", "--json"]).await;
    assert_eq!((gone.code, gone.json()), (0, json!({ "deleted": newer })));
    assert_eq!(home.run(&["sessions", "export", "last", "--json"]).await.json()["session"], older);
}

#[tokio::test]
async fn a_document_that_changed_since_is_told_and_the_session_keeps_its_words() {
    let home = two().await;
    let replayed = home.run(&["replay", "last", "--headless"]).await;
    assert!(!replayed.stderr.contains("on disk"), "{replayed:?}");
    home.write("document.txt", "Nothing is left of it.");
    let told = "document.txt has changed on disk; the session reads it as it was";
    let again = home.run(&["replay", "last", "--headless"]).await;
    assert!(again.stderr.contains(told) && again.stdout == replayed.stdout, "{again:?}");
    let fork = home.run(&["sessions", "fork", "last", "-q", "What did item 5 bring in?"]).await;
    assert!(fork.code == 0 && fork.stderr.contains(told) && fork.stdout.contains("10005"), "{fork:?}");
    std::fs::remove_file(home.path("document.txt")).unwrap();
    let gone = home.run(&["replay", "last", "--headless"]).await;
    assert!(gone.stderr.contains("document.txt is no longer where it was"), "{gone:?}");
    // The place is nobody's business but this machine's.
    let exported = home.run(&["sessions", "export", "last", "--format", "json"]).await;
    assert!(!exported.stdout.contains(home.path("").to_str().unwrap()), "{exported:?}");
}

#[tokio::test]
async fn an_archived_session_is_listed_shown_replayed_and_restored() {
    let home = two().await;
    let before = home.run(&["replay", "last", "--headless"]).await.stdout;
    let said = home.run(&["sessions", "archive", "last"]).await;
    assert!(said.code == 0 && said.stdout.contains("archived session "), "{said:?}");
    assert_eq!(home.run(&["replay", "last", "--headless"]).await.stdout, before);
    assert_eq!(listed(&home, &["list"]).await[0]["archived"], true);
    assert!(home.run(&["sessions", "verify", "last"]).await.stdout.contains("its seal fits"));
    assert!(home.run(&["sessions", "show", "last"]).await.stdout.contains("archived"));
    assert_eq!(home.run(&["sessions", "restore", "last"]).await.code, 0);
    assert_eq!(home.run(&["replay", "last", "--headless"]).await.stdout, before);
    home.run(&["sessions", "archive", "last", "nonsense"]).await.assert_refused_at_once(1, &["nonsense"]);
}

#[tokio::test]
async fn only_pruning_deletes_by_age_after_it_was_said_and_what_is_kept_stays() {
    let home = two().await;
    let ids: Vec<Value> = listed(&home, &["list"]).await.iter().map(|told| told["id"].clone()).collect();
    // Made to be years old, as their records say.
    for session in home.sessions() {
        let journal = session.join("journal.jsonl");
        let text = std::fs::read_to_string(&journal).unwrap();
        let at = text.find("\"at_ms\":").unwrap() + 8;
        let end = at + text[at..].find(',').unwrap();
        std::fs::write(&journal, format!("{}1000000000000{}", &text[..at], &text[end..])).unwrap();
    }
    home.run(&["sessions", "prune", "--yes"]).await.assert_refused_at_once(2, &["sessions.keep_days"]);
    assert_eq!(home.run(&["sessions", "tag", ids[0].as_str().unwrap(), "keep"]).await.code, 0);
    let told = home.run(&["sessions", "list", "--set", "sessions.keep_days=30"]).await;
    assert!(told.stderr.contains("1 session older than `sessions.keep_days`"), "{told:?}");
    let asked = home.run(&["sessions", "prune", "--older-than", "30"]).await;
    assert!(asked.code == 2 && asked.stdout.contains(ids[1].as_str().unwrap()), "{asked:?}");
    assert_eq!(home.sessions().len(), 2);
    let done = home.run(&["sessions", "prune", "--older-than", "30", "--yes"]).await;
    assert!(done.code == 0 && done.stdout.contains("deleted 1 session"), "{done:?}");
    assert_eq!(listed(&home, &["list"]).await[0]["id"], ids[0]);
    home.run(&["sessions", "delete", "last"]).await.assert_refused_at_once(2, &["--yes"]);
}

#[tokio::test]
async fn two_sessions_and_two_rounds_are_compared() {
    let home = two().await;
    let ids: Vec<Value> = listed(&home, &["list"]).await.iter().map(|told| told["id"].clone()).collect();
    let (a, b) = (ids[1].as_str().unwrap(), ids[0].as_str().unwrap());
    let compared = home.run(&["sessions", "diff", a, b, "--json"]).await.json();
    assert_eq!((&compared["same_question"], &compared["same_answer"]), (&false.into(), &false.into()));
    assert!(compared["citations"]["only_a"][0].as_str().unwrap().contains("Item 7"), "{compared}");
    assert!(compared["b"]["figures"]["exposed_share"].as_f64().unwrap() > 0.0);
    let same = home.run(&["sessions", "diff", a, a]).await;
    assert!(same.code == 0 && same.stdout.contains("the same answer: "), "{same:?}");
    assert!(same.stdout.contains("say the same, 0 something else, 0 only in A, 0 only in B"), "{}", same.stdout);
    let round = home.run(&["sessions", "diff", &format!("{a}@1"), &format!("{b}@1")]).await;
    assert!(round.code == 0 && round.stdout.contains("outcome                                answered"), "{round:?}");
    home.run(&["sessions", "diff", a, &format!("{b}@9")]).await.assert_refused_at_once(2, &["has no round 9"]);
}

#[tokio::test]
async fn a_session_is_exported_in_every_format() {
    let home = two().await;
    let report = home.run(&["sessions", "export", "last"]).await.stdout;
    assert!(report.starts_with("# What did item 3 bring in?") && report.contains("## Round 1"), "{report}");
    let object = home.run(&["sessions", "export", "last", "--format", "json"]).await.json();
    assert!(object["records"].as_array().unwrap().len() > 10 && object["outcome"] == "answered");
    for (format, begins) in [("html", "<!DOCTYPE html>"), ("cast", "{\"version\":3,")] {
        let file = home.path(&format!("session.{format}"));
        let said = home.run(&["sessions", "export", "last", "--format", format, "-o", file.to_str().unwrap()]).await;
        assert_eq!((said.code, said.stdout.as_str(), said.stderr.as_str()), (0, "", ""));
        assert!(std::fs::read_to_string(file).unwrap().starts_with(begins));
    }
    let redacted = home.run(&["sessions", "export", "last", "--redact", "(?i)item", "--redact", "10003"]).await.stdout;
    assert!(
        !redacted.to_lowercase().contains("item") && !redacted.contains("10003") && redacted.contains("\\*\\*\\*\\*")
    );
    home.run(&["sessions", "export", "last", "--redact", "("])
        .await
        .assert_refused_at_once(2, &["--redact: `(`", "unclosed group"]);
}

#[tokio::test]
async fn a_log_of_the_reference_becomes_a_session_that_replays() {
    let home = Home::new();
    home.write("document.txt", ledger_of(40));
    let chunk = |n: usize| format!("Item {n} brought in {} dollars in that year.", 10_000 + n);
    let manifest = |id: usize, n: usize| json!({ "chunk": chunk(n), "task": "Find item 7.", "advice": "quote", "chunk_id": id, "task_id": 0, "job_id": id });
    let output =
        |n: Option<usize>| json!({ "explanation": "so", "citation": n.map(chunk), "answer": n.map(|n| n.to_string()) });
    let decision = |decision: &str| json!({ "decision": decision, "explanation": "e", "answer": "10007 dollars", "feedback": "look on", "scratchpad": "s" });
    let turns = json!([
        { "user": "remote", "prompt": "Advise.", "output": "Look for item 7." },
        { "user": "supervisor", "prompt": "Write code.", "output": "```python\ndef prepare_jobs(context): bad\n```" },
        { "user": "supervisor", "prompt": "Please try again. I got this error: NameError", "output": "```python\ndef prepare_jobs(context): good\n```" },
        { "user": "worker", "prompt": "Sending 2 worker chats", "job_manifests": [manifest(0, 7), manifest(1, 8)],
          "output": [output(Some(7)).to_string(), output(None).to_string()],
          "job_outputs": [{ "job_id": 0, "output": output(Some(7)) }, { "job_id": 1, "output": output(None) }] },
        { "user": "supervisor", "prompt": "Think.", "output": "It is 10007." },
        { "user": "supervisor", "prompt": "Decide.", "output": decision("request_additional_info").to_string() },
        { "user": "supervisor", "prompt": "More code.", "output": "```python\ndef prepare_jobs(context): again\n```" },
        { "user": "worker", "prompt": "Sending 1 worker chats", "job_manifests": [manifest(0, 7)], "output": [output(Some(7)).to_string()],
          "job_outputs": [{ "job_id": 0, "output": output(Some(7)) }] },
        { "user": "supervisor", "prompt": "Decide at last.", "output": decision("provide_final_answer").to_string() },
    ]);
    let log = json!({ "task": "What did item 7 bring in?", "doc_metadata": "table", "conversation": turns, "generated_final_answer": "10007 dollars",
        "usage": { "remote": { "prompt_tokens": 70, "completion_tokens": 7 }, "local": { "prompt_tokens": 90, "completion_tokens": 9 } } });
    home.write("log_minions.json", log.to_string());
    let said = home.run(&["sessions", "import", "log_minions.json", "-d", "document.txt"]).await;
    assert!(said.code == 0 && said.stdout.starts_with("imported as session "), "{said:?}");
    let shown = home.shown().await;
    assert_eq!((&shown["answer"], &shown["rounds"], &shown["jobs"]), (&"10007 dollars".into(), &2.into(), &3.into()));
    let told = home.run(&["replay", "last", "--headless"]).await.stdout;
    for words in
        ["── round 2 ──", "ask 1 to advise", "ask 3 to decompose, attempt 2", "remote 70 tokens in, 7 out", "NameError"]
    {
        assert!(told.contains(words), "{words}: {told}");
    }
    // Found in the document that was given: no text of its own, and a citation that leads there.
    let jobs = home.facts_of("jobs_planned");
    assert!(jobs[0]["chunks"][0]["span"].is_object(), "{jobs:?}");
    assert_eq!(home.facts_of("job_finished")[0]["outcome"]["located"]["match"], "exact");

    let chat = json!({ "task": "What?", "context": "The harvest was 12 tonnes.", "generated_final_answer": "12 tonnes",
        "conversation": [
            { "user": "remote", "prompt": "Ask.", "output": null },
            { "user": "remote", "prompt": "Ask.", "output": json!({ "decision": "request_additional_info", "message": "How much?", "answer": "" }).to_string() },
            { "user": "local", "prompt": "How much?", "output": "12 tonnes" },
            { "user": "remote", "prompt": "Decide.", "output": json!({ "decision": "provide_final_answer", "message": "", "answer": "12 tonnes" }).to_string() },
        ], "usage": {} });
    home.write("log_minion.json", chat.to_string());
    assert_eq!(home.run(&["sessions", "import", "log_minion.json"]).await.code, 0);
    let shown = home.run(&["sessions", "show", "last", "--json"]).await.json();
    assert_eq!((&shown["answer"], &shown["jobs"]), (&"12 tonnes".into(), &1.into()));
    assert_eq!(shown["documents"][0]["name"], "context of the log");

    for (text, words) in [
        ("[1, 2", "no JSON"),
        ("{\"task\": \"x\"}", "no log of HazyResearch"),
        ("{\"task\":\"x\",\"conversation\":[]}", "empty"),
    ] {
        home.write("bad.json", text);
        home.run(&["sessions", "import", "bad.json"]).await.assert_refused_at_once(1, &["bad.json", words]);
    }
    home.run(&["sessions", "import", "nowhere.json"]).await.assert_refused_at_once(1, &["nowhere.json"]);
}

#[tokio::test]
async fn where_nothing_can_be_written_it_is_said_and_sessions_are_read_all_the_same() {
    use std::os::unix::fs::PermissionsExt;

    let home = two().await;
    // No folder can be made there, whoever asks.
    let nowhere = ["--session-dir", "/sys/minions/sessions", "run", "-d", "document.txt", "-q", "What?"];
    home.run(&nowhere).await.assert_refused(1, &["/sys/minions"]);
    let folders: Vec<_> =
        home.sessions().into_iter().flat_map(|session| [session.join("documents"), session]).collect();
    let store = folders[1].parent().unwrap().to_owned();
    let locked = |mode: u32| {
        for folder in folders.iter().chain([&store]) {
            std::fs::set_permissions(folder, std::fs::Permissions::from_mode(mode)).unwrap();
        }
    };
    locked(0o500);
    assert_eq!(listed(&home, &["list"]).await.len(), 2);
    for args in [&["sessions", "show", "last"][..], &["replay", "last", "--headless"], &["sessions", "verify", "last"]]
    {
        let said = home.run(args).await;
        assert!(said.code == 0 && said.stderr.is_empty(), "{said:?}");
    }
    // Modes hold nobody back to whom all is allowed.
    if std::fs::File::create(store.join("tried")).is_err() {
        home.run(&["sessions", "rename", "last", "Harvest"]).await.assert_refused(1, &["label.json", "denied"]);
    }
    locked(0o700);
}
