//! What several servers behind one local LM promise: they get what they can do, and a job outlives any of them.

use std::collections::HashSet;
use std::time::Duration;

use futures_util::future::join_all;
use minions::config::{LocalConfig, LocalProvider};
use minions::local::{ChunkText, JobRequest, LocalLm, OpenAiLocal};
use minions::protocol::JobId;
use serde_json::{Value, json};

use crate::loopback::{Fault, Loopback, Nature, Reply, Tokens, Wire};

const OUTPUT: &str = r#"{"explanation":"it says so","citation":"sales rose","answer":"yes"}"#;

fn settings(servers: &[&Loopback]) -> LocalConfig {
    let base_url = servers.iter().map(|server| server.base_url()).collect::<Vec<_>>().join(", ");
    LocalConfig { model: "test-model".into(), base_url, ..LocalConfig::default() }
}

fn job_on(index: u32, chunk: &str) -> JobRequest {
    JobRequest {
        id: JobId { round: 1, index },
        chunk: ChunkText::whole(chunk.into()),
        task: format!("Task number {index}: did sales rise?").into(),
        advice: "".into(),
        sample: 0,
        max_output_tokens: 64,
    }
}

fn job(index: u32) -> JobRequest {
    job_on(index, "In the second year sales rose to 1,234 and everybody was pleased.")
}

async fn all(local: &OpenAiLocal, jobs: std::ops::Range<u32>) {
    for reply in join_all(jobs.map(|index| local.execute(job(index)))).await {
        assert_eq!(reply.unwrap().text, OUTPUT);
    }
}

fn works(ms: u64) -> impl Fn(&Value) -> Reply + Send + Sync + 'static {
    move |_| Reply::text(OUTPUT).after(Duration::from_millis(ms))
}

/// The tasks of the requests that a server got, by their numbers.
fn tasks(server: &Loopback) -> Vec<u32> {
    let number = |body: &Value| {
        let text = body["messages"][1]["content"].as_str().unwrap().split_once("Task number ").unwrap().1.to_owned();
        text.split(':').next().unwrap().parse().unwrap()
    };
    server.requests().iter().map(|request| number(&request.body)).collect()
}

#[tokio::test]
async fn a_server_that_scales_is_given_what_the_bound_allows() {
    // Long enough for a machine that is busy with other things to be in time for each of them.
    let server = Loopback::start(works(200)).await;
    let local = OpenAiLocal::connect(&LocalConfig { max_in_flight: 32, ..settings(&[&server]) }).await.unwrap();
    assert_eq!(local.max_in_flight(), 4, "it begins low");
    all(&local, 0..300).await;
    assert_eq!(server.counts().most_in_flight, 32);
}

#[tokio::test]
async fn a_server_that_refuses_what_it_has_no_slots_for_loses_no_job() {
    let server = Loopback::start_as(Nature { slots: Some(4), refuses: true, ..Nature::default() }, works(5)).await;
    let local = OpenAiLocal::connect(&LocalConfig { max_in_flight: 256, ..settings(&[&server]) }).await.unwrap();
    all(&local, 0..400).await;
    let fleet = local.fleet().unwrap();
    assert_eq!((fleet.answered, server.counts().abandoned), (400, 0));
    assert_eq!(fleet.refused as usize, server.counts().requests - 400);
    assert!(fleet.refused < 200 && fleet.allowed <= 8, "{fleet:?}");
}

#[tokio::test]
async fn a_server_that_queues_is_not_flooded() {
    let server = Loopback::start_as(Nature { slots: Some(2), ..Nature::default() }, works(10)).await;
    let local = OpenAiLocal::connect(&LocalConfig { max_in_flight: 256, ..settings(&[&server]) }).await.unwrap();
    all(&local, 0..200).await;
    assert!(server.counts().most_in_flight <= 64 && local.fleet().unwrap().allowed <= 24, "{:?}", local.fleet());
}

#[tokio::test]
async fn a_server_that_tells_its_slots_gets_that_many() {
    let props = json!({ "default_generation_settings": { "n_ctx": 8192 }, "total_slots": 3 });
    let server = Loopback::start_as(Nature { pages: vec![("/props", props)], ..Nature::default() }, works(2)).await;
    let local = OpenAiLocal::connect(&settings(&[&server])).await.unwrap();
    all(&local, 0..1).await;
    assert_eq!(local.max_in_flight(), 3);
    all(&local, 1..60).await;
    assert_eq!(server.counts().most_in_flight, 3);
}

#[tokio::test]
async fn jobs_go_to_servers_as_they_have_places_free() {
    let few = Loopback::start_as(Nature { slots: Some(2), refuses: true, ..Nature::default() }, works(20)).await;
    let many = Loopback::start(works(20)).await;
    let local = OpenAiLocal::connect(&LocalConfig { max_in_flight: 16, ..settings(&[&few, &many]) }).await.unwrap();
    all(&local, 0..400).await;
    let fleet = local.fleet().unwrap();
    let (little, much) = (few.counts().requests - fleet.refused as usize, many.counts().requests);
    assert_eq!(little + much, 400);
    assert!(little >= 20 && much > 2 * little, "{little} and {much}");
}

#[tokio::test]
async fn a_server_that_dies_in_mid_run_costs_no_job_and_is_used_again_when_it_is_back() {
    let dies = Loopback::start(works(10)).await;
    let lives = Loopback::start(works(10)).await;
    let (place, local) = (dies.address, OpenAiLocal::connect(&settings(&[&dies, &lives])).await.unwrap());
    let run = all(&local, 0..300);
    let kill = async {
        dies.wait_for(|counts| counts.requests >= 20).await;
        drop(dies);
    };
    tokio::join!(run, kill);
    let fleet = local.fleet().unwrap();
    assert_eq!((fleet.answered, fleet.in_flight), (300, 0), "each was answered once: {fleet:?}");
    let sent = tasks(&lives);
    assert_eq!(sent.iter().collect::<HashSet<_>>().len(), sent.len(), "the server that answered got no job twice");

    let back = Loopback::start_as(Nature { address: Some(place), ..Nature::default() }, works(10)).await;
    let mut next = 300;
    while back.counts().requests == 0 {
        all(&local, next..next + 8).await;
        next += 8;
    }
    all(&local, next..next + 40).await;
    assert_eq!(local.fleet().unwrap().up, 2);
}

#[tokio::test]
async fn a_server_that_hangs_or_knows_no_such_model_costs_no_job() {
    let hangs = Loopback::start(|_| Reply::text("").fault(Fault::Hang)).await;
    let strange = Loopback::start(|_| Reply::status(404, json!({ "error": { "message": "no model" } }))).await;
    let fails = Loopback::start(|_| Reply::status(500, json!({}))).await;
    let lives = Loopback::start(works(5)).await;
    let servers = settings(&[&hangs, &strange, &fails, &lives]);
    let local = OpenAiLocal::connect(&LocalConfig { timeout_s: 1, ..servers }).await.unwrap();
    all(&local, 0..100).await;
    let fleet = local.fleet().unwrap();
    assert_eq!(fleet.answered, 100);
    assert!(fleet.moved >= 3, "{fleet:?}");
    hangs.wait_for(|counts| counts.in_flight == 0).await;
}

#[tokio::test]
async fn a_job_that_cannot_fit_is_not_sent() {
    let list = json!({ "models": [{ "name": "test-model:latest", "context_length": 512 }] });
    let server = Loopback::start_as(Nature { pages: vec![("/api/ps", list)], ..Nature::default() }, works(0)).await;
    let local = OpenAiLocal::connect(&settings(&[&server])).await.unwrap();
    let long = "Sales rose again. ".repeat(1000);
    let error = local.execute(job_on(0, &long)).await.unwrap_err();
    assert!(error.message.contains("512 tokens") && error.message.contains("num_ctx"), "{error}");
    assert_eq!(server.counts().requests, 0);
    all(&local, 1..4).await;
}

#[tokio::test]
async fn a_prompt_that_was_cut_is_told() {
    let counted = |input| move |_: &Value| Reply::text(OUTPUT).tokens(Tokens { input, output: 9, ..Tokens::default() });
    let list = json!({ "models": [{ "name": "test-model", "context_length": 2048 }] });
    let known = Loopback::start_as(Nature { pages: vec![("/api/ps", list)], ..Nature::default() }, counted(2048)).await;
    let local = OpenAiLocal::connect(&settings(&[&known])).await.unwrap();
    let long = "Sales rose again. ".repeat(800);
    let error = local.execute(job_on(0, &long)).await.unwrap_err();
    assert!(error.message.contains("context of 2048 tokens"), "{error}");

    let untold = Loopback::start(counted(1024)).await;
    let local = OpenAiLocal::connect(&settings(&[&untold])).await.unwrap();
    assert_eq!(local.execute(job_on(0, &long)).await.unwrap().text, OUTPUT);
    let remarks = local.remarks();
    assert!(remarks.len() == 1 && remarks[0].contains("read 1024 tokens"), "{remarks:?}");
    assert!(!remarks[0].contains("Sales"), "{remarks:?}");
    assert_eq!((local.fleet().unwrap().cut, local.remarks().len()), (1, 0));
}

/// An Ollama whose model is loaded with `loaded` tokens and made for `most`, and a reader of it. Each reply counts as many
/// tokens as the context of its request has room for, `tokens` at most.
async fn ollama(loaded: u64, most: u64, tokens: u64) -> (Loopback, OpenAiLocal) {
    let running = json!({ "models": [{ "name": "test-model:latest", "context_length": loaded }] });
    let about = json!({ "model_info": { "llama.context_length": most } });
    let pages = vec![("/api/ps", running), ("/api/show", about)];
    let server = Loopback::start_as(Nature { pages, ..Nature::default() }, move |body| {
        let room = body["options"]["num_ctx"].as_u64().unwrap_or(loaded);
        Reply::text(OUTPUT).tokens(Tokens { input: tokens.min(room), output: 9, ..Tokens::default() })
    })
    .await;
    let config = LocalConfig {
        provider: LocalProvider::Ollama,
        base_url: server.url_of(Wire::Ollama),
        model: "test-model".into(),
        ..LocalConfig::default()
    };
    let local = OpenAiLocal::connect(&config).await.unwrap();
    (server, local)
}

/// The contexts that requests asked for, without repetitions.
fn rooms(server: &Loopback) -> Vec<Option<u64>> {
    let mut rooms: Vec<_> =
        server.requests().iter().map(|request| request.body["options"]["num_ctx"].as_u64()).collect();
    rooms.dedup();
    rooms
}

#[tokio::test]
async fn a_job_that_fits_the_room_it_asked_for_was_read_whole() {
    let (server, local) = ollama(4096, 40_960, 6000).await;
    let long = "Sales rose again. ".repeat(1200);
    for index in 0..3 {
        assert_eq!(local.execute(job_on(index, &long)).await.unwrap().text, OUTPUT);
    }
    assert_eq!((rooms(&server), local.fleet().unwrap().cut), (vec![Some(8192)], 0));
}

#[tokio::test]
async fn a_server_that_makes_room_is_asked_for_more_where_it_was_too_little() {
    let (server, local) = ollama(4096, 40_960, 9000).await;
    let figures = "1234567890".repeat(2100);
    assert_eq!(local.execute(job_on(0, &figures)).await.unwrap().text, OUTPUT);
    assert_eq!(rooms(&server), [Some(8192), Some(16_384)]);

    let (server, local) = ollama(4096, 20_480, 1_000_000).await;
    let error = local.execute(job_on(0, &figures)).await.unwrap_err();
    assert!(error.message.contains("context of 20480 tokens") && !error.message.contains("num_ctx"), "{error}");
    assert_eq!(rooms(&server), [Some(8192), Some(16_384), Some(20_480)]);
}

#[tokio::test]
async fn a_model_is_not_loaded_anew_for_each_length_of_job() {
    let long = "Sales rose again. ".repeat(1200);
    let (server, local) = ollama(4096, 40_960, 500).await;
    all(&local, 0..2).await;
    assert_eq!(rooms(&server), [None], "what is loaded suffices");
    local.expect(&job_on(2, &long));
    all(&local, 3..6).await;
    local.execute(job_on(6, &long)).await.unwrap();
    all(&local, 7..9).await;
    assert_eq!(rooms(&server), [None, Some(8192)]);

    let (server, local) = ollama(32_768, 40_960, 500).await;
    join_all((0..6).map(|index| local.execute(job_on(index, &long)))).await;
    all(&local, 6..8).await;
    assert_eq!(rooms(&server), [Some(32_768)], "what was loaded larger is not made smaller");
}

#[tokio::test]
async fn jobs_that_fail_for_the_same_unknown_model_ask_once_what_there_is() {
    let unknown = || Reply::status(404, json!({ "error": { "message": "The model `tset-model` does not exist" } }));
    let server = Loopback::start(move |_| unknown()).await;
    let local =
        OpenAiLocal::connect(&LocalConfig { model: "tset-model".into(), ..settings(&[&server]) }).await.unwrap();
    for reply in join_all((0..20).map(|index| local.execute(job(index)))).await {
        assert!(reply.unwrap_err().message.contains("it offers test-model"));
    }
    assert!(server.listed() <= 3, "asked {} times", server.listed());
}
