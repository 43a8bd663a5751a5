//! Puts stars in place of what nobody else is to read, in every text of a session, before any format sees it.

use std::borrow::Cow;
use std::sync::Arc;

use regex::Regex;
use serde_json::Value;

use crate::document::Document;
use crate::journal::{Record, Stored};
use crate::protocol::Fact;
use crate::protocol::redact::View;

/// Expressions whose matches are blotted out. Byte for byte, so that what stands where stays true.
#[derive(Debug, Default)]
pub struct Redaction {
    patterns: Vec<Regex>,
}

/// How deep JSON within JSON is unescaped.
const ESCAPE_LEVELS: usize = 3;
/// Texts with escapes are read in windows of so many bytes.
const WINDOW: usize = 256 * 1024;
/// What a window reads besides, on either side: a match that crosses into the next is seen up to here.
const MARGIN: usize = 4096;

/// The keys under which a record says by a word what it is, and not what anybody wrote.
const FORM: [&str; 17] = [
    "kind",
    "state",
    "outcome",
    "decision",
    "role",
    "purpose",
    "format",
    "finish",
    "stage",
    "how",
    "scope",
    "protocol",
    "hash",
    "prompts",
    "program",
    "tokenizer",
    "session",
];

impl Redaction {
    pub fn new(patterns: &[String]) -> Result<Self, String> {
        let read = |pattern: &String| {
            Regex::new(pattern).map_err(|error| {
                // The last of its lines says what is wrong; those before draw an arrow.
                let said = error.to_string();
                let why = said.lines().last().unwrap_or_default().trim_start_matches("error: ");
                format!("--redact: `{pattern}` is no regular expression: {why}")
            })
        };
        Ok(Self { patterns: patterns.iter().map(read).collect::<Result<_, _>>()? })
    }

    pub fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    /// The text with stars for the bytes of every match. Line ends and page breaks within stay.
    pub fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let matches = self.patterns.iter().flat_map(|pattern| pattern.find_iter(text));
        let mut found: Vec<(usize, usize)> =
            matches.filter(|found| !found.is_empty()).map(|found| (found.start(), found.end())).collect();
        self.escaped(text, &mut found);
        if found.is_empty() {
            return Cow::Borrowed(text);
        }
        found.sort_unstable();
        let (mut redacted, mut at) = (String::with_capacity(text.len()), 0);
        for (start, end) in found {
            let start = start.max(at);
            if start >= end {
                continue;
            }
            redacted.push_str(&text[at..start]);
            redacted.extend(text[start..end].bytes().map(blot));
            at = end;
        }
        redacted.push_str(&text[at..]);
        Cow::Owned(redacted)
    }

    /// What matches once the escapes of JSON are undone: programs and replies hold `J\u00fcrgen`, and JSON within JSON.
    fn escaped(&self, text: &str, found: &mut Vec<(usize, usize)>) {
        let mut from = 0;
        while from < text.len() && !self.is_empty() {
            let to = text.ceil_char_boundary(from + WINDOW);
            let around = text.floor_char_boundary(from.saturating_sub(MARGIN))..text.ceil_char_boundary(to + MARGIN);
            let window = &text[around.clone()];
            let mut view = window.contains('\\').then(|| View::plain(window, around.start)).and_then(|v| v.unescaped());
            for _ in 0..ESCAPE_LEVELS {
                let Some(plain) = view else { break };
                let matches = self.patterns.iter().flat_map(|pattern| pattern.find_iter(&plain.text));
                found.extend(matches.filter_map(|found| plain.original(found.range())).map(|at| (at.start, at.end)));
                view = plain.unescaped();
            }
            from = to;
        }
    }

    pub fn document(&self, document: Document) -> Document {
        if self.is_empty() {
            return document;
        }
        let text: Arc<str> = Arc::from(self.text(&document.text));
        Document::stored(self.text(&document.name), text, document.pages.clone(), document.hash())
    }

    /// The record with every text in it redacted. The error says which record cannot be, and why.
    pub fn record(&self, record: &Record) -> Result<Record, String> {
        let fact = match &record.fact {
            fact if self.is_empty() => fact.clone(),
            // Nobody knows which of its words are form.
            Stored::Unknown(value) => Stored::Unknown(self.value("", value.clone(), &[])),
            Stored::Known(fact) => {
                let within = |why: &serde_json::Error| {
                    format!(
                        "--redact matches a word that record {} needs to be one ({why}); make the expression more exact",
                        record.seq
                    )
                };
                let value = serde_json::to_value(fact).map_err(|error| within(&error))?;
                let redacted =
                    serde_json::from_value::<Fact>(self.value("", value, &FORM)).map_err(|error| within(&error))?;
                Stored::Known(Box::new(redacted))
            }
        };
        Ok(Record { fact, ..record.clone() })
    }

    fn value(&self, key: &str, value: Value, form: &[&str]) -> Value {
        match value {
            Value::String(text) if !form.contains(&key) => Value::String(self.text(&text).into_owned()),
            Value::Array(values) => {
                Value::Array(values.into_iter().map(|value| self.value(key, value, form)).collect())
            }
            Value::Object(fields) => {
                let fields = fields.into_iter().map(|(key, value)| (key.clone(), self.value(&key, value, form)));
                Value::Object(fields.collect())
            }
            other => other,
        }
    }
}

fn blot(byte: u8) -> char {
    if matches!(byte, b'\n' | b'\r' | b'\x0c') { char::from(byte) } else { '*' }
}

/// The document with a letter `x` for every byte that is not in one of these ranges: its lines and pages keep their shape,
/// and what was cited can be read.
pub fn veiled(document: &Document, shown: &[(usize, usize)]) -> Document {
    let mut text = String::with_capacity(document.text.len());
    let mut at = 0;
    let veil = |from: usize, to: usize, text: &mut String| {
        let hidden = document.text.get(from..to).unwrap_or_default();
        for character in hidden.chars() {
            if character.is_ascii() && (character.is_whitespace() || character == '\x0c') {
                text.push(character);
            } else {
                text.extend(std::iter::repeat_n('x', character.len_utf8()));
            }
        }
    };
    for (start, end) in shown {
        let start = (*start).max(at);
        if start >= *end || document.text.get(start..*end).is_none() {
            continue;
        }
        veil(at, start, &mut text);
        text.push_str(&document.text[start..*end]);
        at = *end;
    }
    veil(at, document.text.len(), &mut text);
    Document::stored(document.name.clone(), Arc::from(text), document.pages.clone(), document.hash())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::world::{World, documents};

    fn redaction(patterns: &[&str]) -> Redaction {
        Redaction::new(&patterns.iter().map(ToString::to_string).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn matches_become_as_many_stars_as_they_had_bytes() {
        let redaction = redaction(&["Müller\\sAnna", "Anna B", "x*"]);
        assert_eq!(redaction.text("Dr. Müller\nAnna Berg"), "Dr. *******\n******erg");
        assert!(matches!(redaction.text("nobody"), Cow::Borrowed("nobody")));
        assert!(Redaction::new(&["(".into()]).unwrap_err().contains("--redact"));
    }

    #[test]
    fn a_match_is_seen_through_the_escapes_of_json() {
        let redaction = redaction(&["Jürgen", "Anna\\s+Berg"]);
        let mut text = "Jürgen and Anna\nBerg".to_owned();
        for level in 0..=ESCAPE_LEVELS {
            let stars = redaction.text(&text);
            assert!(!stars.contains("rgen") && !stars.contains("Anna") && !stars.contains("Berg"), "{level}: {stars}");
            assert!(stars.len() == text.len() && stars.contains(" and "), "{level}: {stars}");
            text = serde_json::to_string(&text).unwrap().replace('ü', "\\u00fc");
        }
        // Wherever it stands in a long text.
        for before in [WINDOW - 5, WINDOW, WINDOW + 3] {
            let text = format!("{}J\\u00fcrgen{}", "x".repeat(before), "y".repeat(2 * WINDOW));
            assert!(redaction.text(&text).contains("x***********y"), "{before}");
        }
    }

    #[test]
    fn a_record_that_this_program_does_not_know_has_no_word_that_is_spared() {
        let value = serde_json::json!({ "kind": "later", "program": "Anna", "by": ["Anna"] });
        let record = Record { v: 1, seq: 1, at_ms: 1, fact: Stored::Unknown(value), blake3: None };
        let Stored::Unknown(value) = redaction(&["Anna"]).record(&record).unwrap().fact else { panic!() };
        assert_eq!(value, serde_json::json!({ "kind": "later", "program": "****", "by": ["****"] }));
    }

    #[test]
    fn every_text_of_every_record_is_redacted_and_the_rest_stays() {
        let redaction = redaction(&["(?i)revenue", "5\\.3", "Jahresbericht"]);
        for seed in 0..20 {
            for (seq, fact) in (1..).zip(World::facts(seed, 2, 5)) {
                let record = Record { v: 1, seq, at_ms: 1, fact: Stored::Known(Box::new(fact)), blake3: None };
                let redacted = redaction.record(&record).unwrap();
                let json = serde_json::to_string(redacted.fact.known().unwrap()).unwrap();
                assert!(!json.to_lowercase().contains("revenue") && !json.contains("5.3 mill"), "{json}");
                assert_eq!(Redaction::default().record(&record).unwrap(), record);
            }
        }
    }

    #[test]
    fn a_record_whose_form_would_suffer_is_an_error_and_no_leak() {
        let redaction = redaction(&["trunc"]);
        let fact = Fact::JobRetried {
            job: crate::protocol::JobId { round: 1, index: 0 },
            flaw: crate::protocol::Flaw::Truncated,
            raw: String::new(),
            usage: Default::default(),
        };
        let record = Record { v: 1, seq: 7, at_ms: 1, fact: Stored::Known(Box::new(fact)), blake3: None };
        assert!(redaction.record(&record).unwrap_err().contains("record 7"));
    }

    #[test]
    fn of_a_veiled_document_only_what_was_cited_can_be_read() {
        let document = &documents()[0];
        let at = document.text.find("Revenue").unwrap();
        let veiled = veiled(document, &[(at, at + 7), (at + 3, at + 12)]);
        assert_eq!((veiled.text.len(), veiled.pages.len()), (document.text.len(), document.pages.len()));
        assert_eq!(&veiled.text[at..at + 12], "Revenue rose");
        assert!(!veiled.text[at + 12..].contains("million") && veiled.text.contains(" xxx xxxx\n"));
        assert_eq!(veiled.text.lines().count(), document.text.lines().count());
    }
}
