//! Evidence of which the set tells the page: where its words stand there in another order, as the cells of a table do.

use std::ops::Range;

use crate::document::Document;

/// Shorter lines, such as page numbers, stand in any text by chance.
const LETTERS: usize = 4;

/// The bytes of a page, counted from 0; nothing where the document has no such page.
pub fn range(document: &Document, page: usize) -> Option<Range<usize>> {
    let start = *document.pages.get(page)?;
    Some(start..document.pages.get(page + 1).copied().unwrap_or(document.text.len()))
}

/// From the first line of the page that these words hold to the last; nothing where those lines are less than half of the words.
pub fn lines_of(document: &Document, page: Range<usize>, words: &str) -> Option<Range<usize>> {
    let (wanted, text) = (bare(words), document.text.get(page.clone()).unwrap_or_default());
    let (mut at, mut held, mut found) = (page.start, 0, None::<Range<usize>>);
    for line in text.split_inclusive('\n') {
        let letters = bare(line);
        if letters.len() >= LETTERS && wanted.contains(&letters) {
            held += letters.len();
            let blanks = line.len() - line.trim_start().len();
            let first = found.map_or(at + blanks, |found| found.start);
            found = Some(first..at + line.trim_end().len());
        }
        at += line.len();
    }
    found.filter(|_| held * 2 >= wanted.len())
}

/// Letters and digits alone, in small letters.
fn bare(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "Cover\n\x0cAcme\nCash Flows\n58\n\n  Depreciation 1,488 1,544\n(Millions) 2018 2017\nSold 13\n\nNotes follow here\n";

    #[test]
    fn cells_in_another_order_are_found_on_their_page() {
        let document = Document::from_text("d", TEXT);
        let page = range(&document, 1).unwrap();
        let words = "(Millions)\n \n2018\n \n2017\n \nDepreciation\n \n \n1,488 \n \n1,544 \nSold\n \n13";
        assert_eq!(
            &TEXT[lines_of(&document, page.clone(), words).unwrap()],
            "Depreciation 1,488 1,544\n(Millions) 2018 2017\nSold 13"
        );
        assert_eq!(lines_of(&document, page, "Words of which only few stand there: Sold 13"), None);
        assert_eq!((range(&document, 0), range(&document, 2)), (Some(0..7), None));
    }
}
