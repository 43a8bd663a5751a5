//! Minion and the two baselines in whole runs: with nobody's model, with scripted servers, and with a real model.

use serde_json::{Value, json};

use crate::home::{Home, ledger_of, local, remote, settings};
use crate::loopback::{Loopback, Reply};
use crate::planner::{Step, answer, planner, told};

fn last_message(request: &Value) -> String {
    request["messages"].as_array().unwrap().last().unwrap()["content"].as_str().unwrap().to_owned()
}

/// A remote LM that chats: it asks for the item and answers from the reply.
async fn chatting() -> Loopback {
    Loopback::start(|request| {
        let last = last_message(request);
        Reply::text(match last.as_str() {
            last if last.contains("You talk with the reader") => {
                json!({"explanation": "one step", "message": "What did item 7 bring in?"}).to_string()
            }
            last if last.contains("Think it through") => "It is there.".into(),
            last if last.contains("Now decide") => answer(),
            _ => panic!("nobody asks this: {last}"),
        })
    })
    .await
}

/// A local LM that finds item 7 where it stands.
async fn reading() -> Loopback {
    Loopback::start(|request| {
        let words = "Item 7 brought in 10007 dollars in that year.";
        let found = last_message(request).contains(words);
        let output = if found {
            json!({"explanation": "its line", "citation": words, "answer": "10007 dollars"})
        } else {
            json!({"explanation": "not here", "citation": null, "answer": null})
        };
        Reply::text(output.to_string())
    })
    .await
}

fn with(sets: &[Vec<String>]) -> Vec<String> {
    sets.concat()
}

#[tokio::test]
async fn the_chat_answers_with_nobodys_model_and_sends_nothing() {
    let home = Home::new();
    home.write("document.txt", ledger_of(2000));
    let said = home.ask(&["--json", "--protocol", "minion"], &[]).await;
    let told = said.json();
    assert_eq!(
        (said.code, told["protocol"].as_str(), told["outcome"].as_str()),
        (0, Some("minion"), Some("answered")),
        "{said:?}"
    );
    assert!(told["answer"].as_str().unwrap().contains("10007"), "{told}");
    assert_eq!(told["citations"][0]["match"], "exact");
    assert!(said.stderr.contains("it reads 5 windows of at most 20000 characters"), "{}", said.stderr);
    let (sent, whole) = (&told["usage"]["remote"]["input_tokens"], &told["baseline"]["input_tokens"]);
    assert!(sent.as_u64().unwrap() * 3 < whole.as_u64().unwrap(), "{sent} of {whole}");
    home.shown().await;
    let opened = &home.facts()[0];
    assert_eq!(
        (opened["settings"]["protocol"].as_str(), opened["settings"]["windows"].as_array().unwrap().len()),
        (Some("minion"), 5)
    );
}

#[tokio::test]
async fn the_chat_goes_through_servers_and_the_document_stays_here() {
    let (remote_server, local_server) = (chatting().await, reading().await);
    let home = Home::new();
    home.write("document.txt", ledger_of(40));
    let sets = with(&[remote(&remote_server), local(&local_server)]);
    let said = home.ask(&["--json", "--protocol", "minion", "--window-chars", "1000"], &sets).await;
    let told = said.json();
    assert_eq!((said.code, told["answer"].as_str()), (0, Some("10007 dollars")), "{said:?}");
    assert_eq!((told["jobs"]["planned"].as_u64(), told["jobs"]["answered"].as_u64()), (Some(2), Some(1)), "{told}");
    assert!(remote_server.requests().iter().all(|request| !request.body.to_string().contains("Item 8 brought")));
    assert_eq!(remote_server.requests().len(), 3);
    home.shown().await;
}

#[tokio::test]
async fn the_whole_document_is_sent_only_with_the_flag_and_all_of_it_is_told_as_exposed() {
    let server = Loopback::start(|_| Reply::text(answer())).await;
    let home = Home::new();
    home.write("document.txt", ledger_of(40));
    let sets = with(&[remote(&server), settings(&["remote.price_input=2", "remote.price_output=8"])]);
    let refused = home.ask(&["--protocol", "remote-only"], &sets).await;
    refused.assert_refused_at_once(2, &["test-model", "tokens for at most about $0.", "--yes-send-document"]);
    assert!(server.requests().is_empty() && home.sessions().is_empty());

    let said = home.ask(&["--json", "--protocol", "remote-only", "--yes-send-document"], &sets).await;
    let told = said.json();
    assert_eq!((said.code, told["protocol"].as_str()), (0, Some("remote-only")), "{said:?}");
    assert_eq!((told["exposed"]["share"].as_f64(), told["jobs"]["planned"].as_u64()), (Some(1.0), Some(0)));
    assert_eq!(told["citations"][0]["match"], "exact");
    assert!(server.requests()[0].body.to_string().contains("Item 39 brought in"));
    assert_eq!(home.facts_of("consent_given").len(), 1);
    home.shown().await;
}

#[tokio::test]
async fn the_whole_document_is_refused_where_nobody_could_read_it() {
    let server = Loopback::start(|_| Reply::text(answer())).await;
    let home = Home::new();
    home.write("document.txt", ledger_of(4000));
    let offline = home.ask(&["--protocol", "remote-only", "--yes-send-document"], &[]).await;
    offline.assert_refused_at_once(2, &["the offline planner has no model to read it"]);
    let sets = with(&[remote(&server), settings(&["remote.context_tokens=20000"])]);
    for flags in [["--protocol", "remote-only"].as_slice(), &["--protocol", "remote-only", "--yes-send-document"]] {
        home.ask(flags, &sets)
            .await
            .assert_refused_at_once(2, &["do not fit into the 20000 of test-model", "--protocol minions"]);
    }
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn the_local_lm_alone_answers_without_a_remote_lm() {
    let home = Home::new();
    home.write("document.txt", ledger_of(2000));
    // No key is needed for a remote LM that is not asked.
    let sets = settings(&["remote.provider=openai", "remote.model=gpt-5"]);
    let said = home.ask(&["--json", "--protocol", "local-only"], &sets).await;
    let told = said.json();
    assert_eq!((said.code, told["protocol"].as_str()), (0, Some("local-only")), "{said:?}");
    assert!(told["answer"].as_str().unwrap().contains("10007"), "{told}");
    assert_eq!((told["usage"]["remote"]["calls"].as_u64(), told["exposed"]["bytes"].as_u64()), (Some(0), Some(0)));
    assert_eq!(told["citations"][0]["match"], "exact");
    home.shown().await;

    // Several windows answer: what it makes of their answers stands on the documents' words.
    let home = Home::new();
    home.write("document.txt", ledger_of(2000));
    let said = home.ask(&["--json", "--protocol", "local-only", "-q", "How much did item 1234 bring in?"], &[]).await;
    let told = said.json();
    assert!(told["answer"].as_str().unwrap().contains("11234") && told["rounds"] == 2, "{told}");
    let citations = told["citations"].as_array().unwrap();
    assert!(!citations.is_empty() && citations.iter().all(|citation| citation["match"] == "exact"), "{told}");

    let local_server = reading().await;
    let home = Home::new();
    home.write("document.txt", ledger_of(40));
    let said = home.ask(&["--json", "--protocol", "local-only"], &local(&local_server)).await;
    assert_eq!(said.json()["answer"], "10007 dollars", "{said:?}");
}

#[tokio::test]
async fn a_document_that_takes_too_many_windows_is_refused_with_what_to_do() {
    let home = Home::new();
    home.write("document.txt", ledger_of(400));
    let said =
        home.ask(&["--protocol", "local-only", "--window-chars", "100"], &settings(&["protocol.max_jobs=20"])).await;
    said.assert_refused_at_once(
        2,
        &["windows of at most 100 characters", "protocol.max_jobs allows 20", "protocol.window_chars"],
    );
    assert!(home.sessions().is_empty());
}

/// A local LM whose second sample of each chunk says something else, and cites what stands nowhere.
async fn of_two_minds() -> Loopback {
    let asked = std::sync::Mutex::new(std::collections::HashMap::<String, u32>::new());
    Loopback::start(move |request| {
        let all = request["messages"].to_string();
        let times = *asked.lock().unwrap().entry(all.clone()).and_modify(|times| *times += 1).or_insert(1);
        let words = "Item 7 brought in 10007 dollars in that year.";
        let output = match (all.contains(words), times) {
            (false, _) => json!({"explanation": "not here", "citation": null, "answer": null}),
            (true, 2) => {
                json!({"explanation": "a guess", "citation": "Item 7 lost all of it.", "answer": "99999 dollars"})
            }
            (true, _) => json!({"explanation": "its line", "citation": words, "answer": "10007 dollars"}),
        };
        Reply::text(output.to_string())
    })
    .await
}

#[tokio::test]
async fn samples_that_disagree_go_on_as_the_lever_says() {
    for (merge, goes_on) in [("union", 3), ("majority", 1), ("best-cited", 1)] {
        let (planner, reader) = (planner(|_, _| None).await, of_two_minds().await);
        let home = Home::new();
        home.write("document.txt", ledger_of(9));
        let sets = with(&[remote(&planner), local(&reader)]);
        let said = home.ask(&["--json", "--samples", "3", "--merge", merge], &sets).await;
        let jobs = &said.json()["jobs"];
        assert_eq!(
            (said.code, jobs["planned"].as_u64(), jobs["answered"].as_u64()),
            (0, Some(27), Some(3)),
            "{said:?}"
        );
        let aggregated = home.facts_of("outputs_aggregated")[0]["text"].as_str().unwrap().to_owned();
        let answers = aggregated.matches(" dollars | ").count();
        assert_eq!((answers, aggregated.contains("99999")), (goes_on, merge == "union"), "{merge}: {aggregated}");
        let told = told(&planner, Step::Think);
        assert_eq!(told[0].contains("99999"), merge == "union", "{merge}");
    }
}

/// A real model, though a tiny one, reads the windows of both protocols that give it the document.
#[cfg(feature = "llama")]
#[tokio::test]
async fn a_real_model_reads_windows_and_replies_in_form() {
    let model = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/models/tiny.gguf");
    let document: String =
        (1..60).map(|item| format!("Item {item} brought in {} dollars in the year.\n\n", item * 37)).collect();
    for protocol in ["minion", "local-only"] {
        let home = Home::new();
        home.write("document.txt", &document);
        let sets = settings(&[
            "local.provider=llama-cpp",
            &format!("local.model={model}"),
            "local.max_output_tokens=96",
            "local.threads=1",
            "protocol.max_rounds=1",
        ]);
        let said = home.ask(&["--json", "--protocol", protocol, "--window-chars", "1200"], &sets).await;
        let told = said.json();
        assert!([0, 3].contains(&said.code) && told["jobs"]["planned"].as_u64().unwrap() >= 3, "{said:?}");
        for trouble in ["malformed", "truncated", "failed", "cancelled"] {
            assert_eq!(told["jobs"][trouble], 0, "{told}");
        }
        assert!(told["usage"]["local"]["output_tokens"].as_u64().unwrap() > 0);
    }
}
