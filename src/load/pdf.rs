//! PDF documents, page by page: lines and the rows of tables stay lines. Runs in a process of its own (`apart.rs`), since
//! the library reads what anyone may have written.

use pdf_oxide::document::PdfDocument;
use pdf_oxide::error::Error;

use super::wire::{Part, Trouble};

/// Hands the pages from `from` on to `tell`, which says how many there are first, until it wants no more.
pub fn read(bytes: Vec<u8>, from: u32, tell: &mut dyn FnMut(Part) -> bool) {
    let (document, pages) = match opened(bytes) {
        Ok(opened) => opened,
        Err(trouble) => {
            tell(Part::Failed(trouble));
            return;
        }
    };
    if !tell(Part::Pages(pages)) {
        return;
    }
    for page in from..pages {
        let part = match document.extract_text(page as usize) {
            Ok(text) if text.trim().is_empty() && is_picture(&document, page as usize) => Part::Picture,
            Ok(text) => Part::Text(text),
            Err(_) => Part::Unreadable,
        };
        if !tell(part) {
            return;
        }
    }
}

fn opened(bytes: Vec<u8>) -> Result<(PdfDocument, u32), Trouble> {
    let trouble = |error| match error {
        Error::EncryptedPdf => Trouble::Password,
        error => Trouble::Damaged(error.to_string()),
    };
    let document = PdfDocument::from_bytes(bytes).map_err(trouble)?;
    // A password that is missing would give silent empty pages.
    if !document.is_authenticated() {
        return Err(Trouble::Password);
    }
    match document.page_count().map_err(trouble)? {
        0 => Err(Trouble::Damaged("it has no pages".into())),
        pages => Ok((document, u32::try_from(pages).unwrap_or(u32::MAX))),
    }
}

/// Whether a page without text shows something else.
fn is_picture(document: &PdfDocument, page: usize) -> bool {
    document.page_image_handles(page).is_ok_and(|pictures| !pictures.is_empty())
}
