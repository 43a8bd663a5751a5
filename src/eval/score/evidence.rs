//! How much of the evidence went to the remote LM, and how much of it the answer cites.

use serde::{Deserialize, Serialize};

use super::page;
use crate::document::{Document, Locator, Span};
use crate::eval::question::{Place, Question};
use crate::ledger::SpanSet;

/// The evidence of one question in its documents.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Places {
    /// Pieces of evidence.
    pub pieces: Vec<Span>,
    /// The lines of them that bear the answer, where the set names those.
    pub keys: Vec<Span>,
    /// Pieces whose words stand nowhere in the documents.
    pub missing: usize,
}

/// What a session did with the evidence, each 0 to 1; nothing where the question has no evidence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct EvidenceScores {
    /// The mean share of each piece in what the first round's jobs cited and its aggregated text holds; nothing for a
    /// protocol that aggregates nothing.
    pub aggregated: Option<f64>,
    /// The same of the lines that bear the answer, or of the pieces where the set names no lines.
    pub key: Option<f64>,
    /// The mean share of each piece in the requests that left.
    pub exposed: Option<f64>,
    /// The share of the pieces that the answer cites in part at least.
    pub recall: Option<f64>,
    /// The share of the answer's citations that share words with a piece; one found nowhere shares none.
    pub precision: Option<f64>,
    /// Pieces whose words stand nowhere in the documents: they count in none of these.
    #[serde(skip_serializing_if = "is_none")]
    pub missing: usize,
}

fn is_none(missing: &usize) -> bool {
    *missing == 0
}

/// Where the evidence stands.
pub fn places(question: &Question, documents: &[Document]) -> Places {
    let mut places = Places::default();
    let locator = Locator::new(documents);
    for evidence in &question.evidence {
        let Some(document) = documents.get(evidence.document) else { continue };
        let whole = Span::new(evidence.document, 0, document.text.len());
        let characters = |range: &std::ops::Range<usize>| {
            Span::new(evidence.document, byte_of(&document.text, range.start), byte_of(&document.text, range.end))
        };
        let piece = match &evidence.place {
            Place::Bytes(range) => {
                Some(Span::new(evidence.document, range.start.min(whole.end), range.end.min(whole.end)))
            }
            Place::Characters(range) => Some(characters(range)),
            Place::Words(words) => locator.locate(words, &[whole]).map(|located| located.span),
            Place::OnPage(page, words) => {
                let page = page::range(document, *page);
                let preferred = page.clone().map_or(whole, |page| Span::new(evidence.document, page.start, page.end));
                let lines = page.and_then(|page| page::lines_of(document, page, words));
                let lines = lines.map(|lines| Span::new(evidence.document, lines.start, lines.end));
                locator.locate(words, &[preferred]).map(|located| located.span).or(lines)
            }
        };
        match piece.filter(|piece| !piece.is_empty()) {
            Some(piece) => places.pieces.push(piece),
            None => places.missing += 1,
        }
        places.keys.extend(evidence.keys.iter().map(characters));
    }
    places
}

/// The byte at which a character begins.
fn byte_of(text: &str, character: usize) -> usize {
    text.char_indices().nth(character).map_or(text.len(), |(at, _)| at)
}

/// Weighs what a session sent on and cited against the evidence. `aggregated`: of the first round, where one aggregated.
pub fn weigh(
    places: &Places,
    documents: &[Document],
    aggregated: Option<&SpanSet>,
    exposed: &SpanSet,
    cited: &[Option<Span>],
) -> EvidenceScores {
    let Places { pieces, keys, missing } = places;
    if pieces.is_empty() {
        return EvidenceScores { missing: *missing, ..EvidenceScores::default() };
    }
    let share = |of: &[Span], set: &SpanSet| mean(of.iter().map(|place| covered(documents, place, set)));
    let keys = if keys.is_empty() { pieces } else { keys };
    let shares = |citation: &Span, piece: &Span| {
        citation.document == piece.document && citation.start < piece.end && piece.start < citation.end
    };
    let found = |piece: &&Span| cited.iter().flatten().any(|citation| shares(citation, piece));
    let right = cited.iter().flatten().filter(|citation| pieces.iter().any(|piece| shares(citation, piece))).count();
    EvidenceScores {
        aggregated: aggregated.and_then(|set| share(pieces, set)),
        key: aggregated.and_then(|set| share(keys, set)),
        exposed: share(pieces, exposed),
        recall: Some(pieces.iter().filter(found).count() as f64 / pieces.len() as f64),
        precision: (!cited.is_empty()).then(|| right as f64 / cited.len() as f64),
        missing: *missing,
    }
}

/// The share of a place's bytes, white space left out, that lie in the set.
fn covered(documents: &[Document], place: &Span, set: &SpanSet) -> f64 {
    let text = documents.get(place.document).map_or(&[][..], |document| document.text.as_bytes());
    let weight = |range: std::ops::Range<usize>| {
        text.get(range).unwrap_or_default().iter().filter(|byte| !byte.is_ascii_whitespace()).count()
    };
    let all = weight(place.start..place.end);
    let hit: usize = set.overlapping(place.document, place.start..place.end).map(weight).sum();
    if all == 0 { 0.0 } else { hit as f64 / all as f64 }
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.fold((0.0, 0usize), |(sum, count), value| (sum + value, count + 1));
    (count > 0).then(|| sum / count as f64)
}
