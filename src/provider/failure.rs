//! Why a request got no reply: what failed, where, and what to do next, in one sentence.
//!
//! The sentence holds neither the key nor anything that was sent. What the server itself said is kept beside it, since
//! a caller that sends document text must not show it.

use std::error::Error;
use std::io;
use std::time::Duration;

use super::assembly::Unusable;
use super::backoff::LONGEST;
use super::body::{BodyError, REPLY_BYTES};
use super::refusal::Refusal;
use super::server::Server;
use super::stream::Broken;
use crate::protocol::Usage;

#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    pub message: String,
    /// A short quotation of the server, safe to draw, without the key and without echoes of what was sent.
    pub said: Option<String>,
    pub again: Again,
    /// What of the text had come.
    pub partial: String,
    pub trouble: Trouble,
    /// Whether the server took the request and may have answered it, so that it may have to be paid for.
    pub lost: bool,
    /// Tokens of a reply that came whole and is of no use, as the server counted them.
    pub usage: Option<Box<Usage>>,
    /// Whether it is the model that the server does not know.
    pub unknown_model: bool,
}

/// What it says of the server, for a caller that knows others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// There was no server to send anything to.
    Absent,
    /// It has too much to do, or was asked too often.
    Busy,
    /// It did not answer in time.
    Hung,
    Other,
}

/// Whether another try may help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    Never,
    /// After the time the server named, if it named one.
    Later(Option<Duration>),
}

impl Failure {
    pub fn never(message: String) -> Self {
        let (partial, trouble) = (String::new(), Trouble::Other);
        let (said, again, lost, usage, unknown_model) = (None, Again::Never, false, None, false);
        Self { message, said, again, partial, trouble, lost, usage, unknown_model }
    }

    pub fn later(message: String) -> Self {
        Self { again: Again::Later(None), ..Self::never(message) }
    }

    fn absent(message: String) -> Self {
        Self { trouble: Trouble::Absent, ..Self::later(message) }
    }

    /// The request was taken: what came of it may have to be paid for.
    fn after_it_was_taken(self) -> Self {
        Self { lost: true, ..self }
    }

    /// Whether the server said one of these words.
    pub fn says(&self, words: &[&str]) -> bool {
        self.said.as_ref().is_some_and(|said| words.iter().any(|word| said.contains(word)))
    }

    /// The sentence with the quotation in it.
    pub fn in_full(&self) -> String {
        match &self.said {
            Some(said) => format!("{}; it said: {said}", self.message),
            None => self.message.clone(),
        }
    }
}

/// For an HTTP status that is no success; `status` is the server's, or what an error in its stream amounts to.
pub fn of_status(server: &Server, status: u16, refusal: &Refusal, retry_after: Option<Duration>) -> Failure {
    let (name, section, model) = (server.name(), server.section, server.shown_model());
    let trouble = if matches!(status, 429 | 503 | 529) { Trouble::Busy } else { Trouble::Other };
    let named = retry_after.or(refusal.retry_after);
    let later = |message: String| {
        let asks = named.filter(|wait| *wait > LONGEST).map(told);
        let message = asks.map_or_else(|| message.clone(), |wait| format!("{message}; it asks to wait {wait}"));
        Failure { again: Again::Later(named), trouble, ..Failure::never(message) }
    };
    match status {
        // No wait helps where one request is more than a minute's worth.
        413 | 429 if refusal.over_rate().is_some() => {
            let limit = refusal.over_rate().flatten().map_or_else(String::new, |limit| format!(" of {limit}"));
            Failure::never(format!(
                "{name} takes fewer tokens a minute of this account than this one request has ({status}): lower \
                 {section}.max_output_tokens, which counts, ask of smaller documents or with fewer tasks, or have the account's \
                 limit{limit} raised there"
            ))
        }
        // A server that finds it out late says 500.
        400 | 413 | 422 | 500 if status == 413 || refusal.is_context_length() => Failure::never(format!(
            "{name} cannot take a request of this length with {model} ({status}): take a model with a longer context, or \
             smaller chunks and fewer tasks"
        )),
        400 | 422 if refusal.is_output_cap() => Failure::never(format!(
            "{name} writes fewer tokens with {model} than {section}.max_output_tokens asks for ({status}): lower it"
        )),
        400 | 422 if refusal.is_bad_generation() => Failure {
            partial: refusal.written.clone(),
            ..Failure::later(format!("{name} says that {model} wrote no valid JSON ({status}): try again"))
                .after_it_was_taken()
        },
        400 | 403 | 422 if refusal.is_moderation() => refused(server),
        401 | 403 if server.key.is_none() => Failure::never(format!(
            "{name} wants a key and has none ({status}): set it in the variable named by {section}.api_key_env"
        )),
        400 | 401 | 403 if status == 401 || refusal.is_key() => {
            Failure::never(format!("{name} did not accept the key ({status}): check {}", server.key_source))
        }
        402 => broke(server, status),
        // Google tells of every limit as of a quota, and names the wait where waiting helps.
        400 | 403 | 429 if refusal.is_quota() && (named.is_none() || refusal.speaks_of(&["insufficient_quota"])) => {
            broke(server, status)
        }
        403 => Failure::never(format!(
            "{name} does not allow this with the key ({status}): check {} and whether it may use {model}",
            server.key_source
        )),
        400 | 404 | 422 if refusal.is_unknown_model(&server.model) => Failure {
            unknown_model: true,
            ..Failure::never(format!("{name} knows no model {model} ({status}): check {section}.model"))
        },
        404 => Failure::never(format!(
            "{name} knows no such address or no model {model} (404): check {section}.base_url and {section}.model"
        )),
        429 => later(format!("{name} was asked too often (429): wait, or ask it less")),
        408 | 409 | 425 | 500 | 502..=599 => {
            later(format!("{name} failed or is overloaded ({status}): try again later"))
        }
        _ => Failure::never(format!("{name} refused the request ({status}): check the settings of [{section}]")),
    }
}

/// For a redirect, which is not followed: it would carry the request to a place that nobody named. `target`: the base URL to
/// set in its place, fit to be shown.
pub fn of_redirect(server: &Server, status: u16, target: Option<&str>) -> Failure {
    let (name, section) = (server.name(), server.section);
    let to = match target {
        Some(target) => format!("set {section}.base_url to {target}, if you know it"),
        None => format!("set {section}.base_url to the final one"),
    };
    Failure::never(format!("{name} sends on to another address ({status}), which is not followed: {to}"))
}

/// A long wait, as people say it.
fn told(wait: Duration) -> String {
    let minutes = wait.as_secs().div_ceil(60);
    match minutes {
        0..120 if minutes != 60 => format!("{minutes} min"),
        _ => format!("{} h", minutes.div_ceil(60)),
    }
}

fn broke(server: &Server, status: u16) -> Failure {
    let name = server.name();
    Failure::never(format!("{name} says that the account has no credit or quota left ({status}): add credit there"))
}

fn refused(server: &Server) -> Failure {
    let name = server.name();
    Failure::never(format!("{name} refused the content: put the question otherwise, or take another model"))
}

/// For a request that would not fit, which is not sent.
pub fn too_long(server: &Server, least_tokens: u64, context: u64) -> Failure {
    let (name, model) = (server.name(), server.shown_model());
    Failure::never(format!(
        "{name} cannot take a request of this length, which was not sent: {model} reads {context} tokens, and this is more \
         than {least_tokens}; take a model with a longer context, or smaller chunks and fewer tasks"
    ))
}

/// For a request of which the model read a part alone, and answered all the same.
pub fn cut(server: &Server, of_tokens: u64, context: u64) -> Failure {
    let (name, model) = (server.name(), server.shown_model());
    Failure::never(format!(
        "{name} read a part of the request alone: {model} has a context of {context} tokens there, and this is about \
         {of_tokens}; start the server with a larger context (OLLAMA_CONTEXT_LENGTH, the context length in LM Studio), or \
         take a model with a longer one"
    ))
}

/// For a body that is not a whole reply.
pub fn of_broken(server: &Server, broken: &Broken, idle: Duration, total: Duration) -> Failure {
    let (name, section) = (server.name(), server.section);
    let failure = match broken {
        Broken::Body(BodyError::Silent) => silent(server, idle),
        Broken::Body(BodyError::Late) => late(server, total),
        Broken::Body(BodyError::TooLarge) => Failure::never(format!(
            "{name} sent more than {} MiB in one reply: take another model or lower {section}.max_output_tokens",
            REPLY_BYTES >> 20
        )),
        Broken::Body(BodyError::Cut) => {
            Failure::later(format!("{name} broke off in the middle of its reply: try again"))
        }
        Broken::Empty => Failure::later(format!("{name} sent an empty reply: try again, or check {section}.base_url")),
        Broken::WebPage => Failure::never(format!(
            "{name} answers with a web page and not as an API: check {section}.base_url, which mostly ends in {}",
            server.preset.root()
        )),
        Broken::Unreadable => Failure::never(format!(
            "{name} answers with something that is neither JSON nor a stream of events: check {section}.base_url"
        )),
        Broken::NoCompletion => Failure::never(format!(
            "{name} answers with something that is no chat completion: check {section}.base_url"
        )),
        Broken::Refused(refusal) if refusal.is_moderation() => refused(server),
        Broken::Refused(refusal) => of_status(server, refusal.likely_status(), refusal, None),
    };
    match broken {
        // No model was asked there.
        Broken::WebPage | Broken::Unreadable | Broken::NoCompletion | Broken::Refused(_) => failure,
        Broken::Body(_) | Broken::Empty => failure.after_it_was_taken(),
    }
}

/// For a reply that came whole and is no answer.
pub fn of_unusable(server: &Server, unusable: Unusable) -> Failure {
    let failure = match unusable {
        Unusable::Refused => refused(server),
        Unusable::BrokenOff => {
            Failure::later(format!("{} broke off in the middle of its reply and says so: try again", server.name()))
        }
        Unusable::Empty => Failure::later(format!("{} gave a reply without text: try again", server.name())),
    };
    failure.after_it_was_taken()
}

pub fn silent(server: &Server, idle: Duration) -> Failure {
    let message = format!(
        "{} was silent for {} s: try again, or allow it longer in the settings of [{}]",
        server.name(),
        idle.as_secs(),
        server.section
    );
    Failure { trouble: Trouble::Hung, ..Failure::later(message) }.after_it_was_taken()
}

pub fn late(server: &Server, total: Duration) -> Failure {
    // It was at work all the time: another try would cost as much and end the same.
    let message = format!(
        "{} was not done within {} s: allow it longer in the settings of [{}], or ask for fewer tokens",
        server.name(),
        total.as_secs(),
        server.section
    );
    Failure { trouble: Trouble::Hung, ..Failure::never(message) }.after_it_was_taken()
}

/// For a request that brought no response at all.
pub fn of_transport(server: &Server, error: &reqwest::Error) -> Failure {
    let (name, section) = (server.name(), server.section);
    if error.is_builder() {
        return Failure::never(format!("{name} cannot be asked: check {section}.base_url"));
    }
    let unreachable = || chain(error).any(|cause| matches_kind(cause, io::ErrorKind::ConnectionRefused));
    if speaks_of(error, &["proxy", "tunnel", "socks"]) || (is_proxied(server) && (error.is_dns() || unreachable())) {
        return Failure::absent(format!(
            "{name} cannot be reached, or the proxy of this system cannot: check HTTPS_PROXY, NO_PROXY and \
             {section}.base_url"
        ));
    }
    if error.is_dns() {
        return Failure::absent(format!(
            "{name} has no address that can be found: check {section}.base_url and the network connection"
        ));
    }
    if unreachable() {
        return Failure::absent(format!(
            "{name} is not there, the connection was refused: start the server or check {section}.base_url"
        ));
    }
    if is_tls(error) {
        return Failure::never(format!(
            "{name} cannot be spoken to safely, its certificate or TLS was not accepted: check {section}.base_url and the \
             certificates of this system"
        ));
    }
    if error.is_timeout() {
        let message = format!("{name} cannot be reached in time: check the network connection");
        return if error.is_connect() { Failure::absent(message) } else { Failure::later(message) };
    }
    if error.is_connect() {
        return Failure::absent(format!(
            "{name} cannot be reached: check {section}.base_url and the network connection"
        ));
    }
    Failure::later(format!("{name} closed the connection without a reply: try again")).after_it_was_taken()
}

fn chain(error: &reqwest::Error) -> impl Iterator<Item = &(dyn Error + 'static)> {
    std::iter::successors(Some(error as &(dyn Error + 'static)), |error: &&(dyn Error + 'static)| (*error).source())
}

fn matches_kind(cause: &(dyn Error + 'static), kind: io::ErrorKind) -> bool {
    cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == kind)
}

/// Whether the environment names a proxy for this server: what refuses the connection may be that one.
fn is_proxied(server: &Server) -> bool {
    const VARIABLES: [&str; 4] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
    let named = |name: &&str| std::env::var_os(name).is_some_and(|proxy| !proxy.is_empty());
    server.section == "remote" && !server.endpoint.is_loopback() && VARIABLES.iter().any(named)
}

/// Whether an error says one of these words anywhere: some have no type of their own here.
fn speaks_of(error: &reqwest::Error, words: &[&str]) -> bool {
    error.is_connect()
        && chain(error).skip(1).any(|cause| {
            let said = cause.to_string().to_ascii_lowercase();
            words.iter().any(|word| said.contains(word))
        })
}

/// TLS errors come as an input/output error of invalid data or say so in words.
fn is_tls(error: &reqwest::Error) -> bool {
    let invalid = || chain(error).any(|cause| matches_kind(cause, io::ErrorKind::InvalidData));
    speaks_of(error, &["certificate", "tls", "corrupt message", "handshake"]) || (error.is_connect() && invalid())
}
