//! What a person calls a session: a title and tags, in a file beside the journal, which the seal does not cover.

use std::fs;
use std::io;

use serde::{Deserialize, Serialize};

use super::error::JournalError;
use super::session::Session;
use super::store::replace;

pub(super) const FILE: &str = "label.json";
/// A label that was written, before it takes the place of the one before.
pub(super) const NEW: &str = "label.json.new";
/// In characters.
const LONGEST_TITLE: usize = 200;
const LONGEST_TAG: usize = 40;
const MOST_TAGS: usize = 32;

/// What the tag begins with that sessions of an eval have: one eval makes hundreds, and they hide no others.
pub const EVAL_TAG: &str = "eval-";

/// What the person calls a session, and keeps it under.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Label {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Sorted, each once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
}

impl Label {
    /// Takes this title; a blank one takes the title away.
    pub fn set_title(&mut self, title: &str) -> Result<(), String> {
        let title = title.split_whitespace().collect::<Vec<_>>().join(" ");
        if title.chars().count() > LONGEST_TITLE {
            return Err(format!("a title has at most {LONGEST_TITLE} characters"));
        }
        self.title = (!title.is_empty()).then_some(title);
        Ok(())
    }

    /// Adds a tag, once. Fails, in words for the person, where it is not one word, is too long, or is one too many.
    pub fn add_tag(&mut self, tag: &str) -> Result<(), String> {
        if tag.is_empty()
            || tag.chars().count() > LONGEST_TAG
            || tag.chars().any(|c| c.is_whitespace() || c.is_control())
        {
            return Err(format!("a tag is one word of at most {LONGEST_TAG} characters"));
        }
        if let Err(at) = self.tags.binary_search_by(|known| known.as_str().cmp(tag)) {
            if self.tags.len() >= MOST_TAGS {
                return Err(format!("a session has at most {MOST_TAGS} tags"));
            }
            self.tags.insert(at, tag.to_owned());
        }
        Ok(())
    }

    pub fn remove_tag(&mut self, tag: &str) {
        self.tags.retain(|known| known != tag);
    }

    /// Whether an eval made the session.
    pub fn is_of_eval(&self) -> bool {
        self.tags.iter().any(|tag| tag.starts_with(EVAL_TAG))
    }

    fn is_blank(&self) -> bool {
        *self == Self::default()
    }
}

impl Session {
    /// The label. A session without one, or with one that cannot be read, has none.
    pub fn label(&self) -> Label {
        fs::read(self.path().join(FILE)).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
    }

    /// Writes the label in place of the one before: whole, or not at all.
    pub fn set_label(&self, label: &Label) -> Result<(), JournalError> {
        let path = self.path().join(FILE);
        if label.is_blank() {
            return match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(JournalError::io("delete", &path)(error)),
                _ => Ok(()),
            };
        }
        let bytes = serde_json::to_vec(label).map_err(|source| JournalError::Unwritable { source })?;
        replace(&path, &self.path().join(NEW), &bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_kept_beside_the_journal_and_goes_with_it() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("journal.jsonl"), "").unwrap();
        let session = Session::at(folder.path()).unwrap();
        assert_eq!(session.label(), Label::default());
        let mut label = Label::default();
        label.set_title("  Margins,\n 2023 ").unwrap();
        for tag in ["q3", "audit", "q3"] {
            label.add_tag(tag).unwrap();
        }
        session.set_label(&label).unwrap();
        assert_eq!(
            session.label(),
            Label { title: Some("Margins, 2023".into()), tags: vec!["audit".into(), "q3".into()] }
        );
        label.set_title(" ").unwrap();
        label.remove_tag("q3");
        session.set_label(&label).unwrap();
        assert_eq!(session.label().tags, ["audit"]);
        session.delete().unwrap();
        assert!(!folder.path().exists());
    }

    #[test]
    fn what_is_no_title_or_tag_is_refused() {
        let mut label = Label::default();
        assert!(label.set_title(&"x".repeat(201)).is_err());
        for tag in ["", "two words", "a\u{1b}b", &"x".repeat(41)] {
            assert!(label.add_tag(tag).is_err(), "{tag:?}");
        }
        for n in 0..MOST_TAGS {
            label.add_tag(&n.to_string()).unwrap();
        }
        assert!(label.add_tag("more").is_err() && label.add_tag("7").is_ok());
    }
}
