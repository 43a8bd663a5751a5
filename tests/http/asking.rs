//! How the tests of the remote LM ask: with a planted key and a question that must not come back in an error.

use minions::config::RemoteConfig;
use minions::protocol::{AskId, Estimate, Message, Purpose, RemoteAsk, ReplyFormat};
use minions::remote::{RemoteError, RemoteLm, RemoteReply, ServedRemote};
use tokio::sync::mpsc;

use crate::loopback::Wire;

pub const KEY: &str = "sk-planted-0123456789abcdef";
pub const SECRET: &str = "What was the exact revenue of the unnamed company in the year of the flood?";

pub fn settings(wire: Wire, base_url: &str) -> RemoteConfig {
    RemoteConfig {
        provider: wire.provider(),
        model: "test-model".into(),
        base_url: base_url.into(),
        api_key_env: String::new(),
        api_key_cmd: format!("echo {KEY}"),
        connect_timeout_s: 5,
        idle_timeout_s: 1,
        ..RemoteConfig::default()
    }
}

pub fn request(purpose: Purpose) -> RemoteAsk {
    RemoteAsk {
        ask: AskId { round: 1, n: 1 },
        purpose,
        attempt: 1,
        messages: vec![
            Message::system("You plan."),
            Message::user(SECRET),
            Message::assistant("I thought of it."),
            Message::user("Decide."),
        ],
        format: if purpose == Purpose::Decide { ReplyFormat::Json } else { ReplyFormat::Text },
        max_output_tokens: 100,
        estimate: Estimate::default(),
    }
}

pub async fn ask(config: &RemoteConfig, purpose: Purpose) -> (Result<RemoteReply, RemoteError>, String) {
    let remote = ServedRemote::connect(config).await.unwrap();
    let (deltas, mut received) = mpsc::channel(4096);
    let result = remote.ask(&request(purpose), deltas).await;
    let mut text = String::new();
    while let Ok(delta) = received.try_recv() {
        text.push_str(&delta);
    }
    (result, text)
}

/// Whatever the error is, it gives nothing away.
pub fn checked(error: RemoteError) -> RemoteError {
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains(KEY) && !shown.contains("0123456789abcdef"), "{shown}");
    assert!(!shown.contains("unnamed company"), "{shown}");
    assert!(!error.message.contains(['\n', '\u{1b}']), "{shown}");
    error
}
