//! Finds a quotation in which words were blotted out before it was made: what is left of it stands in the documents in its
//! order, and what stands between is what was blotted out.

use std::cell::Cell;
use std::ops::Range;

use memchr::memmem;

use super::needle::{CERTAIN, Needle, stands_alone, weight, without_space, without_wrapping};
use super::{Locator, MAX_CANDIDATES, Searchable};
use crate::document::span::{Located, Match, Span};

/// How much longer than its mark the words may be that it stands for, in bytes.
const GAP: usize = 1_000;
/// How many places of the last words are looked at behind each of the first ones.
const ENDS: usize = 16;

/// Words that were blotted out: the mark that stands for them, and how a text is told without them.
#[derive(Clone, Copy)]
pub struct BlottedOut<'a> {
    pub mark: &'a str,
    pub of: &'a (dyn Fn(&str) -> String + 'a),
}

/// A quotation from the first words that are left of it to the last.
struct Gapped<'a> {
    first: Needle,
    /// Nothing where words are left in one place only.
    last: Option<Needle>,
    /// In normal form, as it is told.
    whole: Needle,
    /// The most bytes from the beginning of the first words to the end of the last.
    reach: usize,
    out: BlottedOut<'a>,
}

impl<'a> Gapped<'a> {
    /// Nothing where so little is left that it could be anything.
    fn new(quotation: &str, out: BlottedOut<'a>) -> Option<Self> {
        let quotation = without_wrapping(quotation);
        let marks = quotation.match_indices(out.mark).map(|(at, mark)| at..at + mark.len());
        let starts = std::iter::once(0).chain(marks.clone().map(|mark| mark.end));
        let ends = marks.map(|mark| mark.start).chain([quotation.len()]);
        let mut pieces: Vec<Range<usize>> = starts.zip(ends).map(|(start, end)| start..end).collect();
        let words = |piece: &Range<usize>| quotation.get(piece.clone()).unwrap_or_default();
        pieces.retain(|piece| weight(words(piece)) > 0);
        let left: usize = pieces.iter().map(|piece| weight(words(piece))).sum();
        let (first, last) = (pieces.first()?, pieces.last()?);
        let whole = quotation.get(first.start..last.end)?;
        let reach = whole.len() + GAP * whole.matches(out.mark).count();
        let needle = |piece: &Range<usize>| Needle::new(without_wrapping(words(piece)));
        Some(Self {
            first: needle(first),
            last: (first != last).then(|| needle(last)),
            whole: Needle::new(without_wrapping(&(out.of)(whole))),
            reach,
            out,
        })
        .filter(|_| left >= CERTAIN)
    }

    /// Where it stands in a window of the document.
    fn places(&self, document: &Searchable, window: Range<usize>, left: &Cell<usize>) -> Vec<Range<usize>> {
        let firsts = document.folded_places(&self.first.folded, window.clone(), left);
        let mut places = Vec::new();
        for (normal, first) in firsts {
            let Some(last) = &self.last else {
                places.push(first);
                continue;
            };
            let behind = normal.end..(normal.start + self.reach).min(window.end);
            let ends = document.folded_places(&last.folded, behind, left).take(ENDS);
            let mut wholes = ends.map(|(_, last)| first.start..last.end);
            places.extend(wholes.find(|place| self.is_at(&document.text, place)));
        }
        places.retain(|place| stands_alone(&document.text, place, self.whole.weight));
        places
    }

    /// Whether the words of this place are those of the quotation once they are blotted out.
    fn is_at(&self, text: &str, place: &Range<usize>) -> bool {
        let words = text.get(place.clone()).unwrap_or_default();
        Needle::new(&(self.out.of)(words)).folded == self.whole.folded
    }
}

impl Locator {
    /// As [`locate`](Self::locate), for a quotation from a text in which words were blotted out. Found is the one place that it
    /// can be of: of several that may differ in what was blotted out, none.
    pub fn locate_blotted(&self, quotation: &str, out: BlottedOut<'_>, prefer: &[Span]) -> Option<Located> {
        let plain = self.locate(quotation, prefer);
        if !quotation.contains(out.mark) || plain.as_ref().is_some_and(|found| found.how != Match::Fuzzy) {
            return plain;
        }
        let Some(gapped) = Gapped::new(quotation, out) else { return plain };
        let within: Vec<Span> = prefer.iter().filter(|span| self.is_within(span)).copied().collect();
        let found = [&within, &self.bounds].into_iter().map(|spans| self.gapped_places(&gapped, spans));
        let Some(places) = found.into_iter().find(|places| !places.is_empty()) else { return plain };
        let place = *places.first()?;
        let words = |place: &Span| {
            let document = self.documents.get(place.document);
            Needle::new(document.and_then(|document| document.text.get(place.start..place.end)).unwrap_or_default())
        };
        let here = words(&place);
        // What was blotted out around all that is left may differ where that is the same.
        let is_one = places.len() == 1
            || (gapped.last.is_some() && places.iter().all(|other| words(other).folded == here.folded));
        is_one.then(|| Located { elsewhere: self.elsewhere(place, &here), ..Located::new(place, Match::Normalised) })
    }

    /// Where it stands within the spans, each place once.
    fn gapped_places(&self, gapped: &Gapped<'_>, spans: &[Span]) -> Vec<Span> {
        let left = Cell::new(MAX_CANDIDATES);
        let mut found = Vec::new();
        for span in spans {
            let Some(document) = self.documents.get(span.document) else { continue };
            let window = document.normal().around(span.start..span.end);
            let places = gapped.places(document, window, &left).into_iter();
            let places = places.map(|place| Span::new(span.document, place.start, place.end));
            found.extend(places.filter(|place| span.contains(place)));
        }
        found.sort_unstable();
        found.dedup();
        // What was not looked at may be another one.
        if left.get() == 0 { Vec::new() } else { found }
    }
}

impl Searchable {
    /// Where these words in normal form stand in a window of it: there, and in the text.
    fn folded_places<'a>(
        &'a self,
        folded: &'a str,
        window: Range<usize>,
        left: &'a Cell<usize>,
    ) -> impl Iterator<Item = (Range<usize>, Range<usize>)> + 'a {
        let normal = self.normal();
        let bytes = normal.form.as_bytes().get(window.clone()).unwrap_or_default();
        let is_left = |left: &Cell<usize>| left.get().checked_sub(1).inspect(|less| left.set(*less)).is_some();
        let mut from = 0;
        std::iter::from_fn(move || {
            let at = from + memmem::find(bytes.get(from..)?, folded.as_bytes())?;
            from = at + folded.len().max(1);
            Some(window.start + at..window.start + at + folded.len())
        })
        .take_while(move |_| is_left(left))
        .filter_map(|range| Some((range.clone(), without_space(&self.text, normal.original(&self.text, range)?))))
    }
}
