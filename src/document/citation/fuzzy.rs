//! A quotation with slips of the pen: letters that were changed, put in or left out, as small models and scanners do.

use std::ops::Range;

use super::align::{Column, align};
use super::needle::{Needle, stands_alone, unspaced, without_space};
use super::wording::{Characters, Known, slips};
use super::{Locator, Searchable, seeds};
use crate::document::{NormalChars, Span};

/// Shorter quotations must agree; letters and digits.
const LEAST: usize = 16;
/// Longer ones must agree too, since the cells of an alignment grow with the square; bytes of normal form.
const LONGEST: usize = 1024;
/// The most characters of a hundred that may differ in normal form, where white space and typography do not count.
const PER_CENT: usize = 15;
/// The most characters of a hundred that an alignment may change, before some count less.
const ALIGNED: usize = 22;
/// Places of a document, or of a part of it, that are aligned, best first: as many as come to so many cells, and some.
const CELLS: usize = 400_000;
const PLACES: Range<usize> = 8..64;
/// Characters by which what is found may reach beyond the quotation to take its last word in.
const COMPLETED: usize = 16;

/// A place that says the same, and in how many characters it differs.
struct Found {
    span: Span,
    slips: usize,
    words: String,
}

impl Locator {
    /// Where the quotation stands but for slips: in one of `prefer` (in their order), else anywhere, where no other place with
    /// other words is as near.
    pub(super) fn with_slips(&self, needle: &Needle, prefer: &[Span]) -> Option<Span> {
        if needle.weight < LEAST || needle.folded.len() > LONGEST {
            return None;
        }
        let quoted: Vec<char> = needle.folded.chars().collect();
        let width = (quoted.len() * ALIGNED / 100 + 8) as i64;
        let nearest = |bound: &Span, diagonals: Vec<i64>, document: &Searchable| {
            let places = (CELLS / (quoted.len() * (4 * width as usize))).clamp(PLACES.start, PLACES.end);
            let places = seeds::places(diagonals, width, places);
            let found = places.into_iter().filter_map(|at| self.aligned(needle, &quoted, document, bound, at));
            found.collect::<Vec<_>>()
        };
        for bound in prefer {
            let Some(document) = self.documents.get(bound.document) else { continue };
            let window = document.normal().around(bound.start..bound.end);
            let part = document.normal().form.get(window.clone()).unwrap_or_default();
            let diagonals = seeds::scan(part.as_bytes(), window.start, needle.folded.as_bytes());
            if let Some(span) = surest(nearest(bound, diagonals, document)) {
                return Some(span);
            }
        }
        let anywhere = self.bounds.iter().filter_map(|bound| Some((bound, self.documents.get(bound.document)?)));
        let found = anywhere.flat_map(|(bound, document)| {
            let form = document.normal().form.as_bytes();
            nearest(bound, document.seeds().diagonals(form, needle.folded.as_bytes()), document)
        });
        surest(found.collect())
    }

    fn known(&self) -> &Known {
        self.known.get_or_init(|| Known::of(self.documents.iter().map(|document| &*document.normal().form)))
    }

    /// The place near a diagonal of the document's normal form that says what the quotation says.
    fn aligned(&self, needle: &Needle, quoted: &[char], document: &Searchable, bound: &Span, at: i64) -> Option<Found> {
        let form = &*document.normal().form;
        let most = quoted.len() * ALIGNED / 100;
        let half = 2 * most + 8;
        // In bytes; a character of most scripts has up to three more than that of the quotation.
        let from = form.floor_char_boundary(usize::try_from(at).unwrap_or(0).saturating_sub(2 * half + COMPLETED));
        let end = usize::try_from(at + needle.folded.len() as i64).ok()?.saturating_add(2 * half + COMPLETED);
        let window = form.get(from..form.ceil_char_boundary(end.min(form.len())))?;
        let begin = window.char_indices().take_while(|(byte, _)| ((from + byte) as i64) < at).count();
        let folded: Vec<char> = window.chars().collect();
        let aligned = align(quoted, &folded, begin, half, most)?;
        let part = aligned.iter().filter_map(|column| column.text);
        let (first, last) = (part.clone().next()?, part.clone().next_back()?);
        let byte = |at: usize| from + folded[..at].iter().map(|c| c.len_utf8()).sum::<usize>();
        let part = document.normal().original(&document.text, byte(first)..byte(last + 1))?;
        let range = with_whole_words(&document.text, &part);
        let Range { start, end } = without_space(&document.text, range.clone());
        let span = Span::new(bound.document, start, end);
        if !bound.contains(&span) || !stands_alone(&document.text, &range, needle.weight) {
            return None;
        }
        let characters = |range: Range<usize>| {
            let text = document.text.get(range).unwrap_or_default();
            NormalChars::with_case(text).tight().map(|normal| normal.character)
        };
        let (before, after) = (characters(range.start..part.start).count(), characters(part.end..range.end).count());
        let (first, last) = (first.saturating_sub(before), (last + after).min(folded.len() - 1));
        let lone = |at: usize| Column { quoted: None, text: Some(at) };
        let completed = (last + 1 - after..=last).map(lone);
        let columns: Vec<Column> = (first..first + before).map(lone).chain(aligned).chain(completed).collect();
        let mut text = Characters { cased: folded.clone(), folded };
        for (slot, character) in text.cased[first..=last].iter_mut().zip(characters(range)) {
            *slot = character;
        }
        let words = text.folded[first..=last].iter().filter(|c| c.is_alphanumeric()).collect();
        let slips = slips(quoted, &text, &columns, self.known())?;
        (slips * 100 <= 2 * quoted.len() * PER_CENT).then_some(Found { span, slips, words })
    }
}

/// The nearest place; none where another that says it in other words is as near.
fn surest(found: Vec<Found>) -> Option<Span> {
    let best = found.iter().min_by_key(|found| (found.slips, found.span))?;
    let doubtful = found.iter().any(|other| other.slips == best.slips && other.words != best.words);
    (!doubtful).then_some(best.span)
}

/// The range with the words that it begins and ends in taken in whole, where it holds the better part of them.
fn with_whole_words(text: &str, part: &Range<usize>) -> Range<usize> {
    let joins = |c: &char| c.is_alphanumeric() && !unspaced(*c);
    let (before, within, after) = (&text[..part.start], &text[part.clone()], &text[part.end..]);
    let bytes =
        |characters: &mut dyn Iterator<Item = char>| characters.take_while(joins).map(char::len_utf8).sum::<usize>();
    let more = |outside: usize, inside: usize| if outside <= inside { outside } else { 0 };
    let start = more(bytes(&mut before.chars().rev().take(COMPLETED)), bytes(&mut within.chars()));
    let end = more(bytes(&mut after.chars().take(COMPLETED)), bytes(&mut within.chars().rev()));
    part.start - start..part.end + end
}
