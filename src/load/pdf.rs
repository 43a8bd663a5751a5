//! PDF documents, page by page: lines and the rows of tables stay lines. Runs in a process of its own (`apart.rs`), since
//! the library reads what anyone may have written.

use pdf_oxide::document::PdfDocument;
use pdf_oxide::error::Error;
use pdf_oxide::geometry::Rect;
use pdf_oxide::object::Object;

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
            Ok(text) => said(&document, page as usize, text),
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

/// What a page is whose text is this. Where it has none the library may have passed over what it could not read.
fn said(document: &PdfDocument, page: usize, text: String) -> Part {
    let words = text.chars().filter(|character| !character.is_whitespace()).count();
    if words >= FEW {
        return Part::Text(text);
    }
    let Ok(pictures) = document.page_image_handles(page) else {
        return if words == 0 { Part::Unreadable } else { Part::Text(text) };
    };
    match words {
        0 if !pictures.is_empty() => Part::Picture,
        0 if is_lost(document, page) => Part::Unreadable,
        0 if paints(document, page) => Part::Wordless,
        1.. if pictures.iter().any(|picture| covers(document, page, &picture.bbox)) => Part::Stamped(text),
        _ => Part::Text(text),
    }
}

/// A page of fewer characters may be a scan with a stamp, or an empty one.
const FEW: usize = 100;

/// Whether a picture covers most of the page.
fn covers(document: &PdfDocument, page: usize, picture: &Rect) -> bool {
    document.get_page_media_box(page).is_ok_and(|(left, bottom, right, top)| {
        (picture.width * picture.height).abs() * 2.0 > ((right - left) * (top - bottom)).abs()
    })
}

/// Whether the page names content that is not there or cannot be unpacked (ISO 32000-1, table 30: one stream or an array).
fn is_lost(document: &PdfDocument, page: usize) -> bool {
    let resolved = |object: &Object| match object.as_reference() {
        Some(reference) => document.load_object(reference).unwrap_or(Object::Null),
        None => object.clone(),
    };
    let Ok(dictionary) = document.get_page(page) else { return true };
    let Some(contents) = dictionary.as_dict().and_then(|page| page.get("Contents")) else { return false };
    let contents = resolved(contents);
    let streams = match contents.as_array() {
        Some(streams) => streams.iter().map(resolved).collect(),
        None => vec![contents],
    };
    streams.iter().any(|stream| !matches!(stream, Object::Stream { .. }))
        || document.get_page_content_data(page).is_err()
}

/// Whether the page shows anything at all: lines, areas, or characters that stand for no letters.
fn paints(document: &PdfDocument, page: usize) -> bool {
    let content = document.get_page_content_data(page).unwrap_or_default();
    let mut operators = content.split(|byte| byte.is_ascii_whitespace());
    operators.any(|operator| {
        matches!(
            operator,
            b"f" | b"F"
                | b"f*"
                | b"B"
                | b"B*"
                | b"b"
                | b"b*"
                | b"S"
                | b"s"
                | b"sh"
                | b"Do"
                | b"Tj"
                | b"TJ"
                | b"'"
                | b"\""
        )
    })
}
