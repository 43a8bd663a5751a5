//! Finds a quotation in the documents. A wrong highlight is worse than none, so what is doubtful is not found.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use memchr::memmem;

use super::normal::NormalChars;
use super::{Document, Located, Match, Span};

/// Quotations with fewer letters and digits are only looked for word for word, and only where they are said to come from.
const SHORT: usize = 4;
/// Quotations with fewer letters and digits must agree in case, and outside of the preferred spans stand in one place only.
const CERTAIN: usize = 12;
/// Quotations with at least as many letters and digits may begin or end within a word.
const LONG: usize = 24;
/// How many places that agree in normal form are looked at before a quotation counts as not found.
const MAX_CANDIDATES: usize = 1000;

/// Looks quotations up in a session's documents. Made once a session; the normal form of a document (about its own size)
/// is made at the first quotation that needs it, about 20 ms a megabyte.
pub struct Locator {
    documents: Vec<Searchable>,
    /// Where quotations may stand.
    bounds: Vec<Span>,
}

impl Locator {
    pub fn new(documents: &[Document]) -> Self {
        let searchable = |document: &Document| Searchable { text: Arc::clone(&document.text), normal: OnceLock::new() };
        let whole = |(index, document): (usize, &Document)| Span::new(index, 0, document.text.len());
        Self {
            documents: documents.iter().map(searchable).collect(),
            bounds: documents.iter().enumerate().map(whole).collect(),
        }
    }

    /// One that finds nothing outside of `part`, where only that was read.
    pub fn within(documents: &[Document], part: Option<Span>) -> Self {
        let mut locator = Self::new(documents);
        if let Some(part) = part {
            locator.bounds = vec![part];
        }
        locator
    }

    /// Where `quotation` stands: byte for byte in one of the spans of `prefer` (in their order), then byte for byte
    /// anywhere, then in normal form (see [`normal`](super::normal)) in the same order; else nowhere.
    ///
    /// Whitespace around the quotation is no part of it. In normal form it may also be wrapped in quotation marks,
    /// ellipses, a list dash or closing punctuation that the document does not have. What is found never begins or
    /// ends within a number.
    pub fn locate(&self, quotation: &str, prefer: &[Span]) -> Option<Located> {
        let exact = quotation.trim();
        let weight = weight(exact);
        if weight == 0 {
            return None;
        }
        let prefer: Vec<Span> = prefer.iter().filter(|span| self.is_within(span)).copied().collect();
        let finder = memmem::Finder::new(exact);
        let first = self.exact_places(&finder, weight, &prefer).next();
        if let Some(span) = first {
            return Some(Located { span, how: Match::Exact });
        }
        if weight < SHORT {
            return None;
        }
        if let Some(span) = certain(self.exact_places(&finder, weight, &self.bounds), weight) {
            return Some(Located { span, how: Match::Exact });
        }
        let mut needles = vec![Needle::new(exact)];
        let bare = Needle::new(without_wrapping(exact));
        if bare.folded != needles[0].folded {
            needles.push(bare);
        }
        needles.retain(|needle| needle.weight >= SHORT);
        let preferred = needles.iter().find_map(|needle| {
            let finder = memmem::Finder::new(&needle.folded);
            self.normal_places(needle, &finder, &prefer).next()
        });
        let anywhere = || {
            needles.iter().find_map(|needle| {
                let finder = memmem::Finder::new(&needle.folded);
                certain(self.normal_places(needle, &finder, &self.bounds), needle.weight)
            })
        };
        preferred.or_else(anywhere).map(|span| Located { span, how: Match::Normalised })
    }

    fn is_within(&self, span: &Span) -> bool {
        self.bounds.iter().any(|bound| bound.contains(span))
    }

    /// Where the quotation stands byte for byte within `spans`, in their order.
    fn exact_places<'a>(
        &'a self,
        finder: &'a memmem::Finder<'_>,
        weight: usize,
        spans: &'a [Span],
    ) -> impl Iterator<Item = Span> + 'a {
        spans.iter().flat_map(move |span| {
            let text = self.documents.get(span.document).map_or("", |document| &*document.text);
            let within = text.get(span.start..span.end).unwrap_or_default();
            finder
                .find_iter(within.as_bytes())
                .map(|at| span.start + at..span.start + at + finder.needle().len())
                .filter(move |range| stands_alone(text, range, weight))
                .map(|range| Span::new(span.document, range.start, range.end))
        })
    }

    /// Where the needle stands in normal form within `spans`, in their order.
    fn normal_places<'a>(
        &'a self,
        needle: &'a Needle,
        finder: &'a memmem::Finder<'_>,
        spans: &'a [Span],
    ) -> impl Iterator<Item = Span> + 'a {
        spans.iter().flat_map(move |span| {
            let places = self.documents.get(span.document).map(|document| {
                let window = document.normal().around(span.start..span.end);
                document
                    .normal_places(needle, finder, window)
                    .map(|range| Span::new(span.document, range.start, range.end))
                    .filter(|place| span.contains(place))
            });
            places.into_iter().flatten()
        })
    }
}

/// The first place; none where the quotation is not long enough to be sure which of several is meant.
fn certain(mut places: impl Iterator<Item = Span>, weight: usize) -> Option<Span> {
    let first = places.next()?;
    (weight >= CERTAIN || places.next().is_none()).then_some(first)
}

/// A document's text and, once it was needed, its normal form.
struct Searchable {
    text: Arc<str>,
    normal: OnceLock<NormalText>,
}

impl Searchable {
    fn normal(&self) -> &NormalText {
        self.normal.get_or_init(|| NormalText::of(&self.text))
    }

    /// The byte ranges of the text that agree with the needle in normal form, within a window of the normal form.
    fn normal_places<'a>(
        &'a self,
        needle: &'a Needle,
        finder: &'a memmem::Finder<'_>,
        window: Range<usize>,
    ) -> impl Iterator<Item = Range<usize>> + 'a {
        let normal = self.normal();
        let bytes = normal.bytes.get(window.clone()).unwrap_or_default();
        finder
            .find_iter(bytes)
            .take(MAX_CANDIDATES)
            .map(move |at| window.start + at..window.start + at + needle.folded.len())
            .filter_map(move |range| normal.original(&self.text, range))
            .filter(move |range| needle.agrees(&self.text, range))
    }
}

/// A quotation in normal form.
struct Needle {
    folded: String,
    cased: String,
    weight: usize,
}

impl Needle {
    fn new(quotation: &str) -> Self {
        Self {
            folded: NormalChars::new(quotation).map(|normal| normal.character).collect(),
            cased: NormalChars::with_case(quotation).map(|normal| normal.character).collect(),
            weight: weight(quotation),
        }
    }

    /// Whether a place whose folded form is the needle's may be pointed at.
    fn agrees(&self, text: &str, range: &Range<usize>) -> bool {
        let words = || NormalChars::with_case(text.get(range.clone()).unwrap_or_default());
        stands_alone(text, range, self.weight)
            && (self.weight >= CERTAIN || words().map(|normal| normal.character).eq(self.cased.chars()))
    }
}

/// The normal form of a whole text, with marks from which to walk back to the text's own bytes.
struct NormalText {
    bytes: Box<[u8]>,
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
    fn of(text: &str) -> Self {
        let mut form = String::with_capacity(text.len());
        let mut marks = vec![Mark { normal: 0, original: 0, last: ' ' }];
        let (mut last, mut last_end, mut next_mark) = (' ', 0, MARK_EVERY);
        for normal in NormalChars::new(text) {
            // Not within the characters of a ligature, which begin at the same byte.
            if form.len() >= next_mark && normal.start >= last_end {
                marks.push(Mark { normal: form.len(), original: normal.start, last });
                next_mark = form.len() + MARK_EVERY;
            }
            form.push(normal.character);
            (last, last_end) = (normal.character, normal.end);
        }
        Self { bytes: form.into_bytes().into_boxed_slice(), marks }
    }

    /// A window of the normal form that holds that of `original`, and a little more.
    fn around(&self, original: Range<usize>) -> Range<usize> {
        let before = self.marks.partition_point(|mark| mark.original <= original.start).saturating_sub(1);
        let after = self.marks.partition_point(|mark| mark.original < original.end);
        let start = self.marks.get(before).map_or(0, |mark| mark.normal);
        start..self.marks.get(after).map_or(self.bytes.len(), |mark| mark.normal).max(start)
    }

    /// The bytes of the text that a range of the normal form stands for.
    fn original(&self, text: &str, range: Range<usize>) -> Option<Range<usize>> {
        let mark = self.marks.get(self.marks.partition_point(|mark| mark.normal <= range.start).checked_sub(1)?)?;
        let mut at = mark.normal;
        let mut start = None;
        for normal in NormalChars::resume(text, mark.original, mark.last) {
            if at >= range.start && start.is_none() {
                start = Some(normal.start);
            }
            at += normal.character.len_utf8();
            if at >= range.end {
                return start.map(|start| start..normal.end);
            }
        }
        None
    }
}

/// How many letters and digits there are.
fn weight(text: &str) -> usize {
    text.chars().filter(|character| character.is_alphanumeric()).count()
}

/// The quotation without what models put around one.
fn without_wrapping(quotation: &str) -> &str {
    let quote = |c: char| matches!(c, '"' | '\'' | '`' | '“' | '”' | '„' | '‘' | '’' | '‚' | '«' | '»');
    let mut text = quotation;
    loop {
        let mut bare = text.trim().trim_matches(quote);
        for ellipsis in ["[...]", "[…]", "(...)", "(…)", "...", "…"] {
            bare = bare.strip_prefix(ellipsis).unwrap_or(bare);
            bare = bare.strip_suffix(ellipsis).unwrap_or(bare);
        }
        for bullet in ["- ", "* ", "– ", "• "] {
            bare = bare.strip_prefix(bullet).unwrap_or(bare);
        }
        bare = bare.trim_end_matches(['.', ',', ';', ':']);
        if bare.len() == text.len() {
            return bare;
        }
        text = bare;
    }
}

/// Whether a range of the text may be pointed at by itself: it cuts through no number, and only if it is long through a word.
fn stands_alone(text: &str, range: &Range<usize>, weight: usize) -> bool {
    let (Some(before), Some(inside), Some(after)) =
        (text.get(..range.start), text.get(range.clone()), text.get(range.end..))
    else {
        return false;
    };
    let joined = |left: Option<char>, right: Option<char>| match (left, right) {
        (Some(left), Some(right)) if left.is_numeric() && right.is_numeric() => true,
        (Some(left), Some(right)) => {
            weight < LONG && left.is_alphanumeric() && right.is_alphanumeric() && !unspaced(left) && !unspaced(right)
        }
        _ => false,
    };
    let point = |character: Option<char>| matches!(character, Some('.' | ','));
    let digit = |character: Option<char>| character.is_some_and(|character| character.is_ascii_digit());

    let (mut left, first) = (before.chars().rev(), inside.chars().next());
    let (left, before_left) = (left.next(), left.next());
    let (last, mut right) = (inside.chars().next_back(), after.chars());
    let (right, after_right) = (right.next(), right.next());
    let starts_in_number = digit(before_left) && point(left) && digit(first);
    let ends_in_number = digit(last) && point(right) && digit(after_right);
    !(joined(left, first) || joined(last, right) || starts_in_number || ends_in_number)
}

/// Whether the character is of a script that puts no spaces between words.
fn unspaced(character: char) -> bool {
    matches!(character,
        '\u{0e00}'..='\u{0eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{3040}'..='\u{30ff}'
        | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TEXT: &str = "\
Annual Report 2023

Revenue was $1,234.5 million in 2023, up from $1,115 million. The agree-
ment with the “Northern” ﬁnance group ended in\u{a0}2022. See Item 7.
Net   income fell 12% — the first loss since 1998–1999.
Net income is defined in Item 7. Don’t rely on it.
";

    fn locate(text: &str, quotation: &str, prefer: &[Span]) -> Option<(String, Match)> {
        let documents = [Document::from_text("d", text)];
        let located = Locator::new(&documents).locate(quotation, prefer)?;
        assert_eq!(located.span.document, 0);
        Some((text[located.span.start..located.span.end].to_owned(), located.how))
    }

    #[test]
    fn words_are_found_byte_for_byte_or_in_normal_form() {
        use Match::{Exact, Normalised};
        for (quotation, words, how) in [
            ("Revenue was $1,234.5 million", "Revenue was $1,234.5 million", Exact),
            ("  Revenue was $1,234.5 million\n", "Revenue was $1,234.5 million", Exact),
            ("The agreement with the", "The agree-\nment with the", Normalised),
            ("The agree-ment with the", "The agree-\nment with the", Normalised),
            (
                "the \"Northern\" finance group ended in 2022",
                "the “Northern” ﬁnance group ended in\u{a0}2022",
                Normalised,
            ),
            ("net income FELL 12% - the first loss", "Net   income fell 12% — the first loss", Normalised),
            ("since 1998-1999", "since 1998–1999", Normalised),
            ("\"Don't rely on it\"", "Don’t rely on it", Normalised),
            ("…up from $1,115 million...", "up from $1,115 million", Normalised),
            ("- Net income is defined in Item 7;", "Net income is defined in Item 7", Normalised),
            ("Net income fell 12%.", "Net   income fell 12%", Normalised),
        ] {
            assert_eq!(locate(TEXT, quotation, &[]), Some((words.to_owned(), how)), "{quotation:?}");
        }
    }

    #[test]
    fn what_is_doubtful_is_not_found() {
        for quotation in [
            "",
            "   ",
            "…",
            "—",
            // Within a number or, when short, within a word.
            "234.5 million in",
            "was $1,234",
            "15 million",
            "come is defined",
            // Too short without a chunk to look in.
            "12%",
            "7",
            // In several places, and not long enough to be sure of one.
            "Item 7",
            // Short ones must agree in case.
            "northern",
            // Invented or changed.
            "Revenue was $1,234.6 million",
            "Revenue was not $1,234.5 million",
            "Net income fell sharply in every segment",
        ] {
            assert_eq!(locate(TEXT, quotation, &[]), None, "{quotation:?}");
        }
    }

    #[test]
    fn the_chunk_it_was_quoted_from_comes_first() {
        let second = TEXT.rfind("Item 7").unwrap();
        let chunk = Span::new(0, second - 20, second + 8);
        let documents = [Document::from_text("d", TEXT)];
        let locator = Locator::new(&documents);
        let start = |quotation: &str| locator.locate(quotation, &[chunk]).map(|located| located.span.start);
        assert_eq!(start("Item 7"), Some(second));
        assert_eq!(start("Item\n7"), Some(second));
        assert_eq!(start("7"), Some(second + 5));
        assert_eq!(start("Item 8"), None);
    }

    #[test]
    fn of_a_part_nothing_outside_of_it_is_found() {
        let documents = [Document::from_text("d", TEXT)];
        let part = Span::new(0, TEXT.find("Net   income").unwrap(), TEXT.len());
        let locator = Locator::within(&documents, Some(part));
        let found = |quotation, prefer: &[Span]| locator.locate(quotation, prefer).map(|located| located.span.start);
        let whole = [Span::new(0, 0, TEXT.len())];
        for (outside, within) in [
            ("Revenue was $1,234.5 million", None),
            ("the agreement with the \"Northern\" finance group", None),
            // In two places, one of them in the part.
            ("Item 7", TEXT.rfind("Item 7")),
            ("net income fell 12%", Some(part.start)),
        ] {
            assert_eq!((found(outside, &[]), found(outside, &whole)), (within, within), "{outside:?}");
        }
    }

    #[test]
    fn spans_that_do_not_fit_the_documents_are_passed_over() {
        let prefer = [Span::new(9, 0, 4), Span::new(0, 3, 9999), Span::new(0, 8, 2)];
        assert_eq!(locate("some words here", "words here", &prefer).unwrap().0, "words here");
    }

    #[test]
    fn scripts_without_spaces_are_found_within_a_line() {
        assert_eq!(locate("本年度売上高は前年比増加", "売上高は前年", &[]).unwrap().1, Match::Exact);
    }

    /// Words, and what typesetting may have put between and into them.
    fn perturbed() -> impl Strategy<Value = (Vec<String>, Vec<String>, usize, usize)> {
        let word = prop_oneof![6 => "[a-z]{2,9}", 1 => "[1-9][0-9]{0,2}(,[0-9]{3})?", 1 => "[A-Z][a-z]{1,7}"];
        let words = prop::collection::vec(word, 30..200);
        words.prop_flat_map(|words| {
            let count = words.len();
            let gaps = prop::collection::vec(prop_oneof![" ", "  ", "\n", "\u{a0}", " \n\t "], count);
            (Just(words), gaps, 0..count - 8, 6usize..8)
        })
    }

    proptest! {
        #[test]
        fn an_excerpt_is_found_where_it_stands_whatever_its_layout(
            (words, gaps, from, count) in perturbed(), hyphenate in any::<bool>(), upper in any::<bool>(),
        ) {
            let mut text = String::new();
            let mut starts = Vec::new();
            for (word, gap) in words.iter().zip(&gaps) {
                starts.push(text.len());
                match word.char_indices().nth(2) {
                    Some((cut, _)) if hyphenate && word.len() > 4 && word.bytes().all(|b| b.is_ascii_lowercase()) => {
                        text.push_str(&word[..cut]);
                        text.push_str("-\n");
                        text.push_str(&word[cut..]);
                    }
                    _ => text.push_str(word),
                }
                text.push_str(gap);
            }
            let quotation = words[from..from + count].join(" ");
            prop_assume!(weight(&quotation) >= LONG);
            // The same words elsewhere, or as part of others, would be found there rightly.
            prop_assume!(words.join(" ").match_indices(&quotation).count() == 1);
            let quotation = if upper { quotation.to_uppercase() } else { quotation };
            let end = starts[from + count - 1] + text[starts[from + count - 1]..].find(gaps[from + count - 1].as_str()).unwrap();
            let end = if hyphenate { starts.get(from + count).map_or(text.len(), |next| next - gaps[from + count - 1].len()) } else { end };
            let documents = [Document::from_text("d", text.as_str())];
            let locator = Locator::new(&documents);
            for prefer in [&[][..], &[Span::new(0, 0, text.len())][..]] {
                let located = locator.locate(&quotation, prefer);
                prop_assert_eq!(located.map(|l| (l.span.start, l.span.end)), Some((starts[from], end)));
            }
        }

        #[test]
        fn an_invented_sentence_is_not_found((words, gaps, from, count) in perturbed(), invented in "[a-z]{3,8}q[a-z]{2,4}") {
            let text: String = words.iter().zip(&gaps).flat_map(|(word, gap)| [word.as_str(), gap.as_str()]).collect();
            prop_assume!(!text.contains(&invented));
            let mut quoted = words[from..from + count].to_vec();
            quoted[count / 2] = invented;
            prop_assert_eq!(locate(&text, &quoted.join(" "), &[]), None);
        }

        #[test]
        fn walking_on_from_a_mark_is_walking_from_the_start(text in "([a-zA-Z0-9.,'’ﬁ…äß-]{0,12}[ \n]?){0,300}") {
            let normal = NormalText::of(&text);
            let all: Vec<_> = NormalChars::new(&text).collect();
            let mut at = 0;
            for normal_char in &all {
                let end = at + normal_char.character.len_utf8();
                let range = normal.original(&text, at..end);
                prop_assert_eq!(range, Some(normal_char.start..normal_char.end));
                at = end;
            }
            prop_assert_eq!(at, normal.bytes.len());
        }

        #[test]
        fn any_quotation_of_any_text_is_harmless(text in ".{0,200}", quotation in ".{0,20}", start in 0usize..50, end in 0usize..250) {
            if let Some((words, how)) = locate(&text, &quotation, &[Span::new(0, start, end)])
                && how == Match::Exact
            {
                prop_assert_eq!(words, quotation.trim());
            }
        }
    }
}
