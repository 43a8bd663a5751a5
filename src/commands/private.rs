//! What a session keeps private, from `[redact]` of the settings.

use super::Failure;
use crate::config::{Config, RedactConfig};
use crate::protocol::redact::{Kind, Redaction, Rules};

/// The rules of the settings; nothing where they have none.
pub fn redaction(config: &Config) -> Option<Redaction> {
    let rules = rules(&config.redact);
    (!rules.is_empty()).then(|| Redaction { rules, ..Redaction::default() })
}

/// Whether the rules of the settings can be kept to.
pub fn check(config: &Config) -> Result<(), Failure> {
    rules(&config.redact).check().map_err(|error| Failure::usage(format!("[redact] cannot be kept to: {error}")))
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
