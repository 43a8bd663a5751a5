//! Finds private words in a text, however it is written.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use regex::{Regex, RegexBuilder};
use unicode_normalization::UnicodeNormalization;

use super::patterns::{self, key};
use super::view::View;
use super::{Kind, Rules};
use crate::document::{NormalChars, is_mark};

/// Long texts are read in windows of so many bytes.
const WINDOW: usize = 64 * 1024;
/// What a window reads besides, on either side: no word is longer.
const MARGIN: usize = 1024;
/// How deep JSON within JSON, and what stands in the addresses of pages, is unescaped.
const ESCAPE_LEVELS: usize = 3;
/// What a pattern of the person's own may come to when it is compiled.
const PATTERN_BYTES: usize = 1 << 20;

/// A private word in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    pub range: Range<usize>,
    pub kind: Kind,
    pub word: String,
    /// The same for all writings of the word.
    pub key: String,
}

/// Rules that are ready to be used.
#[derive(Debug)]
pub struct Finder {
    kinds: Vec<Kind>,
    names: Option<Names>,
    own: Vec<Regex>,
}

#[derive(Debug)]
struct Names {
    any: Regex,
    /// The name that each written form stands for.
    of: HashMap<String, String>,
    /// Parts of names, which are only meant where they begin with a capital.
    parts: HashSet<String>,
}

impl Finder {
    /// Fails, in words for the person, where a pattern is no regular expression, too large a one, or one that matches the empty text.
    pub fn new(rules: &Rules) -> Result<Self, String> {
        let own = rules.patterns.iter().map(|pattern| {
            let regex = RegexBuilder::new(pattern).size_limit(PATTERN_BYTES).build();
            let regex = regex.map_err(|error| format!("`{pattern}` is no regular expression: {error}"))?;
            match regex.is_match("") {
                true => Err(format!("`{pattern}` matches the empty text, and so would take everything out")),
                false => Ok(regex),
            }
        });
        let own = own.collect::<Result<_, _>>()?;
        Ok(Self { kinds: rules.kinds.clone(), names: Names::new(&rules.names)?, own })
    }

    /// The private words in order, none overlapping another.
    pub fn find(&self, text: &str) -> Vec<Hit> {
        let mut hits = Vec::new();
        let mut from = 0;
        while from < text.len() {
            let to = text.ceil_char_boundary(from + WINDOW);
            let around = text.floor_char_boundary(from.saturating_sub(MARGIN))..text.ceil_char_boundary(to + MARGIN);
            let found = self.in_window(text, around);
            hits.extend(found.into_iter().filter(|hit| (from..to).contains(&hit.range.start)));
            from = to;
        }
        apart(hits)
    }

    fn in_window(&self, text: &str, window: Range<usize>) -> Vec<Hit> {
        let mut hits = Vec::new();
        let mut view = Some(View::plain(&text[window.clone()], window.start));
        for _ in 0..=ESCAPE_LEVELS {
            let Some(this) = view else { break };
            self.in_view(&this, text, &mut hits);
            view = this.unescaped();
        }
        hits
    }

    fn in_view(&self, view: &View, text: &str, hits: &mut Vec<Hit>) {
        if let Some(names) = &self.names {
            names.find(&view.normal(), text, hits);
        }
        if self.kinds.is_empty() && self.own.is_empty() {
            return;
        }
        let spaced = view.spaced();
        for pattern in patterns::of(&self.kinds) {
            for found in pattern.words(&spaced.text) {
                let word = spaced.text[found.clone()].to_owned();
                hits.extend(spaced.original(found).map(|range| Hit::new(range, pattern.kind, word)));
            }
        }
        for (own, view) in self.own.iter().flat_map(|own| [(own, view), (own, &spaced)]) {
            for found in own.find_iter(&view.text) {
                if let Some(range) = view.original(found.range()) {
                    hits.push(Hit::new(range, Kind::Pattern, found.as_str().to_owned()));
                }
            }
        }
    }
}

impl Hit {
    fn new(range: Range<usize>, kind: Kind, word: String) -> Self {
        Self { range, kind, key: key(kind, &word), word }
    }
}

impl Names {
    fn new(names: &[String]) -> Result<Option<Self>, String> {
        let mut of = HashMap::new();
        for name in names.iter().map(|name| name.trim()).filter(|name| !name.is_empty()) {
            for form in forms(name) {
                of.entry(form).or_insert_with(|| name.to_owned());
            }
        }
        // A part of a name gives the name away, too. It is a word of its own, since several may share it.
        for part in names.iter().flat_map(|name| parts(name)) {
            for form in [Some(folded(part)), spelled_out(part).map(|form| folded(&form))].into_iter().flatten() {
                of.entry(form).or_insert_with(|| part.to_owned());
            }
        }
        let mut forms: Vec<&String> = of.keys().collect();
        // Of two that begin alike the longer one is meant.
        forms.sort_unstable_by(|one, other| other.len().cmp(&one.len()).then(one.cmp(other)));
        if forms.is_empty() {
            return Ok(None);
        }
        let any = forms.iter().map(|form| regex::escape(form)).collect::<Vec<_>>().join("|");
        let any = RegexBuilder::new(&any).case_insensitive(true).size_limit(64 * PATTERN_BYTES).build();
        let any = any.map_err(|error| format!("there are too many names: {error}"))?;
        let whole: HashSet<&str> = names.iter().map(|name| name.trim()).collect();
        let parts = names.iter().flat_map(|name| parts(name)).filter(|part| !whole.contains(part));
        Ok(Some(Self { any, of, parts: parts.map(str::to_owned).collect() }))
    }

    fn find(&self, view: &View, text: &str, hits: &mut Vec<Hit>) {
        let mut at = 0;
        while let Some(found) = self.any.find_at(&view.text, at) {
            at = found.end();
            let name = self.of.get(&folded(found.as_str())).map_or(found.as_str(), String::as_str);
            let meant = !self.parts.contains(name)
                || match name.chars().nth(2) {
                    Some(_) => found.as_str().starts_with(char::is_uppercase),
                    // Two letters are many a word: NG and ng are others than Ng.
                    None => {
                        let cased = NormalChars::with_case(name).bare().map(|normal| normal.character);
                        cased.eq(found.as_str().chars())
                    }
                };
            match view.original(found.range()).filter(|range| meant && stands_alone(text, range)) {
                Some(range) => {
                    let key = folded(name);
                    hits.push(Hit { range, kind: Kind::Name, word: name.to_owned(), key });
                }
                // A shorter one may stand within.
                None => at = view.text.ceil_char_boundary(found.start() + 1),
            }
        }
    }
}

/// The parts of a name of several words that say whose it is.
fn parts(name: &str) -> impl Iterator<Item = &str> {
    let several = name.split_whitespace().nth(1).is_some();
    let parts = name.split_whitespace().map(|part| part.trim_matches(|c: char| !c.is_alphanumeric()));
    parts.filter(move |part| several && part.chars().nth(1).is_some() && part.starts_with(char::is_uppercase))
}

/// How a name may be written, in normal form: as it is, a hyphen as a space, the last part first, and umlauts spelled out.
fn forms(name: &str) -> impl Iterator<Item = String> {
    let parts: Vec<&str> = name.split_whitespace().collect();
    let turned = match parts[..] {
        [ref first @ .., last] if !first.is_empty() => {
            let first = first.join(" ");
            [format!("{last}, {first}"), format!("{last} {first}")].map(Some)
        }
        _ => [None, None],
    };
    let spaced = name.contains('-').then(|| name.replace('-', " "));
    let forms = [Some(name.to_owned()), spaced].into_iter().chain(turned).flatten();
    forms.flat_map(|form| [Some(folded(&form)), spelled_out(&form).map(|form| folded(&form))]).flatten()
}

/// As machines that know no umlauts have it.
fn spelled_out(name: &str) -> Option<String> {
    let name: String = name.nfc().collect();
    let spelled = ["ä", "ö", "ü", "ø", "å"].into_iter().zip(["ae", "oe", "ue", "oe", "aa"]);
    let out = spelled.fold(name.to_lowercase(), |name, (letter, out)| name.replace(letter, out));
    (out != name.to_lowercase()).then_some(out)
}

pub fn folded(text: &str) -> String {
    let folded: String = NormalChars::new(text).bare().map(|normal| normal.character).collect();
    folded.trim().to_owned()
}

/// Whether a name is no part of a longer word; an ending in s is a case of the name.
fn stands_alone(text: &str, range: &Range<usize>) -> bool {
    let (before, inside, after) = (&text[..range.start], &text[range.clone()], &text[range.end..]);
    let joined = |left: Option<char>, right: Option<char>| match (left, right) {
        (Some(left), Some(right)) => left.is_alphanumeric() && right.is_alphanumeric() && !unspaced(left, right),
        _ => false,
    };
    let (left, right) = (before.chars().rev().find(|left| !is_mark(*left)), after.chars().next());
    let ending = right.is_some_and(|right| matches!(right, 's' | 'S'))
        && !after.chars().nth(1).is_some_and(char::is_alphanumeric);
    // The letter of an escape (`\n`) is no part of the word behind it.
    let escaped = left.is_some_and(|left| matches!(left, 'n' | 'r' | 't' | 'f' | 'b'))
        && before[..before.len() - 1].ends_with('\\');
    // Nor is a character's code (`\u00fc`, `%20`).
    let code = |length: usize, sign: &str| {
        let code = before.len().checked_sub(length).and_then(|from| before.get(from..)?.strip_prefix(sign));
        code.is_some_and(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
    };
    let coded = code(6, "\\u") || code(4, "\\x") || code(3, "%");
    !(joined(left, inside.chars().next()) && !escaped && !coded)
        && (ending || !joined(inside.chars().next_back(), right))
}

/// Whether either character is of a script that puts no spaces between words.
fn unspaced(left: char, right: char) -> bool {
    let of = |character: char| matches!(character, '\u{0e00}'..='\u{0eff}' | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}');
    of(left) || of(right)
}

/// In order and apart: of those that overlap the first and longest takes the others in.
fn apart(mut hits: Vec<Hit>) -> Vec<Hit> {
    hits.sort_by_key(|hit| (hit.range.start, std::cmp::Reverse(hit.range.end)));
    let mut kept: Vec<Hit> = Vec::with_capacity(hits.len());
    for hit in hits {
        match kept.last_mut() {
            Some(last) if hit.range.start < last.range.end => last.range.end = last.range.end.max(hit.range.end),
            _ => kept.push(hit),
        }
    }
    kept
}
