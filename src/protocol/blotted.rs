//! What the person had blotted out of a session, ready to be taken out of thousands of texts.

use std::borrow::Cow;

use regex::{Captures, Regex};

use super::gate::Redaction;
use super::redact::Redactor;

/// The redactions of a session, in the order in which the person made them, each made ready once.
#[derive(Clone, Debug, Default)]
pub struct Blotted(Vec<Ready>);

/// A redaction with its pattern, where it has one that can be read.
#[derive(Clone, Debug)]
struct Ready {
    redaction: Redaction,
    pattern: Option<Regex>,
}

impl PartialEq for Blotted {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Blotted {
    pub fn of(redactions: &[Redaction]) -> Self {
        let mut blotted = Self::default();
        redactions.iter().for_each(|redaction| blotted.add(redaction));
        blotted
    }

    pub fn iter(&self) -> impl Iterator<Item = &Redaction> {
        self.0.iter().map(|ready| &ready.redaction)
    }

    pub fn contains(&self, redaction: &Redaction) -> bool {
        self.iter().any(|known| known == redaction)
    }

    /// Adds the redaction, where it is none of them yet.
    pub(super) fn add(&mut self, redaction: &Redaction) {
        if !self.contains(redaction) {
            self.0.push(Ready::of(redaction.clone()));
        }
    }

    /// The text without any of it; the text itself where it holds nothing of it.
    pub fn without<'a>(&self, text: Cow<'a, str>) -> Cow<'a, str> {
        self.0.iter().fold(text, |text, ready| match ready.without(&text) {
            Cow::Owned(blotted) => Cow::Owned(blotted),
            Cow::Borrowed(_) => text,
        })
    }

    /// The text as it may leave: with placeholders for private words, and without what was blotted out.
    pub fn hide<'a>(&self, redactor: &Redactor, text: &'a str) -> Cow<'a, str> {
        self.without(redactor.hide(text))
    }
}

impl Redaction {
    /// The text without it. A pattern that cannot be read blots out everything: nothing that was meant to stay leaves.
    pub fn apply(&self, text: &str) -> String {
        Ready::of(self.clone()).without(text).into_owned()
    }
}

impl Ready {
    fn of(redaction: Redaction) -> Self {
        let pattern = match &redaction {
            Redaction::Line(_) => None,
            Redaction::Pattern(pattern) => Regex::new(pattern).ok(),
        };
        Self { redaction, pattern }
    }

    fn without<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let blotted = match (&self.redaction, &self.pattern) {
            (Redaction::Line(line), _) => without_line(line.trim(), text),
            (Redaction::Pattern(_), Some(pattern)) => {
                let mark = |found: &Captures<'_>| if found[0].is_empty() { "" } else { Redaction::MARK };
                pattern.replace_all(text, mark)
            }
            (Redaction::Pattern(_), None) => Cow::Owned(Redaction::MARK.into()),
        };
        // What matches nothing, or the mark itself, changes nothing.
        if *blotted == *text { Cow::Borrowed(text) } else { blotted }
    }
}

fn without_line<'a>(line: &str, text: &'a str) -> Cow<'a, str> {
    if !text.split('\n').any(|known| known.trim() == line) {
        return Cow::Borrowed(text);
    }
    let lines = text.split('\n').map(|known| if known.trim() == line { Redaction::MARK } else { known });
    Cow::Owned(lines.collect::<Vec<&str>>().join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redactions_are_applied_in_their_order_and_what_holds_none_stays_as_it_is() {
        let mut blotted = Blotted::default();
        for redaction in [
            Redaction::Pattern(r"\d+".into()),
            Redaction::Line("paid [redacted]".into()),
            Redaction::Pattern("x*".into()),
            Redaction::Pattern(r"\d+".into()),
        ] {
            blotted.add(&redaction);
        }
        assert_eq!(blotted.iter().count(), 3, "one that is known is not added again");
        assert_eq!(blotted.without("a 1\n paid 42 \nxx".into()), "a [redacted]\n[redacted]\n[redacted]");
        for text in ["nothing of it", "[redacted]", ""] {
            assert!(matches!(blotted.without(Cow::Borrowed(text)), Cow::Borrowed(_)), "{text}");
        }
        blotted.add(&Redaction::Pattern("(".into()));
        assert_eq!(blotted.without("nothing of it".into()), Redaction::MARK);
        assert!(Redaction::is_all_of("“[redacted], [redacted]”") && !Redaction::is_all_of("paid [redacted]"));
        assert!(!Redaction::is_all_of("…"));
    }
}
