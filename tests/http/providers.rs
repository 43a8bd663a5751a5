//! What is promised of every provider: the same reply however it is streamed, the server's own counts, and for each
//! failure a sentence that says what to do.

use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::{StreamExt, stream};
use minions::config::{Config, LocalConfig, LocalProvider, ReasoningEffort, RemoteConfig, RemoteProvider};
use minions::local::{ChunkText, JobRequest, LocalLm, OpenAiLocal};
use minions::protocol::{Finish, JobId, Message, Purpose, RemoteAsk, Usage, prompts};
use minions::provider::{Listing, presets};
use minions::remote::{RemoteError, RemoteLm, RemoteReply, Retry, ServedRemote, models};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::asking::{KEY, SECRET, ask, checked, request, settings};
use crate::loopback::{Fault, Loopback, Nature, Refused, Reply, Tokens, Wire};

const TEXT: &str = "The naïve answer → 42 \u{1f600}, no more.";

async fn served(wire: Wire, reply: Reply) -> (Result<RemoteReply, RemoteError>, String, Loopback) {
    let server = Loopback::start(move |_| reply.clone()).await;
    let (result, deltas) = ask(&settings(wire, &server.url_of(wire)), Purpose::Think).await;
    (result, deltas, server)
}

#[tokio::test]
async fn a_stream_equals_the_plain_reply_however_it_comes() {
    // The last word is more than a megabyte in one event.
    let long = format!("{TEXT} {}", "ü→😀x".repeat(110_000));
    let tokens = Tokens { input: 1000, cached: 768, output: 50, reasoning: 40 };
    for wire in Wire::ALL {
        let (plain, deltas, _) = served(wire, Reply::text(TEXT).tokens(tokens).never_streamed()).await;
        let plain = plain.unwrap();
        assert_eq!((plain.text.as_str(), deltas.as_str(), plain.finish), (TEXT, TEXT, Finish::Stop), "{wire:?}");
        let counted = wire.counts(tokens);
        let expected = Usage {
            input_tokens: counted.input,
            cached_input_tokens: counted.cached,
            output_tokens: counted.output,
            reasoning_tokens: counted.reasoning,
            cache_write_input_tokens: wire.written(counted),
            ..Usage::default()
        };
        assert_eq!(plain.usage, expected, "{wire:?}");
        for (text, stream) in [
            (TEXT, Reply::text(TEXT)),
            (TEXT, Reply::text(TEXT).noisy().in_writes_of(1).without_done()),
            (&long, Reply::text(&long).noisy().in_writes_of(4093).without_done()),
        ] {
            let (reply, deltas, _) = served(wire, stream.tokens(tokens)).await;
            let reply = reply.unwrap();
            assert!(reply.text == text && deltas == text, "{wire:?}: {} of {} bytes", reply.text.len(), text.len());
            assert_eq!((reply.usage, reply.finish), (expected, Finish::Stop), "{wire:?}");
            assert!(reply.first_token <= reply.total);
        }
    }
}

type Row = (&'static str, fn(Wire) -> Reply, &'static str, Retry, &'static str);

/// What goes wrong, what the person reads, whether it is tried again, and what of the reply is kept.
const FAILURES: &[Row] = &[
    ("wrong key", |wire| refused(wire, Refused::WrongKey), "check the command remote.api_key_cmd", Retry::Never, ""),
    ("no credit", |wire| refused(wire, Refused::NoCredit), "add credit there", Retry::Never, ""),
    (
        "unknown model",
        |wire| refused(wire, Refused::UnknownModel),
        "check remote.model; it offers test-model",
        Retry::Never,
        "",
    ),
    ("too long", |wire| refused(wire, Refused::TooLong), "longer context", Retry::Never, ""),
    (
        "rate limit",
        |wire| refused(wire, Refused::RateLimit).header("retry-after", "17"),
        "asked too often",
        Retry::Later(Some(Duration::from_secs(17))),
        "",
    ),
    ("overloaded", |wire| refused(wire, Refused::Overloaded), "try again later", Retry::Later(None), ""),
    ("status 529", |_| Reply::status(529, json!({})), "(529)", Retry::Later(None), ""),
    ("broken", |wire| refused(wire, Refused::Broken), "(500)", Retry::Later(None), ""),
    ("bad gateway", |_| Reply::body("text/html", "<html>").with_status(502), "(502)", Retry::Later(None), ""),
    ("web page", |_| Reply::body("text/html", "<!doctype html>"), "web page", Retry::Never, ""),
    ("empty 200", |_| Reply::body("text/event-stream", ""), "empty reply", Retry::Later(None), ""),
    ("other JSON", |_| Reply::body("application/json", "{\"ok\":true}"), "no chat completion", Retry::Never, ""),
    ("no text", |_| Reply::text(""), "without text", Retry::Later(None), ""),
    ("cut", |_| Reply::text("half of").fault(Fault::CutAfterText), "broke off", Retry::Later(None), "half of"),
    ("ended early", |_| Reply::text("half of").fault(Fault::EndAfterText), "broke off", Retry::Later(None), "half of"),
    ("silent", |_| Reply::text("").fault(Fault::Hang), "silent for 1 s", Retry::Later(None), ""),
    ("stuck", |_| Reply::text("half of").fault(Fault::HangAfterText), "silent for 1 s", Retry::Later(None), "half of"),
    (
        "error in the stream",
        |wire| Reply::text("half of").fault(Fault::ErrorAfterText(wire.error_piece("Out of order"))),
        "it said: Out of order",
        Retry::Later(None),
        "half of",
    ),
    (
        "refused content",
        |_| Reply::text("I can").finish("content_filter"),
        "refused the content",
        Retry::Never,
        "I can",
    ),
];

fn refused(wire: Wire, refused: Refused) -> Reply {
    let (status, body) = wire.refusal(refused, KEY);
    Reply::status(status, body)
}

#[tokio::test]
async fn every_failure_of_every_provider_says_what_to_do() {
    for wire in Wire::ALL {
        for (name, reply, words, retry, partial) in FAILURES {
            // Ollama has no word for a refused content.
            if wire == Wire::Ollama && *name == "refused content" {
                continue;
            }
            let reply = reply(wire);
            let server = Loopback::start(move |_| reply.clone()).await;
            let mut config = settings(wire, &server.url_of(wire));
            if *name == "unknown model" {
                config.model = "tset-model".into();
            }
            let (result, _) = ask(&config, Purpose::Think).await;
            let Err(error) = result else { panic!("{wire:?}, {name}: {result:?}") };
            let error = checked(error);
            assert!(error.message.contains(words), "{wire:?}, {name}: {error:?}");
            assert!(error.message.contains(&server.url_of(wire)["http://".len()..]), "{wire:?}, {name}: {error:?}");
            assert_eq!((error.retry, error.partial.as_str()), (*retry, *partial), "{wire:?}, {name}: {error:?}");
        }
    }
}

#[tokio::test]
async fn a_reply_at_its_cap_says_so() {
    for wire in Wire::ALL {
        let (reply, _, _) = served(wire, Reply::text("half of").finish("length")).await;
        assert_eq!(reply.unwrap().finish, Finish::Length, "{wire:?}");
    }
}

#[tokio::test]
async fn a_server_that_cannot_be_reached_is_named_with_what_to_do() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for wire in Wire::ALL {
        let plain = Loopback::start(|_| Reply::text("x")).await;
        for (base, words, retry) in [
            (format!("http://{closed}"), "start the server", Retry::Later(None)),
            (plain.url_of(wire).replace("http:", "https:"), "TLS", Retry::Never),
        ] {
            let (result, _) = ask(&settings(wire, &base), Purpose::Think).await;
            let error = checked(result.unwrap_err());
            assert!(error.message.contains(words) && error.retry == retry, "{wire:?}: {error:?}");
            let (_, place) = base.split_once("://").unwrap();
            assert!(error.message.contains(place), "{wire:?}: {error:?}");
        }
        let slow = Loopback::start(|_| Reply::text("half of").fault(Fault::HangAfterText)).await;
        let config = RemoteConfig { idle_timeout_s: 3600, total_timeout_s: 1, ..settings(wire, &slow.url_of(wire)) };
        let error = checked(ask(&config, Purpose::Think).await.0.unwrap_err());
        assert!(error.message.contains("not done within 1 s") && error.partial == "half of", "{error:?}");
    }
}

/// A server whose line of connections that wait to be accepted is full: what Linux does with one more is not to answer, as
/// a network does that swallows packets.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_server_that_never_accepts_is_given_up_within_the_time_to_connect() {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let full = socket.listen(1).unwrap();
    let address = full.local_addr().unwrap();
    // The first ones wait to be accepted, for ever; the last one shows that the line is full.
    let mut waiting = Vec::new();
    while let Ok(connection) = timeout(Duration::from_secs(1), TcpStream::connect(address)).await {
        waiting.push(connection.unwrap());
    }
    for wire in Wire::ALL {
        let config = RemoteConfig { connect_timeout_s: 1, ..settings(wire, &format!("http://{address}")) };
        let error = checked(ask(&config, Purpose::Think).await.0.unwrap_err());
        assert!(error.message.contains("cannot be reached in time"), "{wire:?}: {error:?}");
        assert_eq!((error.retry, error.lost), (Retry::Later(None), false), "{wire:?}: nothing can have been paid for");
    }
    assert!(!waiting.is_empty());
}

#[tokio::test]
async fn dropping_the_request_closes_its_connection() {
    for wire in Wire::ALL {
        let server = Loopback::start(|_| Reply::text("half of").fault(Fault::HangAfterText)).await;
        let config = RemoteConfig { idle_timeout_s: 3600, ..settings(wire, &server.url_of(wire)) };
        let remote = ServedRemote::connect(&config).await.unwrap();
        let request = request(Purpose::Think);
        tokio::select! {
            result = remote.ask(&request, mpsc::channel(1).0) => panic!("{result:?}"),
            _ = server.wait_for(|counts| counts.in_flight == 1) => {}
        }
        server.wait_for(|counts| counts.in_flight == 0 && counts.abandoned == 1).await;
    }
}

#[tokio::test]
async fn the_key_of_every_preset_goes_into_its_header_and_nowhere_else() {
    for (provider, preset) in &presets::PRESETS {
        let wire = Wire::of(*provider);
        let (status, body) = wire.refusal(Refused::WrongKey, KEY);
        let server = Loopback::start(move |_| Reply::status(status, body.clone())).await;
        let config = RemoteConfig { provider: *provider, ..settings(wire, &server.url_of(wire)) };
        let error = checked(ask(&config, Purpose::Think).await.0.unwrap_err());
        assert!(error.message.contains("did not accept the key"), "{}: {error}", preset.name);
        let [request] = server.requests().try_into().unwrap();
        assert!(!request.uri.contains("planted") && !request.body.to_string().contains("planted"), "{}", preset.name);
        let keyed: Vec<&str> = request
            .headers
            .iter()
            .filter(|(_, value)| value.to_str().is_ok_and(|value| value.ends_with(KEY)))
            .map(|(name, _)| name.as_str())
            .collect();
        let expected = match preset.name {
            "anthropic" => "x-api-key",
            "gemini" => "x-goog-api-key",
            "azure" => "api-key",
            _ => "authorization",
        };
        assert_eq!(keyed, [expected], "{}", preset.name);
    }
}

/// The body of one request to decide, with all that can be set.
async fn body_of(wire: Wire) -> (Value, String) {
    let server = Loopback::start(|_| Reply::text("{}")).await;
    let config = RemoteConfig {
        temperature: 0.25,
        reasoning_effort: ReasoningEffort::Low,
        ..settings(wire, &server.url_of(wire))
    };
    ask(&config, Purpose::Decide).await.0.unwrap();
    let [request] = server.requests().try_into().unwrap();
    for word in ["tool", "plugin", "web_search", "url"] {
        assert!(!request.body.to_string().contains(&format!("\"{word}")), "{wire:?}: {}", request.body);
    }
    (request.body, request.uri)
}

#[tokio::test]
async fn each_wire_places_prompts_form_effort_and_temperature_where_its_api_wants_them() {
    let schema = |value: &Value| assert_eq!(value["required"][0], "decision", "{value}");
    let text = |text: &str| json!([{ "type": "text", "text": text }]);
    let cached = |text: &str| json!([{ "type": "text", "text": text, "cache_control": { "type": "ephemeral" } }]);

    let (chat, _) = body_of(Wire::Chat).await;
    assert_eq!((&chat["messages"][0]["role"], &chat["messages"][3]["content"]), (&json!("system"), &json!("Decide.")));
    assert_eq!((&chat["reasoning_effort"], &chat["temperature"]), (&json!("low"), &json!(0.25)));
    schema(&chat["response_format"]["json_schema"]["schema"]);

    let (responses, _) = body_of(Wire::Responses).await;
    assert_eq!((&responses["instructions"], &responses["store"]), (&json!("You plan."), &json!(false)));
    assert_eq!((&responses["input"][0]["role"], &responses["input"][0]["content"]), (&json!("user"), &json!(SECRET)));
    assert_eq!((&responses["reasoning"]["effort"], &responses["max_output_tokens"]), (&json!("low"), &json!(100)));
    assert!(responses["prompt_cache_key"].as_str().unwrap().starts_with("minions-"));
    schema(&responses["text"]["format"]["schema"]);

    let (anthropic, _) = body_of(Wire::Anthropic).await;
    assert_eq!(anthropic["system"], cached("You plan."));
    assert_eq!(anthropic["messages"][0], json!({ "role": "user", "content": cached(SECRET) }));
    assert_eq!(anthropic["messages"][1], json!({ "role": "assistant", "content": text("I thought of it.") }));
    assert_eq!(
        (&anthropic["thinking"]["type"], &anthropic["output_config"]["effort"]),
        (&json!("adaptive"), &json!("low"))
    );
    assert_eq!(anthropic["temperature"], Value::Null, "whoever thinks there has a temperature of its own");
    schema(&anthropic["output_config"]["format"]["schema"]);

    let (gemini, uri) = body_of(Wire::Gemini).await;
    assert_eq!(uri, "/v1beta/models/test-model:streamGenerateContent?alt=sse");
    assert_eq!(gemini["systemInstruction"], json!({ "parts": [{ "text": "You plan." }] }));
    assert_eq!(gemini["contents"][1], json!({ "role": "model", "parts": [{ "text": "I thought of it." }] }));
    let generation = &gemini["generationConfig"];
    assert_eq!(
        (&generation["thinkingConfig"]["thinkingLevel"], &generation["temperature"]),
        (&json!("low"), &json!(0.25))
    );
    assert_eq!(
        (&generation["responseMimeType"], &generation["maxOutputTokens"]),
        (&json!("application/json"), &json!(100))
    );
    schema(&generation["responseJsonSchema"]);

    let (ollama, _) = body_of(Wire::Ollama).await;
    assert_eq!(ollama["options"], json!({ "num_predict": 100, "temperature": 0.25 }));
    assert_eq!((&ollama["think"], &ollama["truncate"]), (&json!("low"), &json!(false)));
    schema(&ollama["format"]);
}

#[tokio::test]
async fn whole_documents_go_into_a_cache_only_where_another_question_came_on_them() {
    let server = Loopback::start(|_| Reply::text("{}")).await;
    let remote = ServedRemote::connect(&settings(Wire::Anthropic, &server.url_of(Wire::Anthropic))).await.unwrap();
    let documents =
        [prompts::data("document-0", "Sales rose."), prompts::data("document-1", "Costs, too.")].join("\n\n");
    let ask = |question: String| {
        let messages = vec![Message::system("You answer."), Message::user(format!("{documents}\n\n{question}"))];
        RemoteAsk { messages, ..request(Purpose::Answer) }
    };
    let first = ask("Did sales rise?".into());
    let second = ask(format!("Did costs?\n\n{}", prompts::data("earlier", "Did sales rise? Yes.")));
    let mut third = first.clone();
    third.messages.extend([Message::assistant("{}"), Message::user("Answer anew.")]);
    for request in [&first, &second, &third] {
        remote.ask(request, mpsc::channel(1).0).await.unwrap();
    }
    let contents: Vec<Value> =
        server.requests().into_iter().map(|request| request.body["messages"][0]["content"].clone()).collect();
    assert_eq!(contents[0], json!([{ "type": "text", "text": first.messages[1].content }]));
    let kept = json!({ "type": "text", "text": documents, "cache_control": { "type": "ephemeral" } });
    assert_eq!((&contents[1][0], &contents[2][0]), (&kept, &kept));
    assert_eq!(contents[2][1], json!({ "type": "text", "text": "\n\nDid sales rise?" }));
}

#[tokio::test]
async fn what_a_model_does_not_take_is_left_out_and_remembered() {
    for (wire, fields) in [
        (Wire::Chat, vec!["response_format", "reasoning_effort", "temperature"]),
        (Wire::Responses, vec!["text.format", "reasoning.effort", "temperature"]),
        (Wire::Anthropic, vec!["output_config.format", "output_config.effort", "temperature"]),
        (
            Wire::Gemini,
            vec![
                "generationConfig.responseJsonSchema",
                "generationConfig.thinkingConfig",
                "generationConfig.temperature",
            ],
        ),
        (Wire::Ollama, vec!["format", "think"]),
    ] {
        let server = Loopback::start(move |request| {
            let has = |field: &&&str| {
                !request.pointer(&format!("/{}", field.replace('.', "/"))).unwrap_or(&Value::Null).is_null()
            };
            match fields.iter().find(has) {
                Some(field) => Reply::status(
                    400,
                    json!({ "error": { "message": format!("this model does not support {field}") } }),
                ),
                None => Reply::text("{}"),
            }
        })
        .await;
        let config = RemoteConfig {
            temperature: 0.25,
            reasoning_effort: ReasoningEffort::Low,
            ..settings(wire, &server.url_of(wire))
        };
        let remote = ServedRemote::connect(&config).await.unwrap();
        remote.ask(&request(Purpose::Decide), mpsc::channel(1).0).await.unwrap();
        let first = server.counts().requests;
        assert!(first > 2, "{wire:?}");
        remote.ask(&request(Purpose::Decide), mpsc::channel(1).0).await.unwrap();
        assert_eq!(server.counts().requests, first + 1, "{wire:?}");
    }
}

/// The bodies of the requests for one reply with this effort, at a server that refuses some; and what is told of it after two.
async fn efforts(
    preset: RemoteProvider,
    effort: ReasoningEffort,
    refuses: fn(&Value) -> Option<(u16, Value)>,
) -> (Vec<Value>, Vec<String>) {
    let server = Loopback::start(move |request| match refuses(request) {
        Some((status, body)) => Reply::status(status, body),
        None => Reply::text("{}"),
    })
    .await;
    let wire = Wire::of(preset);
    let config = RemoteConfig {
        provider: preset,
        reasoning_effort: effort,
        max_output_tokens: 4096,
        ..settings(wire, &server.url_of(wire))
    };
    let remote = ServedRemote::connect(&config).await.unwrap();
    let request = RemoteAsk { max_output_tokens: 4096, ..request(Purpose::Think) };
    let mut told = Vec::new();
    for _ in 0..2 {
        remote.ask(&request, mpsc::channel(1).0).await.unwrap();
        told.extend(remote.remarks());
    }
    (server.requests().into_iter().map(|request| request.body).collect(), told)
}

#[tokio::test]
async fn an_effort_that_a_model_does_not_take_is_asked_for_as_near_as_it_does_and_told_once() {
    let (bodies, told) = efforts(RemoteProvider::Openai, ReasoningEffort::Xhigh, |body| {
        (body["reasoning_effort"] == "xhigh").then(|| {
            let text = "Unsupported value: 'reasoning_effort' does not support 'xhigh'. Supported values are: 'low' and 'high'.";
            (400, json!({ "error": { "message": text } }))
        })
    })
    .await;
    let asked: Vec<&Value> = bodies.iter().map(|body| &body["reasoning_effort"]).collect();
    assert_eq!(asked, ["xhigh", "high", "high"]);
    assert_eq!(told, ["test-model does not take reasoning_effort = xhigh: it is asked with high"]);

    let (bodies, told) = efforts(RemoteProvider::Xai, ReasoningEffort::Low, |body| {
        let error = "Model test-model does not support parameter reasoningEffort.";
        (!body["reasoning_effort"].is_null()).then(|| (400, json!({ "code": "invalid-argument", "error": error })))
    })
    .await;
    assert_eq!((bodies.len(), &bodies[2]["reasoning_effort"]), (3, &Value::Null));
    assert!(told.len() == 1 && told[0].contains("asked without"), "{told:?}");

    let (bodies, told) = efforts(RemoteProvider::Anthropic, ReasoningEffort::Medium, |body| {
        let adaptive = body["thinking"]["type"] == "adaptive";
        adaptive.then(|| (400, json!({ "error": { "message": "adaptive thinking is not supported on this model" } })))
    })
    .await;
    assert_eq!(bodies[1]["thinking"], json!({ "type": "enabled", "budget_tokens": 2048 }));
    assert_eq!((&bodies[1]["output_config"], &bodies[1]["temperature"]), (&Value::Null, &Value::Null));
    assert_eq!((bodies.len(), told), (3, vec![]), "it thinks as was wished");

    let (bodies, _) = efforts(RemoteProvider::Gemini, ReasoningEffort::None, |body| {
        let level = &body["generationConfig"]["thinkingConfig"]["thinkingLevel"];
        let text = "Thinking level MINIMAL is not supported for this model.";
        (level == "minimal").then(|| (400, json!({ "error": { "message": text } })))
    })
    .await;
    assert_eq!(bodies[2]["generationConfig"]["thinkingConfig"], json!({ "thinkingLevel": "low" }));

    let (bodies, _) = efforts(RemoteProvider::Deepseek, ReasoningEffort::None, |_| None).await;
    assert_eq!(
        (&bodies[0]["thinking"], &bodies[0]["reasoning_effort"]),
        (&json!({ "type": "disabled" }), &Value::Null)
    );
    let (bodies, _) = efforts(RemoteProvider::Deepseek, ReasoningEffort::Low, |_| None).await;
    assert_eq!((&bodies[0]["thinking"], &bodies[0]["reasoning_effort"]), (&Value::Null, &json!("low")));
}

#[tokio::test]
async fn usage_is_the_servers_own_count_over_1000_calls_of_which_a_tenth_fail() {
    let (mut calls, mut failures) = (0, 0);
    for wire in Wire::ALL {
        let seen = AtomicUsize::new(0);
        let server = Loopback::start(move |_| {
            let n = seen.fetch_add(1, Ordering::Relaxed);
            let tokens = Tokens {
                input: 500 + n as u64,
                cached: n as u64 % 400,
                output: 60 + n as u64 % 9,
                reasoning: n as u64 % 50,
            };
            let reply = Reply::text(TEXT).tokens(tokens);
            match n % 40 {
                3 => refused(wire, Refused::Overloaded),
                13 => reply.fault(Fault::CutAfterText),
                23 => reply.fault(Fault::EndAfterText),
                33 => reply.fault(Fault::ErrorAfterText(wire.error_piece("Overloaded"))),
                odd if odd % 3 == 0 => reply.never_streamed(),
                odd if odd % 7 == 0 => reply.noisy().in_writes_of(5),
                _ => reply,
            }
        })
        .await;
        let remote = ServedRemote::connect(&settings(wire, &server.url_of(wire))).await.unwrap();
        let (remote, request) = (&remote, &request(Purpose::Think));
        let asked = stream::iter(0..200).map(|_| remote.ask(request, mpsc::channel(1).0)).buffer_unordered(16);
        let (mut usage, results): (Usage, Vec<_>) = (Usage::default(), asked.collect().await);
        for result in results {
            calls += 1;
            match result {
                Ok(reply) => usage += reply.usage,
                Err(_) => failures += 1,
            }
        }
        let Tokens { input, cached, output, reasoning } = server.counts().tokens;
        let expected = Usage {
            input_tokens: input,
            cached_input_tokens: cached,
            output_tokens: output,
            reasoning_tokens: reasoning,
            // Summed by the call, of which each rounds for itself.
            cache_write_input_tokens: usage.cache_write_input_tokens,
            ..Usage::default()
        };
        assert_eq!(usage, expected, "{wire:?}");
    }
    assert_eq!((calls, failures), (1000, 100));
}

#[tokio::test]
async fn what_a_provider_offers_is_listed_and_the_model_of_the_settings_found_in_it() {
    for (wire, context) in [
        (Wire::Chat, None),
        (Wire::Responses, None),
        (Wire::Anthropic, None),
        (Wire::Gemini, Some(100_000)),
        (Wire::Ollama, Some(8192)),
    ] {
        let server = Loopback::start(|_| Reply::text("yes").never_streamed()).await;
        let mut config = settings(wire, &server.url_of(wire));
        let probe = ServedRemote::connect(&config).await.unwrap().probe().await.unwrap();
        assert_eq!((probe.listing, probe.has_key), (Listing::Listed, true), "{wire:?}");
        // Ollama lists to whoever asks: only a request shows that the key is right.
        assert_eq!(
            (probe.answered, server.counts().requests),
            (wire == Wire::Ollama, usize::from(wire == Wire::Ollama))
        );
        config.model = String::new();
        let listed = models(&Config::default(), &config).await.unwrap();
        assert_eq!(listed.len(), 1, "{wire:?}");
        assert!(listed[0].id.starts_with("test-model") && listed[0].context == context, "{wire:?}: {listed:?}");
    }
}

#[tokio::test]
async fn what_would_surely_not_fit_is_not_sent() {
    let server = Loopback::start(|_| Reply::text("x")).await;
    let remote = ServedRemote::connect(&settings(Wire::Gemini, &server.url_of(Wire::Gemini))).await.unwrap();
    let of = |bytes: usize| RemoteAsk {
        messages: vec![Message::user("word ".repeat(bytes / 5))],
        ..request(Purpose::Think)
    };
    remote.ask(&of(500_000), mpsc::channel(1).0).await.unwrap();
    let error = remote.ask(&of(700_000), mpsc::channel(1).0).await.unwrap_err();
    assert!(error.message.contains("was not sent") && error.message.contains("100000 tokens"), "{error}");
    assert_eq!((server.counts().requests, error.retry), (1, Retry::Never));
}

#[tokio::test]
async fn a_local_ollama_reads_with_room_for_the_chunk_and_without_thoughts() {
    let output = r#"{"explanation":"it says so","citation":"sales rose","answer":"yes"}"#;
    let about = json!({ "model_info": { "llama.context_length": 131_072 } });
    let nature = Nature { pages: vec![("/api/show", about)], ..Nature::default() };
    let server = Loopback::start_as(nature, move |_| Reply::text(output)).await;
    let config = LocalConfig {
        provider: LocalProvider::Ollama,
        model: "test-model".into(),
        base_url: server.url_of(Wire::Ollama),
        ..LocalConfig::default()
    };
    let local = OpenAiLocal::connect(&config).await.unwrap();
    let job = |chunk: String| JobRequest {
        id: JobId { round: 1, index: 0 },
        chunk: ChunkText::whole(chunk.into()),
        task: "Did sales rise?".into(),
        advice: "".into(),
        sample: 0,
        max_output_tokens: 64,
    };
    assert_eq!(local.info().provider, "ollama");
    assert_eq!(local.execute(job("sales rose".into())).await.unwrap().text, output);
    local.execute(job("sales rose ".repeat(3000))).await.unwrap();
    local.execute(job("sales rose ".repeat(1500))).await.unwrap();
    let bodies: Vec<Value> = server.requests().into_iter().map(|request| request.body).collect();
    assert!(bodies.iter().all(|body| body["think"] == json!(false) && body["format"]["type"] == "object"));
    let rooms: Vec<&Value> = bodies.iter().map(|body| &body["options"]["num_ctx"]).collect();
    assert_eq!(
        rooms,
        [&Value::Null, &json!(16_384), &json!(16_384)],
        "it never shrinks: the model would be loaded again"
    );
}
