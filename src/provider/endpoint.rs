//! The address of a server, and how it is named in errors.

use std::net::IpAddr;

use reqwest::Url;

use super::wire::{Address, Wire};

/// A base URL, taken as people write it: with or without a trailing slash, with or without the wire's own path, or with
/// the whole address of a request.
#[derive(Clone, Debug)]
pub struct Endpoint {
    base: Url,
    place: String,
    loopback: bool,
}

impl Endpoint {
    /// `root`: the path that is meant where the address has none, or only the beginning of it. Errors say what is wrong with
    /// the address, without repeating it: it may hold a password.
    pub fn parse(base_url: &str, wire: &dyn Wire, root: &str) -> Result<Self, &'static str> {
        let mut base = Url::parse(base_url.trim()).map_err(|_| "is not a URL like http://127.0.0.1:8080/v1")?;
        if !matches!(base.scheme(), "http" | "https") {
            return Err("must begin with http:// or https://");
        }
        if !base.username().is_empty() || base.password().is_some() {
            return Err("must not hold a name or password: a key goes into api_key_env");
        }
        base.set_fragment(None);
        let path = base.path().trim_end_matches('/');
        let path = path.strip_suffix(wire.tail()).unwrap_or(path).trim_end_matches('/');
        let path = match path {
            // Ollama's other wire stands beside its own.
            "/v1" if root == "/api" => root,
            path if root.strip_prefix(path).is_some_and(|rest| rest.starts_with('/')) => root,
            path => path,
        }
        .to_owned();
        base.set_path(&path);
        let host = base.host_str().ok_or("names no host")?;
        let port = base.port().map(|port| format!(":{port}")).unwrap_or_default();
        Ok(Self { place: format!("{host}{port}{}", base.path()), loopback: is_loopback(host), base })
    }

    /// The URL of an address below the base. A model's name in it is one part of the path, whatever it holds.
    pub fn at(&self, address: &Address) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(&address.path);
        }
        if let Some((name, value)) = address.query {
            url.query_pairs_mut().append_pair(name, value);
        }
        url
    }

    /// The base URL to set for a server that sends what is `asked` on to `target`: without a query, which may be a secret.
    pub fn moved(&self, asked: &Url, target: &str) -> Option<String> {
        let mut target = asked.join(target).ok().filter(|target| matches!(target.scheme(), "http" | "https"))?;
        let below = asked.path().strip_prefix(self.base.path()).unwrap_or_default();
        let path = target.path().strip_suffix(below).unwrap_or(target.path()).to_owned();
        target.set_path(&path);
        target.set_query(None);
        target.set_fragment(None);
        target.set_username("").and_then(|()| target.set_password(None)).ok()?;
        Some(target.to_string())
    }

    /// The URL of a path of the host.
    pub fn of_host(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(path);
        url
    }

    /// Host, port and path: what may stand in an error.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// Whether it is at this host or below it.
    pub fn is_at(&self, host: &str) -> bool {
        let own = self.base.host_str().unwrap_or_default();
        own == host || own.strip_suffix(host).is_some_and(|below| below.ends_with('.'))
    }

    /// Host, and port where that is not the usual one.
    pub fn host(&self) -> &str {
        self.place.split('/').next().unwrap_or_default()
    }

    pub fn is_encrypted(&self) -> bool {
        self.base.scheme() == "https"
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
    use super::super::wire::{ANTHROPIC, GEMINI, OLLAMA, OPENAI_CHAT};
    use super::*;

    fn parse(base: &str, wire: &dyn Wire) -> Result<Endpoint, &'static str> {
        Endpoint::parse(base, wire, wire.root())
    }

    fn chat(base: &str, wire: &dyn Wire, model: &str) -> String {
        parse(base, wire).unwrap().at(&wire.address(model, true)).to_string()
    }

    #[test]
    fn every_way_to_write_a_base_url_reaches_the_same_place() {
        for base in [
            "http://127.0.0.1:8080",
            "http://127.0.0.1:8080/",
            "http://127.0.0.1:8080/v1",
            "http://127.0.0.1:8080/v1/",
            " http://127.0.0.1:8080/v1/chat/completions ",
        ] {
            let endpoint = parse(base, OPENAI_CHAT).unwrap();
            assert_eq!(chat(base, OPENAI_CHAT, "m"), "http://127.0.0.1:8080/v1/chat/completions", "{base}");
            assert_eq!(endpoint.at(&OPENAI_CHAT.listing()).as_str(), "http://127.0.0.1:8080/v1/models");
            assert_eq!(endpoint.place(), "127.0.0.1:8080/v1");
        }
        let other = chat("https://openrouter.ai/api/v1", OPENAI_CHAT, "m");
        assert_eq!(other, "https://openrouter.ai/api/v1/chat/completions");
        let azure = chat("https://x.example/openai/deployments/d/?api-version=1", OPENAI_CHAT, "m");
        assert_eq!(azure, "https://x.example/openai/deployments/d/chat/completions?api-version=1");
    }

    #[test]
    fn each_wire_has_its_own_paths() {
        assert_eq!(chat("https://a.example", ANTHROPIC, "m"), "https://a.example/v1/messages");
        for base in ["http://localhost:1", "http://localhost:1/v1", "http://localhost:1/api/chat"] {
            assert_eq!(chat(base, OLLAMA, "m"), "http://localhost:1/api/chat");
        }
        let gemini = chat("https://g.example/v1beta/", GEMINI, "models/gemini-9");
        assert_eq!(gemini, "https://g.example/v1beta/models/gemini-9:streamGenerateContent?alt=sse");
        let odd = chat("https://g.example", GEMINI, "../../x?key=1#");
        assert!(odd.starts_with("https://g.example/v1beta/models/..%2F..%2Fx%3Fkey=1%23:stream"), "{odd}");
    }

    #[test]
    fn a_root_of_its_own_is_meant_where_the_path_is_not_there_or_only_begun() {
        for base in [
            "https://x.openai.azure.com",
            "https://x.openai.azure.com/openai/",
            "https://x.openai.azure.com/openai/v1",
            "https://x.openai.azure.com/openai/v1/chat/completions",
        ] {
            let endpoint = Endpoint::parse(base, OPENAI_CHAT, "/openai/v1").unwrap();
            assert_eq!(endpoint.place(), "x.openai.azure.com/openai/v1", "{base}");
            assert_eq!(endpoint.at(&OPENAI_CHAT.address("m", true)).path(), "/openai/v1/chat/completions");
        }
        let old = "https://x.openai.azure.com/openai/deployments/d?api-version=1";
        assert_eq!(
            Endpoint::parse(old, OPENAI_CHAT, "/openai/v1").unwrap().place(),
            "x.openai.azure.com/openai/deployments/d"
        );
        let azure = parse(old, OPENAI_CHAT).unwrap();
        assert!(azure.is_at("azure.com") && azure.is_at("x.openai.azure.com"));
        assert!(!azure.is_at("zure.com") && !azure.is_at("y.openai.azure.com"));
    }

    #[test]
    fn where_a_server_moved_to_is_told_as_the_base_url_to_set() {
        let endpoint = parse("http://a.example/v1", OPENAI_CHAT).unwrap();
        let asked = endpoint.at(&OPENAI_CHAT.address("m", true));
        for (target, expected) in [
            ("https://a.example/v1/chat/completions?key=planted", Some("https://a.example/v1")),
            ("https://me:planted@b.example/", Some("https://b.example/")),
            ("/api/v1/chat/completions", Some("http://a.example/api/v1")),
            ("ftp://b.example/", None),
            ("http://", None),
        ] {
            assert_eq!(endpoint.moved(&asked, target).as_deref(), expected, "{target}");
        }
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
            assert_eq!(parse(base, OPENAI_CHAT).unwrap().is_loopback(), here, "{base}");
        }
    }

    #[test]
    fn an_address_that_cannot_be_used_is_refused_without_repeating_it() {
        for base in ["", "localhost", "ftp://x/v1", "http://me:secret@x/v1"] {
            let error = parse(base, OPENAI_CHAT).unwrap_err();
            assert!(!error.contains("secret"));
        }
    }
}
