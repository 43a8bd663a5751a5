//! The remote LM's key is planted where it could leak, and looked for in everything that is said, kept and started.

use std::sync::{Arc, Mutex};

use crate::home::{Home, KEY, ledger_of, remote, said, settings};
use crate::loopback::Reply;
use crate::planner::{Step, answer, planner};

/// Whatever else the program tells of the last session and of its settings.
const EVERYTHING: [&[&str]; 10] = [
    &["sessions", "list", "--json"],
    &["sessions", "show", "last"],
    &["sessions", "show", "last", "--json"],
    &["sessions", "verify", "last", "--json"],
    &["sessions", "export", "last", "--format", "md"],
    &["sessions", "export", "last", "--format", "json"],
    &["sessions", "export", "last", "--format", "html"],
    &["sessions", "export", "last", "--format", "cast"],
    &["replay", "last", "--headless"],
    &["config", "show"],
];

async fn told(home: &Home) {
    for args in EVERYTHING {
        home.assert_nowhere(KEY, &home.run(args).await);
    }
}

#[tokio::test]
async fn a_server_that_echoes_the_key_brings_it_nowhere() {
    let echoed = |reply: Reply| reply.header("x-echo", KEY).header("x-request-id", KEY);
    let planner = planner(move |step, _| {
        Some(match step {
            Step::Advise => echoed(Reply::text(format!("Your key is {KEY}.")).in_writes_of(7)),
            Step::Decide => echoed(Reply::text(answer().replace("The line", &format!("{KEY}: the line")))),
            step => echoed(step.good_reply()),
        })
    })
    .await;
    let home = Home::new();
    home.write("document.txt", ledger_of(20));
    let mut command = home.asking(&["--json"], &remote(&planner));
    command.env("MINIONS_LOG", "trace");
    let said = said(command).await;
    assert_eq!(said.json()["outcome"], "answered", "{said:?}");
    home.assert_nowhere(KEY, &said);
    assert!(home.facts().iter().any(|fact| fact["text"] == "Your key is [key]."), "it came, and was taken out");
    told(&home).await;
}

#[tokio::test]
async fn a_refusal_that_echoes_the_key_brings_it_nowhere() {
    let refusals = [
        Reply::status(401, serde_json::json!({ "error": { "message": format!("wrong key {KEY}"), "code": KEY } })),
        Reply::status(500, serde_json::json!({ KEY: { "Authorization": format!("Bearer {KEY}") } })),
        Reply::body("text/html", format!("<html>{KEY}</html>")),
        Reply::body("text/event-stream", format!("data: {{\"error\": {{\"message\": \"{KEY}\"}}}}\n\n")),
    ];
    for refusal in refusals {
        let reply = refusal.header("location", &format!("/{KEY}")).header("www-authenticate", KEY);
        let planner = planner(move |_, _| Some(reply.clone())).await;
        let home = Home::new();
        home.write("document.txt", ledger_of(3));
        let mut command = home.asking(&["--json"], &remote(&planner));
        command.env("MINIONS_LOG", "trace");
        let said = said(command).await;
        assert_eq!(said.json()["outcome"], "failed", "{said:?}");
        home.assert_nowhere(KEY, &said);
        home.assert_nowhere(KEY, &home.run(&["sessions", "show", "last"]).await);
    }
}

/// The processes that a run starts to read, and to run programs: none of them has the key in its surroundings, where
/// whoever breaks out into it would find it.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn no_process_that_a_run_starts_has_the_key() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let seen_by_planner = seen.clone();
    let planner = planner(move |step, _| {
        // The sandbox is warm by then; the engine has worked.
        if matches!(step, Step::Decompose | Step::Think) {
            seen_by_planner.lock().unwrap().extend(surroundings());
        }
        None
    })
    .await;
    let home = Home::new();
    home.write("document.txt", ledger_of(3));
    let mut with = remote(&planner);
    let mut wanted = vec!["__sandbox"];
    if cfg!(feature = "llama") {
        let model = format!("local.model={}/tests/models/tiny.gguf", env!("CARGO_MANIFEST_DIR"));
        with.extend(settings(&["local.provider=llama-cpp", &model, "local.max_output_tokens=16", "local.threads=1"]));
        wanted.push("__engine");
    }
    let said = home.ask(&["--json"], &with).await;
    home.assert_nowhere(KEY, &said);
    let seen = seen.lock().unwrap();
    for name in wanted {
        assert!(seen.iter().any(|(process, _)| process == name), "{name} was not seen: {seen:?}");
    }
    for (process, surroundings) in seen.iter() {
        assert!(!surroundings.contains(KEY) && !surroundings.contains("PLANTED_KEY"), "{process}: {surroundings}");
    }
}

/// The name and the environment of each process that a program of ours started. One that has locked itself may show
/// nothing to others, which is as good.
#[cfg(target_os = "linux")]
fn surroundings() -> Vec<(String, String)> {
    let text = |path: std::path::PathBuf| {
        std::fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    };
    let processes = std::fs::read_dir("/proc").unwrap().filter_map(|entry| Some(entry.ok()?.path()));
    processes
        .filter_map(|process| {
            let arguments = text(process.join("cmdline"));
            let mut arguments = arguments.split('\0');
            (arguments.next() == Some("minions")).then_some(())?;
            Some((arguments.next()?.to_owned(), text(process.join("environ"))))
        })
        .collect()
}
