//! The marked parts of the document: how much is marked, and going from one to the next.

use crate::app::figures::Marks;
use crate::app::layout::Pane;
use crate::app::model::{Highlight, Model};
use crate::app::search::Search;
use crate::document::Span;

/// What parts of a document are marked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tint {
    Read,
    Cited,
    Left,
}

/// How much of a document is marked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Share {
    pub spans: usize,
    pub bytes: usize,
    /// Of the document, 0–100.
    pub percent: f64,
}

impl Tint {
    pub const ALL: [Tint; 3] = [Tint::Read, Tint::Cited, Tint::Left];

    pub fn words(self) -> &'static str {
        match self {
            Tint::Read => "read by workers",
            Tint::Cited => "cited",
            Tint::Left => "sent to the planner",
        }
    }
}

impl Share {
    /// `3.2%`, and never 0% or 100% of what is more than nothing or less than all.
    pub fn percent(&self) -> String {
        match self.percent {
            _ if self.bytes == 0 => "0%".into(),
            percent if percent < 0.1 => "<0.1%".into(),
            percent if percent < 10.0 => format!("{percent:.1}%"),
            percent if percent < 100.0 => format!("{:.0}%", percent.min(99.0)),
            _ => "100%".into(),
        }
    }
}

impl Marks {
    pub fn of(&self, tint: Tint) -> &[Span] {
        match tint {
            Tint::Read => &self.read,
            Tint::Cited => &self.cited,
            Tint::Left => &self.left,
        }
    }

    /// Those of one document.
    pub fn within(&self, tint: Tint, document: usize) -> &[Span] {
        let spans = self.of(tint);
        let from = spans.partition_point(|span| span.document < document);
        let to = spans.partition_point(|span| span.document <= document);
        &spans[from..to]
    }
}

impl Model {
    /// How much of the document shown is marked.
    pub fn share_of(&self, tint: Tint) -> Share {
        let spans = self.marks.within(tint, self.document.shown);
        let bytes = spans.iter().map(Span::len).sum::<usize>();
        let length = self.shown_document().map_or(0, |open| open.document.text.len()).max(1);
        Share { spans: spans.len(), bytes, percent: bytes as f64 * 100.0 / length as f64 }
    }

    /// What a tint marks, for the notice when it is switched: `cited: 3 places, 1.2% of this document`.
    pub(crate) fn told_of(&self, tint: Tint) -> String {
        let share = self.share_of(tint);
        let places = if share.spans == 1 { "place" } else { "places" };
        format!("{}: {} {places}, {} of this document", tint.words(), share.spans, share.percent())
    }

    /// Goes to the next marked part; from then on `n` and `N` step through them.
    pub(crate) fn step_through(&mut self, tint: Tint) {
        // The places of a citation are stepped through no longer.
        self.places = None;
        if self.search.tint != Some(tint) {
            self.search = Search::of_tint(tint);
            self.find_again();
        }
        if self.search.matches.is_empty() {
            self.notify(format!("nothing of this document is {} so far", tint.words()));
            self.search = Search::default();
            return;
        }
        self.next_match(true);
    }

    /// Highlights the marked part that was stepped to.
    pub(crate) fn highlight_step(&mut self, at: usize) {
        let Some(tint) = self.search.tint else { return };
        let span = self.marks.within(tint, self.document.shown).iter().find(|span| span.start == at).copied();
        self.document.highlight = span.map(|span| Highlight { span, how: None });
        self.focus_on(Pane::Document);
    }
}
