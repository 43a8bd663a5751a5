//! The headings and pages of a document, as a list to jump from.

use std::sync::atomic::{AtomicBool, Ordering};

use super::lines::LineIndex;
use super::model::{Model, OpenDocument};
use super::picker::{Choice, Group, PickerRow, Picking, Standing};
use super::visible::gist;
use crate::document::Document;
use crate::document::chunk::headings;

/// More headings than this are not listed.
const MOST: usize = 20_000;
/// Characters of the longest title.
const LONGEST: usize = 160;
/// How much of a section the preview shows, in bytes.
const BEGINNING: usize = 400;
/// Levels below this are shown as this one.
const DEEPEST: u8 = 6;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outline {
    /// In the order they stand in.
    pub entries: Vec<Entry>,
    /// There are more headings than are listed.
    pub cut: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The byte at which it begins.
    pub start: usize,
    /// The number of the line that it begins on.
    pub line: usize,
    pub what: Section,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// How deep it stands, counted from 1.
    Heading(u8),
    /// A page on which nothing else begins, counted from 1.
    Page(usize),
}

impl Outline {
    /// Reads the whole text, of which all lines are known; an empty outline when it is stopped.
    pub fn of(document: &Document, lines: &LineIndex, stop: &AtomicBool) -> Self {
        let text = &document.text;
        let mut outline = Self::default();
        for heading in headings(text) {
            if stop.load(Ordering::Relaxed) {
                return Self::default();
            }
            if outline.entries.len() >= MOST {
                outline.cut = true;
                break;
            }
            let words = text.get(heading.clone()).unwrap_or_default();
            // A form feed or a rule before the title is not where it begins.
            let lead = words.find(char::is_alphanumeric).unwrap_or(0);
            let start = heading.start + words[..lead].rfind('\n').map_or(0, |at| at + 1);
            outline.entries.push(Entry {
                start,
                line: lines.number_at(document, start),
                what: Section::Heading(level_of(&text[start..heading.end])),
            });
        }
        let ends = document.pages.iter().skip(1).copied().chain([text.len()]);
        let pages: Vec<Entry> = (1..)
            .zip(document.pages.iter().copied().zip(ends))
            .filter(|(_, (start, end))| {
                let first = outline.entries.partition_point(|entry| entry.start < *start);
                outline.entries.get(first).is_none_or(|entry| entry.start >= *end)
            })
            .map(|(page, (start, _))| Entry {
                start,
                line: lines.number_at(document, start),
                what: Section::Page(page),
            })
            .collect();
        outline.entries.extend(pages);
        outline.entries.sort_by_key(|entry| entry.start);
        outline
    }

    /// The last section that begins at or before this byte.
    pub fn at(&self, offset: usize) -> Option<usize> {
        self.entries.partition_point(|entry| entry.start <= offset).checked_sub(1)
    }
}

impl Entry {
    /// What it is called, made safe to draw.
    pub fn title(&self, document: &Document) -> String {
        match self.what {
            Section::Page(page) => format!("page {page}"),
            Section::Heading(_) => {
                let rest = document.text.get(self.start..).unwrap_or_default();
                let line = rest.trim_start_matches(['\u{c}', '\n']).lines().next().unwrap_or_default();
                gist(line.trim_start_matches('#'), LONGEST)
            }
        }
    }

    /// Levels that it stands below the first.
    pub fn depth(&self) -> usize {
        match self.what {
            Section::Heading(level) => usize::from(level.saturating_sub(1)),
            Section::Page(_) => 0,
        }
    }
}

/// How deep a heading stands, by its `#` or by the parts of its number.
fn level_of(heading: &str) -> u8 {
    let title = heading.trim_start();
    let marks = title.len() - title.trim_start_matches('#').len();
    let number: &str = title.split_whitespace().next().unwrap_or_default().trim_end_matches('.');
    let numbered = number.contains('.') && number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let level = match (marks, numbered) {
        (1.., _) => marks,
        (0, true) => number.split('.').count(),
        (0, false) => 1,
    };
    u8::try_from(level).unwrap_or(DEEPEST).min(DEEPEST)
}

impl Model {
    pub(crate) fn has_outline(&self) -> bool {
        let outline = self.shown_document().and_then(|open| open.outline.as_ref());
        outline.is_some_and(|outline| !outline.entries.is_empty())
    }

    /// Opens the list with the cursor on the section in sight.
    pub(crate) fn open_outline(&mut self) {
        let top = self.top_offset();
        let Some(open) = self.shown_document() else {
            self.notify("the documents are not at hand");
            return;
        };
        let name = gist(&open.document.name, 40);
        let Some(outline) = &open.outline else {
            self.document.wants_outline = true;
            self.notify("looking for the headings; the list opens when they are found");
            return;
        };
        if outline.entries.is_empty() {
            self.notify(format!("{name} has no headings and no pages"));
            return;
        }
        let present = outline.at(top);
        let least = outline.entries.iter().filter(|entry| matches!(entry.what, Section::Heading(_))).map(Entry::depth);
        let least = least.min().unwrap_or(0);
        let rows = outline.entries.iter().enumerate();
        let rows =
            rows.map(|(at, entry)| PickerRow { current: present == Some(at), ..row(open, entry, least) }).collect();
        let standing = match outline.cut {
            true => Standing::Told(format!("only the first {MOST} headings are listed")),
            false => Standing::Whole,
        };
        let stood = outline.entries.get(present.unwrap_or(0)).map(|entry| Choice::Section(entry.start));
        self.open_picker(Picking::Section, vec![Group { rows, standing, ..Group::default() }]);
        let height = self.picker_areas().list.height;
        if let (Some(picker), Some(stood)) = (self.picker_mut(), stood) {
            picker.stand_on(&stood);
            picker.settle(height);
        }
    }
}

/// `least`: how deep the headings stand that stand least deep.
fn row(open: &OpenDocument, entry: &Entry, least: usize) -> PickerRow {
    let document = &open.document;
    let title = format!("{}{}", "· ".repeat(entry.depth().saturating_sub(least)), entry.title(document));
    let page = document.page_of(entry.start + 1).map_or(String::new(), |page| format!("p {page}"));
    let line = entry.line.to_string();
    let end = document.text.floor_char_boundary(entry.start + BEGINNING);
    let about = document.text.get(entry.start..end).unwrap_or_default().replace('\u{c}', "");
    PickerRow::new(Choice::Section(entry.start), vec![title, page, line], about)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outline(document: &Document) -> Outline {
        Outline::of(document, &LineIndex::begun(document, usize::MAX), &AtomicBool::new(false))
    }

    fn listed(document: &Document) -> Vec<(String, usize)> {
        let outline = outline(document);
        outline.entries.iter().map(|entry| (entry.title(document), entry.depth())).collect()
    }

    #[test]
    fn headings_have_levels_and_pages_without_one_are_listed_too() {
        let document = Document::from_text(
            "d",
            "# Report\n\nText.\n\n## 1. Income\n\nText.\n\u{c}only text here, and more of it.\n\u{c}\n2.1 Costs of Fuel\n\nText.\n",
        );
        let expected = [("Report", 0), ("1. Income", 1), ("page 2", 0), ("2.1 Costs of Fuel", 1)];
        assert_eq!(listed(&document), expected.map(|(title, depth)| (title.to_owned(), depth)));
    }

    #[test]
    fn the_section_of_a_byte_is_the_last_that_begins_before_it() {
        let document = Document::from_text("d", "# A\n\ntext\n\n# B\n\ntext\n");
        let outline = outline(&document);
        assert_eq!([0, 5, 11, 20].map(|at| outline.at(at)), [Some(0), Some(0), Some(1), Some(1)]);
        assert_eq!(Outline::default().at(5), None);
    }
}
