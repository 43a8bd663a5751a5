//! Numbers and places that others fold from the facts and the screen only shows.

use crate::document::Span;
use crate::protocol::{Paid, Usage};

pub use crate::protocol::dollars;

/// What a session cost and gave away so far.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Figures {
    /// Nothing as long as nobody folded it.
    pub paid: Option<Paid>,
    pub budget_usd: Option<f64>,
    /// What sending the documents whole to the remote LM would have cost.
    pub baseline_usd: Option<f64>,
    pub baseline_tokens: u64,
    /// Whether those two are estimates.
    pub baseline_estimated: bool,
    /// The remote LM's tokens that the server counted, and those that we estimate.
    pub counted: Usage,
    pub estimated: Usage,
    /// Bytes of the documents that stand in what was sent to the remote LM.
    pub exposed_bytes: u64,
    /// Those as a share of all documents, 0–1.
    pub exposed_share: f64,
    /// The last record that is safely on disk.
    pub saved_record: u64,
}

/// Parts of the documents that are tinted. Each list is sorted and free of overlaps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// Read by workers.
    pub read: Vec<Span>,
    /// Cited by a job or the answer.
    pub cited: Vec<Span>,
    /// Those of them that the answer cites.
    pub answered: Vec<Span>,
    /// Sent to the remote LM.
    pub left: Vec<Span>,
}

/// The span of a sorted list that holds this byte.
pub fn span_at(spans: &[Span], document: usize, offset: usize) -> Option<&Span> {
    let after = spans.partition_point(|span| (span.document, span.start) <= (document, offset));
    spans[..after].last().filter(|span| span.document == document && offset < span.end)
}

/// The first span of a sorted list that touches `start..end`.
pub fn touches(spans: &[Span], document: usize, start: usize, end: usize) -> bool {
    let first = spans.partition_point(|span| (span.document, span.end) <= (document, start));
    spans.get(first).is_some_and(|span| span.document == document && span.start < end)
}

/// What replies that broke off may have cost, in words; nothing where none did.
pub fn broken_off(usd: f64) -> Option<String> {
    (usd > 0.0).then(|| format!("at most {} broken off", dollars(usd)))
}

/// A count in at most five characters: `931`, `1.2k`, `34k`, `5.6M`.
pub fn short_count(count: u64) -> String {
    match count {
        0..1_000 => count.to_string(),
        1_000..9_950 => format!("{:.1}k", count as f64 / 1e3),
        9_950..999_500 => format!("{:.0}k", count as f64 / 1e3),
        999_500..9_950_000 => format!("{:.1}M", count as f64 / 1e6),
        _ => format!("{:.0}M", count as f64 / 1e6),
    }
}

/// So many of what the noun names: `1 line`, `3 lines`.
pub fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// Words as a sentence of their own.
pub fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters.next().map_or_else(String::new, |first| first.to_uppercase().collect());
    let stop = if words.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{}{stop}", letters.as_str())
}

/// Bytes in decimal units.
pub fn short_bytes(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..999_950 => format!("{:.1} kB", bytes as f64 / 1e3),
        999_950..999_950_000 => format!("{:.1} MB", bytes as f64 / 1e6),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}

/// A duration as people read it: `850 ms`, `3.2 s`, `2:07`.
pub fn short_time(ms: u64) -> String {
    match ms {
        0..1_000 => format!("{ms} ms"),
        1_000..60_000 => format!("{:.1} s", ms as f64 / 1e3),
        _ => format!("{}:{:02}", ms / 60_000, ms / 1_000 % 60),
    }
}

/// A running time in whole seconds, so that it changes once a second: `12 s`, `2:07`.
pub fn seconds(ms: u64) -> String {
    if ms < 60_000 { format!("{} s", ms / 1_000) } else { short_time(ms) }
}

/// What is left of a wait, in whole seconds that end with it: `3 s`, `2:07`.
pub fn seconds_left(ms: u64) -> String {
    seconds(ms.div_ceil(1_000) * 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_times_stay_short() {
        assert_eq!([931, 1_234, 34_321, 5_600_000].map(short_count), ["931", "1.2k", "34k", "5.6M"]);
        assert_eq!([850, 3_210, 127_000].map(short_time), ["850 ms", "3.2 s", "2:07"]);
        assert_eq!([dollars(0.0), dollars(0.0123), dollars(1.5)], ["$0.00", "$0.0123", "$1.50"]);
    }

    #[test]
    fn a_byte_is_in_the_span_that_holds_it() {
        let spans = [Span::new(0, 5, 9), Span::new(0, 20, 30), Span::new(1, 0, 4)];
        assert_eq!(span_at(&spans, 0, 8), Some(&spans[0]));
        assert_eq!(span_at(&spans, 0, 9), None);
        assert_eq!(span_at(&spans, 1, 0), Some(&spans[2]));
        assert!(touches(&spans, 0, 9, 21) && !touches(&spans, 0, 9, 20) && !touches(&spans, 2, 0, 9));
    }
}
