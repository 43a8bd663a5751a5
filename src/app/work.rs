//! What takes too long for the screen's loop. The model says what is due; it is done beside the screen, and what was found
//! comes back as a message.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use regex::Regex;

use super::lines::LineIndex;
use super::model::{Model, OpenDocument};
use super::outline::Outline;
use super::search::MOST;
use crate::document::Document;

/// The lines of documents no longer than this are found at once. In bytes.
pub const AT_ONCE: usize = 512 * 1024;
/// Documents no longer than this are searched at once: an expression can be a hundred times slower than plain words. In
/// bytes.
pub const SEARCHED_AT_ONCE: usize = 64 * 1024;
/// How much is looked through between two messages: little at first, so that something is there soon. In bytes.
const FIRST_STEP: usize = 256 * 1024;
const LONGEST_STEP: usize = 8 * 1024 * 1024;
/// How far beyond its step a match is followed. One that reaches the end of that is looked at anew in the whole text; an
/// expression that would choose a longer one beyond it gets the shorter. In bytes.
const MARGIN: usize = 64 * 1024;

/// Which work it is. Of two with one name only one is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WorkId {
    /// The lines of a document, named by where its text stands in memory.
    Lines(usize),
    Outline(usize),
    Search(u64),
}

/// Work that is due, with all it needs.
#[derive(Clone, Debug)]
pub enum Work {
    Lines { document: Document, lines: LineIndex },
    Outline { document: Document, lines: LineIndex },
    Search { ticket: u64, text: Arc<str>, pattern: Regex, from: usize },
}

/// What was found.
#[derive(Clone, Debug)]
pub enum Worked {
    Lines { text: Arc<str>, lines: LineIndex },
    Outline { text: Arc<str>, outline: Arc<Outline> },
    Matches { ticket: u64, found: Vec<usize>, percent: u8, done: bool },
}

/// The name of a document's text.
pub fn text_id(text: &Arc<str>) -> usize {
    Arc::as_ptr(text).cast::<u8>() as usize
}

impl Work {
    /// Does it, and hands over what is found as it is found. Ends soon after `stop` was set.
    pub fn run(self, stop: &AtomicBool, tell: &mut dyn FnMut(Worked)) {
        match self {
            Work::Lines { document, mut lines } => {
                while !lines.is_whole() && !stop.load(Ordering::Relaxed) {
                    lines.go_on(&document, LONGEST_STEP);
                    tell(Worked::Lines { text: Arc::clone(&document.text), lines: lines.clone() });
                }
            }
            Work::Outline { document, lines } => {
                let outline = Arc::new(Outline::of(&document, &lines, stop));
                if !stop.load(Ordering::Relaxed) {
                    tell(Worked::Outline { text: document.text, outline });
                }
            }
            Work::Search { ticket, text, pattern, from } => search(ticket, &text, &pattern, from, stop, tell),
        }
    }
}

/// From `from` to the end, and from the beginning to `from`.
fn search(ticket: u64, text: &str, pattern: &Regex, from: usize, stop: &AtomicBool, tell: &mut dyn FnMut(Worked)) {
    let from = text.floor_char_boundary(from);
    let (mut step, mut searched, mut count) = (FIRST_STEP, 0, 0);
    for range in [from..text.len(), 0..from] {
        let (mut at, end) = (range.start, range.end);
        while at < end {
            let until = text.floor_char_boundary((at + step).min(end)).max(at + 1);
            let (mut found, next) = matches(text, pattern, at..until);
            found.truncate(MOST - count);
            count += found.len();
            searched += until - at;
            at = next.max(until);
            let percent = (searched as u64 * 100 / text.len().max(1) as u64).min(99) as u8;
            tell(Worked::Matches { ticket, found, percent, done: false });
            if stop.load(Ordering::Relaxed) {
                return;
            }
            if count >= MOST {
                break;
            }
            step = (step * 2).min(LONGEST_STEP);
        }
    }
    tell(Worked::Matches { ticket, found: Vec::new(), percent: 100, done: true });
}

/// Where matches begin within `range`, and where the last of them ends.
fn matches(text: &str, pattern: &Regex, range: Range<usize>) -> (Vec<usize>, usize) {
    // What a match begins before is looked at as well; what stands before it is there for `\b` and `^` to see.
    let hay = &text[..text.ceil_char_boundary((range.end + MARGIN).min(text.len()))];
    let (mut found, mut at) = (Vec::new(), range.start);
    while at < range.end {
        let Some(first) = pattern.find_at(hay, at).filter(|first| first.start() < range.end) else { break };
        // One that goes to the edge may go on beyond it, or be none.
        let whole = match first.end() == hay.len() && hay.len() < text.len() {
            true => pattern.find_at(text, first.start()).filter(|whole| whole.start() < range.end),
            false => Some(first),
        };
        let Some(whole) = whole else { break };
        if whole.is_empty() {
            at = text.ceil_char_boundary(whole.end() + 1);
            continue;
        }
        found.push(whole.start());
        at = whole.end();
    }
    (found, at)
}

impl Model {
    /// What is to be done beside the screen now. What is no longer among it need not be gone on with.
    pub fn due(&self) -> Vec<WorkId> {
        let mut due = Vec::new();
        if let Some(going) = self.search.going {
            due.push(WorkId::Search(going.ticket));
        }
        let shown = self.shown_document();
        let unread = shown.into_iter().chain(&self.documents).find(|open| !open.lines.is_whole());
        due.extend(unread.map(|open| WorkId::Lines(text_id(&open.document.text))));
        // The lines first: a reader scrolls before asking for the headings.
        let unlisted = shown.filter(|open| open.lines.is_whole() && open.outline.is_none());
        due.extend(unlisted.map(|open| WorkId::Outline(text_id(&open.document.text))));
        due
    }

    /// The work of this name, while it is due.
    pub fn work(&self, id: WorkId) -> Option<Work> {
        let named = |name| self.documents.iter().find(|open| text_id(&open.document.text) == name);
        match id {
            WorkId::Lines(name) => {
                let open = named(name)?;
                Some(Work::Lines { document: open.document.clone(), lines: open.lines.clone() })
            }
            WorkId::Outline(name) => {
                let open = named(name)?;
                Some(Work::Outline { document: open.document.clone(), lines: open.lines.clone() })
            }
            WorkId::Search(ticket) => {
                let going = self.search.going.filter(|going| going.ticket == ticket)?;
                let text = Arc::clone(&self.shown_document()?.document.text);
                Some(Work::Search { ticket, text, pattern: self.search.pattern()?.clone(), from: going.from })
            }
        }
    }

    /// Takes what was found.
    pub(crate) fn worked(&mut self, worked: Worked) {
        let shown = self.document.shown;
        let place = |documents: &[OpenDocument], text: &Arc<str>| {
            documents.iter().position(|open| Arc::ptr_eq(&open.document.text, text))
        };
        match worked {
            Worked::Lines { text, lines } => {
                let Some(at) = place(&self.documents, &text) else { return };
                self.documents[at].lines = lines;
                if at == shown {
                    match self.document.goal {
                        Some(goal) => self.go(goal),
                        None => self.settle_document(),
                    }
                }
            }
            Worked::Outline { text, outline } => {
                if let Some(at) = place(&self.documents, &text) {
                    self.documents[at].outline = Some(outline);
                    if at == shown && std::mem::take(&mut self.document.wants_outline) && self.overlay.is_none() {
                        self.notice = None;
                        self.open_outline();
                    }
                }
            }
            Worked::Matches { ticket, found, percent, done } => self.take_matches(ticket, found, percent, done),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str, pattern: &str, from: usize) -> Vec<usize> {
        let mut all = Vec::new();
        let work = Work::Search { ticket: 1, text: text.into(), pattern: Regex::new(pattern).unwrap(), from };
        work.run(&AtomicBool::new(false), &mut |worked| {
            if let Worked::Matches { found, .. } = worked {
                all.extend(found);
            }
        });
        all
    }

    #[test]
    fn a_search_begins_where_one_is_and_goes_around() {
        assert_eq!(all("x.x.x.x", "x", 3), [4, 6, 0, 2]);
        assert!(all("", "x", 0).is_empty());
    }

    #[test]
    fn matches_across_the_steps_of_a_search_are_found_once_and_whole() {
        let line = "a line of words that goes on\n";
        let text = line.repeat(3 * FIRST_STEP / line.len());
        for pattern in [r"on\sa", r"\bline\b", "(?m)^a line", "日"] {
            let expected: Vec<usize> =
                Regex::new(pattern).unwrap().find_iter(&text).map(|found| found.start()).collect();
            assert_eq!(all(&text, pattern, 0), expected, "{pattern}");
        }
        assert_eq!(all(&text, "(?s)a line.*", 0), [0], "one match as long as the text");
    }

    #[test]
    fn a_search_that_nobody_waits_for_ends() {
        let text: Arc<str> = "x\n".repeat(4 * FIRST_STEP).into();
        let mut told = 0;
        let pattern = Regex::new("x").unwrap();
        let stop = AtomicBool::new(false);
        Work::Search { ticket: 1, text, pattern, from: 0 }.run(&stop, &mut |_| {
            told += 1;
            stop.store(true, Ordering::Relaxed);
        });
        assert_eq!(told, 1);
    }
}
