//! Providers as the command line meets them: their models listed, their endpoints checked, their failures told.

use serde_json::json;

use crate::home::{Home, KEY, Said, local, said};
use crate::loopback::{Loopback, Nature, Refused, Reply, Tokens, Wire};

fn with<'a>(args: &[&'a str], settings: &'a [String]) -> Vec<&'a str> {
    args.iter().copied().chain(settings.iter().flat_map(|setting| ["--set", setting])).collect()
}

fn settings(wire: Wire, server: &Loopback) -> Vec<String> {
    let provider = serde_json::to_value(wire.provider()).unwrap();
    vec![
        format!("remote.provider={}", provider.as_str().unwrap()),
        format!("remote.base_url={}", server.url_of(wire)),
        "remote.api_key_env=PLANTED_KEY".into(),
        "remote.model=test-model".into(),
    ]
}

fn checks(said: &Said, name: &str) -> (String, String) {
    let found = said.json()["checks"].as_array().unwrap().iter().find(|check| check["name"] == name).unwrap().clone();
    (found["status"].as_str().unwrap().into(), found["detail"].as_str().unwrap().into())
}

fn settings_of_readers(base_url: &str) -> Vec<String> {
    ["local.provider=openai", base_url].map(String::from).to_vec()
}

#[tokio::test]
async fn the_price_of_the_endpoints_own_list_keeps_a_budget_where_no_other_is_known() {
    let pricing = json!({ "prompt": "0.000002", "completion": "0.000008", "input_cache_read": "0.0000005" });
    let list = json!({ "data": [{ "id": "maker/test-model", "context_length": 64_000, "pricing": pricing }] });
    let nature = Nature { pages: vec![("/api/v1/models", list)], ..Nature::default() };
    let server = Loopback::start_as(nature, |_| Reply::text("x")).await;
    let home = Home::new();
    home.write("document.txt", "One line.\n");
    let place = format!("remote.base_url=http://{}/api/v1", server.address);
    let settings: Vec<String> = [
        "remote.provider=openrouter",
        "remote.model=maker/test-model",
        "remote.api_key_env=PLANTED_KEY",
        "remote.budget_usd=0.0001",
        &place,
    ]
    .map(String::from)
    .to_vec();
    let said = home.ask(&["--json"], &settings).await;
    assert_eq!((said.code, &said.json()["outcome"]), (4, &json!("budget")), "{said:?}");
    let remote = &home.facts_of("session_opened")[0]["remote"];
    assert_eq!(remote["price"], json!({ "input": 2.0, "cached_input": 0.5, "output": 8.0 }), "{remote}");
    let note = home.facts_of("note_added")[0]["text"].to_string();
    assert!(
        note.contains("the price of maker/test-model is from its endpoint's list: $2 for a million tokens in, $8 out")
    );
    assert_eq!(server.counts().requests, 0);
}

#[tokio::test]
async fn a_reader_that_is_paid_for_is_on_the_bill_and_outside_of_the_budget() {
    let output = r#"{"explanation":"read","citation":"One line.","answer":"one"}"#;
    let tokens = Tokens { input: 1000, output: 100, ..Tokens::default() };
    let server = Loopback::start(move |_| Reply::text(output).tokens(tokens)).await;
    let home = Home::new();
    home.write("document.txt", "One line.\n");
    let mut settings = local(&server);
    settings.extend(
        [r#"prices."test-model".input=2"#, r#"prices."test-model".output=10"#, "remote.budget_usd=1"].map(String::from),
    );
    let said = home.ask(&["--json"], &settings).await;
    let usage = said.json()["usage"]["local"].clone();
    let calls = usage["calls"].as_u64().unwrap();
    let cost = usage["cost_usd"].as_f64().unwrap();
    assert!(calls > 0 && (cost - 0.003 * calls as f64).abs() < 1e-9, "{said:?}");
    assert!(said.stderr.contains("what the reader's tokens cost is outside of it"), "{said:?}");
}

#[tokio::test]
async fn the_models_of_a_provider_are_listed_with_what_they_read() {
    let server = Loopback::start(|_| Reply::text("x")).await;
    let home = Home::new();
    for (wire, provider, name, context) in [
        (Wire::Gemini, "gemini", "test-model", json!(100_000)),
        (Wire::Ollama, "ollama", "test-model:latest", json!(8192)),
        (Wire::Anthropic, "anthropic", "test-model", json!(null)),
    ] {
        let settings = settings(wire, &server);
        let listed = home.run(&with(&["models", provider, "--json"], &settings)).await;
        let row = json!({ "name": name, "context_length": context, "price_input": null, "price_output": null,
            "price_cached_input": null, "price_batch_input": null, "price_batch_output": null });
        assert_eq!((listed.code, listed.json()), (0, json!([row])), "{listed:?}");
        let table = home.run(&with(&["models"], &settings)).await;
        assert!(table.stdout.starts_with("NAME") && table.stdout.contains(name), "{table:?}");
    }
    assert_eq!(server.counts().requests, 0, "listing spends nothing");

    let mut mine = settings(Wire::Chat, &server);
    mine.extend([r#"prices."test-model".input=2"#, r#"prices."test-model".output=8"#].map(String::from));
    let mine = with(&["models", "--json"], &mine);
    let listed = home.run(&mine).await;
    let row = &listed.json()[0];
    assert_eq!(
        (&row["price_input"], &row["price_cached_input"], &row["price_output"]),
        (&json!(2.0), &json!(2.0), &json!(8.0))
    );

    let listed = home.run(&with(&["models", "local-server", "--json"], &local(&server))).await;
    assert_eq!(listed.json()[0]["name"], "test-model", "{listed:?}");
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let dead = format!("http://{closed}/v1");
    let several = |urls: &str| settings_of_readers(&format!("local.base_url={urls}"));
    for urls in [format!("{dead}, {}", server.base_url()), format!("{}, {dead}", server.base_url())] {
        let listed = home.run(&with(&["models", "local-server", "--json"], &several(&urls))).await;
        assert_eq!((listed.code, &listed.json()[0]["name"]), (0, &json!("test-model")), "{listed:?}");
        assert!(listed.stderr.contains("the connection was refused"), "{listed:?}");
    }
    home.run(&with(&["models", "local-server"], &several(&dead))).await.assert_refused_at_once(1, &["refused"]);
    home.run(&["models", "local-server"]).await.assert_refused_at_once(2, &["[local] names no server"]);

    let unknown = home.run(&["models", "antropic"]).await;
    let there_are = "local, local-server, openai, openai-responses, anthropic, gemini";
    unknown.assert_refused_at_once(2, &["antropic", there_are, "did you mean anthropic?"]);
    home.run(&["models"]).await.assert_refused_at_once(2, &["offline", "name a provider"]);
    home.run(&["models", "anthropic"]).await.assert_refused_at_once(1, &["ANTHROPIC_API_KEY", "not set"]);
}

#[tokio::test]
async fn a_providers_own_key_goes_to_no_other_host_unless_it_is_named() {
    let server = Loopback::start(|_| Reply::text("x")).await;
    let home = Home::new();
    let keys = |server: &Loopback| -> Vec<Option<String>> {
        server.requests().into_iter().map(|request| request.authorization).collect()
    };
    home.write("document.txt", "One line.\n");
    let base_url = format!("remote.base_url={}", server.base_url());
    for (api_key_env, sent) in [("default", None), ("OPENAI_API_KEY", Some(format!("Bearer {KEY}")))] {
        let api_key_env = format!("remote.api_key_env={api_key_env}");
        let settings = ["remote.provider=openai", "remote.model=m", "remote.attempts=1", &base_url, &api_key_env];
        let mut asking = home.asking(&[], &settings.map(str::to_owned));
        asking.env("OPENAI_API_KEY", KEY);
        said(asking).await;
        let seen = keys(&server);
        assert!(!seen.is_empty() && seen.last().unwrap() == &sent, "{api_key_env}: {seen:?}");
    }
    let mut elsewhere = home.command(&["models", "openai", "--set", "remote.base_url=http://models.invalid/v1"]);
    elsewhere.args(["--set", "remote.provider=openai"]).env("OPENAI_API_KEY", KEY);
    let said = said(elsewhere).await;
    said.assert_refused_at_once(1, &["OPENAI_API_KEY is the key of openai", "models.invalid", "remote.api_key_env"]);
}

#[tokio::test]
async fn headers_of_ones_own_go_with_every_request_and_their_secrets_show_nowhere() {
    let output = format!(r#"{{"explanation":"read {KEY}","citation":"One line.","answer":"one"}}"#);
    let server = Loopback::start(move |_| Reply::text(output.clone())).await;
    let home = Home::new();
    home.write("document.txt", "One line.\n");
    home.write("minions.toml", "[local]\nheaders = [\"X-Title: minions\", \"x-gateway: Bearer $PLANTED_KEY\"]\n");
    let settings = local(&server);
    let said = home.ask(&["--json"], &settings).await;
    let requests = server.requests();
    assert!(!requests.is_empty() && said.json()["jobs"]["answered"] != 0, "{said:?}");
    let has = |name: &str, value: &str| requests.iter().all(|request| request.headers[name] == value);
    assert!(has("x-title", "minions") && has("x-gateway", &format!("Bearer {KEY}")));
    home.assert_nowhere(KEY, &said);
    home.write("minions.toml", "[local]\nheaders = [\"x-gateway: $NOBODY_SETS_IT\"]\n");
    let said = home.ask(&["--json"], &settings).await;
    said.assert_refused_at_once(2, &["local.headers", "x-gateway", "NOBODY_SETS_IT is not set"]);
}

#[tokio::test]
async fn a_reader_may_have_its_key_from_a_command() {
    let server = Loopback::start(|_| Reply::text("x")).await;
    let home = Home::new();
    home.write("document.txt", "One line.\n");
    let mut settings = local(&server);
    settings.push("local.api_key_cmd=echo $PLANTED_KEY".into());
    let said = home.ask(&["--json"], &settings).await;
    let keys: Vec<_> = server.requests().into_iter().map(|request| request.authorization).collect();
    assert!(!keys.is_empty() && keys.iter().all(|key| *key == Some(format!("Bearer {KEY}"))), "{keys:?}");
    home.assert_nowhere(KEY, &said);
}

#[tokio::test]
async fn the_doctor_says_where_no_run_would_begin_for_want_of_a_price() {
    let server = Loopback::start(|_| Reply::text("x")).await;
    let doctor = |more: &[&str]| {
        let mut settings = settings(Wire::Chat, &server);
        settings.extend(more.iter().map(|setting| (*setting).to_owned()));
        async move { Home::new().run(&with(&["doctor", "--json"], &settings)).await }
    };
    let (status, detail) = checks(&doctor(&["remote.budget_usd=1"]).await, "price and budget");
    assert!(status == "fail" && detail.contains("set remote.price_input"), "{detail}");
    let priced = ["remote.budget_usd=1", "remote.price_input=2", "remote.price_output=8"];
    let (status, detail) = checks(&doctor(&priced).await, "price and budget");
    assert!(
        status == "ok" && detail.contains("$2 for a million") && detail.contains("at most $1 a session"),
        "{detail}"
    );
    assert_eq!(checks(&doctor(&[]).await, "price and budget").0, "ok");
}

#[tokio::test]
async fn the_doctor_checks_each_endpoint_for_one_token_at_most() {
    for wire in [Wire::Gemini, Wire::Ollama] {
        let server = Loopback::start(|_| Reply::text("yes").never_streamed()).await;
        let home = Home::new();
        let said = home.run(&with(&["doctor", "--json"], &settings(wire, &server))).await;
        let (status, detail) = checks(&said, "remote server");
        assert!(status == "ok" && detail.contains("offers test-model"), "{wire:?}: {detail}");
        assert!(!said.stdout.contains(KEY), "{said:?}");
        // Ollama lists to whoever asks, so that only a request shows that the key is right.
        let asked: Vec<_> = server.requests().iter().map(|one| one.body["options"]["num_predict"].clone()).collect();
        assert_eq!(asked, if wire == Wire::Ollama { vec![json!(1)] } else { vec![] });
    }
    // Where the list is open to all, a wrong key shows in the one request.
    let (status, body) = Wire::Ollama.refusal(Refused::WrongKey, KEY);
    let server = Loopback::start(move |_| Reply::status(status, body.clone())).await;
    let said = Home::new().run(&with(&["doctor", "--json"], &settings(Wire::Ollama, &server))).await;
    let (status, detail) = checks(&said, "remote server");
    assert!(status == "fail" && detail.contains("did not accept the key"), "{detail}");
}

#[tokio::test]
async fn a_name_that_leads_nowhere_and_a_proxy_that_is_away_are_told_apart() {
    let home = Home::new();
    let settings =
        ["remote.provider=openai", "remote.base_url=https://models.invalid/v1", "remote.api_key_env=PLANTED_KEY"];
    let settings = settings.map(str::to_owned);
    let args = with(&["models"], &settings);
    home.run(&args).await.assert_refused_at_once(1, &["models.invalid", "no address that can be found"]);
    let mut proxied = home.command(&args);
    // Nothing listens on the discard port of this machine.
    proxied.env("HTTPS_PROXY", "http://127.0.0.1:9");
    said(proxied).await.assert_refused_at_once(1, &["models.invalid", "proxy", "HTTPS_PROXY"]);
}
