//! Puts placeholders in the place of private words, and the words back.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Write;
use std::ops::Range;
use std::sync::Arc;

use super::find::{Finder, Hit};
use super::patterns::key;
use super::{Kind, PrivateWord, Redaction, Rules};

/// The rules of a session and every word that they took out so far.
#[derive(Clone, Debug, Default)]
pub struct Redactor {
    rules: Rules,
    /// Nothing where nothing is kept private.
    finder: Option<Arc<Finder>>,
    /// Why the rules cannot be kept to.
    error: Option<String>,
    tag: String,
    words: Vec<PrivateWord>,
    /// The number of each word among those of its kind, from 1.
    numbers: HashMap<(Kind, String), usize>,
    /// For each placeholder's kind and number, which word it is.
    places: HashMap<(Kind, usize), usize>,
}

/// Where a placeholder stands, and the word that stood there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    pub original: Range<usize>,
    pub hidden: Range<usize>,
    /// Whether the word has a placeholder of its own.
    pub is_known: bool,
}

impl PartialEq for Redactor {
    fn eq(&self, other: &Self) -> bool {
        (&self.rules, &self.tag, &self.words) == (&other.rules, &other.tag, &other.words)
    }
}

impl Redactor {
    pub fn new(redaction: &Redaction) -> Self {
        let (finder, error) = match Finder::new(&redaction.rules) {
            Ok(_) if redaction.rules.is_empty() => (None, None),
            Ok(finder) => (Some(Arc::new(finder)), None),
            Err(error) => (None, Some(error)),
        };
        let Redaction { rules, tag, words } = redaction.clone();
        let mut redactor = Self { rules, finder, error, tag, ..Self::default() };
        redactor.add(&words);
        redactor
    }

    /// For a session that opens: a tag that no placeholder of these texts has, and their words.
    pub fn open<'a>(rules: &Rules, texts: impl Iterator<Item = &'a str> + Clone) -> Self {
        let mut redactor = Self::new(&Redaction { rules: rules.clone(), ..Redaction::default() });
        if !redactor.is_on() {
            return redactor;
        }
        while texts.clone().any(|text| redactor.placeholders(text).next().is_some()) {
            redactor.tag.push('X');
        }
        redactor.learn(texts);
        redactor
    }

    /// Gives the private words of these texts placeholders, in their order, where they have none yet.
    pub fn learn<'a>(&mut self, texts: impl Iterator<Item = &'a str>) {
        for text in texts {
            let words = self.unknown([text]);
            self.add(&words);
        }
    }

    /// As the session's settings have it.
    pub fn redaction(&self) -> Redaction {
        Redaction { rules: self.rules.clone(), tag: self.tag.clone(), words: self.words.clone() }
    }

    pub fn is_on(&self) -> bool {
        self.finder.is_some()
    }

    /// Why the rules cannot be kept to, where they cannot: then nothing may leave.
    pub fn error(&self) -> Option<&str> {
        self.error.as_deref()
    }

    pub fn words(&self) -> &[PrivateWord] {
        &self.words
    }

    pub fn add(&mut self, words: &[PrivateWord]) {
        for word in words {
            let key = (
                word.kind,
                match word.kind {
                    Kind::Name => super::find::folded(&word.word),
                    kind => key(kind, &word.word),
                },
            );
            let next = self.words.iter().filter(|known| known.kind == word.kind).count() + 1;
            if let std::collections::hash_map::Entry::Vacant(entry) = self.numbers.entry(key) {
                entry.insert(next);
                self.places.insert((word.kind, next), self.words.len());
                self.words.push(word.clone());
            }
        }
    }

    /// The private words of the texts that have no placeholder yet, each once.
    pub fn unknown<'a>(&self, texts: impl IntoIterator<Item = &'a str>) -> Vec<PrivateWord> {
        let Some(finder) = &self.finder else { return Vec::new() };
        let mut seen = std::collections::HashSet::new();
        let hits = texts.into_iter().flat_map(|text| finder.find(text));
        hits.filter(|hit| self.number(hit).is_none() && seen.insert((hit.kind, hit.key.clone())))
            .map(|hit| PrivateWord { kind: hit.kind, word: hit.word })
            .collect()
    }

    /// The text with placeholders in the place of private words.
    pub fn hide<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let (hidden, cuts) = self.hide_and_tell(text);
        if cuts.is_empty() { Cow::Borrowed(text) } else { Cow::Owned(hidden) }
    }

    /// The same, with where they stand. A word that has no placeholder yet gets one with the number 0.
    pub fn hide_and_tell(&self, text: &str) -> (String, Vec<Cut>) {
        let hits = self.finder.as_ref().map(|finder| finder.find(text)).unwrap_or_default();
        let (mut hidden, mut cuts, mut from) = (String::with_capacity(text.len()), Vec::new(), 0);
        for hit in hits {
            hidden.push_str(&text[from..hit.range.start]);
            let start = hidden.len();
            let number = self.number(&hit);
            let _ = write!(hidden, "{}{}_{}", self.tag, hit.kind.label(), number.unwrap_or(0));
            from = hit.range.end;
            cuts.push(Cut { original: hit.range, hidden: start..hidden.len(), is_known: number.is_some() });
        }
        hidden.push_str(&text[from..]);
        (hidden, cuts)
    }

    /// The text with the words put back. A placeholder that was never given stays.
    pub fn restore<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if !self.is_on() {
            return Cow::Borrowed(text);
        }
        let (mut restored, mut from) = (String::new(), 0);
        for (range, kind, number) in self.placeholders(text) {
            let Some(word) = self.places.get(&(kind, number)).and_then(|at| self.words.get(*at)) else { continue };
            restored.push_str(&text[from..range.start]);
            restored.push_str(&word.word);
            from = range.end;
        }
        if from == 0 {
            return Cow::Borrowed(text);
        }
        restored.push_str(&text[from..]);
        Cow::Owned(restored)
    }

    fn number(&self, hit: &Hit) -> Option<usize> {
        self.numbers.get(&(hit.kind, hit.key.clone())).copied()
    }

    /// What looks like a placeholder, in whatever case; Markdown may have escaped its `_`.
    fn placeholders<'a>(&'a self, text: &'a str) -> impl Iterator<Item = (Range<usize>, Kind, usize)> + 'a {
        memchr::memchr_iter(b'_', text.as_bytes()).filter_map(|at| {
            let head = text[..at].strip_suffix('\\').unwrap_or(&text[..at]);
            let (kind, start) = Kind::ALL.iter().find_map(|kind| {
                let length = self.tag.len() + kind.label().len();
                let start = head.len().checked_sub(length)?;
                let found = head.get(start..)?;
                let (tag, label) = found.split_at_checked(self.tag.len())?;
                (tag.eq_ignore_ascii_case(&self.tag) && label.eq_ignore_ascii_case(kind.label()))
                    .then_some((*kind, start))
            })?;
            let alone = !text[..start].chars().next_back().is_some_and(char::is_alphanumeric);
            let digits = text[at + 1..].bytes().take_while(u8::is_ascii_digit).count();
            let number = text[at + 1..at + 1 + digits].parse().ok()?;
            alone.then_some((start..at + 1 + digits, kind, number))
        })
    }
}
