//! Asks a server what models it has, which spends no tokens.

use std::time::Duration;

use reqwest::header::AUTHORIZATION;
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use super::body;
use super::client::Client;
use super::failure::{self, Failure};
use super::quote::one_line;
use super::refusal::Refusal;

/// How long a server has to list its models.
const PROBE_WAIT: Duration = Duration::from_secs(5);
/// Bytes of a list of models that are read.
const LIST_BYTES: usize = 4 << 20;

/// A server that can be reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// Host, port and path.
    pub place: String,
    pub model: String,
    pub listing: Listing,
    /// Whether a key is sent.
    pub has_key: bool,
    /// Whether the server is on this machine.
    pub loopback: bool,
    /// Whether it is spoken to over TLS; without, what is sent can be read on the way, the key included.
    pub encrypted: bool,
}

/// Whether the server offers the model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listing {
    Listed,
    /// With some of the models it does offer, fit to be shown.
    NotListed(Vec<String>),
    /// It gives no list that can be read.
    Unknown,
}

impl Client {
    /// Whether the server is there and offers the model: `GET {base}/models`, within 5 s.
    pub async fn probe(&self) -> Result<Probe, Failure> {
        let deadline = Instant::now() + PROBE_WAIT;
        let mut request = self.http.get(self.server.endpoint.models().clone());
        if let Some(key) = self.server.authorization() {
            request = request.header(AUTHORIZATION, key);
        }
        let response = match timeout_at(deadline, request.send()).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => return Err(failure::of_transport(&self.server, &error)),
            Err(_) => return Err(failure::silent(&self.server, PROBE_WAIT)),
        };
        let status = response.status().as_u16();
        let body = body::head(body::of(response, PROBE_WAIT, deadline), LIST_BYTES).await;
        let listing = match status {
            200..=299 => listing(&body, &self.server.model),
            // Some servers chat and list nothing.
            404 | 405 | 501 => Listing::Unknown,
            _ => {
                let refusal = Refusal::read(&String::from_utf8_lossy(&body));
                return Err(failure::of_status(&self.server, status, &refusal, None));
            }
        };
        Ok(Probe {
            place: self.server.endpoint.place().to_owned(),
            model: self.server.shown_model(),
            listing,
            has_key: self.server.key.is_some(),
            loopback: self.server.endpoint.is_loopback(),
            encrypted: self.server.endpoint.is_encrypted(),
        })
    }
}

fn listing(body: &[u8], model: &str) -> Listing {
    let Ok(value) = serde_json::from_slice::<Value>(body) else { return Listing::Unknown };
    let Some(models) = value.get("data").or(Some(&value)).and_then(Value::as_array) else { return Listing::Unknown };
    let names: Vec<&str> = models.iter().filter_map(|model| model.get("id")?.as_str()).collect();
    if names.contains(&model) {
        return Listing::Listed;
    }
    let shown = |name: &&str| one_line(&name.chars().take(80).collect::<String>());
    Listing::NotListed(names.iter().take(8).map(shown).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_models_is_read_and_anything_else_is_not_known() {
        let body = br#"{"object":"list","data":[{"id":"a"},{"id":"b\u001b"}]}"#;
        assert_eq!(listing(body, "a"), Listing::Listed);
        assert_eq!(listing(body, "c"), Listing::NotListed(vec!["a".into(), "b\\u{1b}".into()]));
        assert_eq!(listing(b"<html>", "a"), Listing::Unknown);
        assert_eq!(listing(b"{}", "a"), Listing::Unknown);
    }
}
