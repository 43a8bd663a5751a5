//! Which bytes of the documents each round's aggregated text hands on to the remote LM, as its jobs cited them.

use std::collections::{BTreeMap, HashMap};

use super::span_set::SpanSet;
use crate::document::Span;
use crate::protocol::{Fact, Outcome};

/// A fold over facts. A citation is handed on where it was found in a document and stands word for word in the text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Aggregated {
    /// Of rounds that run: what their jobs cited.
    cited: HashMap<u32, Vec<(String, Span)>>,
    rounds: BTreeMap<u32, AggregatedRound>,
}

/// What a round handed on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AggregatedRound {
    pub spans: SpanSet,
    /// Bytes of the text.
    pub bytes: usize,
}

impl Aggregated {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn apply(&mut self, fact: &Fact) {
        match fact {
            Fact::JobFinished { job, outcome: Outcome::Answered { output, located: Some(located) }, .. } => {
                if let Some(citation) = &output.citation {
                    self.cited.entry(job.round).or_default().push((citation.clone(), located.span));
                }
            }
            Fact::OutputsAggregated { round, text, .. } => {
                let mut spans = SpanSet::new();
                for (citation, span) in self.cited.remove(round).unwrap_or_default() {
                    if text.contains(&citation) {
                        spans.insert(span);
                    }
                }
                self.rounds.insert(*round, AggregatedRound { spans, bytes: text.len() });
            }
            _ => {}
        }
    }

    /// What the first round handed on; nothing where none has.
    pub fn first(&self) -> Option<&AggregatedRound> {
        self.rounds.values().next()
    }

    /// By round.
    pub fn rounds(&self) -> &BTreeMap<u32, AggregatedRound> {
        &self.rounds
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{Located, Match};
    use crate::protocol::{JobId, JobOutput, Usage};

    #[test]
    fn only_citations_that_were_found_and_stand_in_the_text_are_handed_on() {
        let job = |index, citation: &str, at: Option<(usize, usize)>| Fact::JobFinished {
            job: JobId { round: 1, index },
            outcome: Outcome::Answered {
                output: JobOutput { citation: Some(citation.into()), ..JobOutput::default() },
                located: at.map(|(start, end)| Located::new(Span::new(0, start, end), Match::Exact)),
            },
            raw: None,
            usage: Usage::default(),
            ms: 1,
        };
        let mut aggregated = Aggregated::new();
        for fact in [
            job(0, "net sales 12", Some((0, 12))),
            job(1, "left out", Some((20, 28))),
            job(2, "made up", None),
            Fact::OutputsAggregated { round: 1, text: "made up; net sales 12".into(), kept: 2, dropped: 1 },
        ] {
            aggregated.apply(&fact);
        }
        let first = aggregated.first().unwrap();
        assert_eq!(first.spans.iter().collect::<Vec<_>>(), [Span::new(0, 0, 12)]);
        assert_eq!(first.bytes, 21);
    }
}
