//! The places of a citation whose words stand in several: going to one, and from there to the next.

use crate::app::action::Action;
use crate::app::layout::Pane;
use crate::app::model::{Highlight, Model};
use crate::document::{Located, Match, Span};
use crate::protocol::{JobId, Outcome};

/// Whose citation it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cited {
    /// The n-th (from 0) of the final answer.
    Answer(usize),
    Job(JobId),
}

/// The places of the citation that was gone to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places {
    pub of: Cited,
    how: Match,
    spans: Vec<Span>,
    /// Which of `spans` was gone to.
    pub at: usize,
}

impl Model {
    fn located(&self, of: Cited) -> Option<&Located> {
        match of {
            Cited::Answer(at) => self.state.answer.as_ref()?.citations.get(at)?.located.as_ref(),
            Cited::Job(job) => self.state.job(job)?.outcome().and_then(Outcome::located),
        }
    }

    /// The words that were given as the citation.
    pub(crate) fn cited_words(&self, of: Cited) -> Option<&str> {
        match of {
            Cited::Answer(at) => Some(&self.state.answer.as_ref()?.citations.get(at)?.text),
            Cited::Job(job) => self.state.job(job)?.outcome()?.output()?.citation.as_deref(),
        }
    }

    /// The highlight of one of a citation's places.
    pub(crate) fn cited_place(&self, of: Cited, at: usize) -> Option<Highlight> {
        let located = self.located(of)?;
        Some(Highlight { span: located.places().nth(at)?, how: Some(located.how) })
    }

    /// The place after the one that is highlighted, where it is this citation's; else its first.
    pub(crate) fn next_place_of(&self, of: Cited) -> usize {
        match self.places_gone_to() {
            Some(places) if places.of == of => (places.at + 1) % places.spans.len().max(1),
            _ => 0,
        }
    }

    /// The places of the citation whose words are highlighted.
    fn places_gone_to(&self) -> Option<&Places> {
        let places = self.places.as_ref()?;
        let span = self.document.highlight?.span;
        (places.spans.get(places.at) == Some(&span)).then_some(places)
    }

    /// Remembers the places of the citation that was gone to, and says which this is, where there are several.
    pub(crate) fn gone_to_place(&mut self, of: Cited, at: usize) {
        let places = self.located(of).filter(|located| located.place_count() > 1).map(|located| {
            let spans: Vec<Span> = located.places().collect();
            let listed = match spans.len() {
                listed if listed < located.place_count() => format!(", of which {listed} are listed"),
                _ => String::new(),
            };
            let count = located.elsewhere.told(located.place_count());
            let told = format!("place {} of {count} of these words{listed}", at + 1);
            (told, Places { of, how: located.how, spans, at })
        });
        let places = places.map(|(told, places)| {
            let ways = [(Action::NextMatch, "goes to the next")];
            self.notify(self.with_keys(&told, &ways));
            places
        });
        self.places = places;
    }

    /// Steps to the next place of the citation whose words are highlighted, or the one before; whether there is one.
    pub(crate) fn step_through_places(&mut self, forward: bool) -> bool {
        if self.focus != Pane::Document {
            return false;
        }
        let Some(places) = self.places_gone_to().cloned() else { return false };
        let count = places.spans.len();
        let at = if forward { (places.at + 1) % count } else { (places.at + count - 1) % count };
        let Some(span) = places.spans.get(at) else { return false };
        if self.jump(Highlight { span: *span, how: Some(places.how) }) {
            self.lay_out();
            self.gone_to_place(places.of, at);
        }
        true
    }
}
