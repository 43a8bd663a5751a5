//! Cuts a text before its headings, as they stand in Markdown, in reports, in contracts and laws, and in plain text.
//!
//! A line that could as well be something else (a number, a table's row, a sentence, a contents entry) is no heading: a cut
//! that is missing does less harm than one in the wrong place.

use std::ops::Range;

use super::{cut, is_blank, lines};
use crate::document::words::is_year;

/// Bytes of the longest line that is looked at.
const LONGEST: usize = 240;
/// Characters of the longest title with a number or in capitals, and of the longest other one.
const LONG_TITLE: usize = 100;
const SHORT_TITLE: usize = 60;
/// Words of the longest title that has no number.
const WORDS: usize = 8;
/// A title's words with fewer letters may begin with a small one ("Notes to the Financial Statements").
const SMALL_WORD: usize = 4;
/// Characters of the shortest rule around a title, and the most lines between two.
const BOX_RULE: usize = 5;
const BOX_LINES: usize = 3;
/// What parts of a book, a contract, a law or a report are called.
const NAMES: &[&str] =
    &["section", "sec.", "article", "item", "part", "chapter", "appendix", "annex", "schedule", "exhibit", "title"];

/// Sections that begin with a heading, and what stands before the first one. Headings that follow one another with nothing
/// between begin one section together. With `max_chars` above zero longer sections are cut at paragraphs, else
/// lines, else spaces.
///
/// Every character that is not whitespace is in exactly one range, and no range begins or ends with a blank line.
pub fn by_heading(text: &str, max_chars: usize) -> impl Iterator<Item = Range<usize>> + '_ {
    let max_chars = if max_chars == 0 { usize::MAX } else { max_chars };
    sections(text)
        .flat_map(move |section| cut::pieces(text, section, max_chars, cut::in_prose))
        .filter_map(|piece| without_blank_lines(text, piece))
}

fn sections(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    let end = text.len()..text.len();
    // The section's start, and the end of the headings it begins with.
    let (mut start, mut headed) = (0, 0);
    headings(text).chain(std::iter::once(end)).filter_map(move |heading| {
        if heading.start < text.len() && is_blank(&text[headed..heading.start]) {
            headed = heading.end;
            return None;
        }
        let section = start..heading.start;
        (start, headed) = (heading.start, heading.end);
        Some(section)
    })
}

fn without_blank_lines(text: &str, range: Range<usize>) -> Option<Range<usize>> {
    let part = &text[range.clone()];
    let first = part.find(|character: char| !character.is_whitespace())?;
    let line = part[..first].rfind(['\n', '\x0c']).map_or(0, |at| at + 1);
    Some(range.start + line..range.start + part.trim_end().len())
}

/// What stands above a line.
#[derive(Clone, Copy, PartialEq)]
enum Above {
    /// Nothing, a page's end, a heading or a rule.
    Blank,
    /// The end of a sentence.
    Sentence,
    Text,
}

/// The lines that are headings, each with the rule under it where it has one.
pub fn headings(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut lines = lines(text).peekable();
    let mut above = Above::Blank;
    let mut over_until = 0;
    std::iter::from_fn(move || {
        while let Some(line) = lines.next() {
            let bare = text[line.clone()].trim();
            if line.start < over_until {
                above = Above::Blank;
                continue;
            }
            if let Some(end) = fenced_until(text, &line, bare) {
                over_until = end;
                continue;
            }
            if let Some(end) = boxed_until(text, &line, bare).filter(|_| above == Above::Blank) {
                over_until = end;
                return Some(line.start..end);
            }
            let below = lines.peek().map_or("", |next| text[next.clone()].trim());
            // A page's end at the line's own beginning parts it from what stands above.
            let over = if text[line.clone()].starts_with('\x0c') { Above::Blank } else { above };
            above = Above::of(bare);
            if over == Above::Blank && is_underline(below) && is_underlined_title(bare) {
                above = Above::Blank;
                let rule = lines.next().map_or(line.end, |rule| rule.end);
                return Some(line.start..rule);
            }
            if is_heading(bare, over, below) && !is_foot(bare, &text[line.end..]) {
                above = Above::Blank;
                return Some(line);
            }
        }
        None
    })
}

impl Above {
    fn of(line: &str) -> Self {
        match line.chars().next_back() {
            None => Above::Blank,
            _ if !line.contains(char::is_alphanumeric) => Above::Blank,
            Some('.' | '!' | '?' | ':' | ';') => Above::Sentence,
            Some(_) => Above::Text,
        }
    }
}

/// Where the code block that this line opens ends, if it does.
fn fenced_until(text: &str, line: &Range<usize>, bare: &str) -> Option<usize> {
    let fence = ["```", "~~~"].into_iter().find(|fence| bare.starts_with(fence))?;
    if bare[fence.len()..].contains('`') {
        return None;
    }
    lines(&text[line.end..])
        .find(|inner| text[line.end + inner.start..line.end + inner.end].trim_start().starts_with(fence))
        .map(|closing| line.end + closing.end)
}

/// Where the second of two rules ends that stand above and below a few lines of title.
fn boxed_until(text: &str, line: &Range<usize>, bare: &str) -> Option<usize> {
    let rule = bare.bytes().next().filter(|byte| b"=-*#_~".contains(byte))?;
    let is_rule = |line: &str| line.len() >= BOX_RULE && line.bytes().all(|byte| byte == rule);
    let inside = |inner: &Range<usize>| text[line.end + inner.start..line.end + inner.end].trim();
    let mut below = lines(&text[line.end..]).take(BOX_LINES + 1);
    let titled = |title: &str| title.contains(char::is_alphabetic) && !is_rule(title) && !is_row(title);
    let first = below.next().filter(|_| is_rule(bare))?;
    titled(inside(&first)).then_some(())?;
    below.find(|inner| is_rule(inside(inner))).map(|closing| line.end + closing.end)
}

/// Whether the line stands above a page's number, as what is repeated on every page does.
fn is_foot(line: &str, below: &str) -> bool {
    let next = below.trim_start().lines().next().unwrap_or_default().trim_end();
    !line.starts_with('#') && !next.is_empty() && next.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_heading(line: &str, above: Above, below: &str) -> bool {
    if line.is_empty() || line.len() > LONGEST {
        return false;
    }
    let title = line.trim_start_matches('#');
    if title.len() < line.len() {
        return line.len() - title.len() <= 6
            && title.starts_with([' ', '\t'])
            && title.contains(char::is_alphanumeric);
    }
    match above {
        _ if is_contents_entry(line) => false,
        Above::Text => false,
        Above::Sentence => is_named(line, above) || is_numbered(line),
        Above::Blank => {
            is_named(line, above)
                || is_numbered(line)
                || (below.is_empty() && is_first_level(line))
                || stands_alone(line.trim_matches(['*', '_']), below)
        }
    }
}

/// "Section 4.", "Item 7A. Properties", "§ 3". Behind a mark the text itself may go on, where a blank line stands above.
fn is_named(line: &str, above: Above) -> bool {
    let Some(rest) = after_name(line).and_then(after_label) else { return false };
    let unmarked = rest.trim_start().trim_start_matches(['.', ':', ')', '-', '–', '—']);
    let marked = unmarked.len() < rest.trim_start().len();
    let title = unmarked.trim();
    title.is_empty()
        || (marked && above == Above::Blank)
        || ((marked || rest.starts_with(char::is_whitespace)) && is_title(title.trim_end_matches('.'), LONG_TITLE))
}

/// What follows the paragraph sign or the name of a part.
fn after_name(line: &str) -> Option<&str> {
    if let Some(rest) = line.strip_prefix('§') {
        return Some(rest.trim_start_matches('§').trim_start());
    }
    let (name, rest) = line.split_once(char::is_whitespace)?;
    let known = NAMES.iter().any(|known| known.eq_ignore_ascii_case(name));
    (known && name.starts_with(char::is_uppercase)).then_some(rest.trim_start())
}

/// What follows a number, a number with a letter, a Roman number or a capital letter.
fn after_label(text: &str) -> Option<&str> {
    let (label, rest) = text.split_at(label_length(text));
    let letters = label.chars().filter(|c| c.is_alphabetic()).count();
    let numbered = label.starts_with(|c: char| c.is_ascii_digit()) && letters <= 1;
    (numbered || is_roman(label) || (letters == 1 && label.len() == 1 && label.starts_with(char::is_uppercase)))
        .then_some(rest)
}

/// "1.2 Title", "1.2.3. Title".
fn is_numbered(line: &str) -> bool {
    let (number, rest) = line.split_at(label_length(line));
    let part = |part: &str| (1..=3).contains(&part.len()) && !part.starts_with('0') && part.parse::<u16>().is_ok();
    let title = rest.strip_prefix('.').unwrap_or(rest);
    number.contains('.')
        && number.split('.').all(part)
        && title.starts_with(char::is_whitespace)
        && title.trim().starts_with(char::is_uppercase)
        && is_title(title.trim(), LONG_TITLE)
}

/// "1. Title", "IV. Title", "2 Title".
fn is_first_level(line: &str) -> bool {
    let (number, rest) = line.split_at(label_length(line));
    let is_number = matches!(number.len(), 1..=2) && number.bytes().all(|byte| byte.is_ascii_digit());
    match rest.strip_prefix('.') {
        Some(title) if is_number || is_roman(number) => {
            let title = title.strip_prefix(char::is_whitespace).unwrap_or_default().trim();
            title.starts_with(char::is_uppercase) && is_title(title, LONG_TITLE)
        }
        _ => is_number && rest.starts_with(char::is_whitespace) && stands_alone(rest.trim(), ""),
    }
}

/// Bytes of the letters and digits at the text's start, with the marks that stand between two of them.
fn label_length(text: &str) -> usize {
    let token = |&(at, c): &(usize, char)| {
        c.is_alphanumeric() || (matches!(c, '.' | '-') && text[at + 1..].starts_with(char::is_alphanumeric))
    };
    text.char_indices().take_while(token).map(|(at, c)| at + c.len_utf8()).last().unwrap_or(0)
}

fn is_roman(label: &str) -> bool {
    !label.is_empty() && label.bytes().all(|byte| matches!(byte, b'I' | b'V' | b'X' | b'L'))
}

/// A line in capitals, or one in title case with nothing right below.
fn stands_alone(line: &str, below: &str) -> bool {
    if !line.starts_with(char::is_uppercase) {
        return false;
    }
    if !line.contains(char::is_lowercase) {
        return line.chars().filter(|c| c.is_alphabetic()).nth(2).is_some() && is_title(line, LONG_TITLE);
    }
    let raised = |word: &str| {
        let word = word.trim_matches(|c: char| !c.is_alphanumeric());
        word.chars().nth(SMALL_WORD - 1).is_none() || !word.starts_with(char::is_lowercase)
    };
    below.is_empty()
        && line.split_whitespace().nth(WORDS).is_none()
        && line.split_whitespace().all(raised)
        && is_title(line, SHORT_TITLE)
}

/// Not a sentence, a table's row, a list's item or a contents entry.
fn is_title(title: &str, longest: usize) -> bool {
    let (mut letters, mut ink) = (0, 0);
    for character in title.chars() {
        letters += usize::from(character.is_alphabetic());
        ink += usize::from(!character.is_whitespace());
    }
    let ends_sentence = |(at, _): (usize, &str)| title[..at].ends_with(char::is_lowercase);
    let last = title.rsplit(char::is_whitespace).next().unwrap_or_default();
    let number = last.contains(|c: char| c.is_ascii_digit()) && !last.contains(char::is_alphabetic);
    let amount = number && last.len() < title.len() && !is_year(last.trim_matches(['(', ')', ':', '?']));
    letters * 2 > ink
        && title.chars().nth(longest).is_none()
        && !title.starts_with(char::is_lowercase)
        && !title.ends_with(['.', ',', ';', '|'])
        && !amount
        && !is_row(title)
        && !title.match_indices(". ").any(ends_sentence)
}

fn is_row(line: &str) -> bool {
    line.contains(['|', '\t']) || line.contains("  ")
}

fn is_contents_entry(line: &str) -> bool {
    line.contains("...") || line.contains(". . ") || line.contains("…")
}

/// The rule of a Markdown heading.
fn is_underline(line: &str) -> bool {
    line.len() >= 3 && (line.bytes().all(|byte| byte == b'=') || line.bytes().all(|byte| byte == b'-'))
}

fn is_underlined_title(line: &str) -> bool {
    line.contains(char::is_alphabetic)
        && line.len() <= LONGEST
        && !line.starts_with(['-', '*', '+', '>'])
        && !line.ends_with(['.', ',', ';'])
        && !is_row(line)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::tests::{ink, texts_of};
    use super::*;

    fn sections_of(text: &str) -> Vec<&str> {
        texts_of(text, by_heading(text, 0))
    }

    /// Whether the line is a heading between two paragraphs.
    fn cuts(line: &str) -> bool {
        let text = format!("Some text before it.\n\n{line}\n\nsome text behind it.\n");
        sections_of(&text).len() == 2
    }

    #[test]
    fn a_heading_goes_with_what_follows_it_and_what_stands_before_the_first_is_kept() {
        let text = "Preface.\n\n# One\n\n## One and a half\nfirst\n\nTwo\n===\n\nsecond\n";
        let expected = ["Preface.", "# One\n\n## One and a half\nfirst", "Two\n===\n\nsecond"];
        assert_eq!(sections_of(text), expected);
        assert_eq!(sections_of("\n \n"), [""; 0]);
        assert_eq!(sections_of("no heading\n"), ["no heading"]);
    }

    #[test]
    fn headings_of_reports_contracts_and_laws_are_known() {
        for line in [
            "1.2 Results of the Year",
            "2.10.3. Scope",
            "1. Introduction",
            "2 Methods",
            "IV. ARGUMENT",
            "§ 3",
            "§ 12a Definitions",
            "Section 4.",
            "Section 4.2 Governing Law.",
            "Section 7. The tenant pays the rent on the first day of every month.",
            "ARTICLE IV",
            "Item 7A. Quantitative and Qualitative Disclosures About Market Risk",
            "PART II",
            "Chapter 3",
            "Chapter 3: The Whale",
            "Appendix B – Tables",
            "MANAGEMENT’S DISCUSSION AND ANALYSIS",
            "**Risk Factors**",
            "Notes to the Financial Statements",
            "Überblick",
            "Outlook for 2020",
        ] {
            assert!(cuts(line), "{line}");
        }
    }

    #[test]
    fn numbers_rows_sentences_and_contents_are_no_headings() {
        for line in [
            "42",
            "1,234.5",
            "1.2",
            "2019 2018 2017",
            "| Net Sales | 12 |",
            "Net Sales     12     13",
            "Milestone  Met or Not Met",
            "TOTAL ASSETS 1,234 1,180",
            "1.2 million people live there",
            "03.04 Visit of the Doctor",
            "He went home.",
            "Dear Mr. Smith,",
            "Section 4 of the Act applies",
            "Part of the whole",
            "Part I liked most",
            "Item 1. Business .......... 4",
            "1.2 Background 14",
            "Page 4 of 10",
            "- A List Item",
            "the end",
            "#hashtag",
            "A",
        ] {
            assert!(!cuts(line), "{line}");
        }
    }

    #[test]
    fn a_line_that_a_sentence_runs_into_is_no_heading() {
        assert_eq!(sections_of("as it is told in\nSection 4.\nAnd then some.\n").len(), 1);
        assert_eq!(sections_of("It ends here.\nSection 4. Scope\nAnd then some.\n").len(), 2);
        assert_eq!(sections_of("end of a page\n\x0cSection 4. Scope\nAnd then some.\n").len(), 2);
    }

    #[test]
    fn a_title_between_rules_is_a_heading_and_a_pages_foot_is_none() {
        let text = "before\n\n=====\nA LETTER to them\nDate: 1/1\n=====\nbehind\n";
        assert_eq!(sections_of(text), ["before", "=====\nA LETTER to them\nDate: 1/1\n=====\nbehind"]);
        assert_eq!(sections_of("before\n\n-----\na   b   c\n-----\n1   2   3\n").len(), 1);
        assert_eq!(sections_of("before\n\nAnnual Report\n\n17\n\nbehind\n").len(), 1);
    }

    #[test]
    fn comments_in_a_block_of_code_are_no_headings() {
        assert_eq!(sections_of("# A\ntext\n```sh\n# not one\n```\n\n# B\ntext").len(), 2);
        assert_eq!(sections_of("# A\ntext\n```\n\n# B\ntext").len(), 2);
    }

    #[test]
    fn long_sections_are_cut_at_paragraphs_then_lines_then_words() {
        let text = "# Title\n\none two three four.\n\nfive six\nseven eight nine ten eleven twelve\n";
        let parts = texts_of(text, by_heading(text, 35));
        assert_eq!(parts, ["# Title\n\none two three four.", "five six\nseven eight nine ten", "eleven twelve"]);
    }

    proptest! {
        #[test]
        fn sections_hold_all_ink_once_in_order_and_none_is_too_long(
            parts in proptest::collection::vec(
                prop_oneof![
                    "[A-Za-zäé 0-9.#=|-]{0,60}",
                    Just("\n".to_owned()),
                    Just("\n\n".to_owned()),
                    Just("\n\x0c# Head\n".to_owned()),
                    Just("\n1.2 Title\n".to_owned()),
                    Just("\n```\n".to_owned()),
                ],
                0..20,
            ),
            max in 0usize..50,
        ) {
            let text = parts.concat();
            let ranges: Vec<Range<usize>> = by_heading(&text, max).collect();
            prop_assert!(ranges.windows(2).all(|pair| pair[0].end <= pair[1].start));
            let kept: String = ranges.iter().map(|range| &text[range.clone()]).collect();
            prop_assert_eq!(ink(&kept), ink(&text));
            for range in ranges {
                let section = &text[range];
                prop_assert!(!section.trim().is_empty());
                prop_assert!(max == 0 || section.chars().count() <= max);
            }
        }
    }
}
