//! What a session keeps private, from `[redact]` of the settings.

use super::Failure;
use crate::config::{Config, RedactConfig};
use crate::document::Document;
use crate::journal::SessionId;
use crate::protocol::redact::{Kind, Redaction, Redactor, Rules};
use crate::protocol::{Redaction as Blot, Settings};

/// The rules of the settings; nothing where they have none.
pub fn redaction(config: &Config) -> Option<Redaction> {
    let rules = rules(&config.redact);
    (!rules.is_empty()).then(|| Redaction { rules, ..Redaction::default() })
}

/// Whether the rules of the settings can be kept to.
pub fn check(config: &Config) -> Result<(), Failure> {
    rules(&config.redact).check().map_err(|error| Failure::usage(format!("[redact] cannot be kept to: {error}")))
}

/// The settings of a session with what a fork of it keeps private: all that it kept private, with the placeholders that it
/// gave, and what the settings of today do. Of two limits the lower one holds, unless one is named for the fork.
pub fn inherited(old: &Settings, now: &Settings, names_share: bool) -> Settings {
    let lower = match (old.max_exposed_share, now.max_exposed_share) {
        (Some(old), Some(now)) => Some(old.min(now)),
        (old, now) => old.or(now),
    };
    let redact = both(old.redact.as_ref(), now.redact.as_ref());
    Settings { max_exposed_share: if names_share { now.max_exposed_share } else { lower }, redact, ..old.clone() }
}

/// What either keeps private, with the placeholders that the old one gave.
pub fn both(old: Option<&Redaction>, now: Option<&Redaction>) -> Option<Redaction> {
    match (old, now) {
        (Some(old), Some(now)) => Some(Redaction { rules: old.rules.clone().and(&now.rules), ..old.clone() }),
        (old, now) => old.or(now).cloned(),
    }
}

/// That what was blotted out in that session is blotted out in one that goes on from it.
pub fn blotted_too(blotted: &[Blot], session: &SessionId) -> Option<String> {
    Some(match blotted.len() {
        0 => return None,
        1 => format!("the redaction made at a gate of session {session} holds here too"),
        count => format!("the {count} redactions made at gates of session {session} hold here too"),
    })
}

/// The settings of a session that begins with others' records. Where no private word is known yet those of the question and
/// the documents are found, as when a session opens.
pub fn opened(settings: &Settings, question: &str, documents: &[Document]) -> Result<Settings, Failure> {
    let Some(known) = &settings.redact else { return Ok(settings.clone()) };
    known.rules.check().map_err(|error| Failure::usage(format!("[redact] cannot be kept to: {error}")))?;
    let texts = || std::iter::once(question).chain(documents.iter().map(|document| &*document.text));
    let redact = match known.words.is_empty() {
        true => Redactor::open(&known.rules, texts()).redaction(),
        false => known.clone(),
    };
    Ok(Settings { redact: Some(redact), ..settings.clone() })
}

fn rules(config: &RedactConfig) -> Rules {
    let kinds = [
        (config.email, Kind::Email),
        (config.phone, Kind::Phone),
        (config.iban, Kind::Iban),
        (config.card, Kind::Card),
        (config.id, Kind::Id),
    ];
    let kinds = kinds.into_iter().filter(|(wanted, _)| *wanted).map(|(_, kind)| kind).collect();
    Rules { names: config.names.clone(), kinds, patterns: config.patterns.clone() }
}
