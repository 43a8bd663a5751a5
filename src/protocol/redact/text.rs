//! A text with placeholders, and where each of its bytes stands in the text itself.

use std::sync::Arc;

use super::{Cut, Redactor};
use crate::document::Span;

/// A text with placeholders in the place of private words.
#[derive(Clone, Debug)]
pub struct HiddenText {
    pub text: Arc<str>,
    /// In order.
    cuts: Vec<Cut>,
}

impl HiddenText {
    /// A text nothing of which is private.
    pub fn plain(text: &Arc<str>) -> Self {
        Self { text: Arc::clone(text), cuts: Vec::new() }
    }

    /// The text with placeholders in the place of private words.
    pub fn of(text: &Arc<str>, redactor: &Redactor) -> Self {
        match redactor.hide_and_tell(text) {
            (_, cuts) if cuts.is_empty() => Self::plain(text),
            (hidden, cuts) => Self { text: hidden.into(), cuts },
        }
    }

    /// Whether a private word in it has no placeholder of its own yet.
    pub fn has_unnumbered(&self) -> bool {
        self.cuts.iter().any(|cut| !cut.is_known)
    }

    /// A span of the text itself, in the hidden one.
    pub fn hidden(&self, span: &Span) -> Span {
        moved(span, &self.cuts, |cut| (cut.original.start..cut.original.end, cut.hidden.start..cut.hidden.end))
    }

    /// A span of the hidden text, in the text itself.
    pub fn original(&self, span: &Span) -> Span {
        moved(span, &self.cuts, |cut| (cut.hidden.start..cut.hidden.end, cut.original.start..cut.original.end))
    }
}

type Ranges = (std::ops::Range<usize>, std::ops::Range<usize>);

/// The span in the other text. One that begins or ends within a word takes the whole word in.
fn moved(span: &Span, cuts: &[Cut], ranges: impl Fn(&Cut) -> Ranges) -> Span {
    let at = |offset: usize, is_end: bool| {
        let before = cuts.partition_point(|cut| ranges(cut).0.start < offset);
        let Some((from, to)) = before.checked_sub(1).and_then(|last| cuts.get(last)).map(&ranges) else {
            return offset;
        };
        match (offset < from.end, is_end) {
            (true, false) => to.start,
            (true, true) => to.end,
            (false, _) => to.end + (offset - from.end),
        }
    };
    Span::new(span.document, at(span.start, false), at(span.end, true))
}
