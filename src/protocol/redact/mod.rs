//! What is taken out of everything that leaves this machine, and the placeholders that stand in its place.
//!
//! The remote LM and its programs know placeholders alone: its prompts, the documents that its programs read and the
//! outputs that they are given have `NAME_1` where a name stands. The local LM and the screen know the words: tasks,
//! advice and the answer have them put back. A word has one placeholder in the whole session, whatever its case, layout
//! and escapes.

mod find;
mod patterns;
mod redactor;
#[cfg(test)]
mod tests;
mod text;
mod view;

use serde::{Deserialize, Serialize};

pub use redactor::{Cut, Redactor};
pub use text::HiddenText;
pub use view::View;

/// What kind of word is kept private.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// One that the person listed.
    Name,
    Email,
    Phone,
    Iban,
    /// A payment card's number.
    Card,
    /// A number of a person: social security, passport, patient, account.
    Id,
    /// What a pattern of the person's own matches.
    Pattern,
}

impl Kind {
    const ALL: [Self; 7] = [Self::Name, Self::Email, Self::Phone, Self::Iban, Self::Card, Self::Id, Self::Pattern];

    /// What its placeholders begin with.
    fn label(self) -> &'static str {
        match self {
            Self::Name => "NAME",
            Self::Email => "EMAIL",
            Self::Phone => "PHONE",
            Self::Iban => "IBAN",
            Self::Card => "CARD",
            Self::Id => "ID",
            Self::Pattern => "WORD",
        }
    }
}

/// Which words are kept private.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Rules {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<Kind>,
    /// Regular expressions.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub patterns: Vec<String>,
}

impl Rules {
    pub fn is_empty(&self) -> bool {
        self.names.iter().all(|name| name.trim().is_empty()) && self.kinds.is_empty() && self.patterns.is_empty()
    }

    /// What either keeps private.
    #[must_use]
    pub fn and(mut self, other: &Self) -> Self {
        add(&mut self.names, &other.names);
        add(&mut self.kinds, &other.kinds);
        add(&mut self.patterns, &other.patterns);
        self
    }

    /// Whether they can be kept to; else which cannot, and why.
    pub fn check(&self) -> Result<(), String> {
        find::Finder::new(self).map(drop)
    }
}

fn add<T: Clone + PartialEq>(all: &mut Vec<T>, others: &[T]) {
    for other in others {
        if !all.contains(other) {
            all.push(other.clone());
        }
    }
}

/// The rules of a session, and the words that they took out when it opened, each kind's numbered in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redaction {
    pub rules: Rules,
    /// Stands before every placeholder, where the documents hold what looks like one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub tag: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub words: Vec<PrivateWord>,
}

/// A word that does not leave this machine.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PrivateWord {
    pub kind: Kind,
    /// As the person listed it, or as it was first seen.
    pub word: String,
}
