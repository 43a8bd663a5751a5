//! Finds a quotation in the documents. A wrong highlight is worse than none, so what is doubtful is not found.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use memchr::memmem;

use super::normal::NormalChars;
use super::{Document, Located, Match, Span};

/// Quotations with fewer letters and digits are only looked for word for word, and only where they are said to come from.
const SHORT: usize = 4;
/// Quotations with fewer letters and digits must agree in case, and outside of the preferred spans stand in one place only.
const CERTAIN: usize = 12;
/// Quotations with at least as many letters and digits may begin or end within a word.
const LONG: usize = 24;
/// How many places that agree in normal form are looked at before a quotation counts as not found.
const MAX_CANDIDATES: usize = 1000;

/// Looks quotations up in a session's documents. Made once a session; the normal form of a document (about its own size)
/// is made at the first quotation that needs it, which takes some tens of milliseconds a megabyte.
pub struct Locator {
    documents: Vec<Searchable>,
}

impl Locator {
    pub fn new(documents: &[Document]) -> Self {
        let searchable = |document: &Document| Searchable { text: Arc::clone(&document.text), normal: OnceLock::new() };
        Self { documents: documents.iter().map(searchable).collect() }
    }

    /// Where `quotation` stands: byte for byte in one of the spans of `prefer` (in their order), then byte for byte
    /// anywhere, then in normal form (see [`normal`](super::normal)) in the same order; else nowhere.
    ///
    /// Whitespace around the quotation is no part of it. In normal form it may also be wrapped in quotation marks,
    /// ellipses, a list dash or closing punctuation that the document does not have. What is found never begins or
    /// ends within a number.
    pub fn locate(&self, quotation: &str, prefer: &[Span]) -> Option<Located> {
        let exact = quotation.trim();
        let weight = weight(exact);
        if weight == 0 {
            return None;
        }
        if let Some(span) = self.exact_within(exact, weight, prefer) {
            return Some(Located { span, how: Match::Exact });
        }
        if weight < SHORT {
            return None;
        }
        if let Some(span) = self.exact_anywhere(exact, weight) {
            return Some(Located { span, how: Match::Exact });
        }
        let mut needles = vec![Needle::new(exact)];
        let bare = Needle::new(without_wrapping(exact));
        if bare.folded != needles[0].folded {
            needles.push(bare);
        }
        needles.retain(|needle| needle.weight >= SHORT);
        let within = needles.iter().find_map(|needle| self.normal_within(needle, prefer));
        within
            .or_else(|| needles.iter().find_map(|needle| self.normal_anywhere(needle)))
            .map(|span| Located { span, how: Match::Normalised })
    }

    fn exact_within(&self, quotation: &str, weight: usize, prefer: &[Span]) -> Option<Span> {
        let finder = memmem::Finder::new(quotation);
        prefer.iter().find_map(|span| {
            let text: &str = &self.documents.get(span.document)?.text;
            finder
                .find_iter(text.get(span.start..span.end)?.as_bytes())
                .map(|at| span.start + at..span.start + at + quotation.len())
                .find(|range| stands_alone(text, range, weight))
                .map(|range| Span::new(span.document, range.start, range.end))
        })
    }

    fn exact_anywhere(&self, quotation: &str, weight: usize) -> Option<Span> {
        let finder = memmem::Finder::new(quotation);
        let places = self.documents.iter().enumerate().flat_map(|(index, document)| {
            let text: &str = &document.text;
            finder
                .find_iter(text.as_bytes())
                .map(|at| at..at + quotation.len())
                .filter(move |range| stands_alone(text, range, weight))
                .map(move |range| Span::new(index, range.start, range.end))
        });
        certain(places, weight)
    }

    fn normal_within(&self, needle: &Needle, prefer: &[Span]) -> Option<Span> {
        let finder = memmem::Finder::new(&needle.folded);
        prefer.iter().find_map(|span| {
            let document = self.documents.get(span.document)?;
            let normal = document.normal();
            let window = normal.around(span.start..span.end);
            document
                .normal_places(needle, &finder, window)
                .map(|range| Span::new(span.document, range.start, range.end))
                .find(|place| span.contains(place))
        })
    }

    fn normal_anywhere(&self, needle: &Needle) -> Option<Span> {
        let finder = memmem::Finder::new(&needle.folded);
        let places = self.documents.iter().enumerate().flat_map(|(index, document)| {
            let all = 0..document.normal().bytes.len();
            document.normal_places(needle, &finder, all).map(move |range| Span::new(index, range.start, range.end))
        });
        certain(places, needle.weight)
    }
}

/// The first place; none where the quotation is not long enough to be sure which of several is meant.
fn certain(mut places: impl Iterator<Item = Span>, weight: usize) -> Option<Span> {
    let first = places.next()?;
    (weight >= CERTAIN || places.next().is_none()).then_some(first)
}

/// A document's text and, once it was needed, its normal form.
struct Searchable {
    text: Arc<str>,
    normal: OnceLock<NormalText>,
}

impl Searchable {
    fn normal(&self) -> &NormalText {
        self.normal.get_or_init(|| NormalText::of(&self.text))
    }

    /// The byte ranges of the text that agree with the needle in normal form, within a window of the normal form.
    fn normal_places<'a>(
        &'a self,
        needle: &'a Needle,
        finder: &'a memmem::Finder<'_>,
        window: Range<usize>,
    ) -> impl Iterator<Item = Range<usize>> + 'a {
        let normal = self.normal();
        let bytes = normal.bytes.get(window.clone()).unwrap_or_default();
        finder
            .find_iter(bytes)
            .take(MAX_CANDIDATES)
            .map(move |at| window.start + at..window.start + at + needle.folded.len())
            .filter_map(move |range| normal.original(&self.text, range))
            .filter(move |range| needle.agrees(&self.text, range))
    }
}

/// A quotation in normal form.
struct Needle {
    folded: String,
    cased: String,
    weight: usize,
}

impl Needle {
    fn new(quotation: &str) -> Self {
        Self {
            folded: NormalChars::new(quotation).map(|normal| normal.character).collect(),
            cased: NormalChars::with_case(quotation).map(|normal| normal.character).collect(),
            weight: weight(quotation),
        }
    }

    /// Whether a place whose folded form is the needle's may be pointed at.
    fn agrees(&self, text: &str, range: &Range<usize>) -> bool {
        let words = || NormalChars::with_case(text.get(range.clone()).unwrap_or_default());
        stands_alone(text, range, self.weight)
            && (self.weight >= CERTAIN || words().map(|normal| normal.character).eq(self.cased.chars()))
    }
}

/// The normal form of a whole text, with marks from which to walk back to the text's own bytes.
struct NormalText {
    bytes: Box<[u8]>,
    /// In order; the first stands at the beginning.
    marks: Vec<Mark>,
}

struct Mark {
    normal: usize,
    original: usize,
    /// The normal character before it.
    last: char,
}

/// How many bytes of normal form lie between two marks, at least: what a place costs to look up, against memory.
const MARK_EVERY: usize = 512;

impl NormalText {
    fn of(text: &str) -> Self {
        let mut form = String::with_capacity(text.len());
        let mut marks = vec![Mark { normal: 0, original: 0, last: ' ' }];
        let (mut last, mut last_end, mut next_mark) = (' ', 0, MARK_EVERY);
        for normal in NormalChars::new(text) {
            // Not within the characters of a ligature, which begin at the same byte.
            if form.len() >= next_mark && normal.start >= last_end {
                marks.push(Mark { normal: form.len(), original: normal.start, last });
                next_mark = form.len() + MARK_EVERY;
            }
            form.push(normal.character);
            (last, last_end) = (normal.character, normal.end);
        }
        Self { bytes: form.into_bytes().into_boxed_slice(), marks }
    }

    /// A window of the normal form that holds that of `original`, and a little more.
    fn around(&self, original: Range<usize>) -> Range<usize> {
        let before = self.marks.partition_point(|mark| mark.original <= original.start).saturating_sub(1);
        let after = self.marks.partition_point(|mark| mark.original < original.end);
        let start = self.marks.get(before).map_or(0, |mark| mark.normal);
        start..self.marks.get(after).map_or(self.bytes.len(), |mark| mark.normal).max(start)
    }

    /// The bytes of the text that a range of the normal form stands for.
    fn original(&self, text: &str, range: Range<usize>) -> Option<Range<usize>> {
        let mark = self.marks.get(self.marks.partition_point(|mark| mark.normal <= range.start).checked_sub(1)?)?;
        let mut at = mark.normal;
        let mut start = None;
        for normal in NormalChars::resume(text, mark.original, mark.last) {
            if at >= range.start && start.is_none() {
                start = Some(normal.start);
            }
            at += normal.character.len_utf8();
            if at >= range.end {
                return start.map(|start| start..normal.end);
            }
        }
        None
    }
}

/// How many letters and digits there are.
fn weight(text: &str) -> usize {
    text.chars().filter(|character| character.is_alphanumeric()).count()
}

/// The quotation without what models put around one.
fn without_wrapping(quotation: &str) -> &str {
    let quote = |c: char| matches!(c, '"' | '\'' | '`' | '“' | '”' | '„' | '‘' | '’' | '‚' | '«' | '»');
    let mut text = quotation;
    loop {
        let mut bare = text.trim().trim_matches(quote);
        for ellipsis in ["[...]", "[…]", "(...)", "(…)", "...", "…"] {
            bare = bare.strip_prefix(ellipsis).unwrap_or(bare);
            bare = bare.strip_suffix(ellipsis).unwrap_or(bare);
        }
        for bullet in ["- ", "* ", "– ", "• "] {
            bare = bare.strip_prefix(bullet).unwrap_or(bare);
        }
        bare = bare.trim_end_matches(['.', ',', ';', ':']);
        if bare.len() == text.len() {
            return bare;
        }
        text = bare;
    }
}

/// Whether a range of the text may be pointed at by itself: it cuts through no number, and only if it is long through a word.
fn stands_alone(text: &str, range: &Range<usize>, weight: usize) -> bool {
    let (Some(before), Some(inside), Some(after)) =
        (text.get(..range.start), text.get(range.clone()), text.get(range.end..))
    else {
        return false;
    };
    let joined = |left: Option<char>, right: Option<char>| match (left, right) {
        (Some(left), Some(right)) if left.is_numeric() && right.is_numeric() => true,
        (Some(left), Some(right)) => {
            weight < LONG && left.is_alphanumeric() && right.is_alphanumeric() && !unspaced(left) && !unspaced(right)
        }
        _ => false,
    };
    let point = |character: Option<char>| matches!(character, Some('.' | ','));
    let digit = |character: Option<char>| character.is_some_and(|character| character.is_ascii_digit());

    let (mut left, first) = (before.chars().rev(), inside.chars().next());
    let (left, before_left) = (left.next(), left.next());
    let (last, mut right) = (inside.chars().next_back(), after.chars());
    let (right, after_right) = (right.next(), right.next());
    let starts_in_number = digit(before_left) && point(left) && digit(first);
    let ends_in_number = digit(last) && point(right) && digit(after_right);
    !(joined(left, first) || joined(last, right) || starts_in_number || ends_in_number)
}

/// Whether the character is of a script that puts no spaces between words.
fn unspaced(character: char) -> bool {
    matches!(character,
        '\u{0e00}'..='\u{0eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{3040}'..='\u{30ff}'
        | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}
