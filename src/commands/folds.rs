//! The folds that a screen shows beside the state: money, what left the machine, what was read.

use crate::app::{Account, Exposed, Exposes, Figures, Marks};
use crate::document::{Document, Span};
use crate::journal::{Record, Stored};
use crate::ledger::{Coverage, Exposure, Ledger, SpanSet};
use crate::protocol::{Fact, Held};

/// Looking for document text in every request takes a while on long documents: fold beside the screen, not on its loop.
pub struct Folds {
    ledger: Ledger,
    exposure: Exposure,
    coverage: Coverage,
    seq: u64,
    /// What the request would expose that is held at a gate.
    held: Option<Exposes>,
}

impl Folds {
    pub fn new(documents: &[Document]) -> Self {
        Self {
            ledger: Ledger::new(),
            exposure: Exposure::new(documents),
            coverage: Coverage::new(),
            seq: 0,
            held: None,
        }
    }

    pub fn apply(&mut self, record: &Record) {
        self.seq = record.seq;
        if let Stored::Known(fact) = &record.fact {
            self.ledger.apply(fact);
            self.exposure.apply(fact);
            self.coverage.apply(fact);
            self.hold(fact);
        }
    }

    /// What is held is looked through before it can leave.
    fn hold(&mut self, fact: &Fact) {
        match fact {
            Fact::GateReached { n, held: Held::Request(request) } => {
                let spans = self.exposure.exposed_by(request);
                let bytes = spans.total_bytes();
                let share = self.exposure.share_of(bytes);
                let left = self.exposure.share();
                let mut all = self.exposure.spans().clone();
                all.merge(&spans);
                let total = self.exposure.share_of(all.total_bytes());
                let spans = spans.iter().collect();
                self.held = Some(Exposes { n: *n, spans, bytes: bytes as u64, share, left, total });
            }
            Fact::GatePassed { .. } | Fact::SessionEnded { .. } => self.held = None,
            _ => {}
        }
    }

    pub fn figures(&self) -> Figures {
        let totals = self.ledger.totals();
        Figures {
            paid: Some(totals.paid),
            budget_usd: totals.budget_usd,
            baseline_usd: totals.baseline.cost_usd,
            baseline_tokens: totals.baseline.input_tokens,
            baseline_estimated: totals.baseline.estimated,
            counted: totals.remote.tokens.measured,
            estimated: totals.remote.tokens.estimated,
            exposed_bytes: self.exposure.bytes() as u64,
            exposed_share: self.exposure.share(),
            saved_record: self.seq,
        }
    }

    pub fn account(&self) -> Account {
        let exposed = self.exposure.asks().iter().map(|ask| Exposed {
            ask: ask.ask,
            purpose: ask.purpose,
            spans: ask.spans.iter().take(Exposed::MOST).collect(),
            count: ask.spans.iter().count(),
            bytes: ask.bytes as u64,
            share: self.exposure.share_of(ask.bytes),
        });
        Account { ledger: self.ledger.clone(), exposed: exposed.collect(), today_usd: None, held: self.held.clone() }
    }

    pub fn marks(&self) -> Marks {
        let mut cited = self.coverage.cited_by_jobs().clone();
        cited.merge(self.coverage.cited_in_answer());
        let spans = |set: &SpanSet| -> Vec<Span> { set.iter().collect() };
        Marks {
            read: spans(self.coverage.read()),
            cited: spans(&cited),
            answered: spans(self.coverage.cited_in_answer()),
            left: spans(self.exposure.spans()),
        }
    }
}
