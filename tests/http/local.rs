//! What the local LM behind an OpenAI-compatible server promises.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use minions::config::{LocalConfig, LocalProvider};
use minions::local::{ChunkText, JobRequest, LocalLm, OpenAiLocal};
use minions::protocol::{JobId, Usage, read_output};
use serde_json::json;

use crate::loopback::{Fault, Loopback, Reply, Tokens};

const OUTPUT: &str = r#"{"explanation":"it says so","citation":"sales rose","answer":"yes"}"#;
const CHUNK: &str = "In the second year sales rose to 1,234 and Mrs Secret was pleased.";

fn settings(server: &Loopback) -> LocalConfig {
    LocalConfig {
        provider: LocalProvider::Openai,
        model: "test-model".into(),
        base_url: server.base_url(),
        ..LocalConfig::default()
    }
}

fn job(index: u32) -> JobRequest {
    JobRequest {
        id: JobId { round: 1, index },
        chunk: ChunkText::whole(CHUNK.into()),
        task: "Did sales rise?".into(),
        advice: "".into(),
        sample: 0,
        max_output_tokens: 64,
    }
}

#[tokio::test]
async fn every_one_of_2048_jobs_ends_with_never_more_at_once_than_allowed() {
    const ALLOWED: usize = 32;
    let server = Loopback::start(|_| Reply::text(OUTPUT).after(Duration::from_millis(10))).await;
    let local = OpenAiLocal::connect(&LocalConfig { max_in_flight: ALLOWED, ..settings(&server) }).await.unwrap();
    let replies = join_all((0..2048).map(|index| local.execute(job(index)))).await;
    let mut usage = Usage::default();
    for reply in replies {
        let reply = reply.unwrap();
        assert_eq!(read_output(&reply.text, reply.finish).unwrap().answer.as_deref(), Some("yes"));
        usage += reply.usage;
    }
    let counts = server.counts();
    assert_eq!((counts.requests, counts.abandoned), (2048, 0));
    assert!(counts.most_in_flight <= ALLOWED, "{counts:?}");
    assert!(server.connections() * 8 < 2048, "connections are used again: {}", server.connections());
    assert!(!usage.estimated);
    let Tokens { input, output, .. } = counts.tokens;
    assert_eq!((usage.input_tokens, usage.output_tokens), (input, output), "ours is the server's own count");
}

#[tokio::test]
async fn a_server_without_schemas_is_asked_for_less() {
    let server = Loopback::start(|request| match request["response_format"]["type"].as_str() {
        Some(kind) => {
            Reply::status(400, json!({ "error": { "message": format!("response_format {kind} is unknown") } }))
        }
        None => Reply::text(OUTPUT),
    })
    .await;
    let local = OpenAiLocal::connect(&settings(&server)).await.unwrap();
    assert_eq!(local.execute(job(0)).await.unwrap().text, OUTPUT);
    assert_eq!(local.execute(job(1)).await.unwrap().text, OUTPUT);
    let kinds: Vec<String> =
        server.requests().iter().map(|request| request.body["response_format"]["type"].to_string()).collect();
    assert_eq!(kinds, ["\"json_schema\"", "\"json_object\"", "null", "null"]);
}

#[tokio::test]
async fn a_job_is_tried_again_when_the_server_is_overloaded() {
    let tries = Arc::new(AtomicUsize::new(0));
    let seen = tries.clone();
    let server = Loopback::start(move |_| match seen.fetch_add(1, Ordering::Relaxed) {
        0 => Reply::status(503, json!({})),
        1 => Reply::status(429, json!({})),
        _ => Reply::text(OUTPUT),
    })
    .await;
    let local = OpenAiLocal::connect(&LocalConfig { attempts: 3, ..settings(&server) }).await.unwrap();
    assert_eq!(local.execute(job(0)).await.unwrap().text, OUTPUT);
    assert_eq!(tries.load(Ordering::Relaxed), 3);
}

#[tokio::test]
async fn an_error_holds_nothing_of_the_chunk() {
    let echo = |text: &str| json!({ "error": { "message": format!("cannot parse: {text}"), "code": text } });
    for (reply, words) in [
        (Reply::status(400, echo(CHUNK)), "refused the request (400)"),
        (Reply::status(400, echo("Mrs Secret")), "refused the request (400)"),
        (Reply::status(500, echo(CHUNK)), "(500)"),
        (Reply::body("application/json", echo("1,234").to_string()), "(500)"),
        (Reply::body("text/plain", CHUNK), "no chat completion"),
        (Reply::text("Mrs Secret").fault(Fault::CutAfterText), "broke off"),
    ] {
        let reply = reply.never_streamed();
        let server = Loopback::start(move |_| reply.clone()).await;
        let local = OpenAiLocal::connect(&LocalConfig { attempts: 1, ..settings(&server) }).await.unwrap();
        let error = local.execute(job(0)).await.unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(shown.contains(words) && shown.contains(&server.place()), "{shown}");
        assert!(!shown.contains("Secret") && !shown.contains("1,234") && !shown.contains("sales"), "{shown}");
    }
}

#[tokio::test]
async fn dropping_a_job_closes_its_connection() {
    let server = Loopback::start(|_| Reply::text("").fault(Fault::Hang)).await;
    let local = OpenAiLocal::connect(&settings(&server)).await.unwrap();
    tokio::select! {
        result = local.execute(job(0)) => panic!("{result:?}"),
        _ = server.wait_for(|counts| counts.in_flight == 1) => {}
    }
    server.wait_for(|counts| counts.in_flight == 0 && counts.abandoned == 1).await;
}

#[tokio::test]
async fn a_model_that_thinks_is_told_to_answer_at_once_and_what_it_thinks_is_no_answer() {
    let server = Loopback::start(move |_| Reply::text(format!("<think>Is it {{x}}?</think>\n{OUTPUT}"))).await;
    let local = OpenAiLocal::connect(&settings(&server)).await.unwrap();
    let reply = local.execute(job(0)).await.unwrap();
    assert_eq!(reply.text, OUTPUT);
    assert!(read_output(&reply.text, reply.finish).is_ok());
    let local = OpenAiLocal::connect(&LocalConfig { thinking_tokens: 100, ..settings(&server) }).await.unwrap();
    local.execute(job(1)).await.unwrap();
    let bodies: Vec<_> = server.requests().into_iter().map(|request| request.body).collect();
    assert_eq!(bodies[0]["chat_template_kwargs"], json!({ "enable_thinking": false }));
    assert_eq!((&bodies[0]["max_tokens"], &bodies[1]["max_tokens"]), (&json!(64), &json!(164)));
    assert_eq!(bodies[1]["chat_template_kwargs"], json!(null));
}

#[tokio::test]
async fn a_server_that_knows_no_chat_templates_is_asked_without() {
    let server = Loopback::start(|request| match request["chat_template_kwargs"].is_null() {
        true => Reply::text(OUTPUT),
        false => {
            let words = "Unrecognized request argument supplied: chat_template_kwargs";
            Reply::status(400, json!({ "error": { "message": words } }))
        }
    })
    .await;
    let local = OpenAiLocal::connect(&settings(&server)).await.unwrap();
    for index in 0..3 {
        assert_eq!(local.execute(job(index)).await.unwrap().text, OUTPUT);
    }
    assert_eq!(server.counts().requests, 4);
}
