//! A set of bytes of the documents, kept as merged intervals.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::document::Span;

/// Bytes of the documents. Intervals that overlap or touch are one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SpanSet {
    /// For each document, intervals in order, none empty, no two touching.
    documents: BTreeMap<usize, Vec<Range<usize>>>,
}

impl SpanSet {
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the bytes of `span`; an empty span adds nothing.
    pub fn insert(&mut self, span: Span) {
        if span.is_empty() {
            return;
        }
        let ranges = self.documents.entry(span.document).or_default();
        let first = ranges.partition_point(|range| range.end < span.start);
        let last = ranges.partition_point(|range| range.start <= span.end);
        let touched = &ranges[first..last];
        let start = touched.first().map_or(span.start, |range| range.start.min(span.start));
        let end = touched.last().map_or(span.end, |range| range.end.max(span.end));
        ranges.splice(first..last, std::iter::once(start..end));
    }

    /// Adds everything that is in `other`.
    pub fn merge(&mut self, other: &SpanSet) {
        for span in other.iter() {
            self.insert(span);
        }
    }

    pub fn is_empty(&self) -> bool {
        self.documents.is_empty()
    }

    /// The merged intervals, in the order of the documents and then of their bytes.
    pub fn iter(&self) -> impl Iterator<Item = Span> + '_ {
        self.documents
            .iter()
            .flat_map(|(&document, ranges)| ranges.iter().map(move |range| Span::new(document, range.start, range.end)))
    }

    /// How many bytes of one document are in the set.
    pub fn bytes(&self, document: usize) -> usize {
        self.ranges(document).iter().map(|range| range.len()).sum()
    }

    /// How many bytes of all documents are in the set.
    pub fn total_bytes(&self) -> usize {
        self.iter().map(|span| span.len()).sum()
    }

    pub fn contains(&self, document: usize, offset: usize) -> bool {
        let ranges = self.ranges(document);
        let at = ranges.partition_point(|range| range.end <= offset);
        ranges.get(at).is_some_and(|range| range.start <= offset)
    }

    /// The intervals that share a byte with `range`, cut to it, in order.
    pub fn overlapping(&self, document: usize, range: Range<usize>) -> impl Iterator<Item = Range<usize>> + '_ {
        let ranges = self.ranges(document);
        let first = ranges.partition_point(|known| known.end <= range.start);
        ranges[first..]
            .iter()
            .take_while(move |known| known.start < range.end)
            .map(move |known| known.start.max(range.start)..known.end.min(range.end))
            .filter(|cut| !cut.is_empty())
    }

    fn ranges(&self, document: usize) -> &[Range<usize>] {
        self.documents.get(&document).map_or(&[], Vec::as_slice)
    }
}

impl FromIterator<Span> for SpanSet {
    fn from_iter<I: IntoIterator<Item = Span>>(spans: I) -> Self {
        let mut set = Self::new();
        for span in spans {
            set.insert(span);
        }
        set
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn spans() -> impl Strategy<Value = Vec<Span>> {
        prop::collection::vec((0usize..2, 0usize..60, 0usize..20), 0..40).prop_map(|spans| {
            spans.into_iter().map(|(document, start, length)| Span::new(document, start, start + length)).collect()
        })
    }

    /// The same set, a byte at a time.
    fn bytes_of(spans: &[Span]) -> std::collections::BTreeSet<(usize, usize)> {
        spans.iter().flat_map(|span| (span.start..span.end).map(|at| (span.document, at))).collect()
    }

    proptest! {
        #[test]
        fn it_holds_exactly_the_bytes_that_were_inserted(spans in spans()) {
            let set: SpanSet = spans.iter().copied().collect();
            let bytes = bytes_of(&spans);
            prop_assert_eq!(set.total_bytes(), bytes.len());
            for document in 0..3 {
                prop_assert_eq!(set.bytes(document), bytes.iter().filter(|(d, _)| *d == document).count());
                for at in 0..90 {
                    prop_assert_eq!(set.contains(document, at), bytes.contains(&(document, at)));
                }
            }
        }

        #[test]
        fn its_intervals_are_in_order_not_empty_and_do_not_touch(spans in spans()) {
            let set: SpanSet = spans.into_iter().collect();
            let spans: Vec<Span> = set.iter().collect();
            prop_assert!(spans.iter().all(|span| !span.is_empty()));
            for pair in spans.windows(2) {
                prop_assert!(pair[0].document < pair[1].document || pair[0].end < pair[1].start);
            }
        }

        #[test]
        fn the_order_of_insertion_does_not_matter_and_merging_is_union(spans in spans(), cut in 0usize..40) {
            let forward: SpanSet = spans.iter().copied().collect();
            let backward: SpanSet = spans.iter().rev().copied().collect();
            prop_assert_eq!(&forward, &backward);
            let cut = cut.min(spans.len());
            let mut merged: SpanSet = spans[..cut].iter().copied().collect();
            merged.merge(&spans[cut..].iter().copied().collect());
            prop_assert_eq!(&merged, &forward);
            merged.merge(&forward);
            prop_assert_eq!(&merged, &forward);
        }

        #[test]
        fn overlapping_is_the_part_of_the_set_in_the_window(spans in spans(), start in 0usize..80, length in 0usize..30) {
            let set: SpanSet = spans.iter().copied().collect();
            let window = start..start + length;
            let cut: Vec<usize> = set.overlapping(0, window.clone()).flatten().collect();
            let expected: Vec<usize> =
                bytes_of(&spans).into_iter().filter(|(d, at)| *d == 0 && window.contains(at)).map(|(_, at)| at).collect();
            prop_assert_eq!(cut, expected);
        }
    }
}
