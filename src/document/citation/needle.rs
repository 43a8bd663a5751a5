//! A quotation in the forms in which it is looked for, and where one may be pointed at.

use std::cell::OnceCell;
use std::ops::Range;

use memchr::memmem::Finder;

use crate::document::NormalChars;

/// Quotations with fewer letters and digits must agree in case, and outside of the preferred spans stand in one place only.
pub(super) const CERTAIN: usize = 12;
/// Quotations with at least as many letters and digits may begin or end within a word.
pub(super) const LONG: usize = 24;

/// A quotation in normal form.
pub(super) struct Needle {
    pub(super) folded: String,
    /// Nothing where case does not tell.
    cased: String,
    pub(super) weight: usize,
    finder: OnceCell<Finder<'static>>,
}

impl Needle {
    pub(super) fn new(quotation: &str) -> Self {
        let weight = weight(quotation);
        let cased = match weight < CERTAIN {
            true => NormalChars::with_case(quotation).tight().map(|normal| normal.character).collect(),
            false => String::new(),
        };
        Self { folded: NormalChars::new(quotation).tight().folded(), cased, weight, finder: OnceCell::new() }
    }

    /// What goes through a text for it, which takes longer to make than an index to ask.
    pub(super) fn finder(&self) -> &Finder<'static> {
        self.finder.get_or_init(|| Finder::new(&self.folded).into_owned())
    }

    /// Whether a place whose folded form is the needle's may be pointed at.
    pub(super) fn agrees(&self, text: &str, range: &Range<usize>) -> bool {
        let words = || NormalChars::with_case(text.get(range.clone()).unwrap_or_default()).tight();
        stands_alone(text, range, self.weight)
            && (self.weight >= CERTAIN || words().map(|normal| normal.character).eq(self.cased.chars()))
    }
}

/// How many letters and digits there are.
pub(super) fn weight(text: &str) -> usize {
    text.chars().filter(|character| character.is_alphanumeric()).count()
}

/// The quotation without what models put around one.
pub(super) fn without_wrapping(quotation: &str) -> &str {
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

/// The range without the white space at its ends, which a dash in normal form takes in.
pub(super) fn without_space(text: &str, range: Range<usize>) -> Range<usize> {
    let words = text.get(range.clone()).unwrap_or_default();
    let start = range.start + (words.len() - words.trim_start().len());
    start..(start + words.trim().len())
}

/// Whether a range of the text may be pointed at by itself: it cuts through no number, and only if it is long through a word.
pub(super) fn stands_alone(text: &str, range: &Range<usize>, weight: usize) -> bool {
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
pub(super) fn unspaced(character: char) -> bool {
    matches!(character,
        '\u{0e00}'..='\u{0eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{3040}'..='\u{30ff}'
        | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}
