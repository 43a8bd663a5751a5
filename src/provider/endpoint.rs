//! The address of a server: where chats go, where models are listed, and how it is named in errors.

use std::net::IpAddr;

use reqwest::Url;

/// A base URL, taken as people write it: with or without a trailing slash, with or without `/v1`, or with
/// `/chat/completions` already at its end.
#[derive(Clone, Debug)]
pub struct Endpoint {
    chat: Url,
    models: Url,
    place: String,
    loopback: bool,
}

impl Endpoint {
    /// Errors say what is wrong with the address, without repeating it: it may hold a password.
    pub fn parse(base_url: &str) -> Result<Self, &'static str> {
        let mut base = Url::parse(base_url.trim()).map_err(|_| "is not a URL like http://127.0.0.1:8080/v1")?;
        if !matches!(base.scheme(), "http" | "https") {
            return Err("must begin with http:// or https://");
        }
        if !base.username().is_empty() || base.password().is_some() {
            return Err("must not hold a name or password: a key goes into api_key_env");
        }
        base.set_fragment(None);
        let path = base.path().trim_end_matches('/');
        let path = path.strip_suffix("/chat/completions").unwrap_or(path).trim_end_matches('/');
        let path = if path.is_empty() { "/v1".to_owned() } else { path.to_owned() };
        let with = |end: &str| {
            let mut url = base.clone();
            url.set_path(&format!("{path}{end}"));
            url
        };
        let host = base.host_str().ok_or("names no host")?;
        let port = base.port().map(|port| format!(":{port}")).unwrap_or_default();
        Ok(Self {
            chat: with("/chat/completions"),
            models: with("/models"),
            place: format!("{host}{port}{}", with("").path()),
            loopback: is_loopback(host),
        })
    }

    pub fn chat(&self) -> &Url {
        &self.chat
    }

    pub fn models(&self) -> &Url {
        &self.models
    }

    /// Host, port and path: what may stand in an error.
    pub fn place(&self) -> &str {
        &self.place
    }

    pub fn is_encrypted(&self) -> bool {
        self.chat.scheme() == "https"
    }

    /// Whether it is on this machine.
    pub fn is_loopback(&self) -> bool {
        self.loopback
    }
}

fn is_loopback(host: &str) -> bool {
    let host = host.trim_matches(['[', ']']);
    host == "localhost" || host.ends_with(".localhost") || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_write_a_base_url_reaches_the_same_place() {
        for base in [
            "http://127.0.0.1:8080",
            "http://127.0.0.1:8080/",
            "http://127.0.0.1:8080/v1",
            "http://127.0.0.1:8080/v1/",
            " http://127.0.0.1:8080/v1/chat/completions ",
        ] {
            let endpoint = Endpoint::parse(base).unwrap();
            assert_eq!(endpoint.chat().as_str(), "http://127.0.0.1:8080/v1/chat/completions", "{base}");
            assert_eq!(endpoint.models().as_str(), "http://127.0.0.1:8080/v1/models");
            assert_eq!(endpoint.place(), "127.0.0.1:8080/v1");
        }
        let other = Endpoint::parse("https://openrouter.ai/api/v1").unwrap();
        assert_eq!(other.chat().as_str(), "https://openrouter.ai/api/v1/chat/completions");
        let azure = Endpoint::parse("https://x.example/openai/?api-version=1").unwrap();
        assert_eq!(azure.chat().as_str(), "https://x.example/openai/chat/completions?api-version=1");
        assert_eq!(azure.place(), "x.example/openai");
    }

    #[test]
    fn this_machine_is_told_from_others() {
        for (base, here) in [
            ("http://localhost:1", true),
            ("http://127.8.9.1", true),
            ("http://[::1]:80/v1", true),
            ("http://192.168.0.2/v1", false),
            ("http://localhost.example.com/v1", false),
        ] {
            assert_eq!(Endpoint::parse(base).unwrap().is_loopback(), here, "{base}");
        }
    }

    #[test]
    fn an_address_that_cannot_be_used_is_refused_without_repeating_it() {
        for base in ["", "localhost", "ftp://x/v1", "http://me:secret@x/v1"] {
            let error = Endpoint::parse(base).unwrap_err();
            assert!(!error.contains("secret"));
        }
    }
}
