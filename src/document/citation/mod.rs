//! Finds a quotation in the documents. A wrong highlight is worse than none, so what is doubtful is not found.

mod align;
mod denial;
mod fuzzy;
mod gapped;
mod needle;
mod normal_text;
mod seeds;
#[cfg(test)]
mod tests;
mod wording;

use std::cell::Cell;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use memchr::memmem;

use super::Document;
use super::span::{Elsewhere, Located, Match, Span};
pub use gapped::BlottedOut;
use needle::{CERTAIN, Needle, stands_alone, weight, without_space, without_wrapping};
use normal_text::NormalText;
use seeds::Seeds;
use wording::Known;

/// Quotations with fewer letters and digits are only looked for word for word, and only where they are said to come from.
const SHORT: usize = 4;
/// How many places that agree in normal form are looked at in one search; a quotation that may not be pointed at
/// in any of them counts as not found.
const MAX_CANDIDATES: usize = 20_000;
/// Bytes of normal form that are gone through in less time than an index is asked in.
const INDEXED: usize = 16 << 10;

/// Looks quotations up in a session's documents. Made once a session; the normal form of a document (about its own size)
/// and an index of it (half as much) are made at the first quotation, about 20 ms a megabyte.
pub struct Locator {
    documents: Vec<Searchable>,
    /// Where quotations may stand.
    bounds: Vec<Span>,
    /// The words of all documents.
    known: OnceLock<Known>,
    /// The words that were looked for last, and where they stand: many jobs cite the same ones.
    last: Mutex<(String, Vec<Span>, bool)>,
}

impl Locator {
    pub fn new(documents: &[Document]) -> Self {
        let whole = |(index, document): (usize, &Document)| Span::new(index, 0, document.text.len());
        Self {
            documents: documents.iter().map(Searchable::new).collect(),
            bounds: documents.iter().enumerate().map(whole).collect(),
            known: OnceLock::new(),
            last: Mutex::default(),
        }
    }

    /// One that finds nothing outside of `part`, where only that was read.
    pub fn within(documents: &[Document], part: Option<Span>) -> Self {
        let mut locator = Self::new(documents);
        if let Some(part) = part {
            locator.bounds = vec![part];
        }
        locator
    }

    /// Where `quotation` stands: byte for byte in one of the spans of `prefer` (in their order), then byte for byte
    /// anywhere, then in normal form (see [`normal`](super::normal)) in the same order, then with slips of the pen (see
    /// [`Match::Fuzzy`]); else nowhere. What was found tells where else the same words stand.
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
        let (span, how) = self.word_for_word(exact, weight, &self.within_bounds(prefer))?;
        Some(Located { elsewhere: self.elsewhere(span, &self.needle_of(span)), ..Located::new(span, how) })
    }

    /// The same, where that takes some microseconds: of a quotation that stands byte for byte in `prefer`, once the normal form
    /// and the index are made that tell where else its words stand.
    pub fn locate_at_once(&self, quotation: &str, prefer: &[Span]) -> Option<Located> {
        let exact = quotation.trim();
        let weight = Some(weight(exact)).filter(|weight| *weight > 0)?;
        let span = self.exact_places(&memmem::Finder::new(exact), weight, &self.within_bounds(prefer)).next()?;
        let needle = self.needle_of(span);
        let at_hand = self.last().0 == needle.folded || self.is_indexed(&needle);
        at_hand.then(|| Located { elsewhere: self.elsewhere(span, &needle), ..Located::new(span, Match::Exact) })
    }

    fn word_for_word(&self, exact: &str, weight: usize, prefer: &[Span]) -> Option<(Span, Match)> {
        let finder = memmem::Finder::new(exact);
        if let Some(span) = self.exact_places(&finder, weight, prefer).next() {
            return Some((span, Match::Exact));
        }
        if weight < SHORT {
            return None;
        }
        if let Some(span) = certain(self.exact_places(&finder, weight, &self.bounds), weight) {
            return Some((span, Match::Exact));
        }
        let mut needles = vec![Needle::new(exact)];
        let bare = Needle::new(without_wrapping(exact));
        if bare.folded != needles[0].folded {
            needles.push(bare);
        }
        needles.retain(|needle| needle.weight >= SHORT);
        let preferred =
            needles.iter().find_map(|needle| self.normal_places(needle, prefer, &Cell::new(MAX_CANDIDATES)).next());
        let anywhere = || {
            needles.iter().find_map(|needle| {
                let left = Cell::new(MAX_CANDIDATES);
                let place = certain(self.normal_places(needle, &self.bounds, &left), needle.weight)?;
                // Of a short one there may be another place among those that were not looked at.
                (needle.weight >= CERTAIN || left.get() > 0).then_some(place)
            })
        };
        if let Some(span) = preferred.or_else(anywhere) {
            return Some((span, Match::Normalised));
        }
        self.with_slips(needles.last()?, prefer).map(|span| (span, Match::Fuzzy))
    }

    /// The words of a place, in the forms in which they are looked for.
    fn needle_of(&self, place: Span) -> Needle {
        let words = self.documents.get(place.document).and_then(|document| document.text.get(place.start..place.end));
        Needle::new(words.unwrap_or_default())
    }

    /// Where else the words of a place stand, whatever their layout.
    fn elsewhere(&self, place: Span, needle: &Needle) -> Elsewhere {
        if needle.weight < SHORT {
            return Elsewhere::default();
        }
        let (all, mut or_more) = self.places_of(needle);
        let others = all
            .into_iter()
            .filter(|other| other.document != place.document || other.end <= place.start || place.end <= other.start);
        let mut spans: Vec<Span> = others.collect();
        or_more |= spans.len() > Elsewhere::MOST;
        spans.truncate(Elsewhere::MOST);
        Elsewhere { count: spans.len() as u32, spans, or_more }
    }

    /// The first places of these words, as many as are told of any place among them, and whether there are or may be more. Each
    /// takes some microseconds, and thousands of jobs may quote what stands in thousands of places.
    fn places_of(&self, needle: &Needle) -> (Vec<Span>, bool) {
        if let (words, spans, or_more) = &*self.last()
            && *words == needle.folded
        {
            return (spans.clone(), *or_more);
        }
        let left = Cell::new(MAX_CANDIDATES);
        let most = Elsewhere::MOST + 2;
        let spans: Vec<Span> = self.normal_places(needle, &self.bounds, &left).take(most).collect();
        let or_more = spans.len() == most || left.get() == 0;
        *self.last() = (needle.folded.clone(), spans.clone(), or_more);
        (spans, or_more)
    }

    fn last(&self) -> MutexGuard<'_, (String, Vec<Span>, bool)> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the index tells where the needle stands, without anything being made or gone through for it.
    fn is_indexed(&self, needle: &Needle) -> bool {
        let mut documents = self.bounds.iter().filter_map(|bound| self.documents.get(bound.document));
        documents.all(|document| document.is_indexed(&needle.folded))
    }

    fn within_bounds(&self, spans: &[Span]) -> Vec<Span> {
        spans.iter().filter(|span| self.is_within(span)).copied().collect()
    }

    fn is_within(&self, span: &Span) -> bool {
        self.bounds.iter().any(|bound| bound.contains(span))
    }

    /// Where the quotation stands byte for byte within `spans`, in their order.
    fn exact_places<'a>(
        &'a self,
        finder: &'a memmem::Finder<'_>,
        weight: usize,
        spans: &'a [Span],
    ) -> impl Iterator<Item = Span> + 'a {
        spans.iter().flat_map(move |span| {
            let text = self.documents.get(span.document).map_or("", |document| &*document.text);
            let within = text.get(span.start..span.end).unwrap_or_default();
            finder
                .find_iter(within.as_bytes())
                .map(|at| span.start + at..span.start + at + finder.needle().len())
                .filter(move |range| stands_alone(text, range, weight))
                .map(|range| Span::new(span.document, range.start, range.end))
        })
    }

    /// Where the needle stands in normal form within `spans`, in their order, as long as candidates are `left`.
    fn normal_places<'a>(
        &'a self,
        needle: &'a Needle,
        spans: &'a [Span],
        left: &'a Cell<usize>,
    ) -> impl Iterator<Item = Span> + 'a {
        spans.iter().flat_map(move |span| {
            let places = self.documents.get(span.document).map(|document| {
                let window = document.normal().around(span.start..span.end);
                document
                    .normal_places(needle, window, left)
                    .map(|range| Span::new(span.document, range.start, range.end))
                    .filter(|place| span.contains(place))
            });
            places.into_iter().flatten()
        })
    }
}

/// The first place; none where the quotation is not long enough to be sure which of several is meant.
fn certain(mut places: impl Iterator<Item = Span>, weight: usize) -> Option<Span> {
    let first = places.next()?;
    (weight >= CERTAIN || places.next().is_none()).then_some(first)
}

/// A document's text and, once they were needed, its normal form and an index of that.
struct Searchable {
    text: Arc<str>,
    normal: OnceLock<NormalText>,
    seeds: OnceLock<Seeds>,
}

impl Searchable {
    fn new(document: &Document) -> Self {
        Self { text: Arc::clone(&document.text), normal: OnceLock::new(), seeds: OnceLock::new() }
    }

    fn normal(&self) -> &NormalText {
        self.normal.get_or_init(|| NormalText::of(&self.text))
    }

    fn seeds(&self) -> &Seeds {
        self.seeds.get_or_init(|| Seeds::of(self.normal().form.as_bytes()))
    }

    fn is_indexed(&self, words: &str) -> bool {
        let small = self.normal.get().is_some_and(|normal| normal.form.len() < INDEXED);
        small || self.seeds.get().is_some_and(|seeds| seeds.tell(words.as_bytes()))
    }

    /// Where the words stand within a window of the normal form; nothing where it has to be gone through for that.
    fn indexed(&self, words: &str, window: &Range<usize>) -> Option<impl Iterator<Item = usize> + use<>> {
        let places = match window.len() < INDEXED {
            true => None,
            false => self.seeds().places_of(self.normal().form.as_bytes(), words.as_bytes()),
        }?;
        let (length, Range { start, end }, mut last) = (words.len(), window.clone(), window.start);
        // Each begins behind the one before, as they do where a text is gone through.
        Some(places.into_iter().filter(move |at| {
            let fits = (start.max(last)..(end + 1).saturating_sub(length)).contains(at);
            last = if fits { at + length } else { last };
            fits
        }))
    }

    /// The byte ranges of the text that agree with the needle in normal form, within a window of the normal form.
    fn normal_places<'a>(
        &'a self,
        needle: &'a Needle,
        window: Range<usize>,
        left: &'a Cell<usize>,
    ) -> impl Iterator<Item = Range<usize>> + 'a {
        let is_left = |left: &Cell<usize>| left.get().checked_sub(1).inspect(|less| left.set(*less)).is_some();
        let normal = self.normal();
        let indexed = self.indexed(&needle.folded, &window);
        let through = indexed.is_none().then(|| {
            let bytes = normal.form.get(window.clone()).unwrap_or_default().as_bytes();
            needle.finder().find_iter(bytes).map(move |at| window.start + at)
        });
        let places = indexed.into_iter().flatten().chain(through.into_iter().flatten());
        places
            .take_while(move |_| is_left(left))
            .map(move |at| at..at + needle.folded.len())
            .filter_map(move |range| normal.original(&self.text, range))
            .map(move |range| without_space(&self.text, range))
            .filter(move |range| needle.agrees(&self.text, range))
    }
}
