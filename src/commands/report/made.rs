//! Draws the report up from what was folded of a session.

use super::*;
use crate::commands::bill;
use crate::document::{Document, Match, Span};
use crate::ledger::{Exposure, Ledger, SpanSet, unsupported};
use crate::protocol::{AnswerCitation, Need, State};

/// Draws up the report of a session, as far as it got. `documents` are the session's, in its order.
pub fn report(
    session_id: &str,
    state: &State,
    ledger: &Ledger,
    exposure: &Exposure,
    documents: &[Document],
    seconds: f64,
) -> Report {
    let totals = ledger.totals();
    let tally = totals.jobs;
    let answer = state.answer.as_ref();
    let citations = answer.map_or(&[][..], |answer| &answer.citations);
    let citations: Vec<Citation> = citations.iter().map(|citation| cite(citation, documents)).collect();
    let reason = match (state.ending(), state.need()) {
        (Some(ending), _) => ending.reason().map(str::to_owned),
        (None, Some(need @ Need::GoOn { failed: Some(_) })) => Some(need.told()),
        (None, _) => None,
    };
    Report {
        session: session_id.to_owned(),
        protocol: state.settings().protocol,
        outcome: state.ending().map_or("unfinished", |ending| ending.name()),
        answer: answer.and_then(|answer| answer.answer.clone()),
        uncited_numbers: uncited(answer.and_then(|answer| answer.answer.as_deref()), state.question(), &citations),
        citations,
        rounds: state.rounds.len() as u32,
        jobs: Jobs {
            planned: tally.planned,
            answered: tally.answered,
            abstained: tally.abstained,
            malformed: tally.malformed,
            truncated: tally.truncated,
            failed: tally.failed,
            cancelled: tally.cancelled,
        },
        usage: BothUsages {
            remote: LmUsage {
                replies: Some(totals.remote.replies),
                lost_usd: Some(totals.paid.planner.lost_usd),
                ..LmUsage::new(
                    totals.remote.calls,
                    &totals.remote.tokens,
                    totals.remote_cost_usd,
                    totals.paid.planner.estimated_usd,
                    totals.remote.total_ms,
                )
            },
            local: LmUsage::new(
                totals.local.calls,
                &totals.local.tokens,
                totals.local_cost_usd,
                totals.paid.reader.estimated_usd,
                totals.local.busy_ms,
            ),
        },
        calls: bill::calls(ledger),
        by_round: bill::rounds(ledger),
        prices: bill::prices(ledger),
        baseline: Baseline {
            input_tokens: totals.baseline.input_tokens,
            cost_usd: totals.baseline.cost_usd,
            ratio: totals.baseline.ratio.map(|ratio| ratio.times),
            ratio_estimated: totals.baseline.ratio.is_some_and(|ratio| ratio.estimated),
            ratio_at_most: totals.baseline.ratio.is_some_and(|ratio| ratio.at_most),
            estimated: totals.baseline.estimated,
        },
        exposed: exposed(exposure, documents),
        engine: state.utilization.as_ref().and_then(|sample| sample.engine.clone()),
        fleet: state.utilization.as_ref().and_then(|sample| sample.fleet.clone()),
        seconds,
        expected: None,
        paid: totals.paid,
        reason,
    }
}

/// Passages of a request that are listed, at most.
const SPANS: usize = 256;

fn exposed(exposure: &Exposure, documents: &[Document]) -> Exposed {
    let mut by_purpose: Vec<(Purpose, usize, SpanSet)> = Vec::new();
    for ask in exposure.asks() {
        match by_purpose.iter_mut().find(|(purpose, ..)| *purpose == ask.purpose) {
            Some((_, requests, spans)) => {
                *requests += 1;
                spans.merge(&ask.spans);
            }
            None => by_purpose.push((ask.purpose, 1, ask.spans.clone())),
        }
    }
    let share = |bytes| exposure.share_of(bytes);
    Exposed {
        bytes: exposure.bytes(),
        share: exposure.share(),
        by_request: exposure
            .asks()
            .iter()
            .map(|ask| ExposedByRequest {
                round: ask.ask.round,
                purpose: ask.purpose,
                attempt: ask.attempt,
                bytes: ask.bytes,
                share: share(ask.bytes),
                new_bytes: ask.new_bytes,
                total_share: share(ask.total_bytes),
                spans: ask.spans.iter().take(SPANS).filter_map(|span| place(span, documents)).collect(),
                span_count: ask.spans.iter().count(),
            })
            .collect(),
        by_purpose: by_purpose
            .into_iter()
            .map(|(purpose, requests, spans)| {
                let bytes = spans.total_bytes();
                ExposedByPurpose { purpose, requests, bytes, share: share(bytes) }
            })
            .collect(),
    }
}

/// What is cited of the documents alone bears a number out.
fn uncited(answer: Option<&str>, question: &str, citations: &[Citation]) -> Vec<UncitedNumber> {
    let cited = citations.iter().filter(|citation| citation.how != CitationMatch::NotFound);
    let found = unsupported(answer.unwrap_or_default(), question, cited.map(|citation| citation.text.as_str()));
    found.into_iter().map(|it| UncitedNumber { number: it.words.into(), reckoned: it.reckoned }).collect()
}

pub fn cite(citation: &AnswerCitation, documents: &[Document]) -> Citation {
    let found = citation.located.as_ref().and_then(|located| {
        let document = documents.get(located.span.document)?;
        let text = document.slice(located.span.start, located.span.end)?;
        Some((located, document, text))
    });
    let Some((located, document, text)) = found else {
        return Citation {
            document: None,
            start: None,
            end: None,
            page: None,
            text: citation.text.clone(),
            how: CitationMatch::NotFound,
            places: Vec::new(),
            place_count: 0,
            or_more: false,
            line: None,
            heading: None,
        };
    };
    Citation {
        document: Some(document.name.clone()),
        start: Some(located.span.start),
        end: Some(located.span.end),
        page: document.page_of(located.span.start),
        text: text.to_owned(),
        how: match located.how {
            Match::Exact => CitationMatch::Exact,
            Match::Normalised => CitationMatch::Normalised,
            Match::Fuzzy => CitationMatch::Fuzzy,
        },
        places: located.places().filter_map(|span| place(span, documents)).collect(),
        place_count: located.place_count(),
        or_more: located.elsewhere.or_more,
        line: Some(document.line_of(located.span.start)),
        heading: document.heading_above(located.span.start),
    }
}

fn place(span: Span, documents: &[Document]) -> Option<Place> {
    let document = documents.get(span.document)?;
    let Span { start, end, .. } = span;
    Some(Place { document: document.name.clone(), start, end, page: document.page_of(start) })
}
