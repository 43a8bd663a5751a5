//! The normal form of a whole text, and the way back from it to the text's own bytes.

use std::ops::Range;

use crate::document::NormalChars;

/// The normal form of a whole text, with marks from which to walk back to the text's own bytes.
pub(super) struct NormalText {
    pub(super) form: Box<str>,
    /// In order; the first stands at the beginning.
    marks: Vec<Mark>,
}

struct Mark {
    normal: usize,
    original: usize,
    /// The normal character before it.
    last: char,
}

/// How many bytes of normal form lie between two marks, at least: what a place costs to look up, against memory.
const MARK_EVERY: usize = 512;

impl NormalText {
    pub(super) fn of(text: &str) -> Self {
        let mut form = String::with_capacity(text.len());
        let mut marks = vec![Mark { normal: 0, original: 0, last: ' ' }];
        let (mut last, mut last_end, mut next_mark) = (' ', 0, MARK_EVERY);
        let mut mark = |normal: usize, original: usize, last: char, last_end: usize| {
            // Not within the characters of a ligature, which begin at the same byte.
            if normal >= next_mark && original >= last_end {
                marks.push(Mark { normal, original, last });
                next_mark = normal + MARK_EVERY;
            }
        };
        let mut chars = NormalChars::new(text).tight();
        loop {
            let (start, run) = chars.take_plain();
            for (piece, start) in run.chunks(MARK_EVERY).zip((start..).step_by(MARK_EVERY)) {
                let (normal, end) = (form.len(), start + piece.len());
                mark(normal, start, last, last_end);
                form.push_str(text.get(start..end).unwrap_or_default());
                form.get_mut(normal..).unwrap_or_default().make_ascii_lowercase();
                (last, last_end) = (form.chars().next_back().unwrap_or(last), end);
            }
            let Some(normal) = chars.next() else { break };
            mark(form.len(), normal.start, last, last_end);
            form.push(normal.character);
            (last, last_end) = (normal.character, normal.end);
        }
        Self { form: form.into_boxed_str(), marks }
    }

    /// A window of the normal form that holds that of `original`, and a little more.
    pub(super) fn around(&self, original: Range<usize>) -> Range<usize> {
        let before = self.marks.partition_point(|mark| mark.original <= original.start).saturating_sub(1);
        let after = self.marks.partition_point(|mark| mark.original < original.end);
        let start = self.marks.get(before).map_or(0, |mark| mark.normal);
        start..self.marks.get(after).map_or(self.form.len(), |mark| mark.normal).max(start)
    }

    /// The bytes of the text that a range of the normal form stands for.
    pub(super) fn original(&self, text: &str, range: Range<usize>) -> Option<Range<usize>> {
        let mark = self.marks.get(self.marks.partition_point(|mark| mark.normal <= range.start).checked_sub(1)?)?;
        let mut at = mark.normal;
        let mut start = None;
        let mut chars = NormalChars::resume(text, mark.original, mark.last).tight();
        loop {
            // Each byte of a run stands for itself.
            let (original, run) = chars.take_plain();
            let of = |normal: usize| original + (normal - at);
            if start.is_none() && at + run.len() > range.start {
                start = Some(of(range.start.max(at)));
            }
            if !run.is_empty() && at + run.len() >= range.end {
                return start.map(|start| start..of(range.end));
            }
            at += run.len();
            let normal = chars.next()?;
            if at >= range.start && start.is_none() {
                start = Some(normal.start);
            }
            at += normal.character.len_utf8();
            if at >= range.end {
                return start.map(|start| start..normal.end);
            }
        }
    }
}
