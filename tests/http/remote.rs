//! What the remote LM behind an OpenAI-compatible endpoint promises.

use std::time::Duration;

use minions::config::{RemoteConfig, RemoteProvider};
use minions::protocol::{Finish, Message, Purpose, RemoteAsk};
use minions::remote::{Listing, RemoteError, RemoteLm, RemoteReply, Retry, ServedRemote};
use serde_json::json;
use tokio::sync::mpsc;

use super::asking::{KEY, SECRET, ask, checked, request, settings};
use crate::loopback::{Fault, Loopback, Nature, Reply, Tokens, Wire};

const TEXT: Purpose = Purpose::Think;

fn openai(server: &Loopback) -> RemoteConfig {
    settings(Wire::Chat, &server.base_url())
}

/// The reply to one request for text, and all deltas in one.
async fn reply(reply: Reply) -> (RemoteReply, String) {
    let server = Loopback::start(move |_| reply.clone()).await;
    let (result, deltas) = ask(&openai(&server), TEXT).await;
    (result.unwrap(), deltas)
}

/// The error of one request for text. Whatever it is, it names the place and gives nothing away.
async fn error(reply: Reply) -> RemoteError {
    let server = Loopback::start(move |_| reply.clone()).await;
    let (result, _) = ask(&openai(&server), TEXT).await;
    let error = result.unwrap_err();
    assert!(error.message.contains(&server.place()), "{error}");
    checked(error)
}

#[tokio::test]
async fn the_request_is_what_the_protocol_says_and_carries_the_key() {
    let server = Loopback::start(|_| Reply::text("{}")).await;
    let (result, _) = ask(&settings(Wire::Chat, &format!("{}/", server.base_url())), TEXT).await;
    result.unwrap();
    let [request] = server.requests().try_into().unwrap();
    assert_eq!(request.authorization.as_deref(), Some(format!("Bearer {KEY}").as_str()));
    let expected = json!({
        "model": "test-model",
        "messages": [
            { "role": "system", "content": "You plan." },
            { "role": "user", "content": SECRET },
            { "role": "assistant", "content": "I thought of it." },
            { "role": "user", "content": "Decide." },
        ],
        "max_tokens": 100,
        "stream": true,
        "stream_options": { "include_usage": true },
    });
    assert_eq!(request.body, expected);
}

#[tokio::test]
async fn what_a_server_does_not_know_is_left_out_and_remembered() {
    let server = Loopback::start(|request| {
        for name in ["response_format", "stream_options"] {
            if !request[name].is_null() {
                return Reply::status(400, json!({ "error": { "message": format!("unknown field {name}") } }));
            }
        }
        if request["max_completion_tokens"].is_null() {
            return Reply::status(400, json!({ "error": { "message": "Use 'max_completion_tokens' instead." } }));
        }
        Reply::text("{}")
    })
    .await;
    let remote = ServedRemote::connect(&openai(&server)).await.unwrap();
    for requests in [5, 6] {
        let reply = remote.ask(&request(Purpose::Decide), mpsc::channel(1).0).await.unwrap();
        assert!(reply.usage.estimated, "nothing was counted by this server");
        assert_eq!(server.counts().requests, requests);
    }
}

#[tokio::test]
async fn each_status_says_what_to_do_and_whether_to_try_again() {
    let said = |text: &str| json!({ "error": { "message": text } });
    let code = |code: &str| json!({ "error": { "message": "", "code": code } });
    for (status, body, words, retry) in [
        (400, said("bad thing"), "refused the request (400)", Retry::Never),
        (400, said("maximum context length is 4096 tokens"), "longer context", Retry::Never),
        (400, code("content_policy_violation"), "refused the content", Retry::Never),
        (
            401,
            said(&format!("Incorrect key {KEY}, near sk-planted-01")),
            "check the command remote.api_key_cmd",
            Retry::Never,
        ),
        (403, json!({}), "does not allow this with the key", Retry::Never),
        (402, json!({}), "no credit", Retry::Never),
        (404, said("The model `test-model` does not exist"), "check remote.model", Retry::Never),
        (404, json!({}), "check remote.base_url", Retry::Never),
        (413, json!({}), "longer context", Retry::Never),
        (
            400,
            said("This model's maximum prompt length is 131072 but the request contains 136973 tokens."),
            "longer context",
            Retry::Never,
        ),
        (
            400,
            said("max_tokens is too large: 8192. This model supports at most 4096 completion tokens."),
            "remote.max_output_tokens asks for (400): lower it",
            Retry::Never,
        ),
        (
            429,
            said(
                "Request too large for m on tokens per min (TPM): Limit 30000, Requested 30601. The input must be reduced.",
            ),
            "limit of 30000 raised",
            Retry::Never,
        ),
        (
            413,
            said(
                "Request too large for model `m` on tokens per minute (TPM): Limit 6000, please reduce your message size",
            ),
            "limit of 6000 raised",
            Retry::Never,
        ),
        (429, code("insufficient_quota"), "no credit", Retry::Never),
        (429, said("slow down"), "asked too often", Retry::Later(None)),
        (500, said("oops"), "try again later", Retry::Later(None)),
        (503, json!({}), "try again later", Retry::Later(None)),
        (529, said("overloaded"), "(529)", Retry::Later(None)),
    ] {
        let error = error(Reply::status(status, body)).await;
        assert!(error.message.contains(words) && error.retry == retry, "{status}: {error:?}");
    }
    let error = error(Reply::status(429, json!({})).header("retry-after", "17")).await;
    assert_eq!(error.retry, Retry::Later(Some(Duration::from_secs(17))));
    let used_up = Reply::status(429, said("slow down"));
    let used_up = used_up.header("x-ratelimit-remaining-tokens", "0").header("x-ratelimit-reset-tokens", "1m2s");
    assert_eq!(self::error(used_up).await.retry, Retry::Later(Some(Duration::from_secs(62))));
}

#[tokio::test]
async fn a_model_that_thought_until_its_cap_gave_a_reply_at_its_cap() {
    let error = "Could not finish the message because max_tokens or model output limit was reached. Please try again with higher \
                 max_tokens.";
    let (reply, _) = reply(Reply::status(400, json!({ "error": { "message": error } }))).await;
    assert_eq!((reply.text.as_str(), reply.finish), ("", Finish::Length));
    assert!(reply.usage.estimated && reply.usage.output_tokens == 100, "{:?}", reply.usage);
}

#[tokio::test]
async fn a_probe_that_asks_for_one_token_is_answered_by_servers_that_give_none_so_few() {
    for (provider, wire, refusal, caps) in [
        (
            RemoteProvider::Azure,
            Wire::Chat,
            Some("Invalid 'max_tokens': integer below minimum value. Expected a value >= 16, but got 1 instead."),
            vec![1, 16],
        ),
        (
            RemoteProvider::Azure,
            Wire::Chat,
            Some("Could not finish the message because max_tokens or model output limit was reached."),
            vec![1],
        ),
        (RemoteProvider::OpenaiResponses, Wire::Responses, None, vec![16]),
    ] {
        let server = Loopback::start(move |body| match refusal {
            Some(refusal) if body["max_completion_tokens"] == 1 => {
                Reply::status(400, json!({ "error": { "message": refusal } }))
            }
            _ => Reply::text("yes").never_streamed(),
        })
        .await;
        // A base without a list of models.
        let base = if wire == Wire::Responses { format!("http://{}/alone", server.address) } else { server.base_url() };
        let config = RemoteConfig { provider, model: "my-deployment".into(), ..settings(wire, &base) };
        let probe = ServedRemote::connect(&config).await.unwrap().probe().await.unwrap();
        // Azure's list tells of no deployment: that it is there shows in the reply.
        let listing = if wire == Wire::Chat { Listing::Listed } else { Listing::Unknown };
        assert_eq!((probe.listing, probe.answered), (listing, true), "{provider:?}");
        let asked: Vec<_> = server
            .requests()
            .into_iter()
            .map(|request| {
                let body = request.body;
                body["max_completion_tokens"].as_u64().or(body["max_output_tokens"].as_u64()).unwrap()
            })
            .collect();
        assert_eq!(asked, caps, "{provider:?}");
    }
}

#[tokio::test]
async fn a_redirect_carries_nothing_to_another_place() {
    let other = Loopback::start(|_| Reply::text("x")).await;
    let elsewhere = format!("{}/chat/completions", other.base_url());
    for status in [301, 307, 308] {
        let error = error(Reply::status(status, json!({})).header("location", &elsewhere)).await;
        let target = format!("set remote.base_url to {}, if", other.base_url());
        assert!(error.message.contains(&target) && error.retry == Retry::Never, "{error:?}");
    }
    let strange = error(Reply::status(302, json!({})).header("location", &format!("https://x/{KEY}"))).await;
    assert!(strange.message.contains("set remote.base_url to the final one"), "{strange}");
    assert_eq!(other.counts().requests, 0);
}

#[tokio::test]
async fn what_a_server_says_is_quoted_without_secrets() {
    let quoted = error(Reply::status(400, json!({ "error": { "message": "no\nsuch \u{1b}[31mthing" } }))).await;
    assert!(quoted.message.ends_with("it said: no such \\u{1b}[31mthing"), "{quoted}");
    let with_key = error(Reply::status(400, json!({ "error": { "message": format!("odd: {KEY}") } }))).await;
    assert!(with_key.message.ends_with("it said: odd: [key]"), "{with_key}");
    let echo = error(Reply::status(422, json!({ "detail": format!("invalid input: {SECRET}") }))).await;
    assert!(!echo.message.contains("it said"), "{echo}");
    let page = error(Reply::body("text/html", "<html>bad gateway</html>").with_status(502)).await;
    assert!(page.message.contains("(502)") && !page.message.contains("html"), "{page}");
}

#[tokio::test]
async fn a_reply_that_takes_too_long_in_all_ends_and_keeps_its_start() {
    let server = Loopback::start(|_| Reply::text("half of").fault(Fault::HangAfterText)).await;
    let config = RemoteConfig { idle_timeout_s: 3600, total_timeout_s: 1, ..openai(&server) };
    let remote = ServedRemote::connect(&config).await.unwrap();
    let error = checked(remote.ask(&request(TEXT), mpsc::channel(1).0).await.unwrap_err());
    assert!(error.message.contains("not done within 1 s"), "{error}");
    assert_eq!((error.retry, error.partial.as_str()), (Retry::Never, "half of"));
}

#[tokio::test]
async fn settings_that_cannot_work_name_what_to_change() {
    let unset = "MINIONS_TEST_VARIABLE_THAT_NOBODY_SETS".to_owned();
    let good = settings(Wire::Chat, "https://models.example/v1");
    for (config, words) in [
        (RemoteConfig { model: String::new(), ..good.clone() }, "remote.model is not set"),
        (RemoteConfig { base_url: "models".into(), ..good.clone() }, "remote.base_url is not a URL"),
        (RemoteConfig { api_key_env: unset.clone(), api_key_cmd: String::new(), ..good.clone() }, unset.as_str()),
        (RemoteConfig { api_key_cmd: "exit 1".into(), ..good.clone() }, "ended with status 1"),
        (
            RemoteConfig { api_key_env: "default".into(), api_key_cmd: String::new(), ..good.clone() },
            "OPENAI_API_KEY is the key of openai, which models.example is not",
        ),
        (RemoteConfig { headers: vec!["x-api-key: abc".into()], ..good }, "remote.headers, number 1, is x-api-key"),
    ] {
        let error = ServedRemote::connect(&config).await.err().unwrap();
        assert!(error.message.contains(words) && error.retry == Retry::Never, "{error}");
    }
}

#[tokio::test]
async fn deltas_that_nobody_takes_hold_nothing_up() {
    let server = Loopback::start(|_| Reply::text("one two three four")).await;
    let remote = ServedRemote::connect(&openai(&server)).await.unwrap();
    let (deltas, mut received) = mpsc::channel(1);
    let reply = remote.ask(&request(TEXT), deltas).await.unwrap();
    assert_eq!(reply.text, "one two three four");
    assert!(reply.text.starts_with(&received.recv().await.unwrap()));
    let closed = mpsc::channel(1).0;
    assert_eq!(remote.ask(&request(TEXT), closed).await.unwrap().text, "one two three four");
}

#[tokio::test]
async fn a_probe_tells_whether_the_model_is_there_without_a_chat() {
    let server = Loopback::start(|_| Reply::text("x")).await;
    let mut config = openai(&server);
    let probe = ServedRemote::connect(&config).await.unwrap().probe().await.unwrap();
    assert_eq!((probe.place, probe.listing, probe.has_key), (server.place(), Listing::Listed, true));
    assert!(probe.loopback && !probe.encrypted);
    config.model = "another".into();
    let probe = ServedRemote::connect(&config).await.unwrap().probe().await.unwrap();
    assert_eq!(probe.listing, Listing::NotListed(vec!["test-model".into()]));
    assert_eq!(server.counts().requests, 0);
}

#[tokio::test]
async fn a_key_that_the_server_echoes_in_its_reply_is_taken_out() {
    let echo = format!("the key is {KEY}, indeed {KEY}");
    for streamed in [Reply::text(echo.clone()).in_writes_of(1), Reply::text(echo.clone()).never_streamed()] {
        let (reply, deltas) = reply(streamed).await;
        assert_eq!((reply.text.as_str(), deltas.as_str()), ("the key is [key], indeed [key]", reply.text.as_str()));
    }
}

/// What a planner at such a server says to a document of these bytes, where it counts so many tokens.
async fn with_document(
    provider: RemoteProvider,
    running: serde_json::Value,
    bytes: usize,
    input: u64,
) -> (Result<RemoteReply, RemoteError>, Vec<String>, usize) {
    let nature = Nature { pages: vec![("/api/ps", running)], ..Nature::default() };
    let reply = move |_: &_| Reply::text("rose").tokens(Tokens { input, output: 9, ..Tokens::default() });
    let server = Loopback::start_as(nature, reply).await;
    let config = RemoteConfig { provider, ..openai(&server) };
    let remote = ServedRemote::connect(&config).await.unwrap();
    let document = Message::user("Sales rose again. ".repeat(bytes / 18));
    let request = RemoteAsk { messages: vec![document], ..request(Purpose::Answer) };
    let result = remote.ask(&request, mpsc::channel(64).0).await;
    (result, remote.remarks(), server.counts().requests)
}

#[tokio::test]
async fn a_prompt_that_was_cut_is_no_basis_for_an_answer() {
    let loaded = || json!({ "models": [{ "name": "test-model:latest", "context_length": 4096 }] });
    let ollama = RemoteProvider::OllamaV1;
    let (result, _, sent) = with_document(ollama, loaded(), 76_000, 4096).await;
    assert!(sent == 0 && checked(result.unwrap_err()).message.contains("reads 4096 tokens"), "it cannot fit");

    let (result, _, _) = with_document(ollama, loaded(), 20_000, 4096).await;
    let error = checked(result.unwrap_err());
    assert!(
        error.message.contains("a context of 4096 tokens") && error.message.contains("OLLAMA_CONTEXT_LENGTH"),
        "{error}"
    );
    assert_eq!((error.usage.unwrap().input_tokens, error.partial.as_str()), (4096, "rose"));

    let (result, remarks, _) = with_document(ollama, loaded(), 12_000, 2500).await;
    assert!(result.is_ok() && remarks.is_empty(), "{remarks:?}");
}

#[tokio::test]
async fn a_count_that_is_far_too_small_is_told() {
    for provider in [RemoteProvider::LmStudio, RemoteProvider::Openai] {
        let (result, remarks, _) = with_document(provider, json!({}), 76_000, 4096).await;
        assert_eq!(result.unwrap().text, "rose");
        let [remark] = remarks.try_into().unwrap();
        assert!(remark.contains("read 4096 tokens") && !remark.contains("Sales"), "{remark}");
        let (result, remarks, _) = with_document(provider, json!({}), 76_000, 17_000).await;
        assert!(result.is_ok() && remarks.is_empty(), "{remarks:?}");
    }
}

#[tokio::test]
async fn json_that_the_model_could_not_write_is_another_try_and_then_asked_for_otherwise() {
    let server = Loopback::start(|request| match request["response_format"].is_null() {
        true => Reply::text("{\"decision\": 1}"),
        false => Reply::status(
            400,
            json!({ "error": { "type": "invalid_request_error", "code": "json_validate_failed",
                "message": "Failed to generate JSON. Please adjust your prompt. See 'failed_generation' for more details.",
                "failed_generation": "{\"decision\": with less reasoning effort" } }),
        ),
    })
    .await;
    let remote = ServedRemote::connect(&openai(&server)).await.unwrap();
    let asked = request(Purpose::Decide);
    let error = checked(remote.ask(&asked, mpsc::channel(64).0).await.unwrap_err());
    assert_eq!((error.retry, error.lost), (Retry::Later(None), true), "{error}");
    assert!(error.message.contains("wrote no valid JSON") && error.partial.starts_with("{\"decision\""), "{error:?}");
    assert_eq!(server.counts().requests, 1);
    assert_eq!(remote.ask(&asked, mpsc::channel(64).0).await.unwrap().text, "{\"decision\": 1}");
    assert_eq!(server.counts().requests, 4, "by a schema, as an object, and without a form");
}

#[tokio::test]
async fn a_reply_that_the_server_says_was_broken_off_is_another_try() {
    let tokens = Tokens { input: 90, output: 7, ..Tokens::default() };
    let error = error(Reply::text("half of").finish("insufficient_system_resource").tokens(tokens)).await;
    assert_eq!((error.retry, error.partial.as_str(), error.lost), (Retry::Later(None), "half of", true));
    assert!(error.message.contains("broke off") && error.usage.unwrap().output_tokens == 7, "{error:?}");
}
